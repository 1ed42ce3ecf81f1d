"""What becomes of jobs that a real Slurm without books has forgotten, one for each way to end."""

import json
import random
import time

import daemons
import faults
import pytest

pytestmark = [pytest.mark.xdist_group("cluster"), pytest.mark.slow]


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory):
    """Slurm forgets a job two seconds after its end, and looks for such once a minute."""
    from conftest import started

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(daemons, "NO_ACCOUNTING", daemons.NO_ACCOUNTING + "\nMinJobAge=2")
        yield from started(accounting=False)


class Waiting(faults.Run):
    """A job of one task whose node takes none."""

    def submit(self, laptop=None):
        self.cluster.slurm("scontrol", "update", "nodename=kapoho", "state=drain", "reason=test")
        super().submit(laptop)

    def __post_init__(self):
        self.site = {"partition": "kapoho"}
        super().__post_init__()
        self.n_tasks = 1


def cancelled_by_hand(run):
    run.submit()
    run.cluster.slurm("scancel", *run.arrays())


def cancelled_by_hand_and_seen(run):
    cancelled_by_hand(run)
    assert run.states()[0]["state"] == "cancelled"


def cancelled_by_us(run):
    run.submit()
    for left in (True, False):
        assert json.loads(run.persist("cancel", run.name, "--json").stdout)["cancelled"] is left


def lacks_libraries(run):
    """Of a node whose Python does not start."""
    python = run.folder / "python"
    python.write_text(
        '#!/bin/sh\n[ -n "$SLURM_JOB_ID" ] && '
        '{ echo "python: libpython3.so: cannot open shared object file"; exit 127; }\n'
        f'exec {run.cluster.names["python"]} "$@"\n'
    )
    python.chmod(0o755)
    run.site = {"python": str(python)}
    run.laptop = run.another("lacking")
    run.submit()


WAYS = {
    cancelled_by_hand: (Waiting, "forgotten", "never began"),
    cancelled_by_hand_and_seen: (Waiting, "cancelled", "was cancelled"),
    cancelled_by_us: (Waiting, "cancelled", "was cancelled"),
    lacks_libraries: (faults.Run, "failed", "without a result"),
}


@pytest.fixture(scope="module")
def forgotten(forgetful, tmp_path_factory):
    runs = {}
    for way, (kind, _, _) in WAYS.items():
        folder = tmp_path_factory.mktemp("forgotten") / "run"
        runs[way] = kind(folder, forgetful, random.Random(way.__name__))
        way(runs[way])
    for run in runs.values():
        run.end = time.monotonic() + faults.PATIENCE
        run.until(lambda run=run: not run.arrays(), "Slurm to forget the job")
    return runs


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_it_is_said_how_it_ended_and_nothing_runs_again(way, forgotten):
    run, (_, state, why) = forgotten[way], WAYS[way]
    for _ in range(2):
        watched = json.loads(run.persist("status", run.name, "--watch", "--json").stdout)
        assert {(t["state"], why in t["why"]) for t in watched["tasks"]} == {(state, True)}
        assert not json.loads(run.persist(*run.submission).stdout)["new"]
    assert not run.arrays() and not run.marks()
    if way is lacks_libraries:
        assert "libpython3.so" in watched["tasks"][0]["log"]


def test_what_was_cancelled_by_hand_is_begun_when_it_is_asked_for(forgotten):
    run = forgotten[cancelled_by_hand]
    run.cluster.slurm("scontrol", "update", "nodename=kapoho", "state=resume")
    assert json.loads(run.persist(*run.submission, "--again").stdout)["new"]
    assert run.complete() == "complete, right bits"
