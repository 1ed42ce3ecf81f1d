"""Neurons whose spikes take the threshold from the voltage, by currents, which nothing resets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, List, NamedTuple, Optional

import nengo
import numpy as np
from nengo.ensemble import Neurons
from scipy import sparse

from loihi_rules.chip.kept_currents import (
    MOST_BIAS,
    MOST_CURRENT,
    KeptCurrents,
    bias_of,
    kept_currents,
)
from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.parameters import with_parameters
from loihi_rules.nengo_parts.stepped import SteppedNeurons, delay_of, step_delay
from loihi_rules.nengo_parts.transforms import CONVOLUTIONS, linear_map
from loihi_rules.nengo_parts.wiring import base_of, on_chip
from loihi_rules.notes import ConnectionNote
from loihi_rules.pilots.resets import Resets, try_resets

RULE = "reset by subtraction"
BEFORE = "a spike takes the threshold from the voltage"
# in the first step: 0.9 + 0.25 > 1, and no more than 0.25 ever after
FIRES_ONCE = SteppedNeurons([0.5], [1.0], [1.0], initial_state={"current": 0.5, "voltage": 0.9})


class _Plan(NamedTuple):
    """What an ensemble's neurons are to be, unless there is a reason against it."""

    ens: nengo.Ensemble
    ways: List[nengo.Connection]
    currents: KeptCurrents
    why_not: str


def reset_by_subtraction(draft: Draft) -> None:
    """Let currents do what voltages cannot.

    A compartment's voltage is 0 after a spike (Davies et al. 2018, IEEE Micro 38(1), 82–99, and
    nengo-loihi ``emulator/interface.py``, ``CompartmentState.update``), and what it was above its
    threshold is lost. Its current is not: it keeps a part of itself in each step, as a membrane
    does, and a synapse of a neuron with itself takes the threshold from it in the step after, where
    it first matters. The voltage keeps nothing, and so is the current.

    Of two memories, a current's and a voltage's, one is in the current then, and the other in the
    weights of spikes that arrive later, for which neurons pass them on. A current that kept all in
    a step would keep 4,095 of 4,096; whether that leak is less than what spikes lose by a reset to
    0 is tried on what enters.
    """
    chosen = [ens for ens in draft.network.all_ensembles if _subtracts(draft, ens)]
    if not chosen:
        return
    plans = [_plan(draft, ens) for ens in chosen]
    tried = try_resets(draft.network, chosen, draft.dt)
    for plan in plans:
        resets = None if tried is None else tried[plan.ens]
        why_not = plan.why_not or ("" if resets is None else _what_is_tried_says(plan, resets))
        if why_not:
            _reset_to_zero(draft, plan.ens, why_not, resets)
        else:
            _keep_in_currents(draft, plan)
            if resets is not None:
                note = draft.notes.ensembles[plan.ens]
                draft.notes.ensembles[plan.ens] = replace(note, furthest=resets.furthest)


def _what_is_tried_says(plan: _Plan, resets: Resets) -> str:
    if resets.furthest > MOST_CURRENT:
        return (
            f"what enters leads to voltages of {resets.furthest:,.0f} thresholds, beside which "
            f"weights into currents are nothing; {MOST_CURRENT:,.0f} at most"
        )
    if plan.currents.leaks and resets.zero_is_nearer:
        return "of a current 1/4,096 leaks in a step, by which more spikes come otherwise"
    return ""


def _subtracts(draft: Draft, ens: nengo.Ensemble) -> bool:
    neurons = ens.neuron_type
    return (
        isinstance(neurons, SteppedNeurons)
        and neurons.reset == "subtract"
        and on_chip(draft.network, ens)
        and bool(np.any(np.isfinite(neurons.threshold)))
    )


def _plan(draft: Draft, ens: nengo.Ensemble) -> _Plan:
    ways = [conn for conn in draft.network.all_connections if base_of(conn.post) is ens]
    neurons: Any = ens.neuron_type
    currents = kept_currents(neurons, ens.n_neurons)
    return _Plan(ens, ways, currents, _why_not(draft, ens, ways, currents))


def _why_not(
    draft: Draft, ens: nengo.Ensemble, ways: List[nengo.Connection], currents: KeptCurrents
) -> str:
    neurons: Any = ens.neuron_type
    if not np.all(neurons.threshold > 0):
        return "thresholds of 0 or less leave nothing to take from a current"
    for probe in draft.network.all_probes:
        if base_of(probe.target) is ens and probe.attr in ("voltage", "current"):
            return f"its {probe.attr} is recorded, which would be in another place"
    for conn in ways:
        plain = isinstance(conn.pre_obj, Neurons) and conn.post == ens.neurons
        if not plain or delay_of(conn.synapse) is None or conn.learning_rule_type:
            return f"{name_of(conn)} is more than weights of spikes"
    bias = float(np.max(bias_of(currents, neurons.threshold)))
    if bias > MOST_BIAS:
        return (
            f"currents would need biases of {bias:,.0f} thresholds, beside which weights are "
            f"nothing; {MOST_BIAS:,.0f} at most"
        )
    return _no_room(draft, ens, ways, len(currents.taps))


