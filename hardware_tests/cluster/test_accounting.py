"""Slurm's books, of a real slurmdbd, tell how a job ended that Slurm itself has forgotten."""

import random

import faults
import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault, why",
    [
        ("cancelled from outside", "was cancelled"),
        ("preempted and cancelled by it", "was preempted"),
        ("out of memory, killed by Slurm", "ran out of memory"),
    ],
)
def test_the_books_are_asked(fault, why, cluster_with_books, tmp_path):
    run = faults.Run(tmp_path / "run", cluster_with_books, random.Random(fault))
    faults.FAULTS[fault](run)
    run.until(lambda: not run.arrays(), "Slurm to forget the job")
    assert {state["why"] for state in run.states()} == {why}
