"""How values enter chip neurons: through which weights, and which filters."""

from __future__ import annotations

from typing import Dict, List, Optional

import nengo
from nengo.ensemble import Neurons
from nengo.synapses import LinearFilter, Lowpass, Synapse

from loihi_rules.change import name_of
from loihi_rules.chip import LOIHI
from loihi_rules.rewrite import Draft
from loihi_rules.routes.from_host import before_chip
from loihi_rules.settings import declare
from loihi_rules.solvers import MultipliedOut
from loihi_rules.wiring import base_of, decoded, is_chip_input, on_chip

SMOOTHING_TAU = 0.005  # s, the least that smooths the spikes in which a value is carried
ALIKE = 0.006  # s, by which filters may differ that are taken for one; little beside τ_RC
SHORTEST_TAU = 0.001  # s, of the filter before neurons that carry a decoded value
ENSEMBLE_SETTING, CONNECTION_SETTING = "input_tau", "enters"
STRAIGHT, MATRIX = "straight to the neurons", "by a matrix of weights"
CARRIED, FROM_HOST = "through neurons that carry the value", "as spikes from the host"
TO_HOST = "decoded, to the host"
LEAST_STEPS = 3  # of a filter that one step can be taken from


def input_filters(draft: Draft) -> None:
    """Give each connection into chip neurons the filter that its user asked for.

    A compartment has one low-pass filter for all that enters it. nengo-loihi makes that one
    5 ms, on top of the connection's own τ, and sends every decoded value through 20 neurons
    a dimension (``builder/connection.py``: ``decode_tau``, ``decode_neurons``), which makes
    it late and noisy. Here the compartments' filter is the shortest of the connections that
    enter, or, where some are within 6 ms of it, the middle of those; and at least 5 ms if
    any of them has its value carried by spikes. With that τ_c,

    - between two ensembles of such a τ, decoders and encoders are multiplied out to a
      matrix of weights, as on the CPU, over as many cores as it takes;
    - with a longer τ, the value is carried by neurons of its own, behind a filter of
      τ − τ_c, at least 1 ms;
    - from the host, what is left to do before the chip's filter is exactly that; see
      `loihi_rules.routes.from_host.before_chip`;
    - to the host, whence a value comes a step late, the host's filter is one of τ − dt.

    A user sets τ_c of an ensemble with ``network.config[ens].input_tau``.
    """
    network = draft.network
    declare(network, nengo.Connection, CONNECTION_SETTING)
    declare(network, nengo.Ensemble, ENSEMBLE_SETTING)
    entering: Dict[nengo.Ensemble, List[nengo.Connection]] = {}
    for conn in network.all_connections:
        if on_chip(network, conn.post):
            entering.setdefault(base_of(conn.post), []).append(conn)
    for conn in network.all_connections:
        _leave(draft, conn)
    for ens in network.all_ensembles:
        if ens not in entering:
            continue
        if network.config[ens].input_tau is None:
            network.config[ens].input_tau = _shortest(network, entering[ens])
        tau = float(network.config[ens].input_tau)
        axons = sum(_axons(network, conn) for conn in entering[ens])
        for conn in sorted(entering[ens], key=lambda conn: conn.pre_obj.size_out):
            if network.config[conn].enters is None:
                axons += conn.pre_obj.n_neurons if _multiplies(conn) else 0
                within = axons <= LOIHI.in_axons_a_core
                network.config[conn].enters = _enter(draft, conn, tau, within)


def _leave(draft: Draft, conn: nengo.Connection) -> None:
    """Take the step that a value takes to the host out of its filter."""
    network, synapse = draft.network, conn.synapse
    leaves = on_chip(network, conn.pre) and not on_chip(network, conn.post)
    if not leaves or network.config[conn].enters is not None:
        return
    network.config[conn].enters = TO_HOST
    if isinstance(synapse, Lowpass) and synapse.tau >= LEAST_STEPS * draft.dt:
        conn.synapse = Lowpass(synapse.tau - draft.dt)
        draft.change(
            name_of(conn),
            "filters of inputs",
            _told(synapse),
            f"{TO_HOST}: {_told(conn.synapse)}",
            "a value takes a step from the chip to the host",
        )


