"""Models in which one cause makes the chip's run what it is."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Dict, NamedTuple
from unittest import mock

import nengo
import numpy as np
from nengo.dists import Uniform

from deploy.nengo_loihi.build import chip_builder, input_neurons, rounded
from deploy.rungs import core
from loihi_rules import declare_settings


def _input(seed, hertz=1.0):
    phase = np.random.RandomState(seed).uniform(0, 2 * np.pi)
    return nengo.Node(lambda t: np.sin(2 * np.pi * hertz * t + phase), label="input")


@contextlib.contextmanager
def _replaced(modules, name, value):
    """While this lasts, a name of these modules stands for something else."""
    with contextlib.ExitStack() as stack:
        for module in modules:
            stack.enter_context(mock.patch.object(module, name, value))
        yield


def saturated(seed):
    """Neurons that are to fire faster than the chip's can."""
    with nengo.Network(seed=seed) as net:
        ens = nengo.Ensemble(
            100, 1, neuron_type=nengo.LIF(tau_ref=0.0005), max_rates=Uniform(900, 1200), label="ens"
        )
        nengo.Connection(_input(seed), ens)
        nengo.Probe(ens, synapse=0.03, label="ens")
    return net


def merged(seed):
    """A long filter and a short one into one ensemble, both by matrices."""
    with nengo.Network(seed=seed) as net:
        a = nengo.Ensemble(200, 1, label="a")
        b = nengo.Ensemble(200, 1, radius=1.5, label="b")
        nengo.Connection(_input(seed), a)
        declare_settings(net)
        for tau, factor in ((0.1, 1.0), (0.005, 0.5)):
            conn = nengo.Connection(a, b, synapse=tau, transform=factor)
            net.config[conn].way = "matrix"
        nengo.Probe(b, synapse=0.03, label="b")
    return net


def few_bits(seed):
    """A value by weights of few bits, see `coarse_weights`."""
    with nengo.Network(seed=seed) as net:
        a = nengo.Ensemble(100, 1, label="a")
        b = nengo.Ensemble(100, 1, label="b")
        nengo.Connection(_input(seed), a)
        nengo.Connection(a, b, synapse=0.01)
        nengo.Probe(b, synapse=0.03, label="b")
    return net


def coarse_weights():
    """While this lasts, weights keep their first two bits, and the others are dropped."""
    own = chip_builder.discretize_model

    def coarsely(model, ensembles, solutions):
        units = own(model, ensembles, solutions)
        for synapse in (synapse for block in model.blocks for synapse in block.synapses):
            step = max(int(synapse.max_abs_weight()) // 4, 1)
            for row in synapse.weights if not synapse.learning else ():
                row[...] = step * np.trunc(row / step)
        return units

    return _replaced((chip_builder, rounded), "discretize_model", coarsely)


def carried(seed):
    """A value that neurons between have to carry."""
    with nengo.Network(seed=seed) as net:
        a = nengo.Ensemble(400, 1, label="a")
        b = nengo.Ensemble(400, 1, label="b")
        nengo.Connection(_input(seed), a)
        declare_settings(net)
        conn = nengo.Connection(a, b, synapse=0.02)
        net.config[conn].way = "carried"
        nengo.Probe(b, synapse=0.03, label="b")
    return net


def coarse(seed):
    """An input in spikes that are worth four radii of its target, see `coarse_spikes`."""
    with nengo.Network(seed=seed) as net:
        ens = nengo.Ensemble(200, 1, label="ens")
        nengo.Connection(_input(seed), ens)
        nengo.Probe(ens, synapse=0.01, label="ens")
    return net


def coarse_spikes():
    """While this lasts, a spike from the host is worth sixteen times as much as it is."""
    return _replaced((input_neurons, core), "SPIKES_A_STEP", input_neurons.SPIKES_A_STEP / 16)


def by_the_host(seed):
    """A value that goes by way of the host, without a filter to take the way's steps from."""
    with nengo.Network(seed=seed) as net:
        a = nengo.Ensemble(100, 1, label="a")
        squared = nengo.Node(lambda t, x: x, size_in=1, label="squared")
        b = nengo.Ensemble(100, 1, label="b")
        nengo.Connection(_input(seed), a)
        nengo.Connection(a, squared, synapse=None)
        nengo.Connection(squared, b, synapse=None)
        nengo.Probe(b, synapse=0.03, label="b")
    return net


def slow(seed):
    """A current that decays by so little a step that what rounding takes away is as much."""
    with nengo.Network(seed=seed) as net:
        a = nengo.Ensemble(500, 1, label="a")
        b = nengo.Ensemble(100, 1, label="b")
        nengo.Connection(_input(seed), a)
        declare_settings(net)
        conn = nengo.Connection(a, b, synapse=1.5)
        net.config[conn].way = "matrix"
        nengo.Probe(b, synapse=0.03, label="b")
    return net


def clipped(seed):
    """PES whose errors are cut at a tenth of what they are."""
    with nengo.Network(seed=seed) as net:
        source = _input(seed)
        pre = nengo.Ensemble(100, 1, label="pre")
        post = nengo.Ensemble(100, 1, label="post")
        error = nengo.Node(size_in=1, label="error")
        nengo.Connection(source, pre)
        declare_settings(net)
        conn = nengo.Connection(
            pre, post, function=lambda x: [0], learning_rule_type=nengo.PES(1e-4), label="learned"
        )
        net.config[conn].pes_error_scale = 1270.0
        nengo.Connection(post, error)
        nengo.Connection(source, error, transform=-1)
        nengo.Connection(error, conn.learning_rule)
        nengo.Probe(post, synapse=0.03, label="post")
    return net


class Fault(NamedTuple):
    """A model, an effect that it has, what causes it, and what lasts while it runs."""

    build: Callable[[int], nengo.Network]
    trace: str
    quantity: str
    cause: str
    around: Callable[[], Any] = contextlib.nullcontext


FAULTS: Dict[str, Fault] = {
    "rates of 900 to 1,200 Hz": Fault(saturated, "ens", "gain", "spikes at whole steps"),
    "filters of 100 and 5 ms into one ensemble, as matrices": Fault(
        merged, "b", "lag", "filters of compartments"
    ),
    "a value that neurons between carry": Fault(carried, "b", "noise", "carriers"),
    "input spikes of four radii": Fault(coarse, "ens", "noise", "inputs as spikes", coarse_spikes),
    "chip → node → chip, without filters": Fault(
        by_the_host, "b", "lag", "the way to the host and back"
    ),
    "weights that keep their first two bits": Fault(
        few_bits, "b", "gain", "weights of 8 bits", coarse_weights
    ),
    "a filter of 1.5 s": Fault(slow, "b", "gain", "integer currents and voltages"),
    "PES whose errors are cut": Fault(clipped, "post", "gain", "learning on the chip"),
}
