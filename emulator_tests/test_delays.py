"""Values between host and chip are as late as on the CPU, or a change says by how much not."""

import warnings

import nengo
import numpy as np
import pytest

import deploy
from benchmarks import delays
from deploy.traces.dynamics import seen_through
from loihi_rules import rewrite
from loihi_rules.nengo_parts.leads import Lead, steps_of

IN_TIME = [
    "node → Triangle 20 ms → ensemble",
    "filtered passthrough → None → ensemble",
    "ensemble → Alpha 20 ms → ensemble",
    "ensemble → 20 ms → node",
    "ensemble → second order → node",
    "ensemble, 5 ms, computing node → None → ensemble",
    "ensemble, computing node → 20 ms → ensemble",
]
CAUGHT_UP = [  # late at a node, and early again behind the next filter
    "ensemble, passthrough → 5 ms → node",
    "ensemble, computing node → 20 ms → node",
    "ensemble, computing node → Alpha 20 ms → node",
]
LATE = {
    "node → None → ensemble": 1,
    "ensemble → None → node": 2,
    "ensemble, computing node → None → ensemble": 3,
}


@pytest.fixture(scope="module")
def measured():
    return delays.measure([*IN_TIME, *CAUGHT_UP, *LATE], seed=1, target="emulator")


@pytest.mark.parametrize("way", IN_TIME)
def test_what_a_filter_has_made_smooth_is_in_time(measured, way):
    lag = measured[way]
    assert abs(lag.chip - lag.cpu) <= delays.BAR
    assert not lag.says


@pytest.mark.parametrize("way", CAUGHT_UP)
def test_the_hosts_own_filters_make_up_for_what_came_late(measured, way):
    lag = measured[way]
    assert abs(lag.chip - lag.cpu) <= delays.BAR / 2


@pytest.mark.parametrize("way", sorted(LATE))
def test_what_is_late_says_so(measured, way):
    lag = measured[way]
    assert abs(lag.chip - lag.cpu - LATE[way]) <= delays.BAR
    assert lag.says == f"{LATE[way]} ms later than asked"


@pytest.mark.quick
@pytest.mark.parametrize("synapse", [None, nengo.Lowpass(0.02), nengo.synapses.Triangle(0.01)])
def test_a_lead_costs_no_step_and_is_early_by_its_steps(synapse):
    """Against Nengo's own filter, which is a step late; a ramp shows the steps."""
    with nengo.Network() as net:
        ramp = nengo.Node(lambda t: t)
        plain, leads = nengo.Node(size_in=1), nengo.Node(size_in=1)
        nengo.Connection(ramp, plain, synapse=synapse)
        nengo.Connection(ramp, leads, synapse=Lead(synapse, 4.0))
        probes = nengo.Probe(plain), nengo.Probe(leads)
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run(0.5)
    before, after = (sim.data[probe][-1, 0] for probe in probes)
    steps = 4.0 + (synapse is not None)
    assert after - before == pytest.approx(0.001 * steps, rel=1e-3)


@pytest.mark.quick
def test_the_steps_of_a_lead_invert_the_chips_filter():
    g, a = steps_of(0.005, 0.001), np.exp(-0.2)
    x = np.random.RandomState(3).randn(50, 1)
    sent = Lead(None, g).filt(x, dt=0.001)
    y = np.zeros_like(x)
    for n in range(len(x)):
        y[n] = a * y[n - 1] + (1 - a) * sent[n]
    np.testing.assert_allclose(y, x, atol=1e-12)
    assert steps_of(0, 0.001) == 0


@pytest.mark.parametrize("into", ["ensemble", "neurons"])
def test_rates_of_the_hosts_neurons_are_values_on_the_chip(into):
    """They were sent as if they were spikes. Held values are off by the chip's whole intervals."""
    off = []
    for seed in range(1, 6):
        with nengo.Network(seed=seed) as net:
            a = nengo.Ensemble(50, 1, neuron_type=nengo.LIFRate())
            b = nengo.Ensemble(100, 1, encoders=np.ones((100, 1)))
            nengo.Connection(nengo.Node(0.5), a)
            row = np.random.RandomState(0).randn(1, 50) * 4e-4
            ends = {"ensemble": (b, row), "neurons": (b.neurons, np.ones((100, 1)) @ row)}
            end, transform = ends[into]
            nengo.Connection(a.neurons, end, transform=transform, synapse=0.01)
            nengo.Probe(b, synapse=0.05, label="b")
        cpu, chip = (deploy.run(net, 0.6, target)["b"].samples for target in ("cpu", "emulator"))
        off.append(chip[-200:].mean() - cpu[-200:].mean())
    assert np.median(np.abs(off)) < 0.05, off


@pytest.mark.quick
@pytest.mark.parametrize("synapse, late", [(0.02, "0 ms"), (None, "3 ms")])
def test_a_loop_over_the_host_says_how_late_it_is(synapse, late):
    with nengo.Network() as net:
        ens = nengo.Ensemble(30, 1)
        node = nengo.Node(lambda t, x: -x, size_in=1)
        nengo.Connection(ens, node, synapse=synapse)
        nengo.Connection(node, ens, synapse=None)
    (change,) = [c for c in rewrite(net).changes if c.rule == "loops over the host"]
    assert change.after.endswith(f"{late} later than asked")


