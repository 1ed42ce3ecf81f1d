"""How long the way between host and board takes, from how long steps took."""

from __future__ import annotations

from typing import List, Mapping, NamedTuple, Optional

import numpy as np

from loihi_rules.nengo_parts.figures import figure

PACKET = 64  # words


class HostWay(NamedTuple):
    """In seconds.

    Attributes
    ----------
    steps : int
        That the host took part in.
    low, median, high : float
        Of a step with the host, from sending to the answer: 10, 50 and 90 % of them are below.
    down, up : float
        Of it by each packet of 64 words to the board, and from it.
    alone : float
        Of a step without the host, as the best of the runs has it; NaN if there was none.
    """

    steps: int
    low: float
    median: float
    high: float
    down: float
    up: float
    alone: float

    def __str__(self) -> str:
        alone = "" if np.isnan(self.alone) else f"; without the host a step takes {_s(self.alone)}"
        return (
            f"a step with the host takes {_s(self.median)} (80 % from {_s(self.low)} to "
            f"{_s(self.high)}, of {self.steps:,}), of which {_s(self.down)} a packet down and "
            f"{_s(self.up)} a packet up{alone}"
        )


def host_way(times: Mapping[str, np.ndarray]) -> Optional[HostWay]:
    """What steps took.

    Packets differ from step to step and from run to run, so that what each way takes is the slope
    of the medians of steps with as many packets, by least squares. How long a message without
    anything is on either way cannot be known from here: that needs a clock on the board.

    Parameters
    ----------
    times : mapping of str to (n, 3) ndarray
        By run: seconds, words down and words up of each step with the host; of a run without it,
        one row, of all its seconds, of 0 words, and minus the number of its steps.
    """
    with_host = [of[1:] for of in times.values() if len(of) > 1]  # connecting is in the first
    if not with_host:
        return None
    seconds, *words = np.concatenate(with_host).T
    packets = np.ceil(np.stack(words) / PACKET)
    kinds, which = np.unique(packets, axis=1, return_inverse=True)
    which = which.ravel()
    counts = np.bincount(which)
    medians = np.array([np.median(seconds[which == k]) for k in range(len(counts))])
    terms = np.stack([np.ones(len(counts)), *kinds], axis=1) * np.sqrt(counts)[:, np.newaxis]
    (_, down, up), *_ = np.linalg.lstsq(terms, medians * np.sqrt(counts), rcond=None)
    low, median, high = np.percentile(seconds, [10, 50, 90])
    alone: List[float] = [of[0, 0] / -of[0, 2] for of in times.values() if of[0, 2] < 0]
    return HostWay(
        len(seconds), float(low), float(median), float(high), float(down), float(up),
        min(alone, default=float("nan")),
    )  # fmt: skip


def _s(seconds: float) -> str:
    """In the unit that people read."""
    return f"{figure(seconds * 1e3, 3)} ms" if abs(seconds) >= 1e-3 else f"{seconds * 1e6:.3g} µs"
