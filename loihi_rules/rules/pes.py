"""PES, the prescribed error sensitivity rule, and its numbers on the chip.

    Δd_i = −κ · E · a_i / n

d_i: decoder of neuron i; κ: learning rate (`nengo.PES.learning_rate`); E: error, actual
minus wanted; a_i: filtered activity, Hz; n: number of neurons. Source: MacNeil & Eliasmith
(2011), PLoS ONE 6(9); as in `nengo.PES`.

On the chip (nengo-loihi, ``builder/connection.py`` and ``builder/discretize.py``) a learned
decoder is an 8-bit mantissa m with an exponent e shared by its connection,

    w = m · 2^(7 + e),   |m| ≤ 127,

changed every four steps by trace · error · 2^−7 with stochastic rounding to whole m. The
trace, an integer up to 127, carries the learning rate; the error is the integer s · E, cut at
±127. A small e gives fine steps but a small range; a large e rounds the learning away. A
large s cuts large errors, a small one rounds small errors to nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from loihi_rules.chip import LOIHI

MANTISSA_MAX = 127  # of a weight that learns
VTH_NONSPIKING = 10.0  # threshold of the compartments that decode, nengo-loihi's Model
Q_MAX = 2**LOIHI.input_bits - 1
ERROR_SCALE = 100.0  # nengo-loihi's Model.pes_error_scale, for all connections
EXPONENTS = range(-6, 8)  # of a learned weight


class LearningScale(NamedTuple):
    """The numbers of one connection that learns on the chip.

    Attributes
    ----------
    weight_exponent : int
        e above.
    rate_factor : float
        What κ is multiplied by on the chip.
    error_scale : float
        s above; nengo-loihi has 100 for all connections.
    """

    weight_exponent: int
    rate_factor: float
    error_scale: float


def error_scale(span: float) -> float:
    """The largest s at which no error between two values up to ``span`` is cut: 127 / (2 span).

    Parameters
    ----------
    span : float
        Largest magnitude of what the connection gives, and of what is wanted.
    """
    return LOIHI.error_max / (2 * span)


def weight_scale(w_max: float) -> float:
    """Factor from a decoding weight to the integer that is shifted by ``6 + e``.

    nengo-loihi's ``discretize_compartment`` for a block that decodes: with initial
    weights the largest becomes 255 and the block's exponent is the largest of
    0, −1, … at which the threshold fits; without, the threshold is put at the
    accumulator's end.

    Parameters
    ----------
    w_max : float
        Largest initial weight, ``max |d| / (dt · r)``; 0 if there are none.
    """
    if w_max <= 1e-8:
        return Q_MAX / (VTH_NONSPIKING + 1) / 2**6
    scale = 255.0 / w_max
    exponent = 0
    while VTH_NONSPIKING * scale * 2.0 ** (6 + exponent) > LOIHI.threshold_max and exponent > -7:
        exponent -= 1
    return scale * 2.0**exponent


def largest_decoder(exponent: int, w_max: float, radius: float, dt: float) -> float:
    """The largest decoder that a learned weight can be: ``dt · r · 2 · 127 · 2^e / scale``.

    Parameters
    ----------
    exponent : int
    w_max : float
        See `weight_scale`.
    radius : float
        Of the ensemble that is decoded.
    dt : float
        Step in seconds.
    """
    return dt * radius * 2 * MANTISSA_MAX * 2.0**exponent / weight_scale(w_max)


def mean_trace(
    exponent: int,
    w_max: float,
    learning_rate: float,
    n_neurons: int,
    rate: float,
    scale: float = ERROR_SCALE,
) -> float:
    """The learning trace of a neuron that fires steadily, in units of the chip.

    All of κ is in the trace's increment: ``rate · κ / (n s) · 4 · c · 2^−e · 2^2 · 2^7``
    (``discretize_synapse``: learning epoch, weight scale c, overflow bits, rate 2^−7).

    Parameters
    ----------
    exponent : int
    w_max : float
        See `weight_scale`.
    learning_rate : float
        κ.
    n_neurons : int
    rate : float
        Hz.
    scale : float
        s, of the error.
    """
    per_step = learning_rate / n_neurons / scale * LOIHI.learning_epoch
    return rate * per_step * weight_scale(w_max) * 2.0**-exponent * 2**2 * 2**7


def weight_exponent(
    needed: float,
    w_max: float,
    radius: float,
    learning_rate: float,
    n_neurons: int,
    top_rate: float,
    dt: float,
    scale: float = ERROR_SCALE,
) -> int:
    """The smallest exponent whose range holds the decoders that may be needed.

    And at which the trace of the fastest neuron is not above its largest value, so
    that a large learning rate is not cut off.

    Parameters
    ----------
    needed : float
        Largest decoder that the connection may have to learn.
    w_max, radius, learning_rate, n_neurons, dt
        See above.
    top_rate : float
        Rate of the fastest neuron, Hz.
    scale : float
        s, of the error.
    """
    fits = [
        e
        for e in EXPONENTS
        if largest_decoder(e, w_max, radius, dt) >= needed
        and mean_trace(e, w_max, learning_rate, n_neurons, top_rate, scale) <= LOIHI.trace_max
    ]
    return fits[0] if fits else EXPONENTS[-1]
