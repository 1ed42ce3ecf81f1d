"""State of stepped neurons on the chip, in the units of their equations."""

from __future__ import annotations

from typing import Any, Callable, Tuple

import nengo
import numpy as np

from deploy.nengo_loihi.build.stepped import blocks_of, steady_current
from deploy.nengo_loihi.read.units import by_neuron
from loihi_rules.chip.limits import LOIHI


def of_stepped(model: Any, ens: nengo.Ensemble, probe: Any) -> Tuple[np.ndarray, np.ndarray]:
    """What samples of a probe's voltages or currents are multiplied by, and what is added then.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    ens : nengo.Ensemble
        Of `SteppedNeurons`.
    probe : nengo_loihi.probe.LoihiProbe

    Returns
    -------
    scale, offset : (n_neurons,) ndarray
        See `deploy.nengo_loihi.build.stepped.configure_stepped` for what compartments have.
    """
    neurons: Any = ens.neuron_type
    scale = by_neuron(probe, [1 / _unit(model, block) for block in probe.target])
    added = neurons.v_reset if probe.key == "voltage" else steady_current(neurons)
    added = np.array(np.broadcast_to(added, (ens.n_neurons,)))[probe_part(probe)]
    if probe.key == "voltage":
        shifts = [model.shifts[block] * model.dt for block in probe.target]
        added = added - by_neuron(probe, shifts)
    return scale, added


def probe_part(probe: Any) -> Any:
    """Which neurons of an ensemble a probe has; all, where it has several blocks."""
    return probe.slice[0] if len(probe.target) == 1 else slice(None)


def start_stepped(
    model: Any,
    ens: nengo.Ensemble,
    late: int,
    state: Callable[[Any, str], np.ndarray],
    integer: bool,
    holds: bool = True,
) -> int:
    """Set voltages and currents so that the neurons' first step finds what it begins with.

    That step is the chip's step ``late`` + 1. Before it, voltages that begin at the reset are held
    there, as after a spike, by a refractory time of so many steps. Others begin where biases, and
    nothing else, bring them to what they are to be, as currents do:

        u_{t−1} = u_t / α,    v_{t−1} = (v_t − u_t − bias) / β

    as far as voltages so long before are within the chip's range, and below the threshold. Where
    refractory times cannot be set, voltages that begin at the reset begin where the chip's own
    arithmetic brings them to it.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    ens : nengo.Ensemble
        Of `SteppedNeurons`.
    late : int
        See `loihi_rules.passes.chip.steps_between`.
    state : callable
        As for `deploy.nengo_loihi.read.chip_neurons.ChipNeurons`.
    integer : bool
    holds : bool
        Whether refractory times can be set, as on the emulator; a board is given currents and
        voltages alone.

    Returns
    -------
    int
        How many neurons begin their first step at another voltage than the reset, as nothing that
        they could start from comes to it then.
    """
    neurons: Any = ens.neuron_type
    first = neurons.make_state(ens.n_neurons, rng=np.random.RandomState(0))
    current, voltage = (
        np.broadcast_to(values, (ens.n_neurons,))
        for values in (
            first["current"] - steady_current(neurons),
            first["voltage"] - neurons.v_reset,
        )
    )
    blocks, n_other = blocks_of(model, ens), 0
    for block in blocks:
        part = model.block_comp_map[block] if len(blocks) > 1 else np.arange(ens.n_neurons)
        unit = _unit(model, block)
        u, v = current[part] * unit, voltage[part] * unit
        held = v == 0
        for _ in range(late):
            u, v = _step_before(block.compartment, u, v, integer)
        if integer:
            u, v = np.rint(u), np.rint(v)
        if holds:
            v = np.where(held, 0.0, v)
            state(block, "ref_count")[...] = np.where(held, late, 0)
        else:
            before, comes = _before_the_reset(block.compartment, u, late)
            v = np.where(held & comes, before, v)
            n_other += int(np.count_nonzero(held & ~comes))
        state(block, "current")[...] = u
        state(block, "voltage")[...] = v
    return n_other


def _step_before(
    compartment: Any, u: np.ndarray, v: np.ndarray, integer: bool
) -> Tuple[np.ndarray, np.ndarray]:
    """Current and voltage a step before these, where no spikes arrive."""
    one = 2**LOIHI.decay_bits if integer else 1
    of_u = 1 - (compartment.decay_u + integer) / one  # 1 is added on the chip
    of_v = 1 - compartment.decay_v / one
    most_u, most_v = (2.0**bits - 1 for bits in (LOIHI.current_bits, LOIHI.voltage_bits))
    before_u = np.divide(u, of_u, out=np.zeros(len(u)), where=of_u > 0).clip(-most_u, most_u)
    left = v - u - compartment.bias
    before_v = np.divide(left, of_v, out=np.zeros(len(v)), where=of_v > 0)
    return before_u, before_v.clip(-most_v, np.minimum(compartment.vth, most_v))


def _before_the_reset(compartment: Any, u: np.ndarray, late: int) -> Tuple[np.ndarray, np.ndarray]:
    """Voltages that are 0 after so many steps in which no spikes arrive, by the chip's integers.

    Parameters
    ----------
    compartment : nengo_loihi.block.Compartment
        Discretised.
    u : (n,) ndarray
        Whole numbers, the currents that they begin with.
    late : int

    Returns
    -------
    v : (n,) ndarray
    comes : (n,) ndarray of bool
        Whether there is such a voltage within the chip's range, and no spike on the way.
    """
    one, most = 2**LOIHI.decay_bits, 2**LOIHI.voltage_bits - 1
    kept_u, kept_v = (
        one - np.asarray(of, np.int64) for of in (compartment.decay_u + 1, compartment.decay_v)
    )
    bias, threshold = (np.asarray(of, np.int64) for of in (compartment.bias, compartment.vth))
    drives, current = [], u.astype(np.int64)
    for _ in range(late):
        current = np.sign(current) * (np.abs(current) * kept_u >> LOIHI.decay_bits)
        drives.append(current + bias)
    v, comes = np.zeros(len(u), np.int64), np.ones(len(u), bool)
    for drive in reversed(drives):
        comes &= (v <= threshold) & (v >= compartment.vmin) & (v <= compartment.vmax)
        left = np.where(comes, v - drive, 0)
        comes &= (kept_v > 0) | (left == 0)
        # the least size of which kept_v / 2^12, rounded down, is what is left
        v = np.sign(left) * -(-np.abs(left) * one // np.maximum(kept_v, 1))
        comes &= np.abs(v) <= most
    return v, comes


def _unit(model: Any, block: Any) -> np.ndarray:
    """(n,) what stands for 1 in each compartment."""
    now, before = block.compartment.vth.astype(float), model.spans[block]
    with np.errstate(invalid="ignore"):
        factor = np.where(np.isinf(now), 1.0, now / before)
    return np.asarray(factor / model.dt)
