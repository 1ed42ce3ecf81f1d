"""Each learned connection's own weight exponent, and its learning rate on the chip."""

from __future__ import annotations

from typing import Any, NamedTuple

import nengo
import numpy as np
from nengo.builder import Model
from nengo.builder.connection import get_eval_points, get_targets
from nengo.cache import NoDecoderCache
from nengo.connection import LearningRule
from nengo.exceptions import NengoException
from nengo.solvers import LstsqL2

from loihi_rules.change import name_of
from loihi_rules.chip import LOIHI
from loihi_rules.passes.placement import chip_learning_connections
from loihi_rules.rewrite import Draft
from loihi_rules.rules import pes
from loihi_rules.settings import declare
from loihi_rules.transforms import matrix_of, set_matrix
from loihi_rules.tuning import chip_rates
from loihi_rules.wiring import base_of

USUAL_EXPONENT = 4  # nengo-loihi's Model.pes_wgt_exp
SETTINGS = ("pes_weight_exponent", "pes_rate_factor", "pes_error_scale")
ERROR_SETTING = "error_is_scaled"  # of a connection that carries an error
TELLING = 0.01  # a smaller change of a learning rate is not worth a line


class Needs(NamedTuple):
    """What a connection asks of its learning synapses.

    Attributes
    ----------
    decoder : float
        The largest decoder that it may have to learn.
    w_max : float
        The largest weight it starts with, ``A max |d| / (dt · r)``.
    top_rate : float
        Of its fastest neuron, spikes a second.
    rate_factor : float
        See `loihi_rules.rules.pes.rate_factor`.
    span : float
        Largest magnitude of what it gives, or is wanted to give.
    """

    decoder: float
    w_max: float
    top_rate: float
    rate_factor: float
    span: float


def declare_settings(network: nengo.Network) -> None:
    """Give connections ``pes_weight_exponent``, ``pes_rate_factor`` and ``pes_error_scale``.

    A user sets any with ``network.config[connection].pes_weight_exponent = 3`` after
    calling this; None, the default, leaves the choice to `learning_scale`.
    """
    declare(network, nengo.Connection, *SETTINGS, ERROR_SETTING)


def learning_scale(draft: Draft) -> None:
    """Choose each learned connection's weight exponent, learning rate and error scale.

    *Exponent.* What the connection may have to learn is bounded by what its target can
    represent: the decoders by which the chip's own tuning curves give every dimension at
    the size of the target's radius, or of the function it starts with. Least squares with
    Nengo's own regularisation finds them; the exponent is the smallest that holds the
    largest (`loihi_rules.rules.pes.weight_exponent`).

    *Learning rate.* The decoded value y = Σ d_i · a_i changes by Σ a_i · Δd_i, so at the rate
    κ · E · Σ a_i² / n. κ is multiplied by what makes up for the chip's rates, its trace and
    its late errors (`loihi_rules.rules.pes.rate_factor`).

    *Error.* The chip is sent E as an integer up to 127; its scale follows the size of what
    the connection may have to give (`loihi_rules.rules.pes.error_scale`). nengo-loihi
    multiplies all errors by 100, so the connections that carry them are multiplied by the
    rest, and κ divided by it.
    """
    declare_settings(draft.network)
    for conn in chip_learning_connections(draft.network):
        settings = draft.network.config[conn]
        try:
            needs = _needs(draft, conn)
        except NengoException:
            continue  # the build will say what is wrong with it
        if settings.pes_rate_factor is None:
            _correct_rate(draft, conn, needs.rate_factor)
        if settings.pes_error_scale is None:
            _choose_error_scale(draft, conn, needs.span)
        _scale_errors(draft, conn)
        if settings.pes_weight_exponent is None:
            _choose_exponent(draft, conn, needs)
        draft.learning_scales[conn] = pes.LearningScale(
            weight_exponent=int(settings.pes_weight_exponent),  # type: ignore[arg-type]
            rate_factor=float(settings.pes_rate_factor),  # type: ignore[arg-type]
            error_scale=float(settings.pes_error_scale),  # type: ignore[arg-type]
            threshold=pes.threshold(needs.span, float(conn.pre_obj.radius)),
            unit=pes.unit(float(conn.pre_obj.radius), _amplitude(conn)),
            sources=settings.learns_from,  # type: ignore[arg-type]
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
            f"makes up for the chip's rates, traces and late errors (a factor of {factor:.3g})",
        )


def _choose_error_scale(draft: Draft, conn: nengo.Connection, span: float) -> None:
    scale = pes.error_scale(span)
    draft.network.config[conn].pes_error_scale = scale
    draft.change(
        name_of(conn),
        "errors of 8 bits",
        f"errors up to {LOIHI.error_max / pes.ERROR_SCALE:g} in steps of "
        f"{1 / pes.ERROR_SCALE:g}, as nengo-loihi has for every connection",
        f"up to {LOIHI.error_max / scale:.3g} in steps of {1 / scale:.2g}",
        f"both what it gives and what is wanted may go up to {span:.3g}",
    )


