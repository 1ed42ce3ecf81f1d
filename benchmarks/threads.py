"""What a second thread brings where other work has the cores: each on a core of its own.

    python -m benchmarks.threads [H D E …] [--bursts 700]

Bursts of some steps, 2 ms, by one thread and by two, by turns, on the same spikes: best and first
percentile, as only a burst in which nobody else has either core says something. Kernels alone;
`benchmarks/large.py` has whole calls, in which the system places the threads.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any, Dict, List

import numpy as np

import deploy
from benchmarks.large import BLOCK, layout_of
from deploy.emulator.engine import Engine
from deploy.emulator.layout import Layout
from deploy.emulator.team import meet, new_team

sys.path.insert(0, str(Path(__file__).parent))  # as where the file is run by its path
from models import CASES

BURST = 2e-3  # s, by one thread: less than what the system gives a thread in one piece
WARM_UP = 200  # steps before the clock starts
RING = "ring"  # of 50,000 compartments with five million synapses
TITLES = {RING: "50,000 compartments, 5,000,000 synapses, in arrays"}


def layout_by_name(name: str) -> Layout:
    if name == RING:
        return layout_of(50_000 // BLOCK, 100)
    with deploy.Simulator(CASES[name].build(), seed=1, progress_bar=False) as simulator:
        layout: Layout = simulator.whole().simulator.sims["emulator"].layout
        return layout


class Pair:
    """Two engines of one layout, of which one is stepped by two threads."""

    def __init__(self, layout: Layout, bursts: int):
        none = np.zeros(0, np.int64)
        probed = {"spiked": none, "current": none, "voltage": none}
        self.engines = {n: Engine(layout, 0, probed, threads=n) for n in (1, 2)}
        start = np.zeros(WARM_UP * layout.n_inputs + 1, np.int64)
        given = (self.engines[1].buffers(WARM_UP), np.zeros(0, np.int32), start, 0)
        least = np.inf
        for engine in self.engines.values():
            for _ in range(WARM_UP):
                begun = time.perf_counter()
                engine.advance_row(*given, 1)
                least = min(least, time.perf_counter() - begun)
        self.steps = max(2, min(WARM_UP, int(BURST / least)))
        self.given = (*given, self.steps)
        self.gate, self.bursts = new_team(1), bursts
        self.taken: Dict[int, List[float]] = {1: [], 2: []}
        self.arguments: Any = None

    def run(self, me: int) -> None:
        """One of the two threads."""
        os.sched_setaffinity(threading.get_native_id(), {self.cores[me]})
        two, one = self.engines[2], self.engines[1]
        for burst in range(self.bursts):
            if me == 0:
                self.arguments = two.arguments(2, *self.given)
            meet(self.gate.ctypes.data, 2 * burst, 2)
            begun = time.perf_counter()
            two.kernel(*self.arguments, 2, me)
            done = time.perf_counter()
            meet(self.gate.ctypes.data, 2 * burst + 1, 2)
            if me == 0:
                two.t += self.steps
                self.taken[2].append((done - begun) / self.steps)
                alone = one.arguments(1, *self.given)
                begun = time.perf_counter()
                one.kernel(*alone, 1, 0)
                self.taken[1].append((time.perf_counter() - begun) / self.steps)
                one.t += self.steps

    def both(self) -> None:
        self.cores = sorted(os.sched_getaffinity(0))[:2]
        other = threading.Thread(target=self.run, args=(1,))
        other.start()
        self.run(0)
        other.join()
        os.sched_setaffinity(0, self.cores)
        states = [engine.state for engine in self.engines.values()]
        for own, its in zip(*((s.voltage, s.spike_count, s.operations) for s in states)):
            np.testing.assert_array_equal(own, its)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", default=["H", RING, "D", "E"])
    parser.add_argument("--bursts", type=int, default=700)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| | one thread, µs a step (1 %) | two | one ÷ two (of 1 %) |\n|---|---|---|---|")
    for name in asked.cases:
        pair = Pair(layout_by_name(name), asked.bursts)
        pair.both()
        best = {n: 1e6 * min(each) for n, each in pair.taken.items()}
        low = {n: 1e6 * float(np.percentile(each, 1)) for n, each in pair.taken.items()}
        title = TITLES.get(name) or f"{name}: {CASES[name].title}"
        print(
            f"| {title} | {best[1]:.1f} ({low[1]:.1f}) | {best[2]:.1f} ({low[2]:.1f}) "
            f"| {best[1] / best[2]:.2f} ({low[1] / low[2]:.2f}) |",
            flush=True,
        )


if __name__ == "__main__":
    main()
