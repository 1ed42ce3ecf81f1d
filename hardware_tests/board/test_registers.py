"""Registers check what is written into them."""

import numpy as np
import pytest

pytestmark = pytest.mark.virtual

from nxsdk.arch.n2a.n2board import N2Board  # noqa: E402
from nxsdk.virtual.registers import Bank, RegisterError  # noqa: E402


@pytest.fixture
def core():
    return N2Board(1, 1, [1], [[0]]).n2Chips[0].n2Cores[0]


def banks(core):
    for value in vars(core).values():
        if hasattr(value, "_bank"):
            yield value._bank
        elif isinstance(value, Bank):
            yield value


def test_every_field_takes_its_ends_and_nothing_beyond(core):
    n = 0
    for bank in banks(core):
        for field, (low, high) in bank.fields.items():
            for value in (low, high, np.uint64(high) if low >= 0 else np.int32(high)):
                bank.write(bank.size - 1, field, value)
                assert bank.read(bank.size - 1, field) == value
            for value in (low - 1, high + 1, low + 0.5):
                with pytest.raises(RegisterError, match=field):
                    bank.write(0, field, value)
            n += 1
    assert n > 70


def test_no_register_beyond_the_last(core):
    for bank in banks(core):
        for index in (-1, bank.size):
            with pytest.raises(RegisterError, match=bank.name):
                bank[index]


def test_fields_that_are_not_there(core):
    with pytest.raises(RegisterError, match="no field 'decay'"):
        core.cxProfileCfg[0].configure(decay=1)
    with pytest.raises(RegisterError, match="no field"):
        core.synapseMap[0].discreteMapEntry.configure(popSize=1)


def test_a_word_of_the_synapse_map_is_of_the_kind_that_was_written_last(core):
    core.synapseMap[3].discreteMapEntry.configure(cxBase=5)
    assert core.synapseMap[3].kind == 1
    core.synapseMap[3].population32MapEntry.configure(cxBase=6)
    assert (core.synapseMap[3].kind, core.synapseMap[3].cxBase) == (32, 6)


def test_what_is_set_as_an_attribute_is_checked_too(core):
    core.synapseFmt[1].wgtExp = -6
    assert core.synapseFmt[1].wgtExp == -6
    with pytest.raises(RegisterError, match="wgtExp = -9 does not fit: -8 to 7"):
        core.synapseFmt[1].wgtExp = -9
