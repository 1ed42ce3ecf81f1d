"""Values of nengo-loihi's probes, from what the compartments that they look at have."""

from __future__ import annotations

from typing import Any, List

import numpy as np


def weighted(probe: Any, blocks: List[np.ndarray]) -> np.ndarray:
    """(n, k) values of a probe, from the (n, ...) samples of each of its blocks.

    Parameters
    ----------
    probe : nengo_loihi.probe.LoihiProbe
    blocks : list of ndarray
    """
    if len(blocks) == 1 and probe.reindexing is None:  # nothing to put together
        weights = probe.weights[0]
        return blocks[0] if weights is None else blocks[0].dot(weights)
    if any(weights is None or weights.ndim for weights in probe.weights):
        outputs: np.ndarray = probe.weight_outputs(blocks)
        return outputs
    # the product of each block goes to where its neurons belong
    width = sum(block.shape[1] for block in blocks)
    kind = np.multiply(blocks[0][:1], probe.weights[0]).dtype
    whole = np.empty((len(blocks[0]), width), kind)
    place = np.arange(width) if probe.reindexing is None else np.argsort(probe.reindexing)
    at = 0
    for block, weights in zip(blocks, probe.weights):
        columns = place[at : at + block.shape[1]]
        if _is_run(columns):
            part = whole[:, columns[0] : columns[-1] + 1]
            np.multiply(block, weights, out=part)
        else:
            whole[:, columns] = np.multiply(block, weights)
        at += block.shape[1]
    return whole


def _is_run(columns: np.ndarray) -> bool:
    return bool(len(columns)) and bool(np.all(np.diff(columns) == 1))
