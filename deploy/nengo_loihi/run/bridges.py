"""What goes between host and chip: probes' values, spikes and errors."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

import numpy as np

from deploy.errors import Unsupported
from deploy.host import kernels as host_kernels
from deploy.nengo_loihi.build.input_units import MOST_A_STEP, InputUnit
from deploy.nengo_loihi.build.resources import name_of_block
from deploy.nengo_loihi.run.input_spikes import SUMMED, unit_of
from deploy.nengo_loihi.run.interface import FastEmulator
from loihi_rules.nengo_parts.names import name_of


class Mailbox:
    """What one probe of the chip's sends to the host, one row a step of a batch.

    Parameters
    ----------
    rows : (n_steps + 1, size) ndarray
    """

    def __init__(self, rows: np.ndarray):
        self.rows = rows
        self.empty = True

    def fill(self, values: np.ndarray, first: int) -> None:
        """Values of rows from the first on: each is read one step later.

        The host's very first step reads the chip's first value already, as the
        queue of nengo-loihi's ``HostReceiveProcess`` passes over its empty start.
        """
        if self.empty:
            self.rows[0] = values[0]
            self.empty = False
        self.rows[first + 1 : first + 1 + len(values)] = values

    def link(self, probe: Any, parts: List[np.ndarray]) -> Any:
        """A function of the row that puts its value into the next."""
        rows = self.rows
        weights = probe.weights[0] if len(parts) == 1 else None
        if weights is not None and weights.ndim == 2 and probe.reindexing is None:
            part, dot = parts[0], np.dot
            value = np.zeros((1, part.shape[1]))
            out = np.zeros((1, rows.shape[1]))

            def link(row: int) -> None:
                value[0] = part[row]
                rows[row + 1] = dot(value, weights, out)[0]

        else:

            def link(row: int) -> None:
                rows[row + 1] = probe.weight_outputs([[part[row]] for part in parts])[0]

        return link


def spike_bridge(model: Any, emulator: FastEmulator, signal_of: Any, most: int) -> SpikeBridge:
    """That of a model.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    emulator : FastEmulator
    signal_of : callable
        Takes a sender; gives the array that it sends.
    most : int
        Steps of a batch.

    Raises
    ------
    Unsupported
    """
    sources: Dict[Any, Any] = {}
    sent: Dict[Any, InputUnit] = {}
    for sender, receiver in model.host2chip_senders.items():
        target = model.spike_targets[receiver]
        sources[target] = signal_of(sender)
        sent[target] = unit_of(model, receiver)
    for spike_input in emulator.inputs:
        if spike_input not in sources or spike_input.spikes:
            raise Unsupported("inputs that do not come from the host")
    signals = [sources[spike_input] for spike_input in emulator.inputs]
    for signal in signals:
        if signal.dtype != np.float64 or not signal.flags.c_contiguous:
            raise Unsupported("spikes in another form than Nengo's")
    targets = {
        model.spike_targets[receiver]: receiver for receiver in getattr(model, "input_units", {})
    }
    valued = [targets.get(spike_input) for spike_input in emulator.inputs]
    homes = {synapse: block for block in model.blocks for synapse in block.synapses}
    entered = [[homes[axon.target] for axon in of.axons] for of in emulator.inputs]
    fed = [[name_of_block(block) for block in dict.fromkeys(of)] for of in entered]
    return SpikeBridge(signals, [sent[i] for i in emulator.inputs], valued, fed, most)


class SpikeBridge:
    """The host's spikes, on their way to the chip's inputs.

    Parameters
    ----------
    signals : list of (size,) ndarray
        What is sent to each input.
    units : list of InputUnit
        How values become its spikes.
    valued : list
        What `extremes` has of it as its key; None for what is not to be there.
    fed : list of list of str
        The blocks that it is sent to.
    most : int
        Steps of a batch.
    """

    def __init__(
        self,
        signals: List[np.ndarray],
        units: List[InputUnit],
        valued: List[Any],
        fed: List[List[str]],
        most: int,
    ):
        self.signals, self.input_units, self.fed = signals, units, fed
        self.addresses = np.array([s.ctypes.data for s in self.signals], np.int64)
        self.sizes = np.array([s.size for s in self.signals], np.int64)
        self.units = np.array([unit.value for unit in units], np.float64)
        self.most = np.array([unit.most for unit in units], np.int64)
        self.room = np.array([unit.room for unit in units], np.int64)
        self.fade = np.array([unit.fade for unit in units], np.float64)
        self.waiting = np.zeros(int(self.sizes.sum()))
        self._waited = self.waiting.copy()
        self._extremes = np.zeros((len(self.sizes), 4))
        self._late = self._extremes[:, SUMMED].copy()
        self.valued = valued
        size = (most + 1) * int(self.sizes.sum()) + MOST_A_STEP * int(self.sizes.sum())
        self._events = np.zeros(size, np.int32)
        self._start = np.zeros((most + 1) * len(self.sizes) + 1, np.int64)

    @property
    def extremes(self) -> Dict[Any, np.ndarray]:
        """Of what values asked of the chip: see `deploy.host.kernels.collect_spikes`."""
        return {key: of for key, of in zip(self.valued, self._extremes) if key is not None}

    def key_by(self, other: SpikeBridge) -> None:
        """Have another's keys of `extremes`."""
        self.valued = other.valued

    @property
    def events(self) -> Tuple[np.ndarray, np.ndarray]:
        """Spikes and their starts; row 0 is the last step of the batch before."""
        return self._events, self._start

    def collect(self, row: int) -> None:
        """Take the host's spikes of this row's step."""
        if not len(self.sizes):
            return
        while not host_kernels.collect_spikes(
            self.addresses,
            self.sizes,
            self.units,
            self.most,
            self.room,
            self.fade,
            self.waiting,
            self._extremes,
            row,
            self._events,
            self._start,
        ):
            self._events = np.concatenate([self._events, np.zeros_like(self._events)])

    def poisoned(self) -> Iterator[str]:
        """Blocks that were sent what is no finite number.

        Neurons that integrate values are left with one, and give it in each step from then on.
        """
        for signal, fed in zip(self.signals, self.fed):
            if not np.isfinite(signal).all():
                yield from fed

    def save(self) -> None:
        """A batch starts."""
        self._waited[...] = self.waiting
        self._late[...] = self._extremes[:, SUMMED]

    def restore(self) -> None:
        """Go back to where it started."""
        self.waiting[...] = self._waited
        self._extremes[:, SUMMED] = self._late

    def carry(self, n: int) -> None:
        """Make the last row the first of the next batch."""
        k = len(self.sizes)
        first, last = self._start[n * k], self._start[(n + 1) * k]
        self._events[: last - first] = self._events[first:last].copy()
        self._start[: k + 1] = self._start[n * k : (n + 1) * k + 1] - first


