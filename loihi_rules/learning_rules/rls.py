"""RLS, recursive least squares: the decoders that fit all that has been seen.

    k  = P a / (1 + aᵀ P a)
    P ← P − k (P a)ᵀ
    Δd = −E kᵀ

a: activities of the n neurons before the connection, Hz, spikes filtered with ``pre_synapse``
(5 ms); P: (n, n), the running inverse of ⟨a aᵀ⟩ + λ, at first κ · 1; κ: learning rate
(`nengo.RLS.learning_rate`), the inverse of the regularisation λ; E: error, actual minus wanted;
d: (size, n) decoders. (Nengo's P and a carry factors of Δt.)

Where PES takes a small step down the error's slope, RLS goes to the least-squares solution of
everything so far, and so learns in a fraction of the time; but P costs n² numbers and as many
multiplications a step.

Source: Sussillo & Abbott (2009), "Generating coherent patterns of activity from chaotic neural
networks", Neuron 63(4), 544–557 (FORCE); as in `nengo.RLS`.

On the chip: nothing. P joins every neuron with every other, while the chip's learning engine
sees one synapse at a time. So the rule is Nengo core's, on the host, on spikes of the chip: see
`loihi_rules.passes.chip.learning_relays`.
"""

from __future__ import annotations

import nengo

from loihi_rules.chip.limits import Chip
from loihi_rules.learning_rules.base import Rule


def off_chip(conn: nengo.Connection, chip: Chip) -> str:
    """Why RLS is not on the chip."""
    return (
        "RLS is not among the chip's rules, PES is the only one: its inverse correlations join "
        "every neuron with every other"
    )


RULE = Rule(nengo.RLS, off_chip)
