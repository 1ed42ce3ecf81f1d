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

What the chip cannot do of it (`off_chip`): full weights, errors for
single neurons, traces that are not low-pass filters. Those learn on the host, from a relay of the
chip's spikes (`loihi_rules.passes.chip.learning_relays`).
"""

from __future__ import annotations

from typing import Mapping, NamedTuple, Optional

import nengo
import numpy as np
from nengo.ensemble import Neurons
from nengo.transforms import Dense, NoTransform

from loihi_rules.chip.limits import LOIHI, Chip
from loihi_rules.learning_rules.base import Rule
from loihi_rules.nengo_parts.figures import figure
from loihi_rules.nengo_parts.wiring import base_of, columns_of

MANTISSA_MAX = 127  # of a weight that learns
VTH_NONSPIKING = 10.0  # threshold of the compartments that decode, nengo-loihi's Model
Q_MAX = 2**LOIHI.input_bits - 1
ERROR_SCALE = 100.0  # nengo-loihi's Model.pes_error_scale, for all connections
MOST_LATE = 0.03  # of a rule's time constant, for the mean of its errors
TRAIN_EPOCH = 2  # steps between two decays of a trace
EXPONENTS = range(-6, 8)  # of a learned weight
ROOM = 4.0  # for decoded values larger than in the trial
MOST_CUT = 0.001  # share of the weights in a trial, which has them of a simple function
NEAR = 0.5  # of the largest weight
MOST_NEAR = 0.005  # share of a trial's weights that are larger, where its inputs are a guess
SPARE = 1.05  # so that a figure of two digits is no less
MOST_LOST = 0.1  # share of the learning, to traces that are cut


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
    threshold : float
        Of the compartments that decode; nengo-loihi has 10 for all.
    unit : float
        See `unit`; nengo-loihi has 1 for all.
    window : int
        See `error_window`.
    sources : (m,) ndarray or None
        Which neurons of the ensemble are connected; None for all.
    span : float
        Largest magnitude of what it may have to give, of which the others are made.
    error_span : float
        The same for what errors are scaled by, which may be known where the other is not.
    """

    weight_exponent: int
    rate_factor: float
    error_scale: float
    threshold: float
    unit: float
    window: int
    sources: Optional[np.ndarray] = None
    span: float = 1.0
    error_span: float = 1.0

    def span_for(self, error: float) -> float:
        """The ``pes_span`` with which errors are not cut, and values have no less room: two digits.

        Parameters
        ----------
        error : float
            The largest that there was, over the largest that is sent.
        """
        return float(f"{max(self.span, SPARE * self.error_span * error):.2g}")


def error_scale(span: float) -> float:
    """The s at which errors are cut above 1.27 times the span: 100 / span.

    For a span of 1 that is nengo-loihi's. Errors between opposite ends, up to 2, would need
    127 / 2; measured on `pes-connection` at κ = 1e-3 that leaves an error 8 % larger, as the
    few errors so large come from inputs beyond the radius, and teach what cannot be learnt.

    Parameters
    ----------
    span : float
        Largest magnitude of a dimension of what the connection gives, and of what is wanted.
    """
    return ERROR_SCALE / span


def unit(radius: float, amplitude: float) -> float:
    """What a decoder's change is multiplied by to be that of its weight: A² / r.

    A weight on the chip is w = A d / (dt · r), as what is decoded is divided by the source's
    radius and a spike there has no height (nengo-loihi ``builder/connection.py``,
    ``build_full_chip_connection``), so that Δw = A Δd / (dt · r). And a_i in PES's equation is
    A times the rate, where the chip's trace has the rate. nengo-loihi's learning rate has
    neither (it is right for A = r = 1).

    Parameters
    ----------
    radius : float
        r, of the ensemble that is decoded.
    amplitude : float
        A, of its neurons' spikes.
    """
    return amplitude**2 / radius


