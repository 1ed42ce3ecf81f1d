"""The chip's step, compiled: many steps in one call.

What each line computes is nengo-loihi's ``emulator/interface.py``, in its order; the
random numbers are NumPy's ``RandomState``, draw for draw. Integers are 32 bits wide and
wrap; floats are rounded to single precision after every operation.
"""

from __future__ import annotations

import numpy as np

from deploy.emulator.jit import jit

# what a kernel reports; the index into ``flags``
OVERFLOW_Q0, OVERFLOW_U, OVERFLOW_U2, CLIPPED_TRACE, CLIPPED_WEIGHT, LOST_SPIKE = range(6)

Q_BITS, U_BITS = 21, 23  # without sign: synaptic input, current
LEARN_FRAC, LEARN_OVERFLOW = 7, 2  # as nengo-loihi's builder/discretize.py
TRACE_MAX = 127


# ------------------------------------------------------------------ random numbers


@jit
def _twist(key):
    """Advance the Mersenne twister (MT19937) by its 624 words."""
    for i in range(624):
        y = (key[i] & np.uint32(0x80000000)) | (key[(i + 1) % 624] & np.uint32(0x7FFFFFFF))
        value = key[(i + 397) % 624] ^ (y >> np.uint32(1))
        if y & np.uint32(1):
            value ^= np.uint32(0x9908B0DF)
        key[i] = value


@jit
def _word(key, position):
    """The next 32 bits."""
    if position[0] == 624:
        _twist(key)
        position[0] = 0
    y = key[position[0]]
    position[0] += 1
    y ^= y >> np.uint32(11)
    y ^= (y << np.uint32(7)) & np.uint32(0x9D2C5680)
    y ^= (y << np.uint32(15)) & np.uint32(0xEFC60000)
    y ^= y >> np.uint32(18)
    return np.uint32(y)


@jit
def random_double(key, position):
    """``RandomState.rand``: 53 bits in [0, 1)."""
    a = _word(key, position) >> np.uint32(5)
    b = _word(key, position) >> np.uint32(6)
    return (np.float64(a) * 67108864.0 + np.float64(b)) / 9007199254740992.0


@jit
def random_noise(key, position):
    """``RandomState.randint(-127, 128, dtype=int32)``: masked rejection of one word."""
    while True:
        value = np.int64(_word(key, position)) & 0xFF
        if value <= 254:
            return np.int32(value - 127)


@jit
def skip_words(key, position, count):
    """Pass over so many words without using them."""
    while count > 0:
        if position[0] == 624:
            _twist(key)
            position[0] = 0
        step = min(count, 624 - position[0])
        position[0] += step
        count -= step


# ---------------------------------------------------------------------- synapses


@jit
def _deliver(layout, state, events, event_start, step):
    """Spikes go down their axons and add their rows to the compartments' input.

    ``events[event_start[k]:event_start[k + 1]]`` are the spikes of input
    ``k % n_inputs`` in step ``k // n_inputs``.
    """
    rows, groups, learning = layout.rows, layout.groups, layout.learning
    q = state.q
    q[:] = 0
    for g in range(len(groups.source)):
        source = groups.source[g]
        if source < layout.n_inputs:
            k = step * layout.n_inputs + source
            fired = events[event_start[k] : event_start[k + 1]]
        else:
            block = source - layout.n_inputs
            first = layout.block_start[block]
            fired = state.fired[first : first + state.n_fired[block]]
        table = groups.table[g]
        synapse = groups.synapse[g]
        for n in range(len(fired)):
            entry = table + fired[n]
            row = groups.row[entry]
            if row < 0:
                continue
            start, length, base = rows.start[row], rows.length[row], groups.base[entry]
            if synapse >= 0:
                for j in range(length):
                    q[base + j] += state.learned[start + j]
                trace = learning.trace_start[synapse] + groups.axon[entry]
                if state.pending[trace]:
                    state.flags[LOST_SPIKE] += 1
                state.pending[trace] = True
                continue
            scale = rows.scale[row]
            targets = rows.target_start[row]
            if targets < 0:
                part = q[base : base + length]
                weights = rows.weights[start : start + length]
                for j in range(length):
                    part[j] += weights[j] * scale
            else:
                for j in range(length):
                    q[base + rows.targets[targets + j]] += rows.weights[start + j] * scale


@jit
def _traces_int(learning, state, key, position, s):
    start = learning.trace_start[s]
    decay, mag = learning.decay[s], learning.mag[s]
    for i in range(start, start + learning.n_axons[s]):
        trace = decay * np.float64(state.traces[i])
        if state.pending[i]:
            trace += mag
            state.pending[i] = False
        whole = np.floor(trace)  # traces are never negative
        value = np.int64(whole)
        if trace - whole > random_double(key, position):
            value += 1
        if value > TRACE_MAX:
            state.flags[CLIPPED_TRACE] += 1
            value = TRACE_MAX
        state.traces[i] = value


