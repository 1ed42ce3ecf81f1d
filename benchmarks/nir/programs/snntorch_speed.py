"""Run a NIR file in snnTorch, a step after the other, and print how long it takes as JSON.

    python snntorch_speed.py FILE EVENTS.npy

The file is read by nirtorch with snnTorch's own modules, but for IF nodes: as of snntorch 1.0.0
``import_nir.py`` gives these a leak (beta=0.9) and no hidden state.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import nir
import nirtorch
import numpy as np
import snntorch as snn
import torch
from snntorch import import_nir


def neurons(node: Any) -> torch.nn.Module:
    return snn.Leaky(
        beta=1.0,
        threshold=float(np.unique(node.v_threshold)[0]),
        reset_mechanism="zero",
        init_hidden=True,
        reset_delay=False,
    )


def module(node: Any) -> Any:
    return import_nir._nir_to_snntorch_module(node, init_hidden=True)


def main(path: str, events: str) -> None:
    torch.set_num_threads(1)
    graph = nir.read(path)
    start = time.perf_counter()
    kinds = (nir.Affine, nir.Linear, nir.Conv2d, nir.Flatten)
    net = nirtorch.nir_to_torch(graph, {**{kind: module for kind in kinds}, nir.IF: neurons})
    built = time.perf_counter() - start
    signal = torch.as_tensor(np.load(events), dtype=torch.float32).reshape(-1, 2, 34, 34)
    with torch.no_grad():
        start = time.perf_counter()
        counts = 0
        for given in signal:
            counts = counts + net(given)[0]
        seconds = time.perf_counter() - start
    print(json.dumps({"build": built, "run": seconds, "counts": counts.tolist()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
