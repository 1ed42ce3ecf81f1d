"""Rates of chip neurons against those of Nengo's, neuron by neuron."""

import warnings

import nengo
import numpy as np
import pytest

import deploy
from deploy.compat import load_nengo_loihi
from loihi_rules import rewrite

pytestmark = pytest.mark.quick
HOLD = 0.5  # s that each input is shown
INPUTS = 4
GAIN = 400.0


def neurons(name):
    own = load_nengo_loihi().neurons
    kinds = {
        "LIF": nengo.LIF,
        "SpikingRectifiedLinear": nengo.SpikingRectifiedLinear,
        "LoihiLIF": own.LoihiLIF,
        "LoihiSpikingRectifiedLinear": own.LoihiSpikingRectifiedLinear,
    }
    return kinds[name](amplitude=1 / GAIN)


def stack(name, layers, seed, n=200, scale=1.5, bias=0.0, tau=0.005):
    """Layers that are joined by random matrices, zero on average."""
    rng = np.random.RandomState(seed)
    lif = "LIF" in name
    shown = rng.uniform(-1, 1, (INPUTS, 16))
    probes = []
    with nengo.Network(seed=seed) as net:
        below = nengo.Node(nengo.processes.PresentInput(shown, HOLD))
        for k in range(layers):
            ens = nengo.Ensemble(
                n,
                1,
                neuron_type=neurons(name),
                gain=nengo.dists.Choice([GAIN * (0.05 if lif else 1)]),
                bias=lif + bias * (1 if lif else GAIN) * rng.randn(n),
                label=f"layer {k}",
            )
            size = below.size_out
            spread = scale * np.sqrt(2 / size) / (1 if k else 2)
            nengo.Connection(below, ens.neurons, transform=spread * rng.randn(n, size), synapse=tau)
            probes.append(nengo.Probe(ens.neurons))
            below = ens.neurons
    return net, probes


def rates(net, probes, target):
    """(inputs, neurons) of each layer, Hz over all but the first 0.1 s of each input."""
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        sim.run(INPUTS * HOLD)
    steps = int(HOLD / sim.dt)
    shown = (sim.data[p].reshape(INPUTS, steps, -1)[:, 100:] for p in probes)
    return [GAIN * samples.mean(axis=1) for samples in shown]


def apart(net, probes):
    """Error of the chip's rates, layer by layer, as a share of the CPU's."""
    pairs = zip(rates(net, probes, "cpu"), rates(net, probes, "emulator"))
    return [np.linalg.norm(chip - cpu) / np.linalg.norm(cpu) for cpu, chip in pairs]


@pytest.mark.parametrize("name", ["LoihiSpikingRectifiedLinear", "LoihiLIF"])
@pytest.mark.parametrize("bias", [0.0, 0.2])
def test_stacks_of_nengo_loihis_own_neurons(name, bias):
    net, probes = stack(name, 6, seed=11, bias=bias)
    assert max(apart(net, probes)) < 0.1


@pytest.mark.parametrize("name", ["LoihiSpikingRectifiedLinear", "LoihiLIF"])
def test_nengo_loihis_own_neurons_keep_their_gains(name):
    net, _ = stack(name, 2, seed=1)
    done = rewrite(net)
    for ens in net.all_ensembles:
        assert np.all(done.twins[ens].gain == done.tuning[done.twins[ens]].gain)
        np.testing.assert_array_equal(done.twins[ens].bias, ens.bias)


def test_no_warning_of_gains_beside_intercepts():
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(30, 1, max_rates=[90] * 30, intercepts=nengo.dists.Uniform(-1, 0.5))
        post = nengo.Ensemble(30, 1, intercepts=nengo.dists.Choice([0.1]))
        learned = nengo.Connection(ens, post, learning_rule_type=nengo.PES())
        nengo.Connection(post, learned.learning_rule)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", category=nengo.exceptions.NengoWarning)
        with deploy.Simulator(net, progress_bar=False) as sim:
            assert sim.data[learned].weights.shape == (1, 30)
