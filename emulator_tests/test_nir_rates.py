"""Neurons of a NIR file answer on the chip as on the CPU: what a node gives moves."""

from __future__ import annotations

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import fix_seeds

nir = pytest.importorskip("nir", reason="the nir package needs Python 3.10")

from loihi_rules.nir import write  # noqa: E402

SECONDS = 2.0
SETTLED = 300  # steps


def network_of(kind, seed, dimensions, neurons):
    with nengo.Network(seed=seed) as net:
        if kind == "noise":
            signal = nengo.processes.WhiteSignal(10.0, high=5, rms=0.5 / np.sqrt(dimensions))
            node = nengo.Node(signal, size_out=dimensions)
        else:
            node = nengo.Node(lambda t: [0.8 * np.sin(5 * t + k) for k in range(dimensions)])
        last = nengo.Ensemble(neurons, dimensions)
        nengo.Connection(node, last)
        if kind == "chain":
            first, last = last, nengo.Ensemble(neurons, dimensions)
            nengo.Connection(first, last)
        nengo.Probe(last, synapse=0.02, label="x")
    return net


@pytest.mark.parametrize(
    "kind, dimensions, neurons, off",
    [
        ("sine", 1, 80, 0.025),
        ("sine", 2, 120, 0.025),
        ("noise", 2, 150, 0.025),
        ("chain", 2, 120, 0.03),
    ],
)
def test_what_is_read_of_a_nir_file_is_as_large_on_the_chip(
    tmp_path, kind, dimensions, neurons, off
):
    """Rates were fitted to values that stay, and what was read was 4 to 8 % too small."""
    gains = []
    for seed in (310, 311, 312):
        path = tmp_path / f"{seed}.nir"
        net = network_of(kind, seed, dimensions, neurons)
        write(fix_seeds(net, 0).network, path, 1e-3, 5.0)
        cpu, chip = (
            deploy.run(str(path), SECONDS, target)["x"].samples[SETTLED:]
            for target in ("cpu", "emulator")
        )
        gains.append(np.sum(chip * cpu) / np.sum(cpu * cpu))
    assert np.abs(np.mean(gains) - 1) < off, gains
