"""Whether causes are named that are there, and none that are not.

python benchmarks/causes.py faults [--seeds 0:5]     # docs/verdict_tables.md, "Causes"
python benchmarks/causes.py alarms [--seeds 0:3]
python benchmarks/causes.py picture FILE.svg

*faults* builds models in which one cause makes an effect what it is, and says which share is the
largest. *alarms* climbs a ladder whose rungs differ by nothing but their initial voltages, and
counts the shares that are called clear. *picture* draws the causes of pes-connection.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import argparse
import sys
from collections import Counter
from pathlib import Path

import matplotlib
import nengo
import numpy as np
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parents[1]))

import deploy
from benchmarks.faults_of_causes import FAULTS
from deploy.models.loading import load_model
from deploy.parity.budget import Budget, Split, budget_of
from deploy.parity.comparison import worst_of_each
from deploy.parity.effects import effects_of
from deploy.report.picture import INK, STYLE
from deploy.report.pictures import draw_causes
from deploy.rungs import INPUTS, REPEATS
from deploy.workflows.budget import STEP
from deploy.workflows.given import FEWEST
from deploy.workflows.run import record

SECONDS = 2.0
ALIKE = range(11, 17)  # seeds of voltages of rungs that differ by nothing else
SHOWN = (
    ("pre", "gain"),
    ("pre spikes", "population rate"),
    ("weights of learned", "learning speed"),
    ("post", "residual"),
)


def channel(seed: int) -> nengo.Network:
    """Two populations in a row."""
    with nengo.Network(seed=seed) as net:
        signal = nengo.processes.WhiteSignal(20.0, high=5, rms=0.5, seed=seed)
        a, b = (nengo.Ensemble(100, 1, label=label) for label in "ab")
        nengo.Connection(nengo.Node(signal), a)
        nengo.Connection(a, b, synapse=0.01)
        for ens in (a, b):
            nengo.Probe(ens, synapse=0.01, label=ens.label)
            nengo.Probe(ens.neurons, label=f"{ens.label} spikes")
    return net


def integrator(seed: int) -> nengo.Network:
    """One that is given pulses."""
    with nengo.Network(seed=seed) as net:
        ens = nengo.Ensemble(200, 1, label="integrator")
        nengo.Connection(nengo.Node(lambda t: np.sin(6 * t)), ens, transform=0.1, synapse=0.1)
        nengo.Connection(ens, ens, synapse=0.1)
        nengo.Probe(ens, synapse=0.02, label="integrator")
    return net


def faults(seeds: range) -> None:
    print("| fault | effect | its cause | first | its share, of the effect (one seed) |")
    print("|---|---|---|---|---|")
    for name, fault in FAULTS.items():
        first: Counter = Counter()
        for seed in seeds:
            with fault.around():
                found = deploy.budget(fault.build(seed), SECONDS, seed, spread=FEWEST)
            split = split_of(found, fault.trace, fault.quantity)
            first[max(split.shares, key=lambda share: abs(share.value)).cause] += 1
        largest = max(split.shares, key=lambda share: abs(share.value))
        print(
            f"| {name} | {fault.quantity} | {fault.cause} | "
            f"{first[fault.cause]} of {len(seeds)} | "
            f"{split.shown(largest.value)} of {split.shown(split.whole)} |",
            flush=True,
        )


def alarms(seeds: range) -> None:
    for build in (channel, integrator):
        clear, total = 0, 0
        for seed in seeds:
            spread = deploy.spread(build(seed), SECONDS, seed)
            loaded, steps = load_model(build(seed), seed), int(SECONDS / STEP)
            runs = [record(INPUTS.again(k), loaded, steps, STEP, seed, {}) for k in ALIKE]
            again = [record(rung, loaded, steps, STEP, seed, {}) for rung in REPEATS]
            effects = worst_of_each(effects_of(spread.repeats[0], runs[-1], spread))
            ladder = [spread.repeats[0], *runs]
            found = budget_of(ladder, ["first", *map(str, ALIKE[1:])], effects, spread, again)
            shares = [share for split in found.splits for share in split.shares[1:]]
            clear += sum(share.clear for share in shares)
            total += len(shares)
        print(f"{build.__name__}: {clear} of {total} shares clear ({100 * clear / total:.1f} %)")


def split_of(budget: Budget, trace: str, quantity: str) -> Split:
    """One effect with its shares; without it there is nothing to print."""
    found = budget.split(trace, quantity)
    if found is None:
        there = ", ".join(f"{s.effect.quantity} of {s.effect.trace}" for s in budget.splits)
        raise SystemExit(f"{quantity} of {trace} has no shares; there are {there or 'none'}")
    return found


def picture(path: str) -> None:
    found = deploy.budget("pes-connection", 8.0)
    matplotlib.rcParams.update({**STYLE, "svg.hashsalt": "causes"})
    figure = Figure(figsize=(7.2, 8.0), layout="constrained")
    for axes, names in zip(figure.subplots(len(SHOWN)), SHOWN):
        split = split_of(found, *names)
        draw_causes(axes, split)
        print(split.effect.words, "<-", split.words)
    figure.savefig(path, metadata={"Date": None})
    text = Path(path).read_text(encoding="utf-8")
    Path(path).write_text(text.replace(INK, "#444444"), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    for do in (faults, alarms):
        command = commands.add_parser(do.__name__)
        command.add_argument("--seeds", default="0:3")
        command.set_defaults(do=lambda asked, do=do: do(range(*map(int, asked.seeds.split(":")))))
    drawing = commands.add_parser("picture")
    drawing.add_argument("file")
    drawing.set_defaults(do=lambda asked: picture(asked.file))
    asked = parser.parse_args()
    asked.do(asked)


if __name__ == "__main__":
    main()
