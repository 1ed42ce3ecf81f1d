"""`deploy.Simulator`: a Nengo backend that runs on a Loihi target."""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import replace
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

import nengo
import numpy as np
from nengo.base import NengoObject
from nengo.ensemble import Neurons
from nengo.exceptions import (
    BuildError,
    ReadonlyError,
    SimulationError,
    SimulatorClosed,
    ValidationError,
)
from nengo.simulator import SimulationData
from nengo.simulator import Simulator as NengoSimulator
from nengo.utils.progress import Progress, ProgressTracker

from deploy.emulator.silicon import Silicon
from deploy.errors import BadInput, TargetUnavailable
from deploy.files.solutions import solutions_of
from deploy.host.functions import naming_functions
from deploy.host.pilots import pilot_steps
from deploy.simulator.arguments import (
    checked_seed,
    checked_step,
    checked_steps,
    checked_time,
    read_arguments,
)
from deploy.simulator.copying import Run, run_of
from deploy.simulator.signals import Signals, UsersModel
from deploy.targets import Session, check_silicon, find_target
from deploy.targets.core import CoreSession
from deploy.targets.kept import Itself, keeps_builds, kept_session
from deploy.targets.kept.model import Model, model_of
from deploy.targets.kept.said import noted_warnings
from deploy.targets.kept.session import CHANGED, KeptSession
from deploy.targets.kept.writing import keep_session
from deploy.targets.many_objects import many_objects
from loihi_rules import Change, Learned, SeededCopy
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.seeds import copy_network, fix_object_seeds, fix_process_seeds
from loihi_rules.rewriting import rewrite_copy

BUILT_INTO_A_MODEL = "it is built into a model of Nengo core's operators, which was given with it"
BUILT_ALREADY = (
    "a model of deploy.Simulator's has a network already, and takes no other; give it without one"
)
ON_A_BOARD = (
    "a deploy.Simulator that has run on a board cannot be pickled or copied, as a chip's state "
    "stays with the chip; pickle the network, or save the traces of deploy.run"
)
HALF_PRECISION = "nengo.rc asks for numbers of 16 bits, which the chip's builder does not have"
FEW = 300  # objects of a network that is copied at once, in 10 ms, so that it may be changed
FROM_THE_USER = 5  # calls down to where a simulator is opened: whose line a warning is of
CHUNK = 500  # steps between two updates of the progress bar


