"""Rules that the chip lacks: the relay is exact, and what is learnt is what the CPU learns."""

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import rewrite

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
