"""The emulator's state, and how it moves: by compiled kernels, or by NumPy."""

from __future__ import annotations

import time
import warnings
from typing import Any, Dict, NamedTuple, Optional, Tuple, Type

import numpy as np

from deploy.compiling.jit import HAVE_NUMBA
from deploy.emulator import kernels, numpy_steps
from deploy.emulator.layout import Layout
from deploy.emulator.parts import parts_of
from deploy.emulator.team import LINE, new_team
from deploy.emulator.threads import Pace, most_threads, together
from deploy.errors import Unsupported
from deploy.host.saved import Saved

CUT = "what is beyond its bits is cut"
WARNINGS = {
    kernels.OVERFLOW_Q0: f"Overflow in q0, what synapses add in a step: {CUT}",
    kernels.OVERFLOW_U: f"Overflow in current, of a compartment: {CUT}",
    kernels.OVERFLOW_U2: f"Overflow in u2, a compartment's current and bias: {CUT}",
    kernels.CLIPPED_TRACE: "Clipping synapse trace",
    kernels.CLIPPED_WEIGHT: "Clipping learning weights",
    kernels.LOST_SPIKE: "Synaptic trace spikes lost",
}
OF_LEARNING = (kernels.CLIPPED_TRACE, kernels.CLIPPED_WEIGHT)  # counted by synapse group instead


class State(NamedTuple):
    """Everything that changes from step to step, n compartments a sample, one behind the other.

    Attributes
    ----------
    q, current, voltage : (n,) ndarray
        Synaptic input of this step, current and voltage of each compartment.
    spiked : (n,) ndarray of bool
    ref_count, spike_count : (n,) ndarray of int32
        Steps of refractory time left; spikes so far.
    fired : (2, n) ndarray of int32
        Of each block, from its first compartment on: the neurons that spiked, in even steps and in
        odd ones; those of a step are read while the next one's are written.
    n_fired : (2, n_blocks) ndarray of int64
    learned : (n_learned,) ndarray
        Weights that learn.
    traces : (n_traces,) ndarray
    pending : (n_traces,) ndarray of bool
        Spikes that wait to be added to a trace.
    errors : (n_errors,) ndarray
        PES errors, scaled, rounded and clipped.
    acting : (n_errors,) or (0,) ndarray
        Those of the step before, where they act late.
    register : (n,) or (0,) ndarray
        What the registers of voltages hold, where that is another thing.
    held : (n,) or (0,) ndarray of int32
        The counts in these.
    flags : (6,) ndarray of int64
        How often each of `WARNINGS` came up.
    beyond : (n,) ndarray of bool
        Compartments of a sample's chip whose sums were cut, as far as is known.
    cut : (2, n_learning) ndarray of int64
        How often traces, and weights, of each learning synapse group were cut.
    operations : (2,) ndarray of int64
        Spikes that came down an axon to a core, and weights that they added.
    """

    q: np.ndarray
    current: np.ndarray
    voltage: np.ndarray
    spiked: np.ndarray
    ref_count: np.ndarray
    spike_count: np.ndarray
    fired: np.ndarray
    n_fired: np.ndarray
    learned: np.ndarray
    traces: np.ndarray
    pending: np.ndarray
    errors: np.ndarray
    acting: np.ndarray
    register: np.ndarray
    held: np.ndarray
    flags: np.ndarray
    beyond: np.ndarray
    cut: np.ndarray
    operations: np.ndarray


class Probed(NamedTuple):
    """What is recorded, and where it goes: (n_steps, k) buffers of k compartments a sample.

    ``spiked_order`` and the others are the order in which that is done.
    """

    spiked_of: np.ndarray
    current_of: np.ndarray
    voltage_of: np.ndarray
    spiked_order: np.ndarray
    current_order: np.ndarray
    voltage_order: np.ndarray
    spiked: np.ndarray
    current: np.ndarray
    voltage: np.ndarray


PROBEABLE = ("spiked", "current", "voltage")


def start(layout: Layout, n_samples: int = 1) -> State:
    """A chip that has just been switched on; several of them for as many samples."""
    n, learning, modes = n_samples * layout.n_compartments, layout.learning, layout.modes
    n_held = n if modes.counts_in_voltage else 0
    dtype = layout.compartments.vth.dtype
    n_traces, n_errors = int(learning.n_axons.sum()), int(learning.n_errors.sum())
    return State(
        q=np.zeros(n, dtype),
        current=np.zeros(n, dtype),
        voltage=np.zeros(n, dtype),
        spiked=np.zeros(n, np.bool_),
        ref_count=np.zeros(n, np.int32),
        spike_count=np.zeros(n, np.int32),
        fired=np.zeros((2, n), np.int32),
        n_fired=np.zeros((2, n_samples * (len(layout.block_start) - 1)), np.int64),
        learned=layout.learned.copy(),
        traces=np.zeros(n_traces, dtype),
        pending=np.zeros(n_traces, np.bool_),
        errors=np.zeros(n_errors, dtype),
        acting=np.zeros(n_errors if modes.late_errors else 0, dtype),
        register=np.zeros(n_held, dtype),
        held=np.zeros(n_held, np.int32),
        flags=np.zeros(len(WARNINGS), np.int64),
        beyond=np.zeros(layout.n_compartments, np.bool_),
        cut=np.zeros((2, len(learning.first_row)), np.int64),
        operations=np.zeros(2, np.int64),
    )


