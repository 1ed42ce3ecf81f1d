"""Functions by what they compute: their code, and all that it reads, down to numbers.

Two functions of the same record give the same, as long as they do not look at what is outside of
Python: those that may are not known.
"""

from __future__ import annotations

import builtins
import dis
import sys
import types
from functools import lru_cache
from typing import Any, Callable, FrozenSet, List, Tuple

import numpy as np

from deploy.models.reads import LIBRARIES, OUTSIDE

# names that lead out of the numbers that a function is given
LEADS_OUT = OUTSIDE | frozenset(
    """
    random rand randn randint choice permutation shuffle default_rng RandomState Generator
    save savez print getattr setattr delattr
    os sys time datetime io pathlib subprocess threading ctypes testing
    """.split()
)
CHANGES = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR", "IMPORT_NAME"})
SIMPLE = frozenset(
    """
    abs bool complex divmod enumerate filter float int isinstance iter len list map max min next
    pow range reversed round slice sorted sum tuple zip dict set frozenset all any
    ArithmeticError IndexError TypeError ValueError ZeroDivisionError AssertionError
    """.split()
)


class NotKnown(Exception):
    """A function whose values nobody can tell by its record."""


def parts_of(function: Callable[..., Any]) -> List[Any]:
    """What a function is made of: text, numbers, arrays, and other functions.

    Raises
    ------
    NotKnown
        If it is no plain function, or may look at what is outside of it.
    """
    if isinstance(function, np.ufunc):
        if getattr(np, function.__name__, None) is not function:
            raise NotKnown(function.__name__)
        return ["ufunc", function.__name__]
    module = str(getattr(function, "__module__", None) or "")
    name = str(getattr(function, "__qualname__", ""))
    if _is_a_librarys(function, module, name):
        return ["of a library", module, name]
    if not isinstance(function, types.FunctionType):
        raise NotKnown(name or type(function).__name__)
    code = function.__code__
    written, reads = _looked_through(code)
    found: List[Any] = [written, function.__defaults__]
    found.append(sorted((function.__kwdefaults__ or {}).items()))
    try:
        found.append([cell.cell_contents for cell in function.__closure__ or ()])
    except ValueError:  # a name that has no value yet
        raise NotKnown(name) from None
    for read in sorted(reads):
        if read in function.__globals__:
            found += [read, _read(function.__globals__[read])]
        elif read not in SIMPLE or not hasattr(builtins, read):
            raise NotKnown(read)
    return found


def _is_a_librarys(function: Any, module: str, name: str) -> bool:
    """Whether it is what a library has by that name."""
    package = module.split(".")[0]
    if package not in LIBRARIES or "<" in name or set(name.split(".")) & LEADS_OUT:
        return False
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    is_it = found is function or (isinstance(found, types.MethodType) and found == function)
    return is_it and ".random" not in module


def _read(value: Any) -> Any:
    """What a global name stands for; of a library its name."""
    if isinstance(value, types.ModuleType):
        if value.__name__.split(".")[0] not in LIBRARIES:
            raise NotKnown(value.__name__)
        return ["module", value.__name__]
    if isinstance(value, type):
        if not _is_a_librarys(value, value.__module__, value.__qualname__):
            raise NotKnown(value.__qualname__)
        return ["class", value.__module__, value.__qualname__]
    return value


@lru_cache(maxsize=4096)
def _looked_through(code: types.CodeType) -> Tuple[str, FrozenSet[str]]:
    """All of a code but its name and place, and the global names that it reads.

    Raises
    ------
    NotKnown
    """
    if LEADS_OUT & {*code.co_names, *code.co_freevars}:
        raise NotKnown(code.co_name)
    reads = set()
    for step in dis.get_instructions(code):
        outer = step.opname == "STORE_DEREF" and step.argval in code.co_freevars
        if step.opname in CHANGES or outer:
            raise NotKnown(code.co_name)
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            reads.add(str(step.argval))
    constants: List[Any] = []
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            inner, inner_reads = _looked_through(constant)
            constants.append(inner)
            reads |= inner_reads
        else:
            constants.append(f"{type(constant).__name__} {constant!r}")
    own = (
        code.co_code.hex(), constants, code.co_names, code.co_varnames, code.co_freevars,
        code.co_cellvars, code.co_flags, code.co_argcount, code.co_kwonlyargcount,
    )  # fmt: skip
    return repr(own), frozenset(reads)
