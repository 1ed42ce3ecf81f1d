"""One cluster for all tests of this folder."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import daemons


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Where a test fails that has a cluster, what Slurm says of its jobs and nodes is shown."""
    outcome = yield
    report = outcome.get_result()
    for name in ("cluster", "cluster_with_books"):
        if report.failed and name in getattr(item, "funcargs", {}):
            report.sections.append((f"state of {name}", item.funcargs[name].state()))


def started(accounting):
    """A cluster that is up, until the test is done with it."""
    reason = daemons.missing(accounting)
    if reason is not None:
        pytest.skip(f"no test cluster: {reason}")
    with tempfile.TemporaryDirectory(prefix="cluster-") as folder:  # short: paths of sockets
        python = os.environ.get("SITE_PYTHON", sys.executable)
        found = daemons.Cluster(Path(folder), python, accounting)
        try:
            found.up()
            yield found
        finally:
            found.down()


@pytest.fixture(scope="session")
def cluster():
    yield from started(accounting=False)


@pytest.fixture(scope="session")
def cluster_with_books():
    yield from started(accounting=True)


@pytest.fixture
def laptop(cluster, loihi_deploy, tmp_path):
    """``loihi-deploy`` as on a laptop of its own, with the test cluster as a site."""
    settings = {**cluster.settings, "XDG_STATE_HOME": str(tmp_path / "state")}
    return lambda *arguments, env=None: loihi_deploy(*arguments, env={**settings, **(env or {})})
