"""The command line, as real processes."""

import json
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from benchmarks import bad_inputs
from benchmarks.bad_inputs import BAD, MODEL
from deploy.cli import COMMANDS


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.py"
    path.write_text(MODEL.format(node="np.sin(t)"))
    return path


def refused(done, code, *said):
    """One line on standard error, nothing on standard output, no traceback."""
    assert done.returncode == code, (done.returncode, done.stderr)
    assert done.stderr.startswith("loihi-deploy: "), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for text in said:
        assert text in done.stderr, done.stderr


# ------------------------------------------------------------------------ what works


@pytest.mark.quick
def test_every_command_explains_itself(loihi_deploy):
    listed = loihi_deploy("--help").stdout
    for name in COMMANDS:
        assert f"\n  {name} " in listed
        assert loihi_deploy(name, "--help").stdout.startswith(f"Usage: loihi-deploy {name}")


@pytest.mark.quick
@pytest.mark.parametrize("command", ["status", "logs", "cancel", "jobs", "sites"])
def test_who_asks_of_a_job_does_not_wait_for_nengo(command):
    code = f"import sys, deploy.cli.main, deploy.cli.{command}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"nengo", "numpy", "matplotlib"} & set(loaded.stdout.split())


@pytest.mark.quick
def test_a_comparison_starts_without_scipys_slow_parts():
    """`scipy.signal` and `scipy.stats` took longer to import than all else together."""
    code = "import sys, deploy.cli.compare; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    slow = {"scipy.signal", "scipy.stats", "scipy.interpolate", "scipy.ndimage", "matplotlib"}
    assert not slow & set(loaded.stdout.split())


@pytest.mark.quick
def test_systems(loihi_deploy):
    done = loihi_deploy("systems")
    assert done.returncode == 0 and "pes-imitation" in done.stdout
    rows = json.loads(loihi_deploy("systems", "--json").stdout)
    assert [r["name"] for r in rows][:2] == ["pes-connection", "pes-imitation"]


@pytest.mark.quick
def test_doctor(loihi_deploy):
    done = loihi_deploy("doctor")
    assert done.returncode == 0
    assert "no Loihi board here" in done.stdout
    found = json.loads(loihi_deploy("doctor", "--json").stdout)
    assert {t["name"]: t["works"] for t in found["targets"]}["emulator"] is True


