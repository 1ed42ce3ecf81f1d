"""The host's part of a run: a Nengo simulation, stepped with little overhead.

Nengo calls a Python function an operator and step. Here all that is plain arithmetic on
arrays goes through a few compiled calls, on the very arrays of the simulator; matrix
products, expm1 and log1p stay NumPy's, and what a user wrote stays as it is. The bits are
those of `nengo.Simulator` without its optimiser.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

import nengo
import numpy as np
from nengo.builder import operator as ops
from nengo.builder.neurons import SimNeurons
from nengo.builder.probe import SimProbe
from nengo.builder.processes import SimProcess
from nengo.synapses import LinearFilter
from nengo.utils.simulator import operator_dependency_graph

from deploy.host import kernels as k
from deploy.host.journal import Once, is_repeatable, outputs, states
from deploy.host.saved import Saved, is_plain


class Row(NamedTuple):
    """One compiled operator: a row of the table and its constants."""

    code: Tuple[int, ...]
    floats: Tuple[float, ...] = ()


class Plan(NamedTuple):
    """What becomes of an operator: compiled rows, Python calls, or both in this order.

    ``once`` is the call of an operator that cannot be asked twice for the same step.
    """

    calls: Tuple[Callable[[], Any], ...] = ()
    rows: Tuple[Row, ...] = ()
    once: Optional[Once] = None


class Parts(NamedTuple):
    """What a host is made of.

    Attributes
    ----------
    schedule : list of tuple
        What is done in a step, in order: a kind, and what it needs (see `Host._bind`).
    codes, floats : ndarray
        The compiled operators, see `deploy.host.kernels`.
    arrays : dict of int to ndarray
        By its address, what the operators work on.
    once : list of Once
    records : list of (nengo.Probe, (batch, ...) ndarray)
        Of probes of each step: where their samples are kept.
    states : list of ndarray
        All that changes from step to step.
    operators : dict of int to operator
        Nengo's, by the id of the function that makes their steps.
    """

    schedule: List[Tuple[str, Any, Any]]
    codes: np.ndarray
    floats: np.ndarray
    arrays: Dict[int, np.ndarray]
    once: List[Once]
    records: List[Tuple[Any, np.ndarray]]
    states: List[np.ndarray]
    operators: Dict[int, Any]


class Bridges(NamedTuple):
    """How the host's queues to and from the chip are replaced.

    Attributes
    ----------
    senders : dict of int to array
        By id of a sending process: filled with the signal that it sends.
    receivers : dict of int to (n_rows, size) ndarray
        By id of a receiving process: what it gives in each step of a batch.
    waiting : set of int
        The processes of both that no host has come upon yet.
    """

    senders: Dict[int, np.ndarray]
    receivers: Dict[int, np.ndarray]
    waiting: Set[int]


class Host:
    """A Nengo simulator that is stepped by a compiled plan.

    Parameters
    ----------
    simulator : nengo.Simulator
        It stays whole: after `publish` its probes, and after `end` its signals, are as if it had
        run itself.
    parts : Parts
        Of that simulator, see `host_of`.
    batch : int
        Most steps from `begin` to `end`.
    """

    def __init__(self, simulator: Any, parts: Parts, batch: int):
        self.simulator = simulator
        self.batch = batch
        self.parts = parts
        self._records, self._once = parts.records, parts.once
        self._sampled: List[Tuple[int, Any, np.ndarray]] = []  # of probes with a period
        self._codes, self._floats = parts.codes, parts.floats
        most = int(self._codes[self._codes[:, k.KIND] == k.LIF, k.SIZE].sum())
        self._arguments, self._logarithms = np.zeros(most), np.zeros(most)
        self._calls = [self._bind(*part) for part in parts.schedule]
        self._again = [call.again if isinstance(call, Once) else call for call in self._calls]
        self._saved = Saved(parts.states)
        self._first = int(simulator.n_steps)  # steps before the batch
        self._published = 0  # rows of the batch whose samples the simulator has
        self._is_ahead = False  # whether the batch begins with steps that were begun before
        self._named: Dict[Any, Any] = {}  # probes that others have taken the place of

    # -------------------------------------------------------------------- running

    def begin(self) -> None:
        """A batch starts, at row 0."""
        self._saved.save()
        if not self._is_ahead:
            for once in self._once:
                once.forget()

    def stepper(self) -> Callable[[int], None]:
        """What makes one step, the row of its batch given."""
        return self.again if self._is_ahead else self.step

    def step(self, row: int) -> None:
        """One step."""
        for call in self._calls:
            call(row)

    def again(self, row: int) -> None:
        """The same, of a step that may have been made, or half of it, before."""
        for call in self._again:
            call(row)

    def rewind(self, row: int) -> None:
        """Go back to where the batch started, from the midst of this row's step or its start.

        `again` then makes the same steps once more.
        """
        for once in self._once:
            once.keep(row)
        self._saved.restore()
        self._sampled.clear()

    def is_finite(self, n_steps: int) -> bool:
        """Whether all is finite that was called in the batch's first steps, or that probes have."""
        kept = [array for once in self._once for array in once.kept]
        kept += [array for _, array in self._records]
        return all(bool(np.isfinite(array[:n_steps]).all()) for array in kept)

    def replay(self, n_steps: int) -> None:
        """After `rewind`, `nengo.Simulator` makes the batch's first steps itself.

        What cannot be asked twice gives what it gave.
        """
        simulator, own = self.simulator, self.simulator._steps
        again = {once.step: once.again for once in self._once}

        def given(kept: Callable[[int], None]) -> Callable[[], None]:
            return lambda: kept(simulator.n_steps - self._first)

        simulator._steps = [given(again[step]) if step in again else step for step in own]
        try:
            simulator.run_steps(n_steps, progress_bar=False)
        finally:
            simulator._steps = own

    def forget(self, row: int) -> None:
        """Everything of this row's step is to be asked once more."""
        for once in self._once:
            once.is_kept[row] = 0

    def publish(self, last: int) -> None:
        """Give the simulator its time and its probes' samples, of the rows before ``last``."""
        simulator, first = self.simulator, self._published
        simulator._n_steps = self._first + last
        simulator._time = simulator._n_steps * simulator.dt
        for probe, kept in self._records:
            simulator.data.raw[probe].extend(kept[first:last].copy())
        for row, probe, sample in self._sampled:
            if first <= row < last:
                simulator.data.raw[self._named.get(probe, probe)].append(sample)
        self._published = last

    def end(self, n_steps: int, is_ahead: bool) -> None:
        """The batch ends after so many steps, with others begun if it ``is_ahead``."""
        self._sampled.clear()
        self._first += n_steps
        self._published = 0
        if is_ahead or self._is_ahead:
            begun = [once.forward(n_steps) for once in self._once]
            self._is_ahead = any(begun)

    def continue_in(self, simulator: nengo.Simulator, probes: Sequence[Any], before: Any) -> None:
        """Step another simulator from here on, whose arrays are those of this host.

        Parameters
        ----------
        simulator : nengo.Simulator
        probes : sequence of nengo.Probe
            Its own, in the order of the samples of ``before``.
        before : object
            What was stepped; its probes are their numbers.
        """
        self._named = dict(enumerate(probes))
        self._records = [(self._named[probe], kept) for probe, kept in self._records]
        for number, probe in self._named.items():
            simulator.data.raw[probe] = before.data.raw[number]
        simulator._n_steps, simulator._time = before._n_steps, before._time
        self.simulator = simulator

    def _bind(self, kind: str, first: Any, last: Any) -> Callable[[int], Any]:
        codes, floats = self._codes, self._floats
        if kind == "call":
            return lambda row: first()
        if kind == "once":
            once: Callable[[int], Any] = first
            return once
        if kind == "sample":
            probe, period = first
            return self._sampler(probe, period, last)
        if kind == "rows":
            run = k.run_operators
            return lambda row: run(codes, floats, first, last, row)
        arguments, logarithms = self._arguments, self._logarithms
        decay, spike, refract = k.lif_decay, k.lif_spike, k.lif_refract

        def lif(row: int) -> None:
            n = decay(codes, floats, first, last, arguments)
            if n:
                np.expm1(arguments[:n], out=arguments[:n])
            n = spike(codes, floats, first, last, arguments, logarithms)
            if n:
                np.log1p(logarithms[:n], out=logarithms[:n])
                refract(codes, floats, first, last, logarithms)

        return lif

    def _sampler(self, probe: Any, period: Optional[float], x: np.ndarray) -> Callable[[int], Any]:
        """What `nengo.Simulator` does of a probe after each step."""
        every = 1 if period is None else period / self.simulator.dt

        def sample(row: int) -> None:
            if (self._first + 1 + row) % every < 1:
                self._sampled.append((row, probe, x.copy()))

        return sample