@pytest.mark.quick
def test_a_loop_on_the_host_keeps_its_step():
    with nengo.Network(seed=4) as net:
        ens = nengo.Ensemble(50, 1)
        one, other = (nengo.Node(lambda t, x: 0.5 * x, size_in=1) for _ in range(2))
        nengo.Connection(ens, one, synapse=None)
        nengo.Connection(one, other, synapse=0.01)
        nengo.Connection(other, one, synapse=None)
    own = [conn.synapse for conn in net.connections[1:]]
    copy = rewrite(net).network
    assert [conn.synapse for conn in copy.connections if conn.pre_obj in copy.nodes] == own


@pytest.mark.quick
@pytest.mark.parametrize("synapse, late", [(None, 3), (0.005, 0)])
def test_what_comes_back_late_is_warned_of(synapse, late):
    with nengo.Network(seed=1) as net:
        a, b = nengo.Ensemble(50, 1), nengo.Ensemble(50, 1)
        between = nengo.Node(lambda t, x: x, size_in=1, label="between")
        nengo.Connection(nengo.Node([0.5]), a)
        nengo.Connection(a, between, synapse=synapse)
        nengo.Connection(between, b, synapse=synapse)
    notes = [note for note in deploy.check(net).warnings if "later than on the CPU" in note]
    assert len(notes) == bool(late)
    assert all(note.startswith("between → ") and f"comes {late} ms" in note for note in notes)


def looped(there, back, between=None, gain=0.5):
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(50, 1)
        node = nengo.Node(lambda t, x: gain * x + 0.3, size_in=1, label="node")
        nengo.Connection(node, ens, synapse=back)
        before = ens
        if between is not None:
            before = nengo.Ensemble(50, 1)
            nengo.Connection(ens, before, synapse=between)
        nengo.Connection(before, node, synapse=there)
        nengo.Probe(ens, synapse=0.05, label="value")
    return net


@pytest.mark.quick
@pytest.mark.parametrize(
    "there, back, between, late",
    [(0, 0, None, 1), (None, 0, None, 2), (0.0005, 0.0005, None, 1), (0, 0, 0, 1)]
    + [(0.001, 0, None, 0), (0, 0.001, None, 0), (0, 0, 0.05, 0), (0.01, 0.01, None, 0)],
)
def test_a_loop_without_a_filter_is_warned_of_from_a_step_on(there, back, between, late):
    """A synapse of 0 is no filter: one step more in such a loop changes where it settles."""
    found = deploy.check(looped(there, back, between)).warnings
    notes = [note for note in found if "in a loop over the host" in note]
    assert len(notes) == bool(late)
    assert all(note.startswith("node → ") and f"comes {late} ms later" in note for note in notes)


@pytest.mark.parametrize("there, back, warned", [(0, 0, True), (0.001, 0.001, False)])
def test_loops_of_which_nothing_is_said_settle_where_they_do_on_the_cpu(there, back, warned):
    net = looped(there, back)
    cpu, chip = (deploy.run(net, 0.8, target)["value"].samples for target in ("cpu", "emulator"))
    assert (abs(chip[300:].mean() - cpu[300:].mean()) > 0.1) == warned


@pytest.mark.quick
@pytest.mark.parametrize("synapse, through", [(None, 0.02), (0, 0.02), (0.01, 0.0)])
def test_a_probe_of_raw_spikes_is_judged_through_the_networks_filter(synapse, through):
    """One of 0 s filters as little as none."""
    with nengo.Network() as net:
        a, b = nengo.Ensemble(5, 1), nengo.Ensemble(5, 1)
        nengo.Connection(a, b, synapse=0.02)
        probe = nengo.Probe(a, synapse=synapse)
    assert seen_through(net, probe) == through


@pytest.mark.parametrize("layers, synapse", [(4, None), (10, None), (10, 0)])
def test_chains_of_neurons_without_a_filter_say_how_late_they_are(layers, synapse):
    with nengo.Network(seed=7) as net:
        ens = [nengo.Ensemble(20, 1, label=f"layer {k}") for k in range(layers)]
        for each in ens:
            each.gain, each.bias = np.ones(20), np.full(20, 0.5)
        node = nengo.Node(lambda t: float(t < 0.005))
        nengo.Connection(node, ens[0].neurons, transform=np.full((20, 1), 8.0), synapse=0.002)
        for pre, post in zip(ens, ens[1:]):
            weights = np.full((20, 20), 0.05)
            nengo.Connection(pre.neurons, post.neurons, transform=weights, synapse=synapse)
        probes = [nengo.Probe(ens[k].neurons) for k in (0, -1)]
    first = []
    for target in ("cpu", "emulator"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with deploy.Simulator(net, target=target, progress_bar=False) as sim:
                sim.run(0.06)
                first.append([int(np.argmax(sim.data[p].any(axis=1))) for p in probes])
                changes = getattr(sim, "changes", ())
    later = [of[1] - of[0] for of in first]
    said = [w.message for w in caught if "steps later than on the CPU" in str(w.message)]
    ends = [c for c in changes if c.object.endswith(f"layer {layers - 1}.neurons")]
    if synapse is None:
        assert later[1] - later[0] == layers - 1
        assert any(f"a step later, {layers - 1} with" in c.after for c in ends)
    else:
        assert later[1] == later[0] and not any("step later" in c.after for c in ends)
    assert [w.object for w in said] == ([f"layer {layers - 1}"] if later[1] > later[0] + 7 else [])
