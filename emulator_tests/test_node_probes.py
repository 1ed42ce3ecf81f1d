"""What is probed at a node that the chip's values end in is as early as on the CPU."""

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import rewrite


def samples(network, *probes, seconds=0.3, target="emulator"):
    with deploy.Simulator(network, target=target, progress_bar=False) as simulator:
        simulator.run(seconds)
        return [np.array(simulator.data[probe]) for probe in probes]


def array_of_two(n_neurons=60):
    with nengo.Network(seed=31) as network:
        array = nengo.networks.EnsembleArray(n_neurons, 2)
        nengo.Connection(nengo.Node(lambda t: [np.sin(9 * t), 0.3]), array.input)
    return network, array


@pytest.mark.quick
@pytest.mark.parametrize("target", ["emulator", "float-emulator"])
def test_an_array_is_recorded_as_its_ensembles_are(target):
    network, array = array_of_two()
    with network:
        whole = nengo.Probe(array.output, synapse=0.02)
        parts = [nengo.Probe(ens, synapse=0.02) for ens in array.ensembles]
    output, *each = samples(network, whole, *parts, target=target)
    assert output.std() > 0.1
    assert np.array_equal(output, np.hstack(each))


@pytest.mark.quick
def test_matrices_nodes_on_the_way_slices_and_periods():
    network, array = array_of_two()
    matrix = np.array([[1.0, -2.0], [0.0, 0.5], [3.0, 0.0]])
    with network:
        between = nengo.Node(size_in=3)
        end = nengo.Node(size_in=4)
        nengo.Connection(array.output, between, transform=matrix, synapse=None)
        nengo.Connection(between[[2, 0]], end[1:3], transform=2.0, synapse=None)
        picked = nengo.Probe(end[[2, 1, 0]], synapse=0.01, sample_every=0.003)
        parts = [nengo.Probe(ens, synapse=0.01) for ens in array.ensembles]
    found, *each = samples(network, picked, *parts, target="float-emulator")
    value = np.hstack(each) @ matrix.T
    wanted = np.stack([2 * value[:, 0], 2 * value[:, 2], 0 * value[:, 0]], axis=1)[2::3]
    assert found.shape == wanted.shape
    assert np.allclose(found, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.quick
def test_functions_are_decoded_as_the_connection_has_them():
    """The same seed, solver and evaluation points give the decoders of the connection."""
    network, array = array_of_two(200)
    with network:
        squares = array.add_output("squares", lambda x: [x**2, -x])
        probe = nengo.Probe(squares, synapse=0.03)
    (found,) = samples(network, probe, seconds=0.5)
    with nengo.Simulator(network, progress_bar=False) as cpu:
        cpu.run(0.5)
    assert found.shape == cpu.data[probe].shape == (500, 4)
    assert np.abs(found - cpu.data[probe])[100:].max() < 0.15
    assert np.abs(found - cpu.data[probe])[100:].mean() < 0.03


@pytest.mark.quick
@pytest.mark.parametrize("part", [slice(1, 3), [2, 0]])
def test_some_dimensions_of_an_ensemble(part):
    with nengo.Network(seed=33) as network:
        ens = nengo.Ensemble(80, 3)
        nengo.Connection(nengo.Node([0.5, -0.4, 0.2]), ens)
        plain, bent = nengo.Node(size_in=2), nengo.Node(size_in=1)
        nengo.Connection(ens[part], plain, synapse=None)
        nengo.Connection(ens[part], bent, function=lambda x: x[0] - x[1], synapse=None)
        probes = [nengo.Probe(obj, synapse=0.03) for obj in (ens, plain, bent)]
    whole, some, difference = (found[-100:].mean(axis=0) for found in samples(network, *probes))
    assert some == pytest.approx(whole[part], abs=1e-4)
    assert difference[0] == pytest.approx(whole[part][0] - whole[part][1], abs=0.05)


@pytest.mark.quick
def test_what_the_host_needs_too_stays_a_node_of_the_host():
    """So does what has a filter, which makes up for the way; see host_delays."""
    network, array = array_of_two()
    with network:
        nengo.Connection(array.output, nengo.Node(lambda t, x: None, size_in=2), synapse=None)
        filtered = nengo.Node(size_in=2)
        nengo.Connection(array.output, filtered, synapse=0.02)
        probes = [nengo.Probe(array.output), nengo.Probe(filtered)]
    assert not rewrite(network).readings
    assert all(len(found) == 300 for found in samples(network, *probes))


def test_cleared_probes_and_further_runs():
    network, array = array_of_two()
    with network:
        probe = nengo.Probe(array.output, synapse=0.01)
        part = nengo.Probe(array.ensembles[1], synapse=0.01)
    with deploy.Simulator(network, progress_bar=False) as simulator:
        simulator.run(0.05)
        simulator.clear_probes()
        simulator.run(0.02)
        simulator.step()
        assert simulator.data[probe].shape == (21, 2)
        assert np.array_equal(simulator.data[probe][:, 1:], simulator.data[part])


@pytest.mark.quick
@pytest.mark.parametrize("target", ["emulator", "float-emulator"])
@pytest.mark.parametrize(
    "neurons, rates, factor", [(60, (200, 400), 50.0), (3, (20, 40), 1.0), (10, (10, 20), 1.0)]
)
def test_what_the_spikes_of_one_step_add_up_to_is_whole(target, neurons, rates, factor):
    """Beyond ten radii too, which is nengo-loihi's threshold of what decodes for the host."""
    with nengo.Network(seed=33) as network:
        ens = nengo.Ensemble(neurons, 1, max_rates=nengo.dists.Uniform(*rates))
        nengo.Connection(nengo.Node(0.7), ens)
        node = nengo.Node(size_in=1)
        nengo.Connection(ens, node, transform=factor, synapse=0.1)
        probes = [nengo.Probe(node), nengo.Probe(ens, synapse=0.1)]
    with nengo.Simulator(network, progress_bar=False) as cpu:
        cpu.run(1.2)
    for probe, found in zip(probes, samples(network, *probes, seconds=1.2, target=target)):
        wanted = np.mean(cpu.data[probe][600:])
        assert abs(wanted) > 0.3 and found[600:].mean() == pytest.approx(wanted, rel=0.15)
