"""One learning synapse at every error, and traces at every distance of a spike.

Each round is: a spike of all axons, errors, then each axon alone in a step, whose targets' currents
are its weights, and a while in which traces go. Random numbers round what is learnt; axons are as
many draws of them.
"""

from __future__ import annotations

from typing import Dict, List, Sequence

import numpy as np

from deploy.nengo_loihi.conformance.experiment import (
    DRAWN,
    Compartment,
    Core,
    Experiment,
    Synapses,
    Trace,
)

EPOCH = 4  # steps from one change of weights to the next
LARGEST = 127


class Rounds:
    """When things happen in rounds.

    Parameters
    ----------
    n_axons : int
        Inputs, one an axon.
    waits : sequence of int
        By round: steps between the spike of all axons and the change of weights.
    rest : int
        Steps in which traces go, behind each.
    """

    def __init__(self, n_axons: int, waits: Sequence[int], rest: int):
        self.spikes: Dict[int, List[int]] = {}
        self.changes: List[int] = []  # steps in which weights change
        self.readouts: List[int] = []  # steps in which the first axon's weight is a current
        every = list(range(n_axons))
        step = EPOCH
        for wait in waits:
            change = -(-(step + wait + 1) // EPOCH) * EPOCH
            self.spikes[change - wait - 1] = every  # which comes in the next step
            for k in every:
                self.spikes[change + 1 + k] = [k]
            self.changes.append(change)
            self.readouts.append(change + 2)
            step = change + n_axons + 2 + rest
        self.steps = step

    def errors(self, values: Dict[int, np.ndarray]) -> Dict[int, Dict[int, np.ndarray]]:
        """In the step of each change and the one before: it counts whenever errors act."""
        silent = {core: np.zeros_like(of) for core, of in values.items()}
        found: Dict[int, Dict[int, np.ndarray]] = {}
        for change in self.changes:
            found[change - 1] = found[change] = values
            found[change + 1] = silent
        return found


def learner(
    name: str,
    errors: np.ndarray,
    n_axons: int,
    trace: Trace,
    rounds: Rounds,
    register: str,
    odds: float = 0.0,
) -> Core:
    """A core whose axons all learn the same, from weights of 0."""
    own = tuple(
        Compartment(f"error {sign * error:g}", register) for sign in (-1, 1) for error in errors
    )
    rows = [np.zeros((1, len(own)), int)] * n_axons
    synapses = Synapses(rows, {k: (k, 0) for k in range(n_axons)}, trace=trace)
    return Core(
        name,
        own,
        (synapses,),
        keys=("current",),
        kind=DRAWN,
        readouts=tuple(rounds.readouts),
        odds=odds,
    )


def _learning() -> Experiment:
    """Traces of 64 exactly, so that an error e changes a weight by e / 16 of its steps."""
    n_axons = 128
    rounds = Rounds(n_axons, waits=[0, 0], rest=44)
    every = np.arange(-LARGEST, LARGEST + 2).clip(-LARGEST, LARGEST).reshape(4, -1)
    cores = tuple(
        learner(
            f"learning at errors {of[0]} to {of[-1]}",
            of,
            n_axons,
            Trace(1, 64.0),
            rounds,
            "stdpUcodeMem",
            odds=1 / 16,
        )
        for of in every
    )
    return Experiment(
        "learning",
        "one learning synapse at every error",
        cores,
        rounds.steps,
        n_axons,
        rounds.spikes,
        rounds.errors(dict(enumerate(every))),
        by_host=True,
        modes=("error", "learning-shift", "random-numbers"),
    )


def _traces() -> Experiment:
    n_axons = 128
    rounds = Rounds(n_axons, waits=[0, 1, 3, 8], rest=160)
    errors = np.array([40, 90, 111, 127])
    traces = (Trace(2, 64.0), Trace(3, 127.0), Trace(5, 100.75), Trace(10, 60.5))
    cores = tuple(
        learner(
            f"trace of {trace.tau} steps, {trace.increment} a spike",
            errors,
            n_axons,
            trace,
            rounds,
            "stdpPreCfg",
        )
        for trace in traces
    )
    return Experiment(
        "traces",
        "traces of presynaptic spikes, by their time constant and increment",
        cores,
        rounds.steps,
        n_axons,
        rounds.spikes,
        rounds.errors({k: errors for k in range(len(cores))}),
        by_host=True,
        modes=("error", "learning-shift", "random-numbers", "trace-decay"),
    )


LEARNING, TRACES = _learning(), _traces()
__all__ = ["LEARNING", "TRACES", "Rounds", "learner"]
