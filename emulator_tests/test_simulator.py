"""`deploy.Simulator` as a Nengo backend."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import ReadonlyError, SimulatorClosed, ValidationError
from nengo.utils.progress import ProgressBar

import deploy
from deploy.targets.core import CoreSession

pytestmark = pytest.mark.quick


def test_data_has_the_users_objects(small):
    with deploy.Simulator(small) as sim:
        sim.run(0.2)
        assert sim.n_chip_compartments == 50
        core = nengo.Simulator(small, progress_bar=False)
        for ens in small.all_ensembles:
            np.testing.assert_array_equal(sim.data[ens].encoders, core.data[ens].encoders)
            np.testing.assert_array_equal(sim.data[ens].gain, core.data[ens].gain)
        for conn in small.all_connections:
            own, its = sim.data[conn].weights, core.data[conn].weights
            assert np.shape(own) == np.shape(its)
        core.close()
        for probe in small.probes:
            assert len(sim.data[probe]) == len(sim.trange(sample_every=probe.sample_every))
    assert set(sim.data) == {small, *small.all_objects}
    assert sim.data[small.probes[0]].shape == (200, 1)  # also when closed
    with pytest.raises(ValueError, match="read-only"):
        sim.data[small.probes[0]][0] = 1


def test_same_model_same_bits_and_reset(small):
    with deploy.Simulator(small) as sim:
        sim.run(0.1)
        first = {p: np.array(sim.data[p]) for p in small.probes}
        sim.reset()
        assert sim.n_steps == 0 and sim.time == 0
        sim.run_steps(60)
        sim.run_steps(40)
        for probe, samples in first.items():
            np.testing.assert_array_equal(sim.data[probe], samples)
        sim.clear_probes()
        sim.step()
        assert len(sim.data[small.probes[0]]) == 1 and sim.n_steps == 101


def test_reset_with_another_seed_changes_noise_not_neurons():
    with nengo.Network(seed=1) as net:
        noise = nengo.Node(nengo.processes.WhiteNoise())
        ens = nengo.Ensemble(20, 1)
        nengo.Connection(noise, ens)
        p = nengo.Probe(noise)
    with deploy.Simulator(net, seed=3) as sim:
        sim.run_steps(5)
        first, encoders = np.array(sim.data[p]), sim.data[ens].encoders
        sim.reset(seed=4)
        sim.run_steps(5)
        assert not np.allclose(sim.data[p], first)
        np.testing.assert_array_equal(sim.data[ens].encoders, encoders)


def test_several_at_once(small):
    with deploy.Simulator(small) as a, deploy.Simulator(small, target="cpu") as b:
        a.run_steps(10)
        b.run_steps(20)
        a.run_steps(10)
        assert len(a.data[small.probes[0]]) == len(b.data[small.probes[0]]) == 20


def test_a_network_with_nothing_for_the_chip_runs_in_nengo_core():
    with nengo.Network() as net:
        ens = nengo.Ensemble(10, 1, neuron_type=nengo.Sigmoid())
        nengo.Probe(ens)
    with deploy.Simulator(net) as sim:
        assert isinstance(sim._session, CoreSession) and sim.n_chip_compartments == 0
        assert sim.model.sig[ens.neurons]["in"] in sim.signals
        assert any("Sigmoid" in change.why for change in sim.changes)


def test_a_function_with_a_state_is_the_users_own():
    class Counter:
        calls = 0

        def __call__(self, t):
            self.calls += 1
            return np.sin(t)

    counter = Counter()
    with nengo.Network() as net:
        nengo.Connection(nengo.Node(counter), nengo.Ensemble(10, 1))
    with deploy.Simulator(net) as sim:
        before = counter.calls
        sim.run_steps(7)
        assert counter.calls == before + 7


def test_what_it_refuses(small):
    with pytest.raises(ValidationError, match="there is no target 'chip'"):
        deploy.Simulator(small, target="chip")
    with pytest.raises(ValidationError, match="NxSDK"):
        deploy.Simulator(small, target="loihi")
    with pytest.raises(TypeError, match="no argument 'engine'"):
        deploy.Simulator(small, engine="fast")
    with pytest.raises(TypeError, match="model is a nengo.builder.Model, not a dict"):
        deploy.Simulator(small, model={})
    with pytest.raises(ValidationError, match="network"):
        deploy.Simulator(None)
    sim = deploy.Simulator(small)
    with pytest.raises(ValidationError, match="has a network already"):
        deploy.Simulator(small, model=sim.model)
    with pytest.raises(ReadonlyError):
        sim.dt = 0.1
    with pytest.raises(ValidationError, match="positive"):
        sim.run(-1)
    sim.close()
    for call in (sim.step, sim.reset, lambda: sim.run(0.1), sim.__enter__):
        with pytest.raises(SimulatorClosed):
            call()


def test_progress_bar(small):
    class Seen(ProgressBar):
        steps = 0

        def update(self, progress):
            self.steps = progress.n_steps

        def close(self):
            pass

    bar = Seen()
    with deploy.Simulator(small, progress_bar=False) as sim:
        sim.run(0.6, progress_bar=bar)
    assert bar.steps == 600


def test_it_is_a_nengo_backend():
    from importlib.metadata import entry_points

    found = entry_points()
    backends = (
        found.select(group="nengo.backends")
        if hasattr(found, "select")
        else found["nengo.backends"]
    )
    (own,) = [e for e in backends if e.name == "loihi-deploy"]
    assert own.load() is deploy.Simulator


class Slider(nengo.Process):
    """As Nengo's GUI has it: a process that reads what a person moves while the model runs."""

    def __init__(self, position):
        super().__init__(default_size_in=0, default_size_out=1)
        self.position = position

    def make_state(self, shape_in, shape_out, dt, dtype=None):
        return {}

    def make_step(self, shape_in, shape_out, dt, rng, state):
        return lambda t: self.position


