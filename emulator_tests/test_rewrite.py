"""Rewriting: placement, initial state, probes, and that it is a pure function."""

import warnings
from dataclasses import replace

import nengo
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deploy
from deploy.models.fingerprint import fingerprint
from loihi_rules import fix_seeds, rewrite
from loihi_rules.chip.limits import LOIHI
from loihi_rules.nengo_parts.settings import OF_USERS
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.nengo_parts.wiring import on_chip
from loihi_rules.rewriting import rewrite_copy
from loihi_rules.systems.pes_connection import pes_connection

pytestmark = pytest.mark.quick


def placed(network):
    done = rewrite(network)
    return {e.label: on_chip(done.network, done.copies[e]) for e in network.all_ensembles}, done


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


@pytest.mark.parametrize("use", ["probe", "connection", "node"])
def test_what_no_core_can_decode_is_on_the_host(use):
    """A core listens to 4,096 axons, and what decodes a value listens to all of its neurons."""
    with nengo.Network() as net:
        for n in (4096, 4097):
            ens = nengo.Ensemble(n, 1, eval_points=[[0.5]], n_eval_points=1, label=str(n))
            if use == "probe":
                nengo.Probe(ens)
            elif use == "node":
                nengo.Connection(ens, nengo.Node(size_in=1))
            else:
                nengo.Connection(ens, nengo.Ensemble(1, 1, label="post"), synapse=0.1)
        nengo.Ensemble(5000, 1, eval_points=[[0.5]], n_eval_points=1, label="unread")
    where, done = placed(net)
    assert where.items() >= {"4096": True, "4097": False, "unread": True}.items()
    assert any("4,097 neurons" in c.why for c in done.changes)


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rule_type": nengo.RLS()},
        {"learning_rule_type": [nengo.PES(), nengo.PES()]},
        {"learning_rule_type": nengo.PES(), "solver": nengo.solvers.LstsqL2(weights=True)},
        {"learning_rule_type": nengo.PES(pre_synapse=nengo.Alpha(0.005))},
    ],
)
def test_rules_that_the_chip_lacks_learn_from_a_relay(change):
    with nengo.Network() as net:
        pre, post = nengo.Ensemble(10, 1, label="pre"), nengo.Ensemble(10, 1, label="post")
        conn = nengo.Connection(pre, post, **change)
    where, done = placed(net)
    assert where == {"pre": True, "post": False}
    relay = done.copies[conn].pre_obj
    assert relay.label == "relay of pre" and not on_chip(done.network, relay)
    assert done.copies[conn].learning_rule_type == conn.learning_rule_type
    assert any(c.rule == "learning off the chip" for c in done.changes)


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


def test_voltages_start_as_they_are_and_refractory_times_at_zero():
    start = {"voltage": np.full(10, 0.5), "refractory_time": np.full(10, 0.003)}
    with nengo.Network() as net:
        a = nengo.Ensemble(10, 1, label="a")
        b = nengo.Ensemble(10, 1, neuron_type=nengo.LIF(initial_state=start), label="b")
    done = rewrite(net)
    rng = np.random.RandomState(1)
    first = {ens: done.copies[ens].neuron_type.make_state(10, rng=rng) for ens in (a, b)}
    assert np.ptp(first[a]["voltage"]) > 0.1 and np.all(first[b]["voltage"] == 0.5)
    assert not any(np.any(state["refractory_time"]) for state in first.values())
    changed = [x.object for x in done.changes if x.rule == "compartments start free"]
    assert changed == ["b"]
    assert np.all(b.neuron_type.initial_state["refractory_time"] == 0.003)


def test_problem_with_a_way_out():
    with nengo.Network() as net:
        a, b = nengo.Ensemble(10, 1), nengo.Ensemble(10, 1)
        sparse = nengo.Sparse((1, 1), indices=[[0, 0]])
        nengo.Connection(a, b, transform=sparse, label="d")
    (problem,) = rewrite(net).problems
    assert problem.object == "d" and problem.way_out


NEURON_TYPES = [
    nengo.LIF(),
    nengo.LIF(tau_rc=0.0317, tau_ref=0.0013),
    nengo.SpikingRectifiedLinear(),
    nengo.LIFRate(),
    nengo.Direct(),
]
SYNAPSES = [None, nengo.Lowpass(0.005), nengo.Lowpass(0.03), nengo.Alpha(0.01)]
ENSEMBLE_PROBES = ["decoded_output", "input", "scaled_encoders"]
NEURON_PROBES = ["output", "voltage", "input", "refractory_time"]
CONNECTION_PROBES = ["weights", "output", "input"]


