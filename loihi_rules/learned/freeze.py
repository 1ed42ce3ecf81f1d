"""Learnt weights fixed in the chip's 8 bits, and the learning taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import nengo
import numpy as np

from loihi_rules.change import Change
from loihi_rules.learned.into_copy import fix_weights, forget_rule, matched, set_encoders
from loihi_rules.learned.learned import Learned
from loihi_rules.learned.quantised import Quantised, quantise_rows
from loihi_rules.nengo_parts.figures import figure
from loihi_rules.nengo_parts.seeds import copy_network, fix_object_seeds


@dataclass(frozen=True)
class FrozenNetwork:
    """A network that has learnt, and learns no more.

    Attributes
    ----------
    network : nengo.Network
        A new one; the user's is untouched.
    changes : tuple of Change
    quantised : mapping of str to Quantised
        By name of the connection.
    copies : mapping
        The user's objects to those in ``network``.
    """

    network: nengo.Network
    changes: Tuple[Change, ...]
    quantised: Mapping[str, Quantised]
    copies: Mapping[Any, Any]


def freeze(
    network: nengo.Network,
    learned: Sequence[Learned],
    seed: Optional[int] = None,
    fan_in: Optional[int] = None,
) -> FrozenNetwork:
    """Fix learnt weights in the chip's 8 bits, and take the learning away.

    Parameters
    ----------
    network : nengo.Network
        Is left untouched.
    learned : sequence of Learned
        Of some or all of its learning connections; the others learn as before.
    seed : int, optional
        Of a network that has none, as for `loihi_rules.rewrite`.
    fan_in : int, optional
        See `quantise_rows`.

    Returns
    -------
    FrozenNetwork

    Raises
    ------
    ValueError
        If a connection is not there, or the weights do not have its shape.
    """
    copied = fix_object_seeds(copy_network(network), seed)
    changes: List[Change] = []
    quantised: Dict[str, Quantised] = {}
    for each, conn in matched(copied.network, learned):
        fixed = quantise_rows(each.values, None if each.adapts == "encoders" else fan_in)
        quantised[each.connection] = fixed
        changes.append(_change_of(each, fixed))
        forget_rule(copied.network, conn)
        if each.adapts == "encoders":
            set_encoders(copied.network, conn, fixed.values)
        else:
            fix_weights(conn, fixed.values, sparse=fan_in is not None)
    return FrozenNetwork(copied.network, tuple(changes), quantised, copied.copies)


def _change_of(each: Learned, fixed: Quantised) -> Change:
    error = np.abs(fixed.values - each.values)
    largest = float(np.abs(each.values).max(initial=0.0)) or 1.0
    rows, columns = each.values.shape
    pruned = f", {fixed.pruned} of the smallest left out" if fixed.pruned else ""
    return Change(
        each.connection,
        "frozen",
        f"{rows} × {columns} {each.adapts} learnt by {each.rule}",
        f"fixed, in 8 bits with an exponent a row{pruned}",
        f"the chip's weights; each is within "
        f"{figure(100 * fixed.error_bounds.max() / largest, 2)} % of the largest (bound), "
        f"and within {figure(100 * error.max() / largest, 2)} % in fact",
    )
