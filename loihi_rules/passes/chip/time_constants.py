"""Membrane time constants and refractory periods that the chip can have."""

from __future__ import annotations

import nengo
import numpy as np

from loihi_rules.chip.neurons import represented
from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.figures import figure
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.wiring import on_chip

TELLING = 1e-3  # relative; a smaller difference is not worth a line


def time_constants(draft: Draft) -> None:
    """Put the chip's τ_RC and τ_ref in the place of the user's.

    See `loihi_rules.chip.neurons.represented` for which those are.
    """
    for ens in draft.network.all_ensembles:
        if not on_chip(draft.network, ens):
            continue
        before, after = ens.neuron_type, represented(ens.neuron_type, draft.dt)
        if after == before:
            continue
        ens.neuron_type = after
        for name, symbol in (("tau_rc", "τ_RC"), ("tau_ref", "τ_ref")):
            asked, gets = (float(np.max(getattr(_base(t), name))) for t in (before, after))
            if abs(gets - asked) > TELLING * asked:
                draft.change(
                    name_of(ens),
                    "time constants",
                    f"{symbol} {figure(1000 * asked, 4)} ms",
                    f"{symbol} {figure(1000 * gets, 4)} ms",
                    "the chip's decay is a multiple of 1/4095 a step, its refractory period "
                    "whole steps up to 62",
                )


def _base(neuron_type: nengo.neurons.NeuronType) -> nengo.neurons.NeuronType:
    return getattr(neuron_type, "base_type", neuron_type)
