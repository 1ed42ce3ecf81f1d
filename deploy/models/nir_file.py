"""A NIR file as a model."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any, Dict

from deploy.errors import BadInput
from deploy.models.loaded import LoadedModel
from deploy.models.source import read_source
from deploy.models.spelling import Spelling
from loihi_rules.nir import NirError, NirModel, convert
from loihi_rules.nir.file import read_file
from loihi_rules.nir.network import USUAL_STEPS


def load_nir_file(spelling: Spelling, seed: int) -> LoadedModel:
    """Read the file; its parameters are the fields of `loihi_rules.nir.Conventions`.

    Raises
    ------
    BadInput
        If it cannot be read, or holds what cannot be computed.
    """
    path = spelling.file
    source = read_source(path)
    read = read_nir_model(spelling)
    return LoadedModel(
        path.stem,
        read.network,
        duration=USUAL_STEPS * read.dt,
        source=path,
        typed=spelling.without_folders,
        settings={
            "file": hashlib.sha256(source).hexdigest(),
            "conventions": asdict(read.conventions),
        },
        changes=read.changes,
        dt=read.dt,
        is_one_of_its_kind=True,
    )


def read_nir_model(spelling: Spelling) -> NirModel:
    """A NIR file with the conventions that stand behind its name.

    Raises
    ------
    BadInput
        As `load_nir_file`.
    """
    path = spelling.file
    given: Dict[str, Any] = dict(spelling.parameters)
    if "dt" in given:
        try:
            given["dt"] = float(given["dt"])
        except ValueError:
            raise BadInput(f"{path}: dt is a step in seconds, not {given['dt']!r}") from None
    try:
        return convert(read_file(path), path.stem, given)
    except NirError as error:
        text = str(error)
        raise BadInput(text if text.startswith(str(path)) else f"{path}: {text}") from None
