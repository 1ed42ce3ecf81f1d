"""Pilot runs of neurons, compiled: with the bits of NumPy's, one rounding at a time.

`loihi_rules.pilots.steps` has the same in NumPy, and the equations.
"""

from __future__ import annotations

import numpy as np

from deploy.compiling.jit import jit


@jit
def chip_steps(given, gain, bias, first, leak, share, refractory, n_steps, settled, counts, each):
    """Step the chip's neurons, run by run and stimulus by stimulus. Arrays are flat.

    Parameters
    ----------
    given : (n_steps * n_stimuli * n_neurons,) ndarray of float32
        Before gain and bias; of one step alone, where it is held.
    gain, bias : (n_runs * n_neurons,) ndarray of float32
    first : (n_stimuli * n_neurons,) ndarray of float32
        Voltages to begin with.
    leak, share : float32
        1 of neurons that leak, else 0; of what is missing, or of the current, what a step adds.
    refractory : (n_neurons,) ndarray of float32
        Steps.
    n_steps, settled : int
        From which step on spikes are counted.
    counts : (n_runs * n_stimuli * n_neurons,) ndarray of float32
        Of spikes; is added to. If ``each``, those of each step, one after the other, of one run.
    each : bool
    """
    none, one = np.float32(0), np.float32(1)
    size = len(first)
    step, further = size if len(given) > size else 0, size if each else 0
    n_counts = len(counts) // n_steps if each else len(counts)
    n = len(gain) * size // n_counts
    voltage, rest = np.empty(n, np.float32), np.empty(n, np.float32)
    for start in range(0, n_counts, n):  # of a run and a stimulus
        stimulus, own = start % size, start // size * n
        begun, g, b = first[stimulus : stimulus + n], gain[own : own + n], bias[own : own + n]
        for i in range(n):
            voltage[i], rest[i] = begun[i], none
        for t in range(n_steps):
            at, to = t * step + stimulus, t * further + start
            x, count = given[at : at + n], counts[to : to + n]
            tally = one if t >= settled else none
            for i in range(n):
                new = g[i] * x[i] + b[i]
                new = voltage[i] + share * (new - leak * voltage[i])
                new = none if new < none else new
                left = rest[i]
                new = none if left > none else new
                left = left - one
                left = none if left < none else left
                fires = new > one
                rest[i] = refractory[i] if fires else left
                voltage[i] = none if fires else new
                count[i] += tally if fires else none


@jit
def lif_step(current, voltage, resting, dt, tau_rc, whole, least, late, arguments, fires, logs):
    """The first part of a step of `nengo.LIF`; expm1 and log1p have to be NumPy's.

    Parameters
    ----------
    current, voltage, resting : (n,) ndarray of float64
        J, and the neurons' state, which is written.
    dt, tau_rc, whole, least : float
        Seconds, expm1(−dt/τ_RC), and the least voltage.
    late : (n,) ndarray of int64
        Is given which neurons have a part of the step, for `lif_parts`.
    arguments : (n,) ndarray of float64
        Is given theirs, of expm1.
    fires : (n,) ndarray of int64
        Is given which neurons fire.
    logs : (n,) ndarray of float64
        Is given their arguments of log1p.

    Returns
    -------
    n_late, n_fires : int
    """
    for i in range(len(current)):  # without a branch, several neurons at once
        resting[i] -= dt
        part, v = dt - resting[i], voltage[i]
        new = v - (current[i] - v) * (whole if part >= dt else -0.0)
        new = least if new < least else new
        voltage[i] = v if (part > 0.0) & (part < dt) else new
    n_late = n_fires = 0
    for i in range(len(current)):  # nor with one, which the processor could not foresee
        part = dt - resting[i]
        is_late = (part > 0.0) & (part < dt)
        late[n_late] = fires[n_fires] = i
        n_late += 1 if is_late else 0
        n_fires += 1 if (voltage[i] > 1) & (not is_late) else 0
    for k in range(n_late):
        arguments[k] = -(dt - resting[late[k]]) / tau_rc
    for k in range(n_fires):
        i = fires[k]
        logs[k] = -(voltage[i] - 1) / (current[i] - 1)
        voltage[i] = 0.0
    return n_late, n_fires


@jit
def lif_parts(current, voltage, least, late, decays, fires, logs, n_fires):
    """The neurons that have a part of the step; gives how many fire in all."""
    for k in range(len(late)):
        i = late[k]
        v = voltage[i] - (current[i] - voltage[i]) * decays[k]
        if v > 1:
            fires[n_fires], logs[n_fires] = i, -(v - 1) / (current[i] - 1)
            n_fires += 1
            v = 0.0
        elif v < least:
            v = least
        voltage[i] = v
    return n_fires


@jit
def lif_fired(output, height, resting, fires, logarithms, dt, tau_rc, tau_ref):
    """Spikes, and from when on those that fire rest."""
    for k in range(len(fires)):
        i = fires[k]
        output[i] = height
        resting[i] = tau_ref + (dt + tau_rc * logarithms[k])


@jit
def lowpass(signal, a, b, filtered):
    """x ← a x + b u, from 0, in float64.

    Parameters
    ----------
    signal : (n_steps, n) ndarray of float32
    a, b : float
    filtered : (n_steps, n) ndarray of float32
        Is written.
    """
    x = np.zeros(signal.shape[1])
    for t in range(len(signal)):
        for i in range(len(x)):
            x[i] = x[i] * a + b * signal[t, i]
            filtered[t, i] = x[i]