def error_window(time_constant: float, dt: float, chip: Chip) -> int:
    """Of how many steps the chip is sent the mean error, up to the four between two of its looks.

    One in four values of a spiky error teaches twice the noise of all of them: with an error that
    no filter smooths, 1.7 times the CPU's error was left on a channel of 200 neurons, with the
    mean of four 1.0 times. But a mean of k comes (k − 1) / 2 steps late, which a rule that is as
    fast as that cannot bear: k is the largest whose lateness is at most 3 % of the rule's time
    constant.

    Parameters
    ----------
    time_constant : float
        ``n / (κ Σ a²)``, seconds.
    dt : float
        Step in seconds.
    chip : Chip
        How often it looks.
    """
    return int(np.clip(1 + 2 * MOST_LATE * time_constant / dt, 1, chip.learning_epoch))


def trace_gain(tau: float, dt: float) -> float:
    """How much larger the chip's trace is than the low-pass filter that it stands for.

    A spike adds to the trace at once, but it decays only every two steps (nengo-loihi
    ``block.py``, ``train_epoch``), so that of a steady rate it keeps, with k = dt / τ,

        2 (1 − e^(−k)) / (1 − e^(−2k))

    times as much: 1.10 for τ = 5 ms, by which the chip learns too fast.

    Parameters
    ----------
    tau, dt : float
        Of the rule's ``pre_synapse``, and the step, in seconds.
    """
    steps = max(1, round(tau / dt))
    epoch = TRAIN_EPOCH
    return float(epoch * np.expm1(-1 / steps) / np.expm1(-epoch / steps))


def seen_by_traces(rates: np.ndarray, dt: float) -> np.ndarray:
    """Of so many spikes a second, those that the chip's traces are raised by.

    A trace is raised once in two steps at most, ``1 / (2 dt)``: 500 Hz at steps of 1 ms, but 100 Hz
    at 5 ms. Further spikes are lost (nengo-loihi ``emulator/interface.py``,
    ``SynapseState.update_traces``).

    Parameters
    ----------
    rates : ndarray
        Hz.
    dt : float
        Step in seconds.
    """
    return np.asarray(np.minimum(rates, 1 / (TRAIN_EPOCH * dt)))


def speed(
    rates: np.ndarray, values: Optional[np.ndarray] = None, traces: Optional[np.ndarray] = None
) -> float:
    """How fast PES learns to give what an ensemble represents, up to a factor.

    What a connection gives for an input x changes by

        Δy(x) = −κ / n · Σ_x' k(x, x') E(x'),    k(x, x') = Σ_i a_i(x) t_i(x')

    (the rule in the module's docstring, decoded; t are the rates that traces have seen, a on the
    CPU), so that an error E(x) = x falls as fast as
    Σ_xx' x k(x, x') x' = tr (Σ_x x aᵀ(x)) (Σ_x x tᵀ(x))ᵀ over the inputs that are likely.
    Σ a², which has been taken for it, is mostly how fast a constant is learnt, and what whole
    steps add to the rates of single neurons.

    Parameters
    ----------
    rates : (n_inputs, n_neurons) ndarray
    values : (n_inputs, dimensions) ndarray, optional
        x; where there are none, or all are 0, Σ a t it is.
    traces : (n_inputs, n_neurons) ndarray, optional
        t, where these are not the rates.
    """
    traces = rates if traces is None else traces
    if values is None or not np.any(values):
        return float(np.sum(rates * traces))
    return float(np.sum((values.T @ rates) * (values.T @ traces)))


def rate_factor(cpu: float, chip: float, tau: float, dt: float) -> float:
    """What κ is multiplied by for the chip to learn as fast as the CPU.

    ``(speed on the CPU) / (speed on the chip) / trace_gain``, see `speed`.

    Parameters
    ----------
    cpu, chip : float
        `speed` of the tuning curves over the inputs that are likely.
    tau, dt : float
        Of the rule's ``pre_synapse``, and the step, in seconds.
    """
    return (cpu / chip if chip else 1.0) / trace_gain(tau, dt)


