"""How long things take between host and chip: spikes down, spikes and currents up, errors."""

from __future__ import annotations

from typing import Dict, List, Tuple

import numpy as np

from deploy.nengo_loihi.conformance.experiment import (
    CHANGED,
    Compartment,
    Core,
    Experiment,
    Synapses,
    Trace,
)

N_AXONS = 8
PERIOD = 64  # steps of a round, a multiple of the epoch in which weights change
ERROR = 112  # of which a trace of 64 makes a change without a rest
PHASES = range(4)  # of an error within that epoch


def _echo() -> Core:
    """Neurons that spike for a spike of the host's."""
    own = tuple(
        Compartment(f"echo of input {k}", "nengo_io", threshold=100, refractory=1 + k)
        for k in range(N_AXONS)
    )
    rows = [np.where(np.arange(N_AXONS) == k, 200, 0)[np.newaxis] for k in range(N_AXONS)]
    group = Synapses(rows, {k: (k, 0) for k in range(N_AXONS)})
    return Core("spikes from the host and back", own, (group,), keys=("current", "spiked"))


def _timing() -> Tuple[Core, Dict[int, Dict[int, np.ndarray]], Dict[int, List[int]]]:
    """An error of one step, at each place within the epoch: whether weights have changed by it."""
    spikes: Dict[int, List[int]] = {}
    errors: Dict[int, Dict[int, np.ndarray]] = {}
    readouts = []
    for k, phase in enumerate(PHASES):
        change = PERIOD * (k + 1) - PERIOD // 2
        spikes[change - 1] = list(range(N_AXONS))
        errors[change - 3 + phase] = {1: np.array([ERROR])}
        errors[change - 2 + phase] = {1: np.array([0])}
        for axon in range(N_AXONS):
            spikes[change + 5 + axon] = [axon]
        readouts.append(change + 6)
    own = (Compartment("error up", "nengo_learn"), Compartment("error down", "nengo_learn"))
    rows = [np.zeros((1, 2), int)] * N_AXONS
    group = Synapses(rows, {k: (k, 0) for k in range(N_AXONS)}, trace=Trace(1, 64.0))
    core = Core(
        "when an error acts",
        own,
        (group,),
        keys=("current",),
        kind=CHANGED,
        readouts=tuple(readouts),
    )
    return core, errors, spikes


_TIMING, _ERRORS, _SPIKES = _timing()

LATENCY = Experiment(
    "latency",
    "the way between host and chip, both ways",
    (_echo(), _TIMING),
    PERIOD * len(PHASES) + PERIOD // 2,
    N_AXONS,
    _SPIKES,
    _ERRORS,
    by_host=True,
    modes=("error", "refractory-voltage"),
)
