"""The engine against nengo-loihi's own: every state at every step, bit by bit."""

import hashlib
import os
import subprocess
import sys
import warnings

import hypothesis
import nengo
import numpy as np
import pytest
from engine_networks import assert_same_state, networks, simulators
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deploy
from deploy.compiling.jit import HAVE_NUMBA
from deploy.emulator import kernels as k
from deploy.errors import Unsupported
from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.nengo_loihi.run.interface import FastEmulator
from loihi_rules import rewrite
from loihi_rules.systems.pes_connection import pes_connection

needs_numba = pytest.mark.skipif(not HAVE_NUMBA, reason="numba is not installed")
both_ways = pytest.mark.parametrize(
    "compiled", [pytest.param(True, marks=needs_numba), False], ids=["numba", "numpy"]
)
common = {"suppress_health_check": list(HealthCheck)}


def compare(net, seed, compiled, steps):
    """In integers and in floating point."""
    rewritten = rewrite(net).network
    for target in ("sim", "simreal"):
        compare_on(rewritten, seed, target, compiled, steps)


def compare_on(rewritten, seed, target, compiled, steps):
    reference, fast = simulators(rewritten, seed, target, compiled)
    with warnings.catch_warnings(), reference, fast:
        warnings.simplefilter("ignore")
        for _ in range(steps):
            reference.step()
            fast.step()
            assert_same_state(reference.sims["emulator"], fast.sims["emulator"])
        # and in one batch, which is another way through the engine
        reference.run_steps(50)
        fast.run_steps(50)
        assert_same_state(reference.sims["emulator"], fast.sims["emulator"])
    for a, b in zip(reference.network.all_probes, fast.network.all_probes):
        np.testing.assert_array_equal(reference.data[a], fast.data[b])


@needs_numba
@settings(max_examples=30, **common)
@given(net=networks(), seed=st.integers(0, 2**31 - 1))
def test_same_state_at_every_step(net, seed):
    compare(net, seed, True, steps=60)


@settings(max_examples=8, **common)
@given(net=networks(), seed=st.integers(0, 2**31 - 1))
def test_same_state_without_numba(net, seed):
    compare(net, seed, False, steps=40)


@needs_numba
@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))  # so that both cores have some
def test_same_state_of_many_networks(part):
    @hypothesis.seed(part)
    @settings(max_examples=29, derandomize=False, database=None, **common)
    @given(net=networks(), seed=st.integers(0, 2**31 - 1))
    def check(net, seed):
        compare(net, seed, True, steps=60)

    check()


