"""Values that enter stepped neurons become whole spikes."""

from __future__ import annotations

from typing import Any, List, Optional

import nengo
import numpy as np
from nengo.transforms import Dense, Sparse
from scipy.sparse import csr_matrix

from loihi_rules.chip.levels import WEIGHT_MAX
from loihi_rules.chip.limits import LOIHI
from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.leads import filters
from loihi_rules.nengo_parts.likely_inputs import values_of
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.stepped import InputSpikes, is_stepped
from loihi_rules.nengo_parts.transforms import linear_map
from loihi_rules.nengo_parts.wiring import base_of, columns_of, on_chip

RULE = "values as whole spikes"
MOST_COUNTS = 64  # spikes of one input that the host sends in a step
USUAL_COUNTS = 16  # where nothing says what enters
AT_ONCE = (2**LOIHI.input_bits - 1) // WEIGHT_MAX  # largest weights, that a step's sum can hold
UNKNOWN = 1.0  # the largest value, where nothing says how large it is


def counted_inputs(draft: Draft) -> None:
    """Send values that are no counts as spikes that each stand for a part of the largest.

    A spike carries no number. Of a value x, ``[x/q + r]`` spikes of the worth q are sent, and what
    is left is the next step's r, so that a step's value is off by q/2 at most and sums over steps
    are kept (as of a sigma-delta modulator). Values below 0 go another way, whose weights are the
    opposite. Counts of spikes are sent as they are, if a step's sum can hold them.
    """
    network = draft.network
    for ens in list(network.all_ensembles):
        if not isinstance(ens.neuron_type, InputSpikes) or ens.neuron_type.unit:
            continue
        ways = [c for c in network.all_connections if base_of(c.pre) is ens and is_stepped(c.post)]
        ways = [conn for conn in ways if on_chip(network, conn.post)]
        values = _values(draft, ens)
        if not ways or (values is not None and _stay(values, ways)):
            continue
        largest = UNKNOWN if values is None else float(np.abs(values).max())
        signed = values is None or bool(values.min() < 0)
        counts = USUAL_COUNTS if values is None else _counts(values / largest, ways)
        if values is not None and _are_counts(values):
            counts = min(counts, int(largest))
        unit = largest / counts
        before = (
            f"values from {values.min():.4g} to {values.max():.4g}"
            if values is not None
            else (f"values that are not known, taken to reach {UNKNOWN:g}")
        )
        if signed:
            _add_opposite(draft, ens, ways, unit)
        ens.neuron_type = InputSpikes(unit)
        for conn in ways:
            conn.transform = _times(conn.transform, unit)
        draft.change(
            name_of(ens),
            RULE,
            before,
            f"spikes of {unit:.4g} each, up to {counts} a step"
            + (", those below 0 by neurons of their own" if signed else ""),
            f"a spike carries no number; a step's value is off by {unit / 2:.3g} at most, and "
            "what is left is added to the next step's",
        )
        if values is None:
            draft.warn(
                name_of(ens),
                RULE,
                f"how large its values are is not known, and what is beyond "
                f"{MOST_COUNTS * unit:.3g} in a step arrives late or is cut",
                "network.config[node].pilot_inputs says what a node gives "
                "(loihi_rules.declare_settings)",
            )


def _values(draft: Draft, ens: nengo.Ensemble) -> Optional[np.ndarray]:
    """(n, size) what nodes give it, as far as that is known; None where it is not."""
    found: List[np.ndarray] = []
    for conn in draft.network.all_connections:
        if base_of(conn.post) is not ens:
            continue
        node = base_of(conn.pre)
        plain = isinstance(node, nengo.Node) and conn.function is None
        plain = plain and not filters(conn.synapse)
        given = values_of(draft.network, node, draft.dt) if plain else None
        if given is None:
            return None
        found.append((linear_map(conn) @ given[:, columns_of(conn.pre)].T).T)
    if not found or len(found) > 1:  # what several give together is not known
        return None if found else np.zeros((1, 1))
    return found[0]


def _counts(values: np.ndarray, ways: List[Any]) -> int:
    """As many spikes for a value of 1 as the sum of a step can hold."""
    room, counts = _room(values, ways), MOST_COUNTS
    while counts > 1 and counts > room:
        counts //= 2
    return counts


def _room(values: np.ndarray, ways: List[Any]) -> float:
    """How many times as large a step's sums may be, of 21 bits, before they wrap around.

    A weight of 8 bits is 64 to a step (`loihi_rules.chip.levels.WEIGHT_MAX`), and all weights of a
    neuron together are half of the 21 bits at most, however many they are (`CURRENT_MAX` of eight
    times that, in `loihi_rules.chip.levels.largest_unit`).
    """
    room = np.inf
    for conn in ways:
        matrix = csr_matrix(linear_map(conn))
        sizes = abs(matrix)
        largest = np.asarray(sizes.max(axis=1).toarray()).ravel()
        total = np.asarray(sizes.sum(axis=1)).ravel()
        sums = np.abs(matrix @ values.T).max(axis=1)
        held = np.maximum(AT_ONCE * largest, total)
        driven = sums > 0
        room = min(room, float((held[driven] / sums[driven]).min(initial=np.inf)))
    return room


def _are_counts(values: np.ndarray) -> bool:
    return bool(np.all((values >= 0) & (values <= MOST_COUNTS) & (values == np.floor(values))))


def _stay(values: np.ndarray, ways: List[Any]) -> bool:
    """Whether they are counts of spikes, which a step's sum can hold."""
    return _are_counts(values) and (_room(values, ways) >= 1 or bool(values.max() <= 1))


def _add_opposite(draft: Draft, ens: nengo.Ensemble, ways: List[Any], unit: float) -> None:
    """Neurons for what is below 0, which are given the opposite and have the opposite weights."""
    network, n = draft.network, ens.n_neurons
    given = [conn for conn in network.all_connections if base_of(conn.post) is ens]
    with network:
        below = nengo.Ensemble(
            n, 1, gain=np.ones(n), bias=np.zeros(n), neuron_type=InputSpikes(unit),
            label=f"{name_of(ens)}, below 0", seed=0,
        )  # fmt: skip
        network.config[below].on_chip = False
        for conn in given:
            nengo.Connection(
                conn.pre, below.neurons, synapse=conn.synapse, function=conn.function,
                transform=_times(conn.transform, -1.0), seed=0,
                label=f"{name_of(conn)}, below 0",
            )  # fmt: skip
        for conn in ways:
            nengo.Connection(
                below.neurons, conn.post, synapse=conn.synapse,
                transform=_times(conn.transform, -unit), seed=0,
                label=f"{name_of(conn)}, below 0",
            )  # fmt: skip


def _times(transform: Any, factor: float) -> Any:
    """The same transform, all of it so many times as large."""
    init = getattr(transform, "init", None)
    if init is None:
        return Dense((transform.size_out, transform.size_in), init=factor)
    if isinstance(transform, Sparse):
        matrix = init.allocate() * factor
        return Sparse(matrix.shape, init=matrix.tocoo() if hasattr(matrix, "tocoo") else matrix)
    return Dense(transform.shape, init=np.asarray(init) * factor)
