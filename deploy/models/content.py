"""A number by which two networks are built to the same bits."""

from __future__ import annotations

import hashlib
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple

import nengo
import numpy as np
from nengo.base import NengoObject, ObjView
from nengo.config import ClassParams
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.params import FrozenObject

from deploy.models.known_code import NotKnown, parts_of
from loihi_rules.blocks.injection import injections_of
from loihi_rules.notes import ATTRIBUTE
from loihi_rules.solutions import NUMBERS, PACKAGES

REPRESENTATION = "_FrozenObject__argreprs"  # what Nengo keeps of how they are shown
KINDS = (nengo.Ensemble, nengo.Node, nengo.Connection, nengo.Probe)


class Objects:
    """All objects of a network by their place in it.

    Parameters
    ----------
    network : nengo.Network

    Attributes
    ----------
    place : dict of object to int
    functions : dict of int to (str, int)
        By the id of a user's function: what it is of an object, and the object's place.
    """

    def __init__(self, network: nengo.Network):
        self.networks = [network, *network.all_networks]
        self.every: List[Any] = list(self.networks)
        for net in self.networks:
            for kind in KINDS:
                self.every += net.objects[kind]
        self.place: Dict[Any, int] = {obj: n for n, obj in enumerate(self.every)}
        self._functions: List[Any] = []  # so that nothing else gets their ids
        self.functions: Dict[int, Tuple[str, int]] = {}
        for obj, place in self.place.items():
            for kind, name in ((nengo.Node, "output"), (nengo.Connection, "function")):
                function = getattr(obj, name) if isinstance(obj, kind) else None
                if callable(function):
                    self._functions.append(function)
                    self.functions[id(function)] = (name, place)

    @property
    def are_listed_once(self) -> bool:
        return len(self.place) == len(self.every)


def content_of_network(objects: Objects, given: Sequence[Any]) -> Optional[str]:
    """A number of 40 hexadecimal digits; None if it cannot be known.

    Functions of connections are known by their code; of nodes that have a function of time it
    counts that they have one, as no build calls it.

    Parameters
    ----------
    objects : Objects
        Of the network.
    given : sequence
        Numbers and text besides the network, on which a build depends.
    """
    top = objects.networks[0]
    if not objects.are_listed_once or getattr(top, ATTRIBUTE, None) or injections_of(top):
        return None
    walk = _Walk(objects.place)
    try:
        walk.add(list(given))
        for net in objects.networks:
            walk.add_network(net)
        for obj in objects.every[len(objects.networks) :]:
            walk.add_object(obj)
    except (NotKnown, RecursionError):
        return None
    return str(walk.settle().hexdigest())


