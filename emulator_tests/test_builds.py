"""What nengo-loihi's own build stops at: built all the same, or refused in the user's words."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import BuildError
from threadpoolctl import threadpool_info, threadpool_limits

import deploy
from loihi_rules import rewrite


def run(network, probe, seconds, target="emulator"):
    with deploy.Simulator(network, target=target, progress_bar=False) as sim:
        sim.run(seconds)
        return sim.data[probe]


def test_a_sparse_matrix_without_entries():
    with nengo.Network(seed=1) as net:
        a, b = nengo.Ensemble(20, 1), nengo.Ensemble(20, 1)
        nothing = nengo.Sparse((20, 20), indices=np.zeros((0, 2), int), init=np.zeros(0))
        nengo.Connection(a.neurons, b.neurons, transform=nothing)
        probe = nengo.Probe(b.neurons)
    assert deploy.check(net).ok
    rates = [run(net, probe, 0.5, target).mean() for target in ("cpu", "emulator")]
    assert rates[1] == pytest.approx(rates[0], rel=0.1)


def test_learning_decoders_of_more_than_a_core_learn_on_the_host():
    with nengo.Network(seed=1) as net:
        stimulus, error = nengo.Node(np.full(64, 0.1)), nengo.Node(size_in=64)
        a, out = nengo.Ensemble(1200, 64), nengo.Node(size_in=64)
        nengo.Connection(stimulus, a)
        conn = nengo.Connection(
            a, out, function=lambda x: np.zeros(64), learning_rule_type=nengo.PES(1e-3)
        )
        nengo.Connection(out, error)
        nengo.Connection(stimulus, error, transform=-1)
        nengo.Connection(error, conn.learning_rule)
        probe = nengo.Probe(out, synapse=0.02)
    changes = [c for c in rewrite(net).changes if c.rule == "learning off the chip"]
    assert "1,382,400" in changes[0].why  # 1200 × 2 × (64 × 8 + 10 bits, padded to 576)
    learnt = run(net, probe, 0.3)[-1]
    assert np.linalg.norm(learnt - 0.1) < 0.3 * np.linalg.norm(np.full(64, 0.1))


def silent():
    a = nengo.Ensemble(5, 1, gain=np.ones(5), bias=np.full(5, -100.0), label="a")
    nengo.Connection(a, nengo.Ensemble(50, 1, label="b"))


def slow():
    a, b = nengo.Ensemble(50, 1, label="a"), nengo.Ensemble(50, 1, label="b")
    nengo.Connection(a.neurons, b.neurons, transform=np.eye(50), synapse=20.0)


def not_a_number():
    a, b = nengo.Ensemble(20, 1, label="a"), nengo.Ensemble(20, 1, label="b")
    nengo.Connection(a.neurons, b.neurons, transform=np.full((20, 20), np.nan))


def kernels_of_three():
    transform = nengo.Convolution(3, (4, 4, 1), strides=(1, 1))
    n = transform.output_shape.size
    a = nengo.Ensemble(16, 1, label="a")
    b = nengo.Ensemble(n, 1, gain=np.ones(n), bias=np.zeros(n), label="b")
    conn = nengo.Connection(a.neurons, b.neurons, transform=transform)
    nengo_loihi = pytest.importorskip("nengo_loihi")
    nengo_loihi.add_params(nengo.Network.context[-1])
    nengo.Network.context[-1].config[conn].pop_type = 16


def beyond_any_gain():
    a = nengo.Ensemble(20, 1, label="a")
    sigmoid = nengo.Sigmoid()
    rates = nengo.dists.Uniform(80, 100)
    nengo.Connection(a, nengo.Ensemble(20, 1, neuron_type=sigmoid, max_rates=rates, label="host"))


CASES = {
    beyond_any_gain: ("host", "negative or infinite gain", "keep intercepts"),
    silent: ("a → b", "no neuron of its source fires", "choose intercepts"),
    slow: ("a.neurons → b.neurons", "its filter is too long", "use a synapse"),
    not_a_number: ("b", "are NaN or infinite", "look at"),
    kernels_of_three: ("the network", "in steps of 4", "pop_type = 32"),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
@pytest.mark.filterwarnings("ignore")
def test_a_build_that_fails_is_told_of_the_users_own_objects(case):
    with nengo.Network(seed=1) as net:
        case()
    named, what, way_out = CASES[case]
    found = deploy.check(net)
    assert not found.ok
    problem = found.problems[0]
    assert problem.object in (named, "a → b", "a.neurons → b.neurons"), problem
    assert what in problem.what and way_out in problem.way_out
    assert "<" not in str(problem) and "0x" not in str(problem)
    with pytest.raises(BuildError) as raised:  # a CannotBuild, or before anything is built
        deploy.Simulator(net, progress_bar=False)
    assert str(raised.value) == str(problem)
    with pytest.raises(deploy.BadInput, match=what):
        deploy.run(net, 0.1)


def test_what_a_users_own_function_raises_is_theirs():
    def wrong(x):
        raise IndexError("mine")

    with nengo.Network(seed=1) as net:
        a = nengo.Ensemble(20, 1)
        b = nengo.Ensemble(20, 1)
        conn = nengo.Connection(a, b)
        conn.eval_points = np.ones((5, 1))
    type(conn).function_info.data[conn] = type(conn.function_info)(wrong, 1)
    with pytest.raises(IndexError, match="mine"):
        deploy.Simulator(net, progress_bar=False)


@pytest.mark.parametrize("weight", [0.3, 3.0])
def test_large_weights_between_neurons(weight):
    """Built, as nengo-loihi builds them; each neuron follows its partner."""
    with nengo.Network(seed=1) as net:
        stimulus = nengo.Node(0.5)
        a = nengo.Ensemble(20, 1, encoders=np.ones((20, 1)), intercepts=np.linspace(-0.9, 0.9, 20))
        b = nengo.Ensemble(20, 1, gain=np.ones(20), bias=np.zeros(20))
        nengo.Connection(stimulus, a)
        nengo.Connection(a.neurons, b.neurons, transform=weight * np.eye(20), synapse=0.01)
        probe = nengo.Probe(b.neurons)
    exact, found = (run(net, probe, 1.0, t)[200:].mean(axis=0) for t in ("cpu", "emulator"))
    assert exact.max() > 150
    # the chip has 500 and 333 Hz, and nothing between
    fires = exact > 20
    assert np.all(np.abs(1000 / found[fires] - 1000 / exact[fires]) <= 1) and np.all(
        found[~fires] < 35
    )


def test_weights_of_less_than_a_step_beside_large_ones():
    """A function that is 0 in a loop: the least that is rounded up is beyond the largest weight."""
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(1000, 1)
        nengo.Connection(nengo.Node(1.0), ens, synapse=0.02)
        nengo.Connection(ens, ens, function=lambda x: 0, synapse=0.02)
        nengo.Probe(ens, synapse=0.03, label="out")
    found = deploy.run(net, 0.3, "emulator")["out"].samples[-100:].mean()
    assert found == pytest.approx(1.0, abs=0.1)


def test_a_build_computes_with_one_thread_and_leaves_threads_as_they_were():
    """With two, a chain of ten ensembles of 1,000 took ten times as long to build."""

    def threads():
        return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]

    seen = []

    def solve(a, y, rng=None, **_):
        seen.append(threads())
        return nengo.solvers.LstsqL2()(a, y, rng=rng)

    class Looking(nengo.solvers.Solver):
        compositional = True

        def __call__(self, *args, **kwargs):
            return solve(*args, **kwargs)

    with nengo.Network(seed=1) as net:
        a, b = nengo.Ensemble(20, 1), nengo.Ensemble(20, 1)
        nengo.Connection(a, b, solver=Looking())
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        with deploy.Simulator(net, progress_bar=False):
            pass
        assert threads() == before
    assert seen and set(seen[-1]) == {1}
