"""What goes straight to neurons keeps its filter beside what has another."""

import nengo
import numpy as np
import pytest
import scipy.sparse

import deploy
from loihi_rules import ChipWarning, rewrite
from loihi_rules.nengo_parts.figures import figure

N = 60
STEP = 0.3  # s, when the source jumps
FAST, SLOW = 0.01, 0.2  # s
SAMPLES = [int(1000 * (STEP + after)) for after in (0.06, 0.15, 0.6)]


def two_filters(kind, taus, seed, size=N):
    """Neurons that spikes of two populations drive, which jump alike."""
    with nengo.Network(seed=seed) as net:
        u = nengo.Node(lambda t: 0.5 * (t > STEP))
        rates, encoders = nengo.dists.Uniform(60, 120), np.ones((N, 1))
        a, c = (nengo.Ensemble(N, 1, max_rates=rates, encoders=encoders) for _ in range(2))
        b = nengo.Ensemble(N, 1, gain=np.ones(N), bias=np.linspace(0.5, 1.2, N), label="b")
        for source in (a, c):
            nengo.Connection(u, source)
        even = np.full((N, N), 0.024 / N)
        nengo.Connection(a.neurons, b.neurons, transform=even, synapse=taus[0])
        second = {"neurons": even, "decoded": np.ones((N, 1))}.get(kind)
        if kind == "drawn":
            second = even + np.random.RandomState(seed).normal(0, 1e-3, even.shape)
        if kind == "sparse":
            drawn = scipy.sparse.random(N, N, 0.2, random_state=1, data_rvs=np.ones)
            second = nengo.Sparse((N, N), init=drawn * (0.12 / N))
        source = c if kind == "decoded" else c.neurons
        nengo.Connection(source, b.neurons, transform=second, synapse=taus[1])
        mean = nengo.Node(size_in=1)
        nengo.Connection(b.neurons, mean, transform=np.full((1, N), 1 / N), synapse=None)
        probe = nengo.Probe(mean, synapse=0.02)
    return net, probe


def run(net, probe, target, seconds=1.0):
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        sim.run(seconds)
    return sim.data[probe][:, 0]


@pytest.mark.parametrize("taus", [(SLOW, FAST), (FAST, SLOW)])
@pytest.mark.parametrize("kind", ["neurons", "drawn", "sparse", "decoded"])
def test_neurons_answer_two_filters_as_on_the_cpu(kind, taus):
    """Both acted as the shorter one, and the neurons fired 10 to 20 % faster for good."""
    runs = np.array(
        [
            [run(*two_filters(kind, taus, seed), target)[SAMPLES] for seed in (41, 42, 43)]
            for target in ("cpu", "emulator")
        ]
    )
    cpu, chip = runs.mean(axis=1)
    assert chip == pytest.approx(cpu, rel=0.08)


@pytest.mark.parametrize("taus", [(SLOW, FAST), (FAST, SLOW)])
def test_weights_that_a_solver_gives_keep_their_filter(taus):
    def net(seed):
        with nengo.Network(seed=seed) as net:
            u = nengo.Node(lambda t: 0.5 * (t > STEP))
            a, b, c = (nengo.Ensemble(80, 1) for _ in range(3))
            nengo.Connection(u, a)
            nengo.Connection(u, c)
            for source, tau in ((a, taus[0]), (c, taus[1])):
                solver = nengo.solvers.LstsqL2(weights=True)
                nengo.Connection(source, b, solver=solver, transform=0.7, synapse=tau)
            probe = nengo.Probe(b, synapse=0.03)
        return net, probe

    cpu, chip = (
        np.mean([run(*net(seed), target)[SAMPLES] for seed in (44, 45, 46)], axis=0)
        for target in ("cpu", "emulator")
    )
    assert chip == pytest.approx(cpu, abs=0.03)


def test_a_filter_that_cannot_be_kept_is_warned_of():
    n = 2048
    with nengo.Network(seed=1) as net:
        a, b = (nengo.Ensemble(n, 1, label=label) for label in "ab")
        for tau in (FAST, SLOW):
            weights = nengo.Sparse((n, n), init=scipy.sparse.identity(n) * 1e-3)
            nengo.Connection(a.neurons, b.neurons, transform=weights, synapse=tau)
    with pytest.warns(ChipWarning, match="its filter of 200 ms acts as one of 10"):
        rewrite(net)


def test_filters_that_are_alike_go_straight():
    net, _ = two_filters("neurons", (FAST, 1.2 * FAST), 1)
    network = rewrite(net).network
    assert not any("relay" in str(node.label) for node in network.all_nodes)


@pytest.mark.parametrize(
    "value, digits, words",
    [(183.4, 2, "183"), (1.834, 2, "1.8"), (2e-5, 2, "0.00002"), (99.96, 3, "100"), (0, 2, "0")],
)
def test_figures_have_no_exponents(value, digits, words):
    assert figure(value, digits) == words
