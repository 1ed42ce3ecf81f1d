"""Probes of all that Nengo can probe: of its shapes, at its steps, through its filters."""

import nengo
import numpy as np
import pytest
from nengo.connection import LearningRule

import deploy

N_STEPS = 40
PERIODS = (None, 0.01, 0.0035)


def everything():
    """A network, and each object that is probed in some way of its own."""
    with nengo.Network(seed=3) as net:
        u = nengo.Node(lambda t: [np.sin(6 * t), np.cos(6 * t)], label="u")
        host = nengo.Node(lambda t, x: x, size_in=2, label="host")
        a, b = (nengo.Ensemble(24, 2, label=name) for name in "ab")
        d = nengo.Ensemble(1, 1, label="direct", neuron_type=nengo.Direct())
        c, e = (nengo.Ensemble(16, 1, label=name) for name in "ce")
        full = nengo.solvers.LstsqL2(weights=True)
        conns = [
            nengo.Connection(a, b, label="decoded"),
            nengo.Connection(a[0], b[1], function=np.square, label="slice"),
            nengo.Connection(a, b, solver=full, transform=0.1, label="full"),
            nengo.Connection(
                a.neurons, b.neurons, transform=np.full((24, 24), 1e-4), label="neurons"
            ),
            nengo.Connection(b, host, label="to the host"),
            nengo.Connection(a[0], d, label="to direct"),
            nengo.Connection(d, c, transform=[[1.0]], label="from direct"),
            nengo.Connection(
                a, c, function=lambda x: 0, learning_rule_type=nengo.PES(), label="pes"
            ),
            nengo.Connection(
                a.neurons,
                e.neurons,
                transform=np.full((16, 24), 1e-4),
                learning_rule_type=nengo.BCM(1e-12),
                label="bcm",
            ),
        ]
        voja = nengo.Connection(u[0], e, learning_rule_type=nengo.Voja(), label="voja")
        nengo.Connection(u, a)
        rules = [conn.learning_rule for conn in [*conns, voja] if conn.learning_rule is not None]
        nengo.Connection(c, rules[0])
        nengo.Connection(u[0], rules[0], transform=-1)
        parts = [a[1], a.neurons[3:7], a.neurons[[1, 5]]]
    return net, [u, host, a, b, c, e, a.neurons, e.neurons, *parts, *conns, *rules]


def probeable(obj):
    names = getattr(obj, "obj", obj).probeable
    taught = isinstance(obj, nengo.Connection) and obj.label == "pes"
    return [
        name
        for name in names
        if not (taught and name == "output")  # which the chip hands to the ensemble behind it
        and not (name == "scaled_encoders" and not isinstance(obj, (nengo.Ensemble, LearningRule)))
    ]


@pytest.mark.parametrize("dt", [0.001, 0.002])
def test_shapes_are_nengos_and_samples_those_of_its_steps(dt):
    net, objects = everything()
    with net:
        probes = {
            (str(obj), name, tau, period): nengo.Probe(obj, name, synapse=tau, sample_every=period)
            for obj in objects
            for name in probeable(obj)
            for tau in (None, 0.02)
            for period in PERIODS
        }
    data = []
    for simulator in (nengo.Simulator, deploy.Simulator):
        with simulator(net, dt=dt, progress_bar=False) as sim:
            for steps in (15, N_STEPS - 15):  # what goes on in a second run
                sim.run_steps(steps)
                sim.data[next(iter(probes.values()))]
            data.append({key: np.array(sim.data[probe]) for key, probe in probes.items()})
    nengos, ours = data
    steps = np.arange(1, N_STEPS + 1)
    for (obj, name, tau, period), samples in ours.items():
        assert samples.shape == nengos[obj, name, tau, period].shape, (obj, name, period)
        if period is not None:
            whole = ours[obj, name, tau, None]
            np.testing.assert_allclose(samples, whole[steps % (period / dt) < 1], rtol=1e-9)


def test_what_the_build_fixed_goes_through_a_probes_filter():
    with nengo.Network(seed=1) as net:
        a, b = nengo.Ensemble(20, 1), nengo.Ensemble(20, 1)
        conn = nengo.Connection(a.neurons, b.neurons, transform=np.full((20, 20), 1e-4))
        probes = [
            nengo.Probe(obj, name, synapse=synapse, sample_every=0.003)
            for obj, name in ((conn, "weights"), (b, "scaled_encoders"))
            for synapse in (0.01, nengo.Alpha(0.02))
        ]
    data = []
    for simulator in (nengo.Simulator, deploy.Simulator):
        with simulator(net, progress_bar=False) as sim:
            sim.run_steps(20)
            first = [np.array(sim.data[probe]) for probe in probes]
            sim.clear_probes()
            sim.run_steps(20)
            data.append([*first, *(np.array(sim.data[probe]) for probe in probes)])
    for nengos, ours in zip(*data):
        np.testing.assert_allclose(ours, nengos, rtol=1e-9)


