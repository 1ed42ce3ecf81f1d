"""Draw the pictures of docs/verdict.md: python docs/make_verdict.py"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import matplotlib
import nengo
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

import deploy
from deploy.models.variants import Variant
from deploy.parity.comparison import worst_of_each
from deploy.parity.measures import Yardstick, beside_own, value
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


def channel() -> nengo.Network:
    with nengo.Network(seed=31) as net:
        signal = nengo.processes.WhiteSignal(20.0, high=5, rms=0.5 / np.sqrt(8))
        ens = nengo.Ensemble(400, 8)
        nengo.Connection(nengo.Node(signal, size_out=8), ens)
        nengo.Probe(ens, synapse=0.01, label="out")
    return net


def growing(run: Traces, label: str, part: float) -> Traces:
    factor = 1 + part * np.linspace(0, 1, run.n_steps)[:, None]
    trace = replace(run[label], samples=factor * run[label].samples)
    return replace(run, traces={**run.traces, label: trace})


def strays(axes, label="out", seconds=2.0) -> None:
    """What looks like a drift, beside how far a run strays from the path of its own neurons."""
    model = channel()
    cpu, chip = (deploy.run(model, seconds, target) for target in ("cpu", "emulator"))
    spread = deploy.spread(model, seconds, reference=cpu)
    healthy = deploy.run(model, seconds, "cpu", variant=Variant(900_001))
    yard = Yardstick(
        tuple(run[label] for run in spread.repeats),
        tuple(run[label] for run in spread.builds),
        1e-3,
    )
    groups = (
        ("other neurons", spread.builds, "o", "#8a8a8a"),
        ("the same neurons", spread.repeats, "o", REFERENCE),
        ("the chip", (chip,), "s", INK),
        ("the same neurons, and growing by 10 %", (growing(healthy, label, 0.1),), "D", OTHER),
    )
    for name, runs, mark, colour in groups:
        found = [beside_own(run[label], yard) for run in runs]
        far = 100 * np.concatenate([each["slow"] for each in found])
        drift = 100 * np.concatenate([each["gain drift"] for each in found])
        axes.plot(far, drift, mark, color=colour, ms=4, alpha=0.8, label=name)
        if runs is spread.builds:
            cone = 2 * np.sqrt(np.mean((drift / far) ** 2))
            reach = 1.05 * far.max()
            axes.fill_between(
                [0, reach], [0, -cone * reach], [0, cone * reach], color=colour, alpha=0.18, lw=0
            )
    axes.set_xlim(left=0)
    axes.set_xlabel("strays from the path of its own neurons, % of the radius")
    axes.set_ylabel("growing in the run, %")
    axes.legend(loc="upper left", fontsize="small", frameon=False)


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
        fourth = Figure(figsize=(7.2, 3.4), layout="constrained")
        strays(fourth.subplots())
        for name, figure in (("verdict-1", first), ("verdict-2", second), ("verdict-4", fourth)):
            path = PICTURES / f"{name}.svg"
            with open(path, "w", encoding="utf-8") as stream:
                FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None})
            if "--png" in sys.argv:
                figure.savefig(path.with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main()
