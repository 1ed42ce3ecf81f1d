"""A model that was built once is stepped again without Nengo's objects, with the same bits."""

import importlib
import json
import os
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import nengo
import numpy as np
import pytest

import deploy
import loihi_rules
from deploy.compiling.jit import HAVE_NUMBA
from deploy.files import builds as on_disk
from deploy.files.builds import KIND, find_build, written_by
from deploy.files.npz import read_npz, write_npz
from deploy.files.solutions import computed_by
from deploy.models.content import Objects, content_of_network
from deploy.targets.emulator import EmulatorSession
from deploy.targets.kept.session import KeptSession
from loihi_rules.nengo_parts.settings import declare_settings

pytestmark = [
    pytest.mark.quick,
    pytest.mark.skipif(not HAVE_NUMBA, reason="without numba no build is kept"),
]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache; gives its builds."""
    monkeypatch.setenv("LOIHI_DEPLOY_CACHE", str(tmp_path))
    return lambda: sorted((tmp_path / "builds").glob("*.npz"))


def squared(seed=1, power=2):
    """A function of a value, its spikes, a part of it, and what a filter makes of it."""
    with nengo.Network(seed=seed) as net:
        a, b = nengo.Ensemble(60, 1), nengo.Ensemble(50, 2)
        nengo.Connection(nengo.Node(lambda t: np.sin(9 * t)), a, synapse=0.01)
        nengo.Connection(a, b[0], function=lambda x: x**power)
        nengo.Probe(b, synapse=0.02)
        nengo.Probe(b[0])
        nengo.Probe(b.neurons)
        nengo.Probe(a.neurons, "voltage")
    return net


def arrays():
    """Many small populations, whose values come together in a node that is gone on the chip."""
    with nengo.Network(seed=2) as net:
        a, b = (nengo.networks.EnsembleArray(20, 5) for _ in range(2))
        b.add_output("twice", lambda x: 2 * x)
        nengo.Connection(nengo.Node(np.linspace(-1, 1, 5)), a.input)
        nengo.Connection(a.output, b.input)
        nengo.Probe(b.output, synapse=0.03)
        nengo.Probe(b.twice, synapse=0.03, sample_every=0.003)
    return net


def through_the_host():
    """A loop through a user's function and neurons of the host, driven by Nengo's noise."""
    with nengo.Network(seed=3) as net:
        declare_settings(net)
        noise = nengo.Node(nengo.processes.WhiteSignal(1.0, high=5), size_out=1)
        here, there = nengo.Ensemble(40, 1), nengo.Ensemble(30, 1)
        cut = nengo.Node(lambda t, x: np.maximum(x, 0), size_in=1)
        nengo.Connection(noise, here)
        nengo.Connection(here, cut, synapse=0.01)
        nengo.Connection(cut, there)
        nengo.Connection(there, here, transform=0.5, synapse=0.05)
        for of in (noise, here, cut, there):
            nengo.Probe(of, synapse=0.01)
        nengo.Probe(cut, sample_every=0.004)
        nengo.Probe(there.neurons)
    net.config[there].on_chip = False
    return net


def shown():
    """Pictures, one after the other, through a matrix of weights."""
    rng = np.random.RandomState(0)
    with nengo.Network(seed=4) as net:
        pictures = nengo.Node(nengo.processes.PresentInput(rng.rand(3, 6), 0.03))
        ens = nengo.Ensemble(
            40, 1, gain=np.ones(40), bias=np.ones(40), neuron_type=nengo.SpikingRectifiedLinear()
        )
        nengo.Connection(pictures, ens.neurons, transform=rng.randn(40, 6))
        nengo.Probe(ens.neurons)
    return net


def taught():
    """Two connections that learn on the chip, one by an error that another population has."""
    with nengo.Network(seed=5) as net:
        stimulus = nengo.Node(lambda t: [np.sin(20 * t), np.cos(20 * t)])
        pre, post, error = (nengo.Ensemble(40, 2) for _ in range(3))
        nengo.Connection(stimulus, pre)
        learned = nengo.Connection(
            pre, post, function=lambda x: [0, 0], learning_rule_type=nengo.PES(1e-3)
        )
        nengo.Connection(post, error)
        nengo.Connection(pre, error, transform=-1)
        nengo.Connection(error, learned.learning_rule)
        wrong = nengo.Node(lambda t, x: x - 5, size_in=1)  # which is more than it takes
        given = nengo.Ensemble(30, 1)
        other = nengo.Connection(pre[0], given, learning_rule_type=nengo.PES(3e-4), synapse=0.01)
        nengo.Connection(given, wrong)
        nengo.Connection(wrong, other.learning_rule)
        for of in (post, given, error):
            nengo.Probe(of, synapse=0.02)
        nengo.Probe(learned, "weights", sample_every=0.007, synapse=0.01)
        nengo.Probe(post.neurons)
    return net


def taught_off_the_chip():
    """Rules of the host: BCM, Oja and Voja of what neurons of the chip send, and PES."""
    with nengo.Network(seed=6) as net:
        stimulus = nengo.Node(lambda t: np.sin(20 * t))
        pre = nengo.Ensemble(30, 1)
        nengo.Connection(stimulus, pre)
        for rule in (nengo.BCM(1e-8), nengo.Oja(1e-5), nengo.Voja(learning_rate=1e-2), None):
            post = nengo.Ensemble(20, 1)
            if isinstance(rule, nengo.Voja):
                conn = nengo.Connection(pre, post, learning_rule_type=rule)
                nengo.Probe(conn.learning_rule, "scaled_encoders", sample_every=0.02)
            elif rule is not None:
                solver = nengo.solvers.LstsqL2(weights=True)
                conn = nengo.Connection(pre, post, solver=solver, learning_rule_type=rule)
                nengo.Probe(conn, "weights", sample_every=0.02)
            nengo.Probe(post, synapse=0.02)
    return net


NETWORKS = pytest.mark.parametrize(
    "network", [squared, arrays, through_the_host, shown, taught, taught_off_the_chip]
)


def opened(net, **given):
    return deploy.Simulator(net, progress_bar=False, **given)


def recorded(sim, net):
    return [np.array(sim.data[probe]) for probe in net.all_probes]


def built(sim, net):
    """All that the build made of the user's objects."""
    found = []
    for ens in net.all_ensembles:
        found += [value for value in sim.data[ens] if isinstance(value, np.ndarray)]
    for conn in net.all_connections:
        found.append(np.array(sim.data[conn].weights, float))
    return found


