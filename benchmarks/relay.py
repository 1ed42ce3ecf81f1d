"""What learning off the chip costs: time, bytes and latency of a step, by number of neurons.

python benchmarks/relay.py [--neurons 10,30,100,300,1000] [--repeats 5]

``pre`` is on the chip, 20 neurons of ``post`` learn by BCM: with a relay and post on the host,
with post back on the chip, and the same network without learning, all in Nengo core and in the
emulator, side by side in one process.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any, Dict, List, Optional

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import nengo
import numpy as np

import deploy
from loihi_rules.nengo_parts.settings import declare

POST = 20
STEPS = 1000


def network(n: int, learns: bool, on_chip: Optional[bool] = None) -> nengo.Network:
    with nengo.Network(seed=1) as net:
        declare(net, nengo.Ensemble, "on_chip")
        u = nengo.Node(lambda t: np.sin(6 * t))
        pre = nengo.Ensemble(n, 1, max_rates=nengo.dists.Uniform(50, 100), label="pre")
        post = nengo.Ensemble(POST, 1, max_rates=nengo.dists.Uniform(50, 100), label="post")
        net.config[post].on_chip = on_chip
        nengo.Connection(u, pre)
        rule = nengo.BCM(1e-12) if learns else None
        nengo.Connection(
            pre, post, solver=nengo.solvers.LstsqL2(weights=True), learning_rule_type=rule
        )
        nengo.Probe(post.neurons, label="post spikes")
    return net


def milliseconds(net: nengo.Network, target: str, repeats: int) -> List[float]:
    found = []
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        sim.run_steps(100)
        for _ in range(repeats):
            begun = time.perf_counter()
            sim.run_steps(STEPS)
            found.append(1e3 * (time.perf_counter() - begun) / STEPS)
    return found


def latency(n: int, on_chip: Optional[bool]) -> int:
    """Steps from a spike of ``pre`` to the current that it gives ``post``, beyond Nengo's."""
    arrives: Dict[str, int] = {}
    for target in ("cpu", "emulator"):
        with nengo.Network(seed=1) as net:
            declare(net, nengo.Ensemble, "on_chip")
            u = nengo.Node(lambda t: 1.0 if t > 0.01 else 0.0)
            pre = nengo.Ensemble(
                n,
                1,
                neuron_type=nengo.SpikingRectifiedLinear(),
                label="pre",
                gain=np.full(n, 1000.0),
                bias=np.zeros(n),
                encoders=np.ones((n, 1)),
            )
            post = nengo.Ensemble(
                POST,
                1,
                gain=np.ones(POST),
                bias=np.zeros(POST),
                label="post",
                neuron_type=nengo.SpikingRectifiedLinear(),
            )
            net.config[post].on_chip = on_chip
            nengo.Connection(u, pre, synapse=None)
            nengo.Connection(
                pre.neurons,
                post.neurons,
                transform=np.full((POST, n), 2.0 / n),
                synapse=None,
                learning_rule_type=nengo.BCM(0.0),
            )
            spikes, current = nengo.Probe(pre.neurons), nengo.Probe(post.neurons, "input")
        with deploy.Simulator(net, target=target, progress_bar=False) as sim:
            sim.run(0.1)
            first = [int(np.argmax(np.any(sim.data[p] > 1e-9, axis=1))) for p in (spikes, current)]
        arrives[target] = first[1] - first[0]
    return arrives["emulator"] - arrives["cpu"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", default="10,30,100,300,1000")
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    print("Times are ms a step, best / median of", asked.repeats)
    print(
        "| pre neurons | no learning, emulator | relay, emulator | post on the chip, emulator "
        "| Nengo core | bytes to the host a step | steps later, relay | post on the chip |"
    )
    print("|" + "---|" * 8)
    for n in map(int, asked.neurons.split(",")):
        cases: Any = [
            (network(n, False), "emulator"),
            (network(n, True), "emulator"),
            (network(n, True, True), "emulator"),
            (network(n, True), "cpu"),
        ]
        times = [milliseconds(net, target, asked.repeats) for net, target in cases]
        cells = [f"{min(t):.3f} / {np.median(t):.3f}" for t in times]
        traffic = [deploy.check(cases[k][0]).traffic for k in (1, 2)]
        late = [latency(n, None), latency(n, True)]
        sent = " / ".join(str(t.bytes) for t in traffic if t is not None)
        print(f"| {n} | " + " | ".join(cells) + f" | {sent} | {late[0]} | {late[1]} |")


if __name__ == "__main__":
    main()
