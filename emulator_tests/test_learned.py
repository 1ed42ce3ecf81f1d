"""What was learnt is put back: fixed in 8 bits within its bound, or to resume from."""

import hypothesis.strategies as st
import nengo
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from test_learning_relays import RULES, learning

import deploy
import deploy.workflows.freeze
from loihi_rules import Learned, freeze, resume
from loihi_rules.learned.quantised import quantise_rows
from loihi_rules.learned.record import adapts
from loihi_rules.learned.record import learning as learning_connections
from loihi_rules.systems import SYSTEMS


def learner(network):
    return next(c for c in network.all_connections if c.learning_rule_type is not None)


def state(simulator, conn):
    """What Nengo core has learnt, as `Learned`."""
    sig = simulator.model.sig
    kind = adapts(conn)
    signal = sig[conn.post_obj]["encoders"] if kind == "encoders" else sig[conn]["weights"]
    return np.array(simulator.signals[signal])


weights = arrays(
    float,
    st.tuples(st.integers(1, 6), st.integers(1, 8)),
    elements=st.floats(-1e3, 1e3, allow_subnormal=False),
)


@pytest.mark.quick
@given(weights, st.integers(1, 8))
def test_quantised_rows_are_within_their_bound(matrix, fan_in):
    whole = quantise_rows(matrix)
    assert np.all(np.abs(whole.values - matrix) <= whole.error_bounds[:, None] * (1 + 1e-9))
    for row in whole.rows:
        assert np.abs(row.mantissas).max(initial=0) <= 255 and -6 <= row.exponent <= 0
    pruned = quantise_rows(matrix, fan_in)
    assert np.all((pruned.values != 0).sum(axis=1) <= fan_in)
    for row, left in zip(matrix, pruned.values):  # what is left out is no larger than what stays
        dropped = np.abs(row[(left == 0)])
        assert dropped.max(initial=0) <= np.sort(np.abs(row))[-min(fan_in, len(row)) :].max()


@pytest.mark.parametrize("kind", sorted(RULES))
def test_a_frozen_network_computes_with_the_learnt_weights(kind):
    """In Nengo core: the output of the frozen network is that of the learnt weights."""
    net = learning(kind, 3)
    with nengo.Simulator(net, progress_bar=False, optimize=False) as sim:
        sim.run(1.0)
        learnt = state(sim, learner(net))
    name = next(iter(learning_connections(net)))
    frozen = freeze(net, [Learned(name, kind, adapts(learner(net)), learnt)])
    with nengo.Simulator(frozen.network, progress_bar=False, optimize=False) as sim:
        conn = frozen.copies[learner(net)]
        assert conn.learning_rule_type is None
        if kind == "voja":
            used = state_of_encoders(sim, conn.post_obj)
        else:
            gain = 1.0
            if isinstance(conn.post_obj, nengo.ensemble.Neurons):  # Nengo multiplies with it
                gain = sim.data[conn.post_obj.ensemble].gain[:, None]
            used = sim.data[conn].weights * gain
    bound = frozen.quantised[name].error_bounds[:, None]
    assert np.all(np.abs(used - learnt) <= bound * (1 + 1e-6) + 1e-12)
    assert deploy.check(frozen.network).ok
    changes = deploy.Simulator(frozen.network, progress_bar=False).changes
    assert not [c for c in changes if c.rule == "placement"]  # all of it is on the chip


def state_of_encoders(sim, ens):
    return np.array(sim.signals[sim.model.sig[ens]["encoders"]])


@pytest.mark.parametrize("simulator", [nengo.Simulator, deploy.Simulator])
@pytest.mark.parametrize("kind", sorted(RULES))
def test_learning_goes_on_from_the_weights(kind, simulator):
    """A run stopped and gone on with ends where an unbroken run with the same state would."""
    net = learning(kind, 3)
    name = next(iter(learning_connections(net)))
    with simulator(net, progress_bar=False) as sim:
        sim.run(0.5)
        taken = deploy.workflows.freeze._from_simulator(sim)[0].learned
    assert taken[0].connection == name and (taken[0].theta is not None) == (kind == "bcm")
    further = resume(net, taken)
    with simulator(further, progress_bar=False) as sim:
        first = deploy.workflows.freeze._from_simulator(sim)[0].learned[0]
        np.testing.assert_allclose(first.values, taken[0].values, rtol=1e-12, atol=1e-15)
        sim.run_steps(3)
        then = deploy.workflows.freeze._from_simulator(sim)[0].learned[0]
    if kind == "bcm":  # θ starts where it was: three steps take less than a hundredth off it
        np.testing.assert_allclose(then.theta, taken[0].theta, rtol=0.02, atol=1.0)


