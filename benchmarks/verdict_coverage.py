"""How often the verdict's intervals cover the truth, of processes whose truth is known.

python benchmarks/verdict_coverage.py [--trials 3000]

A band-limited random signal is the reference. A judged run follows it with a gain, an offset, a
lag, drifts, a time base and noise that are drawn anew each time; four replicates follow it as it
is, with noise of their own. The noise is that of spikes through a synapse: white, lowpass of 10 ms.
"""

from __future__ import annotations

import argparse
from typing import Callable, Dict, List

import numpy as np
from scipy.signal import lfilter

from deploy.parity.statistics.decision import judge
from deploy.parity.statistics.path import PathFit, fit_path, middle_of_moves

DT = 0.001
REPLICATES = 4


def band_limited(
    n: int, rng: np.random.RandomState, high: float = 5.0, rms: float = 0.5
) -> Callable[[np.ndarray], np.ndarray]:
    """A random signal without power above ``high`` Hz, as a function of time in seconds."""
    frequencies = np.arange(1, int(high * n * DT) + 1) / (n * DT)
    phases = rng.uniform(0, 2 * np.pi, len(frequencies))
    size = rms * np.sqrt(2 / len(frequencies))

    def signal(t: np.ndarray) -> np.ndarray:
        angles = 2 * np.pi * np.outer(t, frequencies) + phases
        return np.asarray(size * np.cos(angles).sum(axis=1))

    return signal


def coloured(n: int, rng: np.random.RandomState, rms: float, tau: float = 0.01) -> np.ndarray:
    """White noise through a lowpass."""
    decay = np.exp(-DT / tau)
    noise = lfilter([1 - decay], [1, -decay], rng.randn(n + 200))[200:]
    return np.asarray(rms * noise / np.sqrt((1 - decay) / (1 + decay)))


def measured(fit: PathFit) -> Dict[str, float]:
    """What the verdict asks of a fit."""
    return {
        "gain": fit.gain[0],
        "offset": fit.offset[0],
        "lag": fit.lag[0],
        "time base": fit.time_base[0],
        "gain drift": fit.gain_drift[0],
        "drift": fit.offset_drift[0],
        "noise": np.log(fit.noise[0]),
    }


def coverage(trials: int = 3000, n: int = 1500, seed: int = 5) -> Dict[str, float]:
    """Share of trials in which each 95 % interval has the truth in it.

    Parameters
    ----------
    trials : int
    n : int
        Steps of each run.
    seed : int
    """
    rng = np.random.RandomState(seed)
    t = DT * np.arange(n)
    middle = t - t[-1] / 2
    hits: Dict[str, List[bool]] = {}
    for _ in range(trials):
        signal = band_limited(n, rng)
        gain, offset = rng.uniform(0.8, 1.2), rng.uniform(-0.1, 0.1)
        lag, base = rng.uniform(-0.01, 0.01), rng.uniform(-0.003, 0.003)
        fade, sink = rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1)
        r = signal(t)
        tau = middle / (n * DT)
        warped = gain * (1 + fade * tau) * (signal(t - lag - base * middle) - r.mean())
        judged = r.mean() + offset + warped + sink * tau + coloured(n, rng, 0.05)
        runs = [judged] + [r + coloured(n, rng, 0.05) for _ in range(REPLICATES)]
        found = [measured(fit_path(r[:, None], run[:, None], DT)) for run in runs]
        late = lag + base * middle_of_moves(r, DT)
        truth = {"gain": gain, "offset": offset, "lag": late, "time base": base}
        truth.update({"gain drift": fade, "drift": sink, "noise": 0.0})
        nothing = {"gain": 1.0}
        for name, true in truth.items():
            values = np.array([one[name] for one in found])
            effect = values[:1] - values[1:].mean()
            deviation = values[1:].std(ddof=1, keepdims=True)
            interval = judge(effect, REPLICATES, deviation, REPLICATES - 1, 0.0)
            off = abs(effect[0] - (true - nothing.get(name, 0.0)))
            hits.setdefault(name, []).append(bool(off <= interval.half[0]))
    return {name: float(np.mean(covered)) for name, covered in hits.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=3000)
    asked = parser.parse_args()
    found = coverage(asked.trials)
    print(f"| of {asked.trials:,} processes | truth within the 95 % interval |\n|---|---|")
    for name, share in found.items():
        print(f"| {name} | {100 * share:.1f} % |")


if __name__ == "__main__":
    main()
