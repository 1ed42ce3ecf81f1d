"""A model that is ready to be copied, rewritten and run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Optional, Tuple, Union

import nengo

from deploy.models.begun import Begun
from loihi_rules import Change


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to be copied, rewritten and run.

    Attributes
    ----------
    name : str
        What the user called it; a file's name without its folders.
    network : nengo.Network
    duration : float or None
        How long the author lets it run, in seconds, where that is known.
    ideals : mapping of str to str
        See `loihi_rules.systems.System`.
    source : pathlib.Path or None
        The user's file.
    folder : pathlib.Path or None
        Where that has gone with ``os.chdir``, and its functions are called.
    typed : str
        How the model is named on the command line, without folders; empty for
        a network that was handed over as such.
    settings : mapping
        What a run's record should say besides, in terms of JSON.
    changes : tuple of Change
        What was done to the network already.
    lines : mapping of str to int
        In the user's file, of the objects whose names stand in it.
    dt : float or None
        The step that it is for, in seconds; None where any will do.
    is_one_of_its_kind : bool
        Whether no other neurons would do as well: its weights are of these.
    """

    name: str
    network: nengo.Network
    duration: Optional[float] = None
    ideals: Mapping[str, str] = field(default_factory=dict)
    source: Optional[Path] = None
    folder: Optional[Path] = None
    typed: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    changes: Tuple[Change, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    dt: Optional[float] = None
    is_one_of_its_kind: bool = False


Model = Union[nengo.Network, str, Path, LoadedModel, Begun]
