"""The CPU's reference is stepped by the compiled host, with Nengo core's bits."""

import nengo
import numpy as np
import pytest

import deploy
from deploy.compiling.jit import HAVE_NUMBA
from deploy.targets import compiled_core
from deploy.targets.compiled_core import CompiledCoreSession
from deploy.targets.core import CoreSession
from loihi_rules import fix_seeds, inject

pytestmark = [pytest.mark.quick, pytest.mark.skipif(not HAVE_NUMBA, reason="needs numba")]


def every_kind():
    """Neurons, learning rules, filters and probes of many kinds."""
    rng = np.random.RandomState(1)
    with nengo.Network(seed=3) as net:
        u = nengo.Node(lambda t: [np.sin(9 * t), np.cos(7 * t)])
        noise = nengo.Node(nengo.processes.WhiteSignal(0.5, 10))
        a = nengo.Ensemble(40, 2, noise=nengo.processes.WhiteNoise(seed=5))
        kinds = (
            nengo.AdaptiveLIF(),
            nengo.Izhikevich(),
            nengo.Tanh(),
            nengo.PoissonSpiking(nengo.LIFRate()),
        )
        kinds += (nengo.SpikingRectifiedLinear(), nengo.Direct(), nengo.LIF(min_voltage=-1))
        nengo.Connection(u, a)
        nengo.Connection(noise, a[1], synapse=nengo.Alpha(0.02))
        for neurons in kinds:
            b = nengo.Ensemble(30, 2, neuron_type=neurons)
            nengo.Connection(a, b, transform=rng.randn(2, 2), synapse=0.01)
            nengo.Probe(b, synapse=0.02)
            if not isinstance(neurons, nengo.Direct):
                nengo.Probe(b.neurons, sample_every=0.003)
        after = nengo.Ensemble(30, 2, label="after")
        for rule in (nengo.PES(), nengo.BCM(1e-9), nengo.Oja(1e-6), nengo.Voja()):
            whole = isinstance(rule, (nengo.BCM, nengo.Oja))
            solver = nengo.solvers.LstsqL2(weights=whole)
            conn = nengo.Connection(a, after, solver=solver, learning_rule_type=rule)
            nengo.Probe(conn, "weights", sample_every=0.01)
            if isinstance(rule, nengo.PES):
                nengo.Connection(after, conn.learning_rule, transform=0.5)
        nengo.Connection(after.neurons, after.neurons, transform=nengo.Sparse((30, 30), [[0, 1]]))
        nengo.Probe(after.neurons, "voltage")
        inject(after, voltage=0.5, at=0.02)
    return net


def samples(session, probes, steps):
    with session:
        for n in steps:
            session.run_steps(n)
        assert session.n_steps == sum(steps)
        return [session.samples(probe) for probe in probes]


@pytest.mark.parametrize("batch", [500, 7])
def test_bits_are_nengo_cores(monkeypatch, batch):
    monkeypatch.setattr(compiled_core, "BATCH", batch)
    found = []
    for kind in (CoreSession, CompiledCoreSession):
        copied = fix_seeds(every_kind(), 0)
        session = kind(copied.network, 0.001, 0)
        found.append(samples(session, copied.network.all_probes, (1, 30, 40)))
    assert session.settings == {"engine": "compiled"}
    for core, compiled in zip(*found):
        assert core.size and core.dtype == compiled.dtype
        np.testing.assert_array_equal(core, compiled)


def test_what_is_no_number_stops_it_where_nengo_core_stops():
    """0 times infinity: of arithmetic that is compiled, which makes no errors itself."""
    with nengo.Network(seed=0) as net:
        node = nengo.Node(lambda t: np.inf if t > 0.02 else 1.0)
        nengo.Connection(node, nengo.Node(size_in=1), transform=0.0, synapse=None)
    reached = []
    for kind in (CoreSession, CompiledCoreSession):
        session = kind(fix_seeds(net, 0).network, 0.001, 0)
        with pytest.raises(Exception) as stopped:  # Nengo's own, whichever
            session.run_steps(50)
        reached.append((type(stopped.value), str(stopped.value), session.n_steps))
    assert reached[0] == reached[1]


