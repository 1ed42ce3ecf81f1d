"""Rewriting: placement, initial state, probes, and that it is a pure function."""

import nengo
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.fingerprint import fingerprint
from loihi_rules import rewrite
from loihi_rules.wiring import on_chip

pytestmark = pytest.mark.quick


def placed(network):
    done = rewrite(network)
    return {e.label: on_chip(done.network, done.twins[e]) for e in network.all_ensembles}, done


def test_learned_post_and_error_are_on_the_host():
    with nengo.Network() as net:
        pre, post, error = (nengo.Ensemble(10, 1, label=x) for x in ("pre", "post", "error"))
        conn = nengo.Connection(pre, post, learning_rule_type=nengo.PES())
        nengo.Connection(error, conn.learning_rule)
    where, done = placed(net)
    assert where == {"pre": True, "post": False, "error": False}
    reasons = {c.object: c.why for c in done.changes if c.rule == "placement"}
    assert set(reasons) == {"post", "error"}
    assert "learned connection" in reasons["post"]
    assert not done.problems


@pytest.mark.parametrize(
    "neuron_type, chip",
    [
        (nengo.LIF(), True),
        (nengo.SpikingRectifiedLinear(), True),
        (nengo.RegularSpiking(nengo.LIFRate()), True),
        (nengo.RegularSpiking(nengo.Sigmoid()), False),
        (nengo.AdaptiveLIF(), False),  # a subclass of LIF that nengo-loihi would take for one
        (nengo.LIFRate(), False),
        (nengo.Izhikevich(), False),
        (nengo.Direct(), False),
    ],
)
def test_neuron_types(neuron_type, chip):
    with nengo.Network() as net:
        nengo.Ensemble(10, 1, neuron_type=neuron_type, label="e")
    where, done = placed(net)
    assert where == {"e": chip}
    assert any(c.rule == "placement" for c in done.changes) is not chip


def test_noise_is_on_the_host():
    with nengo.Network() as net:
        nengo.Ensemble(10, 1, noise=nengo.processes.WhiteNoise(seed=1), label="e")
    assert placed(net)[0] == {"e": False}


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rule_type": nengo.RLS()},
        {"learning_rule_type": [nengo.PES(), nengo.PES()]},
        {"learning_rule_type": nengo.PES(), "solver": nengo.solvers.LstsqL2(weights=True)},
        {"learning_rule_type": nengo.PES(pre_synapse=nengo.Alpha(0.005))},
    ],
)
def test_rules_that_the_chip_lacks_take_their_neurons_to_the_host(change):
    with nengo.Network() as net:
        pre, post = nengo.Ensemble(10, 1, label="pre"), nengo.Ensemble(10, 1, label="post")
        nengo.Connection(pre, post, **change)
    assert placed(net)[0] == {"pre": False, "post": False}


def test_the_user_settings_stand():
    import nengo_loihi

    with nengo.Network() as net:
        nengo_loihi.add_params(net)
        host = nengo.Ensemble(10, 1, label="host")
        impossible = nengo.Ensemble(10, 1, neuron_type=nengo.LIFRate(), label="impossible")
        net.config[host].on_chip = False
        net.config[impossible].on_chip = True
    where, done = placed(net)
    assert where == {"host": False, "impossible": False}
    assert [p.object for p in done.problems] == ["impossible"]


def test_initial_state_becomes_zero():
    with nengo.Network() as net:
        a = nengo.Ensemble(10, 1, label="a")
        b = nengo.Ensemble(
            10, 1, neuron_type=nengo.LIF(initial_state={"voltage": [0.5] * 10}), label="b"
        )
        c = nengo.Ensemble(
            10, 1, neuron_type=nengo.LIF(initial_state={"voltage": nengo.dists.Choice([0])})
        )
    done = rewrite(net)
    for ens in (a, b, c):
        state = done.twins[ens].neuron_type.make_state(10, rng=np.random.RandomState(1))
        assert not np.any(state["voltage"])
    changed = [x.object for x in done.changes if x.rule == "compartments start at zero"]
    assert changed == ["all neurons on the chip", "b"]
    assert b.neuron_type.initial_state["voltage"] is not None


def test_problem_with_a_way_out():
    with nengo.Network() as net:
        a, b = nengo.Ensemble(10, 1), nengo.Ensemble(10, 1)
        conn = nengo.Connection(a, b)
        nengo.Probe(conn, "weights", label="w")
    (problem,) = rewrite(net).problems
    assert problem.object == "w" and problem.way_out


@st.composite
def networks(draw):
    """Small networks: nested, sliced, learning, with nodes and probes of many kinds."""
    neuron_types = [
        nengo.LIF(),
        nengo.SpikingRectifiedLinear(),
        nengo.LIFRate(),
        nengo.Direct(),
    ]
    with nengo.Network(seed=draw(st.none() | st.integers(0, 100))) as net:
        objects = [nengo.Node(nengo.processes.WhiteNoise(), size_out=2)]
        for _ in range(draw(st.integers(1, 4))):
            with nengo.Network() if draw(st.booleans()) else net:
                ens = nengo.Ensemble(
                    draw(st.integers(4, 8)), 2, neuron_type=draw(st.sampled_from(neuron_types))
                )
            source = draw(st.sampled_from(objects))
            direct = isinstance(getattr(source, "neuron_type", None), nengo.Direct)
            learning = isinstance(source, nengo.Ensemble) and not direct and draw(st.booleans())
            rule = draw(st.sampled_from([nengo.PES(), nengo.RLS()])) if learning else None
            if draw(st.booleans()) and not learning:
                nengo.Connection(source[0], ens[1], synapse=0.01)
            else:
                conn = nengo.Connection(source, ens, learning_rule_type=rule)
                if learning:
                    nengo.Connection(objects[0], conn.learning_rule)
                    nengo.Probe(conn, "weights", sample_every=0.01)
            every = draw(st.none() | st.just(0.003))
            nengo.Probe(ens, sample_every=every)
            if not isinstance(ens.neuron_type, nengo.Direct):
                nengo.Probe(ens.neurons)
            objects.append(ens)
    return net


@settings(max_examples=60)
@given(networks())
def test_rewriting_is_pure_and_final(net):
    before = fingerprint(net)
    first, second = rewrite(net), rewrite(net)
    assert fingerprint(net) == before
    assert fingerprint(first.network) == fingerprint(second.network)
    assert (first.changes, first.problems) == (second.changes, second.problems)
    again = rewrite(first.network)
    assert fingerprint(again.network) == fingerprint(first.network)
    assert again.changes == [] and again.problems == []
    for obj in net.all_objects:
        assert type(first.twins[obj]) is type(obj)
