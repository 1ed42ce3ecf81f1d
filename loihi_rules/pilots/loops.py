"""A pilot run of neurons that give each other currents in a loop: on the CPU, and on the chip.

What neurons in a loop are given depends on what all of them fire, so that they are run together.
They are fitted to the currents that the CPU's have there, whose fluctuations are the chip's too as
soon as its rates are right. What is judged is the loop as it closes on the chip.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

import nengo
import numpy as np
from nengo.synapses import Lowpass
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from loihi_rules.nengo_parts.transforms import linear_map
from loihi_rules.nengo_parts.wiring import base_of, columns_of, rows_of
from loihi_rules.pilots.networks import Pilot, Signals
from loihi_rules.pilots.steps import ChipNeurons, CpuNeurons, settling, shown

MOST_NEURONS = 3000  # that are run together
ENDLESS = 1e12  # far beyond all rates, and its squares still add up in single precision
CHANGES = 0.4  # part of the time shown, after which some inputs are others
Step = Callable[[nengo.Ensemble, np.ndarray], np.ndarray]  # inputs to outputs


class Tuned(NamedTuple):
    """What an ensemble's neurons are on the chip."""

    neuron_type: nengo.neurons.NeuronType
    gain: np.ndarray
    bias: np.ndarray


class Run(NamedTuple):
    """A loop that was run; by ensemble, (n_steps, n_stimuli, n_neurons) each.

    Attributes
    ----------
    inputs : mapping of nengo.Ensemble to ndarray
        What its neurons were given, before gain and bias.
    output : mapping of nengo.Ensemble to ndarray
        Of its neurons, Hz times their amplitude.
    """

    inputs: Mapping[nengo.Ensemble, np.ndarray]
    output: Mapping[nengo.Ensemble, np.ndarray]

    @property
    def runs_away(self) -> bool:
        """Whether what neurons give each other grew without end.

        As Nengo's SpikingRectifiedLinear, which fires any number of spikes a step, may do.
        """
        signals = (*self.inputs.values(), *self.output.values())
        return not all(np.abs(of).max(initial=0.0) < ENDLESS for of in signals)  # nor if NaN


def neuron_loops(pilot: Pilot) -> List[List[nengo.Ensemble]]:
    """Ensembles whose neurons are given currents by each other's, loop by loop."""
    ensembles = list(pilot.network.all_ensembles)
    place = {ens: k for k, ens in enumerate(ensembles)}
    edges = [(place[before], place[ens]) for ens in ensembles for before in pilot.sources(ens)]
    if not edges:
        return []
    pre, post = np.array(edges).T
    graph = coo_matrix((np.ones(len(pre)), (pre, post)), shape=(len(ensembles),) * 2)
    parts = connected_components(graph, directed=True, connection="strong")[1]
    closed = {int(parts[a]) for a, b in edges if parts[a] == parts[b]}
    return [[e for e, part in zip(ensembles, parts) if part == k] for k in sorted(closed)]


