"""Values of chip neurons that reach others by way of the host."""

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import declare_settings, rewrite
from loihi_rules.notes import Way
from loihi_rules.routes.from_host import SPIKE, spike_behind

TAU, OMEGA = 0.1, 9.0  # s, radians a second


def swinging(tau_in, seed, by_a_node=False):
    """An oscillator that an ensemble starts, by a shorter filter than its own."""
    with nengo.Network(seed=seed) as net:
        start = nengo.Node(lambda t: [1, 0] if t < 0.1 else [0, 0])
        given, ens = nengo.Ensemble(200, 2), nengo.Ensemble(200, 2, label="oscillator")
        nengo.Connection(start, given)
        if by_a_node:
            node = nengo.Node(lambda t, x: x, size_in=2)
            nengo.Connection(given, node, synapse=None)
            nengo.Connection(node, ens, synapse=tau_in)
        else:
            nengo.Connection(given, ens, synapse=tau_in)
        turn = [[1, -TAU * OMEGA], [TAU * OMEGA, 1]]
        nengo.Connection(ens, ens, synapse=TAU, transform=turn)
        probe = nengo.Probe(ens, synapse=0.03)
    return net, probe


def run(net, probe, target, seconds=1.5):
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        sim.run(seconds)
    return sim.data[probe]


def speed(values):
    """Radians a second, once it swings."""
    phase = np.unwrap(np.arctan2(values[300:, 1], values[300:, 0]))
    return (phase[-1] - phase[0]) / (len(phase) * 0.001)


@pytest.mark.parametrize("target", ["emulator", "float-emulator"])
@pytest.mark.parametrize("tau_in", [0.005, 0.02])
def test_a_loop_that_an_ensemble_feeds_has_the_cpus_speed(tau_in, target):
    """It was 3 to 5 % slower, as it was carried by neurons with another filter."""
    speeds = [
        [speed(run(*swinging(tau_in, seed), where)) for seed in (21, 22)]
        for where in ("cpu", target)
    ]
    assert np.mean(speeds[1]) == pytest.approx(np.mean(speeds[0]), rel=0.012)


def test_what_a_node_computes_is_not_cut_before_a_long_filter():
    """Leads of fluctuating values go far beyond 16 radii."""
    net, probe = swinging(0.01, 23, by_a_node=True)
    net.connections[-1].synapse = 2 * TAU
    net.connections[-1].transform = [[1, -2 * TAU * OMEGA], [2 * TAU * OMEGA, 1]]
    sizes = [np.hypot(*run(net, probe, where)[500:].T).mean() for where in ("cpu", "emulator")]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.15)


def two_inputs(way):
    """One input by 4 ms and one by 12 ms, from ensembles of 100."""
    with nengo.Network(seed=5) as net:
        declare_settings(net)
        sine = nengo.Node(lambda t: np.sin(2 * np.pi * 2 * t))
        sources = [nengo.Ensemble(100, 1) for _ in range(3)]
        target = nengo.Ensemble(200, 1)
        conns = [
            nengo.Connection(source, target, synapse=tau, transform=share)
            for source, tau, share in zip(sources, (0.004, 0.012, 0.012), (0.1, 0.4, 0.5))
        ]
        for source in sources:
            nengo.Connection(sine, source)
        for conn in conns[1:]:
            net.config[conn].way = way
        net.config[target].input_tau = 0.004
        probe = nengo.Probe(target, synapse=0.01)
    return net, probe


def lag(values, reference):
    """Seconds by which a sine of 2 Hz comes later than another."""
    wave = np.exp(2j * np.pi * 2 * np.arange(1000) * 0.001)
    phases = [np.angle(np.sum(x[-1000:, 0] * wave)) for x in (reference, values)]
    return (phases[1] - phases[0]) / (2 * np.pi * 2)


def test_the_host_is_chosen_by_a_user_and_is_on_time():
    net, probe = two_inputs("host")
    cpu = run(net, probe, "cpu")
    late = {way: lag(run(*two_inputs(way), "emulator"), cpu) for way in ("host", "matrix")}
    assert abs(late["host"]) < 0.001
    assert late["matrix"] < -0.004  # which has the compartments' filter of 4 ms


def test_values_in_spikes_of_different_worth_each_have_their_weights():
    """nengo-loihi has one group of weights for all that the host sends to an ensemble."""
    with nengo.Network(seed=6) as net:
        declare_settings(net)
        source, target = nengo.Ensemble(200, 1), nengo.Ensemble(200, 1)
        nengo.Connection(nengo.Node(0.4), source)
        nengo.Connection(nengo.Node(0.3), target)
        net.config[nengo.Connection(source, target, synapse=0.002)].way = "host"
        nengo.Connection(nengo.Node(-0.2), target)
        net.config[target].input_tau = 0.02
        probe = nengo.Probe(target, synapse=0.05)
    assert run(net, probe, "emulator", 0.8)[400:].mean() == pytest.approx(0.5, abs=0.03)


def test_values_of_one_filter_have_one_relay():
    done = rewrite(two_inputs("host")[0])
    ways = [done.notes.connections[conn].way for conn in done.network.all_connections]
    relays = [node for node in done.network.all_nodes if "relay to" in (node.label or "")]
    assert ways.count(Way.BY_HOST) == 2 and len(relays) == 1


def test_a_spike_of_the_hosts_is_worth_more_before_a_longer_filter():
    """By the answers of both filters to a step of the value, at first."""
    for own, tau in ((0.005, 0.1), (0.02, 0.03), (0.01, 0.004)):
        first = [float(nengo.Lowpass(t).filt(np.ones((2, 1)), dt=0.001)[0, 0]) for t in (own, tau)]
        assert spike_behind(own, tau, 0.001) == pytest.approx(SPIKE * first[0] / first[1])
