"""Neurons on the chip that carry values from several sources to one target.

Where a value cannot take a matrix of weights, because its filter is longer than the target's or
because its sources have more neurons than a core has in-axons, it goes through a few neurons for
each dimension that integrate without a leak. nengo-loihi gives each connection 20 of its own
(``decode_neurons.py``, ``Preset10DecodeNeurons``), hidden from the network, which end at about
1.2 radii and whose noise adds up over connections. Here they are an ensemble of the rewritten
network: all values of one target and filter are summed in one set of neurons, and these reach as
far as what they may be given.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple

import nengo
import numpy as np
from nengo.builder.connection import get_eval_points

from loihi_rules.chip.limits import Chip
from loihi_rules.chip.neurons import represented
from loihi_rules.nengo_parts.built import decoders_of, model_of
from loihi_rules.nengo_parts.targets import targets_of
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.nengo_parts.wiring import columns_of

PAIRS = 25  # of neurons a dimension, one for each sign
PAIRS_BEFORE_A_THRESHOLD = 100  # which lets noise through in one direction alone
LEAST_PAIRS = 2
INTERCEPTS = (-0.5, 0.5)  # in radii of the target; symmetric, so that the sum is linear
RATES = (0.2, 0.08)  # spikes a step at the end of its range, of the first and the last
PAIRS_A_RADIUS = 6  # beyond the first
LEAST_REACH = 1.5  # radii
REFRACTORY_STEPS = 2  # so that a neuron far beyond its range fires evenly, not in leaps
LEAK_STEPS = 1000  # τ of the membrane; so long that there is no leak to speak of
FARTHEST = 32.0  # radii
SPIKY = 100  # neurons, below which single spikes are higher than the values they stand for
LEAST_UNITS = 5.0  # of a typical weight, below which too much of it is rounded away
TYPICAL_RATE = 100.0  # Hz, of neurons over all values
JITTER = 0.05  # of what drives a carrier, relative, over a few of its intervals
RIDGE = 0.01  # of decoders, relative to the largest rate


class Design(NamedTuple):
    """Tuning of the neurons of one sign of one dimension, all arrays (n_pairs,).

    Attributes
    ----------
    gain, bias : ndarray
        Thresholds a step for a value of one radius, and for none.
    decoders : ndarray
        Radii for one spike a step.
    """

    gain: np.ndarray
    bias: np.ndarray
    decoders: np.ndarray


class Pairs(NamedTuple):
    """How many pairs of neurons a dimension gets.

    Attributes
    ----------
    near : int
        For values within one radius.
    most_far : int
        At most, for those beyond.
    """

    near: int
    most_far: int


def most_rows(chip: Chip) -> int:
    """In-axons that all carriers of a target may take there: half of a core's."""
    return chip.in_axons_a_core // 2


