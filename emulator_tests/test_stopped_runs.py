"""A run that a node or Ctrl-C stops, and nodes that look at the run that they are in."""

import signal
import threading
import time

import nengo
import numpy as np
import pytest
from nengo.exceptions import SimulationError

import deploy
from deploy.targets import find_target
from deploy.targets.emulated import ENGINES

pytestmark = pytest.mark.quick
LAST = 520  # beyond a batch of 500
STOPS = (3, 40, 41, 510)  # steps in which a node raises, each once


class Stop(Exception):
    pass


class Node:
    """A node's function that notes its calls, and raises in some of them."""

    def __init__(self, function):
        self.function, self.calls, self.stops, self.kind = function, [], set(), Stop

    def __call__(self, t, *x):
        if round(t * 1000) in self.stops:
            self.stops.remove(round(t * 1000))
            raise self.kind
        self.calls.append(round(t * 1000))
        return self.function(t, *x)


def network(kind):
    """Chip, host and noise; ``before`` the chip, ``after`` it, or both in a ``loop``."""
    with nengo.Network(seed=3) as net:
        net.before = Node(lambda t, *x: np.sin(9 * t))
        net.after = Node(lambda t, x: 0.5 * x)
        before = nengo.Node(net.before, size_in=1 if kind == "loop" else 0, size_out=1)
        noise = nengo.Node(nengo.processes.FilteredNoise(nengo.Alpha(0.01), seed=1))
        a, b = nengo.Ensemble(30, 1), nengo.Ensemble(20, 1)
        host = nengo.Ensemble(20, 1, neuron_type=nengo.PoissonSpiking(nengo.LIFRate()))
        nengo.Connection(before, a)
        nengo.Connection(noise, host, transform=0.1)
        nengo.Connection(host, a, synapse=nengo.Alpha(0.01))
        nengo.Connection(a, b)
        out = nengo.Node(net.after, size_in=1)
        nengo.Connection(b, out)
        if kind == "loop":
            nengo.Connection(out, before)
        net.learned = nengo.Connection(
            a, out, function=lambda x: 0, learning_rule_type=nengo.PES(1e-4)
        ) if kind == "learning" else None  # fmt: skip
        if kind == "learning":
            nengo.Connection(out, net.learned.learning_rule)
        net.state = [a.neurons, b.neurons]
        for obj, key, every in (
            (before, "output", None), (noise, "output", 0.003), (out, "output", None),
            (b, "decoded_output", None), (a.neurons, "voltage", 0.002),
            (host.neurons, "output", None),
        ):  # fmt: skip
            nengo.Probe(obj, key, sample_every=every)
    return net


def everything(sim, net):
    """Samples, and what the chip has now."""
    signals = [sim.signals[sim.model.sig[obj][n]] for obj in net.state for n in ("voltage", "in")]
    return [*(sim.data[probe] for probe in net.probes), *map(np.array, signals)]


def are_at_one_step(sim, net):
    for probe in net.probes:
        times = sim.trange(sample_every=probe.sample_every)
        assert len(sim.data[probe]) == len(times), probe
    if sim.n_steps:
        before = sim.signals[sim.model.sig[net.nodes[0]]["out"]]
        np.testing.assert_array_equal(before, sim.data[net.probes[0]][-1])
        assert sim.signals[sim.model.step] == sim.n_steps
        assert sim._session.simulator.sims["emulator"].t == sim.n_steps


def opened(net, engine="fast", **arguments):
    with pytest.MonkeyPatch.context() as patch:
        chosen = find_target("emulator").with_engine(engine)
        patch.setattr(deploy.simulator.simulator, "find_target", lambda name: chosen)
        return deploy.Simulator(net, progress_bar=False, **arguments)


@pytest.fixture(scope="module")
def undisturbed():
    found = {}
    for kind in ("ahead", "loop", "learning"):
        net = network(kind)
        with opened(net) as sim:
            sim.run_steps(LAST)
            found[kind] = everything(sim, net), net.before.calls, net.after.calls
    return found


@pytest.mark.parametrize(
    "kind, where",
    [("ahead", "before"), ("ahead", "after"), ("loop", "before"), ("learning", "after")],
)
def test_a_node_that_raises_stops_all_at_one_step(undisturbed, kind, where):
    net = network(kind)
    with opened(net) as sim:
        node = getattr(net, where)
        node.stops = set(STOPS)
        for stop in STOPS:
            node.kind = KeyboardInterrupt if stop == 41 else Stop
            with pytest.raises(node.kind):
                sim.run_steps(LAST - sim.n_steps)
            assert sim.n_steps == stop - 1 and len(sim.trange()) == stop - 1
            are_at_one_step(sim, net)
        sim.run_steps(LAST - sim.n_steps)
        expected, before, after = undisturbed[kind]
        for found, its in zip(everything(sim, net), expected):
            np.testing.assert_array_equal(found, its)
    assert (net.before.calls, net.after.calls) == (before, after)  # none is asked twice


