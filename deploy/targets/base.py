"""What every target can do: say whether it is there, and run a network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, AbstractSet, Any, List, Mapping, Optional, Sequence, Tuple

from deploy.emulator.silicon import AS_EMULATED, Silicon

if TYPE_CHECKING:  # a target's name is read before anything is loaded
    import nengo
    import numpy as np

    from deploy.nengo_loihi.read.chip_values import ChipValue
    from deploy.traces.trace import Spikes
    from loihi_rules import Change, Learned, Problem, Rewritten, SeededCopy


class Session(ABC):
    """A network that was built on a target and can be stepped.

    Attributes
    ----------
    problems : tuple of Problem
        What this target cannot do of the network.
    hosts : tuple of nengo.Simulator
        What runs in Nengo core, in the order in which it steps.
    settings : mapping
        Options of the target that bear on the result.
    late : mapping of nengo.Probe to int
        By how many steps samples come later than those of the model as its author has it; of
        most probes by none.
    silicon : Silicon
        What it does otherwise than nengo-loihi's emulator.
    """

    problems: Tuple[Problem, ...] = ()
    hosts: Tuple[nengo.Simulator, ...] = ()
    idle: AbstractSet[Any] = frozenset()  # nodes that nothing reaches any more
    on_chip: Optional[AbstractSet[nengo.Ensemble]] = None  # of a target that is a chip
    settings: Mapping[str, Any] = {}
    late: Mapping[nengo.Probe, int] = {}
    silicon: Silicon = AS_EMULATED

    @property
    @abstractmethod
    def changes(self) -> Tuple[Change, ...]:
        """What rewriting did to the network for this target, and what was set as it ran."""

    @property
    @abstractmethod
    def n_steps(self) -> int:
        """Steps that are done, also in the middle of `run_steps`."""

    @abstractmethod
    def run_steps(self, n_steps: int) -> None:
        """Run for so many steps."""

    @abstractmethod
    def look(self, at_signals: bool = False) -> None:
        """Have all of the network at the step that a node is in which asks for it.

        Parameters
        ----------
        at_signals : bool
            Whether for signals, which the node may set, and not for samples alone.

        Raises
        ------
        nengo.exceptions.SimulationError
            If it cannot be had in the middle of `run_steps`.
        """

    @abstractmethod
    def samples(self, probe: nengo.Probe) -> Optional[np.ndarray]:
        """(n, ...) samples of a probe since the last `clear`, or since the beginning.

        Reading leaves them where they are; the array is the caller's own. While there are
        none its shape is (0,), as in Nengo.

        None if this target cannot read the probe; ``problems`` says why.
        """

    def spikes(self, probe: nengo.Probe) -> Optional[Spikes]:
        """Of a probe of spikes, the same as `samples`: those other than 0, by step and neuron.

        Steps are counted from the last `clear`, the first is 1.
        """
        from deploy.traces.trace import spikes_of

        samples = self.samples(probe)
        return None if samples is None else spikes_of(samples)

    @abstractmethod
    def built(self, obj: Any) -> Any:
        """What the build made of an ensemble, node or connection, as `nengo.Simulator.data`.

        Raises
        ------
        KeyError
            If the target has nothing to show for it.
        """

    @abstractmethod
    def learned(self, name: str, conn: nengo.Connection) -> Learned:
        """What a connection has learnt so far.

        Parameters
        ----------
        name : str
            See `loihi_rules.learned.record.learning`.
        conn : nengo.Connection
            Of the network that runs.
        """

    def chip_values(self, obj: Any) -> Mapping[str, ChipValue]:
        """What the chip has of an object of the network that runs, by Nengo's names for it."""
        return {}

    @property
    @abstractmethod
    def model(self) -> Any:
        """The built model, Nengo's or nengo-loihi's."""

    def record(self) -> Mapping[str, Any]:
        """What the target itself has to say of the run so far, in terms of JSON."""
        return {}

    @abstractmethod
    def clear(self) -> None:
        """Forget the samples of all probes so far."""

    @abstractmethod
    def close(self) -> None:
        """Free what the session holds."""

    def let_go(self) -> None:
        """The same of what nobody holds any more, whose parts may be gone: without a look at it."""
        self.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


class Target(ABC):
    """A place where a model can run.

    Attributes
    ----------
    name : str
        As in ``--target``.
    substrate : str
        What computes, for every output that a person reads: ``"Nengo core"``,
        ``"no silicon"`` or ``"silicon"``.
    summary : str
        One line.
    is_chip : bool
        Whether it runs networks that were rewritten for the chip, by `open_rewritten`.
    has_silicon_modes : bool
        Whether it can do what silicon may do otherwise, by `with_silicon`.
    engines : tuple of str
        Those that it can be computed by, by `with_engine`; the first if no other is asked for.
    """

    name: str
    substrate: str
    summary: str
    is_chip: bool = False
    has_silicon_modes: bool = False
    engines: Tuple[str, ...] = ("fast",)

    @property
    def substrates(self) -> Tuple[str, ...]:
        """What it can be on another machine."""
        return (self.substrate,)

    def missing(self) -> Optional[str]:
        """Why this target cannot be used here, with a way out; None if it can."""
        return None

    def absent(self) -> Optional[str]:
        """As `missing`, as far as that is known without loading what it runs in."""
        return None

    def versions(self) -> List[str]:
        """Distributions whose versions bear on the result."""
        return ["nengo", "numpy", "scipy"]

    def engine_of(self, asked: str) -> str:
        """The engine that is asked for, of a target that has several, or else its only one."""
        return asked if len(self.engines) > 1 else self.engines[0]

    def with_engine(self, engine: str) -> Target:
        """The same target computed by another engine, where it has several."""
        return self

    def with_silicon(self, silicon: Silicon) -> Target:
        """The same target with what silicon does otherwise, where it has such modes."""
        return self

    def cannot_take(self, rewritten: Rewritten, built: Any) -> Sequence[Problem]:
        """What a chip cannot take of a network that was rewritten and built for it.

        Parameters
        ----------
        rewritten : Rewritten
        built : nengo_loihi.builder.Model
            Discretised.
        """
        return ()

    @abstractmethod
    def open(self, copied: SeededCopy, dt: float, seed: int) -> Session:
        """Build a network.

        Parameters
        ----------
        copied : SeededCopy
            The copy is the session's from here on.
        dt : float
            Step in seconds.
        seed : int
            Seed of everything random that the target itself does.
        """

    def open_rewritten(
        self,
        copied: SeededCopy,
        rewritten: Rewritten,
        dt: float,
        seed: int,
        precompute: Optional[bool] = None,
    ) -> Session:
        """Build a network that was rewritten for the chip, on a target that is a chip.

        Parameters
        ----------
        copied : SeededCopy
            What was rewritten.
        rewritten : Rewritten
            Has something for the chip, and no problems.
        dt, seed
            As for `open`.
        precompute : bool, optional
            Whether the host goes ahead of the chip; where it can, if not given.
        """
        raise NotImplementedError(f"{self.name} is not a chip")
