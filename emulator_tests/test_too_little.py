"""Too little data is OPEN, with what would decide."""

from __future__ import annotations

import nengo
import numpy as np
import pytest

import deploy
from deploy.parity.comparison import NO_PARITY, OPEN_, PARITY
from deploy.parity.effects import judged_effects
from deploy.parity.run_values import QuantityValues
from deploy.traces.uncompared import FEWEST_SAMPLES


def network_of(seed):
    with nengo.Network(seed=seed) as net:
        ens = nengo.Ensemble(60, 1)
        nengo.Connection(nengo.Node(lambda t: 0.8 * np.sin(5 * t)), ens)
        nengo.Probe(ens.neurons, label="spikes")
        nengo.Probe(ens, synapse=0.02, label="x")
    return net


@pytest.fixture(scope="module")
def cpu():
    return deploy.run(network_of(421), 2.0, "cpu")


@pytest.mark.parametrize("count", [1, 2, 20, FEWEST_SAMPLES - 1])
@pytest.mark.parametrize("spread", [False, True])
def test_a_recording_of_a_few_samples_is_open(cpu, count, spread):
    samples = np.array(cpu["x"].samples[:count])  # the CPU's own, bit for bit
    recorded = deploy.read_recording({"x": samples}, {"dt": 0.001})
    yardstick = deploy.spread(network_of(421), 2.0, runs=6) if spread else None
    found = deploy.compare_traces(cpu, recorded, yardstick)
    assert found.outcome == OPEN_
    assert found.verdict.startswith("OPEN: nothing could be judged")
    assert "run longer" in found.verdict
    assert found.seconds_more > 0


@pytest.mark.parametrize("seconds", [0.001, 0.005, 0.02, 0.05, 0.15])
def test_short_healthy_runs_are_open(seconds):
    for seed in range(423, 427):
        net = network_of(seed)
        runs = [deploy.run(net, seconds, target, seed=seed) for target in ("cpu", "emulator")]
        found = deploy.compare_traces(*runs)
        assert found.outcome == OPEN_, found.verdict
        assert not found.different


def values(its, repeats):
    return QuantityValues(
        "x", "gain", [""], np.array([its]), np.array(repeats)[:, None], None, seconds=0.05
    )


@pytest.mark.parametrize("its", [1.2, 2.4999])
def test_wide_intervals_say_how_much_longer(its):
    """An estimate beside the edge of its margin, by chance, asked for no run at all."""
    effects = judged_effects([values(its, [-0.5, 0.0, 0.6, -0.1])])
    assert effects[0].outcome == "open"
    assert 1 < effects[0].longer < 100


def test_a_healthy_pair_of_two_seconds_is_still_judged(cpu):
    same = deploy.run(network_of(421), 2.0, "cpu")
    assert deploy.compare_traces(cpu, same).outcome == PARITY
    found = deploy.compare_traces(cpu, deploy.run(network_of(421), 2.0, "emulator"))
    assert found.outcome != NO_PARITY