def _axons(network: nengo.Network, conn: nengo.Connection) -> int:
    """In-axons that it takes whichever way it goes."""
    if _spiking(network, conn):
        neurons = getattr(conn.pre_obj, "n_neurons", conn.pre_obj.size_out)
        return int(neurons)
    return 2 * int(conn.post_obj.size_in)


def _tau(conn: nengo.Connection) -> Optional[float]:
    if conn.synapse is None:
        return 0.0
    return float(conn.synapse.tau) if isinstance(conn.synapse, Lowpass) else None


def _spiking(network: nengo.Network, conn: nengo.Connection) -> bool:
    """Whether it carries spikes, or weights that its user asked for, straight to neurons."""
    if isinstance(conn.pre_obj, Neurons) and isinstance(conn.post_obj, Neurons):
        return True
    if is_chip_input(conn.pre):
        return isinstance(conn.post_obj, Neurons)
    if not on_chip(network, conn.pre):
        return False
    return isinstance(conn.post_obj, Neurons) or (decoded(conn) and conn.solver.weights)


def _shortest(network: nengo.Network, entering: List[nengo.Connection]) -> float:
    fixed = [_tau(conn) or 0.0 for conn in entering if _spiking(network, conn)]
    if fixed:
        return max(fixed)  # these have no other filter
    taus = [tau for tau in map(_tau, entering) if tau is not None]
    alike = [tau for tau in taus if tau <= min(taus) + ALIKE] or [SMOOTHING_TAU]
    middle = alike[0] if len(set(alike)) == 1 else (min(alike) + max(alike)) / 2
    straight = all(
        _tau(conn) in alike and on_chip(network, conn.pre) and _multiplies(conn)
        for conn in entering
    )
    return middle if straight else max(middle, SMOOTHING_TAU)


def _enter(draft: Draft, conn: nengo.Connection, tau: float, within: bool) -> str:
    """Choose a connection's way and filter; gives the way.

    ``within``: whether a matrix of weights leaves its target within the in-axons of a core.
    """
    before, own, way = conn.synapse, _tau(conn), STRAIGHT
    if _spiking(draft.network, conn):
        conn.synapse = Lowpass(tau)
        if own == tau:
            return way
    elif not on_chip(draft.network, conn.pre) and not is_chip_input(conn.pre):
        way = FROM_HOST
        conn.synapse = before_chip(conn.synapse, tau, draft.dt).synapse
    elif own is not None:
        if within and own - tau <= ALIKE and _multiplies(conn):
            way = MATRIX
            conn.solver = MultipliedOut(conn.solver)
            conn.synapse = Lowpass(tau)
        else:
            way = CARRIED
            conn.synapse = Lowpass(max(own - tau, SHORTEST_TAU))
    first = "" if way in (STRAIGHT, MATRIX) else f"{_told(conn.synapse)}, then "
    draft.change(
        name_of(conn),
        "filters of inputs",
        _told(before),
        f"{way}: {first}the chip's filter of {1000 * tau:g} ms",
        "compartments have one filter for all that enters them",
    )
    return way


def _multiplies(conn: nengo.Connection) -> bool:
    """Whether decoders and encoders can be multiplied out."""
    return decoded(conn) and isinstance(conn.post_obj, nengo.Ensemble)


def _told(synapse: Optional[Synapse]) -> str:
    if synapse is None:
        return "no filter"
    if isinstance(synapse, Lowpass):
        return f"low-pass filter of {1000 * synapse.tau:g} ms"
    if type(synapse) is LinearFilter and len(synapse.num) == len(synapse.den) == 2:
        num, den = (f"{1000 * p[0]:g} ms s + {p[1]:g}" for p in (synapse.num, synapse.den))
        return f"filter ({num}) / ({den})"
    return str(synapse)
