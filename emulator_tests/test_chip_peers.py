"""The engine's spikes are those of two other emulators of the chip, which others wrote."""

import pytest

from benchmarks.chip_peers.__main__ import ours
from benchmarks.chip_peers.network import SMALL, digest, network

BOTH = "e5b935b902b8"  # brian2-loihi 0.5.2 and lava-nc 0.10.0: python -m benchmarks.chip_peers


@pytest.mark.quick
def test_spikes_are_those_of_brian2_loihi_and_lava():
    of = network(*SMALL)
    ran = ours(of)
    assert ran.spikes.mean() == pytest.approx(0.037, abs=0.0005)
    assert digest(ran.spikes) == BOTH


@pytest.mark.quick
@pytest.mark.parametrize("changed", ["decay_u", "decay_v", "threshold"])
def test_the_digest_sees_one_unit(changed):
    of = network(*SMALL)
    assert digest(ours(of._replace(**{changed: getattr(of, changed) + 1})).spikes) != BOTH
