"""Values that are larger, or far smaller, than an ensemble's radius."""

from __future__ import annotations

import functools
import math
import sys
from typing import Callable, Dict, List, Mapping

import nengo

from deploy.suspects.suspect import Copies, Suspect, Symptoms, names
from loihi_rules.nengo_parts.wiring import base_of

BEYOND = 1.1  # radii: where neurons saturate
BELOW = 0.2  # radii: a fifth of the neurons' range, and two of eight bits
ROOM = 1.1


def radius(symptoms: Symptoms) -> List[Suspect]:
    """An ensemble whose values lie outside its radius, or in the very middle of it."""
    found: List[Suspect] = []
    beyond = [ens for ens, reach in symptoms.reach.items() if reach > BEYOND]
    if beyond:
        inputs = [ens for ens in beyond if _fed_by_nodes(symptoms.network, ens)]
        cause = "an input outside the radius" if inputs else "the radius is too small"
        found.append(_suspect(symptoms, cause, beyond))
    below = [ens for ens in _carrying(symptoms.reach) if symptoms.reach[ens] < BELOW]
    if below:
        found.append(_suspect(symptoms, "weights that underflow: the radius is too large", below))
    return found


def _carrying(reach: Mapping[nengo.Ensemble, float]) -> List[nengo.Ensemble]:
    """Ensembles whose values are more than what floating point leaves of others that cancel."""
    most = max((reach_ * ens.radius for ens, reach_ in reach.items()), default=0.0)
    rest = math.sqrt(sys.float_info.epsilon) * most
    return [ens for ens, reach_ in reach.items() if reach_ * ens.radius > rest]


def _fed_by_nodes(network: nengo.Network, ens: nengo.Ensemble) -> bool:
    sources = [base_of(c.pre) for c in network.all_connections if base_of(c.post) is ens]
    return bool(sources) and all(isinstance(source, nengo.Node) for source in sources)


def _suspect(symptoms: Symptoms, cause: str, of: List[nengo.Ensemble]) -> Suspect:
    wanted: Dict[nengo.Ensemble, float] = {
        ens: _two_digits(ROOM * symptoms.reach[ens] * ens.radius) for ens in of
    }
    reach = [symptoms.reach[ens] for ens in of]
    extent = f"{min(reach):.2g}" + (f" to {max(reach):.2g}" if len(of) > 1 else "")
    return Suspect(
        cause,
        names(of),
        f"its values reach {extent} radii",
        "; ".join(f"{names([ens])}: radius={wanted[ens]:g}" for ens in of),
        _setting(wanted),
    )


def _setting(wanted: Dict[nengo.Ensemble, float]) -> Callable[[Copies], None]:
    return functools.partial(_set, wanted)


def _set(wanted: Dict[nengo.Ensemble, float], copies: Copies) -> None:
    for ens, value in wanted.items():
        copies[ens].radius = value


def _two_digits(value: float) -> float:
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / step) * step:.6g}")
