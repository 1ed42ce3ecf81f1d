"""How the verdict judges short runs of signals that tell little: ramps, steps, halves of a sine.

python benchmarks/verdict_signals.py [--seconds 1] [--seeds 0:5] [--neurons 20 100]

One population is led along each signal. Healthy runs are of the CPU with other initial voltages and
with other neurons, and of the emulator; faulty ones are the first of them, its output made larger
or smaller, moved up, or noisy. Each is judged by a spread, and by one pair of runs.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ["LOIHI_DEPLOY_CACHE"] = ""

import argparse
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Callable, Dict, List, Mapping, Tuple

import nengo
import numpy as np

import deploy
from deploy.parity import Spread
from deploy.traces.traces import Traces

LABEL = "out"
OUTCOMES = ("NO PARITY", "OPEN", "PARITY")
OTHER_SEED = 100  # from a network's seed to that of other neurons

# of the time, 0 at the start of a run and 1 at its end
SIGNALS: Mapping[str, Callable[[float], float]] = {
    "ramp": lambda u: 2 * u - 1,
    "ramp from 0": lambda u: u,
    "quarter of a sine": lambda u: float(np.sin(0.5 * np.pi * u)),
    "half a sine": lambda u: float(np.sin(np.pi * u)),
    "exponential": lambda u: float(np.exp(-3 * u)),
    "step": lambda u: 0.8 if u > 0.5 else -0.3,
    "saw": lambda u: 2 * ((4 * u) % 1) - 1,
    "constant": lambda u: 0.5,
}
Change = Callable[[np.ndarray, np.ndarray], np.ndarray]  # of samples, with noise of their shape
FAULTS: Mapping[str, Change] = {
    "gain × 0.85": lambda x, noise: 0.85 * x,
    "gain × 1.15": lambda x, noise: 1.15 * x,
    "0.1 too high": lambda x, noise: x + 0.1,
    "turned round": lambda x, noise: -x,
    "noise 0.2": lambda x, noise: x + 0.2 * noise,
}


def population(signal: str, neurons: int, seconds: float, seed: int) -> nengo.Network:
    """One that is led along a signal."""
    shape = SIGNALS[signal]
    with nengo.Network(seed=seed) as net:
        stimulus = nengo.Node(lambda t: shape(t / seconds))
        ens = nengo.Ensemble(neurons, 1)
        nengo.Connection(stimulus, ens)
        nengo.Probe(ens, synapse=0.02, label=LABEL)
    return net


def runs_of(
    signal: str, neurons: int, seconds: float, seed: int
) -> Tuple[Traces, Spread, Dict[str, Traces]]:
    """The reference, the spread, and what is judged, by name."""
    model = population(signal, neurons, seconds, seed)
    reference = deploy.run(model, duration=seconds, target="cpu")
    healthy = deploy.run(model, duration=seconds, target="cpu", seed=seed + 5)
    strangers = population(signal, neurons, seconds, seed + OTHER_SEED)
    judged = {
        "other voltages": healthy,
        "other neurons": deploy.run(strangers, duration=seconds, target="cpu"),
        "emulator": deploy.run(model, duration=seconds, target="emulator"),
    }
    trace = healthy[LABEL]
    white = np.random.RandomState(seed).randn(*np.shape(trace.samples))
    noise = nengo.Lowpass(0.01).filt(white, dt=healthy.dt)
    for name, change in FAULTS.items():
        wrong = replace(trace, samples=change(np.asarray(trace.samples), noise / noise.std()))
        judged[name] = replace(healthy, traces={**healthy.traces, LABEL: wrong})
    return reference, deploy.spread(model, seconds, reference=reference), judged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--seeds", default="0:5", help="first, and one more than the last")
    parser.add_argument("--neurons", type=int, nargs="+", default=[20, 100])
    parser.add_argument("--signals", nargs="+", default=list(SIGNALS), choices=list(SIGNALS))
    asked = parser.parse_args()
    seeds = range(*map(int, asked.seeds.split(":")))
    print(f"{asked.seconds:g} s, {len(seeds)} seeds: {' / '.join(OUTCOMES)}\n")
    for neurons in asked.neurons:
        found: Dict[Tuple[str, bool, str], Counter] = defaultdict(Counter)
        for signal in asked.signals:
            for seed in seeds:
                reference, spread, judged = runs_of(signal, neurons, asked.seconds, seed)
                for name, run in judged.items():
                    for alone in (False, True):
                        by = None if alone else spread
                        outcome = deploy.compare_traces(reference, run, by).outcome
                        found[name, alone, signal][outcome] += 1
        print(f"{neurons} neurons\n")
        print("| run | judged by | " + " | ".join(asked.signals) + " |")
        print("|---|---|" + "---|" * len(asked.signals))
        for name in judged:
            for alone in (False, True):
                counts = [found[name, alone, signal] for signal in asked.signals]
                cells: List[str] = [" / ".join(str(c[o]) for o in OUTCOMES) for c in counts]
                by_words = "one pair" if alone else "spread"
                print(f"| {name} | {by_words} | " + " | ".join(cells) + " |")
        print(flush=True)


if __name__ == "__main__":
    main()
