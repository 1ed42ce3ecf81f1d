"""What is no finite number cannot be sent to the chip: a run that has it says so, and where."""

import nengo
import numpy as np
import pytest

import deploy


class Breaks(nengo.Process):
    """0.5, and something else in some steps: from Nengo's processes no one keeps it."""

    def __init__(self, value, first, last):
        super().__init__(default_size_in=0, default_size_out=1)
        self.value, self.first, self.last = value, first, last

    def make_step(self, shape_in, shape_out, dt, rng, state):
        def step(t):
            return np.full(1, self.value if self.first <= t <= self.last else 0.5)

        return step


def network(value, into, first=0.2, last=0.2):
    with nengo.Network(seed=3) as net:
        bad = nengo.Node(Breaks(value, first, last), label="bad")
        a = nengo.Ensemble(40, 1, label="a")
        out = nengo.Node(size_in=1, label="out")
        rule = nengo.Connection(a, out, learning_rule_type=nengo.PES(1e-5)).learning_rule
        ways = {"a": a, "neurons": a.neurons[:1], "errors of what a learns": rule}
        nengo.Connection(bad, ways[into])
        nengo.Probe(out)
    return net


@pytest.mark.parametrize("target", ["emulator", "float-emulator"])
@pytest.mark.parametrize("into", ["a", "neurons", "errors of what a learns"])
def test_one_step_that_is_not_a_number_is_named(target, into):
    name = "a" if into == "neurons" else into
    sim = deploy.Simulator(network(np.nan, into), target=target, progress_bar=False)
    with sim, pytest.raises(nengo.exceptions.SimulationError, match=f"^{name}: .* no finite"):
        sim.run(0.6)


@pytest.mark.parametrize("into", ["a", "neurons"])
def test_so_is_infinity(into):
    sim = deploy.Simulator(network(-np.inf, into), progress_bar=False)
    with sim, pytest.raises(nengo.exceptions.SimulationError, match="^a: "):
        sim.run(0.6)


def test_a_run_that_ended_before_is_whole():
    with deploy.Simulator(network(np.nan, "a", first=0.2), progress_bar=False) as sim:
        sim.run(0.15)
        assert np.isfinite(sim.data[sim.model.toplevel.all_probes[0]]).all()


GIVEN = {
    "transform": lambda net, a, b: nengo.Connection(b, b, transform=np.nan, label="loop"),
    "transform ": lambda net, a, b: nengo.Connection(
        a.neurons,
        b.neurons,
        transform=nengo.Sparse((10, 10), [[0, 0], [1, 1]], [1.0, np.inf]),
        label="loop",
    ),
    "function": lambda net, a, b: nengo.Connection(
        a, b, eval_points=[[-1], [1]], function=[[0], [np.nan]], label="loop"
    ),
    "eval_points": lambda net, a, b: nengo.Connection(
        a, b, eval_points=[[np.inf], [0.5]], label="loop"
    ),
    "bias": lambda net, a, b: nengo.Ensemble(
        2, 1, gain=[1, 1], bias=[np.inf, np.nan], label="loop"
    ),
    "encoders": lambda net, a, b: nengo.Ensemble(2, 1, encoders=[[1], [np.nan]], label="loop"),
}


@pytest.mark.quick
@pytest.mark.parametrize("what", GIVEN)
def test_numbers_of_an_object_that_are_not_finite_are_refused_by_its_name(what):
    with nengo.Network(seed=1) as net:
        a, b = nengo.Ensemble(10, 1), nengo.Ensemble(10, 1)
        nengo.Connection(a, b)
        GIVEN[what](net, a, b)
    problem, *others = deploy.check(net).problems
    assert not others
    assert "loop" in problem.object and f"numbers of its {what.strip()} are NaN" in problem.what
    with pytest.raises(deploy.BadInput, match="are NaN or infinite"):
        deploy.run(net, 0.01, "emulator")


def test_a_function_that_gives_nan_is_called_that():
    with nengo.Network(seed=1) as net:
        a, b = (nengo.Ensemble(20, 1, label=label) for label in "ab")
        nengo.Connection(a, b, function=lambda x: np.sqrt(x - 2))
    with np.errstate(invalid="ignore"), pytest.raises(Exception, match="a → b: what its function"):
        deploy.Simulator(net, progress_bar=False)
