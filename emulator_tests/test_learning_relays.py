"""Rules that the chip lacks: the relay is exact, and what is learnt is what the CPU learns."""

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import rewrite
from loihi_rules.nengo_parts.settings import declare
from loihi_rules.systems import SYSTEMS

RULES = {
    "bcm": nengo.BCM(learning_rate=1e-9),
    "oja": nengo.Oja(learning_rate=5e-7),
    "voja": nengo.Voja(learning_rate=0.1),
    "rls": nengo.RLS(learning_rate=1e-4),
}


def learning(kind, seed, rule=None):
    """``pre`` learns onto ``post``; the probe ``learned`` has what changes."""
    rule = RULES[kind] if rule is None else rule
    with nengo.Network(seed=seed) as net:
        signal = nengo.processes.WhiteSignal(20, high=4, rms=0.5, seed=seed + 1)
        u = nengo.Node(signal)
        pre, post = nengo.Ensemble(50, 1, label="pre"), nengo.Ensemble(40, 1, label="post")
        nengo.Connection(u, pre)
        if kind in ("bcm", "oja"):
            solver = nengo.solvers.LstsqL2(weights=True)
            conn = nengo.Connection(pre, post, solver=solver, learning_rule_type=rule)
        elif kind == "voja":
            conn = nengo.Connection(pre, post, learning_rule_type=rule)
        else:
            conn = nengo.Connection(pre, post, function=lambda x: [0.0], learning_rule_type=rule)
            error = nengo.Node(size_in=1)
            nengo.Connection(post, error)
            nengo.Connection(u, error, transform=-1)
            nengo.Connection(error, conn.learning_rule)
        if kind == "voja":
            nengo.Probe(conn.learning_rule, "scaled_encoders", sample_every=0.1, label="learned")
        else:
            nengo.Probe(conn, "weights", sample_every=0.1, label="learned")
        if kind == "bcm":
            nengo.Probe(conn.learning_rule, "theta", sample_every=0.01, label="theta")
        nengo.Probe(post.neurons, label="post spikes")
    return net


def change(traces):
    samples = traces["learned"].samples
    return (samples[-1] - samples[0]).ravel()


@pytest.mark.parametrize("kind", sorted(RULES))
def test_what_is_learnt_is_what_the_cpu_learns(kind):
    net = learning(kind, seed=2)
    cpu, chip = (deploy.run(net, 4.0, target, 2) for target in ("cpu", "emulator"))
    asked, got = change(cpu), change(chip)
    assert np.corrcoef(asked, got)[0, 1] >= 0.99
    assert np.linalg.norm(got - asked) <= 0.1 * np.linalg.norm(asked)
    rates = [len(run["post spikes"].spike_steps) for run in (cpu, chip)]
    assert rates[1] == pytest.approx(rates[0], rel=0.03)
    if kind == "bcm":
        thetas = [run["theta"].samples for run in (cpu, chip)]
        assert np.linalg.norm(thetas[1] - thetas[0]) <= 0.05 * np.linalg.norm(thetas[0])
    assert chip.record["cores"]  # pre is on the chip


def test_another_rule_is_not_what_the_cpu_learns():
    """Oja without its decay, which is Hebb's rule: the test above can fail."""
    hebb = learning("oja", 2, nengo.Oja(learning_rate=5e-7, beta=0))
    asked = change(deploy.run(learning("oja", 2), 4.0, "cpu", 2))
    got = change(deploy.run(hebb, 4.0, "emulator", 2))
    assert np.linalg.norm(got - asked) > 0.1 * np.linalg.norm(asked)


@pytest.mark.quick
def test_the_relay_repeats_the_chips_spikes():
    with nengo.Network(seed=5) as net:
        pre = nengo.Ensemble(30, 1, label="pre")
        nengo.Connection(nengo.Node(0.6), pre)
        nengo.Connection(
            pre.neurons,
            nengo.Ensemble(10, 1).neurons,
            transform=np.full((10, 30), 1e-3),
            learning_rule_type=nengo.BCM(),
        )
        nengo.Probe(pre.neurons, label="spikes")
    done = rewrite(net)
    relay = next(e for e in done.network.all_ensembles if e.label == "relay of pre")
    with done.network:
        nengo.Probe(relay.neurons, label="relayed", seed=0)
    traces = deploy.run(done.network, 0.4, "emulator")
    spikes, relayed = traces["spikes"].dense(), traces["relayed"].samples
    assert spikes.sum() > 0
    late = next(k for k in range(4) if np.array_equal(relayed[k:], spikes[: len(spikes) - k]))
    assert late in (1, 2)


