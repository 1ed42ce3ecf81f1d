"""The chip emulated, built by nengo-loihi, in the chip's integers or in floating point."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import nengo
import numpy as np

from deploy.compat import load_nengo_loihi
from deploy.emulator import ENGINES, FastEmulator, build_simulator
from deploy.errors import BadInput, TargetUnavailable
from deploy.targets.base import Session, Target
from deploy.targets.cpu import CpuSession
from deploy.targets.host_builder import model_with_host_learning
from deploy.targets.learned_weights import decoders
from loihi_rules import Change, Rewritten, ServedProbe, Twin
from loihi_rules.passes.placement import on_chip
from loihi_rules.rewrite import rewrite_twin


class EmulatorSession(Session):
    """A `nengo_loihi.Simulator` on the rewritten network."""

    def __init__(
        self,
        twin: Twin,
        rewritten: Rewritten,
        dt: float,
        seed: int,
        discretize: bool,
        engine: str,
    ):
        self.changes = tuple(rewritten.changes)
        self.problems = tuple(rewritten.problems)
        self.dt = dt
        self.n_steps = 0
        self.served = {_twin_of(p, twin): serving for p, serving in rewritten.served.items()}
        self.read: Dict[nengo.Probe, List[np.ndarray]] = {
            probe: [] for probe, serving in self.served.items() if serving.reads == "weights"
        }
        self.filters: Dict[nengo.Probe, Any] = {}
        nengo_loihi = load_nengo_loihi()
        self.present = {*rewritten.network.all_probes, *rewritten.host_probes}
        label = rewritten.network.label or "network"
        self.simulator = build_simulator(
            rewritten.network,
            engine,
            dt=dt,
            seed=seed,
            model=model_with_host_learning(
                dt, label, rewritten.host_probes, rewritten.learning_scales
            ),
            target="sim" if discretize else "simreal",
            progress_bar=False,
        )
        _voltages_in_thresholds(self.simulator.model)
        emulator = self.simulator.sims["emulator"]
        fast = isinstance(emulator, FastEmulator)
        self.learned = emulator.learned_weights if fast else _reference_weights
        self.settings = {
            "engine": "fast" if fast else f"nengo-loihi {nengo_loihi.__version__}",
            "arithmetic": "integer" if discretize else "float",
            "precompute": bool(self.simulator.precompute),
        }

    def run_steps(self, n_steps: int) -> None:
        end = self.n_steps + n_steps
        while self.n_steps < end:
            stop = min([end] + [self._next_sample(self.served[probe]) for probe in self.read])
            self.simulator.run_steps(stop - self.n_steps)
            self.n_steps = stop
            for probe, samples in self.read.items():
                if _is_sample(self.n_steps, self.served[probe].sample_every, self.dt):
                    conn = self.served[probe].source
                    samples.append(decoders(self.simulator.model, conn, self.dt, self.learned))

    def _next_sample(self, serving: ServedProbe) -> int:
        step = self.n_steps + 1
        while not _is_sample(step, serving.sample_every, self.dt):
            step += 1
        return step

    def take(self, probe: nengo.Probe) -> Optional[np.ndarray]:
        serving = self.served.get(probe)
        if serving is None:
            if probe not in self.present:
                return None
            return np.array(self.simulator.data[probe])
        if serving.reads == "weights":
            return self._filtered(probe, serving)
        samples = np.array(self.simulator.data[serving.probe])
        if serving.sample_every is None:
            return samples
        steps = np.arange(self.n_steps - len(samples) + 1, self.n_steps + 1)
        return samples[_is_sample(steps, serving.sample_every, self.dt)]

    def _filtered(self, probe: nengo.Probe, serving: ServedProbe) -> np.ndarray:
        """Read weights through the probe's synapse, at the probe's own period."""
        samples = np.array(self.read[probe])
        if serving.synapse is None or not len(samples):
            return samples
        if probe not in self.filters:
            shape = samples.shape[1:]
            period = serving.sample_every or self.dt
            state = serving.synapse.make_state(shape, shape, period)
            self.filters[probe] = serving.synapse.make_step(shape, shape, period, None, state)
        return np.array([np.array(self.filters[probe](0.0, sample)) for sample in samples])

    def clear(self) -> None:
        self.simulator.clear_probes()
        for samples in self.read.values():
            samples.clear()

    def close(self) -> None:
        self.simulator.close()


class EmulatorTarget(Target):
    """The chip emulated.

    Parameters
    ----------
    name, summary : str
        See `Target`.
    discretize : bool
        Whether weights and state are the chip's integers.
    engine : str
        ``"fast"``, or ``"reference"`` for nengo-loihi's own; the bits are the same.
    """

    substrate = "no silicon"

    def __init__(self, name: str, summary: str, discretize: bool, engine: str = "fast"):
        self.name = name
        self.summary = summary
        self.discretize = discretize
        self.engine = engine

    def with_engine(self, engine: str) -> Target:
        if engine not in ENGINES:
            raise BadInput(f"there is no engine {engine!r}; choose from {', '.join(ENGINES)}")
        return EmulatorTarget(self.name, self.summary, self.discretize, engine)

    def missing(self) -> Optional[str]:
        try:
            load_nengo_loihi()
        except TargetUnavailable as error:
            return str(error)
        return None

    def versions(self) -> List[str]:
        return [*super().versions(), "nengo-loihi"]

    def open(self, twin: Twin, dt: float, seed: int) -> Session:
        rewritten = rewrite_twin(twin)
        network = rewritten.network
        if not any(on_chip(network, ens) for ens in network.all_ensembles):
            return HostOnlySession(rewritten, dt, seed)
        return EmulatorSession(twin, rewritten, dt, seed, self.discretize, self.engine)


class HostOnlySession(CpuSession):
    """A network of which nothing can be on the chip: all of it runs on the host."""

    settings = {"engine": "Nengo core, as nothing of the model can be on the chip"}

    def __init__(self, rewritten: Rewritten, dt: float, seed: int):
        network = rewritten.network
        network.probes.extend(rewritten.host_probes)
        super().__init__(Twin(network, rewritten.twins), dt, seed)
        self.changes = (
            *rewritten.changes,
            Change(
                object=network.label or "the network",
                rule="placement",
                before="chip",
                after="host",
                why="nothing of this model can be on the chip",
            ),
        )
        self.problems = tuple(rewritten.problems)


def _reference_weights(synapse: Any) -> np.ndarray:
    """nengo-loihi's own engine changes the weights of the model itself."""
    return np.vstack([weights[0] for weights in synapse.weights])


def _is_sample(step: Any, sample_every: Optional[float], dt: float) -> Any:
    """Nengo's rule for the steps at which a probe with a period samples."""
    return step % (1 if sample_every is None else sample_every / dt) < 1


def _twin_of(probe: nengo.Probe, twin: Twin) -> nengo.Probe:
    return twin.twins.get(probe, probe)


def _voltages_in_thresholds(model: Any) -> None:
    """Have voltage probes of neurons give Nengo's unit, in which the threshold is 1.

    nengo-loihi gives the compartment's integer.
    """
    for probe in model.probes:
        if probe.key != "voltage":
            continue
        for i, block in enumerate(probe.target):
            if probe.weights[i] is None:
                probe.weights[i] = np.asarray(1.0 / float(block.compartment.vth[0]))


EMULATOR = EmulatorTarget("emulator", "the chip in integers", discretize=True)
FLOAT_EMULATOR = EmulatorTarget(
    "float-emulator",
    "the chip in floating point, nothing rounded",
    discretize=False,
)
