"""A pilot run of neurons that are joined by matrices: on the CPU, and on the chip.

Only what leads to them is run, in NumPy, and nothing of the user's: no node's function. What a
node gives is taken from its process or value, from ``network.config[node].pilot_inputs``, an
(n, size) array, where its user has set that, or else is of many sizes, held and pulsed
(`loihi_rules.pilots.unknown`). All is drawn from the network's seeds, so that the same network has
the same pilot.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.builder.ensemble import BuiltEnsemble
from nengo.ensemble import Neurons
from nengo.synapses import Synapse

from loihi_rules.nengo_parts.built import built_ensemble, unused_max_rates
from loihi_rules.nengo_parts.leads import filters
from loihi_rules.nengo_parts.settings import declare
from loihi_rules.nengo_parts.transforms import CONVOLUTIONS, linear_map
from loihi_rules.nengo_parts.wiring import base_of, columns_of, on_chip, rows_of
from loihi_rules.pilots.steps import (
    IN_NUMPY,
    SETTLING,
    PilotSteps,
    chip_spikes,
    counted,
    cpu_spikes,
    shown,
)
from loihi_rules.pilots.unknown import courses, reach_of, vectors

SETTING = "pilot_inputs"
STIMULI = 48  # inputs that are shown: half of them to fit, half of them to judge
LEAST_STIMULI = 8
LARGEST = 6_400_000  # neurons × inputs × steps, where that leaves enough inputs
HELD = 20_000_000  # values of neurons, inputs and steps that are kept
SWEPT = 0.6  # of the standard deviation of values that move
SWEEPS = 1  # while rates are counted
DRAWN = 2000  # steps of a random process of which inputs are taken
RANDOM_PROCESSES = (
    nengo.processes.WhiteSignal,
    nengo.processes.WhiteNoise,
    nengo.processes.FilteredNoise,
    nengo.processes.BrownNoise,
)


class Signals(NamedTuple):
    """What an object gives, or is given; (n_steps, or 1 if it is held, n_stimuli, size) each.

    Attributes
    ----------
    cpu, chip : ndarray
        On the CPU, and on the chip.
    """

    cpu: np.ndarray
    chip: np.ndarray


class Pilot:
    """Neurons and what leads to them, by way of neurons and nodes alone.

    Parameters
    ----------
    network : nengo.Network
        Every object has a seed.
    tuning : mapping of nengo.Ensemble to nengo.builder.ensemble.BuiltEnsemble
        Of the ensembles on the chip that have been fitted; may grow meanwhile.
    dt : float
        Step in seconds.
    steps : loihi_rules.pilots.steps.PilotSteps
        What steps the neurons.

    Attributes
    ----------
    filters : dict of nengo.Connection to nengo.synapses.Synapse or None
        That the chip will have for what enters neurons, where it is not that of `tau_of`.
    """

    def __init__(
        self,
        network: nengo.Network,
        tuning: Mapping[nengo.Ensemble, BuiltEnsemble],
        dt: float,
        steps: PilotSteps = IN_NUMPY,
    ):
        self.network, self.tuning, self.dt, self.steps = network, tuning, dt, steps
        declare(network, nengo.Node, SETTING)
        self.neurons = {ens: ens.neuron_type for ens in network.all_ensembles}  # the CPU's
        self.into: Dict[nengo.Ensemble, List[nengo.Connection]] = {}
        self.encoded = set()
        for conn in network.all_connections:
            ens = base_of(conn.post)
            if not isinstance(ens, nengo.Ensemble):
                continue
            if isinstance(conn.post_obj, Neurons):
                self.into.setdefault(ens, []).append(conn)
            else:
                self.encoded.add(ens)
        largest = max((ens.n_neurons for ens in self.into), default=1)
        self.stimuli = int(np.clip(LARGEST // (largest * shown(dt)), LEAST_STIMULI, STIMULI))
        self.filters: Dict[nengo.Connection, Optional[Synapse]] = {}
        self._outputs: Dict[nengo.Ensemble, Signals] = {}
        self._closed: Set[nengo.Ensemble] = set()  # of loops whose outputs are known
        self._reaches: Dict[nengo.Node, float] = {}
        self._last: Tuple[Any, Optional[Signals]] = (None, None)  # inputs, which are large
        self._fitted: Tuple[Any, np.ndarray] = (None, np.zeros((0, 0, 0)))  # its output

    def in_order(self) -> List[nengo.Ensemble]:
        """All ensembles, those that feed the neurons of others before them; loops anyhow."""
        order: Dict[nengo.Ensemble, None] = {}
        for ens in self.network.all_ensembles:
            ways = [(ens, iter(self.sources(ens)))]
            seen = {ens}
            while ways:
                at, rest = ways[-1]
                before = next(rest, None)
                if before is None:
                    order[at] = None
                    ways.pop()
                elif before not in seen and before not in order:
                    seen.add(before)
                    ways.append((before, iter(self.sources(before))))
        return list(order)

    def inputs(self, ens: nengo.Ensemble) -> Optional[Signals]:
        """What the neurons of an ensemble are given, before gain and bias.

        None where that is not known: an ensemble that represents something, that is given
        what another represents, that is in a loop of neurons, or behind one that was not run.
        """
        if self._last[0] is not ens:
            self._last = ens, self._whole(ens)
        return self._last[1]

    def knows(self, ens: nengo.Ensemble) -> bool:
        """Whether there are such inputs."""
        return self._known(ens, set())

    def moves(self, ens: nengo.Ensemble) -> bool:
        """Whether something of what its neurons are given comes of a node whose values move."""
        given = [conn.pre_obj for each in self._before(ens) for conn in self.into.get(each, [])]
        return any(isinstance(obj, nengo.Node) and _moves(obj) for obj in given)

    def is_first(self, ens: nengo.Ensemble) -> bool:
        """Whether its neurons are given what nodes give, and nothing else."""
        return all(isinstance(conn.pre_obj, nengo.Node) for conn in self.into.get(ens, []))

    def is_pulsed(self, ens: nengo.Ensemble) -> bool:
        """Whether some of its inputs are pulses, as of a node of which nothing is known."""
        seen, left = {ens}, [ens]
        while left:
            for conn in self.into.get(left.pop(), []):
                base = base_of(conn.pre)
                if isinstance(base, nengo.Node) and self._is_unknown(base):
                    return True
                if isinstance(base, nengo.Ensemble) and base not in seen | self.encoded:
                    seen.add(base)
                    left.append(base)
        return False

    def outside(self, ens: nengo.Ensemble, group: Sequence[nengo.Ensemble]) -> Optional[Signals]:
        """What the neurons of an ensemble are given from outside a group; None if not known."""
        conns = [c for c in self.into.get(ens, []) if base_of(c.pre) not in group]
        if ens in self.encoded or not self._have_sources(conns, {ens, *group}):
            return None
        return self._sum(ens, conns, slice(0, self.stimuli), self.tau_of(ens))

    def keep(self, outputs: Mapping[nengo.Ensemble, Signals]) -> None:
        """Have what the neurons of a loop give, once it was run, for those behind it.

        Parameters
        ----------
        outputs : mapping of nengo.Ensemble to Signals
            Of all its ensembles, (n_steps, stimuli, n_neurons) each.
        """
        if all(of.cpu.size <= HELD for of in outputs.values()):
            self._outputs.update(outputs)
            self._closed.update(outputs)

    def leads_out_of(self, group: Sequence[nengo.Ensemble]) -> bool:
        """Whether neurons outside of a group are given what its neurons fire."""
        outside = (ens for ens in self.into if ens not in group)
        return any(source in group for ens in outside for source in self.sources(ens))

    def chip_tau(self, conn: nengo.Connection) -> float:
        """Of the filter by which the chip's neurons will get what a connection gives, seconds."""
        if conn in self.filters:
            return float(getattr(self.filters[conn], "tau", 0.0))
        return self.tau_of(base_of(conn.post))

    def tau_of(self, ens: nengo.Ensemble) -> float:
        """The longest filter of what its neurons get from neurons, which the chip has for all."""
        conns = self.into.get(ens, [])
        return max((_tau(conn) for conn in conns if isinstance(conn.pre_obj, Neurons)), default=0.0)

    def _whole(self, ens: nengo.Ensemble) -> Optional[Signals]:
        """Inputs of an ensemble, block by block, as those before it may be far larger."""
        if not self.knows(ens):
            return None
        largest = max(e.n_neurons for e in self._before(ens))
        size = int(np.clip(HELD // (largest * shown(self.dt)), 1, self.stimuli))
        blocks = [
            self._given(ens, slice(k, min(k + size, self.stimuli)))
            for k in range(0, self.stimuli, size)
        ]
        if len(blocks) == 1:
            return blocks[0]
        return Signals(*(np.concatenate(parts, axis=1) for parts in zip(*blocks)))

    def _known(self, ens: nengo.Ensemble, within: Set[nengo.Ensemble]) -> bool:
        """Whether what neurons are given can be had from evaluation points and nodes."""
        conns = self.into.get(ens, [])
        if ens in self.encoded or not conns or ens in within:
            return False
        return self._have_sources(conns, within | {ens})

    def _have_sources(self, conns: Sequence[nengo.Connection], within: Set[nengo.Ensemble]) -> bool:
        for conn in conns:
            if isinstance(conn.pre_obj, nengo.Node):
                continue
            pre = base_of(conn.pre)
            represents = pre in self.encoded or pre not in self.into
            if not isinstance(conn.pre_obj, Neurons) or (
                on_chip(self.network, pre) and (pre not in self.tuning)
            ):
                return False
            if not (represents or pre in self._closed or self._known(pre, within)):
                return False
        return True

    def _before(self, ens: nengo.Ensemble) -> Set[nengo.Ensemble]:
        """An ensemble and all that its neurons' inputs are made of."""
        found = {ens}
        if ens not in self.encoded | self._closed:
            for pre in self.sources(ens):
                found |= self._before(pre)
        return found

    def _given(self, ens: nengo.Ensemble, block: slice) -> Signals:
        return self._sum(ens, self.into[ens], block, self.tau_of(ens))

    def _sum(
        self, ens: nengo.Ensemble, conns: Sequence[nengo.Connection], block: slice, tau: float
    ) -> Signals:
        n_inputs = block.stop - block.start
        total = [np.zeros((1, n_inputs, ens.n_neurons), np.float32) for _ in Signals._fields]
        for conn in conns:
            matrix, rows = linear_map(conn).astype(np.float32), rows_of(conn.post)
            source = self._output(conn, block)
            for k, synapse in enumerate((conn.synapse, self.filters.get(conn, nengo.Lowpass(tau)))):
                given = self._filtered(_through(matrix, source[k]), synapse)
                if not isinstance(conn.post, ObjView):
                    total[k] = np.add(total[k], given, order="C")
                    continue
                if len(given) > len(total[k]):
                    total[k] = np.repeat(total[k], len(given), axis=0)
                total[k][:, :, rows] += given
        return Signals(*total)

    def _filtered(self, signal: np.ndarray, synapse: Any) -> np.ndarray:
        held = len(signal) == 1  # and every filter's gain is one
        if held or not filters(synapse):
            return signal
        return self.steps.filtered(signal, synapse, self.dt)

    def sources(self, ens: nengo.Ensemble) -> List[nengo.Ensemble]:
        """Those whose neurons, or whose values, its neurons are given, one for each connection."""
        bases = [base_of(conn.pre) for conn in self.into.get(ens, [])]
        return [base for base in bases if isinstance(base, nengo.Ensemble)]

    def _output(self, conn: nengo.Connection, block: slice) -> Signals:
        """What a connection is given by its source."""
        if isinstance(conn.pre_obj, Neurons):
            given = self._spikes(base_of(conn.pre), block)
        elif conn.function is not None:
            values = vectors(conn.size_mid, self.stimuli, conn.seed)[None, block]
            return Signals(values, values)
        else:
            values = self._values(conn.pre_obj)[:, block]
            given = Signals(values, values)
        if not isinstance(conn.pre, ObjView):
            return given
        columns = columns_of(conn.pre)
        return Signals(given.cpu[:, :, columns], given.chip[:, :, columns])

    def _values(self, node: nengo.Node) -> np.ndarray:
        """(n_steps or 1, stimuli, size) that a node gives, or may: its function is never called."""
        output, rng = node.output, np.random.RandomState(node.seed)
        samples = self.network.config[node].pilot_inputs
        if samples is None and isinstance(output, nengo.processes.PresentInput):
            samples = output.inputs
        if samples is None and type(output) in RANDOM_PROCESSES:
            samples = output.run_steps(DRAWN, d=node.size_out, dt=self.dt, rng=rng)
        if self._is_unknown(node):
            values = vectors(node.size_out, self.stimuli, node.seed)
            return courses(values, self.reach_of(node), shown(self.dt), self.dt, node.seed)
        samples = np.asarray(output if samples is None else samples, float)
        samples = samples.reshape(-1, node.size_out)
        drawn: np.ndarray = samples[None, rng.randint(len(samples), size=self.stimuli)]
        return drawn + self._sweeps(samples, rng) if _moves(node) else drawn

    def _sweeps(self, samples: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
        """(n_steps, stimuli, size) to and fro about values that do not stay."""
        steps = shown(self.dt)
        phase = np.arange(steps) / counted(self.dt) * SWEEPS
        wave = 4 * np.abs(phase - np.floor(phase + 0.5)) - 1
        way = rng.randn(self.stimuli, samples.shape[1])
        way *= SWEPT * samples.std(axis=0)
        found: np.ndarray = wave[:, None, None] * way
        return found

    def _is_unknown(self, node: nengo.Node) -> bool:
        output = node.output
        if self.network.config[node].pilot_inputs is not None:
            return False
        known = type(output) in (nengo.processes.PresentInput, *RANDOM_PROCESSES)
        return output is None or callable(output) or isinstance(output, nengo.Process) and not known

    def reach_of(self, node: nengo.Node) -> float:
        """How large what a node gives is taken to be where nobody knows."""
        if node not in self._reaches:
            with unused_max_rates():
                self._reaches[node] = reach_of(self.network, node, self._as_asked, self.dt)
        return self._reaches[node]

    def _as_asked(self, ens: nengo.Ensemble) -> Any:
        return self.tuning[ens] if ens in self.tuning else built_ensemble(ens, self.dt)

    def _spikes(self, ens: nengo.Ensemble, block: slice) -> Signals:
        if ens in self._outputs:
            return Signals(*(kept[:, block] for kept in self._outputs[ens]))
        if ens.n_neurons * self.stimuli * shown(self.dt) > HELD:
            return self._fired(ens, block)
        self._outputs[ens] = self._fired(ens, slice(0, self.stimuli))
        return self._spikes(ens, block)

    def _fired(self, ens: nengo.Ensemble, block: slice) -> Signals:
        chip = on_chip(self.network, ens)
        built = self.tuning[ens] if chip else built_ensemble(ens, self.dt)
        if ens not in self.encoded and ens not in self.into:
            drive = np.zeros((1, block.stop - block.start, ens.n_neurons))
            given = Signals(drive, drive)
        elif ens in self.encoded:
            rng = np.random.RandomState(ens.seed)
            points = built.eval_points[rng.randint(len(built.eval_points), size=self.stimuli)]
            drive = (points @ built.encoders.T / ens.radius)[None, block]
            given = Signals(drive, drive)
        elif self._last[0] is ens and self._last[1] is not None:
            given = Signals(*(whole[:, block] for whole in self._last[1]))
        else:
            given = self._given(ens, block)
        cpu = self.on_cpu(ens, built, given.cpu)
        if not chip:  # the chip takes one spike of a neuron a step
            return Signals(cpu, np.clip(cpu, None, _height(ens, self.dt)))
        spikes = chip_spikes(ens.neuron_type, ens.gain * given.chip + ens.bias, self.dt, self.steps)
        return Signals(cpu, spikes * _height(ens, self.dt))

    def shares_kernel(self, ens: nengo.Ensemble) -> bool:
        """Whether a convolution goes into its neurons on the chip, which then have one gain."""
        return any(isinstance(c.transform, CONVOLUTIONS) for c in self.into.get(ens, []))

    def on_cpu(self, ens: nengo.Ensemble, built: BuiltEnsemble, given: np.ndarray) -> np.ndarray:
        """Output of an ensemble's neurons on the CPU; of all inputs it is kept for what follows."""
        whole = given.shape[1] == self.stimuli
        if whole and self._fitted[0] is ens:
            return self._fitted[1]
        rng, current = np.random.RandomState(ens.seed), built.gain * given + built.bias
        output = cpu_spikes(self.neurons[ens], current, self.dt, rng, self.steps)
        if whole:
            self._fitted = ens, output
        return output


def _moves(node: nengo.Node) -> bool:
    """Whether it is known to give other values before neurons have settled to one."""
    output = node.output
    if isinstance(output, nengo.processes.PresentInput):
        return len(output.inputs) > 1 and float(output.presentation_time) < SETTLING
    return type(output) in RANDOM_PROCESSES


def _height(ens: nengo.Ensemble, dt: float) -> np.float32:
    """Of a spike; endless where there is none."""
    amplitude = getattr(ens.neuron_type, "amplitude", 1.0)
    return np.float32(amplitude / dt if ens.neuron_type.spiking else np.inf)


def _tau(conn: nengo.Connection) -> float:
    return float(getattr(conn.synapse, "tau", 0.0))


def _through(matrix: Any, signal: np.ndarray) -> np.ndarray:
    flat = np.ascontiguousarray(signal.reshape(-1, signal.shape[-1]), dtype=np.float32)
    return np.asarray((matrix @ flat.T).T).reshape(*signal.shape[:2], -1)
