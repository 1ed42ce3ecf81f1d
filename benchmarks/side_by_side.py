"""Samples a second: many inputs through one build, and each after the other; peers in one run.

    python -m benchmarks.side_by_side [--samples 10000] [--of-peers 100] [--repeats 3]

The classifier that backpropagation found for the system `backprop`, 64-128-10, as a NIR file: each
image is shown for 150 steps. Process seconds of one core without the build; ours of all samples,
of Nengo core and nengo-loihi (the network of the system itself, shown one image after the other)
of some, as they take so much longer.
"""

from __future__ import annotations

import argparse
import time
import warnings
from statistics import median
from typing import Any, Callable, Dict, List, Tuple

import nengo
import nir
import numpy as np

from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.workflows.classify import _on_emulator, _telling
from loihi_rules import rewrite
from loihi_rules.blocks.trained import OUTPUT_RATE, RATE, balanced
from loihi_rules.nir import NirModel, convert
from loihi_rules.nir.stepping import Stepper
from loihi_rules.systems import backprop as lesson

STEPS, DT = 150, 0.001
AT_ONCE = 2000  # samples whose spikes are kept


def classifier() -> NirModel:
    """The trained layers as NIR's integrate-and-fire neurons: a unit at 1 spikes at its rate."""
    data = lesson.digits()
    nodes: Dict[str, Any] = {"image": nir.Input({"input": np.array([64])})}
    edges, before, per_unit = [], "image", 1.0
    layers = balanced(lesson.trained_layers(data), data["images"])
    for k, layer in enumerate(layers):
        a_step = DT * (OUTPUT_RATE if k == len(layers) - 1 else RATE)
        one = np.ones(len(layer.biases))
        nodes[f"weights {k}"] = nir.Affine(layer.weights * a_step / per_unit, layer.biases * a_step)
        nodes[f"layer {k}"] = nir.IF(r=one, v_threshold=one, v_reset=0 * one)
        edges += [(before, f"weights {k}"), (f"weights {k}", f"layer {k}")]
        before, per_unit = f"layer {k}", a_step
    nodes["digit"] = nir.Output({"output": np.array([10])})
    graph = nir.NIRGraph(nodes, [*edges, (before, "digit")], type_check=False)
    return convert(graph, "digits", {"dt": DT})


def images(n: int) -> Tuple[np.ndarray, np.ndarray]:
    """(n, steps, 64) of the test images, each as often as it takes, and their labels."""
    data = lesson.digits()
    which = np.random.RandomState(0).randint(len(data["test_images"]), size=n)
    shown = np.repeat(data["test_images"][which][:, np.newaxis], STEPS, axis=1)
    return shown, data["test_labels"][which]


def timed(work: Callable[[], Any]) -> Tuple[float, Any]:
    begun = time.process_time()
    found = work()
    return time.process_time() - begun, found


def ours(read: NirModel, given: np.ndarray, together: bool) -> Tuple[float, np.ndarray]:
    """Seconds without the build, which one sample's is, and what is decided."""
    telling = _telling(given)
    built, _ = timed(lambda: _on_emulator("emulator", read, given[:1], telling, 0, together))
    taken, decided = 0.0, []
    for first in range(0, len(given), AT_ONCE):
        part = given[first : first + AT_ONCE]
        seconds, shown = timed(
            lambda part=part: _on_emulator("emulator", read, part, telling, 0, together)
        )
        taken += seconds - built
        output = shown.made[next(iter(read.outputs.values()))]
        decided.append(np.argmax((output > 0).sum(axis=1), axis=1))
    return taken, np.concatenate(decided)


def peers(n: int) -> Dict[str, float]:
    """Seconds a sample of the system's own network, in Nengo core and nengo-loihi."""
    network = lesson.backprop(learner="backprop", taught=1, shown=n)
    chip = rewrite(network).network
    makers = {
        "Nengo core": lambda: nengo.Simulator(network, progress_bar=False),
        "nengo-loihi": lambda: load_nengo_loihi().Simulator(chip, target="sim"),
    }
    found = {}
    for name, make in makers.items():
        with make() as simulator:
            found[name] = timed(lambda: simulator.run_steps(n * STEPS))[0] / n
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--of-peers", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    read, (given, labels) = classifier(), images(asked.samples)
    for together in (True, False):  # compiles
        ours(read, given[:200], together)
    taken: Dict[str, List[float]] = {}
    decided: Dict[str, np.ndarray] = {}
    for _ in range(asked.repeats):
        for name, together in (("side by side", True), ("one after the other", False)):
            seconds, decided[name] = ours(read, given, together)
            taken.setdefault(name, []).append(seconds / asked.samples)
        of_stepper = timed(lambda: Stepper(read).run(given[:1000]))[0] / min(1000, asked.samples)
        taken.setdefault("the reference in double precision", []).append(of_stepper)
        for name, seconds in peers(asked.of_peers).items():
            taken.setdefault(name, []).append(seconds)
    base = median(taken["side by side"])
    print(f"{asked.samples:,} samples of {STEPS} steps; medians of {asked.repeats}\n")
    print("| | ms a sample | best | samples a second | ÷ side by side |\n|---|---|---|---|---|")
    for name, each in taken.items():
        middle = median(each)
        print(
            f"| {name} | {1000 * middle:.2f} | {1000 * min(each):.2f} | {1 / middle:,.0f} "
            f"| {middle / base:.1f} |"
        )
    same = np.array_equal(decided["side by side"], decided["one after the other"])
    right = np.mean(decided["side by side"] == labels)
    print(f"\ndecisions {'the same' if same else 'NOT the same'}; {100 * right:.1f} % right")


if __name__ == "__main__":
    main()
