"""The chip's step, compiled: many steps in one call, by several threads, of several samples.

What each line computes is nengo-loihi's ``emulator/interface.py``, in its order; the
random numbers are NumPy's ``RandomState``, draw for draw. Integers are 32 bits wide and
wrap; floats are rounded to single precision after every operation.

Blocks are dealt with in parts (`deploy.emulator.parts`), each by whichever thread comes to it: all
that is added to a part's compartments is added by that thread, in the one order, so that the bits
are the same whatever their number. What draws random numbers is the first thread's. Samples are
runs of one chip side by side: compartment i of sample b is at b · n + i.
"""

from __future__ import annotations

import numpy as np

from deploy.compiling.jit import announced, jit, part
from deploy.emulator.team import end_turn, next_part

# what a kernel reports; the index into ``flags``
SPIKES, SYNAPTIC, FLAGS = range(3)  # what a thread counts: operations, then flags
OVERFLOW_Q0, OVERFLOW_U, OVERFLOW_U2, CLIPPED_TRACE, CLIPPED_WEIGHT, LOST_SPIKE = range(6)

Q_BITS, U_BITS = 21, 23  # without sign: synaptic input, current
V_BITS = 23  # without sign: of a voltage that wraps
REFRACTORY_UNIT = 128  # of the count that the register of a voltage may hold
LEARN_FRAC, LEARN_OVERFLOW = 7, 2  # as nengo-loihi's builder/discretize.py
FAR_U, FAR_Q = 1 << 22, 1 << 20  # half of what compartments hold
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


@jit
def _add_runs(weights, run_start, table, length, scale, q, base, fired, begin, end):
    """Rows of the same compartments, four at once: integers may be added in any order.

    Sources are ``fired[begin:end]``. Unsigned indices, as they need no test for being counted from
    the end, and no slices, as each would be counted by the garbage collector. Compiled by itself:
    within the step, its loops take a third longer.
    """
    length, base = np.uint64(length), np.uint64(base)
    s0 = s1 = s2 = np.uint64(0)
    waiting = delivered = 0
    for n in range(begin, end):
        start = run_start[table + fired[np.uint64(n)]]
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


@jit
def _add_repeated_runs(weights, run_start, table, length, scale, q, base, fired, begin, end):
    """The same of an input, which may send a source several times in a step, one behind the other.

    Its row is added so often. Neurons spike once a step at most, and need no counting.
    """
    length, base = np.uint64(length), np.uint64(base)
    s0 = s1 = s2 = np.uint64(0)
    c0 = c1 = c2 = np.int32(0)
    waiting = delivered = 0
    n = begin
    while n < end:
        source, first = fired[n], n
        n += 1
        while n < end and fired[n] == source:
            n += 1
        start = run_start[table + source]
        if start < 0:
            continue
        s3, c3 = np.uint64(start), np.int32(n - first)
        delivered += n - first
        waiting += 1
        if waiting == 1:
            s0, c0 = s3, c3
        elif waiting == 2:
            s1, c1 = s3, c3
        elif waiting == 3:
            s2, c2 = s3, c3
        else:
            if c0 + c1 + c2 + c3 == 4:
                for k in range(length):
                    j = np.uint64(k)
                    total = weights[s0 + j] + weights[s1 + j] + weights[s2 + j] + weights[s3 + j]
                    q[base + j] += total * scale
            else:
                for k in range(length):
                    j = np.uint64(k)
                    total = np.int32(weights[s0 + j]) * c0 + np.int32(weights[s1 + j]) * c1
                    total += np.int32(weights[s2 + j]) * c2 + np.int32(weights[s3 + j]) * c3
                    q[base + j] += np.int32(total) * scale
            waiting = 0
    if waiting >= 2:
        for k in range(length):
            j = np.uint64(k)
            total = np.int32(weights[s0 + j]) * c0 + np.int32(weights[s1 + j]) * c1
            q[base + j] += np.int32(total) * scale
    if waiting == 1 or waiting == 3:
        last, count = (s0, c0) if waiting == 1 else (s2, c2)
        for k in range(length):
            j = np.uint64(k)
            q[base + j] += np.int32(np.int32(weights[last + j]) * count) * scale
    return delivered


