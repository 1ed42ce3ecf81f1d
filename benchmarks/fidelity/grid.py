"""The cells of the grid: each factor swept around a middle, then combinations that were drawn."""

from __future__ import annotations

from typing import Dict, List

import nengo
import nengo_loihi

from benchmarks.fidelity.cell import Cell
from benchmarks.fidelity.cells import arrays, delays, drawn
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
from benchmarks.fidelity.cells.learning import (
    held,
    moving,
    pes,
    product,
    slices,
    square,
    two_sources,
    wave,
)
from benchmarks.fidelity.cells.memories import associative
from benchmarks.fidelity.cells.neurons import closed, convolutions, empty, joined, sparse, stack
from benchmarks.fidelity.cells.recurrent import integrator, lmu, lorenz, oscillator
from benchmarks.fidelity.cells.rules import unsupervised
from benchmarks.fidelity.cells.single import supervised

RELU = nengo.SpikingRectifiedLinear()
LOIHI_RELU = nengo_loihi.neurons.LoihiSpikingRectifiedLinear()
LOIHI_LIF = nengo_loihi.neurons.LoihiLIF()


def channels() -> List[Cell]:
    """The middle: 200 LIF neurons, 1-D, radius 1, 200-400 Hz, filters of 5 ms."""
    return [
        channel("10 neurons", 10),
        channel("30 neurons", 30),
        channel("100 neurons", 100, quick=True),
        channel("350 neurons", 350, quick=True),
        channel("1000 neurons", 1000, duration=1.5),
        channel("3000 neurons", 3000, duration=1.0, seeds=4),
        channel("2-D", 100, 2),
        channel("4-D", 200, 4),
        channel("8-D", 400, 8, duration=1.5),
        channel("16-D", 800, 16, duration=1.5),
        channel("32-D", 1600, 32, duration=1.2),
        channel("radius 0.03", radius=0.03),
        channel("radius 0.3", radius=0.3),
        channel("radius 5", radius=5.0),
        channel("radius 100", radius=100.0, quick=True),
        channel("10-20 Hz", rates=(10, 20)),
        channel("30-60 Hz", rates=(30, 60)),
        channel("100-150 Hz", rates=(100, 150)),
        channel("390-450 Hz", rates=(390, 450)),
        channel("tau_ref 1 ms", neuron_type=nengo.LIF(tau_ref=0.001)),
        channel("tau_ref 5 ms", neuron_type=nengo.LIF(tau_ref=0.005), rates=(80, 120)),
        channel("tau_ref 20 ms", neuron_type=nengo.LIF(tau_ref=0.02), rates=(20, 35)),
        channel("tau_ref 200 ms", 1000, neuron_type=nengo.LIF(tau_ref=0.2), rates=(2, 4)),
        channel("tau_RC 1 ms", neuron_type=nengo.LIF(tau_rc=0.001)),
        channel("tau_RC 5 ms", neuron_type=nengo.LIF(tau_rc=0.005)),
        channel("tau_RC 50 ms", neuron_type=nengo.LIF(tau_rc=0.05)),
        channel("tau_RC 200 ms", neuron_type=nengo.LIF(tau_rc=0.2)),
        channel("filters of 1 ms", synapse=0.001),
        channel("filters of 20 ms", synapse=0.02),
        channel("filters of 100 ms", synapse=0.1, duration=2.5),
        channel("filters of 200 ms", synapse=0.2, duration=3.0),
        channel("intercepts 0 to 0.9", intercepts=(0, 0.9)),
        channel("intercepts 0.3 to 0.6", intercepts=(0.3, 0.6)),
        channel("intercepts -0.5 to 0.5", intercepts=(-0.5, 0.5)),
        channel("SpikingRectifiedLinear", neuron_type=RELU),
        channel("SpikingRectifiedLinear, 20 Hz", neuron_type=RELU, rates=(15, 25)),
        channel("LoihiLIF", neuron_type=LOIHI_LIF),
        channel("LoihiSpikingRectifiedLinear", neuron_type=LOIHI_RELU),
        channel("beyond the radius", rms=1.0),
        channel("a tenth of the radius", rms=0.1),
        channel("square", function=square),
        channel("sin 4x", function=wave),
        channel("20 in a row", 100, length=20, synapse=0.003, duration=1.5),
        channel("0.5 ms", dt=0.0005, duration=1.5),
        channel("2 ms", dt=0.002),
    ]


def recurrent() -> List[Cell]:
    return [
        integrator("0.1 s", quick=True),
        integrator("0.02 s", tau=0.02),
        integrator("1000 neurons", 1000, duration=2.0),
        integrator("0.5 s", tau=0.5),
        integrator("2-D", 300, dimensions=2),
        integrator("SpikingRectifiedLinear", neuron_type=RELU),
        integrator("0.5 ms", dt=0.0005, duration=2.0),
        integrator("2 ms", dt=0.002),
        oscillator("1 Hz", quick=True),
        oscillator("2 Hz", 2.0),
        oscillator("5 Hz, 0.05 s", 5.0, tau=0.05),
        oscillator("1000 neurons", neurons=1000, duration=2.5),
        oscillator("input of 0.1 s", input_tau=0.1),
        lmu("array of 150"),
        lmu("one population", array=False),
        lmu("4 of 50", 50, 4),
        lmu("array of 150, 0.2 s", theta=0.2),
        lmu("4 of 100, 0.1 s", 100, 4, theta=0.1),
        lorenz("600 neurons", 600, 5.0),
        gated("gated memory"),
        gated("gated memory, 4-D", 4, 100),
    ]


