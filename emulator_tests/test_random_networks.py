"""Whatever network is drawn: it is built, runs, and its integers say what floating point says.

The integer emulator is held against the float emulator, so that only rounding is between them:
held values are compared after they have settled. Where they differ by more than what rounding may
cost, the run has to have warned of the ensemble.
"""

import warnings
from typing import List

import nengo
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deploy

DURATION, SETTLED = 0.7, 0.3  # s
ROUNDING = 0.05  # of the radius: what 8 bits may cost
SPIKE = 0.5  # of the radius, ÷ √(neurons a dimension): a spike more or less of each while compared
FEW, MANY = [10, 30, 100, 100, 200, 300], [10, 30, 100, 200, 400, 700, 2000]
TYPES = [nengo.LIF(), nengo.LIF(tau_rc=0.05), nengo.SpikingRectifiedLinear()]
SYNAPSES = [0.001, 0.005, 0.02, 0.1, None, nengo.Alpha(0.01)]
FUNCTIONS = {"the same": None, "square": np.square, "sine": lambda x: np.sin(2 * x)}


def joined(draw, a: nengo.Ensemble, b: nengo.Ensemble, rng: np.random.RandomState) -> None:
    """Connect two ensembles in one of the ways that Nengo has."""
    kind = draw(st.sampled_from(["function", "dense", "sparse", "slice", "weights"]))
    size = (b.dimensions, a.dimensions)
    scale = 0.7 * b.radius / a.radius
    synapse = draw(st.sampled_from(SYNAPSES))
    if kind == "function":
        function = FUNCTIONS[draw(st.sampled_from(sorted(FUNCTIONS)))]
        wrapped = None if function is None else (lambda x: a.radius * function(x / a.radius))
        nengo.Connection(a, b, function=wrapped, transform=scale * np.eye(*size), synapse=synapse)
    elif kind == "dense":
        matrix = rng.uniform(-1, 1, size) * scale / a.dimensions
        nengo.Connection(a, b, transform=matrix, synapse=synapse)
    elif kind == "sparse":
        count = min(a.n_neurons, b.n_neurons)
        pairs = np.stack([rng.permutation(count), rng.permutation(count)], axis=1)
        sparse = nengo.Sparse((b.n_neurons, a.n_neurons), pairs, rng.uniform(-1, 1, count) * 1e-3)
        nengo.Connection(a.neurons, b.neurons, transform=sparse, synapse=synapse)
    elif kind == "slice":
        nengo.Connection(a[-1], b[0], transform=scale, synapse=synapse)
    else:
        few = min(a.n_neurons, b.n_neurons) <= 200 and a.n_neurons * b.n_neurons <= 80_000
        solver = nengo.solvers.LstsqL2(weights=few)
        nengo.Connection(a, b, transform=scale * np.eye(*size), solver=solver, synapse=synapse)


@st.composite
def networks(draw, sizes: List[int]) -> nengo.Network:
    """Two to four ensembles, each fed by the one before or by the input, of any kind."""
    seed = draw(st.integers(0, 2**20))
    rng = np.random.RandomState(seed)
    with nengo.Network(seed=seed) as network:
        ensembles: List[nengo.Ensemble] = []
        for k in range(draw(st.integers(2, 4))):
            dimensions = draw(st.sampled_from([1, 1, 2, 3]))
            size = draw(st.sampled_from(sizes)) * (1 if dimensions == 1 else 2)
            radius = draw(st.sampled_from([0.03, 0.5, 1.0, 1.0, 5.0, 100.0]))
            top = draw(st.sampled_from([40.0, 120.0, 300.0]))
            ensemble = nengo.Ensemble(
                min(size, 2000),
                dimensions,
                radius=radius,
                neuron_type=draw(st.sampled_from(TYPES)),
                max_rates=nengo.dists.Uniform(0.6 * top, top),
                label=f"ensemble {k}",
            )
            if not ensembles or draw(st.booleans()):
                value = rng.uniform(-0.6, 0.6, dimensions) * radius / np.sqrt(dimensions)
                nengo.Connection(nengo.Node(value), ensemble, synapse=0.005)
            if ensembles:
                joined(draw, draw(st.sampled_from(ensembles)), ensemble, rng)
            ensembles.append(ensemble)
            nengo.Probe(ensemble, synapse=0.02, label=ensemble.label)
    return network


def apart(network: nengo.Network) -> List[str]:
    """Ensembles whose held value differs between integers and floating point, in words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        integer, floating = (
            deploy.run(network, DURATION, target, 1) for target in ("emulator", "float-emulator")
        )
    found = []
    for ensemble in network.all_ensembles:
        means = [
            np.mean(run[ensemble.label].samples[int(SETTLED / run.dt) :], axis=0)
            for run in (integer, floating)
        ]
        off = float(np.max(np.abs(means[0] - means[1]))) / ensemble.radius
        warned = any(ensemble.label in text for text in integer.warnings)
        bound = ROUNDING + SPIKE * np.sqrt(ensemble.dimensions / ensemble.n_neurons)
        if off > bound and not warned:
            found.append(f"{ensemble.label}: {off:.2f} of the radius")
    return found


@settings(
    max_examples=8, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(networks(FEW))
def test_integers_say_what_floating_point_says(network):
    assert not apart(network)


@pytest.mark.slow
@settings(
    max_examples=120, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(networks(MANY))
def test_any_networks_integers_say_what_floating_point_says(network):
    assert not apart(network)
