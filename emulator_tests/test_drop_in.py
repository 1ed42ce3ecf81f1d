"""Programs that know `nengo.Simulator` or `nengo_loihi.Simulator` run as they are."""

import subprocess
import sys
import textwrap
import warnings

import nengo
import numpy as np
import pytest
from nengo.exceptions import BuildError, ValidationError

import deploy
from deploy import targets
from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.targets.base import Target
from deploy.targets.core import CoreSession
from deploy.targets.emulated import ENGINES

pytestmark = pytest.mark.quick
TARGETS = ("cpu", "emulator", "float-emulator")


def run(network, seconds=0.05, **arguments):
    with deploy.Simulator(network, progress_bar=False, **arguments) as sim:
        sim.run(seconds)
        return {probe: np.array(sim.data[probe]) for probe in network.probes}


def test_it_is_a_nengo_simulator(small):
    with deploy.Simulator(small) as sim:
        assert isinstance(sim, nengo.Simulator)
        assert isinstance(sim.data, nengo.simulator.SimulationData)


@pytest.mark.parametrize("target", TARGETS)
def test_transforms_are_the_users(small, target):
    with small:
        nengo.Connection(
            small.ensembles[0], small.ensembles[1], transform=nengo.dists.Uniform(1, 2)
        )
    with deploy.Simulator(small, target=target) as sim:
        for conn in small.connections:
            assert sim.data[conn].transform == conn.transform
        drawn, its = (c.sample(rng=np.random.RandomState(0)) for c in
                      (conn.transform, sim.data[conn].transform))  # fmt: skip
        np.testing.assert_array_equal(drawn, its)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("loop", [False, True])
def test_time_as_a_node_sees_it(small, engine, loop, monkeypatch):
    seen = {"before": [], "after": []}
    sim = None  # nodes are asked for their size before there is one

    def look(name, t, value):
        if sim is not None:
            seen[name].append((t, sim.time, sim.n_steps))
        return value

    with small:
        before = nengo.Node(
            lambda t, *x: look("before", t, x[0] if x else 0.0), size_in=1 if loop else None
        )
        after = nengo.Node(lambda t, x: look("after", t, x), size_in=1)
        nengo.Connection(before, small.ensembles[0])
        nengo.Connection(small.ensembles[1], after)
        if loop:
            nengo.Connection(small.ensembles[1], before)
    emulator = deploy.simulator.simulator.find_target("emulator").with_engine(engine)
    monkeypatch.setattr(deploy.simulator.simulator, "find_target", lambda name: emulator)
    with deploy.Simulator(small) as built:
        sim = built
        assert sim.precompute != loop
        sim.run_steps(3)
        sim.run_steps(600)
    for rows in seen.values():
        t, time, steps = np.array(rows).T
        np.testing.assert_allclose(t, 0.001 * np.arange(1, 604))
        np.testing.assert_array_equal(steps, np.arange(603))  # those that are done, as in Nengo
        np.testing.assert_allclose(time, 0.001 * steps)


@pytest.mark.parametrize("target", TARGETS)
def test_what_nengos_simulator_has(small, target):
    with deploy.Simulator(small, target=target, seed=4) as sim:
        order = sim.step_order
        assert order and set(order) <= set(sim.dg)
        assert all(hasattr(op, "make_step") for op in order)
        sim.run_steps(7)
        first = sim.rng.rand(100)
        sim.reset(seed=5)
        assert not np.array_equal(sim.rng.rand(100), first)
        sim.reset(seed=4)
        sim.run_steps(7)
        np.testing.assert_array_equal(sim.rng.rand(100), first)


PROGRAM = """
import nengo
import nengo_loihi
import deploy

def program():
    with nengo.Network(seed=1) as network:
        ens = nengo.Ensemble(20, 1)
        conv = nengo.Convolution(1, (3, 3, 1), kernel_size=(2, 2))
        nengo.Connection(nengo.Node([0.5] * 9), nengo.Ensemble(4, 1).neurons, transform=conv)
        nengo.Connection(nengo.Node(1), ens)
        probe = nengo.Probe(ens.neurons)
    with nengo.Simulator(network, progress_bar=False) as sim:
        sim.run(0.05)
        return sim, sim.data[probe].sum()

assert program()[1] > 0
nengo.Simulator = nengo_loihi.Simulator = deploy.Simulator
sim, spikes = program()
assert type(sim) is deploy.Simulator and isinstance(sim, nengo.Simulator)
assert sim.n_chip_compartments and spikes > 0
"""


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("steps", [3.5, None, "1", np.float64(2)])
def test_a_run_of_no_whole_number_of_steps_is_refused_and_the_next_runs(small, target, steps):
    with deploy.Simulator(small, target=target, progress_bar=False) as sim:
        sim.run_steps(np.int64(3))
        with pytest.raises(TypeError, match="integer"):
            sim.run_steps(steps)
        sim.run_steps(2)
        assert sim.n_steps == 5


