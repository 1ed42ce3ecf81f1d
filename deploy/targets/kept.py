"""A session of what was built before: it steps without any of Nengo's objects.

What was built is kept as numbers (`deploy.files.builds`). All that the build is needed for besides
stepping and recording, such as ``sim.data`` of an ensemble, has the model built once more, to the
same numbers, and goes on in that.
"""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import asdict
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import nengo
import numpy as np
from nengo.exceptions import NengoWarning, SimulationError

from deploy.compiling.jit import HAVE_NUMBA
from deploy.files.builds import FOLDER, Build, find_build, forget_build, keep_build, written_by
from deploy.files.cache import cache_folder
from deploy.host.frozen import NotPlain
from deploy.models.content import Objects, content_of_network
from deploy.nengo_loihi.read.driven_rates import DrivenRates
from deploy.nengo_loihi.read.learners import Learner
from deploy.nengo_loihi.read.learning_limits import warn_of_limits
from deploy.nengo_loihi.read.learning_rate import learning_rates
from deploy.nengo_loihi.read.mean_rates import Watched
from deploy.nengo_loihi.read.reached_rates import ReachedRates
from deploy.nengo_loihi.read.served import READERS, LearnedWeights
from deploy.nengo_loihi.read.stepped import of_stepped
from deploy.nengo_loihi.read.units import scale_of
from deploy.nengo_loihi.run.input_spikes import warn_of_large_values
from deploy.nengo_loihi.run.interface import FastEmulator
from deploy.nengo_loihi.run.kept import Kept, Stepper
from deploy.nengo_loihi.run.runner import Runner
from deploy.nengo_loihi.run.spike_record import SpikeRecord, is_of_spikes
from deploy.private_names import HOST, missing
from deploy.targets.base import Session, Target
from deploy.targets.emulated import EmulatorTarget
from deploy.targets.emulator import (
    EmulatorSession,
    Rates,
    look_at,
    said_of,
    warn_of_rates,
)
from deploy.traces.trace import Spikes
from loihi_rules import Change, ChipWarning, Learned, SeededCopy, ServedProbe
from loihi_rules.learning_rules.pes import LearningScale
from loihi_rules.nengo_parts.stepped import is_stepped
from loihi_rules.nengo_parts.wiring import base_of

Copies = Mapping[Any, Any]
Whole = Callable[[], Tuple[Session, Copies]]
DAMAGE = (ValueError, KeyError, TypeError, IndexError, AttributeError, AssertionError)
# warnings that a build is known to give
SAID: Mapping[str, Any] = {
    cls.__name__: cls
    for cls in (
        UserWarning, RuntimeWarning, DeprecationWarning, FutureWarning, PendingDeprecationWarning,
        NengoWarning,
    )
}  # fmt: skip
CHANGED = (
    "the network has been changed since its simulator was made, of a build that was kept; make "
    "the simulator once more"
)
SOUND: Mapping[str, str] = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


class Model(NamedTuple):
    """A network that is to be built on the emulator, as long as nobody changes it.

    Attributes
    ----------
    objects : Objects
    content : str
        See `deploy.models.content`.
    seed : int
    dt : float
        Step in seconds.
    """

    objects: Objects
    content: str
    seed: int
    dt: float

    def place_of(self, function: Any) -> Any:
        """Where a user's function is in the network; None if nowhere."""
        found = self.objects.functions.get(id(function))
        return None if found is None else list(found)

    def function_at(self, place: Sequence[Any]) -> Any:
        """The other way."""
        name, at = place
        found = getattr(self.objects.every[at], name)
        if name not in ("output", "function") or not callable(found):
            raise ValueError("function")
        return found


def keeps_builds(target: Target) -> bool:
    """Whether what is built for a target is kept."""
    fast = isinstance(target, EmulatorTarget) and target.engine == "fast"
    there = HAVE_NUMBA and cache_folder(FOLDER) is not None and missing(HOST) is None
    return bool(fast and there and not target.silicon.different)  # type: ignore[attr-defined]


