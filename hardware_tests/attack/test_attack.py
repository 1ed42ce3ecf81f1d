"""A small share of the second campaign; all of it: ``python -m hardware_tests.attack``."""

import os
import shutil
from collections import Counter

import pytest

from hardware_tests.attack.campaign import KINDS, trial
from hardware_tests.attack.fuzzing import corpus_of
from hardware_tests.attack.readers import READERS
from hardware_tests.attack.scene import Scene

SHARE = 3  # trials of each attack
MORE = {"ended, and forgotten": 12}  # as each has one of many ends
OF_A_SCENE = ("crafted files and answers", "slow and small")  # the others have sites of their own
NEEDS = {"small disks": "mount", "slow lines that break": "rsync"}
ATTACKS = [(kind, name) for kind, attacks in KINDS.items() for name in attacks]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("scene"))


@pytest.mark.slow
@pytest.mark.parametrize("kind, name", ATTACKS, ids=[name for _, name in ATTACKS])
def test_through_an_attack(kind, name, request):
    if name in NEEDS and (shutil.which(NEEDS[name]) is None or os.geteuid()):
        pytest.skip(f"{NEEDS[name]} and root are needed")
    scene = request.getfixturevalue("scene") if kind in OF_A_SCENE else None
    outcomes = [
        trial(scene, kind, name, KINDS[kind][name][1], seed)
        for seed in range(MORE.get(name, SHARE))
    ]
    bad = [outcome for outcome in outcomes if not outcome.good]
    assert not bad, bad


def test_there_are_as_many_trials_as_promised():
    trials = Counter()
    for kind, attacks in KINDS.items():
        trials[kind] = sum(number for number, _ in attacks.values())
    least = {"crafted files and answers": 400, "whose job and whose process": 60,
             "after Slurm has forgotten": 60, "slow and small": 40}  # fmt: skip
    assert all(trials[kind] >= number for kind, number in least.items())


@pytest.mark.parametrize("name", READERS)
def test_what_fuzzing_kept_is_read_or_refused(name, tmp_path):
    """Each input once covered something new in a reader of what comes from elsewhere."""
    if name.startswith("NIR"):
        pytest.importorskip("nir", reason="the nir package needs Python 3.10")
    kept = corpus_of(name)
    assert len(kept) > 10
    for data in kept:
        READERS[name].read(data, tmp_path)
