"""What a board cannot take is said before one is asked for."""

import nengo
import nengo_loihi
import numpy as np
import pytest

import deploy
from loihi_rules.systems import SYSTEMS


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_lessons_fit_except_for_injected_values(name):
    found = deploy.check(name, target="loihi")
    assert [p.rule for p in found.problems] == (["injected values"] if name == "injection" else [])


def convolution(channels, kind):
    """Of a picture of so many channels, whose neurons send packets of so many bits."""
    with nengo.Network(seed=1) as net:
        image = nengo.Ensemble(9 * channels, 1, label="image", gain=np.ones(9 * channels),
                               bias=np.full(9 * channels, 2.0))  # fmt: skip
        target = nengo.Ensemble(4 * 4, 1, label="filtered", gain=np.ones(16), bias=np.ones(16))
        kernel = nengo.Convolution(4, (3, 3, channels), kernel_size=(2, 2))
        conn = nengo.Connection(image.neurons, target.neurons, transform=kernel)
        nengo.Probe(target.neurons)
    nengo_loihi.add_params(net)
    net.config[conn].pop_type = kind
    return net


@pytest.mark.parametrize(
    "channels, kind, rules", [(32, 16, []), (36, 16, ["members of a population"]), (36, 32, [])]
)
def test_channels_of_a_convolution(channels, kind, rules):
    found = deploy.check(convolution(channels, kind), target="loihi")
    assert [p.rule for p in found.problems] == rules


def test_a_target_that_is_no_chip():
    with pytest.raises(deploy.BadInput, match="cpu is no chip"):
        deploy.check("one-hot", target="cpu")


def crowded(model, n_profiles, n_thresholds):
    """Give the first block of a built model so many kinds of compartments."""
    block = max(model.blocks, key=lambda block: block.n_neurons)
    k = np.arange(block.n_neurons)
    block.compartment.decay_v[:] = 100 + k % n_profiles
    block.compartment.refract_delay[:] = 3
    block.compartment.vth[:] = 64 * (1000 + k % n_thresholds)
    return block


@pytest.mark.parametrize(
    "profiles, thresholds, rules",
    [
        (32, 8, []),
        (33, 8, ["profiles of a core"]),
        (32, 9, ["thresholds of a core"]),
        (40, 20, ["profiles of a core", "thresholds of a core"]),
    ],
)
def test_kinds_of_compartments(profiles, thresholds, rules):
    from deploy.nengo_loihi.board.fits import board_problems
    from deploy.nengo_loihi.build.chip_builder import chip_model
    from loihi_rules import rewrite

    with nengo.Network(seed=0) as net:
        nengo.Ensemble(200, 1, label="many kinds")
    rewritten = rewrite(net)
    model = chip_model(rewritten, 0.001)
    model.build(rewritten.network, remove_passthrough=False)
    crowded(model, profiles, thresholds)
    found = board_problems(rewritten.network, model, rewritten.chip)
    assert [p.rule for p in found] == rules
    assert all(p.object == "many kinds" and p.way_out for p in found)


def test_two_learning_groups_on_a_core():
    """nengo-loihi numbers them so that the second overwrites the first one's traces."""
    from deploy.nengo_loihi.board.fits import board_problems
    from deploy.nengo_loihi.build.placing import place
    from deploy.nengo_loihi.load import load_nengo_loihi
    from loihi_rules.chip.limits import LOIHI

    model, block, groups = two_groups(load_nengo_loihi(), learning=True)
    core = place(model, LOIHI).chips[0].cores[0]
    entries = [core.synapse_axons[group] for group in groups]
    assert entries == [[0, 2, 4], [6, 8, 10]]  # each axon's trace is the entry behind it
    with nengo.Network() as net:
        pass
    model.split.precompute = True
    (found,) = board_problems(net, model, LOIHI)
    assert found.rule == "one learning connection a core"


def test_an_axon_that_leads_nowhere_does_not_end_the_table():
    """nengo-loihi: TypeError, as the next entry is None + 1."""
    from deploy.nengo_loihi.build.placing import place
    from deploy.nengo_loihi.load import load_nengo_loihi
    from loihi_rules.chip.limits import LOIHI

    nengo_loihi = load_nengo_loihi()
    model, block, groups = two_groups(nengo_loihi, learning=False, dummy=True)
    with pytest.raises(TypeError):
        nengo_loihi.hardware.allocators.Greedy()(model, 1)
    core = place(model, LOIHI).chips[0].cores[0]
    assert [core.synapse_axons[group] for group in groups] == [[0, 1, None], [2, 3, 4]]


def two_groups(nengo_loihi, learning, dummy=False):
    """A block with two synapse groups of three axons."""
    from types import SimpleNamespace

    block = nengo_loihi.block.LoihiBlock(4)
    block.compartment.configure_relu()
    model = nengo_loihi.builder.Model()
    groups = []
    for k in range(2):
        group = nengo_loihi.block.Synapse(3)
        group.set_weights(np.ones((3, 4)))
        if learning:
            group.set_learning()
        if dummy and k == 0:
            group.axon_compartment_bases = [0, 0, -1]
        block.add_synapse(group)
        groups.append(group)
    model.add_block(block)
    model.split = SimpleNamespace(precompute=False)
    nengo_loihi.builder.discretize.discretize_model(model)
    return model, block, groups
