"""What becomes of weights and thresholds when a built model becomes the chip's integers."""

from types import MappingProxyType

import nengo
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deploy
from deploy.nengo_loihi.build.discretize import discretize_model
from deploy.nengo_loihi.build.scaling import level, saturate
from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules.chip.levels import decays_of, levels

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


def decays(block):
    c = block.compartment
    return decays_of(c.decay_u[0], c.decay_v[0], c.scale_u, c.scale_v)


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
    level(block, decays(block), {})
    factor = block.compartment.vth
    assert factor[1] / factor[0] == pytest.approx(8, rel=0.1)
    np.testing.assert_allclose(block.synapses[0].weights[0], [[8, 1] * factor[:2]])


@pytest.mark.parametrize("bases, pop_type", [([0, 2], 0), ([0, 0], 16)])
def test_rows_that_reach_several_neurons_are_left(bases, pop_type):
    block = piece(bases, pop_type)
    level(block, decays(block), {})
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


def block_of(weights, bias, vth=1.0, tau=0.005):
    module = load_nengo_loihi().block
    n_axons, n = weights.shape
    block = module.LoihiBlock(n, label="block")
    block.compartment.configure_lif(vth=vth)
    block.compartment.configure_filter(tau)
    block.compartment.bias[:] = bias
    synapse = module.Synapse(n_axons)
    synapse.set_weights(weights)
    block.add_synapse(synapse)
    return block


class Built:
    """As much of a model as becomes integers."""

    inputs, probes, decoded, parts = (), (), (), ()
    block_comp_map = input_units = furthest = few_spikes = shares = MappingProxyType({})

    def __init__(self, block):
        self.blocks = [block]


@settings(max_examples=60)
@given(
    st.integers(0, 10_000),
    st.sampled_from([1, 3, 40]),
    st.sampled_from([0.0, 0.005, 0.1, 1.0]),
    st.sampled_from([1e-6, 1e-3, 1.0, 1e3]),
)
def test_integers_are_the_same_neurons(seed, n, tau, size):
    """Weights and biases over the threshold are those of floating point, to half a step."""
    rng = np.random.RandomState(seed)
    weights = rng.randn(30, n) * size * 10.0 ** rng.uniform(-2, 0, n)
    bias = rng.randn(n) * 10.0 ** rng.uniform(-2, 2, n)
    block = block_of(weights.copy(), bias.copy(), tau=tau)
    ratios, units = np.ones(n), decays(block)
    discretize_model(Built(block), [])
    compartment = block.compartment
    vth = compartment.vth.astype(float)
    assert block.discretize_info["w_exp"] == 0 and len(set(vth)) <= 8
    assert vth.min() >= 512 and vth.max() <= (2**17 - 1) * 64 and np.all(vth % 64 == 0)
    assert np.abs(compartment.bias).max() <= 4095 * 128
    np.testing.assert_allclose(
        compartment.bias / (units.voltage * vth), bias * ratios, atol=64 / (units.voltage * 512)
    )
    found = np.vstack([w[0] for w in block.synapses[0].weights])
    step = max(64, 128 * 2.0 ** min(0, block.synapses[0].synapse_cfg.weight_exp))
    wanted = np.clip(weights, *(np.array([-1, 1]) * 32 / units.weight)) * units.weight * vth
    # half a step, and half of another where mantissas are rounded before they are shifted
    assert np.abs(found - wanted).max() <= step * 1.01


def test_neurons_keep_the_bits_that_their_own_bias_leaves():
    """And not those that the block's largest bias leaves: 40 steps and more, and not one or two."""
    rng = np.random.RandomState(1)
    bias = np.where(np.arange(100) < 20, 60.0, 2.0)
    weights = rng.choice([-1.0, 1.0], (30, 100))
    block = block_of(weights, bias, tau=0.1)
    discretize_model(Built(block), [])
    steps = np.abs(np.vstack([w[0] for w in block.synapses[0].weights])).max(axis=0) / 64
    assert steps[20:].min() > 30 and 0 < steps[:20].max() <= 2


