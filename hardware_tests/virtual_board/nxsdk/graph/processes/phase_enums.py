"""When a snip runs."""

from enum import Enum


class Phase(Enum):
    """Phases of a step in which snips run, in the order in which they come."""

    EMBEDDED_PRELEARN_MGMT = 1  # on the chip, between spiking and learning
    EMBEDDED_MGMT = 2  # on the chip, at the end of a step
    HOST_CONCURRENT_EXECUTION = 3  # beside the chip
