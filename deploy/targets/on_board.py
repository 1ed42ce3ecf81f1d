"""A network on a board."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, Mapping, Optional, Tuple

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.exceptions import SimulationError

from deploy.errors import BoardLost
from deploy.nengo_loihi.board.board import Board
from deploy.nengo_loihi.board.sdk import find_sdk
from deploy.nengo_loihi.board.simulator import board_simulator
from deploy.nengo_loihi.build.chip_builder import chip_model
from deploy.nengo_loihi.read.chip_values import ChipValue, connection_values, rule_values
from deploy.nengo_loihi.read.learning_rate import learning_rates
from deploy.nengo_loihi.run.input_spikes import valued_by, warn_of_large_values
from deploy.targets.chip_session import ChipSession
from deploy.targets.injecting import CoreNeurons, Injections
from loihi_rules import Change, Rewritten, SeededCopy

BEFORE = (
    "a board takes them before it starts: fix them first (--weights, deploy.freeze), or use target "
    "emulator"
)


class BoardSession(ChipSession):
    """A `nengo_loihi.Simulator` on the rewritten network, with a board as its chip.

    Raises
    ------
    BadInput
        If a board cannot take the network.
    TargetUnavailable
        If there is no board, or none that can be started.
    """

    def __init__(
        self,
        copied: SeededCopy,
        rewritten: Rewritten,
        dt: float,
        seed: int,
        precompute: Optional[bool] = None,
    ):
        self.sdk = find_sdk()
        simulator = board_simulator(
            rewritten.network,
            rewritten.chip,
            dt=dt,
            seed=seed,
            model=chip_model(rewritten, dt),
            progress_bar=False,
            remove_passthrough=False,
            precompute=precompute,
        )
        self.board: Board = simulator.sims["loihi"]
        self.settings = {
            "engine": self.sdk.name,
            "arithmetic": "integer",
            "precompute": bool(simulator.precompute),
        }
        self._runs = False
        try:
            super().__init__(copied, rewritten, dt, simulator)
            self.injections = Injections(rewritten.network, dt, self._neurons)
            self.readers = self._make_readers()
            simulator.__enter__()
        except BaseException:
            simulator.close()
            raise

    def _neurons(self, ens: nengo.Ensemble) -> CoreNeurons:
        return CoreNeurons(next(h for h in self.hosts if ens in h.model.params), ens)

    @property
    def changes(self) -> Tuple[Change, ...]:
        return (*super().changes, *self.injections.changes())

    def chip_weights(self, synapse: Any) -> np.ndarray:
        return self.board.learned_weights(synapse)

    @property
    def n_steps(self) -> int:
        return int(self.simulator._n_steps) if not self._runs else int(self.runner.n_steps)

    def run_steps(self, n_steps: int) -> None:
        end = self.n_steps + n_steps
        polled = self._polled()
        while self.n_steps < end:
            self.injections.apply(self.n_steps)
            stop = self.injections.next_after(self.n_steps, end)
            stop = min([stop] + [reader.next_look() for reader in polled])
            self._runs = True
            try:
                self.simulator.run_steps(stop - int(self.simulator._n_steps))
            except BoardLost:
                self._end_at(self.board.t)
                raise
            finally:
                self._runs = False
            for reader in polled:
                if reader.looks_at(self.n_steps):
                    reader.poll()

    def _end_at(self, step: int) -> None:
        """Keep what was recorded up to a step, and nothing that the host did beyond."""
        self.simulator._n_steps = step
        self.simulator._probe()
        for host in self.hosts:
            beyond = np.arange(step + 1, int(host.n_steps) + 1)
            for probe, samples in host.data.raw.items():
                if isinstance(probe, nengo.Probe) and len(beyond):
                    every = probe.sample_every
                    n = int(np.sum(beyond % (1 if every is None else every / self.dt) < 1))
                    del samples[len(samples) - n :]

    def look(self, at_signals: bool = False) -> None:
        if self._runs:
            raise SimulationError(
                "a node asks for what the board has in the middle of a run; "
                "let the board's values come to it by a connection"
            )

    def chip_values(self, obj: Any) -> Mapping[str, ChipValue]:
        """Those that the registers and the host have; a board takes none in the middle."""
        if isinstance(obj, LearningRule):
            return rule_values(self, obj)
        if not isinstance(obj, nengo.Connection):
            return {}
        return {
            name: replace(value, write=None, instead=value.instead or BEFORE)
            for name, value in connection_values(self, obj).items()
        }

    def record(self) -> Mapping[str, Any]:
        """Which board it was, how the model lies on it, and how it learns."""
        found: Dict[str, Any] = {
            "board": {"sdk": self.sdk.version, "virtual": self.sdk.is_virtual},
            "cores": list(self.cores()),
        }
        found["learning rates"] = learning_rates(
            self.model, self.rewritten.learning_scales, self.dt
        )
        return found

    def close(self) -> None:
        if not self.board.closed and self.n_steps:
            extremes = getattr(self.runner, "extremes", {})
            warn_of_large_values(valued_by(self.model), extremes, self.model.dt, self.n_steps)
        self.simulator.close()
