"""NIR files as models: what they compute, and what of it the chip does.

Against closed forms, the data of the NIR paper where it is, and equations written here.
"""

import os
import subprocess
import sys
from pathlib import Path

import nengo
import numpy as np
import pytest

import deploy

nir = pytest.importorskip("nir", reason="the nir package needs Python 3.10")

from loihi_rules import rewrite  # noqa: E402
from loihi_rules.nir import NirError, convert, read  # noqa: E402

PAPER = Path(os.environ.get("NIR_PAPER", Path(__file__).parents[2] / "shared" / "nir"))
needs_paper = pytest.mark.skipif(
    not PAPER.is_dir(), reason="the data of the NIR paper is not here (NIR_PAPER names its folder)"
)


def graph_of(*nodes, edges=None, **named):
    """A graph of nodes one after the other, or of named ones."""
    if named:
        return nir.NIRGraph(named, edges, type_check=False)
    return nir.NIRGraph.from_list(*nodes, type_check=False)


def lif(n, tau=0.01, threshold=1.0, reset=0.0, leak=0.0, r=1.0):
    each = np.ones(n)
    return nir.LIF(tau * each, r * each, leak * each, threshold * each, reset * each)


def cuba(n, tau_syn=0.004, tau_mem=0.01, r=1.0, w_in=1.0, reset=0.0, leak=0.0):
    each = np.ones(n)
    return nir.CubaLIF(
        tau_syn * each, tau_mem * each, r * each, leak * each, each, reset * each, w_in * each
    )


@needs_paper
def test_all_files_of_the_paper_are_read():
    files = sorted(PAPER.glob("*/*.nir"))
    assert len(files) == 5
    for path in files:
        network = read(path)
        assert network.all_probes, path


@needs_paper
@pytest.mark.parametrize("target", ["cpu", "float-emulator", "emulator"])
def test_the_papers_neuron_spikes_as_the_closed_form(target):
    exact = np.loadtxt(PAPER / "lif" / "lif_exact.csv", delimiter=",")
    network = read(PAPER / "lif" / "lif_norse.nir", dt=1e-4, inputs=exact[:, :1])
    run = deploy.run(network, 0.1, target, dt=1e-4)
    steps = run["1"].spike_steps - 1
    np.testing.assert_array_equal(steps, np.nonzero(exact[:, 2])[0])


@needs_paper
def test_the_papers_voltage_is_the_closed_forms():
    """Until the first spike, which it has within a step and we at its end."""
    exact = np.loadtxt(PAPER / "lif" / "lif_exact.csv", delimiter=",")
    network = read(PAPER / "lif" / "lif_norse.nir", dt=1e-4, decay="exact", inputs=exact[:, :1])
    with network:
        probe = nengo.Probe(network.ensembles[1].neurons, "voltage")
    with nengo.Simulator(network, dt=1e-4, progress_bar=False) as sim:
        sim.run_steps(460)
    np.testing.assert_allclose(sim.data[probe][:460, 0], exact[:460, 1], atol=1e-8)


@needs_paper
def test_the_step_is_found_in_the_papers_numbers():
    for path in sorted(PAPER.glob("braille/*.nir")):
        assert convert(nir.read(path, type_check=False), "x").dt == 1e-4


def test_a_file_without_such_numbers_has_a_step_of_a_millisecond():
    model = convert(graph_of(nir.Linear(np.ones((2, 3))), lif(2)), "x")
    assert model.dt == 1e-3
    assert any(change.before == "dt" for change in model.changes)


@pytest.mark.parametrize(
    "broken, says",
    [
        (lambda: graph_of(nir.Linear(np.ones((2, 3))), lif(4)), "has 4 neurons and is given 2"),
        (lambda: graph_of(nir.Linear(np.full((2, 3), np.nan)), lif(2)), "no finite number"),
        (lambda: graph_of(nir.Linear(np.ones((2, 3))), lif(2, tau=-1)), "not positive"),
        (lambda: graph_of(nir.Linear(np.ones((2, 3))), lif(2, tau=1e-5)), "shorter than a step"),
        (lambda: graph_of(nir.Linear(np.ones((2, 3))), lif(2, reset=2)), "not above its reset"),
    ],
)
def test_what_cannot_be_computed_is_refused_by_node(broken, says):
    with pytest.raises(NirError, match=says):
        convert(broken(), "x")


def test_a_loop_without_neurons_is_refused():
    nodes = {
        "input": nir.Input({"input": np.array([2])}),
        "a": nir.Linear(np.eye(2)),
        "b": nir.Linear(np.eye(2)),
        "n": lif(2),
        "output": nir.Output({"output": np.array([2])}),
    }
    edges = [("input", "a"), ("a", "b"), ("b", "a"), ("b", "n"), ("n", "output")]
    with pytest.raises(NirError, match="loop without neurons"):
        convert(nir.NIRGraph(nodes, edges, type_check=False), "x")


