"""Ten larger models that are broken in the same ways: of several dimensions, arrays and products.

python benchmarks/broken_networks.py            # a Markdown table
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict

sys.path.insert(0, str(Path(__file__).parent.parent))

import nengo
import numpy as np
from nengo.dists import Choice, Uniform

from benchmarks.broken_models import (
    CHAIN,
    CUT,
    DEAD,
    FAST,
    FEW,
    INPUT,
    RADIUS,
    RATES,
    SYNAPSE,
    UNDERFLOW,
    Model,
    table,
    wave,
)
from loihi_rules import declare_settings


def waves(dimensions, size=1.0):
    """A sine a dimension, one behind the other."""
    phases = np.arange(dimensions) / (dimensions + 1)
    return nengo.Node(lambda t: size * np.sin(2 * np.pi * (t + phases)), label="input")


def few_for_a_product(seed):
    with nengo.Network(seed=seed) as net:
        pair = nengo.Ensemble(30, 2, radius=1.4, label="pair")
        nengo.Connection(wave(0.9), pair[0])
        nengo.Connection(nengo.Node(lambda t: np.cos(4 * np.pi * t), label="other"), pair[1])
        product = nengo.Ensemble(200, 1, label="product")
        nengo.Connection(pair, product, function=np.prod)
        nengo.Probe(product, synapse=0.03)
    return net


def threefold(seed):
    """Three times a vector, in the radius that the vector has."""
    with nengo.Network(seed=seed) as net:
        a, b = (nengo.Ensemble(300, 3, label=name) for name in "ab")
        nengo.Connection(waves(3, 0.7), a)
        nengo.Connection(a, b, transform=3)
        nengo.Probe(b, synapse=0.03)
    return net


def without_a_pause(seed):
    """Neurons without a refractory time, that are to fire more than once a step."""
    with nengo.Network(seed=seed) as net:
        fast = nengo.Ensemble(
            200, 2, neuron_type=nengo.LIF(tau_ref=0), max_rates=Uniform(1200, 1800), radius=1.4,
            label="fast",
        )  # fmt: skip
        product = nengo.Ensemble(200, 1, label="product")
        nengo.Connection(waves(2, 0.9), fast)
        nengo.Connection(fast, product, function=np.prod)
        nengo.Probe(product, synapse=0.03)
    return net


def learning(seed, rate, n_neurons, size=1.0, span=None):
    """A vector that is learnt into an ensemble."""
    with nengo.Network(seed=seed) as net:
        pre = nengo.Ensemble(n_neurons, 2, radius=1.4 * size, label="pre")
        post = nengo.Ensemble(100, 2, radius=1.4 * size, label="post")
        error = nengo.Node(size_in=2, label="error")
        u = waves(2, size)
        nengo.Connection(u, pre)
        learned = nengo.Connection(
            pre, post, function=lambda x: [0, 0], learning_rule_type=nengo.PES(rate),
            label="learned",
        )  # fmt: skip
        nengo.Connection(post, error)
        nengo.Connection(u, error, transform=-1, synapse=0.01)
        nengo.Connection(error, learned.learning_rule)
        nengo.Probe(post, synapse=0.03)
    if span is not None:
        declare_settings(net)
        net.config[learned].pes_span = span
    return net


def wide_in_the_middle(seed):
    with nengo.Network(seed=seed) as net:
        a, c = (nengo.Ensemble(80, 1, label=name) for name in "ac")
        b = nengo.Ensemble(80, 1, radius=20, label="b")
        nengo.Connection(wave(), a)
        nengo.Connection(a, b)
        nengo.Connection(b, c)
        nengo.Probe(c, synapse=0.03)
    return net


def arrays_in_a_row(seed):
    with nengo.Network(seed=seed) as net:
        links = [nengo.networks.EnsembleArray(40, 3, label=f"array {k}") for k in range(8)]
        nengo.Connection(waves(3, 0.8), links[0].input)
        for one, next_ in zip(links, links[1:]):
            nengo.Connection(one.output, next_.input)
        nengo.Probe(links[-1].output, synapse=0.03)
    return net


def large_for_an_array(seed):
    with nengo.Network(seed=seed) as net:
        array = nengo.networks.EnsembleArray(60, 4, label="array")
        nengo.Connection(waves(4, 2.0), array.input)
        nengo.Probe(array.output, synapse=0.03)
    return net


def dead_by_their_bias(seed):
    """Neurons that would fire above 0.93 and below -0.93."""
    with nengo.Network(seed=seed) as net:
        a = nengo.Ensemble(50, 1, label="a")
        b = nengo.Ensemble(50, 1, gain=Choice([2.0]), bias=Choice([-0.85]), label="dead")
        nengo.Connection(wave(0.7), a)
        nengo.Connection(a, b)
        nengo.Probe(b, synapse=0.03)
    return net


def array_without_filters(seed):
    """Nodes of arrays between the ensembles, and no filter on all of the way."""
    with nengo.Network(seed=seed) as net:
        x = nengo.networks.EnsembleArray(50, 2, label="x")
        product = nengo.networks.Product(50, 1, label="product")
        nengo.Connection(waves(2, 0.9), x.input, synapse=None)
        nengo.Connection(x.output[0], product.input_a, synapse=None)
        nengo.Connection(x.output[1], product.input_b, synapse=None)
        nengo.Probe(product.output, synapse=0.03)
    return net


BROKEN: Dict[str, Model] = {
    "too few neurons for a product": (few_for_a_product, FEW),
    "three times a vector in its radius": (threefold, RADIUS),
    "neurons without a refractory time": (without_a_pause, RATES),
    "a vector learnt too fast": (lambda seed: learning(seed, 0.03, 40), FAST),
    "a vector's error clipped": (lambda seed: learning(seed, 2e-4, 200, 4.0, 0.2), CUT),
    "a wide radius in the middle": (wide_in_the_middle, UNDERFLOW),
    "eight arrays in a row": (arrays_in_a_row, CHAIN),
    "a vector beyond an array's radius": (large_for_an_array, INPUT),
    "neurons dead by their bias": (dead_by_their_bias, DEAD),
    "no filter from an array to a product": (array_without_filters, SYNAPSE),
}


if __name__ == "__main__":
    table(BROKEN, int(sys.argv[1]) if len(sys.argv) > 1 else 101)
