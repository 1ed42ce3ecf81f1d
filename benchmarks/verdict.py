"""What the verdict misses, and where it cries wolf.

python benchmarks/verdict.py misses [--models NAME ...] [--seeds 3] [--seconds 2 4]
python benchmarks/verdict.py alarms [--models NAME ...] [--seeds 4] [--runs 10] [--seconds 2]
python benchmarks/verdict.py typical [SYSTEM ...]
python benchmarks/verdict.py lessons [SYSTEM ...]

*misses* injects known faults into healthy CPU runs with other initial voltages, and counts how
often each is called NO PARITY. *alarms* judges healthy CPU runs, half with other voltages, half
with other neurons as well, and counts the same. *typical* prints standard deviations of runs and
builds of the built-in systems and of free dynamics, which stand in for a spread where none was made
(`deploy/parity/floors.py`). All of it on one core.
"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import argparse
from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

import nengo
import numpy as np
from scipy.stats import beta

import deploy
from deploy.models.variants import Variant
from deploy.parity import Comparison, Spread
from deploy.parity.effects import effects_of
from deploy.traces.trace import Trace
from deploy.traces.traces import Traces
from deploy.workflows.run import run
from loihi_rules import fix_seeds
from loihi_rules.systems import SYSTEMS
from loihi_rules.systems.bcm import bcm
from loihi_rules.systems.one_hot import one_hot
from loihi_rules.systems.pes_connection import pes_connection

OUT = "out"
TYPICAL_SECONDS = 4.0  # of models that do not say how long they want to run
HEALTHY = 9000  # from here on, seeds of healthy runs


def channel(seed: int, neurons: int = 100, dimensions: int = 1, count: int = 1) -> nengo.Network:
    """Populations that carry a random signal, each with a probe."""
    with nengo.Network(seed=seed) as net:
        signal = nengo.processes.WhiteSignal(20.0, high=5, rms=0.5 / np.sqrt(dimensions))
        stimulus = nengo.Node(signal, size_out=dimensions)
        for k in range(count):
            ens = nengo.Ensemble(neurons, dimensions, label=f"ens{k}")
            nengo.Connection(stimulus, ens)
            nengo.Probe(ens, synapse=0.01, label=OUT if k == 0 else f"{OUT} {k}")
            if k == 0:
                nengo.Probe(ens.neurons, label="spikes")
    return net


def integrator(seed: int) -> nengo.Network:
    with nengo.Network(seed=seed) as net:
        signal = nengo.processes.WhiteSignal(20.0, high=1, rms=0.7)
        ens = nengo.Ensemble(100, 1)
        nengo.Connection(nengo.Node(signal), ens, transform=0.1, synapse=0.1)
        nengo.Connection(ens, ens, synapse=0.1)
        nengo.Probe(ens, synapse=0.01, label=OUT)
        nengo.Probe(ens.neurons, label="spikes")
    return net


def oscillator(seed: int) -> nengo.Network:
    with nengo.Network(seed=seed) as net:
        kick = nengo.Node(lambda t: [1, 0] if t < 0.1 else [0, 0])
        ens = nengo.Ensemble(200, 2)
        nengo.Connection(kick, ens)
        nengo.Connection(ens, ens, synapse=0.1, transform=[[1.1, 1.5], [-1.5, 1.1]])
        nengo.Probe(ens, synapse=0.01, label=OUT)
        nengo.Probe(ens.neurons, label="spikes")
    return net


def learner(seed: int, learning_rate: float = 1e-3) -> nengo.Network:
    net = pes_connection(seed=seed, learning_rate=learning_rate)
    named(net, "post").label = OUT
    named(net, "pre spikes").label = "spikes"
    return net


def named(net: nengo.Network, label: str) -> nengo.Probe:
    return next(probe for probe in net.all_probes if probe.label == label)


def bcm_rates(seed: int, learning_rate: float = 1e-10) -> nengo.Network:
    net = bcm(seed=seed, learning_rate=learning_rate)
    named(net, "post").label = OUT
    named(net, "pre spikes").label = "spikes"
    return net


MODELS: Mapping[str, Callable[..., nengo.Network]] = {
    "channel": channel,
    "30 neurons": lambda seed: channel(seed, neurons=30),
    "8-D": lambda seed: channel(seed, neurons=400, dimensions=8),
    "20 probes": lambda seed: channel(seed, neurons=50, count=20),
    "PES": learner,
    "integrator": integrator,
    "oscillator": oscillator,
    "one-hot": lambda seed: one_hot(seed=seed),
    "BCM": bcm_rates,
}


# ------------------------------------------------------------------------------------- faults


class Case(NamedTuple):
    """A healthy run to inject faults into, and the noise of its output."""

    traces: Traces
    noise: float


def on_output(change: Callable[[np.ndarray, np.ndarray, Case], np.ndarray]) -> Callable:
    """A fault of the samples of the output."""

    def inject(case: Case) -> Optional[Traces]:
        if OUT not in case.traces.traces:
            return None
        trace = case.traces[OUT]
        samples = np.asarray(trace.samples, float)
        t = trace.times(case.traces.dt)
        return with_trace(case.traces, replace(trace, samples=change(samples, t, case)))

    return inject


def with_trace(run_: Traces, trace: Trace) -> Traces:
    return replace(run_, traces={**run_.traces, trace.label: trace})


def gained(part: float) -> Callable:
    return on_output(lambda x, t, case: (1 + part) * x)


def late(seconds: float) -> Callable:
    return on_output(lambda x, t, case: np.roll(x, int(round(seconds / case.traces.dt)), axis=0))


def drifting(part: float) -> Callable:
    return on_output(lambda x, t, case: x * (1 + part * t / t[-1])[:, None])


def lifted(offset: float) -> Callable:
    return on_output(lambda x, t, case: x + offset)


def noisy(times: float) -> Callable:
    def change(x: np.ndarray, t: np.ndarray, case: Case) -> np.ndarray:
        white = np.random.RandomState(0).randn(*x.shape)
        noise = nengo.Lowpass(0.01).filt(white, dt=case.traces.dt)
        return x + np.sqrt(times**2 - 1) * case.noise * noise / noise.std()

    return on_output(change)


def stretched(part: float) -> Callable:
    def change(x: np.ndarray, t: np.ndarray, case: Case) -> np.ndarray:
        return np.stack([np.interp(t * (1 - part), t, column) for column in x.T], axis=1)

    return on_output(change)


def one_dimension(factor: float) -> Callable:
    def inject(case: Case) -> Optional[Traces]:
        if OUT not in case.traces.traces or case.traces[OUT].samples.shape[1] < 8:
            return None
        samples = np.array(case.traces[OUT].samples, float)
        samples[:, 3] *= factor
        return with_trace(case.traces, replace(case.traces[OUT], samples=samples))

    return inject


def dead(part: float) -> Callable:
    """Spikes of a part of the neurons are gone, the most active first: seen where spikes are."""

    def inject(case: Case) -> Optional[Traces]:
        if "spikes" not in case.traces.traces:
            return None
        trace = case.traces["spikes"]
        count = max(1, int(round(part * trace.n_neurons)))
        active = np.argsort(-trace.counts())[:count]
        left = ~np.isin(trace.spike_neurons, active)
        steps, neurons = trace.spike_steps[left], trace.spike_neurons[left]
        return with_trace(case.traces, replace(trace, spike_steps=steps, spike_neurons=neurons))

    return inject


FAULTS: Mapping[str, Callable[[Case], Optional[Traces]]] = {
    "gain − 3 %": gained(-0.03),
    "gain + 5 %": gained(0.05),
    "gain + 15 %": gained(0.15),
    "2 ms late": late(0.002),
    "5 ms late": late(0.005),
    "10 ms late": late(0.01),
    "drift 5 %": drifting(0.05),
    "drift 10 %": drifting(0.1),
    "drift 20 %": drifting(0.2),
    "noise × 1.25": noisy(1.25),
    "noise × 1.5": noisy(1.5),
    "noise × 2": noisy(2.0),
    "offset 0.02": lifted(0.02),
    "offset 0.05": lifted(0.05),
    "time base 0.3 %": stretched(0.003),
    "time base 1 %": stretched(0.01),
    "3 % of neurons dead": dead(0.03),
    "10 % of neurons dead": dead(0.1),
    "1 dimension of 8 flipped": one_dimension(-1.0),
    "1 dimension of 8 zero": one_dimension(0.0),
}
RATES = {"rate × 0.5": 0.5, "rate × 0.75": 0.75, "rate × 1.5": 1.5, "rate × 2": 2.0}
LEARNING = {"PES": (learner, 1e-3), "BCM": (bcm_rates, 1e-10)}


def cut(run_: Traces, seconds: float) -> Traces:
    """The beginning of a run, which is what a shorter run would have been."""
    n_steps = int(round(seconds / run_.dt))
    traces = {}
    for trace in run_:
        if trace.sparse:
            inside = trace.spike_steps <= n_steps
            steps, neurons = trace.spike_steps[inside], trace.spike_neurons[inside]
            short = replace(trace, n_steps=n_steps, spike_steps=steps, spike_neurons=neurons)
        else:
            count = int(np.sum(trace.steps <= n_steps))
            short = replace(trace, n_steps=n_steps, samples=trace.samples[:count])
        traces[trace.label] = short
    return replace(run_, traces=traces, n_steps=n_steps)


def spread_cut(spread: Spread, seconds: float) -> Spread:
    groups = ((cut(r, seconds) for r in group) for group in (spread.repeats, spread.builds))
    return Spread(*map(tuple, groups))


def noise_of(spread: Spread, run_: Traces) -> float:
    """RMS of what a run's output differs by from where its model leads it."""
    if OUT not in run_.traces:
        return 0.0
    mean = np.mean([r[OUT].samples for r in spread.builds], axis=0)
    settled = len(mean) // 2
    return float(np.std((run_[OUT].samples - mean)[settled:]))


