"""Spoken digits: the filter bank's raster over the spectrogram, and the digits named."""

from __future__ import annotations

from typing import List

import numpy as np
from matplotlib.figure import Figure

from deploy.parity.hallmarks.spoken_digit import HALLMARK, frames, named
from deploy.parity.parity import Parity
from deploy.report.lessons.base import Lesson
from deploy.report.picture import OTHER, REFERENCE, Picture, svg
from loihi_rules import audio
from loihi_rules.systems.spoken_digit import COPIES, NOTHING

SHOWN = 5.0  # s, from the beginning


def draw(parity: Parity) -> List[Picture]:
    """What was heard, and what it was taken for."""
    runs = ((parity.reference, REFERENCE), (parity.other, OTHER))
    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.subplots(2, 2, sharex=True, sharey="row", height_ratios=(3, 2))
    for (bank, names), (run, colour) in zip(axes.T, runs):
        end = min(SHOWN, run.duration)
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
        for begin, said, heard in zip(found.begin, found.said, found.heard):
            if begin * run.dt < end - 0.3:
                told = f"“{said}”" if said != NOTHING else "?"
                names.annotate(
                    f"{told} → {heard if heard != NOTHING else 'nothing'}",
                    (begin * run.dt, 10.3),
                    fontsize=8,
                )
        names.set_yticks(np.arange(10))
        names.set_ylim(-0.3, 11.4)
        names.set_xlabel("time (s)")
    axes[0, 0].set_ylabel("mel band")
    axes[1, 0].set_ylabel("neuron of the digit")
    return [
        Picture(
            "Heard, and named",
            f"Above: spikes of the filter bank over the spectrogram ({audio.BANDS} mel bands, "
            f"{audio.RANGE:g} dB from white to black). Below: activity of the ten neurons that "
            "name digits; after each pause one of them says what the word was.",
            svg(figure, "spoken digits"),
        )
    ]


LESSON = Lesson(HALLMARK.needs, draw)