def interrupted(kind, most, expected):
    """How often a run was stopped by Ctrl-C, each time after ``most`` seconds or less."""
    net, stopped = network(kind), 0
    with opened(net) as sim:
        handler = signal.getsignal(signal.SIGINT)
        while sim.n_steps < LAST:
            delay = np.random.RandomState(stopped).uniform(0, most)
            timer = threading.Timer(delay, signal.raise_signal, [signal.SIGINT])
            try:
                timer.start()
                sim.run_steps(LAST - sim.n_steps)
                timer.cancel()
                timer.join()
            except KeyboardInterrupt:
                stopped += 1
                are_at_one_step(sim, net)
        assert signal.getsignal(signal.SIGINT) is handler
        for found, its in zip(everything(sim, net), expected):
            np.testing.assert_allclose(found, its, atol=1e-12)
    return stopped


@pytest.mark.parametrize("kind", ["ahead", "loop"])
def test_ctrl_c_stops_all_at_one_step(undisturbed, kind):
    with opened(network(kind)) as sim:
        began = time.perf_counter()
        sim.run_steps(LAST)
        seconds = time.perf_counter() - began
    # of a machine that was busy then, and is not now, a quarter of that is too late
    shares = (seconds / 4**k for k in range(1, 8))
    assert any(interrupted(kind, most, undisturbed[kind][0]) for most in shares)


def test_nengo_loihis_own_way_of_stepping_says_that_it_does_not_lead_back():
    net = network("ahead")
    with opened(net, "reference") as sim:
        sim.run_steps(20)
        net.before.stops = {30}
        with pytest.raises(Stop):
            sim.run_steps(20)
        assert sim.n_steps == 20
        for probe in net.probes:
            assert len(sim.data[probe]) == len(sim.trange(sample_every=probe.sample_every))
        with pytest.raises(SimulationError, match=r"stopped in the middle, at step 20.*reset"):
            sim.run_steps(1)
        sim.reset()
        sim.run_steps(5)
        assert sim.n_steps == 5


def looks(net, where, look):
    """Have a node look at the simulator that is put into the list which this returns."""
    node, box = getattr(net, where), []
    function = node.function

    def looking(t, *x):
        if box:
            look(box[0], round(t * 1000))
        return function(t, *x)

    node.function = looking
    return box


def without_engines_that_go_ahead(engine, kind):
    if engine == "reference" and kind == "ahead":
        pytest.skip("nengo-loihi's stepping runs this host ahead, and refuses a look: tested below")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["ahead", "loop"])
@pytest.mark.parametrize("where", ["before", "after"])
def test_nodes_read_samples_up_to_the_step_before(undisturbed, engine, kind, where):
    without_engines_that_go_ahead(engine, kind)
    net = network(kind)
    seen = []

    def look(sim, step):
        if step not in range(20, 30):
            assert sim.n_steps == step - 1
            seen.append([np.array(sim.data[probe]) for probe in net.probes])

    box = looks(net, where, look)
    with opened(net, engine) as sim:
        box.append(sim)
        sim.run_steps(60)
        assert len(seen) == 50
        seen.append([sim.data[probe] for probe in net.probes])
        for row in seen:
            for probe, samples, its in zip(net.probes, row, undisturbed[kind][0]):
                n = len(sim.trange(sample_every=probe.sample_every)[: len(samples)])
                assert len(samples) == n
                if n:
                    np.testing.assert_allclose(samples, its[:n], atol=1e-12)
        for row, steps in zip(seen, (*range(19), *range(29, 60), 60)):
            assert len(row[0]) == len(row[3]) == steps and len(row[1]) == steps // 3


@pytest.mark.parametrize("kind", ["ahead", "loop"])
@pytest.mark.parametrize("where", ["before", "after"])
def test_nodes_read_and_set_signals(kind, where):
    """Also where others raise in the same steps."""
    net = network(kind)
    with net:
        voltages = [nengo.Probe(neurons, "voltage") for neurons in net.state]
    seen = {}

    def look(sim, step):
        if step < 10:
            return
        signals = [sim.model.sig[neurons]["voltage"] for neurons in net.state]
        seen[step - 1] = [np.array(sim.signals[signal]) for signal in signals]
        if step == 20:
            sim.signals[sim.model.sig[net.state[1]]["bias"]] += 5.0

    box = looks(net, where, look)
    with opened(net) as sim:
        box.append(sim)
        bias = sim.model.sig[net.state[1]]["bias"]
        before = np.array(sim.signals[bias])
        net.after.stops, net.before.stops = {10, 12, 20, 25}, {11, 12, 20}
        while sim.n_steps < 30:
            try:
                sim.run_steps(30 - sim.n_steps)
            except Stop:
                are_at_one_step(sim, net)
        assert set(seen) == set(range(9, 30))
        for step, row in seen.items():
            for probe, found in zip(voltages, row):
                np.testing.assert_allclose(found, sim.data[probe][step - 1])
        np.testing.assert_allclose(sim.signals[bias] - before, 5, atol=0.1)  # once


def test_nengo_loihis_own_way_of_stepping_says_that_it_goes_ahead():
    net = network("ahead")
    box = looks(net, "before", lambda sim, step: sim.data[net.probes[3]])
    with opened(net, "reference") as sim:
        box.append(sim)
        with pytest.raises(SimulationError, match="precompute=False"):
            sim.run_steps(5)


def test_a_node_cannot_run_its_own_simulator():
    net = network("ahead")
    box = looks(net, "after", lambda sim, step: sim.step())
    with opened(net) as sim:
        box.append(sim)
        with pytest.raises(SimulationError, match="a node cannot run"):
            sim.run_steps(5)