def judged(reference: Traces, other: Traces, spread: Spread) -> Comparison:
    """The verdict, without the figures beside it."""
    return Comparison((reference, other), (), effects=effects_of(reference, other, spread))


def misses(models: List[str], seeds: int, seconds: List[float]) -> None:
    print(f"NO PARITY / not PARITY of {seeds}, faults in healthy CPU runs\n")
    columns = [(model, s) for model in models for s in seconds]
    caught: Dict[Tuple, Counter] = defaultdict(Counter)
    for model in models:
        for seed in range(seeds):
            net = fix_seeds(MODELS[model](seed=seed), seed).network
            longest = max(seconds)
            reference = run(net, longest, "cpu", seed)
            spread = deploy.spread(net, longest, seed, reference=reference, processes=1)
            healthy = run(net, longest, "cpu", seed, variant=Variant(HEALTHY + seed))
            strange = run(MODELS[model](seed=seed + 100), longest, "cpu", seed + 100)
            others = {"none": healthy, "wrong seed": strange}
            if model in LEARNING:
                build, rate = LEARNING[model]
                for name, factor in RATES.items():
                    slower = build(seed=seed, learning_rate=factor * rate)
                    variant = Variant(HEALTHY + seed)
                    others[name] = run(slower, longest, "cpu", seed, variant=variant)
            for s in seconds:
                short, yard = cut(reference, s), spread_cut(spread, s)
                case = Case(cut(healthy, s), noise_of(yard, cut(healthy, s)))
                tried: Dict[str, Optional[Traces]] = {n: cut(r, s) for n, r in others.items()}
                tried.update({name: inject(case) for name, inject in FAULTS.items()})
                for name, faulty in tried.items():
                    if faulty is not None:
                        found = judged(short, faulty, yard)
                        caught[name, model, s][found.outcome] += 1
            print(f"# {model}, seed {seed} done", flush=True)
    print("| fault | " + " | ".join(f"{model}, {s:g} s" for model, s in columns) + " |")
    print("|---|" + "---|" * len(columns))
    for name in ["none", *FAULTS, "wrong seed", *RATES]:
        cells = []
        for column in columns:
            counts = caught.get((name, *column))
            shown = ""
            if counts:
                wrong = counts["NO PARITY"]
                shown = f"{wrong} / {wrong + counts['OPEN']}"
            cells.append(shown)
        print(f"| {name} | " + " | ".join(cells) + " |")


