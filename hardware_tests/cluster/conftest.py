"""One cluster for all tests of this folder."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import daemons


@pytest.fixture(scope="session")
def cluster():
    reason = daemons.missing()
    if reason is not None:
        pytest.skip(f"no test cluster: {reason}")
    with tempfile.TemporaryDirectory(prefix="cluster-") as folder:  # short: paths of sockets
        found = daemons.Cluster(Path(folder), os.environ.get("SITE_PYTHON", sys.executable))
        try:
            found.up()
            yield found
        finally:
            found.down()


@pytest.fixture
def laptop(cluster, tmp_path):
    """``loihi-deploy`` as on a laptop of its own, with the test cluster as a site."""

    def run(*arguments, timeout=170, **options):
        environment = {**os.environ, **cluster.settings, "XDG_STATE_HOME": str(tmp_path / "state")}
        environment.update(options.pop("env", {}))
        return subprocess.run(
            [sys.executable, "-m", "deploy", *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            **options,
        )

    return run
