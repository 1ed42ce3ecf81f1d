"""What may be wrong with a model, as an edit that can be tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Mapping, Sequence

import nengo
import numpy as np
from nengo.ensemble import Neurons

from loihi_rules import Rewritten
from loihi_rules.nengo_parts.names import name_of

Copies = Mapping[Any, Any]  # objects of a network to those of its copy
MOST_NAMED = 4


@dataclass(frozen=True)
class Suspect:
    """One thing that may be wrong.

    Attributes
    ----------
    cause : str
        What is wrong, in a few words.
    objects : str
        Of what, by name.
    figure : str
        What was measured that speaks for it.
    edit : str
        What to write.
    apply : callable
        Does so in a copy of the network.
    for_granted : float
        Factor by which such an edit makes any error smaller.
    """

    cause: str
    objects: str
    figure: str
    edit: str
    apply: Callable[[Copies], None]
    for_granted: float = 1.0


@dataclass(frozen=True)
class Symptoms:
    """What is known of a model before anything is tried.

    Attributes
    ----------
    network : nengo.Network
        With fixed seeds.
    reach : mapping of nengo.Ensemble to float
        99 % quantile of the length of what each ensemble is to represent, in radii, were its
        neurons perfect; without those of which that is not known.
    rates : mapping of nengo.Ensemble to (n,) ndarray
        Of its neurons on the CPU, in Hz.
    errors : mapping of nengo.Connection to (n_samples, n) ndarray
        Of what learns, on the chip.
    rewritten : loihi_rules.Rewritten
        What the chip runs; `Rewritten.copies` leads from ``network`` to it.
    dt : float
        In seconds.
    """

    network: nengo.Network
    reach: Mapping[nengo.Ensemble, float]
    rates: Mapping[nengo.Ensemble, np.ndarray]
    errors: Mapping[nengo.Connection, np.ndarray]
    rewritten: Rewritten
    dt: float


def names(objects: Sequence[Any]) -> str:
    """Of several objects."""
    shown = [name_of(obj) for obj in objects[:MOST_NAMED]]
    more = [f"{len(objects) - MOST_NAMED} more"] if len(objects) > MOST_NAMED else []
    return ", ".join([*shown, *more])


def free_to_vary(network: nengo.Network) -> Sequence[nengo.Ensemble]:
    """Ensembles whose neurons are connected by nothing but what they represent."""
    bound = {
        end.ensemble
        for conn in network.all_connections
        for end in (conn.pre_obj, conn.post_obj)
        if isinstance(end, Neurons)
    }
    return [ens for ens in network.all_ensembles if ens not in bound]
