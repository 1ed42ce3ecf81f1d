"""A population's activity over time: how one run's follows that of others of the same neurons."""

from __future__ import annotations

from typing import NamedTuple, Tuple

import nengo
import numpy as np

from deploy.parity.statistics.design import TERMS, Precision
from deploy.parity.statistics.path import fit_path, mixed_terms, path_precision

BIN = 0.005  # s; of what is filtered by more, no less is needed
SYNAPSE = 0.02  # s, through which spikes are looked at
OF_VOLTAGES = 0.1  # s, which leaves little of what a voltage does between two spikes
MOST_NEURONS = 256  # that are looked at, evenly chosen
COMPONENTS = 3  # at most: projections on what neurons have most in common
DEPTH = 0.05  # of the activity, by which it has to vary
DEPTH_OF_ROUGH = 0.15  # the same of what goes up and down with each spike
FEWEST_BINS = 32  # as of what is followed at all


class Activity(NamedTuple):
    """Of neurons, filtered.

    Attributes
    ----------
    values : (n_bins, n_neurons) ndarray
    sampling : float
        Seconds of a bin.
    """

    values: np.ndarray
    sampling: float


def activity_of_spikes(
    steps: np.ndarray, neurons: np.ndarray, n_neurons: int, n_steps: int, dt: float
) -> Activity:
    """Rates, in Hz: one over the interval that a bin lies in, through `SYNAPSE`.

    Filtered spikes of a neuron that fires at one rate go up and down with each spike, at a phase
    that the first voltage decides. Its intervals stay as they are.
    """
    every = max(1, -(-n_neurons // MOST_NEURONS))
    width = max(1, int(round(BIN / dt)))
    edges = width * np.arange(n_steps // width + 1)
    order = np.lexsort((steps, neurons))
    who, when = neurons[order], steps[order].astype(float)
    chosen = np.arange(0, n_neurons, every)
    begin, end = np.searchsorted(who, chosen), np.searchsorted(who, chosen, side="right")
    counts = np.zeros((len(chosen), len(edges)))
    for k, (a, b) in enumerate(zip(begin, end)):
        if b > a:
            counts[k] = _count(when[a:b], edges, n_steps)
    rates = np.diff(counts, axis=1).T / (width * dt)
    return Activity(_filtered(rates, SYNAPSE, width * dt), width * dt)


def _count(when: np.ndarray, edges: np.ndarray, n_steps: int) -> np.ndarray:
    """Spikes up to each edge, with parts of intervals; at both ends as the next one, or slower."""
    first, last = (when[1] - when[0], when[-1] - when[-2]) if len(when) > 1 else (0.0, 0.0)
    before, after = min(0.0, when[0] - first), max(float(n_steps), when[-1] + last)
    if after <= when[-1]:
        after = when[-1] + 1
    at = np.concatenate([[before], when, [after]])
    return np.asarray(np.interp(edges, at, np.arange(len(at))))


def activity_of_samples(samples: np.ndarray, sampling: float, tau: float) -> Activity:
    """(n_samples, n) of neurons, in bins, through a filter."""
    every = max(1, -(-samples.shape[1] // MOST_NEURONS))
    width = max(1, int(round(BIN / sampling)))
    whole = np.asarray(samples[: len(samples) // width * width, ::every], float)
    binned = whole.reshape(-1, width, whole.shape[1]).mean(axis=1)
    return Activity(_filtered(binned, tau, width * sampling), width * sampling)


def _filtered(values: np.ndarray, tau: float, sampling: float) -> np.ndarray:
    if len(values) < 2:
        return values
    return np.asarray(nengo.Lowpass(tau).filt(values, dt=sampling, y0=values[0]))


class Common(NamedTuple):
    """How the activity of a run follows that of others, in what neurons have most in common.

    Attributes
    ----------
    gain : float
        Of its modulation; mean of the components, weighted with their variances.
    lag, time_base : float
        Mean, weighted with the power of the rate of change; NaN where nothing is followed.
    left : float
        RMS of what is not explained so, as a part of the reference's modulation.
    explained : float
        Part of the run's variance.
    depth : float
        Standard deviation of the reference's components, as a part of its activity (RMS).
    """

    gain: float
    lag: float
    time_base: float
    left: float
    explained: float
    depth: float


def common(reference: np.ndarray, own: np.ndarray, sampling: float) -> Common:
    """Project both on the reference's first principal components, and fit one by the other.

    Parameters
    ----------
    reference, own : (n_bins, n_neurons) ndarray
    sampling : float

    References
    ----------
    Cunningham & Yu (2014), Nat. Neurosci. 17, 1500-1509: populations by few dimensions.
    """
    lead, path = _projected(reference, own)
    depth = float(np.sqrt(np.sum(lead.var(axis=0)) / max(np.sum(np.mean(reference**2, 0)), 1e-30)))
    if not depth > 0:
        return Common(np.nan, np.nan, np.nan, np.nan, np.nan, depth)
    fit = fit_path(lead, path, sampling, mixed_terms(lead, sampling))
    weight = lead.var(axis=0)
    moving = np.mean((np.gradient(lead, sampling, axis=0) * fit.gain) ** 2, axis=0)
    power = path.var(axis=0).sum()
    left = float(np.sum(fit.residual**2))
    return Common(
        _mean(fit.gain, weight),
        _mean(fit.lag, moving),
        _mean(fit.time_base, moving),
        float(np.sqrt(left / weight.sum())),
        1 - left / power if power > 0 else 0.0,
        depth,
    )


def unlike(reference: np.ndarray, own: np.ndarray) -> float:
    """RMS of what a run's projections are not as the reference's, as a part of its modulation."""
    lead, path = _projected(reference, own)
    away = path - path.mean(axis=0) - lead
    return float(np.sqrt(np.sum(away**2) / np.sum(lead**2)))


def common_precision(reference: np.ndarray, own: np.ndarray, sampling: float) -> Precision:
    """Of gain, lag, and time base of `common`, by what the fit of one pair of runs leaves."""
    lead, path = _projected(reference, own)
    mixed = mixed_terms(lead, sampling)
    found = [path_precision(r, o, sampling, m).terms for r, o, m in zip(lead.T, path.T, mixed)]
    weight = lead.var(axis=0)
    moving = np.mean(np.gradient(lead, sampling, axis=0) ** 2, axis=0)
    errors, freedoms = [], []
    for name, share in (("gain", weight), ("lag", moving), ("time base", moving)):
        k = TERMS.index(name)
        error = np.array([each.error[k] for each in found])
        known = np.isfinite(error)
        share = np.where(known, share, 0.0) / max(float(share[known].sum()), 1e-30)
        errors.append(float(np.sqrt(np.sum((share[known] * error[known]) ** 2))) or np.inf)
        freedoms.append(min((each.freedom[k] for each, ok in zip(found, known) if ok), default=1.0))
    return Precision(np.array(errors), np.array(freedoms, float))


def _projected(reference: np.ndarray, own: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Both, without the reference's mean, along its first principal axes."""
    level = reference.mean(axis=0)
    _, _, axes = np.linalg.svd(reference - level, full_matrices=False)
    axes = axes[:COMPONENTS].T
    return (reference - level) @ axes, (own - level) @ axes


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    known = np.isfinite(values) & (weight > 0)
    if not known.any():
        return float("nan")
    return float(np.sum(values[known] * weight[known]) / np.sum(weight[known]))
