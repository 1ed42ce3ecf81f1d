"""What a connection learnt."""

from __future__ import annotations

from typing import List

import numpy as np

from deploy.parity.figure import Figure
from deploy.parity.metrics.pair import Pair, flat

NOTHING = 1e-3  # of a represented value or a normalised current: no run shows it
RATE = 200.0  # Hz, of a neuron that is active
HARDLY = 0.2  # of its size, by which a matrix has to change to have learnt something


def learned_weights(pair: Pair) -> List[Figure]:
    """Correlation and relative error of the weights' change over the run.

    With ``ΔW = W(end) − W(start)``, of the first and the last sample:
    Pearson's correlation of the two changes, and
    ``‖ΔW_other − ΔW_reference‖ / ‖ΔW_reference‖``.

    Weights that hardly change have nothing to correlate but noise: where ‖ΔW_reference‖ is less
    than a fifth of ‖W(end)‖, what is compared is where they end,
    ``‖W_other − W_reference‖ / ‖W_reference‖``.

    Neither is a figure of weights that give nothing: n active neurons of 200 Hz give at most
    200 √n ‖W‖, and where that is less than a thousandth on both sides, as where a learning rate
    is 0 and weights differ by rounding, nothing was learnt that could be compared.
    """
    reference, other = flat(pair.reference), flat(pair.other)
    own, its = reference[-1] - reference[0], other[-1] - other[0]
    size = float(np.linalg.norm(own))
    figures = [
        Figure(pair.label, "weight change, reference", size, note="norm of W(end) − W(start)"),
        Figure(pair.label, "weight change, other", float(np.linalg.norm(its))),
    ]
    n = np.shape(pair.reference.samples)[-1]
    most = max(float(np.linalg.norm(w)) for w in (reference[-1], other[-1]))
    if size == 0 or RATE * np.sqrt(n) * most < NOTHING:
        return figures
    largest = float(np.linalg.norm(reference[-1]))
    if size < HARDLY * largest:
        apart = float(np.linalg.norm(other[-1] - reference[-1])) / largest
        return [*figures, Figure(pair.label, "weights at the end, difference", apart)]
    a, b = own - own.mean(), its - its.mean()
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    correlation = float(a @ b) / norm if norm > 0 else 0.0
    return [
        *figures,
        Figure(pair.label, "weights, correlation", correlation),
        Figure(pair.label, "weights, relative error", float(np.linalg.norm(its - own)) / size),
    ]
