"""Names of a package that are loaded when they are first asked for (PEP 562).

Whoever asks for a job's status, or has mistyped a target, needs neither Nengo nor matplotlib.
"""

from __future__ import annotations

import importlib
import sys
from itertools import chain
from typing import Any, Callable, List, Mapping, Sequence, Tuple


def lazily(
    package: str, homes: Mapping[str, Sequence[str]]
) -> Tuple[Callable[[str], Any], Callable[[], List[str]]]:
    """``__getattr__`` and ``__dir__`` for a package.

    Parameters
    ----------
    package : str
    homes : mapping of str to sequence of str
        Modules of the package, each with the names that come from it. None of these may be a
        module's, which takes its place as soon as it is loaded.
    """

    def look_up(name: str) -> Any:
        for home, names in homes.items():
            if name == home or name in names:
                module = importlib.import_module(f"{package}.{home}")
                return module if name == home else getattr(module, name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def listed() -> List[str]:
        names = getattr(sys.modules[package], "__all__", chain.from_iterable(homes.values()))
        return sorted(names)

    return look_up, listed
