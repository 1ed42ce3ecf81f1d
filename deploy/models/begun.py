"""A user's file that is executed before what takes long is loaded.

What is wrong in it is said at once: of ours nothing is loaded that executing it does not take,
and Nengo where the file itself imports it.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from deploy.errors import BadInput
from deploy.models.generators import fixed_generators
from deploy.models.source import compile_source, read_source
from deploy.models.spelling import Spelling
from deploy.models.user_code import own_arguments, user_code, working_folder

DEFAULT_NAME = "model"
MODULE = "loihi_model"  # what a file is while it is executed


class Executed:
    """What a file came to.

    Parameters
    ----------
    spelling : Spelling
        Of a Python file's model. The file is executed, and what it prints goes to standard error.

    Attributes
    ----------
    source : bytes
        Its text.
    namespace : dict of str to object
    folder : pathlib.Path or None
        Where it has gone with ``os.chdir``.
    name : str
        Of the network, or of what gives one.

    Raises
    ------
    BadInput
        If it cannot be read or executed, or has nothing of that name.
    """

    def __init__(self, spelling: Spelling):
        path = spelling.file
        self.source = read_source(path)
        self.namespace, self.folder = _execute(path, self.source)
        self.name = _named(spelling, self.namespace)


class Begun:
    """A file's model, whose first execution is there already.

    Parameters
    ----------
    model : str
        As it is typed.
    seed : int
        Of the global generators, and of the run that takes the first execution.

    Raises
    ------
    BadInput
        As `Executed`.
    """

    def __init__(self, model: str, seed: int):
        self.spelling = Spelling.read(model)
        self._seed = seed
        with fixed_generators(seed):
            self._first: Optional[Executed] = Executed(self.spelling)

    def executed(self, seed: int) -> Executed:
        """The first execution, once, if it was with this seed; then others, one a call."""
        first, self._first = self._first, None
        if first is not None and seed == self._seed:
            return first
        return Executed(self.spelling)


def networks_of(namespace: Dict[str, Any]) -> List[str]:
    """Names of the networks among a file's values."""
    nengo: Any = sys.modules.get("nengo")  # without which there is none
    if nengo is None:
        return []
    return [name for name, value in namespace.items() if isinstance(value, nengo.Network)]


def _named(spelling: Spelling, namespace: Dict[str, Any]) -> str:
    path, wanted = spelling.file, spelling.name or DEFAULT_NAME
    if wanted in namespace:
        return wanted
    networks = networks_of(namespace)
    if spelling.name is None and len(networks) == 1:
        return networks[0]
    there = f"it has {', '.join(networks)}" if networks else _functions_of(namespace)
    raise BadInput(
        f"{path}: there is no {wanted!r} in this file ({there}); name a network "
        f"or a function that returns one as {path}:NAME"
    )


def _functions_of(namespace: Dict[str, Any]) -> str:
    """Which of the file's own functions may give a network, where it has none."""
    own = [
        name
        for name, value in namespace.items()
        if isinstance(value, types.FunctionType) and value.__module__ == MODULE
    ]
    if not own:
        return "it has no network at all"
    return f"it has no network, and the functions {', '.join(own)}"


def _execute(path: Path, source: bytes) -> Tuple[Dict[str, Any], Optional[Path]]:
    """What it defines, and where it has gone, if it has."""
    before = working_folder()
    module = types.ModuleType(MODULE)
    module.__file__ = str(path)
    with user_code(path), own_arguments(path):
        sys.modules[module.__name__] = module
        try:
            exec(compile_source(path, source), module.__dict__)
        finally:
            del sys.modules[module.__name__]
        folder = working_folder()
    return module.__dict__, folder if folder != before else None
