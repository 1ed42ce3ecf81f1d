"""Cases that were wrong when they were reported, each measured again by its name.

Each has the figures of the report: the CPU's, the emulator's then, and, where there was one, those
with a prototype of a cure. Inputs, sizes and seeds are our own, so figures are of the same kind
and not the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List

import nengo
import nengo_loihi

from benchmarks.fidelity.cell import Cell
from benchmarks.fidelity.cells import delays
from benchmarks.fidelity.cells.channels import channel
from benchmarks.fidelity.cells.control import pendulum
from benchmarks.fidelity.cells.inputs import (
    beside,
    cancelled,
    constant,
    crowd,
    difference,
    gated,
    listed_twice,
    shares,
)
from benchmarks.fidelity.cells.learning import held, pes, product, square, wave
from benchmarks.fidelity.cells.memories import associative
from benchmarks.fidelity.cells.neurons import convolutions, empty, from_file, joined, stack
from benchmarks.fidelity.cells.recurrent import integrator, lmu, lorenz, oscillator
from benchmarks.fidelity.cells.rules import unsupervised
from benchmarks.fidelity.cells.single import supervised


@dataclass(frozen=True)
class Row:
    """A cell and what was reported of it.

    Attributes
    ----------
    cell : Cell
    reported : str
        The figures of the report, in words.
    """

    cell: Cell
    reported: str


ROWS: Dict[str, List[Row]] = {
    "split": [
        Row(channel("350 neurons", 350), "0.11-0.16, CPU 0.006-0.012; cured 0.007-0.014"),
        Row(channel("1000 neurons", 1000), "split blocks are not levelled"),
        Row(lmu("array of 150"), "0.44, CPU 0.018; cured 0.09"),
    ],
    "saturate": [Row(associative("6 items"), "right 0.67-1; cured 1")],
    "pes-radius": [
        Row(pes("radius 50", radius=50.0), "x 13.6 of the CPU; cured 1.06-1.08"),
        Row(pes("radius 5", radius=5.0), "x 1.5"),
        Row(pes("radius 0.1", radius=0.1), "x 1.36"),
        Row(pes("radius 0.1, 1e-4", radius=0.1, learning_rate=1e-4), "x 4.75"),
    ],
    "matrices": [
        Row(channel("400 neurons, 1-D", 400), "2-4 x CPU; cured 1.1"),
        Row(channel("1500 neurons, 1-D", 1500), "2-4 x CPU; cured 1.1"),
        Row(channel("400 neurons, 8-D", 400, 8), "no parity; cured parity"),
    ],
    "exponent": [
        Row(pes("4-D", dimensions=4, duration=6.0), "1.13-1.24; cured 1.02-1.06"),
        Row(pes("8-D", dimensions=8, duration=6.0), "1.25-1.54; cured 0.96-0.98"),
        Row(pes("sin 4x", function=wave), "1.30; cured 0.88"),
        Row(pes("square", function=square), "-"),
        Row(pes("product", dimensions=2, function=product, size_out=1), "0.83"),
    ],
    "long": [
        Row(integrator("tau 0.1 s"), "spread 0.050, CPU 0.014, float 0.023; cured 0.043"),
        Row(lmu("one population", array=False), "-"),
    ],
    "loop": [
        Row(oscillator("1 Hz"), "0.945 Hz, CPU 1.003; cured 0.996-1.025"),
        Row(oscillator("1.33 Hz", 1.33), "1.243, CPU 1.332; cured 1.335"),
        Row(oscillator("2 Hz", 2.0), "1.774, CPU 2.003; cured 2.006"),
        Row(oscillator("1000 neurons", 1.0, 1000), "0.35-0.45, CPU 0.82-0.91"),
        Row(gated("gated memory"), "0.15-0.16 (float too), CPU 0.014-0.083"),
    ],
    "saturation": [
        Row(channel("390-450 Hz", 200, rates=(390, 450)), "x 1.89; cured 1.19"),
        Row(channel("beyond the radius", 200, rms=1.0), "x 1.09; cured 0.86"),
        Row(pes("beyond the radius", rms=1.0), "x 1.04-1.11; cured 0.79-0.96"),
    ],
    "posts": [
        Row(unsupervised("BCM rate", "BCM", "rate"), "-11 %"),
        Row(unsupervised("BCM learnt", "BCM", "learnt"), "off by 0.39"),
        Row(unsupervised("Oja rate", "Oja", "rate"), "-4 %"),
    ],
    "convolutions": [
        Row(convolutions("28 x 28, layer 1", layer=1), "-34 %"),
        Row(convolutions("28 x 28, layer 2", layer=2), "-57 %"),
        Row(convolutions("28 x 28, gains given", as_arrays=True), "within some percent"),
        Row(
            convolutions("32 x 32 x 3", (32, 32, 3), ((4, 1, 1), (32, 3, 2), (64, 3, 2))),
            "does not build; nengo-loihi within 3 %",
        ),
    ],
    "camera": [Row(from_file("camera file"), "16 Hz, CPU 70; cured 62")],
    "builds": [
        Row(joined("weight 0.3", 0.3), "AssertionError"),
        Row(joined("weight 0.1", 0.1), "-"),
        Row(empty("sparse without an entry"), "OverflowError"),
        Row(pes("64-D", 20, dimensions=64, duration=2.0), "KeyError"),
    ],
    "single": [Row(supervised("one neuron"), "5, 6 Hz; CPU 55-60, 52-72")],
    "cancelled": [
        Row(cancelled("x 2", 2.0), "0.34, CPU 0.50"),
        Row(cancelled("x 4", 4.0), "-0.14, CPU 0.50"),
        Row(cancelled("x 8", 8.0), "-1.05, CPU 0.50"),
    ],
    "stacks": [
        *(
            Row(
                stack(f"Loihi's ReLU, layer {k}", layer=k,
                      neuron_type=nengo_loihi.neurons.LoihiSpikingRectifiedLinear()),
                said,
            )
            for k, said in enumerate(("6 %", "42; without the fit 7", "64; 8", "76; 9"))
        ),
        *(
            Row(stack(f"ReLU, layer {k}", layer=k), said)
            for k, said in enumerate(("9 %", "21; without the fit 29", "38; 44", "35; 47"))
        ),
        Row(stack("LIF, layer 3", layer=3, neuron_type=nengo.LIF()), "-"),
    ],
    "filters": [
        Row(difference("high-pass"), "0.000, CPU 0.087"),
        Row(beside("10 ms beside none"), "4.8 ms, CPU 9.7"),
    ],
    "crowd": [
        Row(crowd("no silent inputs", 0), "0.74, CPU 0.77"),
        Row(crowd("10 silent inputs", 10), "0.39, CPU 0.60 (float 0.65)"),
        Row(crowd("40 silent inputs", 40), "0.08, CPU 0.56 (float 0.10)"),
        Row(shares("4 shares", 4), "0.69, CPU 0.80"),
        Row(shares("16 shares", 16), "0.29, CPU 0.80"),
        Row(shares("64 shares", 64), "0.05, CPU 0.80"),
    ],
    "constant": [
        Row(constant("held value, 1st layer", 1), "0.0292, CPU 0.0246"),
        Row(constant("held value, 2nd layer", 2), "0.0482, CPU 0.0411"),
    ],
    "pes-speed": [
        Row(held("speed at 0", 0.0), "x 1.32"),
        Row(held("speed at 0.5", 0.5), "x 1.16"),
        Row(held("speed at 0.9", 0.9), "x 1.02"),
        Row(held("speed at 1.5", 1.5), "x 0.86"),
    ],
    "twice": [Row(listed_twice("subnetwork listed twice"), "doubled")],
    "lorenz": [Row(lorenz("2000 neurons"), "3.9-8.2, CPU 8.3-9.0, float 8.7-8.9")],
    "control": [
        Row(pendulum("pendulum, P", damping=0.0), "0.78, CPU 0.26"),
        Row(pendulum("pendulum, PID", 0.5, 0.25), "0.39-0.63, CPU 0.18"),
        Row(
            pendulum("pendulum, adaptive", 0.0, 0.25, adapts=True, duration=12.0),
            "0.015, CPU 0.006",
        ),
    ],
    "delays": [Row(delays.way(name), "within 1 ms of the CPU's") for name in delays.WAYS],
}  # fmt: skip
