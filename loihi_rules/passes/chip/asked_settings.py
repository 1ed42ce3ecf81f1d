"""What a user sets on single objects has to be of the kind that the setting takes."""

from __future__ import annotations

from numbers import Real
from typing import Any, Callable, Dict, NamedTuple, Sequence

import nengo
import numpy as np

from loihi_rules.chip.limits import Chip
from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.settings import OF_USERS
from loihi_rules.routes.ways import CHOICES

RULE = "settings"
LONGEST = 40  # characters of a value that are said


class Taken(NamedTuple):
    """What a setting takes.

    Attributes
    ----------
    holds : callable
        Whether a value of an object is such.
    words : str
    """

    holds: Callable[[Any, Any], bool]
    words: str


def asked_settings(draft: Draft) -> None:
    """Refuse settings that are none, before a pass or nengo-loihi stumbles over them."""
    network, taken = draft.network, _taken(draft.chip)
    objects: Dict[Any, Sequence[Any]] = {
        nengo.Ensemble: network.all_ensembles,
        nengo.Connection: network.all_connections,
        nengo.Node: network.all_nodes,
    }
    for of, names in OF_USERS.items():
        declared = network.config[of].extra_params
        for name in (name for name in names if name in declared):
            for obj in objects[of]:
                value = getattr(network.config[obj], name)
                if value is None or taken[name].holds(value, obj):
                    continue
                draft.problem(
                    name_of(obj),
                    RULE,
                    f"its {name} is {_shown(value)}",
                    f"set {taken[name].words}, or None to leave it to the rules",
                )
                draft.stopped = True


def _taken(chip: Chip) -> Dict[str, Taken]:
    least, most = chip.weight_exponents
    positive = Taken(lambda value, obj: _is_number(value) and value > 0, "a number above 0")
    return {
        "on_chip": Taken(lambda value, obj: isinstance(value, (bool, np.bool_)), "True or False"),
        "input_tau": Taken(
            lambda value, obj: _is_number(value) and value >= 0, "seconds, 0 or more"
        ),
        "way": Taken(
            lambda value, obj: isinstance(value, str) and value in CHOICES,
            "one of " + ", ".join(f'"{way}"' for way in CHOICES),
        ),
        "pes_span": positive,
        "pes_rate_factor": positive,
        "pes_error_scale": positive,
        "pes_weight_exponent": Taken(
            lambda value, obj: _is_number(value) and value == int(value) and least <= value <= most,
            f"a whole number from {least} to {most}",
        ),
        "pilot_inputs": Taken(_are_inputs, "an array of finite numbers, (n, size_out) of its node"),
    }


def _is_number(value: Any) -> bool:
    is_real = isinstance(value, Real) and not isinstance(value, bool)
    return is_real and bool(np.isfinite(float(value)))


def _are_inputs(value: Any, node: nengo.Node) -> bool:
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        return False
    fits = array.size > 0 and array.size % max(node.size_out, 1) == 0
    return fits and bool(np.all(np.isfinite(array)))


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
