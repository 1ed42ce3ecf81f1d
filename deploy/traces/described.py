"""What a run will record: each probe's trace before there are samples."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, Sequence

import nengo
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from deploy.traces.dynamics import LEARNED, UNSUPERVISED, dynamics_of, seen_through
from deploy.traces.instruments import add_instruments
from deploy.traces.trace import Trace
from loihi_rules.nengo_parts.names import name_of

RULE_SIGNALS = {  # what a learning rule's signals are, by Nengo's names
    "error": "error",
    "theta": "activity",
    "pre_filtered": "activity",
    "post_filtered": "activity",
    "scaled_encoders": "weights",
}


def describe_traces(network: nengo.Network, n_steps: int, dt: float) -> Dict[nengo.Probe, Trace]:
    """Label and kind of each probe's trace, without samples; instruments are added.

    Parameters
    ----------
    network : nengo.Network
        With fixed seeds; see `deploy.traces.instruments.add_instruments`.
    n_steps : int
    dt : float
        In seconds.
    """
    kind_of = dynamics_of(network)
    described = describe_probes(list(network.all_probes), dt)
    for probe, trace in described.items():
        through = seen_through(network, probe)
        described[probe] = replace(trace, dynamics=kind_of(probe.obj), seen_through=through)
    for instrument in add_instruments(network, n_steps * dt, dt):
        every = instrument.probe.sample_every
        described[instrument.probe] = Trace(
            instrument.label,
            instrument.kind,
            1.0 if every is None else every / dt,
            n_steps,
            instrument=True,
            dynamics=_of_learning(instrument.learning),
        )
    return described


def _of_learning(conn: nengo.Connection) -> str:
    """Of an instrument: without an error, weights are what the rule makes of the activities."""
    rule = conn.learning_rule
    return UNSUPERVISED if isinstance(rule, LearningRule) and rule.size_in == 0 else LEARNED


def describe_probes(probes: Sequence[nengo.Probe], dt: float) -> Dict[nengo.Probe, Trace]:
    """Label and kind of each probe's trace, of what the probes alone show."""
    described: Dict[nengo.Probe, Trace] = {}
    taken: Dict[str, int] = {}
    for probe in probes:
        name = name_of(probe)
        taken[name] = taken.get(name, 0) + 1
        label = name if taken[name] == 1 else f"{name} ({taken[name]})"
        kind = _kind(probe)
        amplitude, neurons = 1.0 / dt, 0
        if kind == "spikes":
            neuron_type = probe.obj.ensemble.neuron_type
            amplitude *= float(getattr(neuron_type, "amplitude", 1.0))
            neurons = int(probe.size_in)
        period = 1.0 if probe.sample_every is None else probe.sample_every / dt
        radius = float(probe.obj.radius) if kind == "decoded" and _is_ensemble(probe) else 0.0
        described[probe] = Trace(
            label, kind, period, 0, n_neurons=neurons, amplitude=amplitude, radius=radius
        )
    return described


def _is_ensemble(probe: nengo.Probe) -> bool:
    return isinstance(probe.obj, nengo.Ensemble)


def _kind(probe: nengo.Probe) -> str:
    obj, attr = probe.obj, probe.attr
    if isinstance(obj, Neurons):
        if attr in ("output", "spikes"):
            spiking = obj.ensemble.neuron_type.spiking
            plain = probe.synapse is None and probe.sample_every is None
            return "spikes" if spiking and plain else "activity"
        return {"voltage": "voltage", "input": "current"}.get(attr, "state")
    if _is_ensemble(probe):
        return "decoded" if attr == "decoded_output" else "state"
    if isinstance(obj, nengo.Node):
        return "value"
    if isinstance(obj, LearningRule):
        return RULE_SIGNALS.get(attr, "state")
    return {"weights": "weights", "output": "decoded", "input": "decoded"}.get(attr, "state")
