"""Slurm's books, of a real slurmdbd, tell how a job ended that Slurm itself has forgotten."""

import random
import time

import faults
import pytest

pytestmark = pytest.mark.xdist_group("cluster")
ENDS = {
    "cancelled from outside": "was cancelled",
    "preempted and cancelled by it": "was preempted",
    "out of memory, killed by Slurm": "ran out of memory",
}


@pytest.fixture(scope="module")
def forgotten(cluster_with_books, tmp_path_factory):
    """A run of each fault; they wait together for Slurm, which forgets jobs once a minute."""
    runs = {}
    for fault in ENDS:
        folder = tmp_path_factory.mktemp("books") / "run"
        runs[fault] = faults.Run(folder, cluster_with_books, random.Random(fault))
        faults.FAULTS[fault](runs[fault])
    for run in runs.values():
        run.end = time.monotonic() + faults.PATIENCE
        run.until(lambda run=run: not run.arrays(), "Slurm to forget the job")
    return runs


@pytest.mark.slow
@pytest.mark.parametrize("fault", ENDS)
def test_the_books_are_asked(fault, forgotten):
    assert {state["why"] for state in forgotten[fault].states()} == {ENDS[fault]}