@part
def _deliver(layout, parts, k, state, learns, fired, n_fired, events, event_start, row, at, tally):
    """Spikes go down their axons and add their rows to the input of part ``k``'s compartments.

    ``events[event_start[j]:event_start[j + 1]]`` are the spikes of input i and sample b in row r,
    with j = (r · n_inputs + i) · n_samples + b. Of many samples, each has its spikes of some
    sources before any has those of the next, so that weights are read once for all. ``at`` has
    room for how far each sample is.
    """
    rows, groups, learning, q = layout.rows, layout.groups, layout.learning, state.q
    n, n_samples, n_blocks = layout.block_start[-1], len(at), len(layout.block_start) - 1
    for b in range(n_samples):
        first = np.uint64(b * n + parts.compartment[k])
        for m in range(parts.compartment[k + 1] - parts.compartment[k]):
            q[first + np.uint64(m)] = 0
    for g in range(parts.group[k], parts.group[k + 1]):
        if parts.together[g] == 0:  # added with another
            continue
        source, table, synapse = groups.source[g], groups.table[g], groups.synapse[g]
        is_input = source < layout.n_inputs
        block = 0 if is_input else source - layout.n_inputs
        if parts.tiles[g] > 1:
            for b in range(n_samples):
                at[b] = 0
        for tile in range(1, parts.tiles[g] + 1):
            stop = tile * parts.tile[g] if tile < parts.tiles[g] else np.int64(2**31)
            for b in range(n_samples):
                if is_input:
                    j = (row * layout.n_inputs + source) * n_samples + b
                    begin, end = event_start[j], event_start[j + 1]
                else:
                    begin = b * n + layout.block_start[block]
                    end = begin + n_fired[b * n_blocks + block]
                if parts.tiles[g] > 1:
                    begin += at[b]
                    last = begin
                    while last < end and (events[last] if is_input else fired[last]) < stop:
                        last += 1
                    at[b] += last - begin
                    end = last
                if layout.integer and groups.run_length[g] > 0:
                    run, base = parts.run[g], b * n + groups.run_base[g]
                    scale = groups.run_scale[g]
                    if is_input:
                        delivered = _add_repeated_runs(
                            rows.weights, groups.run_start, table, run, scale, q, base,
                            events, begin, end,
                        )  # fmt: skip
                    else:
                        delivered = _add_runs(
                            rows.weights, groups.run_start, table, run, scale, q, base,
                            fired, begin, end,
                        )  # fmt: skip
                    tally[SPIKES] += delivered * parts.together[g]
                    tally[SYNAPTIC] += delivered * run
                    continue
                for i in range(begin, end):
                    entry = table + (events[i] if is_input else fired[i])
                    row_ = groups.row[entry]
                    if row_ < 0:
                        continue
                    start, length = rows.start[row_], rows.length[row_]
                    base = b * n + groups.base[entry]
                    tally[SPIKES] += 1
                    tally[SYNAPTIC] += length
                    if learns is not None and synapse >= 0:
                        for m in range(length):
                            q[base + m] += state.learned[start + m]
                        trace = learning.trace_start[synapse] + groups.axon[entry]
                        if state.pending[trace]:
                            tally[FLAGS + LOST_SPIKE] += 1
                        state.pending[trace] = True
                        continue
                    scale = rows.scale[row_]
                    targets = rows.target_start[row_]
                    if targets < 0:
                        for m in range(length):
                            u = np.uint64(m)
                            q[np.uint64(base) + u] += rows.weights[np.uint64(start) + u] * scale
                    else:
                        for m in range(length):
                            u = np.uint64(m)
                            target = np.uint64(rows.targets[np.uint64(targets) + u])
                            weight = rows.weights[np.uint64(start) + u]
                            q[np.uint64(base) + target] += weight * scale


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


