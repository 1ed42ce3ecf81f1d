"""Learning by PES in programs: conditioning, consolidation, switching contexts, values."""

from __future__ import annotations

from typing import Any, List

import nengo
import numpy as np

from benchmarks.fidelity.cell import Recording
from benchmarks.fidelity.cells.learning import pes, product
from benchmarks.fidelity.figures import filtered, rmse
from benchmarks.fidelity.program import Program, described


def conditioning() -> Program:
    """A signal comes before an event: how large the learned response is before the event."""
    size, trials = 3, 8
    neurons = 50 * size

    def shown(t: float, begin: float) -> np.ndarray:
        vector = np.zeros(size)
        if begin <= t % 1 < 1.0:
            vector[int(t) % size] = 1.0
        return vector

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            event = nengo.Node(lambda t: shown(t, 0.9))
            signal = nengo.Node(lambda t: shown(t, 0.7))
            hardwired, reflex = nengo.Ensemble(neurons, size), nengo.Ensemble(neurons, size)
            noticed = nengo.Ensemble(2 * neurons, 2 * size)
            response, error = nengo.Ensemble(neurons, size), nengo.Ensemble(neurons, size)
            nengo.Connection(event, hardwired)
            nengo.Connection(signal, noticed[:size])
            nengo.Connection(noticed[:size], noticed[size:], synapse=0.2)
            nengo.Connection(hardwired, reflex)
            learned = nengo.Connection(
                noticed, response, function=lambda x: np.zeros(size),
                learning_rule_type=nengo.PES(3e-4),
            )  # fmt: skip
            nengo.Connection(error, learned.learning_rule)
            nengo.Connection(reflex, error, transform=-1)
            nengo.Connection(response, error, synapse=0.1)
            nengo.Probe(response, synapse=0.03, label="output")
        return network

    def figure(run: Recording) -> float:
        heights = []
        for second in range(trials - 3, trials):
            part = run["output"][int((second + 0.75) / run.dt) : int((second + 0.95) / run.dt)]
            heights.append(np.max(part[:, second % size]))
        return float(np.mean(heights))

    return Program("conditioning", build, figure, float(trials), "response", "same",
                   what="a response learned to what comes before an event")  # fmt: skip


def consolidation() -> Program:
    """A fast connection learns what a slow way computes; then the error is switched off."""
    slow, taught = 0.2, 10.0

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            stimulus = nengo.Node(lambda t: np.sin(2 * t))
            pre, post, target, error = (nengo.Ensemble(100, 1) for _ in range(4))
            nengo.Connection(stimulus, pre)
            learned = nengo.Connection(
                pre, post, function=lambda x: [0.3], learning_rule_type=nengo.PES(1e-4)
            )
            working = nengo.Ensemble(300, 2, radius=1.4)
            nengo.Connection(nengo.Node([1.0]), working[1])
            nengo.Connection(pre, working[0], synapse=slow)
            nengo.Connection(working, target, function=lambda x: x[0] * x[1], synapse=slow)
            nengo.Connection(post, error, synapse=2 * slow)
            nengo.Connection(target, error, transform=-1)
            nengo.Connection(error, learned.learning_rule)
            off = nengo.Node(lambda t: float(t > taught))
            nengo.Connection(off, error.neurons, transform=np.full((100, 1), -10.0))
            nengo.Probe(stimulus, label="input")
            nengo.Probe(post, synapse=0.03, label="output")
        return network

    def figure(run: Recording) -> float:
        ideal = filtered(run["input"], 0.005, 0.005, 0.03, dt=run.dt)
        begin = int((taught + 0.3) / run.dt)
        return rmse(ideal[begin:], run["output"][begin:])

    return Program("consolidation", build, figure, taught + 4.0, "error after learning",
                   what="a fast connection learns what a slow way computes")  # fmt: skip