class LoopPilot:
    """A loop of neurons.

    Parameters
    ----------
    pilot : Pilot
        Of the network.
    group : sequence of nengo.Ensemble
        One of `neuron_loops`.
    outside : mapping of nengo.Ensemble to Signals
        What they are given from outside the loop.
    """

    def __init__(
        self,
        pilot: Pilot,
        group: Sequence[nengo.Ensemble],
        outside: Mapping[nengo.Ensemble, Signals],
    ):
        self.pilot, self.group, self.outside = pilot, group, outside
        self.within = [c for e in group for c in pilot.into[e] if base_of(c.pre) in group]

    @property
    def has_one_input(self) -> bool:
        """Whether all inputs that are shown are the same, as where nothing comes from outside."""
        return all(
            bool(np.all(kind == kind[:, :1])) for given in self.outside.values() for kind in given
        )

    @classmethod
    def of(cls, pilot: Pilot, group: Sequence[nengo.Ensemble]) -> Optional[LoopPilot]:
        """The pilot of a loop; None where it is not known what it is given, or too large."""
        if sum(ens.n_neurons for ens in group) > MOST_NEURONS:
            return None
        outside: Dict[nengo.Ensemble, Signals] = {}
        for ens in group:
            given = pilot.outside(ens, group)
            if given is None:
                return None
            outside[ens] = Signals(*(_changing(kind, pilot.dt) for kind in given))
        found = cls(pilot, group, outside)
        filters = (conn.synapse for conn in found.within)
        return found if all(s is None or isinstance(s, Lowpass) for s in filters) else None

    @property
    def changes(self) -> bool:
        """Whether inputs change while they are shown."""
        return any(len(kind) > 1 for given in self.outside.values() for kind in given)

    def rates(self, run: Run) -> Dict[nengo.Ensemble, np.ndarray]:
        """(n_stimuli, n_neurons) of each ensemble, Hz; where inputs change, once they have."""
        dt = self.pilot.dt
        since = shown(dt) // 2 if self.changes else settling(dt)
        return {
            ens: np.asarray(of[since:].mean(axis=0, dtype=float)) for ens, of in run.output.items()
        }

    def on_cpu(self, built: Mapping[nengo.Ensemble, Any], seed: Optional[int] = None) -> Run:
        """The loop of Nengo's neurons, with the gains and biases that were asked for.

        From voltages as Nengo has them, or, with a seed, from others.
        """
        dt, neurons = self.pilot.dt, {}
        for ens in self.group:
            shape, rng = (self.pilot.stimuli, ens.n_neurons), np.random.RandomState(ens.seed)
            neurons[ens] = CpuNeurons(self.pilot.neurons[ens], shape, dt, rng)
            if seed is not None:
                neurons[ens].begin_anew(np.random.RandomState(seed))

        def step(ens: nengo.Ensemble, given: np.ndarray) -> np.ndarray:
            return neurons[ens].step(built[ens].gain * given + built[ens].bias)

        return self._run(step, chip=False)

    def on_chip(self, tuned: Mapping[nengo.Ensemble, Tuned], seed: int) -> Run:
        """The loop of the chip's neurons, from voltages drawn with a seed."""
        dt, neurons = self.pilot.dt, {}
        for ens in self.group:
            shape = (self.pilot.stimuli, ens.n_neurons)
            neurons[ens] = ChipNeurons(tuned[ens].neuron_type, shape, dt, seed)

        def step(ens: nengo.Ensemble, given: np.ndarray) -> np.ndarray:
            kind, gain, bias = tuned[ens]
            current = (gain * given + bias).astype(np.float32)
            output = np.zeros(current.shape)
            output.reshape(-1)[neurons[ens].step(current)] = float(kind.amplitude) / dt
            return output

        return self._run(step, chip=True)

    @np.errstate(over="ignore", invalid="ignore")  # `Run.runs_away` says it
    def _run(self, step: Step, chip: bool) -> Run:
        n, dt = self.pilot.stimuli, self.pilot.dt
        matrices = [linear_map(conn).astype(np.float32) for conn in self.within]
        taus = [
            self.pilot.chip_tau(c) if chip else float(getattr(c.synapse, "tau", 0.0))
            for c in self.within
        ]
        kept = [np.exp(-dt / tau) if tau else 0.0 for tau in taus]
        filtered = [np.zeros((n, matrix.shape[0]), np.float32) for matrix in matrices]
        whole = {ens: np.zeros((shown(dt), n, ens.n_neurons), np.float32) for ens in self.group}
        inputs = {ens: np.zeros_like(of) for ens, of in whole.items()}
        for t in range(shown(dt)):
            for ens in self.group:
                outside = self.outside[ens].chip if chip else self.outside[ens].cpu
                inputs[ens][t] = outside[t % len(outside)]
            for conn, value in zip(self.within, filtered):
                inputs[base_of(conn.post)][t][:, rows_of(conn.post)] += value
            for ens in self.group:
                whole[ens][t] = step(ens, inputs[ens][t])
            for k, conn in enumerate(self.within):
                spikes = whole[base_of(conn.pre)][t][:, columns_of(conn.pre)]
                given = np.asarray((matrices[k] @ spikes.T).T)
                filtered[k] = kept[k] * filtered[k] + (1 - kept[k]) * given
        return Run(inputs, whole)


def _changing(held: np.ndarray, dt: float) -> np.ndarray:
    """Held inputs that differ, of which every other changes into the next one.

    What a loop keeps of an input is to be seen once that has gone.
    """
    if len(held) > 1 or np.all(held == held[:, :1]):
        return held
    course = np.repeat(held, shown(dt), axis=0)
    course[round(CHANGES * shown(dt)) :, 1::2] = np.roll(held, 1, axis=1)[:, 1::2]
    return course