# The parts of nengo-loihi's ``CompartmentState.update``, each over many compartments: short loops
# over few arrays are what a compiler turns into vector instructions. ``lo`` is where the state of
# the first of ``n`` is, and ``first`` where its parameters are; indices have no sign, as above.


@part
def _currents_int(q, current, decay_u, lo, first, n):
    """q wraps; u ← decayed u + q, and wraps."""
    wrapped_q = wrapped_u = 0
    for k in range(n):
        i, j = lo + np.uint64(k), first + np.uint64(k)
        kept = _wrapped(q[i], Q_BITS)
        wrapped_q += np.int32(kept != q[i])
        u = np.int32(_decayed(current[i], np.int32(4095 - decay_u[j])) + kept)
        kept_u = _wrapped(u, U_BITS)
        wrapped_u += np.int32(kept_u != u)
        q[i] = kept
        current[i] = kept_u
    return wrapped_q, wrapped_u


@part
def _voltages_int(voltage, current, bias, decay_v, lo, first, n):
    """u2 ← u + bias, wraps; v ← decayed v + u2."""
    wrapped_u2 = 0
    for k in range(n):
        i, j = lo + np.uint64(k), first + np.uint64(k)
        u2 = np.int32(current[i] + bias[j])
        drive = _wrapped(u2, U_BITS)
        wrapped_u2 += np.int32(drive != u2)
        voltage[i] = np.int32(_decayed(voltage[i], np.int32(4096 - decay_v[j])) + drive)
    return wrapped_u2


@part
def _wrap_voltages(voltage, lo, n):
    for k in range(n):
        i = lo + np.uint64(k)
        voltage[i] = _wrapped(voltage[i], V_BITS)


@part
def _clip(voltage, vmin, vmax, lo, first, n):
    for k in range(n):
        i, j = lo + np.uint64(k), first + np.uint64(k)
        voltage[i] = min(max(voltage[i], vmin[j]), vmax[j])


@part
def _spike(voltage, spiked, ref_count, vth, lo, first, n):
    """v ← 0 while refractory; a spike above the threshold sets v to 0."""
    zero = voltage.dtype.type(0)
    for k in range(n):
        i, j = lo + np.uint64(k), first + np.uint64(k)
        v = voltage[i] if ref_count[i] <= 0 else zero
        over = v > vth[j]
        spiked[i] = over
        voltage[i] = zero if over else v


@part
def _refract(spiked, ref_count, spike_count, ref, lo, first, n):
    """Refractory times, in steps: set by a spike, and counted down in the same step."""
    for k in range(n):
        i, j = lo + np.uint64(k), first + np.uint64(k)
        left = np.int32(ref[j]) if spiked[i] else ref_count[i]
        ref_count[i] = max(np.int32(left - 1), np.int32(0))
        spike_count[i] += np.int32(spiked[i])


@part
def _hold_counts(state, ref, lo, first, n):
    """Registers of voltages that hold what is left of a refractory time while there is some."""
    for k in range(n):
        i, j = lo + np.uint64(k), first + np.uint64(k)
        left = np.int32(ref[j]) if state.spiked[i] else state.held[i] - np.int32(1)
        state.held[i] = max(left, np.int32(0))
        held = state.held[i]
        state.register[i] = held * REFRACTORY_UNIT if held > 0 else state.voltage[i]


@part
def _add_noise_int(noise, q, c, first, n):
    """Noise of the input is added at once; what is left in ``noise``, with the bias, is u2's."""
    for k in range(n):
        i = first + np.uint64(k)
        x = np.float64(np.int32(noise[i] + c.noise_offset[i]))
        own = np.int32(x * c.noise_mult[i])
        if not c.noise_on_u[i]:
            q[i] += own
            own = np.int32(0)
        noise[i] = own + c.bias[i]


