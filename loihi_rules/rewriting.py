"""Rewrite a Nengo model so that it obeys Loihi 1's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Set

import nengo
import numpy as np
from nengo.builder.ensemble import BuiltEnsemble

from loihi_rules.change import Change, Problem, warn_of_all
from loihi_rules.chip.limits import LOIHI, Chip
from loihi_rules.draft import Draft, ProbeReading
from loihi_rules.learning_rules.pes import LearningScale
from loihi_rules.nengo_parts.seeds import SeededCopy, fix_seeds
from loihi_rules.notes import Notes, keep_notes, notes_of
from loihi_rules.passes import PASSES
from loihi_rules.pilots.steps import IN_NUMPY, PilotSteps
from loihi_rules.solutions import SOLVED_ANEW, Solutions

MOST_NAMED = 3  # objects, of those that share a reason

__all__ = ["Change", "Problem", "Rewritten", "ProbeReading", "rewrite"]


@dataclass(frozen=True)
class Rewritten:
    """A model that the chip can run, and all that was done to make it so.

    Attributes
    ----------
    network : nengo.Network
        A new network; the user's is untouched.
    chip : Chip
        Whose limits it keeps.
    changes : list of Change
        Everything that differs from what the user wrote.
    problems : list of Problem
        What still stands in the way; empty if the model can run.
    copies : mapping
        The user's objects to those in ``network``.
    notes : Notes
        What the passes noted of single objects of ``network``.
    readings : mapping of nengo.Probe to ProbeReading
        The user's probes that are read from the chip in another way than as a probe.
    host_probes : list of nengo.Probe
        Probes of connections and learning rules that run on the host. They are
        not in ``network``: nengo-loihi has no place for them, Nengo core has.
    learning_scales : mapping of nengo.Connection to LearningScale
        Of each connection in ``network`` that learns on the chip.
    tuning : mapping of nengo.Ensemble to nengo.builder.ensemble.BuiltEnsemble
        Encoders, gains and biases on the CPU of the ensembles that are on the chip.
    neuron_types : mapping of nengo.Ensemble to nengo.neurons.NeuronType
        Theirs on the CPU.
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
    solutions : Solutions
        Those that were asked, for the build to ask too.
    """

    network: nengo.Network
    chip: Chip
    changes: List[Change]
    problems: List[Problem]
    copies: Mapping[Any, Any]
    notes: Notes
    readings: Mapping[nengo.Probe, ProbeReading]
    host_probes: List[nengo.Probe]
    learning_scales: Mapping[nengo.Connection, LearningScale]
    tuning: Mapping[nengo.Ensemble, BuiltEnsemble]
    neuron_types: Mapping[nengo.Ensemble, nengo.neurons.NeuronType]
    rows: Mapping[nengo.Connection, np.ndarray]
    asked: Mapping[nengo.Connection, nengo.transforms.Transform]
    dropped: List[nengo.Connection]
    joined: Set[nengo.Connection]
    encoded: List[nengo.Connection]
    solutions: Solutions

    @property
    def chip_ensembles(self) -> List[nengo.Ensemble]:
        """The ensembles of ``network`` that are on the chip."""
        config = self.network.config
        return [e for e in self.network.all_ensembles if config[e].on_chip is not False]

    @property
    def why_on_host(self) -> str:
        """Why nothing of it is on the chip; empty if something is."""
        if self.chip_ensembles:
            return ""
        if not self.network.all_ensembles:
            return "it has no neurons"
        names: Dict[str, List[str]] = {}
        for change in self.changes:
            if (change.rule, change.after) == ("placement", "host"):
                names.setdefault(change.why, []).append(change.object)
        given = [f"{why} ({_some(of)})" for why, of in names.items()]
        return "; ".join(given) or "on_chip was set to False for all of its ensembles"

    def __repr__(self) -> str:
        name = self.network.label or "network"
        return f"<Rewritten {name}: {len(self.changes)} changes, {len(self.problems)} problems>"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


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
    return rewrite_copy(fix_seeds(network, seed), dt)


def rewrite_copy(
    copied: SeededCopy,
    dt: float = 0.001,
    passes: Optional[Sequence[Callable[[Draft], None]]] = None,
    chip: Chip = LOIHI,
    solutions: Solutions = SOLVED_ANEW,
    steps: PilotSteps = IN_NUMPY,
) -> Rewritten:
    """Rewrite a copy whose seeds are fixed already; the copy is used up.

    Parameters
    ----------
    copied : SeededCopy
    dt : float
        The chip's step in seconds.
    passes : sequence of callable, optional
        Others than `loihi_rules.passes.PASSES`, as some of these alone.
    chip : Chip
        Whose limits the passes ask.
    solutions : Solutions
        Where those of problems that take long may be.
    steps : PilotSteps
        What steps the neurons of pilot runs, all with the same bits.
    """
    notes = notes_of(copied.network)
    draft = Draft(
        copied.network, chip, dt, list(copied.changes), notes, solutions=solutions, steps=steps
    )
    for rewrite_pass in PASSES if passes is None else passes:
        if not draft.stopped:
            rewrite_pass(draft)
    keep_notes(draft.network, draft.notes)
    warn_of_all(draft.warnings)
    originals = {id(new): old for old, new in copied.copies.items()}
    readings = {originals.get(id(probe), probe): how for probe, how in draft.readings.items()}
    return Rewritten(
        network=draft.network,
        chip=draft.chip,
        changes=list(dict.fromkeys(draft.changes)),
        problems=draft.problems,
        copies=copied.copies,
        notes=draft.notes,
        readings=readings,
        host_probes=draft.host_probes,
        learning_scales=draft.learning_scales,
        tuning=draft.tuning,
        neuron_types=draft.neuron_types,
        rows=draft.rows,
        asked=draft.asked,
        dropped=draft.dropped,
        joined=draft.joined,
        encoded=draft.encoded,
        solutions=solutions,
    )
