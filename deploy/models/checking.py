"""What can be known to be wrong with a model before Nengo is loaded and its file is executed."""

from __future__ import annotations

import contextlib
from pathlib import Path

from deploy.errors import BadInput
from deploy.models.source import compile_source, read_source
from deploy.models.spelling import NIR, PYTHON, Spelling
from loihi_rules.systems import SYSTEMS


def check_model(spelling: Spelling) -> None:
    """Refuse parameters that a system does not take, and a file that is not there or no Python.

    Raises
    ------
    BadInput
    """
    if spelling.path is not None:
        source = read_source(spelling.path)
        if spelling.suffix == NIR:
            _check_nir(spelling.path)
        if spelling.suffix != PYTHON:
            return
        with contextlib.suppress(RecursionError, MemoryError):  # said where it is executed
            compile_source(spelling.path, source)
        return
    try:
        SYSTEMS[spelling.system].read(spelling.parameters)
    except ValueError as error:
        raise BadInput(str(error)) from None


def _check_nir(path: Path) -> None:
    from loihi_rules.nir.errors import NirError
    from loihi_rules.nir.file import check_file  # loads NumPy and h5py

    try:
        check_file(path)
    except NirError as error:
        raise BadInput(str(error)) from None
