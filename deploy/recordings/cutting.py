"""Runs of a spread, at the samples at which two others are compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from deploy.traces.trace import Trace
from deploy.traces.traces import Traces


def cut_as(run: Traces, reference: Traces, begin: int) -> Traces:
    """A run from a step on, with the samples that the reference has of it.

    Parameters
    ----------
    run : Traces
    reference : Traces
        Steps ``begin + 1`` to ``begin + n_steps``, and samples of these, of a run of that model.
    begin : int
    """
    if (begin, run.n_steps) == (0, reference.n_steps):
        traces = dict(run.traces)  # what the reference has not is of the same steps
    else:
        traces = {label: run.traces[label] for label in reference.traces if label in run.traces}
    for label, trace in traces.items():
        if label in reference.traces:
            traces[label] = _cut(trace, reference[label], begin)
    return replace(run, traces=traces, n_steps=reference.n_steps)


def _cut(trace: Trace, like: Trace, begin: int) -> Trace:
    if trace.sparse:
        return within(trace, begin, like.n_steps)
    chosen = np.isin(trace.steps - begin, like.steps)
    return replace(trace, samples=trace.samples[chosen], period=like.period, n_steps=like.n_steps)


def within(trace: Trace, begin: int, n_steps: int) -> Trace:
    """The spikes of so many steps from one on."""
    inside = (trace.spike_steps > begin) & (trace.spike_steps <= begin + n_steps)
    return replace(
        trace,
        spike_steps=trace.spike_steps[inside] - begin,
        spike_neurons=trace.spike_neurons[inside],
        n_steps=n_steps,
    )
