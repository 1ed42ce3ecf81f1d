"""From a laptop to a board behind Slurm, and back to the report."""

import json
import os
import shutil
import time

import numpy as np
import pytest

import deploy

pytestmark = [
    pytest.mark.xdist_group("cluster"),
    pytest.mark.slow,
    pytest.mark.skipif(
        None in map(shutil.which, ("gcc", "g++")),
        reason="snips need gcc and g++, which are not here",
    ),
]
MOST_SECONDS = 60.0  # from submit to the report of the whole lesson, on cores of its own


def test_a_lesson_comes_back_from_the_board_within_a_minute(
    laptop, cluster, board_environment, substrate, tmp_path
):
    way = cluster.way(tmp_path / "way", python=board_environment / "bin" / "python")
    start = time.monotonic()
    done = laptop(
        "submit", "pes-connection", "--site", "test", "--target", "loihi", "--wait", "--out", "out",
        env=way,
    )  # fmt: skip
    took = time.monotonic() - start
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"loihi ({substrate}" in done.stdout and "against cpu" in done.stdout
    found = json.loads((tmp_path / "out" / "parity.json").read_text())
    assert found["outcome"] == "PARITY"
    # the emulator is the rung between: what of an effect is the board's own
    assert [run["target"] for run in found["runs"]] == ["cpu", "emulator", "loihi"]
    assert found["budget"]["causes"] == ["cpu to emulator", "silicon"]
    assert substrate.split(",")[0] in (tmp_path / "out" / "report.html").read_text()
    waiting = max(
        1.0, os.getloadavg()[0] / (os.cpu_count() or 1)
    )  # of all that has work, for cores
    assert took < MOST_SECONDS * waiting, f"{took:.0f} s"


def test_a_nir_file_comes_back_from_the_board(
    laptop, cluster, board_environment, substrate, tmp_path
):
    """Its numbers are sent: a board's machines have no package that would read the file."""
    nir = pytest.importorskip("nir", reason="the nir package needs Python 3.10")
    n, rng = 6, np.random.RandomState(0)
    neurons = {"tau": np.full(n, 5e-3), "r": np.full(n, 8.0), "v_leak": np.zeros(n)}
    neurons.update(v_threshold=np.full(n, 0.5), v_reset=np.zeros(n))
    nodes = {
        "in": nir.Input({"input": np.array([n])}),
        "one": nir.Affine(rng.uniform(0, 1, (n, n)), np.full(n, 0.3)),
        "two": nir.LIF(**neurons),
        "out": nir.Output({"output": np.array([n])}),
    }
    edges = [("in", "one"), ("one", "two"), ("two", "out")]
    nir.write(tmp_path / "small.nir", nir.NIRGraph(nodes, edges))
    way = cluster.way(tmp_path / "way", python=board_environment / "bin" / "python")
    done = laptop(
        "submit", "small.nir", "-p", "dt=1e-3", "-p", "reset=zero", "--duration", 0.2, "--site",
        "test", "--target", "loihi", "--wait", "--out", "out", env=way,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert f"loihi ({substrate}" in done.stdout
    runs = {}
    for path in (tmp_path / "out" / "traces").glob("*.npz"):
        run = deploy.Traces.load(path)
        runs[run.target] = run
    assert set(runs) == {"cpu", "emulator", "loihi"}
    spikes = [trace for trace in runs["emulator"] if trace.sparse]
    assert sum(len(trace.spike_steps) for trace in spikes) > 20
    for trace in spikes:
        its = runs["loihi"][trace.label]
        assert np.array_equal(trace.spike_steps, its.spike_steps)
        assert np.array_equal(trace.spike_neurons, its.spike_neurons)


def test_without_an_sdk_the_task_says_so(laptop, cluster, tmp_path):
    done = laptop(
        "submit", "oja", "--site", "test", "--target", "loihi", "--duration", 0.1, "--wait"
    )
    assert done.returncode == 1
    assert "task 0" in done.stdout and "no Loihi board here" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
