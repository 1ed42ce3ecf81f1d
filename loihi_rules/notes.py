"""What the passes note of single objects: read by later passes, and by who runs the network.

A network that was rewritten keeps its notes. Rewriting it once more so finds done what was done,
and leaves it as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Callable, Dict, Optional, TypeVar

import nengo
import numpy as np

ATTRIBUTE = "notes_of_rewriting"  # of a network that was rewritten

Obj = TypeVar("Obj")
Note = TypeVar("Note")


class Way(Enum):
    """How a value enters chip neurons; read as it is said to users."""

    STRAIGHT = "straight to the neurons"
    MATRIX = "by a matrix of weights"
    CARRIED = "through neurons that carry the value"
    FROM_CARRIERS = "from neurons that carry the value"
    FROM_HOST = "as spikes from the host"
    BY_HOST = "by way of the host"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class EnsembleNote:
    """Of an ensemble on the chip.

    Attributes
    ----------
    has_its_rates : bool
        Whether its gains and biases are chosen for the chip (`loihi_rules.passes.rates`).
    lag : float
        By how many seconds it answers later than on the CPU (`loihi_rules.chip.lags`).
    steps_late : int or None
        Of stepped neurons: by how many steps their spikes come later than their author has them;
        None while it is not reckoned.
    furthest : float
        Of stepped neurons whose currents are what their voltages would be: to where these come, in
        thresholds; 0 where that is not known.
    """

    has_its_rates: bool = False
    lag: float = 0.0
    steps_late: Optional[int] = None
    furthest: float = 0.0


@dataclass(frozen=True)
class ConnectionNote:
    """Of a connection.

    Attributes
    ----------
    way : Way or None
        By which it enters chip neurons; None while none is chosen, and of one that does not.
    steps_late : int or None
        Of one between host and chip: what no filter makes up for; None while it is not reckoned.
    sources : (n,) ndarray of int, or None
        Of one that learns: the neurons of its ensemble that it learns from; None for all.
    error_is_scaled : bool
        Of one that carries an error: whether its transform has the scale of the chip's errors.
    keeps_remainders : bool
        Of one that carries an error: whether what rounding leaves out is added to the next.
    spike : float
        Of values from the host: how many radii one of its spikes is worth; 0 for the usual.
    reach : float
        Of those whose spikes are worth more for the sake of weights: how many radii their target is
        to be given, as these are fewer spikes; 0 for others.
    is_part : bool
        Whether it is, with others, what one of the author's is on the chip, such as the weights of
        later steps that make up a filter; what rounding does to it alone says nothing.
    share : float
        Of one of many that are a sum on the author's way through nodes: how large its term is, of
        what it would be if nothing cancelled, or beside the largest of them, whichever is more; 1
        of those that are not faint.
    """

    way: Optional[Way] = None
    steps_late: Optional[int] = None
    sources: Optional[np.ndarray] = None
    error_is_scaled: bool = False
    keeps_remainders: bool = False
    spike: float = 0.0
    reach: float = 0.0
    is_part: bool = False
    share: float = 1.0


@dataclass(frozen=True)
class ProbeNote:
    """Of a probe.

    Attributes
    ----------
    stands_in : bool
        Whether it is there in the place of a user's, and is recorded as it is.
    decoders_of : nengo.Connection or None
        The connection whose decoders it records with; None of most probes.
    lag_is_out : bool
        Whether its filter makes up for how late its ensemble answers.
    """

    stands_in: bool = False
    decoders_of: Optional[nengo.Connection] = None
    lag_is_out: bool = False


class ByObject(Dict[Obj, Note]):
    """Notes by object; of an object that has none, an empty one."""

    def __init__(self, empty: Callable[[], Note]):
        super().__init__()
        self.empty = empty

    def __missing__(self, obj: Obj) -> Note:
        return self.empty()


@dataclass(frozen=True)
class Notes:
    """All notes of a network; each is immutable, and replaced by one that says more."""

    ensembles: ByObject[nengo.Ensemble, EnsembleNote] = field(
        default_factory=lambda: ByObject(EnsembleNote)
    )
    connections: ByObject[nengo.Connection, ConnectionNote] = field(
        default_factory=lambda: ByObject(ConnectionNote)
    )
    probes: ByObject[nengo.Probe, ProbeNote] = field(default_factory=lambda: ByObject(ProbeNote))


def notes_of(network: nengo.Network) -> Notes:
    """Those that an earlier rewriting left with a network; new ones where there was none."""
    found = getattr(network, ATTRIBUTE, None)
    return found if isinstance(found, Notes) else Notes()


def keep_notes(network: nengo.Network, notes: Notes) -> None:
    """Leave notes with the network that they are of; copies of it have them of their objects."""
    setattr(network, ATTRIBUTE, notes)
