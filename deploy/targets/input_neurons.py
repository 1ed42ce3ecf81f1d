"""The neurons that turn a host's values into spikes for the chip."""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np
from nengo.dists import Choice

from deploy.compat import load_nengo_loihi

SPIKES_A_STEP = 4  # that stand for the target's radius


def input_neurons(dt: float) -> Any:
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

    Returns
    -------
    nengo_loihi.decode_neurons.DecodeNeurons
        To be a `nengo_loihi.builder.Model`'s ``node_neurons``.
    """
    base: Any = load_nengo_loihi().decode_neurons.OnOffDecodeNeurons

    class InputNeurons(base):
        def __init__(self) -> None:
            super().__init__(dt=dt, is_input=True)
            self.gain = np.full(2, SPIKES_A_STEP / dt)
            self.bias = np.zeros(2)
            self.scale = 1 / SPIKES_A_STEP

        def get_ensemble(self, dim: int, add_to_container: bool = True) -> nengo.Ensemble:
            ens = super().get_ensemble(dim, add_to_container)
            ens.neuron_type = nengo.SpikingRectifiedLinear(initial_state={"voltage": Choice([0.5])})
            return ens

    return InputNeurons()