def error_bridge(model: Any, emulator: FastEmulator, signal_of: Any) -> ErrorBridge:
    """That of a model; parameters as of `spike_bridge`."""
    sent: List[SentErrors] = []
    for sender, receiver in model.host2chip_pes_senders.items():
        conn = model.nengo_probe_conns[receiver.error_target]
        index = emulator.learning_index[model.objs[conn]["decoders"]]
        first = int(emulator.layout.learning.error_start[index])
        sent.append(SentErrors(signal_of(sender), first, name_of(conn.pre)))
    return ErrorBridge(sent, emulator)


class SentErrors(NamedTuple):
    """PES errors that the host sends to one learning synapse group.

    Attributes
    ----------
    signal : (size,) ndarray
    first : int
        Where they are among all of the chip's errors.
    learner : str
        What learns by them.
    """

    signal: np.ndarray
    first: int
    learner: str


class ErrorBridge:
    """The host's PES errors, on their way to the chip's learning synapses.

    Parameters
    ----------
    sent : list of SentErrors
    emulator : FastEmulator

    Raises
    ------
    ValueError
        If the chip has no place for some of them.
    """

    def __init__(self, sent: List[SentErrors], emulator: FastEmulator):
        self.errors = emulator.engine.state.errors
        self.cut, self.largest = emulator.errors_cut, emulator.errors_largest
        self.scale = emulator.error_scale
        self.total = np.zeros(len(self.errors))
        self.sent = sent
        self.addresses = np.array([of.signal.ctypes.data for of in sent], np.int64)
        self.first = np.array([of.first for of in sent], np.int64)
        self.sizes = np.array([of.signal.size for of in sent], np.int64)
        if np.any(self.first < 0) or np.any(self.first + self.sizes > len(self.errors)):
            raise ValueError("errors")
        self._cut_before = self.cut.copy()

    def poisoned(self) -> Iterator[str]:
        """Learning connections whose errors were no finite numbers."""
        for (_, first, learner), size in zip(self.sent, self.sizes):
            if not np.isfinite(self.largest[first : first + size]).all():
                yield f"errors of what {learner} learns"

    def save(self) -> None:
        """A batch starts."""
        self._cut_before = self.cut.copy()

    def restore(self) -> None:
        """Go back to where it started."""
        self.cut[...] = self._cut_before

    def send(self) -> None:
        """Give the chip the errors of this step."""
        if not len(self.total):
            return
        host_kernels.collect_errors(
            self.addresses,
            self.first,
            self.sizes,
            self.scale,
            self.total,
            self.errors,
            self.cut,
            self.largest,
        )
