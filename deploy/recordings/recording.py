"""What others recorded: signals and spike trains, in their own time, before they are aligned."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Mapping, Optional, Sequence, Union

import numpy as np
from numpy.typing import NDArray

from deploy.errors import BadInput

MOST_VALUES = 2 * 10**8  # numbers of one recording, 1.6 GB of memory
MOST_NAMES = 100_000
LONGEST_NAME = 1000  # characters
ELSEWHERE = "recorded elsewhere"  # the substrate of such a run: what it ran on, nobody knows
NEUTRAL_UNITS = frozenset(
    {
        "",
        "1",
        "dimensionless",
        "unitless",
        "n.a.",
        "n/a",
        "na",
        "a.u.",
        "au",
        "unknown",
        "none",
        "-",
    }
)


@dataclass(frozen=True)
class Signal:
    """Samples of something.

    Attributes
    ----------
    name : str
    values : (n_samples, n) ndarray
    times : (n_samples,) ndarray or None
        Of each sample, in seconds unless the mapping says otherwise; None where nobody wrote them.
    unit : str
        As the file has it; empty where it does not say.
    kind : str
        One of `deploy.traces.trace.UNITS`; empty where nobody said.
    """

    name: str
    values: NDArray[np.float64]
    times: Optional[NDArray[np.float64]] = None
    unit: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Trains:
    """Spikes of a population by their times.

    Attributes
    ----------
    name : str
    times : (n_spikes,) ndarray
        In seconds unless the mapping says otherwise.
    neurons : (n_spikes,) ndarray
        From 0.
    n_neurons : int
        0 where nobody wrote how many neurons were recorded.
    end : float or None
        When recording ended; None where nobody wrote it.
    """

    name: str
    times: NDArray[np.float64]
    neurons: NDArray[np.int64]
    n_neurons: int = 0
    end: Optional[float] = None


Recorded = Union[Signal, Trains]


@dataclass(frozen=True)
class Recording:
    """All of one file or list of probes, by the labels of a model's probes.

    Attributes
    ----------
    source : str
        Where it is from, without folders.
    recorded : mapping of str to Signal or Trains
    dt : float or None
        Seconds between two samples that have no times; None if the mapping does not say.
    """

    source: str
    recorded: Mapping[str, Recorded]
    dt: Optional[float] = None


def numbers(values: object, where: str) -> NDArray[np.float64]:
    """Samples as floats, (n_samples, n); further axes are joined.

    Raises
    ------
    BadInput
        If they are no numbers.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise BadInput(f"{where}: {array.dtype} instead of numbers")
    if array.ndim == 0:
        raise BadInput(f"{where}: a single number, no samples")
    flat = array.reshape(len(array), -1) if array.size else np.zeros((len(array), 0))
    return flat.astype(np.float64)


def check_budget(count: int, where: str) -> None:
    """Refuse more numbers than are read, before there is room for them.

    Raises
    ------
    BadInput
    """
    if count > MOST_VALUES:
        raise BadInput(
            f"{where}: {count:,} numbers, of which at most {MOST_VALUES:,} are read; "
            "keep fewer probes, or sample them less often"
        )


def by_name(found: Sequence[Recorded], source: str) -> Mapping[str, Recorded]:
    """These by their names, each of which there has to be once.

    Raises
    ------
    BadInput
    """
    if not found:
        raise BadInput(f"{source}: there is nothing in it that could be compared")
    named = {each.name: each for each in found}
    for name, count in Counter(each.name for each in found).items():
        if count > 1:
            raise BadInput(f"{source}: {name!r} is there more than once; names have to differ")
        if not name.isprintable() or len(name) > LONGEST_NAME:
            raise BadInput(f"{source}: {name[:60]!r} is no name of a probe")
    return named
