"""A network in Nengo core, whole."""

from __future__ import annotations

from typing import Any, Optional, Tuple

import nengo
import numpy as np
from nengo.builder import Model
from nengo.cache import NoDecoderCache
from nengo.simulator import Simulator as NengoSimulator

from deploy.nengo_loihi.load import mend_if_imported
from deploy.nengo_loihi.read.learned_weights import learned_in_core
from deploy.targets.base import Session
from deploy.targets.injecting import CoreNeurons, Injections
from loihi_rules import Change, Learned


class CoreSession(Session):
    """A `nengo.Simulator`, without Nengo's decoder cache and without its optimiser.

    The cache is a folder of pickles in the user's home, and those that NumPy 2
    wrote break NumPy 1; a run must not depend on what ran there before. The
    optimiser merges operators in the order of their addresses, so that the last
    bit of a sum differs from one process to the next.

    Parameters
    ----------
    network : nengo.Network or None
        One without a seed gets 0.
    dt : float
        Step in seconds.
    seed : int
        Of processes without a seed of their own.
    changes : tuple of Change
    model : nengo.builder.Model, optional
        To build into, or to run without a network.
    optimize : bool
    """

    def __init__(
        self,
        network: Optional[nengo.Network],
        dt: float,
        seed: int,
        changes: Tuple[Change, ...] = (),
        model: Optional[Model] = None,
        optimize: bool = False,
    ):
        mend_if_imported()
        self._rewritten = changes
        if model is None:
            label = None if network is None else network.label
            model = Model(dt=dt, label=label, decoder_cache=NoDecoderCache())
            if network is not None and network.seed is None:
                model.seeds[network], model.seeded[network] = 0, True
        # Nengo's own, also where a user has put another into the place of `nengo.Simulator`
        self.simulator = NengoSimulator(
            network, dt=dt, seed=seed, model=model, progress_bar=False, optimize=optimize
        )
        self.hosts = (self.simulator,)
        self.injections = Injections(network, dt, lambda ens: CoreNeurons(self.simulator, ens))

    @property
    def n_steps(self) -> int:
        return int(self.simulator.n_steps)

    @property
    def changes(self) -> Tuple[Change, ...]:
        return (*self._rewritten, *self.injections.changes())

    def run_steps(self, n_steps: int) -> None:
        end = self.n_steps + n_steps
        while self.n_steps < end:
            self.injections.apply(self.n_steps)
            stop = self.injections.next_after(self.n_steps, end)
            self._go(stop - self.n_steps)

    def _go(self, n_steps: int) -> None:
        self.simulator.run_steps(n_steps, progress_bar=False)

    def look(self, at_signals: bool = False) -> None:
        """All that Nengo core has is of one step at any time."""

    def samples(self, probe: nengo.Probe) -> Optional[np.ndarray]:
        return np.array(self.simulator.data[probe]) if probe in self.simulator.data else None

    def built(self, obj: Any) -> Any:
        return self.simulator.data[obj]

    def learned(self, name: str, conn: nengo.Connection) -> Learned:
        return learned_in_core(self.simulator, name, conn)

    @property
    def model(self) -> Any:
        return self.simulator.model

    def clear(self) -> None:
        self.simulator.clear_probes()

    def close(self) -> None:
        self.simulator.close()
