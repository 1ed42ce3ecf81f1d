"""Memories of bound symbols, cleanup, sequences and parsing, at the sizes of Nengo's benchmarks."""

from __future__ import annotations

from typing import Dict, List

import nengo
import numpy as np

from benchmarks.fidelity.cell import Recording
from benchmarks.fidelity.figures import rmse
from benchmarks.fidelity.program import Program
from benchmarks.fidelity.programs.registers import (
    Rules,
    bind,
    circulant,
    inverse,
    register,
    schedule,
    symbols,
)

SHOWN, ASKED = 0.12, 0.08  # s, each pair and each cue


def _pairs(dimensions: int) -> Dict[str, np.ndarray]:
    names = [f"{kind}{k}" for k in range(4) for kind in ("word", "mark")]
    return symbols(dimensions, *names)


def binding() -> Program:
    """Two registers of 8 dimensions, bound into a third."""
    known = symbols(8, "a", "b")

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            a, b, result = (register(8) for _ in range(3))
            binds = nengo.networks.CircularConvolution(200, 8)
            nengo.Connection(nengo.Node(known["a"]), a.input)
            nengo.Connection(nengo.Node(known["b"]), b.input)
            nengo.Connection(a.output, binds.input_a, synapse=0.01)
            nengo.Connection(b.output, binds.input_b, synapse=0.01)
            nengo.Connection(binds.output, result.input, synapse=0.01)
            nengo.Probe(result.output, synapse=0.01, label="output")
        return network

    def figure(run: Recording) -> float:
        return rmse(bind(known["a"], known["b"]), run["output"][int(0.12 / run.dt) :])

    return Program("binding", build, figure, 0.5, "error", what="two vectors of 8 dimensions bound")


def _remember(network: nengo.Network, known: Dict[str, np.ndarray], dimensions: int):
    """Registers for word and mark, bound into a memory; four pairs are shown."""
    times = [SHOWN * (k + 1) for k in range(4)]
    word, mark, memory = register(dimensions), register(dimensions), register(dimensions, 0.1)
    binds = nengo.networks.CircularConvolution(200, dimensions)
    for goal, kind in ((word, "word"), (mark, "mark")):
        parts = [(t, f"{kind}{k}") for k, t in enumerate(times)]
        nengo.Connection(schedule(known, *parts), goal.input)
    nengo.Connection(word.output, binds.input_a)
    nengo.Connection(mark.output, binds.input_b)
    nengo.Connection(binds.output, memory.input, transform=0.75, synapse=0.1)
    return memory


def memory() -> Program:
    """Four bound pairs are shown one after the other: what is kept of them later."""
    known = _pairs(16)
    kept = sum(bind(known[f"word{k}"], known[f"mark{k}"]) for k in range(4))

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            held = _remember(network, known, 16)
            nengo.Probe(held.output, synapse=0.03, label="output")
        return network

    def figure(run: Recording) -> float:
        late = np.mean(run["output"][int(0.9 / run.dt) :], axis=0)
        return float(late @ kept / np.linalg.norm(kept))

    return Program("memory", build, figure, 1.2, "projection on what was shown", "same",
                   what="four bound pairs of 16 dimensions, kept for 0.7 s")  # fmt: skip


def recall() -> Program:
    """What belongs to each of eight cues, asked of the memory one after the other."""
    known = _pairs(16)

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            held = _remember(network, known, 16)
            cue, motor = register(16), register(16)
            parts = [(4 * SHOWN, None)]
            for k in range(4):
                parts.append((4 * SHOWN + ASKED * (2 * k + 1), f"word{k}"))
                parts.append((4 * SHOWN + ASKED * (2 * k + 2), f"mark{k}"))
            nengo.Connection(schedule(known, *parts), cue.input)
            undoes = nengo.networks.CircularConvolution(200, 16, invert_b=True)
            nengo.Connection(held.output, undoes.input_a)
            nengo.Connection(cue.output, undoes.input_b)
            nengo.Connection(undoes.output, motor.input, transform=2)
            nengo.Probe(motor.output, synapse=0.03, label="output")
        return network

    def figure(run: Recording) -> float:
        answers = [f"{kind}{k}" for k in range(4) for kind in ("mark", "word")]
        ends = [int((4 * SHOWN + ASKED * (j + 1)) / run.dt) for j in range(8)]
        said = [np.mean(run["output"][e - 30 : e], axis=0) for e in ends]
        return float(np.mean([s @ known[a] for s, a in zip(said, answers)]))

    return Program("recall", build, figure, 1.12, "mean projection on the answer", "same",
                   what="the partner of each of eight cues, from four pairs kept")  # fmt: skip


