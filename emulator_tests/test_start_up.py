"""What is typed wrong is said at once: before anything that takes long is loaded."""

import pytest

import deploy
from benchmarks.bad_inputs import AT_ONCE, playground
from benchmarks.start_up import HELP, UNNEEDED, start

LONGEST = 0.8  # s of CPU; below 0.4 s where `benchmarks/start_up.py` was run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return playground(tmp_path_factory.mktemp("start"))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))  # of jobs and sites


def at_once(arguments, folder):
    """The least of several: the first may compile modules, and another process may disturb."""
    for _ in range(3):
        found = start(arguments, folder)
        assert not found.heavy
        if found.seconds < LONGEST:
            return found
    raise AssertionError(f"{found.seconds:.2f} s of CPU for {arguments}")


@pytest.mark.quick
@pytest.mark.parametrize("name", HELP)
def test_help_loads_little(folder, name):
    assert at_once(HELP[name], folder).code == 0


@pytest.mark.quick
@pytest.mark.parametrize("name", AT_ONCE)
def test_a_bad_input_is_refused_at_once(folder, name):
    arguments, code, *said = AT_ONCE[name]
    found = at_once(arguments, folder)
    assert found.code == code and found.said.startswith("loihi-deploy: "), found.said
    for text in said:
        assert text in found.said


@pytest.mark.quick
def test_what_is_loaded_is_seen(folder):
    """A run loads what the others must not, but nothing that takes long and is not needed."""
    heavy = start(["run", "injection", "--duration", "0.01"], folder).heavy
    assert heavy >= {"nengo", "scipy"}
    assert heavy.isdisjoint({*UNNEEDED, "matplotlib"})


@pytest.mark.quick
@pytest.mark.parametrize("command", ["run", "compare", "check", "sweep", "explain"])
def test_a_file_that_imports_nengo_is_all_that_is_waited_for(folder, command):
    found = start([command, "raises.py"], folder)
    assert found.code == 2 and "raises.py:2" in found.said
    assert found.heavy == {"nengo", "scipy"}  # which Nengo imports


@pytest.mark.quick
def test_an_ideal_that_no_probe_is_ends_a_run_before_it_is_built(monkeypatch):
    def open_(*_):
        raise AssertionError("built")

    monkeypatch.setattr("deploy.targets.cpu.CpuTarget.open", open_)
    with pytest.raises(deploy.BadInput, match="no probe 'a' to compare"):
        deploy.run("pes-connection", 0.01, "cpu", ideals={"a": "b"})
