"""Probes whose samples the chip does not give as asked: how they are made.

One class for each way, listed in `READERS` under the name that
`loihi_rules.ProbeReading.reads` has. To add a way, write its class and list it.
"""

from __future__ import annotations

from typing import Any, Dict, List, Type

import numpy as np
from nengo.exceptions import BuildError

from deploy.nengo_loihi.read.units import as_the_cpus, bias_of, scale_of
from loihi_rules import ProbeReading


class Reader:
    """Makes the samples of one probe.

    Parameters
    ----------
    reading : ProbeReading
    session : EmulatorSession
        Whose simulator is read.
    """

    polled = False  # whether it has to look at the chip at each sample

    def __init__(self, reading: ProbeReading, session: Any):
        self.reading = reading
        self.session = session

    def is_sample(self, step: Any) -> Any:
        """Nengo's rule for the steps at which a probe with a period samples."""
        every = self.reading.sample_every
        return step % (1 if every is None else every / self.session.dt) < 1

    def looks_at(self, step: int) -> bool:
        """Whether it has to look at the chip after this step, of those that are polled."""
        return bool(self.is_sample(step))

    def next_look(self) -> int:
        """The first step from now on after which it has to."""
        step = self.session.n_steps + 1
        while not self.looks_at(step):
            step += 1
        return int(step)

    def due(self, n_samples: int) -> np.ndarray:
        """Which of the last so many steps are samples."""
        now = self.session.n_steps
        due: np.ndarray = self.is_sample(np.arange(now - n_samples + 1, now + 1))
        return due

    def columns(self, samples: np.ndarray) -> np.ndarray:
        """Those of the columns that the user probed."""
        part = self.reading.part
        return samples if part is None or not len(samples) else samples[:, part]

    def sampled(self, values: np.ndarray) -> np.ndarray:
        """Those of the values of the last steps that are samples."""
        samples: np.ndarray = values[self.due(len(values))]
        return samples

    def poll(self) -> None:
        """Look at the chip, after a step that `looks_at` names."""

    def samples(self) -> np.ndarray:
        """(n, ...) samples since they were last cleared."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget the samples."""


class Filter:
    """A probe's filter, which has every step, as Nengo's have.

    Nengo updates a filter at the end of a step, after its value was probed, so that what comes in
    one step is in the sample of the next, and the first is 0 (`nengo.builder.probe`,
    ``signal_probe``).

    Parameters
    ----------
    synapse : nengo.synapses.Synapse or None
        None hands on what comes.
    dt : float
        Step in seconds.
    """

    def __init__(self, synapse: Any, dt: float):
        self.synapse, self.dt = synapse, dt
        self._step: Any = None
        self._next: Any = 0.0

    def __call__(self, now: np.ndarray) -> np.ndarray:
        """What a probe has of the step in which this came."""
        if self.synapse is None:
            return now
        shape = now.shape or (1,)  # Nengo's filters have no state for numbers without a shape
        if self._step is None:
            state = self.synapse.make_state(shape, shape, self.dt)
            self._step = self.synapse.make_step(shape, shape, self.dt, None, state)
            self._next = np.zeros(now.shape)
        probed = self._next
        self._next = np.array(self._step(0.0, now.reshape(shape))).reshape(now.shape)
        return np.asarray(probed)


class StandIn(Reader):
    """Some columns and some steps of another probe."""

    def samples(self) -> np.ndarray:
        samples = self.columns(self.session.probed(self.reading.probe))
        return self.sampled(samples)


class Sum(Reader):
    """What several stand-ins give, each by a matrix of its own."""

    def samples(self) -> np.ndarray:
        total: Any = np.zeros((0, 0))
        for k, (probe, matrix) in enumerate(self.reading.source):
            samples = self.session.probed(probe)
            part = samples.reshape(len(samples), matrix.shape[1]) @ matrix.T
            total = part if k == 0 else total + part
        return self.sampled(self.columns(total))


class NeuronInput(Reader):
    """Current and bias of neurons, normalised as Nengo's J; see `as_the_cpus`.

    The chip's probes have the current alone, the bias is added at each step.
    """

    def samples(self) -> np.ndarray:
        samples = self.session.probed(self.reading.probe)
        if not len(samples):
            return np.zeros(0)
        probe = self.session.simulator.model.objs[self.reading.probe]["out"]
        bias = bias_of(probe) * scale_of(probe, self.session.dt)
        ens = self.reading.source.ensemble
        built = self.session.rewritten.tuning.get(ens)
        return self.sampled(self.columns(as_the_cpus(samples + bias, ens, built)))


