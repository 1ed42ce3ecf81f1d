"""Small errors teach the chip as they teach the CPU."""

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules.carried import Carried
from loihi_rules.rules.pes import ERROR_SCALE


@pytest.mark.quick
@pytest.mark.parametrize("phases", [1, 4])
def test_nothing_is_lost_of_what_every_pth_value_adds_up_to(phases):
    x = 0.3 * np.random.RandomState(1).rand(403, 2)
    y = Carried(None, 0.25, phases).filt(x, dt=0.001)
    np.testing.assert_allclose(y / 0.25, np.rint(y / 0.25), atol=1e-9)
    for phase in range(phases):
        off = np.cumsum((x - y)[phase::phases], axis=0)
        assert np.abs(off).max() <= 0.125 + 1e-9


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
