"""What somebody may have meant who mistyped a name."""

from __future__ import annotations

from typing import Iterable


def likely(name: str, known: Iterable[str]) -> str:
    """`` (did you mean 'emulator'?)`` behind a name that is unknown; empty if none is like it."""
    import difflib  # loads nothing until something is wrong

    found = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""
