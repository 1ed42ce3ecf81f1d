"""What a run cost the chip: spikes, synaptic operations, and an estimate of the energy.

The energies of single operations are those published for Loihi by Davies et al. (2018), "Loihi: a
neuromorphic manycore processor with on-chip learning", IEEE Micro 38(1), table 2, at 0.75 V and
25 °C. What they leave out: the x86 cores and the host, static power, traffic between tiles (which
depends on where cores lie), and learning. So the sum is an estimate, and a lower one;
`docs/energy.md` holds it against a measurement.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Dict

SOURCE = "Davies et al. 2018, IEEE Micro 38(1)"
SYNAPTIC_OPERATION = 23.6e-12  # J, the least
NEURON_UPDATE = 52e-12  # J, of a neuron that does not spike
ACTIVE_NEURON_UPDATE = 81e-12  # J, of one that does
SPIKE_WITHIN_TILE = 1.7e-12  # J, of a spike that goes to a core


@dataclass(frozen=True)
class Work:
    """What the chip did in a run.

    Attributes
    ----------
    steps : int
    compartments : int
        Neurons and their helpers, each updated once a step.
    spikes : int
        Of compartments.
    deliveries : int
        Spikes that came down an axon to a core, those of the host among them.
    synaptic_operations : int
        Weights that they added.
    """

    steps: int
    compartments: int
    spikes: int
    deliveries: int
    synaptic_operations: int

    @property
    def energy(self) -> float:
        """An estimate, J; see the module."""
        quiet = self.steps * self.compartments - self.spikes
        return (
            self.synaptic_operations * SYNAPTIC_OPERATION
            + quiet * NEURON_UPDATE
            + self.spikes * ACTIVE_NEURON_UPDATE
            + self.deliveries * SPIKE_WITHIN_TILE
        )

    def to_dict(self) -> Dict[str, Any]:
        """In terms of JSON."""
        return {**asdict(self), "energy": self.energy, "energy source": SOURCE}
