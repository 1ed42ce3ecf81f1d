"""Loihi 1's limits, as data.

Sources, by the letter that each field names:

- [D] Davies et al. (2018), "Loihi: a neuromorphic manycore processor with on-chip learning",
  IEEE Micro 38(1), 82–99.
- [B], [I], [S], [H] nengo-loihi 1.1.0, ``block.py``, ``builder/discretize.py``,
  ``builder/split_blocks.py`` and ``builder/validate.py``, ``hardware/nxsdk_objects.py``; these
  were measured against silicon by its authors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Mapping, Tuple

KINDS = ("compartments", "in-axons", "out-axons", "synapses")  # of what a core has a limit of


@dataclass(frozen=True)
class Chip:
    """What one Loihi chip, and a board of them, can hold and represent.

    Attributes
    ----------
    compartments_a_core : int
        Neurons or their parts, each with one current and one voltage [B, D].
    in_axons_a_core : int
        Spikes' addresses that a core listens to, each with a row of synapses [B].
    out_axons_a_core : int
        Addresses that a core's compartments send to [B].
    synapse_bits_a_core : int
        Memory for weights, indices and headers, bits [B: 16,384 words of 64].
    cores_a_chip : int
        Neuro cores [D].
    chips_on : mapping of str to int
        Chips on each of Intel's boards.
    weight_bits : int
        Mantissa of a weight with its sign, bits; where a synapse group mixes signs the
        lowest bit is lost and mantissas are even [I, D].
    weight_exponents : (int, int)
        Least and greatest exponent of a synapse group without loss: w = m · 2^(6 + e) [I].
    synapse_formats_a_core : int
        Different exponents and formats [H].
    decay_bits : int
        Current and voltage decay by d / 2^bits a step [I].
    current_bits, voltage_bits : int
        Integers with a sign besides [I].
    input_bits : int
        Of what one step's spikes add up to, with a sign besides [I: Q_BITS].
    threshold_mantissa_bits, threshold_shift : int
        v_th = m · 2^shift [I].
    thresholds_a_core : int
        Different ones [H].
    profiles_a_core : int
        Different pairs of decays and refractory times of compartments [H: 32].
    trace_profiles_a_core : int
        Different learning traces of a core's axons [H, hardware/validate.py].
    axon_base_max : int
        The largest compartment that the row of an axon can start at [H, hardware/builder.py].
    pop16_atoms : int
        Members of a population whose spikes are packets of 16 bits, as far as nengo-loihi
        builds them [H, hardware/builder.py].
    bias_mantissa_bits, bias_exponent : int
        b = m · 2^e, e from 0 to this [I].
    refractory_steps : (int, int)
        Steps after a spike in which a compartment stays at 0 [H: 6 bits].
    spikes_a_step : int
        That a compartment can fire [D].
    trace_max : int
        Of a learning trace, without a sign [I].
    error_max : int
        Magnitude of a PES error that the host sends [I].
    learning_epoch : int
        Steps between two changes of weights; of nengo-loihi's program [B].
    step : float
        Seconds of model time as nengo-loihi's users have it; the chip's own is free.
    host_spikes_a_step : int
        That the host can send to each chip in a step where it waits for the chip, by
        nengo-loihi's default (``hardware/interface.py``, ``snip_max_spikes_per_step``);
        what is above is dropped.
    host_channel_bytes : int
        That a chip's channel to the host holds: 16 packets of 64 words of 32 bits
        (``hardware/interface.py``, ``slack``). What a step sends beyond it waits.
    """

    compartments_a_core: int = 1024
    in_axons_a_core: int = 4096
    out_axons_a_core: int = 4096
    synapse_bits_a_core: int = 16384 * 64
    cores_a_chip: int = 128
    chips_on: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType(
            {"kapoho bay": 2, "wolf mountain": 4, "nahuku08": 8, "nahuku32": 32}
        )
    )
    weight_bits: int = 8
    weight_exponents: Tuple[int, int] = (-6, 7)
    synapse_formats_a_core: int = 8
    decay_bits: int = 12
    current_bits: int = 23
    voltage_bits: int = 23
    input_bits: int = 21
    threshold_mantissa_bits: int = 17
    threshold_shift: int = 6
    thresholds_a_core: int = 8
    profiles_a_core: int = 32
    trace_profiles_a_core: int = 3
    axon_base_max: int = 256
    pop16_atoms: int = 32
    bias_mantissa_bits: int = 12
    bias_exponent: int = 7
    refractory_steps: Tuple[int, int] = (1, 63)
    spikes_a_step: int = 1
    trace_max: int = 127
    error_max: int = 127
    learning_epoch: int = 4
    step: float = 0.001
    host_spikes_a_step: int = 50
    host_channel_bytes: int = 16 * 64 * 4

    @property
    def core_limits(self) -> Tuple[int, ...]:
        """What a core holds at most, by `KINDS`."""
        return (
            self.compartments_a_core,
            self.in_axons_a_core,
            self.out_axons_a_core,
            self.synapse_bits_a_core,
        )

    @property
    def largest_board(self) -> Tuple[str, int]:
        """Its name, and how many chips it has."""
        return max(self.chips_on.items(), key=lambda item: item[1])

    @property
    def slowest_steps(self) -> int:
        """Steps of the longest time constant: a decay of half a unit."""
        return int(2 ** (self.decay_bits + 1))

    @property
    def weight_max(self) -> int:
        """Largest magnitude of a weight's mantissa."""
        return int(2**self.weight_bits - 1)

    @property
    def threshold_max(self) -> int:
        """Largest threshold."""
        return int((2**self.threshold_mantissa_bits - 1) * 2**self.threshold_shift)

    @property
    def bias_max(self) -> int:
        """Largest bias."""
        return int((2**self.bias_mantissa_bits - 1) * 2**self.bias_exponent)


LOIHI = Chip()
