"""Known faults that are injected into healthy runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Dict, FrozenSet, List, Mapping, NamedTuple, Tuple, Union

import nengo
import numpy as np

from benchmarks.verdict_runs import OUT, RATES, VOLTAGES, WRONG_SEED, Seeded
from deploy.parity import Spread
from deploy.parity.statistics.path import fit_path
from deploy.traces.trace import Trace
from deploy.traces.traces import Traces

NONE = "none"
SPIKES = "spikes"
MANY = 8  # dimensions, or probes, of which one can be wrong
NO_VALUE = "no value is decoded"
NO_INPUT = "nothing goes in that it could be late behind"
FEW_NEURONS = "less than one neuron"
FEW_DIMENSIONS = "fewer than eight dimensions"
FEW_PROBES = "fewer than eight probes"
LEARNS_NOT = "nothing learns"
AUTONOMOUS = frozenset({"oscillator"})  # models with no input after a start


class Case(NamedTuple):
    """A healthy run to inject faults into.

    Attributes
    ----------
    model : str
    healthy : Traces
    noise : float
        RMS of the fast part of its output's noise.
    runs : mapping of str to Traces
        Others of the same model.
    """

    model: str
    healthy: Traces
    noise: float
    runs: Mapping[str, Traces]


Faulty = Union[Traces, str]  # a run, or why the fault has no meaning there
Injected = Callable[[Case], Faulty]


class Fault(NamedTuple):
    """Something wrong with a run.

    Attributes
    ----------
    inject : callable
        Gives the faulty run of a healthy one.
    about : frozenset of str
        Quantities that it is a fault of; empty if any.
    """

    inject: Injected
    about: FrozenSet[str] = frozenset()


def cases(one: Seeded, seconds: List[float]) -> List[Tuple[float, Spread, Case]]:
    """A model's runs of one seed, at several lengths."""
    whole, runs = one.spread(), one.load()
    found = []
    for s in seconds:
        spread = Spread(
            *(tuple(cut(run, s) for run in group) for group in (whole.repeats, whole.builds))
        )
        short = {name: cut(run, s) for name, run in runs.items()}
        healthy = short[VOLTAGES]
        found.append((s, spread, Case(one.model, healthy, _noise(spread, healthy), short)))
    return found


def cut(run: Traces, seconds: float) -> Traces:
    """The beginning of a run, which is what a shorter run would have been."""
    n_steps = int(round(seconds / run.dt))
    traces = {}
    for trace in run:
        if trace.sparse:
            inside = trace.spike_steps <= n_steps
            steps, neurons = trace.spike_steps[inside], trace.spike_neurons[inside]
            short = replace(trace, n_steps=n_steps, spike_steps=steps, spike_neurons=neurons)
        else:
            count = int(np.sum(trace.steps <= n_steps))
            short = replace(trace, n_steps=n_steps, samples=trace.samples[:count])
        traces[trace.label] = short
    return replace(run, traces=traces, n_steps=n_steps)


def _noise(spread: Spread, run: Traces) -> float:
    """As the verdict has it: the fast part of what is not where the builds lead."""
    if OUT not in run.traces:
        return 0.0
    mean = np.mean([each[OUT].samples for each in spread.builds], axis=0)
    settled = len(mean) // 2
    fit = fit_path(mean[settled:], run[OUT].samples[settled:], run.dt)
    return float(np.sqrt(np.mean(fit.noise**2)))


def injected(case: Case) -> Dict[str, Faulty]:
    """Every fault, in a healthy run."""
    return {name: fault.inject(case) for name, fault in FAULTS.items()}


def _with(run: Traces, trace: Trace) -> Traces:
    return replace(run, traces={**run.traces, trace.label: trace})


def _on_output(change: Callable[[np.ndarray, np.ndarray, Case], np.ndarray]) -> Injected:
    """A fault of the samples of the output."""

    def inject(case: Case) -> Faulty:
        if OUT not in case.healthy.traces:
            return NO_VALUE
        trace = case.healthy[OUT]
        samples = np.asarray(trace.samples, float)
        t = trace.times(case.healthy.dt)
        return _with(case.healthy, replace(trace, samples=change(samples, t, case)))

    return inject


