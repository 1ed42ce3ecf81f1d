"""Spoken digits: the filter bank follows the bands, and the words are named."""

from __future__ import annotations

from typing import List, NamedTuple

import numpy as np

from deploy.parity.hallmarks.base import Hallmark, Measured
from deploy.parity.tolerances import Tolerance
from deploy.traces import Traces
from loihi_rules import audio
from loihi_rules.systems.spoken_digit import COPIES, FASTEST, NOTHING


class Named(NamedTuple):
    """What was said, and what was heard; a row a word.

    Attributes
    ----------
    begin : (n_words,) ndarray
        Step at which a word begins.
    said, heard : (n_words,) ndarray
        −1 for nothing.
    """

    begin: np.ndarray
    said: np.ndarray
    heard: np.ndarray


def named(run: Traces) -> Named:
    """Cut a run at its words; the neuron with most activity in each says what it was."""
    digit = run["digit"].samples[:, 0].astype(int)
    output = run["digit neurons"].samples
    loud = audio.words(frames(run["bands"].samples, run.dt))
    begin = np.array([first * round(audio.HOP / run.dt) for first, _ in loud], int)
    ends = np.append(begin[1:], len(digit))
    said, heard = [], []
    for first, end in zip(begin, ends):
        total = output[first:end].sum(axis=0)
        heard.append(int(total.argmax()) if total.max() > 0 else NOTHING)
        said.append(int(digit[first]))
    return Named(begin, np.array(said, int), np.array(heard, int))


def frames(samples: np.ndarray, dt: float) -> np.ndarray:
    """(n_frames, …) means over frames of 10 ms."""
    each = round(audio.HOP / dt)
    n = len(samples) // each
    return np.asarray(samples[: n * each].reshape(n, each, -1).mean(axis=1))


def spike_levels(run: Traces) -> np.ndarray:
    """(n_frames, bands) levels as the filter bank's spikes have them."""
    each, spikes = round(audio.HOP / run.dt), run["filter bank spikes"]
    n = run.n_steps // each
    counts = np.zeros((n, audio.BANDS))
    frame, band = (spikes.spike_steps - 1) // each, spikes.spike_neurons // COPIES
    inside = frame < n
    np.add.at(counts, (frame[inside], band[inside]), 1)
    return counts / (FASTEST * audio.HOP * COPIES)


def measure(run: Traces) -> List[Measured]:
    """Accuracy, and how nearly the raster is the spectrogram."""
    from scipy.ndimage import convolve1d  # slow to import, and needed for few models

    found = named(run)
    known = found.said != NOTHING
    bands, spikes = frames(run["bands"].samples, run.dt), spike_levels(run)
    box = np.ones(5) / 5  # frames, over which single spikes are smoothed
    smooth = [convolve1d(levels, box, axis=0).ravel() for levels in (bands, spikes)]
    measured = [
        Measured(
            "filter bank and spectrogram, correlation",
            float(np.corrcoef(smooth[0], smooth[1])[0, 1]),
            goal=Tolerance(low=0.95, why="rates follow levels"),
        ),
        Measured("words heard", float(len(found.said))),
    ]
    if known.any():
        right = 100 * float(np.mean(found.heard[known] == found.said[known]))
        measured.append(
            Measured(
                "words named right",
                right,
                "%",
                Tolerance(
                    low=90.0,
                    why="95 % and more of " "all words by voices held out; a few are spoken here",
                ),
            )
        )
    return measured


HALLMARK = Hallmark(frozenset({"bands", "digit", "filter bank spikes", "digit neurons"}), measure)
