"""Samples of a data set on the chip, side by side: the same bits as one after the other.

What enters is the host's alone, and depends on nothing that the chip gives: it is computed for all
samples at once, by the host's own neurons (`loihi_rules.nengo_parts.stepped.InputSpikes`), and the
engine steps all of them together, so that a weight is read once for many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple

import nengo
import numpy as np
from scipy import sparse

from deploy.emulator.engine import PROBEABLE, Engine, refuse_samples
from deploy.errors import Unsupported
from deploy.host.kernels import list_spikes
from deploy.nengo_loihi.build.input_units import InputUnit
from deploy.nengo_loihi.run.input_spikes import ASKED, CUT, unit_of
from deploy.nengo_loihi.run.runner import Runner
from loihi_rules.nengo_parts.stepped import InputSpikes, delay_of
from loihi_rules.nengo_parts.transforms import linear_map

STATE_BYTES = 2**21  # of the compartments of all samples, which each step goes through
A_COMPARTMENT = 30  # bytes
FEWEST, MOST = 16, 128  # samples; with more, their spikes leave the cache


@dataclass(frozen=True)
class _Line:
    """What leads to one of the chip's inputs."""

    node: nengo.Node
    columns: np.ndarray  # of the node's, of which each neuron has one,
    factors: np.ndarray  # so many times,
    late: int  # so many steps later
    neurons: InputSpikes
    size: int
    unit: InputUnit
    receiver: Any


