"""``sim.model.sig`` and ``sim.signals`` of a network that runs on host and chip.

Both know the user's objects. What is on the host are Nengo's signals, as they are; what is on
the chip are `ChipSignal`, read in Nengo's units at each look, and set where that can be done.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

import nengo
import numpy as np
from nengo.base import NengoObject
from nengo.builder.signal import Signal
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.exceptions import ReadonlyError, SignalError, ValidationError

from deploy.nengo_loihi.read.chip_values import ChipValue
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.wiring import base_of

NOT_ON_CHIP: Dict[Tuple[type, str], str] = {
    (nengo.Connection, "weighted"): (
        "the chip adds up what comes into a population's neurons; the sum is the signal 'in' of "
        "its target, and nengo.Probe(connection) gives what the connection adds"
    ),
    **{
        (LearningRule, name): (
            "the chip learns from traces of its own in whole numbers; "
            f"nengo.Probe(connection.learning_rule, {name!r}) gives it in Nengo's units"
        )
        for name in ("delta", "activities")
    },
}


class ChipSignal:
    """What ``sim.model.sig[obj][name]`` is where ``obj`` is on the chip.

    Attributes
    ----------
    obj : object
        Of the user's network.
    name : str
        Nengo's, as ``"voltage"``.
    shape : tuple of int
    readonly : bool
        Whether it cannot be set.
    """

    def __init__(self, obj: Any, name: str, value: ChipValue):
        self.obj, self.key = obj, name
        self.name = f"{obj}.{name}"
        self.shape = np.shape(value.read())
        self.readonly = value.write is None
        self.dtype = np.dtype(nengo.rc.float_dtype)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, ChipSignal) and (self.obj, self.key) == (other.obj, other.key)

    def __hash__(self) -> int:
        return hash((self.obj, self.key))

    def __repr__(self) -> str:
        return f"ChipSignal(name={self.name}, shape={self.shape})"


class ChipArray(np.ndarray):
    """Values of the chip: what is written into them goes to the chip, and comes back rounded.

    After each run of the simulator they are what the chip has then, as Nengo's arrays are.
    """

    _whole: Any = None  # the array of which this is a part
    _signals: Any = None
    _signal: Any = None

    def __array_finalize__(self, of: Any) -> None:
        self._whole = getattr(of, "_whole", None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.pop("out", ())
        plain = [np.asarray(x) if isinstance(x, ChipArray) else x for x in inputs]
        if out:
            options["out"] = tuple(np.asarray(x) if isinstance(x, ChipArray) else x for x in out)
        written = [x for x in out if isinstance(x, ChipArray)]
        for array in written:
            array._may_be_set()
        result = getattr(ufunc, method)(*plain, **options)
        for array in written:
            array._send()
        return written[0] if written else result

    def __setitem__(self, key: Any, value: Any) -> None:
        self._may_be_set()
        np.asarray(self)[key] = value
        self._send()

    def fill(self, value: Any) -> None:
        self[...] = value

    def _may_be_set(self) -> None:
        if self._is_the_chips():
            self._whole._signals.may_be_set(self._whole._signal)

    def _send(self) -> None:
        if self._is_the_chips():
            whole = self._whole
            whole._signals.write(whole._signal, np.array(whole))
            whole.refresh()

    def _is_the_chips(self) -> bool:
        """Whether this is a view, not a copy."""
        return self._whole is not None and np.may_share_memory(self, self._whole)

    def refresh(self) -> None:
        """Become what the chip has now."""
        np.asarray(self)[...] = self._signals.read(self._signal)


class SignalsOf(Dict[str, Any]):
    """The signals of one object, by Nengo's names; of those that the chip lacks it says why."""

    def __init__(self, obj: Any, found: Mapping[str, Any]):
        super().__init__(found)
        self._obj = obj

    def __missing__(self, name: str) -> Any:
        kind = nengo.Connection if isinstance(self._obj, nengo.Connection) else LearningRule
        why = NOT_ON_CHIP.get((kind, name), f"it has {', '.join(sorted(self))}")
        raise KeyError(f"{_named(self._obj)} has no signal {name!r}: {why}")


