"""Whether a change of the code changed a bit: hashes of spikes, weights and probes.

python benchmarks/same_bits.py FILE [--only TEXT]     writes FILE where there is none, else compares

The nine lessons and the examples of the docs (the first second, two seeds), and 100 random networks
(0.3 s), on ``cpu``, ``float-emulator`` and ``emulator``. Hashes are those of one machine and its
libraries: write the file before the change, with the old code, and compare after it.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import argparse
import hashlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

import nengo
import numpy as np

import deploy
from loihi_rules.systems import SYSTEMS

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
TARGETS = ("cpu", "float-emulator", "emulator")
SEEDS = (0, 7)
RANDOM = 100


def random_network(seed: int) -> nengo.Network:
    """Two to five populations in a chain, some in loops, some that learn, of several kinds."""
    rng = np.random.RandomState(seed)
    kinds = (nengo.LIF(), nengo.SpikingRectifiedLinear(), nengo.LIF(tau_ref=0.004))
    with nengo.Network(seed=seed) as net:
        first = nengo.Node(nengo.processes.WhiteSignal(1.0, high=5, rms=0.5), size_out=2)
        before: Any = first
        for k in range(rng.randint(2, 6)):
            ens = nengo.Ensemble(
                rng.randint(20, 400), 2, radius=10 ** rng.uniform(-1, 1), label=f"ens{k}"
            )
            ens.neuron_type = kinds[rng.randint(len(kinds))]
            if ens.neuron_type is kinds[-1]:
                ens.max_rates = nengo.dists.Uniform(120, 220)  # its highest is 250 Hz
            ratio = ens.radius / getattr(before, "radius", 1.0)
            tau = (0.002, 0.005, 0.02, 0.1)[rng.randint(4)]
            kind = rng.randint(5)
            if kind == 0 and before is not first:
                nengo.Connection(before, ens, function=np.square, transform=ratio, synapse=tau)
            elif kind == 1 and before is not first:
                learned = nengo.Connection(
                    before,
                    ens,
                    function=lambda x: [0, 0],
                    learning_rule_type=nengo.PES(10 ** rng.uniform(-4.5, -3)),
                )
                error = nengo.Node(size_in=2)
                nengo.Connection(ens, error)
                nengo.Connection(first, error, transform=-1)
                nengo.Connection(error, learned.learning_rule)
            else:
                transform = ratio * rng.randn(2, 2)
                nengo.Connection(before, ens, transform=transform, synapse=tau)
            if rng.rand() < 0.3:
                nengo.Connection(ens, ens, synapse=0.1, transform=rng.uniform(0.2, 1))
            nengo.Probe(ens, synapse=0.01)
            nengo.Probe(ens.neurons)
            before = ens
    return net


def cases() -> Iterator[Tuple[str, Any, float, int]]:
    """Name, model, duration and seed."""
    for name in SYSTEMS:
        for seed in SEEDS:
            yield f"{name}, seed {seed}", name, 1.0, seed
    for path in sorted(EXAMPLES.glob("*.py")):
        for seed in SEEDS:
            yield f"{path.stem}, seed {seed}", path, 1.0, seed
    for seed in range(RANDOM):
        yield f"random network {seed}", random_network(seed), 0.3, seed


def digest(model: Any, duration: float, target: str, seed: int) -> str:
    """Of everything that a run has recorded. A case that is refused would compare nothing."""
    sha = hashlib.sha256()
    run = deploy.run(model, duration, target, seed)
    for name, array in sorted(run.arrays().items()):
        sha.update(f"{name} {array.dtype} {array.shape}".encode())
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()[:20]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", default="", help="cases with this in their names")
    asked = parser.parse_args()
    before: Dict[str, str] = json.loads(asked.file.read_text()) if asked.file.exists() else {}
    now: Dict[str, str] = {}
    warnings.simplefilter("ignore")
    for name, model, duration, seed in cases():
        if asked.only not in name:
            continue
        for target in TARGETS:
            now[f"{name} on {target}"] = found = digest(model, duration, target, seed)
            if before and before.get(f"{name} on {target}") != found:
                print(f"{name} on {target}: other bits", flush=True)
    if not before:
        asked.file.write_text(json.dumps(now, indent=1))
        print(f"{asked.file}: {len(now)} runs")
        return 0
    others = sum(before.get(key) != found for key, found in now.items())
    print(f"{len(now) - others} of {len(now)} runs have the bits of {asked.file}")
    return 1 if others else 0


if __name__ == "__main__":
    sys.exit(main())
