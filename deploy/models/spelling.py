"""How a model is written: a built-in system or ``path.py[:name]``, with ``[a=1,b=2]`` behind."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Dict, Mapping, Optional, Sequence

from deploy.errors import BadInput
from loihi_rules.likely import likely
from loihi_rules.systems import SYSTEMS

PYTHON, NIR, NOTEBOOK = ".py", ".nir", ".ipynb"
SUFFIXES = (PYTHON, NIR)  # of files; `deploy.models.loading.FORMATS` has what reads them
FILE = re.compile(rf"(?P<path>.*({'|'.join(map(re.escape, SUFFIXES))}))(?::(?P<name>[^:]*))?")
WHOLE = re.compile(r"(?P<model>[^\[\]]*)(?:\[(?P<given>[^\[\]]*)\])?")


@dataclass(frozen=True)
class Spelling:
    """What a model is called.

    Attributes
    ----------
    system : str
        Name of a built-in system; empty for a file's model.
    path : pathlib.Path or None
        A user's file.
    name : str or None
        Of the network or function in the file; None where its only one is meant.
    parameters : mapping of str to str
        Of the system or of the function.
    """

    system: str = ""
    path: Optional[Path] = None
    name: Optional[str] = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Spelling:
        """Take a model's spelling apart; whether there is such a file is not looked at.

        Raises
        ------
        BadInput
            If it is neither a system nor a file, or what is in brackets is no parameter.
        """
        whole = WHOLE.fullmatch(text)
        model = text if whole is None else whole["model"]
        parameters = {} if whole is None else _parameters((whole["given"] or "").split(","))
        if model in SYSTEMS:
            return cls(system=model, parameters=parameters)
        file = FILE.fullmatch(model)
        if file is None:
            endings = "in .py, .py:name or .nir"
            if model.endswith(NOTEBOOK):
                raise BadInput(
                    f"{model!r} is a notebook: call deploy.compare(model) in it, or put the cells "
                    "that build the model into a file (jupyter nbconvert --to script)"
                )
            raise BadInput(
                f"there is no model {model!r}{likely(model, SYSTEMS)}: it is neither a built-in "
                f"system ({', '.join(SYSTEMS)}) nor a path ending {endings}"
            )
        path, name = Path(file["path"]), file["name"]
        if path.suffix == NIR and name is not None:
            raise BadInput(f"{path}: a NIR file is one model, and has no {name!r}")
        return cls("", path, name, parameters)

    def __str__(self) -> str:
        return f"{self.path or self.system}{self.behind}"

    @property
    def suffix(self) -> str:
        """Of its file; empty for a built-in system."""
        return self.path.suffix if self.path else ""

    @property
    def file(self) -> Path:
        """Its file; a built-in system has none."""
        if self.path is None:
            raise BadInput(f"{self.system} is a built-in system, which has no file")
        return self.path

    @property
    def behind(self) -> str:
        """All but the system, or the path."""
        name = f":{self.name}" if self.name is not None else ""
        given = ",".join(f"{key}={value}" for key, value in self.parameters.items())
        return f"{name}[{given}]" if given else name

    @property
    def without_folders(self) -> str:
        """What records say of it: where a user keeps files is nobody's business."""
        return f"{self.path.name if self.path else self.system}{self.behind}"

    def with_parameters(self, texts: Sequence[str]) -> Spelling:
        """The same with ``-p a=1 -p b=2`` besides.

        Raises
        ------
        BadInput
            If one of them is no parameter, or could not be written in brackets.
        """
        for text in texts:
            if any(character in text for character in "[],"):
                raise BadInput(
                    "a parameter's value is a number, or text without [ ] and commas, not "
                    f"{text!r}; have a function of the file take several, or make a list of it"
                )
        return replace(self, parameters={**self.parameters, **_parameters(texts)})


def _parameters(texts: Sequence[str]) -> Dict[str, str]:
    given: Dict[str, str] = {}
    for text in filter(None, texts):
        name, equals, value = text.partition("=")
        if not (name.isidentifier() and equals and value):
            raise BadInput(f"a parameter is written NAME=VALUE, not {text!r}")
        given[name] = value
    return given
