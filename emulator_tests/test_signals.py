"""``sim.signals`` and ``sim.model.sig``, which know the user's objects wherever they run."""

import re
import warnings

import nengo
import numpy as np
import pytest
from nengo.exceptions import ReadonlyError, SignalError

import deploy
from deploy.targets import find_target
from deploy.targets.emulated import ENGINES
from loihi_rules import declare_settings
from loihi_rules.change import ChipWarning

pytestmark = pytest.mark.quick
CHIPS = ("emulator", "float-emulator")


@pytest.fixture
def learner():
    """Two populations, one that reads the other's spikes, and a connection that learns."""
    with nengo.Network(label="learner", seed=3) as net:
        net.stimulus = nengo.Node(lambda t: np.sin(9 * t), label="stimulus")
        net.a = nengo.Ensemble(30, 2, radius=1.5, label="a")
        net.b = nengo.Ensemble(
            20, 1, neuron_type=nengo.SpikingRectifiedLinear(amplitude=0.5), label="b"
        )
        net.out = nengo.Node(size_in=1, label="out")
        net.enters = nengo.Connection(net.stimulus, net.a[1], transform=0.9)
        net.decoded = nengo.Connection(net.a[1], net.b)
        weights = 1e-3 * np.random.RandomState(0).randn(20, 30)
        net.between = nengo.Connection(net.a.neurons, net.b.neurons, transform=weights)
        net.learned = nengo.Connection(
            net.a[1], net.out, function=lambda x: 0, learning_rule_type=nengo.PES(3e-4)
        )
        error = net.learned.learning_rule
        nengo.Connection(net.out, error, synapse=None)
        nengo.Connection(net.stimulus, error, transform=-1, synapse=None)
        net.output = nengo.Probe(net.out)
        net.probed = {
            name: nengo.Probe(net.a.neurons, name)
            for name in ("voltage", "input", "refractory_time")
        }
        net.probed["out"] = nengo.Probe(net.a.neurons)
    return net


def opened(network, target="emulator", engine="fast"):
    """A simulator on one of the engines."""
    found = find_target(target)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            deploy.simulator.simulator, "find_target", lambda name: found.with_engine(engine)
        )
        return deploy.Simulator(network, target=target, progress_bar=False)


def read(sim, obj, name):
    return sim.signals[sim.model.sig[obj][name]]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("target", CHIPS)
def test_neurons_are_what_their_probes_say(learner, target, engine):
    """But inputs, which are probed as the CPU's neurons would have them, of other gains."""
    with nengo.Simulator(learner, progress_bar=False) as core:
        cpu = core.data[learner.a]
    with opened(learner, target, engine) as sim:
        seen = set()
        gain, bias = (read(sim, learner.a.neurons, name) for name in ("gain", "bias"))
        for _ in range(20):
            sim.run_steps(7)
            last = {name: sim.data[probe][-1] for name, probe in learner.probed.items()}
            for name in ("voltage", "out"):
                np.testing.assert_allclose(read(sim, learner.a.neurons, name), last[name])
            driven = (read(sim, learner.a.neurons, "in") - bias) / gain
            wanted = driven * cpu.gain + cpu.bias
            np.testing.assert_allclose(last["input"], wanted, rtol=1e-6, atol=0.02)  # biases round
            left = read(sim, learner.a.neurons, "refractory_time")
            held = last["refractory_time"] > 0.0015
            np.testing.assert_allclose(left[held], last["refractory_time"][held])
            np.testing.assert_array_equal(left[~held], 0)
            seen |= {round(value, 6) for value in left}
        assert len(seen) > 2


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("target", CHIPS)
def test_voltages_start_as_in_nengo_core(target, engine):
    """Also where the user gave them, where a population is on several cores, and after a reset."""
    given = np.linspace(0, 0.95, 30)
    with nengo.Network(seed=4) as net:
        drawn = nengo.Ensemble(1100, 1)
        nengo.Ensemble(40, 2, neuron_type=nengo.SpikingRectifiedLinear())
        nengo.Ensemble(20, 1, neuron_type=nengo.RegularSpiking(nengo.LIFRate()))
        own = nengo.Ensemble(30, 1, neuron_type=nengo.LIF(initial_state={"voltage": given}))
    with nengo.Simulator(net, progress_bar=False) as core:
        own_signals = {ens: core.model.sig[ens.neurons]["voltage"] for ens in net.ensembles}
        wanted = {ens: core.signals[signal].copy() for ens, signal in own_signals.items()}
    np.testing.assert_array_equal(wanted[own], given)
    with opened(net, target, engine) as sim:
        for _ in range(2):
            for ens in net.ensembles:
                np.testing.assert_allclose(
                    read(sim, ens.neurons, "voltage"), wanted[ens], atol=2e-3
                )
            sim.run_steps(30)
            assert np.abs(read(sim, drawn.neurons, "voltage") - wanted[drawn]).max() > 0.1
            sim.reset()


