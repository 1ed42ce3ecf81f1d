"""What the chip has of ensembles and connections, under Nengo's names and in its units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Mapping, Optional

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from deploy.nengo_loihi.read.units import current_of_a_weight
from loihi_rules.learning_rules.pes import ERROR_SCALE
from loihi_rules.nengo_parts.wiring import base_of, on_chip, rows_of

BEFORE = "give the ensemble other {} before the simulator is built"
INSTEAD = {
    "in": "add a current with loihi_rules.inject, or connect a node to the neurons",
    "out": "set the voltage above 1: the neuron spikes in the next step",
    "error": "set the value of the node or the ensemble that is connected to the rule",
    "encoders": BEFORE.format("encoders"),
    "gain": BEFORE.format("gains"),
    "weights": (
        "they are fixed on the chip: give the connection other weights (its transform, or "
        "nengo.solvers.NoSolver) before the simulator is built; those that PES learns can be set"
    ),
    "host weights": (
        "they are multiplied on the way to the chip or from it: give the connection others (its "
        "transform, or nengo.solvers.NoSolver) before the simulator is built"
    ),
}


@dataclass(frozen=True)
class ChipValue:
    """One value that the chip has.

    Attributes
    ----------
    read : callable
        Gives it as it is now, as a new array. What was set, and rounded, is as it was set, so that
        small changes add up; what the chip has changed since comes on top.
    write : callable or None
        Takes an array and sets it, rounded to what the chip has.
    instead : str
        What to do where it cannot be set.
    """

    read: Callable[[], np.ndarray]
    write: Optional[Callable[[np.ndarray], None]] = None
    instead: str = ""


def neuron_values(session: Any, ens: nengo.Ensemble, neurons: bool) -> Mapping[str, ChipValue]:
    """Of an ensemble on the chip, or of its neurons.

    Parameters
    ----------
    session : EmulatorSession
    ens : nengo.Ensemble
        Of the network that runs.
    neurons : bool
        Whether ``ens.neurons`` are asked for, not ``ens``.
    """
    state = session.neurons(ens)
    built = session.simulator.model.params[ens]
    encoders = built.scaled_encoders / ens.radius  # which nengo-loihi leaves out
    out = ChipValue(state.spikes, None, INSTEAD["out"])
    if not neurons:
        return {
            "in": ChipValue(lambda: _represented(state.current(), encoders), None, INSTEAD["in"]),
            "out": out,
            "encoders": _fixed(encoders, "encoders"),
        }
    values = {
        "in": ChipValue(state.input, None, INSTEAD["in"]),
        "out": out,
        "gain": _fixed(built.gain, "gain"),
        "bias": ChipValue(state.asked_bias, state.set_bias),
        "voltage": ChipValue(state.voltage, state.set_voltage),
    }
    if "refractory_time" in ens.neuron_type.state:
        values["refractory_time"] = ChipValue(state.refractory_time, state.set_refractory_time)
    return values


def connection_values(session: Any, conn: nengo.Connection) -> Mapping[str, ChipValue]:
    """Of a connection that begins or ends on the chip.

    Parameters
    ----------
    session : EmulatorSession
    conn : nengo.Connection
        Of the network that runs.
    """
    if conn in session.rewritten.learning_scales:
        weights = ChipValue(
            lambda: session.asked_decoders(conn),
            lambda values: session.set_learned_decoders(conn, values),
        )
        return {"weights": weights}
    network = session.rewritten.network
    ends = [on_chip(network, end) for end in (conn.pre, conn.post)]
    if not any(ends) or session.built(conn).weights is None:
        return {}
    why = INSTEAD["weights" if all(ends) else "host weights"]
    return {"weights": ChipValue(lambda: fixed_weights(session, conn), None, why)}


def rule_values(session: Any, rule: LearningRule) -> Mapping[str, ChipValue]:
    """Of a rule that learns on the chip: the error that the host sent it last.

    Parameters
    ----------
    session : EmulatorSession
    rule : nengo.connection.LearningRule
        Of the network that runs.
    """
    if rule.connection not in session.rewritten.learning_scales:
        return {}
    scale = session.rewritten.learning_scales[rule.connection].error_scale / ERROR_SCALE
    model = session.simulator.model
    target = model.needs_sender[rule]
    senders = [node for node, to in model.host2chip_pes_senders.items() if to is target]

    def error() -> np.ndarray:
        total: np.ndarray = np.zeros(rule.size_in)
        for node in senders:
            host = next(host for host in session.hosts if node in host.model.sig)
            total += host.signals[host.model.sig[node]["in"]]
        return np.asarray(total / scale)

    value = ChipValue(error, None, INSTEAD["error"])
    return {"in": value, "error": value}


def fixed_weights(session: Any, conn: nengo.Connection) -> np.ndarray:
    """Weights of a connection that does not learn, as its integers stand for.

    A weight w of the chip adds the current ``w · current_of_a_weight`` at one spike a second. From
    neurons to neurons that is Nengo's weight times the gain. The matrix of a decoded connection
    is encoders times decoders; the decoders that it stands for are those that come nearest to it,
    in least squares.

    Where a connection has no synapses of its own (it comes from the host or goes there, or is
    carried by decode neurons), these are the weights that its integers were rounded from.

    Parameters
    ----------
    session : EmulatorSession
    conn : nengo.Connection
        Of the network that runs.

    Returns
    -------
    ndarray
        As `nengo.Simulator` has in ``sim.data[conn].weights``.
    """
    built = session.built(conn).weights
    full: np.ndarray = built.toarray() if hasattr(built, "toarray") else np.array(built)
    matrix = _currents(session.simulator.model, conn, session.dt)
    if matrix is None or full.ndim != 2:
        return full
    params = session.simulator.model.params[base_of(conn.post)]
    if isinstance(conn.post_obj, Neurons):
        gain = np.where(params.gain == 0, 1.0, params.gain)
        weights = (matrix / gain[:, None])[rows_of(conn.post)]
        rows = session.rewritten.rows.get(conn)
        weights = weights if rows is None else weights[rows]
    elif conn in session.rewritten.encoded:
        weights = matrix
    else:
        encoders = params.scaled_encoders / conn.post_obj.radius
        weights = np.linalg.lstsq(encoders[:, conn.post_slice], matrix, rcond=None)[0]
    return np.asarray(weights) if weights.shape == full.shape else full


def _currents(model: Any, conn: nengo.Connection, dt: float) -> Optional[np.ndarray]:
    """(n_post, n_axons) normalised current at one spike a second, if it has synapses."""
    synapse = model.objs[conn].get("weights") if conn in model.objs else None
    if synapse is None or any(len(weights) > 1 for weights in synapse.weights):
        return None  # several populations are those of a convolution
    ens = base_of(conn.post)
    blocks = model.objs[ens]["in"]
    split = len(blocks) > 1
    parts = getattr(synapse, "parts", None) if split else {synapse: range(synapse.n_axons)}
    if parts is None:
        return None  # nengo-loihi's own splitting does not say where they are
    matrix = np.zeros((ens.n_neurons, synapse.n_axons))
    for block in blocks:
        neurons = np.array(model.block_comp_map[block] if split else range(ens.n_neurons))
        unit = current_of_a_weight(block.compartment, dt)
        for own in block.synapses:
            for axon, rows in zip(parts.get(own, ()), _rows(own)):
                weights, places = rows
                matrix[neurons[places], axon] = weights * unit[places]
    amplitude = float(getattr(base_of(conn.pre).neuron_type, "amplitude", 1.0))
    return matrix / amplitude


def _rows(synapse: Any) -> Any:
    """Weights of each axon of a synapse group, and the compartments that they go to."""
    of = synapse.axon_to_weight_map
    of = range(synapse.n_axons) if of is None else of
    return [(synapse.weights[k][0], synapse.indices[k][0]) for k in of]


def _represented(current: np.ndarray, encoders: np.ndarray) -> np.ndarray:
    """The value of which these currents come, nearest in least squares."""
    return np.asarray(np.linalg.lstsq(encoders, current, rcond=None)[0])


def _fixed(values: np.ndarray, name: str) -> ChipValue:
    return ChipValue(lambda: np.array(values), None, INSTEAD[name])


__all__ = ["ChipValue", "connection_values", "fixed_weights", "neuron_values", "rule_values"]
