"""The emulator's speed: ours, nengo-loihi's and Nengo core's, side by side in one run.

    python benchmarks/emulator.py [A B …] [--repeats 5] [--json FILE]

Build and run apart, in wall and process time; the best and the median of the repeats, the
three taking turns. Nengo core runs as its users run it, with its optimiser.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from statistics import median
from typing import Any, Callable, Dict, List

import nengo
import numpy as np
from bandwidth import triad
from models import CASES, Case

import deploy
from deploy.nengo_loihi.load import load_nengo_loihi

GOALS = {  # case: (ours ÷ Nengo core at most, nengo-loihi ÷ ours at least)
    "A": (1.0, 5),
    "B": (0.15, 100),
    "C100": (1.0, 7),
    "C1000": (0.8, 38),
    "D": (0.3, 50),
    "E": (0.25, 20),
    "F": (1.0, 15),
}
WARM_UP = 10  # steps before the clock starts: kernels load, first probes are made


def ours(network: nengo.Network) -> Any:
    return deploy.Simulator(network, seed=1, progress_bar=False)


def nengo_loihis(network: nengo.Network) -> Any:
    return load_nengo_loihi().Simulator(network, seed=1, target="sim")


def nengo_core(network: nengo.Network) -> Any:
    return nengo.Simulator(network, seed=1, progress_bar=False)


ENGINES: Dict[str, Callable[[nengo.Network], Any]] = {
    "ours": ours,
    "nengo-loihi": nengo_loihis,
    "core": nengo_core,
}


def clock() -> np.ndarray:
    return np.array([time.perf_counter(), time.process_time()])


def measure(case: Case, make: Callable[[nengo.Network], Any]) -> Dict[str, List[float]]:
    """Wall and process seconds of one build and one run."""
    network = case.build()
    start = clock()
    with make(network) as simulator:
        built = clock()
        simulator.run_steps(WARM_UP)
        warm = clock()
        simulator.run_steps(int(round(case.duration / 0.001)))
        done = clock()
    return {"build": list(built - start), "run": list(done - warm)}


def weights_touched() -> float:
    """Bytes of synaptic weights that case B reads in a second of wall time."""
    case = CASES["B"]
    with ours(case.build()) as simulator:
        simulator.run_steps(WARM_UP)
        emulator = simulator.whole().simulator.sims["emulator"]
        before = emulator.engine.state.spike_count.sum()
        start = time.perf_counter()
        simulator.run_steps(1000)
        took = time.perf_counter() - start
        spikes = emulator.engine.state.spike_count.sum() - before
        return float(spikes) * 1000 * emulator.layout.rows.weights.itemsize / took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", default=list(CASES))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    ours(CASES["A"].build()).close()
    print("| | ours | nengo-loihi | Nengo core | ours ÷ core | nengo-loihi ÷ ours |")
    print("|---|---|---|---|---|---|")
    below: List[str] = []
    record: Dict[str, Any] = {}
    for name in asked.cases:
        case = CASES[name]
        times: Dict[str, List[Dict[str, List[float]]]] = {engine: [] for engine in ENGINES}
        for _ in range(asked.repeats):
            for engine, make in ENGINES.items():
                times[engine].append(measure(case, make))
        record[name] = {"title": case.title, "duration": case.duration, "times": times}
        below.append(show(name, times))
    print("\n" + "\n".join(below))
    if "B" in asked.cases:
        limit, touched = triad(), weights_touched()
        record["bandwidth"] = {"triad": limit, "weights touched": touched}
        print(
            f"\nB touches {touched / 1e9:.1f} GB of weights a second; the memory's triad moves "
            f"{limit / 1e9:.1f} GB/s ({touched / limit:.0%})"
        )
    if asked.json:
        with open(asked.json, "w", encoding="utf-8") as stream:
            json.dump(record, stream, indent=1)


def show(name: str, times: Dict[str, List[Dict[str, List[float]]]]) -> str:
    """Print the row of a case, best (median); returns its goals, process time and builds."""
    wall = {e: [t["run"][0] for t in runs] for e, runs in times.items()}
    process = {e: [t["run"][1] for t in runs] for e, runs in times.items()}
    build = {e: [t["build"][0] for t in runs] for e, runs in times.items()}
    middle = {e: median(values) for e, values in wall.items()}
    most, least = GOALS.get(name, (float("nan"), float("nan")))
    cells = [f"{min(v):.3f} ({median(v):.3f})" for v in wall.values()]
    cells.append(f"{middle['ours'] / middle['core']:.2f}")
    cells.append(f"{middle['nengo-loihi'] / middle['ours']:.0f}")
    case = CASES[name]
    print(f"| {name}: {case.title}, {case.duration:g} s | " + " | ".join(cells) + " |", flush=True)
    ratio = median(process["ours"]) / median(process["core"])
    builds = " ".join(f"{min(v):.2f}" for v in build.values())
    return (
        f"{name}: goals at most {most:.2f} and at least {least:.0f}; process time, ours ÷ core "
        f"{ratio:.2f}; built in {builds} s"
    )


if __name__ == "__main__":
    main()
