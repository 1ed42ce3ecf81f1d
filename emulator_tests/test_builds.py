"""What nengo-loihi's own build stops at: built all the same, or refused in the user's words."""

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import rewrite


def run(network, probe, seconds, target="emulator"):
    with deploy.Simulator(network, target=target, progress_bar=False) as sim:
        sim.run(seconds)
        return sim.data[probe]


def test_a_sparse_matrix_without_entries():
    with nengo.Network(seed=1) as net:
        a, b = nengo.Ensemble(20, 1), nengo.Ensemble(20, 1)
        nothing = nengo.Sparse((20, 20), indices=np.zeros((0, 2), int), init=np.zeros(0))
        nengo.Connection(a.neurons, b.neurons, transform=nothing)
        probe = nengo.Probe(b.neurons)
    assert deploy.check(net).ok
    rates = [run(net, probe, 0.5, target).mean() for target in ("cpu", "emulator")]
    assert rates[1] == pytest.approx(rates[0], rel=0.1)


def test_learning_decoders_of_more_than_a_core_learn_on_the_host():
    with nengo.Network(seed=1) as net:
        stimulus, error = nengo.Node(np.full(64, 0.1)), nengo.Node(size_in=64)
        a, out = nengo.Ensemble(1200, 64), nengo.Node(size_in=64)
        nengo.Connection(stimulus, a)
        conn = nengo.Connection(
            a, out, function=lambda x: np.zeros(64), learning_rule_type=nengo.PES(1e-3)
        )
        nengo.Connection(out, error)
        nengo.Connection(stimulus, error, transform=-1)
        nengo.Connection(error, conn.learning_rule)
        probe = nengo.Probe(out, synapse=0.02)
    changes = [c for c in rewrite(net).changes if c.rule == "learning off the chip"]
    assert "1,382,400" in changes[0].why  # 1200 × 2 × (64 × 8 + 10 bits, padded to 576)
    learnt = run(net, probe, 0.3)[-1]
    assert np.linalg.norm(learnt - 0.1) < 0.3 * np.linalg.norm(np.full(64, 0.1))
