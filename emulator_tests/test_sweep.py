"""Sweeps: the same in any order and with any number of processes, and continued."""

import json
import signal
import subprocess
import sys
import time

import nengo
import numpy as np
import pytest

import deploy
from deploy.errors import BadInput


@pytest.fixture
def network():
    with nengo.Network(label="net") as net:  # no seed: the sweep's
        u = nengo.Node(lambda t: np.sin(8 * t))
        a = nengo.Ensemble(20, 1)
        nengo.Connection(u, a)
        nengo.Probe(a, synapse=0.01, label="a")
        nengo.Probe(a.neurons, label="spikes")
    return net


def samples(found):
    return [
        run[label].dense() for p in found.parities for run in p.runs for label in ("a", "spikes")
    ]


def test_order_and_processes_do_not_matter(network):
    one = deploy.sweep(network, 0.1, [0, 1, 2], processes=1)
    two = deploy.sweep(network, 0.1, [2, 0, 1], processes=2)
    assert two.seeds == (2, 0, 1)
    again = deploy.Sweep(one.seeds, tuple(two.parities[two.seeds.index(s)] for s in one.seeds))
    for a, b in zip(samples(one), samples(again)):
        np.testing.assert_array_equal(a, b)
    alone = deploy.run(network, 0.1, "emulator", seed=1)
    np.testing.assert_array_equal(one.parities[1].other["a"].samples, alone["a"].samples)
    assert not np.array_equal(one.parities[0].other["a"].samples, alone["a"].samples)


def test_table_and_verdict(network):
    done = []
    found = deploy.sweep(
        network, 0.2, [0, 1, 2, 3], progress=lambda done_, total: done.append((done_, total))
    )
    assert done == [(k, 8) for k in (2, 4, 6, 8)]  # a seed's two targets at once
    row = next(
        r for r in found.table() if (r["trace"], r["metric"]) == ("spikes", "population rate")
    )
    values = found.values("spikes", "population rate")
    assert row["median"] == np.median(values) and row["highest"] == values.max()
    assert found.ok == all(p.ok for p in found.parities)
    assert "4 seeds" in found.verdict and "<table>" in found._repr_html_()


def test_each_seed_is_judged_by_cpu_runs_of_its_own(network):
    found = deploy.sweep(network, 0.1, [0, 1], spread=6)
    alone = deploy.sweep(network, 0.1, [0, 1], spread=0)
    assert [parity.spread for parity in found.parities] == [(3, 4)] * 2
    assert [parity.spread for parity in alone.parities] == [(0, 0)] * 2
    same = deploy.compare(network, 0.1, seed=1, spread=6)
    assert [effect.words for effect in found.parities[1].effects] == [
        effect.words for effect in same.effects
    ]
    with pytest.raises(deploy.BadInput, match="6 runs or more"):
        deploy.sweep(network, 0.1, [0], spread=2)


def test_goes_on_where_it_was(network, tmp_path, monkeypatch):
    deploy.sweep(network, 0.1, [0, 1], folder=tmp_path)
    files = sorted(tmp_path.rglob("*.npz"))
    assert [str(f.relative_to(tmp_path)) for f in files] == [
        "seed-0/cpu.npz", "seed-0/emulator.npz", "seed-1/cpu.npz", "seed-1/emulator.npz",
    ]  # fmt: skip
    stamps = {f: f.stat().st_mtime_ns for f in files}
    files[0].write_bytes(files[0].read_bytes()[:300])  # one of them was cut short
    deploy.sweep(network, 0.1, [0, 1, 2], folder=tmp_path)
    changed = [f for f in files if f.stat().st_mtime_ns != stamps[f]]
    assert changed == [files[0]]
    assert deploy.Traces.load(files[0]).n_steps == 100
    deploy.sweep(network, 0.2, [0], folder=tmp_path)  # of another length: made again
    assert deploy.Traces.load(files[0]).n_steps == 200