def test_levels_are_eight_and_below():
    rng = np.random.RandomState(0)
    most, weight = 10.0 ** rng.uniform(0, 3, 300), 10.0 ** rng.uniform(-1, 1, 300)
    found = levels(most, weight)
    assert len(set(found)) == 8 and np.all(found <= most)
    few = levels(most, weight, 1)
    assert set(few) == {most.min()}
    best = np.sum((found * weight) ** -2.0)
    for _ in range(200):  # no other eight of the same kind are better
        others = np.sort(np.append(rng.choice(most, 7), most.min()))
        other = others[np.searchsorted(others, most, side="right") - 1]
        assert best <= 1.02 * np.sum((other * weight) ** -2.0)


@pytest.mark.parametrize("tau", [0.0, 0.001, 0.005, 0.1, 2.0])
def test_decays_are_nengo_loihis(tau):
    theirs = load_nengo_loihi().builder.discretize
    block = block_of(np.ones((1, 1)), 1.0, tau=tau)
    ours = decays(block)
    info = theirs.discretize_compartment(block.compartment, 100.0)
    assert np.ravel(info["b_scale"])[0] / info["v_scale"] == pytest.approx(ours.voltage)
    scale = info["v_scale"] / (info["w_scale"] * 2.0 ** (6 + info["w_exp"]))
    assert np.ravel(scale)[0] == pytest.approx(1 / ours.weight)


def test_what_would_leave_a_threshold_nothing_is_cut_and_said():
    block = block_of(np.array([[1e6, 1.0]]), np.array([1e6, 1.0]))
    with pytest.warns(UserWarning, match="weights above .* are cut"), pytest.warns(
        UserWarning, match="biases above .* are cut"
    ):
        saturate(block, decays(block))
    cut = block.synapses[0].weights[0].ravel()
    assert cut[1] == 1.0 and 30 < cut[0] < 1e5
    assert block.compartment.bias[1] == 1.0 and 1e4 < block.compartment.bias[0] < 1e5


def chain(tau, seed=2):
    with nengo.Network(seed=seed) as net:
        a, b = nengo.Ensemble(300, 1, label="a"), nengo.Ensemble(300, 1, label="b")
        stimulus = nengo.Node(0.5)
        nengo.Connection(stimulus, a)
        nengo.Connection(a.neurons, b.neurons, transform=np.eye(300) * 1.5e-5, synapse=tau)
    return net


@pytest.mark.parametrize("tau, expected", [(0.005, False), (0.1, True)])
def test_connections_whose_weights_lose_their_bits_are_named(tau, expected):
    net = chain(tau)
    found = [w for w in deploy.check(net).warnings if "bits are left" in w]
    assert len(found) == expected
    if expected:
        assert found[0].startswith("a.neurons → b.neurons: ")
        assert "use a shorter synapse" in found[0]
        run = deploy.run(net, 0.01)
        assert found[0] in run.warnings


def test_kernels_are_counted_where_they_go():
    """A convolution over several cores: bases, populations and shared rows."""
    transform = nengo.Convolution(4, (16, 16, 2), strides=(1, 1), kernel_size=(3, 3))
    n = transform.output_shape.size
    with nengo.Network(seed=5) as net:
        a = nengo.Ensemble(512, 1, gain=np.ones(512), bias=np.linspace(0.5, 3, 512), label="a")
        b = nengo.Ensemble(n, 1, gain=np.full(n, 0.05), bias=np.full(n, 1.5), label="b")
        nengo.Connection(a.neurons, b.neurons, transform=transform, synapse=0.01)
        probe = nengo.Probe(b.neurons)
    exact, found = (
        run(net, probe, 0.5, t)[100:].mean(axis=0) for t in ("float-emulator", "emulator")
    )
    assert exact.std() > 5
    assert np.abs(found - exact).mean() < 1  # of them three spikes more or less in one or two


@pytest.mark.parametrize("points", [[[0.5]], [[0.5], [0.5]], [[0.5], [0.4]]])
def test_a_single_value_is_represented(points):
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(80, 1, eval_points=points)
        nengo.Connection(nengo.Node(0.5), ens)
        probe = nengo.Probe(ens, synapse=0.05)
    with deploy.Simulator(net, progress_bar=False) as simulator:
        simulator.run(0.3)
        assert simulator.data[probe][-1] == pytest.approx(0.5, abs=0.02)
