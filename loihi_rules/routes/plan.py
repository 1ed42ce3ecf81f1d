"""The filter of an ensemble's compartments, and the way of each connection into them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from loihi_rules.chip.levels import MOST_OFF, off_filter
from loihi_rules.chip.limits import Chip
from loihi_rules.nengo_parts.settings import TYPICAL_FREQUENCY
from loihi_rules.notes import Way
from loihi_rules.routes.by_host import MOST_AT_ONCE
from loihi_rules.routes.carriers import most_rows, noise, pairs_for, spike_noise
from loihi_rules.routes.entries import Entry
from loihi_rules.routes.from_host import (
    HOST_NOISE,
    SPIKE,
    before_chip,
    spike_behind,
    spike_of,
)
from loihi_rules.routes.ways import Cost

SMOOTHING_STEPS = 5  # of the least filter that smooths the spikes in which a value is carried
ALIKE = 0.006  # s, by which filters differ whose mean is tried
HOP_STEPS = 1.5  # by which carriers are late: a step, and half a one until they fire
LOOP_ORDER = 0.5  # of carriers' filter and delay, what a loop does not make up for; measured
LEAST_STEPS = 1  # of the filter before carriers, whose voltage cannot go below 0
FULL_TAU = 0.0125  # s; beyond it, weights lose a bit each time that it doubles
FULL_STEP = 0.5e-3  # s; below it, those of the host's spikes lose them earlier, see `_lost`
ROUNDING = 0.1  # error, in radii, for a weight's
HOST_STEPS = 2  # that a value of the chip's takes to the host, which a filter makes up for
SMOOTH_STEPS = 3  # of a filter that does
HOST_PRICE = 0.03**2  # squared radii, of a way by the host, for which each step of a board waits
LONG_LOOP = 0.9  # s, from which a matrix's weights have few bits for a loop that adds errors up
AT_A_THRESHOLD = 9.2  # radii that noise of one is worth there; measured, see `_at_threshold`


@dataclass(frozen=True)
class Choice:
    """The way that was chosen for a connection.

    Attributes
    ----------
    entry : Entry
    way : Way
    costs : mapping of Way to Cost
        Of all ways that there are, at the chosen filter.
    """

    entry: Entry
    way: Way
    costs: Mapping[Way, Cost]


@dataclass(frozen=True)
class Plan:
    """What enters an ensemble, and how.

    Attributes
    ----------
    tau : float
        Of its compartments' filter, seconds.
    choices : tuple of Choice
    """

    tau: float
    choices: Tuple[Choice, ...]

    @property
    def total(self) -> float:
        """Of all connections, in squared radii; a board that waits for one waits for all."""
        costs = [choice.costs[choice.way] for choice in self.choices]
        prices = [cost.price for cost in costs]
        once = max(prices, default=0.0) - sum(prices)
        return sum(cost.total for cost in costs) + once + self.lost

    @property
    def lost(self) -> float:
        """Of loops that add errors up, whose weights have few bits beside larger ones, the same.

        A value that the host sends ahead of a long filter comes in spikes that are worth many times
        the radius (`loihi_rules.routes.from_host.spike_behind`), and all weights into a neuron have
        steps by the largest: beside spikes of 18 radii, before a filter of 0.4 s, a loop has two
        bits, and a memory kept 0.2 of what it was given for the CPU's 0.6.
        """
        ways = [(choice, choice.costs[choice.way]) for choice in self.choices]
        coarser = max((cost.coarser for _, cost in ways), default=1.0)
        return sum(
            cost.bits**2 * (coarser**2 - 1)
            for choice, cost in ways
            if choice.way == Way.MATRIX and choice.entry.adds_up
        )


def plan(
    entries: Sequence[Entry],
    n_neurons: int,
    dimensions: int,
    dt: float,
    chip: Chip,
    tau: Optional[float] = None,
    asked: Optional[Mapping[int, Way]] = None,
    threshold: bool = False,
) -> Plan:
    """Choose the filter, and with it all ways, whose costs add up to the least.

    The way by the host has a price, as a board's steps wait for it: for all that enters an ensemble
    it is paid once. Where a loop adds errors up beside inputs of more neurons than there are
    in-axons, ways are also chosen as if it were paid already.

    Parameters
    ----------
    entries : sequence of Entry
        All that enters one ensemble.
    n_neurons, dimensions : int
        Of the ensemble.
    dt : float
        Step in seconds.
    chip : Chip
        Whose in-axons and weights they share.
    tau : float, optional
        The filter that its user chose.
    asked : mapping of int to Way, optional
        Ways that a user chose, by the entry's place.
    threshold : bool
        Whether the ensemble is silent at some of its values.
    """
    taus = _candidates(entries, dt) if tau is None else [tau]
    beside = _Beside.of(entries, chip)
    crowded = beside.crowded and any(entry.adds_up for entry in entries)
    paid = [False, True] if crowded else [False]
    kinds = [_kind(entry) for entry in entries]
    plans = []
    for t in taus:
        known: Dict[Any, Dict[Way, Cost]] = {}  # what costs the same is reckoned once
        for kind, entry in zip(kinds, entries):
            if kind not in known:
                known[kind] = _costs(
                    entry, beside, n_neurons, dimensions, dt, chip, t, threshold
                )  # fmt: skip
        costs = [known[kind] for kind in kinds]
        plans += [
            _at(entries, costs, dimensions, chip, t, asked or {}, threshold, by_host)
            for by_host in paid
        ]
    return min(plans, key=lambda found: found.total)


def _kind(entry: Entry) -> Any:
    """What an entry's costs depend on: the same for those that are alike."""
    if entry.from_host and not entry.spikes:
        return entry.conn  # also on what its node gives
    every = vars(entry).items()
    own = entry.conn.pre_obj is entry.conn.post_obj
    return (own, *(value for name, value in every if name not in ("conn", "given", "lag")))


