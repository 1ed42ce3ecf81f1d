"""Each learned connection's own weight exponent, and its learning rate on the chip."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple, Optional

import nengo
import numpy as np
from nengo.builder import Model
from nengo.builder.connection import get_eval_points
from nengo.cache import NoDecoderCache
from nengo.exceptions import NengoException

from loihi_rules.chip.tuning import chip_rates, spiking_rates
from loihi_rules.draft import Draft
from loihi_rules.learning_rules import pes
from loihi_rules.learning_rules.pes import Fit
from loihi_rules.learning_rules.where import chip_learning_connections
from loihi_rules.nengo_parts.likely_inputs import are_known, likely_inputs
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.passthrough_nodes import into_passthroughs, is_passthrough, sources_of
from loihi_rules.nengo_parts.settings import declare
from loihi_rules.nengo_parts.targets import targets_of
from loihi_rules.nengo_parts.transforms import matrix_of, set_matrix
from loihi_rules.nengo_parts.wiring import columns_of, driven_one_by_one
from loihi_rules.passes.chip.learned_span import Sizes, errors_of, learned_sizes
from loihi_rules.pilots import pes as pes_pilot
from loihi_rules.solutions import Solution

USUAL_EXPONENT = 4  # nengo-loihi's Model.pes_wgt_exp
SETTINGS = ("pes_weight_exponent", "pes_rate_factor", "pes_error_scale", "pes_span")
USUAL_TAU = 0.005  # s, Nengo's filter of connections
USUAL = 0.999  # share of the values that count as usual
HARDLY = 0.1  # radii, RMS about their mean, by which inputs move that are taken for held
TELLING = 0.01  # a smaller change of a learning rate is not worth a line
FEWEST_AT_ONCE = 2.0  # neurons; of four or more, what is learned is within 11 % of the CPU's


class Needs(NamedTuple):
    """What a connection asks of its learning synapses.

    Attributes
    ----------
    first : float
        The largest decoder it starts with.
    held : float
        The weight, A d, with which a single neuron holds `span`: see `_holding`.
    w_max : float
        The largest weight it starts with, ``A max |d| / (dt · r)``.
    rate_factor : float
        See `loihi_rules.learning_rules.pes.rate_factor`.
    span : float
        Largest magnitude of what it gives, or is wanted to give.
    error : float
        Largest magnitude of one dimension of an error.
    error_span : float
        Of all of it.
    unsure : str
        See `loihi_rules.passes.chip.learned_span.Sizes`.
    gain : float
        What errors are multiplied by on their way to the rule.
    trial : loihi_rules.pilots.pes.Pilot
        How weights and traces grow.
    guessed : bool
        Whether the trial's inputs are a guess, of which way they go.
    at_once : float
        How many neurons fire at a time; see `_at_once`.
    """

    first: float
    held: float
    w_max: float
    rate_factor: float
    span: float
    error: float
    error_span: float
    unsure: str
    gain: float
    trial: pes_pilot.Pilot
    guessed: bool
    at_once: float


def learning_scale(draft: Draft) -> None:
    """Choose each learned connection's weight exponent, learning rate and error scale.

    *Exponent.* In a trial of the connection alone (`loihi_rules.pilots.pes`) the chip's neurons
    learn to give every dimension at the size of the target's radius, or of the function that
    the connection starts with, from inputs that are likely
    (`loihi_rules.nengo_parts.likely_inputs`). The exponent is the smallest at which hardly any
    weight is cut (or would be if they were twice as large, where inputs of several dimensions are
    a guess), and hardly any learning is lost to the ends of traces
    (`loihi_rules.learning_rules.pes.weight_exponent`).

    *Learning rate.* The decoded value y = Σ d_i · a_i changes by Σ a_i · Δd_i, so at the rate
    κ · E · Σ a_i² / n. κ is multiplied by what makes up for the chip's rates and its trace
    (`loihi_rules.learning_rules.pes.rate_factor`).

    *Error.* The chip is sent E as an integer up to 127; its scale follows the size of what
    the connection may have to give (`loihi_rules.learning_rules.pes.error_scale`), and of the
    transforms by which errors come to the rule: k E at κ / k is the same as E at κ. nengo-loihi
    multiplies all errors by 100, so the connections that carry them are multiplied by the rest, and
    κ divided by it.
    """
    declare(draft.network, nengo.Connection, *SETTINGS)
    one_by_one = driven_one_by_one(draft.network)
    for conn in chip_learning_connections(draft.network, draft.chip):
        settings = draft.network.config[conn]
        try:
            needs = _needs(draft, conn, conn.pre_obj in one_by_one)
        except NengoException:
            continue  # the build will say what is wrong with it
        if needs.at_once < FEWEST_AT_ONCE:
            _warn_of_single_spikes(draft, conn)
        if settings.pes_rate_factor is None:
            _correct_rate(draft, conn, needs.rate_factor)
        if settings.pes_error_scale is None:
            _choose_error_scale(draft, conn, needs)
        _scale_errors(draft, conn)
        threshold = pes.threshold(needs.span, float(conn.pre_obj.radius), needs.trial.peak)
        if settings.pes_weight_exponent is None:
            threshold = _choose_exponent(draft, conn, needs, threshold)
        chosen = draft.network.config[conn]
        draft.learning_scales[conn] = pes.LearningScale(
            weight_exponent=int(chosen.pes_weight_exponent),
            rate_factor=float(chosen.pes_rate_factor),
            error_scale=float(chosen.pes_error_scale),
            threshold=threshold,
            unit=pes.unit(float(conn.pre_obj.radius), _amplitude(conn)),
            window=pes.error_window(_time_constant(conn, needs), draft.dt, draft.chip),
            sources=draft.notes.connections[conn].sources,
            span=needs.span,
            error_span=needs.error_span,
        )


def _correct_rate(draft: Draft, conn: nengo.Connection, factor: float) -> None:
    rate = float(conn.learning_rule_type.learning_rate)
    draft.network.config[conn].pes_rate_factor = factor
    if abs(factor - 1) > TELLING:
        draft.change(
            name_of(conn),
            "learning rate",
            f"{rate:g}",
            f"{rate * factor:.4g} on the chip",
            f"makes up for the chip's rates and traces (a factor of {factor:.3g})",
        )


def _choose_error_scale(draft: Draft, conn: nengo.Connection, needs: Needs) -> None:
    scale = pes.error_scale(needs.error * needs.gain)
    draft.network.config[conn].pes_error_scale = scale
    draft.change(
        name_of(conn),
        "errors of 8 bits",
        f"errors up to {draft.chip.error_max / pes.ERROR_SCALE:g} in steps of "
        f"{1 / pes.ERROR_SCALE:g}, as nengo-loihi has for every connection",
        f"up to {draft.chip.error_max / scale:.3g} in steps of {1 / scale:.2g}",
        ("both what it gives and what is wanted" if needs.error_span == needs.span else "errors")
        + f" may go up to {needs.error:.3g} in each dimension"
        + ("" if needs.gain == 1 else f", and are multiplied by {needs.gain:.3g}"),
    )


def _scale_errors(draft: Draft, conn: nengo.Connection) -> None:
    factor = float(draft.network.config[conn].pes_error_scale) / pes.ERROR_SCALE
    notes = draft.notes.connections
    for error in errors_of(draft.network, conn):
        if not notes[error].error_is_scaled:
            notes[error] = replace(notes[error], error_is_scaled=True)
            draft.asked.setdefault(error, error.transform)
            set_matrix(error, matrix_of(error) * factor)


def _choose_exponent(draft: Draft, conn: nengo.Connection, needs: Needs, threshold: float) -> float:
    """Also returns the threshold, large enough for a spike of one neuron at the largest weight.

    However far an error drives a neuron's weights, its spikes then give what the weights say.
    """
    settings = draft.network.config[conn]
    radius, amplitude = float(conn.pre_obj.radius), _amplitude(conn)
    rate = float(conn.learning_rule_type.learning_rate) * float(settings.pes_rate_factor)

    def figures(exponent: int) -> Fit:
        scale = pes.weight_scale(needs.w_max, threshold)
        reach = pes.largest_decoder(exponent, scale, radius, draft.dt, amplitude)
        a_hertz = pes.mean_trace(
            exponent,
            scale,
            rate * pes.unit(radius, amplitude),
            len(_sources(draft, conn)),
            1.0,
            float(settings.pes_error_scale),
        )
        cut = max(
            needs.trial.weights_cut(reach * amplitude),
            float(needs.first > reach),
            float(needs.held > reach * amplitude),
        )
        near = needs.trial.weights_cut(pes.NEAR * reach * amplitude) if needs.guessed else None
        return Fit(reach, cut, needs.trial.learning_lost(draft.chip.trace_max / a_hertz), near)

    fits = {exponent: figures(exponent) for exponent in pes.EXPONENTS}
    exponent = pes.weight_exponent(fits)
    while fits[exponent].reach * amplitude / draft.dt / radius > threshold:
        threshold *= 2
        fits = {exponent: figures(exponent) for exponent in pes.EXPONENTS}
        exponent = pes.weight_exponent(fits)
    settings.pes_weight_exponent = exponent
    reach, finer = fits[exponent].reach, fits.get(exponent - 1)
    why = f"in a trial of the connection {fits[exponent]}"
    draft.change(
        name_of(conn),
        "learned weights: 8-bit mantissa, one exponent",
        f"exponent {USUAL_EXPONENT}, as nengo-loihi has for every connection",
        f"exponent {exponent}: decoders up to {reach:.2g} in steps of {reach / 127:.1g}",
        why
        + (f"; at {exponent - 1}, {finer}" if finer else "")
        + (f"; {needs.unsure}" if needs.unsure else ""),
    )
    return threshold


def _time_constant(conn: nengo.Connection, needs: Needs) -> float:
    """``n / (κ Σ a²)``, in seconds: how fast an error is undone."""
    power = float(np.mean(np.square(needs.trial.traces, dtype=float)))
    rate = needs.gain * float(conn.learning_rule_type.learning_rate) * _amplitude(conn) ** 2 * power
    return 1 / rate if rate else np.inf


def _needs(draft: Draft, conn: nengo.Connection, one_by_one: bool) -> Needs:
    ens, dt, tau = conn.pre_obj, draft.dt, conn.learning_rule_type.pre_synapse.tau
    rng = np.random.RandomState(conn.seed)
    model = Model(dt=dt, decoder_cache=NoDecoderCache())
    for obj, seed in ((ens, ens.seed), (conn, conn.seed)):
        model.seeds[obj], model.seeded[obj] = seed, True
    model.build(ens)
    built: Any = model.params[ens]
    points = get_eval_points(model, conn, rng)
    targets = targets_of(conn, points)
    transform = conn.transform.sample(rng=rng) if _dense(conn) else np.array(1.0)
    targets = targets * transform if np.ndim(transform) == 0 else targets @ transform.T
    amplitude, radius = _amplitude(conn), float(ens.radius)
    sizes = _sizes(draft, conn, float(np.abs(targets).max()))
    span = sizes.value
    first, rates = 0.0, _chip_rates(ens, built, points, dt)
    if np.any(targets) and np.any(rates):  # without rates there is nothing to be decoded
        first = float(np.abs(conn.solver(rates, targets, rng=rng)[0]).max())

    chosen = conn.eval_points is not None or isinstance(ens.eval_points, np.ndarray)
    every, n = dt * draft.chip.learning_epoch, pes_pilot.epochs(dt, draft.chip)
    inputs = likely_inputs(draft.network, ens, points, chosen, n, every, dt, rng)
    rates = _chip_rates(ens, built, inputs, dt)
    represented: Optional[np.ndarray] = inputs
    if one_by_one:
        represented = None
        rates = np.array([rng.permutation(column) for column in rates.T]).T
    own = draft.tuning.get(ens, built)
    cpu_rates = spiking_rates(
        draft.neuron_types.get(ens, ens.neuron_type),
        inputs / radius @ own.encoders.T,
        own.gain,
        own.bias,
        dt,
    )
    connected = _sources(draft, conn)
    cpu_rates, rates = cpu_rates[:, connected], rates[:, connected]
    seen = amplitude * pes.seen_by_traces(rates / amplitude, dt)
    factor = pes.rate_factor(
        pes.speed(cpu_rates, represented), pes.speed(rates, represented, seen), tau, dt
    )
    gain = _error_gain(draft.network, conn)
    trial = _trial(
        draft,
        rates / amplitude,
        _targets(inputs / radius, span),
        gain * float(conn.learning_rule_type.learning_rate) * factor * amplitude**2,
        tau,
        _loop_tau(conn),
        rng,
    )
    error = sizes.error * (1.0 if first else _one_dimension(inputs / radius, conn.size_out))
    guessed = ens.dimensions > 1 and not (chosen or are_known(draft.network, ens, dt))
    w_max = amplitude * first / dt / radius
    held = _holding(rates / amplitude, span)
    errors = error, sizes.error
    asked = w_max, factor, span, *errors, sizes.unsure
    return Needs(first, held, *asked, gain, trial, guessed, _at_once(cpu_rates))


def _at_once(rates: np.ndarray) -> float:
    """How many neurons fire at a time, as equally fast ones: ``(Σ r)² / Σ r²``, over all inputs.

    Parameters
    ----------
    rates : (n_inputs, n_neurons) ndarray
        Of the CPU's, spikes a second.

    Returns
    -------
    float
        Infinite where none fires.
    """
    total, power = rates.sum(axis=1), np.square(rates).sum(axis=1)
    fires = power > 0
    return float(np.mean(total[fires] ** 2 / power[fires])) if fires.any() else np.inf


def _warn_of_single_spikes(draft: Draft, conn: nengo.Connection) -> None:
    draft.warn(
        name_of(conn),
        "learned weights",
        "hardly more than one neuron fires at a time, so that what is learned goes by when single "
        "spikes come, which are in other steps on the chip: what single neurons had learned was "
        "mostly within 15 % of the CPU's, and up to 40 % off",
        "let it learn from more neurons, or compare several seeds (loihi-deploy sweep)",
    )


def _holding(rates: np.ndarray, value: float) -> float:
    """The weight with which a single neuron holds a value, by least squares: ``v ⟨a⟩ / ⟨a²⟩``.

    It gives all of a target's radius by itself, where a trial has it give what its inputs are, most
    of which are nearer to 0. Of several neurons it is 0: what varies takes larger weights of them.

    Parameters
    ----------
    rates : (n_epochs, n_neurons) ndarray
        Spikes a second.
    value : float
    """
    power = float(np.mean(np.square(rates, dtype=float)))
    return value * float(np.mean(rates)) / power if rates.shape[1] == 1 and power else 0.0


def _trial(
    draft: Draft,
    rates: np.ndarray,
    targets: np.ndarray,
    learning_rate: float,
    tau: float,
    error_tau: float,
    rng: np.random.RandomState,
) -> pes_pilot.Pilot:
    """`loihi_rules.pilots.pes.pilot`. The generator is not to be asked for more."""
    given = rates, targets, learning_rate, tau, error_tau

    def solve() -> Solution:
        found = pes_pilot.pilot(*given, draft.dt, draft.chip, rng)
        return found.weights, found.traces, np.array([found.peak])

    problem = ("PES pilot", *given, draft.dt, draft.chip.learning_epoch, rng.get_state())
    weights, traces, peak = draft.solutions.of(problem, solve)
    return pes_pilot.Pilot(weights, traces, float(peak[0]))


def _error_gain(network: nengo.Network, conn: nengo.Connection) -> float:
    """The largest factor by which a value becomes part of an error: of one row of a transform.

    Through nodes that only hand on, as one in which errors are summed. Functions count as 1.
    """
    incoming = into_passthroughs(network)
    found = []
    for error in errors_of(network, conn):
        matrix, given = matrix_of(error), None
        if is_passthrough(error.pre_obj) and error.function is None:
            matrix = matrix @ np.eye(error.pre_obj.size_out)[columns_of(error.pre)]
            given = sources_of(error.pre_obj, incoming, (), {}, learned=True)
        found += [matrix @ source.matrix for source in given] if given else [matrix]
    gain = max((float(np.linalg.norm(m, axis=1).max(initial=0.0)) for m in found), default=1.0)
    return gain or 1.0


def _sources(draft: Draft, conn: nengo.Connection) -> np.ndarray:
    """Which neurons of the ensemble the connection learns from."""
    some = draft.notes.connections[conn].sources
    return np.arange(conn.pre_obj.n_neurons) if some is None else np.asarray(some)


def _targets(inputs: np.ndarray, span: float) -> np.ndarray:
    """What a trial learns: every dimension; of inputs that hardly move, a constant instead.

    The constant is as large as one dimension can be, so that inputs which stay or are small do not
    let the trial expect weights that hardly give anything.

    Parameters
    ----------
    inputs : (n, dimensions) ndarray
        In radii.
    span : float
        Size of what a vector of length 1 stands for.
    """
    if inputs.std(axis=0).max() >= HARDLY:
        return span * inputs
    return np.full((len(inputs), 1), span / np.sqrt(inputs.shape[1]))


def _one_dimension(inputs: np.ndarray, size_out: int) -> float:
    """How large a dimension of what is learnt is, as a share of the largest vector.

    Where as many dimensions come out as go in: as large as those that go in, which are less
    than the whole where there are several.
    """
    dimensions = inputs.shape[1]
    if size_out != dimensions or inputs.std(axis=0).max() < HARDLY:
        return 1.0
    usual = float(np.quantile(np.abs(inputs), USUAL))
    return float(np.clip(usual, 1 / np.sqrt(dimensions), 1.0))


def _chip_rates(ens: nengo.Ensemble, built: Any, points: np.ndarray, dt: float) -> np.ndarray:
    current = (points / ens.radius) @ built.encoders.T * built.gain + built.bias
    return chip_rates(ens.neuron_type, current, dt)


def _loop_tau(conn: nengo.Connection) -> float:
    """Of the filters through which an output comes back as its error."""
    own = getattr(conn.synapse, "tau", 0.0)
    return float(own) + USUAL_TAU


def _sizes(draft: Draft, conn: nengo.Connection, given: float) -> Sizes:
    """The size of what is to be learnt, by the user's ``pes_span``, or by what makes the error."""
    asked = draft.network.config[conn].pes_span
    if asked is not None:
        return Sizes(max(float(asked), given), max(float(asked), given))
    return learned_sizes(draft.network, conn, given, draft.dt)


def _amplitude(conn: nengo.Connection) -> float:
    """Of the spikes of the neurons that are decoded."""
    return float(getattr(conn.pre_obj.neuron_type, "amplitude", 1.0))


def _dense(conn: nengo.Connection) -> bool:
    return not isinstance(conn.transform, nengo.transforms.NoTransform)
