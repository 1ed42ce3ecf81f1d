"""From a laptop to a board behind Slurm, and back to the report."""

import json
import shutil
import time

import pytest

pytestmark = [
    pytest.mark.xdist_group("cluster"),
    pytest.mark.slow,
    pytest.mark.skipif(
        None in map(shutil.which, ("gcc", "g++")),
        reason="snips need gcc and g++, which are not here",
    ),
]
MOST_SECONDS = 60.0  # from submit to the report, of the lesson in its full length


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
    assert took < MOST_SECONDS, f"{took:.0f} s"


def test_without_an_sdk_the_task_says_so(laptop, cluster, tmp_path):
    done = laptop(
        "submit", "oja", "--site", "test", "--target", "loihi", "--duration", 0.1, "--wait"
    )
    assert done.returncode == 1
    assert "task 0" in done.stdout and "no Loihi board here" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