@contextlib.contextmanager
def noted_warnings() -> Iterator[List[warnings.WarningMessage]]:
    """All that is warned of meanwhile, each once; it is said at the end."""
    said: List[warnings.WarningMessage] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield said
        finally:
            each = {(w.category, str(w.message), w.filename, w.lineno): w for w in caught}
            said.extend(each.values())
    for w in said:
        warnings.warn_explicit(w.message, w.category, w.filename, w.lineno, source=w.source)


def model_of(network: nengo.Network, seed: int, dt: float, *given: Any) -> Optional[Model]:
    """A network whose build can be known again; None of one whose cannot.

    Parameters
    ----------
    network : nengo.Network
    seed : int
    dt : float
        Step in seconds.
    given
        Numbers and text besides, on which the build depends.
    """
    objects = Objects(network)
    rc = str(nengo.rc.float_dtype), str(nengo.rc.int_dtype)
    content = content_of_network(objects, [seed, dt, *rc, written_by(), *given])
    return None if content is None else Model(objects, content, seed, dt)


class Itself(Dict[Any, Any]):
    """Each object is its own copy."""

    def __missing__(self, key: Any) -> Any:
        return key


def opened(target: Target, copied: SeededCopy, dt: float, seed: int) -> Session:
    """As `Target.open`, or what it has built of the same before.

    Parameters
    ----------
    target : Target
    copied, dt, seed
        As for `Target.open`.
    """
    model = None
    if keeps_builds(target):
        changes = [asdict(change) for change in copied.changes]
        model = model_of(copied.network, seed, dt, target.name, "run", changes)
    if model is None:
        return target.open(copied, dt, seed)

    def build_whole() -> Tuple[Session, Copies]:
        return target.open(copied, dt, seed), Itself()

    kept = kept_session(model, build_whole)
    if kept is not None:
        return kept
    with noted_warnings() as said:
        session = target.open(copied, dt, seed)
    keep_session(model, session, Itself(), said, with_cores=True)
    return session


def kept_session(model: Model, build_whole: Whole) -> Optional[KeptSession]:
    """A session of what was built before; None where there is nothing of it.

    Parameters
    ----------
    model : Model
    build_whole : callable
        Builds it, and gives its session, and the network's objects to those that run.
    """
    build = find_build(model.content)
    if build is None:
        return None
    try:
        return KeptSession(model, build, build_whole)
    except DAMAGE:
        forget_build(model.content)
        return None


def keep_session(
    model: Model,
    session: Session,
    copies: Copies,
    said: Sequence[warnings.WarningMessage],
    with_cores: bool = False,
) -> None:
    """Keep what was built, if it is known by numbers.

    Parameters
    ----------
    model : Model
    session : Session
        Has made no step.
    copies : mapping
        The network's objects to those that run.
    said : sequence of WarningMessage
        What the build has warned of.
    with_cores : bool
        Whether it is kept how the model lies on the chip, which a run records.
    """
    if not isinstance(session, EmulatorSession) or not isinstance(session.runner, Runner):
        return
    latest = max(session.late.values(), default=0)
    theirs = (copies[obj] for obj in model.objects.every if isinstance(obj, nengo.Probe))
    if latest != max((session.late.get(probe, 0) for probe in theirs), default=0):
        return
    if session.problems or session.silicon.different:
        return
    try:
        build = _written(model, session, copies, said)
    except NotPlain:
        return
    if with_cores:
        scales = session.rewritten.learning_scales
        rates = learning_rates(session.model, scales, session.dt) if session.is_integer else None
        said_of_it = {"cores": list(session.cores()), "learning rates": rates}
        build = build._replace(record={**build.record, **said_of_it})
    keep_build(model.content, build)