@needs_numba
@settings(max_examples=10, **common)
@given(net=networks(), seed=st.integers(0, 2**20))
def test_our_own_builder_and_runner_give_nengo_loihis_bits(net, seed):
    """From the user's network to the traces; above, networks go to the engine directly."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for target in ("emulator", "float-emulator"):
            fast, reference = (
                deploy.run(net, 0.08, target, seed, engine=engine)
                for engine in ("fast", "reference")
            )
            for trace in fast:
                its = reference[trace.label].dense()
                np.testing.assert_array_equal(trace.dense(), its, err_msg=trace.label)


# ------------------------------------------------- blocks as nengo-loihi's hardware has them


@st.composite
def models(draw):
    """Blocks by hand: noise, overflow, refractory delays, shared weights, many groups."""
    nengo_loihi = load_nengo_loihi()
    block_module, Model = nengo_loihi.block, nengo_loihi.builder.Model
    rng = np.random.RandomState(draw(st.integers(0, 2**20)))
    discretize = draw(st.booleans())
    loud = draw(st.booleans())  # weights that overflow the accumulator

    def build():
        draw_again = np.random.RandomState(1)
        model = Model()
        blocks = []
        for b in range(n_blocks):
            n = sizes[b]
            block = block_module.LoihiBlock(n)
            comp = block.compartment
            comp.configure_lif(tau_rc=0.02, tau_ref=refractory[b] * 1e-3, vth=1.0)
            comp.configure_filter(0.005 if b % 2 else 0.0)
            comp.bias[:] = biases[b]
            if noise[b]:
                comp.enable_noise[:] = enabled[b]
                comp.noise_exp = -1.0 if noise[b] < 3 else 0.5
                comp.noise_offset = 0.1 * noise[b]
                comp.noise_at_membrane = noise[b] % 2
            blocks.append(block)
            model.add_block(block)
        spike_input = nengo_loihi.inputs.SpikeInput(7)
        for ti in range(1, 40):
            spike_input.add_spikes(ti, np.flatnonzero(draw_again.rand(7) < 0.4), permanent=True)
        model.add_input(spike_input)
        for source, target, weights in links:
            synapse = block_module.Synapse(len(weights))
            synapse.set_weights(weights.copy())
            blocks[target].add_synapse(synapse)
            axon = block_module.Axon(len(weights))
            axon.target = synapse
            axon.set_compartment_axon_map(np.arange(len(weights)))
            (spike_input if source < 0 else blocks[source]).add_axon(axon)
        probe = nengo_loihi.probe.LoihiProbe(target=blocks[0], key="voltage", slice=slice(0, 2))
        model.add_probe(probe)
        if discretize:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                nengo_loihi.builder.discretize.discretize_model(model)
        return model, probe

    n_blocks = draw(st.integers(1, 3))
    sizes = [draw(st.integers(2, 20)) for _ in range(n_blocks)]
    refractory = [draw(st.integers(0, 5)) for _ in range(n_blocks)]
    noise = [draw(st.integers(0, 4)) for _ in range(n_blocks)]
    biases = [rng.uniform(-0.5, 2.0, n) for n in sizes]
    enabled = [rng.rand(n) < 0.7 for n in sizes]
    links = []
    for _ in range(draw(st.integers(1, 5))):
        source, target = draw(st.integers(-1, n_blocks - 1)), draw(st.integers(0, n_blocks - 1))
        rows = 7 if source < 0 else sizes[source]
        scale = 30.0 if loud else 0.3
        links.append((source, target, rng.randn(rows, sizes[target]).astype(np.float32) * scale))
    return build


@both_ways
@settings(max_examples=40, **common)
@given(build=models(), seed=st.integers(0, 2**31 - 1))
def test_blocks_with_noise_and_overflow(compiled, build, seed):
    nengo_loihi = load_nengo_loihi()
    (own, own_probe), (its, its_probe) = build(), build()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        reference = nengo_loihi.emulator.EmulatorInterface(own, seed=seed)
        del caught[:]
        fast = FastEmulator(its, seed, compiled=compiled)
        for _ in range(60):
            reference.step()
            said = {str(w.message) for w in caught}
            fast.step()
            assert_same_state(reference, fast)
    named = [text for text in k_names() if fast.engine.state.flags[k_names()[text]]]
    assert {text for text in k_names() if any(w.startswith(text) for w in said)} == set(named)
    np.testing.assert_array_equal(
        reference.collect_probe_output(own_probe), fast.collect_probe_output(its_probe)
    )


def k_names():
    return {"Overflow in q0": k.OVERFLOW_Q0, "Overflow in current": k.OVERFLOW_U,
            "Overflow in u2": k.OVERFLOW_U2}  # fmt: skip


# ------------------------------------------------------------------------ random numbers


@needs_numba
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_random_numbers_are_numpys(seed):
    rng = np.random.RandomState(seed)
    _, key, position, _, _ = rng.get_state()
    key, position = np.stack([key, key]).astype(np.uint32), np.array([position], np.int64)
    k.temper(key)
    for _ in range(3):
        expected = rng.randint(-127, 128, size=700, dtype=np.int32)
        np.testing.assert_array_equal(expected, [k.random_noise(key, position) for _ in range(700)])
        expected = rng.rand(500)
        np.testing.assert_array_equal(
            expected, [k.random_double(key, position) for _ in range(500)]
        )
        rng.rand(1234)
        k.skip_words(key, position, 2 * 1234)
    assert rng.rand() == k.random_double(key, position)


# -------------------------------------------------------------------------- its behaviour


def test_weights_are_stored_small_and_once():
    with nengo.Network(seed=1) as net:
        a = nengo.Ensemble(300, 1)
        weights = 1e-2 * np.random.RandomState(0).randn(300, 300)
        nengo.Connection(a.neurons, a.neurons, transform=weights)
    _, fast = simulators(rewrite(net).network, 1, "sim", HAVE_NUMBA)
    rows = fast.sims["emulator"].layout.rows
    assert rows.weights.dtype == np.int8 and rows.weights.nbytes == 300 * 300
    assert rows.targets.size == 0


def test_what_is_cut_is_said_once_and_by_name():
    """Not as nengo-loihi does, in the first step of each run, whatever comes of it."""
    net = pes_connection(learning_rate=0.5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with deploy.Simulator(net, progress_bar=False) as simulator:
            simulator.run(0.2)
            simulator.run(0.1)
    texts = [str(w.message) for w in caught if "cut off" in str(w.message)]
    assert texts and len(texts) == len(set(texts))
    assert all(text.startswith("learned: ") for text in texts)
    assert not any("Clipping" in str(w.message) for w in caught)


def test_what_it_cannot_do_is_left_to_the_reference(monkeypatch):
    def refuse(model, silicon):
        raise Unsupported("a synapse from the future")

    monkeypatch.setenv("LOIHI_DEPLOY_CACHE", "")  # of which a build that was laid out is taken
    monkeypatch.setattr("deploy.nengo_loihi.run.interface.lay_out", refuse)
    fallen_back = deploy.run("pes-connection", 0.1)
    assert fallen_back.settings["engine"].startswith("nengo-loihi")
    assert any("synapse from the future" in text for text in fallen_back.warnings)
    monkeypatch.undo()
    fast = deploy.run("pes-connection", 0.1)
    assert fast.settings["engine"] == "fast"
    for trace in fast:
        np.testing.assert_array_equal(trace.dense(), fallen_back[trace.label].dense())


def test_unknown_engine_is_said():
    with pytest.raises(deploy.BadInput, match="no engine 'warp'"):
        deploy.run("pes-connection", 0.1, engine="warp")


@pytest.mark.quick
def test_engines_agree_through_the_front_door():
    runs = [deploy.run("pes-connection", 0.4, seed=3, engine=e) for e in ("fast", "reference")]
    for trace in runs[0]:
        np.testing.assert_array_equal(trace.dense(), runs[1][trace.label].dense())


def run_alone(script, **environment):
    """In a process of its own, as what lacks is found out when the kernels are imported."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()


