"""Spoken digits: the filter bank follows the bands, and the words are named."""

from __future__ import annotations

from typing import List, NamedTuple

import numpy as np

from deploy.lessons.base import Lesson, Measured, panels
from deploy.parity.comparison import Comparison
from deploy.parity.tolerances import Tolerance
from deploy.report.picture import OTHER, REFERENCE, Picture, svg
from deploy.traces.traces import Traces
from loihi_rules.systems import audio
from loihi_rules.systems.spoken_digit import COPIES, FASTEST, NOTHING

DRAWN = 5.0  # s, from the beginning


class Named(NamedTuple):
    """What was said, and what the neurons named; a row a word.

    Attributes
    ----------
    begin : (n_words,) ndarray
        Step at which a word begins.
    said, answer : (n_words,) ndarray
        −1 for nothing.
    """

    begin: np.ndarray
    said: np.ndarray
    answer: np.ndarray


def named(run: Traces) -> Named:
    """Cut a run at its words; the neuron with most activity in each says what it was."""
    digit = run["digit"].samples[:, 0].astype(int)
    output = run["digit neurons"].samples
    loud = audio.words(frames(run["bands"].samples, run.dt))
    begin = np.array([first * round(audio.HOP / run.dt) for first, _ in loud], int)
    ends = np.append(begin[1:], len(digit))
    said, answer = [], []
    for first, end in zip(begin, ends):
        total = output[first:end].sum(axis=0)
        answer.append(int(total.argmax()) if total.max() > 0 else NOTHING)
        said.append(int(digit[first]))
    return Named(begin, np.array(said, int), np.array(answer, int))


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
        Measured("words named", float(len(found.said))),
    ]
    if known.any():
        right = 100 * float(np.mean(found.answer[known] == found.said[known]))
        measured.append(
            Measured(
                "words named right",
                right,
                "%",
                Tolerance(
                    low=90.0,
                    why="95 % of all words by new voices are right; of twenty, two may be wrong",
                ),
            )
        )
    return measured


# ------------------------------------------------------------------------------------ pictures


def draw(parity: Comparison) -> List[Picture]:
    """What was named, and what it was taken for."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    figure, axes = panels(2.2, 4, sharex=True, height_ratios=(3, 2, 3, 2))
    for bank, names, (run, colour) in zip(axes[::2], axes[1::2], runs):
        end = min(DRAWN, run.duration)
        levels = frames(run["bands"].samples, run.dt)[: round(end / audio.HOP)]
        bank.imshow(
            levels.T,
            origin="lower",
            aspect="auto",
            extent=(0, len(levels) * audio.HOP, -0.5, audio.BANDS - 0.5),
            cmap="Greys",
            vmin=0,
            vmax=1.6,
            interpolation="nearest",
        )
        spikes = run["filter bank spikes"]
        shown = spikes.spike_steps * run.dt <= end
        rows = (spikes.spike_neurons[shown] + 0.5) / COPIES - 0.5
        bank.plot(spikes.spike_steps[shown] * run.dt, rows, ",", color=colour, rasterized=True)
        bank.set_title(run.target, fontsize=9)
        output = run["digit neurons"]
        times = output.times(run.dt)
        inside = times <= end
        top = max(float(output.samples.max()), 1.0)
        for k in range(output.samples.shape[1]):
            names.plot(times[inside], k + 0.9 * output.samples[inside, k] / top, color=colour, lw=1)
        found = named(run)
        for begin, said, answer in zip(found.begin, found.said, found.answer):
            if begin * run.dt < end - 0.3:
                word = f"“{said}”" if said != NOTHING else "?"
                names.annotate(
                    f"{word} → {answer if answer != NOTHING else 'nothing'}",
                    (begin * run.dt, 10.3),
                    fontsize=8,
                )
        names.set_yticks(np.arange(10))
        names.set_ylim(-0.3, 11.4)
        bank.set_ylabel("mel band")
        names.set_ylabel("neuron of the digit")
    axes[-1].set_xlabel("time (s)")
    return [
        Picture(
            "Spoken, and named",
            f"Above: spikes of the filter bank over the spectrogram ({audio.BANDS} mel bands, "
            f"{audio.RANGE:g} dB from white to black). Below: activity of the ten neurons that "
            "name digits; after each pause one of them says what the word was.",
            svg(figure, "spoken digits"),
        )
    ]


LESSON = Lesson(
    needs=frozenset({"bands", "digit", "filter bank spikes", "digit neurons"}),
    measure=measure,
    draw=draw,
)
