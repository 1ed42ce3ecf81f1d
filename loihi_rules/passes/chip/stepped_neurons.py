"""What stepped neurons do that compartments do otherwise."""

from __future__ import annotations

from dataclasses import replace

import nengo
import numpy as np
from nengo.ensemble import Neurons
from scipy import sparse

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.figures import figure
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.stepped import SteppedNeurons
from loihi_rules.nengo_parts.transforms import linear_map
from loihi_rules.nengo_parts.wiring import on_chip

TIE = 1e-6  # relative, of numbers that were in single precision
MOST_TOGETHER = 8  # spikes of one weight, of which their sum is looked at
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
        _warn_of_ties(draft, ens, neurons)
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


def _warn_of_ties(draft: Draft, ens: nengo.Ensemble, neurons: SteppedNeurons) -> None:
    """Of spikes that bring a neuron just to its threshold, alone or a few of them together.

    It fires only above that, by what is left of earlier spikes: 2⁻⁵² of them is enough in double
    precision, and on the chip what integers have, where a voltage that keeps nothing of a step
    keeps 1/4,096. Integrators, which keep all, have it in whole numbers, as the CPU.
    """
    count, threshold = ens.n_neurons, np.broadcast_to(neurons.threshold, (ens.n_neurons,))
    integrates = np.maximum(neurons.current_kept, neurons.voltage_kept) == 1
    driven = (np.asarray(neurons.bias) != 0) | (np.asarray(neurons.leak) != 0)
    open_to = np.isfinite(threshold) & (threshold > 0) & ~integrates & ~driven
    ways = [
        linear_map(conn)
        for conn in draft.network.all_connections
        if conn.post == ens.neurons and isinstance(conn.pre_obj, Neurons)
    ]
    if not ways or not open_to.any():
        return
    matrix = sparse.hstack([sparse.coo_matrix(way) for way in ways]).tocoo()
    rows, weights = matrix.row, matrix.data
    needed = np.divide(threshold[rows], weights, where=weights > 0, out=np.zeros(len(rows)))
    tied = np.zeros(count, bool)
    for together in range(1, MOST_TOGETHER + 1):
        alike = np.abs(needed / together - 1) < TIE
        tied |= np.bincount(rows[alike], minlength=count) >= together
    number = int(np.sum(tied & open_to))
    if number:
        draft.warn(
            name_of(ens),
            "spikes at a threshold",
            f"spikes bring {number:,} of its {count:,} neurons just to their threshold: whether "
            "they fire hangs on what is left of earlier ones, however little, and the chip rounds "
            "that",
            "give it thresholds that are 1 % lower, so that they fire, or 1 % higher",
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
                f"{what} loses {figure(100 * lost[worst], 4)} % a step",
                f"{figure(100 * chip[worst], 4)} %",
                f"the chip's decay is a multiple of 1/{steps} a step",
            )
