"""A built nengo-loihi model as flat arrays, once.

nengo-loihi keeps a Python object a block, a synapse group, an axon and a spike. Here
compartments stand one behind the other in vectors, synaptic weights in rows of one
long array, and each axon group is a table from source compartment to row.

    source compartment ──group──▶ row ──▶ weights[start : start + length]
                                      └─▶ targets: a run of compartments, or indices
"""

from __future__ import annotations

from typing import NamedTuple, Tuple

import numpy as np

from deploy.emulator.silicon import Silicon


class Compartments(NamedTuple):
    """Parameters of every compartment, (n,) each; integers or float32.

    ``decay_u``, ``decay_v``, ``scale_u``, ``scale_v``, ``vth``, ``vmin``, ``vmax``,
    ``bias``, ``ref`` as in nengo-loihi's ``CompartmentState``; ``noise_mult`` (float64 or
    float32), ``noise_offset`` and ``noise_on_u`` (True: added to u2, not to q0).
    """

    decay_u: np.ndarray
    decay_v: np.ndarray
    scale_u: np.ndarray
    scale_v: np.ndarray
    vth: np.ndarray
    vmin: np.ndarray
    vmax: np.ndarray
    bias: np.ndarray
    ref: np.ndarray
    noise_mult: np.ndarray
    noise_offset: np.ndarray
    noise_on_u: np.ndarray


class Rows(NamedTuple):
    """Rows of synaptic weights: what one axon (and atom) adds to its targets.

    Attributes
    ----------
    weights : (n_weights,) ndarray
        The smallest type that is exact; multiply by ``scale``.
    start, length : (n_rows,) ndarray
        Where a row is in ``weights``.
    targets : (n_targets,) ndarray of uint16, or of int32 if a core were that large
        Compartments of the rows that are not runs, relative to the row's base.
    target_start : (n_rows,) ndarray
        Where a row's targets are in ``targets``; −1 where they are 0, 1, 2, ….
    scale : (n_rows,) ndarray
        Factor of the row's weights.
    """

    weights: np.ndarray
    start: np.ndarray
    length: np.ndarray
    targets: np.ndarray
    target_start: np.ndarray
    scale: np.ndarray


class Groups(NamedTuple):
    """Axon groups, ordered as nengo-loihi adds up: by synapse, inputs before blocks.

    Attributes
    ----------
    source : (n_groups,) ndarray
        Index of the source: an input, or ``n_inputs`` plus a block.
    table : (n_groups,) ndarray
        Where a group's table starts in ``row``, ``base`` and ``axon``.
    synapse : (n_groups,) ndarray
        Index of the learning synapse that it feeds; −1 if that does not learn.
    run_length, run_base : (n_groups,) ndarray of int64
        Of a group all of whose rows are runs of the same compartments: how many, and
        the first. Length 0 for other groups.
    run_scale : (n_groups,) ndarray
        Factor of those rows.
    run_start : (n_entries,) ndarray of int64
        Where in the weights such a row starts; −1 for none.
    row, base, axon : (n_entries,) ndarray
        By source compartment: row (−1 for none), first target compartment, and axon
        of a learning synapse.
    """

    source: np.ndarray
    table: np.ndarray
    synapse: np.ndarray
    run_length: np.ndarray
    run_base: np.ndarray
    run_scale: np.ndarray
    run_start: np.ndarray
    row: np.ndarray
    base: np.ndarray
    axon: np.ndarray


