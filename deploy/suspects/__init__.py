"""What may be wrong with a model. To add a suspicion, write a function of `Symptoms`, list it here.

Each function gives what it has found, with an edit that can be tried: `deploy.explain` tries
them all, and ranks them by what they bring.
"""

from typing import Callable, List, Tuple

from deploy.suspects.chains import long_chain
from deploy.suspects.connections import short_synapse
from deploy.suspects.learning import cut_errors, too_fast_learning
from deploy.suspects.neurons import dead, too_fast, too_few
from deploy.suspects.radius import radius
from deploy.suspects.suspect import Suspect, Symptoms

SUSPICIONS: Tuple[Callable[[Symptoms], List[Suspect]], ...] = (
    dead,
    radius,
    too_fast,
    short_synapse,
    long_chain,
    cut_errors,
    too_fast_learning,
    too_few,
)

__all__ = ["SUSPICIONS", "Suspect", "Symptoms"]