# -------------------------------------------------------------- post back on the chip


def put_on_chip(net, label):
    declare(net, nengo.Ensemble, "on_chip")
    ens = next(e for e in net.all_ensembles if e.label == label)
    net.config[ens].on_chip = True
    return net


@pytest.mark.parametrize("name", ["bcm", "oja"])
def test_post_on_the_chip_learns_what_the_cpu_learns(name):
    net = put_on_chip(SYSTEMS[name].build(seed=1), "post")
    cpu, chip = (deploy.run(net, 4.0, target, 1) for target in ("cpu", "emulator"))
    asked, got = (run["weights of learned"].samples for run in (cpu, chip))
    asked, got = ((w[-1] - w[0]).ravel() for w in (asked, got))
    assert np.corrcoef(asked, got)[0, 1] >= 0.99
    assert np.linalg.norm(got - asked) <= 0.1 * np.linalg.norm(asked)
    assert {"pre", "post"} <= {core["block"] for core in chip.record["cores"]}
    assert any(c["rule"] == "learned post on the chip" for c in chip.changes)


@pytest.mark.parametrize("rule", [nengo.RLS(1e-4), nengo.PES(1e-3)])
def test_a_decoded_post_on_the_chip_learns_its_value(rule):
    net = put_on_chip(learning("rls", 2, rule), "post")
    with net:
        post = next(e for e in net.ensembles if e.label == "post")
        signal = next(n for n in net.nodes if n.size_in == 0)
        nengo.Probe(post, synapse=0.03, label="post")
        nengo.Probe(signal, synapse=0.03, label="signal")
    run = deploy.run(net, 5.0, "emulator", 2)
    a, b = (run[label].samples[-2000:, 0] for label in ("post", "signal"))
    assert max(np.corrcoef(np.roll(b, lag), a)[0, 1] for lag in range(0, 30, 3)) > 0.9
    assert "post" in {core["block"] for core in run.record["cores"]}


def test_vojas_post_cannot_be_on_the_chip():
    with pytest.raises(deploy.BadInput, match="on_chip was set to True"):
        deploy.run(put_on_chip(learning("voja", 2), "post"), 0.1, "emulator")


@pytest.mark.quick
def test_the_stand_in_repeats_the_chips_spikes_and_hands_the_current_on():
    net = put_on_chip(SYSTEMS["bcm"].build(seed=2), "post")
    done = rewrite(net)
    stand_in = next(e for e in done.network.all_ensembles if e.label == "stand-in of post")
    post = next(e for e in done.network.all_ensembles if e.label == "post")
    with done.network:
        nengo.Probe(stand_in.neurons, label="repeated", seed=0)
        nengo.Probe(post.neurons, label="fired", seed=0)
    traces = deploy.run(done.network, 0.5, "emulator")
    fired, repeated = traces["fired"].dense(), traces["repeated"].dense()
    assert fired.sum() > 0
    assert any(np.array_equal(repeated[k:], fired[: len(fired) - k]) for k in range(1, 4))


@pytest.mark.quick
@pytest.mark.parametrize("value", [0.1, 0.4, 0.9])
def test_values_go_straight_into_neurons(value):
    """Nengo core is the truth: a node's value into neurons, multiplied with their gain."""
    with nengo.Network(seed=1) as net:
        node = nengo.Node(np.full(4, value))
        ens = nengo.Ensemble(4, 1, gain=np.full(4, 6.0), bias=np.full(4, 0.5), label="ens")
        nengo.Connection(node, ens.neurons)
        nengo.Probe(ens.neurons, label="spikes")
    cpu, chip = (deploy.run(net, 1.0, t)["spikes"].counts().mean() for t in ("cpu", "emulator"))
    assert chip == pytest.approx(cpu, rel=0.06, abs=4)
