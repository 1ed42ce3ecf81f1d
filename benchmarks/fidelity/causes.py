"""What whole steps alone do to a cell: Nengo core with the chip's neurons.

No rounding, no routing, no host: Nengo core runs the network with its own neurons, and with
nengo-loihi's, from the same voltages, whose intervals are whole steps. What the chip's figure has
in common with the last is the neurons', whatever else is built.
"""

from __future__ import annotations

import argparse
from typing import Any, Callable, Dict, Sequence

import nengo
import numpy as np

from benchmarks.fidelity.cell import Cell, Recording
from benchmarks.fidelity.fidelity import chosen
from benchmarks.fidelity.grid import all_cells
from deploy.nengo_loihi.load import load_nengo_loihi


def own(neurons: nengo.neurons.NeuronType) -> nengo.neurons.NeuronType:
    return neurons


def start(neurons: nengo.neurons.NeuronType) -> Dict[str, Any]:
    state = {**type(neurons).state, **(neurons.initial_state or {})}
    return {"voltage": state["voltage"]}


def whole_steps(neurons: nengo.neurons.NeuronType) -> nengo.neurons.NeuronType:
    types: Any = load_nengo_loihi().neurons
    if type(neurons) is nengo.LIF:
        return types.LoihiLIF(neurons.tau_rc, neurons.tau_ref, initial_state=start(neurons))
    if type(neurons) is nengo.SpikingRectifiedLinear:
        return types.LoihiSpikingRectifiedLinear(initial_state=start(neurons))
    return neurons


NEURONS: Dict[str, Callable[[Any], Any]] = {
    "core": own,
    "whole steps": whole_steps,
}


def main(asked: argparse.Namespace) -> None:
    print(f"{'':44}" + "".join(f"{name:>14}" for name in NEURONS))
    for name, cell in chosen(all_cells(), asked.names).items():
        figures = [median(cell, neurons, asked.seeds) for neurons in NEURONS.values()]
        print(f"{name:44}" + "".join(f"{figure:14.4g}" for figure in figures), flush=True)


def median(cell: Cell, neurons: Callable[[Any], Any], seeds: Sequence[int]) -> float:
    """A cell's figure in Nengo core, with its neurons changed."""
    return float(np.median([figure(cell, neurons, seed) for seed in seeds]))


def figure(cell: Cell, neurons: Callable[[Any], Any], seed: int) -> float:
    network = cell.build(seed)
    for ens in network.all_ensembles:
        ens.neuron_type = neurons(ens.neuron_type)
    with nengo.Simulator(network, dt=cell.dt, progress_bar=False) as simulator:
        simulator.run(cell.duration, progress_bar=False)
        samples = {probe.label: simulator.data[probe] for probe in network.all_probes}
    return float(cell.figure(Recording(samples, cell.dt, seed)))
