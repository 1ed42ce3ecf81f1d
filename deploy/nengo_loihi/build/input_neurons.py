"""The neurons that turn a host's values into spikes for the chip."""

from __future__ import annotations

from typing import Any, Optional

import nengo
import numpy as np
from nengo.builder import Builder, Model, Signal
from nengo.builder.operator import ElementwiseInc, Reset
from nengo.dists import Choice

from deploy.nengo_loihi.load import load_nengo_loihi

SPIKES_A_STEP = 4  # that stand for the target's radius


class SignPairs(nengo.Ensemble):
    """Neurons of the host, two a dimension: the first half fire for what is positive.

    As an ensemble with the encoders 1 and −1 it would be the same, of the same bits, with a matrix
    of as many products as there are pairs of dimensions, of which all but two a dimension are with
    zero; and of a picture of 128 × 96 points that matrix fills the memory.
    """


@Builder.register(SignPairs)
def build_sign_pairs(model: Model, ens: SignPairs) -> None:
    """J = g · (x, −x), with the gain g of all neurons."""
    x = Signal(shape=ens.dimensions, name=f"{ens}.signal")
    current = Signal(shape=ens.n_neurons, name=f"{ens}.neuron_in")
    model.sig[ens]["in"], model.sig[ens.neurons]["in"] = x, current
    model.sig[ens.neurons]["out"] = Signal(shape=ens.n_neurons, name=f"{ens}.neuron_out")
    model.sig[ens]["out"] = model.sig[ens.neurons]["out"]
    model.add_op(Reset(x))
    model.add_op(Reset(current))
    for sign, half in ((1, current[: ens.dimensions]), (-1, current[ens.dimensions :])):
        unit = np.asarray(sign * ens.gain[0], dtype=nengo.rc.float_dtype)
        gain = Signal(unit, name=f"{ens}.gain", readonly=True)
        model.add_op(ElementwiseInc(gain, x, half, tag=f"{ens} encoding"))
    model.build(ens.neuron_type, ens.neurons)


def input_neurons(dt: float, unit: Optional[float] = None) -> Any:
    """A pair of neurons a dimension, of which only that of the value's sign fires.

    A value x, in radii of its target, becomes spikes of weight 1/4 a step, at the rates

        r_on = 4 max(x, 0) / dt,    r_off = 4 max(−x, 0) / dt,

    several in a step if need be; each neuron integrates, carries its remainder over a spike
    and starts half full, so that the spikes and ∫x differ by no more than half a spike.
    nengo-loihi (``decode_neurons.py``, ``OnOffDecodeNeurons``) has r_on = (1 + x) / 2dt and
    r_off = (1 − x) / 2dt with spikes of weight 1: eight times the ripple, nothing beyond
    the radius, and 1000 spikes a second to say nothing.

    Parameters
    ----------
    dt : float
        Step in seconds.
    unit : float, optional
        What a spike is worth; a quarter of a radius if not given.

    Returns
    -------
    nengo_loihi.decode_neurons.DecodeNeurons
        To be a `nengo_loihi.builder.Model`'s ``node_neurons``.
    """
    base: Any = load_nengo_loihi().decode_neurons.OnOffDecodeNeurons
    worth = 1 / SPIKES_A_STEP if unit is None else unit

    class InputNeurons(base):
        def __init__(self) -> None:
            super().__init__(dt=dt, is_input=True)
            self.gain = np.full(2, 1 / worth / dt)
            self.bias = np.zeros(2)
            self.scale = worth

        def get_ensemble(self, dim: int, add_to_container: bool = True) -> nengo.Ensemble:
            return SignPairs(
                2 * dim,
                dim,
                gain=np.repeat(self.gain, dim),
                bias=np.repeat(self.bias, dim),
                neuron_type=nengo.SpikingRectifiedLinear(initial_state={"voltage": Choice([0.5])}),
                add_to_container=add_to_container,
            )

    return InputNeurons()
