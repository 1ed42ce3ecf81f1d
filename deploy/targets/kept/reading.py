"""What was built, from the numbers that `writing` makes of it."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from deploy.emulator.engine import State
from deploy.nengo_loihi.read.driven_rates import DrivenRates
from deploy.nengo_loihi.read.learners import Learner
from deploy.nengo_loihi.read.mean_rates import Watched
from deploy.nengo_loihi.read.overflow import Places
from deploy.nengo_loihi.read.reached_rates import ReachedRates
from deploy.nengo_loihi.read.reached_values import ReachedValues
from deploy.nengo_loihi.run.interface import FastEmulator
from deploy.nengo_loihi.run.kept import Stepper
from deploy.nengo_loihi.run.spike_record import SpikeRecord, is_of_spikes
from deploy.targets.emulator import Rates
from deploy.targets.kept.model import Model
from loihi_rules import ProbeReading
from loihi_rules.learning_rules.pes import LearningScale

WATCHED = Watched._fields[:-1]  # without what reads the chip


def read_learner(given: Any, stepper: Stepper) -> Learner:
    """What reads weights that are learned on the chip."""
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


def read_places(given: Sequence[Any], stepper: Stepper) -> Places:
    """An ensemble's name, and where its compartments are."""
    name, places = str(given[0]), np.asarray(stepper.frozen.of(given[1]))
    n = stepper.emulator.layout.n_compartments
    if places.dtype != np.int64 or not np.all((places >= 0) & (places < n)):
        raise ValueError("places")
    return name, places


def read_learned(
    given: Sequence[Any], stepper: Stepper
) -> Tuple[str, str, np.ndarray, Optional[np.ndarray]]:
    """A connection of the host that learns: its rules, what they change, that, and thresholds."""
    rules, kind, *places = given
    values, theta = (None if place is None else stepper.read.array(place) for place in places)
    if values is None or kind not in ("weights", "encoders"):
        raise ValueError("learned")
    return str(rules), kind, values, theta


def read_rates(given: Sequence[Any], stepper: Stepper, dt: float) -> Rates:
    """What watches the rates of some neurons."""
    name, *every = given
    shown = []
    for each in every:
        places, unit, *said = map(stepper.frozen.of, each)
        current = Current(stepper.emulator.engine.state, places, unit)
        shown.append(Watched._make([*said, current]))
    if name == ReachedRates.__name__:
        return ReachedRates(shown, dt)
    if name == ReachedValues.__name__:
        return ReachedValues(shown, dt)
    if name != DrivenRates.__name__:
        raise ValueError(name)
    return DrivenRates(shown, dt)


class Current:
    """What comes to some neurons from synapses, and how often they have spiked."""

    def __init__(self, state: State, places: np.ndarray, unit: np.ndarray):
        self._current, self._counts = state.current, state.spike_count
        self._places, self._unit = places, unit
        n = len(state.current)
        if not np.all((places >= 0) & (places < n)) or unit.shape != places.shape:
            raise ValueError("neurons")

    def __call__(self) -> np.ndarray:
        return np.asarray(self._current[self._places] * self._unit)

    def fired(self) -> float:
        """As of `deploy.nengo_loihi.read.mean_rates.CurrentOf`."""
        return float(self._counts[self._places].mean())


class OwnProbe:
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


def probe_reading(how: Mapping[str, Any], stepper: Stepper, model: Model) -> ProbeReading:
    """As the rewriting had it, with the numbers of stand-ins in their places."""
    part = stepper.frozen.of(how["part"])
    source: Any = [(each, stepper.frozen.of(of)) for each, of in how.get("sum", ())]
    return ProbeReading(
        probe=how.get("probe"),
        source=model.objects.every[how["weights"]] if "weights" in how else source,
        sample_every=how["every"],
        synapse=stepper.frozen.of(how.get("synapse")),
        part=slice(*part) if isinstance(part, list) else part,
    )
