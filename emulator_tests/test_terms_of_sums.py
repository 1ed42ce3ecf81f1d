"""Weights that are a faint term of a sum: whether that matters depends on whose they are."""

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import rewrite

pytestmark = pytest.mark.quick
FAINT = 1e-4


def summed(first, out):
    """Ensembles that are added up in a node by one matrix, of which another hands on a sum."""
    with nengo.Network(seed=0) as net:
        node, target = nengo.Node(size_in=len(first)), nengo.Ensemble(40, 1, label="target")
        for k, column in enumerate(np.transpose(first)):
            ens = nengo.Ensemble(40, 1, label=f"term {k}")
            nengo.Connection(ens, node, transform=column[:, np.newaxis])
        nengo.Connection(node, target, transform=[out])
    return net


def lost(net):
    return [w for w in deploy.check(net).warnings if "bits are left" in w]


def shares(net):
    done = rewrite(net)
    conns = [conn for conn in done.network.all_connections if conn.post_obj.label == "target"]
    return {conn.pre_obj.label: done.notes.connections[conn].share for conn in conns}


def test_a_term_that_cancels_is_next_to_nothing_of_its_sum():
    """As of a Fourier transform and the vector that it is compared with."""
    net = summed([[1, 0.5, 1], [0, 0.5, 1]], [1, FAINT - 1])
    assert shares(net)["term 2"] == pytest.approx(FAINT)
    assert shares(net)["term 0"] == 1
    assert not lost(net)


@pytest.mark.parametrize("first, out", [([[1, FAINT]], [1]), ([[1, 0], [0, 1]], [1, FAINT])])
def test_a_faint_connection_that_was_asked_for_is_warned_of(first, out):
    net = summed(first, out)
    assert shares(net)["term 1"] == 1
    (warning,) = lost(net)
    assert "term 1" in warning


def test_a_row_of_a_target_in_which_all_cancel():
    """There is nothing else in it that it could be faint beside."""
    first, out = [[1, 1], [1, 1]], [1, FAINT - 1]
    assert set(shares(summed(first, out)).values()) == {1}
