"""Nodes that draw at random get the same numbers on every target."""

import random
from random import gauss

import nengo
import numpy as np
import pytest

import deploy
from deploy.models.own_draws import draws, give_own_draws

pytestmark = [pytest.mark.quick, pytest.mark.filterwarnings("ignore")]


def helper():
    return np.random.normal()


class Drawing:
    def __call__(self, t):
        return helper()


OWN = np.random.RandomState(0)


@pytest.mark.parametrize(
    "function, expected",
    [
        (lambda t: np.random.rand(), True),
        (lambda t: [np.random.standard_normal() for _ in range(2)], True),
        (lambda t: random.random(), True),
        (lambda t: gauss(0, 1), True),
        (lambda t: helper(), True),
        (Drawing(), True),
        (Drawing().__call__, True),
        (lambda t: np.random.RandomState(3).rand(), False),
        (lambda t: OWN.rand(), False),
        (lambda t: np.sin(t), False),
        (nengo.processes.WhiteNoise(), False),
        (0.5, False),
        (None, False),
    ],
)
def test_who_draws(function, expected):
    assert draws(function) is expected


def network(n_nodes):
    """A node before the chip; behind it, and behind that once more, others."""
    with nengo.Network(seed=1) as net:
        first = nengo.Node(lambda t: np.random.rand(), label="first")
        ens = nengo.Ensemble(40, 1)
        nengo.Connection(first, ens)
        nengo.Probe(first, label="in 1")
        nengo.Probe(ens, synapse=0.03, label="y")
        if n_nodes > 1:
            behind = nengo.Node(lambda t, x: np.random.rand(), size_in=1, label="behind")
            nengo.Connection(ens, behind)
            nengo.Probe(behind, label="in 2")
    return net


@pytest.mark.parametrize("n_nodes", [1, 2])
def test_every_target_has_the_same_inputs(n_nodes):
    runs = [deploy.run(network(n_nodes), 0.1, target) for target in ("cpu", "emulator")]
    for trace in runs[0]:
        if trace.label.startswith("in"):
            np.testing.assert_array_equal(trace.samples, runs[1][trace.label].samples)
    rules = [[c["object"] for c in of.changes if c["rule"] == "own random numbers"] for of in runs]
    assert rules == [["first", "behind"] if n_nodes > 1 else []] * 2


def test_a_function_is_not_called_before_the_run_for_it():
    """What it counts would be one too many; and the generator is given back."""
    calls = []

    def counting(t):
        calls.append(t)
        return np.random.rand()

    with nengo.Network() as net:
        nodes = [nengo.Node(counting, size_out=1), nengo.Node(lambda t: np.random.rand())]
    before = len(calls), np.random.get_state()[1].tolist()
    assert len(give_own_draws(net, 5)) == 2
    assert len(calls) == before[0]
    given = [float(node.output(0.1)) for node in nodes]
    assert given == [np.random.RandomState(5 + n).rand() for n in (0, 1)]
    assert np.random.get_state()[1].tolist() == before[1]
