"""Host and chip together: who steps when, and what goes between them.

The order is that of nengo-loihi's ``StepRunner``, with arrays in the place of its queues:
spikes that the host sends in step n reach the chip in step n + 1, errors in step n; what
the chip gives in step n reaches the host in step n + 1.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np

from deploy.emulator import host_kernels
from deploy.emulator.host import Bridges, Host, step_function
from deploy.emulator.input_spikes import unit_and_most
from deploy.emulator.interface import FastEmulator
from deploy.emulator.layout import Unsupported

BATCH = 500  # steps between two looks at the outside; bounds the buffers


class Runner:
    """Steps a `nengo_loihi.Simulator` whose emulator is a `FastEmulator`.

    Parameters
    ----------
    simulator : nengo_loihi.Simulator

    Raises
    ------
    Unsupported
        If something comes to the chip in another way than from the host.
    """

    def __init__(self, simulator: Any):
        self.model = simulator.model
        self.timers = simulator.timers
        self.emulator: FastEmulator = simulator.sims["emulator"]
        self.precompute = bool(simulator.precompute)
        self.n_steps = 0  # that are done; the host's nodes may ask in the middle of one
        sims = {name: simulator.sims.get(name) for name in ("host_pre", "host")}
        processes = {
            id(op.process): (sim, op)
            for sim in sims.values()
            if sim is not None
            for op in sim._step_order
            if hasattr(op, "process")
        }

        def step_of(node: Any) -> int:
            sim, op = processes[id(node.output)]
            return id(step_function(sim, op))

        senders = {step_of(node): np.zeros(0) for node in self._senders()}
        self.receivers = {
            self.model.objs[probe]["out"]: _Mailbox(node.size_out)
            for probe, node in self.model.chip2host_receivers.items()
        }
        mailboxes = {
            step_of(node): self.receivers[self.model.objs[probe]["out"]].rows
            for probe, node in self.model.chip2host_receivers.items()
        }
        bridges = Bridges(senders, mailboxes)
        self.hosts: Dict[str, Host] = {
            name: Host(sim, bridges, BATCH) for name, sim in sims.items() if sim is not None
        }
        self._spikes = _SpikeBridge(self.model, self.emulator, lambda n: senders[step_of(n)])
        self._errors = _ErrorBridge(self.model, self.emulator, lambda n: senders[step_of(n)])

    def _senders(self) -> List[Any]:
        return [*self.model.host2chip_senders, *self.model.host2chip_pes_senders]

    def run_steps(self, steps: int) -> None:
        """Run host and chip for so many steps."""
        self.timers.start("run")
        old = np.seterr(invalid="raise", divide="ignore")  # as nengo.Simulator.step
        try:
            if not self.precompute and "host" in self.hosts:
                for n in _batches(steps):
                    self._together(n)
            else:
                self._one_after_the_other(steps)
        finally:
            np.seterr(**old)
        self.timers.stop("run")

    def _one_after_the_other(self, steps: int) -> None:
        """Nothing that goes to the chip depends on what comes from it."""
        before, after = self.hosts.get("host_pre"), self.hosts.get("host")
        first = self.n_steps
        for n in _batches(steps):
            if before is not None:
                for row in range(n):
                    before.step(row)
                    self._spikes.collect(row)
                    self.n_steps += 1
                before.finish(n)
            probed = self.emulator.engine.buffers(n)
            self.emulator.engine.advance_row(probed, *self._spikes.events, 0, n)
            self.emulator.keep(probed, n)
            self._spikes.carry(n)
        if after is None:
            self.n_steps = first + steps
            return
        self.n_steps = first
        values = {probe: self.emulator.take(probe) for probe in self.receivers}
        done = 0
        for n in _batches(steps):
            for probe, mailbox in self.receivers.items():
                mailbox.fill(values[probe], done, n)
            for row in range(n):
                after.step(row)
                self.n_steps += 1
            after.finish(n)
            done += n

    def _together(self, n: int) -> None:
        """Step by step, as each waits for the other."""
        host, engine = self.hosts["host"], self.emulator.engine
        probed = engine.buffers(n)
        links = [
            mailbox.link(probe, self.emulator.parts(probe, probed))
            for probe, mailbox in self.receivers.items()
        ]
        host_step, collect, send = host.step, self._spikes.collect, self._errors.send
        advance = engine.advance_row
        for row in range(n):
            host_step(row)
            collect(row)
            send()
            advance(probed, *self._spikes.events, row)
            for link in links:
                link(row)
            self.n_steps += 1
        host.finish(n)
        self._spikes.carry(n)
        for mailbox in self.receivers.values():
            mailbox.rows[0] = mailbox.rows[n]
        self.emulator.keep(probed, n, leave_out=self.receivers)


def _batches(steps: int) -> List[int]:
    whole, rest = divmod(steps, BATCH)
    return [BATCH] * whole + ([rest] if rest else [])


class _Mailbox:
    """What one probe of the chip's sends to the host, one row a step of a batch."""

    def __init__(self, size: int):
        self.rows = np.zeros((BATCH + 1, size))
        self.empty = True
        self.last = 0  # the row that the next batch starts from

    def fill(self, values: np.ndarray, first: int, n: int) -> None:
        """Values that were computed beforehand: each is read one step later.

        The host's very first step reads the chip's first value already, as the
        queue of nengo-loihi's ``HostReceiveProcess`` passes over its empty start.
        """
        if self.empty:
            self.rows[0] = values[0]
        else:
            self.rows[0] = self.rows[self.last]
        self.empty, self.last = False, n
        self.rows[1 : n + 1] = values[first : first + n]

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


