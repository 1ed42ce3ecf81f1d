"""What comes to a board and what it does, in its own numbers."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np

from deploy.emulator.chip_record import ChipRecord, Probe
from deploy.nengo_loihi.board.board import Board, whole_errors
from deploy.nengo_loihi.build.resources import name_of_block
from deploy.nengo_loihi.run.flatten import lay_out


class Recorder:
    """Stands before a board, and notes what passes.

    Parameters
    ----------
    board : Board
        That has not stepped yet; is watched from here on.
    """

    def __init__(self, board: Board):
        self.board = board
        model = board.model
        self._layout, self._learning = lay_out(model)
        self._inputs = {of: k for k, of in enumerate(model.inputs)}
        self._spikes: List[Tuple[int, int, int]] = [
            (step, k, int(neuron))
            for of, k in self._inputs.items()
            for step in of.spike_times()
            for neuron in of.spike_idxs(step)
        ]
        self._errors: List[Tuple[int, int, int]] = []
        self._kept: Dict[Any, List[List[np.ndarray]]] = {probe: [] for probe in model.probes}
        watched: Any = board
        self._host2chip, self._keep = watched.host2chip, watched._keep
        watched.host2chip, watched._keep = self._note_inputs, self._note_samples

    def _note_inputs(self, spikes: Any, errors: Any) -> None:
        for of, step, neurons in spikes:
            own = self._inputs[of]
            self._spikes += [(int(step), own, int(n)) for n in np.asarray(neurons)]
        for synapse, _, values in errors:
            first = int(self._layout.learning.error_start[self._learning[synapse]])
            for k, value in enumerate(whole_errors(self.board.error_scale, values)):
                if value:
                    self._errors.append((self.board.t + 1, first + k, int(value)))
        self._host2chip(spikes, errors)

    def _note_samples(self, rows: Any) -> None:
        for probe, blocks in rows.items():
            self._kept[probe].append([np.array(values) for values in blocks])
        self._keep(rows)

    def record(self) -> ChipRecord:
        """What there is so far."""
        start = dict(zip(self.board.model.blocks, self._layout.block_start))
        current, voltage = np.zeros((2, self._layout.n_compartments), np.int64)
        for block, first in self.board.first.items():
            part = slice(int(start[block]), int(start[block]) + block.n_neurons)
            current[part], voltage[part] = first.current, first.voltage
        probes = {}
        for k, (probe, pieces) in enumerate(self._kept.items()):
            chosen = [
                start[block] + np.arange(block.n_neurons)[part]
                for block, part in zip(probe.target, probe.slice)
            ]
            samples = np.concatenate([np.concatenate(blocks, axis=1) for blocks in pieces])
            blocks = ", ".join(dict.fromkeys(name_of_block(block) for block in probe.target))
            name = f"{k}: {probe.key} of {blocks}"
            probes[name] = Probe(probe.key, np.concatenate(chosen), samples.astype(np.int32))
        return ChipRecord(
            self._layout,
            current,
            voltage,
            np.array(self._spikes, np.int64).reshape(-1, 3),
            np.array(self._errors, np.int64).reshape(-1, 3),
            probes,
        )
