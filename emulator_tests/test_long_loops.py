"""Loops through long filters, which are given values through short ones."""

import nengo
import numpy as np
import pytest

import deploy

GIVEN = 0.3  # s, for which a value is


def memory(seed, tau):
    """Four values of an ensemble, kept by another through a filter of its own."""
    with nengo.Network(seed=seed) as net:
        source = nengo.Node(lambda t: [0.5, -0.3, 0.4, 0.2] if t < GIVEN else np.zeros(4))
        before, kept = (nengo.Ensemble(200, 4) for _ in range(2))
        nengo.Connection(source, before)
        nengo.Connection(before, kept)
        nengo.Connection(kept, kept, synapse=tau)
        nengo.Probe(kept, synapse=0.03)
    return net


def ends(net, target):
    """Of what was given, at its end and 0.7 s later."""
    given = np.array([0.5, -0.3, 0.4, 0.2])
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        sim.run(1.0)
    values = sim.data[net.all_probes[0]] @ given / (given @ given)
    return values[[int(GIVEN / sim.dt), -1]]


@pytest.mark.parametrize("tau", [0.2, 0.4])
def test_a_loop_through_a_long_filter_keeps_what_it_keeps_on_the_cpu(tau):
    """Beside spikes of the host's that are worth 18 radii its weights had two bits."""
    cpu, chip = (
        np.mean([ends(memory(seed, tau), target) for seed in (31, 32, 33)], axis=0)
        for target in ("cpu", "emulator")
    )
    np.testing.assert_allclose(chip, cpu, rtol=0.12)
