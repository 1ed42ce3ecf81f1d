"""Operators of a Nengo simulation, compiled: a table of them in one call.

Each row of ``codes`` is an operator: what it does, how many values it works on, and the
addresses of its arrays, all contiguous float64 that somebody else keeps alive. Values
are computed as Nengo's operators do, one rounding at a time.
"""

from __future__ import annotations

import numpy as np

from deploy.compiling.jit import HAVE_NUMBA, jit

if HAVE_NUMBA:
    from numba import carray, types
    from numba.extending import intrinsic

    @intrinsic
    def _float_pointer(typingctx, address):
        signature = types.CPointer(types.float64)(types.int64)

        def generate(context, builder, sig, args):
            return builder.inttoptr(args[0], context.get_value_type(sig.return_type))

        return signature, generate

    @intrinsic
    def _int_pointer(typingctx, address):
        signature = types.CPointer(types.int64)(types.int64)

        def generate(context, builder, sig, args):
            return builder.inttoptr(args[0], context.get_value_type(sig.return_type))

        return signature, generate

    @jit
    def _floats(address, n):
        return carray(_float_pointer(address), (n,))

    @jit
    def _ints(address, n):
        return carray(_int_pointer(address), (n,))


# columns of ``codes``
KIND, SIZE, A, B, C, D = range(6)
COLUMNS = 6
CONSTANTS = 6  # columns of ``floats``

(TIME, RESET, COPY, ADD, MULTIPLY_ADD, LOWPASS, SCALE, RELU, RECORD, RECEIVE, LIF) = range(11)


@jit
def run_operators(codes, floats, first, last, row):
    """Run operators ``first`` to ``last`` of the table.

    Parameters
    ----------
    codes : (n, 6) ndarray of int64
        Kind, size, and up to four addresses or strides.
    floats : (n, 4) ndarray of float64
        The operators' constants.
    first, last : int
    row : int
        The step in its batch, for `RECORD` and `RECEIVE`.
    """
    for op in range(first, last):
        kind, n = codes[op, KIND], codes[op, SIZE]
        if kind == RESET:
            y = _floats(codes[op, A], n)
            y[:] = floats[op, 0]
        elif kind == COPY:
            y, x = _floats(codes[op, A], n), _floats(codes[op, B], n)
            for i in range(n):
                y[i] = x[i]
        elif kind == ADD:
            y, x = _floats(codes[op, A], n), _floats(codes[op, B], n)
            for i in range(n):
                y[i] += x[i]
        elif kind == MULTIPLY_ADD:
            # a factor that is one value has stride 0, the other 1
            y, a, x = _floats(codes[op, A], n), _floats(codes[op, B], n), _floats(codes[op, C], n)
            da, dx = codes[op, D] & 1, codes[op, D] >> 1
            for i in range(n):
                y[i] += a[i * da] * x[i * dx]
        elif kind == LOWPASS:
            y, x, u = _floats(codes[op, A], n), _floats(codes[op, B], n), _floats(codes[op, C], n)
            for i in range(n):
                x[i] = x[i] * floats[op, 0] + floats[op, 1] * u[i]
                y[i] = x[i]
        elif kind == SCALE:
            y, u = _floats(codes[op, A], n), _floats(codes[op, B], n)
            for i in range(n):
                y[i] = floats[op, 0] * u[i]
        elif kind == TIME:
            steps, time = _ints(codes[op, A], 1), _floats(codes[op, B], 1)
            steps[0] += 1
            time[0] = steps[0] * floats[op, 0]
        elif kind == RELU:
            j, out, v = _floats(codes[op, A], n), _floats(codes[op, B], n), _floats(codes[op, C], n)
            for i in range(n):
                voltage = v[i] + max(j[i], 0.0) * floats[op, 0]
                spikes = np.floor(voltage)
                out[i] = floats[op, 1] * spikes
                v[i] = voltage - spikes
        elif kind == RECORD:  # B: rows of n values
            x, kept = _floats(codes[op, A], n), _floats(codes[op, B] + 8 * n * row, n)
            for i in range(n):
                kept[i] = x[i]
        elif kind == RECEIVE:
            y, sent = _floats(codes[op, A], n), _floats(codes[op, B] + 8 * n * row, n)
            for i in range(n):
                y[i] = sent[i]


# `nengo.LIF.step` in three parts, as expm1 and log1p have to be NumPy's: those of other
# libraries differ in the last bit. ``floats``: dt, 1/dt times the amplitude, τ_RC, τ_ref,
# the least voltage, and expm1(−dt/τ_RC).


@jit
def lif_decay(codes, floats, first, last, arguments):
    """How much of the step each neuron has; gives the arguments of expm1.

    Only neurons that come out of refractoriness within the step need one: the others
    have all of it or nothing.
    """
    used = 0
    for op in range(first, last):
        n = codes[op, SIZE]
        refractory = _floats(codes[op, D], n)
        dt, tau_rc = floats[op, 0], floats[op, 2]
        for i in range(n):
            refractory[i] -= dt
            delta = min(max(dt - refractory[i], 0.0), dt)
            if 0.0 < delta < dt:
                arguments[used] = -delta / tau_rc
                used += 1
    return used


