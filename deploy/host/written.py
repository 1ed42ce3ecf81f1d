"""Compiled hosts as numbers, and hosts of these numbers again.

What a user's functions are is not written; they are found in the network by their place.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

import numpy as np
from nengo.builder import Signal
from nengo.builder.learning_rules import SimBCM, SimOja, SimPES, SimVoja
from nengo.builder.neurons import SimNeurons
from nengo.builder.operator import SimPyFunc
from nengo.builder.processes import SimProcess
from nengo.synapses import Synapse

from deploy.host import kernels as k
from deploy.host.frozen import Frozen, NotPlain, as_record
from deploy.host.host import Host, Parts
from deploy.host.journal import RANDOM_NEURONS, Once
from deploy.host.memory import Memory, group_of, memory_of, view

MOST_MEMORY = 2**29  # bytes
DOUBLE = np.dtype(np.float64).itemsize
# which of a row's columns are addresses, by its kind
ADDRESSES: Mapping[int, Tuple[int, ...]] = {
    k.TIME: (k.A, k.B),
    k.RESET: (k.A,),
    k.COPY: (k.A, k.B),
    k.ADD: (k.A, k.B),
    k.MULTIPLY_ADD: (k.A, k.B, k.C),
    k.LOWPASS: (k.A, k.B, k.C),
    k.SCALE: (k.A, k.B),
    k.RELU: (k.A, k.B, k.C),
    k.RECORD: (k.A, k.B),
    k.RECEIVE: (k.A, k.B),
    k.LIF: (k.A, k.B, k.C, k.D),
}
# a learning rule's signals, and what it has besides, as its operator takes them
LEARNING: Mapping[str, Tuple[Any, Tuple[str, ...], Tuple[str, ...]]] = {
    op.__name__: (op, tuple(signals.split()), tuple(numbers.split()))
    for op, signals, numbers in (
        (SimPES, "pre_filtered error delta", "learning_rate"),
        (SimBCM, "pre_filtered post_filtered theta delta", "learning_rate"),
        (SimOja, "pre_filtered post_filtered weights delta", "learning_rate beta"),
        (
            SimVoja,
            "pre_decoded post_filtered scaled_encoders delta learning_signal",
            "scale learning_rate",
        ),
    )
}
IN_ROWS = ((k.RECORD, k.B), (k.RECEIVE, k.B))  # addresses of a row of values a step


class Written:
    """Writes hosts that share arrays.

    Parameters
    ----------
    hosts : mapping of str to Host
        None of which has made a step.
    shared : sequence of ndarray
        Others that go with them.
    place_of : callable
        Takes a user's function; gives where in the network it is, in terms of JSON, or None.
    numbers : list of ndarray
        Of immutable objects; is added to.

    Raises
    ------
    NotPlain
        If a host has something that is not known by numbers.
    """

    def __init__(
        self,
        hosts: Mapping[str, Host],
        shared: Sequence[np.ndarray],
        place_of: Callable[[Any], Any],
        numbers: List[np.ndarray],
    ):
        self._place_of, self._numbers = place_of, numbers
        parts = {name: host.parts for name, host in hosts.items()}
        states = {name: of.states for name, of in parts.items()}
        others = [*shared, *(array for of in parts.values() for array in of.arrays.values())]
        for of in parts.values():
            others += [array for once in of.once for array in _arrays_of(once)]
            others += [kept for _, kept in of.records]
            for kind, first, last in of.schedule:
                if kind == "call" and isinstance(first, partial):
                    others += first.args
                elif kind in ("call", "once"):
                    step = first.step if kind == "once" else first
                    others += self._used_by(of, hosts, step)
                elif kind == "sample":
                    others.append(last)
        self.memory = Memory(states, others)
        self.arrays: Dict[str, np.ndarray] = {"memory": self.memory.data}
        self.record: Dict[str, Any] = {"memory": self.memory.header(), "hosts": {}}
        for name, host in hosts.items():
            self.record["hosts"][name] = self._host(host)
            self.arrays[f"{name}.codes"] = self._codes(host.parts)
            self.arrays[f"{name}.floats"] = host.parts.floats

    @staticmethod
    def _used_by(parts: Parts, hosts: Mapping[str, Host], step: Any) -> List[np.ndarray]:
        op = parts.operators.get(id(step))
        simulator = next(host.simulator for host in hosts.values() if host.parts is parts)
        return [simulator.signals[signal] for signal in _signals_of(op).values()]

    def _codes(self, parts: Parts) -> np.ndarray:
        """With places in the memory instead of addresses."""
        codes = parts.codes.copy()
        for row in codes:
            for column in ADDRESSES[int(row[k.KIND])]:
                row[column] = self.memory.address(parts.arrays[int(row[column])])
        return codes

    def _host(self, host: Host) -> Dict[str, Any]:
        parts = host.parts
        order = {id(once): n for n, once in enumerate(parts.once)}
        probes = self.probes(host)
        number = {probe: n for n, probe in enumerate(probes)}
        place = self.memory.place
        schedule: List[Any] = []
        for kind, first, last in parts.schedule:
            if kind == "once":
                schedule.append([kind, order[id(first)]])
            elif kind == "sample":
                schedule.append([kind, number[first[0]], first[1], place(last)])
            elif kind == "call" and isinstance(first, partial):
                schedule.append(["product", *map(place, first.args)])
            elif kind == "call":
                schedule.append([kind, self._operator(host, first)])
            else:
                schedule.append([kind, int(first), int(last)])
        once = [
            {
                "operator": self._operator(host, each.step),
                "changes": [place(array) for array in each.changes],
                "kept": [place(array) for array in each.kept],
                "is_kept": place(each.is_kept),
                "by_hand": [
                    next(n for n, own in enumerate(each.changes) if own is array)
                    for array, _ in each.by_hand
                ],
            }
            for each in parts.once
        ]
        records = [place(kept) for _, kept in parts.records]
        return {"schedule": schedule, "once": once, "records": records, "probes": len(probes)}

    def probes(self, host: Host) -> List[Any]:
        """A host's probes, in the order in which they are written."""
        sampled = [first[0] for kind, first, _ in host.parts.schedule if kind == "sample"]
        return [*(probe for probe, _ in host.parts.records), *sampled]

    def _operator(self, host: Host, step: Any) -> Dict[str, Any]:
        op: Any = host.parts.operators.get(id(step))
        signals = {
            name: self.memory.place(host.simulator.signals[signal])
            for name, signal in _signals_of(op).items()
        }
        found: Dict[str, Any] = {"kind": type(op).__name__, "signals": signals}
        if type(op) is SimPyFunc:
            found["function"] = self._place_of(op.fn)
            if found["function"] is None:
                raise NotPlain("function")
        elif type(op) is SimProcess:
            if op.process.seed is None and not isinstance(op.process, Synapse):
                raise NotPlain("seed")
            found["of"], found["mode"] = as_record(op.process, self._add), op.mode
        elif type(op).__name__ in LEARNING:
            _, _, numbers = LEARNING[type(op).__name__]
            found["of"] = [as_record(getattr(op, name), self._add) for name in numbers]
        else:
            found["of"] = as_record(op.neurons, self._add)
        return found

    def _add(self, array: np.ndarray) -> int:
        self._numbers.append(array)
        return len(self._numbers) - 1