def test_compare_takes_a_file(tmp_path):
    path = tmp_path / "small.nir"
    rng = np.random.RandomState(3)
    nir.write(path, graph_of(nir.Affine(rng.randn(20, 8) * 0.5, np.zeros(20)), cuba(20)))
    done = subprocess.run(
        [sys.executable, "-m", "deploy", "compare", str(path), "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "HOME": str(tmp_path)},
    )
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    assert "PARITY" in done.stdout
    assert (tmp_path / "out" / "report.html").is_file()


def spikes_by_neuron(trace, n):
    return np.bincount(trace.spike_neurons, minlength=n).astype(float)


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param(lambda rng: rng.randn(400, 6).cumsum(axis=0) * 0.1, id="both signs"),
        pytest.param(lambda rng: np.repeat(rng.uniform(0, 3, (4, 6)), 100, axis=0), id="frames"),
        pytest.param(lambda rng: rng.randint(0, 300, (400, 6)) / 100, id="more than are sent"),
    ],
)
def test_values_enter_the_chip_as_spikes(inputs):
    """Sums over steps are kept, so that each neuron fires as often."""
    rng = np.random.RandomState(5)
    graph = graph_of(nir.Affine(rng.randn(20, 6) * 0.3, rng.randn(20) * 0.05), lif(20, r=4.0))
    model = convert(graph, "x", None, inputs(rng))
    cpu, chip = (deploy.run(model.network, 0.4, target) for target in ("cpu", "emulator"))
    assert any(change["rule"] == "values as whole spikes" for change in chip.changes)
    wanted, had = (spikes_by_neuron(run["lif"], 20) for run in (cpu, chip))
    assert wanted.sum() > 200
    assert abs(had - wanted).max() <= 3 + 0.05 * wanted.max()


def test_counts_enter_the_chip_as_they_are():
    rng = np.random.RandomState(6)
    graph = graph_of(nir.Affine(rng.randn(20, 6) * 0.3, rng.randn(20) * 0.05), lif(20, r=4.0))
    model = convert(graph, "x", None, rng.randint(0, 5, (400, 6)))
    cpu, chip = (deploy.run(model.network, 0.4, target) for target in ("cpu", "float-emulator"))
    assert not any(change["rule"] == "values as whole spikes" for change in chip.changes)
    np.testing.assert_array_equal(cpu["lif"].spike_steps, chip["lif"].spike_steps)
    np.testing.assert_array_equal(cpu["lif"].spike_neurons, chip["lif"].spike_neurons)


def test_a_network_that_is_rewritten_once_more_stays_as_it_is():
    """Though ways of several lengths meet in it, in a loop."""
    rng = np.random.RandomState(2)
    nodes = {
        "input": nir.Input({"input": np.array([5])}),
        "in": nir.Linear(rng.randn(8, 5)),
        "a": lif(8),
        "ab": nir.Linear(rng.randn(8, 8)),
        "b": lif(8),
        "ac": nir.Linear(rng.randn(8, 8)),
        "bc": nir.Linear(rng.randn(8, 8)),
        "c": lif(8),
        "ca": nir.Linear(rng.randn(8, 8) * 0.2),
        "output": nir.Output({"output": np.array([8])}),
    }
    edges = [
        ("input", "in"), ("in", "a"), ("a", "ab"), ("ab", "b"), ("a", "ac"), ("ac", "c"),
        ("b", "bc"), ("bc", "c"), ("c", "ca"), ("ca", "a"), ("c", "output"),
    ]  # fmt: skip
    network = convert(nir.NIRGraph(nodes, edges, type_check=False), "x").network
    once = rewrite(network)
    twice = rewrite(once.network)
    late = [note.steps_late for note in once.notes.ensembles.values() if note.steps_late]
    assert max(late) == 3 and len(once.chip_ensembles) == 4  # one passes on from a to c
    assert len(twice.chip_ensembles) == 4
    again = [note.steps_late for note in twice.notes.ensembles.values() if note.steps_late]
    assert sorted(again) == sorted(late)


@pytest.mark.parametrize("leak", [-0.4, 0.9, 3.0], ids=["held down", "near", "beyond"])
def test_biases_do_nothing_before_the_first_step(leak):
    """Of the third layer, whose first step is the chip's fourth."""
    rng = np.random.RandomState(4)
    layers = [nir.Linear(np.abs(rng.randn(8, 4))), lif(8, r=20.0)]
    layers += [nir.Linear(np.abs(rng.randn(8, 8))), lif(8, r=20.0)]
    each = np.ones(8)
    last = nir.LIF(0.002 * each, 4 * each, 2 * leak * each, each, 0 * each)
    model = convert(
        graph_of(*layers, nir.Linear(rng.randn(8, 8)), last), "x", None, rng.rand(100, 4) < 0.4
    )
    runs = [deploy.run(model.network, 0.1, target) for target in ("cpu", "float-emulator")]
    label = list(runs[0].traces)[2]
    cpu, chip = (run[label] for run in runs)
    assert len(cpu.spike_steps)
    np.testing.assert_array_equal(cpu.spike_steps, chip.spike_steps)
    np.testing.assert_array_equal(cpu.spike_neurons, chip.spike_neurons)
