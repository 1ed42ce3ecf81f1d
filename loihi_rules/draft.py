"""What the passes hand on: the network as far as it is rewritten, and the record of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Set

import nengo
import numpy as np
from nengo.builder.ensemble import BuiltEnsemble

from loihi_rules.change import Change, ChipWarning, Problem
from loihi_rules.chip.limits import Chip
from loihi_rules.learning_rules.pes import LearningScale
from loihi_rules.notes import Notes
from loihi_rules.pilots.steps import IN_NUMPY, PilotSteps
from loihi_rules.solutions import SOLVED_ANEW, Solutions


@dataclass(frozen=True)
class ProbeReading:
    """How a probe's samples are had when the chip does not give them as asked.

    Attributes
    ----------
    probe : nengo.Probe or None
        The probe in the rewritten network that stands in for the user's, or
        None where the samples are read from the target instead.
    reads : str
        What is made of it, one of `deploy.nengo_loihi.read.probe_readers.READERS`: ``"probe"`` (its
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


@dataclass
class Draft:
    """The network while the passes work on it; handed from one to the next."""

    network: nengo.Network
    chip: Chip
    dt: float
    changes: List[Change]
    notes: Notes = field(default_factory=Notes)  # of single objects, also of earlier rewritings
    problems: List[Problem] = field(default_factory=list)
    # by the draft's own probe
    readings: Dict[nengo.Probe, ProbeReading] = field(default_factory=dict)
    host_probes: List[nengo.Probe] = field(default_factory=list)
    learning_scales: Dict[nengo.Connection, LearningScale] = field(default_factory=dict)
    tuning: Dict[nengo.Ensemble, BuiltEnsemble] = field(default_factory=dict)
    neuron_types: Dict[nengo.Ensemble, nengo.neurons.NeuronType] = field(default_factory=dict)
    rows: Dict[nengo.Connection, np.ndarray] = field(default_factory=dict)
    asked: Dict[nengo.Connection, nengo.transforms.Transform] = field(default_factory=dict)
    dropped: List[nengo.Connection] = field(default_factory=list)
    joined: Set[nengo.Connection] = field(default_factory=set)
    encoded: List[nengo.Connection] = field(default_factory=list)
    # on the chip, driven by full weights that learn off it
    learned: Set[nengo.Ensemble] = field(default_factory=set)
    warnings: List[ChipWarning] = field(default_factory=list)
    solutions: Solutions = SOLVED_ANEW  # those that are known of problems that take long
    steps: PilotSteps = IN_NUMPY  # of pilot runs
    stopped: bool = False  # at a problem that makes the other passes pointless

    def change(self, obj: str, rule: str, before: Any, after: Any, why: str) -> None:
        self.changes.append(Change(obj, rule, str(before), str(after), why))

    def warn(self, obj: str, rule: str, what: str, way_out: str) -> None:
        """Keep a warning, whose arguments are those of `ChipWarning`, until all are known."""
        self.warnings.append(ChipWarning(obj, rule, what, way_out))

    def problem(self, obj: str, rule: str, what: str, way_out: str) -> None:
        self.problems.append(Problem(obj, rule, what, way_out))
