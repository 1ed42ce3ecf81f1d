"""Populations are split over cores such that all pieces fit, by every limit at once."""

import nengo
import numpy as np
import pytest

import deploy
from deploy.nengo_loihi.build.block_shapes import DoesNotFit, choose_block_shapes
from deploy.nengo_loihi.build.split import linear_splitting
from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules.chip.limits import LOIHI

pytestmark = pytest.mark.quick


def fan_out(n_targets, n_neurons):
    with nengo.Network(seed=5) as net:
        u = nengo.Node(lambda t: np.sin(6 * t))
        a = nengo.Ensemble(n_neurons, 1, label="a")
        nengo.Connection(u, a)
        for k in range(n_targets):
            b = nengo.Ensemble(20, 1, label=f"b{k}")
            nengo.Connection(a, b)
        nengo.Probe(b, synapse=0.03, label="last")
    return net


def test_a_source_of_too_many_axons_is_split():
    net = fan_out(24, 200)  # 4,800 out-axons
    found = deploy.check(net)
    assert found.ok
    pieces = [core for core in found.resources if core.block.startswith("a[")]
    assert len(pieces) == 2
    assert all(use.fits for core in found.resources for use in core.uses.values())
    cpu, chip = (deploy.run(net, 1.0, target)["last"].samples for target in ("cpu", "emulator"))
    assert np.sqrt(np.mean((cpu - chip) ** 2)) < 0.1


def model_of(*blocks):
    """A model of nengo-loihi with these blocks, each a list of (n_axons, n) weight shapes."""
    nengo_loihi = load_nengo_loihi()
    model = nengo_loihi.builder.Model()
    made = []
    for n, shapes in blocks:
        block = nengo_loihi.block.LoihiBlock(n)
        for shape in shapes:
            synapse = nengo_loihi.block.Synapse(shape[0])
            synapse.set_weights(np.ones(shape))
            block.add_synapse(synapse)
        model.add_block(block)
        made.append(block)
    return model, made


def join(source, target, k=0):
    axon = load_nengo_loihi().block.Axon(source.n_neurons)
    axon.target = target.synapses[k]
    source.add_axon(axon)


@pytest.mark.parametrize("n", [300, 350, 750, 1500])
def test_padding_and_split_targets_are_counted(n):
    """Every weight matrix of n × n, from a population that is split itself."""
    model, (source, target) = model_of((n, []), (n, [(n, n)]))
    join(source, target)
    choose_block_shapes(model, LOIHI)
    nengo_loihi = load_nengo_loihi()
    with linear_splitting(nengo_loihi):
        nengo_loihi.builder.split_blocks.split_model(model)
    for block in model.blocks:
        for used, limit in block.utilization().values():
            assert used <= limit


def test_a_neuron_of_too_many_axons_is_refused():
    model, (source, target) = model_of((2, []), (2, [(2, 2)]))
    for _ in range(4097):
        join(source, target)
    with pytest.raises(DoesNotFit, match="4,097 out-axons, a core has 4,096"):
        choose_block_shapes(model, LOIHI)
