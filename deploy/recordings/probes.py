"""Probes that are still in memory: lists of NxSDK's, and those of a simulator of Nengo's kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, List
from typing import Mapping as MappingOf

import nengo
import numpy as np

from deploy.errors import BadInput
from deploy.recordings.recording import Recorded, Signal, numbers
from deploy.traces.described import describe_probes


def signals_of_probes(given: MappingOf[str, Any]) -> List[Recorded]:
    """Of arrays, (n_samples, n), or of lists of NxSDK's probes, one a compartment.

    NxSDK's probes have their samples as ``.data``, or as ``.timeSeries.data``, one a step.
    """
    return [Signal(str(name), _values(str(name), each)) for name, each in given.items()]


def _values(name: str, each: Any) -> np.ndarray:
    if not isinstance(each, (list, tuple)) or not each or not _is_probe(each[0]):
        return numbers(each, repr(name))
    columns = [numbers(_samples(probe), repr(name)) for probe in each]
    lengths = sorted({len(column) for column in columns})
    if len(lengths) > 1 or any(column.shape[1] != 1 for column in columns):
        raise BadInput(f"{name!r}: probes of {lengths} samples; each has to have as many")
    return np.concatenate(columns, axis=1)


def _is_probe(each: Any) -> bool:
    return not isinstance(each, np.ndarray) and (
        hasattr(each, "data") or hasattr(each, "timeSeries")
    )


def _samples(probe: Any) -> Any:
    series = getattr(probe, "timeSeries", None)
    return probe.data if series is None else series.data


def signals_of_simulator(simulator: Any) -> List[Recorded]:
    """What a simulator's probes have recorded, of Nengo core, nengo-loihi or another backend."""
    dt = float(simulator.dt)
    probes = [each for each in simulator.data if isinstance(each, nengo.Probe)]
    found: List[Recorded] = []
    for probe, trace in describe_probes(probes, dt).items():
        values = numbers(simulator.data[probe], repr(trace.label))
        times = replace(trace, n_steps=int(simulator.n_steps)).times(dt)
        found.append(Signal(trace.label, values, times, kind=trace.kind))
    return found
