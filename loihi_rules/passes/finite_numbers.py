"""What an object is given has to be finite numbers."""

from __future__ import annotations

from typing import Any, Iterator, Tuple

import nengo
import numpy as np

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.names import name_of

RULE = "numbers"
GIVEN = (
    "radius", "encoders", "intercepts", "max_rates", "gain", "bias", "eval_points", "output",
    "function", "transform",
)  # fmt: skip


def finite_numbers(draft: Draft) -> None:
    """Refuse NaN and infinity, which Nengo builds with, or stumbles over without saying where."""
    network = draft.network
    for obj in (*network.all_ensembles, *network.all_nodes, *network.all_connections):
        for name, array in _arrays(obj):
            lost = int(np.count_nonzero(~np.isfinite(array)))
            if lost:
                what = f"{lost} of the {array.size} numbers of its {name} are NaN or infinite"
                draft.problem(name_of(obj), RULE, what, "look at where they come from")
                draft.stopped = True


def _arrays(obj: Any) -> Iterator[Tuple[str, np.ndarray]]:
    """Those that it was given, by the name of the parameter."""
    for name in GIVEN:
        value = getattr(obj, name, None)
        if isinstance(value, nengo.transforms.Transform):
            value = getattr(value, "init", None)
        value = getattr(value, "data", value) if not isinstance(value, np.ndarray) else value
        if isinstance(value, (np.ndarray, float)) and np.asarray(value).dtype.kind in "fc":
            yield name, np.asarray(value)
