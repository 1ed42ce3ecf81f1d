"""What all tests share: the command line as a real process."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

# of the workers and of commands: a thread each, as there are as many of them as cores
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each command compiles all modules anew
# tests have homes of their own, in each of which the kernels would be compiled anew
os.environ.setdefault(
    "NUMBA_CACHE_DIR", os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
)

# spreads of one session are kept for that session alone
if "LOIHI_DEPLOY_CACHE" not in os.environ:
    os.environ["LOIHI_DEPLOY_CACHE"] = tempfile.mkdtemp(prefix="loihi-deploy-cache-")
    atexit.register(shutil.rmtree, os.environ["LOIHI_DEPLOY_CACHE"], ignore_errors=True)


def pytest_collection_modifyitems(items):
    """The longest first, so that no worker ends with them: the cluster's, a board's, slow ones."""
    hardware = Path(__file__).parent / "hardware_tests"

    def order(item):
        on_cluster = hardware / "cluster" in item.path.parents
        on_board = item.path == hardware / "test_on_a_board.py"
        return not on_cluster, not on_board, item.get_closest_marker("slow") is None

    items.sort(key=order)


@pytest.fixture
def loihi_deploy(tmp_path):
    """Run ``loihi-deploy`` with these arguments, in a fresh folder."""

    def run(*arguments, cwd=tmp_path, timeout=600, **options):
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