def _candidates(entries: Sequence[Entry], dt: float) -> List[float]:
    own = sorted({entry.tau for entry in entries if entry.tau} | {SMOOTHING_STEPS * dt})
    if any(entry.tau == 0 and not entry.from_host for entry in entries):
        own = [0.0, *own]
    means = [float(np.mean([t for t in own if low <= t <= low + ALIKE])) for low in own]
    return sorted({*own, *means})


def _at(
    entries: Sequence[Entry],
    costs: Sequence[Mapping[Way, Cost]],
    dimensions: int,
    chip: Chip,
    tau: float,
    asked: Mapping[int, Way],
    threshold: bool,
    paid: bool = False,
) -> Plan:
    """The ways at one filter; if ``paid``, the host's has its price already, by whatever else."""

    def of_way(k: int, way: Way) -> float:
        return costs[k][way].total - costs[k][way].price * paid

    ways = {k: min(c, key=lambda way: of_way(k, way)) for k, c in enumerate(costs)}
    ways.update({k: way for k, way in asked.items() if way in costs[k]})
    rows = sum(
        2 * e.values if ways[k] == Way.BY_HOST else e.rows
        for k, e in enumerate(entries)
        if e.spikes
    )
    values = any(e.from_host and not e.spikes for e in entries)
    rows += 2 * dimensions * (values or Way.BY_HOST in ways.values())

    def dearer(k: int) -> float:
        """By how much a matrix costs more, for each in-axon: what saves the most comes first."""
        more = costs[k][Way.MATRIX].total - costs[k][Way.CARRIED].total
        return more / max(entries[k].rows, 1)

    both = {Way.MATRIX, Way.CARRIED}
    on_chip = (k for k, way in ways.items() if way in both and both <= set(costs[k]))
    free = sorted((k for k in on_chip if k not in asked), key=dearer)
    rows += sum(entries[k].rows for k in asked if ways[k] == Way.MATRIX)
    wanted = rows + sum(entries[k].rows for k in free if ways[k] == Way.MATRIX)
    pairs = pairs_for(dimensions, most_rows(chip), threshold)
    reserved = min(most_rows(chip), 2 * sum(pairs) * dimensions)  # for carriers
    if wanted + reserved * (Way.CARRIED in ways.values()) > chip.in_axons_a_core:
        for k in free:
            fits = rows + entries[k].rows + reserved <= chip.in_axons_a_core
            ways[k] = ways[k] if fits else Way.CARRIED
            rows += entries[k].rows * (ways[k] == Way.MATRIX)
    chosen = tuple(Choice(e, ways[k], costs[k]) for k, e in enumerate(entries))
    return Plan(tau, chosen)


