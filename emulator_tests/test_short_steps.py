"""Values from the host keep their bits at steps far below a millisecond."""

import nengo
import numpy as np
import pytest

import deploy


@pytest.mark.parametrize("dt", [1e-4, 2e-4])
def test_slow_neurons_represent_what_comes_by_a_long_filter(dt):
    """0.16 and 0.053 radii off as long as the chip had the whole filter; the CPU 0.039."""
    with nengo.Network(seed=3) as net:
        node = nengo.Node(lambda t: 0.9 * np.sin(5 * t))
        rates = nengo.dists.Uniform(30, 60)
        ens = nengo.Ensemble(100, 1, seed=1, max_rates=rates)
        nengo.Connection(node, ens, synapse=0.03)
        probe = nengo.Probe(ens, synapse=0.03, sample_every=1e-3)

    def error(target):
        with deploy.Simulator(net, dt=dt, target=target, progress_bar=False) as sim:
            sim.run(1.0)
        t, x = sim.trange(sample_every=1e-3), sim.data[probe][:, 0]
        given = 0.9 * np.sin(5 * (t[:, np.newaxis] - np.arange(0.03, 0.1, 0.005)))
        return np.sqrt(np.mean((x[:, np.newaxis] - given)[300:] ** 2, axis=0)).min()

    assert error("emulator") < 1.15 * error("cpu")
