"""Neurons whose gains are their user's: of either sign, and none."""

import warnings

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import rewrite
from loihi_rules.chip.tuning import fit_rates, mean_chip_rates

GAINS = [[-1, 1, 2], [-1, 1, 2, 0], [0, 0, 0], [-1, -2, -3]]


def given(gain, source, seed=3):
    with nengo.Network(seed=seed) as net:
        u = nengo.Node(0.5)
        bias = np.linspace(0.5, 3, len(gain))
        ens = nengo.Ensemble(len(gain), 1, gain=gain, bias=bias)
        if source == "node":
            nengo.Connection(u, ens)
        else:
            a = nengo.Ensemble(50, 1)
            nengo.Connection(u, a)
            if source == "ensemble":
                nengo.Connection(a, ens)
            else:
                weights = np.full((len(gain), 50), 1e-4)
                nengo.Connection(a.neurons, ens.neurons, transform=weights)
        probes = nengo.Probe(ens.neurons), nengo.Probe(ens, synapse=0.05)
    return net, probes


@pytest.mark.parametrize("source", ["node", "ensemble", "neurons"])
@pytest.mark.parametrize("gain", GAINS)
def test_any_gain_gives_the_cpus_rates_and_no_warning_of_numpys(gain, source):
    """It was a TypeError or a ValueError, from inside."""
    rates = []
    for target in ("cpu", "emulator"):
        net, (probe, _) = given(gain, source)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with deploy.Simulator(net, target=target, progress_bar=False) as sim:
                sim.run(2.0)
        rates.append(sim.data[probe][200:].mean(axis=0))
    assert not [each for each in said if issubclass(each.category, RuntimeWarning)]
    assert rates[1] == pytest.approx(rates[0], rel=0.07, abs=2)


def test_a_negative_gain_is_fitted_as_its_opposite():
    kind, dt = nengo.LIF(), 0.001
    gain, bias = np.array([2.0, 3.0]), np.array([1.5, 0.5])
    found = fit_rates(kind, gain, bias, dt)
    opposite = fit_rates(kind, -gain, bias, dt)
    assert opposite[0] == pytest.approx(-found[0])
    assert opposite[1] == pytest.approx(found[1])
    drive = np.linspace(-1, 1, 21)[:, np.newaxis]
    assert not np.allclose(
        mean_chip_rates(kind, gain * drive + bias, dt),
        mean_chip_rates(kind, found[0] * drive + found[1], dt),
    )


def test_an_ensemble_of_negative_gains_answers_as_late_as_its_opposite():
    lags = []
    for sign in (1, -1):
        with nengo.Network(seed=5) as net:
            u = nengo.Node(0.5)
            encoders = np.sign(np.random.RandomState(1).normal(size=(40, 1)))
            gain, bias = np.linspace(1, 4, 40), np.linspace(-1, 2, 40)
            ens = nengo.Ensemble(40, 1, gain=sign * gain, bias=bias, encoders=sign * encoders)
            nengo.Connection(u, ens)
            nengo.Probe(ens, synapse=0.05)
        made = rewrite(net)
        lags.append(made.notes.ensembles[made.chip_ensembles[0]].lag)
    assert lags[1] == pytest.approx(lags[0], abs=2e-5)
