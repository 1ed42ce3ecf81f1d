"""A copy of a network in which nothing is left to chance.

Nengo draws the seed of every object from its network's seed, in the order of
the objects, and draws a process's seed from the *simulator* as it goes. Adding
a connection therefore changes the neurons of the ensembles after it, and two
backends that split a model differently feed it different noise. Both have to be
excluded before a chip run can be compared with a CPU run.
"""

from __future__ import annotations

import copy
import types
import warnings
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple

import nengo
import numpy as np
from nengo.builder.network import seed_network
from nengo.exceptions import NotAddedToNetworkWarning
from nengo.params import FrozenObject
from nengo.utils.numpy import maxint

from loihi_rules.change import Change
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.parameters import with_parameters

SIMPLE_CALLABLES = (types.FunctionType, types.BuiltinFunctionType, type)


@dataclass(frozen=True)
class SeededCopy:
    """A network and where each of the original's objects is in it.

    Attributes
    ----------
    network : nengo.Network
        The copy. The original is left as it was.
    copies : mapping of NengoObject to NengoObject
        Original object to its copy.
    changes : tuple of Change
        Seeds that had to be chosen.
    """

    network: nengo.Network
    copies: Mapping[Any, Any]
    changes: Tuple[Change, ...] = ()


def copy_network(network: nengo.Network, share_callables: bool = False) -> SeededCopy:
    """Copy a network, with the map from its objects to their copies.

    Callable objects with a state of their own (a node's output, a connection's
    function) are copied too, so that a run does not see what an earlier run
    left in them; or shared, so that their owner sees what a run leaves in them.
    Those that cannot be copied are shared.
    """
    memo: Dict[int, Any] = {}
    for holder, attribute in [(n, "output") for n in network.all_nodes] + [
        (c, "function") for c in network.all_connections
    ]:
        value = getattr(holder, attribute)
        if isinstance(value, FrozenObject):
            memo[id(value)] = value  # cannot change, and may hold what cannot be copied
            continue
        stateful = callable(value) and not isinstance(value, SIMPLE_CALLABLES)
        if stateful and (share_callables or not _copies(value)):
            memo[id(value)] = value

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=NotAddedToNetworkWarning)
        warnings.filterwarnings("ignore", message="'Node.size_out' is being overwritten")
        duplicate = copy.deepcopy(network, memo)
    originals = [network, *network.all_networks, *network.all_objects]
    return SeededCopy(duplicate, {obj: memo[id(obj)] for obj in originals})


def _copies(value: Any) -> bool:
    try:
        copy.deepcopy(value)
    except Exception:  # a user's class may refuse in any way it likes
        return False
    return True


def fix_seeds(network: nengo.Network, seed: Optional[int] = None) -> SeededCopy:
    """Copy a network and write down the seed of every object in it.

    The seeds are those that `nengo.Simulator` would draw, by Nengo's own
    `nengo.builder.network.seed_network`, so neurons and decoders are those of
    an ordinary Nengo run. Processes without a seed (a node's, an ensemble's
    noise) get their object's.

    Parameters
    ----------
    network : nengo.Network
        Left untouched.
    seed : int, optional
        Used where the network has no seed of its own; 0 if not given.

    Returns
    -------
    SeededCopy
    """
    copied = fix_object_seeds(copy_network(network), seed)
    return fix_process_seeds(copied)


def fix_object_seeds(copied: SeededCopy, seed: Optional[int] = None) -> SeededCopy:
    """Write down the seed of every object in a copy, as Nengo would draw it.

    What is listed twice, as a subnetwork that its author appended to ``networks`` once more,
    Nengo builds once (``builder/builder.py``, ``Builder.build``); it is listed once from here
    on, so that what walks over ``all_connections`` or ``all_ensembles`` sees it once.

    Parameters
    ----------
    copied : SeededCopy
        Is changed.
    seed : int, optional
        Used where the network has no seed of its own; 0 if not given.
    """
    top = copied.network
    if top.seed is None:
        top.seed = 0 if seed is None else int(seed)
    seeds: Dict[Any, int] = {}
    seed_network(top, seeds=seeds, seeded={})
    for obj, value in seeds.items():
        obj.seed = int(value)
    changes = tuple(
        Change(
            object=name_of(obj),
            rule="objects are listed once",
            before="listed more than once",
            after="listed where it is built first",
            why="Nengo builds each object once, however often its networks list it",
        )
        for obj in _list_once(top)
    )
    return SeededCopy(top, copied.copies, (*copied.changes, *changes))


def _list_once(top: nengo.Network) -> List[Any]:
    """Keep of each object the place at which Nengo builds it; gives those that had others."""
    seen: Set[Any] = {top}
    again: List[Any] = []

    def is_first(obj: Any) -> bool:
        if obj in seen:
            again.append(obj)
            return False
        seen.add(obj)
        return True

    def walk(network: nengo.Network) -> None:  # in the order of nengo.builder.network
        objects = network.objects
        for own in (objects[nengo.Ensemble], objects[nengo.Node]):
            own[:] = [obj for obj in own if is_first(obj)]
        subnetworks: List[nengo.Network] = []
        for subnetwork in objects[nengo.Network]:
            if is_first(subnetwork):
                walk(subnetwork)
                subnetworks.append(subnetwork)
        objects[nengo.Network][:] = subnetworks
        for own in (objects[nengo.Connection], objects[nengo.Probe]):
            own[:] = [obj for obj in own if is_first(obj)]

    walk(top)
    return list(dict.fromkeys(again))


def fix_process_seeds(copied: SeededCopy, seed: Optional[int] = None) -> SeededCopy:
    """Write down the seed of every process that has none.

    Parameters
    ----------
    copied : SeededCopy
        Is changed.
    seed : int, optional
        They are drawn from it; without, each process gets its object's.
    """
    rng = None if seed is None else np.random.RandomState(seed)
    changes: List[Change] = []
    top = copied.network
    for obj, attribute in [(n, "output") for n in top.all_nodes] + [
        (e, "noise") for e in top.all_ensembles
    ]:
        process = getattr(obj, attribute)
        if isinstance(process, nengo.Process) and process.seed is None:
            fixed = int(obj.seed) % maxint if rng is None else int(rng.randint(maxint))
            setattr(obj, attribute, with_parameters(process, seed=fixed))
            changes.append(
                Change(
                    object=name_of(obj),
                    rule="process seed",
                    before=f"{type(process).__name__} without a seed",
                    after=f"seed {fixed}",
                    why="every target must be given the same random signal",
                )
            )
    return SeededCopy(top, copied.copies, (*copied.changes, *changes))