def _no_room(draft: Draft, ens: nengo.Ensemble, ways: List[nengo.Connection], n_taps: int) -> str:
    """Whether more chips would be needed, or more in-axons than a core has."""
    chip = draft.chip
    axons = n_taps * sum(
        int(linear_map(conn).getnnz(axis=1).max()) if _is_sparse(conn) else conn.pre.size_out
        for conn in ways
    )  # of one neuron at least
    if axons > chip.in_axons_a_core:
        return f"{axons:,} in-axons would be needed, and a core has {chip.in_axons_a_core:,}"
    own = [each for each in draft.network.all_ensembles if on_chip(draft.network, each)]
    before = sum(_cores(draft, each.n_neurons, _weights_into(draft, each)) for each in own)
    more = sum(
        _cores(draft, pre.n_neurons * (n_taps - 1), 0) for pre in {base_of(c.pre) for c in ways}
    )
    weights = _weights_into(draft, ens)
    more += _cores(draft, ens.n_neurons, weights * n_taps) - _cores(draft, ens.n_neurons, weights)
    chips, needed = (-(-cores // chip.cores_a_chip) for cores in (before, before + more))
    return f"{needed:,} chips would be needed, not {chips:,}" if needed > chips else ""


def _is_sparse(conn: nengo.Connection) -> bool:
    return isinstance(conn.transform, (nengo.transforms.Sparse, *CONVOLUTIONS))


def _weights_into(draft: Draft, ens: nengo.Ensemble) -> int:
    ways = (conn for conn in draft.network.all_connections if base_of(conn.post) is ens)
    return sum(
        linear_map(conn).nnz if _is_sparse(conn) else conn.pre.size_out * ens.n_neurons
        for conn in ways
    )


def _cores(draft: Draft, neurons: int, weights: int) -> int:
    """Of one ensemble, at least."""
    chip = draft.chip
    bits = weights * chip.weight_bits
    return max(-(-neurons // chip.compartments_a_core), -(-bits // chip.synapse_bits_a_core))


def _reset_to_zero(
    draft: Draft, ens: nengo.Ensemble, why_not: str, resets: Optional[Resets]
) -> None:
    neurons: Any = ens.neuron_type
    ens.neuron_type = with_parameters(neurons, reset="zero", late_reset=False, v_reset=np.zeros(1))
    after = "a spike sets the voltage to 0"
    if resets is not None:
        spikes = f"{resets.own.sum():,} → {resets.zero.sum():,}"
        after += f"; its spikes in {len(resets.own)} steps of what enters: {spikes}"
    why = f"voltages have no other reset on the chip, and {why_not}"
    draft.change(name_of(ens), RULE, BEFORE, after, why)


def _keep_in_currents(draft: Draft, plan: _Plan) -> None:
    ens, currents, name = plan.ens, plan.currents, name_of(plan.ens)
    neurons: Any = ens.neuron_type
    ens.neuron_type = SteppedNeurons(
        _shortest(currents.kept),
        [0.0],
        neurons.threshold,
        bias=_shortest(currents.bias),
        initial_state={"current": currents.first} if np.any(currents.first) else None,
    )
    parts: List[nengo.Connection] = []
    with draft.network:
        for conn in plan.ways:
            matrix, delay = linear_map(conn), delay_of(conn.synapse) or 0
            for later, factors in enumerate(currents.taps[1:], 1):
                weights = _times(matrix, factors)
                label = f"{name_of(conn)}, {later} later"
                parts.append(_connect(conn.pre, ens, weights, delay + later, label))
        for later, each in enumerate(currents.resets, 1):
            label = f"reset of {name}, {later} later"
            parts.append(_connect(ens.neurons, ens, sparse.diags(each), later, label))
        if len(currents.pulses):
            once = nengo.Ensemble(
                1,
                1,
                gain=[1.0],
                bias=[0.0],
                neuron_type=FIRES_ONCE,
                label=f"start of {name}",
                seed=0,
            )
            for later, each in enumerate(currents.pulses):
                label = f"start of {name}, {later} later"
                parts.append(_connect(once.neurons, ens, each[:, np.newaxis], later, label))
    for conn in parts:
        draft.notes.connections[conn] = ConnectionNote(is_part=True)
    after = "from the current, which stands for it, by a synapse of each neuron with itself"
    if len(currents.taps) > 1:
        after += (
            f"; one of its two filters is in weights of {len(currents.taps)} steps behind a spike"
        )
    if currents.leaks:
        after += "; 1/4,096 of it leaks in a step"
    why = "a compartment's voltage is 0 after a spike, and its current is kept"
    draft.change(name, RULE, BEFORE, after, why)


def _times(matrix: Any, factors: np.ndarray) -> Any:
    """Its rows by a factor each."""
    if sparse.issparse(matrix):
        return sparse.diags(factors) @ matrix
    return factors[:, np.newaxis] * matrix


def _connect(
    pre: Any, ens: nengo.Ensemble, matrix: Any, delay: int, label: str
) -> nengo.Connection:
    if sparse.issparse(matrix):
        entries = matrix.tocoo()
        places = np.stack([entries.row, entries.col], axis=1)
        transform: Any = nengo.transforms.Sparse(matrix.shape, indices=places, init=entries.data)
    else:
        transform = nengo.transforms.Dense(matrix.shape, init=matrix)
    synapse = step_delay(delay)
    return nengo.Connection(
        pre, ens.neurons, synapse=synapse, transform=transform, seed=0, label=label
    )


def _shortest(values: np.ndarray) -> np.ndarray:
    return values[:1] if np.all(values == values[0]) else values
