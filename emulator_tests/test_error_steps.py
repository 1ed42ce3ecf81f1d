"""Small errors teach the chip as they teach the CPU."""

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules.chip.limits import LOIHI
from loihi_rules.learning_rules.pes import ERROR_SCALE, error_window
from loihi_rules.nengo_parts.whole_steps import WithRemainder


@pytest.mark.quick
@pytest.mark.parametrize("phases", [1, 4])
def test_nothing_is_lost_of_what_every_pth_value_adds_up_to(phases):
    x = 0.3 * np.random.RandomState(1).rand(403, 2)
    y = WithRemainder(None, 0.25, phases, phases).filt(x, dt=0.001)
    np.testing.assert_allclose(y / 0.25, np.rint(y / 0.25), atol=1e-9)
    # `filt` begins with the second step of a simulation
    before = np.concatenate([np.zeros((phases - 1, 2)), x])
    mean = np.mean([before[k : k + len(x)] for k in range(phases)], axis=0)
    for phase in range(phases):
        off = np.cumsum((mean - y)[phase::phases], axis=0)
        assert np.abs(off).max() <= 0.125 + 1e-9


@pytest.mark.quick
def test_a_mean_is_never_late_beside_how_fast_a_rule_learns():
    taus = (0.001, 0.02, 0.05, 1.0, np.inf)
    assert [error_window(tau, 0.001, LOIHI) for tau in taus] == [1, 2, 4, 4, 4]


def taught(seed, target, synapse=0.005, dt=0.001):
    """RMS error of the second half of a run in which a sine is learnt."""
    with nengo.Network(seed=seed) as net:
        wave = nengo.Node(lambda t: 0.6 * np.sin(2 * np.pi * t))
        pre, post, error = (nengo.Ensemble(100, 1) for _ in range(3))
        nengo.Connection(wave, pre)
        learned = nengo.Connection(
            pre, post, function=lambda x: 0, synapse=0.01, learning_rule_type=nengo.PES(1e-3)
        )
        nengo.Connection(post, error, synapse=synapse)
        nengo.Connection(wave, error, transform=-1, synapse=synapse)
        nengo.Connection(error, learned.learning_rule, synapse=synapse)
        nengo.Probe(post, synapse=0.03, label="post")
    found = deploy.run(net, 3.0, target, dt=dt)["post"].samples
    wanted = 0.6 * np.sin(2 * np.pi * dt * np.arange(1, len(found) + 1))[:, np.newaxis]
    for tau in (0.005, 0.01, 0.03):
        wanted = nengo.Lowpass(tau).filt(wanted, y0=0, dt=dt)
    return np.sqrt(np.mean((found - wanted)[len(found) // 2 :] ** 2))


@pytest.mark.parametrize("how", [{"synapse": None}, {"dt": 0.002}], ids=["unfiltered", "2 ms"])
def test_what_comes_between_two_looks_of_the_chip_is_learnt_too(how):
    """One in four values of a spiky error taught 1.7 times the error; fast neurons' traces lost."""
    cpu = max(taught(seed, "cpu", **how) for seed in (21, 22, 23))
    assert np.median([taught(seed, "emulator", **how) for seed in (21, 22, 23)]) < 1.2 * cpu


@pytest.mark.parametrize("share", [0.2, -0.3])
def test_a_steady_error_of_less_than_half_a_step_is_learnt_from(share):
    """The output follows the integral of the error, as on the CPU; it stayed at 0."""
    with nengo.Network(seed=3) as net:
        ens = nengo.Ensemble(100, 1)
        nengo.Connection(nengo.Node(0.5), ens)
        end = nengo.Node(size_in=1)
        learned = nengo.Connection(
            ens, end, function=lambda x: 0, learning_rule_type=nengo.PES(2e-3)
        )
        nengo.Connection(nengo.Node(share / ERROR_SCALE), learned.learning_rule)
        nengo.Probe(end, synapse=0.05, label="end")
    cpu, chip = (deploy.run(net, 2.0, target)["end"].samples for target in ("cpu", "emulator"))
    ends = [samples[-200:].mean() for samples in (cpu, chip)]
    assert abs(ends[0]) > 0.05
    assert ends[1] == pytest.approx(ends[0], rel=0.35)  # faster by where `ens` is held
