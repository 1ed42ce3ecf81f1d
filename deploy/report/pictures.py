"""Pictures of a comparison that are no curves: effects, causes, spikes, weights, cores."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

import numpy as np

from deploy.parity.budget import Budget, Split
from deploy.parity.comparison import Comparison, worst_of_each
from deploy.parity.effects import DIFFERENT, OPEN, SAME, Effect
from deploy.parity.floors import QUANTITIES
from deploy.parity.metrics.pair import flat
from deploy.report.picture import (
    IDEAL,
    INK,
    OTHER,
    REFERENCE,
    WIDE,
    Picture,
    new_figure,
    styled,
    svg,
)
from deploy.report.plot import runs_of
from loihi_rules.chip.limits import KINDS

MOST_RASTER_SPIKES = 20_000
RASTER_WINDOW = 2.0  # s, the end of the run

MOST_CORES = 40
MOST_EFFECTS = 40
MOST_SPLITS = 3
WIDEST = 2.0  # margins
EFFECT_COLOURS = {SAME: REFERENCE, DIFFERENT: OTHER, OPEN: "#d9a400"}
KIND_COLOURS = ("#1f77b4", "#e4572e", "#59a14f", "#b07aa1")


def overview(parity: Comparison) -> List[Picture]:
    """Pictures of the comparison as a whole: its effects, and their causes."""
    made: List[Picture] = []
    with styled():
        if parity.effects:
            made.append(_effects(parity))
        if parity.budget is not None and parity.budget.splits:
            made.append(_causes(parity.budget))
    return made


def of_trace(parity: Comparison, label: str) -> List[Picture]:
    """What of a trace is no curve over time: spikes, and weights at the end."""
    draw = DRAW.get(parity.reference[label].kind)
    if draw is None or label not in parity.other.traces:
        return []
    if not all(trace.sparse or trace.samples.size for _, _, trace in runs_of(parity, label)):
        return []
    with styled():
        return [draw(parity, label)]


def cores(parity: Comparison) -> List[Picture]:
    """The chip's cores, where the judged run has any."""
    found = parity.other.record.get("cores")
    return [cores_picture(found)] if found else []


def _effects(parity: Comparison) -> Picture:
    """Each quantity's worst effect with its interval, in margins."""
    worst = sorted(worst_of_each(parity.effects), key=lambda effect: -effect.severity)
    shown = worst[:MOST_EFFECTS]
    figure = new_figure(WIDE, 1.1 + 0.2 * len(shown))
    axes = figure.subplots()
    draw_effects(axes, shown)
    hidden = (
        f"; the {len(worst) - len(shown)} smallest are not shown" if len(worst) > len(shown) else ""
    )
    caption = (
        "The worst effect of each quantity with its 95 % interval, as a part of its margin, which "
        f"is grey. Blue: inside. Red: outside. Yellow: not decided{hidden}."
    )
    return Picture("What it does otherwise than the CPU", caption, svg(figure, "effects"))


def _causes(budget: Budget) -> Picture:
    """From the CPU's run to the chip's, cause by cause: the effects furthest into their margins."""
    shown = budget.splits[:MOST_SPLITS]
    figure = new_figure(WIDE, 1.2 + 0.24 * len(shown) * len(budget.causes))
    for axes, split in zip(np.ravel(figure.subplots(len(shown), squeeze=False)), shown):
        draw_causes(axes, split)
    caption = (
        "What each cause adds to an effect, on top of those above it, as a part of the effect's "
        "margin, which is grey; with its 95 % interval. Each bar begins where the one above ends; "
        "those in red are more than two runs differ by without a cause. The last ends at the "
        "effect."
    )
    return Picture("Causes", caption, svg(figure, "causes"))


def draw_causes(axes: Any, split: Split) -> None:
    """A bar for each cause, into the axes, in margins of the effect."""
    kind = QUANTITIES[split.effect.quantity]
    low, high = (kind.judged(x) for x in split.effect.margin)
    unit = (high - low) / 2
    if not (np.isfinite(unit) and unit > 0):  # a user's limit on one side only
        unit = max(abs(split.whole), max(abs(share.value) for share in split.shares)) or 1.0
    axes.axvspan(-1, 1, color="#8a8a8a", alpha=0.18, lw=0)
    axes.axvline(0, color=INK, lw=0.6)
    at = 0.0
    for row, share in enumerate(split.shares):
        end, half = at + share.value / unit, share.half / unit
        colour = OTHER if share.clear else REFERENCE
        axes.barh(row, end - at, left=at, height=0.62, color=colour)
        axes.plot([end - half, end + half], [row, row], color=INK, lw=0.9)
        axes.plot([end, end], [row, row + 1], color=INK, lw=0.5)
        at = end
    axes.set_yticks(range(len(split.shares)), [share.cause for share in split.shares])
    axes.set_ylim(len(split.shares) - 0.4, -0.6)
    axes.set_title(split.effect.words, loc="left", fontsize="medium")
    axes.set_xlabel("margins")