# ------------------------------------------------------------------------------- false alarms


def alarms(models: List[str], seeds: int, runs: int, seconds: float) -> None:
    print("| model | healthy runs | NO PARITY | OPEN | PARITY | false quantities |")
    print("|---|---|---|---|---|---|")
    total: Counter = Counter()
    for model in models:
        counts: Counter = Counter()
        named_: Counter = Counter()
        for seed in range(seeds):
            net = fix_seeds(MODELS[model](seed=seed), seed).network
            reference = run(net, seconds, "cpu", seed)
            spread = deploy.spread(net, seconds, seed, reference=reference, processes=1)
            for k in range(runs):
                neurons = HEALTHY + 500 + k if k % 2 else None
                variant = Variant(HEALTHY + k, neurons)
                healthy = run(net, seconds, "cpu", seed, variant=variant)
                found = judged(reference, healthy, spread)
                counts[found.outcome] += 1
                named_.update({e.quantity for e in found.different})
        total.update(counts)
        row = [sum(counts.values()), counts["NO PARITY"], counts["OPEN"], counts["PARITY"]]
        words = ", ".join(f"{name} {count}" for name, count in named_.items())
        print(f"| {model} | " + " | ".join(map(str, row)) + f" | {words} |", flush=True)
    n, wrong = sum(total.values()), total["NO PARITY"]
    low = beta.ppf(0.025, wrong, n - wrong + 1) if wrong else 0.0
    high = beta.ppf(0.975, wrong + 1, n - wrong) if wrong < n else 1.0
    print(
        f"\nfalse NO PARITY: {wrong} of {n}, {100 * wrong / n:.1f} % "
        f"(95 % interval {100 * low:.1f} to {100 * high:.1f} %)"
    )


