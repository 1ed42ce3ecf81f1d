"""Tables of a core's configurations are nengo-loihi's, compartment by compartment."""

import numpy as np
import pytest

from deploy.nengo_loihi.build.placing import mended_tables
from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules.chip.limits import Chip

NAMES = ("core_compartment_cfgs", "core_vth_cfgs")


class Core:
    def __init__(self, blocks):
        self.blocks = blocks


def block_of(n, rng):
    block = load_nengo_loihi().block.LoihiBlock(n)
    of = block.compartment
    of.decay_u[:], of.decay_v[:] = rng.choice([0, 17, 4095], size=(2, n))
    of.refract_delay[:] = rng.randint(1, 4, size=n)
    of.enable_noise[:] = rng.rand(n) < 0.5
    of.vth[:] = 64 * rng.randint(1, 5, size=n)
    return block


@pytest.mark.parametrize("sizes", [(1,), (40,), (3, 50, 7)])
@pytest.mark.parametrize("name", NAMES)
def test_tables(name, sizes):
    core = Core([block_of(n, np.random.RandomState(n)) for n in sizes])
    configs, which = getattr(load_nengo_loihi().hardware.allocators, name)(core)
    with mended_tables(Chip()) as hardware:
        ours, our_which = getattr(hardware.allocators, name)(core)
    assert len(ours) == len(configs) == len(set(ours)) and set(ours) == set(configs)
    for block in core.blocks:
        assert our_which[block].dtype == which[block].dtype
        for mine, its in zip(our_which[block], which[block]):
            assert ours[mine] == configs[its]
            assert vars(ours[mine]) == vars(configs[its])
