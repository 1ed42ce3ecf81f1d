"""Traces drawn into axes of matplotlib, for scripts and notebooks."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any, Optional, Sequence

if TYPE_CHECKING:
    from deploy.traces.trace import Trace

MOST_DIMENSIONS = 8
HEIGHT = 1.6  # inches, of one of several


def draw_trace(trace: Trace, dt: float, axes: Optional[Any] = None, **style: Any) -> Any:
    """Draw a trace's first dimensions, or its spikes; gives the axes.

    Parameters
    ----------
    trace : Trace
    dt : float
        Step in seconds.
    axes : matplotlib.axes.Axes, optional
        New ones, if not given.
    **style
        As for `matplotlib.axes.Axes.plot`.
    """
    if axes is None:
        import matplotlib.pyplot as plt  # loads what most runs do without

        _, axes = plt.subplots(layout="constrained")
    if trace.sparse:
        style = {"marker": "|", "ls": "", "ms": 3, **style}
        axes.plot(trace.spike_times(dt), trace.spike_neurons, **style)
        axes.set_ylabel("neuron")
    else:
        axes.plot(trace.times(dt), trace.rows[:, :MOST_DIMENSIONS], **style)
        axes.set_ylabel(trace.unit if trace.unit != "1" else "value")
    axes.set_xlabel("time (s)")
    axes.set_title(trace.label)
    return axes


def draw_traces(figure: Any, traces: Sequence[Trace], dt: float) -> Any:
    """Draw traces one below the other into a `matplotlib.figure.Figure`; gives the axes."""
    figure.set_size_inches(7.2, HEIGHT * len(traces) + 0.3)
    axes = figure.subplots(len(traces), 1, sharex=True, squeeze=False)[:, 0]
    for trace, below in zip(traces, axes):
        draw_trace(trace, dt, below, lw=0.8)
        below.label_outer()
    return axes


def picture_of(traces: Sequence[Trace], dt: float) -> str:
    """Traces one below the other as an ``<img>`` with its bytes inside, for notebooks."""
    from matplotlib.figure import Figure  # loads what most runs do without

    figure = Figure(layout="constrained")
    draw_traces(figure, traces, dt)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=80)
    data = base64.b64encode(stream.getvalue()).decode()
    return f'<img alt="{len(traces)} traces" src="data:image/png;base64,{data}">'