def host_of(simulator: nengo.Simulator, bridges: Bridges, batch: int) -> Host:
    """The compiled host of a simulator.

    Parameters
    ----------
    simulator : nengo.Simulator
        Built without its optimiser.
    bridges : Bridges
    batch : int
        As for `Host`.
    """
    return Host(simulator, _Planner(simulator, batch).parts(bridges), batch)


class _Planner:
    """Makes the parts of a host of a simulator's operators."""

    def __init__(self, simulator: nengo.Simulator, batch: int):
        self.simulator = simulator
        self.batch = batch
        self._arrays: Dict[int, np.ndarray] = {}
        self._once: List[Once] = []
        self._rows: List[Row] = []
        self.steps = dict(zip(simulator.step_order, simulator._steps))

    def parts(self, bridges: Bridges) -> Parts:
        """All of them."""
        schedule = self._schedule(bridges)
        probes, records = self._record_probes()
        codes = np.zeros((len(self._rows), k.COLUMNS), np.int64)
        floats = np.zeros((len(self._rows), k.CONSTANTS))
        for i, row in enumerate(self._rows):
            codes[i, : len(row.code)] = row.code
            floats[i, : len(row.floats)] = row.floats
        operators = {id(step): op for op, step in self.steps.items()}
        return Parts(
            schedule + probes, codes, floats, self._arrays, self._once, records,
            states(self.simulator), operators,
        )  # fmt: skip

    def _schedule(self, bridges: Bridges) -> List[Tuple[str, Any, Any]]:
        """Order the operators so that few calls do: whatever is ready and compiled
        first, then what has to be called, then neurons."""
        order = list(self.steps)
        plans = {op: self._plan(op, bridges) for op in order}
        waits = self._dependencies(order)
        schedule: List[Tuple[str, Any, Any]] = []
        left = order
        while left:
            ready = [op for op in left if not waits[op]]
            chosen = [op for op in ready if not _is_called(plans[op]) and not _is_lif(plans[op])]
            chosen = chosen or [op for op in ready if _is_called(plans[op])] or ready
            first = len(self._rows)
            for op in chosen:
                schedule += [("call", call, None) for call in plans[op].calls]
                if plans[op].once is not None:
                    schedule.append(("once", plans[op].once, None))
                self._rows += plans[op].rows
            if len(self._rows) > first:
                kind = "lif" if _is_lif(plans[chosen[0]]) else "rows"
                schedule.append((kind, first, len(self._rows)))
            done = set(chosen)
            left = [op for op in left if op not in done]
            for op in left:
                waits[op] -= done
        return _joined(schedule)

    def _dependencies(self, order: List[Any]) -> Dict[Any, Set[Any]]:
        """What each operator waits for; sums keep the order of their terms."""
        waits: Dict[Any, Set[Any]] = {op: set() for op in order}
        for op, later in operator_dependency_graph(order).items():
            for other in later:
                waits[other].add(op)
        last_writer: Dict[Any, Any] = {}
        for op in order:
            for signal in op.sets + op.incs + op.updates:
                if signal.base in last_writer:
                    waits[op].add(last_writer[signal.base])
                last_writer[signal.base] = op
        for op in order:
            waits[op].discard(op)
        return waits

    def _plan(self, op: Any, bridges: Bridges) -> Plan:
        step = self.steps[op]
        maker = PLANS.get(type(op))
        plan = maker(self, op, bridges) if maker is not None else None
        if plan is not None:
            return plan
        return Plan(calls=(step,)) if is_repeatable(op) else self._plan_once(op, step)

    def _plan_once(self, op: Any, step: Callable[[], Any]) -> Plan:
        """A call, and the rows that keep what it gave."""
        once = Once(step, [self.signal(signal) for signal in outputs(op)], self.batch)
        self._once.append(once)
        rows = []
        one = np.ones(1)
        for array, kept in (*zip(once.changes, once.kept), (one, once.is_kept)):
            if is_plain(array):
                code = (k.RECORD, array.size, self.address(array), self.address(kept))
                rows.append(Row(code))
            else:
                once.by_hand.append((array, kept))
        return Plan(rows=tuple(rows), once=once)

    def address(self, array: np.ndarray) -> int:
        """Where an array is; it is kept alive."""
        place = int(array.ctypes.data)
        self._arrays[place] = array
        return place

    def signal(self, signal: Any) -> Any:
        return self.simulator.signals[signal]

    def _record_probes(
        self,
    ) -> Tuple[List[Tuple[str, Any, Any]], List[Tuple[Any, np.ndarray]]]:
        """Rows that keep the samples of a batch; probes with a period are copied when due,
        as a batch of a large matrix would be larger still."""
        first = len(self._rows)
        schedule: List[Tuple[str, Any, Any]] = []
        records: List[Tuple[Any, np.ndarray]] = []
        for probe in self.simulator.model.probes:
            x = self.signal(self.simulator.model.sig[probe]["in"])
            if not is_plain(x) or probe.sample_every is not None:
                schedule.append(("sample", (probe, probe.sample_every), x))
                continue
            kept = np.zeros((self.batch, *x.shape))
            code = (k.RECORD, x.size, self.address(x), self.address(kept))
            self._rows.append(Row(code))
            records.append((probe, kept))
        if len(self._rows) > first:
            schedule.append(("rows", first, len(self._rows)))
        return schedule, records


