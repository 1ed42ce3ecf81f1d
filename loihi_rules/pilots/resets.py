"""What resets make of stepped neurons' spikes, on what the model's own inputs bring about."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

import nengo
import numpy as np

from loihi_rules.chip.kept_currents import LONGEST_KEPT
from loihi_rules.nengo_parts.likely_inputs import values_of
from loihi_rules.nengo_parts.parameters import with_parameters
from loihi_rules.nengo_parts.stepped import InputSpikes, SteppedNeurons

STEPS = 200  # that are looked at


class Resets(NamedTuple):
    """Spikes of neurons that lose their threshold by one; all but the last (n_steps, n) of bool.

    Attributes
    ----------
    own : ndarray
        As they are.
    zero : ndarray
        With a reset to 0.
    leaking : ndarray
        Where current and voltage keep no more in a step than a chip's current does.
    furthest : float
        To where voltages come from 0, in thresholds, if what enters goes on for long.
    """

    own: np.ndarray
    zero: np.ndarray
    leaking: np.ndarray
    furthest: float

    @property
    def zero_is_nearer(self) -> bool:
        """Whether more spikes are those of the same step with a reset to 0 than with the leak."""
        return bool(np.sum(self.own != self.zero) < np.sum(self.own != self.leaking))


def try_resets(
    network: nengo.Network, ensembles: Sequence[nengo.Ensemble], dt: float
) -> Optional[Dict[nengo.Ensemble, Resets]]:
    """Spikes of ensembles, each given what it gets where no reset is another.

    Parameters
    ----------
    network : nengo.Network
        Of nodes and stepped neurons; is simulated in Nengo core, and left as it was.
    ensembles : sequence of nengo.Ensemble
        Of `SteppedNeurons` with a reset by subtraction.
    dt : float
        Step in seconds.

    Returns
    -------
    dict of nengo.Ensemble to Resets, or None
        None where what enters is not known without running functions of the author's, or where
        there are other neurons too.
    """
    kinds = (SteppedNeurons, InputSpikes)
    if not all(isinstance(ens.neuron_type, kinds) for ens in network.all_ensembles):
        return None
    given: Dict[nengo.Node, np.ndarray] = {}
    for node in network.all_nodes:
        values = values_of(network, node, dt) if node.output is not None else None
        if values is None:
            return None
        given[node] = values
    entering = _entering(network, given, ensembles, dt)
    found = {}
    for ens in ensembles:
        spikes = [_spikes(neurons, entering[ens], dt) for neurons in _kinds(ens)]
        own, zero, leaking = spikes
        found[ens] = Resets(own, zero, leaking, _furthest(ens, dt * entering[ens], own))
    return found


def _furthest(ens: nengo.Ensemble, entering: np.ndarray, spikes: np.ndarray) -> float:
    """Of means over all steps, ((x + b) / (1 − α) + k − θ s) / (1 − β)."""
    neurons: Any = ens.neuron_type
    lost = [
        1 - np.minimum(kept, LONGEST_KEPT) for kept in (neurons.current_kept, neurons.voltage_kept)
    ]
    threshold = np.where(np.isfinite(neurons.threshold), neurons.threshold, 0.0)
    drive = (entering.mean(axis=0) + neurons.bias) / lost[0] + neurons.leak
    drive = drive - threshold * spikes.mean(axis=0)
    return float(np.max(np.abs(drive / lost[1]) / neurons.threshold, initial=0.0))


def _entering(
    network: nengo.Network,
    given: Dict[nengo.Node, np.ndarray],
    ensembles: Sequence[nengo.Ensemble],
    dt: float,
) -> Dict[nengo.Ensemble, np.ndarray]:
    """(n_steps, n) J of each ensemble's neurons."""
    outputs = {node: node.output for node in given}
    before: List[Any] = list(network.probes)
    try:
        for node, values in given.items():
            node.output = nengo.processes.PresentInput(values, dt)
        with network:
            probes = {ens: nengo.Probe(ens.neurons, "input", seed=0) for ens in ensembles}
        with nengo.Simulator(network, dt=dt, progress_bar=False, optimize=False) as simulator:
            simulator.run_steps(STEPS, progress_bar=False)
            return {ens: np.array(simulator.data[probe]) for ens, probe in probes.items()}
    finally:
        network.probes[:] = before
        for node, output in outputs.items():
            node.output = output


def _kinds(ens: nengo.Ensemble) -> Iterator[SteppedNeurons]:
    neurons: Any = ens.neuron_type
    yield neurons
    yield with_parameters(neurons, reset="zero", late_reset=False, v_reset=np.zeros(1))
    yield with_parameters(
        neurons,
        current_kept=np.minimum(neurons.current_kept, LONGEST_KEPT),
        voltage_kept=np.minimum(neurons.voltage_kept, LONGEST_KEPT),
    )


def _spikes(neurons: SteppedNeurons, entering: np.ndarray, dt: float) -> np.ndarray:
    n_steps, n = entering.shape
    first = neurons.make_state(n, rng=np.random.RandomState(0))
    state = {key: np.array(np.broadcast_to(of, (n,)), float) for key, of in first.items()}
    found, output = np.zeros((n_steps, n), bool), np.empty(n)
    for given, spiked in zip(entering, found):
        neurons.step(dt, given, output, **state)
        spiked[...] = state["spiked"] > 0
    return found