@pytest.mark.parametrize("target, tolerance", [("emulator", 0.01), ("float-emulator", 1e-6)])
def test_weights_are_those_of_the_chips_synapses(learner, target, tolerance):
    with deploy.Simulator(learner, target=target) as sim:
        for conn in (learner.decoded, learner.between):
            found, asked = read(sim, conn, "weights"), sim.data[conn].weights
            assert found.shape == asked.shape
            off = np.abs(found - asked).max() / np.abs(asked).max()
            assert off < tolerance
            assert (off > 1e-5) == (target == "emulator")  # rounded there


def test_weights_of_a_population_on_several_cores():
    with nengo.Network(seed=1) as net:
        a, b = nengo.Ensemble(60, 1), nengo.Ensemble(1100, 1)
        weights = 1e-3 * np.random.RandomState(0).randn(1100, 60)
        conn = nengo.Connection(a.neurons, b.neurons, transform=weights)
    with deploy.Simulator(net) as sim:
        assert len(sim.model.blocks) > 2
        off = np.abs(read(sim, conn, "weights") - weights)
        assert 0 < off.max() < 0.01 * np.abs(weights).max()
        values = np.linspace(0, 0.9, 1100)
        sim.signals[sim.model.sig[b.neurons]["voltage"]] = values
        np.testing.assert_allclose(read(sim, b.neurons, "voltage"), values, atol=1e-3)


def test_what_stands_for_encoders_gains_and_biases(learner):
    """Together they give the input current of which the rest comes."""
    with deploy.Simulator(learner, target="float-emulator") as sim:
        sim.run_steps(80)
        encoders, gain = read(sim, learner.a, "encoders"), read(sim, learner.a.neurons, "gain")
        unit = sim.data[learner.a].encoders
        np.testing.assert_allclose(encoders, unit * gain[:, None] / learner.a.radius)
        x, bias = read(sim, learner.a, "in"), read(sim, learner.a.neurons, "bias")
        np.testing.assert_allclose(
            read(sim, learner.a.neurons, "in"), encoders @ x + bias, atol=1e-3
        )
        assert abs(x[0]) < 1e-3 < abs(x[1])
    with nengo.Simulator(learner, progress_bar=False) as core:
        core.run_steps(80)
        np.testing.assert_allclose(x, core.signals[core.model.sig[learner.a]["in"]], atol=0.05)


def test_learned_weights_and_their_error(learner):
    with deploy.Simulator(learner) as sim:
        sim.run_steps(100)
        np.testing.assert_array_equal(
            read(sim, learner.learned, "weights"), sim.learned("", learner.learned).values
        )
        error = sim.signals[sim.model.sig[learner.out]["in"]] - np.sin(9 * 0.1)
        # what is less than a step of the chip's eight bits is carried to the next
        np.testing.assert_allclose(
            read(sim, learner.learned.learning_rule, "error"), error, atol=0.01
        )


def test_what_is_on_the_host_is_nengos_own(learner):
    with learner:
        host = nengo.Ensemble(20, 1, neuron_type=nengo.AdaptiveLIF())
        nengo.Connection(host, learner.b)
    with deploy.Simulator(learner) as sim:
        sim.run_steps(100)
        signal = sim.model.sig[learner.stimulus]["out"]
        assert isinstance(signal, nengo.builder.signal.Signal) and signal in sim.signals
        np.testing.assert_allclose(sim.signals[signal], np.sin(9 * 0.1))
        sim.signals[sim.model.sig[host.neurons]["voltage"]] = 0.5
        assert np.all(sim.signals[sim.model.sig[host.neurons]["voltage"]] == 0.5)
        assert sim.signals[sim.model.step] == 100 == sim.n_steps
        np.testing.assert_allclose(sim.signals[sim.model.time], 0.1)
        assert sim.model.sig[learner.learned]["out"] is sim.model.sig[learner.out]["in"]
        assert sim.model.params[learner.a] is sim.data[learner.a]
        assert set(sim.signals) >= set(sim.model.sig[learner.a.neurons].values())
        assert learner.a.neurons in set(sim.model.sig)
    assert sim.signals is None  # as in Nengo


