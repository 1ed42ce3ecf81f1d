"""What a model is: all that its functions read, and what cannot be known of it."""

import itertools
import os
import subprocess
import sys
import time
from functools import lru_cache, partial
from pathlib import Path

import nengo
import numpy as np
import pytest
import scipy.sparse

import deploy
import loihi_rules
from deploy.models.fingerprint import fingerprint
from deploy.models.identity import identity_of
from loihi_rules.systems import SYSTEMS

pytestmark = pytest.mark.quick


class Signal(nengo.Process):
    """An attribute of its own, which is no parameter."""

    def __init__(self, gain):
        super().__init__(default_size_in=0, default_size_out=1)
        self.gain = gain

    def make_step(self, shape_in, shape_out, dt, rng, state):
        return lambda t: self.gain * t


class Holder:
    def __init__(self, gain):
        self.gain = gain

    def __call__(self, t):
        return self.gain * t

    def method(self, t):
        return self.gain * t


class Slotted:
    __slots__ = ("gain", "more")

    def __init__(self, gain):
        self.gain, self.more = gain, [self]


def scaled(t, gain):
    return gain * t


def by_closure(value, read):
    return lambda t: read(value) * t


def cached(gain):
    @lru_cache(maxsize=None)
    def of_gain():
        return gain

    return lambda t: of_gain() * t


READERS = {
    "dict": lambda g: by_closure({"gain": [g]}, lambda of: of["gain"][0]),
    "rows": lambda g: by_closure([[g], [0.5]], lambda of: of[0][0]),
    "long list": lambda g: by_closure([0.0] * 5000 + [g], lambda of: of[-1]),
    "set": lambda g: by_closure({g, "a", "b"}, len),
    "object": lambda g: by_closure(Holder(g), lambda of: of.gain),
    "slots": lambda g: by_closure(Slotted(g), lambda of: of.gain),
    "callable": Holder,
    "method": lambda g: Holder(g).method,
    "partial": lambda g: by_closure(partial(scaled, gain=g), lambda of: of(1.0)),
    "default": lambda g: lambda t, gain=g: gain * t,
    "cached": cached,
    "process": Signal,
    "generator": lambda g: by_closure(np.random.default_rng(int(10 * g)), lambda of: of.random()),
    "random state": lambda g: by_closure(np.random.RandomState(int(10 * g)), lambda of: of.rand()),
    "iterator": lambda g: by_closure(itertools.count(int(10 * g)), next),
}


def model(output):
    with nengo.Network(seed=1) as net:
        nengo.Node(output, size_in=0, size_out=1)
    return net


@pytest.mark.parametrize("make", READERS.values(), ids=READERS.keys())
def test_whatever_a_function_reads_is_part_of_it(make):
    one, again, other = (identity_of(model(make(gain))) for gain in (0.9, 0.9, 0.3))
    assert one == again and one.digest != other.digest
    assert one.not_known == ()


def test_functions_of_connections_solvers_and_distributions_too():
    class Points(nengo.dists.Distribution):
        def __init__(self, gain):
            super().__init__()
            self.gain = gain

        def sample(self, n, d=None, rng=np.random):
            return self.gain * rng.rand(n, d or 1)

    def made(**given):
        with nengo.Network(seed=1) as net:
            a = nengo.Ensemble(5, 1, eval_points=Points(given.get("points", 1.0)))
            power = {"of": given.get("power", 1)}
            nengo.Connection(a, a, function=lambda x: x ** power["of"])
            loihi_rules.declare_settings(net)
            net.config[a].on_chip = given.get("on_chip", True)
        return identity_of(net)

    all_of = [made(), made(points=2.0), made(power=2), made(on_chip=False)]
    assert len({each.digest for each in all_of}) == 4 and made() == made()
    assert {each.not_known for each in all_of} == {()}


def test_weights_in_a_sparse_matrix_are_in_the_fingerprint():
    def mark(weight):
        with nengo.Network(seed=1) as net:
            a, b = nengo.Ensemble(3, 1), nengo.Ensemble(3, 1)
            given = scipy.sparse.csr_matrix(weight * np.eye(3))
            sparse = nengo.transforms.Sparse((3, 3), init=given)
            nengo.Connection(a.neurons, b.neurons, transform=sparse)
        return fingerprint(net)

    assert mark(0.1) == mark(0.1) != mark(0.2)


def test_functions_without_a_file_are_known_by_their_code():
    def mark(text):
        return fingerprint(model(eval(text)))

    assert mark("lambda t: 2.0 * t") == mark("lambda t: 2.0 * t") != mark("lambda t: 3.0 * t")


def reads_a_file(t):
    return float(open("k.txt").read())


def reads_an_array(t):
    return np.load("k.npy")[0]


def reads_the_environment(t):
    return float(os.environ["K"])


def reads_the_time(t):
    return time.time()


def reads_within(t):
    return reads_a_file(t)


def imports_within(t):
    import socket

    return float(len(socket.gethostname()))


