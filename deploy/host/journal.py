"""What a host needs to go back within a batch of steps, and through it again.

Signals and the states of filters are saved where a batch starts; all that Nengo computes from
them comes out the same once more. What a user's function gave, or a process that has a state of
its own, is kept step by step, as it cannot be asked twice.
"""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Tuple

import nengo
import numpy as np
from nengo.builder import learning_rules, transforms
from nengo.builder import operator as ops
from nengo.builder.neurons import SimNeurons
from nengo.builder.probe import SimProbe
from nengo.builder.processes import SimProcess
from nengo.synapses import LinearFilter

NOT_IN_ALL = (  # versions of Nengo
    (transforms, "ConvInc"),
    (transforms, "ConvTransposeInc"),
    (learning_rules, "SimRLS"),
)
# operators whose every state is a signal
REPEATABLE = (
    ops.TimeUpdate,
    ops.Reset,
    ops.Copy,
    ops.ElementwiseInc,
    ops.DotInc,
    ops.SparseDotInc,
    ops.BsrDotInc,
    *(getattr(module, name) for module, name in NOT_IN_ALL if hasattr(module, name)),
    learning_rules.SimPES,
    learning_rules.SimBCM,
    learning_rules.SimOja,
    learning_rules.SimVoja,
    SimProbe,
)
RANDOM_NEURONS = (nengo.StochasticSpiking, nengo.PoissonSpiking)  # they draw at each step
MOST_KEPT = 64 * 2**20  # bytes of a batch


def is_repeatable(op: Any) -> bool:
    """Whether an operator gives the same again where its signals are the same."""
    if isinstance(op, SimNeurons):
        own = type(op.neurons)
        return own.__module__ == "nengo.neurons" and own not in RANDOM_NEURONS
    if isinstance(op, SimProcess):
        return type(op.process).make_step is LinearFilter.make_step
    return type(op) in REPEATABLE


def outputs(op: Any) -> List[Any]:
    """The signals that an operator changes."""
    return [*op.sets, *op.incs, *op.updates]


def most_steps(simulators: List[nengo.Simulator], most: int) -> int:
    """How many steps a batch may have, of what is kept of them."""
    a_step = sum(
        simulator.signals[signal].nbytes
        for simulator in simulators
        for op in simulator.step_order
        if not is_repeatable(op)
        for signal in outputs(op)
    )
    return int(min(max(MOST_KEPT // max(a_step, 1), 1), most))


class Once:
    """A call that is not made a second time for the same step.

    Parameters
    ----------
    step : callable
    changes : list of ndarray
        What it changes.
    batch : int
        Most steps of a batch.
    kept : list of (batch, ...) ndarray, optional
        Where to keep what it gave; new arrays if not given.

    Attributes
    ----------
    kept : list of (batch, ...) ndarray
        What it gave, step by step.
    is_kept : (batch, 1) ndarray
        1 for the steps of which that is kept.
    """

    def __init__(
        self,
        step: Callable[[], Any],
        changes: List[np.ndarray],
        batch: int,
        kept: Optional[List[np.ndarray]] = None,
    ):
        self.step = step
        self.changes = changes
        new = [] if kept else [np.zeros((batch, *array.shape), array.dtype) for array in changes]
        self.kept = kept or new
        self.is_kept = np.zeros((batch, 1))
        self.by_hand: List[Tuple[np.ndarray, np.ndarray]] = []  # what no compiled row keeps
        self.last = -1  # row of the last call

    def __call__(self, row: int) -> None:
        self.step()
        for array, kept in self.by_hand:
            kept[row] = array
        self.last = row

    def again(self, row: int) -> None:
        """What it gave for this row, or the call where it was not made yet."""
        if not self.is_kept[row, 0]:
            self(row)
            return
        for array, kept in zip(self.changes, self.kept):
            array[...] = kept[row]

    def keep(self, row: int) -> None:
        """Keep what was given for a row at whose end the compiled rows have not arrived."""
        if self.last == row and not self.is_kept[row, 0]:
            for array, kept in zip(self.changes, self.kept):
                kept[row] = array
            self.is_kept[row] = 1

    def forget(self) -> None:
        """Nothing is kept of the batch that begins."""
        self.is_kept[:] = 0
        self.last = -1

    def forward(self, n: int) -> bool:
        """What is kept becomes that of a batch which begins ``n`` steps later.

        Returns
        -------
        bool
            Whether it begins with something that is kept.
        """
        for kept in (*self.kept, self.is_kept):
            kept[: len(kept) - n] = kept[n:].copy()
        self.is_kept[len(self.is_kept) - n :] = 0
        self.last = -1
        return bool(self.is_kept[0, 0])


def states(simulator: nengo.Simulator) -> List[np.ndarray]:
    """All arrays of a simulator that change from step to step."""
    signals = simulator.signals
    arrays = [signals[signal] for signal in signals if not signal.readonly]
    return [array for array in arrays if isinstance(array, np.ndarray)]
