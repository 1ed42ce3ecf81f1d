"""The chip emulated, built by nengo-loihi, in the chip's integers or in floating point."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.exceptions import SimulationError

from deploy.emulator.silicon import AS_EMULATED, Silicon
from deploy.errors import Unsupported
from deploy.host.interrupts import Interrupts
from deploy.nengo_loihi.build.chip_builder import chip_model, learning_synapse
from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.nengo_loihi.read.chip_neurons import ChipNeurons, first_voltages
from deploy.nengo_loihi.read.chip_values import (
    ChipValue,
    connection_values,
    neuron_values,
    rule_values,
)
from deploy.nengo_loihi.read.driven_rates import DrivenRates, driven_rates
from deploy.nengo_loihi.read.learned_weights import decoders, weights_for
from deploy.nengo_loihi.read.learners import Learner, learners
from deploy.nengo_loihi.read.learning_limits import warn_of_cut_weights, warn_of_limits
from deploy.nengo_loihi.read.learning_rate import learning_rates
from deploy.nengo_loihi.read.overflow import Places, warn_of_overflow
from deploy.nengo_loihi.read.reached_rates import ReachedRates, shown_ensembles
from deploy.nengo_loihi.read.reached_values import ReachedValues, decoded_ensembles
from deploy.nengo_loihi.read.stepped import start_stepped
from deploy.nengo_loihi.run.input_spikes import valued_by, warn_of_large_values
from deploy.nengo_loihi.run.interface import FastEmulator
from deploy.nengo_loihi.run.runner import Runner
from deploy.nengo_loihi.run.side_by_side import SideBySide
from deploy.nengo_loihi.run.simulator import build_simulator
from deploy.nengo_loihi.run.spike_record import SpikeRecord, is_of_spikes
from deploy.targets.chip_session import ChipSession
from deploy.targets.core import CoreSession
from deploy.targets.injecting import CoreNeurons, Injections, Settable
from deploy.traces.trace import Spikes
from deploy.traces.traces import HOST_ONLY
from loihi_rules import Change, Rewritten, SeededCopy
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.stepped import InputSpikes, is_stepped
from loihi_rules.nengo_parts.wiring import base_of, on_chip

Rates = Union[ReachedRates, ReachedValues, DrivenRates]
PIECE = 10  # steps of nengo-loihi's own runner between two looks for Ctrl-C


def look_at(rates: Sequence[Rates], runner: Runner) -> None:
    """Have a runner look at rates behind each of its batches."""

    def look() -> None:
        for each in rates:
            each.look()

    if rates:
        runner.look_on, runner.looks = look, True


def warn_of_rates(rates: Sequence[Rates], n_steps: int) -> None:
    """At the end of a run of so many steps, after a last look."""
    for each in rates:
        each.look()
    for each in rates:
        if isinstance(each, DrivenRates):
            each.warn(n_steps)
        else:
            each.warn()


def said_of(emulator: FastEmulator) -> Dict[str, Any]:
    """What a chip has done so far, in terms of JSON."""
    found: Dict[str, Any] = {}
    if emulator.noise_seed is not None:
        found["noise seed"] = emulator.noise_seed
    saturation = [s for s in emulator.saturation() if s.count]
    found["saturation"] = [asdict(s) for s in saturation]
    work = emulator.work()
    found["spikes"] = work.spikes
    found["work"] = work.to_dict()
    return found


class EmulatorSession(ChipSession):
    """A `nengo_loihi.Simulator` on the rewritten network."""

    def __init__(
        self,
        copied: SeededCopy,
        rewritten: Rewritten,
        dt: float,
        seed: int,
        discretize: bool,
        engine: str,
        precompute: Optional[bool] = None,
        rounded: bool = False,
        silicon: Silicon = AS_EMULATED,
    ):
        nengo_loihi = load_nengo_loihi()
        simulator = build_simulator(
            rewritten.network,
            engine,
            silicon,
            dt=dt,
            seed=seed,
            model=chip_model(rewritten, dt, rounded),
            target="sim" if discretize else "simreal",
            progress_bar=False,
            remove_passthrough=False,
            precompute=precompute,
        )
        super().__init__(copied, rewritten, dt, simulator)
        self.silicon = silicon
        self.interrupts = getattr(self.runner, "interrupts", Interrupts())
        self._steps = False  # whether it does, by nengo-loihi's own runner
        self._stopped_at: Optional[int] = None
        self._rounded_off: Dict[nengo.Connection, np.ndarray] = {}  # of decoders that were set
        emulator = self.simulator.sims["emulator"]
        fast = isinstance(emulator, FastEmulator)
        self._weights = emulator.learned_weights if fast else _reference_weights
        self.settings = {
            "engine": "fast" if fast else f"nengo-loihi {nengo_loihi.__version__}",
            "arithmetic": "integer" if discretize else "float",
            "precompute": bool(self.simulator.precompute),
        }

        self.spike_records: Dict[nengo.Probe, SpikeRecord] = {}
        if isinstance(self.runner, Runner):  # where samples are not taken back
            self.spike_records = {
                probe: emulator.record_spikes(own)
                for probe, own in self.of_chip()
                if is_of_spikes(own)
            }
        self._chip_neurons: Dict[nengo.Ensemble, ChipNeurons] = {}
        every: Tuple[Rates, ...] = (
            ReachedRates(shown_ensembles(rewritten, self.neurons), dt),
            ReachedValues(decoded_ensembles(rewritten, self.model.solved, self.neurons), dt),
            driven_rates(rewritten, self.neurons, dt),
        )
        self.rates = [rates for rates in every if rates.shown]
        if isinstance(self.runner, Runner):
            look_at(self.rates, self.runner)
        self.injections = Injections(rewritten.network, dt, self.neurons)
        for ens in rewritten.network.all_ensembles:
            if on_chip(rewritten.network, ens):
                self._start(ens)
        self.readers = self._make_readers()

    def chip_weights(self, synapse: Any) -> np.ndarray:
        weights: np.ndarray = self._weights(synapse)
        return weights

    @property
    def n_steps(self) -> int:
        return int(self.runner.n_steps) if self._stopped_at is None else self._stopped_at

    @property
    def changes(self) -> Tuple[Change, ...]:
        return (*self.rewritten.changes, *self.injections.changes())

    def neurons(self, ens: nengo.Ensemble) -> Settable:
        """`CoreNeurons` or `ChipNeurons` of an ensemble."""
        if not on_chip(self.rewritten.network, ens):
            return CoreNeurons(next(h for h in self.hosts if ens in h.model.params), ens)
        if ens not in self._chip_neurons:
            self._chip_neurons[ens] = self._neurons_of(ens)
        return self._chip_neurons[ens]

    def _neurons_of(self, ens: nengo.Ensemble) -> ChipNeurons:
        return ChipNeurons(self.model, ens, self._state(), self.dt, self.is_integer)

    def _start(self, ens: nengo.Ensemble) -> None:
        """Set what an ensemble's neurons begin with."""
        if is_stepped(ens):
            late = self.rewritten.notes.ensembles[ens].steps_late or 0
            start_stepped(self.model, ens, late, self._state(), self.is_integer)
        else:
            self._neurons_of(ens).set_voltage(first_voltages(ens, self.model.seeds[ens]))

    def begin_anew(self) -> None:
        """Have all stepped neurons begin once more, as for the next sample of a data set.

        Raises
        ------
        nengo.exceptions.SimulationError
            If the engine is nengo-loihi's own, or other neurons are on the chip.
        """
        emulator, network = self.simulator.sims["emulator"], self.rewritten.network
        chip = [ens for ens in network.all_ensembles if on_chip(network, ens)]
        stepped = all(map(is_stepped, chip))
        if not isinstance(emulator, FastEmulator) or not stepped:
            raise SimulationError("only stepped neurons on the fast engine begin anew")
        emulator.engine.quiet()
        for ens in chip:
            self._start(ens)
        for host in self.hosts:
            for ens in network.all_ensembles:
                if isinstance(ens.neuron_type, InputSpikes) and ens in host.model.params:
                    host.signals[host.model.sig[ens.neurons]["left"]][...] = 0

    def continue_by(self, runner: Runner, rates: List[Rates]) -> None:
        """Be stepped by a runner that has taken the place of the simulator's own.

        Parameters
        ----------
        runner : Runner
        rates : list
            What has been seen of these so far.
        """
        self.runner, self.interrupts, self.rates = runner, runner.interrupts, rates
        emulator: FastEmulator = self.simulator.sims["emulator"]
        self._weights = emulator.learned_weights
        self.spike_records = {
            probe: emulator.spike_records[own]
            for probe, own in self.of_chip()
            if own in emulator.spike_records
        }

    def named_places(self) -> List[Places]:
        """The ensembles on the chip, and where they are; of the fast engine."""
        emulator, found = self.simulator.sims["emulator"], []
        for ens in self.rewritten.chip_ensembles:
            neurons: Any = self.neurons(ens)
            found.append((name_of(ens), neurons.each(emulator.places).astype(np.int64)))
        return found

    def learners(self) -> Dict[nengo.Connection, Learner]:
        """The connections that learn on the chip, of the fast engine."""
        emulator = self.simulator.sims["emulator"]
        return learners(self.model, emulator, self.rewritten.learning_scales, self.dt)

    def side_by_side(self) -> Optional[SideBySide]:
        """What steps several samples at once; None where they have to be one after the other.

        Why they have is in ``settings``.
        """
        if self.readers or self.rates:
            return None
        try:
            return SideBySide(self.simulator)
        except Unsupported as reason:
            self.settings = {**self.settings, "samples": f"one after the other: {reason}"}
            return None

    def _state(self) -> Any:
        """The emulator's state: takes a block and the name of a field."""
        emulator = self.simulator.sims["emulator"]
        fast = isinstance(emulator, FastEmulator)
        return emulator.state if fast else _reference_state(emulator)

    @property
    def is_integer(self) -> bool:
        """Whether it is the chip's arithmetic."""
        return bool(self.settings["arithmetic"] == "integer")

    def run_steps(self, n_steps: int) -> None:
        if self._stopped_at is not None:
            raise SimulationError(
                f"a run was stopped in the middle, at step {self._stopped_at}, and nengo-loihi's "
                "own way of stepping does not lead back to it; use reset()"
            )
        end = self.n_steps + n_steps
        polled = self._polled()
        with self.interrupts:
            while self.n_steps < end:
                self.injections.apply(self.n_steps)
                stop = self.injections.next_after(self.n_steps, end)
                stop = min([stop] + [reader.next_look() for reader in polled])
                before = self.n_steps
                try:
                    self._advance(stop - before)
                finally:
                    for reader in polled:
                        if before < self.n_steps and reader.looks_at(self.n_steps):
                            reader.poll()

    def _advance(self, n_steps: int) -> None:
        """Steps without a stop; where they are stopped, all is at the same step."""
        if isinstance(self.runner, Runner):
            self.simulator._n_steps = self.n_steps
            try:
                self.simulator.run_steps(n_steps)
            except BaseException:
                self.hand_over()
                raise
            return
        end = self.n_steps + n_steps
        while self.n_steps < end:
            self._advance_their_way(min(PIECE, end - self.n_steps))
            self.interrupts.deliver()

    def _advance_their_way(self, n_steps: int) -> None:
        """By nengo-loihi's own runner; where it is stopped, samples are of where it began."""
        self.simulator._n_steps = before = self.n_steps
        samples = self._samples()
        kept = {probe: len(of) for probe, of in samples.items()}
        self._steps = True
        try:
            self.simulator.run_steps(n_steps)
        except BaseException:
            self._stopped_at = before
            for probe, of in samples.items():
                del of[kept[probe] :]
            raise
        finally:
            self._steps = False

    def _samples(self) -> Dict[Any, List[Any]]:
        """The lists in which Nengo and nengo-loihi keep the samples of probes."""
        raw = self.simulator.data.raw
        found = {probe: raw[probe] for probe in self.simulator.model.nengo_probes}
        for host in self.hosts:
            found.update(host.data.raw)
        return {probe: of for probe, of in found.items() if isinstance(of, list)}

    def hand_over(self) -> None:
        """Give nengo-loihi's simulator the chip's samples so far."""
        if self.simulator._n_steps != self.n_steps:
            self.simulator._n_steps = self.n_steps
            self.simulator._probe()

    def look(self, at_signals: bool = False) -> None:
        if isinstance(self.runner, Runner):
            if self.runner.is_running:
                self.runner.look(at_signals)
                self.hand_over()
        elif self._steps:
            if self.simulator.precompute:
                raise SimulationError(
                    "a node asks for what the chip has, while the host goes ahead of the chip; "
                    "give the simulator precompute=False"
                )
            self.hand_over()

    def of_chip(self) -> Iterator[Tuple[nengo.Probe, Any]]:
        """Probes that nengo-loihi has on the chip, and its own of each."""
        for probe in self.model.nengo_probes:
            if probe not in self.model.chip2host_params:
                yield probe, self.model.objs[probe]["out"]

    def spikes(self, probe: nengo.Probe) -> Optional[Spikes]:
        if probe in self.readers or probe not in self.spike_records:
            return super().spikes(probe)
        self.look()
        return self.spike_records[probe].spikes()

    def probed(self, probe: nengo.Probe) -> np.ndarray:
        """Samples of a probe of the rewritten network's own, in Nengo's units."""
        if probe in self.spike_records:
            record = self.spike_records[probe]
            return record.dense() if record.n_steps else np.zeros(0)
        return super().probed(probe)

    def asked_decoders(self, conn: nengo.Connection) -> np.ndarray:
        """(size_out, n) decoders that learn, with what was lost when they were set.

        Each is what was set, and what the chip has learnt since. Decoders that decay by a hundredth
        in each step are mostly rounded to what they were; read as that, they would not decay.
        """
        values = self.learned_decoders(conn)
        return np.asarray(values + self._rounded_off.get(conn, np.zeros_like(values)))

    def set_learned_decoders(self, conn: nengo.Connection, values: np.ndarray) -> None:
        """Give a connection that learns on the chip other (size_out, n) decoders."""
        asked, sources = values, self.rewritten.learning_scales[conn].sources
        if sources is not None:
            part = values
            values = decoders(self.model, conn, self.dt, self.chip_weights)
            values[:, sources] = part
        weights, filled = weights_for(self.model, conn, self.dt, self.chip_weights, values)
        warn_of_cut_weights(conn, self.rewritten.learning_scales[conn], filled)
        synapse = learning_synapse(self.model, conn)
        if isinstance(self.simulator.sims["emulator"], FastEmulator):
            self.chip_weights(synapse)[...] = weights
        else:
            for own, row in zip(synapse.weights, weights):
                own[0] = row
        left = asked - self.learned_decoders(conn)
        is_cut = filled if sources is None else filled[sources]
        self._rounded_off[conn] = np.where(is_cut.T > 1, 0.0, left)

    def chip_values(self, obj: Any) -> Mapping[str, ChipValue]:
        ens = base_of(obj)
        if isinstance(obj, nengo.Connection):
            return connection_values(self, obj)
        if isinstance(obj, LearningRule):
            return rule_values(self, obj)
        if isinstance(ens, nengo.Ensemble) and on_chip(self.rewritten.network, ens):
            return neuron_values(self, ens, isinstance(obj, Neurons))
        return {}

    def record(self) -> Mapping[str, Any]:
        """How the model lies on the chip, and what came to the end of its range."""
        found: Dict[str, Any] = {"cores": list(self.cores())}
        if self.settings["arithmetic"] == "integer":
            scales = self.rewritten.learning_scales
            found["learning rates"] = learning_rates(self.model, scales, self.dt, self.silicon)
        emulator = self.simulator.sims["emulator"]
        if isinstance(emulator, FastEmulator):
            found.update(said_of(emulator))
        return found

    def close(self) -> None:
        emulator = self.simulator.sims.get("emulator")
        if isinstance(emulator, FastEmulator) and not emulator.closed:
            warn_of_limits(emulator, self.learners().values())
            warn_of_overflow(emulator, self.named_places(), self.dt)
            extremes = getattr(self.simulator._runner, "extremes", {})
            warn_of_large_values(valued_by(self.model), extremes, self.model.dt, self.n_steps)
            if self.n_steps:
                warn_of_rates(self.rates, self.n_steps)
        self.simulator.close()


class HostOnlySession(CoreSession):
    """A network of which nothing can be on the chip: all of it runs on the host."""

    settings = {"engine": "Nengo core, as nothing of the model can be on the chip"}
    on_chip = frozenset()

    def __init__(self, rewritten: Rewritten, dt: float, seed: int):
        network = rewritten.network
        network.probes.extend(rewritten.host_probes)
        whole = Change(
            object=network.label or "the network",
            rule="placement",
            before="chip",
            after="host",
            why=f"nothing of this model can be on the chip: {rewritten.why_on_host}",
        )
        super().__init__(network, dt, seed, (*rewritten.changes, whole))
        self.problems = tuple(rewritten.problems)
        self._why = rewritten.why_on_host

    def record(self) -> Mapping[str, Any]:
        """Why the chip has no part in the run."""
        return {HOST_ONLY: self._why}


def _reference_weights(synapse: Any) -> np.ndarray:
    """nengo-loihi's own engine changes the weights of the model itself."""
    return np.vstack([weights[0] for weights in synapse.weights])


def _reference_state(emulator: Any) -> Any:
    """As `FastEmulator.state`, of nengo-loihi's own emulator."""
    of = emulator.compartment
    return lambda block, name: getattr(of, name)[of.slices[block.compartment]]
