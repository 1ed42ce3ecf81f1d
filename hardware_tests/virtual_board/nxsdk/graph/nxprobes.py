"""What was recorded."""

from __future__ import annotations

from typing import Dict, List


class TimeSeries:
    """A value a step."""

    def __init__(self) -> None:
        self.data: List[int] = []


class StateProbe:
    """Of one compartment: its current, its voltage, or whether it spiked."""

    def __init__(self) -> None:
        self.timeSeries = TimeSeries()


class N2SpikeProbe(StateProbe):
    """nengo-loihi clears this table before it builds; the virtual board keeps nothing in it."""

    probeDict: Dict[object, object] = {}
