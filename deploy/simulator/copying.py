"""Simulators that are pickled or copied: run once more, and found to have come to the same.

A chip's state stays with the chip. What is kept of a simulator is what it was made of, how far it
has run, and what it had come to there: samples, and all signals that can be set. A copy is built
anew, runs as far, and has to come to the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

import nengo
import numpy as np
from nengo.ensemble import Neurons
from nengo.exceptions import SimulationError
from scipy.sparse import issparse

from loihi_rules.nengo_parts.names import name_of

RELATIVE, ABSOLUTE = 1e-6, 1e-9  # differences of the host's last bits, as of other threads


@dataclass(frozen=True)
class Run:
    """What a simulator was made of, how far it has run, and what it had come to.

    Attributes
    ----------
    network : nengo.Network or None
    arguments : mapping of str to object
        Of `deploy.Simulator`, besides the network.
    n_steps, n_cleared : int
        Steps that are done, and those after which the probes' samples begin.
    closed : bool
    samples : mapping of nengo.Probe to ndarray
    state : mapping of (int, str) to ndarray
        Values of signals that can be set, by the place of their object and Nengo's name; of one
        that is closed none.
    """

    network: Optional[nengo.Network]
    arguments: Mapping[str, Any]
    n_steps: int
    n_cleared: int
    closed: bool
    samples: Mapping[nengo.Probe, np.ndarray]
    state: Mapping[Tuple[int, str], np.ndarray] = field(default_factory=dict)

    def check(self, simulator: Any) -> None:
        """Raise an error if a simulator has come to something else.

        Raises
        ------
        nengo.exceptions.SimulationError
        """
        pairs: List[Tuple[str, np.ndarray, Any]] = [
            (f"the samples of {name_of(probe)}", samples, simulator.data[probe])
            for probe, samples in self.samples.items()
        ]
        now = state_of(simulator) if self.state else {}
        objects = _objects(simulator)
        pairs += [
            (f"{name!r} of {_named(objects[place])}", values, now.get((place, name)))
            for (place, name), values in self.state.items()
        ]
        for what, before, after in pairs:
            if not _is_same(before, after):
                raise SimulationError(
                    f"a copy of a simulator ran its {self.n_steps} steps once more and came to "
                    f"something else ({what}): a node's function remembers what it was given "
                    "before, the network was changed, or signals were set between; copy the "
                    "simulator before it runs"
                )


def run_of(simulator: Any, arguments: Mapping[str, Any], n_cleared: int) -> Run:
    """What a copy of a simulator is made of.

    Parameters
    ----------
    simulator : deploy.Simulator
    arguments : mapping of str to object
        See `Run`.
    n_cleared : int
        See `Run`.
    """
    data, closed = simulator.data, simulator.closed
    samples = {obj: np.array(data[obj]) for obj in data if isinstance(obj, nengo.Probe)}
    state = {} if closed else state_of(simulator)
    network = simulator.network
    return Run(network, arguments, simulator.n_steps, n_cleared, closed, samples, state)


def state_of(simulator: Any) -> Dict[Tuple[int, str], np.ndarray]:
    """Values of all signals of the user's objects that can be set, see `Run`."""
    signals, of = simulator.signals, simulator.model.sig
    found: Dict[Tuple[int, str], np.ndarray] = {}
    for place, obj in enumerate(_objects(simulator)):
        for name, signal in sorted((of.get(obj) or {}).items()):
            if getattr(signal, "readonly", True) or name in ("in", "out"):  # a connection's ends
                continue
            value = signals[signal]
            if not issparse(value):
                found[place, name] = np.array(value)
    return found


def _objects(simulator: Any) -> List[Any]:
    return [each for obj in simulator.data for each in _with_neurons(obj)]


def _named(obj: Any) -> str:
    known = isinstance(obj, (nengo.base.NengoObject, Neurons))
    return name_of(obj) if known else str(obj)


def _with_neurons(obj: Any) -> Iterator[Any]:
    yield obj
    if isinstance(obj, nengo.Ensemble):
        yield obj.neurons


def _is_same(before: np.ndarray, after: Any) -> bool:
    if after is None or np.shape(after) != before.shape:
        return False
    if before.dtype.kind not in "fc":
        return bool(np.array_equal(before, after))
    return bool(np.allclose(before, after, RELATIVE, ABSOLUTE, equal_nan=True))