def test_a_run_for_which_there_is_no_memory_can_be_tried_again(small, monkeypatch):
    def none(self, n_rows):
        raise MemoryError

    with deploy.Simulator(small, progress_bar=False) as sim:
        sim.run_steps(3)
        with monkeypatch.context() as patched:
            patched.setattr("deploy.emulator.engine.Engine.buffers", none)
            with pytest.raises(MemoryError):
                sim.run_steps(2)
        sim.run_steps(2)
        assert sim.n_steps == 5


def test_in_the_place_of_nengos_own():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(PROGRAM)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_network_built_into_a_model_runs_in_nengo_core(small):
    model = nengo.builder.Model(dt=0.002)
    with deploy.Simulator(small, dt=0.002, model=model) as sim:
        assert isinstance(sim._session, CoreSession) and sim.model is model
        assert any("model of Nengo core's operators" in change.why for change in sim.changes)
    with deploy.Simulator(small, model=None) as sim:
        assert sim.n_chip_compartments


def test_nengo_loihis_arguments(small):
    expected = run(small)
    floating = run(small, target="float-emulator")
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        for arguments in (
            {"target": "sim", "hardware_options": None, "remove_passthrough": True},
            {"target": None, "precompute": None, "hardware_options": {}},
            {"precompute": True},
        ):
            for probe, samples in run(small, **arguments).items():
                np.testing.assert_array_equal(samples, expected[probe])
        for probe, samples in run(small, target="simreal").items():
            np.testing.assert_array_equal(samples, floating[probe])
    with pytest.raises(ValidationError, match="NxSDK"):
        deploy.Simulator(small, target="loihi")


@pytest.mark.parametrize(
    "argument, why",
    [
        ({"hardware_options": {"n_snips": 1}}, "only a board"),
        ({"remove_passthrough": False}, "passthrough nodes"),
        ({"model": load_nengo_loihi().builder.Model(dt=0.001)}, "a model of nengo-loihi's"),
    ],
)
def test_what_means_nothing_here_is_said(small, argument, why):
    expected = run(small)
    with pytest.warns(DeprecationWarning, match=why):
        found = run(small, **argument)
    for probe, samples in found.items():
        np.testing.assert_array_equal(samples, expected[probe])


def test_the_host_goes_along_with_the_chip_where_it_is_asked_to(small):
    with deploy.Simulator(small, precompute=False) as sim:
        assert not sim.precompute


def test_sixteen_bits_run_in_nengo_core(small):
    nengo.rc["precision"]["bits"] = "16"
    try:
        with deploy.Simulator(small) as sim:
            sim.run_steps(5)
            assert sim.data[small.probes[0]].dtype == np.float16
            assert any("16 bits" in change.why for change in sim.changes)
    finally:
        nengo.rc["precision"]["bits"] = "64"


def test_weights_have_the_shape_that_their_transform_has():
    with nengo.Network(seed=1) as net:
        a, b = nengo.Ensemble(10, 10), nengo.Ensemble(10, 10)
        conns = [
            nengo.Connection(a.neurons, post, transform=transform)
            for post in (b, b.neurons)
            for transform in (1, None, nengo.dists.Uniform(1, 2))
        ]
    with deploy.Simulator(net) as sim, nengo.Simulator(net, progress_bar=False) as core:
        for conn in conns:
            own, its = sim.data[conn].weights, core.data[conn].weights
            assert (own is None) == (its is None)
            if own is not None:
                np.testing.assert_allclose(own, its)
    with net:
        nengo.Probe(conns[1], "weights")
    with pytest.raises(BuildError, match="cannot be probed"):
        deploy.Simulator(net)


