"""Samples moved back to the steps that they are of, where a chip gives some later than others."""

from __future__ import annotations

from typing import Dict, Mapping, Optional, Tuple

import nengo
import numpy as np

from deploy.targets import Session
from deploy.traces.trace import Piece, Spikes, Trace


class MovedBack:
    """What a session records, each probe from the step on at which its first sample comes.

    A chip of many cores gives the spikes of a layer a step later for each layer before it
    (`loihi_rules.passes.chip.steps_between`). The session runs ahead by as many steps as the
    latest probe is late, and what comes before the others are asked for it waits.

    Parameters
    ----------
    session : Session
        Not begun; its ``late`` says by how many steps.
    traces : mapping of nengo.Probe to Trace
        What the probes record.
    """

    def __init__(self, session: Session, traces: Mapping[nengo.Probe, Trace]):
        self.session, self._traces = session, traces
        self.ahead = max(session.late.values(), default=0)
        self._waiting: Dict[nengo.Probe, Optional[Piece]] = {}
        self._begun = not self.ahead

    def run_steps(self, n_steps: int) -> None:
        """So many steps of what is recorded."""
        if not self._begun:
            self.session.run_steps(self.ahead)
            for probe in self._traces:
                late = self.session.late.get(probe, 0)
                self._waiting[probe] = _split(self._new(probe), late)[1]
            self.session.clear()
            self._begun = True
        self.session.run_steps(n_steps)

    def take(self, probe: nengo.Probe, n_steps: int) -> Optional[Piece]:
        """A probe's samples of the last so many steps; steps of spikes are counted from 1.

        None if the session has nothing of the probe.
        """
        new = self._new(probe)
        before = self._waiting.get(probe)
        if new is None or before is None:
            return new
        now, self._waiting[probe] = _split(_joined(before, new, self._kept(probe)), n_steps)
        return now

    def _kept(self, probe: nengo.Probe) -> int:
        """Steps that wait."""
        return self.ahead - self.session.late.get(probe, 0)

    def _new(self, probe: nengo.Probe) -> Optional[Piece]:
        if self._traces[probe].sparse:
            return self.session.spikes(probe)
        samples = self.session.samples(probe)
        return samples if samples is None or samples.dtype != object else _dense(samples)


def _dense(matrices: np.ndarray) -> np.ndarray:
    """(n, rows, columns) of n sparse matrices, which Nengo gives of weights of `nengo.Sparse`."""
    return np.array([matrix.toarray() for matrix in matrices])


def _split(piece: Optional[Piece], n_steps: int) -> Tuple[Optional[Piece], Optional[Piece]]:
    """What is of the first so many steps, and what is after them."""
    if piece is None:
        return None, None
    if isinstance(piece, Spikes):
        now, steps = piece.steps <= n_steps, piece.steps
        return (
            Spikes(steps[now], piece.neurons[now]),
            Spikes(steps[~now] - n_steps, piece.neurons[~now]),
        )
    return piece[:n_steps], piece[n_steps:]


def _joined(before: Piece, new: Piece, n_steps: int) -> Piece:
    """Both in one, the first of which is of so many steps."""
    if isinstance(before, Spikes) and isinstance(new, Spikes):
        return Spikes(
            np.concatenate([before.steps, new.steps + n_steps]),
            np.concatenate([before.neurons, new.neurons]),
        )
    return np.concatenate([before, new])
