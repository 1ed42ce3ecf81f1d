"""The command line in surroundings that lack something, and what it does besides running models."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

from deploy.cli.compare import compare
from deploy.errors import BadInput

HERE = [sys.executable, "-m", "deploy"]


@pytest.fixture
def model(loihi_deploy, tmp_path):
    done = loihi_deploy("new", "mine.py")
    assert done.returncode == 0 and "loihi-deploy compare mine.py" in done.stdout
    return tmp_path / "mine.py"


def in_terminal(words, folder, columns):
    """What a process writes to a terminal of so many columns."""
    ours, its = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "dumb"}
    process = subprocess.Popen(
        [*HERE, *words], cwd=folder, env=environment, stdout=its, stderr=its, stdin=its
    )
    os.close(its)
    text = b""
    while True:
        ready, _, _ = select.select([ours], [], [], 120)
        assert ready, "nothing came for two minutes"
        try:
            piece = os.read(ours, 65536)
        except OSError:  # its end was closed
            break
        if not piece:
            break
        text += piece
    os.close(ours)
    return process.wait(), text.decode().replace("\r\n", "\n")


# ------------------------------------------------------------------------ what cannot be shown

STREAMS = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""},
}


@pytest.mark.quick
@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("words", [["systems", "bcm"], ["systems", "oja"], ["compare", "--help"]])
def test_a_stream_that_lacks_characters_gets_ascii(tmp_path, name, words):
    environment = {**os.environ, **STREAMS[name]}
    done = subprocess.run(
        [*HERE, *words], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode("ascii" if name in ("ascii", "C") else name)
    assert "?" not in re.sub(r"\w\?", "", text)
    if words == ["systems", "bcm"]:
        assert "theta" in text and "θ" not in text


@pytest.mark.quick
def test_an_error_too_is_shown_in_ascii(tmp_path):
    (tmp_path / "m.py").write_text("raise ValueError('θ ≤ 1')\n", encoding="utf-8")
    done = subprocess.run(
        [*HERE, "run", "m.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2 and b"theta <= 1" in done.stderr


@pytest.mark.parametrize("columns", [50, 80])
def test_words_are_whole_on_a_narrow_terminal(loihi_deploy, model, tmp_path, columns):
    code, text = in_terminal(["check", "mine.py", "--verbose"], tmp_path, columns)
    assert code == 0 and max(map(len, text.splitlines())) <= columns
    whole = set(re.findall(r"[^\W\d_]{4,}", loihi_deploy("check", "mine.py", "--verbose").stdout))
    assert set(re.findall(r"[^\W\d_]{4,}", text)) <= whole


# ------------------------------------------------------------------------------ what comes first


def test_check_answers_first_and_shortly(loihi_deploy, model):
    lines = loihi_deploy("check", "mine.py").stdout.splitlines()
    assert lines[0].startswith("mine fits: ") and "--verbose" in lines[-1] and len(lines) < 6
    assert "the chip's decay" in loihi_deploy("check", "mine.py", "--verbose").stdout


@pytest.mark.parametrize("verb", ["check", "compare"])
def test_what_does_not_fit_is_refused_before_anything_is_simulated(loihi_deploy, tmp_path, verb):
    """A hundred thousand seconds of it would take for ever."""
    (tmp_path / "deep.py").write_text(
        "import nengo\nwith nengo.Network(seed=1) as model:\n"
        "    a = nengo.Ensemble(5000, 1, label='a')\n"
        "    nengo.Connection(a, a, solver=nengo.solvers.LstsqL2(weights=True))\n"
        "    nengo.Probe(a.neurons)\n"
    )
    begun = time.monotonic()
    longer = ["--duration", 100_000] if verb == "compare" else []
    done = loihi_deploy(verb, "deep.py", *longer, timeout=60)
    assert done.returncode == 2 and "5,000 in-axons" in done.stderr
    assert time.monotonic() - begun < 45 and not (tmp_path / "comparison").exists()


# ------------------------------------------------------------------------ what it does besides


def test_the_report_is_opened(loihi_deploy, model, tmp_path):
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    browser.chmod(0o700)
    loihi_deploy(
        "compare", "mine.py", "--duration", 0.1, "--spread", 0, "--open",
        env={"BROWSER": str(browser)},
    )  # fmt: skip
    page = tmp_path / "comparison" / "mine" / "report.html"
    assert (tmp_path / "opened").read_text() == page.as_uri()


def test_a_job_that_would_be_sent(loihi_deploy, model, tmp_path):
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    words = [
        "submit",
        "mine.py",
        "--site",
        "local",
        "--seeds",
        "0:3",
        "--duration",
        "2",
        "--dry-run",
    ]
    record = json.loads(loihi_deploy(*words, "--json", env=state).stdout)
    assert [task["seed"] for task in record["tasks"]] == [0, 1, 2]
    assert record["files"]["model/mine.py"] == model.stat().st_size
    assert record["model seconds"] == 6 and record["seconds of a task here"] > 0
    done = loihi_deploy(*words, env=state)
    assert done.returncode == 0 and done.stdout.endswith("nothing was sent\n")
    assert not (tmp_path / "state").exists()


def without_rsync(folder):
    """A folder for PATH with what a job on this machine needs, and no more."""
    programs = folder / "programs"
    programs.mkdir()
    for name in ("mkdir", "true", "sh", "ps"):
        for place in ("/bin", "/usr/bin"):
            if os.path.exists(f"{place}/{name}") and not (programs / name).exists():
                (programs / name).symlink_to(f"{place}/{name}")
    return programs


def test_a_job_on_this_machine_needs_no_rsync(loihi_deploy, model, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    surroundings = {"PATH": str(without_rsync(tmp_path)), "HOME": str(home), "XDG_STATE_HOME": ""}
    done = loihi_deploy(
        "submit", "mine.py", "--site", "local", "--duration", 0.1, "--wait", "--json",
        env=surroundings,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["complete"] == 1
    sent = [*home.rglob("bundle.tar"), *home.rglob("agent/*.py"), *home.rglob("results/0.npz")]
    assert len(list(home.rglob("bundle.tar"))) == 2  # here, and at the place
    assert all(path.stat().st_mode & 0o077 == 0 for path in sent)
    listed = json.loads(loihi_deploy("doctor", "--json", env=surroundings).stdout)["programs"]
    assert {p["name"]: p["path"] for p in listed}["rsync"] is None


@pytest.mark.quick
@pytest.mark.parametrize(
    "words", [["systems"], ["doctor"], ["sites"], ["jobs"], ["systems", "oja"]]
)
def test_programs_get_json(loihi_deploy, tmp_path, words):
    done = loihi_deploy(*words, "--json", env={"XDG_STATE_HOME": str(tmp_path)})
    assert done.returncode == 0 and json.loads(done.stdout) is not None


@pytest.mark.quick
@pytest.mark.parametrize(
    "typed, offered",
    [
        ("loihi-deploy run pes-", {"plain,pes-connection", "plain,pes-imitation"}),
        ("loihi-deploy compare x.py --targets cpu,flo", {"plain,cpu,float-emulator"}),
        ("loihi-deploy submit oja --site lo", {"plain,local"}),
        ("loihi-deploy run x.py --target em", {"plain,emulator"}),
    ],
)
def test_the_shell_offers_values(loihi_deploy, typed, offered):
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    done = loihi_deploy(env={**words, "_LOIHI_DEPLOY_COMPLETE": "bash_complete"})
    assert offered <= set(done.stdout.split())


@pytest.mark.parametrize(
    "home", [{"HOME": "/proc/none", "XDG_CACHE_HOME": ""}, {"HOME": "", "XDG_CACHE_HOME": "/proc"}]
)
def test_a_home_that_cannot_be_written(loihi_deploy, model, home):
    surroundings = {**home, "XDG_STATE_HOME": "/proc/none", "NUMBA_CACHE_DIR": ""}
    done = loihi_deploy("run", "mine.py", "--target", "cpu", "--duration", 0.05, env=surroundings)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    done = loihi_deploy("submit", "mine.py", "--site", "local", env=surroundings)
    assert done.returncode == 2 and done.stderr.startswith("loihi-deploy: /proc/none")
    assert done.stderr.count("\n") == 1, done.stderr


VALUES = {"duration": "1", "dt": "0.001", "seed": "1", "fan_in": "3", "steps": "4", "spread": "6"}
VALUES["tolerances"] = "gain=0.5:"
FOR_ALL = {"what", "out", "show", "as_json", "no_cache"}
OF_TWO_FILES = {"spread", "tolerances", "mapping"}
OF_SAMPLES = {"inputs", "labels", "steps", "targets", "seed", "parameters"}
OF_SEEDS = {"seeds", "targets", "parameters", "spread", "tolerances", "silicon", "duration"}
OF_SEEDS |= {"ideals", "engine", "dt", "labels", "steps"}  # the last two are refused before


@pytest.mark.quick
@pytest.mark.parametrize(
    "words, used",
    [
        (["a.npz", "b.npz"], OF_TWO_FILES),
        (["pes-connection", "--inputs", "x.npy"], OF_SAMPLES),
        (["pes-connection", "--seeds", "0:2"], {*OF_SEEDS, "inputs"}),
    ],
)
def test_each_option_is_used_or_refused(words, used):
    """Of two files --duration, --seed, --targets and others were ignored without a word."""
    for option in compare.params:
        if option.name in FOR_ALL | used:
            continue
        typed = [*words, option.opts[-1]]
        if not option.is_flag:
            typed.append(VALUES.get(option.name, "x"))
        if option.name in ("labels", "steps"):
            typed += ["--inputs", "x.npy"]
        with pytest.raises(BadInput, match=r"^[^\n]+, without -[^\n]+; leave it out$"):
            compare.main(typed, standalone_mode=False)


@pytest.mark.quick
def test_of_two_files_no_runs_are_made():
    with pytest.raises(BadInput, match="no more runs are made"):
        compare.main(["a.npz", "b.npz", "--spread", "12"], standalone_mode=False)


@pytest.mark.parametrize(
    "words, said",
    [
        (["-p", "size=[1,2]"], "a number, or text without [ ] and commas, not 'size=[1,2]'"),
        (["-p", "n"], "a parameter is written NAME=VALUE, not 'n'"),
    ],
)
def test_a_parameter_that_is_none_says_what_one_is(loihi_deploy, tmp_path, words, said):
    done = loihi_deploy("check", "mine.py:build", *words)
    assert done.returncode == 2 and said in done.stderr


def test_a_function_that_takes_any_names_is_given_them(loihi_deploy, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import nengo\n"
        "def build(*a, **k):\n"
        "    with nengo.Network(seed=1) as net:\n"
        "        nengo.Ensemble(k['n'], 1)\n"
        "    return net\n"
        "def none(*a): pass\n"
    )
    assert loihi_deploy("check", "mine.py:build", "-p", "n=30").returncode == 0
    done = loihi_deploy("check", "mine.py:none", "-p", "n=30")
    assert done.returncode == 2 and "none has no parameter 'n'; it takes none" in done.stderr
