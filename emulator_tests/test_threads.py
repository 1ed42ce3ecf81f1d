"""Several threads step one chip: the same bits, and no more of them than there are cores."""

import multiprocessing
import os
import threading
import warnings

import numpy as np
import pytest
from engine_networks import networks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.compiling.jit import HAVE_NUMBA
from deploy.emulator import parts, threads
from deploy.emulator.engine import Engine
from deploy.nengo_loihi.run.simulator import build_simulator
from loihi_rules import rewrite

needs_numba = pytest.mark.skipif(not HAVE_NUMBA, reason="numba is not installed")
NUMBERS = (1, 2, 3, 8)
CALLS = (1, 12, 2, 15)  # steps


def noisy(layout, rng):
    """The same layout with noise, of the input in some compartments, of the voltage in others."""
    n = layout.n_compartments
    c = layout.compartments
    mult = rng.uniform(0, 40 if layout.integer else 0.1, n).astype(c.noise_mult.dtype)
    noise = c._replace(noise_mult=mult, noise_on_u=rng.uniform(size=n) < 0.5)
    return layout._replace(compartments=noise, has_noise=True)


def all_of(engine, recorded):
    """Everything that a run leaves, but what is behind the end of a list."""
    state = engine.state
    kept = {name: of for name, of in state._asdict().items() if name != "fired"}
    kept.update(key=engine._numbers[0], position=engine._numbers[1])
    kept.update({f"probed {key}": getattr(recorded, key) for key in ("spiked", "voltage")})
    return kept


@needs_numba
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(net=networks(), seed=st.integers(0, 2**31 - 1), with_noise=st.booleans())
def test_the_number_of_threads_changes_no_bit(net, seed, with_noise):
    usual, parts.FEWEST = parts.FEWEST, 1  # parts of a block, as of a chip that is large
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for target in ("sim", "simreal"):
                compare(rewrite(net).network, seed, target, with_noise)
    finally:
        parts.FEWEST = usual


def compare(network, seed, target, with_noise):
    with build_simulator(network, seed=seed, target=target) as simulator:
        layout = simulator.sims["emulator"].layout
        sizes = [i.n_neurons for i in simulator.sims["emulator"].inputs]
    rng = np.random.RandomState(seed)
    layout = noisy(layout, rng) if with_noise else layout
    n = layout.n_compartments
    probed = {
        "spiked": rng.permutation(n),  # in another order than compartments are in
        "current": np.zeros(0, int),
        "voltage": rng.randint(n, size=5),
    }
    spikes = [
        [np.flatnonzero(rng.uniform(size=size) < 0.3) for size in sizes] for _ in range(sum(CALLS))
    ]
    flat = [each for row in spikes for each in row]
    events = np.concatenate([*flat, np.zeros(0, int)]).astype(np.int32)
    start = np.cumsum([0, *map(len, flat)])
    errors = rng.randint(-127, 128, size=(len(CALLS), int(layout.learning.n_errors.sum())))
    found = []
    for number in NUMBERS:
        engine = Engine(
            layout._replace(learned=layout.learned.copy()), seed, probed, threads=number
        )
        recorded, row = engine.buffers(sum(CALLS)), 0
        for call, steps in enumerate(CALLS):
            engine.state.errors[:] = errors[call]
            engine.advance_row(recorded, events, start, row, steps)
            row += steps
        found.append(all_of(engine, recorded))
    for other in found[1:]:
        for name, value in found[0].items():
            np.testing.assert_array_equal(value, other[name], name)


def test_parts_have_every_block_group_and_probe_once():
    import nengo

    with nengo.Network(seed=1) as net:
        ensembles = [nengo.Ensemble(40, 1) for _ in range(6)]
        for a, b in zip(ensembles, ensembles[1:] + ensembles[:1]):
            nengo.Connection(a, b)
    with build_simulator(rewrite(net).network, seed=1, target="sim") as simulator:
        layout = simulator.sims["emulator"].layout
    none = np.zeros(0, int)
    of = {"spiked": np.arange(layout.n_compartments)[::-1], "current": none, "voltage": none}
    n_blocks = len(layout.block_start) - 1
    usual, parts.FEWEST = parts.FEWEST, 1
    try:
        found, order = parts.parts_of(layout, of, 1, 8)
    finally:
        parts.FEWEST = usual
    assert 2 <= len(found.block) - 1 <= n_blocks
    assert (found.block[0], found.block[-1]) == (0, n_blocks)
    assert (found.group[0], found.group[-1]) == (0, len(layout.groups.source))
    for k in range(len(found.block) - 1):
        first, last = found.compartment[k : k + 2]
        for g in range(found.group[k], found.group[k + 1]):
            begin = layout.groups.table[g]
            end = layout.groups.table[g + 1] if g + 1 < len(layout.groups.table) else None
            base = layout.groups.base[begin:end][layout.groups.row[begin:end] >= 0]
            assert np.all((base >= first) & (base < last))
        own = of["spiked"][order["spiked"][found.spiked[k] : found.spiked[k + 1]]]
        np.testing.assert_array_equal(np.sort(own), np.arange(first, last))


@pytest.mark.parametrize(
    ("cores", "asked", "gives"),
    [(6, None, 6), (6, "2", 2), (2, "8", 2), (1, None, 1), (4, "0", 4), (4, "many", 4)],
)
def test_threads_are_no_more_than_cores_and_than_asked_for(monkeypatch, cores, asked, gives):
    """As under `taskset`, or with Slurm's --cpus-per-task."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if asked is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert threads.most_threads() == gives


def test_a_process_that_shares_the_work_with_others_has_one_thread():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        found = pool.apply(threads.most_threads)
        pool.close()  # and not ended by a signal, of which the process may have a handler
        pool.join()
    assert found == 1


def run_at(pace, taken, calls, n_steps=500):
    """What numbers of threads are chosen, where a step takes so long with each."""
    pace.took(pace.next_number(n_steps), n_steps, 20.0)  # the first compiles, and is passed over
    chosen = []
    for _ in range(calls):
        number = pace.next_number(n_steps)
        pace.took(number, n_steps, taken[number] * n_steps)
        chosen.append(number)
    return chosen


def test_more_threads_are_taken_where_they_are_faster():
    assert run_at(threads.Pace(6), {1: 8e-5, 2: 5e-5, 4: 3e-5, 6: 2.5e-5}, 5) == [1, 2, 4, 6, 6]
    chosen = run_at(threads.Pace(4), {1: 8e-5, 2: 5e-5, 4: 6e-5}, 300)
    assert chosen[:4] == [1, 2, 4, 2] and chosen.count(2) > 280 and chosen.count(1) > 1
    chosen = run_at(threads.Pace(2), {1: 8e-5, 2: 7.9e-5}, 300)
    assert 1 < chosen.count(2) < 20  # tried now and then


def test_short_calls_are_made_by_one():
    assert set(run_at(threads.Pace(8), dict.fromkeys((1, 2, 4, 8), 1e-5), 50, n_steps=1)) == {1}


def test_those_that_the_system_gives_take_part(monkeypatch):
    """All of a team wait for each other: who cannot be started must not be waited for."""
    start, started = threading.Thread.start, []

    def only_one(thread):
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", only_one)
    calls = []
    threads.together(lambda number, me: calls.append((number, me)), 4)
    assert sorted(calls) == [(2, 0), (2, 1)]