def run(net, between=lambda sim: None, **given):
    """What two runs record, with something done between; what was built; and the changes."""
    with opened(net, **given) as sim:
        kind = type(sim._session)
        sim.run_steps(70)
        found = recorded(sim, net)
        between(sim)
        sim.run_steps(60)
        found += recorded(sim, net)
        found += built(sim, net)
        return kind, found, sim.changes, sim.n_chip_compartments


def plain(network, monkeypatch, *given):
    with monkeypatch.context() as patch:
        patch.setenv("LOIHI_DEPLOY_CACHE", "")
        return run(network(), *given)


def assert_same(one, other):
    assert len(one[1]) == len(other[1])
    for a, b in zip(one[1], other[1]):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    assert one[2:] == other[2:]


@NETWORKS
def test_a_second_build_has_the_same_bits(cache, monkeypatch, network):
    wanted = plain(network, monkeypatch)
    first, again = run(network()), run(network())
    assert [wanted[0], first[0], again[0]] == [EmulatorSession, EmulatorSession, KeptSession]
    assert any(np.any(samples) for samples in wanted[1])
    assert_same(first, wanted)
    assert_same(again, wanted)


@NETWORKS
def test_what_needs_the_whole_build_goes_on_from_where_it_is(cache, monkeypatch, network):
    def look(sim):
        ens = next(iter(sim.network.all_ensembles))
        np.testing.assert_array_equal(sim.data[ens].gain, sim.data[ens].gain)
        assert isinstance(sim._session, EmulatorSession)
        assert sim.step_order

    wanted = plain(network, monkeypatch, look)
    run(network())
    found = run(network(), look)
    assert found[0] is KeptSession
    assert_same(found, wanted)


