"""What a PES rule on the chip has in it can be probed; rules of a user's own run as they are."""

import nengo
import numpy as np
import pytest
from nengo.builder import Builder, Signal
from nengo.builder.operator import Operator, Reset
from nengo.learning_rules import LearningRuleType
from test_neuron_learning import controller

import deploy


@pytest.mark.parametrize("form", ["decoders", slice(10, 40)])
def test_error_activities_and_delta_are_those_of_the_cpu(form):
    net = controller(form)
    (learned,) = [c for c in net.all_connections if c.learning_rule_type is not None]
    with net:
        probes = [
            nengo.Probe(learned.learning_rule, attr, synapse=0.02, sample_every=every)
            for attr in ("error", "activities", "delta")
            for every in (None, 0.01)
        ]
    data = {}
    for target in ("cpu", "emulator"):
        with deploy.Simulator(net, target=target, progress_bar=False) as sim:
            for _ in range(2):  # what was read must not be counted twice
                sim.run(0.25)
                data[target] = [np.array(sim.data[probe]) for probe in probes]
    for cpu, chip in zip(data["cpu"], data["emulator"]):
        assert chip.shape == cpu.shape
        assert np.corrcoef(cpu.ravel(), chip.ravel())[0, 1] > 0.97
        assert np.linalg.norm(chip) == pytest.approx(np.linalg.norm(cpu), rel=0.1)


class Associating(LearningRuleType):
    """Learns what is in its error, but for the first entry, which says how much.

    It reads what its ensemble represents; its error is larger than its connection.
    """

    modifies = "decoders"

    def __init__(self, size):
        super().__init__(1e-3, size_in=size + 1)


class SimAssociating(Operator):
    def __init__(self, value, error, encoders, delta):
        super().__init__()
        self.sets, self.incs = [], []
        self.reads, self.updates = [value, error, encoders], [delta]

    def make_step(self, signals, dt, rng):
        value, error, encoders = (signals[read] for read in self.reads)
        delta = signals[self.updates[0]]

        def step():
            delta[...] = dt * 1e-3 * error[0] * np.outer(error[1:], encoders @ value)

        return step


@Builder.register(Associating)
def build_associating(model, associating, rule):
    pre = rule.connection.pre_obj
    error = Signal(shape=rule.size_in)
    model.add_op(Reset(error))
    model.sig[rule]["in"] = error
    model.add_op(
        SimAssociating(
            model.sig[pre]["in"], error, model.sig[pre]["encoders"], model.sig[rule]["delta"]
        )
    )


def test_a_rule_of_a_users_own_with_an_error_of_another_size():
    with nengo.Network(seed=1) as net:
        u = nengo.Node(lambda t: [np.sin(6 * t), np.cos(6 * t), 0.2])
        pre = nengo.Ensemble(40, 3, label="pre")
        elsewhere, end = nengo.Ensemble(40, 3, label="elsewhere"), nengo.Node(size_in=2)
        nengo.Connection(u, pre)
        nengo.Connection(u, elsewhere)
        learned = nengo.Connection(
            pre, end, function=lambda x: [0, 0], learning_rule_type=Associating(2)
        )
        nengo.Connection(nengo.Node([1.0, 0.5, -0.5]), learned.learning_rule, synapse=None)
        nengo.Probe(learned, "weights", sample_every=0.1, label="weights")
        nengo.Probe(elsewhere, synapse=0.02, label="elsewhere")
    cpu, chip = (deploy.run(net, 0.3, target) for target in ("cpu", "emulator"))
    np.testing.assert_allclose(chip["weights"].samples, cpu["weights"].samples, atol=1e-12)
    assert np.abs(cpu["weights"].samples).max() > 1e-6
    (why,) = [c["why"] for c in chip.changes if c["rule"] == "placement" and c["object"] == "pre"]
    assert "Associating" in why


@pytest.mark.parametrize("target", ["node", "ensemble", "part"])
def test_what_a_learned_connection_gives_is_read_and_nothing_else_changes(target):
    """Once, twice, or through a filter; other probes keep their bits."""

    def run(simulator, outputs):
        with nengo.Network(seed=6) as net:
            u = nengo.Node(lambda t: [np.sin(7 * t), np.cos(5 * t)])
            a, error = nengo.Ensemble(90, 2), nengo.Node(size_in=2)
            post = nengo.Node(size_in=3) if target == "node" else nengo.Ensemble(70, 3)
            nengo.Connection(u, a)
            end = {"part": post[[2, 0]]}.get(target, post[:2])
            learned = nengo.Connection(a, end, learning_rule_type=nengo.PES(1e-4))
            nengo.Connection(u, error, transform=-1)
            nengo.Connection(a, error, synapse=0.01)
            nengo.Connection(error, learned.learning_rule)
            others = [nengo.Probe(post, synapse=0.02), nengo.Probe(learned, "weights")]
            probes = [
                nengo.Probe(learned, "output", synapse=0.02, sample_every=every)
                for every in (None, 0.01)[:outputs]
            ]
        with simulator(net) as sim:
            sim.run(0.4)
            return [np.array(sim.data[probe]) for probe in [*others, *probes]]

    def emulated(net):
        return deploy.Simulator(net, progress_bar=False)

    def core(net):
        return nengo.Simulator(net, progress_bar=False)

    without, chip, cpu = run(emulated, 0), run(emulated, 2), run(core, 2)
    for one, other in zip(without, chip):
        np.testing.assert_array_equal(one, other)
    assert [p.shape for p in chip] == [p.shape for p in cpu]
    for found, wanted in zip(chip[2:], cpu[2:]):
        assert np.sqrt(np.mean((found - wanted) ** 2)) < 0.1 * wanted.std() + 0.02
