"""A trace drawn into axes of matplotlib, for scripts and notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from deploy.traces.trace import Trace

MOST_DIMENSIONS = 8


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
        samples = trace.samples.reshape(len(trace.samples), -1)
        axes.plot(trace.times(dt), samples[:, :MOST_DIMENSIONS], **style)
        axes.set_ylabel(trace.unit if trace.unit != "1" else "value")
    axes.set_xlabel("time (s)")
    axes.set_title(trace.label)
    return axes
