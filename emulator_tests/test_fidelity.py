"""The yardstick of docs/fidelity.md finds what is off, and little else."""

import numpy as np
import pytest

import deploy
from benchmarks.fidelity.grid import all_cells
from benchmarks.fidelity.judging import Verdict, false_alarm, judge
from benchmarks.fidelity.reasons import faults, read_reasons
from benchmarks.fidelity.show_programs import all_programs
from benchmarks.fidelity.show_rows import rows_named

CPU = np.array([0.9, 1.0, 1.1, 1.05, 0.95])


@pytest.mark.parametrize(
    ("chip", "better", "ok"),
    [
        (CPU, "same", True),
        (CPU + 0.3, "lower", False),
        (CPU - 0.3, "lower", True),  # less of an error is no fault
        (CPU - 0.3, "same", False),
        (CPU - 0.3, "higher", False),
        (CPU + 0.3, "higher", True),
        ([1.0, 1.0, 1.0, 1.0, 3.0], "lower", False),  # one went astray
        ([1.0, 1.0, 1.0, 1.0, 1.3], "lower", True),
        ([1.0, 1.0, np.nan, 1.0, 1.0], "lower", False),
    ],
)
def test_a_cell_fails_outside_the_cpus_range(chip, better, ok):
    verdict = judge(CPU, chip, better)
    assert verdict.ok is ok
    assert bool(verdict.why) is not ok


def test_slack_widens_the_range():
    assert not judge(CPU, CPU + 0.3, "same").ok
    assert judge(CPU, CPU + 0.3, "same", slack=0.2).ok


@pytest.mark.parametrize("draw", ["standard_normal", "standard_exponential", "random_sample"])
def test_false_alarms_are_as_rare_as_said(draw):
    """For ten and ten figures of one distribution, whatever it is."""
    rng = np.random.RandomState(3)
    cpu, chip = getattr(rng, draw)((2, 20000, 10))
    share = np.mean(np.median(chip, axis=1) > np.max(cpu, axis=1))
    least, most = false_alarm(10, 10)
    assert 0.8 * least <= share <= 1.1 * most


def test_reasons_are_held_against_what_was_measured():
    passes, fails = (Verdict(ok, "" if ok else "median", 0, 1, 0.5, 0.5) for ok in (True, False))
    assert not faults({"b": "rounding"}, {"a": passes, "b": fails})
    assert "passes" in faults({"a": "rounding"}, {"a": passes})[0]
    assert "without a reason" in faults({}, {"b": fails})[0]


def test_each_reason_is_of_a_cell_or_a_program():
    assert set(read_reasons()) <= {*all_cells(), *all_programs()}


def test_a_row_that_is_not_there_is_refused():
    with pytest.raises(deploy.BadInput, match="no row"):
        rows_named(["nothing"])
