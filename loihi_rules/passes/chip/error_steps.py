"""Errors smaller than the chip's step are not lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from nengo.connection import LearningRule
from nengo.synapses import Lowpass, Synapse

from loihi_rules.chip.lags import without
from loihi_rules.draft import Draft
from loihi_rules.learning_rules.pes import ERROR_SCALE
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.whole_steps import WithRemainder


def error_steps(draft: Draft) -> None:
    """Add what rounding leaves out of an error to the next.

    The chip is sent errors as integers, by rounding (nengo-loihi ``builder/discretize.py``,
    ``scale_pes_errors``), so that a steady error of less than half a step is 0 for ever, and
    learning stops there, where on the CPU it continues. An error that fluctuates by a step or
    more is rounded right on average; one of a node's may be smooth. Here what was left out is
    added to the next (`loihi_rules.nengo_parts.whole_steps.WithRemainder`): the chip reads an error
    at every fourth step (``learning_epoch``), so to the one of four steps later. And what it reads
    is a mean over up to four steps (`loihi_rules.learning_rules.pes.error_window`), half of which
    come before the middle of what the chip multiplies it with; the low-pass filter that an error
    has is as much shorter (`loihi_rules.chip.lags.without`).
    """
    notes = draft.notes.connections
    for conn in draft.network.all_connections:
        rule = conn.post_obj
        if not isinstance(rule, LearningRule) or rule.connection not in draft.learning_scales:
            continue
        if notes[conn].keeps_remainders:
            continue
        notes[conn] = replace(notes[conn], keeps_remainders=True)
        learning = draft.learning_scales[rule.connection]
        epoch, window = draft.chip.learning_epoch, learning.window
        earlier = _without_mean(conn.synapse, window, draft.dt)
        conn.synapse = WithRemainder(earlier, 1 / ERROR_SCALE, epoch, window)
        draft.change(
            name_of(conn),
            "errors of 8 bits",
            f"rounded to steps of {1 / learning.error_scale:.2g}",
            (f"the mean of {window}, " if window > 1 else "")
            + "the same, with the remainder added to the next",
            f"the chip reads one error of {epoch}, and a steady one of less than half a step "
            "would teach nothing",
        )


def _without_mean(synapse: Optional[Synapse], window: int, dt: float) -> Optional[Synapse]:
    """A low-pass filter without the delay of the mean behind it, (k − 1) / 2 steps."""
    if not isinstance(synapse, Lowpass) or not synapse.tau:
        return synapse
    return Lowpass(without(synapse.tau, (window - 1) / 2 * dt, dt))
