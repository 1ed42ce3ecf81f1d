"""What nodes give in each step, to be written beside a graph."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import nengo
import numpy as np
from nengo.processes import PresentInput

from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nir.errors import NirError

MOST_VALUES = 50_000_000


class Stimuli:
    """Values of a network's nodes, recorded where they are not written down.

    Parameters
    ----------
    network : nengo.Network
        With seeds.
    dt, seconds : float
        Step, and for how long to record, in seconds.
    """

    def __init__(self, network: nengo.Network, dt: float, seconds: float):
        if not 0 < seconds < np.inf or round(seconds / dt) < 1:
            raise NirError(f"values of nodes are kept for a step or more, not {seconds!r} s")
        self.network, self.dt, self.n_steps = network, dt, int(round(seconds / dt))
        self.recorded: Dict[nengo.Node, np.ndarray] = {}

    def of(self, node: nengo.Node) -> np.ndarray:
        """(n_steps, size_out) values; of a constant one step."""
        output = node.output
        if isinstance(output, np.ndarray):
            return np.array(output, float).reshape(1, -1)
        if self._is_listed(node):
            return np.array(output.inputs, float).reshape(len(output.inputs), -1)
        if node not in self.recorded:
            self._record()
        return self.recorded[node]

    def into(self, ways: List[Any], n: int) -> np.ndarray:
        """(n_steps, n) sum of what nodes give by matrices."""
        each = [np.asarray((way.matrix @ self.of(way.source).T).T) for way in ways]
        lengths = {len(values) for values in each} - {1}
        if len(lengths) > 1:
            every = np.arange(self.n_steps)
            each = [values[every % len(values)] for values in each]
        return np.array(sum(each, np.zeros((1, n))))

    def said_of(self, node: nengo.Node) -> List[Tuple[str, str, str]]:
        """What of a node NIR cannot say: before, after, why."""
        if isinstance(node.output, np.ndarray) or self._is_listed(node):
            return []
        seconds = f"{self.n_steps * self.dt:g} s"
        if node.size_in:
            return [
                (
                    "a node that computes from what it is given",
                    f"an Input, with the values of a run of {seconds}, whatever is given",
                    "NIR has no functions",
                )
            ]
        return [
            (
                "a node that computes",
                f"an Input, with its values of {seconds}, which are repeated",
                "NIR has no functions of time",
            )
        ]

    def _is_listed(self, node: nengo.Node) -> bool:
        output = node.output
        return isinstance(output, PresentInput) and np.isclose(output.presentation_time, self.dt)

    def _record(self) -> None:
        """Run those that are given nothing by themselves, or all if others compute too."""
        nodes = [
            node
            for node in self.network.all_nodes
            if node.output is not None and node.size_out and not isinstance(node.output, np.ndarray)
        ]
        if sum(node.size_out for node in nodes) * self.n_steps > MOST_VALUES:
            raise NirError(
                f"nodes give more than {MOST_VALUES:,} values in {self.n_steps:,} steps; record "
                "for a shorter time"
            )
        alone = not any(node.size_in for node in nodes)
        try:
            self.recorded = _run(self.network, nodes, self.dt, self.n_steps, alone)
        except Exception as error:  # a user's function may fail in any way it likes
            said = " ".join(str(error).split())[:160] or type(error).__name__
            names = ", ".join(name_of(node) for node in nodes)
            raise NirError(f"what nodes give cannot be recorded ({names}): {said}") from None


def _run(
    network: nengo.Network, nodes: List[nengo.Node], dt: float, n_steps: int, alone: bool
) -> Dict[nengo.Node, np.ndarray]:
    if alone:
        network = nengo.Network(seed=0, add_to_container=False)
        network.nodes.extend(nodes)
    before = list(network.probes)
    with network:
        probes = [nengo.Probe(node, synapse=None, seed=0) for node in nodes]
    try:
        with nengo.Simulator(network, dt=dt, progress_bar=False, optimize=False) as simulator:
            simulator.run_steps(n_steps, progress_bar=False)
            return {node: np.array(simulator.data[probe]) for node, probe in zip(nodes, probes)}
    finally:
        network.probes[:] = before
