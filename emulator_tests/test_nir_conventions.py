"""Orders of update, against the equations of the frameworks that have them, written here."""

import os
from pathlib import Path

import nengo
import numpy as np
import pytest

import deploy

nir = pytest.importorskip("nir", reason="the nir package needs Python 3.10")

from loihi_rules.nir import NirError, convert, read  # noqa: E402
from loihi_rules.nir.stepping import Stepper  # noqa: E402

ALPHA, N_STEPS = 0.6, 80
PAPER = Path(os.environ.get("NIR_PAPER", Path(__file__).parents[2] / "shared" / "nir"))
EULER = {"decay": "euler", "dt": 1e-4}


def layers_of(rng, sizes):
    """Weights, biases and β of layers one after the other."""
    return [
        (rng.randn(n, m) * 0.5, rng.randn(n) * 0.2, rng.uniform(0.5, 0.95, n))
        for m, n in zip(sizes, sizes[1:])
    ]


def spyx_lif(layers, signal, recurrent=None):
    """spyx 1.0.0, ``nn.py``, ``LIF`` and ``RLIF``: spikes of each layer."""
    states = [np.zeros(len(beta)) for _, _, beta in layers]
    found = [np.zeros((len(signal), len(beta)), bool) for _, _, beta in layers]
    for step, given in enumerate(signal):
        for k, (weights, bias, beta) in enumerate(layers):
            spikes = states[k] > 1
            x = weights @ given + bias
            if recurrent is not None:
                x = x + recurrent @ spikes
            states[k] = np.clip(beta, 0, 1) * states[k] + x - spikes
            found[k][step] = given = spikes
    return found


def spyx_cuba(layers, signal):
    """spyx 1.0.0, ``nn.py``, ``CuBaLIF``."""
    states = [(np.zeros(len(beta)), np.zeros(len(beta))) for _, _, beta in layers]
    found = [np.zeros((len(signal), len(beta)), bool) for _, _, beta in layers]
    for step, given in enumerate(signal):
        for k, (weights, bias, beta) in enumerate(layers):
            voltage, current = states[k]
            spikes = voltage > 1
            current = ALPHA * current + weights @ given + bias
            states[k] = beta * (voltage - spikes) + current, current
            found[k][step] = given = spikes
    return found


def spyx_neurons(beta, dt, cuba=False):
    """As ``spyx/nir.py``, ``to_nir``, writes them."""
    ones = np.ones(len(beta))
    if cuba:
        return nir.CubaLIF(
            tau_syn=dt / (1 - ALPHA) * ones,
            tau_mem=dt / (1 - beta),
            r=beta,
            v_leak=0 * ones,
            v_threshold=ones,
        )
    return nir.LIF(tau=dt / (1 - beta), r=beta, v_leak=0 * ones, v_threshold=ones)


def spyx_file(layers, dt, cuba=False):
    nodes = {}
    for k, (weights, bias, beta) in enumerate(layers):
        nodes[f"layer_{2 * k}"] = nir.Affine(weights, bias)
        nodes[f"layer_{2 * k + 1}"] = spyx_neurons(beta, dt, cuba)
    return chained(nodes, layers[0][0].shape[1], len(layers[-1][2]))


def chained(nodes, n_in, n_out):
    ends = {
        "input": nir.Input({"input": np.array([n_in])}),
        "output": nir.Output({"output": np.array([n_out])}),
    }
    order = ["input", *nodes, "output"]
    edges = list(zip(order, order[1:]))
    return nir.NIRGraph({**ends, **nodes}, edges, type_check=False)


def spikes(graph, signal, **given):
    """In Nengo core, and the same with many samples at once."""
    model = convert(graph, "x", given, signal)
    run = deploy.run(model.network, len(signal) * model.dt, "cpu", dt=model.dt)
    found = {trace.label: trace.dense() > 0 for trace in run if trace.sparse}
    at_once = Stepper(model).run(np.stack([signal[::-1], signal]).astype(float))
    for name, wanted in found.items():
        np.testing.assert_array_equal(at_once[name][1], wanted)
    return model, found


@pytest.mark.parametrize("cuba", [False, True])
@pytest.mark.parametrize("dt", [1.0, 1e-3])
def test_a_file_of_spyx_is_computed_as_spyx_does(cuba, dt):
    rng = np.random.RandomState(5)
    layers = layers_of(rng, (12, 20, 15, 6))
    signal = rng.uniform(size=(N_STEPS, 12)) < 0.3
    model, found = spikes(spyx_file(layers, dt, cuba), signal)
    assert model.dt == dt
    assert any("spyx" in change.why for change in model.changes)
    for k, wanted in enumerate((spyx_cuba if cuba else spyx_lif)(layers, signal)):
        assert wanted.any()
        np.testing.assert_array_equal(found[f"layer_{2 * k + 1}"], wanted)


def test_a_beta_above_one_is_one_as_in_spyx():
    rng = np.random.RandomState(6)
    layers = layers_of(rng, (12, 20, 6))
    layers[0][2][:5] = 1.01
    signal = rng.uniform(size=(N_STEPS, 12)) < 0.3
    _, found = spikes(spyx_file(layers, 1e-3), signal)
    np.testing.assert_array_equal(found["layer_3"], spyx_lif(layers, signal)[1])