WRITABLE = {
    "a": ("neurons", ("voltage", "refractory_time", "bias")),
    "b": ("neurons", ("voltage", "bias")),
    "learned": (None, ("weights",)),
}


def writable(network):
    for attribute, (part, names) in WRITABLE.items():
        obj = getattr(network, attribute)
        yield from ((getattr(obj, part) if part else obj, name) for name in names)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("target", CHIPS)
def test_a_state_that_is_read_and_set_changes_nothing(learner, target, engine):
    with opened(learner, target, engine) as sim:
        sim.run_steps(200)
        expected = {probe: sim.data[probe] for probe in learner.probes}
        weights = np.array(read(sim, learner.learned, "weights"))
        assert np.abs(weights).max() > 0
    with opened(learner, target, engine) as sim:
        for steps in (50, 1, 1, 68, 80):
            sim.run_steps(steps)
            for obj, name in writable(learner):
                state = np.array(read(sim, obj, name))
                sim.signals[sim.model.sig[obj][name]] = state
                np.testing.assert_array_equal(read(sim, obj, name), state)
        for probe, samples in expected.items():
            np.testing.assert_array_equal(sim.data[probe], samples)
        np.testing.assert_array_equal(read(sim, learner.learned, "weights"), weights)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("target", ("cpu", *CHIPS))
def test_a_voltage_that_is_set_decays_as_it_should(target, engine):
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(10, 1, gain=np.ones(10), bias=np.zeros(10))
    if target == "cpu" and engine != "fast":
        pytest.skip("has one engine")
    sim = opened(net, target, engine) if target != "cpu" else deploy.Simulator(net, target="cpu")
    with sim:
        values = np.linspace(0.1, 0.95, 10)
        sim.signals[sim.model.sig[ens.neurons]["voltage"]][...] = values
        sim.run_steps(10)
        expected = values * np.exp(-0.01 / 0.02)
        np.testing.assert_allclose(read(sim, ens.neurons, "voltage"), expected, rtol=0.02)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("target", CHIPS)
def test_a_refractory_time_that_is_set_holds_its_neuron(one_refractory_time, target, engine):
    with nengo.Network(seed=1) as net:
        empty = nengo.LIF(initial_state={"voltage": nengo.dists.Choice([0])})
        ens = nengo.Ensemble(4, 1, gain=np.ones(4), bias=np.full(4, 1.5), neuron_type=empty)
        spikes = nengo.Probe(ens.neurons)
    with opened(net, target, engine) as sim:
        sim.signals[sim.model.sig[ens.neurons]["refractory_time"]] = [0, 0.005, 0.011, 0.021]
        sim.run_steps(60)
        first = np.argmax(sim.data[spikes] > 0, axis=0)
        np.testing.assert_array_equal(first - first[0], [0, 4, 10, 20])  # dt more than it holds


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("target", CHIPS)
def test_learned_weights_that_are_set_decode(learner, target, engine):
    """Decoders that Nengo solved for, in the place of those of a function that is 0."""
    learner.stimulus.output = lambda t: 0.0 if t < 0.2 else np.sin(9 * t)
    with learner:
        off = nengo.Node(lambda t, x: 0 * x, size_in=1)  # takes the place of the error
        for conn in list(learner.connections):
            if conn.post_obj == learner.learned.learning_rule:
                learner.connections.remove(conn)
        nengo.Connection(off, learner.learned.learning_rule)
        also = nengo.Node(size_in=1)
        solved = nengo.Connection(learner.a[1], also)
        spikes = nengo.Probe(learner.a.neurons)
    with opened(learner, target, engine) as sim:
        sim.run(0.2)
        assert np.abs(sim.data[learner.output]).max() < 0.01
        decoders = sim.data[solved].weights
        sim.signals[sim.model.sig[learner.learned]["weights"]] = decoders
        np.testing.assert_allclose(read(sim, learner.learned, "weights"), decoders, rtol=1e-9)
        step = np.abs(sim.learned("", learner.learned).values - decoders).max()
        assert step < 0.02 * np.abs(decoders).max()
        assert (step > 1e-9) == (target == "emulator")
        sim.run(0.6)
        smooth = nengo.Lowpass(0.03)
        expected = sim.data[spikes] @ decoders.T
        late = (np.roll(expected, steps, axis=0) for steps in (1, 2, 3))  # to the host
        off = [smooth.filt(sim.data[learner.output] - each)[-400:] for each in late]
        size = np.sqrt(np.mean(np.square(smooth.filt(expected)[-400:])))
        assert size > 0.5
        assert np.sqrt(np.mean(np.square(off), axis=(1, 2))).min() < 0.05 * size


