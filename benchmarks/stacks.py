"""Layers of rectified neurons joined by random matrices: rates by neuron beside the CPU's.

python -m benchmarks.stacks [--seeds 51:54] [--layers 2,4,6] [--kinds ReLU] [--unfitted]

Each stack sees four inputs that are held for `HOLD` seconds each. Its figure is how far the rates
by neuron are off the CPU's, as a share of their norm, in the layer where that is most. `--unfitted`
runs each again without the fits to pilot runs: with a fit it must not be worse. Beside it is how
far off the nearest rates are that the chip has for held currents, whole steps to an interval: 1,000
Hz, 500, 333 and so on (where currents fluctuate, a neuron may have others on average).
"""

from __future__ import annotations

import argparse
import importlib
import os
import warnings
from typing import Any, Dict, List, NamedTuple, Tuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import nengo
import nengo_loihi
import numpy as np

import deploy

HOLD, INPUTS, SETTLING = 2.0, 4, 0.1  # s, of which each begins with what is not counted
NEURONS, SENT = 200, 16
KINDS = {
    "ReLU": nengo.SpikingRectifiedLinear,
    "Loihi's ReLU": nengo_loihi.neurons.LoihiSpikingRectifiedLinear,
}
SHAPES = (  # gain in Hz, spread of biases in gains, weights × √(2/n)
    (40.0, 0.0, 1.0),
    (80.0, 0.0, 1.0),
    (400.0, 0.0, 1.0),
    (400.0, 0.2, 1.0),
    (400.0, 0.0, 1.5),
    (1000.0, 0.2, 1.0),
)


class Run(NamedTuple):
    """Of one stack.

    Attributes
    ----------
    errors : list of float
        By layer.
    mean, highest : float
        Of the CPU's rates of the layer with the largest error, in Hz.
    nearest : float
        How far off the nearest rates of whole steps would be in that layer.
    warnings : list of str
        What is said of a layer's rates.
    """

    errors: List[float]
    mean: float
    highest: float
    nearest: float
    warnings: List[str]


def stack(kind: str, layers: int, shape: Tuple[float, float, float], seed: int) -> Any:
    """Its network and the probes of its layers."""
    gain, bias, scale = shape
    rng = np.random.RandomState(seed)
    shown = rng.uniform(-1, 1, (INPUTS, SENT))
    probes: List[nengo.Probe] = []
    with nengo.Network(seed=seed) as network:
        below: Any = nengo.Node(nengo.processes.PresentInput(shown, HOLD))
        for k in range(layers):
            ens = nengo.Ensemble(
                NEURONS,
                1,
                neuron_type=KINDS[kind](amplitude=1 / gain),
                gain=np.full(NEURONS, gain),
                bias=bias * gain * rng.randn(NEURONS),
                label=f"layer {k}",
            )
            size = below.size_out
            spread = scale * np.sqrt(2 / size) / (1 if k else 2)
            weights = spread * rng.randn(NEURONS, size)
            nengo.Connection(below, ens.neurons, transform=weights, synapse=0.005)
            probes.append(nengo.Probe(ens.neurons))
            below = ens.neurons
    return network, probes


def rates(network: nengo.Network, probes: List[nengo.Probe], target: str) -> List[np.ndarray]:
    """(inputs, neurons) of each layer, in units of the gain."""
    with deploy.Simulator(network, target=target, progress_bar=False) as sim:
        sim.run(INPUTS * HOLD)
    steps, skipped = int(HOLD / sim.dt), int(SETTLING / sim.dt)
    return [
        np.asarray(sim.data[probe]).reshape(INPUTS, steps, -1)[:, skipped:].mean(axis=1)
        for probe in probes
    ]


def measure(kind: str, layers: int, shape: Tuple[float, float, float], seed: int) -> Run:
    network, probes = stack(kind, layers, shape, seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cpu, chip = (rates(network, probes, target) for target in ("cpu", "emulator"))
    errors = [float(np.linalg.norm(b - a) / np.linalg.norm(a)) for a, b in zip(cpu, chip)]
    worst = shape[0] * cpu[int(np.argmax(errors))]
    said = [str(each.message) for each in caught if "layer" in str(each.message)]
    return Run(errors, float(worst.mean()), float(worst.max()), _nearest(worst), said)


def _nearest(rates: np.ndarray) -> float:
    """Error of the nearest rates, in Hz, that have whole steps of a ms to an interval."""
    steps = 1000 / np.maximum(rates, 1e-9)
    least = np.maximum(np.floor(steps), 1)
    ways = [np.where(rates > 0, 1000 / (least + more), 0) - rates for more in (0, 1)]
    return float(np.linalg.norm(np.minimum(*np.abs(ways))) / np.linalg.norm(rates))


def unfitted(kind: str, layers: int, shape: Tuple[float, float, float], seed: int) -> Run:
    """Without the fits to pilot runs."""
    passes: Any = importlib.import_module("loihi_rules.passes.chip.rates")
    fit = passes.fit_to_pilot
    passes.fit_to_pilot = lambda run, aim, gain, bias, *more: (gain, bias)
    try:
        return measure(kind, layers, shape, seed)
    finally:
        passes.fit_to_pilot = fit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="51:54")
    parser.add_argument("--layers", default="2,4,6")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--unfitted", action="store_true")
    parser.add_argument("--say", action="store_true", help="print the warnings")
    options = parser.parse_args()
    seeds = range(*map(int, options.seeds.split(":")))
    os.environ["LOIHI_DEPLOY_CACHE"] = ""
    head = ["kind", "layers", "gain, Hz", "biases", "weights", "mean, Hz", "highest, Hz"]
    head += ["off by", "nearest rates", "unfitted", "warned"]
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for kind in options.kinds.split(","):
        for layers in map(int, options.layers.split(",")):
            for shape in SHAPES:
                runs = [measure(kind, layers, shape, seed) for seed in seeds]
                row: Dict[str, Any] = {
                    "mean": "–".join(f"{f(run.mean for run in runs):.0f}" for f in (min, max)),
                    "highest": f"{max(run.highest for run in runs):.0f}",
                    "off": ", ".join(f"{max(run.errors):.3f}" for run in runs),
                    "nearest": ", ".join(f"{run.nearest:.3f}" for run in runs),
                    "unfitted": "",
                }
                if options.unfitted:
                    bare = [unfitted(kind, layers, shape, seed) for seed in seeds]
                    row["unfitted"] = ", ".join(f"{max(run.errors):.3f}" for run in bare)
                warned = f"{sum(bool(run.warnings) for run in runs)} of {len(runs)}"
                cells = [kind, layers, *shape, *row.values(), warned]
                print(f"| {' | '.join(map(str, cells))} |", flush=True)
                if options.say:
                    print("\n".join(text for run in runs for text in run.warnings), flush=True)


if __name__ == "__main__":
    main()
