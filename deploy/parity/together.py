"""How the activity of neurons goes up and down in time, as a population.

Rates say how much neurons fire, and nothing of when. What the neurons of the CPU's runs have most
in common is followed in time, as a value is: of the same neurons, as others have others in common.
"""

from __future__ import annotations

from typing import Dict, List

import numpy as np

from deploy.parity.metrics.pair import flat
from deploy.parity.statistics.design import Precision
from deploy.parity.statistics.population import (
    DEPTH,
    DEPTH_OF_ROUGH,
    FEWEST_BINS,
    OF_VOLTAGES,
    SYNAPSE,
    Activity,
    Common,
    activity_of_samples,
    activity_of_spikes,
    common,
    common_precision,
    unlike,
)
from deploy.parity.statistics.process import describe_process
from deploy.traces.dynamics import FREE, LEARNED
from deploy.traces.trace import Trace

START = 0.1  # s, or a tenth of the run: membranes fill, filters settle
FOR_TIME_BASE = 1.5  # s, from which on a clock of other speed shows beside a lag of a step or two
FOLLOWS = 0.5  # of the variance, from which on runs of the same neurons have it in common
MODULATION, LAG, TIME_BASE, APART = "modulation", "activity lag", "activity time base", "apart"
WAVEFORM = "waveform"
ASKED = (MODULATION, LAG, TIME_BASE, APART)
ROUGH = frozenset({"voltage", "activity"})  # which go up and down with each spike
HELD = (
    "what the neurons are given is held, or nothing: their activity varies by less than "
    f"{100 * DEPTH:g} % ({100 * DEPTH_OF_ROUGH:g} % of voltages and of filtered spikes)"
)
ALONE = "equally good CPU runs do not have in common how their neurons' activity varies"
PARTS = "equally good CPU runs part, so that their activity has no time in common"
SHORT = "activity is followed in time over 0.2 s and more (0.4 s if it is learned); run longer"
BRIEF = "the run is too short to tell it from a lag; run 2 s or more (4 s of what is learned)"
UNLIKE = "the run's activity has too little in common with the CPU's"


def activity(trace: Trace, dt: float) -> Activity:
    """Of a trace of neurons, without its start; of what is learned the second half."""
    if trace.sparse:
        parts = trace.spike_steps, trace.spike_neurons, trace.n_neurons, trace.n_steps
        found = activity_of_spikes(*parts, dt)
    else:
        tau = OF_VOLTAGES if trace.kind == "voltage" else SYNAPSE
        found = activity_of_samples(flat(trace), trace.period * dt, tau)
    bins = len(found.values)
    begin = min(int(round(START / found.sampling)), bins // 10)
    if trace.dynamics == LEARNED:
        begin = bins // 2
    return Activity(found.values[begin:], found.sampling)


class Together:
    """The activity of the same neurons in the CPU's runs.

    Parameters
    ----------
    repeats : sequence of Trace
        Of the same neurons; the model as it is comes first.
    dt : float
        Step in seconds.
    """

    def __init__(self, repeats: List[Trace], dt: float):
        self._repeats, self._dt = repeats, dt
        self._rough = repeats[0].kind in ROUGH
        self.asked = (WAVEFORM,) if self._rough else ASKED
        self._activities = [activity(each, dt) for each in repeats]
        self._whole = np.sum([each.values for each in self._activities], axis=0)
        enough = len(self._whole) >= FEWEST_BINS
        self._own = [self._follow(each) for each in repeats if enough]
        self.why_not = self._why_not()

    def _lead(self, trace: Trace) -> np.ndarray:
        """Mean of the other repeats; for other runs of one less, too, so that all are alike."""
        if len(self._repeats) < 2:
            return self._activities[0].values
        k = next((k for k, each in enumerate(self._repeats) if each is trace), 0)
        return np.asarray((self._whole - self._activities[k].values) / (len(self._activities) - 1))

    def _of(self, trace: Trace) -> Activity:
        for known, each in zip(self._activities, self._repeats):
            if each is trace:
                return known
        return activity(trace, self._dt)

    def _follow(self, trace: Trace) -> Common:
        own = self._of(trace)
        return common(self._lead(trace), own.values, own.sampling)

    def _why_not(self) -> str:
        """Why nothing can be followed; empty if it can."""
        if self._repeats[0].dynamics == FREE:
            return PARTS
        if not self._own:
            return SHORT
        least = DEPTH_OF_ROUGH if self._rough else DEPTH
        if not np.median([each.depth for each in self._own]) >= least:
            return HELD
        if not np.median([each.explained for each in self._own]) >= FOLLOWS:
            return ALONE
        return ""

    @property
    def is_brief(self) -> bool:
        """Whether the runs are too short to tell a time base from a lag."""
        return len(self._whole) * self._activities[0].sampling < FOR_TIME_BASE

    def values(self, trace: Trace) -> Dict[str, np.ndarray]:
        """How a run follows the others."""
        found = dict.fromkeys(self.asked, np.nan)
        if self._rough and not self.why_not:
            found = {WAVEFORM: unlike(self._lead(trace), self._of(trace).values)}
        elif not self.why_not:
            known = next((c for c, t in zip(self._own, self._repeats) if t is trace), None)
            fit = known or self._follow(trace)
            found = {
                MODULATION: fit.gain - 1,
                LAG: fit.lag,
                TIME_BASE: fit.time_base,
                APART: fit.left,
            }
            if self.is_brief:
                found[TIME_BASE] = np.nan
            if fit.explained < FOLLOWS:  # of what is not followed
                found[LAG] = found[TIME_BASE] = np.nan
                if len(self._repeats) < 2:  # whether the one or the other, one pair cannot tell
                    found = dict.fromkeys(ASKED, np.nan)
        return {name: np.array([each]) for name, each in found.items()}

    def precision(self, trace: Trace) -> Dict[str, Precision]:
        """How well one pair of runs knows it; empty if it does not say."""
        if self.why_not or self._rough:
            return {}
        own = self._of(trace)
        known = common_precision(self._lead(trace), own.values, own.sampling)
        names = (MODULATION, LAG, TIME_BASE)
        return {
            name: Precision(known.error[k : k + 1], known.freedom[k : k + 1])
            for k, name in enumerate(names)
        }


def rhythm(trace: Trace, dt: float) -> Dict[str, np.ndarray]:
    """Of what the neurons of a free population have most in common, whichever they are."""
    own = activity(trace, dt)
    level = own.values - own.values.mean(axis=0)
    if len(level) < 2 or not level.any():
        return {}
    _, _, axes = np.linalg.svd(level, full_matrices=False)
    found = describe_process(level @ axes[:1].T, own.sampling)
    return {"frequency": np.log(found.frequency), "phase diffusion": np.log(found.diffusion)}