PLACE = Path("k.txt")


def reads_by_its_path(t):
    return float(PLACE.read_text())


@pytest.mark.parametrize(
    "function, said",
    [
        (reads_a_file, "reads_a_file() reads open()"),
        (reads_an_array, "reads_an_array() reads numpy.load"),
        (reads_the_environment, "reads_the_environment() reads os.environ"),
        (reads_the_time, "reads_the_time() reads time.time"),
        (reads_within, "reads_a_file() reads open()"),
        (imports_within, "imports_within() reads socket"),
        (reads_by_its_path, "reads_by_its_path() reads the file k.txt"),
    ],
)
def test_what_looks_outside_of_python_is_not_known(function, said):
    assert identity_of(model(function)).not_known == (said,)


def harmless(t):
    time.sleep(0)
    print(t, file=sys.stderr)
    return np.sin(t) + np.random.rand() + len(os.path.join("a", "b"))


def test_what_gives_nothing_is_let_pass():
    assert identity_of(model(harmless)).not_known == ()


@pytest.mark.parametrize("name", SYSTEMS)
def test_lessons_are_known(name):
    system = SYSTEMS[name]
    assert identity_of(system.build(seed=0)).not_known == ()


FILE = """
import os, sys, nengo, numpy as np
import neighbour
HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = {"x", "y", "z", "another", HERE}
with nengo.Network(seed=1) as model:
    u = nengo.Node(lambda t: neighbour.scale() * len(NAMES) * len(HERE))
    v = nengo.Node(neighbour.Holder([u]).give)
"""
NEIGHBOUR = """
def scale():
    return deeper()
def deeper():
    return {gain}
class Holder:
    def __init__(self, held): self.held = held
    def give(self, t): return deeper()
"""
ASK = """
import sys; from deploy.models.loading import load_model
from deploy.models.identity import identity_of
found = identity_of(load_model(sys.argv[1]).network)
assert not found.not_known, found
print(found.digest)
"""


def asked(folder, gain, seed):
    folder.mkdir()
    (folder / "mine.py").write_text(FILE)
    (folder / "neighbour.py").write_text(NEIGHBOUR.format(gain=gain))
    return subprocess.run(
        [sys.executable, "-c", ASK, "mine.py"],
        cwd=folder, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, text=True,
        stdout=subprocess.PIPE,
    ).stdout  # fmt: skip


def test_other_processes_and_folders_find_the_same(tmp_path):
    one = asked(tmp_path / "one", 0.9, "1")
    assert one == asked(tmp_path / "two", 0.9, "2") != asked(tmp_path / "three", 0.3, "1")


READ = """
import json, nengo
P = json.load(open(__file__.replace("mine.py", "p.json")))
def reads_now(t):
    return json.load(open(__file__.replace("mine.py", "p.json")))["gain"]
with nengo.Network(seed=1) as model:
    a = nengo.Ensemble(20, 1)
    nengo.Connection(nengo.Node({output}), a)
    nengo.Probe(nengo.Node({output}), label="u")
"""


@pytest.mark.parametrize("output", ["lambda t: P['gain'] + 0 * t", "reads_now"])
def test_a_sweep_that_is_resumed_keeps_nothing_of_another_model(tmp_path, output):
    path, folder = tmp_path / "mine.py", tmp_path / "runs"
    path.write_text(READ.format(output=output))
    for gain in (0.9, 0.3):
        (tmp_path / "p.json").write_text(f'{{"gain": {gain}}}')
        found = deploy.sweep(path, 0.02, [0], folder=folder, spread=0)
        for target in ("cpu", "emulator"):
            assert deploy.Traces.load(folder / "seed-0" / f"{target}.npz")["u"].samples[5] == gain
    said = "reads_now() reads open(): that may be another each time, so that all runs are made anew"
    assert said in "".join(found.notes) if output == "reads_now" else not found.notes


def test_a_network_that_is_handed_over_is_known_as_well(tmp_path):
    def samples(gain):
        held = {"gain": gain}
        with nengo.Network(seed=1) as net:
            nengo.Connection(nengo.Node(lambda t: held["gain"]), nengo.Ensemble(20, 1))
            nengo.Probe(net.all_nodes[0], label="u")
        (found,) = deploy.sweep(net, 0.02, [0], folder=tmp_path, spread=0).parities
        return found.other["u"].samples[5]

    assert (samples(0.9), samples(0.3)) == (0.9, 0.3)


def test_two_runs_of_other_values_are_said_to_be_of_different_models(tmp_path):
    path, runs = tmp_path / "mine.py", []
    path.write_text(READ.format(output="lambda t: P['gain'] + 0 * t"))
    for gain in (0.9, 0.3):
        (tmp_path / "p.json").write_text(f'{{"gain": {gain}}}')
        runs.append(deploy.run(path, 0.02, "cpu"))
    assert "different models (what their functions read" in "".join(
        deploy.compare_traces(*runs).notes
    )
