"""Large models: built, and stepped by one thread and by all cores, beside the memory's triad.

    python -m benchmarks.large [--compartments N] [--fan-out N] [--nengo N] [--cores N] [--calls N]

The first rows are in the engine's own arrays; the last is of so many neurons of Nengo's, through
the whole of our builder. One thread and several take turns, on the same spikes; best of all calls
and median. Where other work has the cores, threads wait for each other, and only the best says
something. `--cores` is how many cores of the chip a model is to fill that `deploy.check` looks at,
and that is then built; with LOIHI_DEPLOY_CACHE= (empty) both are done anew.
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings
from statistics import median
from typing import Dict, List, NamedTuple

import nengo
import numpy as np

import deploy
from benchmarks.bandwidth import triad
from deploy.emulator.engine import Engine
from deploy.emulator.layout import Compartments, Groups, Layout, Learning, Modes, Rows
from deploy.emulator.threads import most_threads
from deploy.nengo_loihi.run.simulator import build_simulator
from loihi_rules import rewrite

BLOCK = 1000  # compartments
STEPS = 10  # of a call
WARM_UP = 6  # calls until spikes are where they will be
STATE = 58  # bytes of a compartment's state and parameters that a step goes through
HEADS = (
    "", "compartments", "synapses", "built, s CPU", "bytes a synapse", "peak, GiB", "threads",
    "ms a step, best", "median", "CPU", "spike a step", "of the triad", "× one thread",
)  # fmt: skip
FILLED = 1000  # neurons of a core, with ten synapses each, in what is checked


def layout_of(n_blocks: int, fan_out: int) -> Layout:
    """Blocks in a ring: each neuron has synapses in the next block, anywhere in it."""
    rng = np.random.RandomState(0)
    n = n_blocks * BLOCK
    place = np.arange(n, dtype=np.int64)
    first = rng.randint(BLOCK, size=(n, 1), dtype=np.uint16)
    stride = (BLOCK // fan_out) * np.arange(fan_out, dtype=np.uint16)
    targets = np.sort((first + stride) % np.uint16(BLOCK), axis=1).reshape(-1)
    rows = Rows(
        weights=rng.randint(-40, 40, size=n * fan_out, dtype=np.int8),
        start=place * fan_out,
        length=np.full(n, fan_out, np.int32),
        targets=targets,
        target_start=place * fan_out,
        scale=np.full(n, 64, np.int32),
    )
    of_block = np.arange(n_blocks)
    source = (of_block - 1) % n_blocks  # of the group that leads to each
    row = (source[:, np.newaxis] * BLOCK + np.arange(BLOCK)).reshape(-1)
    zero = np.zeros(n_blocks, np.int64)
    groups = Groups(
        source=source,
        table=of_block * BLOCK,
        synapse=zero - 1,
        run_length=zero,
        run_base=zero,
        run_scale=zero.astype(np.int32),
        run_start=np.full(n, -1, np.int64),
        row=row,
        base=np.repeat(of_block * BLOCK, BLOCK).astype(np.int32),
        axon=np.zeros(n, np.int32),
    )
    same = {"decay_u": 4095, "decay_v": 205, "scale_u": 1, "scale_v": 1, "vth": 2**19}
    same.update(vmin=0, vmax=2**23 - 1, ref=1, noise_offset=0, noise_mult=0, noise_on_u=0)
    kinds = {"noise_mult": np.float64, "noise_on_u": np.bool_}
    arrays = {name: np.full(n, value, kinds.get(name, np.int32)) for name, value in same.items()}
    arrays["bias"] = rng.randint(2**14, 2**16, size=n).astype(np.int32)  # some 30 Hz on average
    empty: Dict[str, np.ndarray] = {name: np.zeros(0, np.int64) for name in Learning._fields}
    return Layout(
        integer=True,
        block_start=np.arange(n_blocks + 1) * BLOCK,
        n_inputs=0,
        compartments=Compartments(**arrays),
        rows=rows,
        groups=groups,
        learning=Learning(**empty),
        learned=np.zeros(0, np.int32),
        has_noise=False,
        modes=Modes(),
    )


class Stepped(NamedTuple):
    """Seconds and CPU seconds a step of each call; spikes and weights a step; the state."""

    seconds: List[float]
    cpu: List[float]
    spikes: float
    synaptic: float
    bits: bytes


def stepped(layout: Layout, numbers: List[int], calls: int) -> Dict[int, Stepped]:
    """By each number of threads, which take turns."""
    none = np.zeros(0, np.int64)
    probed = {"spiked": none, "current": none, "voltage": none}
    engines = {number: Engine(layout, 0, probed, threads=number) for number in numbers}
    events, start = np.zeros(0, np.int32), np.zeros(STEPS * layout.n_inputs + 1, np.int64)
    taken: Dict[int, List[float]] = {number: [] for number in numbers}
    cpu: Dict[int, List[float]] = {number: [] for number in numbers}
    before: Dict[int, np.ndarray] = {}
    for call in range(WARM_UP + calls):
        for number, engine in engines.items():
            if call == WARM_UP:
                before[number] = np.append(
                    engine.state.operations, engine.state.spike_count.sum(dtype=np.int64)
                )
            begun, worked = time.perf_counter(), time.process_time()
            engine.advance_row(engine.buffers(STEPS), events, start, 0, STEPS)
            if call >= WARM_UP:
                taken[number].append((time.perf_counter() - begun) / STEPS)
                cpu[number].append((time.process_time() - worked) / STEPS)
    found = {}
    for number, engine in engines.items():
        state = engine.state
        done = np.append(state.operations, state.spike_count.sum(dtype=np.int64)) - before[number]
        bits = state.voltage.tobytes() + state.spike_count.tobytes()
        steps = STEPS * calls
        found[number] = Stepped(taken[number], cpu[number], done[2] / steps, done[1] / steps, bits)
    return found


def bytes_of(layout: Layout) -> int:
    """Of all arrays of rows and groups."""
    return sum(array.nbytes for array in (*layout.rows, *layout.groups))


def peak() -> float:
    """GiB that the process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def show(title: str, built: float, layout: Layout, limit: float, calls: int) -> None:
    numbers = sorted({1, most_threads()})
    found = stepped(layout, numbers, calls)
    one = found[1]
    n, synapses = layout.n_compartments, len(layout.rows.weights)
    a_synapse = layout.rows.weights.itemsize + layout.rows.targets.itemsize
    moved = n * STATE + one.synaptic * a_synapse
    for number, own in found.items():
        same = "same bits" if own.bits == one.bits else "OTHER BITS"
        cells = [
            title, f"{n:,}", f"{synapses:,}", f"{built:.1f}", f"{bytes_of(layout) / synapses:.1f}",
            f"{peak():.2f}", number, f"{1e3 * min(own.seconds):.2f}",
            f"{1e3 * median(own.seconds):.2f}", f"{1e3 * min(own.cpu):.2f}",
            f"{one.spikes / n:.1%}", f"{moved / min(own.seconds) / limit:.0%}",
            f"{min(one.seconds) / min(own.seconds):.2f}, {same}",
        ]  # fmt: skip
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def of_nengo(n: int, fan_out: int) -> nengo.Network:
    """As `benchmarks/models.py` has it, without a probe."""
    rng = np.random.RandomState(0)
    near = rng.randint(2 * fan_out, size=(n, 1)) + 2 * np.arange(fan_out)
    into = ((np.arange(n)[:, np.newaxis] + near + 1) % n).ravel()
    indices = np.stack([into, np.repeat(np.arange(n), fan_out)], axis=1)
    weights = rng.uniform(-1, 1, len(into)) * 1e-3
    with nengo.Network(seed=1) as net:
        a = nengo.Ensemble(n, 1, gain=np.ones(n), bias=rng.uniform(1.05, 3, n))
        transform = nengo.Sparse((n, n), indices, weights)
        nengo.Connection(a.neurons, a.neurons, transform=transform)
        nengo.Probe(a.neurons[:10])
    return net


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compartments", type=int, default=1_000_000)
    parser.add_argument("--fan-out", type=int, default=100)
    parser.add_argument("--nengo", type=int, default=100_000)
    parser.add_argument("--cores", type=int, default=98)
    parser.add_argument("--calls", type=int, default=15)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    limit = triad()
    print(f"triad {limit / 1e9:.1f} GB/s; {most_threads()} threads at most\n")
    print("| " + " | ".join(HEADS) + " |\n|" + "---|" * len(HEADS))
    for n in sorted({50_000, asked.compartments}):
        begun = time.process_time()
        layout = layout_of(n // BLOCK, asked.fan_out)
        show("in arrays", time.process_time() - begun, layout, limit, asked.calls)
        del layout
    if asked.nengo:
        begun = time.process_time()
        with build_simulator(
            rewrite(of_nengo(asked.nengo, asked.fan_out)).network, seed=1, target="sim"
        ) as simulator:
            layout = simulator.sims["emulator"].layout
            show("from Nengo", time.process_time() - begun, layout, limit, asked.calls)
    if asked.cores:
        network = of_nengo(asked.cores * FILLED, 10)
        deploy.check(of_nengo(FILLED, 10))  # loads what both need
        deploy.Simulator(of_nengo(FILLED, 10), progress_bar=False).close()
        begun = time.process_time()
        found = deploy.check(network)
        taken = time.process_time() - begun
        begun = time.process_time()
        deploy.Simulator(of_nengo(asked.cores * FILLED, 10), progress_bar=False).close()
        built = time.process_time() - begun
        print(
            f"\nchecked {len(found.resources):,} cores or blocks in {taken:.1f} s of CPU, "
            f"built the same in {built:.1f}: {taken / built:.2f}"
        )


if __name__ == "__main__":
    main()