def _arrays_of(once: Once) -> List[np.ndarray]:
    return [*once.changes, *once.kept, once.is_kept]


def _signals_of(op: Any) -> Dict[str, Any]:
    """An operator's signals by what they are of it; those of its state have a colon before.

    Raises
    ------
    NotPlain
        If it is none whose step can be made again.
    """
    if type(op) is SimPyFunc:
        own = {"output": op.output, "t": op.t, "x": op.x}
    elif type(op) is SimProcess:
        own = {"output": op.output, "t": op.t, "input": op.input}
        own.update({f":{name}": signal for name, signal in op.state.items()})
    elif type(op) is SimNeurons and type(op.neurons) not in RANDOM_NEURONS and not op.state_extra:
        own = {"output": op.output, "J": op.J}
        own.update({f":{name}": signal for name, signal in op.state.items()})
    elif type(op) is LEARNING.get(type(op).__name__, (None,))[0]:
        own = {name: getattr(op, name) for name in LEARNING[type(op).__name__][1]}
    else:
        raise NotPlain(type(op).__name__)
    return {name: signal for name, signal in own.items() if signal is not None}


class Steps:
    """Stands for a `nengo.Simulator` whose operators are not there: time, and samples of probes.

    Parameters
    ----------
    dt : float
        Step in seconds.
    probes : sequence
        Its probes.
    """

    def __init__(self, dt: float, probes: Sequence[Any]):
        self.dt = dt
        self._n_steps, self._time = 0, 0.0
        self.data = _Samples({probe: [] for probe in probes})

    @property
    def n_steps(self) -> int:
        return self._n_steps


class _Samples:
    def __init__(self, raw: Dict[Any, List[Any]]):
        self.raw = raw


