"""What may reach a shell or a path of another machine."""

from __future__ import annotations

import re

from deploy.errors import BadInput

PATTERNS = {  # and in words
    "name": (r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", "letters, digits and _ . -"),
    "host": (r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,252}", "letters, digits and _ . @ -"),
    "path": (r"(?:~/|/)?[A-Za-z0-9_.][A-Za-z0-9_./+-]{0,254}", "letters, digits and _ . / + -"),
    "module": (r"[A-Za-z0-9][A-Za-z0-9_./+-]{0,79}", "letters, digits and _ . / + -"),
    "word": (r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,63}", "letters, digits and _ . : + -"),
    "options": (
        r"--[a-z][a-z0-9-]{0,40}(?:=[A-Za-z0-9_.,:-]{1,40})?"
        r"(?: --[a-z][a-z0-9-]{0,40}(?:=[A-Za-z0-9_.,:-]{1,40})?){0,9}",
        "options with a space between, as --skip-power=1",
    ),
    "time": (
        r"\d{1,6}(?::\d\d){0,2}|\d{1,3}-\d{1,2}(?::\d\d){0,2}",
        "minutes, MM:SS, HH:MM:SS or D-HH:MM:SS",
    ),
}


def checked(kind: str, value: object, what: str) -> str:
    """The value, if it is a text of this kind.

    Parameters
    ----------
    kind : str
        One of `PATTERNS`.
    value : object
    what : str
        For the message: which value, of what.

    Raises
    ------
    BadInput
        If it is anything else: a shell's characters, an option, a way out of a folder.
    """
    pattern, words = PATTERNS[kind]
    plain = isinstance(value, str) and re.fullmatch(pattern, value) is not None
    if not plain or ".." in str(value).split("/"):
        shown = repr(value)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        raise BadInput(f"{what} cannot be {shown}: write {words}")
    return str(value)
