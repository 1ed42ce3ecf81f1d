"""What a target warns of while it builds and runs."""

from __future__ import annotations

import contextlib
import warnings
from typing import Iterator, List


@contextlib.contextmanager
def kept_warnings() -> Iterator[List[str]]:
    """Collect what a target warns of, each text once, in order."""
    texts: List[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield texts
        finally:
            kept = [
                " ".join(str(w.message).split())
                for w in caught
                if not issubclass(w.category, (DeprecationWarning, ResourceWarning))
            ]
            texts.extend(dict.fromkeys(kept))