def draw_effects(axes: Any, effects: Sequence[Effect]) -> None:
    """A row for each effect, into the axes."""
    rows = np.arange(len(effects))
    axes.axvspan(-1, 1, color="#8a8a8a", alpha=0.18, lw=0)
    axes.axvline(0, color=INK, lw=0.6)
    for row, effect in zip(rows, effects):
        low, middle, high = (
            float(np.clip(effect.in_margins(x), -WIDEST, WIDEST))
            for x in (effect.low, effect.value, effect.high)
        )
        colour = EFFECT_COLOURS[effect.outcome]
        axes.plot([low, high], [row, row], color=colour, lw=2.5, solid_capstyle="butt")
        marker = "o" if abs(middle) < WIDEST else ">" if middle > 0 else "<"
        axes.plot(middle, row, marker, color=colour, ms=5)
    axes.set_yticks(rows, [f"{e.quantity} of {short(e.trace)}" for e in effects])
    axes.set_ylim(len(effects) - 0.5, -0.5)
    axes.set_xlim(-WIDEST - 0.1, WIDEST + 0.1)
    axes.set_xlabel("effect ÷ margin: inside it between −1 and 1")


def short(label: str) -> str:
    """A label that leaves room for what it stands beside."""
    return label if len(label) < 30 else label[:29] + "…"


def cores_picture(cores: Sequence[Mapping[str, Any]]) -> Picture:
    """What each core has in use, as shares of its limits.

    Parameters
    ----------
    cores : sequence of mapping
        As `deploy.nengo_loihi.build.resources.Core.to_dict` gives them.
    """
    shown = alike(cores)[:MOST_CORES]
    with styled():
        figure = new_figure(WIDE, 1.1 + 0.3 * len(shown))
        draw_cores(figure.subplots(), shown)
        drawn = svg(figure, "cores")
    hidden = len(cores) - sum(map(len, shown))
    some = f" {hidden} of {len(cores)} cores are not shown." if hidden else ""
    return Picture("On the chip", f"Each core with what lies on it, as chip.core.{some}", drawn)


def alike(cores: Sequence[Mapping[str, Any]]) -> List[List[Mapping[str, Any]]]:
    """Cores that have the same in use, together."""
    found: Dict[Any, List[Mapping[str, Any]]] = {}
    for core in cores:
        key = tuple((core[kind]["used"], core[kind]["limit"]) for kind in KINDS)
        found.setdefault(key, []).append(core)
    return list(found.values())


def draw_cores(axes: Any, groups: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    """A bar for each limit of cores that are alike, into the axes."""
    cores = [of[0] for of in groups]
    rows = np.arange(len(cores))
    for k, (kind, colour) in enumerate(zip(KINDS, KIND_COLOURS)):
        shares = [100 * core[kind]["used"] / core[kind]["limit"] for core in cores]
        axes.barh(rows + 0.2 * (k - 1.5), shares, 0.2, color=colour, label=kind)
    labels = [
        f"{short(core['block'])}  {core['chip']}.{core['core']}"
        + (f", {len(of) - 1} like it" if len(of) > 1 else "")
        for core, of in zip(cores, groups)
    ]
    axes.set_yticks(rows, labels)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of the core's limit in use")
    axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.4, 1.0))


def _raster(parity: Comparison, label: str) -> Picture:
    runs = runs_of(parity, label)
    first = runs[0][2]
    figure = new_figure(WIDE, 0.4 + 1.8 * len(runs))
    axes = np.ravel(figure.subplots(len(runs), 1, sharey=True, sharex=True, squeeze=False))
    start = max(0.0, parity.reference.duration - RASTER_WINDOW)
    order = np.argsort(np.argsort(first.counts(), kind="stable"), kind="stable")
    for axis, (name, colour, trace) in zip(axes, runs):
        times = trace.spike_times(parity.reference.dt)
        shown = times >= start
        times, rows = times[shown], order[trace.spike_neurons[shown]]
        if len(times) > MOST_RASTER_SPIKES:
            pick = np.linspace(0, len(times) - 1, MOST_RASTER_SPIKES).astype(int)
            times, rows = times[pick], rows[pick]
        axis.plot(times, rows, "|", ms=3, mew=0.7, color=colour, rasterized=True)
        axis.set_title(f"{name}: {len(trace.spike_steps):,} spikes in all", fontsize=9)
        axis.set_ylabel("neuron, by rate")
    axes[-1].set_xlabel("time (s)")
    caption = (
        f"Spikes of {first.n_neurons} neurons, by their rate on {runs[0][0]}, from {start:g} s to "
        "the end."
    )
    return Picture(label, caption, svg(figure, label))


def _weights(parity: Comparison, label: str) -> Picture:
    """Each weight at the end, on each target against the reference."""
    runs = runs_of(parity, label)
    figure = new_figure(4.5, 3)
    axis = figure.subplots()
    reference = _some(flat(runs[0][2])[-1])
    for name, colour, trace in runs[1:]:
        end = _some(flat(trace)[-1])
        axis.plot(reference, end, ".", ms=4, color=colour, label=name, rasterized=len(end) > 1000)
    span = [float(reference.min()), float(reference.max())]
    axis.plot(span, span, color=IDEAL, lw=1)
    axis.set_xlabel(f"weights at the end, {runs[0][0]}")
    axis.set_ylabel(", ".join(name for name, *_ in runs[1:]))
    if len(runs) > 2:
        axis.legend()
    for ruler in (axis.xaxis, axis.yaxis):
        ruler.get_major_locator().set_params(nbins=4)
    axis.ticklabel_format(style="sci", scilimits=(-2, 3))
    return Picture(label, "Each weight at the end, on both targets.", svg(figure, label))


def _some(values: np.ndarray) -> np.ndarray:
    """At most 5000 of them, evenly picked."""
    some: np.ndarray = values[np.linspace(0, len(values) - 1, min(len(values), 5000)).astype(int)]
    return some


DRAW: Any = {"spikes": _raster, "weights": _weights}
