"""Single synapses: every exponent, sign, number of bits, kind of packet; and from core to core."""

from __future__ import annotations

from typing import Dict, List, Tuple

import numpy as np

from deploy.nengo_loihi.conformance.experiment import Compartment, Core, Experiment, Synapses
from loihi_rules.chip.limits import LOIHI

MANTISSAS = (-256, -254, -128, -66, -64, -2, 0, 2, 64, 66, 128, 254)
SHARED = 16  # inputs that all cores of weights take, one a step
ATOMS = 4


def _exponents() -> Tuple[Core, ...]:
    """Weights of every exponent; of negative ones those that lose no bits."""
    cores = []
    low, high = LOIHI.weight_exponents
    for exponent in range(low, high + 1):
        lossless = 2 ** max(0, -exponent)
        values = [m for m in MANTISSAS if m % lossless == 0]
        cores.append(
            _one_each(f"weights of exponent {exponent}", values, "synapseFmt.wgtExp", exponent)
        )
    return tuple(cores)


def _one_each(
    name: str, values: List[int], register: str, exponent: int = 0, bits: int = 7, fanout: int = 1
) -> Core:
    """Each input has one weight, into a compartment of its own."""
    own = tuple(Compartment(f"weight {value} · 2^{6 + exponent}", register) for value in values)
    rows = [
        np.where(np.arange(len(own)) == k, value, 0)[np.newaxis] for k, value in enumerate(values)
    ]
    senders = {k: (k, 0) for k in range(len(values))}
    synapses = Synapses(rows, senders, exponent=exponent, weight_bits=bits, fanout=fanout)
    return Core(name, own, (synapses,))


def _bits() -> Tuple[Core, ...]:
    """Weights of every number of bits."""
    cores = []
    for bits, real in ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 8)):
        step = 2 ** (9 - real)
        values = sorted({m // step * step for m in (-256, -64, 0, 64, 128, 254)})
        cores.append(_one_each(f"weights of {real} bits", values, "synapseFmt.wgtBits", bits=bits))
    return tuple(cores)


def _signs() -> Tuple[Core, ...]:
    """Weights of one sign, which need no bit for it."""
    register = "synapseFmt.fanoutType"
    return (
        _one_each("positive weights", [0, 1, 2, 65, 128, 255], register, fanout=2),
        _one_each("negative weights", [0, -1, -2, -65, -128, -255], register, fanout=3),
    )


def _populations() -> Tuple[Core, ...]:
    """Packets of populations, with targets that are some of many, from a base on."""
    rng = np.random.RandomState(7)
    cores = []
    for kind in (16, 32):
        for width in (3, 40):
            rows = [2 * rng.randint(-120, 120, (ATOMS, width)) for _ in range(3)]
            targets = [rng.permutation(64)[:width] for _ in range(3)]
            own = tuple(Compartment(f"target {k}", "synapseMap") for k in range(64 + 16))
            senders = {k: (k // ATOMS, k % ATOMS) for k in range(3 * ATOMS)}
            group = Synapses(rows, senders, targets=targets, bases=[0, 8, 16], kind=kind)
            cores.append(
                Core(f"packets of populations of {kind} bits, {width} targets", own, (group,))
            )
    return tuple(cores)


def _relay(first: int) -> Tuple[Core, ...]:
    """Neurons that pass a spike on, from core to core, and back into their own."""
    n = 6
    own = tuple(
        Compartment(f"neuron {k} of the relay", "axons", threshold=100, refractory=1 + k % 3)
        for k in range(n)
    )
    straight = [np.where(np.arange(n) == k, 200, 0)[np.newaxis] for k in range(n)]
    across = [np.where(np.arange(n) == (k + 1) % n, 200, 0)[np.newaxis] for k in range(n)]
    senders = {k: (k, 0) for k in range(n)}
    begin = Core("relay, from the inputs", own, (Synapses(straight, senders),))
    onward = Core("relay, from core to core", own, (Synapses(across, senders, source=first),))
    loop = Core(
        "relay, into its own core",
        own,
        (Synapses(straight[:1], {0: (0, 0)}), Synapses(across, senders, source=first + 2)),
    )
    return begin, onward, loop


def _spikes() -> Dict[int, List[int]]:
    """Each input alone, then some together, then some in steps that follow each other."""
    spikes = {1 + k: [k] for k in range(SHARED)}
    spikes.update({SHARED + 4: [0, 3, 7], SHARED + 6: list(range(SHARED))})
    spikes.update({SHARED + 10 + k: [k % 5] for k in range(20)})
    return spikes


_WEIGHTS = (*_exponents(), *_bits(), *_signs(), *_populations())

SYNAPSES = Experiment(
    "synapses",
    "single synapses: exponents, signs, bits, packets, and the way from core to core",
    (*_WEIGHTS, *_relay(len(_WEIGHTS))),
    steps=64,
    n_inputs=SHARED,
    spikes=_spikes(),
    modes=("refractory-voltage",),
)
