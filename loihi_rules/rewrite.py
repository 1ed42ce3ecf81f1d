"""Rewrite a Nengo model so that it obeys Loihi 1's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Set, Tuple

import nengo
import numpy as np
from nengo.builder.ensemble import BuiltEnsemble

from loihi_rules.change import Change, Problem
from loihi_rules.rules.pes import LearningScale
from loihi_rules.seeds import Twin, fix_seeds

__all__ = ["Change", "Problem", "Rewritten", "ServedProbe", "rewrite"]


@dataclass(frozen=True)
class ServedProbe:
    """How a probe's samples are had when the chip does not give them as asked.

    Attributes
    ----------
    probe : nengo.Probe or None
        The probe in the rewritten network that stands in for the user's, or
        None where the samples are read from the target instead.
    reads : str
        What is made of it, one of `deploy.targets.served.READERS`: ``"probe"`` (its
        samples as they come), ``"delta"`` (PES's steps), ``"weights"`` (the decoders of a
        learning connection, in Nengo's units), ``"built"`` (a value that the build fixed),
        ``"refractory time"`` (what is left of it, from the spikes of the stand-in) or ``"sum"``
        (of what several stand-ins give).
    source : object
        For ``"weights"`` the connection, for ``"sum"`` pairs of a stand-in and the matrix that
        its samples are multiplied with, for the others the object that the user probed, in the
        rewritten network.
    attribute : str
        For ``"built"``: which of the object's built values.
    sample_every : float or None
        Sampling period in seconds; None for every step.
    synapse : nengo.synapses.Synapse or None
        The filter to put the samples through, where the target cannot.
    part : slice or array
        Which of the stand-in's columns; None for all.
    factor : float
        For ``"delta"``: what the product of error and activity is multiplied with, −κ dt, to be
        divided by the number of neurons; ``source`` is the probe of the errors.
    """

    probe: Optional[nengo.Probe]
    reads: str = "probe"
    source: Any = None
    attribute: str = ""
    sample_every: Optional[float] = None
    synapse: Optional[nengo.synapses.Synapse] = None
    part: Any = None
    factor: float = 1.0


@dataclass(frozen=True)
class Rewritten:
    """A model that the chip can run, and all that was done to make it so.

    Attributes
    ----------
    network : nengo.Network
        A new network; the user's is untouched.
    changes : list of Change
        Everything that differs from what the user wrote.
    problems : list of Problem
        What still stands in the way; empty if the model can run.
    twins : mapping
        The user's objects to those in ``network``.
    served : mapping of nengo.Probe to ServedProbe
        The user's probes that are served in another way than as a probe.
    host_probes : list of nengo.Probe
        Probes of connections and learning rules that run on the host. They are
        not in ``network``: nengo-loihi has no place for them, Nengo core has.
    learning_scales : mapping of nengo.Connection to LearningScale
        Of each connection in ``network`` that learns on the chip.
    tuning : mapping of nengo.Ensemble to nengo.builder.ensemble.BuiltEnsemble
        Encoders, gains and biases on the CPU of the ensembles that are on the chip.
    rows : mapping of nengo.Connection to ndarray
        Of each connection that went to a part of its target and now goes to all of it:
        which part.
    asked : mapping of nengo.Connection to nengo.transforms.Transform
        Of each connection that was given another: the transform that the user gave it.
    dropped : list of nengo.Connection
        Those that went nowhere, or on to what is joined now, and are not in ``network``.
    joined : set of nengo.Connection
        Those to a node with whose functions and solvers ``network`` has direct ones.
    encoded : list of nengo.Connection
        Those whose user asked for weights, and that have decoders instead.
    """

    network: nengo.Network
    changes: List[Change]
    problems: List[Problem]
    twins: Mapping[Any, Any]
    served: Mapping[nengo.Probe, ServedProbe]
    host_probes: List[nengo.Probe]
    learning_scales: Mapping[nengo.Connection, LearningScale]
    tuning: Mapping[nengo.Ensemble, BuiltEnsemble]
    rows: Mapping[nengo.Connection, np.ndarray]
    asked: Mapping[nengo.Connection, nengo.transforms.Transform]
    dropped: List[nengo.Connection]
    joined: Set[nengo.Connection]
    encoded: List[nengo.Connection]

    @property
    def chip_ensembles(self) -> List[nengo.Ensemble]:
        """The ensembles of ``network`` that are on the chip."""
        config = self.network.config
        return [e for e in self.network.all_ensembles if config[e].on_chip is not False]


@dataclass
class Draft:
    """The network while the passes work on it; handed from one to the next."""

    network: nengo.Network
    dt: float
    changes: List[Change]
    problems: List[Problem]
    served: Dict[nengo.Probe, ServedProbe]  # by probe of the draft's network
    host_probes: List[nengo.Probe]
    learning_scales: Dict[nengo.Connection, LearningScale]
    tuning: Dict[nengo.Ensemble, BuiltEnsemble]
    rows: Dict[nengo.Connection, np.ndarray]
    asked: Dict[nengo.Connection, nengo.transforms.Transform]
    dropped: List[nengo.Connection]
    joined: Set[nengo.Connection]
    encoded: List[nengo.Connection]
    learned: Set[nengo.Ensemble]  # on the chip, driven by full weights that learn off it
    stopped: bool = False  # at a problem that makes the other passes pointless

    def change(self, obj: str, rule: str, before: Any, after: Any, why: str) -> None:
        self.changes.append(Change(obj, rule, str(before), str(after), why))

    def problem(self, obj: str, rule: str, what: str, way_out: str) -> None:
        self.problems.append(Problem(obj, rule, what, way_out))


def rewrite(network: nengo.Network, seed: Optional[int] = None, dt: float = 0.001) -> Rewritten:
    """Rewrite a network so that it obeys the chip's rules.

    A pure function: the same network gives the same result, and the network
    given is not touched. The passes, in their order, are listed in
    `loihi_rules.passes.PASSES`.

    Parameters
    ----------
    network : nengo.Network
    seed : int, optional
        Seed for a network that has none; 0 if not given.
    dt : float
        The chip's step in seconds.

    Returns
    -------
    Rewritten
    """
    return rewrite_twin(fix_seeds(network, seed), dt)


def rewrite_twin(
    twin: Twin,
    dt: float = 0.001,
    passes: Optional[Sequence[Callable[[Draft], None]]] = None,
) -> Rewritten:
    """Rewrite a copy whose seeds are fixed already; the copy is used up.

    Parameters
    ----------
    twin : Twin
    dt : float
        The chip's step in seconds.
    passes : sequence of callable, optional
        Others than `loihi_rules.passes.PASSES`, as some of these alone.
    """
    from loihi_rules.passes import PASSES  # the passes import Draft from here

    draft = Draft(
        twin.network, dt, list(twin.changes), [], {}, [], {}, {}, {}, {}, [], set(), [], set()
    )
    for rewrite_pass in PASSES if passes is None else passes:
        if not draft.stopped:
            rewrite_pass(draft)
    originals = {id(new): old for old, new in twin.twins.items()}
    served = {originals.get(id(probe), probe): serving for probe, serving in draft.served.items()}
    changes: Tuple[Change, ...] = tuple(dict.fromkeys(draft.changes))
    return Rewritten(
        draft.network,
        list(changes),
        draft.problems,
        twin.twins,
        served,
        draft.host_probes,
        draft.learning_scales,
        draft.tuning,
        draft.rows,
        draft.asked,
        draft.dropped,
        draft.joined,
        draft.encoded,
    )
