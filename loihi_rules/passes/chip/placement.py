"""Which ensembles go onto the chip, and why the others do not."""

from __future__ import annotations

import functools
from typing import Dict, Optional

import nengo
from nengo.connection import LearningRule

from loihi_rules.chip.limits import Chip
from loihi_rules.chip.tuning import is_chips_own
from loihi_rules.draft import Draft
from loihi_rules.learned.record import rule_types
from loihi_rules.learning_rules import RULES
from loihi_rules.learning_rules.where import off_chip_learning
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.settings import declare
from loihi_rules.nengo_parts.stepped import InputSpikes, SteppedNeurons
from loihi_rules.nengo_parts.wiring import base_of, decoded
from loihi_rules.passes.chip.learned_posts import may_be_on_chip

CHIP_NEURONS = (nengo.LIF, nengo.SpikingRectifiedLinear, SteppedNeurons)
FROM_OUTSIDE = "spikes from outside are sent to the chip by the host"
CHIP_RATE_BASES = (nengo.LIFRate, nengo.RectifiedLinear)  # of nengo.RegularSpiking


def placement(draft: Draft) -> None:
    """Put onto the chip whatever may go there, and the rest onto the host.

    The rules, each with the reason that the user is shown, are the functions
    below. The user's own ``on_chip = False`` stands; ``on_chip = True`` on an
    ensemble that cannot be there is a Problem.
    """
    network = draft.network
    declare(network, nengo.Ensemble, "on_chip")  # as nengo_loihi.add_params
    reasons = _host_reasons(network, draft.chip, draft.dt)
    for ens in network.all_ensembles:
        asked: Optional[bool] = network.config[ens].on_chip
        reason = reasons.get(ens)
        if asked is False or reason is None:
            continue
        if asked is True:
            draft.problem(
                name_of(ens),
                "placement",
                f"on_chip was set to True, but {reason}",
                "leave on_chip unset, and it will run on the host",
            )
        network.config[ens].on_chip = False
        draft.change(name_of(ens), "placement", "chip", "host", reason)


def _host_reasons(network: nengo.Network, chip: Chip, dt: float) -> Dict[nengo.Ensemble, str]:
    reasons: Dict[nengo.Ensemble, str] = {}
    for rule in (
        _neuron_type,
        functools.partial(_slow_membrane, chip=chip, dt=dt),
        _noise,
        functools.partial(_too_many, chip=chip),
        _learned_post,
        _unknown_rule,
        functools.partial(_error_source, chip=chip),
    ):
        for ens, reason in rule(network).items():
            reasons.setdefault(ens, reason)
    return reasons


def _neuron_type(network: nengo.Network) -> Dict[nengo.Ensemble, str]:
    return {
        ens: FROM_OUTSIDE
        if isinstance(ens.neuron_type, InputSpikes)
        else f"the chip has no {type(ens.neuron_type).__name__} neurons, only LIF and "
        "SpikingRectifiedLinear"
        for ens in network.all_ensembles
        if not has_chip_neurons(ens.neuron_type)
    }


def _slow_membrane(network: nengo.Network, chip: Chip, dt: float) -> Dict[nengo.Ensemble, str]:
    reasons = {}
    for ens in network.all_ensembles:
        base = getattr(ens.neuron_type, "base_type", ens.neuron_type)
        tau = getattr(base, "tau_rc", 0.0)
        if has_chip_neurons(ens.neuron_type) and tau > chip.slowest_steps * dt:
            reasons[ens] = (
                f"a τ_RC of {tau:g} s decays by less than the chip's least, "
                f"1/{2**chip.decay_bits} a step"
            )
    return reasons


def has_chip_neurons(neuron_type: nengo.neurons.NeuronType) -> bool:
    """Whether the chip's compartments can be neurons of this type.

    By exact type: a subclass (`nengo.AdaptiveLIF` is one of `nengo.LIF`) does
    something else, which nengo-loihi would silently leave out. Its own
    subclasses, and ours, model the chip and are taken.
    """
    cls = type(neuron_type)
    if cls is nengo.RegularSpiking:
        base = neuron_type.base_type
        return type(base) in CHIP_RATE_BASES and base.amplitude == 1
    return cls in CHIP_NEURONS or (issubclass(cls, CHIP_NEURONS) and is_chips_own(neuron_type))


def _noise(network: nengo.Network) -> Dict[nengo.Ensemble, str]:
    return {
        ens: f"its noise ({type(ens.noise).__name__}) is a process of the host's"
        for ens in network.all_ensembles
        if ens.noise is not None
    }


def _too_many(network: nengo.Network, chip: Chip) -> Dict[nengo.Ensemble, str]:
    """Those whose value would have to be decoded from more neurons than a core has in-axons.

    Of full weights that somebody asked for, `loihi_rules.passes.chip.capacity` says the same.
    """
    most = chip.in_axons_a_core
    decode = {
        conn.pre_obj
        for conn in network.all_connections
        if decoded(conn) and conn.learning_rule_type is None and not conn.solver.weights
    }
    decode |= {p.obj for p in network.all_probes if p.attr == "decoded_output"}
    return {
        ens: f"its value is decoded from {ens.n_neurons:,} neurons, and a core listens to {most:,} "
        "at most; several ensembles that each give a share of it may be on the chip"
        for ens in network.all_ensembles
        if ens.n_neurons > most and ens in decode
    }


def _learned_post(network: nengo.Network) -> Dict[nengo.Ensemble, str]:
    """Unless its user wants it on the chip; see `loihi_rules.passes.chip.learned_posts`."""
    return {
        base_of(conn.post): "it receives a learned connection, whose output the chip "
        "hands to the host"
        for conn in network.all_connections
        if conn.learning_rule_type is not None
        and isinstance(base_of(conn.post), nengo.Ensemble)
        and not (network.config[base_of(conn.post)].on_chip is True and may_be_on_chip(conn))
    }


def _unknown_rule(network: nengo.Network) -> Dict[nengo.Ensemble, str]:
    """Unless its user wants it on the chip; see `loihi_rules.passes.chip.learning_relays`.

    A rule of somebody's own may read whatever Nengo core builds of the ensemble before it, and
    a relay has its spikes alone.
    """
    found: Dict[nengo.Ensemble, str] = {}
    for conn in network.all_connections:
        pre, rules = base_of(conn.pre), rule_types(conn)
        unknown = [type(rule).__name__ for rule in rules if rule and type(rule) not in RULES]
        if unknown and isinstance(pre, nengo.Ensemble) and network.config[pre].on_chip is not True:
            found[pre] = (
                f"{unknown[0]}, by which a connection from it learns, is a rule that is not known "
                "here, and may read more of it than the chip's spikes"
            )
    return found


def _error_source(network: nengo.Network, chip: Chip) -> Dict[nengo.Ensemble, str]:
    """Unless it learns on the chip itself, or its user wants it there.

    See `loihi_rules.passes.chip.error_relays`.
    """
    learns = {
        base_of(conn.pre)
        for conn in network.all_connections
        if conn.learning_rule_type is not None and off_chip_learning(conn, chip) is None
    }
    return {
        base_of(conn.pre): "it is the error of a learning rule, which the host sends to the chip"
        for conn in network.all_connections
        if isinstance(conn.post_obj, LearningRule)
        and isinstance(base_of(conn.pre), nengo.Ensemble)
        and base_of(conn.pre) not in learns
        and network.config[base_of(conn.pre)].on_chip is not True
    }
