"""Nengo's immutable objects as JSON and arrays, and again: what they are, and no code."""

from __future__ import annotations

import importlib
import json
from typing import Any, Callable, Dict, List

import numpy as np
from nengo.params import FrozenObject

from loihi_rules.solutions import NUMBERS, PACKAGES

REPRESENTATION = "_FrozenObject__argreprs"  # what Nengo keeps of how they are shown


class NotPlain(ValueError):
    """Something is not known by numbers alone, such as what a user wrote."""


def as_record(value: Any, add: Callable[[np.ndarray], int]) -> Any:
    """A value in terms of JSON.

    Parameters
    ----------
    value : object
        A number, text, array, list, or one of Nengo's immutable objects made of these.
    add : callable
        Takes an array, and gives its number.

    Raises
    ------
    NotPlain
    """
    if value is None or isinstance(value, (bool, str)) or type(value) in (int, float):
        return value
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind not in NUMBERS:
        raise NotPlain(value.dtype)
    if isinstance(value, np.generic):
        return {"number": [value.dtype.str, value.item()]}
    if isinstance(value, np.ndarray):
        return {"array": add(value)}
    if isinstance(value, (tuple, list)):
        return {type(value).__name__: [as_record(each, add) for each in value]}
    if type(value) is dict and all(isinstance(key, (str, float, int)) for key in value):
        pairs = [[as_record(key, add), as_record(each, add)] for key, each in value.items()]
        return {"dict": pairs}
    if isinstance(value, FrozenObject) and type(value).__module__.split(".")[0] in PACKAGES:
        state = value.__getstate__()
        state.pop(REPRESENTATION, None)
        named = {name: as_record(each, add) for name, each in state.items()}
        return {"class": [type(value).__module__, type(value).__qualname__], "state": named}
    raise NotPlain(type(value).__name__)


class Frozen:
    """Makes the values of `as_record` again, the same record once.

    Parameters
    ----------
    arrays : list of ndarray
        By number.
    """

    def __init__(self, arrays: List[np.ndarray]):
        self._arrays = arrays
        self._made: Dict[str, Any] = {}

    def of(self, record: Any) -> Any:
        """A value.

        Raises
        ------
        ValueError, KeyError, TypeError, IndexError
            If the record is not as it must be.
        """
        if not isinstance(record, dict):
            return record
        if "array" in record:
            return self._arrays[record["array"]]
        if "number" in record:
            kind, value = record["number"]
            return np.dtype(kind).type(value)
        if "class" in record:
            text = json.dumps(record)
            if text not in self._made:
                module, name = record["class"]
                self._made[text] = self._object(module, name, record["state"])
            return self._made[text]
        ((kind, given),) = record.items()
        if kind == "dict":
            return {self.of(key): self.of(each) for key, each in given}
        return {"tuple": tuple, "list": list}[kind](self.of(each) for each in given)

    def _object(self, module: str, name: str, state: Any) -> Any:
        if module.split(".")[0] not in PACKAGES:
            raise ValueError(module)
        cls: Any = importlib.import_module(module)
        for part in name.split("."):
            cls = getattr(cls, part)
        if not (isinstance(cls, type) and issubclass(cls, FrozenObject)):
            raise ValueError(name)
        made: Any = cls.__new__(cls)
        made.__setstate__({key: self.of(value) for key, value in state.items()})
        return made
