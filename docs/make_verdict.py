"""Draw the pictures of docs/verdict.md: python docs/make_verdict.py"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

import deploy
from deploy.parity.comparison import worst_of_each
from deploy.parity.measures import Yardstick, value
from deploy.report.picture import OTHER, REFERENCE, STYLE
from deploy.report.pictures import draw_effects
from deploy.traces.traces import Traces

PICTURES = Path(__file__).parent / "pictures"
MODEL, SECONDS = "pes-connection", 8.0
INK = "#444444"


def faulty(run: Traces, label: str, factor: float) -> Traces:
    trace = replace(run[label], samples=factor * run[label].samples)
    return replace(run, traces={**run.traces, label: trace})


def yardstick(axes, spread, judged, label="post") -> None:
    """The gains of all runs, and how margin and interval come of them."""
    yard = Yardstick(
        tuple(run[label] for run in spread.repeats),
        tuple(run[label] for run in spread.builds),
        1e-3,
    )
    rows = [
        ("other neurons", spread.builds, "#8a8a8a"),
        ("the same neurons", spread.repeats, REFERENCE),
        *((name, (run,), OTHER) for name, run in judged),
    ]
    for row, (_, runs, colour) in enumerate(rows):
        gains = [1 + float(value(run[label], yard)["gain"][0]) for run in runs]
        axes.plot(gains, np.full(len(gains), row), "o", color=colour, ms=5, alpha=0.8)
    parity = deploy.compare_traces(judged[0][1], judged[0][1], spread)
    low, high = parity.effect(label, "gain").margin
    middle = np.mean([1 + float(value(run[label], yard)["gain"][0]) for run in spread.repeats])
    axes.axvspan(middle + low - 1, middle + high - 1, color="#8a8a8a", alpha=0.18, lw=0)
    axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(f"gain of {label} on the path that the model leads it")


def main() -> None:
    cpu, chip = (deploy.run(MODEL, SECONDS, target) for target in ("cpu", "emulator"))
    spread = deploy.spread(MODEL, SECONDS, reference=cpu)
    weak = faulty(chip, "post", 0.9)
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": "verdict"}):
        for key in STYLE:
            if STYLE[key] == STYLE["axes.edgecolor"]:
                matplotlib.rcParams[key] = INK
        first = Figure(figsize=(7.2, 2.2), layout="constrained")
        named = (("the chip", chip), ("the chip, 10 % too small", weak))
        yardstick(first.subplots(), spread, named)
        second = Figure(figsize=(7.2, 5.4), layout="constrained")
        for axes, run, title in zip(
            second.subplots(1, 2, sharey=True), (chip, weak), ("the chip", "10 % too small")
        ):
            found = worst_of_each(deploy.compare_traces(cpu, run, spread).effects)
            shown = [e for e in found if e.trace in ("post", "pre spikes", "weights of learned")]
            draw_effects(axes, shown)
            axes.set_title(title)
        for name, figure in (("verdict-1", first), ("verdict-2", second)):
            path = PICTURES / f"{name}.svg"
            with open(path, "w", encoding="utf-8") as stream:
                FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None})
            if "--png" in sys.argv:
                figure.savefig(path.with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main()
