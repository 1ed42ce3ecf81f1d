"""Connections between neurons: weights, sparse ones, convolutions, stacks of layers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, List, Optional

import nengo
import numpy as np

from benchmarks.fidelity.cell import Cell, Recording
from benchmarks.fidelity.figures import rates_error


def rate_response(neuron_type: nengo.neurons.NeuronType, current: np.ndarray) -> np.ndarray:
    """(n,) rates in Hz of n neurons at their currents."""
    return np.ravel(neuron_type.rates(np.ones(1), current, np.zeros_like(current)))


def stack(
    name: str,
    layers: int = 4,
    neurons: int = 200,
    neuron_type: Optional[nengo.neurons.NeuronType] = None,
    first: float = 60.0,
    bias: float = 0.0,
    scale: float = 1.5,
    layer: int = -1,
    by_neuron: bool = True,
    tau: float = 0.005,
    duration: float = 1.0,
    quick: bool = False,
) -> Cell:
    """Layers joined by random matrices, as He's initialisation draws them.

    The figure: how far the rates by neuron of a layer are off those of the same neurons in Nengo
    core, as a share of their norm; or, ``by_neuron`` being False, the mean rate of the layer.
    """
    kind = neuron_type or nengo.SpikingRectifiedLinear()
    gain = 400.0
    weights = scale * np.sqrt(2.0 / neurons)

    def parts(seed: int) -> Any:
        rng = np.random.RandomState(seed)
        drive = rng.uniform(0, first, neurons)
        matrices = [rng.randn(neurons, neurons) * weights for _ in range(layers - 1)]
        return drive, matrices

    def build(seed: int) -> nengo.Network:
        drive, matrices = parts(seed)
        with nengo.Network(seed=seed) as network:
            network.config[nengo.Ensemble].neuron_type = kind
            populations: List[nengo.Ensemble] = []
            for k in range(layers):
                lifted = np.asarray(kind_bias(kind, drive)) if k == 0 else np.full(neurons, bias)
                gains = np.full(neurons, 1.0 if k == 0 else gain)
                populations.append(nengo.Ensemble(neurons, 1, gain=gains, bias=lifted))
            for a, b, matrix in zip(populations, populations[1:], matrices):
                nengo.Connection(a.neurons, b.neurons, transform=matrix / gain, synapse=tau)
            for k, population in enumerate(populations):
                nengo.Probe(population.neurons, label=f"layer {k}")
        return network

    def figure(run: Recording) -> float:
        label = f"layer {layer % layers}"
        found = run.rates(label, since=0.2)
        if not by_neuron:
            return float(np.mean(found))
        network = build(run.seed)
        probe = next(p for p in network.all_probes if p.label == label)
        with nengo.Simulator(network, progress_bar=False) as sim:
            sim.run(duration)
            return rates_error(np.mean(sim.data[probe][int(0.2 / run.dt) :], axis=0), found)

    unit, better = ("rates, off the CPU's by", "lower") if by_neuron else ("mean rate, Hz", "same")
    return Cell(f"neurons/{name}", build, figure, duration, unit, better, quick=quick)


def kind_bias(kind: nengo.neurons.NeuronType, rates: np.ndarray) -> np.ndarray:
    """Currents at which neurons of gain 1 fire at these rates."""
    if isinstance(kind, nengo.LIF):
        silent = rates <= 1.0
        safe = np.where(silent, 1.0, rates)
        current = 1.0 / (1 - np.exp((kind.tau_ref - 1.0 / safe) / kind.tau_rc))
        return np.where(silent, 0.0, current)
    return np.asarray(rates, dtype=float)


def joined(name: str, weight: float, neurons: int = 40, duration: float = 1.0) -> Cell:
    """Each neuron drives one other by this weight: mean rate of those in Hz."""

    def build(seed: int) -> nengo.Network:
        rng = np.random.RandomState(seed)
        with nengo.Network(seed=seed) as network:
            one = np.ones(neurons)
            a = nengo.Ensemble(neurons, 1, gain=one, bias=rng.uniform(1.2, 3.0, neurons))
            b = nengo.Ensemble(neurons, 1, gain=one, bias=0 * one)
            nengo.Connection(a.neurons, b.neurons, transform=weight * np.eye(neurons))
            nengo.Probe(b.neurons, label="output")
        return network

    def figure(run: Recording) -> float:
        return float(np.mean(run.rates("output")))

    return Cell(f"neurons/{name}", build, figure, duration, "mean rate, Hz", "same")


def closed(
    name: str, neuron_type: nengo.neurons.NeuronType, neurons: int = 100, duration: float = 1.2
) -> Cell:
    """Random weights from a population to itself, which make its currents fluctuate.

    The figure: by how much the mean rate is off that of the same neurons in Nengo core.
    """
    leaky = isinstance(neuron_type, nengo.LIF)

    def build(seed: int) -> nengo.Network:
        rng = np.random.RandomState(seed)
        bias = rng.uniform(1.1, 3.0, neurons) if leaky else rng.uniform(20, 120, neurons)
        weights = rng.randn(neurons, neurons) * (0.09 if leaky else 0.75) / np.sqrt(neurons)
        with nengo.Network(seed=seed) as network:
            ens = nengo.Ensemble(
                neurons, 1, neuron_type=neuron_type, gain=np.ones(neurons), bias=bias
            )
            nengo.Connection(ens.neurons, ens.neurons, transform=weights, synapse=0.005)
            nengo.Probe(ens.neurons, label="output")
        return network

    def figure(run: Recording) -> float:
        found = run.rates("output", since=0.3)
        with nengo.Simulator(build(run.seed), dt=run.dt, progress_bar=False) as sim:
            sim.run(duration, progress_bar=False)
            probe = next(p for p in sim.data if isinstance(p, nengo.Probe))
            wanted = float(np.mean(sim.data[probe][int(0.3 / run.dt) :]))
        return float(np.mean(found)) / wanted - 1

    return Cell(f"neurons/{name}", build, figure, duration, "mean rate, off by", "same", slack=0.05)


def sparse(name: str, neurons: int = 2000, fan_in: int = 10, duration: float = 1.0) -> Cell:
    """Sparse excitation and inhibition of one population by another: rates by neuron."""

    def parts(seed: int) -> Any:
        rng = np.random.RandomState(seed)
        near = np.stack([rng.permutation(4 * fan_in)[:fan_in] for _ in range(neurons)])
        sources = (np.arange(neurons)[:, None] + near) % neurons
        rows = np.repeat(np.arange(neurons), fan_in)
        weights = rng.uniform(-1, 2, rows.size) * 0.3 / fan_in / 50
        bias = rng.uniform(1.1, 3.0, neurons)
        return np.stack([rows, sources.ravel()], axis=1), weights, bias

    def build(seed: int) -> nengo.Network:
        indices, weights, bias = parts(seed)
        with nengo.Network(seed=seed) as network:
            one = np.ones(neurons)
            a = nengo.Ensemble(neurons, 1, gain=one, bias=bias)
            b = nengo.Ensemble(neurons, 1, gain=one, bias=1.2 * one)
            transform = nengo.Sparse((neurons, neurons), indices, weights)
            nengo.Connection(a.neurons, b.neurons, transform=transform, synapse=0.02)
            nengo.Probe(b.neurons, label="output")
        return network

    def figure(run: Recording) -> float:
        indices, weights, bias = parts(run.seed)
        lif = nengo.LIF()
        current = np.full(neurons, 1.2)
        np.add.at(current, indices[:, 0], weights * rate_response(lif, bias)[indices[:, 1]])
        return rates_error(rate_response(lif, current), run.rates("output", since=0.2))

    return Cell(f"neurons/{name}", build, figure, duration, "rates, off by")


def empty(name: str) -> Cell:
    """A sparse transform without an entry: rates as if it were not there."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            one = np.ones(20)
            a = nengo.Ensemble(20, 1, gain=one, bias=2 * one)
            b = nengo.Ensemble(20, 1, gain=one, bias=1.5 * one)
            nothing = nengo.Sparse((20, 20), indices=np.zeros((0, 2), int), init=np.zeros(0))
            nengo.Connection(a.neurons, b.neurons, transform=nothing)
            nengo.Probe(b.neurons, label="output")
        return network

    def figure(run: Recording) -> float:
        return float(np.mean(run.rates("output", since=0.1)))

    one_spike = 1 / (2.1 - 0.1)  # all are in phase on the chip, so that their mean is no finer
    return Cell(f"neurons/{name}", build, figure, 2.1, "mean rate, Hz", "same", slack=one_spike)


