"""What many connections and blocks have in common is done once, with the same bits."""

import nengo
import numpy as np
import pytest
from nengo.params import iter_params

import deploy
from deploy.nengo_loihi.build.matrices import Matrices
from deploy.nengo_loihi.build.reach import Reaches
from deploy.nengo_loihi.build.row_table import give_table
from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.nengo_loihi.read import reached_rates
from loihi_rules import declare_settings, rewrite
from loihi_rules.chip import tuning
from loihi_rules.nengo_parts.alike import Alike
from loihi_rules.nengo_parts.targets import targets_of
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.passes.chip import encoder_fits
from loihi_rules.routes import plan

pytestmark = pytest.mark.quick


def through_a_node(sources=6, targets=5, function=np.square, **post):
    """Sources that a node hands on to each target, by a dense matrix."""
    with nengo.Network(seed=3) as net:
        stimulus = nengo.Node(np.linspace(-0.8, 0.8, sources))
        before = [nengo.Ensemble(30, 1) for _ in range(sources)]
        node, after = nengo.Node(size_in=sources), nengo.networks.EnsembleArray(25, targets, **post)
        for k, ens in enumerate(before):
            nengo.Connection(stimulus[k], ens)
            nengo.Connection(ens, node[k], function=function)
        matrix = np.random.RandomState(0).uniform(-1, 1, (targets, sources)) / sources
        nengo.Connection(node, after.input, transform=matrix)
        nengo.Probe(after.output, synapse=0.02)
    return net


def built(net, target):
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        model = sim.whole().model
        blocks = [
            [(s.label, np.concatenate([w.ravel() for w in s.weights])) for s in block.synapses]
            for block in model.blocks
        ]
        own = [
            model.params[conn].weights
            for conn in model.toplevel.all_connections
            if conn in model.params
        ]
        sim.run(0.05)
        return blocks, own, [sim.data[probe] for probe in net.all_probes]


@pytest.mark.parametrize("target", ["emulator", "float-emulator"])
def test_matrices_have_the_bits_of_nengo_loihis(target, monkeypatch):
    kinds = {"radius": 2.0, "neuron_type": nengo.LIF(amplitude=0.5)}
    found = built(through_a_node(**kinds), target)
    monkeypatch.setattr(Matrices, "has", lambda *given: False)
    theirs = built(through_a_node(**kinds), target)
    np.testing.assert_equal(found, theirs)
    assert len(found[0]) > 10


def test_nengo_loihi_is_not_asked_for_each_of_them(monkeypatch):
    builder, asked = load_nengo_loihi().builder.connection, []
    original = builder.build_full_chip_connection

    def noted(model, conn):
        asked.append(conn)
        return original(model, conn)

    monkeypatch.setattr(builder, "build_full_chip_connection", noted)
    built(through_a_node(), "emulator")
    assert not [c for c in asked if isinstance(c.pre_obj, nengo.Ensemble) and c.solver.weights]


def test_connections_that_are_alike_are_those_that_nengo_makes():
    with nengo.Network(seed=1) as net:
        a, b = nengo.Ensemble(20, 1), nengo.Ensemble(20, 3)
        first = nengo.Connection(
            a, b[:2], function=lambda x: [x[0], x[0] ** 2, x[0] ** 3], transform=np.ones((2, 3)),
            eval_points=np.linspace(-1, 1, 50)[:, np.newaxis], seed=4,
        )  # fmt: skip
    alike, matrices = Alike(), [np.arange(6.0).reshape(2, 3) + k for k in range(3)]
    made = [alike.connect(net, first, b[1:], m, nengo.Lowpass(0.01)) for m in matrices]
    for conn, matrix in zip(made, matrices):
        with nengo.Network():
            nengos = nengo.Connection(
                a, b[1:], function=first.function, transform=matrix, synapse=0.01,
                eval_points=first.eval_points, seed=4,
            )  # fmt: skip
        for name in iter_params(nengos):
            if name not in ("pre", "post", "eval_points"):
                assert getattr(conn, name) == getattr(nengos, name), name
        np.testing.assert_equal(conn.eval_points, nengos.eval_points)
        np.testing.assert_equal(matrix_of(conn), matrix)
        assert (conn.pre_obj, conn.post_obj, conn.post_slice) == (a, b, slice(1, None))
        assert str(conn) == str(nengos) and not conn.transform.init.flags.writeable
        conn.synapse = 0.02  # it can be changed as any
    assert net.connections[1:] == made and first.synapse != made[0].synapse


def test_a_function_is_not_called_for_each_target():
    calls = []

    def function(x):
        calls.append(x)
        return x**2

    counts = []
    for targets in (2, 12):
        calls.clear()
        rewrite(through_a_node(targets=targets, function=function))
        counts.append(len(calls))
    assert counts[0] == counts[1]