def test_nothing_is_built_that_is_not_asked_for(cache, monkeypatch):
    net = squared()
    run(net)

    def never(*given, **named):
        raise AssertionError("it was not to be built")

    for name in ("rewrite_copy", "fix_process_seeds"):
        monkeypatch.setattr(f"deploy.simulator.simulator.{name}", never)
    with opened(net) as sim:
        sim.run_steps(50)
        sim.clear_probes()
        sim.run_steps(20)
        assert all(len(samples) == 20 for samples in recorded(sim, net))
        assert sim.n_steps == 70 and sim.n_chip_compartments == 110 and sim.changes


@NETWORKS
def test_a_second_run_records_the_same(cache, monkeypatch, network):
    """With what a run says besides its samples: cores, work, changes and warnings."""
    with monkeypatch.context() as patch:
        patch.setenv("LOIHI_DEPLOY_CACHE", "")
        wanted = deploy.run(network(), 0.1)
    deploy.run(network(), 0.1)

    def never(*given, **named):
        raise AssertionError("it was not to be built")

    monkeypatch.setattr("deploy.targets.emulated.open_on_a_chip", never)
    found = deploy.run(network(), 0.1)
    arrays, others = found.arrays(), wanted.arrays()
    assert list(arrays) == list(others)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, others[name])
    for name in ("settings", "record", "changes", "problems", "warnings", "fingerprint"):
        assert getattr(found, name) == getattr(wanted, name), name
    n_learned = {taught: 2, taught_off_the_chip: 3}.get(network, 0)
    assert len(found.learned) == len(wanted.learned) == n_learned
    for own, other in zip(found.learned, wanted.learned):
        np.testing.assert_array_equal(own.values, other.values)
        np.testing.assert_array_equal(own.theta, other.theta)
        nothing = {"values": None, "theta": None}
        assert replace(own, **nothing) == replace(other, **nothing)
    if network is taught:
        assert any("of its errors were cut off" in str(warning) for warning in found.warnings)


@pytest.mark.parametrize("package", [deploy, loihi_rules])
def test_what_another_source_has_built_is_not_taken(cache, monkeypatch, tmp_path, package):
    """It may be that of another version, which builds something else of the same network."""
    net, files = squared(), (written_by, computed_by)
    first = run(net)
    assert run(net)[0] is KeptSession
    tree = tmp_path / "source"
    shutil.copytree(Path(package.__file__).parent, tree)
    with (tree / "notes.py" if package is loihi_rules else tree / "errors.py").open("a") as file:
        file.write("# of another day\n")
    with monkeypatch.context() as patch:
        patch.setattr(package, "__file__", str(tree / "__init__.py"))
        for each in files:
            each.cache_clear()
        other = run(net)
    for each in files:
        each.cache_clear()
    assert other[0] is EmulatorSession
    assert_same(other, first)
    assert run(net)[0] is KeptSession


def test_both_targets_and_other_seeds_are_kept_apart(cache, monkeypatch):
    net = squared()
    for given in ({}, {"target": "float-emulator"}, {"seed": 5}, {"dt": 0.002}):
        with monkeypatch.context() as patch:
            patch.setenv("LOIHI_DEPLOY_CACHE", "")
            wanted = run(net, **given)
        first, again = run(net, **given), run(net, **given)
        assert (first[0], again[0]) == (EmulatorSession, KeptSession)
        assert_same(again, wanted)


