"""The chip's step, compiled: many steps in one call.

What each line computes is nengo-loihi's ``emulator/interface.py``, in its order; the
random numbers are NumPy's ``RandomState``, draw for draw. Integers are 32 bits wide and
wrap; floats are rounded to single precision after every operation.
"""

from __future__ import annotations

import numpy as np

from deploy.compiling.jit import jit, part

# what a kernel reports; the index into ``flags``
SPIKES, SYNAPTIC = range(2)  # of the operations that are counted
OVERFLOW_Q0, OVERFLOW_U, OVERFLOW_U2, CLIPPED_TRACE, CLIPPED_WEIGHT, LOST_SPIKE = range(6)

Q_BITS, U_BITS = 21, 23  # without sign: synaptic input, current
V_BITS = 23  # without sign: of a voltage that wraps
REFRACTORY_UNIT = 128  # of the count that the register of a voltage may hold
LEARN_FRAC, LEARN_OVERFLOW = 7, 2  # as nengo-loihi's builder/discretize.py
TRACE_MAX = 127


# ------------------------------------------------------------------ random numbers


# MT19937 in blocks: row 0 of ``key`` is its state, row 1 the 624 words that come of it.


@jit
def _mixed(high, low, far):
    y = np.uint32((high & np.uint32(0x80000000)) | (low & np.uint32(0x7FFFFFFF)))
    odd = np.uint32(0x9908B0DF) if y & np.uint32(1) else np.uint32(0)
    return np.uint32(far ^ np.uint32(y >> np.uint32(1)) ^ odd)


@jit
def temper(key):
    """The words of the state as it is."""
    for i in range(624):
        y = key[0, i]
        y ^= np.uint32(y >> np.uint32(11))
        y ^= np.uint32(np.uint32(y << np.uint32(7)) & np.uint32(0x9D2C5680))
        y ^= np.uint32(np.uint32(y << np.uint32(15)) & np.uint32(0xEFC60000))
        y ^= np.uint32(y >> np.uint32(18))
        key[1, i] = y


@jit
def _next_block(key):
    """Advance the state by its 624 words."""
    state = key[0]
    for i in range(227):
        state[i] = _mixed(state[i], state[i + 1], state[i + 397])
    for i in range(227, 623):
        state[i] = _mixed(state[i], state[i + 1], state[i - 227])
    state[623] = _mixed(state[623], state[0], state[396])
    temper(key)


@jit
def _word(key, position):
    """The next 32 bits."""
    if position[0] == 624:
        _next_block(key)
        position[0] = 0
    position[0] += 1
    return key[1, position[0] - 1]


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


@part
def _skip_noise(key, position, count):
    """Draw so much noise for nothing: nengo-loihi draws it and multiplies by zero."""
    while count > 0:
        if position[0] == 624:
            _next_block(key)
            position[0] = 0
        at = position[0]
        while at < 624 and count > 0:
            count -= (key[1, at] & np.uint32(0xFF)) != np.uint32(0xFF)
            at += 1
        position[0] = at


@jit
def skip_words(key, position, count):
    """Pass over so many words without using them."""
    while count > 0:
        if position[0] == 624:
            _next_block(key)
            position[0] = 0
        step = min(count, 624 - position[0])
        position[0] += step
        count -= step


# ---------------------------------------------------------------------- synapses


@part
def _deliver_runs(rows, groups, q, fired, g):
    """Rows of the same compartments, four at once: integers may be added in any order.

    Unsigned indices, as they need no test for being counted from the end, and no
    slices, as each would be counted by the garbage collector.
    """
    weights, table, length = rows.weights, groups.table[g], np.uint64(groups.run_length[g])
    scale, base = groups.run_scale[g], np.uint64(groups.run_base[g])
    s0 = s1 = s2 = np.uint64(0)
    waiting = delivered = 0
    for n in range(len(fired)):
        start = groups.run_start[table + fired[n]]
        if start < 0:
            continue
        s3 = np.uint64(start)
        delivered += 1
        waiting += 1
        if waiting == 1:
            s0 = s3
        elif waiting == 2:
            s1 = s3
        elif waiting == 3:
            s2 = s3
        else:
            for k in range(length):
                j = np.uint64(k)
                total = weights[s0 + j] + weights[s1 + j] + weights[s2 + j] + weights[s3 + j]
                q[base + j] += total * scale
            waiting = 0
    if waiting >= 2:
        for k in range(length):
            j = np.uint64(k)
            q[base + j] += (weights[s0 + j] + weights[s1 + j]) * scale
    if waiting == 1 or waiting == 3:
        last = s0 if waiting == 1 else s2
        for k in range(length):
            j = np.uint64(k)
            q[base + j] += weights[last + j] * scale
    return delivered


