"""Whether it helps to clip a layer's weights, so that the others have finer steps of 8 bits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import numpy as np

from benchmarks.nir import braille, convolutional
from benchmarks.nir.activity import agreement, cosine_of_counts, record
from benchmarks.nir.peers import PEERS, load
from benchmarks.nir.table import Table
from loihi_rules.nir import convert
from loihi_rules.nir.file import read_file

PERCENTILES = (100.0, 99.9, 99.5, 99.0, 98.0)
N_SAMPLES = 20  # of digits, one after the other
N_STEPS, EVENTS = 200, 0.02  # of the convolutional network
SEEDS = 5  # of what enters the recurrent ones


def tables(folder: Path) -> List[Table]:
    """Of all networks that are there: spikes of clipped weights beside those of whole ones."""
    rows = []
    for name, path, signals, conventions in _networks(folder):
        whole = [_spikes(path, signal, conventions, "cpu", 100.0) for signal in signals]
        row: List[Any] = [name]
        for percentile in PERCENTILES:
            found = [
                _spikes(path, signal, conventions, "emulator", percentile) for signal in signals
            ]
            cosine, share = (
                np.mean([of(a[layer], b[layer]) for a, b in zip(whole, found) for layer in a])
                for of in (cosine_of_counts, agreement)
            )
            row.append(f"{cosine:.4f}, {100 * share:.1f} %")
        rows.append(row)
    return [
        Table(
            "Weights clipped by percentile",
            ["network", *(f"{p:g}" if p < 100 else "the largest" for p in PERCENTILES)],
            rows,
            "Mean over layers: cosine of the emulator's spike counts to the reference's with all "
            "of its weights, and spikes in the same step. Magnitudes of each layer's weights above "
            "a percentile of them are clipped there.",
        )
    ]


def _networks(folder: Path) -> Iterator[Tuple[str, Path, List[np.ndarray], Mapping[str, Any]]]:
    for peer in PEERS:
        path = folder / f"{peer.stem}.nir"
        samples = load(path.with_suffix(".npz")).inputs[:N_SAMPLES]
        yield peer.stem, path, [samples.reshape(-1, samples.shape[-1])], peer.conventions
    paper = os.environ.get("NIR_PAPER")
    if paper:
        for name in braille.FILES:
            path = Path(paper) / "braille" / f"braille_{name}.nir"
            signals = [braille.stimulus(seed) for seed in range(SEEDS)]
            yield f"braille_{name}", path, signals, {"reset": name.split("_")[-1]}
        signal = convolutional.events(0, EVENTS, N_STEPS)
        yield "cnn_sinabs", Path(paper) / "cnn" / "cnn_sinabs.nir", [signal], {}


def _spikes(
    path: Path, signal: np.ndarray, conventions: Mapping[str, Any], target: str, percentile: float
) -> Dict[str, np.ndarray]:
    """Of each layer, (n_steps, n_neurons) of bool."""
    graph = read_file(path)
    _clip(graph, percentile)
    model = convert(graph, path.stem, conventions, signal)
    run = record(model.network, len(signal), target, model.dt)
    names = [population.name for population in model.graph.populations]
    return {name: run[name].dense() > 0 for name in names if run[name].sparse}


def _clip(graph: Any, percentile: float) -> None:
    for node in graph.nodes.values():
        if hasattr(node, "nodes"):
            _clip(node, percentile)
        elif hasattr(node, "weight"):
            sizes = np.abs(node.weight)
            most = float(np.percentile(sizes[sizes > 0], percentile))
            node.weight = np.clip(node.weight, -most, most)