def _gained(part: float) -> Injected:
    return _on_output(lambda x, t, case: (1 + part) * x)


def _late(seconds: float) -> Injected:
    moved = _on_output(lambda x, t, case: np.roll(x, int(round(seconds / case.healthy.dt)), axis=0))
    return lambda case: NO_INPUT if case.model in AUTONOMOUS else moved(case)


def _drifting(part: float) -> Injected:
    return _on_output(lambda x, t, case: x * (1 + part * t / t[-1])[:, None])


def _lifted(offset: float) -> Injected:
    return _on_output(lambda x, t, case: x + offset)


def _noisy(times: float) -> Injected:
    """As fast as what spikes leave behind a synapse."""

    def change(x: np.ndarray, t: np.ndarray, case: Case) -> np.ndarray:
        white = np.random.RandomState(0).randn(*x.shape)
        noise = nengo.Lowpass(0.01).filt(white, dt=case.healthy.dt)
        return x + np.sqrt(times**2 - 1) * case.noise * noise / noise.std()

    return _on_output(change)


def _stretched(part: float) -> Injected:
    def change(x: np.ndarray, t: np.ndarray, case: Case) -> np.ndarray:
        return np.stack([np.interp(t * (1 - part), t, column) for column in x.T], axis=1)

    return _on_output(change)


def _one_dimension(factor: float) -> Injected:
    def change(x: np.ndarray, t: np.ndarray, case: Case) -> np.ndarray:
        return np.concatenate([x[:, :3], factor * x[:, 3:4], x[:, 4:]], axis=1)

    whole = _on_output(change)

    def inject(case: Case) -> Faulty:
        many = OUT in case.healthy.traces and case.healthy[OUT].samples.shape[1] >= MANY
        return whole(case) if many else FEW_DIMENSIONS

    return inject


def _one_probe(case: Case) -> Faulty:
    """The output shows what another seed's does."""
    probes = [trace for trace in case.healthy if trace.kind == "decoded"]
    if len(probes) < MANY:
        return FEW_PROBES
    return _with(case.healthy, case.runs[WRONG_SEED][OUT])


def _dead(part: float) -> Injected:
    """Spikes of a part of the neurons are gone, the most active first: seen where spikes are."""

    def inject(case: Case) -> Faulty:
        trace = case.healthy[SPIKES]
        count = int(round(part * trace.n_neurons))
        if count < 1:
            return FEW_NEURONS
        active = np.argsort(-trace.counts())[:count]
        left = ~np.isin(trace.spike_neurons, active)
        steps, neurons = trace.spike_steps[left], trace.spike_neurons[left]
        return _with(case.healthy, replace(trace, spike_steps=steps, spike_neurons=neurons))

    return inject


def _on_spikes(change: Callable[[np.ndarray, int], np.ndarray]) -> Injected:
    """A fault of when neurons spike: gives other steps for these, of a run of so many."""

    def inject(case: Case) -> Faulty:
        trace = case.healthy[SPIKES]
        steps, n_steps = change(trace.spike_steps, trace.n_steps), trace.n_steps
        inside = (steps >= 1) & (steps <= n_steps)
        steps, neurons = steps[inside], trace.spike_neurons[inside]
        order = np.lexsort((neurons, steps))
        moved = replace(trace, spike_steps=steps[order], spike_neurons=neurons[order])
        return _with(case.healthy, moved)

    return inject


def _rolled(steps: int) -> Injected:
    return _on_spikes(lambda at, n_steps: (at - 1 + steps) % n_steps + 1)


