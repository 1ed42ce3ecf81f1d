"""A network, or a function that returns one, out of a user's Python file."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

import nengo

from deploy.errors import BadInput
from deploy.models.begun import Executed
from deploy.models.lines import lines_of
from deploy.models.loaded import LoadedModel
from deploy.models.spelling import Spelling
from deploy.models.user_code import own_arguments, user_code, working_folder
from loihi_rules.likely import likely


def load_python_file(
    spelling: Spelling, seed: int, executed: Optional[Executed] = None
) -> LoadedModel:
    """Execute the file, if that is not done yet, and take the network out of it.

    Raises
    ------
    BadInput
        If it cannot be read or executed, or has no such network.
    """
    path, given = spelling.file, spelling.parameters
    executed = executed or Executed(spelling)
    source, namespace, wanted = executed.source, executed.namespace, executed.name
    folder, before = executed.folder, executed.folder or working_folder()
    found = namespace[wanted]
    if callable(found) and not isinstance(found, nengo.Network):
        values = _values(found, path, wanted, seed, given)
        with user_code(path, folder), own_arguments(path):
            found = found(**values)
            after = working_folder()
        folder = folder if after == before else after
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
        folder=folder,
        typed=spelling.without_folders,
        settings={"file": hashlib.sha256(source).hexdigest()},
        lines=lines_of(source),
    )


def _a(value: Any) -> str:
    kind = type(value).__name__
    return f"an {kind}" if kind[0] in "aeiouAEIOU" else f"a {kind}"


def _values(
    function: Any, path: Path, name: str, seed: int, given: Mapping[str, str]
) -> Dict[str, Any]:
    """What it is called with."""
    try:
        takes = dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        takes = {}
    values: Dict[str, Any] = {"seed": seed} if "seed" in takes else {}
    takes_any = any(of.kind is of.VAR_KEYWORD for of in takes.values())  # **kwargs
    takes = {
        name: of for name, of in takes.items() if of.kind not in (of.VAR_KEYWORD, of.VAR_POSITIONAL)
    }
    for key, text in given.items():
        if key not in takes and not takes_any:
            meant, there = likely(key, takes), ", ".join(takes) or "none"
            raise BadInput(f"{path}: {name} has no parameter {key!r}{meant}; it takes {there}")
        values[key] = _value(text)
    missing = [
        key
        for key, parameter in takes.items()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and key not in values
    ]
    if missing:
        raise BadInput(
            f"{path}: {name}() needs {' and '.join(missing)}; give "
            f"{' '.join(f'-p {key}=VALUE' for key in missing)}, or a default in the file"
        )
    return values


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
