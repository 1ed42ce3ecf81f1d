"""One number of a comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, Optional

from deploy.parity.tolerances import Tolerance

LESSON = "the lesson"  # stands in the place of a trace


@dataclass(frozen=True)
class Figure:
    """One number, and whether it is within its tolerance.

    Attributes
    ----------
    trace : str
        Label of the trace it is about.
    metric : str
        Its name, which is also that of its tolerance.
    value : float
    unit : str
        Empty for a pure number.
    tolerance : Tolerance or None
        None for a number that is given for information.
    note : str
        What a reader needs to understand the number.
    """

    trace: str
    metric: str
    value: float
    unit: str = ""
    tolerance: Optional[Tolerance] = None
    note: str = ""

    @property
    def ok(self) -> Optional[bool]:
        """Whether the value is within its tolerance; None if it is not judged."""
        return None if self.tolerance is None else self.tolerance.allows(self.value)

    def to_dict(self) -> Dict[str, Any]:
        """In terms of JSON; a number that is not finite becomes None."""
        return {
            "trace": self.trace,
            "metric": self.metric,
            "value": float(self.value) if math.isfinite(self.value) else None,
            "unit": self.unit,
            "tolerance": None if self.tolerance is None else str(self.tolerance),
            "why": "" if self.tolerance is None else self.tolerance.why,
            "ok": self.ok,
            "note": self.note,
        }