def test_the_model_has_the_users_network_probes_and_seeds(small):
    with small, nengo.Network(label="inner"):
        nengo.Probe(nengo.Node(0.5))
    with deploy.Simulator(small) as sim, nengo.Simulator(small, progress_bar=False) as core:
        for model in (sim.model, core.model):
            assert model.toplevel is small
            assert model.probes[0] is small.networks[0].probes[0]
            assert model.probes[1:] == small.probes
        for obj in (small, *small.all_networks, *small.all_objects):
            assert sim.model.seeds[obj] == core.model.seeds[obj], obj
        sim.run_steps(4)
        core.run_steps(4)
        for probe in small.probes:
            raw, its = sim.data.raw[probe], core.data.raw[probe]
            assert isinstance(raw, list) and len(raw) == len(its)
            for sample, expected in zip(raw, sim.data[probe]):
                np.testing.assert_array_equal(sample, expected)
        assert sim.data.raw[small.ensembles[0]].gain is sim.data[small.ensembles[0]].gain


def test_what_was_built_is_in_the_numbers_that_are_asked_for(small):
    with small:
        nengo.Connection(
            small.ensembles[0].neurons,
            small.ensembles[1].neurons,
            transform=0.01 * np.ones((20, 30)),
        )
    nengo.rc["precision"]["bits"] = "32"
    try:
        with deploy.Simulator(small) as sim, nengo.Simulator(small, progress_bar=False) as core:
            for obj in (*small.ensembles, *small.connections):
                for own, its in zip(sim.data[obj], core.data[obj]):
                    if isinstance(its, np.ndarray):
                        assert own.dtype == its.dtype, obj
    finally:
        nengo.rc["precision"]["bits"] = "64"


class Optimised(Target):
    """A target of one's own, which is no chip: Nengo core with its optimiser."""

    name, substrate, summary = "optimised", "Nengo core", "with its optimiser"

    def open(self, copied, dt, seed):
        return CoreSession(copied.network, dt, seed, copied.changes, optimize=True)


def test_a_target_that_is_no_chip(small, monkeypatch):
    """One file and one line, as CONTRIBUTING says; nothing is rewritten for it."""
    monkeypatch.setitem(targets.TARGETS, "optimised", Optimised())
    found, expected = run(small, target="optimised"), run(small, target="cpu")
    for probe in small.probes:
        np.testing.assert_allclose(found[probe], expected[probe], rtol=1e-9, atol=1e-12)
    with deploy.Simulator(small, target="optimised", progress_bar=False) as sim:
        sim.run(0.01)
        before = sim.data[small.probes[1]].copy()
        sim.reset()
        sim.run(0.01)
        np.testing.assert_array_equal(sim.data[small.probes[1]], before)
        assert sim.data[small.ensembles[0]].gain.shape == (30,)
        assert not [change for change in sim.changes if change.rule == "placement"]


def picked(ends, last, pair, two):
    """Probes of what passes through parts of three dimensions, of two, and of 60 neurons."""
    with nengo.Network(seed=1) as net:
        given = nengo.Node(lambda t: [0.5, -0.3, 0.2])
        ens, post, host = nengo.Ensemble(60, 3), nengo.Ensemble(60, 2), nengo.Node(size_in=2)
        driven = nengo.Ensemble(2, 1)
        nengo.Connection(given[ends], ens[last])
        nengo.Connection(ens[ends], post)
        nengo.Connection(ens[last], host)
        nengo.Connection(ens[ends], post[pair], function=lambda x: x)
        nengo.Connection(ens.neurons[two], driven.neurons)
        probes = [nengo.Probe(obj) for obj in (ens, post, host, driven.neurons, ens[ends])]
    with deploy.Simulator(net, progress_bar=False) as sim:
        sim.run(0.1)
        return [sim.data[probe] for probe in probes]


def test_masks_pick_what_their_indices_do():
    """Nengo takes True and False for indices of 1 and 0 where a transform is set."""
    masks = (
        [True, False, True],
        np.array([False, True, True]),
        [True, True],
        [True] * 2 + [False] * 58,
    )
    for masked, indexed in zip(picked(*masks), picked([0, 2], [1, 2], [0, 1], [0, 1])):
        np.testing.assert_array_equal(masked, indexed)
