"""What boards did elsewhere, and was sent: judged again, without a board.

A file FILE.npz of ``loihi-deploy conformance --out`` is kept beside what was said of it,
``loihi-deploy conformance --replay FILE.npz --json > FILE.json``. Where an experiment has changed,
the virtual board's is made again, and those of real boards go.
"""

import json
from pathlib import Path

import pytest

from deploy.workflows.conformance import Observed, judge

FILES = sorted((Path(__file__).parent / "conformance").glob("*.npz"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_same_is_said_of_a_board(file):
    expected = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
    found = json.loads(json.dumps(judge(Observed.load(file)).to_dict()))
    for said in ("sdk", "virtual", "silicon", "findings", "facts"):
        assert found[said] == expected[said]
    judged = {of["name"]: of for of in expected["lessons"]}
    for lesson in found["lessons"]:
        assert lesson == judged[lesson["name"]] or not lesson["is_judged"]
