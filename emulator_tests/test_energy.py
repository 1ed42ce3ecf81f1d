"""The estimate of the energy: against a sum by hand, and against what was measured."""

import numpy as np
import pytest

from benchmarks import energy
from deploy.emulator.energy import (
    ACTIVE_NEURON_UPDATE,
    NEURON_UPDATE,
    SPIKE_WITHIN_TILE,
    SYNAPTIC_OPERATION,
    Work,
)

pytestmark = pytest.mark.quick


def test_what_a_copy_adds_is_the_sum_of_its_operations():
    """Of layers on a core each: a spike goes to one core, and adds a weight to each neuron."""
    layers, neurons = 3, 32
    row = energy.added([0, 1], 100.0, 0.2, layers=layers, neurons=neurons)
    assert row.spikes > 0 and 50 < row.rate < 150
    # of all matrices but the last layer's there are as many as of layers
    assert row.operations == pytest.approx(neurons * row.spikes, 0.05)
    updates = energy.STEPS * layers * neurons
    expected = (
        (updates - row.spikes) * NEURON_UPDATE
        + row.spikes * ACTIVE_NEURON_UPDATE
        + row.spikes * SPIKE_WITHIN_TILE
        + row.operations * SYNAPTIC_OPERATION
    )
    assert row.energy == pytest.approx(1e6 * expected, 0.01)


def test_energies_are_those_of_the_paper():
    """Davies et al. 2018, table 2."""
    assert Work(10, 3, 0, 0, 0).energy == pytest.approx(30 * 52e-12)
    assert Work(10, 3, 30, 0, 0).energy == pytest.approx(30 * 81e-12)
    assert Work(0, 0, 0, 5, 7).energy == pytest.approx(5 * 1.7e-12 + 7 * 23.6e-12)


def test_the_measured_slope_is_some_sixteen_microjoules():
    slope, error = energy.published()
    assert slope == pytest.approx(16.9, abs=0.1) and error < 0.5
    first, last = np.array(energy.MEASURED)[[0, -1]] - energy.MEASURED[0]
    assert (first, last) == (0, 154)
