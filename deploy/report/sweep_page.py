"""The page of a sweep: how the seeds differ, and which is the worst."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from deploy.parity.comparison import NO_PARITY, PARITY, Comparison, worst_of_each
from deploy.parity.metrics.learning_curve import WINDOWS, curve
from deploy.report.page import ENVIRONMENT
from deploy.report.picture import INK, OTHER, REFERENCE, WIDE, Picture, new_figure, styled, svg
from deploy.report.pictures import short

MOST_EFFECTS = 40
WIDEST = 2.0  # margins
BAND = (10, 50, 90)  # %
COLOURS = {PARITY: REFERENCE, NO_PARITY: OTHER}


class Row(NamedTuple):
    """A seed in the page's table."""

    seed: int
    outcome: str
    words: str
    page: str


def worst_seeds_first(seeds: Sequence[int], parities: Sequence[Comparison]) -> List[int]:
    """Seeds by what they differ in: first those without parity, by their largest effects."""
    by_seed = dict(zip(seeds, parities))

    def badness(seed: int) -> Tuple[int, bool, float]:
        parity = by_seed[seed]
        severity = max((effect.severity for effect in parity.effects), default=0.0)
        return -len(parity.different) - len(parity.failed), parity.ok, -severity

    return sorted(seeds, key=badness)


class Group(NamedTuple):
    """One model's seeds.

    Attributes
    ----------
    name : str
    verdict : str
    seeds : sequence of int
    parities : sequence of Comparison
        One a seed.
    figures : sequence of mapping
        Each figure's spread.
    pages : mapping of int to str
        Of some seeds their own page, by its address from this one.
    notes : sequence of str
    """

    name: str
    verdict: str
    seeds: Sequence[int]
    parities: Sequence[Comparison]
    figures: Sequence[Mapping[str, Any]]
    pages: Mapping[int, str]
    notes: Sequence[str] = ()

    @property
    def outcome(self) -> str:
        return self.verdict.split(":")[0]


class Shown(NamedTuple):
    """What the page has of a group."""

    group: Group
    rows: List[Row]
    pictures: List[Picture]


def render_sweeps(title: str, groups: Sequence[Group]) -> str:
    """The page, as HTML.

    Parameters
    ----------
    title : str
    groups : sequence of Group
        The models that there are, at least one.
    """
    with styled():
        shown = [
            Shown(
                group,
                [_row(group, seed) for seed in worst_seeds_first(group.seeds, group.parities)],
                [*_effects(group.parities), *_learning(group.parities)],
            )
            for group in groups
        ]
    return ENVIRONMENT.get_template("sweep.html").render(title=title, shown=shown)


def _row(group: Group, seed: int) -> Row:
    parity = dict(zip(group.seeds, group.parities))[seed]
    worst = max(parity.effects, key=lambda effect: effect.severity, default=None)
    words = "" if worst is None else worst.words
    return Row(seed, parity.outcome, words, group.pages.get(seed, ""))


def _effects(parities: Sequence[Comparison]) -> List[Picture]:
    """Each quantity's worst effect of every seed, in margins."""
    found: Dict[Tuple[str, str], List[Tuple[float, str]]] = {}
    for parity in parities:
        for effect in worst_of_each(parity.effects):
            at = float(np.clip(effect.in_margins(effect.value), -WIDEST, WIDEST))
            found.setdefault((effect.trace, effect.quantity), []).append((at, parity.outcome))
    if not found:
        return []
    ranked = sorted(found, key=lambda key: -max(abs(at) for at, _ in found[key]))[:MOST_EFFECTS]
    figure = new_figure(WIDE, 1.1 + 0.2 * len(ranked))
    axes = figure.subplots()
    axes.axvspan(-1, 1, color="#8a8a8a", alpha=0.18, lw=0)
    axes.axvline(0, color=INK, lw=0.6)
    for row, key in enumerate(ranked):
        for at, outcome in found[key]:
            colour = COLOURS.get(outcome, "#d9a400")
            axes.plot(at, row, "o", color=colour, ms=4, alpha=0.7, mew=0)
    axes.set_yticks(range(len(ranked)), [f"{name} of {short(of)}" for of, name in ranked])
    axes.set_ylim(len(ranked) - 0.5, -0.5)
    axes.set_xlim(-WIDEST - 0.1, WIDEST + 0.1)
    axes.set_xlabel("effect ÷ margin: inside it between −1 and 1")
    caption = (
        "The worst effect of each quantity, a point a seed, as a part of its margin, which is grey."
        " Blue: seeds of parity. Red: of none. Yellow: not decided."
    )
    return [Picture("Effects over seeds", caption, svg(figure, "sweep effects"))]


def _learning(parities: Sequence[Comparison]) -> List[Picture]:
    """Learning curves of each target, with the band of the seeds."""
    made = []
    for trace in parities[0].reference:
        if trace.kind != "error" or len(trace.samples) < 2 * WINDOWS:
            continue
        figure = new_figure(WIDE, 2.8)
        axes = figure.subplots()
        for k, colour in ((0, REFERENCE), (-1, OTHER)):
            runs = [p.runs[k] for p in parities if trace.label in p.runs[k].traces]
            curves = np.array([curve(run[trace.label]) for run in runs])
            low, middle, high = np.percentile(curves, BAND, axis=0)
            times = (np.arange(WINDOWS) + 0.5) / WINDOWS * runs[0].duration
            axes.fill_between(times, low, high, color=colour, alpha=0.25, lw=0)
            axes.plot(times, middle, color=colour, label=runs[0].target)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("time (s)")
        axes.set_ylabel("RMS error")
        axes.legend()
        caption = (
            "Learning curves: the median of the seeds, and from the 10th to the 90th percentile."
        )
        made.append(Picture(trace.label, caption, svg(figure, f"sweep {trace.label}")))
    return made
