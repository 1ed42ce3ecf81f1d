"""What a function of Python's reads from outside of itself, as far as its code says."""

from __future__ import annotations

import contextlib
import dis
import inspect
import sys
import types
from functools import lru_cache
from typing import Any, Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Tuple

from loihi_rules.solutions import PACKAGES

LIBRARIES = frozenset({*PACKAGES, "numpy", "scipy", "math", "cmath", "operator"})
# names of what looks at what is outside of Python, or at what another call has left
OUTSIDE = frozenset(
    """
    open input eval exec compile __import__ globals locals vars id hash
    load loadtxt genfromtxt fromfile memmap open_memmap DataSource lib ctypeslib
    """.split()
)
PASSED_OVER: FrozenSet[str] = frozenset({"PUSH_NULL", "CACHE", "EXTENDED_ARG", "COPY_FREE_VARS"})
NAMED = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF", "LOAD_CLASSDEREF"})
ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD"})


class Chain(NamedTuple):
    """A name that a code reads, with the attributes of modules that are taken of it.

    Attributes
    ----------
    name : str
    attributes : tuple of str
    value : object
        What it ends at: the first that is no module, or a module of which no attribute is taken.
    module : module or None
        Whose attribute that is.
    """

    name: str
    attributes: Tuple[str, ...]
    value: Any
    module: Optional[types.ModuleType] = None


class Reads(NamedTuple):
    """What a function reads.

    Attributes
    ----------
    chains : list of Chain
        Of the names that have a value, in the order of names.
    builtins : tuple of str
        Names that its module does not have.
    imports : tuple of str
        Modules that are imported where it is called.
    """

    chains: List[Chain]
    builtins: Tuple[str, ...]
    imports: Tuple[str, ...]


def package_of(thing: Any) -> str:
    """The name of the package that a function, class or module is of; empty where none is said."""
    name = thing.__name__ if isinstance(thing, types.ModuleType) else None
    return str(name or getattr(thing, "__module__", None) or "").split(".")[0]


def reads_of(function: types.FunctionType) -> Reads:
    """All that it reads by a name: of its module, and of functions around it."""
    given = inside(function)
    chains: Dict[Tuple[str, Tuple[str, ...]], Chain] = {}
    builtins, imports = set(), set()
    for code in codes_of(function.__code__):
        for chain in _chains(code, given, function.__globals__):
            if isinstance(chain, Chain):
                chains[chain.name, chain.attributes] = chain
            else:
                builtins.add(chain)
        imports |= set(_imports(code))
    found = [chains[key] for key in sorted(chains)]
    return Reads(found, tuple(sorted(builtins)), tuple(sorted(imports)))


def inside(function: types.FunctionType) -> Dict[str, Any]:
    """Variables of the functions around it that have a value."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # a name that has no value yet
            continue
    return found


def codes_of(code: types.CodeType) -> Iterator[types.CodeType]:
    """A code, and all that are written within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes_of(constant)


def _chains(code: types.CodeType, given: Dict[str, Any], names: Dict[str, Any]) -> Iterator[Any]:
    """`Chain` of each name that has a value, and the other names."""
    begun: Any = None
    for step in dis.get_instructions(code):
        if step.opname in PASSED_OVER:
            continue
        if step.opname in ATTRIBUTE and begun is not None:
            further = _attribute(begun, str(step.argval))
            if further is not None:
                begun = further
                continue
        if begun is not None:
            yield begun
            begun = None
        if step.opname in NAMED:
            name, is_global = str(step.argval), step.opname in ("LOAD_GLOBAL", "LOAD_NAME")
            if not is_global and name in given:
                begun = Chain(name, (), given[name])
            elif is_global and name in names:
                begun = Chain(name, (), names[name])
            elif is_global:
                yield name
    if begun is not None:
        yield begun


def _attribute(begun: Chain, name: str) -> Any:
    """One attribute more, as long as they are a module's."""
    if not isinstance(begun.value, types.ModuleType) or not hasattr(begun.value, name):
        return None
    module = begun.value
    return Chain(begun.name, (*begun.attributes, name), getattr(module, name), module)


def _imports(code: types.CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            yield str(step.argval)


@lru_cache(maxsize=4096)
def text_of(code: types.CodeType) -> str:
    """How a code is written; where no file has that, what Python made of it.

    A lambda is known by all of its line, and the lines that this goes on over.
    """
    # from Python 3.13 on "<string>" stands for what `python -c` was given, whoever else uses it
    if code.co_filename != "<string>":
        with contextlib.suppress(OSError, TypeError, IndexError):
            return inspect.getsource(code)
    parts = [
        (each.co_code.hex(), each.co_names, each.co_varnames, each.co_freevars)
        for each in codes_of(code)
    ]
    constants = [
        repr(constant)
        for each in codes_of(code)
        for constant in each.co_consts
        if not isinstance(constant, types.CodeType)
    ]
    return f"{sys.version_info[:2]} {parts} {constants}"