@jit
def _traces_float(learning, state, s):
    start = learning.trace_start[s]
    decay, mag = learning.decay[s], learning.mag[s]
    for i in range(start, start + learning.n_axons[s]):
        if learning.wide_trace[s]:
            trace = decay * np.float64(state.traces[i])
            if state.pending[i]:
                trace += mag
            state.traces[i] = np.float32(trace)
        else:
            narrow = np.float32(decay) * state.traces[i]
            if state.pending[i]:
                narrow += np.float32(mag)
            state.traces[i] = narrow
        state.pending[i] = False


@jit
def _shift(x, by):
    return x << by if by >= 0 else x >> -by


@jit
def _weights_int(rows, learning, state, key, position, s):
    """w ← round(w + lr · trace · error), stochastically, for every learned weight.

    Where trace or error is zero nothing changes: a weight is a whole number of its
    own steps. The random numbers are passed over all the same.
    """
    n_errors, width = learning.n_errors[s], learning.width[s]
    lr_int = np.int32(learning.lr_int[s])
    product_shift = LEARN_FRAC + learning.lr_exp[s] - LEARN_OVERFLOW
    wgt_exp, shift_bits = learning.wgt_exp[s], learning.shift_bits[s]
    factor = 2.0 ** (-LEARN_FRAC - shift_bits)
    limit = 2 ** (8 - shift_bits) - 1
    errors = state.errors[learning.error_start[s] : learning.error_start[s] + n_errors]
    silent = True
    for e in errors:
        if e != 0:
            silent = False
    for a in range(learning.n_axons[s]):
        trace = state.traces[learning.trace_start[s] + a]
        if silent or trace == 0:
            skip_words(key, position, 2 * width)
            continue
        start = rows.start[learning.first_row[s] + a]
        for j in range(width):
            error = -errors[j] if j < n_errors else errors[j - n_errors]
            change = np.int32(np.int32(trace * error) * lr_int)
            product = np.int32(_shift(change, product_shift))
            w = np.int32(_shift(state.learned[start + j], LEARN_FRAC - wgt_exp)) + product
            exact = np.float64(np.int32(w)) * factor
            size = abs(exact)
            whole = np.floor(size)
            value = np.int64(whole)
            if size - whole > random_double(key, position):
                value += 1
            if value > limit:
                state.flags[CLIPPED_WEIGHT] += 1
                value = limit
            if exact < 0:
                value = -value
            state.learned[start + j] = np.int32(value << (wgt_exp + shift_bits))


@jit
def _weights_float(rows, learning, state, s):
    n_errors, width = learning.n_errors[s], learning.width[s]
    rate = learning.rate[s]
    errors = state.errors[learning.error_start[s] : learning.error_start[s] + n_errors]
    for a in range(learning.n_axons[s]):
        trace = state.traces[learning.trace_start[s] + a]
        start = rows.start[learning.first_row[s] + a]
        for j in range(width):
            error = -errors[j] if j < n_errors else errors[j - n_errors]
            change = trace * error
            if learning.wide_rate[s]:
                wide = np.float64(state.learned[start + j]) + rate * np.float64(change)
                state.learned[start + j] = np.float32(wide)
            else:
                state.learned[start + j] += np.float32(rate) * change


# ------------------------------------------------------------------ compartments


@jit
def _wrapped(x, bits):
    """A signed integer of so many bits, as the chip's registers hold it."""
    sign = np.int32(1) << np.int32(bits)
    return np.int32((x & (sign - np.int32(1))) - (x & sign))


@jit
def _decayed(x, keep):
    """sign(x) · ⌊|x| · keep / 2^12⌋."""
    size = (np.int64(abs(x)) * np.int64(keep)) >> 12
    return np.int32(size) if x >= 0 else np.int32(-size)


@jit
def _update_int(c, state, noisy, key, position, first, last):
    """Current, voltage and spikes of compartments ``first`` to ``last``; see
    nengo-loihi's ``CompartmentState.update``."""
    overflow_q0 = overflow_u = overflow_u2 = 0
    for i in range(first, last):
        q = state.q[i]
        noise = np.int32(0)
        if noisy:
            x = np.float64(random_noise(key, position) + c.noise_offset[i])
            noise = np.int32(x * c.noise_mult[i])
            if not c.noise_on_u[i]:
                q = np.int32(q + noise)
        wrapped = _wrapped(q, Q_BITS)
        overflow_q0 += wrapped != q

        u = np.int32(_decayed(state.current[i], 4095 - c.decay_u[i]) + wrapped)
        current = _wrapped(u, U_BITS)
        overflow_u += current != u
        state.current[i] = current

        u2 = np.int32(current + c.bias[i])
        if noisy and c.noise_on_u[i]:
            u2 = np.int32(u2 + noise)
        drive = _wrapped(u2, U_BITS)
        overflow_u2 += drive != u2

        v = np.int32(_decayed(state.voltage[i], 4096 - c.decay_v[i]) + drive)
        v = min(max(v, c.vmin[i]), c.vmax[i])
        refractory = state.ref_count[i]
        if refractory > 0:
            v = np.int32(0)
        spiked = v > c.vth[i]
        if spiked:
            v = np.int32(0)
            refractory = np.int32(c.ref[i])
        state.voltage[i] = v
        state.spiked[i] = spiked
        state.ref_count[i] = max(np.int32(refractory - 1), np.int32(0))
        state.spike_count[i] += spiked
        state.q[i] = wrapped
    state.flags[OVERFLOW_Q0] += overflow_q0
    state.flags[OVERFLOW_U] += overflow_u
    state.flags[OVERFLOW_U2] += overflow_u2


