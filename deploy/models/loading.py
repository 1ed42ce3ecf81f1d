"""Get a network from whatever the user calls a model.

A model is a `nengo.Network`, the name of a built-in system, or
``path.py[:name]``, where ``name`` is a network in that file or a function that
returns one.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, Optional, Tuple, Union

import nengo

from deploy.errors import BadInput
from deploy.models.generators import fixed_generators
from deploy.models.spelling import Spelling
from deploy.models.user_code import user_code
from loihi_rules import Change
from loihi_rules.systems import SYSTEMS

DEFAULT_NAME = "model"


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to be copied, rewritten and run.

    Attributes
    ----------
    name : str
        What the user called it; a file's name without its folders.
    network : nengo.Network
    duration : float or None
        How long the author lets it run, in seconds, where that is known.
    ideals : mapping of str to str
        See `loihi_rules.systems.System`.
    source : pathlib.Path or None
        The user's file.
    typed : str
        How the model is named on the command line, without folders; empty for
        a network that was handed over as such.
    settings : mapping
        What a run's record should say besides, in terms of JSON.
    changes : tuple of Change
        What was done to the network already.
    """

    name: str
    network: nengo.Network
    duration: Optional[float] = None
    ideals: Mapping[str, str] = field(default_factory=dict)
    source: Optional[Path] = None
    typed: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    changes: Tuple[Change, ...] = ()


Model = Union[nengo.Network, str, Path, LoadedModel]


def load_model(model: Model, seed: int = 0) -> LoadedModel:
    """Load a model; a file is executed anew at each call, under fixed global generators.

    Parameters
    ----------
    model : nengo.Network, str or pathlib.Path
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
    if not isinstance(model, (str, Path)):
        raise BadInput(
            f"a model is a nengo.Network, a built-in system or path.py[:name], "
            f"not {type(model).__name__}"
        )
    spelling = Spelling.read(str(model))
    with fixed_generators(seed):
        if spelling.path is None:
            return _build_system(spelling, seed)
        return _load_file(spelling.path, spelling, seed)


def _build_system(spelling: Spelling, seed: int) -> LoadedModel:
    system = SYSTEMS[spelling.system]
    try:
        network = system.build(seed=seed, **system.read(spelling.parameters))
    except ValueError as error:  # what a user can get wrong: a parameter, a recording
        raise BadInput(str(error)) from None
    typed = str(spelling)
    return LoadedModel(spelling.system, network, system.duration, system.ideals, typed=typed)


def _load_file(path: Path, spelling: Spelling, seed: int) -> LoadedModel:
    name, given = spelling.name, spelling.parameters
    source = _read(path)
    namespace = _execute(path, source)
    wanted = name or DEFAULT_NAME
    if wanted not in namespace:
        networks = [k for k, v in namespace.items() if isinstance(v, nengo.Network)]
        if name is None and len(networks) == 1:
            wanted = networks[0]
        else:
            there = f"it has {', '.join(networks)}" if networks else "it has no network at all"
            raise BadInput(
                f"{path}: there is no {wanted!r} in this file ({there}); name a network "
                f"or a function that returns one as {path}:NAME"
            )
    found = namespace[wanted]
    if callable(found) and not isinstance(found, nengo.Network):
        found = _call(found, path, wanted, seed, given)
    elif given:
        raise BadInput(
            f"{path}: {wanted!r} is a network, which takes no parameters; write a function "
            f"that takes {', '.join(given)} and returns one"
        )
    if not isinstance(found, nengo.Network):
        raise BadInput(
            f"{path}: {wanted!r} is {_a(found)}, not a nengo.Network or a function that "
            "returns one"
        )
    if not found.all_ensembles and not found.all_nodes:
        raise BadInput(f"{path}: the network {wanted!r} is empty; add an ensemble or a node")
    label_by_variable(namespace)
    return LoadedModel(
        path.stem + spelling.behind,
        found,
        source=path,
        typed=spelling.without_folders,
        settings={"file": hashlib.sha256(source).hexdigest()},
    )


def _a(value: Any) -> str:
    kind = type(value).__name__
    return f"an {kind}" if kind[0] in "aeiouAEIOU" else f"a {kind}"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise BadInput(f"{path}: this is a folder; name a Python file in it") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None


def _execute(path: Path, source: bytes) -> Dict[str, Any]:
    module = types.ModuleType("loihi_model")
    module.__file__ = str(path)
    with user_code(path), _importable(path.resolve().parent):
        sys.modules[module.__name__] = module
        try:
            exec(compile(source, str(path), "exec"), module.__dict__)
        finally:
            del sys.modules[module.__name__]
    return module.__dict__


@contextlib.contextmanager
def _importable(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(folder))


def _call(function: Any, path: Path, name: str, seed: int, given: Mapping[str, str]) -> Any:
    try:
        takes = inspect.signature(function).parameters
    except (TypeError, ValueError):
        takes = types.MappingProxyType({})
    values: Dict[str, Any] = {"seed": seed} if "seed" in takes else {}
    for key, text in given.items():
        if key not in takes:
            raise BadInput(
                f"{path}: {name} has no parameter {key!r}; it takes {', '.join(takes) or 'none'}"
            )
        values[key] = _value(text)
    with user_code(path):
        return function(**values)


def _value(text: str) -> Any:
    """A number where the text is one."""
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def label_by_variable(namespace: Mapping[str, Any]) -> None:
    """Label a file's Nengo objects with the variables that hold them."""
    for name, value in namespace.items():
        if (
            isinstance(value, (nengo.base.NengoObject, nengo.Network))
            and not name.startswith("_")
            and value.label is None
        ):
            value.label = name
