"""What all tests share: the command line as a real process."""

import os
import subprocess
import sys

import pytest


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