class _Walk:
    """Adds up all that a network is made of."""

    def __init__(self, place: Mapping[Any, int]):
        self.digest = hashlib.blake2b(digest_size=20)
        self._place = place
        self._waiting: List[object] = []  # text that is to be added
        self._names: Dict[type, List[str]] = {}
        self._known: Dict[int, Tuple[Any, str]] = {}  # what is found more than once
        self._within: Set[int] = set()

    def _text(self, *parts: object) -> None:
        self._waiting.extend(parts)

    def settle(self) -> Any:
        """The digest of all that was added."""
        if self._waiting:
            text = "\0".join([f"{part}" for part in self._waiting]) + "\1"
            self.digest.update(text.encode("utf-8", "surrogatepass"))
            self._waiting.clear()
        return self.digest

    def add_network(self, net: nengo.Network) -> None:
        counts = [len(net.objects[kind]) for kind in (*KINDS, nengo.Network)]
        others = {kind for kind, of in net.objects.items() if of} - {*KINDS, nengo.Network}
        if others:
            raise NotKnown(others)
        self._text("network", repr(net.label), net.seed, counts)
        for sub in net.objects[nengo.Network]:
            self._text(self._place[sub])
        for cls, params in list(net.config.params.items()):  # settings that are read are added
            if isinstance(params, ClassParams):
                self._add_settings(net, cls, params)

    def _add_settings(self, net: nengo.Network, cls: type, params: Any) -> None:
        self._text(cls.__module__, cls.__qualname__)
        for name in params.default_params:
            if name in params:
                self._text("default", name)
                self.add(getattr(params, name))
        for name in params.extra_params:
            self._text("extra", name)
            self.add(getattr(params, name))
            for obj in self._place:
                if isinstance(obj, cls):
                    self.add(getattr(net.config[obj], name))

    def add_object(self, obj: Any) -> None:
        cls = type(obj)
        if cls.__module__.split(".")[0] not in PACKAGES:
            raise NotKnown(cls.__qualname__)
        if cls not in self._names:
            self._names[cls] = sorted(obj.params)
        self._text(cls.__module__, cls.__qualname__)
        for name in self._names[cls]:
            value = getattr(obj, name)
            self._text(name)
            is_a_nodes = name == "output" and isinstance(obj, nengo.Node)
            if is_a_nodes and callable(value) and not isinstance(value, FrozenObject):
                self._text("a function", type(value).__module__, type(value).__qualname__)
            else:
                self.add(value)

    def add(self, value: Any) -> None:
        """Add a value; raises `NotKnown` where it is not known by its numbers."""
        if value is None:
            self._waiting.append("none")
        elif isinstance(value, (bool, int, str)):
            self._text(type(value).__name__, repr(value))
        elif isinstance(value, float):  # NumPy's too
            self._text("float", float(value).hex())
        elif isinstance(value, (np.ndarray, np.generic)):
            self._add_array(np.asarray(value))
        elif isinstance(value, (tuple, list)):
            self._text("list", len(value))
            for each in value:
                self.add(each)
        elif isinstance(value, slice):
            self._text("slice", value.start, value.stop, value.step)
        elif isinstance(value, dict):
            self._text("dict", len(value))
            for key, each in value.items():
                self.add(key)
                self.add(each)
        elif isinstance(value, ObjView):
            self._text("part")
            self.add(value.obj)
            self.add(value.slice)
        elif isinstance(value, Neurons):
            self._text("neurons", self._place_of(value.ensemble))
        elif isinstance(value, LearningRule):
            rules = value.connection.learning_rule
            kept = rules if isinstance(rules, (list, dict)) else [rules]
            at = list(kept.values() if isinstance(kept, dict) else kept).index(value)
            self._text("rule", self._place_of(value.connection), at)
        elif isinstance(value, NengoObject):
            self._text("object", self._place_of(value))
        else:
            self._add_known_once(value)

    def _place_of(self, obj: Any) -> int:
        if obj not in self._place:
            raise NotKnown(obj)
        return self._place[obj]

    def _add_array(self, array: np.ndarray) -> None:
        """With its order in memory, by which the last bits of products differ."""
        if array.dtype.kind not in NUMBERS:
            raise NotKnown(array.dtype)
        turned = array.flags.f_contiguous and not array.flags.c_contiguous
        self._text("array", array.dtype.str, array.shape, turned)
        self.settle().update(np.ascontiguousarray(array.T if turned else array))

    def _add_known_once(self, value: Any) -> None:
        """Immutable objects and functions, which many others may have."""
        if id(value) not in self._known:
            if id(value) in self._within:  # a function that calls itself
                raise NotKnown(value)
            self._within.add(id(value))
            outer, waiting = self.digest, self._waiting
            self.digest, self._waiting = hashlib.blake2b(digest_size=20), []
            self._add_frozen_or_function(value)
            self._known[id(value)] = value, self.settle().hexdigest()
            self.digest, self._waiting = outer, waiting
            self._within.remove(id(value))
        self._text("known", self._known[id(value)][1])

    def _add_frozen_or_function(self, value: Any) -> None:
        cls = type(value)
        if isinstance(value, FrozenObject):
            if cls.__module__.split(".")[0] not in PACKAGES:
                raise NotKnown(cls.__qualname__)
            state = value.__getstate__()
            state.pop(REPRESENTATION, None)
            self._text("frozen", cls.__module__, cls.__qualname__)
            for name in sorted(state):
                self._text(name)
                self.add(state[name])
        elif callable(value):
            self._text("function")
            self.add(parts_of(value))
        else:
            raise NotKnown(cls.__qualname__)