@st.composite
def networks(draw):
    """Nested, sliced, sparse and learning networks, by way of nodes, with probes of all kinds."""
    with nengo.Network(seed=draw(st.none() | st.integers(0, 100))) as net:
        objects = [nengo.Node(nengo.processes.WhiteNoise(), size_out=2)]
        for _ in range(draw(st.integers(1, 4))):
            with nengo.Network() if draw(st.booleans()) else net:
                ens = nengo.Ensemble(
                    draw(st.integers(4, 8)), 2, neuron_type=draw(st.sampled_from(NEURON_TYPES))
                )
            _connect(draw, objects, draw(st.sampled_from(objects)), ens)
            direct = isinstance(ens.neuron_type, nengo.Direct)
            every = draw(st.none() | st.just(0.003))
            if direct:
                nengo.Probe(ens, sample_every=every)
            else:
                part = draw(st.sampled_from([ens, ens[0]]))
                nengo.Probe(part, draw(st.sampled_from(ENSEMBLE_PROBES[:2])), sample_every=every)
                probeable = [a for a in NEURON_PROBES if a in ens.neurons.probeable]
                nengo.Probe(ens.neurons[:3], draw(st.sampled_from(probeable)), sample_every=every)
                nengo.Probe(ens, "scaled_encoders")
            objects.append(ens)
    return net


def _connect(draw, objects, source, ens):
    direct = isinstance(getattr(source, "neuron_type", None), nengo.Direct)
    from_ens = isinstance(source, nengo.Ensemble) and not direct
    to_neurons = not isinstance(ens.neuron_type, nengo.Direct)
    kinds = ["plain", "slice", "node"]
    kinds += ["learning", "weights"] if from_ens and to_neurons else []
    kinds += ["sparse"] if isinstance(source, nengo.Node) else []
    kinds += ["neurons"] if from_ens and to_neurons else []
    kind, synapse = draw(st.sampled_from(kinds)), draw(st.sampled_from(SYNAPSES))
    if kind == "plain":
        conn = nengo.Connection(source, ens, synapse=synapse)
    elif kind == "slice":
        conn = nengo.Connection(source[0], ens[1], synapse=synapse)
    elif kind == "node":
        node = nengo.Node(size_in=2)
        nengo.Connection(source, node, synapse=synapse)
        conn = nengo.Connection(node[[1, 0]], ens, synapse=draw(st.sampled_from(SYNAPSES)))
    elif kind == "weights":
        solver = nengo.solvers.LstsqL2(weights=True)
        conn = nengo.Connection(source, ens, synapse=0.005, solver=solver)
    elif kind == "sparse":
        transform = nengo.Sparse((2, 2), indices=[[0, 1], [1, 0]], init=[0.5, 2.0])
        conn = nengo.Connection(source, ens, transform=transform, synapse=synapse)
    elif kind == "neurons":
        matrix = np.full((3, source.n_neurons), 0.01)
        conn = nengo.Connection(source.neurons, ens.neurons[:3], transform=matrix, synapse=0.01)
    else:
        rule = draw(st.sampled_from([nengo.PES(), nengo.RLS()]))
        conn = nengo.Connection(source, ens, learning_rule_type=rule)
        nengo.Connection(objects[0], conn.learning_rule)
        nengo.Probe(conn, "weights", sample_every=0.01)
        return
    plain = kind == "node" or not from_ens
    wanted = CONNECTION_PROBES[1:] if plain else CONNECTION_PROBES
    nengo.Probe(conn, draw(st.sampled_from(wanted)))


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
        assert type(first.copies[obj]) is type(obj)


