"""What comes from a site is counted while it comes, and kept when the way breaks."""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from deploy.errors import TargetUnavailable
from deploy.jobs.calling import Silent, TooMuch, call, size_of
from deploy.jobs.copying import Wanted, copy_folder
from deploy.jobs.link import Link
from deploy.jobs.site import Site

pytestmark = pytest.mark.quick
no_rsync = pytest.mark.skipif(shutil.which("rsync") is None, reason="no rsync on this machine")


def python(code):
    return [sys.executable, "-c", f"import os, sys, time; {code}"]


def test_what_a_command_gives():
    done = call(python("print('out'); print('err', file=sys.stderr); sys.exit(3)"), 100, 10.0)
    assert done == (3, b"out\n", b"err\n")


def is_gone(pid_file):
    pid = int(pid_file.read_text())
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize(
    "code, said",
    [
        ("[os.write(1, b'x' * 65536) for _ in iter(int, 1)]", TooMuch),
        ("[os.write(2, b'x' * 65536) for _ in iter(int, 1)]", TooMuch),
        ("time.sleep(20)", Silent),
        ("os.close(1); os.close(2); time.sleep(20)", Silent),
        ("[open(str(n), 'wb').write(b'x' * 2**20) for n in range(10**6)]", TooMuch),
    ],
)
def test_what_does_not_end_is_ended(code, said, tmp_path):
    """By three seconds, and with less than was printed in memory."""
    into = tmp_path / "into"
    into.mkdir()
    begun = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); "
    start = time.monotonic()
    with pytest.raises(said):
        call(python(begun + code), 2**20, 2.0, into, into, 64 * 2**20)
    assert time.monotonic() - start < 10 and is_gone(tmp_path / "pid")


# ------------------------------------------------------------------ results

RESULTS = {
    "0.json": 10, "0.npz": 3_000_000, "1.parts/000000.npz": 100, "1.parts/000001.npz": 100,
}  # fmt: skip
OTHERS = {
    "2.npz": 10, "0.npz.1": 10, "movie.avi": 10, "deep/0.npz": 10, "1.parts/x.npz": 10,
    "1.parts/deep/000000.npz": 10, "01x.json": 10, "1.npz": 5_000_000,
}  # fmt: skip
WANTED = Wanted(frozenset({0, 1}), 4_000_000, 9_000_000)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home with a job's results, and an ssh to it that may break after some bytes."""
    place = tmp_path / "home" / "loihi-deploy" / "jobs" / "x" / "results"
    for name, size in {**RESULTS, **OTHERS}.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(os.urandom(size))
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "ssh").write_text(
        f"#!{sys.executable}\n"
        "import os, subprocess, sys\n"
        "os.set_blocking(1, True)\n"
        "words = sys.argv[1:]\n"
        "while words[0].startswith('-'):\n"
        "    del words[: 1 if words[0] == '--' else 2]\n"
        "most = int(os.environ.get('BREAKS_AFTER', 10**12))\n"
        "run = subprocess.Popen(' '.join(words[1:]), shell=True, stdout=subprocess.PIPE,\n"
        f"                       cwd={str(tmp_path / 'home')!r})\n"
        "while most > 0:\n"
        "    piece = os.read(run.stdout.fileno(), min(most, 65536))\n"
        "    if not piece:\n"
        "        sys.exit(run.wait())\n"
        "    most -= len(piece)\n"
        "    while piece:\n"
        "        piece = piece[os.write(1, piece) :]\n"
        "run.kill()\n"
        "sys.exit(255)\n"
    )
    (commands / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return place


def brought(target):
    return {
        str(path.relative_to(target)): path.stat().st_size
        for path in target.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("host", [pytest.param("there", marks=no_rsync), ""])
def test_only_results_of_the_job_are_brought(home, host, tmp_path):
    (home / "1.json").symlink_to(home / "0.json")
    for name in ("target", "here"):
        (tmp_path / name).mkdir()
    link = Link(Site("s", host=host))
    link.bring("x", WANTED, tmp_path / "target", tmp_path / "here")
    assert brought(tmp_path / "target") == RESULTS


@pytest.mark.parametrize("host", [pytest.param("there", marks=no_rsync), ""])
def test_more_than_a_job_can_have_is_refused_in_one_line(home, host, tmp_path):
    for k in range(80):
        (home / "1.parts" / f"{k:06d}.npz").write_bytes(bytes(1_000_000))
    for name in ("target", "here"):
        (tmp_path / name).mkdir()
    with pytest.raises(TargetUnavailable, match="more than such a job can have"):
        Link(Site("s", host=host)).bring("x", WANTED, tmp_path / "target", tmp_path / "here")
    if not host:
        assert size_of(tmp_path / "target") <= WANTED.most_together


@no_rsync
def test_what_has_come_is_kept_when_the_way_breaks(home, tmp_path, monkeypatch):
    """A third of the result comes each time: it would never be whole from its beginning."""
    monkeypatch.setenv("BREAKS_AFTER", "1000000")
    for name in ("target", "here"):
        (tmp_path / name).mkdir()
    link, tries = Link(Site("s", host="there")), 0
    while True:
        tries += 1
        try:
            link.bring("x", WANTED, tmp_path / "target", tmp_path / "here")
            break
        except TargetUnavailable as error:
            assert "\n" not in str(error) and tries < 10, error
    assert 3 <= tries <= 6
    whole = {k: v for k, v in brought(tmp_path / "target").items() if not k.startswith(".partial")}
    assert whole == RESULTS
    for name in RESULTS:
        assert (tmp_path / "target" / name).read_bytes() == (home / name).read_bytes()


def test_a_folder_is_copied_whole_where_nothing_is_said_of_it(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "anything").write_text("x")
    copy_folder(tmp_path / "a", Path(tmp_path / "b"))
    assert (tmp_path / "b" / "anything").read_text() == "x"
