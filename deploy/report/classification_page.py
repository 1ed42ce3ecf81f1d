"""The page of a classification: what each target decides, and where they differ."""

from __future__ import annotations

from typing import Any, List

import numpy as np

from deploy.report.page import ENVIRONMENT
from deploy.report.picture import INK, OTHER, REFERENCE, WIDE, Picture, new_figure, styled, svg

MOST_OUTPUTS = 40  # of a confusion that is drawn


def render_classification(found: Any) -> str:
    """The page, as HTML.

    Parameters
    ----------
    found : deploy.workflows.classify.Classification
    """
    with styled():
        pictures = [*_confusion(found), *_first_different(found)]
    return ENVIRONMENT.get_template("classification.html").render(found=found, pictures=pictures)


def _confusion(found: Any) -> List[Picture]:
    from matplotlib.colors import to_rgba

    counts = found.confusion()
    if found.first_different is None or len(counts) > MOST_OUTPUTS:
        return []
    figure = new_figure(4.5, 4.2)
    axes = figure.subplots()
    colour = np.zeros((*counts.shape, 4))  # transparent, as pages are light or dark
    colour[...] = to_rgba(OTHER, 0.0)
    off = (counts > 0) & ~np.eye(len(counts), dtype=bool)
    colour[off, 3] = 0.2 + 0.5 * counts[off] / counts[off].max()
    axes.imshow(colour)
    for i, j in zip(*np.nonzero(counts)):
        axes.text(j, i, str(counts[i, j]), ha="center", va="center", fontsize=8, color=INK)
    first, last = found.targets[0].target, found.targets[-1].target
    axes.set_xlabel(f"decided by {last}")
    axes.set_ylabel(f"decided by {first}")
    axes.set_xticks(range(len(counts)))
    axes.set_yticks(range(len(counts)))
    caption = f"How many samples {first} and {last} decide how; coloured where they differ."
    return [Picture("Where they differ", caption, svg(figure, "confusion"))]


def _first_different(found: Any) -> List[Picture]:
    """What both give at the output for one sample."""
    if not found.outputs:
        return []
    figure = new_figure(WIDE, 3.0)
    both = figure.subplots(1, 2, sharey=True)
    for axes, (target, values), colour in zip(both, found.outputs.items(), (REFERENCE, OTHER)):
        if _is_spikes(values):
            steps = [np.flatnonzero(column) for column in values.T]
            axes.eventplot(steps, colors=colour, linelengths=0.8)
            axes.set_ylabel("output")
        else:
            axes.plot(values, linewidth=0.9)
            axes.set_ylabel("voltage")
        axes.set_xlabel("step")
        axes.set_title(target, fontsize=9)
    k = found.first_different
    first, last = found.targets[0], found.targets[-1]
    caption = (
        f"Sample {k}, the first that is decided otherwise: {first.decided[k]} on {first.target}, "
        f"{last.decided[k]} on {last.target}."
    )
    return [Picture("The first that is decided otherwise", caption, svg(figure, "different"))]


def _is_spikes(values: np.ndarray) -> bool:
    """Whether there are two values alone, one of them 0."""
    return len(np.unique(values)) <= 2 and values.min(initial=0) == 0
