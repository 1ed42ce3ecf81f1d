"""The estimate of the energy, compared with what was measured on a board.

python benchmarks/energy.py [--rates 10 25 50 100 200] [--copies 1 2]

Blouw et al. 2019 (arXiv 1812.01739) measured a keyword spotter, 390-256-256-29, and the same with
copies of ten hidden layers of 256 neurons between its two, whose weights were random and uniform,
±0.05. What a copy adds is free of the host and of what idles. Here is a network of that shape, with
such weights, on the emulator; which rates its neurons had is not published, so that there is a row
for each rate, set by the neurons' biases. An inference is ten steps, a frame of 10 ms.
"""

from __future__ import annotations

import argparse
from typing import Any, List, NamedTuple, Sequence, Tuple

import nengo
import numpy as np

import deploy
from deploy.emulator.energy import Work

FEATURES, NEURONS, CHARACTERS, LAYERS = 390, 256, 29, 10  # of the published network
WEIGHT = 0.05  # the largest
STEPS = 10  # an inference
NEURON = nengo.LIF(tau_rc=0.02, tau_ref=0.001, amplitude=0.005)  # nengo-loihi's example of it
COPIES = (1, 2, 4, 6, 8, 10)  # at 114 inferences a second; without any there were 126
MEASURED = (682.0, 704.0, 734.0, 768.0, 802.0, 836.0)  # µJ an inference
SPOTTER, A_SECOND, OVERHEAD = 270.0, 296.0, 0.070  # µJ, inferences, W; of the spotter itself


class Added(NamedTuple):
    """What a copy adds to an inference."""

    rate: float  # Hz, mean of its neurons
    spikes: float
    operations: float
    energy: float  # µJ


def spotter(
    copies: int,
    rate: float,
    layers: int = LAYERS,
    neurons: int = NEURONS,
    with_features: bool = False,
    seed: int = 0,
) -> nengo.Network:
    """The published shape; neurons without input fire at the rate, in Hz.

    Features come in as spikes of the host, two hundred times as many as a layer's at 50 Hz: without
    them what a copy adds is not lost in what their spikes differ by from build to build.
    """
    rng = np.random.RandomState(seed)

    def weights(n_out: int, n_in: int) -> np.ndarray:
        return rng.uniform(-WEIGHT, WEIGHT, (n_out, n_in))

    # of the current at which a LIF neuron has the rate, from its equation
    bias = 1 / -np.expm1((NEURON.tau_ref - 1 / rate) / NEURON.tau_rc)
    frames = rng.uniform(-1, 1, (100, FEATURES))
    with nengo.Network(label="keyword spotter", seed=seed) as network:
        network.config[nengo.Connection].synapse = 0.005

        def layer(source: Any, size: int, label: str) -> nengo.ensemble.Neurons:
            ensemble = nengo.Ensemble(
                neurons, 1, neuron_type=NEURON, gain=np.ones(neurons),
                bias=np.full(neurons, bias), label=label,
            )  # fmt: skip
            if source is not None:
                nengo.Connection(source, ensemble.neurons, transform=weights(neurons, size))
            return ensemble.neurons

        features = None
        if with_features:
            features = nengo.Node(lambda t: frames[int(100 * t) % len(frames)], label="features")
        first = layer(features, FEATURES, "first")
        ends: List[nengo.ensemble.Neurons] = []
        for copy in range(copies):
            end = first
            for k in range(layers):
                end = layer(end, neurons, f"copy {copy}, layer {k}")
            ends.append(end)
        last = layer((ends or [first])[0], neurons, "last")
        for end in ends[1:]:
            nengo.Connection(end, last, transform=weights(neurons, neurons))
        characters = nengo.Node(size_in=CHARACTERS, label="characters")
        nengo.Connection(last, characters, transform=weights(CHARACTERS, neurons))
        nengo.Probe(characters)
    return network


def work_of(network: nengo.Network, seconds: float) -> Work:
    record = dict(deploy.run(network, seconds, "emulator").record["work"])
    return Work(**{name: record[name] for name in Work.__dataclass_fields__})


def added(copies: Sequence[int], rate: float, seconds: float, **shape: int) -> Added:
    """By the slope over numbers of copies."""
    works = [work_of(spotter(each, rate, **shape), seconds) for each in copies]
    inferences = works[0].steps / STEPS

    def slope(values: Sequence[float]) -> float:
        return float(np.polyfit(copies, values, 1)[0]) / inferences

    spikes = slope([work.spikes for work in works])
    neurons = slope([work.compartments for work in works]) * inferences
    return Added(
        1000 * spikes / STEPS / neurons,
        spikes,
        slope([work.synaptic_operations for work in works]),
        1e6 * slope([work.energy for work in works]),
    )


def published() -> Tuple[float, float]:
    """µJ that a copy adds to an inference, and the standard error of that slope."""
    (slope, _), covariance = np.polyfit(COPIES, MEASURED, 1, cov=True)
    return float(slope), float(np.sqrt(covariance[0, 0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rates", type=float, nargs="+", default=[10, 25, 50, 100, 200])
    parser.add_argument("--copies", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=0.5)
    asked = parser.parse_args()
    measured, error = published()
    print(
        "| rate without input | mean rate | spikes a copy | synaptic operations a copy "
        "| estimate, a copy | estimate ÷ measured |"
    )
    print("|" + "---|" * 6)
    rows = []
    for rate in asked.rates:
        row = added(asked.copies, rate, asked.seconds)
        rows.append(row)
        print(
            f"| {rate:g} Hz | {row.rate:.0f} Hz | {row.spikes:,.0f} | {row.operations:,.0f} "
            f"| {row.energy:.1f} µJ | {row.energy / measured:.2f} |"
        )
    per_hz, silent = np.polyfit([row.rate for row in rows], [row.energy for row in rows], 1)
    at = [f"{(factor * measured - silent) / per_hz:.0f} Hz" for factor in (1, 0.5, 2)]
    print(
        f"\nMeasured: {measured:.1f} ± {error:.1f} µJ a copy. The estimate is {silent:.2f} µJ and "
        f"{per_hz:.3f} µJ a Hz; it is what was measured at a mean rate of {at[0]}, "
        f"half of it at {at[1]}, and twice at {at[2]}."
    )
    overhead = 1e6 * OVERHEAD / A_SECOND
    wholes = [
        1e6 * STEPS * work.energy / work.steps
        for rate in asked.rates
        for work in [work_of(spotter(0, rate, with_features=True), asked.seconds)]
    ]
    print(
        f"\nThe spotter itself, an inference: measured {SPOTTER:.0f} µJ, of which {overhead:.0f} "
        f"µJ are the 70 mW that a host core takes once it has run; estimated {min(wholes):.0f} "
        f"to {max(wholes):.0f} µJ."
    )


if __name__ == "__main__":
    main()
