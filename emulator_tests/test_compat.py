"""nengo-loihi 1.1.0 on the NumPy that is installed."""

import importlib.util
import os
import subprocess
import sys
import warnings
from pathlib import Path

import nengo
import numpy as np
import pytest

import deploy
import deploy.nengo_loihi.load
from deploy.errors import TargetUnavailable
from deploy.nengo_loihi.load import load_nengo_loihi

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


@pytest.mark.parametrize("target", ["emulator", "float-emulator"])
def test_a_build_and_a_run_warn_of_nothing(small, target):
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        with deploy.Simulator(small, target=target, progress_bar=False) as sim:
            sim.run(0.05)


def test_what_is_not_set_yet_is_what_numpy_makes_of_nan():
    of = load_nengo_loihi().emulator.interface.np
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype in (np.int32, np.float32, bool):
            np.testing.assert_array_equal(
                of.full(3, np.nan, dtype=dtype), np.full(3, np.nan, dtype)
            )
    assert of.full((2, 1), 5, dtype=np.int32).dtype == np.int32 and of.zeros is np.zeros


def test_unknown_version_is_refused(monkeypatch):
    monkeypatch.setattr(load_nengo_loihi(), "__version__", "1.2.0")
    with pytest.raises(TargetUnavailable, match=r"1\.2\.0 is installed.*pip install"):
        load_nengo_loihi()


def test_missing_nengo_loihi_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "nengo_loihi", None)
    with pytest.raises(TargetUnavailable, match="pip install nengo-loihi==1.1.0"):
        load_nengo_loihi()
    assert deploy.nengo_loihi.load.KNOWN_VERSIONS == ("1.1.0",)


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


@pytest.fixture
def events(tmp_path):
    """A DVS file of 1 s: the pixels of a 4 × 3 sensor, each so often."""
    rng = np.random.RandomState(0)
    rates = rng.choice([0, 50, 100], size=(4, 3, 2))
    t = np.concatenate(
        [np.linspace(0, 1e6, n, endpoint=False) + k for k, n in enumerate(rates.flat)]
    )
    y, x, p = (np.repeat(i.ravel(), rates.ravel()) for i in np.indices(rates.shape))
    data = np.stack([t, y, x, p], axis=1).astype(np.uint32)[np.argsort(t)]
    packets = np.zeros((len(data), 8), np.uint8)  # nengo-loihi's ``dvs.py``, ``EventsFileIO``
    for k, word in ((0, data[:, 1] << 2 | data[:, 3] << 1), (2, data[:, 2] << 1)):
        packets[:, k], packets[:, k + 1] = word & 255, word >> 8
    for k in range(4):
        packets[:, 4 + k] = data[:, 0] >> 8 * k & 255
    path = tmp_path / "pixels.events"
    path.write_bytes(packets.tobytes())
    return path


@pytest.mark.parametrize("target", ["emulator", "float-emulator"])
@pytest.mark.filterwarnings("ignore")
def test_a_dvs_files_events_drive_neurons_as_on_the_cpu(events, target):
    from nengo_loihi.dvs import DVSFileChipProcess  # as a user has it, before anything of ours

    process = DVSFileChipProcess(str(events), dvs_height=4, dvs_width=3)
    n = process.size
    with nengo.Network(seed=1) as net:
        pixels = nengo.Node(process)
        ens = nengo.Ensemble(n, 1, gain=np.ones(n), bias=np.zeros(n))
        nengo.Connection(pixels, ens.neurons, transform=0.05, synapse=0.02)
        probe = nengo.Probe(ens.neurons)
    rates = {}
    for name in ("cpu", target):
        with deploy.Simulator(net, target=name, progress_bar=False) as sim:
            sim.run(1.0)
            rates[name] = sim.data[probe].mean(axis=0)
    assert rates["cpu"].max() > 50
    np.testing.assert_allclose(rates[target], rates["cpu"], atol=6)  # a fifth as scaled values
