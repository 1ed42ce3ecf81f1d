"""What a NIR graph leaves open, and how a file's own numbers give some of it away.

NIR's equations are in continuous time (Pedersen et al. 2024, Nature Communications 15:8122); each
framework has its own step. These are the ways in which they differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, Sequence, Tuple

import numpy as np

from loihi_rules.nengo_parts.stepped import RESETS
from loihi_rules.nir.errors import NirError
from loihi_rules.nir.frameworks import shown_by

DT = 1e-3  # s, where a file does not say
OVER = 1e-4  # relative; by which a step may be above a time constant, for rounding


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
        What a step computes first. With the voltage before the current, as in Norse's LSNN, a spike
        moves the voltage of CubaLI and CubaLIF a step later; with the spikes first, as in spyx and
        lava, they are of the voltage of the step before, and each population comes a step later.
    gain : {"equation", "current", "one", "decayed"}
        By what an input is multiplied: as NIR's equations say, dt/τ_syn w_in on its way into the
        current and dt/τ_mem r into the voltage; not into the current, as by Norse; nowhere, as by
        spyx and Rockpool's LIFNeuronTorch; or only by what is left of a current after a step, as
        by Rockpool's LIFTorch, where what enters decays with the current in the same step.
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
        if np.any(self.dt > tau * (1 + OVER)):
            raise NirError(
                f"node {name}: a time constant of {tau.min():g} s is shorter than a step of "
                f"{self.dt:g} s; give the step that it was trained with, as dt={tau.min():.1g}, "
                "or decay=exact"
            )
        return np.asarray(np.maximum(1 - self.dt / tau, 0.0))

    def taken(self, tau: np.ndarray, name: str) -> np.ndarray:
        """What a step takes of a time constant: 1 less `kept`, without its rounding.

        By the last digit that 1 − (1 − dt/τ) is off, an input that is worth a threshold exceeds it.
        """
        kept = self.kept(tau, name)
        if self.decay == "exact":
            return np.asarray(-np.expm1(-self.dt / tau))
        return np.asarray(np.where((kept > 0) & (kept < 1), self.dt / tau, 1 - kept))

    def time_constant(self, kept: np.ndarray) -> np.ndarray:
        """The τ of which so much is left after a step: of `kept`, the inverse.

        What keeps nothing has τ = dt by Euler's step, and dt/40 (e⁻⁴⁰ is less than what floating
        point sees) by the exact one.
        """
        if self.decay == "exact":
            return np.asarray(-self.dt / np.log(np.maximum(kept, np.exp(-40.0))))
        return np.asarray(self.dt / (1 - kept))


CHOICES: Dict[str, Sequence[str]] = {
    "reset": RESETS,
    "reset_at": ("spike", "next"),
    "first": ("current", "voltage", "spikes"),
    "gain": ("equation", "current", "one", "decayed"),
    "decay": ("euler", "exact"),
    "integrate": ("steps", "seconds"),
}


def conventions_of(
    nodes: Dict[str, Any], given: Dict[str, Any]
) -> Tuple[Conventions, Dict[str, str]]:
    """The conventions of a graph: those given, else what its numbers say, else NIR's.

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
    for shown, why in shown_by(nodes):
        for name, value in shown.items():
            if name not in own:
                own[name], found[name] = value, why
    return replace(Conventions(), **own), found
