"""Which conventions a file has, by what frameworks write into theirs."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
from scipy.special import lambertw

SAME = 1e-4  # relative; to which the steps that neurons give agree
LAYER = re.compile(r"layer_\d+(_threshold)?$")  # nodes of spyx
Shown = Dict[str, Any]  # fields of `Conventions`


def shown_by(nodes: Dict[str, Any]) -> List[Tuple[Shown, str]]:
    """What a file says, and by what; the first goes before the others.

    Parameters
    ----------
    nodes : mapping of str to nir.NIRNode
    """
    return [
        (_rockpool(nodes), "its nodes have the names of Rockpool's classes (…Torch)"),
        (_spyx(nodes), "it is of spyx, whose r is 1 − dt/τ, in nodes layer_0, layer_1, …"),
        (_step(nodes), "its r, w_in and time constants are multiples of one step"),
    ]


def _rockpool(nodes: Dict[str, Any]) -> Shown:
    """By names of its classes.

    All decay by e^−dt/τ, and its exporter (``rockpool/nn/modules/torch/nir.py``) writes
    r = τ e^−dt/τ / dt, of which dt is τ W(1/r), by Lambert's W. LIFNeuronTorch adds its input as it
    is and takes the threshold from the voltage: so the trace of the NIR paper's lif_rockpool.nir is
    Rockpool's own, to 1e-7. LIFTorch adds its input to a current that decays then
    (``modules/torch/lif_torch.py``, ``forward``).
    """
    if not any(name.endswith("Torch") for name in nodes):
        return {}
    shown: Shown = {"decay": "exact"}
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = [tau * lambertw(1 / r).real for tau, r in _neurons(nodes)]
    dt = _common(steps)
    if dt is not None:
        shown["dt"] = dt
    if any(name.endswith("LIFNeuronTorch") for name in nodes):
        shown.update(reset="subtract", gain="one")
    if any(name.endswith("LIFTorch") for name in nodes):
        shown.update(reset="subtract", gain="decayed")
    return shown


def _spyx(nodes: Dict[str, Any]) -> Shown:
    """By its exporter's numbers (``spyx/nir.py``, ``to_nir``).

    It writes v ← β v + x as τ = dt / (1 − β) and r = β, and reads r nowhere. By ``spyx/nn.py``
    (1.0.0) a step's spikes are of the voltage before it; LIF takes the threshold from what the
    leak has left, CuBaLIF from the voltage before that.
    """
    names = [name.split(".")[0] for name in nodes if name not in ("input", "output")]
    if not names or not all(LAYER.match(name) for name in names):
        return {}
    dt = _common([tau * (1 - r) for tau, r in _neurons(nodes)])
    if dt is None:
        return {}
    at = "spike" if any(hasattr(node, "tau_syn") for node in nodes.values()) else "next"
    return {"dt": dt, "reset": "subtract", "reset_at": at, "first": "spikes", "gain": "one"}


def _step(nodes: Dict[str, Any]) -> Shown:
    """By gains that make up for the step: r = τ_mem / dt, w_in = τ_syn / dt.

    That is how frameworks write neurons whose step is v ← β v + I.
    """
    steps: List[np.ndarray] = []
    for node in nodes.values():
        for gain, tau in (("r", "tau_mem"), ("w_in", "tau_syn"), ("r", "tau")):
            if hasattr(node, gain) and hasattr(node, tau):
                of, by = _both(getattr(node, tau), getattr(node, gain))
                if np.all(by == 1):
                    return {}  # gains that make up for nothing
                with np.errstate(divide="ignore", invalid="ignore"):
                    steps.append(of / by)
    dt = _common(steps)
    return {} if dt is None else {"dt": dt}


def _neurons(nodes: Dict[str, Any]) -> List[Tuple[np.ndarray, np.ndarray]]:
    """τ of the voltage and r, of those that leak and spike."""
    found = []
    for node in nodes.values():
        tau = getattr(node, "tau_mem", getattr(node, "tau", None))
        if tau is not None and hasattr(node, "v_threshold"):
            found.append(_both(tau, node.r))
    return found


def _both(a: Any, b: Any) -> Tuple[np.ndarray, np.ndarray]:
    """Flat; not numbers, or not of one shape, are NaN, which other places refuse by name."""
    flat = [np.asarray(part).ravel() for part in (a, b)]
    sizes = {part.size for part in flat} - {1}
    if len(sizes) > 1 or any(part.dtype.kind not in "fiub" for part in flat):
        return np.full(1, np.nan), np.full(1, np.nan)
    return flat[0].astype(float), flat[1].astype(float)


def _common(steps: List[np.ndarray]) -> Optional[float]:
    """The one step that all are, to four digits; None if they are not."""
    if not steps:
        return None
    every = np.concatenate(steps)
    if not np.isfinite(every).all() or every.min() <= 0 or np.ptp(every) > SAME * every.min():
        return None
    return float(f"{np.median(every):.4g}")
