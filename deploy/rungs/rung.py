"""What every rung has: a cause by which it differs from the rung before."""

from __future__ import annotations

from typing import Any, Callable, Optional, Sequence, Set

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.solvers import NoSolver
from nengo.synapses import LinearFilter

from deploy.errors import BadInput
from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.targets.base import Target
from deploy.targets.emulated import EMULATOR
from loihi_rules import Rewritten, SeededCopy
from loihi_rules.chip.neurons import PerNeuronLIF
from loihi_rules.chip.tuning import give_gains
from loihi_rules.draft import Draft
from loihi_rules.learning_rules.where import chip_learning_connections
from loihi_rules.nengo_parts.built import decoders_of
from loihi_rules.nengo_parts.parameters import with_parameters
from loihi_rules.nengo_parts.seeds import copy_network
from loihi_rules.nengo_parts.settings import declare
from loihi_rules.nengo_parts.wiring import decoded, on_chip
from loihi_rules.passes import PASSES, rates
from loihi_rules.rewriting import rewrite_copy

Pass = Callable[[Draft], None]


class Rung(Target):
    """A run between that of the CPU and that of the chip.

    Attributes
    ----------
    cause : str
        What this run has of the chip that the one before has not, for a person who makes models.
    """

    cause: str

    def missing(self) -> Optional[str]:
        """As of the emulator: nengo-loihi has the neurons of all rungs."""
        return EMULATOR.missing()

    def applies(self, chip: Rewritten) -> bool:
        """Whether a model has anything of the cause, by what was rewritten for the chip."""
        return True


def rewritten(copied: SeededCopy, dt: float, passes: Sequence[Pass]) -> Rewritten:
    """Rewrite a network by some of the passes, with the chip's neurons, and learning on the host.

    Placement, gains, biases and time constants are those of the chip's own network, whichever
    passes there are: what a rung leaves out changes nothing else. PES learns on the host, from
    the chip's spikes; see `learn_on_host`.

    Parameters
    ----------
    copied : SeededCopy
        Is used up.
    dt : float
        Step in seconds.
    passes : sequence of callable
        Some of `loihi_rules.passes.PASSES`, in their order.

    Raises
    ------
    BadInput
        If the chip's own network cannot run.
    """
    chip = rewrite_copy(copy_network(copied.network), dt)
    if chip.problems:
        raise BadInput(str(chip.problems[0]))
    _place(copied.network, chip)
    if rates in passes:
        learn_on_host(copied.network, chip, dt)
    mine = [_tuned_as(chip) if each is rates else each for each in passes]
    return rewrite_copy(copied, dt, mine)


def whole_steps(neurons: nengo.neurons.NeuronType) -> nengo.neurons.NeuronType:
    """nengo-loihi's neurons, that fire in Nengo core as the chip's do."""
    types: Any = load_nengo_loihi().neurons
    base = getattr(neurons, "base_type", neurons)
    if type(neurons).__module__ == types.__name__:
        return neurons
    state = {**type(neurons).state, **(neurons.initial_state or {})}
    start = {"voltage": state["voltage"]}
    if isinstance(neurons, PerNeuronLIF):
        return with_parameters(neurons, initial_state=start)
    if isinstance(base, nengo.LIFRate):
        return types.LoihiLIF(  # type: ignore[no-any-return]
            tau_rc=base.tau_rc,
            tau_ref=base.tau_ref,
            min_voltage=getattr(base, "min_voltage", 0),
            amplitude=neurons.amplitude,
            initial_state=start,
        )
    return types.LoihiSpikingRectifiedLinear(  # type: ignore[no-any-return]
        amplitude=neurons.amplitude, initial_state=start
    )


def all_but(*left_out: Pass) -> Sequence[Pass]:
    """The passes without some, in their order."""
    return [each for each in PASSES if each not in left_out]


def learn_on_host(network: nengo.Network, chip: Rewritten, dt: float) -> None:
    """Have what PES would teach on the chip be taught on the host, from the chip's spikes.

    The chip's learning trace is a low-pass filter; the same filter, written as its transfer
    function, is Nengo core's alone (`loihi_rules.learning_rules.pes.off_chip`). Decoders are those
    with which the chip begins.
    """
    learning = chip_learning_connections(network, chip.chip)
    for conn in learning:
        if decoded(conn):
            conn.solver = NoSolver(_first_decoders(chip.copies[conn], dt))
    rules: Set[int] = set()
    ends = [c.post_obj for c in network.all_connections] + [p.obj for p in network.all_probes]
    held = [end.learning_rule_type for end in ends if _is_rule_of(end, learning)]
    for rule in [conn.learning_rule_type for conn in learning] + held:
        if id(rule) not in rules:
            rules.add(id(rule))
            # rules cannot be changed, and connections and probes hold on to theirs
            same = LinearFilter([1.0], [rule.pre_synapse.tau, 1.0])
            nengo.PES.pre_synapse.data[rule] = same


def _first_decoders(conn: nengo.Connection, dt: float) -> np.ndarray:
    """As nengo-loihi solves for them, by rates of whole steps; of the chip's network."""
    own = conn.pre_obj.neuron_type
    conn.pre_obj.neuron_type = whole_steps(own)
    values = decoders_of(conn, dt)
    conn.pre_obj.neuron_type = own
    return values


def _is_rule_of(end: Any, learning: Sequence[nengo.Connection]) -> bool:
    return isinstance(end, LearningRule) and end.connection in learning


def _place(network: nengo.Network, chip: Rewritten) -> None:
    declare(network, nengo.Ensemble, "on_chip")
    for ens in network.all_ensembles:
        network.config[ens].on_chip = on_chip(chip.network, chip.copies[ens])


def _tuned_as(chip: Rewritten) -> Pass:
    """In the place of fitting rates: gains, biases, refractory times and lags as on the chip."""

    def tuned(draft: Draft) -> None:
        for ens in draft.network.all_ensembles:
            own: Optional[nengo.Ensemble] = chip.copies.get(ens)
            if own is None or own not in chip.tuning:
                continue
            ens.neuron_type = own.neuron_type
            give_gains(ens, own.gain, own.bias)
            draft.notes.ensembles[ens] = chip.notes.ensembles[own]
            draft.tuning[ens] = chip.tuning[own]
            draft.neuron_types[ens] = chip.neuron_types[own]

    return tuned
