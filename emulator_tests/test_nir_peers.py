"""Networks that five frameworks trained and exported: the same decisions here.

Files and decisions are the peers' own, made by ``benchmarks/nir/programs`` with snntorch 1.0.0,
norse 1.1.0, spyx 1.0.0, sinabs 2.0.3 and rockpool 3.1.0: ``python -m benchmarks.nir peers --python
PEER/bin/python --folder emulator_tests/data/nir --samples 100``.
"""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("nir", reason="the nir package needs Python 3.10")

from benchmarks.nir.peers import PEERS, counts_of, load, spelled  # noqa: E402
from deploy.workflows.classify import classify  # noqa: E402

FOLDER = Path(__file__).parent / "data" / "nir"
MOST_APART = 2  # samples of 100 that a network may lose on the chip; 1 of 100 over all networks


def peer_path(peer):
    return FOLDER / f"{peer.stem}.nir"


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.stem)
def test_the_reference_counts_as_the_peer_does(peer):
    """Each output's spikes, of every sample."""
    path = peer_path(peer)
    samples = load(path.with_suffix(".npz"))
    found = counts_of(path, samples.inputs, **peer.conventions)
    assert samples.counts.sum() > 10 * len(samples.labels)
    np.testing.assert_array_equal(found, samples.counts)


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.stem)
def test_another_order_of_updates_counts_otherwise(peer):
    """So that the test above can tell."""
    path = peer_path(peer)
    samples = load(path.with_suffix(".npz")).first(20)
    same = [
        np.array_equal(
            counts_of(path, samples.inputs, **{**peer.conventions, "first": first}), samples.counts
        )
        for first in ("current", "spikes")
    ]
    assert sum(same) == 1


def test_the_chip_decides_as_well_as_the_peers():
    lost = []  # samples
    for peer in PEERS:
        path = peer_path(peer)
        samples = load(path.with_suffix(".npz"))
        found = classify(spelled(path, peer.conventions), samples.inputs, samples.labels)
        reference, _, chip = found.targets
        peers = samples.counts.argmax(axis=1)
        np.testing.assert_array_equal(reference.decided, peers)
        right = np.sum(chip.decided == samples.labels)
        lost.append(int(np.sum(peers == samples.labels) - right))
        assert abs(lost[-1]) <= MOST_APART, peer.stem
    assert abs(np.mean(lost)) <= 1
