"""BCM, the sliding threshold of Bienenstock, Cooper and Munro.

    Δω_ij = κ · a_j (a_j − θ_j) a_i · Δt

    θ_j(t) = ∫ a_j(t − s) e^(−s/τ_θ) / τ_θ ds

ω_ij: weight from neuron i to neuron j, into the neuron's normalised current; κ: learning rate
(`nengo.BCM.learning_rate`), per second and Hz³; a_i, a_j: activities, Hz, spikes filtered with
``pre_synapse`` and ``post_synapse`` (5 ms); θ_j: modification threshold, Hz, the activity
filtered with ``theta_synapse`` (τ_θ = 1 s); Δt: step, s.

A synapse that is active while its target fires faster than θ_j is strengthened (LTP), while it
fires more slowly, weakened (LTD). θ_j follows the target's own activity, so a target that fires
more than it used to raises the bar for itself. In Nengo θ is the mean of a_j and not of its
square, so that growth is slowed, not bounded: at a steady rate a_j = θ_j, and nothing changes.

Source: Bienenstock, Cooper & Munro (1982), J. Neurosci. 2(1), 32–48; as in `nengo.BCM`.

On the chip: nothing. Loihi's learning engine multiplies traces of spikes, but the product needs
three factors and a threshold for each neuron that moves with it; nengo-loihi programs the engine
for PES and nothing else (``builder/connection.py``). So the rule is Nengo core's, on the host,
on spikes of the chip: see `loihi_rules.passes.chip.learning_relays`.
"""

from __future__ import annotations

import nengo

from loihi_rules.chip.limits import Chip
from loihi_rules.learning_rules.base import Rule


def off_chip(conn: nengo.Connection, chip: Chip) -> str:
    """Why BCM is not on the chip."""
    return (
        "BCM is not among the chip's rules, PES is the only one: the chip has no threshold θ "
        "that follows a neuron's rate"
    )


RULE = Rule(nengo.BCM, off_chip)
