"""Values: channels, inhibition, products of matrices, oscillators, attractors, pictures."""

from __future__ import annotations

from typing import Any, List

import nengo
import numpy as np

from benchmarks.fidelity.cell import Recording
from benchmarks.fidelity.cells.inputs import gated
from benchmarks.fidelity.cells.neurons import stack
from benchmarks.fidelity.cells.recurrent import lmu
from benchmarks.fidelity.figures import filtered, rmse
from benchmarks.fidelity.program import Program, described


def channel() -> Program:
    """A held value of norm 1 through two layers of 100, the first without a filter."""
    value = np.array([0.8, -0.6])

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            first, second = nengo.Ensemble(100, 2), nengo.Ensemble(100, 2)
            stimulus = nengo.Node(value)
            nengo.Connection(stimulus, first, synapse=None)
            nengo.Connection(first, second, synapse=0.01)
            nengo.Probe(stimulus, label="input")
            nengo.Probe(second, synapse=0.01, label="output")
        return network

    def figure(run: Recording) -> float:
        return rmse(filtered(run["input"], 0.01, 0.01, dt=run.dt), run["output"])

    return Program("channel", build, figure, 1.0, "error", what="a held value through two layers")


def inhibition() -> Program:
    """100 neurons that hold 1 are inhibited more and more: when they fall silent."""

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            held, inhibits = nengo.Ensemble(100, 1), nengo.Ensemble(100, 1)
            nengo.Connection(nengo.Node([1.0]), held, synapse=None)
            nengo.Connection(nengo.Node(lambda t: t), inhibits, synapse=None)
            nengo.Connection(inhibits, held.neurons, transform=np.full((100, 1), -2.0),
                             synapse=None)  # fmt: skip
            nengo.Probe(held, synapse=0.01, label="output")
        return network

    def figure(run: Recording) -> float:
        loud = np.flatnonzero(run["output"][:, 0] > 0.05)
        return float(run.dt * loud[-1]) if len(loud) else 0.0

    return Program("inhibition", build, figure, 3.0, "silent after, s", "same",
                   what="a population silenced by growing inhibition of its neurons")  # fmt: skip


