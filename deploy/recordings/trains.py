"""Spike trains, one a neuron, as populations."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence

import numpy as np

from deploy.errors import BadInput
from deploy.recordings.recording import Trains
from deploy.recordings.tables import NUMBERED


def named_trains(
    trains: Sequence[np.ndarray], names: Sequence[str], end: Optional[float], otherwise: str
) -> List[Trains]:
    """Populations of the trains that are called ``NAME[0]``, ``NAME[1]``, …

    Parameters
    ----------
    trains : sequence of (n_spikes,) ndarray
        Times in seconds, one a neuron.
    names : sequence of str
    end : float or None
        When recording ended.
    otherwise : str
        Name of the one population that they are if their names are not like that.

    Raises
    ------
    BadInput
        If one of a population is missing.
    """
    numbered = [NUMBERED.fullmatch(name) for name in names]
    places = [(m["name"], int(m["index"])) for m in numbered if m is not None]
    if len(places) != len(trains):
        places = [(otherwise, i) for i in range(len(trains))]
    groups: Dict[str, Dict[int, np.ndarray]] = {}
    for (name, index), train in zip(places, trains):
        members = groups.setdefault(name, {})
        if index in members:
            raise BadInput(f"two spike trains are called {name}[{index}]")
        members[index] = train
    found = []
    for name, members in groups.items():
        missing = [i for i in range(len(members)) if i not in members]
        if missing:
            raise BadInput(f"there is no spike train {name}[{missing[0]}] beside the others of it")
        parts = [np.asarray(members[i], float).ravel() for i in range(len(members))]
        neurons = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        found.append(Trains(name, np.concatenate(parts), neurons.astype(np.int64), len(parts), end))
    return found