def from_file(name: str, duration: float = 0.5) -> Cell:
    """Events of a camera's file, on the chip from the start: mean rate of what they drive."""
    events = 40

    def build(seed: int) -> nengo.Network:
        import nengo_loihi

        rng = np.random.RandomState(0)
        path = Path(tempfile.gettempdir()) / "fidelity.events"
        steps = np.sort(rng.uniform(0, 1e6 * duration, events * 64)).astype(int)
        recorded = [
            (k % 8, k // 8 % 8, 0, 0, t) for k, t in zip(rng.randint(0, 64, steps.size), steps)
        ]
        written = nengo_loihi.dvs.DVSEvents()
        written.init_events(event_data=recorded)
        written.write_file(str(path))
        with nengo.Network(seed=seed) as network:
            camera = nengo_loihi.dvs.DVSFileChipProcess(
                str(path), dvs_height=8, dvs_width=8, channels_last=True
            )
            pixels = nengo.Node(camera)
            n = camera.size
            seen = nengo.Ensemble(n, 1, gain=np.ones(n), bias=np.zeros(n),
                                  neuron_type=nengo.SpikingRectifiedLinear())  # fmt: skip
            nengo.Connection(pixels, seen.neurons, transform=1.0, synapse=0.01)
            nengo.Probe(seen.neurons, label="output")
        return network

    def figure(run: Recording) -> float:
        return float(np.mean(run.rates("output")))

    return Cell(f"neurons/{name}", build, figure, duration, "mean rate, Hz", "same")


def convolutions(
    name: str,
    shape: Any = (28, 28, 1),
    layers: Any = ((2, 1, 1), (6, 3, 2), (24, 3, 2)),
    as_arrays: bool = False,
    rate: float = 150.0,
    layer: int = -1,
    neuron_type: Optional[nengo.neurons.NeuronType] = None,
    duration: float = 0.6,
    quick: bool = False,
) -> Cell:
    """Convolutions one after the other, the first off the chip, as converted networks are.

    Each of ``layers`` is its filters, kernel size and stride. The weights are random; the figure
    is by how much the mean rate of a layer differs from that of the same rate neurons.
    """

    def build(seed: int, rates: bool = False) -> nengo.Network:
        rng = np.random.RandomState(seed)
        kind = neuron_type or nengo.SpikingRectifiedLinear(amplitude=1.0 / rate)
        if rates:
            kind = nengo.RectifiedLinear(amplitude=1.0 / rate)
        image = np.random.RandomState(1).rand(*shape).ravel()
        with nengo.Network(seed=seed) as network:
            network.config[nengo.Ensemble].set_param(
                "on_chip", nengo.params.Parameter("on_chip", default=None, optional=True)
            )
            network.config[nengo.Ensemble].neuron_type = kind
            if not as_arrays:
                network.config[nengo.Ensemble].max_rates = nengo.dists.Choice([rate])
                network.config[nengo.Ensemble].intercepts = nengo.dists.Choice([0])
            source, before = nengo.Node(image, label="image"), nengo.transforms.ChannelShape(shape)
            for k, (filters, size, stride) in enumerate(layers):
                fan_in = size * size * before.n_channels
                kernel = rng.randn(size, size, before.n_channels, filters) * np.sqrt(2.0 / fan_in)
                conv = nengo.Convolution(
                    filters, before, (size, size), (stride, stride),
                    init=np.abs(kernel) if k == 0 else kernel,
                )  # fmt: skip
                n = conv.output_shape.size
                given = {"gain": np.full(n, rate), "bias": np.zeros(n)} if as_arrays else {}
                after = nengo.Ensemble(n, 1, label=f"layer {k}", **given)
                if k == 0:
                    network.config[after].on_chip = False
                nengo.Connection(
                    source, after.neurons, transform=conv, synapse=None if k == 0 else 0.005
                )
                nengo.Probe(after.neurons, label=f"layer {k}")
                source, before = after.neurons, conv.output_shape
        return network

    def figure(run: Recording) -> float:
        with nengo.Simulator(build(run.seed, rates=True), progress_bar=False) as sim:
            sim.run(0.1)
            label = f"layer {layer % len(layers)}"
            probe = next(p for p in sim.data if getattr(p, "label", None) == label
                         and isinstance(p, nengo.Probe))  # fmt: skip
            wanted = float(np.mean(sim.data[probe][-1]))
        return float(np.mean(run.rates(label, since=0.1))) / wanted - 1

    return Cell(f"convolution/{name}", build, figure, duration, "mean rate, off by", "same",
                quick=quick)  # fmt: skip
