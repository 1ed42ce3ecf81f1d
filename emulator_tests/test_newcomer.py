"""The README from top to bottom, as a newcomer types it: a machine with Python and make alone.

There is no compiler, no rsync and no browser on the path, and the home is an empty folder.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
# what make and a shell need to write files, and ls for nobody
PROGRAMS = ("make", "sh", "touch", "echo", "cat", "rm", "mkdir", "env", "uname", "find", "wc")
LINE = re.compile(r"^ {4}(loihi-deploy .*)$", re.M)
JUDGED = ("compare", "sweep", "submit", "explain")  # whose exit code may be a verdict
# what a machine without a board, or an installation without extras, says in one line
SAYS = {
    "check my_model.py --target loihi": (3, "no Loihi board"),
    "conformance --out board.npz": (3, "no Loihi board"),
    "export my_model.py --to my_model.nir": (2, "loihi-deploy[nir]"),
    "compare my_model.nir": (2, "my_model.nir: there is no such file"),
}


def use():
    """Commands of the section on use, in their order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text[text.index("## Use") :].partition("The same in Python")[0]
    return [shlex.split(line, comments=True)[1:] for line in LINE.findall(section)]


@pytest.fixture
def bare(tmp_path):
    """A folder with a copy of what is checked in, and an environment with little in it."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in PROGRAMS:
        where = shutil.which(name)
        if where is None:
            pytest.skip(f"no {name} on this machine")
        (programs / name).symlink_to(where)
    python = Path(sys.base_prefix) / "bin" / "python3"
    if not python.exists():
        pytest.skip("no Python of its own on this machine")
    # a link would not know where its library is
    (programs / "python3").write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
    (programs / "python3").chmod(0o755)
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    ).stdout
    if not listed:
        pytest.skip("not a checkout")
    checkout = tmp_path / "checkout"
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, checkout / name)
    kept = {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_")) or "proxy" in k}
    (tmp_path / "home").mkdir()
    environment = {
        **kept, "PATH": str(programs), "HOME": str(tmp_path / "home"), "LANG": "C.UTF-8",
        "PIP_CONFIG_FILE": pip_settings(),
    }  # fmt: skip
    return checkout, environment


def pip_settings():
    """Where this machine says from where packages come; the home of the test has nothing."""
    own = Path(os.environ.get("PIP_CONFIG_FILE", Path.home() / ".config" / "pip" / "pip.conf"))
    other = Path.home() / ".pip" / "pip.conf"
    return str(own if own.exists() else other if other.exists() else "/etc/pip.conf")


@pytest.mark.slow
def test_the_readme_from_top_to_bottom(bare):
    checkout, environment = bare

    def typed(*words):
        return subprocess.run(
            words, cwd=checkout, env=environment, capture_output=True, text=True, check=False
        )

    done = typed("make", "compare")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.splitlines()[-1].startswith("report: comparison/pes-connection/report.html")
    program = str(checkout / ".venv" / "bin" / "loihi-deploy")
    commands = use()
    assert len(commands) > 20
    for words in commands:
        if "bench.csv" in words:  # of the reader's own bench
            write_bench(checkout)
        done = typed(program, *words)
        said = f"loihi-deploy {' '.join(words)}\n{done.stdout[-1500:]}{done.stderr[-1500:]}"
        code, text = SAYS.get(" ".join(words), (0, ""))
        allowed = (0, 1) if words[0] in JUDGED and not code else (code,)
        assert done.returncode in allowed, said
        assert text in done.stderr and "Traceback" not in done.stdout + done.stderr, said
        if code:
            assert len(done.stderr.splitlines()) == 1, said
    assert (checkout / "comparison" / "index.html").is_file()
    assert (checkout / "runs" / "report.html").is_file()


def write_bench(folder):
    """Values of one probe, as another program may have written them."""
    with np.load(folder / "cpu.npz", allow_pickle=False) as npz:
        lengths = {name: npz[name].shape for name in npz.files if name.endswith(".samples")}
    steps = max(shape[0] for shape in lengths.values())
    times = np.arange(1, steps + 1) * 0.001
    rows = np.stack([times, np.sin(2 * np.pi * times)], axis=1)
    np.savetxt(
        folder / "bench.csv", rows, delimiter=",", header="time,value", comments="", fmt="%.6g"
    )
