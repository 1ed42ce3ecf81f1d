"""Train the network of the system `backprop` by backpropagation, and write its data.

pip install scikit-learn; python benchmarks/train_digits.py

scikit-learn's `MLPClassifier` learns its handwritten digits (8 × 8 pixels, 1797 images of the UCI
repository, Alpaydin & Kaynak 1998, CC BY 4.0). One fifth is kept for testing.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

HIDDEN = 128
OUT = Path(__file__).parent.parent / "loihi_rules" / "systems" / "data" / "digits.npz"


def main() -> None:
    digits = load_digits()
    split = train_test_split(
        digits.data, digits.target, test_size=0.2, stratify=digits.target, random_state=0
    )
    images, test_images, labels, test_labels = split
    # shifted copies, as a reader of digits would not mind them
    shifted = [images]
    for axis, by in ((1, 1), (1, -1), (2, 1), (2, -1)):
        shifted.append(np.roll(images.reshape(-1, 8, 8), by, axis).reshape(-1, 64))
    net = MLPClassifier((HIDDEN,), alpha=1e-2, max_iter=200, random_state=0)
    net.fit(np.concatenate(shifted) / 16, np.tile(labels, len(shifted)))
    pairs = ((images, labels), (test_images, test_labels))
    train, test = (net.score(x / 16, y) for x, y in pairs)
    print(f"accuracy: {train:.4f} of the training images, {test:.4f} of the test images")
    np.savez_compressed(
        OUT,
        images=images.astype(np.uint8),
        labels=labels.astype(np.uint8),
        test_images=test_images.astype(np.uint8),
        test_labels=test_labels.astype(np.uint8),
        weights_0=net.coefs_[0].T.astype(np.float32),
        biases_0=net.intercepts_[0].astype(np.float32),
        weights_1=net.coefs_[1].T.astype(np.float32),
        biases_1=net.intercepts_[1].astype(np.float32),
    )


if __name__ == "__main__":
    main()