def test_spikes_come_back_in_the_step_after_those_of_the_voltage_before():
    rng = np.random.RandomState(7)
    layers, recurrent = layers_of(rng, (12, 20)), rng.randn(20, 20) * 0.3
    signal = rng.uniform(size=(N_STEPS, 12)) < 0.3
    graph = spyx_file(layers, 1e-3)
    graph.nodes["w_rec"] = nir.Linear(recurrent)
    graph.edges.extend([("layer_1", "w_rec"), ("w_rec", "layer_1")])
    given = {
        "dt": 1e-3,
        "reset": "subtract",
        "reset_at": "next",
        "first": "spikes",
        "gain": "one",
    }
    _, found = spikes(graph, signal, **given)
    np.testing.assert_array_equal(found["layer_1"], spyx_lif(layers, signal, recurrent)[0])


def test_what_is_asked_for_goes_before_what_the_file_tells():
    layers = layers_of(np.random.RandomState(8), (12, 20))
    model = convert(spyx_file(layers, 1e-3), "x", {"first": "current"})
    assert model.conventions.first == "current"
    assert model.conventions.gain == "one"


def test_the_same_numbers_under_other_names_are_no_file_of_spyx():
    layers = layers_of(np.random.RandomState(8), (12, 20))
    graph = spyx_file(layers, 1.0)
    graph.nodes = {name.replace("layer_", "l"): node for name, node in graph.nodes.items()}
    graph.edges = [tuple(end.replace("layer_", "l") for end in edge) for edge in graph.edges]
    assert convert(graph, "x", {"dt": 1.0}).conventions.first == "current"


@pytest.mark.parametrize("reset_at", ["spike", "next"])
@pytest.mark.parametrize("first", ["current", "spikes"])
def test_a_threshold_node_has_nothing_that_a_spike_resets(reset_at, first):
    """spyx's PSU_LIF: LI, then Threshold, in one step."""
    rng = np.random.RandomState(9)
    weights, beta = rng.randn(20, 12) * 0.5, rng.uniform(0.5, 0.95, 20)
    signal = rng.uniform(size=(N_STEPS, 12)) < 0.3
    ones = np.ones(20)
    nodes = {
        "w": nir.Linear(weights),
        "li": nir.LI(tau=1e-3 / (1 - beta), r=1 / (1 - beta), v_leak=0 * ones),
        "s": nir.Threshold(threshold=ones),
    }
    given = {"dt": 1e-3, "reset": "subtract", "reset_at": reset_at, "first": first}
    _, found = spikes(chained(nodes, 12, 20), signal, **given)
    voltage, wanted = np.zeros(20), []
    for given_now in signal:
        voltage = beta * voltage + weights @ given_now
        wanted.append(voltage > 1)
    np.testing.assert_array_equal(found["s"], wanted)


def test_voltages_that_are_handed_on_are_refused_on_the_chip():
    ones = np.ones(4)
    nodes = {
        "w": nir.Linear(np.ones((4, 3))),
        "li": nir.LI(tau=0.01 * ones, r=ones, v_leak=0 * ones),
        "s": nir.Threshold(threshold=ones),
    }
    model = convert(chained(nodes, 3, 4), "x")
    with pytest.raises(deploy.BadInput, match="li.*hand on their voltages"):
        deploy.run(model.network, 0.01, "emulator")
    last = convert(chained({key: nodes[key] for key in ("w", "li")}, 3, 4), "x")
    assert deploy.run(last.network, 0.01, "emulator")["li"].kind == "voltage"


def test_a_bias_that_would_begin_too_early_is_refused():
    ones = np.ones(3)
    neurons = nir.LIF(tau=1e-3 * ones, r=ones, v_leak=0 * ones, v_threshold=ones)
    graph = chained({"w": nir.Affine(np.ones((3, 2)), 0.5 * ones), "n": neurons}, 2, 3)
    with pytest.raises(NirError, match="node n: .* begins a step too early"):
        convert(graph, "x", {"dt": 1e-3, "first": "spikes"})


@pytest.mark.skipif(
    not PAPER.is_dir(), reason="the data of the NIR paper is not here (NIR_PAPER names its folder)"
)
@pytest.mark.parametrize(
    "platform, unit, file, given, lag",
    [
        ("norse", 1, "norse", EULER, 0),
        ("snntorch", 0.04, "norse", EULER, 0),
        ("nengo", 0.1, "norse", {"decay": "exact", "dt": 1e-4}, 0),
        ("lava_cpu_float", 1, "norse", {**EULER, "first": "spikes"}, 0),
        ("sinabs", 1, "rockpool", {}, 0),
        ("rockpool", 1, "rockpool", {}, 0),
        (
            "spyx",
            1,
            "norse",
            {**EULER, "first": "spikes", "reset": "subtract", "reset_at": "next"},
            1,  # its voltage is that after a step, whose spikes come in the next
        ),
    ],
)
def test_each_platform_of_the_paper_has_its_conventions(platform, unit, file, given, lag):
    columns = {
        name: np.loadtxt(PAPER / "lif" / f"lif_{name}.csv", delimiter=",", unpack=True)
        for name in (platform, "exact")
    }
    inputs, (_, voltage, out) = columns["exact"][0] > 0, columns[platform]
    network = read(PAPER / "lif" / f"lif_{file}.nir", inputs=inputs, **given)
    with network:
        nengo.Probe(network.ensembles[1].neurons, "voltage", label="voltage")
    run = deploy.run(network, 0.1, "cpu", dt=1e-4)
    steps = run[network.ensembles[1].label].spike_steps - 1
    np.testing.assert_array_equal(steps, np.nonzero(out)[0])
    ours = run["voltage"].samples[lag:, 0]
    np.testing.assert_allclose(ours, unit * voltage[: len(ours)], atol=1e-7)