# ------------------------------------------------------------------- nodes that look


class Seen:
    """What a node sees of the simulator that it runs in."""

    def __init__(self, at):
        self.at, self.sim, self.values = at, None, []
        with nengo.Network(seed=6) as self.net:
            self.ens = nengo.Ensemble(40, 1)
            node = nengo.Node(self.look, size_in=1)
            nengo.Connection(self.ens, node, synapse=0.01)
            nengo.Connection(node, self.ens)
            self.probe = nengo.Probe(self.ens, synapse=0.01)
            nengo.Probe(self.ens.neurons)

    def look(self, t, x):
        if 20 < round(1000 * t) < 30:
            self.values.append(self.at(self))
        return 1 - x

    def run(self):
        with opened(self.net) as self.sim:
            kind = type(self.sim._session)
            self.sim.run_steps(50)
            return kind, [*self.values, *recorded(self.sim, self.net)]

    @property
    def voltage(self):
        return self.sim.model.sig[self.ens.neurons]["voltage"]


def samples(seen):
    return np.array(seen.sim.data[seen.probe])


def voltages(seen):
    return np.array(seen.sim.signals[seen.voltage])


def pushed(seen):
    seen.sim.signals[seen.voltage] = 0.5
    return np.array(seen.sim.signals[seen.voltage])


@pytest.mark.parametrize("at", [samples, voltages, pushed])
def test_a_node_may_look_at_all_in_the_midst_of_a_run(cache, monkeypatch, at):
    with monkeypatch.context() as patch:
        patch.setenv("LOIHI_DEPLOY_CACHE", "")
        _, wanted = Seen(at).run()
    Seen(at).run()
    kind, found = Seen(at).run()
    assert kind is KeptSession and len(found) == len(wanted) == 11
    for one, other in zip(found, wanted):
        np.testing.assert_array_equal(one, other)


def test_a_node_that_raises_leaves_all_at_its_step(cache):
    def network():
        with nengo.Network(seed=7) as net:
            net.fails = False

            def give(t):
                if net.fails and t > 0.03:
                    raise RuntimeError("no more")
                return np.sin(9 * t)

            ens = nengo.Ensemble(30, 1)
            nengo.Connection(nengo.Node(give), ens)
            nengo.Probe(ens, synapse=0.01)
        return net

    run(network())
    net = network()
    with opened(net) as whole:
        whole.run_steps(60)
        wanted = recorded(whole, net)
    with opened(net) as sim:
        assert isinstance(sim._session, KeptSession)
        net.fails = True
        with pytest.raises(RuntimeError):
            sim.run_steps(60)
        before = sim.n_steps
        assert len(recorded(sim, net)[0]) == before == 30
        net.fails = False
        sim.run_steps(60 - before)
        np.testing.assert_array_equal(recorded(sim, net)[0], wanted[0])


def test_it_begins_again_after_a_reset(cache):
    net = squared()
    run(net)
    with opened(net) as sim:
        sim.run_steps(40)
        wanted = recorded(sim, net)
        sim.reset()
        sim.run_steps(40)
        for one, other in zip(recorded(sim, net), wanted):
            np.testing.assert_array_equal(one, other)


# -------------------------------------------------------------------- which model it is


def content(net):
    return content_of_network(Objects(net), [0])


def functions():
    """Functions of one value, each of which gives another; and those that nobody can know."""
    height, heights = 2.0, np.arange(3.0)

    def add(x):
        return x + height

    def add_first(x):
        return x + heights[0]

    def drawn(x):
        return x + np.random.rand()

    def read(x):
        return x + len(open(os.devnull).read())

    def counted(x):
        counted.calls = 1
        return x

    def imported(x):
        import random

        return x + random.random()

    def ours(x):
        return x + len(json.dumps(1))

    known = [None, np.square, np.sin, add, add_first, lambda x: x * 2, lambda x: x * 3]
    known += [lambda x, by=4: x * by, lambda x, by=5: x * by, lambda x: max(x, 0.0)]
    return known, [drawn, read, counted, imported, ours]