def cleanup() -> Program:
    """Two bound pairs in a memory; what a query gives is cleaned up by an associative memory."""
    known = symbols(16, "blue", "red", "circle", "square")
    queries = [("blue", "circle"), ("red", "square"), ("circle", "blue"), ("square", "red")]

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            shape, colour, query, result, clean = (register(16) for _ in range(5))
            held = register(16, 0.1)
            binds = nengo.networks.CircularConvolution(200, 16)
            undoes = nengo.networks.CircularConvolution(200, 16, invert_b=True)
            cleans = nengo.networks.AssociativeMemory(np.stack(list(known.values())), n_neurons=50)
            shown = [(0.15, "circle"), (0.3, "square")]
            nengo.Connection(schedule(known, *shown), shape.input)
            nengo.Connection(schedule(known, (0.15, "blue"), (0.3, "red")), colour.input)
            asked = [(0.3 + 0.15 * (k + 1), cue) for k, (cue, _) in enumerate(queries)]
            nengo.Connection(schedule(known, (0.3, None), *asked), query.input)
            nengo.Connection(shape.output, binds.input_a)
            nengo.Connection(colour.output, binds.input_b)
            nengo.Connection(binds.output, held.input, transform=0.67, synapse=0.1)
            nengo.Connection(held.output, undoes.input_a)
            nengo.Connection(query.output, undoes.input_b)
            nengo.Connection(undoes.output, result.input, transform=2)
            nengo.Connection(result.output, cleans.input)
            nengo.Connection(cleans.output, clean.input)
            nengo.Probe(clean.output, synapse=0.02, label="output")
        return network

    def figure(run: Recording) -> float:
        ends = [int((0.3 + 0.15 * (k + 1)) / run.dt) for k in range(4)]
        said = [np.mean(run["output"][e - 60 : e], axis=0) for e in ends]
        return float(np.mean([s @ known[a] for s, (_, a) in zip(said, queries)]))

    return Program("cleanup", build, figure, 0.9, "mean projection on the answer", "same",
                   what="bound pairs of 16 dimensions asked for, and cleaned up")  # fmt: skip


def _step(choices: np.ndarray, dt: float) -> float:
    """Mean seconds from one choice to the next; the length of the run if there are no two."""
    best = np.argmax(choices[int(0.15 / dt) :], axis=1)
    changes = np.flatnonzero(np.diff(best))
    if len(changes) < 2:
        return len(choices) * dt
    return float(dt * np.mean(np.diff(changes)))


def sequence(routed: bool = False) -> Program:
    """Five states of 32 dimensions that follow each other by rules, round and round."""
    names = [f"s{k}" for k in range(5)]
    known = symbols(32, *names)

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            state = register(32, 0.01)
            nengo.Connection(schedule(known, (0.1, "s0")), state.input)
            rules = Rules([[(state, known[name])] for name in names])
            for k in range(4 if routed else 5):
                rules.say(k, state, known[names[(k + 1) % 5]])
            if routed:
                seen = register(32)
                nengo.Connection(nengo.Node(known["s0"]), seen.input)
                rules.route(4, seen, state)
            nengo.Probe(rules.output, synapse=0.03, label="output")
        return network

    def figure(run: Recording) -> float:
        return 1e3 * _step(run["output"], run.dt)

    name = "sequence, routed" if routed else "sequence"
    what = "five states of 32 dimensions that follow each other by rules"
    return Program(name, build, figure, 0.7, "ms a step", "same",
                   what=what + (", one routed" if routed else ""))  # fmt: skip


def parse() -> Program:
    """A verb and a noun are taken in and bound into a phrase; then its noun is said."""
    known = symbols(32, "write", "one", "two", "three", "go", "verb", "noun")

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            seen, phrase, motor = (register(32) for _ in range(3))
            noun, verb = register(32, 0.1), register(32, 0.1)
            parts = [(0.3, "write"), (0.6, "one"), (0.9, "go")]
            nengo.Connection(schedule(known, *parts), seen.input)
            nouns = known["one"] + known["two"] + known["three"]
            answer = known["go"] - known["write"] - nouns
            asked = bind(known["write"], known["verb"])
            rules = Rules(
                [
                    [(seen, known["write"])],
                    [(seen, nouns)],
                    [(seen, 0.5 * answer), (phrase, 0.5 * asked)],
                ]
            )
            rules.route(0, seen, verb)
            rules.route(1, seen, noun)
            rules.route(2, phrase, motor, circulant(inverse(known["noun"])))
            nengo.Connection(noun.output, phrase.input, transform=circulant(known["noun"]))
            nengo.Connection(verb.output, phrase.input, transform=circulant(known["verb"]))
            nengo.Probe(motor.output, synapse=0.03, label="output")
        return network

    def figure(run: Recording) -> float:
        return float(np.mean(run["output"][int(0.75 / run.dt) :], axis=0) @ known["one"])

    return Program("parse", build, figure, 0.9, "projection on the answer", "same",
                   what="a verb and a noun of 32 dimensions, bound and asked for")  # fmt: skip


def programs() -> List[Program]:
    return [
        binding(), memory(), recall(), cleanup(), sequence(), sequence(routed=True), parse(),
    ]  # fmt: skip
