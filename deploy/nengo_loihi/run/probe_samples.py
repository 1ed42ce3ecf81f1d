"""Samples of a chip's probes, from when they are recorded until they are taken."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping

import numpy as np

from deploy.nengo_loihi.run.probe_filter import BatchFilter
from deploy.nengo_loihi.run.probe_values import weighted


class ProbeSamples:
    """What a chip has recorded, by probe: a list of pieces, each of an array a block.

    Parameters
    ----------
    probes : iterable of nengo_loihi.probe.LoihiProbe
    dt : float
        Step in seconds.
    """

    def __init__(self, probes: Iterable[Any], dt: float):
        self.dt = dt
        self._samples: Dict[Any, List[List[np.ndarray]]] = {probe: [] for probe in probes}
        self._filter = BatchFilter(dt)

    def rename(self, named: Mapping[Any, Any]) -> None:
        """Go on with other probes in the place of these."""
        self._samples = {named[probe]: of for probe, of in self._samples.items()}
        self._filter.rename(named)

    def take(self, probe: Any) -> np.ndarray:
        """Weighted samples of a probe since they were last taken."""
        pieces, self._samples[probe] = self._samples[probe], []
        if not pieces:
            return np.zeros((0, probe.output_size))
        blocks = [np.concatenate(parts) if len(parts) > 1 else parts[0] for parts in zip(*pieces)]
        return weighted(probe, blocks)

    def collect_probe_output(self, probe: Any) -> np.ndarray:
        """(n, k) samples of a probe since they were last collected, filtered."""
        return self._filter(probe, self.take(probe))

    def hand_on(self, probes_receivers: Any, t: int) -> None:
        """Hand what was recorded up to step ``t`` to receivers on the host."""
        for probe, receiver in probes_receivers.items():
            values = self.take(probe)
            first = t - len(values)
            for j, value in enumerate(values):
                receiver.receive(self.dt * (first + j + 2), value)