class Simulator(NengoSimulator):
    """A Nengo simulator whose network runs on Loihi's emulator, or on another target.

    Takes the place of `nengo.Simulator`: the network is rewritten to obey the chip
    (the user's own is untouched), what cannot be on the chip runs on the host in Nengo
    core, and ``sim.data`` has the user's own objects as keys. A network of which nothing
    can be on the chip runs in Nengo core as it is.

    Parameters
    ----------
    network : nengo.Network
    dt : float
        Step in seconds, more than 0.
    seed : int, optional
        Of processes without a seed of their own and of the chip's random numbers; by
        default the network's plus 1, as in Nengo, or 1. A network without a seed gets the same
        one in each simulator, whatever this is: for other neurons set ``network.seed``.
    target : str
        ``"cpu"``, ``"emulator"``, ``"float-emulator"`` or ``"loihi"``; nengo-loihi's ``"sim"``
        is the emulator and its ``"simreal"`` the float emulator.
    progress_bar : bool or nengo.utils.progress.ProgressBar, optional
        As for `nengo.Simulator`.
    silicon : mapping of str to str, optional
        What silicon does otherwise than nengo-loihi's emulator, as for `deploy.run`.
    **nengo_kwargs
        ``model`` and ``optimize``, as for `nengo.Simulator`; they bear on Nengo core
        alone, so a network that is built into a ``model`` of operators runs on the host.
        ``precompute``, as for `nengo_loihi.Simulator`. Its other arguments mean nothing here;
        they are taken with a DeprecationWarning.

    Attributes
    ----------
    data : mapping
        The user's probes to their samples, and the user's ensembles, nodes and
        connections to what the build made of them.
    changes : tuple of Change
        All that differs from what the user wrote.
    n_chip_compartments : int
        How many compartments the network's own neurons have on the chip.

    Raises
    ------
    nengo.exceptions.BuildError
        If the model cannot be rewritten to obey the chip; says what to do.
    nengo.exceptions.ValidationError
        If there is no such target, or an argument is wrong.
    """

    # Nengo's convention: features that a backend lacks, for its test suite
    unsupported: List[Tuple[str, str]] = []

    def __init__(
        self,
        network: Optional[nengo.Network],
        dt: float = 0.001,
        seed: Optional[int] = None,
        target: Optional[str] = "emulator",
        progress_bar: Any = True,
        silicon: Optional[Mapping[str, Any]] = None,
        **nengo_kwargs: Any,
    ):
        self.closed = True  # should the build fail
        arguments = read_arguments(target, nengo_kwargs)
        if arguments.built is not None:
            if network is not None:
                raise ValidationError(BUILT_ALREADY, attr="model")
            network, dt = arguments.built.toplevel, arguments.built.dt
        if network is None and arguments.model is None:
            raise ValidationError("a network or a model is needed", attr="network")
        if network is not None and not isinstance(network, nengo.Network):
            raise ValidationError(
                f"a nengo.Network is needed, not {type(network).__name__}", attr="network"
            )
        self.network = network
        self._called = str(network)  # when the garbage is collected its label may be gone
        self.progress_bar = progress_bar
        self.target = arguments.target
        self.optimize = arguments.optimize
        self._arguments = arguments
        self._silicon = silicon
        self._dt = checked_step(dt)
        self._n_cleared = 0  # steps after which the samples of probes begin
        if seed is None:
            own = None if network is None else network.seed
            seed = 1 if own is None else own + 1
        self.seed = checked_seed(seed)
        with _nengo_errors():
            modes = Silicon.of(silicon or {})
            check_silicon([self.target], modes)
            self._target = find_target(self.target).with_silicon(modes)
            missing = self._target.missing()
            if missing is not None:
                raise TargetUnavailable(f"target {self.target}: {missing}")
        self._seeded: Optional[SeededCopy] = None
        self._content: Optional[str] = None  # of the network, where its build can be known again
        self._copies: Mapping[Any, Any] = {}
        self._signals = Signals(self)
        with ProgressTracker(progress_bar, Progress("Building", "Build")), many_objects():
            self._session = self._open()
        self.closed = False
        self.data = Data(self)

    def _open(self, is_changed: bool = False) -> Session:
        """Build the network, once more after a reset; from a copy, if it has changed since."""
        self.n_chip_compartments = 0
        self.rng = np.random.RandomState(self.seed)
        if self.network is None or self.target == "cpu":
            return self._core(())
        for elsewhere, why in (
            (self._arguments.model is not None, BUILT_INTO_A_MODEL),
            (nengo.rc.float_dtype == np.float16, HALF_PRECISION),
        ):
            if elsewhere:
                return self._core_instead(why, (_in_core(self.network, why),))
        model = self._model() if keeps_builds(self._target) and not is_changed else None
        if model is None:
            return self._build()
        self._content = model.content
        kept = kept_session(model, self._build_whole)
        if kept is not None:
            self._copies = Itself()
            if len(model.objects.every) <= FEW:
                self._seeded = self._copied()
            self.n_chip_compartments = kept.n_compartments
            return kept
        with noted_warnings() as said:
            session = self._build()
        keep_session(model, session, self._copies, said)
        return session

    def _model(self) -> Optional[Model]:
        """What is to be built, where that can be known again."""
        precompute = self._arguments.precompute
        assert self.network is not None
        return model_of(self.network, self.seed, self._dt, self.target, precompute)

    def _build_whole(self) -> Tuple[Session, Mapping[Any, Any]]:
        """What a kept build was of, and the user's objects to those that run."""
        with many_objects():
            return self._build(), self._copies

    def whole(self) -> Session:
        """A session that has all of Nengo's objects."""
        if isinstance(self._session, KeptSession):
            n_compartments = self.n_chip_compartments
            try:
                self._session, self._copies = self._session.whole()
            except SimulationError:  # of another network
                self._seeded, self.n_chip_compartments = None, n_compartments
                raise
        return self._session

    def was_built_with(self, obj: Any) -> bool:
        """Whether an object was there when the network was built."""
        session = self._session
        if isinstance(session, KeptSession):
            return any(obj is each for each in session.objects)
        if isinstance(session, CoreSession):
            return obj in session.model.params
        return obj in self._copies

    def _is_changed(self) -> bool:
        """Whether the network is another than when it was last built, or found to have been."""
        now = self._model()
        return now is None or now.content != self._content

    def _copied(self) -> SeededCopy:
        assert self.network is not None
        return fix_object_seeds(copy_network(self.network, share_callables=True))

    def _build(self) -> Session:
        assert self.network is not None
        if self._seeded is None:
            try:
                self._seeded = self._copied()
            except Exception as error:  # of whatever the user put into the network
                why = f"it cannot be copied to be rewritten ({error})"
                return self._core_instead(why, (_in_core(self.network, why),))
        fresh = copy_network(self._seeded.network, share_callables=True)
        copied = fix_process_seeds(fresh, self.seed)
        self._copies = {obj: fresh.copies[copy] for obj, copy in self._seeded.copies.items()}
        if not self._target.is_chip:
            with _nengo_errors():
                return self._target.open(copied, self._dt, self.seed)
        bare = SeededCopy(copied.network, copied.copies)
        with solutions_of(copied.network) as solutions:
            rewritten = rewrite_copy(bare, self._dt, solutions=solutions, steps=pilot_steps())
            if not rewritten.chip_ensembles:
                changes = tuple(rewritten.changes)
                return self._core_instead(rewritten.why_on_host, changes)
            if rewritten.problems:
                raise BuildError(str(rewritten.problems[0]))
            self.n_chip_compartments = sum(e.n_neurons for e in rewritten.chip_ensembles)
            with _nengo_errors():
                return self._target.open_rewritten(
                    copied, rewritten, self._dt, self.seed, self._arguments.precompute
                )

    def _core_instead(self, why: str, changes: Tuple[Change, ...]) -> Session:
        """Nengo core, where a chip was asked for; said where there are neurons to miss on it."""
        if self.network is not None and self.network.all_ensembles:
            warnings.warn(
                f"{_label_of(self.network)}: nothing of it is on the chip, all of it runs in Nengo "
                f"core: {why}",
                stacklevel=FROM_THE_USER,
            )
        return self._core(changes)

    def _core(self, changes: Tuple[Change, ...]) -> Session:
        """The user's own network in Nengo core."""
        self._copies = Itself()
        given = self._arguments
        session = CoreSession(
            self.network, self._dt, self.seed, changes, given.model, given.optimize
        )
        self.rng = session.simulator.rng
        return session

    # ------------------------------------------------------------------ what it is

    @property
    def changes(self) -> Tuple[Change, ...]:
        """All that differs from what the user wrote."""
        return tuple(self._session.changes)

    @property
    def dt(self) -> float:
        """Step in seconds."""
        return self._dt

    @dt.setter
    def dt(self, _: Any) -> None:
        raise ReadonlyError(attr="dt", obj=self)

    @property
    def n_steps(self) -> int:
        """Steps that are done, also as a node's function sees it in the middle of a run."""
        return self._session.n_steps

    @property
    def time(self) -> float:
        """Model time in seconds, of the steps that are done."""
        return self.n_steps * self._dt

    @property
    def step_order(self) -> List[Any]:
        """Nengo's operators of what runs on the host, in their order."""
        return [op for host in self.whole().hosts for op in host.step_order]

    @property
    def dg(self) -> Dict[Any, Any]:
        """Nengo's operators of what runs on the host, each to those that depend on it."""
        return {op: after for host in self.whole().hosts for op, after in host.dg.items()}

    @property
    def precompute(self) -> bool:
        """Whether the host goes ahead of the chip, as in `nengo_loihi.Simulator`."""
        return bool(self._session.settings.get("precompute", False))

    @property
    def signals(self) -> Any:
        """Signals to what they are now; those of the chip too, see `deploy.simulator.signals`.

        None once the simulator is closed, as in Nengo.
        """
        if self.closed:
            return None
        session = self.whole()
        return session.simulator.signals if isinstance(session, CoreSession) else self._signals

    @property
    def model(self) -> Any:
        """The built model; ``model.sig`` and ``model.params`` know the user's objects."""
        session = self.whole()
        if isinstance(session, CoreSession):
            return session.model
        return UsersModel(self, self._signals)

    def learned(self, name: str, conn: nengo.Connection) -> Learned:
        """What one of the user's connections has learnt so far; see `deploy.freeze`."""
        return self.whole().learned(name, self._copies[conn])

    def trange(
        self, dt: Optional[float] = None, sample_every: Optional[float] = None
    ) -> np.ndarray:
        """Times of the samples so far, in seconds; see `nengo.Simulator.trange`."""
        if dt is not None:
            if sample_every is not None:
                raise ValidationError(
                    "Cannot specify both `dt` and `sample_every`. Use `sample_every` only.",
                    attr="dt",
                    obj=self,
                )
            warnings.warn(
                "`dt` is deprecated. Use `sample_every` instead.", DeprecationWarning, stacklevel=2
            )
            sample_every = dt
        period = 1 if sample_every is None else sample_every / self._dt
        steps = np.arange(1, self.n_steps + 1)
        times: np.ndarray = self._dt * steps[steps % period < 1]
        return times

    # --------------------------------------------------------------------- running

    def run(self, time_in_seconds: float, progress_bar: Any = None) -> None:
        """Run for so many seconds of model time."""
        steps = int(np.round(checked_time(time_in_seconds) / self._dt))
        if steps == 0:
            warnings.warn(
                f"{time_in_seconds} results in running for 0 timesteps. Simulator "
                f"still at time {self.time}.",
                stacklevel=2,
            )
        else:
            self.run_steps(steps, progress_bar=progress_bar)

    def run_steps(self, steps: int, progress_bar: Any = None) -> None:
        """Run for so many steps, a whole number."""
        steps = checked_steps(steps)
        bar = self.progress_bar if progress_bar is None else progress_bar
        with ProgressTracker(bar, Progress("Simulating", "Simulation", steps)) as tracker:
            done = 0
            while done < steps:
                now = min(CHUNK, steps - done)
                self._advance(now)
                done += now
                tracker.total_progress.step(now)

    def step(self) -> None:
        """Run for one step."""
        self._advance(1)

    def _advance(self, steps: int) -> None:
        if self.closed:
            raise SimulatorClosed("Simulator cannot run because it is closed.")
        try:
            with naming_functions(self.network):
                self._session.run_steps(steps)
        finally:  # also where a node or Ctrl-C stops it
            self._signals.refresh()
            self.data.reset()

    def reset(self, seed: Optional[int] = None) -> None:
        """Start again from step 0; the network is built once more, as the chip has no reset.

        Parameters
        ----------
        seed : int, optional
            Takes the place of the simulator's; neurons and decoders stay.
        """
        if self.closed:
            raise SimulatorClosed("Cannot reset closed Simulator.")
        is_changed = self._content is not None and self._is_changed()
        if is_changed and self._seeded is None:
            raise SimulationError(CHANGED)
        if seed is not None:
            self.seed = checked_seed(seed)
        self._session.close()
        self._n_cleared = 0
        with many_objects():
            self._session = self._open(is_changed)
        self._signals.refresh()
        self.data.reset()

    def clear_probes(self) -> None:
        """Forget the samples so far."""
        self._session.clear()
        self._n_cleared = self.n_steps
        self.data.reset()

    def close(self) -> None:
        """Free what the simulator holds; ``data`` stays."""
        if not self.closed:
            self.data.keep()
            self._session.close()
            self.closed = True

    def __enter__(self) -> Simulator:
        if self.closed:
            raise SimulatorClosed("Cannot re-open after simulator is closed")
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "closed", True):
            warnings.warn(
                f"Simulator of {self._called} was deallocated while open. Simulators should be "
                "closed, or used in a with-statement.",
                ResourceWarning,
                stacklevel=2,
            )
            with contextlib.suppress(Exception):  # at the end of the interpreter little is left
                self._session.let_go()  # else its parts say the same by names of their own

    def __getstate__(self) -> Dict[str, Any]:
        """What a copy is made of; see `deploy.simulator.copying`."""
        if self._target.substrate == "silicon" and self.n_steps:
            raise TypeError(ON_A_BOARD)
        given = self._arguments
        arguments = {
            "dt": self._dt,
            "seed": self.seed,
            "target": self.target,
            "progress_bar": self.progress_bar,
            "silicon": self._silicon,
            "model": given.model,
            "optimize": given.optimize,
            "precompute": given.precompute,
        }
        run = run_of(self, arguments, self._n_cleared)
        return {"run": run if given.model is None else replace(run, network=None)}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        run: Run = state["run"]
        self.__init__(run.network, **run.arguments)  # type: ignore[misc]
        if run.n_cleared:
            self._session.run_steps(run.n_cleared)
            self.clear_probes()
        self._session.run_steps(run.n_steps - run.n_cleared)
        try:
            run.check(self)
        except SimulationError:
            self.close()
            raise
        if run.closed:
            self.close()