def networks() -> List[Cell]:
    return [
        arrays.ensemble_array("array, 4 of 100", quick=True),
        arrays.ensemble_array("array, 16 of 50", 50, 16),
        arrays.ensemble_array("array, 2 of 400", 400, 2),
        arrays.product("product"),
        arrays.product("product, 8-D", 8, 100),
        arrays.convolution("circular convolution, 8-D", duration=0.5),
        arrays.convolution("circular convolution, 16-D", 16, 50),
        arrays.selection("basal ganglia, 4 actions", thalamus=False),
        arrays.selection("basal ganglia and thalamus, 4 actions", quick=True),
        arrays.selection("basal ganglia and thalamus, 8 actions", 8),
        associative("associative memory, 6 items"),
        associative("associative memory, 12 items, 32-D", 12, 32),
    ]


def neurons() -> List[Cell]:
    return [
        joined("weight 0.02", 0.02, duration=0.6),
        joined("weight 0.1", 0.1, duration=0.6),
        joined("weight 0.3", 0.3, duration=0.6),
        sparse("sparse, 10 of 2000", duration=0.8),
        sparse("sparse, 100 of 500", 500, 100, 0.8),
        empty("sparse without an entry"),
        closed("a loop of LIF", nengo.LIF()),
        closed("a loop of SpikingRectifiedLinear", nengo.SpikingRectifiedLinear()),
        stack("ReLU, 4 layers", by_neuron=False),
        stack("ReLU, 6 layers of 100", 6, 100, by_neuron=False),
        stack("ReLU, 3 layers, 10 Hz", 3, first=10.0, by_neuron=False),
        stack("ReLU, 3 layers, 300 Hz", 3, first=300.0, by_neuron=False),
        stack("ReLU, 3 layers, bias", 3, bias=20.0, by_neuron=False),
        stack("Loihi's ReLU, 4 layers", neuron_type=LOIHI_RELU, by_neuron=False),
        stack("LIF, 3 layers", 3, neuron_type=nengo.LIF(), by_neuron=False),
        convolutions("28 x 28, layer 1", layer=1, duration=0.4),
        convolutions("28 x 28, layer 2", layer=2, duration=0.4),
        convolutions("28 x 28, gains given", as_arrays=True, duration=0.4),
        convolutions("28 x 28, LIF", neuron_type=nengo.LIF(amplitude=1 / 150), duration=0.4),
    ]


def learning() -> List[Cell]:
    """The middle: 100 neurons, 1-D, radius 1, κ = 1e-3, the identity from nothing."""
    return [
        pes("10 neurons", 10),
        pes("50 neurons", 50, quick=True),
        pes("200 neurons", 200),
        pes("1000 neurons", 1000, duration=3.0),
        pes("2-D", dimensions=2),
        pes("4-D", dimensions=4),
        pes("8-D", dimensions=8, duration=3.0),
        pes("radius 0.03", radius=0.03),
        pes("radius 0.3", radius=0.3),
        pes("radius 5", radius=5.0, quick=True),
        pes("radius 100", radius=100.0),
        pes("1e-5", learning_rate=1e-5),
        pes("1e-4", learning_rate=1e-4),
        pes("3e-3", learning_rate=3e-3),
        pes("1e-2", learning_rate=1e-2),
        pes("square", function=square),
        pes("product", dimensions=2, function=product, size_out=1),
        pes("sin 4x", function=wave),
        pes("beyond the radius", rms=1.0),
        pes("a fast signal", high=8.0),
        pes("from a gain of 0.5", start=0.5),
        pes("error off after 2 s", stop=2.0, settled=2.2),
        pes("100 s", 50, learning_rate=1e-4, duration=100.0, settled=80.0),
        pes("0.5 ms", dt=0.0005, duration=3.0),
        pes("2 ms", dt=0.002),
        moving("a target that turns"),
        two_sources("two sources"),
        slices("slices"),
        held("speed at 0", 0.0),
        held("speed at 0.5", 0.5),
        held("speed at 0.9", 0.9),
        held("speed at 1.5", 1.5),
        supervised("one neuron", duration=4.0),
        supervised("one neuron, 1e-4", 1e-4, 4.0),
        unsupervised("BCM, rate", "BCM", "rate", 2.0),
        unsupervised("BCM, learnt", "BCM", "learnt", 2.0),
        unsupervised("Oja, rate", "Oja", "rate", 2.0),
        unsupervised("Oja, learnt", "Oja", "learnt", 2.0),
    ]


def ways_in() -> List[Cell]:
    return [
        cancelled("x 2, taken back", 2.0),
        cancelled("x 8, taken back", 8.0),
        difference("high-pass"),
        beside("10 ms beside none"),
        crowd("memory alone", 0),
        crowd("memory and 10 silent inputs", 10),
        shares("4 shares", 4),
        shares("32 shares", 32, each=50),
        constant("held value, 1st layer", 1),
        constant("held value, 2nd layer", 2),
        listed_twice("subnetwork listed twice"),
        pendulum("pendulum, P", duration=4.0),
        pendulum("pendulum, PID", 0.5, 0.25, duration=4.0),
        delays.chain("20 in a row", nengo.LIF()),
        delays.chain("20 in a row, SpikingRectifiedLinear", nengo.SpikingRectifiedLinear()),
        *(delays.way(name, quick=name == "node to ensemble") for name in delays.WAYS),
    ]


FAMILIES = (channels, recurrent, networks, neurons, learning, ways_in)


def all_cells() -> Dict[str, Cell]:
    """All cells of the grid by name.

    Raises
    ------
    ValueError
        If two have one name.
    """
    cells = [cell for family in FAMILIES for cell in family()]
    named: Dict[str, Cell] = {}
    for cell in (*cells, *drawn.channels(20), *drawn.lessons(12)):
        if cell.name in named:
            raise ValueError(f"two cells are named {cell.name!r}")
        named[cell.name] = cell
    return named
