"""Traces of spikes from Nengo's dense output."""

from deploy.traces.trace import Trace, spikes_of


def spike_trace(label, dense, amplitude=1000.0):
    steps, neurons = spikes_of(dense)
    n_steps, n_neurons = dense.shape
    return Trace(
        label,
        "spikes",
        1.0,
        n_steps,
        spike_steps=steps,
        spike_neurons=neurons,
        n_neurons=n_neurons,
        amplitude=amplitude,
    )
