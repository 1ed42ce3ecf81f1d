"""A network, how long it runs, and the one figure by which it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Mapping, Tuple

import nengo
import numpy as np

import deploy

TARGETS = ("cpu", "float-emulator", "emulator")
BETTER = ("lower", "higher", "same")


@dataclass(frozen=True)
class Recording:
    """What one run of a cell recorded.

    Attributes
    ----------
    samples : mapping of str to ndarray
        By the labels of the network's probes, one row a sample; spikes as Nengo gives them.
    dt : float
        Step in seconds.
    seed : int
        Of the neurons.
    warnings : tuple of str
        What a user is warned of.
    """

    samples: Mapping[str, np.ndarray]
    dt: float
    seed: int
    warnings: Tuple[str, ...] = ()

    def __getitem__(self, label: str) -> np.ndarray:
        return self.samples[label]

    def rates(self, label: str, since: float = 0.0) -> np.ndarray:
        """(n_neurons,) mean rates in Hz of the neurons of a probe, from a time in seconds on."""
        return np.mean(self.samples[label][int(since / self.dt) :], axis=0)


def by_run(network: nengo.Network, cell: Cell, target: str, seed: int) -> Recording:
    """Run with `deploy.run`, as the command line does."""
    traces = deploy.run(network, cell.duration, target, seed, dt=cell.dt)
    samples = {trace.label: trace.dense() for trace in traces if not trace.instrument}
    return Recording(samples, cell.dt, seed, traces.warnings)


@dataclass(frozen=True)
class Cell:
    """A network, how long it runs, and the one figure by which it is judged.

    Attributes
    ----------
    name : str
        ``family/what is special about it``.
    build : callable
        The seed of the neurons to the network; what comes in is the same for every seed.
    figure : callable
        A `Recording` to one number.
    duration : float
        In seconds of model time.
    unit : str
        What the figure is, in words.
    better : str
        ``"lower"`` where the figure is an error, so that less than the CPU's is no fault;
        ``"higher"`` where it is a success; ``"same"`` where either side is a fault.
    slack : float
        A difference from the CPU that is none, in the figure's unit.
    dt : float
        Step in seconds.
    run : callable
        The network, the cell, a target and a seed to a `Recording`.
    quick : bool
        Whether it belongs to the part that the tests measure.
    seeds : int
        At most so many are run; fewer than ten where a run takes a minute.
    """

    name: str
    build: Callable[[int], nengo.Network]
    figure: Callable[[Recording], float]
    duration: float
    unit: str = "error"
    better: str = "lower"
    slack: float = 0.0
    dt: float = 0.001
    run: Callable[..., Recording] = by_run
    quick: bool = False
    seeds: int = 10

    def __post_init__(self) -> None:
        if self.better not in BETTER:
            raise ValueError(f"{self.name}: better must be of {BETTER}, not {self.better!r}")


def measure(cell: Cell, target: str, seed: int) -> Tuple[float, Tuple[str, ...]]:
    """The figure of one run, and what it warned of.

    Where the network cannot be built or run the figure is NaN, and the last text is the error:
    that a program does not run is a finding too.
    """
    try:
        recording = cell.run(cell.build(seed), cell, target, seed)
        return float(cell.figure(recording)), recording.warnings
    except Exception as error:  # whatever a build may end in
        return float("nan"), (f"{type(error).__name__}: {first_line(error)}",)


def first_line(error: Any) -> str:
    """What an error says, shortened to a line."""
    text = " ".join(str(error).split())
    return text if len(text) < 300 else text[:297] + "…"
