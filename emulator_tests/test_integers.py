"""What becomes of weights and thresholds when a built model becomes the chip's integers."""

import nengo
import numpy as np
import pytest

import deploy
from deploy.compat import load_nengo_loihi
from deploy.targets.discretize import level_rows

pytestmark = pytest.mark.quick


def run(network, probe, seconds, target):
    with deploy.Simulator(network, target=target, progress_bar=False) as sim:
        sim.run(seconds)
        return sim.data[probe]


@pytest.mark.parametrize("n", [350, 360])
def test_a_population_on_several_cores_keeps_its_gain(n):
    with nengo.Network(seed=n + 3) as net:
        stimulus = nengo.Node(lambda t: 0.9 * np.sin(2 * np.pi * t))
        a, b = nengo.Ensemble(n, 1), nengo.Ensemble(n, 1, label="b")
        nengo.Connection(stimulus, a, synapse=None)
        nengo.Connection(a, b)
        probe = nengo.Probe(b, synapse=0.03)
    assert sum(core.block.startswith("b[") for core in deploy.check(net).resources) > 1
    exact, found = (run(net, probe, 1.0, target) for target in ("float-emulator", "emulator"))
    assert np.sqrt(np.mean((found - exact) ** 2)) < 0.01  # 0.1 with rows that are not levelled


def piece(bases, pop_type=0):
    """What splitting leaves: two axons that share a row of weights."""
    module = load_nengo_loihi().block
    block = module.LoihiBlock(4)
    block.compartment.configure_lif()
    block.compartment.configure_filter(0.005)
    synapse = module.Synapse(2)
    row, place = np.array([[8.0, 1.0]], np.float32), np.array([[0, 1]])
    synapse.set_population_weights([row], [place], np.zeros(2, int), np.array(bases), pop_type)
    block.add_synapse(synapse)
    return block


def test_rows_that_axons_share_are_levelled_once():
    block = piece([0, 0])
    level_rows(block, lambda compartment: True)
    np.testing.assert_array_equal(block.synapses[0].weights[0], [[8.0, 8.0]])
    np.testing.assert_array_equal(block.compartment.vth, [1, 8, 1, 1])


@pytest.mark.parametrize("bases, pop_type", [([0, 2], 0), ([0, 0], 16)])
def test_rows_that_reach_several_neurons_are_left(bases, pop_type):
    block = piece(bases, pop_type)
    level_rows(block, lambda compartment: True)
    np.testing.assert_array_equal(block.synapses[0].weights[0], [[8.0, 1.0]])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_weights_of_an_associative_memory_are_not_cut_by_anothers_threshold(seed):
    """Thresholding neurons, whose gains differ by hundreds, behind weights that are large."""
    rng = np.random.RandomState(seed)
    items = np.linalg.qr(rng.randn(16, 16))[0][:4]
    with nengo.Network(seed=seed) as net:
        stimulus = nengo.Node(lambda t: items[int(t / 0.25) % 4])
        memory = nengo.networks.AssociativeMemory(items, n_neurons=50)
        memory.add_threshold_to_outputs()
        nengo.Connection(stimulus, memory.input)
        probe = nengo.Probe(memory.output, synapse=0.03)
    found = run(net, probe, 1.0, "emulator")[249::250] @ items.T
    np.testing.assert_allclose(np.diag(found), 1, atol=0.2)  # 0 and 0.4 where they were cut


def test_decoded_values_of_different_size_come_to_the_host_at_their_own():
    """The compartments that decode the smaller get larger weights, as their bits are worth it."""
    with nengo.Network(seed=3) as net:
        stimulus, a, out = nengo.Node([0.5, 0.5]), nengo.Ensemble(300, 2), nengo.Node(size_in=2)
        nengo.Connection(stimulus, a)
        nengo.Connection(a, out, function=lambda x: [x[0], 0.1 * x[1]], synapse=0.05)
        probe = nengo.Probe(out)
    found = run(net, probe, 0.5, "emulator")[300:].mean(axis=0)
    np.testing.assert_allclose(found, [0.5, 0.05], atol=0.01)  # 0.4 with the other's scale