def _written(
    model: Model,
    session: EmulatorSession,
    copies: Copies,
    said: Sequence[warnings.WarningMessage],
) -> Build:
    kept = Kept(session.simulator, model.place_of)
    conns = {copies[obj]: n for n, obj in enumerate(model.objects.every) if _is_connection(obj)}
    every = [obj for obj in model.objects.every if isinstance(obj, nengo.Probe)]
    simulator = session.simulator
    probes = [probe for probe, _ in session.of_chip()]
    probes += [probe for of in kept.probes(simulator).values() for probe in of]
    own = {probe: n for n, probe in enumerate(dict.fromkeys(probes))}
    record: Dict[str, Any] = {
        **kept.record,
        "asked": [_asked(session, copies[probe], own, conns, kept) for probe in every],
        "late": [session.late.get(copies[probe], 0) for probe in every],
        "changes": [asdict(change) for change in session.changes],
        "settings": dict(session.settings),
        "on_chip": [
            place
            for obj, place in model.objects.place.items()
            if isinstance(obj, nengo.Ensemble) and copies[obj] in (session.on_chip or ())
        ],
        "compartments": sum(ens.n_neurons for ens in session.rewritten.chip_ensembles),
        "said": [_warning(w) for w in said if w.category is not ResourceWarning],  # of others
        "learners": [
            [_number(conns, conn), kept.add([*of[:-1], list(of.scale)])]
            for conn, of in session.learners().items()
        ],
        "rates": [[type(each).__name__, *_rates(session, each, kept)] for each in session.rates],
    }
    record["own"] = [_own(session, probe, kept) for probe in own]
    return Build(record, kept.arrays)


def _is_connection(obj: Any) -> bool:
    return isinstance(obj, nengo.Connection)


def _learner(given: Any, stepper: Stepper) -> Learner:
    *own, scale = stepper.frozen.of(given)
    learner = Learner._make([*own, LearningScale(*scale)])
    n_groups = len(stepper.emulator.layout.learning.first_row)
    first, last = learner.compartments
    if not (
        0 <= learner.group < n_groups
        and 0 <= first < last <= stepper.emulator.layout.n_compartments
    ):
        raise ValueError("learner")
    return learner


KEPT_READERS = {"probe", "sum", "weights"}
WATCHED = Watched._fields[:-1]  # without what reads the chip


def _rates(session: EmulatorSession, rates: Rates, kept: Kept) -> List[Any]:
    emulator: FastEmulator = session.simulator.sims["emulator"]
    found = []
    for of in rates.shown:
        current: Any = of.current
        neurons: Any = session.neurons(current.ens)
        places = neurons.each(emulator.places).astype(np.int64)
        said = [kept.add(getattr(of, name)) for name in WATCHED]
        found.append([kept.add(places), kept.add(neurons.unit()), *said])
    return found


def _read_rates(given: Sequence[Any], stepper: Stepper, dt: float) -> Rates:
    name, *every = given
    shown = []
    for each in every:
        places, unit, *said = map(stepper.frozen.of, each)
        current = _Current(stepper.emulator.engine.state.current, places, unit)
        shown.append(Watched._make([*said, current]))
    if name == ReachedRates.__name__:
        return ReachedRates(shown, dt)
    if name != DrivenRates.__name__:
        raise ValueError(name)
    return DrivenRates(shown, dt)


class _Current:
    """What comes to some neurons from synapses."""

    def __init__(self, current: np.ndarray, places: np.ndarray, unit: np.ndarray):
        self._current, self._places, self._unit = current, places, unit
        if not np.all((places >= 0) & (places < len(current))) or unit.shape != places.shape:
            raise ValueError("neurons")

    def __call__(self) -> np.ndarray:
        return np.asarray(self._current[self._places] * self._unit)


def _warning(message: warnings.WarningMessage) -> List[Any]:
    if type(message.message) is ChipWarning:
        warning = message.message
        return ["ChipWarning", warning.object, warning.rule, warning.what, warning.way_out]
    if SAID.get(message.category.__name__) is not message.category:
        raise NotPlain(message.category.__name__)
    return [message.category.__name__, str(message.message)]


def _number(own: Mapping[Any, int], obj: Any) -> int:
    if obj not in own:
        raise NotPlain(type(obj).__name__)
    return own[obj]