@pytest.mark.parametrize("dt", [0.001, 0.002])
def test_a_refractory_time_runs_on_below_zero_as_nengos(one_refractory_time, dt):
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(20, 1, max_rates=nengo.dists.Uniform(20, 80))
        nengo.Connection(nengo.Node(0.3), ens)
        left, spikes = nengo.Probe(ens.neurons, "refractory_time"), nengo.Probe(ens.neurons)
    found = {}
    for simulator in (nengo.Simulator, deploy.Simulator):
        with simulator(net, dt=dt, progress_bar=False) as sim:
            sim.run_steps(200)
            found[simulator] = np.array(sim.data[left]), np.array(sim.data[spikes]) > 0
    (nengos, _), (ours, fired) = found[nengo.Simulator], found[deploy.Simulator]
    since = np.full(20, round(0.002 / dt) + 1)  # as if it had fired so long before that 0 is left
    for step, fires in zip(ours, fired):
        since = np.where(fires, 0, since + 1)
        np.testing.assert_allclose(step, 0.002 + dt - dt * since, atol=1e-12)
    assert fired.any(axis=0).sum() > 5
    assert ours.min() == pytest.approx(nengos.min())  # of a neuron that never fires
    assert ours.mean() == pytest.approx(nengos.mean(), rel=0.1)


def test_weights_of_a_sparse_transform_are_recorded_as_matrices():
    with nengo.Network(seed=1) as net:
        a, b = nengo.Ensemble(20, 1), nengo.Ensemble(20, 1)
        sparse = nengo.Sparse((20, 20), indices=[[0, 1], [3, 4]], init=[1e-3, 2e-3])
        conn = nengo.Connection(a.neurons, b.neurons, transform=sparse)
        nengo.Probe(conn, "weights", label="weights", sample_every=0.004)
    for target in ("cpu", "emulator"):
        samples = deploy.run(net, duration=0.02, target=target)["weights"].samples
        np.testing.assert_array_equal(samples, [sparse.sample().toarray()] * 5)


@pytest.mark.quick
@pytest.mark.parametrize("target", ["emulator", "float-emulator"])
@pytest.mark.parametrize("into", ["ensemble", "neurons"])
def test_neurons_input_is_what_the_cpus_neurons_have(target, into):
    """Of gains that are fitted to the chip, 14 % larger, it was 14 % more."""
    with nengo.Network(seed=4) as net:
        stimulus = nengo.Node(0.7)
        a = nengo.Ensemble(80, 1, max_rates=nengo.dists.Uniform(150, 300))
        nengo.Connection(stimulus, a)
        if into == "ensemble":
            probe = nengo.Probe(a.neurons, "input")
        else:
            rng = np.random.RandomState(2)
            b = nengo.Ensemble(60, 1, gain=np.ones(60), bias=np.full(60, 0.9))
            weights = 2e-3 * rng.rand(60, 80)
            nengo.Connection(a.neurons, b.neurons, transform=weights, synapse=0.05)
            probe = nengo.Probe(b.neurons, "input")
    means = {}
    for where in ("cpu", target):
        with deploy.Simulator(net, target=where, progress_bar=False) as sim:
            sim.run(0.6)
            means[where] = sim.data[probe][300:].mean(axis=0)
    off = np.linalg.norm(means[target] - means["cpu"]) / np.linalg.norm(means["cpu"])
    assert off < 0.02


@pytest.mark.parametrize("first", ["probed", "source"])
def test_sources_may_be_in_a_network_that_is_built_later(first):
    with nengo.Network(seed=1) as net:
        inner = [nengo.Network() for _ in range(2)]
        probed, other = inner if first == "probed" else reversed(inner)
        with probed:
            a, target = nengo.Ensemble(20, 2), nengo.Node(size_in=2)
            learned = nengo.Connection(a, target, learning_rule_type=nengo.PES())
            probes = [
                nengo.Probe(a, "input"),
                nengo.Probe(a[1], "input"),
                nengo.Probe(learned.learning_rule, "error"),
            ]
        with other:
            b = nengo.Ensemble(20, 2)
        nengo.Connection(b, a, synapse=0.02)
        nengo.Connection(b, learned.learning_rule)
    with deploy.Simulator(net, progress_bar=False) as simulator:
        simulator.run_steps(N_STEPS)
        assert [len(simulator.data[probe]) for probe in probes] == [N_STEPS] * 3


def test_an_ensembles_input_is_what_is_not_given_to_its_neurons():
    """Weights of a solver go to neurons, which what an ensemble is given knows nothing of."""
    found = []
    for target in ("cpu", "emulator"):
        with nengo.Network(seed=2) as net:
            u = nengo.Node(0.8)
            a, b = nengo.Ensemble(50, 1), nengo.Ensemble(40, 1)
            nengo.Connection(u, a)
            nengo.Connection(a, b, solver=nengo.solvers.LstsqL2(weights=True))
            nengo.Connection(a, b, transform=0.3)
            probe = nengo.Probe(b, "input", synapse=0.1)
        with deploy.Simulator(net, target=target, progress_bar=False) as sim:
            sim.run(0.6)
        found.append(sim.data[probe][-1, 0])
    assert found[1] == pytest.approx(found[0], abs=0.02)