class Signals(Mapping[Any, np.ndarray]):
    """Signals to arrays; writing ``signals[signal] = values`` sets them.

    Parameters
    ----------
    simulator : deploy.Simulator
    """

    def __init__(self, simulator: Any):
        self._simulator = simulator
        self._arrays: Any = weakref.WeakValueDictionary()  # by chip signal: those in use
        self._origins: Dict[Any, Tuple[Any, str]] = {}  # of host signals that were handed out

    def of(self, obj: Any) -> Dict[str, Any]:
        """The signals of one of the user's objects, by Nengo's names.

        Raises
        ------
        KeyError
            If nothing that runs stands for it.
        """
        self._check_own(obj)
        copied = self._copy_of(obj)
        found: Dict[str, Any] = {}
        if isinstance(obj, nengo.Connection):
            found.update(self._ends(obj))
        for host in self._hosts:
            if copied not in self._simulator.whole().idle:
                found.update(host.model.sig.get(copied, {}))
        values = self._simulator.whole().chip_values(copied)
        found.update({name: ChipSignal(obj, name, value) for name, value in values.items()})
        if not found:
            raise KeyError(
                f"{_named(obj)} has no signals: rewriting joined it with others (see sim.changes)"
            )
        for name, signal in found.items():
            if isinstance(signal, Signal):
                self._origins[signal] = (obj, name)
        return SignalsOf(obj, found)

    def _ends(self, conn: nengo.Connection) -> Dict[str, Any]:
        """As Nengo: what leaves its source, and what enters its target."""
        ends = {"in": (conn.pre_obj, "out"), "out": (conn.post_obj, "in")}
        found: Dict[str, Any] = {}
        for name, (obj, signal) in ends.items():
            try:
                found[name] = self.of(obj)[signal]
            except KeyError:
                continue
        return found

    def _copy_of(self, obj: Any) -> Any:
        self._simulator.whole()
        copies = self._simulator._copies
        if isinstance(obj, Neurons):
            return copies[obj.ensemble].neurons
        if isinstance(obj, LearningRule):
            rules, own = obj.connection.learning_rule, copies[obj.connection].learning_rule
            if isinstance(rules, list):
                return own[rules.index(obj)]
            if isinstance(rules, dict):
                return next(own[key] for key in rules if rules[key] == obj)
            return own
        return copies.get(obj, obj)  # an object of the network that runs, or "common"

    def _check_own(self, obj: Any) -> None:
        """Refuse what belongs to another network than the user's, and than the one that runs."""
        session = self._simulator.whole()
        base = obj.connection if isinstance(obj, LearningRule) else base_of(obj)
        if not isinstance(base, NengoObject) or base in self._simulator._copies:
            return
        if base not in session.rewritten.network.all_objects:
            raise KeyError(
                f"{_named(obj)}: it is no object of the network that this simulator was made of"
            )

    @property
    def _hosts(self) -> Tuple[Any, ...]:
        return tuple(self._simulator.whole().hosts)

    # ----------------------------------------------------------------- of the chip

    def _value(self, signal: ChipSignal) -> ChipValue:
        session = self._simulator.whole()
        session.look(at_signals=True)
        value: ChipValue = session.chip_values(self._copy_of(signal.obj))[signal.key]
        return value

    def read(self, signal: ChipSignal) -> np.ndarray:
        """What the chip has now."""
        return np.asarray(self._value(signal).read(), signal.dtype)

    def may_be_set(self, signal: ChipSignal) -> None:
        """Nothing, or the error that says what to do instead."""
        value = self._value(signal)
        if value.write is None:
            raise CannotBeSet(signal, value.instead)

    def write(self, signal: ChipSignal, values: Any) -> None:
        """Set it, to the nearest that the chip has."""
        self.may_be_set(signal)
        given = np.asarray(values, float)
        try:
            whole = np.broadcast_to(given, signal.shape)
        except ValueError:
            raise ValidationError(
                f"that of {_named(signal.obj)} has the shape {signal.shape}, and takes values of "
                f"it, or one for all, not of {given.shape}",
                attr=signal.key,
            ) from None
        if not np.isfinite(whole).all():
            raise SignalError(f"{signal.name}: the chip has finite numbers only")
        write: Any = self._value(signal).write
        write(whole)

    def refresh(self) -> None:
        """Bring the arrays that are in use up to date."""
        for array in list(self._arrays.values()):
            array.refresh()

    # ------------------------------------------------------------------ as a mapping

    def __getitem__(self, signal: Any) -> np.ndarray:
        if not isinstance(signal, ChipSignal):
            host, own = self._host_of(signal)
            self._simulator.whole().look(at_signals=True)
            of_host: np.ndarray = host.signals[own]
            return of_host
        array: Optional[ChipArray] = self._arrays.get(signal)
        if array is None:
            array = self.read(signal).view(ChipArray)
            array._whole, array._signals, array._signal = array, self, signal
            self._arrays[signal] = array
        else:
            array.refresh()
        return array

    def __setitem__(self, signal: Any, values: Any) -> None:
        if isinstance(signal, ChipSignal):
            if not isinstance(values, ChipArray) or values._signal != signal:  # else it is there
                self.write(signal, values)
            return
        host, own = self._host_of(signal)
        self._simulator.whole().look(at_signals=True)
        host.signals[own] = values

    def _host_of(self, signal: Any) -> Tuple[Any, Any]:
        base = getattr(signal, "base", signal)
        for host in self._hosts:
            if base in host.signals:
                return host, signal
        if signal in self._origins:  # of before a reset
            obj, name = self._origins[signal]
            new = self.of(obj)[name]
            if new != signal:
                return self._host_of(new)
        raise KeyError(signal)

    def __contains__(self, signal: Any) -> bool:
        if isinstance(signal, ChipSignal):
            return True
        try:
            self._host_of(signal)
        except KeyError:
            return False
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> List[Any]:
        found = dict.fromkeys(signal for host in self._hosts for signal in host.signals)
        for obj in self._simulator.data:
            for each in (obj, obj.neurons) if isinstance(obj, nengo.Ensemble) else (obj,):
                values = self._simulator.whole().chip_values(self._copy_of(each))
                found.update({ChipSignal(each, k, value): None for k, value in values.items()})
        return list(found)