def test_trouble_in_a_worker_is_one_line(network):
    def fails(t):
        raise ZeroDivisionError("in the node")

    with network:
        nengo.Probe(nengo.Node(fails, size_out=1))
    with pytest.raises(ZeroDivisionError, match="in the node"):
        deploy.sweep(network, 0.1, [0, 1])


@pytest.mark.parametrize(
    "call, said",
    [
        ({"seeds": []}, "one seed at least"),
        ({"seeds": [1, 1]}, "each only once"),
        ({"seeds": [1], "targets": ["cpu"]}, "two targets"),
        ({"seeds": [1], "processes": -1}, "processes must be 1 or more"),
    ],
)
def test_bad_sweeps(network, call, said):
    with pytest.raises(deploy.BadInput, match=said):
        deploy.sweep(network, 0.1, **call)


def test_command_line_stopped_and_gone_on_with(loihi_deploy, tmp_path):
    arguments = ["sweep", "pes-connection", "--duration", "1.5", "--seeds", "0:6", "--spread", "0"]
    arguments += ["--out", "runs"]
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy", *arguments],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.time() + 100
    while not list(tmp_path.rglob("*.npz")):
        assert process.poll() is None and time.time() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and out == ""
    assert err.count("\n") == 1 and "stopped" in err
    kept = {f: f.stat().st_mtime_ns for f in tmp_path.rglob("*.npz")}
    assert kept and not list(tmp_path.rglob(".*.npz.*"))
    done = loihi_deploy(*arguments, "--json")
    assert done.returncode in (0, 1), done.stderr
    assert len(json.loads(done.stdout)["seeds"]) == 6
    assert {f: f.stat().st_mtime_ns for f in kept} == kept
    bad = loihi_deploy("sweep", "pes-connection", "--seeds", "few")
    assert bad.returncode == 2 and "seeds are written" in bad.stderr


def seeded(seed):
    with nengo.Network(label="seeded", seed=seed) as net:
        nengo.Probe(nengo.Ensemble(20, 1), synapse=0.01)
    return net


def test_a_sweep_of_one_run_is_refused(tmp_path):
    """A seed of its own stands for all: five seeds were said to agree, which were one run."""
    with pytest.raises(BadInput, match="seeds 0 and 1 give the same run.*seed of its own, 4"):
        deploy.sweep(seeded(4), 0.1, [0, 1, 2], spread=0, processes=1)
    assert deploy.sweep(seeded(4), 0.1, [3], spread=0).seeds == (3,)
    path = tmp_path / "made.py"
    path.write_text(
        "import nengo\n"
        "def make(seed):\n"
        "    with nengo.Network(seed=seed) as net:\n"
        "        nengo.Probe(nengo.Ensemble(20, 1), synapse=0.01)\n"
        "    return net\n"
    )
    found = deploy.sweep(f"{path}:make", 0.1, [0, 1], spread=0)
    assert not found.notes
    same = deploy.Sweep((0, 1), (found.parities[0],) * 2)  # as jobs bring them
    assert "all seeds gave the same run" in same.notes[0]


def test_what_is_drawn_while_it_runs_is_another_run():
    """Of the global generators, which each seed seeds; the network is one."""
    with nengo.Network(label="drawn", seed=4) as net:
        node = nengo.Node(lambda t: np.random.uniform(-1, 1))
        ens = nengo.Ensemble(20, 1)
        nengo.Connection(node, ens)
        nengo.Probe(ens, synapse=0.01)
    assert len(deploy.sweep(net, 0.1, [0, 1], spread=0).parities) == 2


def test_the_model_to_start_from_varies_with_its_seed(loihi_deploy, tmp_path):
    assert loihi_deploy("new", tmp_path / "my_model.py").returncode == 0
    given = ["--seeds", "0:2", "--duration", "0.1", "--spread", "0", "--out", tmp_path / "out"]
    done = loihi_deploy("compare", tmp_path / "my_model.py", *given)
    assert done.returncode == 1 and "OPEN" in done.stdout, done.stderr
