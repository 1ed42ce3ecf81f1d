"""Runs of one model that are equally good: with other initial voltages, or other neurons as well.

What the author means by a model is its signals, its sizes and its functions. Which membrane
happened to be how full at the start, he does not mean; nor which neurons were drawn, where he
let them be drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import nengo
import numpy as np
from nengo.dists import Uniform
from nengo.utils.numpy import maxint

from loihi_rules.frozen import with_parameters


@dataclass(frozen=True)
class Variant:
    """One of a model's equally good runs.

    Attributes
    ----------
    voltages : int
        Seed of the initial voltages.
    neurons : int or None
        Seed from which ensembles get new seeds, and so other encoders, rates, intercepts and
        decoders; None for the model's own.
    """

    voltages: int
    neurons: Optional[int] = None


def vary(network: nengo.Network, variant: Variant) -> None:
    """Change a network, whose seeds are fixed, into one of its variants.

    Signals stay: seeds of processes are written down by then, and seeds of connections are
    left, as transforms may be drawn from them.
    """
    if variant.neurons is not None:
        rng = np.random.RandomState(variant.neurons)
        for ens in network.all_ensembles:
            ens.seed = int(rng.randint(maxint))
    rng = np.random.RandomState(variant.voltages)
    for ens in network.all_ensembles:
        drawn = rng.uniform(0, 1, ens.n_neurons)
        state = type(ens.neuron_type).state.get("voltage")
        if state == Uniform(0, 1):  # in thresholds; other neurons have other units
            given = {**(ens.neuron_type.initial_state or {}), "voltage": drawn}
            ens.neuron_type = with_parameters(ens.neuron_type, initial_state=given)
