"""NIR's graphs on the virtual board: the emulator's bits, in every sample that is recorded."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import deploy

nir = pytest.importorskip("nir", reason="the nir package needs Python 3.10")

from test_nir_export import mixed  # noqa: E402
from test_nir_graphs import N_STEPS, graphs  # noqa: E402

from loihi_rules.nir import convert, read, write  # noqa: E402

pytestmark = pytest.mark.virtual


def assert_same(network, n_steps, dt=1e-3):
    """Of two runs; returns what the board's warns of, whose registers say how it begins."""
    runs = []
    for target in ("emulator", "loihi"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runs.append(deploy.run(network, n_steps * dt, target, dt=dt))
    emulated, on_board = runs
    assert on_board.record["cores"], "nothing of it was on the board"
    assert emulated.traces.keys() == on_board.traces.keys()
    for one, other in zip(emulated, on_board):
        for name in ("spike_steps", "spike_neurons") if one.sparse else ("samples",):
            np.testing.assert_array_equal(
                getattr(one, name), getattr(other, name), f"{one.label}, {one.kind}"
            )
    return on_board.warnings


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # graphs are small, and shrinking one takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(graphs(chip=True))
def test_random_graphs(drawn):
    conventions = vars(drawn.reference.conventions)
    network = convert(drawn.graph, "x", conventions, drawn.inputs).network
    assert_same(network, N_STEPS, conventions["dt"])


def layers(bias, tau_mem, tau_syn=4e-3, depth=3, **conventions):
    """Layers one behind the other, of neurons with filtered biases; each is a step later."""
    n = 5
    rng = np.random.RandomState(1)
    nodes, edges, before = {"in": nir.Input({"input": np.array([n])})}, [], "in"
    for k in range(depth):
        nodes[f"w{k}"] = nir.Affine(rng.uniform(-0.3, 0.6, (n, n)), bias * rng.uniform(0.5, 1, n))
        neurons = {"v_threshold": np.full(n, 1.0), "v_reset": np.zeros(n), "v_leak": np.zeros(n)}
        neurons.update(tau_mem=np.full(n, tau_mem), r=np.ones(n))
        if tau_syn:
            nodes[f"n{k}"] = nir.CubaLIF(**neurons, tau_syn=np.full(n, tau_syn), w_in=np.ones(n))
        else:
            neurons["tau"] = neurons.pop("tau_mem")
            nodes[f"n{k}"] = nir.LIF(**neurons)
        edges += [(before, f"w{k}"), (f"w{k}", f"n{k}")]
        before = f"n{k}"
    nodes["out"] = nir.Output({"output": np.array([n])})
    graph = nir.NIRGraph(nodes, [*edges, (before, "out")], type_check=False)
    inputs = (rng.uniform(size=(N_STEPS, n)) < 0.4).astype(float)
    choices = {"dt": 1e-3, "reset": "zero", "gain": "one", "decay": "exact", **conventions}
    return convert(graph, "layers", choices, inputs).network


@pytest.mark.parametrize("bias", [0.05, 0.3, -0.1])
@pytest.mark.parametrize("tau_syn", [0.0, 4e-3])
def test_biases_of_late_layers(bias, tau_syn):
    """Currents and voltages start where, by the chip's own arithmetic, each step finds its own."""
    said = assert_same(layers(bias, 10e-3, tau_syn), N_STEPS)
    assert not any("before which a board cannot hold them" in each for each in said)


def test_neurons_that_cannot_be_held_are_named():
    """Biases of thresholds a step: on the way to the reset they could not but spike."""
    said = deploy.run(layers(3.0, 10e-3), 0.01, "loihi").warnings
    assert any("before which a board cannot hold them" in each for each in said)


def test_a_network_that_was_exported(tmp_path):
    write(mixed(), tmp_path / "mixed.nir", 1e-3, 1.0)
    assert_same(read(tmp_path / "mixed.nir"), 60)


@pytest.mark.parametrize("reset_at", ["spike", "next"])
@pytest.mark.parametrize("tau_syn", [0.0, 4e-3])
def test_resets_by_subtraction(reset_at, tau_syn):
    """Currents that keep what voltages would, weights of later steps, a neuron that fires once."""
    network = layers(0.05, 10e-3, tau_syn, depth=2, reset="subtract", reset_at=reset_at)
    rules = [change.rule for change in deploy.check(network).changes]
    assert rules.count("reset by subtraction") == 2
    assert_same(network, N_STEPS)
