"""Rows of a source to neighbouring cores are added as one: fewer of them, and the same bits."""

import nengo
import numpy as np
import pytest

from deploy.compiling.jit import HAVE_NUMBA
from deploy.emulator import parts, runs
from deploy.emulator.engine import Engine
from deploy.nengo_loihi.run import flatten
from deploy.nengo_loihi.run.simulator import build_simulator
from loihi_rules import rewrite

STEPS = 40
NONE = np.zeros(0, int)


def spread(seed):
    """Populations over several cores, a node and a smaller population that lead to one of them."""
    rng = np.random.RandomState(seed)
    with nengo.Network(seed=seed) as net:
        stimulus = nengo.Node(lambda t: np.sin(20 * t))
        a, b = (nengo.Ensemble(500, 1) for _ in range(2))
        c = nengo.Ensemble(60, 1)
        nengo.Connection(stimulus, a)
        nengo.Connection(a, b)
        nengo.Connection(c.neurons, b.neurons, transform=rng.uniform(-1, 1, (500, 60)) * 1e-4)
        silent = rng.uniform(size=(500, 60)) * 1e-4  # of every third neuron no axon leads there
        silent[:, ::3] = 0
        nengo.Connection(c.neurons, a.neurons, transform=silent)
        nengo.Connection(stimulus, c)
        nengo.Probe(b)
    return net


@pytest.fixture(scope="module")
def layouts():
    """As it lies in memory, and as it would without."""
    network = rewrite(spread(3)).network
    found = []
    for place in (runs.one_behind_the_other, lambda layout: layout):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(flatten, "one_behind_the_other", place)
            with build_simulator(network, seed=3, target="sim") as simulator:
                found.append(simulator.sims["emulator"].layout)
    return found


def weights_of(layout):
    """(compartments, entries of tables): what a spike of each source adds."""
    rows, groups = layout.rows, layout.groups
    found = np.zeros((layout.n_compartments, len(groups.row)), np.int64)
    for entry in np.flatnonzero(groups.row >= 0):
        row, base = groups.row[entry], groups.base[entry]
        start, length, targets = rows.start[row], rows.length[row], rows.target_start[row]
        into = np.arange(length) if targets < 0 else rows.targets[targets : targets + length]
        np.add.at(
            found[:, entry], base + into, rows.weights[start : start + length] * rows.scale[row]
        )
    return found


def sizes_of_inputs(layout):
    """(n_inputs, 1) how many sources each has."""
    groups = layout.groups
    sizes = np.diff([*groups.table, len(groups.row)])
    return np.array([[sizes[groups.source == k][0]] for k in range(layout.n_inputs)])


def test_no_weight_is_changed_where_it_lies_elsewhere(layouts):
    moved, usual = layouts
    assert not np.array_equal(moved.rows.start, usual.rows.start)
    assert len(moved.rows.weights) == len(usual.rows.weights)
    np.testing.assert_array_equal(weights_of(moved), weights_of(usual))
    runs_there = moved.groups.run_start >= 0
    where = moved.rows.start[moved.groups.row[runs_there]]
    np.testing.assert_array_equal(moved.groups.run_start[runs_there], where)


@pytest.mark.parametrize("fewest", [1, 700, 10**6])  # compartments of a part
def test_what_is_added_as_one_is_in_one_part_and_lies_in_a_row(layouts, fewest, monkeypatch):
    monkeypatch.setattr(parts, "FEWEST", fewest)
    layout = layouts[0]
    of = {"spiked": NONE, "current": NONE, "voltage": NONE}
    found, _ = parts.parts_of(layout, of, 1, 1 if fewest > layout.n_compartments else 8)
    groups = layout.groups
    assert found.together.sum() == len(groups.source)
    assert found.run[found.together > 0].sum() == groups.run_length.sum()
    if fewest > 1:
        assert found.together.max() > 2 and np.count_nonzero(found.together) < len(groups.source)
    part = np.searchsorted(found.group, np.arange(len(groups.source)), side="right") - 1
    for g in np.flatnonzero(found.together > 1):
        last = groups.run_base[g] + found.run[g]
        assert last <= found.compartment[part[g] + 1]
    _, usual = layouts
    assert np.all(parts.parts_of(usual, of, 1, 1)[0].together == 1)  # as nothing lies in a row


@pytest.mark.skipif(not HAVE_NUMBA, reason="numba is not installed")
def test_the_bits_are_those_of_one_row_after_the_other(layouts, monkeypatch):
    monkeypatch.setattr(parts, "FEWEST", 700)
    states = []
    for layout, options in [
        (layouts[0], {"threads": 1}),
        (layouts[0], {"threads": 3}),
        (layouts[1], {"threads": 1}),
        (layouts[0], {"compiled": False}),  # which knows rows alone
    ]:
        n = layout.n_compartments
        engine = Engine(
            layout, 0, {"spiked": np.arange(n), "current": NONE, "voltage": NONE}, **options
        )
        uniform = np.random.RandomState(0).uniform(size=(STEPS, layout.n_inputs, 4))
        events = np.sort(uniform * sizes_of_inputs(layout), axis=2).astype(np.int32)
        start = np.arange(STEPS * layout.n_inputs + 1) * 4
        recorded = engine.buffers(STEPS)
        engine.advance_row(recorded, events.ravel(), start, 0, STEPS)
        state = engine.state
        states.append([recorded.spiked, state.q, state.current, state.voltage, state.operations])
    assert states[0][0].any() and states[0][-1].all()
    for other in states[1:]:
        for one, its in zip(states[0], other):
            np.testing.assert_array_equal(one, its)
