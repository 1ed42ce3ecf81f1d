"""A block of an ensemble whose encoders, gains and biases are known."""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np
from nengo.builder.ensemble import BuiltEnsemble


def is_known(ens: nengo.Ensemble, built: Any) -> bool:
    """Whether nengo-loihi would draw nothing of an ensemble but what Nengo core has drawn."""
    given = all(
        isinstance(of, np.ndarray) and of.shape == (ens.n_neurons,) for of in (ens.gain, ens.bias)
    )
    return built is not None and given and ens.noise is None


def build_ensemble(model: Any, nengo_loihi: Any, ens: nengo.Ensemble, built: Any) -> None:
    """As nengo-loihi's ``build_ensemble`` (1.1.0, ``builder/ensemble.py``), without drawing anew.

    Evaluation points and encoders of the same seed are the same: to draw them is most of what it
    does.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    nengo_loihi : module
    ens : nengo.Ensemble
        With the gains and biases that it has on the chip.
    built : nengo.builder.ensemble.BuiltEnsemble
        As Nengo core has it.
    """
    gain, bias = (of.astype(nengo.rc.float_dtype) for of in (ens.gain, ens.bias))
    max_rates, intercepts = ens.neuron_type.max_rates_intercepts(gain, bias)
    block = nengo_loihi.block.LoihiBlock(ens.n_neurons, label=str(ens))
    block.compartment.bias[:] = bias
    model.build(ens.neuron_type, ens.neurons, block)
    block.compartment.configure_default_filter(model.decode_tau, dt=model.dt)
    model.block_shapes[block] = model.config[ens].block_shape
    model.add_block(block)
    for obj in (ens, ens.neurons):
        model.objs[obj]["in"] = model.objs[obj]["out"] = block
    model.params[ens] = BuiltEnsemble(
        eval_points=built.eval_points,
        encoders=built.encoders,
        intercepts=intercepts,
        max_rates=max_rates,
        scaled_encoders=built.encoders * gain[:, np.newaxis],
        gain=gain,
        bias=bias,
    )