@part
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
        if layout.integer and groups.run_length[g] > 0:
            delivered = _deliver_runs(rows, groups, q, fired, g)
            state.operations[SPIKES] += delivered
            state.operations[SYNAPTIC] += delivered * groups.run_length[g]
            continue
        for n in range(len(fired)):
            entry = table + fired[n]
            row = groups.row[entry]
            if row < 0:
                continue
            start, length, base = rows.start[row], rows.length[row], groups.base[entry]
            state.operations[SPIKES] += 1
            state.operations[SYNAPTIC] += length
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
                for k in range(length):
                    j = np.uint64(k)
                    q[np.uint64(base) + j] += rows.weights[np.uint64(start) + j] * scale
            else:
                for k in range(length):
                    j = np.uint64(k)
                    target = np.uint64(rows.targets[np.uint64(targets) + j])
                    q[np.uint64(base) + target] += rows.weights[np.uint64(start) + j] * scale


@part
def _traces_int(learning, one_draw, state, key, position, s):
    start = learning.trace_start[s]
    decay, mag = learning.decay[s], learning.mag[s]
    shared = random_double(key, position) if one_draw else 0.0
    for i in range(start, start + learning.n_axons[s]):
        trace = decay * np.float64(state.traces[i])
        if state.pending[i]:
            trace += mag
            state.pending[i] = False
        whole = np.floor(trace)  # traces are never negative
        value = np.int64(whole)
        if trace - whole > (shared if one_draw else random_double(key, position)):
            value += 1
        if value > TRACE_MAX:
            state.flags[CLIPPED_TRACE] += 1
            state.cut[0, s] += 1
            value = TRACE_MAX
        state.traces[i] = value


@part
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


@part
def _acting_errors(learning, state, s):
    """Those of this step, or of the step before where they act late."""
    first, last = learning.error_start[s], learning.error_start[s] + learning.n_errors[s]
    return state.acting[first:last] if len(state.acting) else state.errors[first:last]


@part
def _weights_int(rows, learning, one_draw, state, key, position, s):
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
    errors = _acting_errors(learning, state, s)
    shared = random_double(key, position) if one_draw else 0.0
    silent = True
    for e in errors:
        if e != 0:
            silent = False
    for a in range(learning.n_axons[s]):
        trace = state.traces[learning.trace_start[s] + a]
        if silent or trace == 0:
            if not one_draw:
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
            if size - whole > (shared if one_draw else random_double(key, position)):
                value += 1
            if value > limit:
                state.flags[CLIPPED_WEIGHT] += 1
                state.cut[1, s] += 1
                value = limit
            if exact < 0:
                value = -value
            state.learned[start + j] = np.int32(value << (wgt_exp + shift_bits))


@part
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
    sign = np.int32(1 << bits)
    return np.int32(np.int32(x & np.int32(sign - 1)) - np.int32(x & sign))


@jit
def _decayed(x, keep):
    """sign(x) · ⌊|x| · keep / 2^12⌋, in 32 bits: |x| in two parts of 12 bits and the rest."""
    size = np.int32(abs(x))
    high = np.int32(np.int32(size >> np.int32(12)) * keep)
    low = np.int32(np.int32(np.int32(size & np.int32(4095)) * keep) >> np.int32(12))
    total = np.int32(high + low)
    return total if x >= 0 else np.int32(-total)


# The parts of nengo-loihi's ``CompartmentState.update``, each over all compartments:
# short loops over few arrays are what a compiler turns into vector instructions.


