"""The paper's single neuron: each platform's trace and ours against the closed form."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, Mapping, Tuple

import nengo
import numpy as np

from benchmarks.nir.activity import record
from benchmarks.nir.table import Table
from loihi_rules.nir import read

DT = 1e-4  # s, of all the files
THRESHOLD = 0.1
# what a platform's voltage is to be multiplied by, as its columns show: a spike moves it by 1 in
# snnTorch's and SpiNNaker2's, by 640 in lava's integers, and by 0.04 in the file
UNITS = {
    "snntorch": 0.04,
    "spinnaker2": 0.04,
    "nengo": 0.1,
    "lava_cpu_fixed": 0.04 / 640,
    "lava_loihi_fixed": 0.04 / 640,
}
TARGETS = {
    "cpu": "our reference",
    "float-emulator": "our float emulator",
    "emulator": "our emulator",
}
# with which our reference is the platform's trace, of which file
EULER = {"decay": "euler"}
ROCKPOOLS = {"decay": "exact", "reset": "subtract", "gain": "one"}
SAME = {
    "norse": ("norse", EULER),
    "snntorch": ("norse", EULER),
    "spinnaker2": ("norse", EULER),
    "nengo": ("norse", {"decay": "exact"}),
    "lava_cpu_float": ("norse", {**EULER, "first": "spikes"}),
    "lava_cpu_fixed": ("norse", {**EULER, "first": "spikes"}),
    "lava_loihi_fixed": ("norse", {**EULER, "first": "spikes"}),
    "spyx": ("norse", {**EULER, "first": "spikes", "reset": "subtract", "reset_at": "next"}),
    "sinabs": ("rockpool", ROCKPOOLS),
    "rockpool": ("rockpool", ROCKPOOLS),
}
Steps = Tuple[np.ndarray, np.ndarray]  # voltage, and the steps of spikes, from 0


def tables(paper: Path) -> List[Table]:
    """Rows of the closed form, the platforms, and ours; and which conventions platforms have."""
    folder = paper / "lif"
    inputs, exact = _recorded(folder / "lif_exact.csv", 1.0)
    found: Dict[str, Steps] = {"closed form": exact}
    for path in sorted(folder.glob("lif_*.csv")):
        name = path.stem[len("lif_") :]
        if name != "exact":
            found[name] = _recorded(path, UNITS.get(name, 1.0))[1]
    for decay in ("euler", "exact"):
        for target, words in TARGETS.items():
            run = _ours(folder, inputs, target, "norse", {"decay": decay})
            found[f"**{words}**, decay={decay}"] = run
    rows = [[name, *_against(exact, steps)] for name, steps in found.items()]
    return [
        Table(
            "One neuron (lif_norse.nir), 1,000 steps of 0.1 ms",
            [
                "platform",
                "spikes in steps",
                "spikes late, steps",
                "voltage error (RMS, thresholds)",
                "its trace moved, steps",
            ],
            rows,
            "Voltages are in the file's units (threshold 0.1), each platform's scaled by what one "
            "input spike does to it; the error is that of the trace as recorded, or of one moved "
            "by the steps in the last column where that is less.",
        ),
        _conventions(folder, inputs, found),
    ]


def _conventions(folder: Path, inputs: np.ndarray, found: Dict[str, Steps]) -> Table:
    rows = []
    for platform, (file, given) in SAME.items():
        voltage, steps = found[platform]
        ours = _ours(folder, inputs, "cpu", file, given)
        # spyx's voltages are those after a step, of which the spikes come a step later
        lag = int(given.get("first") == "spikes" and given.get("reset") == "subtract")
        off = np.abs(voltage[: len(voltage) - lag] - ours[0][lag:]).max() / THRESHOLD
        rows.append(
            [
                platform,
                f"lif_{file}.nir",
                ", ".join(f"{key}={value}" for key, value in given.items()),
                "the same" if np.array_equal(steps, ours[1]) else "others",
                f"{off:.1g}",
            ]
        )
    return Table(
        "With which conventions our reference is the platform",
        ["platform", "file", "conventions", "spikes", "voltage off by at most, thresholds"],
        rows,
    )


def _recorded(path: Path, unit: float) -> Tuple[np.ndarray, Steps]:
    columns = np.loadtxt(path, delimiter=",")
    return columns[:, :1], (columns[:, 1] * unit, np.nonzero(columns[:, 2])[0])


def _ours(
    folder: Path, inputs: np.ndarray, target: str, file: str, given: Mapping[str, str]
) -> Steps:
    network = read(folder / f"lif_{file}.nir", dt=DT, inputs=inputs, **given)
    neuron = network.ensembles[1]
    with network:
        nengo.Probe(neuron.neurons, "voltage", label="voltage")
    run = record(network, len(inputs), target, DT)
    return run["voltage"].samples[:, 0], run[neuron.label].spike_steps - 1


def _against(exact: Steps, found: Steps) -> Tuple[str, str, float, int]:
    voltage, steps = found
    late = "–"
    if len(steps) == len(exact[1]):
        late = ", ".join(f"{int(step):+d}" if step else "0" for step in steps - exact[1])
    errors = {lag: _rms(voltage[lag:] - exact[0][: len(voltage) - lag]) for lag in (0, 1)}
    lag = min(errors, key=lambda key: errors[key])
    return ", ".join(map(str, steps)), late, errors[lag] / THRESHOLD, -lag


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
