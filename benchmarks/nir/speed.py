"""How long a second of events takes: ours beside snnTorch on CPU torch, in one run."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median
from typing import Any, Dict, List

import numpy as np

import deploy
from benchmarks.nir.convolutional import events
from benchmarks.nir.table import Table
from deploy.errors import TargetUnavailable
from loihi_rules.nir import convert
from loihi_rules.nir.file import read_file

PROGRAM = Path(__file__).parent / "programs" / "snntorch_speed.py"
N_STEPS, RATE = 1000, 0.02
NAMES = {
    "snntorch": "snnTorch, CPU torch",
    "cpu": "our reference (Nengo core)",
    "float-emulator": "our float emulator",
    "emulator": "our emulator",
}
LAST = "12"  # the output's layer


def tables(paper: Path, python: Path, repeats: int) -> List[Table]:
    """All four take turns; each is one thread."""
    path = paper / "cnn" / "cnn_sinabs.nir"
    signal = events(0, RATE, N_STEPS)
    found: Dict[str, List[Dict[str, Any]]] = {name: [] for name in NAMES}
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "events.npy"
        np.save(given, signal.astype(np.uint8))
        for _ in range(repeats):
            found["snntorch"].append(_peer(path, given, python))
            for target in NAMES:
                if target != "snntorch":
                    found[target].append(_ours(path, signal, target))
    peers = median(run["run"] for run in found["snntorch"])
    rows = []
    for name, runs in found.items():
        seconds = median(run["run"] for run in runs)
        spread = f"{min(run['run'] for run in runs):.2f} – {max(run['run'] for run in runs):.2f}"
        build = median(run["build"] for run in runs)
        total = sum(runs[0]["counts"])
        rows.append([NAMES[name], build, seconds, spread, seconds / peers, int(total)])
    return [
        Table(
            f"cnn_sinabs.nir, {N_STEPS:,} steps of 1 ms, one thread each",
            ["", "build, s", "run, s", "of all", "÷ snnTorch", "spikes of the output"],
            rows,
            f"Medians of {repeats}, which take turns; {100 * RATE:g} % of all pixels have an event "
            "in a step. snnTorch computes one sample, a step after the other, and keeps no spikes "
            "but the output's; ours record every layer.",
        )
    ]


def _peer(path: Path, given: Path, python: Path) -> Dict[str, Any]:
    command = [str(python), str(PROGRAM), str(path), str(given)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise TargetUnavailable(f"{python}: it cannot be run ({error.strerror})") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise TargetUnavailable(f"{python} {PROGRAM.name} failed: {last}")
    found: Dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _ours(path: Path, signal: np.ndarray, target: str) -> Dict[str, Any]:
    model = convert(read_file(path), path.stem, {}, signal)
    probe = next(probe for probe in model.network.all_probes if probe.label == LAST)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        with deploy.Simulator(
            model.network, dt=model.dt, target=target, progress_bar=False
        ) as simulator:
            built = time.perf_counter()
            simulator.run_steps(len(signal))
            done = time.perf_counter()
            counts = np.sum(simulator.data[probe] > 0, axis=0)
    return {"build": built - start, "run": done - built, "counts": counts.tolist()}
