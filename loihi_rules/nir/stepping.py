"""NIR's equations stepped for many samples at once, each from its beginning.

The reference for classifiers: what the file's author meant, in double precision, without Nengo's
scheduling. The equations are `SteppedNeurons.step`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping

import nengo
import numpy as np

from loihi_rules.nengo_parts.stepped import InputSpikes, SteppedNeurons, delay_of
from loihi_rules.nengo_parts.transforms import linear_map
from loihi_rules.nengo_parts.wiring import base_of
from loihi_rules.nir.network import NirModel


@dataclass(frozen=True)
class _Way:
    """What a population is given by another: a matrix of what that one gave some steps before."""

    source: str
    delay: int
    matrix: Any


class Stepper:
    """A model's network as arrays.

    Parameters
    ----------
    model : NirModel
    """

    def __init__(self, model: NirModel):
        self.dt, network = model.dt, model.network
        self.inputs = {name: int(np.prod(shape)) for name, shape in model.graph.inputs.items()}
        self.neurons: Dict[str, SteppedNeurons] = {}
        self.sizes: Dict[str, int] = {}
        for ens in network.all_ensembles:  # each behind its sources, as `Graph.populations`
            neurons: Any = ens.neuron_type
            if not isinstance(neurons, InputSpikes):
                self.neurons[_label(ens)], self.sizes[_label(ens)] = neurons, ens.n_neurons
        self.ways: Dict[str, List[_Way]] = {name: [] for name in self.neurons}
        for conn in network.all_connections:
            pre, post = base_of(conn.pre), base_of(conn.post)
            if isinstance(pre, nengo.Ensemble):
                self.ways[_label(post)].append(
                    _Way(_label(pre), delay_of(conn.synapse) or 0, linear_map(conn))
                )
        self.longest = max((w.delay for ways in self.ways.values() for w in ways), default=0)

    def run(self, samples: np.ndarray) -> Mapping[str, np.ndarray]:
        """What each population gives.

        Parameters
        ----------
        samples : (n_samples, n_steps, n) ndarray
            What enters; of several inputs the columns one after the other.

        Returns
        -------
        mapping of str to (n_samples, n_steps, n_neurons) ndarray
            Spikes, of bool; of what has no threshold the voltage.
        """
        n_samples, n_steps, _ = samples.shape
        given = np.split(samples, np.cumsum(list(self.inputs.values()))[:-1], axis=2)
        states = {name: self._state(name, n_samples) for name in self.neurons}
        spikes = {name: bool(np.isfinite(n.threshold).any()) for name, n in self.neurons.items()}
        found = {
            name: np.zeros((n_samples, n_steps, size), bool if spikes[name] else float)
            for name, size in self.sizes.items()
        }
        recent: List[Dict[str, np.ndarray]] = []  # what all gave, this step first
        for t in range(n_steps):
            now = {name: np.ascontiguousarray(own[:, t].T) for name, own in zip(self.inputs, given)}
            recent.insert(0, now)
            del recent[self.longest + 1 :]
            for name, neurons in self.neurons.items():
                total = np.zeros((self.sizes[name], n_samples))
                for way in self.ways[name]:
                    if way.delay < len(recent):
                        total += way.matrix @ recent[way.delay][way.source]
                output, state = np.empty((n_samples, self.sizes[name])), states[name]
                neurons.step(self.dt, total.T / self.dt, output, **state)
                now[name] = state["voltage" if neurons.graded else "spiked"].T.copy()
                found[name][:, t] = state["spiked"] if spikes[name] else state["voltage"]
        return found

    def _state(self, name: str, n_samples: int) -> Dict[str, np.ndarray]:
        first = self.neurons[name].make_state(self.sizes[name], rng=np.random.RandomState(0))
        return {
            key: np.broadcast_to(values, (n_samples, self.sizes[name])).astype(float)
            for key, values in first.items()
        }


def _label(ens: Any) -> str:
    return str(ens.label)
