"""A pytest plugin: a suite of Nengo's own tests with `deploy.Simulator` in Nengo's place.

``make nengo-suite`` and ``make spa-suite`` run it. At the end it says how many tests put
compartments onto the chip, and for each test that has ensembles but put none there, the Change
that says why; the whole goes to the file named by ``--record`` as JSON. Some of the tests fail
for reasons that the documentation gives, so the run fails when fewer of them pass than
``must_pass`` in the suite's ini file says.
"""

import inspect
import json
from collections import Counter
from pathlib import Path

import nengo
import pytest

import deploy.simulator.simulator

built = []  # (compartments on the chip, ensembles, changes) of this test's simulators
SIMULATOR_INIT = deploy.simulator.simulator.Simulator.__init__


def noting_init(self, network, *args, **kwargs):
    SIMULATOR_INIT(self, network, *args, **kwargs)
    ensembles = [] if network is None else network.all_ensembles
    placed = [c for c in self.changes if c.rule == "placement"]
    built.append((self.n_chip_compartments, len(ensembles), placed))


deploy.simulator.simulator.Simulator.__init__ = noting_init


def pytest_addoption(parser):
    parser.addoption("--record", default="suite.json", help="file for what each test did")
    parser.addini("suite", "what the suite is called")
    parser.addini("must_pass", "the run fails if fewer tests pass")
    parser.addini("in_place_of_nengos", "take nengo.Simulator's name", type="bool", default=False)
    parser.addini(
        "only_simulated", "leave out tests that simulate nothing", type="bool", default=False
    )


def pytest_configure(config):
    if config.getini("in_place_of_nengos"):
        nengo.Simulator = deploy.Simulator


def pytest_collection_modifyitems(config, items):
    if config.getini("only_simulated"):
        simulated = [item for item in items if "Simulator" in inspect.getsource(item.function)]
        config.hook.pytest_deselected(items=[item for item in items if item not in simulated])
        items[:] = simulated


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if call.when == "setup":
        built.clear()
    if call.when == "call":
        report.user_properties.append(
            (
                "deploy",
                {
                    "compartments": sum(n for n, _, _ in built),
                    "ensembles": sum(n for _, n, _ in built),
                    "why": sorted({f"{c.object}: {c.why}" for _, _, p in built for c in p}),
                    "error": "" if call.excinfo is None else call.excinfo.exconly()[:300],
                },
            )
        )


def enough_passed(status, passed, must_pass):
    """The exit status of a run that ended with one: failures are allowed, down to the floor."""
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return status  # interrupted, or nothing collected
    return pytest.ExitCode.OK if passed >= must_pass else pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session, exitstatus):
    if hasattr(session.config, "workerinput"):
        return  # the controller has what all workers found
    reports = session.config.pluginmanager.get_plugin("terminalreporter").stats
    passed, floor = len(reports.get("passed", ())), int(session.config.getini("must_pass"))
    broken = bool(reports.get("error"))
    status = pytest.ExitCode.TESTS_FAILED if broken else enough_passed(exitstatus, passed, floor)
    session.exitstatus = status


def pytest_terminal_summary(terminalreporter, config):
    tests = []
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            did = dict(report.user_properties).get("deploy")
            if did is not None:
                tests.append({"test": report.nodeid, "outcome": outcome, **did})
    tests.sort(key=lambda test: test["test"])
    Path(config.getoption("--record")).write_text(json.dumps(tests, indent=1))
    on_chip = [test for test in tests if test["compartments"]]
    host = [test for test in tests if test["ensembles"] and not test["compartments"]]
    count = Counter(test["outcome"] for test in tests)
    line = terminalreporter.write_line
    suite, floor = config.getini("suite"), int(config.getini("must_pass"))
    line(f"{suite} on deploy.Simulator: {count['passed']} of {len(tests)} passed, {floor} must")
    passed = sum(test["outcome"] == "passed" for test in on_chip)
    line(f"{len(on_chip)} tests put compartments onto the chip, {passed} of them passed")
    line(f"{len(host)} tests have ensembles and put none there:")
    for test in host:
        why = "; ".join(test["why"]) or test["error"].splitlines()[0] if test["error"] else ""
        why = "; ".join(test["why"]) or why or "no simulator was built"
        line(f"  {test['test']}: {why[:160]}")
    line("failed:")
    for test in tests:
        if test["outcome"] == "failed":
            line(f"  {test['test']}: {test['error'].splitlines()[0][:160]}")