@jit
def _update_float(c, state, noisy, key, position, first, last):
    one = np.float32(1)
    zero = np.float32(0)
    for i in range(first, last):
        q = state.q[i]
        noise = zero
        if noisy:
            x = np.float32(-1.0 + 2.0 * random_double(key, position))
            noise = (x + c.noise_offset[i]) * c.noise_mult[i]
            if not c.noise_on_u[i]:
                q = q + noise
        state.q[i] = q
        current = (one - c.decay_u[i]) * state.current[i] + c.scale_u[i] * q
        state.current[i] = current
        u2 = current + c.bias[i]
        if noisy and c.noise_on_u[i]:
            u2 = u2 + noise
        v = (one - c.decay_v[i]) * state.voltage[i] + c.scale_v[i] * u2
        v = min(max(v, c.vmin[i]), c.vmax[i])
        refractory = state.ref_count[i]
        if refractory > 0:
            v = zero
        spiked = v > c.vth[i]
        if spiked:
            v = zero
            refractory = np.int32(c.ref[i])
        state.voltage[i] = v
        state.spiked[i] = spiked
        state.ref_count[i] = max(np.int32(refractory - 1), np.int32(0))
        state.spike_count[i] += spiked


@jit
def _collect_fired(layout, state):
    """List the neurons that spiked, block by block, for the next step's delivery."""
    for block in range(len(layout.block_start) - 1):
        first = layout.block_start[block]
        count = 0
        for i in range(first, layout.block_start[block + 1]):
            state.fired[first + count] = i - first
            count += state.spiked[i]
        state.n_fired[block] = count


@jit
def _record(probed, state, step):
    for j in range(len(probed.spiked_of)):
        probed.spiked[step, j] = state.spiked[probed.spiked_of[j]]
    for j in range(len(probed.current_of)):
        probed.current[step, j] = state.current[probed.current_of[j]]
    for j in range(len(probed.voltage_of)):
        probed.voltage[step, j] = state.voltage[probed.voltage_of[j]]


# ------------------------------------------------------------------------- steps


@jit
def advance_int(layout, state, key, position, probed, events, event_start, t, row, n_steps):
    """``n_steps`` steps of the chip's integers; ``t`` steps have been before.

    The first takes the events of row ``row``, and records into it.
    """
    learning, c = layout.learning, layout.compartments
    n_learning, n = len(learning.first_row), len(state.voltage)
    draws = layout.has_noise or n_learning > 0
    for step in range(n_steps):
        now = t + step + 1
        _deliver(layout, state, events, event_start, row + step)
        for s in range(n_learning):
            if now % learning.train_epoch[s] == 0:
                _traces_int(learning, state, key, position, s)
        for s in range(n_learning):
            if now % learning.learn_epoch[s] == 0:
                _weights_int(layout.rows, learning, state, key, position, s)
        _update_int(c, state, layout.has_noise, key, position, 0, n)
        if draws and not layout.has_noise:
            for _ in range(n):  # drawn, and multiplied by zero
                random_noise(key, position)
        _collect_fired(layout, state)
        _record(probed, state, row + step)


@jit
def advance_float(layout, state, key, position, probed, events, event_start, t, row, n_steps):
    """``n_steps`` steps in single precision; ``t`` steps have been before."""
    learning, c = layout.learning, layout.compartments
    n_learning, n = len(learning.first_row), len(state.voltage)
    for step in range(n_steps):
        now = t + step + 1
        _deliver(layout, state, events, event_start, row + step)
        for s in range(n_learning):
            if now % learning.train_epoch[s] == 0:
                _traces_float(learning, state, s)
        for s in range(n_learning):
            if now % learning.learn_epoch[s] == 0:
                _weights_float(layout.rows, learning, state, s)
        _update_float(c, state, layout.has_noise, key, position, 0, n)
        _collect_fired(layout, state)
        _record(probed, state, row + step)
