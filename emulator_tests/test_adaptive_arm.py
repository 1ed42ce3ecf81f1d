"""The adaptive arm of docs/examples learns gravity on the chip, stepped from outside."""

import sys
from pathlib import Path

import numpy as np
import pytest

import deploy
from loihi_rules import rewrite

sys.path.insert(0, str(Path(__file__).parent.parent / "docs" / "examples"))
import adaptive_arm as arm


def test_the_arm_comes_to_its_targets():
    """Errors of less than half a step were lost: 22 and 7 mrad. Without neurons, some 350."""
    errors = arm.step_from_outside(deploy.Simulator, 2 * arm.HOLD, n_neurons=500)
    holds = np.linalg.norm(errors, axis=1).reshape(2, -1)[:, -500:].mean(axis=1)
    assert np.all(holds < 0.006)


@pytest.mark.quick
def test_it_learns_on_the_chip():
    done = rewrite(arm.network(n_neurons=50))
    assert [conn.label for conn in done.learning_scales] == ["learned"]
    assert not done.problems
    (loop,) = [change for change in done.changes if change.rule == "loops over the host"]
    assert "0 ms later than asked" in loop.after
