"""What is known of a worked system besides its network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Mapping

import nengo


@dataclass(frozen=True)
class System:
    """A worked system.

    Attributes
    ----------
    name : str
        As it is typed on the command line.
    build : callable
        Takes ``seed`` and returns a `nengo.Network` whose probes are labelled.
    duration : float
        How long the lesson takes, in seconds of model time.
    summary : str
        One line.
    ideals : mapping of str to str
        Label of a probe to the label of the probe that it should come to equal.
    """

    name: str
    build: Callable[..., nengo.Network]
    duration: float
    summary: str
    ideals: Mapping[str, str] = field(default_factory=dict)