def with_function(function):
    with nengo.Network(seed=1) as net:
        a, b = nengo.Ensemble(20, 1), nengo.Ensemble(20, 1)
        nengo.Connection(a, b, function=function)
    return net


def test_functions_are_known_by_their_code_and_all_that_it_reads():
    known, unknown = functions()
    found = [content(with_function(function)) for function in known]
    assert None not in found and len(set(found)) == len(found)
    assert found == [content(with_function(function)) for function in functions()[0]]
    assert [content(with_function(function)) for function in unknown] == [None] * len(unknown)


def test_what_another_version_has_built_is_not_taken(cache, monkeypatch):
    """As after an upgrade: what steps a build goes by how it was laid out."""
    assert [run(squared())[0] for _ in range(2)] == [EmulatorSession, KeptSession]
    monkeypatch.setattr("deploy.targets.kept.model.written_by", lambda: "another version")
    assert [run(squared())[0] for _ in range(2)] == [EmulatorSession, KeptSession]
    assert len(cache()) == 2


def test_what_a_function_reads_is_part_of_the_model():
    by = np.array([2.0])
    net = with_function(lambda x: x * by)
    before = content(net)
    by[0] = 3.0
    assert content(net) not in (before, None)


@pytest.mark.parametrize(
    "change",
    [
        lambda net: setattr(net, "seed", 9),
        lambda net: setattr(net.all_ensembles[0], "radius", 2.0),
        lambda net: setattr(net.all_ensembles[0], "label", "another"),
        lambda net: setattr(net.all_ensembles[0], "encoders", np.ones((60, 1))),
        lambda net: setattr(net.all_connections[0], "synapse", 0.02),
        lambda net: setattr(net.all_nodes[0], "output", np.ones(1)),
        lambda net: net.probes.pop(),
        lambda net: net.probes.reverse(),
        declare_settings,
    ],
)
def test_another_model_is_another(change):
    net = squared()
    before = content(net)
    assert before == content(squared())
    change(net)
    assert content(net) not in (before, None)


def test_models_of_which_something_is_not_known_are_built(cache):
    class Own(nengo.LIF):
        pass

    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(20, 1, neuron_type=Own())
        nengo.Probe(ens)
    assert content(net) is None
    assert run(net)[0] is run(net)[0] is not KeptSession
    assert not cache()


def test_a_small_network_may_be_changed_as_with_nengo(cache, monkeypatch):
    """What its simulators have is of the network as it was, and nothing else is kept by it."""
    with monkeypatch.context() as patch:
        patch.setenv("LOIHI_DEPLOY_CACHE", "")
        with opened(squared()) as sim:
            gains = sim.data[sim.network.all_ensembles[0]].gain
    for _ in range(3):  # from the second time on of what was kept
        net = squared()
        with opened(net) as sim:
            net.seed, net.all_ensembles[0].radius = 77, 2.0
            np.testing.assert_array_equal(sim.data[net.all_ensembles[0]].gain, gains)
            sim.reset()
            np.testing.assert_array_equal(sim.data[net.all_ensembles[0]].gain, gains)
            sim.run_steps(30)
            before = [np.array(sim.data[probe]) for probe in net.probes]
        with opened(squared()) as sim:
            sim.run_steps(30)
            for own, probe in zip(before, sim.network.probes):
                np.testing.assert_array_equal(sim.data[probe], own)
        with opened(net) as sim:
            assert not np.array_equal(sim.data[net.all_ensembles[0]].gain, gains)


