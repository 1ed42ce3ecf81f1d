"""Rows of a source that lead to neighbouring compartments: one behind the other, added as one.

A population is spread over cores, and a spike has an axon to each, with a short row of weights for
the neurons there. Of rows of one source and one factor, where one's targets begin as the other's
end, the kernels make one long row; their weights have to lie one behind the other for that.
Integers alone are added so: a compartment's floats keep the order in which they come.
"""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

import numpy as np

from deploy.emulator.layout import Groups, Layout


def one_behind_the_other(layout: Layout) -> Layout:
    """A layout in whose memory the rows lie so that they can be `joined`.

    Rows that several sources share, as those of a convolution, stay where they are.
    """
    chains = _chains(layout) if layout.integer else []
    if not chains:
        return layout
    groups, rows = layout.groups, layout.rows
    start, stays = rows.start.copy(), np.ones(len(rows.weights), np.bool_)
    long_rows: List[np.ndarray] = []  # (sources, weights of all groups) of each chain
    for chain in chains:
        places = [rows.start[of, np.newaxis] + np.arange(rows.length[of[0]]) for of in chain]
        for place in places:
            stays[place] = False
        long_rows.append(np.concatenate([rows.weights[place] for place in places], axis=1))
    fixed = _fixed(layout)
    for chain in chains:
        fixed[chain] = False
    kept = np.flatnonzero(fixed)
    kept = kept[np.argsort(rows.start[kept], kind="stable")]
    at, length = np.count_nonzero(stays), rows.length.astype(np.int64)
    start[kept] = np.cumsum(length[kept]) - length[kept]
    for chain, weights in zip(chains, long_rows):
        behind = np.cumsum(length[chain[:, 0]]) - length[chain[:, 0]]
        start[chain] = at + behind[:, np.newaxis] + np.arange(len(weights)) * weights.shape[1]
        at += weights.size
    together = np.concatenate([rows.weights[stays], *(each.ravel() for each in long_rows)])
    run_start = np.where(groups.run_start < 0, -1, start[np.maximum(groups.row, 0)])
    return layout._replace(
        rows=rows._replace(weights=together, start=start),
        groups=groups._replace(run_start=run_start),
    )


def _chains(layout: Layout) -> List[np.ndarray]:
    """(groups, sources) the rows of groups that follow one another, each row of one source."""
    groups = layout.groups
    row_of = np.split(groups.row, groups.table[1:])
    first = np.arange(len(groups.source))
    found: Dict[int, List[int]] = {}
    for before, behind in _neighbours(groups):
        lead = first[behind] = first[before]
        found.setdefault(int(lead), [int(lead)]).append(behind)
    used = np.bincount(groups.row[groups.row >= 0], minlength=len(layout.rows.start))
    chains = [np.stack([row_of[g][row_of[g] >= 0] for g in chain]) for chain in found.values()]
    return [chain for chain in chains if np.all(used[chain] == 1)]


def joined(layout: Layout, first_group: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Which groups of each part are added together with another.

    Parameters
    ----------
    layout : Layout
    first_group : (n_parts + 1,) ndarray
        Where each part begins.

    Returns
    -------
    together : (n_groups,) ndarray of int64
        How many groups are added with each, itself among them; 0 where it is added with another.
    run : (n_groups,) ndarray of int64
        How many compartments the rows of all these have.
    """
    groups = layout.groups
    together, run = np.ones(len(groups.source), np.int64), groups.run_length.copy()
    if not layout.integer:
        return together, run
    part = np.searchsorted(first_group, np.arange(len(together)), side="right")
    first = np.arange(len(together))
    pairs = _neighbours(groups)
    for (before, behind), follows in zip(pairs, _follow(groups, pairs)):
        if part[before] == part[behind] and follows:
            lead = first[behind] = first[before]
            together[lead] += 1
            together[behind] = 0
            run[lead] += run[behind]
    return together, run


def _follow(groups: Groups, pairs: Sequence[Tuple[int, int]]) -> np.ndarray:
    """(n_pairs,) whether all rows of the second group lie behind those of the first in memory."""
    if not pairs:
        return np.zeros(0, np.bool_)
    before, behind = np.array(pairs).T
    sizes = np.diff(np.append(groups.table, len(groups.run_start)))[before]
    ends = np.cumsum(sizes)
    within = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
    first, second = (
        groups.run_start[np.repeat(groups.table[of], sizes) + within] for of in (before, behind)
    )
    length = np.repeat(groups.run_length[before], sizes)
    right = (first < 0) | (first + length == second)
    return np.logical_and.reduceat(right, ends - sizes)


def _fixed(layout: Layout) -> np.ndarray:
    """(n_rows,) whether each row does not learn."""
    fixed = np.ones(len(layout.rows.start), np.bool_)
    for row, count in zip(layout.learning.first_row, layout.learning.n_axons):
        fixed[row : row + count] = False
    return fixed


def _neighbours(groups: Groups) -> List[Tuple[int, int]]:
    """Pairs of groups of one source, of which the second's targets begin as the first's end.

    They come with rising targets, and each group is once the first and once the second at most.
    """
    end = groups.run_base + groups.run_length
    place = groups.source * (np.max(end, initial=0) + 1)  # of what begins and ends there, by source
    begins, ends = place + groups.run_base, place + end
    runs = np.flatnonzero(groups.run_length > 0)
    runs = runs[np.isin(begins[runs], ends[runs]) | np.isin(ends[runs], begins[runs])]
    rows = [of.tobytes() for of in np.split(groups.run_start >= 0, groups.table[1:])]
    waiting: Dict[Tuple[int, int, int, bytes], List[int]] = {}
    found = []
    columns = groups.source, groups.run_scale, groups.run_base, groups.run_length
    ordered = runs[np.argsort(groups.run_base[runs], kind="stable")]
    for g, source, scale, base, length in zip(
        ordered.tolist(), *(column[ordered].tolist() for column in columns)
    ):
        candidates = waiting.get((source, int(scale), base, rows[g]))
        if candidates:
            found.append((candidates.pop(0), g))
        waiting.setdefault((source, int(scale), base + length, rows[g]), []).append(g)
    return found
