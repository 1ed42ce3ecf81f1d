"""The lowest voltage that neurons can have."""

from __future__ import annotations

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.wiring import on_chip

LEAST, MOST = 2**-0.5, 2**0.5  # of what is asked for, where the nearest power of two may be


def lowest_voltage(draft: Draft) -> None:
    """Say where ``nengo.LIF.min_voltage`` is kept in the middle of the neurons alone.

    A core has one lowest voltage, −2^k + 1 (nengo-loihi ``builder/discretize.py``,
    ``discretize_compartment``), while its neurons' thresholds differ by their gains
    (`loihi_rules.chip.levels`), and voltages are seen relative to thresholds.
    """
    for ens in draft.network.all_ensembles:
        lowest = getattr(ens.neuron_type, "min_voltage", 0.0)
        if on_chip(draft.network, ens) and -float("inf") < lowest < 0:
            draft.change(
                name_of(ens),
                "one lowest voltage a core",
                f"min_voltage {lowest:g} of every neuron",
                f"from {LEAST * lowest:.2g} to {MOST * lowest:.2g} of the neuron in the middle, "
                "where a power of two is; others by their thresholds",
                "a core has one lowest voltage, a power of two, and neurons of different gains "
                "have different thresholds; it matters while neurons are held back",
            )
