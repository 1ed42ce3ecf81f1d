"""Parity and Traces show themselves in a notebook: a real one is executed."""

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")


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
