"""Samples of data sets: how they are read, and that each is decided from the beginning."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import deploy
from deploy.compiling.jit import HAVE_NUMBA
from deploy.emulator import parts
from deploy.errors import BadInput
from deploy.models.samples import read_samples
from deploy.nengo_loihi.run import side_by_side
from deploy.workflows.classify import _on_emulator, _telling

nir = pytest.importorskip("nir", reason="the nir package needs Python 3.10")

from loihi_rules.nir import convert  # noqa: E402
from loihi_rules.nir.stepping import Stepper  # noqa: E402


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """A recurrent network of two layers, and a file of it."""
    rng = np.random.RandomState(11)
    each, few = np.ones(24), np.ones(4)
    nodes = {
        "input": nir.Input({"input": np.array([9])}),
        "in": nir.Affine(rng.randn(24, 9) * 0.6, rng.randn(24) * 0.05),
        "hidden": nir.CubaLIF(
            0.003 * each, 0.01 * each, 6 * each, 0 * each, each, -0.1 * each, 1.5 * each
        ),
        "back": nir.Linear(rng.randn(24, 24) * 0.2),
        "out": nir.Linear(rng.randn(4, 24)),
        "read": nir.LIF(0.02 * few, 8 * few, 0 * few, few, 0 * few),
        "output": nir.Output({"output": np.array([4])}),
    }
    edges = [
        ("input", "in"), ("in", "hidden"), ("hidden", "back"), ("back", "hidden"),
        ("hidden", "out"), ("out", "read"), ("read", "output"),
    ]  # fmt: skip
    path = tmp_path_factory.mktemp("nir") / "small.nir"
    graph = nir.NIRGraph(nodes, edges, type_check=False)
    nir.write(path, graph)
    return path, graph


def events(n_samples=6, n_steps=40, n=9, seed=2):
    return (np.random.RandomState(seed).uniform(size=(n_samples, n_steps, n)) < 0.3).astype(float)


def test_samples_side_by_side_spike_as_one_by_one_in_nengo(classifier):
    _, graph = classifier
    samples = events()
    found = Stepper(convert(graph, "x")).run(samples)
    for k, sample in enumerate(samples):
        model = convert(graph, "x", None, sample)
        run = deploy.run(model.network, len(sample) * model.dt, "cpu", dt=model.dt)
        for name in ("hidden", "read"):
            spikes = np.zeros(found[name].shape[1:], bool)
            spikes[run[name].spike_steps - 1, run[name].spike_neurons] = True
            assert spikes.any()
            np.testing.assert_array_equal(found[name][k], spikes)


def test_each_sample_is_decided_from_the_beginning(classifier):
    """In floating point as on the reference, whatever came before it."""
    path, _ = classifier
    samples = events(9)
    forward = deploy.classify(path, samples, processes=1)
    backward = deploy.classify(path, samples[::-1], processes=2)
    for way in (forward, backward):
        first, floating, _ = way.targets
        np.testing.assert_array_equal(first.decided, floating.decided)
        assert all(layer.together == 1 for layer in floating.layers)
    for one, other in zip(forward.targets, backward.targets):
        np.testing.assert_array_equal(one.decided, other.decided[::-1])


def test_values_are_sent_as_spikes_and_what_is_left_is_forgotten_between_samples(classifier):
    """The same sample, first and behind another, is decided alike."""
    path, _ = classifier
    values = np.random.RandomState(8).uniform(-1.0, 2.0, size=(6, 40, 9))
    again = np.concatenate([values, values[::-1]])
    found = deploy.classify(path, again, targets=("cpu", "emulator"), processes=1)
    assert all(layer.cosine > 0.95 for layer in found.targets[-1].layers)
    decided = found.targets[-1].decided
    np.testing.assert_array_equal(decided[:6], decided[6:][::-1])
    assert any(change["rule"] == "values as whole spikes" for change in found.changes)
    by_four = deploy.classify(path, again, targets=("cpu", "emulator"), processes=4)
    for one, other in zip(by_four.targets, found.targets):
        np.testing.assert_array_equal(one.decided, other.decided)
        assert [layer.spikes for layer in one.layers] == [layer.spikes for layer in other.layers]


def two_inputs_and_a_voltage():
    """Counts and values enter; the output only integrates."""
    rng = np.random.RandomState(4)
    each, few = np.ones(30), np.ones(3)
    nodes = {
        "counts": nir.Input({"input": np.array([5])}),
        "values": nir.Input({"input": np.array([4])}),
        "of counts": nir.Linear(rng.randn(30, 5) * 0.5),
        "of values": nir.Affine(rng.randn(30, 4) * 0.4, rng.randn(30) * 0.05),
        "hidden": nir.IF(each, each, 0 * each),
        "out": nir.Linear(rng.randn(3, 30)),
        "read": nir.LI(0.01 * few, 5 * few, 0 * few),
        "output": nir.Output({"output": np.array([3])}),
    }
    edges = [
        ("counts", "of counts"), ("values", "of values"), ("of counts", "hidden"),
        ("of values", "hidden"), ("hidden", "out"), ("out", "read"), ("read", "output"),
    ]  # fmt: skip
    return nir.NIRGraph(nodes, edges, type_check=False)


@pytest.mark.skipif(not HAVE_NUMBA, reason="numba is not installed")
@pytest.mark.parametrize("target", ["emulator", "float-emulator"])
@pytest.mark.parametrize("kind", ["spikes", "values", "two inputs", "subtract", "late values"])
def test_samples_side_by_side_have_the_bits_of_one_after_the_other(
    kind, target, classifier, monkeypatch
):
    graph = two_inputs_and_a_voltage() if kind == "two inputs" else classifier[1]
    taken = {"reset": "subtract"} if kind in ("subtract", "late values") else {}
    read = convert(graph, "x", taken)
    given = (
        events(11)
        if kind in ("spikes", "subtract")
        else np.random.RandomState(8).uniform(-1, 3, (11, 40, 9))
    )
    if kind == "two inputs":
        given[..., :5] = np.floor(given[..., :5].clip(0))
    monkeypatch.setattr(side_by_side, "FEWEST", 4)  # two times four samples, and three
    monkeypatch.setattr(side_by_side, "MOST", 4)
    monkeypatch.setattr(parts, "TILE", 100)  # bytes, so that weights are read in several pieces
    sizes, run = [], side_by_side.SideBySide.run

    def counted(self, given):
        sizes.append(len(next(iter(given.values()))))
        return run(self, given)

    monkeypatch.setattr(side_by_side.SideBySide, "run", counted)
    telling = _telling(given)
    alone, together = (_on_emulator(target, read, given, telling, 0, way) for way in (False, True))
    assert sizes == [4, 4, 3]
    for label, own in together.made.items():
        of_spikes = own.dtype == bool
        other = alone.made[label] > 0 if of_spikes else alone.made[label]
        assert own.any()
        np.testing.assert_array_equal(own, other, label)
    for name in ("energy", "bits", "warnings", "changes"):
        np.testing.assert_equal(getattr(together, name), getattr(alone, name))


def test_integers_are_like_the_reference(classifier):
    found = deploy.classify(classifier[0], events(12), targets=("cpu", "emulator"))
    assert all(layer.cosine > 0.95 for layer in found.targets[-1].layers)
    assert found.targets[-1].energy > 0
    assert all(4 < layer.bits <= 8 for layer in found.targets[-1].layers)


def test_accuracy_counts_labels(classifier):
    path, graph = classifier
    samples = events(10)
    spikes = Stepper(convert(graph, "x")).run(samples)["read"].sum(axis=1)
    labels = np.argmax(spikes, axis=1)
    labels[:3] = (labels[:3] + 1) % 4
    found = deploy.classify(path, samples, labels, targets=("cpu", "float-emulator"))
    assert found.targets[0].accuracy == pytest.approx(0.7)
    assert found.confusion().trace() == 10


@pytest.mark.parametrize("suffix", ["npy", "npz", "csv"])
def test_formats_hold_the_same(tmp_path, suffix):
    samples = events(3, 20)
    path = tmp_path / f"x.{suffix}"
    if suffix == "npy":
        np.save(path, samples)
    elif suffix == "npz":
        np.savez(path, inputs=samples, labels=[0, 1, 2])
    else:
        lines = [",".join(map(str, event)) for event in np.argwhere(samples)]
        path.write_text("sample,step,channel\n" + "\n".join(lines) + "\n")
    found = read_samples(path, 9, 20 if suffix == "csv" else None)
    np.testing.assert_array_equal(found.inputs, samples)
    assert (found.labels is not None) == (suffix == "npz")


def test_frames_are_shown_for_so_many_steps(tmp_path):
    frames = np.random.RandomState(0).uniform(size=(5, 3, 3))
    np.save(tmp_path / "x.npy", frames)
    found = read_samples(tmp_path / "x.npy", 9, 7)
    assert found.inputs.shape == (5, 7, 9)
    np.testing.assert_array_equal(found.inputs[:, 4], frames.reshape(5, 9))


def write(folder, name, content):
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.write_text(content)
    else:
        np.save(path, content)
    return path


@pytest.mark.parametrize(
    "name, content, says",
    [
        ("x.npy", np.zeros((3, 20, 8)), "9 numbers enter"),
        ("x.npy", np.full((3, 20, 9), np.nan), "no finite number"),
        ("x.npy", np.zeros((3, 20, 9), "U2"), "not numbers"),
        ("x.npy", b"nothing", "not a whole npy"),
        ("x.csv", "sample,step,channel\n0,0,9\n", "9 channels"),
        ("x.csv", "sample,step,channel\n0,-1,2\n", "from 0 on"),
        ("x.csv", "sample,step,channel\n0,1.5,2\n", "whole number"),
        ("x.csv", "sample,step\n0,1\n", "neither an array"),
        ("x.csv", "sample,step,channel\n2000000000,1,1\n", "GiB of samples"),
        ("x.txt", "0", "samples are in .npy"),
    ],
)
def test_what_is_no_sample_is_refused_in_a_line(tmp_path, name, content, says):
    path = write(tmp_path, name, content)
    with pytest.raises(BadInput, match=says) as caught:
        read_samples(path, 9)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "labels, says", [([0, 1], "2 labels for 3"), ([0, 1, -1], "from 0 on"), ([0.5, 1, 2], "number")]
)
def test_labels_are_looked_at(classifier, labels, says):
    with pytest.raises(BadInput, match=says):
        deploy.classify(classifier[0], events(3), labels)


def test_the_command_writes_what_it_found(classifier, tmp_path):
    np.savez(tmp_path / "x.npz", inputs=events(4), labels=[0, 1, 2, 3])
    words = ["compare", str(classifier[0]), "--inputs", "x.npz", "--out", "out", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "deploy", *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "HOME": str(tmp_path)},
    )
    assert done.returncode in (0, 1), done.stderr
    said = json.loads(done.stdout)
    assert said["samples"] == 4 and len(said["targets"]) == 3
    assert "PARITY" in said["verdict"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert said["verdict"].split(":")[0] in page and "https://" not in page.split("<svg")[0]


@pytest.mark.parametrize(
    "words", [["--labels", "y.npy"], ["--steps", "3"], ["--inputs", "x.npz", "--budget"]]
)
def test_options_that_do_not_go_together_are_refused(classifier, tmp_path, words):
    np.savez(tmp_path / "x.npz", inputs=events(4))
    done = subprocess.run(
        [sys.executable, "-m", "deploy", "compare", str(classifier[0]), *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "HOME": str(tmp_path)},
    )
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1


def test_what_cannot_be_built_is_said_in_a_line(tmp_path):
    each = np.full(3, 1e300)  # beyond what 32 bits of floating point hold
    graph = nir.NIRGraph.from_list(
        nir.Input({"input": np.array([3])}),
        nir.Linear(1e300 * np.eye(3)),
        nir.IF(np.ones(3), each, np.zeros(3)),
        nir.Output({"output": np.array([3])}),
    )
    nir.write(tmp_path / "huge.nir", graph)
    np.save(tmp_path / "x.npy", np.ones((2, 5, 3)))
    done = subprocess.run(
        [sys.executable, "-m", "deploy", "compare", "huge.nir", "--inputs", "x.npy"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "HOME": str(tmp_path)},
    )
    assert done.returncode == 2 and "huge" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_only_integrates_is_shown_without_a_warning(tmp_path):
    each = np.ones(2)
    graph = nir.NIRGraph.from_list(
        nir.Input({"input": np.array([2])}),
        nir.Linear(np.eye(2)),
        nir.LI(0.02 * each, each, 0 * each),
        nir.Output({"output": np.array([2])}),
    )
    nir.write(tmp_path / "li.nir", graph)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "invalid value")
        deploy.classify(tmp_path / "li.nir", np.ones((2, 9, 2)), targets=("cpu", "float-emulator"))


def test_warnings_of_the_chip_are_shown(tmp_path):
    """Here of currents beyond what a compartment holds."""
    each = np.ones(3)
    graph = nir.NIRGraph.from_list(
        nir.Linear(np.eye(3)),
        nir.CubaLIF(5 * each, each, 1000 * each, 0 * each, each, 0 * each, 1000 * each),
        type_check=False,
    )
    nir.write(tmp_path / "x.nir", graph)
    found = deploy.classify(
        tmp_path / "x.nir", np.ones((1, 6000, 3)), targets=("cpu", "emulator"), processes=1
    )
    assert any("its current was" in text for text in found.warnings)
    assert found.to_dict()["warnings"] == list(found.warnings)


def test_an_npz_file_without_inputs_is_refused_with_what_it_has(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.zeros((2, 3)), y=np.zeros(2))
    with pytest.raises(deploy.BadInput, match=r"neither an array 'inputs' .*it has x, y\)"):
        read_samples(tmp_path / "data.npz", 3)
