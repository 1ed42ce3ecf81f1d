"""Runs show what every learning connection changes, whatever Nengo lets it be made of."""

import nengo
import numpy as np
import pytest
from nengo.builder import Builder
from nengo.builder.operator import Operator
from nengo.learning_rules import LearningRuleType
from nengo.solvers import LstsqL2

import deploy
from deploy.jobs.foreseen import SIZES
from loihi_rules import freeze


class Growing(LearningRuleType):
    """A user's own: encoders grow, and nothing is asked of the connection."""

    modifies = "encoders"

    def __init__(self):
        super().__init__(1e-3, size_in=0)


class SimGrowing(Operator):
    def __init__(self, encoders, delta):
        super().__init__()
        self.sets, self.incs, self.reads, self.updates = [], [], [encoders], [delta]

    def make_step(self, signals, dt, rng):
        encoders, delta = signals[self.reads[0]], signals[self.updates[0]]

        def step():
            delta[...] = dt * encoders

        return step


@Builder.register(Growing)
def build_growing(model, growing, rule):
    encoders = model.sig[rule.connection.post_obj]["encoders"]
    model.add_op(SimGrowing(encoders, model.sig[rule]["delta"]))


def voja(net):
    return nengo.Connection(net.u, net.post, learning_rule_type=nengo.Voja(), synapse=None)


def voja_with_a_signal(net):
    conn = voja(net)
    nengo.Connection(nengo.Node(0.5), conn.learning_rule)
    return conn


def voja_of_a_slice(net):
    return nengo.Connection(net.u[0], net.post[1], learning_rule_type=nengo.Voja())


def voja_of_an_ensemble(net):
    return nengo.Connection(net.pre, net.post, learning_rule_type=nengo.Voja())


def voja_of_neurons(net):
    return nengo.Connection(net.pre.neurons[:2], net.post, learning_rule_type=nengo.Voja())


def a_users_own(net):
    return nengo.Connection(net.u, net.post, learning_rule_type=Growing())


def voja_and_pes(net):
    conn = nengo.Connection(
        net.pre, net.post, learning_rule_type={"keys": nengo.Voja(), "values": nengo.PES(1e-3)}
    )
    nengo.Connection(net.u, conn.learning_rule["values"], transform=-1)
    return conn


def pes_of_a_slice(net):
    conn = nengo.Connection(net.pre[0], net.post[1], learning_rule_type=nengo.PES(1e-3))
    nengo.Connection(net.u[0], conn.learning_rule, transform=-1)
    return conn


def pes_of_neurons(net):
    conn = nengo.Connection(
        net.pre.neurons[3:9], net.post, transform=np.zeros((2, 6)), learning_rule_type=nengo.PES()
    )
    nengo.Connection(net.u, conn.learning_rule)
    return conn


def pes_of_full_weights(net):
    solver = LstsqL2(weights=True)
    conn = nengo.Connection(net.pre, net.post, solver=solver, learning_rule_type=nengo.PES(1e-3))
    nengo.Connection(net.u, conn.learning_rule)
    return conn


def rls(net):
    conn = nengo.Connection(net.pre, net.post, learning_rule_type=nengo.RLS())
    nengo.Connection(net.u, conn.learning_rule)
    return conn


def oja_and_bcm(net):
    return nengo.Connection(
        net.pre.neurons,
        net.post.neurons,
        transform=np.full((30, 40), 1e-3),
        learning_rule_type=[nengo.Oja(1e-9), nengo.BCM(1e-12)],
    )


FORMS = [
    voja, voja_with_a_signal, voja_of_a_slice, voja_of_an_ensemble, voja_of_neurons, a_users_own,
    voja_and_pes, pes_of_a_slice, pes_of_neurons, pes_of_full_weights, rls, oja_and_bcm,
]  # fmt: skip


def built(form):
    with nengo.Network(seed=1) as net:
        net.u = nengo.Node(lambda t: [np.sin(9 * t), np.cos(9 * t)], label="u")
        net.pre = nengo.Ensemble(40, 2, label="pre")
        net.post = nengo.Ensemble(30, 2, label="post")
        nengo.Connection(net.u, net.pre)
        nengo.Probe(net.post, synapse=0.02, label="out")
        conn = form(net)
        conn.label = "learned"
    return net, conn


def of_nengo(net, conn, kind):
    """All of it at the end of a run of Nengo core's."""
    with nengo.Simulator(net, progress_bar=False, optimize=False) as sim:
        sim.run(0.1)
        obj = net.post if kind == "encoders" else conn
        return np.array(sim.signals[sim.model.sig[obj][kind]])


@pytest.mark.parametrize("form", FORMS)
def test_what_is_learned_is_recorded_of_every_form(form):
    net, conn = built(form)
    kinds = {voja_and_pes: ["encoders", "weights"]}.get(
        form, ["encoders"] if form in FORMS[:6] else ["weights"]
    )
    for target in ("cpu", "emulator"):
        run = deploy.run(net, duration=0.1, target=target)
        shown = {trace.label: trace for trace in run if trace.kind == "weights"}
        assert sorted(shown) == [f"{kind} of learned" for kind in kinds]
        for kind in kinds:
            samples = shown[f"{kind} of learned"].samples
            wanted = of_nengo(net, conn, kind)
            assert samples.shape == (100, *wanted.shape)
            assert np.abs(samples[-1] - samples[0]).max() > 0  # it did learn
            if target == "cpu":
                np.testing.assert_allclose(samples[-1], wanted, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("form", FORMS)
def test_room_for_what_is_recorded_is_enough(form):
    net, conn = built(form)
    rules = conn.learning_rule
    rules = list(rules.values()) if isinstance(rules, dict) else np.atleast_1d(rules)
    with net:
        probes = [nengo.Probe(net.post, "scaled_encoders")]
        probes += [nengo.Probe(rule, at) for rule in rules for at in rule.probeable if at in SIZES]
        if form in FORMS[6:]:
            probes.append(nengo.Probe(conn, "weights"))
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(1)
        for probe in probes:
            assert SIZES[probe.attr](probe.obj) >= sim.data[probe][0].size


def test_weights_and_encoders_of_one_connection_are_not_frozen_in_part():
    net, _ = built(voja_and_pes)
    learned = deploy.run(net, duration=0.05, target="cpu").learned
    with pytest.raises(ValueError, match="change weights and encoders"):
        freeze(net, learned)
