"""Oja's rule: Hebb's, with a decay that keeps weights bounded.

    Δω_ij = κ · (a_i a_j − β a_j² ω_ij) · Δt

ω_ij: weight from neuron i to neuron j, into the neuron's normalised current; κ: learning rate
(`nengo.Oja.learning_rate`), per second and Hz²; a_i, a_j: activities, Hz, spikes filtered with
``pre_synapse`` and ``post_synapse`` (5 ms); β: forgetting (`nengo.Oja.beta`); Δt: step, s.

What fires together is wired together; the second term takes from every weight of an active
neuron. For a linear target, a_j = Σ_i ω_ij a_i, its weights turn towards the eigenvector of
⟨a aᵀ⟩ with the largest eigenvalue, the first principal component of its input (not centred), and
their length goes to

    ‖ω_j‖ = 1 / √β.

With β = 0 it is Hebb's rule, and weights grow without bound.

Source: Oja (1982), "A simplified neuron model as a principal component analyzer",
J. Math. Biology 15, 267–273; as in `nengo.Oja`.

On the chip: nothing. The decay a_j² ω_ij has the weight and the square of a trace in one product,
and nengo-loihi programs the learning engine for PES alone (``builder/connection.py``). So the
rule is Nengo core's, on the host, on spikes of the chip: see
`loihi_rules.passes.chip.learning_relays`.
"""

from __future__ import annotations

import nengo
import numpy as np

from loihi_rules.chip.limits import Chip
from loihi_rules.learning_rules.base import Rule


def off_chip(conn: nengo.Connection, chip: Chip) -> str:
    """Why Oja's rule is not on the chip."""
    return (
        "Oja is not among the chip's rules, PES is the only one: the chip has no decay in "
        "proportion to weight and squared activity"
    )


def principal_component(activities: np.ndarray) -> np.ndarray:
    """The direction to which Oja's rule turns the weights of a linear target.

    The eigenvector of ⟨a aᵀ⟩ with the largest eigenvalue; Oja's rule does not subtract means.

    Parameters
    ----------
    activities : (n_samples, n_neurons) ndarray
        a_i, in any unit.

    Returns
    -------
    (n_neurons,) ndarray
        Of length 1; its sum is positive.
    """
    vector = np.linalg.eigh(activities.T @ activities)[1][:, -1]
    return np.asarray(vector * (1.0 if vector.sum() >= 0 else -1.0))


RULE = Rule(nengo.Oja, off_chip)
