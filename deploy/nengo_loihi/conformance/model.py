"""An experiment as a built model of nengo-loihi's: its blocks, written by hand."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from deploy.nengo_loihi.conformance.experiment import Core, Experiment, Synapses
from deploy.nengo_loihi.load import load_nengo_loihi

THRESHOLD_UNIT = 64
DT = 0.001


class Built(NamedTuple):
    """An experiment's model, and where things are in it.

    Attributes
    ----------
    model : nengo_loihi.builder.Model
    blocks : list of LoihiBlock
        By core.
    probes : dict of (int, str) to LoihiProbe
        By core and key.
    spike_input : SpikeInput or None
    learning : dict of int to nengo_loihi.block.Synapse
        By core.
    """

    model: Any
    blocks: List[Any]
    probes: Dict[Tuple[int, str], Any]
    spike_input: Any
    learning: Dict[int, Any]


class _Receiver:
    """Stands for what the host's spikes come to in a model that was built of a network."""


def build(experiment: Experiment) -> Built:
    """The model of an experiment, whose inputs know their spikes unless the host sends them."""
    nengo_loihi = load_nengo_loihi()
    model = nengo_loihi.builder.Model(dt=DT, label=experiment.name)
    blocks = [_block(nengo_loihi, core) for core in experiment.cores]
    for block in blocks:
        model.add_block(block)
    spike_input: Any = None
    if experiment.n_inputs:
        spike_input = nengo_loihi.inputs.SpikeInput(experiment.n_inputs, label="inputs")
        model.add_input(spike_input)
        if experiment.by_host:
            receiver = _Receiver()
            model.host2chip_senders[receiver] = receiver
            model.spike_targets[receiver] = spike_input
        else:
            for step, inputs in experiment.spikes.items():
                spike_input.add_spikes(step, list(inputs), permanent=True)
    learning = {}
    for k, (core, block) in enumerate(zip(experiment.cores, blocks)):
        for own in core.synapses:
            synapse = _synapse(nengo_loihi, own)
            block.add_synapse(synapse)
            source = spike_input if own.source is None else blocks[own.source]
            n = experiment.n_inputs if own.source is None else blocks[own.source].n_neurons
            source.add_axon(_axon(nengo_loihi, own, synapse, n))
            if own.trace is not None:
                learning[k] = synapse
    probes = {}
    for k, (core, block) in enumerate(zip(experiment.cores, blocks)):
        for key in core.keys:
            probes[k, key] = nengo_loihi.probe.LoihiProbe(target=block, key=key)
            model.add_probe(probes[k, key])
    return Built(model, blocks, probes, spike_input, learning)


def _block(nengo_loihi: Any, core: Core) -> Any:
    block = nengo_loihi.block.LoihiBlock(len(core.compartments), label=core.name)
    own = block.compartment
    columns = {name: np.array(of) for name, of in zip(*_columns(core))}
    for name in ("decay_u", "decay_v", "bias"):
        setattr(own, name, columns[name].astype(np.int32))
    own.vth = (columns["threshold"] * THRESHOLD_UNIT).astype(np.int32)
    own.refract_delay = columns["refractory"].astype(np.int32)
    own.enable_noise = columns["is_noisy"].astype(bool)
    own.scale_u = own.scale_v = False
    own.vmin, own.vmax = 1 - 2**core.lowest, 2 ** (9 + 2 * core.highest) - 1
    own.noise_exp, own.noise_offset = core.noise.exponent, core.noise.offset
    own.noise_at_membrane = int(core.noise.at_voltage)
    return block


def _columns(core: Core) -> Tuple[Tuple[str, ...], List[Tuple[Any, ...]]]:
    first = core.compartments[0]
    return first._fields, list(zip(*core.compartments))


def _synapse(nengo_loihi: Any, own: Synapses) -> Any:
    synapse = nengo_loihi.block.Synapse(len(own.mantissa))
    synapse.pop_type = own.kind
    weights = [shifted(of, own.exponent) for of in own.mantissa]
    targets = None
    if own.targets is not None:
        targets = [np.broadcast_to(of, w.shape) for of, w in zip(own.targets, weights)]
    compression = 3 if targets is None and own.kind == 0 else 0
    synapse._set_weights_indices(
        weights, indices=targets, weight_dtype=np.int32, compression=compression
    )
    synapse.axon_compartment_bases = own.bases
    synapse.format(weight_exp=own.exponent, weight_bits=own.weight_bits, fanout_type=own.fanout)
    if own.trace is not None:
        synapse.set_learning(
            tracing_tau=own.trace.tau, tracing_mag=own.trace.increment, wgt_exp=own.exponent
        )
        # nengo_loihi.hardware.builder writes this rule, and no other: dw = u1 x1 y1 2^-7
        synapse._lr_int, synapse._lr_exp = 1, -7
    return synapse


def shifted(mantissa: np.ndarray, exponent: int) -> np.ndarray:
    """(…) weights of mantissas."""
    by = 6 + exponent
    weights: np.ndarray = (np.asarray(mantissa, np.int64) << by).astype(np.int32)
    return weights


def _axon(nengo_loihi: Any, own: Synapses, synapse: Any, n: int) -> Any:
    axon = nengo_loihi.block.Axon(len(own.mantissa))
    axon.target = synapse
    targets, atoms = np.full(n, -1), np.zeros(n, int)
    for sender, (target, atom) in own.senders.items():
        targets[sender], atoms[sender] = target, atom
    axon.set_compartment_axon_map(targets, atoms=atoms)
    return axon
