"""Chosen values are in the neurons: to the bit on the CPU, as exact integers on the emulator."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

import deploy
from deploy.nengo_loihi.read.chip_neurons import nearest_bias
from loihi_rules import SpikeTimes, inject, inject_spikes, read_spikes
from loihi_rules.nengo_parts.settings import declare

VALUES = np.random.RandomState(4).randn(10)


def cells(n=10, **options):
    return nengo.Ensemble(n, 1, label="cells", **options)


@pytest.mark.quick
@pytest.mark.parametrize("values", [VALUES, np.abs(VALUES) / 4])
def test_on_the_cpu_it_is_what_writing_the_signal_is(values):
    """The lesson: ten neurons, five steps; Nengo core's own simulator is the truth."""
    with nengo.Network(seed=3) as plain:
        ens = cells()
        probe = nengo.Probe(ens.neurons, "voltage")
    with nengo.Simulator(plain, progress_bar=False, optimize=False) as sim:
        sim.signals[sim.model.sig[ens.neurons]["voltage"]][...] = np.minimum(values, 0.99)
        sim.run_steps(5)
        truth = sim.data[probe]
    with nengo.Network(seed=3) as net:
        ens = cells()
        inject(ens, voltage=np.minimum(values, 0.99))
        probe = nengo.Probe(ens.neurons, "voltage", label="voltage")
    assert np.array_equal(deploy.run(net, 0.005, "cpu")["voltage"].samples, truth)
    with deploy.Simulator(net, target="cpu", progress_bar=False) as sim:
        sim.run_steps(2)
        sim.run_steps(3)
        assert np.array_equal(sim.data[probe], truth)


@pytest.mark.quick
@pytest.mark.parametrize("engine", ["fast", "reference"])
def test_on_the_emulator_the_integers_are_exact(engine):
    """Neurons without input or bias: the voltage only decays, which is a closed form."""
    given = np.linspace(0.1, 0.9, 10)
    with nengo.Network(seed=3) as net:
        ens = cells(gain=np.ones(10), bias=np.zeros(10))
        inject(ens, voltage=given, at=0.01)
        nengo.Probe(ens.neurons, "voltage", label="voltage")
    run = deploy.run(net, 0.05, "emulator", engine=engine)
    voltage = run["voltage"].samples
    decay = 1 - round(4095 * (1 - np.exp(-0.05))) / 4096
    np.testing.assert_allclose(voltage[1:10], decay * voltage[:9], atol=2e-5)
    for step in range(40):
        np.testing.assert_allclose(voltage[10 + step], given * decay ** (step + 1), atol=2e-5)
    (change,) = [c for c in run.changes if c["rule"] == "injected values"]
    assert "integers" in change["after"] and "thresholds" in change["after"]


def test_a_population_over_several_cores_is_set_neuron_by_neuron():
    n = 1500
    given = np.random.RandomState(1).uniform(0.1, 0.9, n)
    with nengo.Network(seed=3) as net:
        ens = cells(n, gain=np.ones(n), bias=np.zeros(n))
        inject(ens, voltage=given)
        nengo.Probe(ens.neurons, "voltage", label="voltage")
    run = deploy.run(net, 0.001, "emulator")
    assert len(run.record["cores"]) > 1
    np.testing.assert_allclose(run["voltage"].samples[0] / given, 0.951, atol=2e-3)


@pytest.mark.quick
@pytest.mark.parametrize("target", ["cpu", "emulator", "float-emulator"])
def test_a_current_is_there_from_when_to_when(target):
    """J above 1 for a fifth of a second; the rate is the neuron's own, and 0 before and after."""
    with nengo.Network(seed=3) as net:
        ens = cells(5, gain=np.ones(5), bias=np.zeros(5))
        inject(ens, input_current=[0.0, 0.9, 1.5, 2.0, 4.0], at=(0.1, 0.3))
        nengo.Probe(ens.neurons, label="spikes")
    spikes = deploy.run(net, 0.5, target)["spikes"]
    inside = (spikes.spike_steps > 100) & (spikes.spike_steps <= 301)
    assert inside.all()
    expected = nengo.LIF().rates(np.array([[0.0, 0.9, 1.5, 2.0, 4.0]]), np.ones(5), np.zeros(5))
    np.testing.assert_allclose(spikes.counts(), 0.2 * expected[0], atol=2)


