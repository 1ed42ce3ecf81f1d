"""Let Oja's rule find features of handwritten digits, and write them for the system `backprop`.

python benchmarks/train_digit_features.py

The training images, twice, 50 ms each, without labels, on the emulator: channels spike on the
chip, a relay hands their spikes to Oja's rule on the host. Neurons that learn inhibit each other,
so that each comes to stand for images that others do not, and those that fire much tire, so that
all get their turn: without the one all learn the same, without the other few learn anything.
Prints what the features are worth to the best linear read-out, before and after.
"""

from __future__ import annotations

import nengo
import numpy as np

import deploy
from loihi_rules.systems.backprop import OJA, TAUGHT, competing, digits, on_off

NEURONS = 200
LEARNING_RATE = 2e-5
INHIBITION = 0.5
LATERAL = 0.02  # s, filter of the inhibition; slower than the drive, or all are silenced in turns
RATE = 100.0  # Hz, of a channel at 1
SMOOTH = 0.02  # s, filter of a_i and a_j
TIRING = nengo.AdaptiveLIF(tau_n=10.0, inc_n=1.6)
PER_CURRENT = 50.0  # Hz, of one unit of a LIF neuron's current above threshold, about 1 / tau_rc
RIDGE = np.logspace(-4, 0, 5)


def network(images: np.ndarray, first: np.ndarray) -> nengo.Network:
    """Channels on the chip, and neurons that learn from them."""
    n, channels = first.shape
    linear = nengo.SpikingRectifiedLinear()
    with nengo.Network(label="digit features", seed=0) as learns:
        image = nengo.Node(
            lambda t: images[min(int((t - 1e-6) / TAUGHT), len(images) - 1)], size_out=channels
        )
        pre = nengo.Ensemble(
            channels,
            1,
            gain=np.full(channels, RATE),
            bias=np.zeros(channels),
            neuron_type=linear,
            label="channels",
        )
        post = nengo.Ensemble(
            n,
            1,
            gain=np.full(n, 1 / PER_CURRENT),
            bias=np.ones(n),
            neuron_type=TIRING,
            label="features",
        )
        nengo.Connection(image, pre.neurons, synapse=None)
        nengo.Connection(
            pre.neurons,
            post.neurons,
            transform=first,
            learning_rule_type=nengo.Oja(
                LEARNING_RATE, beta=1.0, pre_synapse=SMOOTH, post_synapse=SMOOTH
            ),
            label="features",
        )
        nengo.Connection(
            post.neurons,
            post.neurons,
            transform=-INHIBITION * (1 - np.eye(n)),
            synapse=LATERAL,
        )
    return learns


def worth(weights: np.ndarray, data: dict, mean: np.ndarray) -> float:
    """Accuracy on test images of the best linear read-out."""

    def with_one(images: np.ndarray) -> np.ndarray:
        rates = np.maximum(0, on_off(images, mean) @ competing(weights).T)
        return np.column_stack([rates, np.ones(len(rates))])

    rates, test = with_one(data["images"]), with_one(data["test_images"])
    wanted, gram = np.eye(10)[data["labels"].astype(int)], rates.T @ rates
    found = []
    for ridge in RIDGE:
        read_out = np.linalg.solve(gram + ridge * np.eye(len(gram)), rates.T @ wanted)
        found.append(float(np.mean((test @ read_out).argmax(axis=1) == data["test_labels"])))
    return max(found)


def main() -> None:
    data, rng = digits(), np.random.RandomState(0)
    mean = data["images"].mean(axis=0)
    order = np.concatenate([rng.permutation(len(data["images"])) for _ in range(2)])
    inputs = on_off(data["images"][order], mean)
    first = rng.uniform(size=(NEURONS, inputs.shape[1]))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    traces = deploy.run(network(inputs, first), len(order) * TAUGHT, "emulator")
    (learned,) = traces.learned
    found = learned.values / np.linalg.norm(learned.values, axis=1, keepdims=True)
    before, after = (worth(weights, data, mean) for weights in (first, found))
    print(f"best linear read-out of test images: {before:.4f} before, {after:.4f} after")
    np.savez_compressed(OJA, weights=found.astype(np.float16))


if __name__ == "__main__":
    main()