def _scale_errors(draft: Draft, conn: nengo.Connection) -> None:
    factor = float(draft.network.config[conn].pes_error_scale) / pes.ERROR_SCALE
    for error in draft.network.all_connections:
        rule = error.post_obj
        if not isinstance(rule, LearningRule) or rule.connection is not conn:
            continue
        if not draft.network.config[error].error_is_scaled:
            draft.network.config[error].error_is_scaled = True
            draft.asked.setdefault(error, error.transform)
            set_matrix(error, matrix_of(error) * factor)


def _choose_exponent(draft: Draft, conn: nengo.Connection, needs: Needs) -> None:
    radius, amplitude = float(conn.pre_obj.radius), _amplitude(conn)
    scale = pes.weight_scale(needs.w_max, pes.threshold(needs.span, radius))
    rate = float(conn.learning_rule_type.learning_rate) * needs.rate_factor
    exponent = pes.weight_exponent(
        needs.decoder,
        scale,
        radius,
        rate * pes.unit(radius, amplitude),
        len(_sources(draft, conn)),
        needs.top_rate,
        draft.dt,
        float(draft.network.config[conn].pes_error_scale),
        amplitude,
    )
    draft.network.config[conn].pes_weight_exponent = exponent
    reach = pes.largest_decoder(exponent, scale, radius, draft.dt, amplitude)
    draft.change(
        name_of(conn),
        "learned weights: 8-bit mantissa, one exponent",
        f"exponent {USUAL_EXPONENT}, as nengo-loihi has for every connection",
        f"exponent {exponent}: decoders up to {reach:.2g} in steps of {reach / 127:.1g}",
        f"decoders up to {needs.decoder:.2g} may be needed; finer steps lose less of what is "
        "learnt",
    )


def _needs(draft: Draft, conn: nengo.Connection) -> Needs:
    ens, dt = conn.pre_obj, draft.dt
    rng = np.random.RandomState(conn.seed)
    model = Model(dt=dt, decoder_cache=NoDecoderCache())
    for obj, seed in ((ens, ens.seed), (conn, conn.seed)):
        model.seeds[obj], model.seeded[obj] = seed, True
    model.build(ens)
    built: Any = model.params[ens]
    points = get_eval_points(model, conn, rng)
    current = (points / ens.radius) @ built.encoders.T * built.gain + built.bias
    rates = chip_rates(ens.neuron_type, current, dt)
    targets = get_targets(conn, points)
    transform = conn.transform.sample(rng=rng) if _dense(conn) else np.array(1.0)
    targets = targets * transform if np.ndim(transform) == 0 else targets @ transform.T

    span = max(_span(draft, conn), float(np.abs(targets).max()))
    connected = _sources(draft, conn)
    ideal, _ = LstsqL2()(rates[:, connected], points / ens.radius * span, rng=rng)
    first = np.zeros(1)
    if np.any(targets):
        first, _ = conn.solver(rates, targets, rng=rng)
    needed = max(float(np.abs(ideal).max()), float(np.abs(first).max()))
    amplitude = _amplitude(conn)
    w_max = amplitude * float(np.abs(first).max()) / dt / float(ens.radius)
    own = draft.tuning.get(ens, built)
    cpu_rates = ens.neuron_type.rates(points / ens.radius @ own.encoders.T, own.gain, own.bias)
    factor = pes.rate_factor(
        float(np.sum(cpu_rates[:, connected] ** 2)),
        float(np.sum(rates[:, connected] ** 2)),
        conn.learning_rule_type.pre_synapse.tau,
        dt,
    )
    top_rate = float(rates[:, connected].max()) / amplitude
    return Needs(needed, w_max, top_rate, factor, span)


def _sources(draft: Draft, conn: nengo.Connection) -> np.ndarray:
    """Which neurons of the ensemble the connection learns from."""
    some = draft.network.config[conn].learns_from
    return np.arange(conn.pre_obj.n_neurons) if some is None else np.asarray(some)


def _span(draft: Draft, conn: nengo.Connection) -> float:
    """What the user's radii say of the size of what is to be learnt.

    That of the target, or of the ensemble that represents the error; where both are nodes,
    that of the source.
    """
    sources = [
        base_of(error.pre)
        for error in draft.network.all_connections
        if isinstance(error.post_obj, LearningRule) and error.post_obj.connection is conn
    ]
    radii = [float(end.radius) for end in (base_of(conn.post), *sources) if hasattr(end, "radius")]
    return max(radii, default=float(conn.pre_obj.radius))


def _amplitude(conn: nengo.Connection) -> float:
    """Of the spikes of the neurons that are decoded."""
    return float(getattr(conn.pre_obj.neuron_type, "amplitude", 1.0))


def _dense(conn: nengo.Connection) -> bool:
    return not isinstance(conn.transform, nengo.transforms.NoTransform)