def _shuffled(at: np.ndarray, n_steps: int) -> np.ndarray:
    """Tenths of a second in another order."""
    place = np.random.RandomState(0).permutation(n_steps // 100) * 100
    moved: np.ndarray = place[np.minimum((at - 1) // 100, len(place) - 1)] + (at - 1) % 100 + 1
    return moved


def _one_runs_away(case: Case) -> Faulty:
    """One neuron, of those that fire less than half as fast as the fastest, at each step."""
    trace = case.healthy[SPIKES]
    counts = trace.counts()
    which = int(np.argmin(np.abs(counts - 0.4 * counts.max())))
    left = trace.spike_neurons != which
    steps = np.concatenate([trace.spike_steps[left], np.arange(1, trace.n_steps + 1)])
    neurons = np.concatenate([trace.spike_neurons[left], np.full(trace.n_steps, which)])
    order = np.lexsort((neurons, steps))
    neurons = neurons[order].astype(np.int32)
    return _with(case.healthy, replace(trace, spike_steps=steps[order], spike_neurons=neurons))


def _run(name: str) -> Injected:
    """A run that was made so."""
    return lambda case: case.runs.get(name, LEARNS_NOT)


GAIN = frozenset({"gain", "amplitude"})
LATE = frozenset({"lag"})
DRIFT = frozenset({"gain drift"})
NOISE = frozenset({"noise"})
OFFSET = frozenset({"offset", "level"})
CLOCK = frozenset({"time base", "frequency"})
DEAD = frozenset({"silenced", "rates apart"})
SPEED = frozenset({"learning speed", "weights, size"})
IN_TIME = frozenset({"modulation", "activity lag", "activity time base", "apart"})
FASTEST = frozenset({"fastest neuron"})

FAULTS: Mapping[str, Fault] = {
    NONE: Fault(_run(VOLTAGES)),
    "gain − 3 %": Fault(_gained(-0.03), GAIN),
    "gain + 5 %": Fault(_gained(0.05), GAIN),
    "gain + 15 %": Fault(_gained(0.15), GAIN),
    "2 ms late": Fault(_late(0.002), LATE),
    "5 ms late": Fault(_late(0.005), LATE),
    "10 ms late": Fault(_late(0.01), LATE),
    "drift 5 %": Fault(_drifting(0.05), DRIFT),
    "drift 10 %": Fault(_drifting(0.1), DRIFT),
    "drift 20 %": Fault(_drifting(0.2), DRIFT),
    "noise × 1.25": Fault(_noisy(1.25), NOISE),
    "noise × 1.5": Fault(_noisy(1.5), NOISE),
    "noise × 2": Fault(_noisy(2.0), NOISE),
    "noise × 3": Fault(_noisy(3.0), NOISE),
    "offset 0.02": Fault(_lifted(0.02), OFFSET),
    "offset 0.05": Fault(_lifted(0.05), OFFSET),
    "time base 0.3 %": Fault(_stretched(0.003), CLOCK),
    "time base 1 %": Fault(_stretched(0.01), CLOCK),
    "3 % of neurons dead": Fault(_dead(0.03), DEAD),
    "10 % of neurons dead": Fault(_dead(0.1), DEAD),
    "spikes reversed in time": Fault(_on_spikes(lambda at, n_steps: n_steps + 1 - at), IN_TIME),
    "spikes 10 ms late": Fault(_rolled(10), IN_TIME),
    "spikes 250 ms late": Fault(_rolled(250), IN_TIME),
    "spikes 500 ms late": Fault(_rolled(500), IN_TIME),
    "spikes 5 % slow": Fault(_on_spikes(lambda at, _: np.ceil(at / 0.95).astype(int)), IN_TIME),
    "spikes shuffled, 100 ms": Fault(_on_spikes(_shuffled), IN_TIME),
    "one neuron at 1000 Hz": Fault(_one_runs_away, FASTEST),
    "1 dimension of 8 flipped": Fault(_one_dimension(-1.0), GAIN),
    "1 dimension of 8 zero": Fault(_one_dimension(0.0), GAIN),
    "1 of 20 probes wrong": Fault(_one_probe),
    **{name: Fault(_run(name), SPEED) for name in RATES},
    "wrong seed": Fault(_run(WRONG_SEED)),
}
