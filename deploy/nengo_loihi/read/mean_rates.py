"""Mean rates of ensembles whose gains and biases are fitted to the chip, there and on the CPU."""

from __future__ import annotations

from typing import Any, List, NamedTuple, Tuple

import nengo
import numpy as np

from loihi_rules import Rewritten
from loihi_rules.chip.tuning import is_chips_own, mean_chip_rates
from loihi_rules.nengo_parts.wiring import on_chip


class Fitted(NamedTuple):
    """An ensemble on the chip whose neurons fire otherwise than the user's.

    Attributes
    ----------
    ens : nengo.Ensemble
        In the network that runs.
    own : nengo.neurons.NeuronType
        The user's.
    built : nengo.builder.ensemble.BuiltEnsemble
        On the CPU.
    """

    ens: nengo.Ensemble
    own: nengo.neurons.NeuronType
    built: Any


def fitted_ensembles(rewritten: Rewritten) -> List[Fitted]:
    """All of them, in the order in which they were fitted."""
    users = {new: old for old, new in rewritten.copies.items() if isinstance(old, nengo.Ensemble)}
    found = [
        Fitted(ens, users[ens].neuron_type, built)
        for ens, built in rewritten.tuning.items()
        if ens in users and on_chip(rewritten.network, ens)
    ]
    return [each for each in found if not is_chips_own(each.own)]


def mean_rates(
    ens: nengo.Ensemble, own: nengo.neurons.NeuronType, built: Any, drive: np.ndarray, dt: float
) -> Tuple[float, float]:
    """On the CPU and on the chip, Hz, at what drives each neuron.

    Parameters
    ----------
    ens, own, built
        See `Fitted`.
    drive : (n_neurons,) ndarray
        Along the encoders, in radii.
    dt : float
        Step in seconds.
    """
    height = float(getattr(own, "amplitude", 1.0))
    given = drive[np.newaxis]
    cpu = float(own.rates(given, built.gain, built.bias).mean()) / height
    current = ens.gain * given + ens.bias
    return cpu, float(mean_chip_rates(ens.neuron_type, current, dt).mean()) / height
