"""What a Nengo network loses by being written as a NIR file, and what its metadata keeps."""

from __future__ import annotations

import warnings
from typing import Any, Dict, List

import nengo
import numpy as np

from benchmarks.nir.table import Table
from loihi_rules.nengo_parts.seeds import fix_seeds
from loihi_rules.nir import convert, to_graph

STEPS, DT = 2_000, 1e-3


def network() -> nengo.Network:
    """Ensembles that are decoded, filtered, recurrent and joined neuron by neuron."""
    with nengo.Network(seed=3, label="example") as found:
        stimulus = nengo.Node(lambda t: np.sin(2 * np.pi * t), label="stimulus")
        sine = nengo.Ensemble(100, 1, label="sine, LIF")
        square = nengo.Ensemble(100, 1, label="its square, LIF with 1 ms", neuron_type=nengo.LIF(
            tau_ref=0.001))  # fmt: skip
        memory = nengo.Ensemble(100, 1, label="its integral, LIF in a loop")
        both = nengo.Ensemble(
            100, 2, label="both, SpikingRectifiedLinear",
            neuron_type=nengo.SpikingRectifiedLinear(),
        )  # fmt: skip
        nengo.Connection(stimulus, sine)
        nengo.Connection(sine, square, function=np.square, synapse=0.01)
        nengo.Connection(sine, memory, transform=0.1, synapse=0.1)
        nengo.Connection(memory, memory, synapse=0.1)
        nengo.Connection(square, both[0])
        nengo.Connection(sine, both[1], synapse=nengo.Alpha(0.01))
        nengo.Connection(sine.neurons, square.neurons, transform=-1e-5 * np.ones((100, 100)))
    return found


def tables() -> List[Table]:
    """Spikes of two seconds: in Nengo, read again, and read without the metadata."""
    graph = to_graph(network(), DT, STEPS * DT).graph
    before = _spikes(fix_seeds(network()).network)
    again = _spikes(convert(graph, "again").network)
    graph.metadata = {}  # what enters is in its Input's own
    # Nengo's own ways to step, as the metadata named them
    conventions = {"dt": DT, "decay": "exact", "first": "voltage"}
    alone = _spikes(convert(graph, "alone", conventions).network)
    rows = [
        [
            name,
            int(spikes.sum()),
            int((again[name] != spikes).sum()),
            f"{alone[name].sum() / spikes.sum():.2f}",
        ]
        for name, spikes in before.items()
    ]
    columns = ["ensemble", "spikes in 2 s", "of them otherwise when read again",
               "times as many by NIR's equations alone"]  # fmt: skip
    return [Table("A Nengo network as a NIR file", columns, rows)]


def _spikes(of: nengo.Network) -> Dict[str, Any]:
    with of:
        probes = {ens.label: nengo.Probe(ens.neurons, "output") for ens in of.all_ensembles}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of maximum rates, which have no use here
        with nengo.Simulator(of, dt=DT, progress_bar=False) as simulator:
            simulator.run_steps(STEPS, progress_bar=False)
            return {name: simulator.data[probe] > 0 for name, probe in probes.items()}