@pytest.mark.parametrize("target", CHIPS)
def test_small_changes_of_what_is_set_add_up(target):
    """Decoders that decay, while they learn, came to a tenth; a bias stayed what it was."""
    with nengo.Network(seed=5) as net:
        stimulus, error = nengo.Node(lambda t: np.sin(6 * t)), nengo.Node(0.01)
        a = nengo.Ensemble(50, 1)
        out = nengo.Node(size_in=1)
        nengo.Connection(stimulus, a)
        conn = nengo.Connection(a, out, learning_rule_type=nengo.PES(1e-5))
        nengo.Connection(error, conn.learning_rule)
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        weights, bias = read(sim, conn, "weights"), read(sim, a.neurons, "bias")
        first, begun = np.abs(weights).max(), np.array(bias)
        for _ in range(200):
            sim.run_steps(4)
            weights *= 0.97
            bias -= 1e-5
        chips = sim.learned("", conn).values
        assert np.abs(chips).max() < 0.03 * first
        np.testing.assert_allclose(begun - bias, 200e-5, rtol=1e-6)
        np.testing.assert_allclose(chips, weights, atol=0.02 * first)


@pytest.mark.parametrize(
    "attribute, part, name, instead",
    [
        ("a", "neurons", "in", "loihi_rules.inject"),
        ("a", "neurons", "out", "set the voltage above 1"),
        ("a", "neurons", "gain", "other gains before"),
        ("a", None, "encoders", "other encoders before"),
        ("decoded", None, "weights", "nengo.solvers.NoSolver"),
        ("enters", None, "weights", "on the way to the chip"),
    ],
)
def test_what_cannot_be_set_says_what_to_do(learner, attribute, part, name, instead):
    obj = getattr(learner, attribute)
    obj = getattr(obj, part) if part else obj
    with deploy.Simulator(learner) as sim:
        signal = sim.model.sig[obj][name]
        assert signal.readonly
        array = sim.signals[signal]
        before = np.array(array)
        for attempt in (
            lambda: sim.signals.__setitem__(signal, 0),
            lambda: array.__setitem__(..., 5),
            lambda: array.__iadd__(1),
            lambda: array[...].fill(3),
            lambda: np.add(array, 1, out=array),
        ):
            with pytest.raises(ReadonlyError, match=instead):
                attempt()
        np.testing.assert_array_equal(array, before)


def test_every_way_of_writing_an_array(learner):
    with deploy.Simulator(learner, target="float-emulator") as sim:
        signal = sim.model.sig[learner.a.neurons]["voltage"]
        voltage = sim.signals[signal]
        expected = np.zeros(30)

        def both(change):
            change(voltage), change(expected)
            np.testing.assert_allclose(voltage, expected, rtol=1e-6)
            np.testing.assert_allclose(sim.signals[signal], expected, rtol=1e-6)

        both(lambda v: v.__setitem__(slice(None), 0.25))
        both(lambda v: v.__setitem__([3, 5], 0.5))
        both(lambda v: v[10:20].__setitem__(2, 0.75))
        both(lambda v: v[10:20].__iadd__(0.1))
        both(lambda v: np.multiply(v, 0.5, out=v))
        both(lambda v: v.fill(0.125))
        sim.signals[signal] += 0.25
        expected += 0.25
        np.testing.assert_allclose(voltage, expected, rtol=1e-6)
        copy = voltage.copy()
        copy[:] = 0.9  # is the user's own
        np.testing.assert_allclose(sim.signals[signal], expected, rtol=1e-6)
        assert type(voltage + 1) is np.ndarray
        with pytest.raises(SignalError, match="finite"):
            sim.signals[signal] = np.nan
        sim.run_steps(30)
        after = np.array(voltage)  # as Nengo's, it is what the signal is now
        assert not np.allclose(after, expected)
        np.testing.assert_array_equal(sim.signals[signal], after)


