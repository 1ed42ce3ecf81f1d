"""Splitting over cores: the very blocks, synapses and axons of nengo-loihi."""

import contextlib
import re
import warnings

import nengo
import numpy as np
import pytest

from deploy.nengo_loihi.build.rates_in_pieces import PIECE, rates_in_pieces
from deploy.nengo_loihi.build.row_table import flat, row_tables
from deploy.nengo_loihi.build.split import linear_splitting
from deploy.nengo_loihi.load import load_nengo_loihi
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
    # nengo-loihi's nodes of the host are made with each build, elsewhere in memory
    names = [re.sub(" at 0x[0-9a-f]+", "", str(block)) for block in model.blocks]
    return synapses, axons, [(n, b.utilization()) for n, b in zip(names, model.blocks)]


def _plain(values):
    return None if values is None else np.asarray(values).tolist()


@pytest.mark.parametrize("kind", ["dense", "sparse", "decoded"])
@pytest.mark.parametrize("seed, tables", [(1, False), (2, True)])
def test_the_same_as_nengo_loihi(kind, seed, tables):
    nengo_loihi = load_nengo_loihi()
    net = rewrite(network(kind, seed)).network
    before = nengo_loihi.builder.split_blocks.split_synapse
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # nengo-loihi makes integers of single rows, in place
        target = "simreal" if tables else "sim"
        options = {"target": target, "seed": 1, "remove_passthrough": False}  # as we build
        with nengo_loihi.Simulator(net, **options) as own:
            expected = describe(own.model)
        with contextlib.ExitStack() as stack:
            stack.enter_context(linear_splitting(nengo_loihi))
            if tables:
                stack.enter_context(row_tables(nengo_loihi))
            found = describe(stack.enter_context(nengo_loihi.Simulator(net, **options)).model)
    assert nengo_loihi.builder.split_blocks.split_synapse is before
    assert len(own.model.blocks) > 3, "nothing was split"
    for a, b in zip(expected, found):
        assert a == b


def test_dense_weights_stay_one_table():
    """An array a row made a population of 2000 take twice as long to split, round and lay out."""
    nengo_loihi = load_nengo_loihi()
    synapse, weights = nengo_loihi.block.Synapse(3), np.arange(6.0).reshape(2, 3).T
    with row_tables(nengo_loihi):
        synapse.set_weights(weights)
        bits = synapse.bits()
    assert np.shares_memory(flat(synapse.weights), synapse.weights[2])
    for rows in (synapse.weights, list(synapse.weights)):
        assert [row.tolist() for row in rows] == [[[0, 3]], [[1, 4]], [[2, 5]]]
    assert [row.tolist() for row in synapse.indices] == [[[0, 1]]] * 3
    assert bits == synapse.bits() and type(synapse).set_weights.__module__ == "nengo_loihi.block"


def test_rates_in_pieces_are_those_of_the_whole():
    nengo_loihi, rng = load_nengo_loihi(), np.random.RandomState(0)
    x = rng.uniform(-1, 1, (700, 100))
    neurons = nengo.LIF(), x, rng.uniform(1, 9, 100), rng.uniform(-1, 3, 100), 0.001
    own = nengo_loihi.builder.connection.loihi_rates
    with rates_in_pieces(nengo_loihi):
        found = nengo_loihi.builder.connection.loihi_rates(*neurons)
    np.testing.assert_array_equal(found, own(*neurons))
    assert nengo_loihi.builder.connection.loihi_rates is own and x.size > PIECE
