"""One model for all that is run of it, also where its file gives another at each execution."""

from __future__ import annotations

import hashlib
import inspect
import os
from dataclasses import replace
from typing import Any, Dict, Iterator, List, Tuple, Union

import nengo
import numpy as np

from deploy.errors import BadInput
from deploy.models.fingerprint import fingerprint
from deploy.models.generators import fixed_generators
from deploy.models.loaded import LoadedModel, Model
from deploy.models.loading import load_model
from deploy.models.user_code import user_code
from loihi_rules import Change, fix_seeds

IDENTITY = "identity"  # of a run's settings: see `identity_of`
RULE = "one model"  # of a Change: its file gives another model at each execution
OTHERS = (
    "what it reads (the time, a file, a module's state) is another each time; "
    "give such values as parameters"
)


class SameModel:
    """A model that is loaded anew for each run, and is one model all the same.

    A file is executed anew, so that what its nodes remember begins afresh. Where that gives
    another network than the first time, the first is run again, and a Change says so.

    Parameters
    ----------
    model : nengo.Network, str, pathlib.Path, LoadedModel or SameModel
    """

    def __init__(self, model: Union[Model, SameModel]):
        self.model: Model = model.model if isinstance(model, SameModel) else model
        self._first: Dict[int, Tuple[LoadedModel, str]] = (
            model._first if isinstance(model, SameModel) else {}
        )

    def load(self, seed: int) -> LoadedModel:
        """The model, with one seed always the same.

        Raises
        ------
        BadInput
            As `load_model`.
        """
        loaded = load_model(self.model, seed)
        if loaded.source is None:
            return loaded
        mark = identity(loaded, seed)
        loaded = replace(loaded, settings={**loaded.settings, IDENTITY: mark})
        first, known = self._first.setdefault(seed, (loaded, mark))
        return loaded if mark == known else _said(first)

    def is_repeatable(self, seed: int) -> bool:
        """Whether loading it once more gives the model of the first time."""
        if seed not in self._first and self.load(seed).source is None:
            return True
        return identity(load_model(self.model, seed), seed) == self._first[seed][1]


def check_repeatable(model: Model, seed: int) -> LoadedModel:
    """Refuse a model that is another each time it is loaded, where it has to be loaded elsewhere.

    Returns
    -------
    LoadedModel
        As it was loaded first; a file is executed once more, to compare.

    Raises
    ------
    BadInput
    """
    same = SameModel(model)
    first = same.load(seed)
    if first.source is not None and not same.is_repeatable(seed):
        raise BadInput(
            f"{first.source}: executed twice, it gives two models, so that a run elsewhere could "
            f"not be compared; {OTHERS}"
        )
    return first


def identity(loaded: LoadedModel, seed: int) -> str:
    """As `identity_of` its network, with this seed where it has none."""
    with user_code(loaded.source), fixed_generators(seed):
        network = fix_seeds(loaded.network, seed).network
        return identity_of(network, fingerprint(network))


def identity_of(network: nengo.Network, mark: str) -> str:
    """A model's fingerprint, and the plain values that its nodes' and connections' functions read.

    Functions enter a fingerprint by their source, which does not say what a name in it stands for.
    A run of a file has both in its record: nodes that remember something change such values, and
    so a network that has run has its fingerprint still, and not this.

    Parameters
    ----------
    network : nengo.Network
        Whose seeds are fixed, and that has not run yet.
    mark : str
        Its fingerprint.
    """
    digest = hashlib.sha256(mark.encode())
    for function in _functions(network):
        for name, value in _read_by(function):
            digest.update(f"{name}={_plain(value)}".encode())
    return digest.hexdigest()


def _functions(network: nengo.Network) -> Iterator[Any]:
    yield from (node.output for node in network.all_nodes if inspect.isfunction(node.output))
    for conn in network.all_connections:
        if inspect.isfunction(conn.function):
            yield conn.function


def _read_by(function: Any) -> List[Tuple[str, Any]]:
    """Numbers, texts and arrays among the variables that a function has from outside.

    Paths are left out, which are others on another machine.
    """
    try:
        found = inspect.getclosurevars(function)
    except (TypeError, ValueError):  # not a function of Python's, or not begun yet
        return []
    named = {**found.globals, **found.nonlocals}
    plain = (bool, int, float, complex, str, np.ndarray, np.generic)
    found_plain = [(name, named[name]) for name in sorted(named) if isinstance(named[name], plain)]
    return [(n, of) for n, of in found_plain if not (isinstance(of, str) and os.path.isabs(of))]


def _plain(value: Any) -> str:
    if isinstance(value, np.ndarray):
        data = np.ascontiguousarray(value)
        return f"{data.dtype}{data.shape}{hashlib.sha256(data.tobytes()).hexdigest()}"
    return repr(value.item() if isinstance(value, np.generic) else value)


def _said(first: LoadedModel) -> LoadedModel:
    change = Change(
        first.name,
        RULE,
        "a file that gives another model each time it is executed",
        "the model of its first execution for every run; what its nodes remember is carried over",
        f"runs of different models cannot be compared; {OTHERS}",
    )
    return replace(first, changes=(*first.changes, change))