def test_works_without_numba():
    script = (
        "import sys, hashlib\n"
        "sys.modules['numba'] = None\n"
        "import deploy\n"
        "run = deploy.run('pes-connection', 0.1, seed=3)\n"
        "print(hashlib.sha256(run['post'].samples.tobytes()).hexdigest())\n"
        "print(*run.warnings, sep='\\n')\n"
    )
    digest, *said = run_alone(script)
    expected = deploy.run("pes-connection", 0.1, seed=3)["post"].samples
    assert digest == hashlib.sha256(expected.tobytes()).hexdigest()
    assert sum("numba" in line for line in said) == 1


@needs_numba
def test_works_without_a_folder_for_the_cache(tmp_path):
    """All kernels, of which one is compiled: all of them take 20 s."""
    (tmp_path / "file").write_text("")
    script = (
        "import numpy as np\n"
        "from deploy.emulator import kernels\n"
        "from deploy.host import kernels as host_kernels\n"
        "from deploy.nengo_loihi.run import probe_filter\n"
        "voltage, least = np.array([3.0, -3.0]), np.array([-2.0, -2.0])\n"
        "zero = np.uint64(0)\n"
        "kernels._clip(voltage, least, -least, zero, zero, 2)\n"
        "print(kernels.advance_int._cache.cache_path, *voltage)\n"
    )
    said = run_alone(script, NUMBA_CACHE_DIR=str(tmp_path / "file" / "below"))
    assert said == ["None 2.0 -2.0"]
