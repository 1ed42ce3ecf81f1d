"""One model for all that is run of it, also where its file gives another at each execution."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Mapping, Tuple, Union

import nengo

from deploy.errors import BadInput
from deploy.models.fingerprint import fingerprint
from deploy.models.generators import fixed_generators
from deploy.models.identity import Identity, identity_of
from deploy.models.loaded import LoadedModel, Model
from deploy.models.loading import load_model
from deploy.models.user_code import user_code
from loihi_rules import Change, fix_seeds

IDENTITY = "identity"  # of a run's settings: see `deploy.models.identity`
NOT_KNOWN = "not known"  # of a run's settings: what its functions look at
RULE = "one model"  # of a Change: its file gives another model at each execution
OTHERS = (
    "what it reads (the time, a file, a module's state) is another each time; "
    "give such values as parameters"
)


class SameModel:
    """A model that is loaded anew for each run, and is one model all the same.

    A file is executed anew, so that what its nodes remember begins afresh. Where that gives
    another network than the first time, the first is run again, and a Change says so. A network
    that was handed over keeps the identity that it had before anything ran.

    Parameters
    ----------
    model : nengo.Network, str, pathlib.Path, LoadedModel or SameModel
    """

    def __init__(self, model: Union[Model, SameModel]):
        self.model: Model = model.model if isinstance(model, SameModel) else model
        self._first: Dict[int, Tuple[LoadedModel, Tuple[str, Identity]]] = (
            model._first if isinstance(model, SameModel) else {}
        )
        self._handed_over: List[LoadedModel] = (
            model._handed_over if isinstance(model, SameModel) else []
        )

    def load(self, seed: int) -> LoadedModel:
        """The model, with one seed always the same.

        Raises
        ------
        BadInput
            As `load_model`.
        """
        if self._handed_over:
            return self._handed_over[0]
        loaded = load_model(self.model, seed)
        if loaded.source is None:
            if not isinstance(self.model, (nengo.Network, LoadedModel)):
                return loaded  # a built-in system is its parameters
            if IDENTITY not in loaded.settings:
                own = in_settings(identity_of(loaded.network))
                loaded = replace(loaded, settings={**loaded.settings, **own})
            self._handed_over.append(loaded)
            return loaded
        mark = marks(loaded, seed)
        loaded = replace(loaded, settings={**loaded.settings, **in_settings(mark[1])})
        first, known = self._first.setdefault(seed, (loaded, mark))
        return loaded if mark == known else _said(first)

    def is_repeatable(self, seed: int) -> bool:
        """Whether loading it once more gives the model of the first time."""
        if seed not in self._first and self.load(seed).source is None:
            return True
        return marks(load_model(self.model, seed), seed) == self._first[seed][1]


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


def marks(loaded: LoadedModel, seed: int) -> Tuple[str, Identity]:
    """The model's fingerprint with this seed, where it has none, and its identity."""
    with user_code(loaded.source), fixed_generators(seed):
        identity = identity_of(loaded.network)
        return fingerprint(fix_seeds(loaded.network, seed).network), identity


def in_settings(identity: Identity) -> Mapping[str, Any]:
    """What a run's settings have of it."""
    not_known = {NOT_KNOWN: list(identity.not_known)} if identity.not_known else {}
    return {IDENTITY: identity.digest, **not_known}


def _said(first: LoadedModel) -> LoadedModel:
    change = Change(
        first.name,
        RULE,
        "a file that gives another model each time it is executed",
        "the model of its first execution for every run; what its nodes remember is carried over",
        f"runs of different models cannot be compared; {OTHERS}",
    )
    return replace(first, changes=(*first.changes, change))
