"""A session of what was built before: it steps without any of Nengo's objects.

All that the build is needed for besides stepping and recording, such as ``sim.data`` of an
ensemble, has the model built once more, to the same numbers, and continues in that.
"""

from __future__ import annotations

import warnings
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

import nengo
import numpy as np
from nengo.exceptions import SimulationError

from deploy.files.builds import Build, forget_build
from deploy.nengo_loihi.read.learning_limits import warn_of_limits
from deploy.nengo_loihi.read.overflow import warn_of_overflow
from deploy.nengo_loihi.read.probe_readers import READERS, LearnedWeights
from deploy.nengo_loihi.run.input_spikes import warn_of_large_values
from deploy.nengo_loihi.run.kept import Stepper
from deploy.targets.base import Session
from deploy.targets.emulator import EmulatorSession, look_at, said_of, warn_of_rates
from deploy.targets.kept.model import Copies, Model
from deploy.targets.kept.reading import (
    OwnProbe,
    probe_reading,
    read_learned,
    read_learner,
    read_places,
    read_rates,
)
from deploy.targets.kept.said import said_again
from deploy.traces.trace import Spikes
from loihi_rules import Change, Learned

Whole = Callable[[], Tuple[Session, Copies]]
DAMAGE = (ValueError, KeyError, TypeError, IndexError, AttributeError, AssertionError)
KEPT_READERS = {"probe", "sum", "weights"}
CHANGED = (
    "the network has been changed since its simulator was made, of a build that was kept; make "
    "the simulator once more"
)
SOUND: Mapping[str, str] = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


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
        self._own = [OwnProbe(each, stepper) for each in record["own"]]
        self._cores: Optional[List[Any]] = record.get("cores")
        self._learning_rates: Optional[List[Any]] = record.get("learning rates")
        self._learners = {
            model.objects.every[place]: read_learner(given, stepper)
            for place, given in record["learners"]
        }
        self._places = [read_places(given, stepper) for given in record["places"]]
        self._in_core = {
            model.objects.every[place]: read_learned(given, stepper)
            for place, *given in record["learned in core"]
        }
        self._collected = 0  # steps, whose samples of the chip's probes were taken
        self._asked: Dict[nengo.Probe, Any] = {}
        for probe, how in zip(every, record["asked"]):
            if isinstance(how, dict):
                (kind,) = set(how) & KEPT_READERS
                self._asked[probe] = READERS[kind](probe_reading(how, stepper, model), self)
            elif how is not None:
                self._asked[probe] = self._own[how]
        self.rates = [read_rates(each, stepper, model.dt) for each in record["rates"]]
        look_at(self.rates, self.runner)
        for warning in [said_again(each) for each in record["said"]]:
            warnings.warn(warning, stacklevel=5)

    # ----------------------------------------------------------------------- stepping

    @property
    def objects(self) -> List[Any]:
        """All of the network's when it was built."""
        return list(self._model.objects.every)

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
        if isinstance(how, OwnProbe):
            return how.samples()
        samples = how.samples()
        return samples if len(samples) else np.zeros(0)

    def spikes(self, probe: nengo.Probe) -> Optional[Spikes]:
        if self._built is not None:
            session, copies = self._built
            return session.spikes(copies[probe])
        how = self._asked.get(probe)
        if not isinstance(how, OwnProbe) or how.record is None:
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
            warn_of_overflow(self.emulator, self._places, self.dt)
            extremes = self.runner.extremes
            warn_of_large_values(self._stepper.valued, extremes, self.dt, self.n_steps)
            if self.n_steps:
                warn_of_rates(self.rates, self.n_steps)
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
                self._built = self._continue_in(session, copies)
        return self._built

    def _continue_in(self, session: Session, copies: Copies) -> Tuple[EmulatorSession, Copies]:
        try:
            if not isinstance(session, EmulatorSession):
                raise ValueError("host")
            self._stepper.continue_in(session.simulator, self._model.place_of)
        except DAMAGE:
            forget_build(self._model.content)
            raise SimulationError(CHANGED) from None
        session.continue_by(self.runner, self.rates)
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
        if self._built is None and conn in self._in_core:
            rules, kind, values, theta = self._in_core[conn]
            own = None if theta is None else np.array(theta)
            return Learned(name, rules, kind, np.array(values), own)
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
