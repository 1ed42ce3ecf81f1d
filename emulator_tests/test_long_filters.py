"""Filters that are too long for the chip's decays, of whole numbers of 1/4096 a step."""

import warnings

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import declare_settings
from loihi_rules.chip.levels import filter_of, off_filter

RULE = "filters of inputs"


def channel(tau, seed, **kwargs):
    with nengo.Network(seed=seed) as net:
        before = nengo.Ensemble(150, 1, label="before")
        nengo.Connection(nengo.Node(0.8), before)
        after = nengo.Ensemble(150, 1, label="after")
        nengo.Connection(before, after, synapse=tau, **kwargs)
        nengo.Probe(after, synapse=0.05)
    return net


def run(net, target, seconds, dt=0.001):
    """The last tenth, what was warned of, and the changes of filters."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with deploy.Simulator(net, dt, target=target, progress_bar=False) as sim:
            sim.run(seconds)
            found = sim.data[net.probes[0]][-len(sim.trange()) // 10 :].mean()
            changes = [] if target == "cpu" else [c for c in sim.changes if c.rule == RULE]
    return found, [w.message for w in caught if getattr(w.message, "rule", "") == RULE], changes


@pytest.mark.parametrize("seed", [81, 82])
@pytest.mark.parametrize("tau, dt", [(1.5, 0.001), (3.0, 0.001), (10.0, 0.001), (0.6, 0.0002)])
def test_what_the_chip_cannot_filter_the_host_does(tau, dt, seed):
    net, seconds = channel(tau, seed), min(1.2 * tau, 3.0)
    (wanted, *_), (found, said, _) = (run(net, of, seconds, dt) for of in ("cpu", "emulator"))
    assert found == pytest.approx(wanted, abs=0.015) and not said


@pytest.mark.parametrize("tau", [3.0, 5.0, 20.0])
def test_an_ensemble_feeds_itself_by_one(tau):
    with nengo.Network(seed=85) as net:
        ens = nengo.Ensemble(300, 1)
        node = nengo.Node(lambda t: tau if t < 0.6 else 0.0)
        nengo.Connection(node, ens, synapse=tau)
        nengo.Connection(ens, ens, synapse=tau)
        nengo.Probe(ens, synapse=0.05)
    found, said, _ = run(net, "emulator", 2.0)
    assert found == pytest.approx(0.6, abs=0.04) and not said


@pytest.mark.quick
def test_a_way_that_was_chosen_is_kept_and_said_with_the_time_constant_it_has():
    net = channel(3.0, 83)
    declare_settings(net)
    net.config[net.connections[1]].way = "carried"
    _, (warning,), changes = run(net, "emulator", 0.01)
    assert warning.object == "before → after" and "acts as one of 4095 ms" in warning.what
    assert 'way = "host"' in warning.way_out
    assert any("4095 ms in truth" in change.after for change in changes)
    net.config[net.connections[1]].way = "host"
    assert not run(net, "emulator", 0.01)[1]


@pytest.mark.quick
def test_weights_of_a_solvers_own_have_no_other_way_and_the_way_out_leads_out():
    """Currents of neurons have: these go by way of the host, as values do."""
    for weights, tau, lines in ((True, 3.0, 1), (True, 4.095, 0), (True, 0.2, 0), (False, 3.0, 0)):
        with nengo.Network(seed=84) as net:
            before, after = nengo.Ensemble(50, 1), nengo.Ensemble(50, 1)
            if weights:
                solver = nengo.solvers.NnlsL2(weights=True)
                nengo.Connection(before, after, solver=solver, transform=[[1]], synapse=tau)
            else:
                nengo.Connection(
                    before.neurons, after.neurons, transform=0.001 * np.eye(50), synapse=tau
                )
            nengo.Probe(after.neurons)
        assert len(run(net, "emulator", 0.01)[1]) == lines


@pytest.mark.quick
@pytest.mark.parametrize("tau", [0.005, 0.03, 0.1, 0.25])
def test_shorter_ones_are_near_enough(tau):
    assert not off_filter(tau, 0.001)
    assert filter_of(tau, 0.001) == pytest.approx(tau, rel=0.03)


def test_an_integrator_of_two_seconds_holds_what_it_is_given():
    """Its carriers acted as 2.05 s, which is near enough for anything but a loop."""
    ends = []
    for target in ("cpu", "emulator"):
        with nengo.Network(seed=86) as net:
            u = nengo.Node(lambda t: 1.2 * (0.2 <= t < 0.7))
            ens = nengo.Ensemble(800, 1)
            nengo.Connection(u, ens, transform=2.0, synapse=2.0)
            nengo.Connection(ens, ens, synapse=2.0)
            nengo.Probe(ens, synapse=0.05)
        ends.append(run(net, target, 2.0)[0])
    assert ends[1] == pytest.approx(ends[0], abs=0.004)
