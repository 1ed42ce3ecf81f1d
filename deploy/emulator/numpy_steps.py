"""The chip's step without a compiler: NumPy's vectors, the same bits.

Used where numba is missing. See `deploy.emulator.kernels` for what each part is.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from deploy.emulator import kernels as k


def advance(
    layout: Any,
    state: Any,
    rng: np.random.RandomState,
    noise_rng: np.random.RandomState,
    probed: Any,
    events: np.ndarray,
    event_start: np.ndarray,
    t: int,
    row: int,
    n_steps: int,
) -> None:
    """``n_steps`` steps; ``t`` steps have been before. The first is of row ``row``."""
    learning = layout.learning
    integer = layout.integer
    update_traces = _traces_int if integer else _traces_float
    update_weights = _weights_int if integer else _weights_float
    update = _update_int if integer else _update_float
    draws: Any = _OneDraw(rng) if layout.modes.one_draw else rng
    for step in range(n_steps):
        now = t + step + 1
        _deliver(layout, state, (now - 1) & 1, events, event_start, row + step)
        for s in range(len(learning.first_row)):
            if now % learning.train_epoch[s] == 0:
                update_traces(learning, state, draws, s)
        for s in range(len(learning.first_row)):
            if now % learning.learn_epoch[s] == 0:
                update_weights(layout.rows, learning, state, draws, s)
        state.acting[:] = state.errors[: len(state.acting)]
        update(layout, state, noise_rng)
        if layout.modes.noise_apart and (layout.has_noise or len(learning.first_row)):
            rng.randint(-127, 128, size=len(state.voltage), dtype=np.int32)
        for block in range(len(layout.block_start) - 1):
            first, last = layout.block_start[block : block + 2]
            fired = np.flatnonzero(state.spiked[first:last])
            state.fired[now & 1, first : first + len(fired)] = fired
            state.n_fired[now & 1, block] = len(fired)
        probed.spiked[row + step] = state.spiked[probed.spiked_of]
        probed.current[row + step] = state.current[probed.current_of]
        voltage = state.register if len(state.register) else state.voltage
        probed.voltage[row + step] = voltage[probed.voltage_of]


class _OneDraw:
    """A generator that gives one number for all that ask at once."""

    def __init__(self, rng: np.random.RandomState):
        self._rng = rng

    def rand(self, *shape: int) -> float:
        return float(self._rng.rand())


def _deliver(
    layout: Any, state: Any, before: int, events: Any, event_start: Any, step: int
) -> None:
    rows, groups, learning = layout.rows, layout.groups, layout.learning
    state.q[:] = 0
    for g in range(len(groups.source)):
        source = groups.source[g]
        if source < layout.n_inputs:
            at = step * layout.n_inputs + source
            fired = events[event_start[at] : event_start[at + 1]]
        else:
            first = layout.block_start[source - layout.n_inputs]
            count = state.n_fired[before, source - layout.n_inputs]
            fired = state.fired[before, first : first + count]
        synapse = groups.synapse[g]
        weights = rows.weights if synapse < 0 else state.learned
        for entry in groups.table[g] + fired:
            row = groups.row[entry]
            if row < 0:
                continue
            start, length = rows.start[row], rows.length[row]
            state.operations[:] += (1, length)
            base, at = groups.base[entry], rows.target_start[row]
            part = weights[start : start + length].astype(state.q.dtype) * rows.scale[row]
            if at < 0:
                state.q[base : base + length] += part
            else:
                state.q[base + rows.targets[at : at + length]] += part
            if synapse >= 0:
                trace = learning.trace_start[synapse] + groups.axon[entry]
                state.flags[k.LOST_SPIKE] += state.pending[trace]
                state.pending[trace] = True


def _rounded(x: np.ndarray, rng: Any, limit: int, flags: Any, flag: int) -> Any:
    fraction, whole = np.modf(np.abs(x))
    value = whole.astype(np.int32) + (fraction > rng.rand(*x.shape))
    over = value > limit
    flags[flag] += int(np.count_nonzero(over))
    value[over] = limit
    return np.sign(x).astype(np.int32) * value


def _parts(learning: Any, state: Any, s: int) -> Any:
    first, last = learning.trace_start[s], learning.trace_start[s] + learning.n_axons[s]
    errors = state.acting if len(state.acting) else state.errors
    e = errors[learning.error_start[s] : learning.error_start[s] + learning.n_errors[s]]
    return slice(first, last), np.hstack([-e, e])


def _traces_int(learning: Any, state: Any, rng: Any, s: int) -> None:
    own, _ = _parts(learning, state, s)
    trace = learning.decay[s] * state.traces[own]
    trace[state.pending[own]] += learning.mag[s]
    state.pending[own] = False
    before = int(state.flags[k.CLIPPED_TRACE])
    state.traces[own] = _rounded(trace, rng, k.TRACE_MAX, state.flags, k.CLIPPED_TRACE)
    state.cut[0, s] += state.flags[k.CLIPPED_TRACE] - before


def _traces_float(learning: Any, state: Any, rng: Any, s: int) -> None:
    own, _ = _parts(learning, state, s)
    kind = np.float64 if learning.wide_trace[s] else np.float32
    trace = kind(learning.decay[s]) * state.traces[own]
    trace[state.pending[own]] += kind(learning.mag[s])
    state.pending[own] = False
    state.traces[own] = trace


def _weights_int(rows: Any, learning: Any, state: Any, rng: Any, s: int) -> None:
    own, e = _parts(learning, state, s)
    start = rows.start[learning.first_row[s]]
    w = state.learned[start : start + learning.n_axons[s] * learning.width[s]]
    w = w.reshape(learning.n_axons[s], learning.width[s])
    change = np.outer(state.traces[own], e) * np.int32(learning.lr_int[s])
    change = _shift(change, int(k.LEARN_FRAC + learning.lr_exp[s] - k.LEARN_OVERFLOW))
    exp, bits = int(learning.wgt_exp[s]), int(learning.shift_bits[s])
    exact = (_shift(w, k.LEARN_FRAC - exp) + change) * 2.0 ** (-k.LEARN_FRAC - bits)
    limit = 2 ** (8 - bits) - 1
    before = int(state.flags[k.CLIPPED_WEIGHT])
    w[:] = _rounded(exact, rng, limit, state.flags, k.CLIPPED_WEIGHT) << (exp + bits)
    state.cut[1, s] += state.flags[k.CLIPPED_WEIGHT] - before


def _weights_float(rows: Any, learning: Any, state: Any, rng: Any, s: int) -> None:
    own, e = _parts(learning, state, s)
    start = rows.start[learning.first_row[s]]
    w = state.learned[start : start + learning.n_axons[s] * learning.width[s]]
    kind = np.float64 if learning.wide_rate[s] else np.float32
    w += (kind(learning.rate[s]) * np.outer(state.traces[own], e)).ravel()


def _shift(x: np.ndarray, by: int) -> np.ndarray:
    return x << by if by >= 0 else x >> -by


def _wrapped(x: np.ndarray, bits: int, flags: Any, flag: int) -> np.ndarray:
    sign = np.int32(1 << bits)
    wrapped = (x & (sign - np.int32(1))) - (x & sign)
    flags[flag] += int(np.count_nonzero(wrapped != x))
    return wrapped


def _decayed(x: np.ndarray, keep: np.ndarray) -> np.ndarray:
    kept: np.ndarray = (np.sign(x) * ((np.abs(x) * keep.astype(np.int64)) >> 12)).astype(np.int32)
    return kept


def _update_int(layout: Any, state: Any, rng: Any) -> None:
    c, n = layout.compartments, len(state.voltage)
    if layout.has_noise or len(layout.learning.first_row):
        noise = rng.randint(-127, 128, size=n, dtype=np.int32)
        noise = ((noise + c.noise_offset) * c.noise_mult).astype(np.int32)
    else:
        noise = np.zeros(n, np.int32)
    q = state.q + np.where(c.noise_on_u, 0, noise)
    state.q[:] = _wrapped(q, k.Q_BITS, state.flags, k.OVERFLOW_Q0)
    u = _decayed(state.current, 4095 - c.decay_u) + state.q
    state.current[:] = _wrapped(u, k.U_BITS, state.flags, k.OVERFLOW_U)
    u2 = state.current + c.bias + np.where(c.noise_on_u, noise, 0)
    drive = _wrapped(u2, k.U_BITS, state.flags, k.OVERFLOW_U2)
    state.beyond[:] |= (state.q != q) | (state.current != u) | (drive != u2)
    v = _decayed(state.voltage, 4096 - c.decay_v) + drive
    if layout.modes.wraps_voltage:
        sign = 1 << k.V_BITS
        v = (v & (sign - 1)) - (v & sign)
    _spike(c, state, v)
    if layout.modes.counts_in_voltage:
        state.held[:] = np.where(state.spiked, c.ref, np.maximum(state.held - 1, 0))
        count = state.held * k.REFRACTORY_UNIT
        state.register[:] = np.where(state.held > 0, count, state.voltage)


def _update_float(layout: Any, state: Any, rng: Any) -> None:
    c, n = layout.compartments, len(state.voltage)
    noise = np.zeros(n, np.float32)
    if layout.has_noise:
        noise = (rng.uniform(-1, 1, size=n).astype(np.float32) + c.noise_offset) * c.noise_mult
    state.q[~c.noise_on_u] += noise[~c.noise_on_u]
    state.current[:] = (1 - c.decay_u) * state.current + c.scale_u * state.q
    u2 = state.current + c.bias
    u2[c.noise_on_u] += noise[c.noise_on_u]
    _spike(c, state, (1 - c.decay_v) * state.voltage + c.scale_v * u2)


def _spike(c: Any, state: Any, v: np.ndarray) -> None:
    v = np.clip(v, c.vmin, c.vmax)
    v[state.ref_count > 0] = 0
    state.spiked[:] = v > c.vth
    v[state.spiked] = 0
    state.voltage[:] = v
    state.ref_count[state.spiked] = c.ref[state.spiked]
    np.clip(state.ref_count - 1, 0, None, out=state.ref_count)
    state.spike_count[state.spiked] += 1
