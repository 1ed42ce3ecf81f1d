"""Values of any size from the chip to the host, against Nengo core and a transform of 1."""

import nengo
import numpy as np
import pytest

import deploy

pytestmark = pytest.mark.quick


def run(net, probe, target, seconds=1.0):
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        sim.run(seconds)
        return np.array(sim.data[probe])[300:]


def to_the_host(sizes, seed, target, function=None):
    """What a node gets of an ensemble by so many transforms, each divided by its size."""
    sizes = np.asarray(sizes, float)
    with nengo.Network(seed=seed) as net:
        source = nengo.Node(lambda t: 0.7 * np.sin(7 * t))
        ens = nengo.Ensemble(150, 1)
        out = nengo.Node(lambda t, x: x / sizes, size_in=len(sizes), size_out=len(sizes))
        nengo.Connection(source, ens)
        if function is None:
            nengo.Connection(ens, out, transform=sizes[:, np.newaxis], synapse=0.02)
        else:
            nengo.Connection(ens, out, function=lambda x: sizes * function(x), synapse=0.02)
        probe = nengo.Probe(out)
    return run(net, probe, target)


@pytest.mark.parametrize("seed", [51, 52])
@pytest.mark.parametrize("size", [1e-2, 1e-3, 1e-6, 1e-12, 1e4])
def test_a_small_transform_costs_no_bits(size, seed):
    small, one = (to_the_host([s], seed, "emulator") for s in (size, 1.0))
    cpu = to_the_host([size], seed, "cpu")
    assert small.std() == pytest.approx(cpu.std(), rel=0.02)
    assert np.sqrt(np.mean((small - one) ** 2)) < 0.002


def test_each_dimension_has_its_own_size():
    values = to_the_host([1.0, 1e-4, 1e-8], 53, "emulator")
    np.testing.assert_allclose(values[:, 1:], values[:, [0, 0]], atol=0.01)


def test_a_function_that_is_small():
    emulator, cpu = (to_the_host([1e-4], 54, target, np.square) for target in ("emulator", "cpu"))
    assert emulator.mean() == pytest.approx(cpu.mean(), rel=0.02)


@pytest.mark.parametrize("seed", [55, 56])
@pytest.mark.parametrize("radius, before", [(0.01, 11.0), (1e-5, 1e3)])
def test_through_a_filter_of_the_host_from_a_large_radius_to_a_small_one(radius, before, seed):
    with nengo.Network(seed=seed) as net:
        source = nengo.Node(lambda t: 0.7 * before * np.sin(6 * t))
        pre, post = nengo.Ensemble(200, 1, radius=before), nengo.Ensemble(200, 1, radius=radius)
        nengo.Connection(source, pre)
        nengo.Connection(pre, post, synapse=nengo.Alpha(0.01), transform=radius / before)
        probe = nengo.Probe(post, synapse=0.03)
    emulator, cpu = (run(net, probe, target, 1.5) for target in ("emulator", "cpu"))
    assert emulator.std() == pytest.approx(cpu.std(), rel=0.03)
