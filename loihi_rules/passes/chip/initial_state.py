"""Compartments start at zero."""

from typing import Any

import nengo
import numpy as np
from nengo.dists import Choice

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.parameters import with_parameters
from loihi_rules.nengo_parts.wiring import on_chip

WHY = "the chip has no way to set a compartment's state before the first step"


def initial_state(draft: Draft) -> None:
    """Start every chip neuron's voltage and refractory time at zero.

    NxSDK gives no way to set a compartment's voltage before the first step
    (nengo-loihi, ``builder/ensemble.py``, ``check_state_zero``), while Nengo
    draws it from Uniform(0, 1). What differs is the time of the first spike.
    """
    for ens in draft.network.all_ensembles:
        if not on_chip(draft.network, ens):
            continue
        neurons = ens.neuron_type
        given = neurons.initial_state or {}
        state = {**type(neurons).state, **given}
        nonzero = [key for key, initial in state.items() if not _is_zero(initial)]
        if not nonzero:
            continue
        zero = {key: Choice([0]) for key in nonzero}
        ens.neuron_type = with_parameters(neurons, initial_state={**given, **zero})
        if any(key in given for key in nonzero):
            before = ", ".join(f"initial {key} {state[key]}" for key in nonzero)
            draft.change(name_of(ens), "compartments start at zero", before, "0", WHY)
        else:
            draft.change(
                "all neurons on the chip",
                "compartments start at zero",
                "initial voltage Uniform(0, 1)",
                "0",
                WHY + "; first spikes come up to one interval later",
            )


def _is_zero(initial: Any) -> bool:
    if isinstance(initial, Choice):
        return not np.any(initial.options)
    return not isinstance(initial, nengo.dists.Distribution) and not np.any(initial)