class _SpikeBridge:
    """The host's spikes, on their way to the chip's inputs."""

    def __init__(self, model: Any, emulator: FastEmulator, signal_of: Any):
        sources: Dict[Any, Any] = {}
        sent: Dict[Any, Tuple[float, int]] = {}
        for sender, receiver in model.host2chip_senders.items():
            target = model.spike_targets[receiver]
            sources[target] = signal_of(sender)
            sent[target] = unit_and_most(receiver, model.dt)
        for spike_input in emulator.inputs:
            if spike_input not in sources or spike_input.spikes:
                raise Unsupported("inputs that do not come from the host")
        self.signals = [sources[spike_input] for spike_input in emulator.inputs]
        for signal in self.signals:
            if signal.dtype != np.float64 or not signal.flags.c_contiguous:
                raise Unsupported("spikes in another form than Nengo's")
        self.addresses = np.array([s.ctypes.data for s in self.signals], np.int64)
        self.sizes = np.array([s.size for s in self.signals], np.int64)
        self.units = np.array([sent[i][0] for i in emulator.inputs], np.float64)
        self.most = np.array([sent[i][1] for i in emulator.inputs], np.int64)
        self.most_a_step = int(self.sizes @ self.most)
        self._events = np.zeros((BATCH + 1) * int(self.sizes.sum()) + self.most_a_step, np.int32)
        self._start = np.zeros((BATCH + 1) * len(self.sizes) + 1, np.int64)

    @property
    def events(self) -> Tuple[np.ndarray, np.ndarray]:
        """Spikes and their starts; row 0 is the last step of the batch before."""
        return self._events, self._start

    def collect(self, row: int) -> None:
        """Take the host's spikes of this row's step."""
        if len(self.sizes):
            end = self._start[(row + 1) * len(self.sizes)]
            if len(self._events) < end + self.most_a_step:
                self._events = np.concatenate([self._events, np.zeros_like(self._events)])
            host_kernels.collect_spikes(
                self.addresses, self.sizes, self.units, self.most, row, self._events, self._start
            )

    def carry(self, n: int) -> None:
        """Make the last row the first of the next batch."""
        k = len(self.sizes)
        first, last = self._start[n * k], self._start[(n + 1) * k]
        self._events[: last - first] = self._events[first:last].copy()
        self._start[: k + 1] = self._start[n * k : (n + 1) * k + 1] - first


class _ErrorBridge:
    """The host's PES errors, on their way to the chip's learning synapses."""

    def __init__(self, model: Any, emulator: FastEmulator, signal_of: Any):
        self.errors = emulator.engine.state.errors
        self.cut = emulator.errors_cut
        self.scale = emulator.error_scale
        self.total = np.zeros(len(self.errors))
        starts = emulator.layout.learning.error_start
        self.signals, first = [], []
        for sender, receiver in model.host2chip_pes_senders.items():
            conn = model.nengo_probe_conns[receiver.error_target]
            index = emulator.learning_index[model.objs[conn]["decoders"]]
            first.append(starts[index])
            self.signals.append(signal_of(sender))
        self.addresses = np.array([s.ctypes.data for s in self.signals], np.int64)
        self.first = np.array(first, np.int64)
        self.sizes = np.array([s.size for s in self.signals], np.int64)

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
        )
