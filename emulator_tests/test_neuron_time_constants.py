"""Neurons whose time constants, or whose step, are far from Nengo's usual ones."""

import warnings

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import rewrite
from loihi_rules.chip.neurons import reachable_rate

pytestmark = pytest.mark.quick


def driven(neuron_type, loop, seed=0, n=40):
    """Neurons that a node's function drives through weights, and those that they drive."""
    rng = np.random.RandomState(seed)
    shown = rng.rand(4, 9)
    with nengo.Network(seed=seed) as net:
        node = nengo.Node(lambda t: shown[int((t - 1e-9) / 0.25) % 4])
        ones = {"neuron_type": neuron_type, "gain": np.ones(n), "bias": np.ones(n)}
        pre, post = nengo.Ensemble(n, 1, **ones), nengo.Ensemble(n, 1, **ones)
        nengo.Connection(node, pre.neurons, transform=0.35 * rng.randn(n, 9))
        nengo.Connection(pre.neurons, post.neurons, transform=np.full((n, n), 6e-4))
        if loop:
            back = np.full((n, n), -4e-4)
            nengo.Connection(post.neurons, pre.neurons, transform=back, synapse=0.01)
        probe = nengo.Probe(pre.neurons)
    return net, probe


def total(net, probe, target, dt):
    with deploy.Simulator(net, target=target, dt=dt, progress_bar=False) as sim:
        sim.run(1.0)
    return sim.data[probe].mean()


@pytest.mark.parametrize("loop", [False, True])
@pytest.mark.parametrize(
    "tau_ref, dt",
    [
        (0.0035, 0.001),
        (0.004, 0.001),
        (0.006, 0.001),
        (0.02, 0.001),
        (0.002, 0.005),
        (0.009, 0.005),
    ],
)
def test_rates_that_neurons_are_fitted_to_are_rates_that_they_have(tau_ref, dt, loop):
    net, probe = driven(nengo.LIF(tau_ref=tau_ref), loop)
    cpu, chip = (total(net, probe, target, dt) for target in ("cpu", "emulator"))
    assert chip == pytest.approx(cpu, rel=0.12)


def test_half_of_the_highest_rate():
    assert reachable_rate(nengo.LIF(), 250.0, 0.001) == 250
    assert reachable_rate(nengo.LIF(tau_ref=0.005), 250.0, 0.001) == pytest.approx(100)
    assert reachable_rate(nengo.LIF(tau_ref=0.0035), 250.0, 0.001) == pytest.approx(125)
    assert reachable_rate(nengo.LIF(), 250.0, 0.005) == pytest.approx(100)  # one spike a step
    assert reachable_rate(nengo.SpikingRectifiedLinear(), 250.0, 0.001) == 250


def test_a_voltage_that_comes_to_the_current_within_a_step():
    """Nengo's time of the spike is log(0) then."""
    net, _ = driven(nengo.LIF(tau_rc=0.001), loop=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        rewrite(net)