def test_what_is_alike_costs_the_same_and_is_reckoned_once(monkeypatch):
    original, calls = plan._costs, []

    def counted(entry, *given):
        calls.append(entry)
        return original(entry, *given)

    monkeypatch.setattr(plan, "_costs", counted)
    counts = []
    for sources in (4, 16):
        calls.clear()
        rewrite(through_a_node(sources=sources))
        counts.append(len([entry for entry in calls if not entry.from_host]))
    assert counts[0] == counts[1] > 0


class Block:
    def __init__(self, n_neurons, synapses):
        self.n_neurons, self.synapses = n_neurons, synapses


def groups(n_neurons, rows, seed):
    block, rng = load_nengo_loihi().block, np.random.RandomState(seed)
    synapses = []
    for n in rows:
        synapse = block.Synapse(n)
        give_table(synapse, rng.randn(n, n_neurons).astype(np.float32), np.arange(n_neurons), 3)
        synapses.append(synapse)
    synapses[0].n_axons, shared = rows[0] + 2, np.append(np.arange(rows[0]), [0, 1])
    synapses[0].axon_to_weight_map = shared
    return Block(n_neurons, synapses)


@pytest.mark.parametrize("n_neurons", [1, 2, 7, 50])
def test_sums_side_by_side_have_the_bits_of_those_of_each(n_neurons):
    rows = [20, 20, 20, 5, 33, 33]
    alone, beside = (Reaches(groups(n_neurons, rows, 2), side) for side in (False, True))
    assert [len(stack.synapses) for stack in beside.stacks] == ([3, 2] if n_neurons > 1 else [])
    for ask in (Reaches.most, Reaches.largest, Reaches.totals, Reaches.signed,
                lambda reaches: reaches.numbers(0.5)):  # fmt: skip
        for one, other in zip(ask(alone).values(), ask(beside).values()):
            np.testing.assert_array_equal(one, other)
            assert np.asarray(one).dtype == np.asarray(other).dtype


def test_no_weights_are_made_of_what_the_host_gives_an_ensemble(monkeypatch):
    builder, made = load_nengo_loihi().builder.connection, []
    original = builder.stack_matrices

    def noted(matrices, order):
        made.append(order)
        return original(matrices, order)

    monkeypatch.setattr(builder, "stack_matrices", noted)
    with nengo.Network(seed=1) as net:
        for value in (0.5, -0.5):
            ens = nengo.Ensemble(20, 1)
            nengo.Connection(nengo.Node(value), ens)
            nengo.Probe(ens.neurons)
    found = built(net, "emulator")[2]
    assert not made and all(np.any(spikes) for spikes in found)


@pytest.mark.parametrize("way", ["matrix", "carried"])
def test_what_a_function_gives_is_worked_out_once_for_all_its_targets(way):
    def asked(targets):
        calls = []

        def noted(x):
            calls.append(x)
            return x**2

        net = through_a_node(sources=2, targets=targets, function=noted)
        declare_settings(net)
        net.config[net.connections[-1]].way = way
        rewrite(net)
        return len(calls)

    assert asked(5) == asked(2)


def test_a_function_is_read_once_for_all_points(monkeypatch):
    with nengo.Network(seed=1):
        ens = nengo.Ensemble(20, 2)
        conn = nengo.Connection(ens[1], nengo.Node(size_in=1), function=np.square)
    reads, own = [], nengo.Connection.function
    monkeypatch.setattr(
        nengo.Connection, "function", property(lambda c: reads.append(c) or own.fget(c))
    )
    points = np.random.RandomState(0).uniform(-1, 1, (50, 2))
    assert targets_of(conn, points).tobytes() == (points[:, 1:] ** 2).tobytes()
    assert len(reads) == 1


def test_connections_are_walked_once_for_all_ensembles_whose_neurons_are_read(monkeypatch):
    with nengo.Network(seed=1) as net:
        for _ in range(3):
            ens = nengo.Ensemble(20, 1)
            nengo.Connection(nengo.Node(0.5), ens)
            nengo.Probe(ens.neurons)
    walks, own = [], reached_rates.driven_one_by_one
    monkeypatch.setattr(
        reached_rates, "driven_one_by_one", lambda network: walks.append(network) or own(network)
    )
    with deploy.Simulator(net, progress_bar=False):
        assert len(walks) == 1


def counted(monkeypatch, module, name):
    """The calls of a function from now on."""
    calls, own = [], getattr(module, name)
    monkeypatch.setattr(module, name, lambda *given: calls.append(given) or own(*given))
    return calls


def test_what_has_a_threshold_is_looked_at_once_an_ensemble(monkeypatch):
    looks = counted(monkeypatch, tuning, "_is_silent")
    with deploy.Simulator(through_a_node(4, 3), target="emulator", progress_bar=False):
        assert len(looks) == 7


def test_rates_of_a_fit_are_worked_out_once(monkeypatch):
    """Of the gains to begin with, of those that are fitted, and of neurons of two kinds."""
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(40, 1)
        nengo.Connection(ens, nengo.Node(size_in=1))
    means = counted(monkeypatch, encoder_fits, "mean_chip_rates")
    held = counted(monkeypatch, encoder_fits, "chip_rates")
    rewrite(net)
    assert (len(means), len(held)) == (3, 1)