def test_signals_outlive_a_reset(learner):
    with deploy.Simulator(learner) as sim:
        voltage = sim.model.sig[learner.a.neurons]["voltage"]
        stimulus = sim.model.sig[learner.stimulus]["out"]
        start = np.array(sim.signals[voltage])
        sim.run_steps(30)
        held, first = sim.signals[voltage], np.array(sim.signals[voltage])
        sim.reset()
        np.testing.assert_array_equal(held, start)
        assert np.abs(first - start).max() > 0.1
        sim.run_steps(30)
        np.testing.assert_array_equal(held, first)
        np.testing.assert_allclose(sim.signals[stimulus], np.sin(9 * 0.03))


def test_an_object_that_is_gone_is_named():
    with nengo.Network(seed=1) as net:
        through = nengo.Node(size_in=1, label="through")
        nengo.Connection(nengo.Ensemble(20, 1), through)
        nengo.Connection(through, nengo.Ensemble(20, 1), synapse=None)
    with deploy.Simulator(net) as sim, pytest.raises(KeyError, match="through.*joined"):
        sim.model.sig[through]["in"]


@pytest.mark.parametrize("largest, option", [(0.003, "pes_weight_exponent"), (0.02, "pes_span")])
def test_learned_weights_that_are_cut_are_warned_of_with_a_way_out(learner, largest, option):
    asked = largest * np.random.RandomState(0).uniform(-1, 1, (1, 30))
    asked[0, 0] = largest
    found, said = [], []
    for _ in range(2):
        with deploy.Simulator(learner, progress_bar=False) as sim, warnings.catch_warnings(
            record=True
        ) as shown:
            warnings.simplefilter("always")
            sim.signals[sim.model.sig[learner.learned]["weights"]] = asked
            found.append(np.array(read(sim, learner.learned, "weights")))
        said.append([w.message for w in shown if isinstance(w.message, ChipWarning)])
        if len(said) == 1:
            (warning,) = said[0]
            assert warning.rule == "learned weights" and warning.object == "a[1:2] → out"
            way, value = re.search(r"(pes_\w+) = ([\d.]+)", warning.way_out).groups()
            assert way == option
            declare_settings(learner)
            setattr(learner.config[learner.learned], way, float(value))
    as_it_is, with_way_out = found
    most = np.abs(as_it_is).max()
    share = 100 * np.mean(np.abs(asked) > most)
    assert f"{share:.2g} % of the weights that were set are cut off" in str(warning)
    assert f"to {100 * most / largest:.2g} % of what it was" in str(warning)
    assert said[1] == [] and np.abs(with_way_out - asked).max() < 0.01 * largest


def test_signals_that_the_chip_lacks_say_where_they_are(learner):
    cases = (
        (learner.decoded, "weighted", r"a\[1:2\] → b.*nengo\.Probe\(connection\)"),
        (learner.learned.learning_rule, "delta", r"\(PES\).*nengo\.Probe\(.*'delta'"),
        (learner.learned.learning_rule, "activities", r"nengo\.Probe\(.*'activities'"),
        (learner.a.neurons, "adaptation", r"a\.neurons has no signal 'adaptation': it has bias"),
    )
    with learner:
        probes = [
            nengo.Probe(learner.decoded),
            nengo.Probe(learner.learned.learning_rule, "delta"),
            nengo.Probe(learner.learned.learning_rule, "activities"),
        ]
    with deploy.Simulator(learner) as sim:
        for obj, name, match in cases:
            with pytest.raises(KeyError, match=match):
                sim.model.sig[obj][name]
            assert name not in sim.model.sig[obj]
        sim.run_steps(5)
        assert [sim.data[probe].shape for probe in probes] == [(5, 1), (5, 1, 30), (5, 30)]