def test_neurons_on_the_host_are_set_too():
    with nengo.Network(seed=3) as net:
        declare(net, nengo.Ensemble, "on_chip")
        chip = cells()
        host = nengo.Ensemble(10, 1, gain=np.ones(10), bias=np.zeros(10), label="host")
        net.config[host].on_chip = False
        nengo.Connection(chip, host)
        inject(host, voltage=0.5, at=0.02)
        inject(chip, voltage=0.5, at=0.02)
        nengo.Probe(host.neurons, "voltage", label="voltage")
    voltage = deploy.run(net, 0.03, "emulator")["voltage"].samples
    assert not np.allclose(voltage[19], voltage[20])
    np.testing.assert_allclose(voltage[20], 0.5, atol=0.1)


@pytest.mark.quick
@pytest.mark.parametrize("target", ["cpu", "emulator"])
def test_spikes_come_in_their_own_steps(target):
    times, neurons = [0.01, 0.0123, 0.05, 0.05, 0.1], [0, 1, 2, 0, 3]
    with nengo.Network(seed=3) as net:
        ens = cells(4, gain=np.full(4, 1.0), bias=np.zeros(4))
        source = inject_spikes(ens, times, neurons, weight=0.1)
        nengo.Probe(source.neurons, label="source")
        nengo.Probe(ens.neurons, label="spikes")
    run = deploy.run(net, 0.2, target)
    got = sorted(zip(run["source"].spike_steps.tolist(), run["source"].spike_neurons.tolist()))
    assert got == [(10, 0), (13, 1), (50, 0), (50, 2), (100, 3)]
    assert set(run["spikes"].spike_neurons) == {0, 1, 2, 3}  # and each makes its neuron fire
    assert run["spikes"].spike_steps.min() >= 10


@pytest.mark.quick
def test_spikes_from_a_file(tmp_path):
    good = tmp_path / "spikes.csv"
    good.write_text("seconds,neuron\n# a comment\n0.01,3\n\n0.02,0\n")
    times, neurons = read_spikes(good)
    assert times.tolist() == [0.01, 0.02] and neurons.tolist() == [3, 0]
    bad = tmp_path / "bad.csv"
    bad.write_text("0.01,3\n0.02\n")
    with pytest.raises(ValueError, match=r"bad\.csv:2: each line is seconds,neuron"):
        read_spikes(bad)


@pytest.mark.quick
def test_biases_are_the_nearest_that_the_chip_has():
    every = np.unique([m * 2**e for m in range(4096) for e in range(8)]).astype(float)
    asked = np.random.RandomState(0).uniform(-every[-1], every[-1], 300)
    nearest = np.array([np.sign(a) * every[np.abs(every - abs(a)).argmin()] for a in asked])
    got = nearest_bias(asked)
    np.testing.assert_allclose(np.abs(got - asked), np.abs(nearest - asked), atol=1e-9)


@pytest.mark.quick
def test_what_is_injected_is_part_of_the_model():
    def build(value):
        with nengo.Network(seed=3) as net:
            ens = cells()
            inject(ens, voltage=value)
            nengo.Probe(ens)
        return deploy.run(net, 0.001, "cpu").fingerprint

    assert build(0.1) == build(0.1) != build(0.2)


@pytest.mark.quick
def test_what_cannot_be_injected_is_refused():
    with nengo.Network() as net:
        ens, rate = cells(), nengo.Ensemble(5, 1, neuron_type=nengo.LIFRate())
        for wrong in (
            {},
            {"voltage": np.zeros(3)},
            {"voltage": np.nan},
            {"voltage": 1.0, "at": -1},
            {"input_current": 1.0, "at": (0.2, 0.1)},
        ):
            with pytest.raises(ValidationError):
                inject(ens, **wrong)
        with pytest.raises(ValidationError, match="no voltage"):
            inject(rate, voltage=0.5)
        for times, neurons in (([0.1], [9]), ([-0.1], [0]), ([0.1, 0.2], [0])):
            with pytest.raises(ValidationError):
                SpikeTimes(times, neurons, 5)
    with pytest.raises(ValidationError, match="within the network"):
        inject(ens, voltage=0.5)
    assert not net.config[nengo.Ensemble]._extra_params
