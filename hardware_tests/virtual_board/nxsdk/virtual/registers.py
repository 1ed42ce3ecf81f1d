"""Registers, with the width and sign of each field.

A write that a field cannot hold is refused, where silicon would keep some of its bits.
Ranges are those of Davies et al. (2018) and of nengo-loihi 1.1.0, ``hardware/builder.py`` and
``hardware/nxsdk_objects.py``; where neither has one, the number of values that are named there.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np

Range = Tuple[int, int]


class RegisterError(ValueError):
    """Something was written that does not fit."""


def unsigned(bits: int) -> Range:
    """The range of so many bits."""
    return 0, 2**bits - 1


def signed(bits: int) -> Range:
    """The range of so many bits, one of which is the sign, in two's complement."""
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


class Bank:
    """Registers of one kind, each with the same fields, 0 before they are written.

    Parameters
    ----------
    name : str
    size : int
        How many there are.
    fields : Range
        Of each field, by name.
    """

    def __init__(self, name: str, size: int, **fields: Range):
        self.name, self.size, self.fields = name, size, fields
        self._columns: Dict[str, List[int]] = {field: [] for field in fields}

    def __getitem__(self, index: Any) -> Register:
        position = int(index)
        if not 0 <= position < self.size:
            raise RegisterError(f"{self.name}[{position}]: there are {self.size} of these")
        return Register(self, position)

    def __len__(self) -> int:
        """How many were written, with those before them."""
        return max(map(len, self._columns.values()))

    def write(self, index: int, field: str, value: Any) -> None:
        """Write a field.

        Raises
        ------
        RegisterError
            If it does not fit, is no whole number, or there is no such field.
        """
        if field not in self.fields:
            raise RegisterError(f"{self.name}[{index}] has no field {field!r}")
        low, high = self.fields[field]
        whole = int(value)
        if whole != value or not low <= whole <= high:
            raise RegisterError(
                f"{self.name}[{index}].{field} = {value} does not fit: {low} to {high}"
            )
        column = self._columns[field]
        if index >= len(column):
            column.extend([0] * (index + 1 - len(column)))
        column[index] = whole

    def read(self, index: int, field: str) -> int:
        """A field of one register."""
        column = self._columns[field]
        return column[index] if index < len(column) else 0

    def column(self, field: str, n: int) -> np.ndarray:
        """(n,) A field of the first n registers."""
        found = np.zeros(n, np.int64)
        written = self._columns[field][:n]
        found[: len(written)] = written
        return found


class Register:
    """One register of a bank: fields are its attributes, or go into `configure`."""

    __slots__ = ("_bank", "_index")

    def __init__(self, bank: Bank, index: int):
        object.__setattr__(self, "_bank", bank)
        object.__setattr__(self, "_index", index)

    def configure(self, **fields: Any) -> None:
        """Write several fields."""
        for field, value in fields.items():
            self._bank.write(self._index, field, value)

    def __setattr__(self, field: str, value: Any) -> None:
        self._bank.write(self._index, field, value)

    def __getattr__(self, field: str) -> Any:
        if field not in self._bank.fields:
            raise AttributeError(f"{self._bank.name} has no field {field!r}")
        return self._bank.read(self._index, field)


class Single(Register):
    """A register that a core has one of."""

    def __init__(self, name: str, **fields: Range):
        super().__init__(Bank(name, 1, **fields), 0)


class ThresholdBank(Bank):
    """Threshold profiles, of which nengo-loihi writes the static kind."""

    def __getitem__(self, index: Any) -> Any:
        return _Threshold(super().__getitem__(index))


class _Threshold:
    def __init__(self, register: Register):
        self.staticCfg = register


# how an entry of the synapse map is read: discrete, of populations, or as a trace
KINDS = {"discreteMapEntry": 1, "population16MapEntry": 16, "population32MapEntry": 32}
ENTRY_FIELDS = ("cxBase", "atomBits")
TRACE_FIELDS = ("preProfile", "tcs")


class SynapseMapBank(Bank):
    """Entries of the synapse map; a word of each is read in one of four ways."""

    def __getitem__(self, index: Any) -> Register:
        return _MapRegister(self, super().__getitem__(index)._index)


class _MapRegister(Register):
    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name in KINDS:
            return _MapEntry(self._bank, self._index, KINDS[name])
        if name == "singleTraceEntry":
            return _TraceEntry(self._bank, self._index, 1)
        return super().__getattr__(name)


class _MapEntry:
    def __init__(self, bank: Bank, index: int, kind: int):
        self._bank, self._index, self._kind = bank, index, kind

    def configure(self, **fields: Any) -> None:
        self._bank.write(self._index, "kind", self._kind)
        for field, value in fields.items():
            if field not in ENTRY_FIELDS:
                raise RegisterError(f"{self._bank.name}[{self._index}] has no field {field!r}")
            self._bank.write(self._index, field, value)


class _TraceEntry(_MapEntry):
    def configure(self, **fields: Any) -> None:
        self._bank.write(self._index, "traced", self._kind)
        for field, value in fields.items():
            if field not in TRACE_FIELDS:
                raise RegisterError(f"{self._bank.name}[{self._index}] has no field {field!r}")
            self._bank.write(self._index, field, value)