@settings(max_examples=25)
@given(networks())
def test_what_is_rewritten_runs_and_serves_every_probe(net):
    probed = list(net.all_probes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with deploy.Simulator(net) as sim, deploy.Simulator(net, target="cpu") as cpu:
            for simulator in (sim, cpu):
                simulator.run_steps(6)
            for probe in probed:
                assert sim.data[probe].shape == cpu.data[probe].shape, probe
            for obj in [*net.all_ensembles, *net.all_connections]:
                built, own = sim.data[obj], cpu.data[obj]
                if getattr(own, "weights", None) is not None:
                    assert np.shape(built.weights) == np.shape(own.weights), obj


def test_members_of_networks_are_called_by_the_way_to_them():
    with nengo.Network(seed=1) as net:
        convolution = nengo.networks.CircularConvolution(10, 2, label="conv")
        out = nengo.networks.EnsembleArray(10, 2)
        again = nengo.networks.EnsembleArray(10, 2)
        lone = nengo.Ensemble(10, 1, label="lone", radius=2)
        nengo.Connection(convolution.output, out.input)
        nengo.Connection(out.output, again.input)
    done = rewrite(net)

    def called(obj):
        return done.copies[obj].label

    assert called(convolution.product.sq1.ea_ensembles[1]) == "conv.product.sq1[1]"
    assert called(convolution.output) == "conv.output"
    assert called(again.ea_ensembles[0]) == "EnsembleArray 2[0]"
    assert called(lone) == "lone"
    assert out.ea_ensembles[0].label == "0"  # the user's own
    assert {"EnsembleArray 2[1]", "EnsembleArray 2.input"} <= {
        change.object for change in done.changes
    }


@pytest.mark.parametrize("neuron_type", [nengo.LIFRate(), nengo.AdaptiveLIF()])
def test_full_weights_from_the_host_are_decoded(neuron_type):
    with nengo.Network(seed=61) as net:
        host = nengo.Ensemble(30, 1, neuron_type=neuron_type)
        chip = nengo.Ensemble(30, 1)
        nengo.Connection(nengo.Node(0.5), host)
        nengo.Connection(host, chip, solver=nengo.solvers.LstsqL2(weights=True))
        nengo.Probe(chip, synapse=0.05, label="out")
    assert deploy.run(net, 0.3, "emulator")["out"].samples[-1] == pytest.approx(0.5, abs=0.1)


def test_a_sparse_matrix_behind_what_has_no_neurons():
    """Nengo core takes it, as `nengo.Direct` has no decoders."""
    with nengo.Network(seed=62) as net:
        direct = nengo.Ensemble(1, 2, neuron_type=nengo.Direct())
        chip = nengo.Ensemble(60, 2)
        nengo.Connection(nengo.Node([0.5, 0.2]), direct)
        crossed = nengo.Sparse((2, 2), indices=[[0, 1], [1, 0]], init=[1.0, 1.0])
        nengo.Connection(direct, chip, transform=crossed)
        nengo.Probe(chip, synapse=0.05, label="out")
    assert deploy.run(net, 0.3, "emulator")["out"].samples[-1] == pytest.approx([0.2, 0.5], abs=0.1)


def test_rows_that_are_rounding_are_no_connections():
    """sin πk of a Fourier transform of 16 values, in all of a row."""
    with nengo.Network(seed=63) as net:
        into = nengo.networks.EnsembleArray(20, 16)
        convolution = nengo.networks.CircularConvolution(10, 16)
        nengo.Connection(into.output, convolution.input_a)
    done = rewrite(net)
    smallest = min(
        np.abs(matrix[matrix != 0]).min()
        for matrix in (
            matrix_of(c) for c in done.network.all_connections if on_chip(done.network, c.post)
        )
        if np.any(matrix)
    )
    assert smallest > 1e-3


def test_passes_leave_notes_and_no_settings_of_their_own():
    """A network's configuration is for what its user chooses."""
    done = rewrite(pes_connection())
    for of in (nengo.Ensemble, nengo.Node, nengo.Connection, nengo.Probe):
        assert set(done.network.config[of].extra_params) <= set(OF_USERS.get(of, ()))
    (learned,) = done.learning_scales
    assert done.notes.ensembles[learned.pre_obj].has_its_rates
    assert {note.error_is_scaled for note in done.notes.connections.values()} == {True, False}


def test_a_copy_of_a_rewritten_network_is_left_as_it_is():
    """Notes go with it, and are of its own objects."""
    copied = rewrite(pes_connection()).network.copy()
    again = rewrite(copied)
    assert again.changes == [] and again.problems == []
    assert fingerprint(again.network) == fingerprint(copied)
    with copied:
        more = nengo.Ensemble(50, 1, label="more")
        nengo.Connection(copied.ensembles[0], more)
    assert {change.object for change in rewrite(copied).changes} & {"more"}


@pytest.mark.parametrize(
    "smaller, said",
    [
        ({"in_axons_a_core": 40}, "decoded from 50 neurons, and a core listens to 40"),
        ({"synapse_bits_a_core": 50 * 63}, "3,200 of its 3,150 bits"),
        ({"decay_bits": 3}, "decays by less than the chip's least, 1/8 a step"),
        ({"chips_on": {"small": 1}, "cores_a_chip": 0}, "the largest board, small, has 0"),
    ],
)
def test_passes_ask_the_chip_that_they_are_given(smaller, said):
    """Not Loihi's limits, where it is another; of which nothing is said for Loihi."""
    for chip, there in ((replace(LOIHI, **smaller), True), (LOIHI, False)):
        done = rewrite_copy(fix_seeds(pes_connection()), chip=chip)
        texts = [change.why for change in done.changes] + [each.what for each in done.problems]
        assert done.chip is chip
        assert any(said in text for text in texts) is there