def _asked(
    session: EmulatorSession,
    probe: Any,
    own: Mapping[Any, int],
    conns: Mapping[Any, int],
    kept: Kept,
) -> Any:
    """How the samples of one of the user's probes are had."""
    if probe not in session.readers:
        return _number(own, probe) if probe in session.present else None
    served = session.readers[probe].served
    found: Dict[str, Any] = {"every": served.sample_every, "part": kept.add(_columns(served.part))}
    if served.reads == "probe":
        return {**found, "probe": _number(own, served.probe)}
    if served.reads == "sum":
        terms = [[_number(own, each), kept.add(np.array(m))] for each, m in served.source]
        return {**found, "sum": terms}
    if served.reads == "weights":
        conn, synapse = _number(conns, served.source), kept.add(served.synapse)
        return {**found, "weights": conn, "synapse": synapse}
    raise NotPlain(served.reads)


def _columns(part: Any) -> Any:
    if isinstance(part, slice):
        return [part.start, part.stop, part.step]
    return part if part is None else np.asarray(part)


def _own(session: EmulatorSession, probe: Any, kept: Kept) -> Dict[str, Any]:
    """How the samples of a probe of the network that runs are had, see `ChipSession.probed`."""
    simulator = session.simulator
    for name, probes in kept.probes(simulator).items():
        if probe in probes:
            return {"host": name, "number": probes.index(probe)}
    found: Any = simulator.model.objs[probe]["out"]
    ens, scale, offset = base_of(probe.target), None, None
    if found.key != "spiked" and is_stepped(ens):
        scale, offset = of_stepped(simulator.model, ens, found)
    elif found in simulator.model.probes:
        scale = scale_of(found, session.dt)
    return {
        "chip": kept.chip_probes.index(found),
        "scale": kept.add(scale),
        "offset": kept.add(offset),
    }


class _Own:
    """Samples of a probe of the network that ran, see `ChipSession.probed`.

    Attributes
    ----------
    number : int or None
        Of a probe of the chip's: its place among these.
    record : SpikeRecord or None
        Of the chip's spikes.
    raw : list
        Samples that were collected.
    """

    def __init__(self, how: Mapping[str, Any], stepper: Stepper):
        self.number: Optional[int] = None
        self.record: Optional[SpikeRecord] = None
        self._raw: List[Any] = []
        self._of_host: Optional[Tuple[Any, int]] = None
        if "host" in how:
            self._of_host = stepper.simulators[how["host"]].data, int(how["number"])
            return
        self.number = int(how["chip"])
        self._emulator: FastEmulator = stepper.emulator
        self._probe = stepper.probes[self.number]
        if is_of_spikes(self._probe):
            self.record = self._emulator.record_spikes(self._probe)
        self._scale, self._offset = map(stepper.frozen.of, (how["scale"], how["offset"]))

    @property
    def raw(self) -> List[Any]:
        if self._of_host is None:
            return self._raw
        data, number = self._of_host
        found: List[Any] = data.raw[number]
        return found

    def collect(self) -> None:
        """Take what the chip has recorded since."""
        if self._of_host is None:
            self._raw.extend(self._emulator.collect_probe_output(self._probe))

    def samples(self) -> np.ndarray:
        """All of them, in Nengo's units."""
        if self.record is not None:
            return self.record.dense() if self.record.n_steps else np.zeros(0)
        found = np.array(self.raw)
        if self._of_host is not None or self._scale is None or not len(found):
            return found
        scaled: np.ndarray = found * self._scale
        return scaled if self._offset is None else scaled + self._offset

    def clear(self) -> None:
        """Forget them."""
        if self._of_host is None:
            self._raw.clear()
        else:
            data, number = self._of_host
            data.raw[number] = []


def _served(how: Mapping[str, Any], stepper: Stepper, model: Model) -> ServedProbe:
    """As the rewriting had it, with the numbers of stand-ins in their places."""
    part = stepper.frozen.of(how["part"])
    source: Any = [(each, stepper.frozen.of(of)) for each, of in how.get("sum", ())]
    return ServedProbe(
        probe=how.get("probe"),
        source=model.objects.every[how["weights"]] if "weights" in how else source,
        sample_every=how["every"],
        synapse=stepper.frozen.of(how.get("synapse")),
        part=slice(*part) if isinstance(part, list) else part,
    )


