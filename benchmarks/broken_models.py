"""Ten models that are broken in one way each, and whether `deploy.explain` names it first.

python benchmarks/broken_models.py            # a Markdown table
"""

from __future__ import annotations

import sys
from typing import Callable, Dict, Mapping, Tuple

import nengo
import numpy as np
from nengo.dists import Uniform

import deploy
from loihi_rules import declare_settings

SECONDS = 1.0
FEW, RATES, CHAIN = "too few neurons", "rates beyond the chip's", "too long a chain"
RADIUS, INPUT = "the radius is too small", "an input outside the radius"
FAST, CUT = "a learning rate that is too large", "an error that is cut"
UNDERFLOW = "weights that underflow: the radius is too large"
DEAD, SYNAPSE = "a dead population", "the wrong synapse: none, or too short"


def wave(size=1.0):
    return nengo.Node(lambda t: size * np.sin(2 * np.pi * t), label="input")


def too_few_neurons(seed):
    with nengo.Network(seed=seed) as net:
        ens = nengo.Ensemble(8, 1, label="few")
        nengo.Connection(wave(), ens)
        nengo.Probe(ens, synapse=0.03, label="out")
    return net


def small_radius(seed):
    """The sum of two values has twice their radius."""
    with nengo.Network(seed=seed) as net:
        a, b, total = (nengo.Ensemble(100, 1, label=name) for name in ("a", "b", "sum"))
        u = wave(0.9)
        for ens in (a, b):
            nengo.Connection(u, ens)
            nengo.Connection(ens, total)
        nengo.Probe(total, synapse=0.03, label="out")
    return net


def fast_neurons(seed):
    with nengo.Network(seed=seed) as net:
        ens = nengo.Ensemble(
            100, 1, neuron_type=nengo.LIF(tau_ref=0.0005), max_rates=Uniform(900, 1200), label="ens"
        )
        nengo.Connection(wave(), ens)
        nengo.Probe(ens, synapse=0.03, label="out")
    return net


def learning(seed, rate, size=1.0):
    """A node at the end, whose values have no radius."""
    with nengo.Network(seed=seed) as net:
        u = wave(size)
        pre = nengo.Ensemble(50, 1, radius=size, label="pre")
        post = nengo.Node(size_in=1, label="post")
        error = nengo.Node(size_in=1, label="error")
        nengo.Connection(u, pre)
        learned = nengo.Connection(
            pre, post, function=lambda x: 0, learning_rule_type=nengo.PES(rate), label="learned"
        )
        nengo.Connection(post, error, synapse=0.01)
        nengo.Connection(u, error, transform=-1, synapse=0.01)
        nengo.Connection(error, learned.learning_rule)
        nengo.Probe(post, synapse=0.03, label="out")
    return net, learned


def fast_learning(seed):
    return learning(seed, 0.02)[0]


def cut_error(seed):
    """Ten times the span that its user has set."""
    net, learned = learning(seed, 1e-3, size=5.0)
    declare_settings(net)
    net.config[learned].pes_span = 0.3
    return net


def small_values(seed):
    """Values of a fiftieth of the radius, as a user's scale may have them."""
    with nengo.Network(seed=seed) as net:
        a = nengo.Ensemble(100, 1, label="a")
        b = nengo.Ensemble(100, 1, label="b")
        nengo.Connection(wave(), a)
        nengo.Connection(a, b, transform=0.02)
        nengo.Probe(b, synapse=0.03, label="out")
    return net


def long_chain(seed):
    with nengo.Network(seed=seed) as net:
        links = [nengo.Ensemble(50, 1, label=f"link {k}") for k in range(12)]
        nengo.Connection(wave(0.9), links[0])
        for one, next_ in zip(links, links[1:]):
            nengo.Connection(one, next_)
        nengo.Probe(links[-1], synapse=0.03, label="out")
    return net


def large_input(seed):
    with nengo.Network(seed=seed) as net:
        ens = nengo.Ensemble(100, 1, label="ens")
        nengo.Connection(wave(3.0), ens)
        nengo.Probe(ens, synapse=0.03, label="out")
    return net


def dead_population(seed):
    with nengo.Network(seed=seed) as net:
        a = nengo.Ensemble(100, 1, label="a")
        b = nengo.Ensemble(100, 1, radius=1, intercepts=Uniform(0.95, 0.99), label="dead")
        nengo.Connection(wave(0.8), a)
        nengo.Connection(a, b)
        nengo.Probe(b, synapse=0.03, label="out")
    return net


def wrong_synapse(seed):
    """Single spikes go through, and a square makes all of them larger."""
    with nengo.Network(seed=seed) as net:
        a, b, c = (nengo.Ensemble(100, 1, label=name) for name in ("a", "b", "square"))
        nengo.Connection(wave(0.9), a)
        nengo.Connection(a, b, synapse=None)
        nengo.Connection(b, c, function=np.square, synapse=None)
        nengo.Probe(c, synapse=0.03, label="out")
    return net


Model = Tuple[Callable[[int], nengo.Network], str]  # by its seed, and what is to be named

BROKEN: Dict[str, Model] = {
    "too few neurons": (too_few_neurons, FEW),
    "radius too small": (small_radius, RADIUS),
    "rates beyond the chip": (fast_neurons, RATES),
    "learning rate too large": (fast_learning, FAST),
    "error clipped": (cut_error, CUT),
    "weights that underflow": (small_values, UNDERFLOW),
    "too long a chain": (long_chain, CHAIN),
    "input outside the radius": (large_input, INPUT),
    "dead population": (dead_population, DEAD),
    "wrong synapse": (wrong_synapse, SYNAPSE),
}


def table(models: Mapping[str, Model], seed: int) -> None:
    """Explain each, and print a row of it."""
    print("| broken by | named first | its edit | error | verdict, and with the edit |")
    print("|---|---|---|---|---|")
    right = 0
    for name, (build, cause) in models.items():
        found = deploy.explain(build(seed), SECONDS, seed)
        first = found.likeliest
        said = "none" if first is None else first.cause
        right += said == cause
        mark = "" if said == cause else " ✗"
        left = "" if first is None else f"{100 * found.error:.0f} → {100 * first.error:.1f} %"
        verdicts = f"{found.verdict.split(':')[0]}, {found.cured.split(':')[0]}"
        edit = "" if first is None else first.edit
        print(f"| {name} | {said}{mark} | {edit} | {left} | {verdicts} |", flush=True)
    print(f"\n{right} of {len(models)} are named first.")


if __name__ == "__main__":
    table(BROKEN, int(sys.argv[1]) if len(sys.argv) > 1 else 31)