@jit
def lif_spike(codes, floats, first, last, decays, arguments):
    """Voltages and spikes; gives the arguments of log1p, one a spike."""
    used = spiked = 0
    for op in range(first, last):
        n = codes[op, SIZE]
        j, out, v = _floats(codes[op, A], n), _floats(codes[op, B], n), _floats(codes[op, C], n)
        refractory = _floats(codes[op, D], n)
        dt, height, least, whole = floats[op, 0], floats[op, 1], floats[op, 4], floats[op, 5]
        for i in range(n):
            delta = min(max(dt - refractory[i], 0.0), dt)
            decay = whole
            if delta == 0.0:
                decay = -0.0
            elif delta < dt:
                decay = decays[used]
                used += 1
            voltage = v[i] - (j[i] - v[i]) * decay
            if voltage > 1:
                out[i] = height
                arguments[spiked] = -(voltage - 1) / (j[i] - 1)
                spiked += 1
                v[i] = 0.0
            else:
                out[i] = 0.0
                v[i] = least if voltage < least else voltage
    return spiked


@jit
def lif_refract(codes, floats, first, last, logarithms):
    """Refractory times of the neurons that spiked, from when in the step they did."""
    used = 0
    for op in range(first, last):
        n = codes[op, SIZE]
        out, refractory = _floats(codes[op, B], n), _floats(codes[op, D], n)
        dt, tau_rc, tau_ref = floats[op, 0], floats[op, 2], floats[op, 3]
        for i in range(n):
            if out[i] != 0.0:
                refractory[i] = tau_ref + (dt + tau_rc * logarithms[used])
                used += 1


@jit
def collect_spikes(
    addresses, sizes, units, most, room, fade, waiting, extremes, row, events, event_start
):
    """The host's spikes of this step, for the chip's next.

    Parameters
    ----------
    addresses, sizes : (n_inputs,) ndarray of int64
        Signals whose values that are not zero are spikes.
    units, most : (n_inputs,) ndarray of float64 and of int64
        As of `deploy.nengo_loihi.run.input_spikes.unit_of`.
    room : (n_inputs,) ndarray of int64
        How many spikes of a neuron may wait for the next step.
    fade : (n_inputs,) ndarray of float64
        What is left of one that waits, a step later.
    waiting : (n_neurons,) ndarray of float64
        Those that do, of all inputs' neurons.
    extremes : (n_inputs, 4) ndarray of float64
        The most spikes that were asked for in a step, that waited, and that were cut; and the
        squares of what waited, added up.
    row : int
        Step in the batch; its spikes go into row ``row + 1`` of the events.
    events, event_start
        As for `deploy.emulator.engine.Engine.advance_row`.

    Returns
    -------
    bool
        Whether the events had room for them; nothing is done if they had not.
    """
    n_inputs = len(sizes)
    at, first = event_start[(row + 1) * n_inputs], 0
    if len(events) - at < (sizes * most).sum():
        needed = 0
        for k in range(n_inputs):
            values = _floats(addresses[k], sizes[k])
            for i in range(sizes[k]):
                if values[i] != 0.0 or waiting[first + i]:
                    asked = waiting[first + i] + np.rint(abs(values[i]) / units[k])
                    needed += min(np.int64(max(np.rint(asked), 1.0)), most[k])
            first += sizes[k]
        if len(events) - at < needed:
            return False
        first = 0
    for k in range(n_inputs):
        values = _floats(addresses[k], sizes[k])
        for i in range(sizes[k]):
            if values[i] != 0.0 or waiting[first + i]:
                count = np.int64(0)
                if values[i] != 0.0:
                    count = np.int64(max(np.rint(abs(values[i]) / units[k]), 1.0))
                extremes[k, 0] = max(extremes[k, 0], count)
                total = count + waiting[first + i]
                sent = min(np.int64(np.rint(total)), most[k])
                left = total - sent
                if left < 0.5:
                    left = 0.0
                waits = min(left, float(room[k]))
                waiting[first + i] = waits * fade[k]
                extremes[k, 1] = max(extremes[k, 1], waits)
                extremes[k, 2] = max(extremes[k, 2], left - waits)
                extremes[k, 3] += waits * waits
                for _ in range(sent):
                    events[at] = i
                    at += 1
        first += sizes[k]
        event_start[(row + 1) * n_inputs + k + 1] = at
    return True


@jit
def list_spikes(sent, events, event_start):
    """Spikes of many neurons as events.

    Parameters
    ----------
    sent : (n_lists, n_neurons) ndarray of uint8
        How many each neuron sends, by step, input and sample.
    events : (n_events,) ndarray of int32
    event_start : (n_lists + 1,) ndarray of int64
        As for `deploy.emulator.engine.Engine.advance_row`; are written.
    """
    at = 0
    for k in range(sent.shape[0]):
        event_start[k] = at
        for i in range(sent.shape[1]):
            for _ in range(sent[k, i]):
                events[at] = i
                at += 1
    event_start[sent.shape[0]] = at


@jit
def collect_errors(addresses, first, sizes, scale, total, errors, cut, largest):
    """PES errors of this step, as nengo-loihi's ``scale_pes_errors`` scales them.

    Parameters
    ----------
    addresses, first, sizes : (n_senders,) ndarray of int64
        Signals, where their errors go, and how many there are.
    scale : float
    total : (n_errors,) ndarray of float64
        Scratch.
    errors : (n_errors,) ndarray
        Of the chip.
    cut : (n_errors,) ndarray of int64
        How often each has been cut; is added to.
    largest : (n_errors,) ndarray
        The largest magnitude of each, before it was cut; is raised, by NaN to infinity.
    """
    total[:] = 0.0
    for k in range(len(sizes)):
        values = _floats(addresses[k], sizes[k])
        for i in range(sizes[k]):
            total[first[k] + i] += values[i]
    for i in range(len(total)):
        error = np.rint(scale * total[i])
        largest[i] = np.inf if np.isnan(error) else max(largest[i], abs(error))
        if error > 127:
            error = 127.0
            cut[i] += 1
        elif error < -127:
            error = -127.0
            cut[i] += 1
        errors[i] = error
