"""Refractory times start at zero."""

from typing import Any

import nengo
import numpy as np
from nengo.dists import Choice

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.parameters import with_parameters
from loihi_rules.nengo_parts.stepped import is_stepped
from loihi_rules.nengo_parts.wiring import on_chip

WHY = "of a compartment only the voltage is set before the first step"


def initial_state(draft: Draft) -> None:
    """Start chip neurons from the voltages that Nengo gives them, and from no refractory time.

    A voltage is a number of the compartment's state that programs on the chip may write, as they
    read it (nengo-loihi, ``snips/nengo_io.c.template``, ``cx_state[].V``); nengo-loihi itself
    starts all at 0 (``builder/ensemble.py``, ``check_state_zero``), from where neurons of like
    rates fire together for long. Nengo's own start from no refractory time, if the user does not
    say otherwise.
    """
    for ens in draft.network.all_ensembles:
        if not on_chip(draft.network, ens) or is_stepped(ens):
            continue  # whose currents are set as well, by `deploy.nengo_loihi.read.stepped`
        neurons = ens.neuron_type
        given = neurons.initial_state or {}
        state = {**type(neurons).state, **given}
        other = [key for key, first in state.items() if key != "voltage" and not _is_zero(first)]
        if not other:
            continue
        zero = {key: Choice([0]) for key in other}
        ens.neuron_type = with_parameters(neurons, initial_state={**given, **zero})
        before = ", ".join(f"initial {key} {state[key]}" for key in other)
        draft.change(name_of(ens), "compartments start free", before, "0", WHY)


def _is_zero(initial: Any) -> bool:
    if isinstance(initial, Choice):
        return not np.any(initial.options)
    return not isinstance(initial, nengo.dists.Distribution) and not np.any(initial)
