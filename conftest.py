"""What all tests share: the command line as a real process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each command compiles all modules anew
# tests have homes of their own, in which the kernels would be compiled anew
os.environ.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))


@pytest.fixture
def loihi_deploy(tmp_path):
    """Run ``loihi-deploy`` with these arguments, in a fresh folder."""

    def run(*arguments, cwd=tmp_path, timeout=240, **options):
        environment = {**os.environ, "COLUMNS": "120", **options.pop("env", {})}
        return subprocess.run(
            [sys.executable, "-m", "deploy", *map(str, arguments)],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            **options,
        )

    return run
