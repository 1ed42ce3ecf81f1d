"""Text of models, files and sites, as a terminal, a page or a log may have it.

All that is shown goes through here: characters that a terminal would obey, or that turn the
direction of what is read, are left out, and what is shown as a line stays one.
"""

from __future__ import annotations

from typing import Any

LONGEST = 10_000  # characters of a line


def printable(text: object) -> str:
    """Without control and format characters, but for line feeds and tabs."""
    return "".join(c for c in str(text) if c.isprintable() or c in "\n\t")


def bounded(record: Any) -> Any:
    """A record in terms of JSON, none of whose texts is endless.

    What a file says once may be said in a report many times.
    """
    if isinstance(record, str):
        return record if len(record) <= LONGEST else record[: LONGEST - 1] + "…"
    if isinstance(record, dict):
        return {bounded(key): bounded(value) for key, value in record.items()}
    if isinstance(record, (list, tuple)):
        return [bounded(value) for value in record]
    return record


def one_line(text: object) -> str:
    """Printable, without line feeds and tabs, and not endless: it cannot forge a line of ours."""
    line = printable(str(text)[: 2 * LONGEST]).replace("\n", " ").replace("\t", " ")
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