@part
def _note_beyond(state, lo, first, n):
    """Of compartments of which some were cut: those that are far out, or all, if none is."""
    found = False
    for k in range(n):
        i = lo + np.uint64(k)
        if abs(state.current[i]) >= FAR_U or abs(state.q[i]) >= FAR_Q:
            state.beyond[first + np.uint64(k)] = True
            found = True
    if not found:
        for k in range(n):
            state.beyond[first + np.uint64(k)] = True


@part
def _update_int(c, modes, state, noises, now, lo, first, n, tally):
    """Current, voltage and spikes of compartments; there is noise in a chip of one sample alone."""
    bias = c.bias
    if noises is not None:
        _add_noise_int(noises[now], state.q, c, first, n)
        bias = noises[now]
    wrapped_q, wrapped_u = _currents_int(state.q, state.current, c.decay_u, lo, first, n)
    wrapped_u2 = _voltages_int(state.voltage, state.current, bias, c.decay_v, lo, first, n)
    if modes.wraps_voltage:
        _wrap_voltages(state.voltage, lo, n)
    _clip(state.voltage, c.vmin, c.vmax, lo, first, n)
    _spike(state.voltage, state.spiked, state.ref_count, c.vth, lo, first, n)
    _refract(state.spiked, state.ref_count, state.spike_count, c.ref, lo, first, n)
    if len(state.held):
        _hold_counts(state, c.ref, lo, first, n)
    if wrapped_q + wrapped_u + wrapped_u2 > 0:
        _note_beyond(state, lo, first, n)
    tally[FLAGS + OVERFLOW_Q0] += wrapped_q
    tally[FLAGS + OVERFLOW_U] += wrapped_u
    tally[FLAGS + OVERFLOW_U2] += wrapped_u2


@part
def _update_float(c, state, noises, now, lo, first, n):
    """The same in single precision; nothing wraps."""
    one = np.float32(1)
    if noises is not None:
        noise = noises[now]
        for k in range(n):
            i = first + np.uint64(k)
            noise[i] = (noise[i] + c.noise_offset[i]) * c.noise_mult[i]
            if not c.noise_on_u[i]:
                state.q[i] += noise[i]
    for k in range(n):
        i, j = lo + np.uint64(k), first + np.uint64(k)
        decayed = (one - c.decay_u[j]) * state.current[i]
        state.current[i] = decayed + c.scale_u[j] * state.q[i]
    for k in range(n):
        i, j = lo + np.uint64(k), first + np.uint64(k)
        drive = state.current[i] + c.bias[j]
        if noises is not None and c.noise_on_u[j]:
            drive += noises[now, j]
        state.voltage[i] = (one - c.decay_v[j]) * state.voltage[i] + c.scale_v[j] * drive
    _clip(state.voltage, c.vmin, c.vmax, lo, first, n)
    _spike(state.voltage, state.spiked, state.ref_count, c.vth, lo, first, n)
    _refract(state.spiked, state.ref_count, state.spike_count, c.ref, lo, first, n)


@part
def _collect_fired(block_start, spiked, fired, n_fired, first_block, last_block, shift, blocks):
    """List the neurons that spiked, block by block, for the next step's delivery."""
    for block in range(first_block, last_block):
        size = block_start[block + 1] - block_start[block]
        first = np.uint64(shift + block_start[block])
        count = np.uint64(0)
        for k in range(size):
            fired[first + count] = k
            count += np.uint64(spiked[first + np.uint64(k)])
        n_fired[blocks + block] = count


