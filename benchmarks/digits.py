"""Backpropagation off the chip and PES on it, side by side: accuracy, time, work and energy.

python benchmarks/digits.py [--shown 360]

On scikit-learn's handwritten digits, as in the system `backprop`. Work and energy are those of
the emulator while it tells test images, and the whole network's. Of the features by Oja's rule
(`train_digit_features.py`) there are 200, and the read-out learns from them by PES.
"""

from __future__ import annotations

import argparse
from typing import Any, Tuple

import deploy
from deploy.emulator.energy import Work
from deploy.lessons.backprop import accuracies, decided, float_accuracy
from loihi_rules.systems import backprop as lesson

TAUGHT = {"backprop": 10, "pes": 5748, "oja": 2874}


def run(learner: str, target: str, taught: int, shown: int, rate: float) -> Any:
    options = {"taught": taught, "shown": shown, "learning_rate": rate, "neurons": 1000}
    network = lesson.backprop(learner=learner, **options)
    return deploy.run(network, lesson.length(taught, shown), target)


def accuracy(traces: Any, learner: str) -> Tuple[float, float]:
    found = accuracies(traces)
    each = found.backprop if learner == "backprop" else found.pes
    return 100 * float(each[-1]), decided(found.seconds, each)


def work_of(traces: Any) -> Work:
    names = ("steps", "compartments", "spikes", "deliveries", "synaptic_operations")
    return Work(**{name: traces.record["work"][name] for name in names})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shown", type=int, default=360)
    shown = parser.parse_args().shown
    print(
        "| | float | CPU, spiking | emulator | time to decide, emulator | spikes a decision "
        "| synaptic operations a decision | energy a decision (estimate) | cores |"
    )
    print("|" + "---|" * 9)
    for learner, taught in TAUGHT.items():
        cpu, chip = (run(learner, t, taught, shown, 4e-3) for t in ("cpu", "emulator"))
        (on_cpu, _), (on_chip, late) = (accuracy(traces, learner) for traces in (cpu, chip))
        # the work of telling alone: the same network, without learning, on test images
        work = work_of(run(learner, "emulator", 10, 100, 4e-3 if learner == "backprop" else 0.0))
        decisions = work.steps / 1000 / lesson.SHOWN
        exact = f"{float_accuracy() * 100:.1f} %" if learner == "backprop" else ""
        print(
            f"| {learner} | {exact} | {on_cpu:.1f} % | {on_chip:.1f} % | {late:.0f} ms "
            f"| {work.spikes / decisions:,.0f} | {work.synaptic_operations / decisions:,.0f} "
            f"| {1e6 * work.energy / decisions:.2f} µJ | {len(chip.record['cores'])} |"
        )


if __name__ == "__main__":
    main()
