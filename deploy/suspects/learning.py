"""Learning that is too fast, and errors that the chip cuts."""

from __future__ import annotations

from typing import List

import nengo
import numpy as np
from nengo.connection import LearningRule

from deploy.suspects.suspect import Copies, Suspect, Symptoms, names
from loihi_rules import declare_settings
from loihi_rules.chip.limits import LOIHI
from loihi_rules.nengo_parts.figures import figure
from loihi_rules.nengo_parts.parameters import with_parameters

SLOWER = 10.0
CUT = 0.01  # of the time, from which on errors are cut


def too_fast_learning(symptoms: Symptoms) -> List[Suspect]:
    """Whether a tenth of the rate leaves less of an error is tried for all that learn by PES."""
    found = [
        conn
        for conn in symptoms.network.all_connections
        if isinstance(conn.learning_rule_type, nengo.PES)
    ]
    if not found:
        return []

    def apply(copies: Copies) -> None:
        slow_down(copies[symptoms.network], SLOWER)

    rates = ", ".join(f"{conn.learning_rule_type.learning_rate:g}" for conn in found[:3])
    edit = f"learning_rate={found[0].learning_rule_type.learning_rate / SLOWER:g}"
    return [Suspect("a learning rate that is too large", names(found), rates, edit, apply)]


def slow_down(network: nengo.Network, factor: float) -> None:
    """Divide the rates of all that learns by PES."""
    ends = [c.post_obj for c in network.all_connections] + [p.obj for p in network.all_probes]
    for conn in network.all_connections:
        rule = conn.learning_rule_type
        if not isinstance(rule, nengo.PES):
            continue
        conn.learning_rule_type = with_parameters(rule, learning_rate=rule.learning_rate / factor)
        for end in ends:  # Nengo knows a rule by its connection and its type
            if isinstance(end, LearningRule) and end.connection is conn:
                end.learning_rule_type = conn.learning_rule_type


def cut_errors(symptoms: Symptoms) -> List[Suspect]:
    """Connections whose errors are larger than what is sent to the chip."""
    found = []
    for conn, error in symptoms.errors.items():
        scale = symptoms.rewritten.learning_scales.get(symptoms.rewritten.copies[conn])
        if scale is None:
            continue
        most = LOIHI.error_max / scale.error_scale
        share = float(np.mean(np.abs(error).max(axis=1) > most))
        if share > CUT:
            largest = float(np.abs(error).max())
            span = scale.span_for(largest / most)
            found.append((conn, share, most, span))
    if not found:
        return []

    def apply(copies: Copies) -> None:
        declare_settings(copies[symptoms.network])
        for conn, _, _, span in found:
            settings = copies[symptoms.network].config[copies[conn]]
            settings.pes_span = span
            settings.pes_error_scale = settings.pes_weight_exponent = None

    _, share, most, span = found[0]
    return [
        Suspect(
            "an error that is cut",
            names([conn for conn, *_ in found]),
            f"{figure(100 * share, 2)} % of its errors are above {most:.3g}, the most that is sent",
            f"network.config[connection].pes_span = {span:g}, after "
            "loihi_rules.declare_settings(network)",
            apply,
        )
    ]