def threshold(span: float, radius: float, peak: float = 0.0) -> float:
    """Threshold of the compartments that decode, ``max(10, 10 · span / r, 4 · peak / r)``.

    They are not meant to spike; it says how large a value they hold, of which nengo-loihi takes
    ten times the source's radius to be enough. A value beyond it makes them spike, and reads as
    nothing. What one step's spikes give is spiky where neurons are few: a single neuron of 50 Hz
    that carries 1 gives 20 in one step, and nothing in the next 19. It costs nothing to have
    room, as the weight exponent makes up for it.

    Parameters
    ----------
    span : float
        See `error_scale`.
    radius : float
        r, of the ensemble that is decoded.
    peak : float
        The largest value that one step's spikes gave in a trial (`loihi_rules.pilots.pes`).
    """
    return max(VTH_NONSPIKING * max(1.0, span / radius), ROOM * peak / radius)


def weight_scale(w_max: float, vth: float = VTH_NONSPIKING) -> float:
    """Factor from a decoding weight to the integer that is shifted by ``6 + e``.

    nengo-loihi's ``discretize_compartment`` for a block that decodes: with initial
    weights the largest becomes 255 and the block's exponent is the largest of
    0, −1, … at which the threshold fits; without, the threshold is put at the
    accumulator's end.

    Parameters
    ----------
    w_max : float
        Largest initial weight, ``max |d| / (dt · r)``; 0 if there are none.
    vth : float
        See `threshold`.
    """
    if w_max <= 1e-8:
        return float(Q_MAX / (vth + 1) / 2**6)
    scale = 255.0 / w_max
    exponent = 0
    while vth * scale * 2.0 ** (6 + exponent) > LOIHI.threshold_max and exponent > -7:
        exponent -= 1
    return scale * 2.0**exponent


def largest_decoder(
    exponent: int, scale: float, radius: float, dt: float, amplitude: float = 1.0
) -> float:
    """The largest decoder that a learned weight can be: ``dt · r / A · 2 · 127 · 2^e / c``.

    Parameters
    ----------
    exponent : int
    scale : float
        c, see `weight_scale`.
    radius : float
        Of the ensemble that is decoded.
    dt : float
        Step in seconds.
    amplitude : float
        A, of its neurons' spikes.
    """
    return dt * radius / amplitude * 2 * MANTISSA_MAX * 2.0**exponent / scale


def mean_trace(
    exponent: int,
    scale: float,
    learning_rate: float,
    n_neurons: int,
    rate: float,
    errors: float = ERROR_SCALE,
) -> float:
    """The learning trace of a neuron that fires steadily, in units of the chip.

    All of κ is in the trace's increment: ``rate · κ / (n s) · 4 · c · 2^−e · 2^2 · 2^7``
    (``discretize_synapse``: learning epoch, weight scale c, overflow bits, rate 2^−7).

    Parameters
    ----------
    exponent : int
    scale : float
        c, see `weight_scale`.
    learning_rate : float
        κ.
    n_neurons : int
    rate : float
        Hz.
    errors : float
        s, see `error_scale`.
    """
    per_step = learning_rate / n_neurons / errors * LOIHI.learning_epoch
    return rate * per_step * scale * 2.0**-exponent * 2**2 * 2**7


class Fit(NamedTuple):
    """What a trial of a connection says of an exponent.

    Attributes
    ----------
    reach : float
        The largest decoder, see `largest_decoder`.
    cut : float
        Share of the weights that are larger.
    lost : float
        Share of the learning that is lost as traces end at 127.
    near : float or None
        Share of the weights that are larger than half of it, where that counts.
    """

    reach: float
    cut: float
    lost: float
    near: Optional[float] = None

    def __str__(self) -> str:
        cut, lost = figure(100 * self.cut, 2), figure(100 * self.lost, 2)
        said = f"{cut} % of weights and {lost} % of traces are cut"
        if self.near is None:
            return said
        return (
            f"{said}, and {figure(100 * self.near, 2)} % of weights are above half of the largest"
        )


