"""Nodes whose functions draw from the global generators: each draws numbers of its own.

Nengo core calls all nodes of a step one after the other. On the chip's host those that feed the
chip run ahead of those that read it, so that of one generator for all each node would get others'
numbers.
"""

from __future__ import annotations

import inspect
import random
import types
from typing import Any, List, Set

import nengo
import numpy as np

from deploy.models.reads import reads_of
from loihi_rules import Change
from loihi_rules.nengo_parts.names import name_of

BEFORE = "draws from a global generator, as other nodes do"
AFTER = "draws from it as if no other did, from a seed of its own"
WHY = "in which order nodes are called is another on each target"
MOST_FUNCTIONS = 200  # that are looked into, of one node
GENERATORS = (np.random.rand.__self__, random.random.__self__)  # type: ignore[attr-defined]


def give_own_draws(network: nengo.Network, seed: int) -> List[Change]:
    """Give each node that draws from NumPy's or Python's generator numbers of its own.

    Where one node draws it has the generator to itself, and nothing is changed.

    Parameters
    ----------
    network : nengo.Network
        A copy; its nodes' functions are replaced.
    seed : int

    Returns
    -------
    list of Change
        One for each node whose function was replaced.
    """
    drawing = [node for node in network.all_nodes if draws(node.output)]
    if len(drawing) < 2:
        return []
    for place, node in enumerate(drawing):
        own = OwnDraws(node.output, node.size_out, seed + place)
        node.output = own
        own.begins()
    return [Change(name_of(node), "own random numbers", BEFORE, AFTER, WHY) for node in drawing]


class OwnDraws:
    """A node's function, with global generators that no other function draws from.

    Parameters
    ----------
    function : callable
    size_out : int
    seed : int
    """

    def __init__(self, function: Any, size_out: int, seed: int):
        self.function = function
        self._nothing = np.zeros(size_out)
        self._begun = False
        mine = np.random.RandomState(seed), random.Random(seed)
        self._numpy, self._python = mine[0].get_state(), mine[1].getstate()

    def begins(self) -> None:
        """From now on the function is called; before, Nengo only asks for a size."""
        self._begun = True

    def __call__(self, *given: Any) -> Any:
        if not self._begun:
            return self._nothing
        others = np.random.get_state(), random.getstate()
        np.random.set_state(self._numpy)
        random.setstate(self._python)
        try:
            return self.function(*given)
        finally:
            self._numpy, self._python = np.random.get_state(), random.getstate()
            np.random.set_state(others[0])
            random.setstate(others[1])


def draws(function: Any) -> bool:
    """Whether a function of Python's, or one that it reads, draws from a global generator."""
    if not callable(function) or isinstance(function, nengo.Process):
        return False
    waiting: List[Any] = [function]
    seen: Set[int] = set()
    while waiting and len(seen) < MOST_FUNCTIONS:
        found = waiting.pop()
        if _is_a_draw(found):
            return True
        found = _code_of(found)
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        read = [chain.value for chain in reads_of(found).chains]
        waiting += [each for each in read if callable(each) and not inspect.isclass(each)]
    return False


def _code_of(found: Any) -> Any:
    """The function of Python's behind something that is called, or None."""
    if inspect.ismethod(found):
        return found.__func__
    if isinstance(found, types.FunctionType):
        return found
    own = [vars(cls)["__call__"] for cls in type(found).__mro__ if "__call__" in vars(cls)]
    return own[0] if own and isinstance(own[0], types.FunctionType) else None


def _is_a_draw(found: Any) -> bool:
    """Whether it is a method of one of the generators, as ``from random import gauss`` gives."""
    return any(getattr(found, "__self__", None) is generator for generator in GENERATORS)
