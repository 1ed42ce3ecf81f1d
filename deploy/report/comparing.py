"""One trace of a comparison drawn into axes of matplotlib, for scripts and notebooks."""

from __future__ import annotations

from typing import Any

import numpy as np

from deploy.parity.comparison import Comparison
from deploy.parity.metrics.pair import flat
from deploy.report.plot import runs_of
from deploy.traces.drawing import draw_trace


def draw_comparison(parity: Comparison, label: str) -> Any:
    """A trace of all runs, and below it the judged run less the reference.

    Spikes are drawn run by run. Gives the axes, from above to below.
    """
    import matplotlib.pyplot as plt  # loads what most runs do without

    runs = runs_of(parity, label)
    dt = parity.reference.dt
    if parity.reference[label].sparse:
        _, axes = plt.subplots(len(runs), 1, sharex=True, squeeze=False, layout="constrained")
        for axis, (name, colour, trace) in zip(np.ravel(axes), runs):
            draw_trace(trace, dt, axis, color=colour)
            axis.set_title(f"{label} on {name}")
        return np.ravel(axes)
    _, axes = plt.subplots(
        2, 1, sharex=True, layout="constrained", gridspec_kw={"height_ratios": [3, 1]}
    )
    for name, colour, trace in runs:
        draw_trace(trace, dt, axes[0], color=colour, lw=1)
        axes[0].lines[-1].set_label(name)
    axes[0].legend()
    axes[0].set_xlabel("")
    times = parity.reference[label].times(dt)
    axes[1].plot(times, flat(runs[-1][2]) - flat(runs[0][2]), color="#8a8a8a", lw=0.8)
    axes[1].set_ylabel("difference")
    axes[1].set_xlabel("time (s)")
    return axes