# -------------------------------------------------------------------------------- what is typical


def typical(systems: List[str]) -> None:
    """Largest over systems of the median over values of each quantity's standard deviations."""
    found: Dict[str, List[Tuple[float, float]]] = defaultdict(list)
    for name in systems:
        duration = SYSTEMS[name].duration if name in SYSTEMS else TYPICAL_SECONDS
        model = name if name in SYSTEMS else MODELS[name](seed=0)
        reference = run(model, duration, "cpu")
        spread = deploy.spread(model, duration, reference=reference)
        by: Dict[str, List[Any]] = defaultdict(list)
        for effect in effects_of(reference, reference, spread):
            by[effect.quantity].append(effect)
        for name, effects in by.items():
            found[name].append(
                (
                    float(np.median([e.deviation for e in effects])),
                    float(np.median([e.build for e in effects])),
                )
            )
    print(f"{'quantity':22}{'run':>10}{'build':>10}")
    for name, pairs in found.items():
        run_, build = (max(column) for column in zip(*pairs))
        print(f"{name:22}{run_:10.4f}{build:10.4f}")


# ------------------------------------------------------------------------------------- lessons


def lessons(systems: List[str]) -> None:
    """The emulator's verdict on built-in systems, at their own length, and the largest effects."""
    print(
        "| lesson | verdict | quantities | differs in, is open in, or comes closest to its margin |"
    )
    print("|---|---|---|---|")
    for system in systems:
        parity = deploy.compare(system, SYSTEMS[system].duration)
        worst = parity.different + parity.open or parity.effects
        shown = sorted(worst, key=lambda effect: -effect.severity)[:2]
        failed = [f"{f.metric} {f.value:.3g}" for f in parity.failed]
        count = len(parity.effects) + len(parity.judged)
        words = "; ".join([*failed, *(effect.words for effect in shown)])
        print(f"| {system} | {parity.outcome} | {count} | {words} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("misses", "alarms", "typical", "lessons"))
    parser.add_argument("systems", nargs="*")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seconds", type=float, nargs="+", default=[2.0, 4.0])
    asked = parser.parse_args()
    if asked.what == "misses":
        misses(asked.models, asked.seeds, asked.seconds)
    elif asked.what == "alarms":
        alarms(asked.models, asked.seeds, asked.runs, asked.seconds[0])
    elif asked.what == "lessons":
        lessons(asked.systems or list(SYSTEMS))
    else:
        typical(asked.systems or [*SYSTEMS, "integrator", "oscillator"])


if __name__ == "__main__":
    main()
