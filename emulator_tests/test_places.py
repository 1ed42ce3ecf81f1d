"""Where results go: what is in the way is named before anything is run."""

import ctypes
import errno
import os

import pytest

import deploy
from deploy.files.folder import staged_folder
from deploy.files.places import check_file, check_files, not_made, not_written
from deploy.workflows import sweep as sweeping

DROP = 24  # of prctl: a capability that no program started later can have
ABOVE_RIGHTS = (1, 2)  # root's: CAP_DAC_OVERRIDE to write, CAP_DAC_READ_SEARCH to read

MODEL = """
import nengo
with nengo.Network(seed=1) as model:
    a = nengo.Ensemble(10, 1)
    nengo.Probe(a, synapse=0.01)
"""


def as_everybody():
    """What a process that is about to start gives up if it is root's."""
    system = ctypes.CDLL(None, use_errno=True)
    for capability in ABOVE_RIGHTS:
        if system.prctl(DROP, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "rights cannot be given up")


@pytest.fixture
def shut(tmp_path):
    """A folder that may not be written, with one that may not even be looked into."""
    (tmp_path / "mine.py").write_text(MODEL)
    folder = tmp_path / "shut"
    (folder / "secret").mkdir(parents=True)
    (folder / "secret").chmod(0)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    (folder / "secret").chmod(0o755)


RUN = ("run", "mine.py", "--duration", "0.05")
SWEEP = ("sweep", "mine.py", "--duration", "0.05", "--seeds", "0:2", "--spread", "0")
COMPARE = ("compare", "mine.py", "--duration", "0.05", "--spread", "0")
WRITING = {
    "run": (*RUN, "--out", "{}/a.npz"),
    "freeze": (*RUN, "--freeze", "{}/a.npz"),
    "export": ("export", "mine.py", "--to", "{}/a.nir"),
    "conformance": ("conformance", "--out", "{}/a.npz"),
    "new": ("new", "{}/a.py"),
    "compare": (*COMPARE, "--out", "{}"),
    "compare below": (*COMPARE, "--out", "{}/x/y"),
    "seeds": (*COMPARE, "--seeds", "0:2", "--out", "{}/x"),
    "sweep": (*SWEEP, "--out", "{}"),
    "sweep below": (*SWEEP, "--out", "{}/x"),
    "submit": ("submit", "mine.py", "--site", "local", "--wait", "--out", "{}/x"),
}


@pytest.mark.parametrize("where", ["shut", "shut/secret"])
@pytest.mark.parametrize("name", WRITING)
def test_folders_without_rights(loihi_deploy, shut, name, where):
    words = [word.format(where) for word in WRITING[name]]
    try:
        done = loihi_deploy(*words, preexec_fn=as_everybody if os.geteuid() == 0 else None)
    except OSError:
        pytest.skip("root's rights cannot be given up here")
    said = f"loihi-deploy: {where}: cannot be written (Permission denied); choose another place\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_a_page_of_reports_in_a_folder_without_rights(loihi_deploy, shut):
    drop = as_everybody if os.geteuid() == 0 else None
    try:
        done = loihi_deploy("reports", "shut", "--page", preexec_fn=drop)
    except OSError:
        pytest.skip("root's rights cannot be given up here")
    assert done.returncode == 2 and "shut: cannot be written" in done.stderr, done.stderr


def test_what_is_in_the_way_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    for path, said in (
        ("file/x/y", "file: there is a file of that name, where a folder is needed"),
        ("nowhere/x", "nowhere: there is a file of that name, where a folder is needed"),
        ("folder", "folder: this is a folder; give the name of a file"),
        ("no/x", "no: there is no such folder"),
    ):
        with pytest.raises(deploy.BadInput, match=f"^{tmp_path}/{said}"):
            check_file(tmp_path / path)
    check_file(tmp_path / "file")
    check_files([tmp_path / "new" / "below" / "x"])
    assert not (tmp_path / "new").exists()


def test_other_errors_are_told_as_the_system_does(tmp_path):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    said = "cannot be written (No space left on device); choose another place"
    assert str(not_written(tmp_path / "x", full)) == f"{tmp_path}/x: {said}"
    assert str(not_made(tmp_path, full)) == f"{tmp_path}: {said}"


def test_nothing_is_moved_where_something_is_in_the_way(tmp_path):
    out = tmp_path / "out"
    (out / "b").mkdir(parents=True)
    (out / "a").write_text("before")
    said = pytest.raises(deploy.BadInput, match="out/b: this is a folder")
    with said, staged_folder(out) as stage:
        (stage / "a").write_text("after")
        (stage / "b").write_text("after")
    assert (out / "a").read_text() == "before"
    assert [path.name for path in sorted(out.iterdir())] == ["a", "b"]


def test_a_sweep_runs_nothing_where_its_results_cannot_go(tmp_path, small, monkeypatch):
    monkeypatch.setattr(sweeping, "_of_seed", lambda *_: pytest.fail("it has run"))
    (tmp_path / "seed-1").write_text("")
    with pytest.raises(deploy.BadInput, match="seed-1: there is a file of that name"):
        deploy.sweep(small, 0.1, [0, 1], folder=tmp_path, processes=1)
