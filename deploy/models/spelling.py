"""How a model and its parameters are written: ``NAME[a=1,b=2]``."""

from __future__ import annotations

import re
from typing import Dict, Sequence, Tuple

from deploy.errors import BadInput


def parameters_of(text: str) -> Tuple[str, Dict[str, str]]:
    """A model's name and its parameters, written ``NAME[a=1,b=2]``.

    Raises
    ------
    BadInput
        If what is in the brackets is not of that form.
    """
    match = re.fullmatch(r"(?P<name>[^\[\]]*)\[(?P<given>[^\[\]]*)\]", text)
    if match is None:
        return text, {}
    given: Dict[str, str] = {}
    for part in filter(None, match["given"].split(",")):
        name, equals, value = part.partition("=")
        if not (name.isidentifier() and equals and value):
            raise BadInput(f"a parameter is written NAME=VALUE, not {part!r}")
        given[name] = value
    return match["name"], given


def with_parameters(model: str, parameters: Sequence[str]) -> str:
    """``-p a=1 -p b=2`` in the place where `deploy.run` takes them, ``model[a=1,b=2]``.

    Raises
    ------
    BadInput
        If one of them has a character that would end it.
    """
    if not parameters:
        return model
    for text in parameters:
        if any(character in text for character in "[],"):
            raise BadInput(f"a parameter is written NAME=VALUE, not {text!r}")
    return f"{model}[{','.join(parameters)}]"
