"""What the machine's memory gives, beside which times are put."""

from __future__ import annotations

import time

import numpy as np


def triad() -> float:
    """Bytes a second of a STREAM-like triad a = b + s·c, best of ten."""
    n = 20_000_000
    a, b, c = np.zeros(n), np.ones(n), np.ones(n)
    best = np.inf
    for _ in range(10):
        start = time.perf_counter()
        np.multiply(c, 3.0, out=a)
        np.add(a, b, out=a)
        best = min(best, time.perf_counter() - start)
    return 5 * 8 * n / best  # c to a, then a and b to a
