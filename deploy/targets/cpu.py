"""Nengo core on the laptop: the reference that every other target is held against."""

from __future__ import annotations

from typing import Optional

import nengo
import numpy as np
from nengo.builder import Model
from nengo.cache import NoDecoderCache

from deploy.targets.base import Session, Target
from loihi_rules import Twin


class CpuSession(Session):
    """A `nengo.Simulator`, without Nengo's decoder cache and without its optimiser.

    The cache is a folder of pickles in the user's home, and those that NumPy 2
    wrote break NumPy 1; a run must not depend on what ran there before. The
    optimiser merges operators in the order of their addresses, so that the last
    bit of a sum differs from one process to the next.
    """

    def __init__(self, twin: Twin, dt: float, seed: int):
        self.changes = twin.changes
        model = Model(dt=dt, label=twin.network.label, decoder_cache=NoDecoderCache())
        self.simulator = nengo.Simulator(
            twin.network, dt=dt, seed=seed, model=model, progress_bar=False, optimize=False
        )

    def run_steps(self, n_steps: int) -> None:
        self.simulator.run_steps(n_steps, progress_bar=False)

    def take(self, probe: nengo.Probe) -> Optional[np.ndarray]:
        return np.array(self.simulator.data[probe])

    def clear(self) -> None:
        self.simulator.clear_probes()

    def close(self) -> None:
        self.simulator.close()


class CpuTarget(Target):
    name = "cpu"
    substrate = "Nengo core"
    summary = "Nengo core, the reference"

    def open(self, twin: Twin, dt: float, seed: int) -> Session:
        return CpuSession(twin, dt, seed)


CPU = CpuTarget()
