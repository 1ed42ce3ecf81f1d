"""Nengo's filters as nodes of NIR."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Optional, Tuple

import nengo
import numpy as np
from nengo.synapses import LinearFilter, Synapse

from loihi_rules.nengo_parts.names import filter_name


class FilterNode(NamedTuple):
    """What stands for a filter: its type in NIR, its numbers, and what these leave out."""

    kind: str
    numbers: Dict[str, float]
    lost: Tuple[Tuple[str, str, str], ...] = ()


def filter_node(synapse: Synapse) -> Optional[FilterNode]:
    """The node of a filter; None if there is none that is near to it.

    LI is Nengo's Lowpass, CubaLI its Alpha. Another H(s) = b(s)/a(s) becomes the low-pass filter
    with its gain b₀/a₀ and its delay a₁/a₀ − b₁/b₀ at low frequencies.
    """
    if type(synapse) is nengo.Lowpass:
        return FilterNode("LI", {"tau": float(synapse.tau), "r": 1.0, "v_leak": 0.0})
    if type(synapse) is nengo.Alpha:
        tau = float(synapse.tau)
        numbers = {"tau_syn": tau, "tau_mem": tau, "r": 1.0, "v_leak": 0.0, "w_in": 1.0}
        return FilterNode("CubaLI", numbers)
    if type(synapse) is not LinearFilter or not synapse.analog:
        return None
    b, a = (np.concatenate([[0.0], np.ravel(p)])[-2:] for p in (synapse.num, synapse.den))
    if not b[1] or not a[1]:
        return None
    gain, tau = float(b[1] / a[1]), float(a[0] / a[1] - b[0] / b[1])
    if not tau > 0:
        return None
    said = (
        filter_name(synapse),
        f"low-pass filter of {1000 * tau:g} ms with a gain of {gain:g}",
        "NIR's filters are low-pass; this one has the same gain and delay at low frequencies",
    )
    return FilterNode("LI", {"tau": tau, "r": gain, "v_leak": 0.0}, (said,))


def stands_for(node: Any, synapse: Synapse, close: float) -> bool:
    """Whether a node is still the one that was written for a filter."""
    own = filter_node(synapse)
    return (
        own is not None
        and type(node).__name__ == own.kind
        and all(
            np.allclose(getattr(node, key), value, rtol=close, atol=close)
            for key, value in own.numbers.items()
        )
    )
