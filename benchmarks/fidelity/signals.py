"""What comes into the networks: the same for every seed of their neurons."""

from __future__ import annotations

import nengo
import numpy as np


def white(
    dimensions: int = 1, radius: float = 1.0, high: float = 3.0, rms: float = 0.45, seed: int = 11
) -> nengo.Node:
    """A band-limited random signal whose norm has this root mean square, in radii."""
    signal = nengo.processes.WhiteSignal(
        60.0, high, rms=radius * rms / np.sqrt(dimensions), seed=seed
    )
    node = nengo.Node(signal, size_out=dimensions, label="signal")
    nengo.Probe(node, label="input")
    return node


def sine(hertz: float = 1.0, amplitude: float = 1.0) -> nengo.Node:
    node = nengo.Node(lambda t: amplitude * np.sin(2 * np.pi * hertz * t), label="sine")
    nengo.Probe(node, label="input")
    return node