class Learning(NamedTuple):
    """Synapse groups that learn, (n_learning,) each.

    Attributes
    ----------
    first_row, n_axons, width : ndarray of int64
        The rows of its axons; ``width`` weights a row.
    trace_start, error_start : ndarray of int64
        Where its traces and its errors (``n_errors``) are.
    n_errors : ndarray of int64
    train_epoch, learn_epoch : ndarray of int64
        Steps between two updates of traces and of weights.
    tau, decay, mag, rate : ndarray of float64
        Time constant of a trace in steps, its decay in one epoch, its increment by a spike, and
        the float engine's learning rate.
    lr_int, lr_exp, wgt_exp, shift_bits : ndarray of int64
        Of the integer engine's update.
    wide_trace, wide_rate : ndarray of bool
        Whether NumPy computes the float engine's traces and weight changes in
        double precision before it rounds: NumPy 2 does so where a factor is a
        NumPy scalar, NumPy 1 does not.
    """

    first_row: np.ndarray
    n_axons: np.ndarray
    width: np.ndarray
    trace_start: np.ndarray
    error_start: np.ndarray
    n_errors: np.ndarray
    train_epoch: np.ndarray
    learn_epoch: np.ndarray
    tau: np.ndarray
    decay: np.ndarray
    mag: np.ndarray
    rate: np.ndarray
    lr_int: np.ndarray
    lr_exp: np.ndarray
    wgt_exp: np.ndarray
    shift_bits: np.ndarray
    wide_trace: np.ndarray
    wide_rate: np.ndarray


class Modes(NamedTuple):
    """What silicon does otherwise as it steps; see `deploy.emulator.silicon`.

    Other numbers than the emulator's are in `Learning`: ``lr_exp``, ``decay``, ``train_epoch``.

    Attributes
    ----------
    late_errors : bool
        An error acts in the step after its own.
    one_draw : bool
        All traces of a synapse group round by one random number, and all its weights.
    counts_in_voltage : bool
        What is recorded of a refractory compartment's voltage is the count that its register holds.
    noise_apart : bool
        Noise comes from a generator of its own.
    wraps_voltage : bool
        A voltage wraps beyond 23 bits before it is cut.
    """

    late_errors: bool = False
    one_draw: bool = False
    counts_in_voltage: bool = False
    noise_apart: bool = False
    wraps_voltage: bool = False


class Layout(NamedTuple):
    """All of a model that does not change while it runs, and its first weights.

    Attributes
    ----------
    integer : bool
        Whether this is the chip's arithmetic, or float32.
    block_start : (n_blocks + 1,) ndarray
        First compartment of each block.
    n_inputs : int
    compartments, rows, groups, learning
        See there. Rows of learning synapses are in ``learned`` instead.
    learned : (n,) ndarray of int32 or float32
        Weights that change; ``rows.start`` of their rows points here.
    has_noise : bool
    modes : Modes
    """

    integer: bool
    block_start: np.ndarray
    n_inputs: int
    compartments: Compartments
    rows: Rows
    groups: Groups
    learning: Learning
    learned: np.ndarray
    has_noise: bool
    modes: Modes

    @property
    def n_compartments(self) -> int:
        return int(self.block_start[-1])


def trace_decay(tau: float, train_epoch: int, kind: str) -> Tuple[int, float]:
    """Steps between two decays of a trace, and what is left of it by one.

    Parameters
    ----------
    tau : float
        Its time constant, in steps.
    train_epoch : int
        Steps of an epoch.
    kind : str
        Of silicon's ``trace-decay``.
    """
    every = train_epoch if kind == "epoch" else 1
    return every, max(0.0, 1 - 1 / tau) if kind == "linear" else float(np.exp(-every / tau))


def with_silicon(layout: Layout, silicon: Silicon) -> Layout:
    """A layout as `deploy.nengo_loihi.run.flatten.lay_out` has it, on other silicon."""
    own = layout.learning
    decays = [
        trace_decay(tau, epoch, silicon.trace_decay)
        for tau, epoch in zip(own.tau.tolist(), own.train_epoch.tolist())
    ]
    epochs, decay = zip(*decays) if decays else ((), ())
    shift = int(silicon.learning_shift) if layout.integer else 0
    return layout._replace(
        learning=own._replace(
            train_epoch=np.array(epochs, np.int64),
            decay=np.array(decay, np.float64),
            lr_exp=own.lr_exp + shift,
        ),
        modes=Modes(
            late_errors=silicon.error == "next-step",
            one_draw=silicon.random_numbers == "core",
            counts_in_voltage=silicon.refractory_voltage == "count",
            noise_apart=silicon.noise == "unseeded",
            wraps_voltage=silicon.voltage_width == "23",
        ),
    )
