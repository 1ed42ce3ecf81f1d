"""Our packages at a site: whole before each use, healed where they are not."""

import compileall
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.jobs import bundle as bundles
from deploy.jobs.agent import folder
from deploy.jobs.agent import packages as site_packages
from deploy.jobs.job import Task
from deploy.jobs.preparing import prepare


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """What a job of a tenth of a second sends."""
    state = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(state))
        job = prepare([Task("oja", 0, 0.1)], "local")
        return shutil.copytree(job.folder / "sent", state / "sent")


@pytest.fixture
def site(prepared, tmp_path, monkeypatch):
    """A site's folder with the job in it, which the agent takes for its own."""
    here = shutil.copytree(prepared, tmp_path / "jobs" / "oja")
    for name in ("log", "results", "started", "ended"):
        (here / name).mkdir()
    for module in (folder, site_packages):
        monkeypatch.setattr(module, "HERE", here)
    return here


def content(place):
    return {
        str(path.relative_to(place)): path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file() and path.suffix != ".pyc" and path.name != site_packages.COMPILED
    }


def test_they_are_what_was_sent_and_unpacked_once(site):
    place = site_packages.packages()
    start = "packages/"
    sent = {n[len(start) :]: b for n, b in bundles.packages().items() if n.startswith(start)}
    assert content(place) == sent
    before = os.stat(place / "deploy" / "__init__.py").st_ino
    assert site_packages.packages() == place
    assert os.stat(place / "deploy" / "__init__.py").st_ino == before


def change_a_byte(place):
    path = place / "deploy" / "emulator" / "kernels.py"
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def keep_size_and_time(place):
    path = place / "loihi_rules" / "chip" / "limits.py"
    times = os.stat(path)
    path.write_bytes(path.read_bytes().replace(b"127", b"126", 1))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def remove_a_file(place):
    (place / "deploy" / "host" / "host.py").unlink()


def remove_data(place):
    (place / "loihi_rules" / "systems" / "data" / "digits.npz").unlink()


def remove_all_old_files(place):
    for path in place.rglob("*.py"):
        path.unlink()


def add_a_module(place):
    (place / "sitecustomize.py").write_text("raise SystemExit('it ran')\n")


def add_a_compiled_module(place):
    (place / "deploy" / "extra.pyc").write_bytes(b"x")


def halve_a_compiled_module(place):
    (path,) = (place / "deploy" / "jobs" / "__pycache__").glob("runner.*.pyc")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change_a_compiled_module(place):
    (path,) = (place / "deploy" / "__pycache__").glob("errors.*.pyc")
    body = bytearray(path.read_bytes())
    body[-3] ^= 0xFF
    path.write_bytes(body)


def put_a_link(place):
    path = place / "deploy" / "version.py"
    path.unlink()
    path.symlink_to("/dev/null")


def link_a_folder(place):
    (place / "numpy").symlink_to("/tmp")


def forget_the_sum(place):
    (place / site_packages.COMPILED).unlink()


def put_a_file_in_its_place(place):
    shutil.rmtree(place)
    place.write_text("")


HARM = [
    change_a_byte,
    keep_size_and_time,
    remove_a_file,
    remove_data,
    remove_all_old_files,
    add_a_module,
    add_a_compiled_module,
    halve_a_compiled_module,
    change_a_compiled_module,
    put_a_link,
    link_a_folder,
    forget_the_sum,
    put_a_file_in_its_place,
]


@pytest.fixture
def few_compiled(monkeypatch):
    """Compiling all takes two seconds each time."""
    compile_dir = compileall.compile_dir

    def some(folder, ddir, quiet):
        return compile_dir(os.path.join(folder, "deploy"), maxlevels=1, ddir=ddir, quiet=quiet)

    monkeypatch.setattr(compileall, "compile_dir", some)


@pytest.mark.parametrize("harm", HARM, ids=lambda harm: harm.__name__)
def test_what_is_not_whole_is_healed(site, few_compiled, harm):
    place = site_packages.packages()
    whole = content(place)
    harm(place)
    assert not site_packages.is_whole(place, place.name)
    assert site_packages.packages() == place
    assert content(place) == whole and site_packages.is_whole(place, place.name)
    assert [path.name for path in place.parent.iterdir() if path.name != ".lock"] == [place.name]


def test_a_bundle_that_was_changed_runs_nothing(site):
    bundle = site / "bundle.tar"
    body = bundle.read_bytes()
    bundle.write_bytes(body.replace(b"ACTIVE_NEURON", b"ACTIVE_neuron", 1))
    with pytest.raises(site_packages.Damaged, match="changed since it was sent"):
        site_packages.check_bundle()
    with pytest.raises(site_packages.Damaged, match="not those that were sent"):
        site_packages.packages()
    assert not list((site.parent.parent / "packages").glob("[0-9a-f]*"))
    bundle.unlink()
    with pytest.raises(site_packages.Damaged, match="cannot be read"):
        site_packages.check_bundle()


def run_task(site):
    words = [sys.executable, str(site / "agent"), "task", "0"]
    environment = {**os.environ, "SLURM_ARRAY_TASK_ID": "0", "PYTHONPATH": ""}
    environment["SOURCE_DATE_EPOCH"] = "0"  # the same bytes each time
    return subprocess.run(
        words, env=environment, cwd=site, capture_output=True, text=True, check=False
    )


def test_a_task_runs_after_healing_with_the_same_bits(site):
    assert run_task(site).returncode == 0
    first = json.loads((site / "results" / "0.json").read_text())["sha256"]
    (site / "results" / "0.json").unlink()
    (place,) = (p for p in (site.parent.parent / "packages").iterdir() if p.is_dir())
    remove_a_file(place)
    keep_size_and_time(place)
    done = run_task(site)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((site / "results" / "0.json").read_text())["sha256"] == first


def test_a_task_of_a_changed_bundle_says_so_in_one_line(site):
    with open(site / "bundle.tar", "ab") as stream:
        stream.write(b"x")
    done = run_task(site)
    assert done.returncode == 2
    assert done.stderr == (
        "loihi-deploy agent: the job's bundle has changed since it was sent; submit it again\n"
    )
    assert json.loads(Path(site / "ended" / "0").read_text())["code"] == 2