@part
def _record(probed, parts, k, state, n, n_samples, row):
    """What is probed of a part's compartments; indices have no sign, as above."""
    at = np.uint64(row)
    for b in range(n_samples):
        begin = np.uint64(b * n)
        width = np.uint64(b * len(probed.spiked_of))
        for m in range(parts.spiked[k], parts.spiked[k + 1]):
            j = np.uint64(probed.spiked_order[np.uint64(m)])
            i = begin + np.uint64(probed.spiked_of[j])
            probed.spiked[at, width + j] = state.spiked[i]
        width = np.uint64(b * len(probed.current_of))
        for m in range(parts.current[k], parts.current[k + 1]):
            j = np.uint64(probed.current_order[np.uint64(m)])
            i = begin + np.uint64(probed.current_of[j])
            probed.current[at, width + j] = state.current[i]
        width = np.uint64(b * len(probed.voltage_of))
        for m in range(parts.voltage[k], parts.voltage[k + 1]):
            j = np.uint64(probed.voltage_order[np.uint64(m)])
            i = begin + np.uint64(probed.voltage_of[j])
            held = len(state.register) > 0
            probed.voltage[at, width + j] = state.register[i] if held else state.voltage[i]


# ------------------------------------------------------------------------- steps


@jit
def _draw_noise_int(noise, key, position):
    for i in range(len(noise)):
        noise[i] = random_noise(key, position)


@jit
def _draw_noise_float(noise, key, position):
    for i in range(len(noise)):
        noise[i] = np.float32(-1.0 + 2.0 * random_double(key, position))


@part
def _sum_tallies(state, tallies):
    """What all threads have counted, at the end of a call."""
    for thread in range(len(tallies)):
        for i in range(FLAGS):
            state.operations[i] += tallies[thread, i]
        for i in range(len(state.flags)):
            state.flags[i] += tallies[thread, FLAGS + i]
        tallies[thread] = 0


@announced
@jit
def advance_int(
    layout,
    parts,
    state,
    learns,
    key,
    position,
    noise_key,
    noise_position,
    noises,
    probed,
    events,
    event_start,
    t,
    row,
    n_steps,
    team,
    tallies,
    n_threads,
    me,
):
    """``n_steps`` steps of the chip's integers; ``t`` steps have been before.

    The first takes the events of row ``row``, and records into it. To be called by ``n_threads``
    threads at once, ``me`` of them. ``learns`` is None where nothing learns, and ``noises`` where
    there is no noise: nothing of either is compiled for such chips, which are most.
    """
    learning, c, modes = layout.learning, layout.compartments, layout.modes
    n_learning, n = len(learning.first_row), layout.block_start[-1]
    n_parts, n_blocks = len(parts.group) - 1, len(layout.block_start) - 1
    n_samples = len(state.q) // n
    tally, at = tallies[me], np.zeros(n_samples, np.int64)
    turn = 0
    if noises is not None and learns is None:
        if me == 0:
            _draw_noise_int(noises[(t + 1) & 1], noise_key, noise_position)
        turn = end_turn(team, me, turn, n_threads)
    for step in range(n_steps):
        now = t + step + 1
        before, after = (now - 1) & 1, now & 1
        if noises is not None and learns is None and me == 0 and step + 1 < n_steps:
            _draw_noise_int(noises[before], noise_key, noise_position)
        for phase in range(2 if n_learning else 1):
            if learns is not None and phase == 1:
                turn = end_turn(team, me, turn, n_threads)
                if me == 0:
                    for s in range(n_learning):
                        if now % learning.train_epoch[s] == 0:
                            _traces_int(learning, modes.one_draw, state, key, position, s)
                    for s in range(n_learning):
                        if now % learning.learn_epoch[s] == 0:
                            _weights_int(
                                layout.rows, learning, modes.one_draw, state, key, position, s
                            )
                    for j in range(len(state.acting)):  # as slices: 2 s to compile, an error
                        state.acting[j] = state.errors[j]
                    if noises is not None:
                        _draw_noise_int(noises[after], noise_key, noise_position)
                turn = end_turn(team, me, turn, n_threads)
            k, ahead = next_part(team, me, turn, -1, 0, n_parts, n_threads)
            while k < n_parts:
                if phase == 0:
                    _deliver(
                        layout, parts, k, state, learns, state.fired[before],
                        state.n_fired[before], events, event_start, row + step, at, tally,
                    )  # fmt: skip
                if phase == 1 or n_learning == 0:
                    first = np.uint64(parts.compartment[k])
                    size = parts.compartment[k + 1] - parts.compartment[k]
                    for b in range(n_samples):
                        lo = np.uint64(b * n) + first
                        _update_int(c, modes, state, noises, after, lo, first, size, tally)
                        _collect_fired(
                            layout.block_start, state.spiked, state.fired[after],
                            state.n_fired[after], parts.block[k], parts.block[k + 1], b * n,
                            b * n_blocks,
                        )  # fmt: skip
                    _record(probed, parts, k, state, n, n_samples, row + step)
                k, ahead = next_part(team, me, turn, k, ahead, n_parts, n_threads)
        if noises is not None:
            if modes.noise_apart and me == 0:
                _skip_noise(key, position, n)
        elif learns is not None and me == 0:
            _skip_noise(key, position, n)
        turn = end_turn(team, me, turn, n_threads)
    if me == 0:
        _sum_tallies(state, tallies)