def _said(given: Sequence[Any]) -> Warning:
    kind, *texts = map(str, given)
    made: Warning = ChipWarning(*texts) if kind == "ChipWarning" else SAID[kind](*texts)
    return made


class KeptSession(Session):
    """Steps what was built before.

    Parameters
    ----------
    model : Model
    build : Build
    build_whole : callable
        See `kept_session`.

    Attributes
    ----------
    n_compartments : int
        That the network's own neurons have on the chip.

    Raises
    ------
    ValueError, KeyError, TypeError, IndexError
        If something of the build is not as it must be.
    """

    def __init__(self, model: Model, build: Build, build_whole: Whole):
        record = build.record
        self._model, self._build_whole = model, build_whole
        self._built: Optional[Tuple[EmulatorSession, Copies]] = None
        self.dt = model.dt
        stepper = Stepper(record, build.arrays, model.function_at, model.seed, model.dt)
        self._stepper, self.runner, self.emulator = stepper, stepper.runner, stepper.emulator
        self.settings = dict(record["settings"])
        self.n_compartments = int(record["compartments"])
        self._changes = tuple(Change(**change) for change in record["changes"])
        every = [obj for obj in model.objects.every if isinstance(obj, nengo.Probe)]
        if not len(every) == len(record["asked"]) == len(record["late"]):
            raise ValueError("probes")
        self.late = {probe: int(late) for probe, late in zip(every, record["late"])}
        self.on_chip = frozenset(model.objects.every[place] for place in record["on_chip"])
        self._own = [_Own(each, stepper) for each in record["own"]]
        self._cores: Optional[List[Any]] = record.get("cores")
        self._learning_rates: Optional[List[Any]] = record.get("learning rates")
        self._learners = {
            model.objects.every[place]: _learner(given, stepper)
            for place, given in record["learners"]
        }
        self._collected = 0  # steps, whose samples of the chip's probes were taken
        self._asked: Dict[nengo.Probe, Any] = {}
        for probe, how in zip(every, record["asked"]):
            if isinstance(how, dict):
                (kind,) = set(how) & KEPT_READERS
                self._asked[probe] = READERS[kind](_served(how, stepper, model), self)
            elif how is not None:
                self._asked[probe] = self._own[how]
        self.rates = [_read_rates(each, stepper, model.dt) for each in record["rates"]]
        look_at(self.rates, self.runner)
        for warning in [_said(each) for each in record["said"]]:
            warnings.warn(warning, stacklevel=5)

    # ----------------------------------------------------------------------- stepping

    @property
    def changes(self) -> Tuple[Change, ...]:
        return self._changes if self._built is None else tuple(self._built[0].changes)

    @property
    def n_steps(self) -> int:
        return int(self.runner.n_steps)

    def run_steps(self, n_steps: int) -> None:
        if self._built is not None:
            self._built[0].run_steps(n_steps)
            return
        end = self.n_steps + n_steps
        with self.runner.interrupts:
            try:
                while self.n_steps < end:
                    self._advance(end)
            finally:
                self._hand_over()

    def _advance(self, end: int) -> None:
        """To the next step after which something looks at the chip, or to the end."""
        before = self.n_steps
        stop = min([end, *(reader.next_look() for reader in self._polled())])
        try:
            self.runner.run_steps(stop - before)
        finally:
            for reader in self._polled():
                if before < self.n_steps and reader.looks_at(self.n_steps):
                    reader.poll()

    def _polled(self) -> List[LearnedWeights]:
        return [how for how in self._asked.values() if isinstance(how, LearnedWeights)]

    def learned_decoders(self, conn: nengo.Connection) -> np.ndarray:
        """(size_out, n) decoders of a connection that learns on the chip, as of now."""
        return self._learners[conn].decoders(self.emulator)

    def _hand_over(self) -> None:
        """Take the chip's samples so far; they are the whole session's, once there is one."""
        if self._built is not None:
            self._built[0].hand_over()
            return
        self._collected = self.n_steps
        for own in self._own:
            own.collect()

    def look(self, at_signals: bool = False) -> None:
        if at_signals:
            self.whole()[0].look(at_signals=True)
        elif self.runner.is_running:
            self.runner.look()
            self._hand_over()

    # ------------------------------------------------------------------------ samples

    def samples(self, probe: nengo.Probe) -> Optional[np.ndarray]:
        if self._built is not None:
            session, copies = self._built
            return session.samples(copies[probe])
        self.look()
        how = self._asked.get(probe)
        if how is None:
            return None
        if isinstance(how, _Own):
            return how.samples()
        samples = how.samples()
        return samples if len(samples) else np.zeros(0)

    def spikes(self, probe: nengo.Probe) -> Optional[Spikes]:
        if self._built is not None:
            session, copies = self._built
            return session.spikes(copies[probe])
        how = self._asked.get(probe)
        if not isinstance(how, _Own) or how.record is None:
            return super().spikes(probe)
        self.look()
        return how.record.spikes()

    def probed(self, own: Any) -> np.ndarray:
        """Samples of a probe of the network that runs, as `READERS` ask for them."""
        found: np.ndarray = self._own[own].samples()
        return found

    def clear(self) -> None:
        if self._built is not None:
            self._built[0].clear()
            return
        self.look()
        for own in self._own:
            own.clear()
        for reader in self._polled():
            reader.clear()
        self.emulator.clear_probes()

    def close(self) -> None:
        if self._built is not None:
            self._built[0].close()
        elif not self.emulator.closed:
            warn_of_limits(self.emulator, self._learners.values())
            warn_of_large_values(self._stepper.valued, self.runner.extremes, self.dt)
            if self.n_steps:
                warn_of_rates(self.rates)
            self.emulator.close()

    # ---------------------------------------------------------------------- the whole

    def whole(self) -> Tuple[EmulatorSession, Copies]:
        """The session of the model built once more, which goes on from here.

        Returns
        -------
        session : EmulatorSession
        copies : mapping
            The network's objects to those that run.

        Raises
        ------
        SimulationError
            If the network has been changed meanwhile.
        """
        if self._built is None:
            with np.errstate(**SOUND), warnings.catch_warnings():  # type: ignore[arg-type]
                warnings.simplefilter("ignore")  # they were said
                session, copies = self._build_whole()
                self._built = self._go_on_in(session, copies)
        return self._built

    def _go_on_in(self, session: Session, copies: Copies) -> Tuple[EmulatorSession, Copies]:
        try:
            if not isinstance(session, EmulatorSession):
                raise ValueError("host")
            self._stepper.go_on_in(session.simulator, self._model.place_of)
        except DAMAGE:
            forget_build(self._model.content)
            raise SimulationError(CHANGED) from None
        session.go_on_by(self.runner, self.rates)
        own = {how.number: how for how in self._own if how.number is not None}
        for probe, of_chip in session.of_chip():
            session.simulator.model.params[probe] = own[self.emulator.probes.index(of_chip)].raw
        session.simulator._n_steps = self._collected
        for asked, how in self._asked.items():
            if isinstance(how, LearnedWeights):
                reader: Any = session.readers[copies[asked]]
                reader.continue_from(how)
                self._asked[asked] = reader
        return session, copies

    @property
    def hosts(self) -> Tuple[nengo.Simulator, ...]:  # type: ignore[override]
        return tuple(self.whole()[0].hosts)

    def built(self, obj: Any) -> Any:
        session, copies = self.whole()
        return session.built(copies[obj])

    def learned(self, name: str, conn: nengo.Connection) -> Learned:
        learner = self._learners.get(conn)
        if self._built is None and learner is not None:
            return Learned(name, learner.rules, "weights", self.learned_decoders(conn))
        session, copies = self.whole()
        return session.learned(name, copies[conn])

    @property
    def model(self) -> Any:
        return self.whole()[0].model

    def record(self) -> Mapping[str, Any]:
        if self._built is not None or self._cores is None:
            return self.whole()[0].record()
        found: Dict[str, Any] = {"cores": self._cores}
        if self._learning_rates is not None:
            found["learning rates"] = self._learning_rates
        return {**found, **said_of(self.emulator)}