class _Beside(NamedTuple):
    """What all that enters one ensemble comes to.

    Attributes
    ----------
    share : mapping of (tau, loop) to float
        Sum of the shares.
    alike : mapping of (tau, loop, sensitivity) to int
        How many can be carried; see `_likeness`.
    carriable : mapping of tau to int
        The same.
    carriable_share : mapping of tau to float
        Sum of their shares.
    straight : bool
        Whether anything goes straight to the neurons, which may be hundreds of times as strong.
    crowded : bool
        Whether what can be carried has more neurons than a core has in-axons.
    """

    share: Mapping[Any, float]
    alike: Mapping[Any, int]
    carriable: Mapping[Any, int]
    carriable_share: Mapping[Any, float]
    straight: bool
    crowded: bool

    @classmethod
    def of(cls, entries: Sequence[Entry], chip: Chip) -> _Beside:
        share: Dict[Any, float] = defaultdict(float)
        carriable_share: Dict[Any, float] = defaultdict(float)
        for entry in entries:
            share[entry.tau, entry.loop] += entry.share
            if entry.carriable:
                carriable_share[entry.tau] += entry.share
        carried = [entry for entry in entries if entry.carriable]
        alike, carriable = Counter(map(_likeness, carried)), Counter(e.tau for e in carried)
        straight = any(entry.spikes for entry in entries)
        crowded = sum(entry.rows for entry in carried) > chip.in_axons_a_core
        return cls(share, alike, carriable, carriable_share, straight, crowded)