def test_pes_on_the_chip_can_be_frozen_and_gone_on_with():
    run = deploy.run("pes-connection", 3.0, "emulator", 1)
    network = SYSTEMS["pes-connection"].build(seed=1)
    frozen = deploy.run(deploy.freeze(run), 3.0, "emulator", 1)
    tail = slice(-1000, None)
    wrong = frozen["post"].samples[tail] - run["post"].samples[tail]
    assert np.sqrt(np.mean(wrong**2)) < 0.15  # the same channel, from the first step on
    assert not frozen.learned and frozen.record["cores"]
    further = resume(network, run.learned, 1)
    on = deploy.run(further, 0.2, "emulator", 1)
    change = np.linalg.norm(on.learned[0].values - run.learned[0].values)
    assert change < 0.3 * np.linalg.norm(run.learned[0].values)


def test_weights_keep_what_they_are_in_a_file(tmp_path):
    run = deploy.run("bcm", 0.3, "emulator")
    kept = deploy.Weights.of(run)
    loaded = deploy.Weights.load(kept.save(tmp_path / "w.npz"))
    a, b = kept.learned[0], loaded.learned[0]
    np.testing.assert_array_equal(a.values, b.values)
    np.testing.assert_array_equal(a.theta, b.theta)
    assert (a.connection, a.rule, a.adapts, a.neurons) == (
        b.connection,
        b.rule,
        b.adapts,
        b.neurons,
    )
    assert loaded.fingerprint == run.fingerprint and loaded.model == "bcm"
    with np.load(tmp_path / "w.npz", allow_pickle=False) as npz:
        assert npz["learned.0.mantissas"].shape == a.values.shape
    again = deploy.Traces.load(run.save(tmp_path / "t.npz"))
    np.testing.assert_array_equal(again.learned[0].values, a.values)


def test_weights_on_the_command_line(loihi_deploy, tmp_path):
    done = loihi_deploy("run", "oja", "--duration", 0.5, "--freeze", "w.npz")
    assert done.returncode == 0 and "weights: w.npz" in done.stdout
    assert "4 × 10 weights, by Oja" in done.stdout
    done = loihi_deploy("check", "oja", "--weights", "w.npz", "--json")
    assert done.returncode == 0 and '"frozen"' in done.stdout
    done = loihi_deploy(
        "compare", "oja", "--duration", 2, "--weights", "w.npz", "--out", "c", "--spread", 6
    )
    assert not done.stderr and "NO PARITY:" not in done.stdout, done.stdout
    assert "weights or decoders were given for them: pre, post" in done.stdout
    assert "--weights w.npz" in (tmp_path / "c" / "report.html").read_text()
    done = loihi_deploy("run", "oja", "--duration", 0.2, "--weights", "w.npz", "--learn-on")
    assert done.returncode == 0 and "weights of learned" in done.stdout


REFUSED = [
    (("run", "bcm", "--weights", "w.npz"), "other neurons"),
    (("run", "oja", "--seed", "5", "--weights", "w.npz"), "--seed 0"),
    (("run", "one.py", "--weights", "w.npz"), "no learning connection"),
    (("run", "oja", "--weights", "t.npz"), "not one of loihi-deploy weights"),
    (("run", "oja", "--weights", "none.npz"), "no such file"),
    (("run", "oja", "--weights", "cut.npz"), "not a whole weights file"),
    (("run", "oja", "--weights", "nan.npz"), "finite"),
    (("run", "oja", "--weights", "shape.npz"), "shape"),
    (("run", "oja", "--learn-on"), "--weights"),
    (("run", "oja", "--weights", "w.npz", "--fan-in", "0"), "--fan-in"),
    (("run", "oja", "--weights", "w.npz", "--fan-in", "3", "--learn-on"), "give one"),
    (("run", "one.py", "--freeze", "x.npz", "--duration", "0.1"), "nothing learns"),
    (("run", "oja", "--freeze", "x.txt"), ".npz"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    run = deploy.run("oja", 0.1, "cpu")
    run.save(folder / "t.npz")
    kept = deploy.Weights.of(run)
    whole = kept.save(folder / "w.npz").read_bytes()
    (folder / "cut.npz").write_bytes(whole[: len(whole) // 2])
    each = kept.learned[0]
    for name, values in (("nan", each.values * np.nan), ("shape", each.values[:, 1:])):
        bad = deploy.workflows.freeze.replace(each, values=values)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                deploy.workflows.freeze, "quantise_rows", lambda v: quantise_rows(each.values)
            )
            deploy.workflows.freeze.replace(kept, learned=(bad,)).save(folder / f"{name}.npz")
    (folder / "one.py").write_text(
        "import nengo\nwith nengo.Network(seed=0) as model:\n"
        "    a = nengo.Ensemble(5, 1)\n    nengo.Probe(a)\n"
    )
    return folder


@pytest.mark.parametrize(
    "arguments, reason", REFUSED, ids=lambda a: "" if isinstance(a, str) else a[1]
)
def test_what_does_not_fit_is_refused_in_one_line(loihi_deploy, files, arguments, reason):
    done = loihi_deploy(*arguments, cwd=files)
    assert done.returncode == 2
    last = done.stderr.strip().splitlines()[-1]
    assert reason in last and "Traceback" not in done.stderr
