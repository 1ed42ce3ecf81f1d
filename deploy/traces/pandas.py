"""Runs as tidy tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from deploy.errors import BadInput

if TYPE_CHECKING:
    from deploy.traces.traces import Traces


def to_pandas(run: Traces) -> Any:
    """The run as a tidy `pandas.DataFrame`: trace, kind, unit, time, index, value.

    One row a sample and component; for spikes, one row a spike with its
    neuron as index and 1 as value. Needs the extra ``pandas``.
    """
    try:
        import pandas as pd
    except ImportError:
        raise BadInput(
            "a table needs pandas; install it with: pip install loihi-deploy[pandas]"
        ) from None
    frames = []
    for trace in run:
        if trace.sparse:
            time, index = trace.spike_times(run.dt), trace.spike_neurons
            value = np.ones(len(time))
        else:
            flat = trace.rows
            time = np.repeat(trace.times(run.dt), flat.shape[1])
            index = np.tile(np.arange(flat.shape[1]), len(flat))
            value = flat.ravel()
        frames.append(
            pd.DataFrame(
                {
                    "trace": trace.label,
                    "kind": trace.kind,
                    "unit": trace.unit,
                    "time": time,
                    "index": index,
                    "value": value,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
