"""nengo-loihi 1.1.0 on the NumPy that is installed."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import deploy.compat
from deploy.compat import load_nengo_loihi
from deploy.errors import TargetUnavailable

GOLDEN = Path(__file__).parent / "golden"

pytestmark = pytest.mark.quick


@pytest.fixture(scope="module")
def make_spikes():
    spec = importlib.util.spec_from_file_location("make_spikes", GOLDEN / "make_spikes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore")
def test_spikes_are_those_of_numpy_1_26(make_spikes):
    found = make_spikes.spikes(load_nengo_loihi().Simulator)
    with np.load(GOLDEN / "spikes.npz", allow_pickle=False) as golden:
        for i, (steps, neurons) in enumerate(found):
            np.testing.assert_array_equal(steps, golden[f"{i}.steps"])
            np.testing.assert_array_equal(neurons, golden[f"{i}.neurons"])


def test_numpy_itself_is_left_alone():
    before = np.array
    module = load_nengo_loihi()
    assert np.array is before
    assert module.simulator.np is np  # only the modules that need it are given another
    if int(np.__version__.split(".")[0]) >= 2:
        assert module.block.np is not np
        with pytest.raises(ValueError):
            np.array([1.0, 2.0], dtype=int, copy=False)
    else:
        assert module.block.np is np


def test_unknown_version_is_refused(monkeypatch):
    monkeypatch.setattr(load_nengo_loihi(), "__version__", "1.2.0")
    with pytest.raises(TargetUnavailable, match=r"1\.2\.0 is installed.*pip install"):
        load_nengo_loihi()


def test_missing_nengo_loihi_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "nengo_loihi", None)
    with pytest.raises(TargetUnavailable, match="pip install nengo-loihi==1.1.0"):
        load_nengo_loihi()
    assert deploy.compat.KNOWN_VERSIONS == ("1.1.0",)


def test_decoder_cache_of_another_numpy_is_not_read(tmp_path):
    """A home whose cache another NumPy wrote: here, files that no NumPy can read."""
    script = (
        "import nengo, deploy, pathlib\n"
        "cache = pathlib.Path(nengo.rc.get('decoder_cache', 'path'))\n"
        "cache.mkdir(parents=True)\n"
        "(cache / 'index').write_bytes(b'\\x80\\x04not a pickle of this numpy')\n"
        "before = sorted(cache.rglob('*'))\n"
        "for target in ('cpu', 'emulator'):\n"
        "    deploy.run('pes-connection', 0.05, target)\n"
        "assert sorted(cache.rglob('*')) == before\n"
        "assert (cache / 'index').read_bytes().endswith(b'numpy')\n"
        f"print(str(cache).startswith({str(tmp_path)!r}))\n"
    )
    env = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "True", "the test must use a cache of its own"