def _named(obj: Any) -> str:
    known = isinstance(obj, (NengoObject, Neurons, LearningRule))
    return name_of(obj) if known else str(obj)


class CannotBeSet(ReadonlyError):
    """Something of the chip that cannot be set, and what to do instead."""

    def __init__(self, signal: ChipSignal, instead: str):
        super().__init__(signal.key, signal.obj)
        self.instead = instead

    def __str__(self) -> str:
        return f"{self.obj}: {self.attr!r} cannot be set on the chip; {self.instead}"


@dataclass(frozen=True)
class ModelOf:
    """What is left of a `UsersModel` that is pickled or copied: its network.

    ``deploy.Simulator(None, model=...)`` builds it.

    Attributes
    ----------
    toplevel : nengo.Network
    dt : float
        Step in seconds.
    """

    toplevel: nengo.Network
    dt: float

    @property
    def probes(self) -> List[nengo.Probe]:
        """The network's, in the order in which Nengo builds them."""
        return _probes(self.toplevel)


class UsersModel:
    """``sim.model`` where part of the network is on the chip.

    Nengo's ``params``, ``sig``, ``seeds``, ``toplevel``, ``probes``, ``step`` and ``time`` for the
    user's objects; all else is the model's that nengo-loihi built.

    Parameters
    ----------
    simulator : deploy.Simulator
    signals : Signals
    """

    def __init__(self, simulator: Any, signals: Signals):
        self._simulator = simulator
        self._signals = signals
        self.sig = UsersSignals(simulator, signals)

    @property
    def params(self) -> Any:
        """The user's objects to what the build made of them."""
        return self._simulator.data

    @property
    def toplevel(self) -> Any:
        """The user's network."""
        return self._simulator.network

    @property
    def probes(self) -> List[nengo.Probe]:
        """The user's probes, in the order in which Nengo builds them."""
        return _probes(self._simulator.network)

    @property
    def seeds(self) -> Dict[Any, int]:
        """The user's networks and objects to the seeds that they were built with."""
        copies = self._simulator._copies
        return {obj: int(copies[obj].seed) for obj in self._simulator.data}

    @property
    def seeded(self) -> Dict[Any, bool]:
        """Whether the user, or a network around it that has a seed, gave each of them its own."""
        found: Dict[Any, bool] = {}
        _note_seeded(self.toplevel, False, found)
        return found

    def has_built(self, obj: Any) -> bool:
        """Whether it is an object of the user's network, all of which is built."""
        return obj in self.params

    @property
    def step(self) -> Any:
        """The signal of the host's count of steps."""
        return self._clock.step

    @property
    def time(self) -> Any:
        """The signal of the host's time, in seconds."""
        return self._clock.time

    @property
    def _clock(self) -> Any:
        hosts = self._simulator.whole().hosts
        if not hosts:
            raise SignalError("nothing runs on the host; ask the simulator for n_steps and time")
        return hosts[-1].model

    @property
    def dt(self) -> float:
        """Step in seconds."""
        return float(self._simulator.dt)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._simulator.whole().model, name)

    def bare(self) -> ModelOf:
        """Its network, to be built."""
        return ModelOf(self.toplevel, self.dt)

    def __reduce__(self) -> Any:
        return ModelOf, (self.toplevel, self.dt)


def _note_seeded(network: nengo.Network, is_within_one: bool, found: Dict[Any, bool]) -> None:
    """As Nengo's builder has it: a seed of the network's is one for all that is in it."""
    own = is_within_one or network.seed is not None
    found[network] = own
    for kind in (nengo.Ensemble, nengo.Node, nengo.Connection, nengo.Probe):
        for obj in network.objects[kind]:
            found[obj] = own or obj.seed is not None
    for part in network.networks:
        _note_seeded(part, own, found)


def _probes(network: nengo.Network) -> List[nengo.Probe]:
    inner = [probe for part in network.networks for probe in _probes(part)]
    return list(dict.fromkeys([*inner, *network.probes]))


class UsersSignals(Mapping[Any, Dict[str, Any]]):
    """The user's objects to their signals, by name."""

    def __init__(self, simulator: Any, signals: Signals):
        self._simulator = simulator
        self._signals = signals

    def __getitem__(self, obj: Any) -> Dict[str, Any]:
        return self._signals.of(obj)

    def __iter__(self) -> Iterator[Any]:
        for obj in self._simulator.data:
            for each in (obj, obj.neurons) if isinstance(obj, nengo.Ensemble) else (obj,):
                if each in self:
                    yield each

    def __len__(self) -> int:
        return sum(1 for _ in self)
