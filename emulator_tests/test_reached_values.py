"""What is decoded at values beyond the radius: a run says how far off it is, against Nengo core."""

import re
import warnings

import nengo
import numpy as np
import pytest

import deploy

pytestmark = [pytest.mark.quick, pytest.mark.usefixtures("one_refractory_time")]
FAST = nengo.LIF(tau_ref=0.001, tau_rc=0.01)


def runs(given, neuron_type, seed=91, by=None, radius=1.0, dimensions=1):
    """Root mean square of what is decoded on CPU and emulator, and what is said of it."""
    with nengo.Network(seed=seed) as net:
        source = nengo.Node(np.eye(dimensions)[0] * given)
        if by:
            before = nengo.Ensemble(200, dimensions)
            nengo.Connection(source, before, transform=1 / given)
            source = before
        kinds = {"neuron_type": neuron_type, "radius": radius}
        ens = nengo.Ensemble(100 * dimensions, dimensions, label="beyond", **kinds)
        nengo.Connection(source, ens, transform=given if by else 1)
        after = nengo.Ensemble(200, dimensions, radius=8)
        nengo.Connection(ens, after)
        probe = nengo.Probe(ens, synapse=0.03)
    samples, said = both(net, probe, "what is decoded")
    rms = [float(np.sqrt(np.mean(np.sum(each[300:] ** 2, axis=1)))) for each in samples]
    return rms, said


def both(net, probe, words):
    """A probe's samples on CPU and emulator, and what is said there in which these words are."""
    samples = []
    for target in ("cpu", "emulator"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with deploy.Simulator(net, target=target, progress_bar=False) as sim:
                sim.run(1.0)
                samples.append(np.array(sim.data[probe]))
    return samples, [w.message for w in caught if words in str(w.message)]


@pytest.mark.parametrize("by", [None, "an ensemble"])
@pytest.mark.parametrize(
    "given, neuron_type",
    [(3.0, nengo.SpikingRectifiedLinear()), (8.0, nengo.SpikingRectifiedLinear()), (5.0, FAST)],
)
def test_values_are_said_with_their_figures(given, neuron_type, by):
    (cpu, chip), (warning,) = runs(given, neuron_type, by=by)
    mine, cpus, percent = re.search(
        r"comes to ([\d.]+) for the CPU's ([\d.]+) .*?, (\d+) % off", warning.what
    ).groups()
    assert warning.object == "beyond"
    assert float(mine) == pytest.approx(chip, rel=0.06)
    assert float(cpus) == pytest.approx(cpu, rel=0.06)
    assert float(percent) == pytest.approx(100 * abs(chip / cpu - 1), abs=6)


def test_the_way_out_leads_out_and_a_kept_build_says_the_same():
    (first,), (again,) = (runs(5.0, FAST, seed=92)[1] for _ in range(2))
    assert str(first) == str(again)
    radius = float(re.search(r"a radius of ([\d.]+)", first.way_out).group(1))
    (cpu, chip), said = runs(5.0, FAST, seed=92, radius=radius)
    assert not said and chip == pytest.approx(cpu, rel=0.05)


@pytest.mark.parametrize("given, dimensions", [(1.0, 1), (2.0, 1), (1.0, 3), (1.3, 6)])
def test_nothing_is_said_where_it_is_near(given, dimensions):
    (cpu, chip), said = runs(given, nengo.LIF(), seed=93, dimensions=dimensions)
    assert not said and chip == pytest.approx(cpu, rel=0.1)


@pytest.mark.parametrize("given, off", [(1.0, False), (2.0, False), (9.0, True)])
def test_functions_are_looked_at_too(given, off):
    """Of several the one that is furthest off; a sine, which vanishes, does not count as such."""
    with nengo.Network(seed=95) as net:
        source = nengo.Node(lambda t: given * np.sin(9 * t))
        ens = nengo.Ensemble(120, 1, label="beyond")
        nengo.Connection(source, ens)
        out = nengo.Node(size_in=3)
        nengo.Connection(ens, out[0], function=lambda x: np.maximum(x, 0))
        nengo.Connection(ens, out[1], function=lambda x: 0 * x)
        nengo.Connection(ens, out[2], function=lambda x: np.sin(3 * x))
        probe = nengo.Probe(out, synapse=0.03)
    (cpu, chip), warned = both(net, probe, "radii")
    said = [str(each) for each in warned]
    assert bool(said) == off
    assert all("where a function that is decoded of its neurons comes to" in each for each in said)
    error = np.sqrt(np.mean((chip - cpu)[:, 0] ** 2) / np.mean(cpu[:, 0] ** 2))
    assert (error > 0.1) == off