class Data(SimulationData):
    """The user's objects to what a simulator has of them.

    One of Nengo's by its class; all that it gives is read when it is asked for.

    Parameters
    ----------
    simulator : Simulator
    """

    def __init__(self, simulator: Simulator):
        self._simulator = simulator
        self._cache: Dict[Any, Any] = {}
        self._samples: Dict[nengo.Probe, Tuple[int, np.ndarray]] = {}  # and after how many steps

    def __repr__(self) -> str:
        return f"<Data of {len(self)} objects of {self._simulator._called}>"

    def _objects(self) -> List[Any]:
        network = self._simulator.network
        if network is None:
            return list(self._simulator.model.params)
        return [network, *network.all_networks, *network.all_objects]

    def __getitem__(self, key: Any) -> Any:
        try:
            return self._found(key)
        except KeyError:
            why = self._why_not(key)
            if why is None:
                raise
            raise KeyError(why) from None

    def _why_not(self, key: Any) -> Optional[str]:
        """Why there is nothing of a key; None of what was there, and nothing was built for."""
        if isinstance(key, Neurons):
            probe = f"nengo.Probe({name_of(key.ensemble)}.neurons)"
            return f"{name_of(key)}: neurons have no data; ask for their ensemble's, or {probe}"
        if not isinstance(key, (nengo.Network, NengoObject)):
            return f"{key!r}: the keys are the network's objects themselves, as a nengo.Probe"
        if self._simulator.was_built_with(key):
            return None
        if key in self._objects():
            return f"{name_of(key)}: it was added after its simulator was made; make another one"
        return f"{name_of(key)}: it is no object of the network that this simulator runs"

    def _found(self, key: Any) -> Any:
        if isinstance(key, nengo.Probe):
            return self._samples_of(key)
        if key not in self._cache:
            built = self._simulator.whole().built(self._simulator._copies[key])
            if isinstance(key, nengo.Connection):  # as the user gave it, not as a matrix
                built = built._replace(transform=key.transform)
            self._cache[key] = _as_precise_as_asked(built)
        return self._cache[key]

    def _samples_of(self, probe: nengo.Probe) -> np.ndarray:
        """Also those up to the step before, where a node asks in the middle of a run."""
        n_steps = self._simulator.n_steps
        if probe not in self._samples or self._samples[probe][0] != n_steps:
            samples = self._simulator._session.samples(self._simulator._copies[probe])
            if samples is None:
                raise KeyError(probe)
            samples = samples.astype(nengo.rc.float_dtype, copy=False)
            samples.setflags(write=False)
            self._samples[probe] = n_steps, samples
        return self._samples[probe][1]

    @property
    def raw(self) -> Dict[Any, Any]:
        """As Nengo's: of a probe the list of its samples, of others what is here."""
        found: Dict[Any, Any] = {}
        for obj in self:
            with contextlib.suppress(KeyError):  # of what nothing was built, or is sampled
                found[obj] = list(self[obj]) if isinstance(obj, nengo.Probe) else self[obj]
        return found

    def __iter__(self) -> Iterator[Any]:
        return iter(self._objects())

    def __len__(self) -> int:
        return len(self._objects())

    def reset(self) -> None:
        """Read anew from here on."""
        self._cache.clear()
        self._samples.clear()

    def keep(self) -> None:
        """Read all probes while they can be read."""
        for obj in self._objects():
            if isinstance(obj, nengo.Probe):
                self.get(obj)


def _as_precise_as_asked(built: Any) -> Any:
    """What was built, in the numbers that ``nengo.rc`` asks for."""
    asked = nengo.rc.float_dtype
    if asked == np.float64 or not hasattr(built, "_replace"):
        return built
    parts = {
        name: value.astype(asked)
        for name, value in built._asdict().items()
        if getattr(value, "dtype", None) == np.float64
    }
    return built._replace(**parts)


def _in_core(network: nengo.Network, why: str) -> Change:
    return Change(_label_of(network), "placement", "chip", "host", why)


def _label_of(network: nengo.Network) -> str:
    return network.label or "the network"


@contextlib.contextmanager
def _nengo_errors() -> Iterator[None]:
    """Raise Nengo's errors, which its users catch, in the place of ours."""
    try:
        yield
    except (BadInput, TargetUnavailable) as error:
        raise ValidationError(str(error), attr="target") from error


__all__ = ["Simulator"]