def pairs_for(dimensions: int, rows: int, threshold: bool = False) -> Pairs:
    """How many pairs a dimension gets, to take no more than some in-axons.

    Parameters
    ----------
    dimensions, rows : int
    threshold : bool
        Whether the target is silent at some of its values.
    """
    most = rows // (2 * max(dimensions, 1))
    near = int(np.clip(most // 2, LEAST_PAIRS, PAIRS_BEFORE_A_THRESHOLD if threshold else PAIRS))
    return Pairs(near, max(most - near, LEAST_PAIRS))


def noise(tau: float, pairs: int, dt: float) -> float:
    """What carriers add to a value, in radii, behind a filter of τ and a membrane's.

    0.014 for 25 pairs at τ = 5 ms and steps of 1 ms, as simulated for constant and for sinusoidal
    values; less for more neurons and for a longer filter, beside the 10 ms or so by which a
    population smooths what it is given. Carriers fire so often a step, whatever a step is: a sine
    has 0.0067, 0.016, 0.040 and 0.079 at steps of 0.5, 1, 2 and 5 ms.
    """
    return float(0.014 * np.sqrt(PAIRS / pairs) * 0.015 / (0.01 + tau) * dt / 0.001)


def spike_noise(tau: float, n_neurons: int, dt: float) -> float:
    """Noise of a value of a population of default neurons, in radii, behind a filter of τ.

    And behind a membrane's of 10 ms: 0.0036 for 100 neurons at 5 ms, as simulated for constant
    values, on the CPU and on the chip; 0.0069 at 2 ms, 0.0025 at 8. A spike is a step long.
    """
    return float(0.0036 * np.sqrt(100 / n_neurons) * (0.005 / max(tau, dt)) ** 0.75)


def design(reach: float, pairs: Pairs) -> Design:
    """Neurons for values up to ``reach`` radii, most of them for those within one.

    A neuron is driven by f = g x + b thresholds a step and fires 1 / (2 + ⌈1 / f⌉), as it rests
    for two steps and the chip drops what is left over at a spike; that of the other sign is
    driven by g (−x) + b. Intercepts lie about 0; beyond one radius further neurons, which are
    silent within it and add no noise there, take over from those that fire as fast as they can.
    The decoders are by least squares over values up to ``reach``, half of them within one
    radius, and over a drive that fluctuates. Values that stay within less than a radius have that
    in its place: near 0 alone, neurons would be few, and some parts in a hundred off.
    """
    unit, reach = min(reach, 1.0), max(reach / min(reach, 1.0), LEAST_REACH)
    near, more = pairs.near, min(int(PAIRS_A_RADIUS * np.ceil(reach - 1)), pairs.most_far)
    intercepts = np.append(np.linspace(*INTERCEPTS, near), np.geomspace(0.8, 0.85 * reach, more))
    ends = np.append(np.ones(near), np.full(more, reach))
    rates = np.append(np.linspace(*RATES, near), np.linspace(*RATES, more))
    gain = 1 / (1 / rates - REFRACTORY_STEPS) / (ends - intercepts)
    bias = -gain * intercepts
    values = np.append(np.linspace(0, 1, 51)[1:], np.linspace(1, reach, 50))
    both = _rates(gain, bias, values) - _rates(gain, bias, -values)
    weight = 1 / np.maximum(values, 0.2)  # errors relative to the value
    A, y = both * weight[:, None], values * weight
    ridge = (RIDGE * A.max()) ** 2 * len(values)
    decoders = np.linalg.solve(A.T @ A + ridge * np.eye(len(gain)), A.T @ y)
    return Design(gain / unit, bias, decoders * unit)


def _rates(gain: np.ndarray, bias: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Spikes a step, on average over drives about those of the values."""
    drive = np.maximum(gain * values[:, None] + bias, 1e-9)
    jitter = np.linspace(1 - JITTER, 1 + JITTER, 25)[:, None, None]
    rates: np.ndarray = np.mean(1 / (REFRACTORY_STEPS + np.ceil(1 / (drive * jitter))), axis=0)
    return rates


class Values(NamedTuple):
    """What a connection's function gives at evaluation points.

    Attributes
    ----------
    targets : (n_points, size) ndarray
    decoders : (n_neurons, size) ndarray
        Of a few neurons; of others none.
    objects : tuple
        By whose identity they are known, and which so stay.
    """

    targets: np.ndarray
    decoders: np.ndarray
    objects: Any


def _values(conn: nengo.Connection, dt: float, known: Dict[Any, Values]) -> Values:
    """Those that were one connection to a node have the same, which are worked out once.

    Functions and solvers are the same only if they are one object, as they may have a state.
    """
    ens, objects = conn.pre_obj, (conn.function, conn.eval_points, conn.solver)
    own = columns_of(conn.pre).tobytes(), conn.size_mid, conn.scale_eval_points, conn.seed
    key = (ens, *map(id, objects), *own)
    if key not in known:
        model = model_of(ens, dt)
        points = get_eval_points(model, conn, np.random.RandomState(conn.seed))
        few = ens.n_neurons < SPIKY
        decoders = decoders_of(conn, dt, model) if few else np.zeros((0, conn.size_mid))
        known[key] = Values(targets_of(conn, points), decoders, objects)
    return known[key]


def reach_of(conn: nengo.Connection, tau: float, dt: float, known: Dict[Any, Values]) -> np.ndarray:
    """How far a value may go, in radii of its target, by dimension.

    The largest that it is at its evaluation points; of few neurons, also the peaks that single
    spikes have behind a filter of τ.

    Parameters
    ----------
    conn : nengo.Connection
        Decoded, to an ensemble.
    tau : float
        Of the filter before the carriers, seconds.
    dt : float
        Step in seconds.
    known : dict
        What others' functions give, of which this one may be.
    """
    matrix, (targets, decoders, _) = matrix_of(conn), _values(conn, dt, known)
    largest: np.ndarray = np.abs(targets @ matrix.T).max(axis=0)
    if len(decoders):
        peaks = np.abs(decoders @ matrix.T).max(axis=0) / max(tau, dt)
        largest = np.maximum(largest, peaks * float(conn.pre_obj.neuron_type.amplitude))
    return largest / float(conn.post_obj.radius)


def weight_units(largest: float, n_neurons: int, tau: float, dt: float, chip: Chip) -> float:
    """What typical weights into carriers come to, in steps of the chip's weights.

    A spike of one of n neurons that fire at a typical rate a, and together give a value x, is
    x / (n a) for a step, and behind a filter of τ a part 1 − e^(−dt/τ) of it at first. That
    times a carrier's gain g is a part of its threshold, which is at most 2^17 steps of the
    least weight.

    Parameters
    ----------
    largest : float
        x, in radii of the target.
    n_neurons : int
    tau, dt : float
        Seconds.
    chip : Chip
        How many steps its thresholds have.
    """
    part = -np.expm1(-dt / tau) if tau else 1.0
    gain = 1 / (1 / np.mean(RATES) - REFRACTORY_STEPS)
    spike = largest / (n_neurons * TYPICAL_RATE * dt)
    return float(spike * part * gain * 2**chip.threshold_mantissa_bits)


class Carriers(NamedTuple):
    """An ensemble that carries, and the decoders of its values.

    Attributes
    ----------
    ensemble : nengo.Ensemble
        Of the target's dimensions and radius.
    decoders : (n_neurons, dimensions) ndarray
    """

    ensemble: nengo.Ensemble
    decoders: np.ndarray


def carriers(
    target: nengo.Ensemble,
    far: np.ndarray,
    rows: int,
    dt: float,
    label: str,
    threshold: bool = False,
) -> Carriers:
    """Neurons that carry values to a target; a new ensemble of the current network.

    Parameters
    ----------
    target : nengo.Ensemble
    far : (dimensions,) ndarray
        How far the sum of the values may go, in radii, by dimension; dimensions with 0 get no
        neurons.
    rows : int
        In-axons that they may take.
    dt : float
        Step in seconds.
    label : str
    threshold : bool
        Whether the target is silent at some of its values.
    """
    neurons = represented(nengo.LIF(LEAK_STEPS * dt, REFRACTORY_STEPS * dt), dt)
    current = -1 / np.expm1(-dt / neurons.tau_rc)  # for a threshold a step
    far = np.minimum(far, FARTHEST)
    used = np.flatnonzero(far)
    if not len(used):
        used, far = np.arange(1), np.ones(1)
    pairs = pairs_for(len(used), rows, threshold)
    gain: List[np.ndarray] = []
    bias: List[np.ndarray] = []
    encoders: List[np.ndarray] = []
    decoders: List[np.ndarray] = []
    for k in used:
        made = design(float(far[k]), pairs)
        unit = np.eye(target.size_in)[k]
        for sign in (1.0, -1.0):
            gain.append(made.gain * current)
            bias.append(made.bias * current + 0.5)  # what the membrane leaks on average
            encoders.append(np.tile(sign * unit, (len(made.gain), 1)))
            decoders.append(made.decoders[:, None] * sign * unit * dt * float(target.radius))
    ensemble = nengo.Ensemble(
        sum(map(len, gain)),
        target.size_in,
        radius=target.radius,
        neuron_type=neurons,
        gain=np.concatenate(gain),
        bias=np.concatenate(bias),
        encoders=np.concatenate(encoders),
        normalize_encoders=False,
        label=label,
        seed=0,
    )
    return Carriers(ensemble, np.concatenate(decoders))