def contexts() -> Program:
    """A function whose sign a context sets is learned over a slow way; the sign changes once."""
    slow, fast, each = 0.2, 0.01, 20.0

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            stimulus = nengo.Node(lambda t: np.sin(t))
            context = nengo.Node(lambda t: -1.0 if t < each else 1.0)
            pre, post, target, error = (nengo.Ensemble(100, 1) for _ in range(4))
            times = nengo.networks.Product(200, 1)
            nengo.Connection(stimulus, pre, synapse=None)
            learned = nengo.Connection(
                pre, post, function=lambda x: [0.0], learning_rule_type=nengo.PES(1e-4)
            )
            nengo.Connection(context, times.input_a)
            nengo.Connection(pre, times.input_b, synapse=slow)
            nengo.Connection(times.output, target, synapse=slow)
            nengo.Connection(post, error, synapse=2 * slow + fast)
            nengo.Connection(target, error, transform=-1, synapse=fast)
            nengo.Connection(error, learned.learning_rule)
            nengo.Probe(stimulus, label="input")
            nengo.Probe(context, label="context")
            nengo.Probe(post, synapse=fast, label="output")
        return network

    def figure(run: Recording) -> float:
        ideal = filtered(run["input"] * run["context"], fast, fast, dt=run.dt)
        return rmse(ideal, run["output"])

    return Program("contexts", build, figure, 2 * each, "error",
                   what="what a slow way computes is learned, and changes once")  # fmt: skip


def values() -> Program:
    """The value of a place is learned from rewards, by temporal difference through a filter."""
    decay = 0.5

    def place(t: float) -> List[float]:
        return [np.cos(2 * np.pi * t / 2), np.sin(2 * np.pi * t / 2)]

    def reward(t: float) -> float:
        return 1.0 if 1.0 <= t % 2 < 1.2 else 0.0

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            where, given = nengo.Node(place), nengo.Node(reward)
            state = nengo.Ensemble(300, 2, intercepts=nengo.dists.Uniform(0.3, 0.9))
            value = nengo.Ensemble(200, 1)
            error = nengo.Ensemble(200, 1)
            nengo.Connection(where, state)
            learned = nengo.Connection(
                state, value, function=lambda x: [0.0], learning_rule_type=nengo.PES(3e-4)
            )
            nengo.Connection(given, error, transform=-1)
            nengo.Connection(value, error, transform=-decay, synapse=0.005)
            nengo.Connection(value, error, synapse=0.1)
            nengo.Connection(error, learned.learning_rule)
            nengo.Probe(value, synapse=0.03, label="output")
        return network

    def figure(run: Recording) -> float:
        late = run["output"][int(8.0 / run.dt) :, 0]
        return float(np.max(late))

    return Program("values", build, figure, 12.0, "highest value", "same",
                   what="the value of a place learned from rewards")  # fmt: skip


def controller() -> Program:
    """PES from neurons, weights given as an array: the form of adaptive controllers."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            state = nengo.Node(lambda t: [np.sin(2 * t), np.cos(3 * t)])
            wanted = nengo.Node(lambda t: 0.5 * np.sin(2 * t) * np.cos(3 * t) + 0.3)
            adapts = nengo.Ensemble(500, 2, radius=1.4)
            output = nengo.Node(size_in=1)
            nengo.Connection(state, adapts, synapse=None)
            learned = nengo.Connection(
                adapts.neurons, output, transform=np.zeros((1, 500)),
                learning_rule_type=nengo.PES(1e-4), synapse=0.01,
            )  # fmt: skip
            nengo.Connection(output, learned.learning_rule, synapse=None)
            nengo.Connection(wanted, learned.learning_rule, transform=-1, synapse=None)
            nengo.Probe(wanted, label="wanted")
            nengo.Probe(output, synapse=0.01, label="output")
        return network

    def figure(run: Recording) -> float:
        begin = int(5.0 / run.dt)
        wanted = filtered(run["wanted"], 0.01, 0.01, dt=run.dt)
        return rmse(wanted[begin:], run["output"][begin:])

    return Program("controller", build, figure, 8.0, "error late",
                   what="weights from 500 neurons to a node learn by PES")  # fmt: skip


def _lesson(name: str, what: str, **options: Any) -> Program:
    return described(pes("-", **options), name, what)


def programs() -> List[Program]:
    return [
        conditioning(), consolidation(), contexts(), values(), controller(),
        _lesson("channel learned", "PES learns a channel of two dimensions", dimensions=2),
        _lesson("product learned", "PES learns a product", dimensions=2, function=product,
                size_out=1),
    ]  # fmt: skip