def _is_called(plan: Plan) -> bool:
    return bool(plan.calls) or plan.once is not None


def _is_lif(plan: Plan) -> bool:
    return bool(plan.rows) and plan.rows[0].code[0] == k.LIF


def _joined(schedule: List[Tuple[str, Any, Any]]) -> List[Tuple[str, Any, Any]]:
    """Neighbouring runs of rows as one."""
    joined: List[Tuple[str, Any, Any]] = []
    for kind, first, last in schedule:
        if joined and kind == "rows" == joined[-1][0] and joined[-1][2] == first:
            joined[-1] = ("rows", joined[-1][1], last)
        else:
            joined.append((kind, first, last))
    return joined


# ---------------------------------------------------------------- one plan an operator


def _time(host: _Planner, op: Any, bridges: Bridges) -> Optional[Plan]:
    steps, time = host.signal(op.step), host.signal(op.time)
    if steps.dtype != np.int64 or not is_plain(time):
        return None
    code = (k.TIME, 1, host.address(steps), host.address(time))
    return Plan(rows=(Row(code, (host.simulator.dt,)),))


def _reset(host: _Planner, op: Any, bridges: Bridges) -> Optional[Plan]:
    y = host.signal(op.dst)
    if not is_plain(y) or np.ndim(op.value):
        return None
    return Plan(rows=(Row((k.RESET, y.size, host.address(y)), (float(op.value),)),))