@part
def _currents_int(q, current, decay_u):
    """q wraps; u ← decayed u + q, and wraps."""
    wrapped_q = wrapped_u = 0
    for i in range(len(q)):
        kept = _wrapped(q[i], Q_BITS)
        wrapped_q += np.int32(kept != q[i])
        u = np.int32(_decayed(current[i], np.int32(4095 - decay_u[i])) + kept)
        kept_u = _wrapped(u, U_BITS)
        wrapped_u += np.int32(kept_u != u)
        q[i] = kept
        current[i] = kept_u
    return wrapped_q, wrapped_u


@part
def _voltages_int(voltage, current, bias, decay_v):
    """u2 ← u + bias, wraps; v ← decayed v + u2."""
    wrapped_u2 = 0
    for i in range(len(voltage)):
        u2 = np.int32(current[i] + bias[i])
        drive = _wrapped(u2, U_BITS)
        wrapped_u2 += np.int32(drive != u2)
        voltage[i] = np.int32(_decayed(voltage[i], np.int32(4096 - decay_v[i])) + drive)
    return wrapped_u2


@part
def _wrap_voltages(voltage):
    for i in range(len(voltage)):
        voltage[i] = _wrapped(voltage[i], V_BITS)


@part
def _clip(voltage, vmin, vmax):
    for i in range(len(voltage)):
        voltage[i] = min(max(voltage[i], vmin[i]), vmax[i])


@part
def _spike(voltage, spiked, ref_count, vth):
    """v ← 0 while refractory; a spike above the threshold sets v to 0."""
    zero = voltage.dtype.type(0)
    for i in range(len(voltage)):
        v = voltage[i] if ref_count[i] <= 0 else zero
        over = v > vth[i]
        spiked[i] = over
        voltage[i] = zero if over else v


@part
def _refract(spiked, ref_count, spike_count, ref):
    """Refractory times, in steps: set by a spike, and counted down in the same step."""
    for i in range(len(spiked)):
        left = np.int32(ref[i]) if spiked[i] else ref_count[i]
        ref_count[i] = max(np.int32(left - 1), np.int32(0))
        spike_count[i] += np.int32(spiked[i])


@part
def _hold_counts(c, state):
    """Registers of voltages that hold what is left of a refractory time while there is some."""
    for i in range(len(state.held)):
        left = np.int32(c.ref[i]) if state.spiked[i] else state.held[i] - np.int32(1)
        state.held[i] = max(left, np.int32(0))
        held = state.held[i]
        state.register[i] = held * REFRACTORY_UNIT if held > 0 else state.voltage[i]


@part
def _noise_int(c, state, noise, key, position):
    """Draw the noise of every compartment; that of the input is added at once."""
    for i in range(len(noise)):
        x = np.float64(np.int32(random_noise(key, position) + c.noise_offset[i]))
        noise[i] = np.int32(x * c.noise_mult[i])
        if not c.noise_on_u[i]:
            state.q[i] += noise[i]
            noise[i] = 0


@part
def _update_int(c, modes, state, noise, key, position):
    """Current, voltage and spikes of all compartments."""
    bias = c.bias
    if len(noise):
        _noise_int(c, state, noise, key, position)
        for i in range(len(noise)):
            noise[i] += c.bias[i]
        bias = noise
    wrapped_q, wrapped_u = _currents_int(state.q, state.current, c.decay_u)
    wrapped_u2 = _voltages_int(state.voltage, state.current, bias, c.decay_v)
    if modes.wraps_voltage:
        _wrap_voltages(state.voltage)
    _clip(state.voltage, c.vmin, c.vmax)
    _spike(state.voltage, state.spiked, state.ref_count, c.vth)
    _refract(state.spiked, state.ref_count, state.spike_count, c.ref)
    _hold_counts(c, state)
    state.flags[OVERFLOW_Q0] += wrapped_q
    state.flags[OVERFLOW_U] += wrapped_u
    state.flags[OVERFLOW_U2] += wrapped_u2