class RefractoryTime(Reader):
    """What is left of the refractory time, from the spikes.

    Nengo sets it to τ_ref + dt at a spike and takes dt off at each step
    (`nengo.LIF.step`), below 0 too, where it says how long the neuron has been free; the chip
    counts whole steps, and ends at 0.
    """

    def __init__(self, reading: ProbeReading, session: Any):
        super().__init__(reading, session)
        self.left = np.zeros(reading.source.size_out)
        self.kept: List[np.ndarray] = []
        self.read = 0

    def samples(self) -> np.ndarray:
        spiked = self.session.probed(self.reading.probe)[self.read :] != 0
        dt = self.session.dt
        tau_ref = dt * np.round(self.reading.source.ensemble.neuron_type.tau_ref / dt)
        for row in spiked:
            self.left = np.where(row, tau_ref + dt, self.left - dt)
            self.kept.append(self.left)
        self.read += len(spiked)
        samples = self.columns(np.array(self.kept).reshape(len(self.kept), len(self.left)))
        return self.sampled(samples)

    def clear(self) -> None:
        self.samples()
        self.kept, self.read = [], 0


class Built(Reader):
    """A value that the build fixed, once a sample, through the probe's filter."""

    def __init__(self, reading: ProbeReading, session: Any):
        super().__init__(reading, session)
        self.since = self.read = session.n_steps
        self.filter = Filter(reading.synapse, session.dt)
        self.kept: List[np.ndarray] = []
        if getattr(session.built(reading.source), reading.attribute) is None:
            raise BuildError(
                f"{reading.attribute!r} of {reading.source} cannot be probed: it has none"
            )

    def samples(self) -> np.ndarray:
        value = getattr(self.session.built(self.reading.source), self.reading.attribute)
        value = np.asarray(value.toarray() if hasattr(value, "toarray") else value)
        now = self.session.n_steps
        if self.reading.synapse is None:
            return np.repeat(value[np.newaxis], int(np.sum(self.due(now - self.since))), axis=0)
        for step in range(self.read + 1, now + 1):
            filtered = self.filter(value)
            if self.is_sample(step):
                self.kept.append(filtered)
        self.read = now
        return np.array(self.kept)

    def clear(self) -> None:
        self.samples()
        self.since, self.kept = self.session.n_steps, []


class LearnedWeights(Reader):
    """Decoders read from the learning synapses, through the probe's filter."""

    polled = True

    def __init__(self, reading: ProbeReading, session: Any):
        super().__init__(reading, session)
        self.kept: List[np.ndarray] = []
        self.filter = Filter(reading.synapse, session.dt)

    def looks_at(self, step: int) -> bool:
        return self.reading.synapse is not None or super().looks_at(step)

    def poll(self) -> None:
        now = self.filter(self.session.learned_decoders(self.reading.source))
        if self.is_sample(self.session.n_steps):
            self.kept.append(now)

    def samples(self) -> np.ndarray:
        return np.array(self.kept)

    def clear(self) -> None:
        self.kept = []

    def continue_from(self, other: LearnedWeights) -> None:
        """Have what another has seen of the same connection so far."""
        self.kept, self.filter = other.kept, other.filter


class LearningSteps(Reader):
    """PES's ΔW of each step, as its equation has it.

    ΔW_i = −κ dt E a_i / n (`loihi_rules.learning_rules.pes`), from the errors E on the host and the
    spikes of the chip through the rule's filter, a.
    """

    def __init__(self, reading: ProbeReading, session: Any):
        super().__init__(reading, session)
        self.filter = Filter(reading.synapse, session.dt)
        self.kept: List[np.ndarray] = []
        self.read = 0

    def samples(self) -> np.ndarray:
        errors = self.session.probed(self.reading.source)
        active = self.columns(self.session.probed(self.reading.probe))
        if not len(active):  # before the first step, or right after it was cleared
            return np.zeros(0)
        n = active.shape[1]
        due = self.due(len(active))
        for k in range(self.read, len(active)):
            if not due[k] and self.reading.synapse is None:
                continue
            now = self.filter(self.reading.factor / n * np.outer(errors[k], active[k]))
            if due[k]:
                self.kept.append(now)
        self.read = len(active)
        shape = (len(self.kept), errors.shape[1], n)
        return np.array(self.kept).reshape(shape)

    def clear(self) -> None:
        self.samples()
        self.kept, self.read = [], 0


READERS: Dict[str, Type[Reader]] = {
    "probe": StandIn,
    "sum": Sum,
    "weights": LearnedWeights,
    "delta": LearningSteps,
    "built": Built,
    "neuron input": NeuronInput,
    "refractory time": RefractoryTime,
}