class SideBySide:
    """Steps several samples at once, on an engine of their own.

    Parameters
    ----------
    simulator : nengo_loihi.Simulator
        With a `Runner`; its chip's state is what each sample begins with, and its chip counts
        what all of them have done.

    Attributes
    ----------
    most : int
        Samples that are stepped at once.
    nodes : list of nengo.Node
        Of the network that runs, which are to be given what they give.

    Raises
    ------
    Unsupported
        If samples have to be one after the other; says why.
    """

    def __init__(self, simulator: Any):
        self._simulator = simulator
        if not isinstance(simulator._runner, Runner):
            raise Unsupported("what Nengo core runs of the host")
        self._model, self._emulator = simulator.model, simulator.sims["emulator"]
        self._lines = _lines(simulator)
        self.nodes = list(dict.fromkeys(line.node for line in self._lines))
        if any(probe.synapse is not None for probe in self._emulator.probes):
            raise Unsupported("filtered probes, whose filters go on from sample to sample")
        n = self._emulator.layout.n_compartments
        self.most = int(np.clip(STATE_BYTES // (A_COMPARTMENT * n), FEWEST, MOST))
        self._engines: Dict[int, Engine] = {}
        refuse_samples(self._emulator.layout, self._emulator.engine.compiled)

    def run(self, given: Mapping[nengo.Node, np.ndarray]) -> Mapping[Any, np.ndarray]:
        """Step all samples from where the chip is.

        Parameters
        ----------
        given : mapping of nengo.Node to (n_samples, n_steps, size) ndarray
            What each node gives.

        Returns
        -------
        mapping of nengo_loihi.probe.LoihiProbe to (n_samples, n_steps, n_neurons) ndarray of bool
            Of the probes whose spikes are recorded. The emulator has the samples of the others,
            one behind the other.
        """
        n_samples, n_steps, _ = next(iter(given.values())).shape
        emulator, engine = self._emulator, self._engine(n_samples)
        self._begin(engine)
        probed = engine.buffers(n_steps)
        engine.advance_row(probed, *self._events(given), 0, n_steps)
        behind = {}
        for key in PROBEABLE:
            rows = getattr(probed, key).reshape(n_steps, n_samples, -1)
            behind[key] = rows.transpose(1, 0, 2).reshape(n_samples * n_steps, rows.shape[2])
        probed = probed._replace(**behind)
        records = emulator.spike_records
        emulator.keep(probed, 0, n_samples * n_steps, leave_out=records)
        self._count(engine, n_samples * n_steps)
        self._simulator._probe()
        found = {}
        for probe, record in records.items():
            fired = np.zeros((n_samples * n_steps, len(record.place)), np.bool_)
            fired[:, record.place] = np.concatenate(emulator.parts(probe, probed), axis=1)
            found[probe] = fired.reshape(n_samples, n_steps, -1)
        return found

    def _engine(self, n_samples: int) -> Engine:
        if n_samples not in self._engines:
            own = self._emulator.engine
            self._engines[n_samples] = Engine(
                own.layout, 0, own.probed, own.compiled, own.raises, n_samples=n_samples
            )
        return self._engines[n_samples]

    def _begin(self, engine: Engine) -> None:
        """Each sample where the chip is."""
        engine.quiet()
        first, state = self._emulator.engine.state, engine.state
        for name in ("q", "current", "voltage", "spiked", "ref_count", "register", "held"):
            own = getattr(first, name)
            getattr(state, name).reshape(engine.n_samples, len(own))[...] = own
        for name in ("spike_count", "flags", "operations", "beyond"):
            getattr(state, name)[...] = 0

    def _count(self, engine: Engine, n_steps: int) -> None:
        """Add to what the chip has done, and to what it warns of."""
        whole, state = self._emulator.engine.state, engine.state
        for name in ("spike_count", "flags", "operations"):
            total = getattr(whole, name)
            total += getattr(state, name).reshape(-1, len(total)).sum(axis=0, dtype=total.dtype)
        whole.beyond[:] |= state.beyond
        self._emulator.engine.t += n_steps

    def _events(self, given: Mapping[nengo.Node, np.ndarray]) -> Tuple[np.ndarray, np.ndarray]:
        """As for `Engine.advance_row`: what is sent in a step reaches the chip in the next."""
        n_samples, n_steps, _ = next(iter(given.values())).shape
        widest = max(line.size for line in self._lines)
        sent = np.zeros((n_steps, len(self._lines), n_samples, widest), np.uint8)
        for k, line in enumerate(self._lines):
            self._send(line, given[line.node], sent[1:, k, :, : line.size])
        lists = sent.reshape(-1, widest)
        events = np.zeros(int(lists.sum(dtype=np.int64)), np.int32)
        event_start = np.zeros(len(lists) + 1, np.int64)
        list_spikes(lists, events, event_start)
        return events, event_start

    def _send(self, line: _Line, values: np.ndarray, sent: np.ndarray) -> None:
        """Fill in (n_steps − 1, n_samples, size) spikes; see `deploy.host.kernels.collect_spikes`.

        Those of the last step would reach the chip behind its last.
        """
        n_samples, n_steps, _ = values.shape
        size = line.size
        dt, unit = self._model.dt, line.unit
        left, output = np.zeros((n_samples, size)), np.zeros((n_samples, size))
        left[...] = line.neurons.make_state(size, rng=np.random.RandomState(0))["left"]
        extremes = self._simulator._runner.extremes.get(line.receiver)
        for step in range(n_steps):
            given = values[:, max(step - line.late, 0), line.columns] * line.factors
            line.neurons.step(dt, given * (step >= line.late), output, left)
            asked = np.rint(np.abs(output) / unit.value)
            np.maximum(asked, output != 0, out=asked)
            if extremes is not None:
                most = int(asked.max(initial=0))
                extremes[ASKED] = max(extremes[ASKED], most)
                extremes[CUT] = max(extremes[CUT], most - unit.most, 0)
            if step + 1 < n_steps:
                np.minimum(asked, unit.most, out=sent[step], casting="unsafe")


def _lines(simulator: Any) -> List[_Line]:
    """Of each of the chip's inputs, where all are spikes that nodes give.

    Raises
    ------
    Unsupported
    """
    model, sims = simulator.model, simulator.sims
    if "host" in sims or model.host2chip_pes_senders or "host_pre" not in sims:
        raise Unsupported("a host that follows the chip")
    host = sims["host_pre"]
    conns = [obj for obj in host.model.params if isinstance(obj, nengo.Connection)]
    into: Dict[Any, List[nengo.Connection]] = {}
    for conn in conns:
        into.setdefault(conn.post_obj, []).append(conn)
    found: Dict[Any, _Line] = {}
    for sender, receiver in model.host2chip_senders.items():
        last = _only(into, sender)
        if not isinstance(last.transform, nengo.transforms.NoTransform) or last.synapse is not None:
            raise Unsupported("spikes that are weighted on the host")
        neurons = last.pre_obj
        ens: Any = getattr(neurons, "ensemble", None)
        first = _only(into, neurons)
        late = delay_of(first.synapse) or 0
        node, unit = first.pre_obj, unit_of(model, receiver)
        is_known = ens is not None and isinstance(ens.neuron_type, InputSpikes)
        is_known = is_known and unit.room == 0 and unit.most <= np.iinfo(np.uint8).max
        if not is_known or not isinstance(node, nengo.Node) or node.size_in:
            raise Unsupported("neurons on the host that are more than inputs")
        of: Any = host.data[ens]
        if np.any(of.gain != 1) or np.any(of.bias != 0):
            raise Unsupported("inputs with gains of their own")
        found[model.spike_targets[receiver]] = _Line(
            node, *_choice(first), late, ens.neuron_type, ens.n_neurons, unit, receiver
        )
    known = {line.node for line in found.values()}
    nodes = [obj for obj in host.model.params if isinstance(obj, nengo.Node) and not obj.size_in]
    if host.model.probes or not known.issuperset(nodes):
        raise Unsupported("more on the host than inputs")
    return [found[spike_input] for spike_input in simulator.sims["emulator"].inputs]


def _only(into: Mapping[Any, List[nengo.Connection]], obj: Any) -> nengo.Connection:
    """The one connection to an object, from all of another, which delays at the most."""
    conns = into.get(obj, [])
    if len(conns) != 1 or not _is_plain(conns[0]):
        raise Unsupported("connections on the host that change what enters")
    return conns[0]


def _is_plain(conn: nengo.Connection) -> bool:
    ends = conn.pre is conn.pre_obj and conn.post is conn.post_obj
    return ends and delay_of(conn.synapse) is not None and conn.function is None


def _choice(conn: nengo.Connection) -> Tuple[np.ndarray, np.ndarray]:
    """Which value each neuron is given, and how many times.

    One product a neuron, and nothing to add up, whose order might change the last bit.
    """
    matrix = sparse.csr_matrix(linear_map(conn))
    matrix.eliminate_zeros()
    if np.any(np.diff(matrix.indptr) != 1):
        raise Unsupported("inputs that are sums")
    return matrix.indices, matrix.data