@pytest.mark.quick
def test_run_saves_traces(loihi_deploy, model, tmp_path):
    done = loihi_deploy("run", model, "--duration", 0.1, "--out", "a.npz", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no progress bar where there is no terminal
    record = json.loads(done.stdout)
    assert record["file"] == "a.npz" and record["n_steps"] == 100
    with np.load(tmp_path / "a.npz", allow_pickle=False) as npz:
        assert npz["0.samples"].shape == (100, 1)
    assert (tmp_path / "a.npz").stat().st_mode & 0o077 == 0


def test_compare_ends_with_verdict_and_report(loihi_deploy, tmp_path):
    done = loihi_deploy("compare", "pes-connection", "--duration", 2)
    last = done.stdout.strip().splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert last[-2].startswith("PARITY: ")
    assert last[-1] == "report: comparison/pes-connection/report.html"
    assert (tmp_path / "comparison/pes-connection/report.html").exists()


def test_compare_twice_gives_the_same_bits(loihi_deploy, tmp_path):
    for out in ("one", "two"):
        done = loihi_deploy(
            "compare",
            "pes-imitation",
            "--duration",
            0.5,
            "--out",
            out,
            "--json",
            "--spread",
            0,
        )
        assert done.returncode in (0, 1), done.stderr
    for name in ("cpu.npz", "emulator.npz"):
        with np.load(tmp_path / "one/traces" / name) as a, np.load(
            tmp_path / "two/traces" / name
        ) as b:
            assert a.files == b.files
            for key in a.files:
                if key == "json":
                    x, y = (json.loads(bytes(z[key]).decode()) for z in (a, b))
                    x.pop("created"), y.pop("created")
                    assert x == y
                else:
                    np.testing.assert_array_equal(a[key], b[key])


def test_compare_json_has_lag_errors_and_ratio(loihi_deploy):
    done = loihi_deploy(
        "compare", "pes-connection", "--duration", 1,
        "--targets", "cpu,float-emulator,emulator", "--json", "--spread", 6,
    )  # fmt: skip
    record = json.loads(done.stdout)
    found = {(f["trace"], f["metric"]): f["value"] for f in record["figures"]}
    ratio = found["post", "error to ideal, other"] / found["post", "error to ideal, reference"]
    assert found["post", "error to ideal, ratio"] == pytest.approx(ratio)
    assert isinstance(found["post", "lag"], float)
    assert [r["target"] for r in record["runs"]] == ["cpu", "float-emulator", "emulator"]
    assert record["budget"]["causes"] == ["neuron and input translation", "fixed point"]
    assert done.returncode == (0 if record["ok"] else 1)


def test_compare_of_two_files_and_a_verdict_that_fails(loihi_deploy, model):
    for target in ("cpu", "emulator"):
        loihi_deploy("run", model, "--duration", 2, "--target", target, "--out", f"{target}.npz")
    good = loihi_deploy("compare", "cpu.npz", "cpu.npz")
    assert good.returncode == 0 and "PARITY" in good.stdout
    bad = loihi_deploy("compare", "cpu.npz", "emulator.npz", "--tolerance", "aligned error=:1e-9")
    assert bad.returncode == 1 and "NO PARITY" in bad.stdout
    assert bad.stderr == ""


def test_shell_completion(loihi_deploy):
    done = loihi_deploy(env={"_LOIHI_DEPLOY_COMPLETE": "bash_source"})
    assert "complete" in done.stdout


@pytest.mark.parametrize(
    "typed, offered",
    [
        ("compare pes", ["pes-connection", "pes-imitation", "pes"]),
        ("run bcm --target float", ["float-emulator"]),
        ("run bcm --engine f", ["fast"]),
        ("run bcm -p neu", ["neurons="]),
        ("run model.py -p neu", []),
    ],
)
def test_what_a_shell_offers(loihi_deploy, typed, offered):
    words = f"loihi-deploy {typed}"
    complete = {"_LOIHI_DEPLOY_COMPLETE": "bash_complete", "COMP_WORDS": words}
    done = loihi_deploy(env={**complete, "COMP_CWORD": str(len(typed.split()))})
    assert [line.partition(",")[2] for line in done.stdout.split()] == offered


def test_output_of_the_model_does_not_spoil_json(loihi_deploy, model):
    model.write_text("print('chatter')\n" + model.read_text())
    done = loihi_deploy("run", model, "--duration", 0.05, "--json")
    assert json.loads(done.stdout)["model"] == "model"
    assert "chatter" in done.stderr


# -------------------------------------------------------------------- bad inputs


@pytest.fixture(scope="module")
def playground(tmp_path_factory):
    return bad_inputs.playground(tmp_path_factory.mktemp("bad"))


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_one_line(loihi_deploy, playground, name):
    arguments, code, *said = BAD[name]
    before = sorted(str(p) for p in playground.rglob("*") if "__pycache__" not in str(p))
    refused(loihi_deploy(*arguments, cwd=playground), code, *said)
    after = sorted(str(p) for p in playground.rglob("*") if "__pycache__" not in str(p))
    assert before == after, "something was left behind"


@pytest.mark.parametrize("command", ["run", "compare"])
def test_disk_full(loihi_deploy, model, tmp_path, command):
    """The system's limit on a file's size stands in for a full disk."""
    out = "big.npz" if command == "run" else "out"

    def small_disk():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    own = {"PYTHONDONTWRITEBYTECODE": "1"}  # or modules compiled meanwhile end after 4 KB
    done = loihi_deploy(
        command, model, "--duration", 1, "--out", out, preexec_fn=small_disk, env=own
    )
    refused(done, 2, "cannot be written")
    assert [p.name for p in tmp_path.iterdir() if p.name != "__pycache__"] == ["model.py"]


def start(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "deploy", *map(str, arguments)],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for(path, process):
    end = time.time() + 60
    while not path.exists():
        assert process.poll() is None and time.time() < end, "did not get so far"
        time.sleep(0.02)


@pytest.mark.parametrize("signum, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_the_middle(model, tmp_path, signum, code):
    process = start(tmp_path, "compare", model, "--duration", 500, "--out", "out")
    wait_for(tmp_path / "out", process)
    time.sleep(1.5)
    process.send_signal(signum)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, "")
    assert err == "loihi-deploy: stopped; only what was complete is kept\n"
    assert not (tmp_path / "out").exists()


WHERE_NOTHING_CAN_BE_RAISED = {
    "a library's callback": "ctypes.CFUNCTYPE(None)(interrupted)()",
    "the end of an object": "type('Object', (), {'__del__': lambda self: interrupted()})()",
    "the end of a weak reference": """
kept = type('Object', (), {})()
reference = weakref.ref(kept, lambda _: interrupted())
del kept""",
}


@pytest.mark.parametrize("where", WHERE_NOTHING_CAN_BE_RAISED)
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_stopped_where_nothing_can_be_raised(loihi_deploy, tmp_path, where, signum):
    (tmp_path / "model.py").write_text(
        "import ctypes, os, time, weakref\n\n"
        "def interrupted():\n"
        f"    os.kill(os.getpid(), {int(signum)})\n"
        "    time.sleep(0.01)\n\n"
        f"{WHERE_NOTHING_CAN_BE_RAISED[where]}\n"
        "time.sleep(30)\n"
        "model = None\n"
    )
    done = loihi_deploy("check", tmp_path / "model.py")
    assert (done.returncode, done.stdout) == (128 + signum, "")
    assert done.stderr == "loihi-deploy: stopped; only what was complete is kept\n"


def test_two_processes_writing_one_folder(loihi_deploy, model, tmp_path):
    process = start(tmp_path, "compare", model, "--duration", 500, "--out", "out")
    try:
        wait_for(tmp_path / "out", process)
        time.sleep(0.5)
        done = loihi_deploy("compare", model, "--duration", 0.1, "--out", "out")
        refused(done, 2, "another loihi-deploy is writing there")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    done = loihi_deploy("compare", model, "--duration", 0.1, "--out", "out")
    assert done.returncode in (0, 1), done.stderr


def test_killed_process_does_not_bar_the_next(loihi_deploy, model, tmp_path):
    process = start(tmp_path, "compare", model, "--duration", 500, "--out", "out")
    wait_for(tmp_path / "out", process)
    process.kill()
    process.communicate()
    done = loihi_deploy("compare", model, "--duration", 0.1, "--out", "out")
    assert done.returncode in (0, 1), done.stderr


def test_reader_that_goes_away(model, tmp_path):
    process = start(tmp_path, "systems")
    process.stdout.close()
    assert process.wait(timeout=60) in (0, 1)
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