def test_what_is_moved_while_it_steps_arrives():
    position, shown = np.zeros(1), []
    with nengo.Network(seed=0) as network:
        ens = nengo.Ensemble(50, 1)
        nengo.Connection(nengo.Node(Slider(position)), ens)
        display = nengo.Node(lambda t, x: shown.append(x[0]), size_in=1)
        nengo.Connection(ens, display, synapse=0.01)
    with deploy.Simulator(network) as sim:
        for wanted in (0.0, 0.8):
            position[:] = wanted
            for _ in range(300):
                sim.step()
            assert abs(np.mean(shown[-100:]) - wanted) < 0.1


@pytest.mark.parametrize("given", ["x", 3, [nengo.Network()]])
def test_what_is_no_network_is_refused(given):
    with pytest.raises(ValidationError, match=f"is needed, not {type(given).__name__}"):
        deploy.Simulator(given)


@pytest.mark.parametrize("dt", [0, -0.001, float("nan"), float("inf"), "x", None])
def test_a_step_is_more_than_nothing(small, dt):
    with pytest.raises(ValidationError, match="dt must be a number of seconds, more than 0"):
        deploy.Simulator(small, dt=dt)


def test_what_is_seeded_and_built_is_nengos():
    with nengo.Network() as net:
        a, b = nengo.Ensemble(9, 1, seed=2), nengo.Ensemble(9, 1)
        with nengo.Network(seed=4) as inner:
            c = nengo.Ensemble(9, 1)
        conn = nengo.Connection(a, b)
        probe = nengo.Probe(b)
    with nengo.Simulator(net, progress_bar=False) as core, deploy.Simulator(
        net, progress_bar=False
    ) as sim:
        for obj in (net, a, b, inner, c, conn, probe):
            assert sim.model.seeded[obj] == core.model.seeded[obj]
            assert sim.model.has_built(obj) and core.model.has_built(obj)
        assert not sim.model.has_built(nengo.Ensemble(3, 1, add_to_container=False))


def test_neurons_of_a_network_without_a_seed_are_always_the_same():
    with nengo.Network() as net:
        a = nengo.Ensemble(9, 1)

    def encoders(seed=None):
        with deploy.Simulator(net, seed=seed, progress_bar=False) as sim:
            return sim.data[a].encoders.ravel().tolist()

    first = encoders()
    assert first == encoders() == encoders(seed=5)
    net.seed = 5
    assert encoders() != first
