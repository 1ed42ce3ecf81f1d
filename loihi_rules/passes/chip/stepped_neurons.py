"""What stepped neurons do that compartments do otherwise."""

from __future__ import annotations

from dataclasses import replace

import nengo
import numpy as np

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.stepped import SteppedNeurons
from loihi_rules.nengo_parts.wiring import on_chip

TELLING = 1e-3  # relative; a smaller difference of what is kept in a step is not worth a line


def stepped_neurons(draft: Draft) -> None:
    """Say what a compartment does otherwise than a stepped neuron, and make it so.

    What decays keep is a multiple of 1/4096.
    """
    for ens in draft.network.all_ensembles:
        neurons = ens.neuron_type
        if not isinstance(neurons, SteppedNeurons) or not on_chip(draft.network, ens):
            continue
        if neurons.graded:
            draft.problem(
                name_of(ens),
                "spikes of one height",
                "its neurons have no threshold, and hand on their voltages to others",
                "let them be the last before the output, or give them a threshold",
            )
        _warn_of_first_spikes(draft, ens, neurons)
        _say_what_is_kept(draft, name_of(ens), neurons)
        note = draft.notes.ensembles[ens]
        draft.notes.ensembles[ens] = replace(note, has_its_rates=True)


def _warn_of_first_spikes(draft: Draft, ens: nengo.Ensemble, neurons: SteppedNeurons) -> None:
    """Of neurons that begin above their threshold; see `deploy.nengo_loihi.read.stepped`."""
    first = neurons.make_state(ens.n_neurons, rng=np.random.RandomState(0))["voltage"]
    above = int(np.sum(np.broadcast_to(first > neurons.threshold, (ens.n_neurons,))))
    if above and np.any(neurons.voltage_kept):
        draft.warn(
            name_of(ens),
            "first steps",
            f"{above:,} of its neurons begin above their threshold, {first.flat[0]:g}, and fire at "
            "once; on the chip they do not, or in another step",
            "count voltages from the reset, as v_reset=0 does",
        )


def _say_what_is_kept(draft: Draft, name: str, neurons: SteppedNeurons) -> None:
    """Of current and voltage; see `loihi_rules.chip.levels.filter_of`."""
    steps = 2**draft.chip.decay_bits
    for what, kept in (("current", neurons.current_kept), ("voltage", neurons.voltage_kept)):
        lost = 1 - np.asarray(kept, float)
        chip = np.rint(lost * steps) / steps
        off = np.abs(chip - lost) / np.maximum(lost, 1e-12)
        worst = int(np.argmax(np.where((lost > 0) & (lost < 1), off, 0)))
        if 0 < lost[worst] < 1 and off[worst] > TELLING:
            draft.change(
                name,
                "decays of 12 bits",
                f"{what} loses {100 * lost[worst]:.4g} % a step",
                f"{100 * chip[worst]:.4g} %",
                f"the chip's decay is a multiple of 1/{steps} a step",
            )