def _copy(host: _Planner, op: Any, bridges: Bridges) -> Optional[Plan]:
    y, x = host.signal(op.dst), host.signal(op.src)
    for name in ("dst_slice", "src_slice"):
        if not isinstance(getattr(op, name), (slice, type(None), type(Ellipsis))):
            return None
    y = y if op.dst_slice is None else y[op.dst_slice]
    x = x if op.src_slice is None else x[op.src_slice]
    if not is_plain(y, x) or y.shape != x.shape:
        return None
    kind = k.ADD if op.inc else k.COPY
    return Plan(rows=(Row((kind, y.size, host.address(y), host.address(x))),))


def _elementwise(host: _Planner, op: Any, bridges: Bridges) -> Optional[Plan]:
    a, x, y = host.signal(op.A), host.signal(op.X), host.signal(op.Y)
    if not is_plain(a, x, y) or any(f.shape != y.shape and f.size != 1 for f in (a, x)):
        return None
    strides = int(a.size == y.size) + 2 * int(x.size == y.size)
    addresses = (host.address(y), host.address(a), host.address(x))
    return Plan(rows=(Row((k.MULTIPLY_ADD, y.size, *addresses, strides)),))


def _dot(host: _Planner, op: Any, bridges: Bridges) -> Optional[Plan]:
    a, x, y = host.signal(op.A), host.signal(op.X), host.signal(op.Y)
    if not is_plain(a, x, y) or a.ndim != 2 or x.ndim != 1 or y.size != len(a):
        return None
    if x.size == 1:  # one product an entry, nothing to add up
        addresses = (host.address(y), host.address(a), host.address(x))
        return Plan(rows=(Row((k.MULTIPLY_ADD, y.size, *addresses, 1)),))
    # NumPy's own product, whose order of additions cannot be had otherwise
    product = np.zeros(len(a))
    row = Row((k.ADD, y.size, host.address(y), host.address(product)))
    return Plan(calls=(partial(np.dot, a, x, product),), rows=(row,))


