"""Regenerate spikes.npz: what nengo-loihi's emulator fires on NumPy 1.26.

    pip install numpy==1.26.4 nengo==4.1.0 nengo-loihi==1.1.0
    python emulator_tests/golden/make_spikes.py

On NumPy 1 nengo-loihi needs no help, so this uses it as it is.
"""

from pathlib import Path

import nengo
import numpy as np

GOLDEN = Path(__file__).with_name("spikes.npz")
STEPS = 1000


def network():
    """Every path that NumPy's copies lie on: dense, sparse and convolutional weights,
    learning, recurrence, host inputs, LIF and rectified linear neurons."""
    with nengo.Network(seed=11) as net:
        u = nengo.Node(lambda t: [np.sin(6 * t), np.cos(9 * t)])
        a = nengo.Ensemble(60, 2, label="a")
        b = nengo.Ensemble(
            50, 1, label="b", neuron_type=nengo.SpikingRectifiedLinear(), max_rates=[80] * 50
        )
        post = nengo.Ensemble(40, 1)
        nengo.Connection(u, a)
        nengo.Connection(a, a, synapse=0.1, transform=0.3)
        nengo.Connection(a, b, function=lambda x: x[0] * x[1])
        nengo.Connection(
            a.neurons,
            b.neurons,
            transform=nengo.Sparse((50, 60), [[0, 3], [7, 9]], [1e-3, 2e-3]),
        )
        learned = nengo.Connection(
            a, post, function=lambda x: [0.0], learning_rule_type=nengo.PES(2e-3)
        )
        error = nengo.Node(size_in=1)
        nengo.Connection(post, error)
        nengo.Connection(u[0], error, transform=-1)
        nengo.Connection(error, learned.learning_rule)

        image = nengo.Ensemble(36, 1, gain=[1.0] * 36, bias=np.linspace(0, 3, 36))
        filtered = nengo.Ensemble(32, 1, gain=[1.0] * 32, bias=[0.5] * 32, label="filtered")
        kernel = nengo.Convolution(2, (6, 6, 1), kernel_size=(3, 3), init=nengo.dists.Uniform(0, 1))
        nengo.Connection(image.neurons, filtered.neurons, transform=kernel)
        net.probed = [nengo.Probe(e.neurons) for e in (a, b, filtered)]
    return net


def spikes(simulator_class, **options):
    """(steps, neurons) of each probe."""
    net = network()
    with simulator_class(net, target="sim", seed=5, **options) as sim:
        sim.run_steps(STEPS)
    return [np.nonzero(sim.data[probe]) for probe in net.probed]


def main():
    import nengo_loihi

    assert np.__version__.startswith("1.26."), "the reference is NumPy 1.26"
    arrays = {}
    for i, (steps, neurons) in enumerate(spikes(nengo_loihi.Simulator)):
        assert len(steps) > 100
        arrays[f"{i}.steps"] = steps.astype(np.int16)
        arrays[f"{i}.neurons"] = neurons.astype(np.int16)
    np.savez_compressed(GOLDEN, **arrays)
    print(GOLDEN, {name: len(array) for name, array in arrays.items()})


if __name__ == "__main__":
    main()
