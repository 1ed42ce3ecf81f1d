"""Rules that learn on the host while both populations are on the chip: BCM, Oja, Voja."""

from __future__ import annotations

import nengo
import numpy as np

from benchmarks.fidelity.cell import Cell, Recording
from benchmarks.fidelity.signals import white
from loihi_rules.nengo_parts.settings import declare

RULES = {
    "BCM": nengo.BCM(learning_rate=1e-9),
    "Oja": nengo.Oja(learning_rate=5e-7),
}


def unsupervised(name: str, rule: str, part: str, duration: float = 3.0) -> Cell:
    """50 neurons onto 40 on the chip: their mean rate, or the norm of what was learnt."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            declare(network, nengo.Ensemble, "on_chip")
            pre, post = nengo.Ensemble(50, 1, label="pre"), nengo.Ensemble(40, 1, label="post")
            network.config[post].on_chip = True
            nengo.Connection(white(rms=0.5), pre)
            learned = nengo.Connection(
                pre, post, solver=nengo.solvers.LstsqL2(weights=True),
                learning_rule_type=RULES[rule],
            )  # fmt: skip
            nengo.Probe(learned, "weights", sample_every=0.5, label="weights")
            nengo.Probe(post.neurons, label="post")
        return network

    def figure(run: Recording) -> float:
        if part == "rate":
            return float(np.mean(run.rates("post")))
        return float(np.linalg.norm(run["weights"][-1] - run["weights"][0]))

    return Cell(f"rules/{name}", build, figure, duration, "rate, Hz" if part == "rate" else "ΔW",
                "same")  # fmt: skip