class Once(nengo.Process):
    """One value at step 20, and 0 at all others."""

    def __init__(self, value):
        super().__init__(default_size_in=0, default_size_out=1)
        self.value = value

    def make_state(self, shape_in, shape_out, dt, dtype=None):
        return {}

    def make_step(self, shape_in, shape_out, dt, rng, state):
        return lambda t: np.full(shape_out, self.value if round(t / dt) == 20 else 0.0)


@pytest.mark.parametrize("value", [np.inf, np.nan])
@pytest.mark.parametrize("target", ["node", "ensemble", "sum"])
def test_what_is_not_finite_for_a_step_is_nengo_cores(value, target):
    """And functions that count their calls are asked once a step."""
    found = []
    for kind in (CoreSession, CompiledCoreSession):
        calls = []
        with nengo.Network(seed=0) as net:
            probe = nengo.Probe(nengo.Node(lambda t, calls=calls: calls.append(t) or len(calls)))
            source, after = nengo.Node(Once(value)), nengo.Node(size_in=1)
            if target == "ensemble":
                nengo.Connection(source, nengo.Ensemble(5, 1), synapse=None)
            nengo.Connection(source, after, transform=0.0, synapse=None)
            if target == "sum":
                nengo.Connection(nengo.Node(Once(-value)), after, synapse=None)
        copied = fix_seeds(net, 0)
        session, stopped = kind(copied.network, 0.001, 0), None
        try:
            session.run_steps(50)
        except FloatingPointError as error:
            stopped = str(error)
        seen = session.samples(copied.copies[probe]).tolist()
        found.append((stopped, session.n_steps, seen, len(calls)))
    core, compiled = found
    assert core[:3] == compiled[:3]
    if np.isnan(value):
        assert core[3] == compiled[3]
    assert session.settings["engine"] == f"compiled, and from step 0 on {compiled_core.NOT_FINITE}"


def test_a_filter_of_a_users_own_is_asked():
    class Twice(nengo.LinearFilter.OneX):
        def __call__(self, t, signal):
            return 2 * super().__call__(t, signal)

    class Own(nengo.Lowpass):
        def make_step(self, shape_in, shape_out, dt, rng, state):
            a, b, c, d = self._get_ss(dt)
            return Twice(a, b, c, d, state["X"])

    found = []
    for kind in (CoreSession, CompiledCoreSession):
        with nengo.Network(seed=0) as net:
            probe = nengo.Probe(nengo.Node(lambda t: np.sin(50 * t)), synapse=Own(0.01))
        copied = fix_seeds(net, 0)
        session = kind(copied.network, 0.001, 0)
        session.run_steps(20)
        found.append(session.samples(copied.copies[probe]).tolist())
    assert found[0] == found[1]


def test_a_function_that_raises_leaves_the_steps_before(monkeypatch):
    def stop(t):
        if t > 0.0125:
            raise RuntimeError("enough")
        return t

    found = []
    for kind in (CoreSession, CompiledCoreSession):
        with nengo.Network(seed=0) as net:
            probe = nengo.Probe(nengo.Node(stop))
        copied = fix_seeds(net, 0)
        session = kind(copied.network, 0.001, 0)
        with pytest.raises(RuntimeError, match="enough"):
            session.run_steps(50)
        found.append((session.n_steps, session.samples(copied.copies[probe]).tolist()))
    assert found[0] == found[1]
    assert found[0][0] == 12


def test_without_numba_nengo_core_makes_the_steps(monkeypatch):
    monkeypatch.setattr(compiled_core, "HAVE_NUMBA", False)
    run = deploy.run("one-hot", 0.02, "cpu")
    assert run.settings["engine"] == "Nengo core, as there is no numba"
