"""How well PES learns on the emulator, against the CPU, over seeds.

    python benchmarks/parity_pes.py [--seeds 200:204] [--plot docs/pes.svg]   # make parity-pes

Neurons × learning rates on `pes-connection`; then what is learnt, of how many dimensions, at
which radius, from signals within it and beyond, in other steps, and so on. For each cell the
median over the seeds of the ratio, emulator ÷ CPU, of the aligned RMSE from the output to its
ideal, its lowest and highest; and by how much the gain (output on ideal) of each second differs,
emulator from CPU, as the largest over the seconds of the mean over the seeds. The seeds begin
at 200; those that the cures were made with are below, but for channels of 1 and 8 dimensions.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # a process a core, each with one thread

import nengo
import numpy as np

import deploy
from loihi_rules.systems.pes_connection import pes_connection

DURATION = 8.0


def same(x: np.ndarray) -> Any:
    return x


def product(x: np.ndarray) -> Any:
    return x[0] * x[1]


def square(x: np.ndarray) -> Any:
    return x**2


def sine(x: np.ndarray) -> Any:
    return np.sin(4 * x)


def supervised(
    seed: int,
    function: Callable[[np.ndarray], Any] = same,
    dimensions: int = 1,
    size_out: int = 1,
    neurons: int = 100,
    radius: float = 1.0,
    rms: float = 0.4,
    learning_rate: float = 1e-3,
    start: Optional[float] = None,
    sources: int = 1,
    part: Optional[int] = None,
    taught: Optional[float] = None,
) -> nengo.Network:
    """A connection from ``pre`` that learns ``function`` of a random signal, by PES.

    Parameters
    ----------
    seed : int
    function : callable
        Of the signal in radii; what it gives is in radii too.
    dimensions, size_out : int
        Of the signal, and of what is learnt.
    neurons : int
        For each dimension, in each ensemble.
    radius : float
        That of the signal's dimensions; ``pre`` has √dimensions as much.
    rms : float
        Of each dimension of the signal, in radii.
    learning_rate : float
    start : float, optional
        Factor of the identity with which the connection starts; from nothing if not given.
    sources : int
        How many connections learn it together, from ensembles of their own.
    part : int, optional
        The one dimension that is learnt, by connections from and to it alone.
    taught : float, optional
        Seconds after which there is no error any more.
    """
    unit = np.sqrt(dimensions)
    with nengo.Network(seed=seed) as network:
        signal = nengo.processes.WhiteSignal(period=50.0, high=3, rms=rms * radius)
        stimulus = nengo.Node(signal, size_out=dimensions)
        wanted = nengo.Node(
            lambda t, x: radius * np.asarray(function(x / radius)),
            size_in=dimensions,
            size_out=size_out,
        )
        span = radius * np.sqrt(size_out)
        post = nengo.Ensemble(neurons * size_out, size_out, radius=span)
        error = nengo.Ensemble(neurons * size_out, size_out, radius=span)
        nengo.Connection(stimulus, wanted, synapse=None)
        for _ in range(sources):
            pre = nengo.Ensemble(neurons * dimensions, dimensions, radius=unit * radius)
            nengo.Connection(stimulus, pre)
            learned = nengo.Connection(
                pre if part is None else pre[part],
                post if part is None else post[part],
                function=_start(start, size_out if part is None else 1),
                learning_rule_type=nengo.PES(learning_rate),
            )
            nengo.Connection(error if part is None else error[part], learned.learning_rule)
        nengo.Connection(post, error)
        nengo.Connection(wanted, error, transform=-1)
        if taught is not None:
            off = nengo.Node(lambda t: float(t > taught))
            nengo.Connection(off, error.neurons, transform=-30 * np.ones((error.n_neurons, 1)))
        seen = slice(None) if part is None else part
        nengo.Probe(wanted[seen], synapse=0.01, label="input")
        nengo.Probe(post[seen], synapse=0.01, label="post")
    return network


def _start(factor: Optional[float], size: int) -> Callable[[np.ndarray], Any]:
    if factor is None:
        return lambda x: np.zeros(size)
    return lambda x: factor * x


class Cell(NamedTuple):
    """A row of the table."""

    group: str
    name: str
    build: Callable[..., nengo.Network]
    arguments: Dict[str, Any]
    duration: float = DURATION
    dt: float = 0.001


def _of(group: str, *rows: Tuple[str, Dict[str, Any]], **run: float) -> List[Cell]:
    return [Cell(group, name, supervised, arguments, **run) for name, arguments in rows]


def _channel(dimensions: int, **others: Any) -> Dict[str, Any]:
    return {"dimensions": dimensions, "size_out": dimensions, **others}


CELLS: Sequence[Cell] = [
    *(
        Cell(
            "pes-connection",
            f"{n} neurons, κ {rate:g}",
            pes_connection,
            {"neurons": n, "learning_rate": rate},
        )
        for n in (50, 200, 1000)
        for rate in (1e-3, 1e-4)
    ),
    *_of("dimensions", *((f"channel of {d}", _channel(d)) for d in (1, 2, 4, 8))),
    *_of("radius", *((f"r = {r:g}", {"radius": r}) for r in (0.03, 0.1, 5.0, 100.0))),
    *_of("learning rate", *((f"κ = {k:g}", {"learning_rate": k}) for k in (1e-5, 3e-3, 1e-2))),
    *_of(
        "function",
        ("x²", {"function": square}),
        ("sin 4x", {"function": sine}),
        ("x · y", {"function": product, "dimensions": 2}),
    ),
    *_of(
        "beyond the radius",
        ("rms 0.7", {"rms": 0.7}),
        ("rms 0.7, x²", {"rms": 0.7, "function": square}),
        ("rms 0.8, 2 dimensions", _channel(2, rms=0.8)),
        ("rms 0.8, 4 dimensions", _channel(4, rms=0.8)),
    ),
    *_of(
        "other ways",
        ("two sources", {"sources": 2}),
        ("from and to a slice", _channel(2, part=1)),
        ("starting at −x", {"start": -1.0}),
        ("error off after 4 s", {"taught": 4.0}),
    ),
    *_of("step", ("0.5 ms", {}), dt=0.0005),
    *_of("step", ("2 ms", {}), dt=0.002),
    *_of("100 s", ("κ 1e-4", {"learning_rate": 1e-4}), duration=100.0),
]


def gains(traces: deploy.Traces) -> np.ndarray:
    """Regression of output on ideal in each second, at the lag where they agree best."""
    ideal, output = traces["input"].samples, traces["post"].samples
    lag = max(range(25), key=lambda n: float(np.sum(output[n:] * ideal[: len(ideal) - n])))
    ideal, output = ideal[: len(ideal) - lag], output[lag:]
    steps = int(1 / traces.dt)
    parts = [slice(k * steps, (k + 1) * steps) for k in range(len(ideal) // steps)]
    return np.array([np.sum(ideal[p] * output[p]) / np.sum(ideal[p] ** 2) for p in parts])


def measure(job: Tuple[int, int]) -> Tuple[float, np.ndarray, np.ndarray]:
    """Ratio of errors, and the gains of CPU and emulator."""
    cell, seed = CELLS[job[0]], job[1]
    network = cell.build(**cell.arguments, seed=seed)
    cpu, emulator = (
        deploy.run(network, cell.duration, target, seed, dt=cell.dt, ideals={"post": "input"})
        for target in ("cpu", "emulator")
    )
    value = deploy.compare_traces(cpu, emulator).value("post", "error to ideal, ratio")
    return float("nan") if value is None else value, gains(cpu), gains(emulator)


def plot(found: Dict[Tuple[int, int], Any], seeds: Sequence[int], path: str) -> None:
    """Learning curves, and ratios of all seeds."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "pes", "font.size": 9})
    import matplotlib.pyplot as plt

    figure, (curves, ratios) = plt.subplots(1, 2, figsize=(9, 6.4), layout="constrained")
    for k, colour in ((0, "C0"), (1, "C1"), (2, "C2")):
        for which, style in ((1, "-"), (2, "--")):
            mean = np.mean([found[k, s][which] for s in seeds], axis=0)
            label = CELLS[k].name if which == 1 else None
            curves.plot(np.arange(len(mean)) + 0.5, mean, style, color=colour, label=label)
    curves.set(xlabel="s", ylabel="gain, output on input", title="— CPU   - - emulator")
    curves.legend(frameon=False)
    for k in range(len(CELLS)):
        values = [found[k, s][0] for s in seeds]
        ratios.plot(values, [k] * len(values), "o", ms=3, alpha=0.5, color="C0")
        ratios.plot(np.median(values), k, "|", ms=14, color="C3")
    ratios.axvline(1, color="0.6", lw=1)
    ratios.set_yticks(range(len(CELLS)), [f"{cell.group}: {cell.name}" for cell in CELLS])
    ratios.invert_yaxis()
    ratios.set(xlabel="error to ideal, emulator ÷ CPU", title="each seed, and the median")
    for axes in (curves, ratios):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="200:204", help="first and one beyond the last")
    parser.add_argument("--groups", nargs="*", help="these groups of cells alone")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--plot", help="write the learning curves and ratios to this .svg")
    asked = parser.parse_args()
    seeds = range(*map(int, asked.seeds.split(":")))
    rows = [k for k, c in enumerate(CELLS) if not asked.groups or c.group in asked.groups]
    jobs: List[Tuple[int, int]] = [(k, s) for k in rows for s in seeds]
    print("| | | median | lowest | highest | gain, most off |")
    print("|---|---|---|---|---|---|")
    with ProcessPoolExecutor(asked.processes) as pool:
        results = pool.map(measure, jobs)
        found: Dict[Tuple[int, int], Any] = {}
        for job, result in zip(jobs, results):
            found[job] = result
            if job[1] == seeds[-1]:
                print(_row(CELLS[job[0]], [found[job[0], s] for s in seeds]), flush=True)
    if asked.plot:
        plot(found, seeds, asked.plot)


def _row(cell: Cell, results: Sequence[Tuple[float, np.ndarray, np.ndarray]]) -> str:
    values = [ratio for ratio, _, _ in results]
    cpu, emulator = (np.mean([r[i] for r in results], axis=0) for i in (1, 2))
    off = emulator / cpu - 1
    worst = int(np.abs(off).argmax())
    return (
        f"| {cell.group} | {cell.name} | {np.median(values):.3f} | {min(values):.3f} "
        f"| {max(values):.3f} | {100 * off[worst]:+.1f} % ({worst + 1}. s) |"
    )


if __name__ == "__main__":
    main()