class Engine:
    """A layout in motion.

    Parameters
    ----------
    layout : Layout
    seed : int
        Of the chip's random numbers, as for nengo-loihi's emulator.
    probed : dict of str to (k,) ndarray
        Compartments to record, by ``"spiked"``, ``"current"`` or ``"voltage"``.
    compiled : bool
        Whether to use numba; without it, NumPy does the same more slowly.
    raises : type, optional
        The exception that overflow and lost spikes are; without, they are counted alone.
    noise_seed : int, optional
        Of noise alone, where it comes from a generator of its own.
    n_samples : int
        How many runs of the chip there are side by side, each with inputs of its own.
    threads : int, optional
        How many step it at once; as many as make it faster if not given.

    Raises
    ------
    Unsupported
        If one sample would change what another finds, or NumPy were to step several.
    """

    def __init__(
        self,
        layout: Layout,
        seed: int,
        probed: Dict[str, np.ndarray],
        compiled: bool = HAVE_NUMBA,
        raises: Optional[Type[Exception]] = None,
        noise_seed: Optional[int] = None,
        n_samples: int = 1,
        threads: Optional[int] = None,
    ):
        if n_samples > 1:
            refuse_samples(layout, compiled)
        self.layout = layout
        self.n_samples = n_samples
        self.raises = raises
        self.state = start(layout, n_samples)
        self.rng = np.random.RandomState(seed)
        apart = layout.modes.noise_apart
        self.noise_rng = np.random.RandomState(noise_seed) if apart else self.rng
        self.probed = {key: np.asarray(probed[key], np.int64) for key in PROBEABLE}
        self.compiled = compiled
        self.t = 0
        self._warned = np.zeros(len(WARNINGS), np.bool_)
        self._numbers = _words(self.rng)
        self._noise = _words(self.noise_rng) if apart else self._numbers
        if compiled:
            for key, _ in {id(words): words for words in (self._numbers, self._noise)}.values():
                kernels.temper(key)
        self._saved: Any = None
        self._order = {key: np.arange(len(of)) for key, of in self.probed.items()}
        if compiled:
            self._prepare_threads(threads)
        self.kernel: Any = kernels.advance_int if layout.integer else kernels.advance_float
        if not compiled and not HAVE_NUMBA:
            warnings.warn(
                "numba is not installed, or is switched off: the emulator runs on NumPy, ten times "
                "more slowly; pip install numba",
                stacklevel=3,
            )

    def _prepare_threads(self, threads: Optional[int]) -> None:
        """What several threads share, and one alone has."""
        layout, most = self.layout, threads or most_threads()
        shared, self._order = parts_of(layout, self.probed, self.n_samples, most)
        alone, _ = parts_of(layout, self.probed, self.n_samples, 1)  # the same order does
        self._parts = {True: alone, False: shared}
        self.pace = Pace(min(most, len(shared.block) - 1))
        self._fixed = threads is not None
        room = np.zeros((2, layout.n_compartments), layout.compartments.vth.dtype)
        self._noises = room if layout.has_noise else None  # None: kernels compile nothing of it
        self._learns = True if len(layout.learning.first_row) else None
        self._team = new_team(self.pace.numbers[-1])
        self._tallies = np.zeros((self.pace.numbers[-1], 2 * LINE), np.int64)

    def buffers(self, n_rows: int) -> Probed:
        """Room for what is probed in so many steps."""
        dtype = self.layout.compartments.vth.dtype
        kinds = {"spiked": np.bool_, "current": dtype, "voltage": dtype}
        return Probed(
            *(self.probed[key] for key in PROBEABLE),
            *(self._order[key] for key in PROBEABLE),
            *(
                np.zeros((n_rows, self.n_samples * len(self.probed[key])), kinds[key])
                for key in PROBEABLE
            ),
        )

    def advance_row(
        self,
        probed: Probed,
        events: np.ndarray,
        event_start: np.ndarray,
        row: int,
        n_steps: int = 1,
    ) -> None:
        """Step from row ``row`` of the events and the buffers, for so many rows.

        Parameters
        ----------
        probed : Probed
            As `buffers` makes it; is written.
        events : (n_events,) ndarray of int32
            Spikes of the inputs, one sample after the other, input by input, row by row.
        event_start : (n_rows * n_inputs * n_samples + 1,) ndarray of int64
            Where each row's, input's and sample's spikes start in ``events``.
        row, n_steps : int
        """
        if self.compiled:
            self._step(probed, events, event_start, row, n_steps)
        else:
            numpy_steps.advance(
                self.layout, self.state, self.rng, self.noise_rng, probed,
                events, event_start, self.t, row, n_steps,
            )  # fmt: skip
        self.t += n_steps
        self._warn()

    def _step(self, probed: Probed, events: Any, event_start: Any, row: int, n_steps: int) -> None:
        """By the compiled kernel, in as many threads as it is to have."""
        pace = self.pace
        n_threads = pace.numbers[-1] if self._fixed else pace.next_number(n_steps)
        given = self.arguments(n_threads, probed, events, event_start, row, n_steps)
        begun = time.perf_counter()
        if n_threads == 1:
            self.kernel(*given, 1, 0)
        else:
            together(lambda n, me: self.kernel(*given, n, me), n_threads)
        if not self._fixed:
            pace.took(n_threads, n_steps, time.perf_counter() - begun)

    def arguments(
        self,
        n_threads: int,
        probed: Probed,
        events: np.ndarray,
        event_start: np.ndarray,
        row: int,
        n_steps: int,
    ) -> Tuple[Any, ...]:
        """What ``kernel`` takes besides the number of threads, and which of them calls it.

        Parameters
        ----------
        n_threads : int
        probed, events, event_start, row, n_steps
            As for `advance_row`.
        """
        self._team[:] = 0
        return (
            self.layout, self._parts[n_threads == 1], self.state, self._learns,
            *self._numbers, *self._noise, self._noises, probed, events,
            event_start, self.t, row, n_steps, self._team, self._tallies,
        )  # fmt: skip

    def quiet(self) -> None:
        """No compartment has a current, a voltage or a refractory time, and no spike is on its way.

        What is learnt, and counted, stays.
        """
        state = self.state
        for array in (state.q, state.current, state.voltage, state.spiked, state.ref_count):
            array[...] = 0
        for array in (state.n_fired, state.register, state.held):
            array[...] = 0

    def save(self) -> None:
        """Note all that changes from step to step, as it is now."""
        if self._saved is None:
            bias = self.layout.compartments.bias  # which a node may set
            self._saved = Saved([*self.state, *self._numbers, *self._noise, bias])
        self._saved.save()
        self._saved_t = self.t
        self._saved_numbers = [
            (rng, rng.get_state()) for rng in (() if self.compiled else {self.rng, self.noise_rng})
        ]

    def restore(self) -> None:
        """Go back to what was saved."""
        self._saved.restore()
        self.t = self._saved_t
        for rng, state in self._saved_numbers:
            rng.set_state(state)

    def _warn(self) -> None:
        """Raise what went wrong, where that is wanted; warnings are said at a run's end."""
        if self.raises is None or not self.state.flags.any():
            return
        for flag in np.flatnonzero((self.state.flags > 0) & ~self._warned):
            self._warned[flag] = True
            if flag not in OF_LEARNING:
                raise self.raises(WARNINGS[int(flag)])

    def learned_weights(self, index: int) -> np.ndarray:
        """(n_axons, width) weights of a learning synapse group, as they are now."""
        learning = self.layout.learning
        first = self.layout.rows.start[learning.first_row[index]]
        n_axons, width = int(learning.n_axons[index]), int(learning.width[index])
        return self.state.learned[first : first + n_axons * width].reshape(n_axons, width)

    def set_errors(self, index: int, errors: np.ndarray) -> None:
        """Add errors to those of a learning synapse group."""
        first = int(self.layout.learning.error_start[index])
        self.state.errors[first : first + len(errors)] += errors

    def clear_errors(self) -> None:
        self.state.errors[:] = 0


def refuse_samples(layout: Layout, compiled: bool) -> None:
    """Raise `Unsupported` where samples cannot be stepped side by side with the same bits."""
    if not compiled:
        raise Unsupported("several samples at once without numba")
    if len(layout.learned) or layout.has_noise:
        raise Unsupported("several samples at once of a chip that learns, or is noisy")


def _words(rng: np.random.RandomState) -> Tuple[np.ndarray, np.ndarray]:
    """The state of a generator as the kernels take it, and how many of its words are used."""
    _, key, position, _, _ = rng.get_state()
    return np.stack([key, key]).astype(np.uint32), np.array([position], np.int64)
