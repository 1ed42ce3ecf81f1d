"""Get a network from whatever the user calls a model.

A model is a `nengo.Network`, the name of a built-in system, a NIR file, or
``path.py[:name]``, where ``name`` is a network in that file or a function that
returns one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Mapping

import nengo

from deploy.errors import BadInput
from deploy.models.begun import Begun
from deploy.models.generators import fixed_generators
from deploy.models.loaded import LoadedModel, Model
from deploy.models.nir_file import load_nir_file
from deploy.models.python_file import load_python_file
from deploy.models.spelling import Spelling
from loihi_rules.systems import SYSTEMS


def load_model(model: Model, seed: int = 0) -> LoadedModel:
    """Load a model; a file is executed anew at each call, under fixed global generators.

    Parameters
    ----------
    model : nengo.Network, str, pathlib.Path, LoadedModel or Begun
    seed : int
        Given to a built-in system, and to a user's function that takes ``seed``.

    Raises
    ------
    BadInput
        If there is no such model, or its file cannot be executed.
    """
    if isinstance(model, LoadedModel):
        return model
    if isinstance(model, nengo.Network):
        return LoadedModel(model.label or "network", model)
    if isinstance(model, Begun):
        with fixed_generators(seed):
            return load_python_file(model.spelling, seed, model.executed(seed))
    if not isinstance(model, (str, Path)):
        raise BadInput(
            f"a model is a nengo.Network, a built-in system, path.py[:name] or path.nir, "
            f"not {type(model).__name__}"
        )
    spelling = Spelling.read(str(model))
    with fixed_generators(seed):
        return FORMATS[spelling.suffix](spelling, seed)


def build_system(spelling: Spelling, seed: int) -> LoadedModel:
    """Build a built-in system with its parameters."""
    system = SYSTEMS[spelling.system]
    try:
        network = system.build(seed=seed, **system.read(spelling.parameters))
    except ValueError as error:  # what a user can get wrong: a parameter, a recording
        raise BadInput(str(error)) from None
    typed = str(spelling)
    seconds = system.seconds(spelling.parameters, seed)
    return LoadedModel(spelling.system, network, seconds, system.ideals, typed=typed)


# by the suffix of a file; a built-in system has none
FORMATS: Mapping[str, Callable[[Spelling, int], LoadedModel]] = {
    "": build_system,
    ".py": load_python_file,
    ".nir": load_nir_file,
}
