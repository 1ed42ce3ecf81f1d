"""What boards did elsewhere, and was sent: judged again, without a board.

A file FILE.npz of ``loihi-deploy conformance --out`` is kept beside what was said of it,
``loihi-deploy conformance --replay FILE.npz --json > FILE.json``. Where an experiment has changed,
the virtual board's is made again, and those of real boards go.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from deploy.emulator.silicon import Silicon
from deploy.errors import BadInput
from deploy.workflows.conformance import Observed, judge
from deploy.workflows.lessons_in_small import judge_lessons

FILES = sorted((Path(__file__).parent / "conformance").glob("*.npz"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_same_is_said_of_a_board(file):
    expected = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    found = json.loads(json.dumps(judge(Observed.load(file)).to_dict()))
    for said in ("sdk", "virtual", "silicon", "findings", "facts", "lessons"):
        assert found[said] == expected[said]


LESSON = "lessons/pes-connection/"
CUT = {  # arrays of a lesson, and what is done to each
    "of another kind": ("spikes", lambda of: of.astype("U3")),
    "of other dimensions": ("voltage", lambda of: of[np.newaxis]),
    "fewer compartments": ("layout.compartments.vth", lambda of: of[:-1]),
    "a block beyond them": ("layout.block_start", lambda of: of * 10**9),
    "floating point": ("layout.compartments.vth", lambda of: of.astype(np.float32)),
    "axons without end": ("layout.learning.n_axons", lambda of: of + 10**12),
    "errors without end": ("layout.learning.n_errors", lambda of: of + 10**12),
    "inputs without end": ("layout.n_inputs", lambda of: of + 10**12),
    "rows beyond the weights": ("layout.rows.start", lambda of: of + 10**9),
    "targets beyond the compartments": ("layout.groups.base", lambda of: of + 10**6),
    "a neuron that is not there": ("spikes", lambda of: of + [0, 0, 10**6]),
    "an error that is not there": ("errors", lambda of: of + [0, 10**6, 0]),
    "a probe beyond the compartments": ("probe.0.compartments", lambda of: of + 10**6),
    "fewer samples": ("probe.0.samples", lambda of: of[:-1]),
}


@pytest.mark.parametrize("what", CUT)
def test_a_lesson_that_does_not_fit_together_is_refused(what, tmp_path):
    name, change = CUT[what]
    with np.load(FILES[0]) as npz:
        arrays = {key: npz[key] for key in npz.files}
    arrays[LESSON + name] = change(arrays[LESSON + name])
    np.savez(tmp_path / "other.npz", **arrays)
    with pytest.raises(BadInput):
        observed = Observed.load(tmp_path / "other.npz")
        judge_lessons(observed.lessons, 1, Silicon())
