"""What a NIR graph leaves open, and how a file's own numbers tell some of it.

NIR's equations are in continuous time (Pedersen et al. 2024, Nature Communications 15:8122); each
framework has its own step. These are the ways in which they differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from loihi_rules.nengo_parts.stepped import RESETS
from loihi_rules.nir.errors import NirError

DT = 1e-3  # s, where a file does not tell
LAYER = re.compile(r"layer_\d+(_threshold)?$")  # nodes of spyx
SAME = 1e-4  # relative; to which the quotients by which a file tells its step agree


@dataclass(frozen=True)
class Conventions:
    """How a NIR graph is stepped.

    Attributes
    ----------
    dt : float
        Step in seconds.
    reset : {"zero", "subtract"}
        Whether a spike sets the voltage to ``v_reset`` (NIR's equation) or takes the threshold
        from it, as sinabs, snnTorch and spyx do if not asked otherwise.
    reset_at : {"spike", "next"}
        Whether it does so at once, or in the next step: the threshold is then taken after the
        leak, as by snnTorch and spyx, or what enters in that step is lost too.
    first : {"current", "voltage", "spikes"}
        What a step computes first. With the voltage before the current, as in Norse, a spike moves
        the voltage of CubaLI and CubaLIF a step later; with the spikes first, as in spyx, they are
        of the voltage of the step before, and each population comes a step later.
    gain : {"equation", "one"}
        Whether an input is multiplied by what NIR's equations say, as dt/τ r w_in, or enters as it
        is, as spyx means it.
    decay : {"euler", "exact"}
        Whether a time constant τ takes dt/τ of the difference in a step, or 1 − e^(−dt/τ), as in
        sinabs and Rockpool.
    integrate : {"steps", "seconds"}
        Whether I and IF add r times their input in a step, as all frameworks do, or dt times that.
    """

    dt: float = DT
    reset: str = "zero"
    reset_at: str = "spike"
    first: str = "current"
    gain: str = "equation"
    decay: str = "euler"
    integrate: str = "steps"

    def __post_init__(self) -> None:
        for name, values in CHOICES.items():
            if getattr(self, name) not in values:
                raise NirError(f"{name} is one of {', '.join(values)}, not {getattr(self, name)!r}")
        if not isinstance(self.dt, (int, float)) or not 0 < self.dt < np.inf:
            raise NirError(f"dt is a step in seconds, not {self.dt!r}")

    def kept(self, tau: np.ndarray, name: str) -> np.ndarray:
        """What a time constant leaves after a step, 1 − dt/τ or e^(−dt/τ).

        With inputs as they are, as spyx means them, it is within 0 and 1: that is how spyx takes a
        β that training has moved out of it, of which its exporter makes a τ below 0.

        Raises
        ------
        NirError
            If τ is not positive, or shorter than a step of Euler's.
        """
        if self.gain == "one" and self.decay == "euler" and np.all(tau != 0):
            return np.asarray(np.clip(1 - self.dt / tau, 0.0, 1.0))
        if not np.all(tau > 0):
            raise NirError(f"node {name}: a time constant of {tau.min():g} s is not positive")
        if self.decay == "exact":
            return np.asarray(np.exp(-self.dt / tau))
        if np.any(self.dt > tau * (1 + SAME)):
            raise NirError(
                f"node {name}: a time constant of {tau.min():g} s is shorter than a step of "
                f"{self.dt:g} s; give the step that it was trained with, as dt={tau.min():.1g}, "
                "or decay=exact"
            )
        return np.asarray(np.maximum(1 - self.dt / tau, 0.0))


CHOICES: Dict[str, Sequence[str]] = {
    "reset": RESETS,
    "reset_at": ("spike", "next"),
    "first": ("current", "voltage", "spikes"),
    "gain": ("equation", "one"),
    "decay": ("euler", "exact"),
    "integrate": ("steps", "seconds"),
}


def conventions_of(
    nodes: Dict[str, Any], given: Dict[str, Any]
) -> Tuple[Conventions, Dict[str, str]]:
    """The conventions of a graph: those given, else what its numbers tell, else NIR's.

    Parameters
    ----------
    nodes : mapping of str to nir.NIRNode
    given : mapping
        Some of the fields of `Conventions`; None is as if not given.

    Returns
    -------
    Conventions
    dict of str to str
        Of each that was found in the file: by what.
    """
    found: Dict[str, str] = {}
    own: Dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    unknown = set(own) - {*CHOICES, "dt"}
    if unknown:
        raise NirError(
            f"there is no convention {min(unknown)!r}; there are dt, {', '.join(CHOICES)}"
        )
    if "decay" not in own and any(name.endswith("Torch") for name in nodes):
        own["decay"] = "exact"
        found["decay"] = "nodes are named after Rockpool's classes (…Torch), which decay by e^−dt/τ"
    spyx = _spyx_of(nodes)
    for name, value in spyx.items():
        if name not in own:
            own[name] = value
            found[name] = "it is of spyx, whose r is 1 − dt/τ, in nodes layer_0, layer_1, …"
    if "dt" not in own:
        step = _step_of(nodes)
        if step is not None:
            own["dt"] = step
            found["dt"] = "its r, w_in and time constants are multiples of one step"
    return replace(Conventions(), **own), found


def _step_of(nodes: Dict[str, Any]) -> Optional[float]:
    """The step of a graph whose gains make up for it: r = τ_mem / dt, w_in = τ_syn / dt.

    That is how frameworks write neurons whose step is v ← β v + I.
    """
    quotients: List[np.ndarray] = []
    for node in nodes.values():
        for gain, tau in (("r", "tau_mem"), ("w_in", "tau_syn"), ("r", "tau")):
            if hasattr(node, gain) and hasattr(node, tau):
                of, by = (np.asarray(getattr(node, key), float).ravel() for key in (tau, gain))
                if np.all(by == 1):
                    return None  # gains that make up for nothing
                with np.errstate(divide="ignore", invalid="ignore"):
                    quotients.append(of / by)
    return _common(quotients)


def _spyx_of(nodes: Dict[str, Any]) -> Dict[str, Any]:
    """The conventions of spyx, if a graph is of its exporter (``spyx/nir.py``, ``to_nir``).

    It writes v ← β v + x as τ = dt / (1 − β) and r = β, and reads r nowhere. By ``spyx/nn.py``
    (1.0.0) a step's spikes are of the voltage before it; LIF takes the threshold from what the
    leak has left, CuBaLIF from the voltage before that.
    """
    names = [name.split(".")[0] for name in nodes if name not in ("input", "output")]
    if not names or not all(LAYER.match(name) for name in names):
        return {}
    steps: List[np.ndarray] = []
    late = True
    for node in nodes.values():
        tau = getattr(node, "tau_mem", getattr(node, "tau", None))
        if hasattr(node, "v_threshold") and tau is not None:
            tau = np.asarray(tau, float).ravel()
            steps.append(tau * (1 - np.asarray(node.r, float).ravel()))
            late = late and not hasattr(node, "tau_syn")
    dt = _common(steps)
    if dt is None:
        return {}
    at = "next" if late else "spike"
    return {"dt": dt, "reset": "subtract", "reset_at": at, "first": "spikes", "gain": "one"}


def _common(values: List[np.ndarray]) -> Optional[float]:
    """The one step that all are, to four digits; None if they are not."""
    if not values:
        return None
    every = np.concatenate(values)
    if not np.isfinite(every).all() or every.min() <= 0 or np.ptp(every) > SAME * every.min():
        return None
    return float(f"{np.median(every):.4g}")
