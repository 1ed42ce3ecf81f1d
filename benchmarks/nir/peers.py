"""Networks that live frameworks have trained, exported, and decided with: here the same?"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Mapping, NamedTuple, Optional

import numpy as np

from benchmarks.nir.table import Table
from deploy.errors import BadInput, TargetUnavailable
from deploy.workflows.classify import classify
from loihi_rules.nir import convert
from loihi_rules.nir.file import read_file
from loihi_rules.nir.stepping import Stepper

PROGRAMS = Path(__file__).parent / "programs"
MINUTES = 20  # that a peer may train for


@dataclass(frozen=True)
class Peer:
    """A network of a peer's.

    Attributes
    ----------
    program, name : str
        ``programs/PROGRAM.py`` trains it; files are called after both.
    conventions : mapping
        With which it is computed as the peer does; what the file says of itself is not in it.
    """

    program: str
    name: str
    conventions: Mapping[str, Any]

    @property
    def stem(self) -> str:
        return f"{self.program.split('_')[0]}_{self.name}"


# snntorch 1.0.0, _neurons/leaky.py and synaptic.py: a reset to zero of Leaky comes before the
# next step's input, that of Synaptic after it; one by subtraction after the next step's leak
PEERS = (
    Peer("snntorch_digits", "dense", {}),
    Peer("snntorch_digits", "synaptic", {"reset_at": "next"}),
    Peer("snntorch_digits", "conv", {}),
    Peer("snntorch_digits", "subtract", {"reset": "subtract", "reset_at": "next"}),
    # norse 1.1.0, functional/lif_box.py and lif.py: what enters a current is not multiplied by dt/τ
    Peer("norse_digits", "box", {}),
    Peer("norse_digits", "current", {"gain": "current"}),
    Peer("spyx_digits", "dense", {}),
    Peer("spyx_digits", "cuba", {}),
    # sinabs 2.0.3, layers/functional/lif.py: time constants are in steps
    Peer(
        "sinabs_digits",
        "dense",
        {"dt": 1.0, "decay": "exact", "reset": "subtract", "gain": "one"},
    ),
    Peer("rockpool_digits", "dense", {}),
    Peer("rockpool_digits", "cuba", {}),
)


class Samples(NamedTuple):
    """Test samples as `programs/digits.py` saves them.

    Attributes
    ----------
    inputs : (n_samples, n_steps, n_inputs) ndarray
        Of 0 and 1.
    labels : (n_samples,) ndarray
    counts : (n_samples, n_outputs) ndarray
        How often each output of the peer's spiked.
    """

    inputs: np.ndarray
    labels: np.ndarray
    counts: np.ndarray

    def first(self, n: Optional[int]) -> Samples:
        return Samples(*(part[:n] for part in self))


def load(path: Path) -> Samples:
    with np.load(path, allow_pickle=False) as file:
        return Samples(np.unpackbits(file["inputs"], axis=-1), file["labels"], file["counts"])


def counts_of(path: Path, inputs: np.ndarray, **conventions: Any) -> np.ndarray:
    """(n_samples, n_outputs) spikes on our reference, all states beginning at 0."""
    model = convert(read_file(path), path.stem, conventions)
    spikes = Stepper(model).run(inputs.astype(float))[model.outputs["output"]]
    return np.asarray(spikes.sum(axis=1))


def spelled(path: Path, conventions: Mapping[str, Any]) -> str:
    """As on the command line."""
    asked = ",".join(f"{key}={value}" for key, value in conventions.items())
    return f"{path}[{asked}]" if asked else str(path)


def tables(folder: Path, python: Optional[Path], n_samples: Optional[int]) -> List[Table]:
    """Train where a peer's Python is given, then run all that is in the folder."""
    rows = []
    for peer in PEERS:
        if python is not None:
            _train(peer, folder, python, n_samples)
        path = folder / f"{peer.stem}.nir"
        if not path.is_file():
            raise BadInput(f"{path}: there is no such file; give the peer's Python, as --python")
        samples = load(path.with_suffix(".npz")).first(n_samples)
        rows.append(_row(peer, path, samples))
    return [
        Table(
            "Digits: decisions of the peer, of our reference and of the emulators",
            [
                "network",
                "conventions",
                "samples",
                "peer",
                "our reference",
                "samples whose counts are the peer's",
                "decisions that are the peer's",
                "float emulator",
                "emulator",
            ],
            rows,
            "Accuracy on test samples (most spikes win, the first of equals), each from its own "
            "start.",
        )
    ]


def _row(peer: Peer, path: Path, samples: Samples) -> List[Any]:
    counts = counts_of(path, samples.inputs, **peer.conventions)
    found = classify(spelled(path, peer.conventions), samples.inputs, samples.labels)
    decided = samples.counts.argmax(axis=1)
    n, same = len(samples.labels), np.all(counts == samples.counts, axis=1)
    asked = ", ".join(f"{key}={value}" for key, value in peer.conventions.items())
    return [
        peer.stem,
        asked or "as the file says",
        n,
        _percent(np.mean(decided == samples.labels)),
        _percent(found.targets[0].accuracy),
        f"{same.sum()} of {n}",
        f"{np.sum(found.targets[0].decided == decided)} of {n}",
        *(_percent(target.accuracy) for target in found.targets[1:]),
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _train(peer: Peer, folder: Path, python: Path, n_samples: Optional[int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(python), str(PROGRAMS / f"{peer.program}.py"), str(folder), peer.name]
    command += [] if n_samples is None else [str(n_samples)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60 * MINUTES)
    except OSError as error:
        raise TargetUnavailable(f"{python}: it cannot be run ({error.strerror})") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise TargetUnavailable(f"{python} {peer.program}.py {peer.name} failed: {last}")
    print(done.stdout.strip().splitlines()[-1], file=sys.stderr)
