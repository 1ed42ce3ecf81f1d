"""Splitting over cores: the very blocks, synapses and axons of nengo-loihi."""

import warnings

import nengo
import numpy as np
import pytest

from deploy.compat import load_nengo_loihi
from deploy.emulator.split import linear_splitting
from loihi_rules import rewrite


def network(kind, seed):
    rng = np.random.RandomState(seed)
    with nengo.Network(seed=seed) as net:
        u = nengo.Node([0.5])
        n = 1100 if kind != "dense" else 600  # more than a core's neurons, or weights
        a = nengo.Ensemble(n, 1, gain=np.ones(n), bias=rng.uniform(0, 2, n))
        b = nengo.Ensemble(300, 1)
        nengo.Connection(u, a)
        nengo.Connection(a, b)
        nengo.Connection(b, a)
        if kind == "dense":
            nengo.Connection(a.neurons, a.neurons, transform=rng.randn(n, n) * 1e-3)
        if kind == "sparse":
            into = np.concatenate([rng.choice(n, 3, replace=False) for _ in range(n)])
            indices = np.stack([into, np.repeat(np.arange(n), 3)], axis=1)
            weights = rng.choice([1e-3, 2e-3], len(into))  # some axons share their weights
            nengo.Connection(a.neurons, a.neurons, transform=nengo.Sparse((n, n), indices, weights))
        nengo.Probe(a.neurons)
        nengo.Probe(a.neurons[5:590:7])
    return net


def describe(model):
    """Everything of a built model that the emulator looks at."""
    number = {s: k for k, s in enumerate(s for block in model.blocks for s in block.synapses)}
    synapses = [
        (s.label, s.n_axons, s.pop_type, [w.tolist() for w in s.weights],
         [i.tolist() for i in s.indices], _plain(s.axon_to_weight_map),
         _plain(s.axon_compartment_bases), s.bits(), s.synapse_cfg.__dict__)
        for s in number
    ]  # fmt: skip
    holders = [*model.inputs, *model.blocks]
    axons = [
        (
            number[a.target],
            a.label,
            a.n_axons,
            _plain(a.compartment_map),
            _plain(a.compartment_atoms),
        )
        for holder in holders
        for a in holder.axons
    ]
    return synapses, axons, [(str(b), b.utilization()) for b in model.blocks]


def _plain(values):
    return None if values is None else np.asarray(values).tolist()


@pytest.mark.parametrize("kind", ["dense", "sparse", "decoded"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_as_nengo_loihi(kind, seed):
    nengo_loihi = load_nengo_loihi()
    net = rewrite(network(kind, seed)).network
    before = nengo_loihi.builder.split_blocks.split_synapse
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with nengo_loihi.Simulator(net, target="sim", seed=1) as own:
            expected = describe(own.model)
        with linear_splitting(nengo_loihi), nengo_loihi.Simulator(net, target="sim", seed=1) as s:
            found = describe(s.model)
    assert nengo_loihi.builder.split_blocks.split_synapse is before
    assert len(own.model.blocks) > 3, "nothing was split"
    for a, b in zip(expected, found):
        assert a == b