def weight_exponent(fits: Mapping[int, Fit]) -> int:
    """The smallest exponent at which hardly anything is cut.

    Too small a one is much worse than too large a one, which rounds more coarsely: on channels
    of 4 dimensions an exponent at which 0.4 % of the weights were cut left 1.32 times the CPU's
    error. On one of 8 dimensions that chosen left 1.02, each of four more 1.01 to 1.02 (mean of
    two seeds), seven more 1.08.

    A trial learns what its inputs are; other functions need larger weights. Of one dimension, at an
    exponent at which 0.16 % of the trial's were cut, 1.33 times the CPU's error was left of the
    identity, 1.48 of x² and 1.58 of sin 4x; at the next 1.07, 1.06 and 0.95
    (``benchmarks/parity_pes.py``, seed 300).

    Where inputs of several dimensions are a guess, it has them go every way. Ways that inputs
    hardly go take larger weights, and longer: of a delay that 600 neurons learnt of a window of 8
    dimensions, at an exponent at which 0.002 % were cut, 1.28 times the CPU's error was left once
    the error was off, and 1.07 at the next. So there twice the trial's weights have room.

    Parameters
    ----------
    fits : mapping of int to Fit
        By exponent.
    """
    good = [
        e
        for e in sorted(fits)
        if fits[e].cut <= MOST_CUT
        and fits[e].lost <= MOST_LOST
        and (fits[e].near or 0) <= MOST_NEAR
    ]
    return good[0] if good else max(fits)


def off_chip(conn: nengo.Connection, chip: Chip) -> Optional[str]:
    """Why a connection that learns by PES cannot do so on the chip; None if it can.

    The chip's learning engine, as nengo-loihi programs it (``builder/connection.py``,
    ``build_chip_to_host``), adapts decoders from an ensemble. Weights from its neurons to
    anything but neurons are decoders too (`loihi_rules.passes.chip.neuron_learning`).
    """
    from_neurons = isinstance(conn.pre_obj, Neurons)
    if not from_neurons and not isinstance(conn.pre_obj, nengo.Ensemble):
        return "PES on the chip adapts the decoders of an ensemble; a node has none"
    if isinstance(conn.post_obj, Neurons):
        return "the chip does not encode PES's error for single neurons"
    if from_neurons and not isinstance(conn.transform, (Dense, NoTransform)):
        kind = type(conn.transform).__name__
        return f"PES on the chip adapts all decoders of a neuron, not a {kind} transform"
    if from_neurons and len(set(columns_of(conn.pre))) < conn.size_in:
        return "PES on the chip adapts one decoder a neuron, and some neurons are listed twice"
    if not conn.learning_rule_type.learning_rate:
        return "a learning rate of 0 has no place among the chip's mantissas and exponents"
    if not from_neurons and conn.solver.weights:
        return "PES on the chip adapts decoders, not full weight matrices"
    if not isinstance(conn.learning_rule_type.pre_synapse, nengo.Lowpass):
        return "the chip's learning trace is a low-pass filter"
    n_neurons = base_of(conn.pre).n_neurons
    bits = n_neurons * _decoder_bits(conn.size_out, chip)
    if bits > chip.synapse_bits_a_core or n_neurons > chip.in_axons_a_core:
        return (
            f"decoders that learn are on one core, and {n_neurons:,} neurons' for "
            f"{conn.size_out} dimensions need {n_neurons:,} of its {chip.in_axons_a_core:,} "
            f"in-axons and {bits:,} of its {chip.synapse_bits_a_core:,} bits"
        )
    return None


def _decoder_bits(dimensions: int, chip: Chip) -> int:
    """Memory of one neuron's learning decoders, two for each dimension.

    In words of 64 bits, at most 64 weights with a header of 10 (nengo-loihi ``block.py``,
    ``SynapseConfig.bits_per_axon``).
    """
    left, bits = 2 * dimensions, 0
    while left > 0:
        bits += 64 * -(-(min(left, 64) * chip.weight_bits + 10) // 64)
        left -= 64
    return bits


RULE = Rule(nengo.PES, off_chip)
