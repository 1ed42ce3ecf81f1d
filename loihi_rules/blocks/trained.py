"""Networks of rectified-linear units, trained elsewhere, as spiking neurons.

A unit h = max(0, w · x + b) becomes a neuron that fires at h · r Hz: `nengo.SpikingRectifiedLinear`
of gain r (`RATE`), which on the chip is a compartment that integrates. Each layer is scaled so that
its units reach about 1,

    W' = W λ_before / λ,        b' = b / λ,        λ: 99.9th percentile of the layer's units,

which changes nothing about which output is the largest (Diehl et al. 2015, "Fast-classifying,
high-accuracy spiking deep networks through weight and threshold balancing"). Weights are rounded
to the chip's 8 bits, an exponent a row (`loihi_rules.learned.quantised.quantise_rows`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, NamedTuple, Optional, Sequence

import nengo
import numpy as np

from loihi_rules.learned.quantised import quantise_rows

PERCENTILE = 99.9
# Hz, of a unit at 1. The chip's neurons lose at each spike what they had beyond threshold, which
# bends their curve the more the faster they fire; hidden units are to be straight. Outputs are
# only compared with each other, and the more they fire the sooner the larger is known.
RATE = 150.0
OUTPUT_RATE = 500.0


class Layer(NamedTuple):
    """Weights (n_out, n_in) and biases (n_out,) of a fully connected layer."""

    weights: np.ndarray
    biases: np.ndarray


@dataclass(frozen=True)
class Spiking:
    """What `spiking` built.

    Attributes
    ----------
    layers : list of nengo.Ensemble
        The hidden ones, and the output's, a neuron a class.
    connections : list of nengo.Connection
    """

    layers: List[nengo.Ensemble]
    connections: List[nengo.Connection]

    @property
    def output(self) -> nengo.Ensemble:
        """The ensemble whose busiest neuron is the decision."""
        return self.layers[-1]


def evaluate(layers: Sequence[Layer], inputs: np.ndarray) -> List[np.ndarray]:
    """Units of each layer, (n_samples, n_out); of the last without the rectification.

    Parameters
    ----------
    layers : sequence of Layer
    inputs : (n_samples, n_in) ndarray
    """
    units, every = np.asarray(inputs, float), []
    for k, layer in enumerate(layers):
        units = units @ layer.weights.T + layer.biases
        if k < len(layers) - 1:
            units = np.maximum(units, 0)
        every.append(units)
    return every


def balanced(layers: Sequence[Layer], inputs: np.ndarray) -> List[Layer]:
    """The same network with units that reach about 1; see the module.

    Of the last layer, the strongest winner is put to 1 and a typical runner-up to 0, so that
    neurons of classes far behind are silent.

    Parameters
    ----------
    layers, inputs
        As for `evaluate`; samples of what the network will be given.
    """
    every = evaluate(layers, inputs)
    before, scaled = 1.0, []
    for layer, units in zip(layers[:-1], every):
        scale = float(np.percentile(units, PERCENTILE)) or 1.0
        scaled.append(Layer(layer.weights * (before / scale), layer.biases / scale))
        before = scale
    ordered = np.sort(every[-1], axis=1)
    zero = float(np.median(ordered[:, -2]))
    span = float(np.percentile(ordered[:, -1], PERCENTILE)) - zero or 1.0
    last = layers[-1]
    scaled.append(Layer(last.weights * (before / span), (last.biases - zero) / span))
    return scaled


def spiking(
    source: Any,
    layers: Sequence[Layer],
    inputs: np.ndarray,
    label: str = "trained",
    synapse: Optional[float] = 0.005,
) -> Spiking:
    """Build a trained network as spiking neurons, in the network that is being built.

    Parameters
    ----------
    source : nengo.Node
        Or a view of one. Gives what the first layer is given.
    layers : sequence of Layer
    inputs : (n_samples, n_in) ndarray
        Samples of it, by which layers are scaled.
    label : str
    synapse : float or None
        Of each connection, s.

    Returns
    -------
    Spiking
    """
    made, connections = [], []
    pre, per_unit = source, 1.0
    for k, layer in enumerate(balanced(layers, inputs)):
        n = len(layer.biases)
        rate = OUTPUT_RATE if k == len(layers) - 1 else RATE
        ens = nengo.Ensemble(
            n,
            1,
            neuron_type=nengo.SpikingRectifiedLinear(),
            gain=np.full(n, rate),
            bias=rate * layer.biases,
            label=f"{label}, output" if k == len(layers) - 1 else f"{label}, layer {k + 1}",
        )
        weights = quantise_rows(layer.weights).values / per_unit
        connections.append(nengo.Connection(pre, ens.neurons, transform=weights, synapse=synapse))
        made.append(ens)
        pre, per_unit = ens.neurons, rate
    return Spiking(made, connections)
