"""Runs as Neo objects, the exchange format of electrophysiology."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict

from deploy.errors import BadInput

if TYPE_CHECKING:
    from deploy.traces.traces import Traces


def to_neo(run: Traces) -> Any:
    """The run as a `neo.Block`, the field's exchange format.

    Spikes become one `neo.SpikeTrain` a neuron, everything else a
    `neo.AnalogSignal` (or, with an uneven period, an
    `neo.IrregularlySampledSignal`). Needs the extra ``neo``.
    """
    try:
        import neo
        import quantities as pq
    except ImportError:
        raise BadInput(
            "Neo objects need neo; install it with: pip install loihi-deploy[neo]"
        ) from None
    block = neo.Block(name=run.model, target=run.target, seed=run.seed)
    segment = neo.Segment(name=run.where)
    block.segments.append(segment)
    for trace in run:
        if trace.sparse:
            for neuron, train in enumerate(trace.spike_trains(run.dt)):
                segment.spiketrains.append(
                    neo.SpikeTrain(
                        train * pq.s,
                        t_stop=run.duration + run.dt,
                        name=f"{trace.label}[{neuron}]",
                    )
                )
            continue
        samples = trace.rows
        unit = pq.Hz if trace.kind == "activity" else pq.dimensionless
        common: Dict[str, Any] = {"units": unit, "name": trace.label}
        if float(trace.period).is_integer():
            signal = neo.AnalogSignal(
                samples,
                sampling_period=trace.period * run.dt * pq.s,
                t_start=trace.period * run.dt * pq.s,
                **common,
            )
            segment.analogsignals.append(signal)
        else:
            segment.irregularlysampledsignals.append(
                neo.IrregularlySampledSignal(trace.times(run.dt) * pq.s, samples, **common)
            )
    return block
