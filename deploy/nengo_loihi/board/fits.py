"""What a board cannot take of a built model, found before one is asked for."""

from __future__ import annotations

from typing import Any, Callable, Iterator, List, NamedTuple, Sequence

import nengo
import numpy as np

from deploy.nengo_loihi.build.placing import place
from deploy.nengo_loihi.build.resources import name_of_block
from loihi_rules.blocks.injection import injections_of
from loihi_rules.change import Problem
from loihi_rules.chip.limits import Chip
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.wiring import on_chip

FEWER = "divide the ensemble into several with fewer kinds of neurons each"


class Limit(NamedTuple):
    """How many of something a core has.

    Attributes
    ----------
    rule : str
    most : callable
        Takes a `Chip`; gives how many a core of it has.
    of : callable
        How many of them a placed core of nengo-loihi's uses.
    what : str
        What there are too many of, for a person.
    way_out : str
    """

    rule: str
    most: Callable[[Chip], int]
    of: Callable[[Any], int]
    what: str
    way_out: str


def _learning(core: Any) -> int:
    return sum(bool(synapse.learning) for synapse in core.iterate_synapses())


def _atoms(core: Any) -> int:
    sizes = (
        max(weights.shape[0] for weights in synapse.weights)
        for synapse in core.iterate_synapses()
        if synapse.pop_type == 16
    )
    return max(sizes, default=0)


def _base(core: Any) -> int:
    bases = (
        int(np.max(synapse.axon_compartment_bases, initial=0))
        for synapse in core.iterate_synapses()
        if synapse.axon_compartment_bases is not None
    )
    return max(bases, default=0)


LIMITS = (
    Limit(
        "profiles of a core",
        lambda chip: chip.profiles_a_core,
        lambda core: len(core.compartment_cfgs),
        "pairs of filters and refractory times",
        FEWER,
    ),
    Limit(
        "thresholds of a core",
        lambda chip: chip.thresholds_a_core,
        lambda core: len(core.vth_cfgs),
        "different thresholds",
        FEWER,
    ),
    Limit(
        "synapse formats of a core",
        lambda chip: chip.synapse_formats_a_core - 1,  # the first stands for none
        lambda core: len(core.synapse_cfgs) - 1,
        "formats of weights",
        "let fewer connections with weights of different sizes lead to it",
    ),
    Limit(
        "traces of a core",
        lambda chip: chip.trace_profiles_a_core,
        lambda core: len(core.stdp_pre_cfgs),
        "learning traces",
        "let one connection learn",
    ),
    Limit(
        "one learning connection a core",
        lambda chip: 1,
        _learning,
        "learning groups of synapses",
        "let each learn into a target of its own",
    ),
    Limit(
        "members of a population",
        lambda chip: chip.pop16_atoms,
        _atoms,
        "channels of a convolution with packets of 16 bits",
        "set network.config[connection].pop_type = 32",
    ),
    Limit(
        "where axons lead",
        lambda chip: chip.axon_base_max,
        _base,
        "as the first neuron that an axon leads to",
        "divide the target of the convolution over more cores",
    ),
)


def board_problems(network: nengo.Network, model: Any, chip: Chip) -> List[Problem]:
    """What a board cannot take.

    Parameters
    ----------
    network : nengo.Network
        That was rewritten and built.
    model : nengo_loihi.builder.Model
        Discretised.
    chip : Chip
    """
    return [*_settings(network), *_inputs(model), *_cores(place(model, chip), chip)]


def _settings(network: nengo.Network) -> Iterator[Problem]:
    for ens in injections_of(network):
        if not on_chip(network, ens):
            continue
        yield Problem(
            name_of(ens),
            "injected values",
            "a board has no way to set voltages and currents of its neurons",
            "use target emulator, or connect a node to the neurons",
        )


def _inputs(model: Any) -> Iterator[Problem]:
    if model.split.precompute or not len(model.host.params):
        return
    for spike_input in model.inputs:
        if spike_input.spike_times():
            yield Problem(
                str(spike_input.label or "an input"),
                "spikes known before",
                "its spikes are known before the run, and the host takes part in every step",
                "let a node of Nengo's give them",
            )


def _cores(board: Any, chip: Chip) -> Iterator[Problem]:
    for placed in board.chips:
        for core in placed.cores:
            yield from _exceeded(core, [name_of_block(block) for block in core.blocks], chip)


def _exceeded(core: Any, names: Sequence[str], chip: Chip) -> Iterator[Problem]:
    for limit in LIMITS:
        found, most = limit.of(core), limit.most(chip)
        if found > most:
            yield Problem(
                ", ".join(names),
                limit.rule,
                f"it has {found} {limit.what}, and a core of a board takes {most}",
                limit.way_out,
            )
