"""Curves that a reader can zoom, point at and switch off: data, which the page's script draws."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from deploy.parity.comparison import Comparison
from deploy.parity.metrics.learning_curve import WINDOWS, curve
from deploy.parity.metrics.pair import flat
from deploy.report.picture import IDEAL, OTHER, REFERENCE
from deploy.shown import one_line
from deploy.traces.trace import Trace

MOST_DIMENSIONS = 3
MOST_VALUES = 400_000  # of all curves of a page: 2 bytes each, and a third more as text
FEWEST = 2_000  # of a curve: more than a screen is wide
LEVELS = 65_535  # of a value between the curve's ends
BETWEEN = ("#59a14f", "#b07aa1", "#9c755f")  # targets between the reference and the judged one


@dataclass(frozen=True)
class Curve:
    """One line of a plot.

    Attributes
    ----------
    label, colour : str
    values : (n,) ndarray
    """

    label: str
    colour: str
    values: np.ndarray


@dataclass(frozen=True)
class Plot:
    """Curves over one regular time.

    Attributes
    ----------
    title, unit, caption : str
    begin, step : float
        Of the time, in seconds.
    curves : tuple of Curve
        Of one length.
    difference : ndarray or None
        Of the judged curve to the reference's, of the same length.
    """

    title: str
    unit: str
    caption: str
    begin: float
    step: float
    curves: Tuple[Curve, ...]
    difference: Optional[np.ndarray] = None

    @property
    def size(self) -> int:
        """Values of all its curves."""
        extra = 0 if self.difference is None else len(self.difference)
        return sum(len(each.values) for each in self.curves) + extra

    def data(self, most: int) -> Dict[str, Any]:
        """In terms of JSON, with so many values a curve at most; lows and highs stay.

        Where there are more, each block of samples becomes two: its lowest and its highest.
        """
        n = len(self.curves[0].values)
        block = max(1, math.ceil(2 * n / most)) if n > most else 1
        step = self.step if block == 1 else self.step * block / 2
        every = [_packed(thinned(each.values, block)) for each in self.curves]
        packed: Dict[str, Any] = {
            "title": one_line(self.title), "unit": self.unit, "begin": self.begin, "step": step,
            "curves": [
                {"label": one_line(each.label), "colour": each.colour, **values}
                for each, values in zip(self.curves, every)
            ],
        }  # fmt: skip
        if self.difference is not None:
            packed["difference"] = _packed(thinned(self.difference, block))
        return packed


def thinned(values: np.ndarray, block: int) -> np.ndarray:
    """The lowest and the highest of each block of samples, in the order in which they came."""
    if block == 1:
        return values
    count = -(-len(values) // block)
    padded = np.concatenate([values, np.full(count * block - len(values), values[-1])])
    blocks = padded.reshape(count, block)
    picked = np.sort(np.stack([blocks.argmin(1), blocks.argmax(1)], axis=1), axis=1)
    return np.asarray(np.take_along_axis(blocks, picked, axis=1).ravel())


def _packed(values: np.ndarray) -> Dict[str, Any]:
    """As whole numbers of 16 bits between the lowest and the highest value."""
    low, high = float(values.min()), float(values.max())
    size = (high - low) or 1.0
    levels = np.round((values - low) / size * LEVELS).astype("<u2")
    text = base64.b64encode(levels.tobytes()).decode()
    return {"low": low, "high": low + size, "levels": text}


def share_of_each(plots: Sequence[Plot]) -> int:
    """Values that each curve of a page may have."""
    curves = sum(len(plot.curves) + (plot.difference is not None) for plot in plots)
    return max(FEWEST, MOST_VALUES // max(curves, 1))


def runs_of(parity: Comparison, label: str) -> List[Tuple[str, str, Trace]]:
    """Name, colour and trace of each run that has it, the reference first."""
    last = len(parity.runs) - 1
    colours = [REFERENCE, *(BETWEEN[k % len(BETWEEN)] for k in range(last - 1)), OTHER]
    names = [run.target for run in parity.runs]
    names = [f"{name} ({k})" if names.count(name) > 1 else name for k, name in enumerate(names)]
    return [
        (name, colour, run[label])
        for name, colour, run in zip(names, colours, parity.runs)
        if label in run.traces
    ]


def value_plots(parity: Comparison, label: str) -> List[Plot]:
    """Of values: a plot for each dimension, with what they should come to."""
    runs = runs_of(parity, label)
    reference = parity.reference[label]
    total = flat(reference).shape[1]
    shown = min(total, MOST_DIMENSIONS)
    times = reference.times(parity.reference.dt)
    if len(times) < 2:
        return []
    ideal = parity.reference.traces.get(reference.ideal) if reference.ideal else None
    made = []
    for k in range(shown):
        curves = [Curve(name, colour, flat(trace)[:, k]) for name, colour, trace in runs]
        if ideal is not None:
            curves.insert(0, Curve(f"ideal: {ideal.label}", IDEAL, flat(ideal)[:, k]))
        more = f" Dimension {k} of {total}." if total > 1 else ""
        unit = reference.unit if reference.unit != "1" else "value"
        made.append(
            Plot(
                label if total == 1 else f"{label}, dimension {k}",
                unit,
                f"{unit.capitalize()} on {', '.join(name for name, *_ in runs)}; below, "
                f"{runs[-1][0]} less {runs[0][0]}.{more}",
                float(times[0]),
                float(times[1] - times[0]),
                tuple(curves),
                flat(runs[-1][2])[:, k] - flat(runs[0][2])[:, k],
            )
        )
    return made


def learning_plots(parity: Comparison, label: str) -> List[Plot]:
    """Of an error: its RMS in each part of the run."""
    runs = [each for each in runs_of(parity, label) if len(each[2].samples) >= 2 * WINDOWS]
    if not runs:
        return []
    step = parity.reference.duration / WINDOWS
    curves = tuple(Curve(name, colour, curve(trace)) for name, colour, trace in runs)
    caption = "Learning curve: the error that drives the rule, RMS in each twentieth of the run."
    return [Plot(label, "RMS error", caption, step / 2, step, curves)]


def weight_plots(parity: Comparison, label: str) -> List[Plot]:
    """Of weights: how far they have moved."""
    runs = runs_of(parity, label)
    times = parity.reference[label].times(parity.reference.dt)
    if len(times) < 2:
        return []
    curves = []
    for name, colour, trace in runs:
        weights = flat(trace)
        size = np.linalg.norm(weights - weights[0], axis=1)
        curves.append(Curve(name, colour, size))
    caption = "How far the weights have moved from where they began."
    begin, step = float(times[0]), float(times[1] - times[0])
    return [Plot(label, "‖W(t) − W(0)‖", caption, begin, step, tuple(curves))]


PLOTS: Any = {
    "decoded": value_plots,
    "value": value_plots,
    "activity": value_plots,
    "voltage": value_plots,
    "current": value_plots,
    "error": learning_plots,
    "weights": weight_plots,
}
