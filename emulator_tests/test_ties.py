"""Spikes that bring stepped neurons just to their threshold are warned of, and advice helps."""

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules.nengo_parts.stepped import InputSpikes, SteppedNeurons

N, STEPS, DT = 8, 400, 0.001


def network(weight, threshold, kept, together=1):
    """Random spikes, ``together`` of them into each neuron."""
    n_in = N * together
    signal = (np.random.RandomState(0).uniform(size=(STEPS, n_in)) < 0.2).astype(float)
    with nengo.Network(seed=0) as net:
        node = nengo.Node(nengo.processes.PresentInput(signal, DT))
        before, ens = (
            nengo.Ensemble(n, 1, gain=np.ones(n), bias=np.zeros(n), neuron_type=kind, label=label)
            for n, kind, label in (
                (n_in, InputSpikes(), "in"),
                (N, SteppedNeurons([0.0], [kept], [threshold]), "tied"),
            )
        )
        nengo.Connection(node, before.neurons, synapse=None)
        weights = weight * np.kron(np.eye(N), np.ones((1, together)))
        nengo.Connection(before.neurons, ens.neurons, synapse=None, transform=weights)
        nengo.Probe(ens.neurons, label="spikes")
    return net


def notes(net):
    return [note for note in deploy.check(net, dt=DT).warnings if "just to their threshold" in note]


def spikes(net):
    return [
        len(deploy.run(net, STEPS * DT, target, dt=DT)["spikes"].spike_steps)
        for target in ("cpu", "emulator")
    ]


@pytest.mark.parametrize("kept", [0.5, 0.0])
def test_a_spike_of_just_the_threshold(kept):
    (note,) = notes(network(1.0, 1.0, kept))
    assert note.startswith("tied: spikes bring 8 of its 8 neurons")
    cpu, chip = spikes(network(1.0, 1.0, kept))
    assert cpu != chip
    for apart in (0.99, 1.01):
        cpu, chip = spikes(network(1.0, apart, kept))
        assert cpu == chip and not notes(network(1.0, apart, kept))


def test_several_spikes_of_just_the_threshold():
    assert notes(network(0.5, 1.0, 0.5, together=2))
    assert not notes(network(0.5, 1.0, 0.5))  # one alone never gets there


def test_neurons_that_keep_all_count_in_whole_numbers():
    for weight in (1.0, 0.25):
        net = network(weight, 1.0, 1.0)
        cpu, chip = spikes(net)
        assert cpu == chip > 0 and not notes(net)
