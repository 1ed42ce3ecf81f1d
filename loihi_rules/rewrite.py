"""Rewrite a Nengo model so that it obeys Loihi 1's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple

import nengo

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
        None where the samples are read from the target's state instead.
    reads : str
        ``"probe"`` (its samples as they come) or ``"weights"`` (the decoders of
        a learning connection, in Nengo's units).
    source : object
        For ``"weights"``: the connection in the rewritten network.
    sample_every : float or None
        Sampling period in seconds; None for every step.
    synapse : nengo.synapses.Synapse or None
        The filter to put the samples through, where the target cannot.
    """

    probe: Optional[nengo.Probe]
    reads: str = "probe"
    source: Any = None
    sample_every: Optional[float] = None
    synapse: Optional[nengo.synapses.Synapse] = None


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
    """

    network: nengo.Network
    changes: List[Change]
    problems: List[Problem]
    twins: Mapping[Any, Any]
    served: Mapping[nengo.Probe, ServedProbe]
    host_probes: List[nengo.Probe]
    learning_scales: Mapping[nengo.Connection, LearningScale]


@dataclass
class Draft:
    """The network while the passes work on it; handed from one to the next."""

    network: nengo.Network
    changes: List[Change]
    problems: List[Problem]
    served: Dict[nengo.Probe, ServedProbe]  # by probe of the draft's network
    host_probes: List[nengo.Probe]
    learning_scales: Dict[nengo.Connection, LearningScale]

    def change(self, obj: str, rule: str, before: Any, after: Any, why: str) -> None:
        self.changes.append(Change(obj, rule, str(before), str(after), why))

    def problem(self, obj: str, rule: str, what: str, way_out: str) -> None:
        self.problems.append(Problem(obj, rule, what, way_out))


def rewrite(network: nengo.Network, seed: Optional[int] = None) -> Rewritten:
    """Rewrite a network so that it obeys the chip's rules.

    A pure function: the same network gives the same result, and the network
    given is not touched. The passes, in their order, are listed in
    `loihi_rules.passes.PASSES`.

    Parameters
    ----------
    network : nengo.Network
    seed : int, optional
        Seed for a network that has none; 0 if not given.

    Returns
    -------
    Rewritten
    """
    return rewrite_twin(fix_seeds(network, seed))


def rewrite_twin(twin: Twin) -> Rewritten:
    """Rewrite a copy whose seeds are fixed already; the copy is used up."""
    from loihi_rules.passes import PASSES  # the passes import Draft from here

    draft = Draft(twin.network, list(twin.changes), [], {}, [], {})
    for rewrite_pass in PASSES:
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
    )
