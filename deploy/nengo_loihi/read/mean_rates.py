"""Mean rates of ensembles whose gains and biases are fitted to the chip, there and on the CPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, List, NamedTuple, Tuple

import nengo
import numpy as np

from loihi_rules import Rewritten
from loihi_rules.chip.tuning import chip_rates, is_chips_own
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.wiring import on_chip


class Fitted(NamedTuple):
    """An ensemble on the chip whose neurons fire otherwise than the user's.

    Attributes
    ----------
    ens : nengo.Ensemble
        In the network that runs.
    own : nengo.neurons.NeuronType
        The user's.
    built : nengo.builder.ensemble.BuiltEnsemble
        On the CPU.
    """

    ens: nengo.Ensemble
    own: nengo.neurons.NeuronType
    built: Any


def fitted_ensembles(rewritten: Rewritten) -> List[Fitted]:
    """All of them, in the order in which they were fitted."""
    users = {new: old for old, new in rewritten.copies.items() if isinstance(old, nengo.Ensemble)}
    found = [
        Fitted(ens, users[ens].neuron_type, built)
        for ens, built in rewritten.tuning.items()
        if ens in users and on_chip(rewritten.network, ens)
    ]
    return [each for each in found if not is_chips_own(each.own)]


@dataclass(frozen=True)
class CurrentOf:
    """What comes to an ensemble's neurons from synapses, when it is called.

    Attributes
    ----------
    ens : nengo.Ensemble
    neurons : callable
        Ensembles to their `deploy.nengo_loihi.read.chip_neurons.ChipNeurons`.
    """

    ens: nengo.Ensemble
    neurons: Callable[[Any], Any]

    def __call__(self) -> np.ndarray:
        return np.asarray(self.neurons(self.ens).current())

    def fired(self) -> float:
        """Spikes of a neuron so far, on average."""
        return float(np.mean(self.neurons(self.ens).fired()))


class Watched(NamedTuple):
    """What has to be known of an ensemble to tell the mean rates of its neurons.

    Attributes
    ----------
    name : str
    radius : float
    gain, bias : (n_neurons,) ndarray
        On the chip.
    neuron_type : nengo.neurons.NeuronType
        There.
    own : nengo.neurons.NeuronType
        The user's.
    encoders, cpu_gain, cpu_bias : ndarray
        On the CPU.
    by_nodes : bool
        Whether values of nodes go into its neurons, one by one.
    points, targets, decoders : ndarray
        Evaluation points in radii, what is to be decoded of them, (n_points, size), and the chip's
        decoders, (n_neurons, size); empty where nobody looks at what is decoded.
    functions : (size,) ndarray of int
        Of which function each column of these is; 0 for the value itself.
    current : callable
        Gives what comes to the neurons from synapses, (n_neurons,), normalised; its method
        ``fired`` how often a neuron has spiked so far, on average.
    """

    name: str
    radius: float
    gain: np.ndarray
    bias: np.ndarray
    neuron_type: Any
    own: Any
    encoders: np.ndarray
    cpu_gain: np.ndarray
    cpu_bias: np.ndarray
    by_nodes: bool
    points: np.ndarray
    targets: np.ndarray
    decoders: np.ndarray
    functions: np.ndarray
    current: Any

    def drive(self) -> np.ndarray:
        """(n_neurons,) of this step along the encoders, in radii."""
        return np.asarray(self.current() / np.where(self.gain == 0, 1.0, self.gain))


def watched(fitted: Fitted, neurons: Callable[[Any], Any]) -> Watched:
    """An ensemble as it is watched.

    Parameters
    ----------
    fitted : Fitted
    neurons : callable
        Ensembles to their `deploy.nengo_loihi.read.chip_neurons.ChipNeurons`.
    """
    ens, own, built = fitted
    return Watched(
        name_of(ens),
        float(ens.radius),
        np.asarray(ens.gain),
        np.asarray(ens.bias),
        ens.neuron_type,
        own,
        np.asarray(built.encoders),
        built.gain,
        built.bias,
        False,
        np.zeros((0, ens.dimensions)),
        np.zeros((0, 0)),
        np.zeros((ens.n_neurons, 0)),
        np.zeros(0, int),
        CurrentOf(ens, neurons),
    )


def mean_rates(of: Watched, drive: np.ndarray, dt: float) -> Tuple[float, float]:
    """On the CPU and on the chip, Hz, at what drives each neuron.

    As it is held for an interval: where neurons fire nearly as fast as they can, that is the same
    number of steps whatever the current does, and half a step on average (`mean_chip_rates`) is
    not what is lost.

    Parameters
    ----------
    of : Watched
    drive : (n_neurons,) ndarray
        Along the encoders, in radii.
    dt : float
        Step in seconds.
    """
    height = float(getattr(of.own, "amplitude", 1.0))
    given = drive[np.newaxis]
    cpu = float(of.own.rates(given, of.cpu_gain, of.cpu_bias).mean()) / height
    current = of.gain * given + of.bias
    return cpu, float(chip_rates(of.neuron_type, current, dt).mean()) / height
