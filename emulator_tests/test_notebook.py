"""Parity and Traces show themselves in a notebook: a real one is executed."""

import nengo
import numpy as np
import pytest

import deploy
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
