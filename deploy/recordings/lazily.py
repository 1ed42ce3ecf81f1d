"""Libraries that only some formats need."""

from __future__ import annotations

import importlib
from typing import Any

from deploy.errors import BadInput


def load(module: str, extra: str) -> Any:
    """A module, if it is installed.

    Raises
    ------
    BadInput
        With what to install.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise BadInput(
            f"this format needs {package}; install it with: pip install 'loihi-deploy[{extra}]'"
        ) from None