class Read:
    """Makes hosts of what `Written` has written.

    Parameters
    ----------
    record : mapping
    arrays : mapping of str to ndarray
    frozen : Frozen
    function_at : callable
        Takes the place of a user's function, and gives it.

    Raises
    ------
    ValueError, KeyError, TypeError, IndexError
        If something of it is not as it must be.
    """

    def __init__(
        self,
        record: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        frozen: Frozen,
        function_at: Callable[[Any], Any],
    ):
        self.record = {name: record[name] for name in ("memory", "hosts")}
        self._arrays = arrays
        self._frozen, self._function_at = frozen, function_at
        self._memory = memory_of(record["memory"], arrays["memory"], MOST_MEMORY)

    def array(self, place: Sequence[Any]) -> np.ndarray:
        """One of the arrays that were written."""
        return view(self._memory, place)

    def host(self, name: str, simulator: Steps, probes: Sequence[Any], batch: int) -> Host:
        """One of the hosts.

        Parameters
        ----------
        name : str
        simulator : Steps
        probes : sequence
            Its probes, in the order of `Written.probes`.
        batch : int
            As for `Host`.
        """
        record = self.record["hosts"][name]
        codes = self._codes(self._arrays[f"{name}.codes"], batch)
        floats = np.ascontiguousarray(self._arrays[f"{name}.floats"], np.float64)
        if floats.shape != (len(codes), k.CONSTANTS) or len(probes) != record["probes"]:
            raise ValueError("host")
        once = [self._once(each, simulator.dt, batch) for each in record["once"]]
        schedule = [
            self._scheduled(each, once, probes, len(codes), simulator.dt)
            for each in record["schedule"]
        ]
        kept = [self.array(place) for place in record["records"]]
        if any(len(of) != batch for of in kept):
            raise ValueError("samples")
        states = group_of(self._memory, self.record["memory"], name)
        parts = Parts(
            schedule, codes, floats, {0: self._memory}, once, list(zip(probes, kept)),
            [states] if len(states) else [], {},
        )  # fmt: skip
        return Host(simulator, parts, batch)

    def _codes(self, codes: np.ndarray, batch: int) -> np.ndarray:
        """With addresses, all of which are within the memory."""
        codes = np.array(codes, np.int64)
        if codes.ndim != 2 or codes.shape[1] != k.COLUMNS:
            raise ValueError("rows")
        kinds, sizes = codes[:, k.KIND], codes[:, k.SIZE]
        if len(codes) and not (set(np.unique(kinds)) <= set(ADDRESSES) and sizes.min() >= 1):
            raise ValueError("rows")
        end, start = self._memory.nbytes, self._memory.ctypes.data
        for kind, columns in ADDRESSES.items():
            rows = kinds == kind
            for column in columns:
                n = sizes[rows] * (batch if (kind, column) in IN_ROWS else 1)
                if kind == k.MULTIPLY_ADD and column != k.A:
                    one_by_one = codes[rows, k.D] >> (column == k.C) & 1
                    n = np.where(one_by_one, n, 1)
                at = codes[rows, column]
                if len(at) and (at.min() < 0 or (at + DOUBLE * n).max() > end):
                    raise ValueError("addresses")
                codes[rows, column] = at + start
        return codes

    def _scheduled(
        self, given: Sequence[Any], once: List[Once], probes: Sequence[Any], n: int, dt: float
    ) -> Tuple[str, Any, Any]:
        kind, *of = given
        if kind in ("rows", "lif"):
            first, last = map(int, of)
            if not 0 <= first < last <= n:
                raise ValueError("rows")
            return kind, first, last
        if kind == "once":
            return kind, once[of[0]], None
        if kind == "sample":
            probe, period, place = of
            if period is not None and not period > 0:
                raise ValueError("period")
            return kind, (probes[probe], period), self.array(place)
        if kind == "product":
            a, x, out = map(self.array, of)
            if (x.shape, out.shape) != (a.shape[1:], a.shape[:1]):
                raise ValueError("product")
            return "call", partial(np.dot, a, x, out), None
        if kind != "call":
            raise ValueError(kind)
        return kind, self._step(of[0], dt), None

    def _once(self, given: Mapping[str, Any], dt: float, batch: int) -> Once:
        changes, kept = (list(map(self.array, given[name])) for name in ("changes", "kept"))
        if [of.shape for of in kept] != [(batch, *of.shape) for of in changes]:
            raise ValueError("kept")
        found = Once(self._step(given["operator"], dt), changes, batch, kept)
        found.is_kept = self.array(given["is_kept"])
        found.by_hand = [(changes[n], kept[n]) for n in given["by_hand"]]
        return found

    def _step(self, given: Mapping[str, Any], dt: float) -> Callable[[], Any]:
        """Nengo's own step of an operator, on arrays of the memory."""
        arrays = {name: self.array(place) for name, place in given["signals"].items()}
        # an operator looks its arrays up by what its signals are
        own = {name: name if name in arrays else None for name in ("output", "t", "x", "input")}
        state = {name[1:]: name for name in arrays if name.startswith(":")}
        op: Any
        signals: Dict[Any, np.ndarray] = dict(arrays)
        if given["kind"] == "SimPyFunc":
            function = self._function_at(given["function"])
            op = SimPyFunc(own["output"], function, own["t"], own["x"])
        elif given["kind"] == "SimProcess":
            process = self._frozen.of(given["of"])
            op = SimProcess(process, own["input"], own["output"], own["t"], given["mode"], state)
        elif given["kind"] == "SimNeurons":
            named = {name: Signal(shape=of.shape, name=name) for name, of in arrays.items()}
            signals = {named[name]: array for name, array in arrays.items()}
            of_state = {name: named[signal] for name, signal in state.items()}
            neurons = self._frozen.of(given["of"])
            op = SimNeurons(neurons, named["J"], named["output"], of_state)
        elif given["kind"] in LEARNING:
            made, names, numbers = LEARNING[given["kind"]]
            of_rule = dict(zip(numbers, map(self._frozen.of, given["of"])))
            op = made(**{name: name for name in names}, **of_rule)
            if set(arrays) != set(names):
                raise ValueError("signals")
        else:
            raise ValueError(given["kind"])
        step: Callable[[], Any] = op.make_step(signals, dt, np.random.RandomState(0))
        return step
