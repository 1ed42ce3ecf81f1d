"""Parity and Traces show themselves in a notebook: a real one is executed."""

import warnings

import nengo
import nengo.utils.progress
import numpy as np
import pytest

import deploy
import loihi_rules
from loihi_rules.systems import SYSTEMS

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")


def test_a_result_is_named_in_a_line_and_drawn():
    import matplotlib

    matplotlib.use("Agg")
    parity = deploy.compare("bcm", 0.2, spread=0)
    run = parity.reference
    shown = [parity, run, run["post"], deploy.check("bcm"), deploy.sweep("bcm", 0.1, [0, 1])]
    for each in shown:
        assert len(repr(each)) < 500 and "\n" not in repr(each) and repr(each).startswith("<")
    axes = parity.plot("post")
    assert [line.get_label() for line in axes[0].lines] == ["cpu", "emulator"]
    difference = parity.other["post"].samples[:, 0] - run["post"].samples[:, 0]
    np.testing.assert_allclose(axes[1].lines[0].get_ydata(), difference)
    assert len(parity.plot("pre spikes")) == 2 and len(parity.plot()) == 2
    assert len(run["pre spikes"].plot().lines[0].get_xdata()) == len(run["pre spikes"].spike_steps)
    with pytest.raises(deploy.BadInput, match="no trace 'x'"):
        parity.plot("x")


def test_nothing_is_named_by_more_than_a_screen():
    with nengo.Network(seed=1, label="pair") as net:
        ens = [nengo.Ensemble(30, 1) for _ in range(40)]
        for pre, post in zip(ens, ens[1:]):
            conn = nengo.Connection(pre, post, learning_rule_type=nengo.PES())
            nengo.Connection(post, conn.learning_rule)
    with deploy.Simulator(net, progress_bar=False) as sim:
        sim.run(0.01)
    weights = deploy.Weights.of(deploy.run(net, 0.01))
    shown = [sim, sim.data, sim.model, loihi_rules.rewrite(net), weights, weights.learned[0]]
    for each in shown:
        assert len(repr(each)) < 24 * 80


def test_pictures_of_a_run_and_of_what_fits():
    import matplotlib

    matplotlib.use("Agg")
    run = deploy.run("bcm", 0.1, "cpu")
    probes = [trace.label for trace in run if not trace.instrument]
    assert [axes.get_title() for axes in run.plot()] == probes[:6]
    (axes,) = run.plot("post")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), run["post"].samples[:, 0])
    assert 'src="data:image/png;base64,' in run._repr_html_()
    found = deploy.check("bcm")
    bars = found.plot().patches
    assert len(bars) == 4 * len(found.resources)
    use = found.resources[0].uses["compartments"]
    assert bars[0].get_width() == pytest.approx(100 * use.used / use.limit)
    assert "<svg" in found._repr_html_() and "<script" not in found._repr_html_()


class Seen(nengo.utils.progress.ProgressBar):
    """A progress bar that keeps what it is given."""

    def __init__(self):
        self.stages = []

    def update(self, progress):
        self.stages.append((progress.name_during, round(progress.progress, 6)))

    def close(self):
        pass


def test_nengos_progress_bar_is_shown_as_nengo_shows_it(monkeypatch, small):
    bars = []
    monkeypatch.setattr(
        nengo.utils.progress, "get_default_progressbar", lambda: bars.append(Seen()) or bars[-1]
    )
    ends = []
    for simulator in (nengo.Simulator, deploy.Simulator):
        bars.clear()
        with simulator(small) as sim:
            sim.run(0.05)
        ends.append([bar.stages[-1] for bar in bars if bar.stages])
    assert ends[1][-1] == ends[0][-1] == ("Simulating", 1.0)
    assert [name for name, _ in ends[1]] == [name for name, _ in ends[0]]


def test_a_model_that_fits_is_built_and_run_without_a_warning(small):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with deploy.Simulator(small, progress_bar=False) as sim:
            sim.run(0.1)


def test_public_names_are_listed():
    for package in (deploy, loihi_rules):
        assert set(dir(package)) == set(package.__all__)


def test_a_system_runs_for_its_own_time():
    system = "one-hot[classes=2]"
    seconds = SYSTEMS["one-hot"].seconds({"classes": "2"})
    assert deploy.run(system, target="cpu").duration == pytest.approx(seconds)
    with nengo.Network() as net:
        nengo.Probe(nengo.Node(1.0))
    assert deploy.run(net, target="cpu").duration == 5.0


def test_seeds_that_are_not_tested_are_a_verdict_too(tmp_path):
    with nengo.Network(seed=1) as net:
        nengo.Probe(nengo.Ensemble(5, 1, neuron_type=nengo.Izhikevich()), synapse=0.01)
    found = deploy.sweep(net, 0.05, [0, 1])
    assert (found.outcome, found.ok) == ("NOT TESTED", False)


def test_results_show_themselves(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("import deploy"),
            nbformat.v4.new_code_cell("deploy.run('pes-connection', 0.2)"),
            nbformat.v4.new_code_cell("deploy.compare('pes-connection', 0.2, seed=1, spread=0)"),
        ]
    )
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    shown = [
        output["data"]["text/html"]
        for cell in notebook.cells[1:]
        for output in cell["outputs"]
        if output["output_type"] == "execute_result"
    ]
    assert len(shown) == 2
    assert "<table>" in shown[0] and "no silicon" in shown[0]
    assert "PARITY" in shown[1] and "<table>" in shown[1]
