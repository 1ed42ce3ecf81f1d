"""Healthy and faulty CPU runs of some models, from which the verdict's errors are counted.

python benchmarks/verdict_runs.py FOLDER [--models NAME ...] [--seeds 0:20] [--seconds 8]

Of each model and seed: its spread, two healthy runs with other initial voltages, two with other
neurons as well, one of another seed, one of the emulator, and, where something learns, runs with
other learning rates.
Each is written when it is done, so that a run that was stopped begins where it ended.
`verdict.py` judges them.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, Optional

import nengo
import numpy as np

from deploy.models.variants import Variant
from deploy.parity import Spread
from deploy.parity.spread import trimmed
from deploy.traces.traces import Traces
from deploy.workflows.given import RUNS
from deploy.workflows.run import run
from deploy.workflows.spread import variants_of
from loihi_rules import fix_seeds
from loihi_rules.systems.bcm import bcm
from loihi_rules.systems.one_hot import one_hot
from loihi_rules.systems.pes_connection import pes_connection

OUT = "out"
HEALTHY = 900_000  # from here on, seeds of healthy runs: spreads' are below
REPEATS = sum(variant.neurons is None for variant in variants_of(RUNS))
APART = 10_000  # between variants' seeds of two seeds
OTHER_SEED = 100  # from a seed to the wrong one
VOLTAGES, NEURONS, WRONG_SEED = "other voltages", "other neurons", "wrong seed"
EMULATOR = "emulator"
HEALTHY_RUNS = (VOLTAGES, NEURONS, f"{VOLTAGES} again", f"{NEURONS} again")


def channel(seed: int, neurons: int = 100, dimensions: int = 1, count: int = 1) -> nengo.Network:
    """Populations that carry a random signal, each with a probe."""
    with nengo.Network(seed=seed) as net:
        signal = nengo.processes.WhiteSignal(20.0, high=5, rms=0.5 / np.sqrt(dimensions))
        stimulus = nengo.Node(signal, size_out=dimensions)
        for k in range(count):
            ens = nengo.Ensemble(neurons, dimensions, label=f"ens{k}")
            nengo.Connection(stimulus, ens)
            nengo.Probe(ens, synapse=0.01, label=OUT if k == 0 else f"{OUT} {k}")
            if k == 0:
                nengo.Probe(ens.neurons, label="spikes")
    return net


def integrator(seed: int) -> nengo.Network:
    with nengo.Network(seed=seed) as net:
        signal = nengo.processes.WhiteSignal(20.0, high=1, rms=0.7)
        ens = nengo.Ensemble(100, 1)
        nengo.Connection(nengo.Node(signal), ens, transform=0.1, synapse=0.1)
        nengo.Connection(ens, ens, synapse=0.1)
        nengo.Probe(ens, synapse=0.01, label=OUT)
        nengo.Probe(ens.neurons, label="spikes")
    return net


def oscillator(seed: int) -> nengo.Network:
    with nengo.Network(seed=seed) as net:
        kick = nengo.Node(lambda t: [1, 0] if t < 0.1 else [0, 0])
        ens = nengo.Ensemble(200, 2)
        nengo.Connection(kick, ens)
        nengo.Connection(ens, ens, synapse=0.1, transform=[[1.1, 1.5], [-1.5, 1.1]])
        nengo.Probe(ens, synapse=0.01, label=OUT)
        nengo.Probe(ens.neurons, label="spikes")
    return net


def learner(seed: int, factor: float = 1.0) -> nengo.Network:
    net = pes_connection(seed=seed, learning_rate=1e-3 * factor)
    _named(net, "post").label = OUT
    _named(net, "pre spikes").label = "spikes"
    return net


def bcm_rates(seed: int, factor: float = 1.0) -> nengo.Network:
    net = bcm(seed=seed, learning_rate=1e-10 * factor)
    _named(net, "post").label = OUT
    _named(net, "pre spikes").label = "spikes"
    return net


def _named(net: nengo.Network, label: str) -> nengo.Probe:
    return next(probe for probe in net.all_probes if probe.label == label)


MODELS: Mapping[str, Callable[..., nengo.Network]] = {
    "channel": channel,
    "30 neurons": lambda seed: channel(seed, neurons=30),
    "8-D": lambda seed: channel(seed, neurons=400, dimensions=8),
    "20 probes": lambda seed: channel(seed, neurons=50, count=20),
    "PES": learner,
    "integrator": integrator,
    "oscillator": oscillator,
    "one-hot": lambda seed: one_hot(seed=seed),
    "BCM": bcm_rates,
}
SECONDS: Mapping[str, float] = {"channel": 8.0, "30 neurons": 8.0, "integrator": 8.0}
COSTLY = 4.0  # s, of the others
LEARNING = frozenset({"PES", "BCM"})  # models that take a factor of their learning rate
RATES: Mapping[str, float] = {
    "rate × 0.5": 0.5,
    "rate × 0.75": 0.75,
    "rate × 1.5": 1.5,
    "rate × 2": 2.0,
}


@dataclass(frozen=True)
class Seeded:
    """One model of one seed.

    Attributes
    ----------
    folder : pathlib.Path
    model : str
    seed : int
    seconds : float
        How long all runs are.
    """

    folder: Path
    model: str
    seed: int
    seconds: float

    @property
    def names(self) -> List[str]:
        """Of the runs besides the spread."""
        return [*HEALTHY_RUNS, WRONG_SEED, EMULATOR, *(RATES if self.model in LEARNING else ())]

    @property
    def done(self) -> bool:
        return all(path.exists() for path in (self._spread, *map(self.run_path, self.names)))

    @property
    def _spread(self) -> Path:
        return self.folder / f"{self.model}, {self.seconds:g} s, {self.seed}, spread.npz"

    def run_path(self, name: str) -> Path:
        return self.folder / f"{self.model}, {self.seconds:g} s, {self.seed}, {name}.npz"

    def network(self, name: str = "") -> nengo.Network:
        seed = self.seed + OTHER_SEED if name == WRONG_SEED else self.seed
        given = {"factor": RATES[name]} if name in RATES else {}
        return fix_seeds(MODELS[self.model](seed=seed, **given), seed).network

    def make(self) -> None:
        """Make what is missing."""
        if not self._spread.exists():
            self._made_spread().save(self._spread)
        for name in self.names:
            if not self.run_path(name).exists():
                target = EMULATOR if name == EMULATOR else "cpu"
                made = run(
                    self.network(name), self.seconds, target, self.seed, variant=self._variant(name)
                )
                trimmed(made, weights=not name.startswith(NEURONS)).save(self.run_path(name))

    def _made_spread(self) -> Spread:
        """As `deploy.spread` makes it, but with other neurons for each seed."""
        network = self.network()
        runs = [trimmed(run(network, self.seconds, "cpu", self.seed), weights=True)]
        for variant in variants_of(RUNS):
            neurons = None if variant.neurons is None else variant.neurons + APART * self.seed
            own = Variant(variant.voltages + APART * self.seed, neurons)
            made = run(network, self.seconds, "cpu", self.seed, variant=own)
            runs.append(trimmed(made, weights=neurons is None))
        return Spread(tuple(runs[: 1 + REPEATS]), tuple(runs[1 + REPEATS :]))

    def _variant(self, name: str) -> Optional[Variant]:
        if name in (WRONG_SEED, EMULATOR):
            return None
        k = HEALTHY_RUNS.index(name) if name in HEALTHY_RUNS else 0
        first = HEALTHY + self.seed + APART * k
        return Variant(first, first - APART if name.startswith(NEURONS) else None)

    def load(self) -> Dict[str, Traces]:
        """Its runs by name."""
        return {name: Traces.load(self.run_path(name)) for name in self.names}

    def spread(self) -> Spread:
        """Of as many runs as a comparison makes."""
        whole, repeats = Spread.load(self._spread), 1 + REPEATS
        return Spread(whole.repeats[:repeats], whole.builds[: RUNS - REPEATS])


def there(folder: Path, model: str) -> Iterator[Seeded]:
    """What has been made, or begun, of a model: the longest runs of each seed."""
    made: Dict[int, Seeded] = {}
    for path in folder.glob(f"{model}, * s, *, spread.npz"):
        seconds, seed = (part.split()[0] for part in path.name.split(", ")[1:3])
        one = Seeded(folder, model, int(seed), float(seconds))
        if one.seed not in made or made[one.seed].seconds < one.seconds:
            made[one.seed] = one
    return iter([made[seed] for seed in sorted(made)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--seeds", default="0:20", help="first, and one more than the last")
    parser.add_argument("--seconds", type=float, help="8, or 4 of what takes long")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    for seed in range(
        *map(int, asked.seeds.split(":"))
    ):  # all models get some seeds before one has them all
        for model in asked.models:
            seconds = asked.seconds or SECONDS.get(model, COSTLY)
            begun = [one for one in there(asked.folder, model) if one.seed == seed]
            enough = [one for one in begun if one.seconds >= seconds]
            (enough or [Seeded(asked.folder, model, seed, seconds)])[0].make()
            print(f"{model}, seed {seed}", flush=True)


if __name__ == "__main__":
    main()