@announced
@jit
def advance_float(
    layout,
    parts,
    state,
    learns,
    key,
    position,
    noise_key,
    noise_position,
    noises,
    probed,
    events,
    event_start,
    t,
    row,
    n_steps,
    team,
    tallies,
    n_threads,
    me,
):
    """``n_steps`` steps in single precision; otherwise as `advance_int`."""
    learning, c = layout.learning, layout.compartments
    n_learning, n = len(learning.first_row), layout.block_start[-1]
    n_parts, n_blocks = len(parts.group) - 1, len(layout.block_start) - 1
    n_samples = len(state.q) // n
    tally, at = tallies[me], np.zeros(n_samples, np.int64)
    turn = 0
    if noises is not None:
        if me == 0:
            _draw_noise_float(noises[(t + 1) & 1], key, position)
        turn = end_turn(team, me, turn, n_threads)
    for step in range(n_steps):
        now = t + step + 1
        before, after = (now - 1) & 1, now & 1
        if noises is not None and me == 0 and step + 1 < n_steps:
            _draw_noise_float(noises[before], key, position)
        for phase in range(2 if n_learning else 1):
            if learns is not None and phase == 1:
                turn = end_turn(team, me, turn, n_threads)
                if me == 0:
                    for s in range(n_learning):
                        if now % learning.train_epoch[s] == 0:
                            _traces_float(learning, state, s)
                    for s in range(n_learning):
                        if now % learning.learn_epoch[s] == 0:
                            _weights_float(layout.rows, learning, state, s)
                turn = end_turn(team, me, turn, n_threads)
            k, ahead = next_part(team, me, turn, -1, 0, n_parts, n_threads)
            while k < n_parts:
                if phase == 0:
                    _deliver(
                        layout, parts, k, state, learns, state.fired[before],
                        state.n_fired[before], events, event_start, row + step, at, tally,
                    )  # fmt: skip
                if phase == 1 or n_learning == 0:
                    first = np.uint64(parts.compartment[k])
                    size = parts.compartment[k + 1] - parts.compartment[k]
                    for b in range(n_samples):
                        lo = np.uint64(b * n) + first
                        _update_float(c, state, noises, after, lo, first, size)
                        _collect_fired(
                            layout.block_start, state.spiked, state.fired[after],
                            state.n_fired[after], parts.block[k], parts.block[k + 1], b * n,
                            b * n_blocks,
                        )  # fmt: skip
                    _record(probed, parts, k, state, n, n_samples, row + step)
                k, ahead = next_part(team, me, turn, k, ahead, n_parts, n_threads)
        turn = end_turn(team, me, turn, n_threads)
    if me == 0:
        _sum_tallies(state, tallies)
