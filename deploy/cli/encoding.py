"""Output for terminals and pipes that cannot show every character: what stands for it in ASCII."""

from __future__ import annotations

import io
import sys
import unicodedata
from typing import Any

IN_ASCII = {
    "µ": "u", "μ": "u", "Σ": "sum ", "√": "sqrt ", "‖": "|", "≤": "<=", "≥": ">=", "≠": "!=",
    "≈": "~", "×": "x", "·": "*", "±": "+-", "−": "-", "–": "-", "—": "-", "→": "->", "←": "<-",
    "∞": "infinity", "…": "...", "✓": "ok", "✗": "NO", "‘": "'", "’": "'", "“": '"', "”": '"',
    "≪": "<<", "∈": "in", "━": "-", "╸": "-", "╺": "-",
}  # fmt: skip


class PlainText(io.TextIOWrapper):
    """A text stream in which what its encoding lacks is written in ASCII.

    Parameters
    ----------
    stream : io.TextIOWrapper
        Is taken over.

    Attributes
    ----------
    shown_in : str
        The encoding that the stream had.
    """

    def __init__(self, stream: io.TextIOWrapper):
        buffered, encoding = stream.line_buffering, stream.encoding
        self.shown_in, raw = encoding, stream.detach()
        # where only ASCII is left all encodings agree, and click mistrusts one that is called so
        super().__init__(
            raw,
            encoding=encoding if _has(encoding, "é") else "utf-8",
            errors="replace",
            line_buffering=buffered,
        )

    def write(self, text: str) -> int:
        # whoever asks whether this is a binary stream writes bytes
        return super().write(plain(text, self.shown_in) if isinstance(text, str) else text)


def plain(text: str, encoding: str) -> str:
    """The text with what an encoding lacks in ASCII."""
    return "".join(each if _has(encoding, each) else _in_ascii(each) for each in text)


def take_over_streams() -> None:
    """Have standard output and error show whatever there is to say."""
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper):  # a test's, or a notebook's
            continue
        if _has(stream.encoding, "θ" + "".join(IN_ASCII)):
            stream.reconfigure(errors="replace")
        else:
            setattr(sys, name, PlainText(stream))


def _has(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeError:
        return False
    return True


def _in_ascii(character: str) -> str:
    known = IN_ASCII.get(character)
    if known is not None:
        return known
    script, *_, letter = unicodedata.name(character, "? ?").split()
    if script == "GREEK":
        return letter.lower()
    parts = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return parts or "?"
