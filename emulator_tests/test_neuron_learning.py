"""PES from neurons, and ensembles that are the error of their own rule, learn on the chip."""

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import declare_settings, rewrite
from loihi_rules.nengo_parts.wiring import on_chip


def controller(form, post="node", weights=0.0, rate=5e-4):
    """An ensemble whose output learns to be what ``u`` is; ``form`` is where from."""
    with nengo.Network(seed=4) as net:
        u = nengo.Node(lambda t: np.sin(2 * np.pi * t))
        ens = nengo.Ensemble(100, 1, label="ens")
        nengo.Connection(u, ens)
        ends = {
            "node": lambda: nengo.Node(lambda t, x: x, size_in=1),
            "passthrough": lambda: nengo.Node(size_in=1),
            "ensemble": lambda: nengo.Ensemble(40, 1, label="post"),
        }
        end = ends[post]()
        rule = nengo.PES(rate)
        if form == "decoders":
            learned = nengo.Connection(ens, end, function=lambda x: 0, learning_rule_type=rule)
        else:
            pre = ens.neurons if form == "neurons" else ens.neurons[form]
            start = np.full((1, pre.size_out), weights)
            learned = nengo.Connection(pre, end, transform=start, learning_rule_type=rule)
        learned.label = "learned"
        error = nengo.Node(size_in=1)
        nengo.Connection(end, error)
        nengo.Connection(u, error, transform=-1)
        nengo.Connection(error, learned.learning_rule)
        nengo.Probe(error, synapse=0.02, label="error")
        nengo.Probe(learned, "weights", sample_every=0.2, label="weights")
    return net


@pytest.mark.quick
@pytest.mark.parametrize("post", ["node", "passthrough", "ensemble"])
def test_weights_from_neurons_learn_on_the_chip(post):
    done = rewrite(controller("neurons", post))
    (learned,) = done.learning_scales
    assert isinstance(learned.pre_obj, nengo.Ensemble) and on_chip(done.network, learned.pre)
    assert [c.object for c in done.changes if c.rule == "learning from neurons"] == ["learned"]
    assert not done.problems


def test_they_learn_bit_by_bit_as_decoders_do():
    neurons, decoders = (deploy.run(controller(f), 0.6) for f in ("neurons", "decoders"))
    for probe in ("error", "weights"):
        np.testing.assert_array_equal(neurons[probe].samples, decoders[probe].samples)
    assert np.abs(neurons["weights"].samples[-1]).max() > 0


@pytest.mark.parametrize("part", [slice(20, 60), list(range(0, 90, 3))])
def test_a_slice_of_neurons_learns_as_on_the_cpu(part):
    """κ is divided by the number of neurons in the slice, and no others have synapses."""
    net = controller(part, weights=2e-5)
    cpu, chip = (deploy.run(net, 2.0, target) for target in ("cpu", "emulator"))
    learnt = [run["weights"].samples[-1] - run["weights"].samples[0] for run in (cpu, chip)]
    assert learnt[0].shape == learnt[1].shape
    assert np.corrcoef(learnt[0].ravel(), learnt[1].ravel())[0, 1] > 0.85  # wrong neurons: about 0
    assert np.linalg.norm(learnt[1]) == pytest.approx(np.linalg.norm(learnt[0]), rel=0.15)
    late = [np.sqrt(np.mean(run["error"].samples[1000:] ** 2)) for run in (cpu, chip)]
    assert late[1] == pytest.approx(late[0], rel=0.15)


@pytest.mark.quick
@pytest.mark.parametrize(
    "kind, reason",
    [
        ("neurons", "does not encode"),
        ("sparse", "not a Sparse transform"),
        ("still", "learning rate of 0"),
    ],
)
def test_what_is_not_the_same_says_why(kind, reason):
    with nengo.Network(seed=1) as net:
        pre, post = nengo.Ensemble(20, 1), nengo.Ensemble(20, 1)
        end = post.neurons if kind == "neurons" else nengo.Node(size_in=20)
        transform = np.zeros((20, 20))
        if kind == "sparse":
            transform = nengo.Sparse((20, 20), indices=[[0, 0]])
        rate = 0.0 if kind == "still" else 1e-4
        conn = nengo.Connection(
            pre.neurons, end, transform=transform, learning_rule_type=nengo.PES(rate)
        )
    done = rewrite(net)
    (change,) = [c for c in done.changes if c.rule == "learning off the chip"]
    assert reason in change.why
    assert not done.learning_scales and on_chip(done.network, done.copies[pre])
    assert done.copies[conn].learning_rule_type == conn.learning_rule_type


def test_an_ensemble_that_is_the_error_of_its_own_rule_is_on_the_chip():
    with nengo.Network(seed=2) as net:
        u = nengo.Node(lambda t: np.sin(2 * np.pi * t))
        ens = nengo.Ensemble(100, 1, label="ens")
        nengo.Connection(u, ens)
        post = nengo.Node(size_in=1)
        learned = nengo.Connection(
            ens, post, function=lambda x: 0, learning_rule_type=nengo.PES(5e-4)
        )
        nengo.Connection(post, learned.learning_rule)
        nengo.Connection(ens, learned.learning_rule, transform=-1)  # wanted is what it has
        difference = nengo.Node(size_in=1)
        nengo.Connection(post, difference)
        nengo.Connection(u, difference, transform=-1)
        nengo.Probe(difference, synapse=0.02, label="error")
    done = rewrite(net)
    assert on_chip(done.network, done.copies[ens]) and len(done.learning_scales) == 1
    assert any(c.rule == "errors are the host's" for c in done.changes)
    cpu, chip = (deploy.run(net, 2.0, target) for target in ("cpu", "emulator"))
    late = [np.sqrt(np.mean(run["error"].samples[1000:] ** 2)) for run in (cpu, chip)]
    assert late[1] < 1.2 * late[0]


@pytest.mark.quick
def test_the_size_of_what_is_learnt_can_be_said():
    """Torques in N m between nodes: no radius says how large they are."""
    net = controller("neurons")
    (learned,) = [c for c in net.all_connections if c.learning_rule_type is not None]
    unknown = rewrite(net)
    (change,) = [c for c in unknown.changes if c.rule.startswith("learned weights")]
    assert "pes_span" in change.why
    declare_settings(net)
    net.config[learned].pes_span = 12.0
    known = rewrite(net)
    (change,) = [c for c in known.changes if c.rule.startswith("learned weights")]
    assert "pes_span" not in change.why
    scales = [next(iter(done.learning_scales.values())) for done in (unknown, known)]
    assert scales[0].error_scale == pytest.approx(12 * scales[1].error_scale)
    assert scales[1].threshold == pytest.approx(12 * scales[0].threshold)
