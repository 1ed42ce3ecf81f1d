"""The paper's recurrent networks, for which there is no data set: on random spikes."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Dict, List

import numpy as np

from benchmarks.nir.activity import agreement, cosine, cosine_of_counts, spikes
from benchmarks.nir.table import Table
from loihi_rules.nir.conventions import CHOICES

N_STEPS, N_CHANNELS = 256, 12
RATE = 0.03  # with which hidden neurons spike about as often as on the paper's sample
FILES = ("noDelay_bias_zero", "noDelay_noBias_subtract")
ASKED = ("reset", "reset_at", "first")  # of the conventions
HIDDEN = "lif1.lif"


def tables(paper: Path, seeds: int) -> List[Table]:
    """Of both networks: the emulator by convention, and what the paper's platforms did."""
    folder = paper / "braille"
    return [_by_convention(folder, name, seeds) for name in FILES] + [
        _platforms(folder, name, seeds) for name in FILES
    ]


def stimulus(seed: int, rate: float = RATE) -> np.ndarray:
    """(n_steps, n_channels) random spikes."""
    return np.random.RandomState(seed).uniform(size=(N_STEPS, N_CHANNELS)) < rate


def _by_convention(folder: Path, name: str, seeds: int) -> Table:
    path = folder / f"braille_{name}.nir"
    rows = []
    for values in product(*(CHOICES[key] for key in ASKED)):
        given = dict(zip(ASKED, values))
        found: Dict[str, List[float]] = {}
        for seed in range(seeds):
            signal = stimulus(seed)
            reference = spikes(path, signal, "cpu", **given)
            for target in ("float-emulator", "emulator"):
                run = spikes(path, signal, target, **given)
                a, b = reference[HIDDEN], run[HIDDEN]
                found.setdefault(f"{target} counts", []).append(cosine_of_counts(a, b))
                found.setdefault(f"{target} trains", []).append(cosine(a, b))
                found.setdefault(f"{target} agree", []).append(agreement(a, b))
            found.setdefault("rate", []).append(100 * float(a.mean()))
        rows.append(
            [
                ", ".join(f"{key}={value}" for key, value in given.items()),
                float(np.mean(found["rate"])),
                float(np.mean(found["float-emulator counts"])),
                float(np.mean(found["emulator counts"])),
                float(np.min(found["emulator counts"])),
                float(np.mean(found["emulator trains"])),
                f"{100 * np.mean(found['float-emulator agree']):.1f} %",
                f"{100 * np.mean(found['emulator agree']):.1f} %",
            ]
        )
    return Table(
        f"Braille, {name}: the hidden layer by convention",
        [
            "convention",
            "spikes in 100 steps",
            "float emulator: cosine of counts",
            "emulator: cosine of counts",
            "least of the seeds",
            "emulator: cosine of trains",
            "float emulator: spikes that agree",
            "emulator: spikes that agree",
        ],
        rows,
        f"{seeds} seeds of random spikes, {N_CHANNELS} channels × {N_STEPS} steps, "
        f"{100 * RATE:g} % of all; cosine similarities to our reference of the same convention.",
    )


def _platforms(folder: Path, name: str, seeds: int) -> Table:
    """Platforms beside Norse; the sample that they were given is not published."""
    suffix = f"_activity_{name}.npy"
    found = {
        path.name[: -len(suffix)]: np.load(path, allow_pickle=False)
        for path in sorted(folder.glob(f"*{suffix}"))
    }
    arrays = {key: (array if len(array) == N_STEPS else array.T) for key, array in found.items()}
    norse = arrays["norse"]
    rows = []
    for platform, array in arrays.items():
        accuracy = float(np.load(folder / f"{platform}_accuracy_{name}.npy", allow_pickle=False))
        rows.append(
            [
                platform,
                f"{accuracy if accuracy > 1 else 100 * accuracy:.1f} %",
                100 * float(array.mean()),
                cosine_of_counts(norse, array),
                cosine(norse, array),
            ]
        )
    path = folder / f"braille_{name}.nir"
    reset = name.split("_")[-1]
    ours: Dict[str, List[np.ndarray]] = {"cpu": [], "emulator": []}
    for seed in range(seeds):
        for target, runs in ours.items():
            runs.append(spikes(path, stimulus(seed), target, reset=reset)[HIDDEN])
    for target, words in (("cpu", "our reference"), ("emulator", "our emulator")):
        rate = 100 * float(np.mean(ours[target]))
        rows.append([f"**{words}**, random input", "no data", rate, "no data", "no data"])
    return Table(
        f"Braille, {name}: the paper's platforms, one sample",
        ["platform", "accuracy (paper)", "spikes in 100 steps", "cosine to Norse", "of trains"],
        rows,
        "The sample that the platforms were given is not published, so that no run of ours can be "
        "put beside theirs, spike by spike: what is here is how far they are from each other.",
    )
