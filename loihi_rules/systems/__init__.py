"""The worked systems: each file a lesson, each a function returning a network.

To add one, write its file and add its ``SYSTEM`` to the tuple below.
"""

from typing import Dict

from loihi_rules.systems import (
    backprop,
    bcm,
    injection,
    noise_suppression,
    oja,
    one_hot,
    pes_connection,
    pes_imitation,
    spoken_digit,
)
from loihi_rules.systems.base import System

SYSTEMS: Dict[str, System] = {
    system.name: system
    for system in (
        pes_connection.SYSTEM,
        pes_imitation.SYSTEM,
        noise_suppression.SYSTEM,
        one_hot.SYSTEM,
        bcm.SYSTEM,
        oja.SYSTEM,
        spoken_digit.SYSTEM,
        injection.SYSTEM,
        backprop.SYSTEM,
    )
}

__all__ = ["SYSTEMS", "System"]