def matrices() -> Program:
    """A row of two times a matrix of two by two, by products of pairs."""
    row, matrix = np.array([0.7, -0.5]), np.array([[0.6, -0.8], [0.3, 0.9]])

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            a = nengo.networks.EnsembleArray(50, 2)
            b = nengo.networks.EnsembleArray(50, 4)
            goal = nengo.networks.EnsembleArray(50, 2)
            corners = nengo.dists.Choice([[1, 1], [1, -1], [-1, 1], [-1, -1]])
            pairs = nengo.networks.EnsembleArray(
                200, 4, ens_dimensions=2, radius=1.5, encoders=corners
            )
            nengo.Connection(nengo.Node(row), a.input, synapse=0.01)
            nengo.Connection(nengo.Node(matrix.ravel()), b.input, synapse=0.01)
            for k in range(4):  # of element (k // 2, k % 2)
                nengo.Connection(a.output[k // 2], pairs.input[2 * k], synapse=0.01)
                nengo.Connection(b.output[k], pairs.input[2 * k + 1], synapse=0.01)
            times = pairs.add_output("product", lambda x: x[0] * x[1])
            for k in range(4):
                nengo.Connection(times[k], goal.input[k % 2], synapse=0.01)
            nengo.Probe(goal.output, synapse=0.01, label="output")
        return network

    def figure(run: Recording) -> float:
        return rmse(row @ matrix, run["output"][int(0.15 / run.dt) :])

    return Program("matrices", build, figure, 0.5, "error", what="a product of two matrices")


def oscillator() -> Program:
    """An oscillator of 1000 neurons whose speed another population sets."""
    speeds = (-1.0, 0.5, 1.0)  # of 2 Hz
    each = 2.5

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            state = nengo.Ensemble(1000, 3, radius=1.7)
            speed = nengo.Ensemble(100, 1)

            def turn(x: np.ndarray) -> Any:
                w = 2 * np.pi * 2.0 * x[2] * 0.1
                return x[0] + w * x[1], x[1] - w * x[0]

            nengo.Connection(state, state[:2], function=turn, synapse=0.1)
            nengo.Connection(speed, state[2], synapse=0.1)
            nengo.Connection(nengo.Node(lambda t: [1, 0, 0] if t < 0.08 else [0, 0, 0]), state)
            nengo.Connection(nengo.Node(lambda t: speeds[min(int(t / each), 2)]), speed)
            nengo.Probe(state, synapse=0.03, label="output")
        return network

    def figure(run: Recording) -> float:
        found = []
        for k, wanted in enumerate(speeds):
            part = run["output"][int((each * k + 0.6) / run.dt) : int(each * (k + 1) / run.dt)]
            angle = np.unwrap(np.arctan2(part[:, 1], part[:, 0]))
            hertz = -np.polyfit(run.dt * np.arange(len(angle)), angle, 1)[0] / (2 * np.pi)
            found.append(hertz / (2.0 * wanted))
        return float(np.mean(found))

    return Program("oscillator", build, figure, each * 3, "speed ÷ the one set", "same",
                   what="1000 neurons that swing at a speed that others set")  # fmt: skip


def lorenz() -> Program:
    """The Lorenz attractor in 2000 neurons."""
    tau = 0.1

    def flow(x: np.ndarray) -> Any:
        change = (
            10 * (x[1] - x[0]),
            -x[0] * x[2] - x[1],
            x[0] * x[1] - 8 / 3 * (x[2] + 28) - 28,
        )
        return [tau * c + v for c, v in zip(change, x)]

    def build(seed: int) -> nengo.Network:
        with nengo.Network(seed=seed) as network:
            state = nengo.Ensemble(2000, 3, radius=30)
            nengo.Connection(state, state, function=flow, synapse=tau)
            nengo.Probe(state, synapse=tau, label="output")
        return network

    def figure(run: Recording) -> float:
        return float(np.mean(np.std(run["output"], axis=0)))

    return Program("attractor", build, figure, 10.0, "spread of the state", "same",
                   what="the Lorenz attractor in 2000 neurons")  # fmt: skip


def enlarged(images: np.ndarray) -> np.ndarray:
    """(count, 784) pictures of 28 × 28 from those of 8 × 8, each of norm 1."""
    large = np.kron(np.reshape(images, (-1, 8, 8)), np.ones((1, 3, 3)))
    padded = np.pad(large - 0.5, ((0, 0), (2, 2), (2, 2)), constant_values=-0.5)
    flat = padded.reshape(len(large), -1)
    return flat / np.linalg.norm(flat, axis=1, keepdims=True)


def pictures() -> Program:
    """500 neurons of 784 dimensions classify digits, drawn large, with a solved read-out."""
    shown, trained = 30, 1000

    def build(seed: int) -> nengo.Network:
        from loihi_rules.systems.backprop import digits

        data = digits()
        taught = enlarged(data["images"][:trained])
        wanted = np.eye(10)[data["labels"][:trained]] * 2 - 1
        test, labels = enlarged(data["test_images"][:shown]), data["test_labels"][:shown]
        with nengo.Network(seed=seed) as network:
            stimulus = nengo.Node(lambda t: test[int((t - 1e-9) / 0.1) % shown], size_out=784)
            hidden = nengo.Ensemble(
                500, 784, intercepts=nengo.dists.CosineSimilarity(786),
                eval_points=taught,
            )  # fmt: skip
            result = nengo.Node(size_in=10)
            nengo.Connection(stimulus, hidden, synapse=None)
            nengo.Connection(
                hidden, result, eval_points=taught, function=wanted,
                solver=nengo.solvers.LstsqL2(reg=0.1), synapse=0.02,
            )  # fmt: skip
            nengo.Probe(result, label="output")
            nengo.Probe(nengo.Node(lambda t: labels[int((t - 1e-9) / 0.1) % shown]),
                        label="label")  # fmt: skip
        return network

    def figure(run: Recording) -> float:
        ends = [int(0.1 * (k + 1) / run.dt) - 1 for k in range(shown)]
        said = np.argmax(run["output"][ends], axis=1)
        return float(np.mean(said == run["label"][ends, 0]))

    return Program("pictures", build, figure, 0.1 * shown, "share right", "higher",
                   what="digits of 28 × 28 classified by 500 neurons")  # fmt: skip


def programs() -> List[Program]:
    relu = stack("-", 5, 150, first=80.0, bias=5.0, by_neuron=False)
    return [
        channel(), inhibition(), matrices(), oscillator(), lorenz(), pictures(),
        described(lmu("-"), "delay memory", "a Legendre memory of six ensembles of 150"),
        described(gated("-", 2, 150), "gated memory", "a value taken in, and kept for two seconds"),
        described(relu, "ReLU stack", "five layers of 150 ReLU, random weights"),
    ]  # fmt: skip
