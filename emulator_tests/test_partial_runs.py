"""A run that comes to an early end keeps what it recorded before, and says that it is partial."""

import os
import signal
import subprocess
import sys
import time

import nengo
import numpy as np
import pytest

import deploy
from deploy.traces.parts import PartWriter, read_parts

pytestmark = pytest.mark.quick
MODEL = """
import os, time
import nengo
import numpy as np

def network(output, seed):
    with nengo.Network(seed=seed) as net:
        node = nengo.Node(output, label="node")
        ens = nengo.Ensemble(20, 1, label="ens")
        nengo.Connection(node, ens)
        nengo.Probe(ens, synapse=0.01, label="value")
        nengo.Probe(ens.neurons, label="spikes")
        nengo.Probe(node, sample_every=0.005, label="rare")
    return net

def fails(seed):
    return network(lambda t: 1 / 0 if t > 1.2 else np.sin(t), seed)

def no_number(seed):
    with network(np.sin, seed) as net:
        sink = nengo.Node(lambda t, x: np.inf * x - np.inf * x if t > 1.2 else x, size_in=1)
        nengo.Connection(net.all_nodes[0], sink, synapse=None)
    return net

def waits(seed):
    def output(t):
        if t > 1.2:
            open("waiting", "w").close()
            time.sleep(60)
        return np.sin(t)
    return network(output, seed)
"""


@pytest.fixture
def models(tmp_path):
    (tmp_path / "models.py").write_text(MODEL)
    return tmp_path


def assert_a_beginning(found, whole, steps):
    assert found.record["partial"] == {"steps": found.n_steps, "of": 2 * whole.n_steps}
    assert found.n_steps == steps and "partial" in found.where
    assert set(found.traces) == set(whole.traces)
    for trace in found:
        other = whole[trace.label]
        if trace.sparse:
            n = len(trace.spike_steps)
            np.testing.assert_array_equal(trace.spike_steps, other.spike_steps[:n])
            assert n == (other.spike_steps <= steps).sum()
        else:
            np.testing.assert_array_equal(trace.samples, other.samples[: len(trace.samples)])


@pytest.mark.parametrize("target", ["cpu", "emulator"])
@pytest.mark.parametrize("name", ["fails", "no_number"])
def test_what_a_node_stops_is_kept(name, target, models, loihi_deploy):
    done = loihi_deploy(
        "run", f"models.py:{name}", "--target", target, "--duration", 2, "--out", "a.npz"
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.endswith("what was recorded before is in a.npz\n")
    whole = deploy.run(f"{models}/models.py:{name}", 1.0, target)
    # in chunks of 500 steps, of which the last is not known
    assert_a_beginning(deploy.Traces.load(models / "a.npz"), whole, 1000)


class Stops(nengo.Process):
    """The time, until there is none."""

    def make_step(self, shape_in, shape_out, dt, rng, state):
        return lambda t: np.full(shape_out, t if t < 1.2345 else np.nan)


def test_from_a_number_that_is_none_on_nothing_is_kept():
    """Where the target goes on with it, up to the step before."""
    with nengo.Network(seed=1) as net:
        bad = nengo.Node(Stops(default_size_out=1), label="bad")
        good = nengo.Node(lambda t: np.sin(t), label="good")
        nengo.Probe(bad, label="bad")
        nengo.Probe(good, label="good")
    with pytest.raises(deploy.BadInput, match="'bad' holds .* from 1.235 s on") as caught:
        deploy.run(net, 2.0, "cpu")
    found = caught.value.traces
    assert found.n_steps == 1234 and np.isfinite(found["bad"].samples).all()
    assert len(found["bad"].samples) == len(found["good"].samples) == 1234


@pytest.mark.parametrize("every", [0.0, 1e9])
def test_a_task_of_a_site_leaves_it_as_parts(every, models):
    """Whether or not a part was written just before."""
    parts = PartWriter(models / "parts", every=every)
    with pytest.raises(deploy.BadInput, match="ZeroDivisionError"):
        deploy.run(f"{models}/models.py:fails", 2.0, "cpu", parts=parts)
    whole = deploy.run(f"{models}/models.py:fails", 1.0, "cpu")
    assert_a_beginning(read_parts(models / "parts"), whole, 1000)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_what_a_signal_stops_is_kept(how, models):
    words = ["run", "models.py:waits", "--target", "cpu", "--duration", "2", "--out", "a.npz"]
    with subprocess.Popen(
        [sys.executable, "-m", "deploy", *words],
        cwd=models, env=os.environ, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        end = time.monotonic() + 60
        while not (models / "waiting").exists():
            assert time.monotonic() < end and running.poll() is None
            time.sleep(0.05)
        running.send_signal(how)
        said = running.stderr.read()
    assert running.returncode == 128 + how and "Traceback" not in said
    assert "what was recorded before is in a.npz" in said
    whole = deploy.run(f"{models}/models.py:waits", 1.0, "cpu")
    assert_a_beginning(deploy.Traces.load(models / "a.npz"), whole, 1000)


def test_a_run_that_stops_at_once_keeps_nothing(models, loihi_deploy):
    done = loihi_deploy(
        "run", "models.py:fails", "--target", "cpu", "--duration", 1.4, "--out", "a.npz",
        "--dt", 0.01,
    )  # fmt: skip
    assert done.returncode == 2 and not (models / "a.npz").exists()
    assert "recorded before" not in done.stderr
