"""What is published of a chip's single neurons, compared with a board by arithmetic of its own.

Whole numbers of Python's alone: neither the emulator nor its silicon modes have a part in it.
"""

from __future__ import annotations

from typing import Callable, Iterator, List, NamedTuple, Optional, Sequence

import numpy as np

from deploy.nengo_loihi.conformance.experiment import Compartment, Core, Experiment, Observation
from deploy.nengo_loihi.conformance.experiments.delays import DELAYS
from deploy.nengo_loihi.conformance.experiments.neurons import DOWN, NEURONS, UP
from deploy.nengo_loihi.conformance.experiments.synapses import SYNAPSES

DAVIES = "Davies et al. 2018, IEEE Micro 38(1)"
MICHAELIS = "Michaelis et al. 2022, Brian2Loihi, Front. Neuroinform. 16"
NENGO_LOIHI = "nengo-loihi 1.1.0, builder/discretize.py"


class Fact(NamedTuple):
    """Something that is published, and where a board does otherwise.

    Attributes
    ----------
    what, source : str
    tried : int
        On how many compartments.
    against : str
        The first compartment and step that are against it; empty where none is.
    """

    what: str
    source: str
    tried: int
    against: str


def facts(neurons: Observation, synapses: Observation, delays: Optional[Observation]) -> List[Fact]:
    """Hold what a board recorded of these experiments against what is published."""
    found = [
        _fact(
            "a current keeps (4095 − δ) / 4096 of its size in a step, toward 0",
            f"{MICHAELIS}; {NENGO_LOIHI}",
            NEURONS,
            neurons,
            "decays of current",
            _current_decays,
        ),
        _fact(
            "a voltage keeps (4096 − δ) / 4096 of its size in a step, toward 0",
            f"{DAVIES}; {MICHAELIS}",
            NEURONS,
            neurons,
            "decays of voltage",
            _voltage_decays,
        ),
        _fact(
            "a neuron spikes where its voltage is above 64 · its threshold, not at it",
            MICHAELIS,
            NEURONS,
            neurons,
            "thresholds",
            _spikes_above,
        ),
        _fact(
            "a refractory time of r holds a voltage for r − 1 steps after a spike's",
            MICHAELIS,
            NEURONS,
            neurons,
            "refractory times",
            _intervals,
        ),
        _fact(
            "a bias of m · 2^e is added to a voltage in each step",
            DAVIES,
            NEURONS,
            neurons,
            "biases",
            _biases,
        ),
        _fact(
            "a weight is its mantissa times 2^(6 + e), and comes a step after its spike",
            f"{DAVIES}; {MICHAELIS}",
            SYNAPSES,
            synapses,
            "weights of exponent",
            _weights,
        ),
    ]
    if delays is not None:
        found.append(
            _fact(
                "a synapse of delay d comes d steps later than one of none",
                DAVIES,
                DELAYS,
                delays,
                "delays",
                _later,
            )
        )
    return found


Check = Callable[[Core, Observation], Iterator[str]]


def _fact(
    what: str, source: str, experiment: Experiment, seen: Observation, cores: str, check: Check
) -> Fact:
    own = [core for core in experiment.cores if core.name.startswith(cores)]
    against = [text for core in own for text in check(core, seen)]
    return Fact(what, source, sum(len(of.compartments) for of in own), (against or [""])[0])


def kept(value: int, keep: int) -> int:
    """``value · keep / 4096``, toward 0."""
    size = abs(value) * keep >> 12
    return size if value >= 0 else -size


def _rows(core: Core, seen: Observation, key: str) -> Sequence[List[int]]:
    columns: np.ndarray = seen[f"{core.name}/{key}"].T
    rows: Sequence[List[int]] = columns.tolist()
    return rows


def _decays(
    core: Core, seen: Observation, key: str, keep: Callable[[Compartment], int]
) -> Iterator[str]:
    """Step by step, from where the board itself was; without steps in which something comes."""
    kicks = {step for step, inputs in NEURONS.spikes.items() if {UP, DOWN} & set(inputs)}
    for at, values in zip(core.compartments, _rows(core, seen, key)):
        for t in range(1, len(values)):
            if t not in kicks and values[t] != kept(values[t - 1], keep(at)):
                yield f"{at.tries}, step {t + 1}: {values[t]} after {values[t - 1]}"
                break


def _current_decays(core: Core, seen: Observation) -> Iterator[str]:
    return _decays(core, seen, "current", lambda at: 4095 - at.decay_u)


def _voltage_decays(core: Core, seen: Observation) -> Iterator[str]:
    return _decays(core, seen, "voltage", lambda at: 4096 - at.decay_v)


def _spikes_above(core: Core, seen: Observation) -> Iterator[str]:
    for at, spiked in zip(core.compartments, _rows(core, seen, "spiked")):
        if 64 * at.threshold + at.bias >= 2**23:  # where sums may wrap; see silicon's voltage-width
            continue
        first = 64 * at.threshold // at.bias + 1
        found = spiked.index(1) + 1 if 1 in spiked else 0
        if found != (first if first <= len(spiked) else 0):
            yield f"{at.tries}: its first spike is in step {found or 'none'}, not {first}"


def _intervals(core: Core, seen: Observation) -> Iterator[str]:
    for at, spiked in zip(core.compartments, _rows(core, seen, "spiked")):
        steps = np.flatnonzero(spiked)
        rise = 64 * at.threshold // at.bias  # steps above 0 that are no spike
        odd = set(np.diff(steps).tolist()) - {at.refractory + rise}
        if odd or len(steps) < 2:
            yield f"{at.tries}: {sorted(odd)[:1] or 'no'} steps from spike to spike"


def _biases(core: Core, seen: Observation) -> Iterator[str]:
    for at, values in zip(core.compartments, _rows(core, seen, "voltage")):
        for t, value in enumerate(values[:8], start=1):
            if value != at.bias * t:
                yield f"{at.tries}, step {t}: {value}, not {at.bias * t}"
                break


def _weights(core: Core, seen: Observation) -> Iterator[str]:
    group = core.synapses[0]
    for k, (at, values) in enumerate(zip(core.compartments, _rows(core, seen, "current"))):
        weight = int(group.mantissa[k][0, k]) << (6 + group.exponent)
        for t in range(1, len(values)):
            comes = weight if k in SYNAPSES.spikes.get(t, ()) else 0
            if values[t] != comes:
                yield f"{at.tries}, step {t + 1}: {values[t]}, not {comes}"
                break


def _later(core: Core, seen: Observation) -> Iterator[str]:
    group = core.synapses[0]
    for k, (at, values) in enumerate(zip(core.compartments, _rows(core, seen, "current"))):
        delay = (group.delays or ())[k]
        sent = {step for step, inputs in DELAYS.spikes.items() if k in inputs}
        came = {t + 1 for t, value in enumerate(values) if value}
        if came != {step + 1 + delay for step in sent}:
            lag = min(came) - min(sent) - 1 if came else "never"
            yield f"{at.tries}: {f'{lag} steps' if came else lag}"
