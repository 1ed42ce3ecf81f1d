"""Memory that a run takes beside its model where the spikes of all neurons are probed; Linux.

python benchmarks/spike_memory.py [--neurons 60000] [--duration 2.0] [--targets emulator,cpu]
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
import warnings
from typing import Any, Tuple

import nengo
from models import sparse

import deploy.workflows.run as running
from deploy.workflows.run import run


def memory(key: str) -> float:
    """MiB of ``VmRSS``, what the process has, or ``VmHWM``, the most that it had."""
    with open("/proc/self/status", encoding="ascii") as status:
        (line,) = [line for line in status if line.startswith(key)]
    return int(line.split()[1]) / 1024


def measure(job: Tuple[str, int, float]) -> Tuple[float, float, float]:
    """Seconds and MiB of the steps of a run, building not counted; and MiB of its spikes."""
    target, neurons, duration = job
    own, found = running._step, []

    def step(*args: Any) -> Any:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as peak:
            peak.write("5")  # the most is that of what follows
        before, begin = memory("VmRSS"), time.perf_counter()
        given = own(*args)
        found.extend((time.perf_counter() - begin, memory("VmHWM") - before))
        return given

    running._step = step
    warnings.simplefilter("ignore")
    network = sparse(neurons, 20)
    network.probes.clear()
    with network:
        nengo.Probe(network.ensembles[0].neurons)
    spikes = sum(
        t.spike_steps.nbytes + t.spike_neurons.nbytes for t in run(network, duration, target)
    )
    return found[0], found[1], spikes / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, default=60_000)
    parser.add_argument("--duration", type=float, default=2.0)
    parser.add_argument("--targets", default="emulator,cpu")
    asked = parser.parse_args()
    print("| target | run, s | memory beside the model, MiB | spikes, MiB |\n|---|---|---|---|")
    for target in asked.targets.split(","):
        with multiprocessing.get_context("spawn").Pool(1) as process:  # a peak of its own
            (found,) = process.map(measure, [(target, asked.neurons, asked.duration)])
        print("| {} | {:.1f} | {:.0f} | {:.0f} |".format(target, *found), flush=True)


if __name__ == "__main__":
    main()
