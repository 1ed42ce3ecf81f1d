"""Peers' emulators of the chip and ours, on the same network of integers, side by side in one run.

    python -m benchmarks.chip_peers [--brian2-loihi PYTHON] [--lava PYTHON] [--repeats 3]

PYTHON is an interpreter that has the peer: ``pip install brian2-loihi`` (newest Python), ``pip
install lava-nc`` (Python 3.10). Ours is the engine that every target runs on, given the arrays. A
spike in another step, or another number of them, is printed and ends with 1.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from benchmarks.chip_peers.network import SMALL, Integers, digest, network
from deploy.emulator.engine import Engine
from deploy.emulator.layout import Compartments, Groups, Layout, Learning, Modes, Rows

PROGRAMS = Path(__file__).parent / "programs"
SIZES = (  # neurons, inputs, steps, synapses of each neuron
    SMALL,
    (1000, 100, 1000, 100),
    (1000, 100, 1000, 1000),
)
MOST_SECONDS = 900
UNIT = 64  # of weights and thresholds


class Ran(NamedTuple):
    """(n_steps, n) spikes, and seconds: without what comes before the first step."""

    spikes: np.ndarray
    wall: float
    process: float


def layout_of(of: Integers) -> Layout:
    """Two axon groups, from inputs and from neurons, with dense rows of weights."""
    n_inputs, n = of.into.shape
    weights = np.concatenate([of.into, of.among])
    sources = np.array([0, 1])
    table = np.array([0, n_inputs])
    row = np.arange(n_inputs + n)
    none = np.zeros(2, np.int64)
    empty: Dict[str, np.ndarray] = {name: np.zeros(0, np.int64) for name in Learning._fields}
    # the chip takes one off what is kept of a current, nengo-loihi's emulator and lava's with it
    same = {"decay_u": of.decay_u - 1, "decay_v": of.decay_v, "scale_u": 1, "scale_v": 1}
    same.update(vth=of.threshold * UNIT, vmin=-(2**23) + 1, vmax=2**23 - 1, bias=0, ref=1)
    same.update(noise_offset=0, noise_mult=0, noise_on_u=0)
    kinds = {"noise_mult": np.float64, "noise_on_u": np.bool_}
    return Layout(
        integer=True,
        block_start=np.array([0, n]),
        n_inputs=1,
        compartments=Compartments(
            **{name: np.full(n, value, kinds.get(name, np.int32)) for name, value in same.items()}
        ),
        rows=Rows(
            weights=weights.reshape(-1),
            start=row * n,
            length=np.full(len(row), n, np.int32),
            targets=np.zeros(0, np.uint16),
            target_start=np.full(len(row), -1),
            scale=np.full(len(row), UNIT, np.int32),
        ),
        groups=Groups(
            source=sources,
            table=table,
            synapse=none - 1,
            run_length=none + n,
            run_base=none,
            run_scale=np.full(2, UNIT, np.int32),
            run_start=row * n,
            row=row,
            base=np.zeros(len(row), np.int32),
            axon=np.zeros(len(row), np.int32),
        ),
        learning=Learning(**empty),
        learned=np.zeros(0, np.int32),
        has_noise=False,
        modes=Modes(),
    )


def ours(of: Integers) -> Ran:
    """By one thread; the kernel is compiled, or loaded, before the clock starts."""
    n, n_steps = len(of.among), len(of.inputs)
    layout = layout_of(of)
    none = np.zeros(0, np.int64)
    probed = {"spiked": np.arange(n), "current": none, "voltage": none}
    steps, sources = np.nonzero(of.inputs)
    steps = steps + 1  # what is sent in step n reaches a neuron in step n + 1
    first = np.searchsorted(steps, np.arange(n_steps + 1)).astype(np.int64)
    events = sources.astype(np.int32)
    warm = Engine(layout, 0, probed, threads=1)
    warm.advance_row(warm.buffers(1), events, first, 0, 1)
    engine = Engine(layout, 0, probed, threads=1)
    buffers = engine.buffers(n_steps)
    begun, worked = time.perf_counter(), time.process_time()
    engine.advance_row(buffers, events, first, 0, n_steps)
    return Ran(buffers.spiked, time.perf_counter() - begun, time.process_time() - worked)


def by_peer(program: Sequence[str], given: Path) -> Ran:
    """In a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        saved = Path(scratch) / "spikes.npz"
        command = [program[0], str(PROGRAMS / program[1]), str(given), str(saved), *program[2:]]
        subprocess.run(command, check=True, timeout=MOST_SECONDS, stdout=subprocess.DEVNULL)
        with np.load(saved) as found:
            return Ran(found["spikes"], float(found["wall"]), float(found["process"]))


def other_spikes(found: Ran, own: Ran) -> str:
    """In which step the first spike is that only one of them has; empty if none is."""
    other = np.nonzero((found.spikes != own.spikes).any(axis=1))[0]
    return f"other spikes from step {other[0]} on" if len(other) else ""


def measure(
    size: Tuple[int, int, int, int], programs: Dict[str, Sequence[str]], repeats: int
) -> bool:
    """Print a row an emulator; whether all have the same spikes."""
    of = network(*size)
    ran: Dict[str, List[Ran]] = {name: [] for name in ["ours", *programs]}
    with tempfile.TemporaryDirectory() as scratch:
        given = Path(scratch) / "network.npz"
        np.savez(given, **of._asdict())
        for _ in range(repeats):
            ran["ours"].append(ours(of))
            for name, program in programs.items():
                ran[name].append(by_peer(program, given))
    own = ran["ours"]
    base = median(each.wall for each in own)
    same = True
    for name, found in ran.items():
        other = other_spikes(found[0], own[0])
        same = same and not other
        wall, process = ([getattr(each, clock) for each in found] for clock in ("wall", "process"))
        cells = [
            f"{size[0]:,} × {size[3]:,}", name, f"{found[0].spikes.mean():.4f}",
            other or digest(found[0].spikes), f"{min(wall):.4f} ({median(wall):.4f})",
            f"{median(process):.4f}", f"{median(wall) / base:.3g}",
        ]  # fmt: skip
        print("| " + " | ".join(cells) + " |", flush=True)
    return same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--brian2-loihi", metavar="PYTHON")
    parser.add_argument("--lava", metavar="PYTHON")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    programs: Dict[str, Sequence[str]] = {}
    if asked.brian2_loihi:
        for target in ("cython", "numpy"):
            programs[f"brian2-loihi, {target}"] = (
                asked.brian2_loihi, "brian2_loihi_run.py", target
            )  # fmt: skip
    if asked.lava:
        programs["lava, fixed point"] = (asked.lava, "lava_run.py")
    print("| neurons × synapses | | rate a step | spikes | s, best (median) | CPU | ÷ ours |")
    print("|---|---|---|---|---|---|---|")
    same = [measure(size, programs, asked.repeats) for size in SIZES]
    if not all(same):
        sys.exit(1)


if __name__ == "__main__":
    main()
