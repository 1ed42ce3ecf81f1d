"""What is read of a connection that learns on the chip, without Nengo's objects."""

from __future__ import annotations

from typing import Any, Dict, Mapping, NamedTuple, Tuple

import nengo
import numpy as np

from deploy.nengo_loihi.build.chip_builder import learning_synapse
from deploy.nengo_loihi.read.learned_weights import decoder_of_a_weight, decoders_of_weights
from loihi_rules.learned.record import rule_names
from loihi_rules.learning_rules.pes import LearningScale
from loihi_rules.nengo_parts.names import name_of


class Learner(NamedTuple):
    """A connection that learns on the chip.

    Attributes
    ----------
    name : str
        The connection's.
    rules : str
        As Nengo calls them.
    group : int
        Which of the engine's learning synapse groups it is.
    compartments : tuple of int
        The first that it leads to, and the one behind the last.
    decoder : float
        See `deploy.nengo_loihi.read.learned_weights.decoder_of_a_weight`.
    scale : LearningScale
    """

    name: str
    rules: str
    group: int
    compartments: Tuple[int, int]
    decoder: float
    scale: LearningScale

    def decoders(self, emulator: Any) -> np.ndarray:
        """(size_out, n) decoders as of now, of the neurons that it has.

        Parameters
        ----------
        emulator : deploy.nengo_loihi.run.interface.FastEmulator
        """
        weights = emulator.engine.learned_weights(self.group)
        values = decoders_of_weights(weights, self.decoder)
        return values if self.scale.sources is None else values[:, self.scale.sources]


def learners(
    model: Any, emulator: Any, scales: Mapping[nengo.Connection, LearningScale], dt: float
) -> Dict[nengo.Connection, Learner]:
    """Those of a model.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    emulator : deploy.nengo_loihi.run.interface.FastEmulator
        Of this model.
    scales : mapping of nengo.Connection to LearningScale
        Of each connection that learns on the chip.
    dt : float
        Step in seconds.
    """
    found = {}
    for conn, scale in scales.items():
        synapse = learning_synapse(model, conn)
        block = next(block for block in model.blocks if synapse in block.synapses)
        places = emulator.places(block)
        found[conn] = Learner(
            name_of(conn),
            rule_names(conn),
            int(emulator.learning_index[synapse]),
            (int(places[0]), int(places[-1]) + 1),
            decoder_of_a_weight(model, conn, dt),
            scale,
        )
    return found