# of the neurons whose step is compiled: all that changes in it
STATES: Dict[Any, Set[str]] = {
    nengo.SpikingRectifiedLinear: {"voltage"},
    nengo.LIF: {"voltage", "refractory_time"},
}


def _neurons(host: _Planner, op: Any, bridges: Bridges) -> Optional[Plan]:
    neurons, dt = op.neurons, host.simulator.dt
    j, out = host.signal(op.J), host.signal(op.output)
    state = {name: host.signal(signal) for name, signal in op.state.items()}
    if set(state) != STATES.get(type(neurons)):  # of others, Nengo's own step is called
        return None
    if not is_plain(j, out, *state.values()) or j.ndim != 1:
        return None
    addresses = [host.address(array) for array in (j, out, state["voltage"])]
    height = float(neurons.amplitude) / dt
    if type(neurons) is nengo.SpikingRectifiedLinear:
        return Plan(rows=(Row((k.RELU, j.size, *addresses), (dt, height)),))
    if type(neurons) is nengo.LIF:
        whole = np.zeros(16)  # a vector, so that NumPy takes the way it takes for many
        np.expm1(np.full(16, -dt / neurons.tau_rc), out=whole)
        floats = (
            dt,
            height,
            neurons.tau_rc,
            neurons.tau_ref,
            neurons.min_voltage,
            float(whole[0]),
        )
        addresses.append(host.address(state["refractory_time"]))
        return Plan(rows=(Row((k.LIF, j.size, *addresses), floats),))
    return None


def _process(host: _Planner, op: Any, bridges: Bridges) -> Optional[Plan]:
    out = host.signal(op.output)
    if id(op.process) in bridges.senders:
        bridges.senders[id(op.process)] = host.signal(op.input)
        bridges.waiting.discard(id(op.process))
        return Plan()
    if op.mode == "inc" or not is_plain(out):
        return None
    if id(op.process) in bridges.receivers:
        sent = bridges.receivers[id(op.process)]
        bridges.waiting.discard(id(op.process))
        return Plan(rows=(Row((k.RECEIVE, out.size, host.address(out), host.address(sent))),))
    step = _filter_step(host.steps[op])
    u = None if op.input is None else host.signal(op.input)
    if u is None or not is_plain(u) or u.shape != out.shape:
        return None
    if type(step) is LinearFilter.OneX and is_plain(step.X) and step.X.size == u.size:
        addresses = (host.address(out), host.address(step.X), host.address(u))
        floats = (float(step.a), float(step.b))
        return Plan(rows=(Row((k.LOWPASS, u.size, *addresses), floats),))
    if type(step) is LinearFilter.NoX:
        code = (k.SCALE, u.size, host.address(out), host.address(u))
        return Plan(rows=(Row(code, (float(step.d),)),))
    return None


def _filter_step(step: Any) -> Any:
    """The filter in Nengo's function of a step, whatever it is called there; or None.

    Without it the function is called as it is.
    """
    held = [cell.cell_contents for cell in getattr(step, "__closure__", None) or ()]
    return next((value for value in held if isinstance(value, LinearFilter.Step)), None)


def _nothing(host: _Planner, op: Any, bridges: Bridges) -> Optional[Plan]:
    return Plan()


PLANS: Dict[Any, Callable[[_Planner, Any, Bridges], Optional[Plan]]] = {
    ops.TimeUpdate: _time,
    ops.Reset: _reset,
    ops.Copy: _copy,
    ops.ElementwiseInc: _elementwise,
    ops.DotInc: _dot,
    SimNeurons: _neurons,
    SimProcess: _process,
    SimProbe: _nothing,
}
