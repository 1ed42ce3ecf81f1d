"""What a model's functions and its user's own objects are, down to numbers and text.

A fingerprint (`deploy.models.fingerprint`) has functions by how they are written, which does not
say what the names in them stand for, and objects of a user's classes by their parameters alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import random
import sys
import sysconfig
import types
import warnings
from functools import lru_cache, partial
from pathlib import PurePath
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

import nengo
import numpy as np
from nengo.base import NengoObject, ObjView
from nengo.config import ClassParams, Config
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.params import FrozenObject, iter_params

from deploy.models.own_draws import GENERATORS
from deploy.models.reads import LIBRARIES, OUTSIDE, Chain, inside, package_of, reads_of, text_of
from loihi_rules.nengo_parts.names import name_of

# of others, whose functions give what they are given, but for those of `OUTSIDE`
KNOWN = LIBRARIES | frozenset(
    """
    builtins random itertools functools collections statistics fractions decimal bisect heapq copy
    copyreg string re textwrap dataclasses enum typing abc numbers json array struct warnings
    logging contextlib nengo_spa nengo_extras pandas sklearn torch sympy numba
    _collections _operator _random
    """.split()
)
HARMLESS = frozenset(
    """
    time.sleep os.fspath sys.stdout sys.stderr posixpath.join posixpath.basename posixpath.splitext
    """.split()
)
READERS = ("read_", "load_", "fetch_")  # how libraries' functions that open files begin
LOCKS = frozenset({"_thread", "threading"})
NOT_CODE = frozenset({"__dict__", "__weakref__", "__doc__", "__module__", "__annotations__"})
MOST = 20_000  # objects, of one model
MOST_SHOWN = 3  # of what is not known
LONG = 1000  # of lists, which are numbers then as a rule


class Identity(NamedTuple):
    """What a model is besides its fingerprint.

    Attributes
    ----------
    digest : str
        Of 40 hexadecimal digits; the same on another machine.
    not_known : tuple of str
        What its functions look at that nobody knows before they are called.
    """

    digest: str
    not_known: Tuple[str, ...]


def identity_of(network: nengo.Network) -> Identity:
    """By all that its functions read, and by what objects of a user's classes hold.

    Nodes that remember something change it: take it before the network runs.

    Parameters
    ----------
    network : nengo.Network
    """
    objects = [*network.all_ensembles, *network.all_nodes, *network.all_connections]
    objects += network.all_probes
    place = {id(obj): f"{type(obj).__name__}#{i}" for i, obj in enumerate(objects)}
    walk = _Walk(place)
    for obj in objects:
        walk.text(place[id(obj)])
        with walk.within(name_of(obj)):
            for name in sorted(obj.params):
                value = getattr(obj, name)
                if callable(value) or isinstance(value, (FrozenObject, dict, list, tuple)):
                    walk.text(name)  # all else is in the fingerprint
                    walk.add(value)
    for net in [network, *network.all_networks]:
        walk.add_settings(net, objects)
    return Identity(walk.digest.hexdigest(), tuple(walk.not_known[:MOST_SHOWN]))


class _Walk:
    """Adds up what there is, and notes what cannot be known."""

    def __init__(self, place: Mapping[int, str]):
        self.digest = hashlib.blake2b(digest_size=20)
        self.not_known: List[str] = []
        self._place = place
        self._seen: Dict[int, int] = {}
        self._kept: List[Any] = []  # so that nothing else gets their ids
        self._of: List[str] = []  # whose value it is, in words

    def text(self, *parts: object) -> None:
        said = "\0".join(str(part) for part in parts) + "\1"
        self.digest.update(said.encode("utf-8", "surrogatepass"))

    @contextlib.contextmanager
    def within(self, of: str) -> Iterator[None]:
        """Whatever is not known in here is of this."""
        self._of.append(of)
        try:
            yield
        finally:
            self._of.pop()

    def add_settings(self, net: nengo.Network, objects: List[Any]) -> None:
        """What `loihi_rules.declare_settings` lets a user say of objects."""
        for cls, params in list(net.config.params.items()):
            if not isinstance(params, ClassParams) or not params.extra_params:
                continue
            for obj in [each for each in objects if isinstance(each, cls)]:
                for name in params.extra_params:
                    self.text(self._place[id(obj)], name)
                    self.add(getattr(net.config[obj], name))

    def _note(self, what: str) -> None:
        self.text("not known", what)
        said = f"{self._of[-1]} reads {what}" if self._of else what
        if said not in self.not_known:
            self.not_known.append(said)

    def add(self, value: Any) -> None:
        """Add a value, whatever it is."""
        if value is None or isinstance(value, (bool, int, bytes, bytearray, complex)):
            self.text(type(value).__name__, repr(value))
        elif isinstance(value, str):  # a path is another on another machine
            self.text("str", "a path" if os.path.isabs(value) else value)
        elif isinstance(value, float):
            self.text("float", float(value).hex())
        elif isinstance(value, (np.ndarray, np.generic)):
            self._add_array(np.asarray(value))
        elif id(value) in self._place:
            self.text(self._place[id(value)])
        elif isinstance(value, (ObjView, Neurons, LearningRule, NengoObject, nengo.Network)):
            self.text(type(value).__name__)  # what it is of is in the fingerprint
        elif id(value) in self._seen:
            self.text("again", self._seen[id(value)])
        elif len(self._seen) >= MOST:
            self._note("more than can be looked through")
        else:
            self._seen[id(value)] = len(self._seen)
            self._kept.append(value)
            try:
                self._add_once(value)
            except RecursionError:
                self._note("what is nested too deeply")
            except Exception as error:  # of a user's own class
                self._note(f"{_named(type(value))} ({type(error).__name__})")

    def _add_array(self, array: np.ndarray) -> None:
        if array.dtype.kind == "O":
            self.text("objects", array.shape)
            self.add(array.ravel().tolist())
            return
        little = np.ascontiguousarray(array)
        little = little.astype(little.dtype.newbyteorder("<"), copy=False)
        self.text("array", little.dtype.kind, array.shape)
        self.digest.update(little.tobytes())

    def _add_once(self, value: Any) -> None:
        if any(value is generator for generator in GENERATORS):
            self.text("a global generator")  # which every run begins anew
        elif isinstance(value, (list, tuple)):
            self._add_list(value)
        elif isinstance(value, dict):
            self._add_dict(value)
        elif isinstance(value, (set, frozenset)):
            self.text("set", *sorted(self._apart(each) for each in value))
        elif isinstance(value, types.FunctionType):
            self._add_function(value)
        elif isinstance(value, types.MethodType):
            self.add(value.__func__)
            self.add(value.__self__)
        elif isinstance(value, types.ModuleType):
            self._add_module(value)
        elif isinstance(value, type):
            self._add_class(value)
        elif isinstance(value, FrozenObject):
            self._add_frozen(value)
        elif isinstance(value, np.random.RandomState):
            self.add(value.get_state(legacy=False))
        elif isinstance(value, np.random.Generator):
            self.add(value.bit_generator.state)
        elif isinstance(value, random.Random):
            self.add(value.getstate())
        elif isinstance(value, PurePath):
            self._note("a file by its path" if value.is_absolute() else f"the file {value}")
        elif isinstance(value, io.IOBase):
            self._note("a file that is open")
        elif isinstance(value, partial):
            self.add([value.func, value.args, value.keywords])
        elif hasattr(value, "__wrapped__") and callable(value.__wrapped__):
            self.add(value.__wrapped__)  # as of functools.lru_cache
        elif isinstance(value, np.ufunc):
            self.text("ufunc", value.__name__)
        elif isinstance(value, types.BuiltinFunctionType):
            self._add_builtin(value)
        elif hasattr(value, "tocoo"):
            whole = value.tocoo()
            self.add([whole.shape, whole.row, whole.col, whole.data])
        else:
            self._add_instance(value)

    def _add_list(self, value: Any) -> None:
        self.text("list", len(value))
        if len(value) >= LONG and all(type(each) in (int, float) for each in value):
            self.text(repr(value))
            return
        for each in value:
            self.add(each)

    def _add_dict(self, value: Mapping[Any, Any]) -> None:
        """In an order of its own: that of a dict that a set made is another each time."""
        self.text("dict", len(value))
        if all(isinstance(key, str) for key in value):
            for key in sorted(value):
                self.text(key)
                self.add(value[key])
            return
        for key, each in value.items():
            self.add(key)
            self.add(each)

    def _apart(self, value: Any) -> str:
        """A number of its own."""
        walk = _Walk(self._place)
        walk._of = self._of
        walk.add(value)
        self.not_known += [each for each in walk.not_known if each not in self.not_known]
        return walk.digest.hexdigest()

    def _add_frozen(self, value: FrozenObject) -> None:
        """Arrays of a library's are in the fingerprint, by its parameters."""
        cls = type(value)
        is_ours = package_of(cls) in LIBRARIES
        self.text("frozen", cls.__qualname__)
        for name in sorted(iter_params(value)):
            each = getattr(value, name)
            if not (is_ours and isinstance(each, np.ndarray)):
                self.text(name)
                self.add(each)
        if not is_ours:
            self._add_class(cls)
            own = {n: v for n, v in vars(value).items() if not n.startswith("_FrozenObject__")}
            self._add_dict({n: v for n, v in own.items() if n != "_argreprs"})

    def _add_function(self, function: types.FunctionType) -> None:
        name = f"{function.__module__}.{function.__qualname__}"
        if "<" not in name and not _is_users(str(function.__module__)):
            self._add_named(name)
            return
        self.text("function", text_of(function.__code__))
        self.add(function.__defaults__)
        self.add(function.__kwdefaults__)
        reads = reads_of(function)
        with self.within(f"{function.__qualname__}()"):
            for chain in reads.chains:
                self._add_chain(chain)
            for builtin in set(reads.builtins) & OUTSIDE:
                self._note(f"{builtin}()")
            for module in reads.imports:
                self._add_import(module)
        named = {chain.name for chain in reads.chains}
        self._add_dict({n: v for n, v in inside(function).items() if n not in named})

    def _add_chain(self, chain: Chain) -> None:
        name = ".".join((chain.name, *chain.attributes))
        if name.startswith("__"):  # a file's own name and place
            return
        self.text("name", name)
        module = chain.module
        is_one = isinstance(chain.value, types.ModuleType)
        if module is None or is_one or _is_users(module.__name__):
            self.add(chain.value)
        else:
            self._add_named(f"{module.__name__}.{chain.attributes[-1]}")

    def _add_named(self, name: str) -> None:
        """Something of a library that is known by its name."""
        if name in HARMLESS:
            return
        self.text("of a library", name.split(".")[-1])
        parts = name.split(".")
        is_outside = set(parts) & OUTSIDE or parts[-1].startswith(READERS)
        if parts[0] not in KNOWN or is_outside:
            self._note(name)

    def _add_import(self, name: str) -> None:
        if _is_users(name) and name in sys.modules:
            self.add(sys.modules[name])
        elif name.split(".")[0] not in KNOWN:
            self._note(name)

    def _add_module(self, module: types.ModuleType) -> None:
        """All that a module of a user's has; of others their name."""
        name = module.__name__
        self.text("module", name)
        if _is_users(name):
            own = {n: v for n, v in vars(module).items() if not n.startswith("__")}
            self._add_dict(own)
        elif name.split(".")[0] not in KNOWN:
            self._note(name)

    def _add_builtin(self, function: Any) -> None:
        """A function that is written in C, or such a method with what it is of."""
        of = getattr(function, "__self__", None)
        if of is None or isinstance(of, (types.ModuleType, type)):
            self._add_named(f"{package_of(function) or 'builtins'}.{function.__name__}")
        else:
            self.text("method", function.__name__)
            self.add(of)

    def _add_class(self, cls: type) -> None:
        """A class of a user's by what it does; of a library by its name."""
        for each in cls.__mro__:
            if not _is_users(each.__module__):
                self._add_named(f"{each.__module__}.{each.__qualname__}")
                continue
            self.text("a class of a user's", each.__qualname__)
            for name, value in sorted(vars(each).items()):
                if name not in NOT_CODE:
                    self._add_member(name, value)

    def _add_member(self, name: str, value: Any) -> None:
        if isinstance(value, (staticmethod, classmethod)):
            value = value.__func__
        is_code = isinstance(value, (types.FunctionType, property))
        if isinstance(value, property):
            value = [value.fget, value.fset]
        if name.startswith("_abc_") or (name.startswith("__") and not is_code):
            return
        if isinstance(value, (types.MemberDescriptorType, types.GetSetDescriptorType)):
            return
        self.text(name)
        self.add(value)

    def _add_instance(self, value: Any) -> None:
        """By its class, and by what it takes to make another."""
        cls = type(value)
        is_users = _is_users(cls.__module__)
        if isinstance(value, (Config, nengo.params.Parameter)) or package_of(cls) in LOCKS:
            self.text(cls.__qualname__)
            return
        if not is_users and hasattr(value, "__array__"):
            self._add_array(np.asarray(value))
            return
        if not is_users and package_of(cls) not in KNOWN:
            self._note(_named(cls))
            return
        self._add_class(cls)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what will not be copied for much longer
                made = value.__reduce_ex__(2)
        except TypeError:
            self._add_shown(value)
            return
        if isinstance(made, str):
            self.text(made)
            return
        given = list(made[1:3])
        given += [list(each) if each is not None else None for each in made[3:5]]
        self._add_list([each for each in given if each is not None])

    def _add_shown(self, value: Any) -> None:
        """What cannot be copied: by how it is shown, if that says what it is, or not at all."""
        shown = repr(value)
        if package_of(type(value)) in KNOWN and " at 0x" not in shown:
            self.text(shown)
        elif getattr(value, "__dict__", None):
            self._add_dict(vars(value))
        else:
            self._note(_named(type(value)))


def _named(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


@lru_cache(maxsize=4096)
def _is_users(name: str) -> bool:
    """Whether a module's code may be looked into: neither Python's own nor that of `KNOWN`.

    Packages that are installed are taken for a user's, whose own may be among them.
    """
    module = sys.modules.get(name)
    if name.split(".")[0] in KNOWN:
        return False
    if module is None or name == "__main__":
        return True
    path = getattr(module, "__file__", None)
    if path is None:  # of C, or a folder
        return hasattr(module, "__path__")
    path = os.path.realpath(path)
    python = (sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib"))
    installed = (sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    return _is_below(path, installed) or not _is_below(path, python)


def _is_below(path: str, folders: Iterable[Optional[str]]) -> bool:
    real = [os.path.realpath(folder) for folder in folders if folder]
    return any(path.startswith(folder + os.sep) for folder in real)
