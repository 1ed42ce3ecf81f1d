"""What one connection has learnt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np


@dataclass(frozen=True)
class Learned:
    """What one connection has learnt.

    Attributes
    ----------
    connection : str
        Its name, `loihi_rules.nengo_parts.names.name_of`.
    rule : str
        The rule's, as Nengo calls it; several with ``+`` between.
    adapts : str
        ``"weights"`` or ``"encoders"``.
    values : ndarray
        Weights (size_out, size_in), from spikes filtered to Hz into what the target takes:
        represented values; normalised current for full weights; that divided by the gain
        where the user connected to neurons. Or scaled encoders
        (n_post, dimensions), unit encoder times gain ÷ radius.
    theta : (n_post,) ndarray or None
        BCM's modification threshold, Hz.
    neurons : str
        A fingerprint of the neurons on both sides; empty where nobody took one.
    """

    connection: str
    rule: str
    adapts: str
    values: np.ndarray
    theta: Optional[np.ndarray] = None
    neurons: str = ""