def _costs(
    entry: Entry,
    beside: _Beside,
    n_neurons: int,
    dimensions: int,
    dt: float,
    chip: Chip,
    tau: float,
    threshold: bool,
) -> Dict[Way, Cost]:
    """Of each way that there is for a connection, with the compartments' filter given.

    Before a threshold, values that are asked for with one filter count as one: they are within the
    radius together, and each of n is late in the n-th part of it. Elsewhere each counts for
    itself: counted as one, forty inputs of a memory are carried, and spoil it.
    """
    own = tau if entry.tau is None else entry.tau
    bits = ROUNDING * 2.0**-chip.weight_bits * _lost(tau, dt, entry.from_host and not entry.spikes)
    if entry.from_host and not entry.spikes:
        spike = spike_of(entry.conn, tau, dt, entry.given, entry.jump)
        late = before_chip(entry.conn.synapse, tau, dt, spike, entry.jump).late
        added = HOST_NOISE * (spike / SPIKE) / (1 + tau / dt)
        offset = _at_threshold(entry, 0.0, added) * threshold
        error = late * entry.sensitivity + off_filter(tau, dt)
        cost = Cost(late, error, added, bits, 2 * dimensions, 0, offset)
        return {Way.FROM_HOST: cost}
    late = tau - own
    weights = entry.rows * n_neurons * chip.weight_bits
    cores = -(-weights // chip.synapse_bits_a_core) if entry.carriable or entry.spikes else 0
    alike = beside.alike[_likeness(entry)] if threshold else 1
    sensitivity = entry.sensitivity * _share(entry, beside) / np.sqrt(max(alike, 1))
    # a loop's weights are made for the time constant that the chip has, see `keep_speed`
    fits = entry.loop and entry.conn.pre_obj is entry.conn.post_obj
    error = abs(late) * sensitivity + (0.0 if fits else off_filter(tau, dt))
    asked, got = (spike_noise(filtered, entry.rows, dt) for filtered in (own, tau))
    offset = _at_threshold(entry, asked, max(got, asked)) * (threshold and entry.carriable)
    direct = Cost(late, float(error), 0.0, bits, entry.rows, int(cores), offset)
    if entry.spikes:
        straight = {Way.STRAIGHT: direct}
        at_once = entry.strength * max(tau / own, 1.0) if own else 0.0  # as it is sent ahead
        few = 2 * entry.values <= chip.in_axons_a_core
        if entry.by_host and few and at_once <= MOST_AT_ONCE:
            straight[Way.BY_HOST] = _by_host(
                entry, own, sensitivity, entry.values, tau, dt, bits, False
            )
        return straight
    sharing = max(beside.carriable[entry.tau], 1)
    pairs = pairs_for(dimensions, most_rows(chip), threshold)
    hop = HOP_STEPS * dt
    late = max(tau + LEAST_STEPS * dt + hop - own, 0.0)
    more = _of_another_order(entry, own, tau, hop) if entry.loop else 0.0
    # carriers' weights are not made for the time constant that their filter has: what a loop is
    # given comes by another
    little = 0.0 if entry.adds_up else MOST_OFF
    off = off_filter(tau, dt) + off_filter(before_carriers(entry, tau, dt), dt, little)
    reach = min(beside.carriable_share[entry.tau], 1.0)
    added = float(reach * noise(tau, pairs.near, dt) / np.sqrt(sharing))
    carried = Cost(
        late,
        float((late + more) * sensitivity + off),
        added,
        ROUNDING * 2.0**-chip.weight_bits,
        2 * pairs.near * dimensions,
        1,
        _at_threshold(entry, asked, float(np.hypot(asked, added))) * threshold,
    )
    ways = {Way.MATRIX: direct, Way.CARRIED: carried} if entry.carriable else {Way.CARRIED: carried}
    # a loop has its matrix where there is room for it; beside what is far stronger, this also
    # keeps bits that the host's values do not have
    short = fits and own < LONG_LOOP and not off_filter(own, dt)
    if entry.by_host and not (short and (beside.straight or not beside.crowded)):
        ways[Way.BY_HOST] = _by_host(entry, own, sensitivity, dimensions, tau, dt, bits, threshold)
    return ways


def _by_host(
    entry: Entry,
    own: float,
    sensitivity: float,
    dimensions: int,
    tau: float,
    dt: float,
    bits: float,
    threshold: bool,
) -> Cost:
    """Of a value of the chip's that the host filters, and sends so much ahead as it lost before."""
    late = 0.0 if own >= SMOOTH_STEPS * dt else HOST_STEPS * dt
    spike = spike_behind(own, tau, dt, entry.share)
    added = HOST_NOISE * (spike / SPIKE) / (1 + tau / dt)
    asked = spike_noise(own, entry.rows, dt)
    return Cost(
        late,
        float(late * sensitivity + off_filter(tau, dt)),
        added,
        bits,
        2 * dimensions,
        0,
        _at_threshold(entry, asked, float(np.hypot(asked, added))) * threshold,
        HOST_PRICE,
        max(spike / SPIKE, 1.0),
    )


def _lost(tau: float, dt: float, from_host: bool) -> float:
    """By which factor weights are coarser for a filter, and those of the host's for short steps.

    A spike of the host's is worth as much at any step; of that, a current is given a share dt / τ
    at once, and a voltage a share dt / τ_RC of the current, which at short steps no larger
    threshold makes up for. At 0.1 ms, neurons of 30 to 60 Hz err by 0.16 radii with a filter of
    30 ms on the chip, and by 0.036 with one of 0.5 ms, as on the CPU.
    """
    full = FULL_TAU * min(dt / FULL_STEP, 1.0) ** 2 if from_host else FULL_TAU
    return max(tau / full, 1.0)


def before_carriers(entry: Entry, tau: float, dt: float) -> float:
    """The time constant of the filter before neurons that carry a value, in seconds.

    Parameters
    ----------
    entry : Entry
    tau : float
        Of the target's compartments, seconds.
    dt : float
        Step in seconds.
    """
    own = tau if entry.tau is None else entry.tau
    return max(own - tau - HOP_STEPS * dt, LEAST_STEPS * dt)


def _share(entry: Entry, beside: _Beside) -> float:
    """The part that an entry has in the errors of what is represented.

    What enters by one filter may add up, as the shares of a value do: with shares s_k each is worth
    √(s_k Σ s), so that their squares add up to (Σ s)².
    """
    together = beside.share[entry.tau, entry.loop]
    return float(min(np.sqrt(entry.share * together), 1.0))


def _of_another_order(entry: Entry, own: float, tau: float, hop: float) -> float:
    """What two filters and a delay in a loop come to though they add up to its own, in seconds.

    By how much they differ from one filter at 1 Hz, times one radian; where errors add up, they are
    of the loop's order plus one, by which all of the second filter and the delay count in part.
    """
    if entry.adds_up:
        return LOOP_ORDER * (tau + hop)
    first = max(own - tau - hop, 0.0)
    s = 2j * np.pi * TYPICAL_FREQUENCY
    both = np.exp(-s * hop) / (1 + s * first) / (1 + s * tau)
    exact = np.exp(-s * (first + tau + hop - own)) / (1 + s * own)
    return float(abs(both / exact - 1) / abs(s))


def _likeness(entry: Entry) -> Tuple[Optional[float], bool, float]:
    return entry.tau, entry.loop, entry.sensitivity


def _at_threshold(entry: Entry, asked: float, got: float) -> float:
    """The mean error that more noise makes where it meets a threshold, in radii.

    What is above the threshold gets through, what is below does not, so that noise of σ is a value
    of about 1.8 σ; and what stands behind goes by whether there is one. The noise of the filter
    that was ``asked`` for is a value on the CPU too: the error is the difference to what is
    ``got``. Where 0.0175 radii come to 0.0025 in the population that holds back all actions but
    one (GPi of `nengo.networks.BasalGanglia`), the action that is chosen loses 0.14. In a loop it
    adds up as what is late does.
    """
    steady = 2 * np.pi * TYPICAL_FREQUENCY
    offset = AT_A_THRESHOLD * (got - asked)
    return float(offset * (entry.sensitivity / steady if entry.loop else 1.0))