@part
def _update_float(c, state, noise, key, position):
    """The same in single precision; nothing wraps."""
    one = np.float32(1)
    u2 = c.bias
    noisy = len(noise) > 0
    if noisy:
        for i in range(len(noise)):
            x = np.float32(-1.0 + 2.0 * random_double(key, position))
            noise[i] = (x + c.noise_offset[i]) * c.noise_mult[i]
            if not c.noise_on_u[i]:
                state.q[i] += noise[i]
    for i in range(len(state.q)):
        decayed = (one - c.decay_u[i]) * state.current[i]
        state.current[i] = decayed + c.scale_u[i] * state.q[i]
    for i in range(len(state.q)):
        drive = state.current[i] + u2[i]
        if noisy and c.noise_on_u[i]:
            drive += noise[i]
        state.voltage[i] = (one - c.decay_v[i]) * state.voltage[i] + c.scale_v[i] * drive
    _clip(state.voltage, c.vmin, c.vmax)
    _spike(state.voltage, state.spiked, state.ref_count, c.vth)
    _refract(state.spiked, state.ref_count, state.spike_count, c.ref)


@part
def _collect_fired(layout, state):
    """List the neurons that spiked, block by block, for the next step's delivery."""
    for block in range(len(layout.block_start) - 1):
        first = layout.block_start[block]
        count = 0
        for i in range(first, layout.block_start[block + 1]):
            state.fired[first + count] = i - first
            count += state.spiked[i]
        state.n_fired[block] = count


@part
def _record(probed, state, step):
    for j in range(len(probed.spiked_of)):
        probed.spiked[step, j] = state.spiked[probed.spiked_of[j]]
    for j in range(len(probed.current_of)):
        probed.current[step, j] = state.current[probed.current_of[j]]
    voltage = state.register if len(state.register) else state.voltage
    for j in range(len(probed.voltage_of)):
        probed.voltage[step, j] = voltage[probed.voltage_of[j]]


# ------------------------------------------------------------------------- steps


@jit
def advance_int(
    layout,
    state,
    key,
    position,
    noise_key,
    noise_position,
    probed,
    events,
    event_start,
    t,
    row,
    n_steps,
):
    """``n_steps`` steps of the chip's integers; ``t`` steps have been before.

    The first takes the events of row ``row``, and records into it.
    """
    learning, c, modes = layout.learning, layout.compartments, layout.modes
    n_learning, n = len(learning.first_row), len(state.voltage)
    noise = np.zeros(n if layout.has_noise else 0, np.int32)
    draws = layout.has_noise or n_learning > 0
    passes_over = draws and (modes.noise_apart or not layout.has_noise)
    for step in range(n_steps):
        now = t + step + 1
        _deliver(layout, state, events, event_start, row + step)
        for s in range(n_learning):
            if now % learning.train_epoch[s] == 0:
                _traces_int(learning, modes.one_draw, state, key, position, s)
        for s in range(n_learning):
            if now % learning.learn_epoch[s] == 0:
                _weights_int(layout.rows, learning, modes.one_draw, state, key, position, s)
        for k in range(len(state.acting)):  # as slices it takes 2 s to compile, with an error
            state.acting[k] = state.errors[k]
        _update_int(c, modes, state, noise, noise_key, noise_position)
        if passes_over:
            _skip_noise(key, position, n)
        _collect_fired(layout, state)
        _record(probed, state, row + step)


@jit
def advance_float(
    layout,
    state,
    key,
    position,
    noise_key,
    noise_position,
    probed,
    events,
    event_start,
    t,
    row,
    n_steps,
):
    """``n_steps`` steps in single precision; ``t`` steps have been before."""
    learning, c = layout.learning, layout.compartments
    n_learning, n = len(learning.first_row), len(state.voltage)
    noise = np.zeros(n if layout.has_noise else 0, np.float32)
    for step in range(n_steps):
        now = t + step + 1
        _deliver(layout, state, events, event_start, row + step)
        for s in range(n_learning):
            if now % learning.train_epoch[s] == 0:
                _traces_float(learning, state, s)
        for s in range(n_learning):
            if now % learning.learn_epoch[s] == 0:
                _weights_float(layout.rows, learning, state, s)
        _update_float(c, state, noise, key, position)
        _collect_fired(layout, state)
        _record(probed, state, row + step)
