"""What is asked of a board in one run: cores, in the numbers of their registers, and what comes in.

Numbers are a chip's own: nothing is built from a network, and nothing is rounded.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

AT_ONCE = 4095  # a decay of a current that leaves nothing of the step before
NEVER = 131071  # the largest threshold
DELAY_BITS = 3  # that nengo-loihi gives every core
EXACT, DRAWN, CHANGED = "exact", "drawn", "changed"  # how what a core does is compared


class Compartment(NamedTuple):
    """One compartment, and what it is for.

    Attributes
    ----------
    tries : str
        What is tried on it.
    register : str
        Where that is written.
    decay_u, decay_v : int
        Of 4096.
    refractory : int
        Steps.
    threshold : int
        Of 64.
    bias : int
        Its mantissa times its power of two.
    is_noisy : bool
    """

    tries: str
    register: str
    decay_u: int = AT_ONCE
    decay_v: int = 0
    refractory: int = 1
    threshold: int = NEVER
    bias: int = 0
    is_noisy: bool = False


class Trace(NamedTuple):
    """A trace of learning synapses: its time constant in steps, and what a spike adds."""

    tau: int
    increment: float


@dataclass(frozen=True)
class Synapses:
    """A group of synapses of one format.

    Attributes
    ----------
    mantissa : sequence of (n_atoms, n_targets) ndarray
        By axon.
    source : int or None
        The core that its spikes come from; None for the inputs.
    senders : mapping of int to (int, int)
        Compartments of that core, or inputs, to axon and atom.
    exponent : int
        A weight is its mantissa times 2^(6 + exponent).
    targets : sequence of (n_targets,) ndarray, optional
        Compartments by axon; 0, 1, 2, … without.
    bases : sequence of int, optional
        Which are added to these, by axon.
    kind : int
        Of packets: 0 for discrete ones, 16 or 32 for those of populations.
    weight_bits : int
        As the register has it: 7 stands for 8 bits.
    fanout : int
        1 for weights of both signs, 2 for positive and 3 for negative ones.
    trace : Trace, optional
        Of synapses that learn.
    delays : sequence of int, optional
        Steps, by axon, that weights come later.
    """

    mantissa: Sequence[np.ndarray]
    senders: Mapping[int, Tuple[int, int]]
    source: Optional[int] = None
    exponent: int = 0
    targets: Optional[Sequence[np.ndarray]] = None
    bases: Optional[Sequence[int]] = None
    kind: int = 0
    weight_bits: int = 7
    fanout: int = 1
    trace: Optional[Trace] = None
    delays: Optional[Sequence[int]] = None


class Noise(NamedTuple):
    """Of a core: uniform from −127 to 127, plus 64 times the offset, times 2^(exponent − 7)."""

    exponent: int = 7
    offset: int = 0
    at_voltage: bool = False


@dataclass(frozen=True)
class Core:
    """A core, what it is for, and what is recorded of it.

    Attributes
    ----------
    name : str
    compartments : tuple of Compartment
    synapses : tuple of Synapses
    lowest : int
        Voltages are cut below 1 − 2^lowest.
    highest : int
        And above 2^(9 + 2 highest) − 1.
    noise : Noise
    keys : tuple of str
        ``"current"``, ``"voltage"`` or ``"spiked"``.
    kind : str
        `EXACT`; `DRAWN`, for weights that random numbers round; or `CHANGED`, for weights of which
        only whether they have changed is compared.
    readouts : tuple of int
        Of weights: steps from which on a weight of one axon after the other is the current.
    delay_bits : int
        Of its accumulators: how many steps ahead, as a power of two, they take something.
    odds : float
        Of weights: where chance rounds, the least odds of either way; 0 where they are not known.
    """

    name: str
    compartments: Tuple[Compartment, ...]
    synapses: Tuple[Synapses, ...] = ()
    lowest: int = 23
    highest: int = 7
    noise: Noise = Noise()
    keys: Tuple[str, ...] = ("current", "voltage", "spiked")
    kind: str = EXACT
    readouts: Tuple[int, ...] = ()
    odds: float = 0.0
    delay_bits: int = DELAY_BITS


@dataclass(frozen=True)
class Experiment:
    """Cores that run together.

    Attributes
    ----------
    name : str
    what : str
        In words.
    cores : tuple of Core
    steps : int
    n_inputs : int
    spikes : mapping of int to list of int
        Inputs that spike, by step; a spike arrives in the next.
    errors : mapping of int to mapping of int to (n,) ndarray
        By step and core, where the host takes part in every step.
    by_host : bool
        Whether it does.
    modes : tuple of str
        Names of the silicon modes that it can tell.
    """

    name: str
    what: str
    cores: Tuple[Core, ...]
    steps: int
    n_inputs: int = 0
    spikes: Mapping[int, Sequence[int]] = field(default_factory=dict)
    errors: Mapping[int, Mapping[int, np.ndarray]] = field(default_factory=dict)
    by_host: bool = False
    modes: Tuple[str, ...] = ()


def without_delays(experiment: Experiment) -> Experiment:
    """The same, where what is delayed are the spikes of inputs that have only those axons."""
    senders_of: Dict[Tuple[int, int], int] = {}  # input and delay to another input
    spikes: Dict[int, List[int]] = {step: list(of) for step, of in experiment.spikes.items()}

    def later(sender: int, delay: int) -> int:
        if not delay:
            return sender
        fresh = experiment.n_inputs + len(senders_of)
        own = senders_of.setdefault((sender, delay), fresh)
        if own == fresh:
            for step, inputs in experiment.spikes.items():
                if sender in inputs:
                    spikes.setdefault(step + delay, []).append(own)
        return own

    def at_once(group: Synapses) -> Synapses:
        if group.delays is None:
            return group
        senders = {
            later(sender, group.delays[axon]): (axon, atom)
            for sender, (axon, atom) in group.senders.items()
        }
        return replace(group, senders=senders, delays=None)

    cores = tuple(
        replace(core, synapses=tuple(at_once(group) for group in core.synapses))
        for core in experiment.cores
    )
    n_inputs = experiment.n_inputs + len(senders_of)
    return replace(experiment, cores=cores, n_inputs=n_inputs, spikes=spikes)


Observation = Dict[str, np.ndarray]  # "CORE/KEY" to (n_steps, n) whole numbers


def seen(experiment: Experiment, recorded: Observation) -> Observation:
    """What of a record is compared, and kept.

    Of learning cores that is ``"CORE/weights"``, (n_readouts, n_axons, n_targets): one axon after
    the other spikes, and what the targets' currents are in the next step is its weights.
    """
    found: Observation = {}
    for core in experiment.cores:
        for key in core.keys:
            values = recorded[f"{core.name}/{key}"]
            if core.kind == EXACT:
                found[f"{core.name}/{key}"] = values
                continue
            n = len(core.synapses[0].mantissa)
            found[f"{core.name}/weights"] = np.stack(
                [values[first - 1 : first - 1 + n] for first in core.readouts]
            )
    return found


def seen_names(experiment: Experiment) -> Iterator[str]:
    """Names of what is compared."""
    for core in experiment.cores:
        for key in core.keys:
            yield f"{core.name}/{key if core.kind == EXACT else 'weights'}"


def fingerprint(thing: Any) -> str:
    """A hash of all numbers of experiments, by which a record of others is known."""
    digest = hashlib.sha256()
    _add(digest, thing)
    return digest.hexdigest()[:16]


def _add(digest: Any, thing: Any) -> None:
    digest.update(type(thing).__name__.encode())
    if isinstance(thing, np.ndarray):
        digest.update(str(thing.shape).encode() + thing.astype(np.int64).tobytes())
    elif is_dataclass(thing):
        for each in fields(thing):
            _add(digest, getattr(thing, each.name))
    elif isinstance(thing, Mapping):
        for key in sorted(thing):
            _add(digest, key)
            _add(digest, thing[key])
    elif isinstance(thing, (tuple, list, range)):
        for part in thing:
            _add(digest, part)
    else:
        digest.update(repr(thing).encode())
