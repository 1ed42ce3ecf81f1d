"""Networks that resume learning from what they have learnt."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.params import NdarrayParam

from loihi_rules.learned.into_copy import give_decoders, matched, set_encoders
from loihi_rules.learned.learned import Learned
from loihi_rules.nengo_parts.parameters import with_parameters
from loihi_rules.nengo_parts.seeds import copy_network, fix_object_seeds
from loihi_rules.nengo_parts.solvers import GivenWeights
from loihi_rules.nengo_parts.transforms import matrix_of, set_matrix
from loihi_rules.nengo_parts.wiring import base_of, reconnect


def resume(
    network: nengo.Network, learned: Sequence[Learned], seed: Optional[int] = None
) -> nengo.Network:
    """The network, its connections starting from what they have learnt.

    In full precision. BCM's θ is resumed too; RLS starts with a fresh inverse of correlations,
    and filtered activities, which live for milliseconds, from 0.

    Parameters
    ----------
    network, learned, seed
        As for `freeze`.

    Returns
    -------
    nengo.Network

    Raises
    ------
    ValueError
        As `freeze`.
    """
    copied = fix_object_seeds(copy_network(network), seed)
    for each, conn in matched(copied.network, learned):
        if each.adapts == "encoders":
            set_encoders(copied.network, conn, each.values)
        elif isinstance(conn.pre_obj, Neurons):
            conn.transform = np.array(each.values)
        elif each.values.shape[0] != conn.size_out or isinstance(conn.post_obj, Neurons):
            set_matrix(conn, matrix_of(conn))  # Nengo asks for a dense one
            conn.solver = GivenWeights(each.values)
        else:
            give_decoders(conn, each.values)
        if each.theta is not None and isinstance(conn.learning_rule_type, nengo.BCM):
            rule = conn.learning_rule_type
            started = StartedLowpass(rule.theta_synapse.tau, each.theta)
            _replace_rule(copied.network, conn, with_parameters(rule, theta_synapse=started))
    return copied.network


class StartedLowpass(nengo.Lowpass):
    """A low-pass filter that does not start from 0.

    Parameters
    ----------
    tau : float
        Time constant, s.
    start : (n,) array_like
        Its output before the first step.
    """

    start = NdarrayParam("start", shape=("*",))

    def __init__(self, tau: float, start: np.ndarray):
        super().__init__(tau)
        self.start = start

    def make_state(
        self, shape_in: Any, shape_out: Any, dt: float, dtype: Any = None, y0: Any = 0
    ) -> Dict[str, np.ndarray]:
        """See `nengo.synapses.Synapse.make_state`."""
        state: Dict[str, np.ndarray] = super().make_state(
            shape_in, shape_out, dt, dtype=dtype, y0=0
        )
        state["X"][:] = self.start  # of one pole: the output itself
        return state


def _replace_rule(network: nengo.Network, conn: nengo.Connection, rule: Any) -> None:
    """Give a connection another rule, and what names the old one too."""
    reconnect(conn, learning_rule_type=rule)
    ends = [base_of(p.target) for p in network.all_probes]
    for end in ends + [base_of(c.post) for c in network.all_connections]:
        if isinstance(end, LearningRule) and end.connection is conn:
            end.learning_rule_type = rule
