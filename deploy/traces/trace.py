"""One probe's samples."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, List, NamedTuple, Optional, Sequence, Union

import numpy as np
from numpy.typing import NDArray

UNITS = {
    "decoded": "represented value",
    "value": "1",
    "spikes": "spikes",
    "activity": "Hz",
    "voltage": "thresholds",
    "current": "normalised current",
    "weights": "decoder",
    "error": "represented value",
    "state": "1",
}


class Spikes(NamedTuple):
    """Spikes by step and neuron.

    Attributes
    ----------
    steps : (n_spikes,) ndarray
        From 1; in order.
    neurons : (n_spikes,) ndarray
        From 0; in order within a step.
    """

    steps: NDArray[np.int64]
    neurons: NDArray[np.int32]


NO_SPIKES = Spikes(np.zeros(0, np.int64), np.zeros(0, np.int32))
Piece = Union[np.ndarray, Spikes]  # of a trace: samples, or the spikes of some steps


@dataclass(frozen=True)
class Trace:
    """One probe's samples.

    Attributes
    ----------
    label : str
        The probe's name, unique in its `Traces`.
    kind : str
        One of `UNITS`: what the samples are, and so how they are compared.
    period : float
        Sampling period in steps; sample k is of step ``steps[k]``.
    n_steps : int
        Length of the run in steps.
    samples : (n_samples, ...) ndarray
        Dense samples; empty for spikes, which are kept sparsely: `dense` gives those of any trace.
    spike_steps, spike_neurons : (n_spikes,) ndarray
        For spikes: the step (from 1) and the neuron (from 0) of each, ordered
        by step, then neuron.
    n_neurons : int
        For spikes: number of neurons probed.
    amplitude : float
        For spikes: the value of a spike in Nengo's output, in Hz; 1/dt times
        the neuron type's amplitude.
    radius : float
        Radius of the ensemble that a decoded value comes from, the scale of its
        spike noise; 0 for values without any.
    ideal : str or None
        Label of the trace that this one should come to equal.
    instrument : bool
        True if the user has no such probe, but `deploy` needed one.
    dynamics : str
        What kind of signal it is; see `deploy.traces.dynamics`. Empty if nobody said.
    seen_through : float
        Time constant in seconds of the filter by which raw decoded spikes are judged; 0 for none.
    """

    label: str
    kind: str
    period: float
    n_steps: int
    samples: np.ndarray = field(default_factory=lambda: np.zeros(0))
    spike_steps: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    spike_neurons: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    n_neurons: int = 0
    amplitude: float = 1000.0
    radius: float = 0.0
    ideal: Optional[str] = None
    instrument: bool = False
    dynamics: str = ""
    seen_through: float = 0.0

    def __repr__(self) -> str:
        what = f"{len(self.spike_steps)} spikes of {self.n_neurons} neurons"
        if not self.sparse:
            what = f"{' × '.join(map(str, self.samples.shape))} samples"
        return f"<Trace {self.label!r}: {self.kind}, {what}>"

    @property
    def sparse(self) -> bool:
        """Whether this is spikes, kept by step and neuron."""
        return self.kind == "spikes"

    @property
    def unit(self) -> str:
        """Unit of the samples."""
        return UNITS[self.kind]

    @property
    def steps(self) -> NDArray[np.int_]:
        """(n_samples,) steps at which the samples were taken, by Nengo's rule."""
        if self.period <= 1:
            return np.arange(1, self.n_steps + 1)
        # those with steps % period < 1, of which there are as many as of whole periods
        last = np.ceil(np.arange(1, self.n_steps // self.period + 2) * self.period)
        steps = np.unique(last[:, None] + (-1, 0, 1)).astype(np.int_)
        steps = steps[(steps >= 1) & (steps <= self.n_steps)]
        return steps[steps % self.period < 1]

    def times(self, dt: float) -> NDArray[np.float64]:
        """(n_samples,) time of each sample in seconds."""
        times: NDArray[np.float64] = np.multiply(dt, self.steps)
        return times

    @property
    def rows(self) -> np.ndarray:
        """(n_samples, n) samples, each a row, whether there are any or not."""
        return self.samples.reshape(len(self.samples), math.prod(self.samples.shape[1:]))

    def dense(self) -> np.ndarray:
        """(n_samples, ...) samples as Nengo gives them; spikes as amplitude or 0."""
        if not self.sparse:
            return self.samples
        dense = np.zeros((self.n_steps, self.n_neurons))
        dense[self.spike_steps - 1, self.spike_neurons] = self.amplitude
        return dense

    def spike_times(self, dt: float) -> NDArray[np.float64]:
        """(n_spikes,) time of each spike in seconds."""
        times: NDArray[np.float64] = np.multiply(dt, self.spike_steps)
        return times

    def spike_trains(self, dt: float) -> List[NDArray[np.float64]]:
        """Spike times of every neuron, in seconds."""
        order = np.argsort(self.spike_neurons, kind="stable")
        counts = np.bincount(self.spike_neurons, minlength=self.n_neurons)
        return np.split(self.spike_times(dt)[order], np.cumsum(counts)[:-1])

    def plot(self, dt: float = 0.001, axes: Optional[Any] = None) -> Any:
        """Draw it into axes of matplotlib, which are new if not given.

        Parameters
        ----------
        dt : float
            Step in seconds.
        axes : matplotlib.axes.Axes, optional

        Returns
        -------
        matplotlib.axes.Axes
        """
        from deploy.traces.drawing import draw_trace

        return draw_trace(self, dt, axes)

    def counts(self) -> NDArray[np.intp]:
        """(n_neurons,) number of spikes of each neuron."""
        return np.bincount(self.spike_neurons, minlength=self.n_neurons)


def joined_spikes(pieces: Sequence[Any]) -> Spikes:
    """Spikes of all these pieces of a run, which are in order."""
    return Spikes(
        np.concatenate([NO_SPIKES.steps, *(spikes.steps for spikes in pieces)]),
        np.concatenate([NO_SPIKES.neurons, *(spikes.neurons for spikes in pieces)]),
    )


def spikes_of(dense: np.ndarray) -> Spikes:
    """Where in (n_steps, n_neurons) output something else than zero is; steps are from 1."""
    if not len(dense):
        return NO_SPIKES
    steps, neurons = np.nonzero(dense)
    return Spikes(steps.astype(np.int64) + 1, neurons.astype(np.int32))