def test_a_network_that_was_changed_meanwhile_is_not_taken_for_what_was_built(cache, monkeypatch):
    monkeypatch.setattr(importlib.import_module("deploy.simulator.simulator"), "FEW", 0)
    run(squared())
    for net in (squared(), squared()):
        with opened(net) as sim:
            sim.run_steps(10)
            net.all_ensembles[0].radius = 2.0
            with pytest.raises(nengo.exceptions.SimulationError, match="has been changed"):
                sim.data[net.all_ensembles[0]]
            with pytest.raises(nengo.exceptions.SimulationError, match="has been changed"):
                sim.reset()
        run(squared())  # one that does not fit is thrown away


def test_what_was_warned_of_is_warned_of_again(cache):
    def warned():
        with nengo.Network(seed=1) as net:
            ens = nengo.Ensemble(20, 1, max_rates=nengo.dists.Choice([450]))
            nengo.Connection(nengo.Node(0.5), ens)
            nengo.Probe(ens)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)  # of what other tests left open
            opened(net).close()
        return [(w.category, str(w.message)) for w in caught]

    first = warned()
    assert first and cache() and warned() == first


# -------------------------------------------------------------------- what is on the disk


@pytest.mark.parametrize("damage", ["empty", "half", "a byte", "none of ours"])
def test_a_damaged_file_is_made_anew(cache, damage):
    wanted = run(squared())
    (file,) = cache()
    whole = file.read_bytes()
    middle = len(whole) // 2
    file.write_bytes(
        {
            "empty": b"",
            "half": whole[:middle],
            "a byte": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "none of ours": b"PK, and no more of a zip",
        }[damage]
    )
    found = run(squared())
    assert found[0] is EmulatorSession
    assert_same(found, wanted)
    assert run(squared())[0] is KeptSession


@pytest.mark.parametrize("whose", ["file", "folder"])
def test_what_others_could_have_written_is_not_believed(cache, whose):
    run(squared())
    (file,) = cache()
    (file if whose == "file" else file.parent).chmod(0o777)
    assert run(squared())[0] is EmulatorSession
    assert all(not path.stat().st_mode & 0o022 for path in (file, file.parent))


def mutated(value, rng):
    """JSON with one thing of it another."""
    if isinstance(value, dict) and value:
        key = sorted(value)[rng.randint(len(value))]
        if rng.rand() < 0.1:
            return {name: of for name, of in value.items() if name != key}
        return {**value, key: mutated(value[key], rng)}
    if isinstance(value, list) and value:
        k = rng.randint(len(value))
        if rng.rand() < 0.1:
            return value[:k]
        return [*value[:k], mutated(value[k], rng), *value[k + 1 :]]
    return [None, -1, 2**40, "os", 0.5, [], {}][rng.randint(7)]


def test_nothing_that_is_not_as_it_was_written_is_stepped(cache):
    run(squared())
    (file,) = cache()
    record, data = read_npz(file, KIND, lambda record, arrays: (dict(record), arrays["data"]))
    rng = np.random.RandomState(0)
    assert find_build(file.stem) is not None
    for part in ("build", "places", "content", "digest") * 10:
        other = mutated(record[part], rng)
        if other != record[part]:
            write_npz(file, KIND, {**record, part: other}, {"data": data})
            assert find_build(file.stem) is None
    for _ in range(10):
        other = data.copy()
        other[rng.randint(len(data))] ^= 1
        write_npz(file, KIND, record, {"data": other})
        assert find_build(file.stem) is None


def test_a_cache_has_an_end(cache, monkeypatch):
    run(squared(1))
    (first,) = cache()
    os.utime(first, (1, 1))
    monkeypatch.setattr(on_disk, "MOST_BYTES", first.stat().st_size * 3 // 2)
    run(squared(2))
    (second,) = cache()
    assert second != first
    monkeypatch.setattr(on_disk, "LARGEST", 1000)
    run(squared(3))
    assert cache() == [second]


def test_without_a_cache_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("LOIHI_DEPLOY_CACHE", "")
    assert run(squared())[0] is run(squared())[0] is EmulatorSession
    assert not list(tmp_path.iterdir())
