"""Which way each value takes into chip neurons, and that it arrives whole."""

import itertools

import nengo
import numpy as np
import pytest

import deploy
from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules import ChipWarning, declare_settings, rewrite
from loihi_rules.chip.limits import LOIHI
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.notes import Way
from loihi_rules.routes.carriers import Pairs, design, most_rows, pairs_for
from loihi_rules.routes.entries import amplified_by

THE_CHIPS = load_nengo_loihi().neurons.LoihiLIF()  # as late on the CPU


def late_half(network, seconds, target="emulator"):
    samples = deploy.run(network, seconds, target)["out"].samples
    return samples[len(samples) // 2 :].mean(axis=0)


def scaled(k, way=None):
    """0.5, times k, less what takes it back to 0.5."""
    with nengo.Network(seed=11) as net:
        a, b = nengo.Ensemble(100, 1), nengo.Ensemble(100, 1)
        nengo.Connection(nengo.Node(0.5), a)
        conn = nengo.Connection(a, b, transform=k, synapse=0.1)
        nengo.Connection(nengo.Node(0.5 - 0.5 * k), b)
        nengo.Probe(b, synapse=0.05, label="out")
    declare_settings(net)
    net.config[conn].way = way
    if way == "carried":
        net.config[b].input_tau = 0.005
    return net


@pytest.mark.quick
@pytest.mark.parametrize("k", [2, 4, 8])
@pytest.mark.parametrize("way", [None, "carried"])
def test_values_beyond_the_radius_arrive(k, way):
    """0.34, −0.14 and −1.05 through nengo-loihi's neurons."""
    net = scaled(k, way)
    assert abs(late_half(net, 1.5)[0] - 0.5) < 0.03 * k


@pytest.mark.quick
def test_a_user_chooses_the_way():
    done = {way: rewrite(scaled(2, way)) for way in ("matrix", "carried")}
    for way, expected in (("matrix", Way.MATRIX), ("carried", Way.CARRIED)):
        ways = [done[way].notes.connections[c].way for c in done[way].network.all_connections]
        assert expected in ways
        assert (Way.FROM_CARRIERS in ways) == (way == "carried")
    text = next(c.why for c in done["matrix"].changes if str(Way.MATRIX) in c.after)
    assert "while through neurons that carry the value" in text  # and what that would cost


def by_a_node(first=None, second=None, synapse=0.1):
    """0.5 from one ensemble to another by way of a node, beside a value of the host's."""
    with nengo.Network(seed=11) as net:
        a, b = nengo.Ensemble(100, 1, label="a"), nengo.Ensemble(100, 1, label="b")
        node, given = nengo.Node(size_in=1, label="node"), nengo.Node(0.5, label="given")
        nengo.Connection(given, a)
        nengo.Connection(given, node, transform=0.1)
        into, out = nengo.Connection(a, node, synapse=synapse), nengo.Connection(node, b)
        nengo.Probe(node)  # which keeps it, and what ends in it
    declare_settings(net)
    net.config[b].input_tau = 0.005
    net.config[into].way, net.config[out].way = first, second
    return net


def entries(done):
    return {done.notes.connections[c].way for c in done.network.all_connections}


@pytest.mark.quick
@pytest.mark.parametrize("way", ["matrix", "carried"])
@pytest.mark.parametrize("end", ["first", "second"])
def test_a_chosen_way_stays_where_a_node_between_goes(end, way, recwarn):
    net = by_a_node(**{end: way})
    done = rewrite(net)
    assert (Way.FROM_CARRIERS in entries(done), Way.MATRIX in entries(done)) == (
        way == "carried",
        way == "matrix",
    )
    assert not rewrite(done.network).changes
    assert not [w for w in recwarn.list if w.category is ChipWarning]  # Nengo's own may be there


@pytest.mark.quick
def test_ways_that_contradict_are_said():
    with pytest.warns(ChipWarning, match="a → node → b: .*'carried' and 'matrix'; it is 'matrix'"):
        done = rewrite(by_a_node("carried", "matrix"))
    assert Way.FROM_CARRIERS not in entries(done)


@pytest.mark.quick
def test_a_way_that_cannot_be_taken_is_said():
    (problem,) = rewrite(by_a_node("matrx")).problems
    assert (problem.object, problem.what) == ("a → node", "its way is 'matrx'")
    net = scaled(2)
    first = net.all_connections[0]
    net.config[first].way = "carried"
    with pytest.warns(ChipWarning, match="'carried', but it goes as spikes from the host"):
        rewrite(net)
    net.config[first].way = None
    net.config[net.all_connections[1]].way = "matrix"
    net.all_connections[1].synapse = nengo.Alpha(0.1)
    with pytest.warns(ChipWarning, match="'matrix', but it goes by way of the host"):
        rewrite(net)


@pytest.mark.quick
def test_carriers_stay_when_a_network_is_rewritten_again():
    once = rewrite(scaled(2, "carried"))
    assert any(change.rule == "carried values" for change in once.changes)
    assert not rewrite(once.network).changes


@pytest.mark.slow
def test_a_memory_is_not_spoilt_by_many_inputs_that_are_silent():
    """Of 40, each with carriers of its own, 0.39 ÷ 0.74 was left of what none takes away."""
    with nengo.Network(seed=16) as net:
        u = nengo.Node(lambda t: np.ones(8) / np.sqrt(8) if t < 0.4 else np.zeros(8))
        memory = nengo.Ensemble(200, 8)
        nengo.Connection(u, memory, synapse=0.005)
        nengo.Connection(memory, memory, synapse=0.1)
        for k in range(40):
            a = nengo.Ensemble(30, 1)
            nengo.Connection(a, memory, transform=np.eye(8)[:, [k % 8]] / 2)
        nengo.Probe(memory, synapse=0.03, label="out")
    cpu, chip = (
        deploy.run(net, 1.5, target)["out"].samples[1300:].mean(axis=0).sum() / np.sqrt(8)
        for target in ("cpu", "emulator")
    )
    assert chip > 0.8 * cpu


def many(k, tau):
    """k ensembles that each give a k-th of 0.8 to one of 1,500 neurons."""
    with nengo.Network(seed=12) as net:
        u, b = nengo.Node(0.8), nengo.Ensemble(1500, 1)
        for _ in range(k):
            a = nengo.Ensemble(100, 1)
            nengo.Connection(u, a)
            nengo.Connection(a, b, transform=1 / k, synapse=tau)
        nengo.Connection(nengo.Node(0.0), b, synapse=None)
        nengo.Probe(b, synapse=0.05, label="out")
    declare_settings(net)
    net.config[b].input_tau = 0.005
    return net


@pytest.mark.parametrize("k", [8, pytest.param(45, marks=pytest.mark.slow)])  # 4,500 in-axons
def test_many_values_share_their_carriers(k):
    """0.3 and less where each has carriers of its own."""
    net = many(k, 0.03)
    done = rewrite(net)
    sets = [e for e in done.network.all_ensembles if (e.label or "").startswith("carriers")]
    assert len(sets) == (1 if k == 8 else 2)
    assert late_half(net, 0.8)[0] == pytest.approx(0.8, abs=0.04)


@pytest.mark.quick
@pytest.mark.parametrize("frequency", [1.33, 2.0])
def test_a_loop_beside_a_shorter_filter_keeps_its_time(frequency):
    """1.243 and 1.774 Hz where all are filtered by the shorter."""
    speed, tau = 2 * np.pi * frequency, 0.1
    with nengo.Network(seed=13) as net:
        kick = nengo.Node(lambda t: [1, 0] if t < 0.1 else [0, 0])
        ens = nengo.Ensemble(200, 2)
        nengo.Connection(kick, ens, synapse=0.005)
        turn = [[1, speed * tau], [-speed * tau, 1]]
        nengo.Connection(ens, ens, transform=turn, synapse=tau)
        nengo.Probe(ens, synapse=0.03, label="out")
    x = deploy.run(net, 2.0, "emulator")["out"].samples[300:]
    angle = np.unwrap(np.arctan2(x[:, 0], x[:, 1]))
    slope = np.polyfit(np.arange(len(x)) * 0.001, angle, 1)[0]
    assert slope / (2 * np.pi) == pytest.approx(frequency, rel=0.025)


@pytest.mark.quick
def test_two_filters_from_one_population_to_another_stay_two():
    """A high-pass filter: the amplitude was 0.000 where both were made one."""
    with nengo.Network(seed=14) as net:
        a, b = nengo.Ensemble(200, 1), nengo.Ensemble(200, 1)
        nengo.Connection(nengo.Node(lambda t: np.sin(3 * np.pi * t)), a)
        nengo.Connection(a, b, transform=-1, synapse=0.01)
        nengo.Connection(a, b, transform=1, synapse=0.001)
        nengo.Probe(b, synapse=0.03, label="out")
    wave = np.exp(-3j * np.pi * 0.001 * np.arange(1334))
    cpu, chip = (
        abs(np.mean(deploy.run(net, 1.7, target)["out"].samples[-1334:, 0] * wave))
        for target in ("cpu", "emulator")
    )
    assert chip == pytest.approx(cpu, rel=0.15)


@pytest.mark.quick
def test_a_filter_beside_none_stays():
    """It was 5 ms early, as the unfiltered input made the chip's filter 5 ms."""
    with nengo.Network(seed=15) as net:
        a, b = nengo.Ensemble(100, 1), nengo.Ensemble(100, 1)
        nengo.Connection(nengo.Node(lambda t: np.sin(6 * t)), a, synapse=None)
        nengo.Connection(a, b, synapse=0.01)
        nengo.Connection(nengo.Node(0.0), b, synapse=None)
        nengo.Probe(b, synapse=0.02, label="out")
    assert -1 <= deploy.compare(net, 2.0, spread=0).value("out", "lag") <= 3


TAUS = (None, 0, 0.001, 0.005, 0.1)


@pytest.mark.quick
@pytest.mark.parametrize("first", TAUS)
def test_any_two_filters_beside_each_other_are_built(first):
    """Of two populations into one, in a loop or not; there may be no filter at all."""
    for second in TAUS:
        for loop in (False, True):
            with nengo.Network(seed=1) as net:
                a, b, c = (nengo.Ensemble(20, 2) for _ in range(3))
                nengo.Connection(a, c, synapse=first)
                nengo.Connection(c if loop else b, c, function=lambda x: x / 2, synapse=second)
                probe = nengo.Probe(c, synapse=0.01)
            with deploy.Simulator(net, progress_bar=False) as simulator:
                simulator.run_steps(5)
                assert np.all(np.isfinite(simulator.data[probe]))


@pytest.mark.quick
@pytest.mark.parametrize("reach", [1, 4, 16])
def test_carriers_are_linear_over_their_range(reach):
    """By the chip's own steps: an interval is 2 steps and ⌈1 / drive⌉."""
    made = design(reach, pairs_for(1, most_rows(LOIHI)))
    x = np.linspace(0, reach, 201)[1:]

    def rates(values):
        drive = np.maximum(made.gain * values[:, None] + made.bias, 1e-9)
        return 1 / (2 + np.ceil(1 / drive))

    carried = (rates(x) - rates(-x)) @ made.decoders
    assert np.all(np.abs(carried - x) < 0.03 + 0.07 * x)
    assert 2 * 64 * sum(pairs_for(64, most_rows(LOIHI))) <= 2048


def inhibited(low, tau=0.008, excites=3):
    """A value by one filter, and some by another, into neurons from an intercept upwards."""
    with nengo.Network(seed=15) as net:
        one_sided = nengo.dists.Choice([[1]] if low > -1 else [[1], [-1]])
        post = nengo.Ensemble(
            100, 1, encoders=one_sided, intercepts=nengo.dists.Uniform(low, 0.9), label="post"
        )
        nengo.Connection(nengo.Ensemble(100, 1), post, transform=-1, synapse=tau)
        for _ in range(excites):
            nengo.Connection(nengo.Ensemble(100, 1), post, synapse=0.002)
    return net


@pytest.mark.quick
@pytest.mark.parametrize("excites", [3, 20])
def test_little_noise_goes_into_a_population_with_a_threshold(excites):
    """What is noise elsewhere is a value there; what comes late is late once."""

    def ways(low, tau):
        done = rewrite(inhibited(low, tau, excites))
        network, notes = done.network, done.notes.connections
        post = next(e for e in network.all_ensembles if e.label == "post")
        given = {notes[c].way for c in network.all_connections if c.post_obj is post}
        return network.config[post].input_tau, given

    tau, given = ways(-0.2, 0.008)
    assert tau == pytest.approx(0.005) and given == {Way.MATRIX}  # 3 ms each, not 0 and 6
    tau, given = ways(-1, 0.008)
    assert tau == pytest.approx(0.002, abs=2e-4) and given == {Way.MATRIX, Way.FROM_CARRIERS}
    assert Way.FROM_HOST in ways(-0.2, 0.1)[1]  # too far apart for one filter, carriers too noisy


@pytest.mark.quick
def test_more_neurons_carry_values_to_a_threshold():
    counts = []
    for low in (-0.2, -1):
        network = inhibited(low, 0.1)
        declare_settings(network)
        network.config[network.connections[0]].way = "carried"
        ensembles = rewrite(network).network.all_ensembles
        counts.append(sum(e.n_neurons for e in ensembles if (e.label or "").startswith("carriers")))
    assert counts[0] >= 3 * counts[1]


def test_the_action_that_basal_ganglia_choose_is_as_strong_as_on_the_cpu():
    """0.84 for 0.95 where the values into GPi are carried and its neurons begin later."""
    with nengo.Network(seed=31) as net:
        ganglia, thalamus = nengo.networks.BasalGanglia(3), nengo.networks.Thalamus(3)
        nengo.Connection(nengo.Node([0.8, 0.5, 0.3]), ganglia.input, synapse=None)
        nengo.Connection(ganglia.output, thalamus.input)
        nengo.Probe(thalamus.output, synapse=0.05, label="out")
    cpu, chip = (late_half(net, 0.5, target) for target in ("cpu", "emulator"))
    assert chip == pytest.approx(cpu, abs=0.05)


@pytest.mark.quick
@pytest.mark.parametrize("tau", [0.05, 0.1, 0.2])
def test_a_loop_keeps_its_speed_at_the_time_constant_that_the_chip_has(tau):
    """(W − 1) / τ and B / τ of τ dx/dt = (W − 1) x + B u, where the chip's τ is 0.6 to 3 % off."""
    turn = np.array([[1.0, -0.6], [0.6, 1.0]])
    with nengo.Network(seed=15) as net:
        ens = nengo.Ensemble(50, 2, neuron_type=THE_CHIPS)
        given = nengo.Connection(nengo.Node([0.3, 0.4]), ens, transform=0.5, synapse=tau)
        loop = nengo.Connection(ens, ens, transform=turn, synapse=tau)
    done = rewrite(net)
    real = done.network.config[done.copies[ens]].input_tau
    # what 12 bits keep of a current in a step, one of the 2^12 left out (nengo-loihi)
    kept = 4096 * np.exp(-0.001 / real)
    assert kept == pytest.approx(round(kept), abs=1e-6) and abs(real / tau - 1) < 0.05
    weights = matrix_of(done.copies[loop])
    assert np.allclose((weights - np.eye(2)) / real, (turn - np.eye(2)) / tau)
    assert np.allclose(matrix_of(done.copies[given]) / real, 0.5 * np.eye(2) / tau)
    assert done.copies[given].synapse is None  # the chip's is all there is


@pytest.mark.quick
def test_currents_into_neurons_are_no_values_of_the_loop_beside_them():
    """They come through the same filter, one for each neuron and not for each value."""
    down = np.full((50, 1), -3.0)
    with nengo.Network(seed=16) as net:
        ens, other = nengo.Ensemble(50, 2), nengo.Ensemble(30, 1)
        nengo.Connection(ens, ens, synapse=0.1)
        given = nengo.Connection(other, ens.neurons, transform=down, synapse=0.1)
    done = rewrite(net)
    assert done.network.config[done.copies[ens]].input_tau == pytest.approx(0.0994, abs=1e-4)
    assert np.array_equal(matrix_of(done.copies[given]), down)


@pytest.mark.quick
@pytest.mark.parametrize("part", [slice(None), slice(2), [2, 0]])
def test_a_loop_with_a_function_keeps_its_speed_too(part):
    """(f(x) − x) / τ of the values that are fed back, and u / τ; the others keep the size of u."""
    tau, ways = 0.2, np.array([[0.5, -1.0, 0.2], [1.0, 0.5, 0.0], [0.3, 0.0, 2.0]])[part][:, :2]

    def function(x):
        return x[0] * x[2], np.sin(x[1])

    def fed_back(x):
        return ways @ function(x)

    with nengo.Network(seed=18) as net:
        ens = nengo.Ensemble(60, 3, neuron_type=THE_CHIPS)
        given = nengo.Connection(nengo.Node([0.3, 0.4, 0.5]), ens, synapse=tau)
        if part == slice(None):
            loop = nengo.Connection(ens, ens, function=fed_back, synapse=tau)
        else:
            loop = nengo.Connection(ens, ens[part], function=function, transform=ways, synapse=tau)
    done = rewrite(net)
    real = done.network.config[done.copies[ens]].input_tau
    assert real == pytest.approx(0.2048, rel=0.02) and real != tau
    copied, fed = done.copies[loop], np.zeros(3, bool)
    fed[part] = True
    for x in np.random.RandomState(0).uniform(-1, 1, (5, 3)):
        flow = (matrix_of(copied) @ copied.function(x) - np.where(fed, x, 0)) / real
        wanted = np.zeros(3)
        wanted[part] = (fed_back(x) - x[part]) / tau
        assert np.allclose(flow, wanted)
    assert np.allclose(matrix_of(done.copies[given]), np.diag(np.where(fed, real / tau, 1.0)))


def test_an_oscillator_is_as_fast_with_rounded_decays():
    """0.7 % faster than in floating point, where the chip has 99.4 ms for 100."""
    speeds = []
    with nengo.Network(seed=16) as net:
        kick = nengo.Node(lambda t: [1, 0] if t < 0.1 else [0, 0])
        ens = nengo.Ensemble(300, 2)
        nengo.Connection(kick, ens, synapse=0.005)
        nengo.Connection(ens, ens, transform=[[1.1, -0.63], [0.63, 1.1]], synapse=0.1)
        nengo.Probe(ens, synapse=0.03, label="out")
    for target in ("emulator", "float-emulator"):
        x = deploy.run(net, 3.0, target)["out"].samples[500:]
        angle = np.unwrap(np.arctan2(x[:, 1], x[:, 0]))
        speeds.append(np.polyfit(np.arange(len(x)), angle, 1)[0])
    assert speeds[0] == pytest.approx(speeds[1], rel=0.003)


@pytest.mark.quick
def test_a_loop_keeps_its_matrix_beside_many_inputs():
    """In-axons go to what would lose the most without; many small sources lose little."""
    with nengo.Network(seed=19) as net:
        memory = nengo.Ensemble(600, 2, label="memory")
        loop = nengo.Connection(memory, memory, synapse=0.1)
        nengo.Connection(nengo.Node([0, 0]), memory, synapse=0.1)
        for _ in range(90):
            source = nengo.Ensemble(40, 2)
            nengo.Connection(source, memory, transform=0.01, synapse=0.1)
    done = rewrite(net)
    ways = {c.object: c.after for c in done.changes if c.rule == "filters of inputs"}
    assert "by a matrix" in ways["memory → memory"]
    assert done.network.config[done.copies[memory]].input_tau == pytest.approx(0.1, rel=0.02)
    assert done.copies[loop] in done.network.all_connections


@pytest.mark.quick
def test_a_memory_of_many_inputs_has_them_by_the_host_once_for_all():
    """As what nengo_spa binds enters a State: through carriers, half was lost within a second."""
    with nengo.Network(seed=20) as net:
        memory = nengo.Ensemble(600, 16, label="memory")
        nengo.Connection(memory, memory, synapse=0.1)
        directions = np.random.RandomState(3).randn(100, 16, 1)
        for direction in directions / np.linalg.norm(directions, axis=1, keepdims=True):
            source = nengo.Ensemble(60, 1)
            nengo.Connection(source, memory, transform=0.1 * direction, synapse=0.005)
    ways = [c.after for c in rewrite(net).changes if c.rule == "filters of inputs"]
    assert not any("neurons that carry" in way for way in ways)
    assert sum("by way of the host" in way for way in ways) == 2  # the loop, and all inputs


def lag_and_gain(values, dt=0.001, omega=6.0):
    """Of an answer to 0.15 sin(ωt), after the first second."""
    t = dt * np.arange(1, len(values) + 1)
    late = t > 1.0
    waves = np.stack([np.sin(omega * t[late]), np.cos(omega * t[late])], axis=1)
    a, b = np.linalg.lstsq(waves, values[late, 0], rcond=None)[0]
    return -np.arctan2(b, a) / omega, np.hypot(a, b) / 0.15


@pytest.mark.quick
@pytest.mark.parametrize(
    "gain, loop, before", [(0.4, 0.05, 0.005), (-0.4, 0.05, 0.02), (0.9, 0.05, 0.02)]
)
def test_a_loop_that_forgets_does_not_make_its_inputs_late(gain, loop, before):
    """They came by the loop's filter, 15 to 45 ms late, as if its errors added up for ever.

    How much a loop of 0.9 gives is what decoders make of values near 0, ten times: as on the CPU,
    or as the loop's equation has it, which the CPU's neurons exceed by 6 to 10 %.
    """
    found, s = {}, 6j
    filters = (1 + 0.005 * s) * (1 + before * s) * (1 + 0.02 * s)
    ideal = abs(1 / filters / (1 - gain / (1 + loop * s)))
    for target in ("cpu", "emulator"):
        with nengo.Network(seed=31) as net:
            source, ens = nengo.Ensemble(150, 1), nengo.Ensemble(100, 1)
            nengo.Connection(nengo.Node(lambda t: 0.15 * np.sin(6 * t)), source)
            nengo.Connection(source, ens, synapse=before)
            nengo.Connection(ens, ens, synapse=loop, transform=gain)
            probe = nengo.Probe(ens, synapse=0.02)
        with deploy.Simulator(net, target=target, progress_bar=False) as sim:
            sim.run(3.1)
            found[target] = lag_and_gain(sim.data[probe])
    assert abs(found["emulator"][0] - found["cpu"][0]) < 0.005
    low, high = sorted([ideal, found["cpu"][1]])
    assert 0.95 * low < found["emulator"][1] < 1.05 * high


@pytest.mark.quick
def test_whether_a_loop_forgets():
    """By closed forms: a mode λ has its filter's errors 1 / |1 − λ H| times, a chain g more."""
    with nengo.Network(seed=1):
        a, b = nengo.Ensemble(10, 2), nengo.Ensemble(10, 1)
        leaky = [nengo.Connection(a, a, transform=0.5), nengo.Connection(a[0], b, transform=0.3)]
        leaky += [nengo.Connection(b, a[0], transform=0.3)]
        chain = [nengo.Connection(a[0], a[1], transform=8.0)]  # all of its λ are 0
        turning = [nengo.Connection(a, a, transform=[[1, 1], [-1, 1]])]
        squared = [nengo.Connection(b, b, function=np.square)]
    filtered = 1 / (1 + 2j * np.pi * 0.1)
    largest = np.linalg.eigvalsh([[0.5, 0.3], [0.3, 0.0]]).max()
    assert amplified_by(leaky, 0.1) == pytest.approx(1 / abs(1 - largest * filtered))
    more = abs(8.0 * filtered) / 2
    assert amplified_by(chain, 0.1) == pytest.approx(more + np.sqrt(1 + more**2))
    assert np.isinf(amplified_by(turning, 0.1)) and np.isinf(amplified_by(squared, 0.1))


@pytest.mark.quick
@pytest.mark.parametrize("between, back", [(None, 0.01), (0.05, 0.2), (0.005, 0.005)])
def test_an_integrator_keeps_its_filter_beside_a_weak_feedback(between, back):
    """Both were carried, by filters that leaked a half more: an error counts by what it is of."""
    kept = {"cpu": [], "float-emulator": []}
    for target, seed in itertools.product(kept, range(3, 13)):
        with nengo.Network(seed=seed) as net:
            ens = nengo.Ensemble(300, 1)
            nengo.Connection(nengo.Node(lambda t: 0.2 * (t < 0.25)), ens, synapse=0.1)
            nengo.Connection(ens, ens, synapse=0.1)
            weak = ens
            if between is not None:
                weak = nengo.Ensemble(100, 1)
                nengo.Connection(ens, weak, synapse=between)
            nengo.Connection(weak, ens, transform=-0.05, synapse=back)
            probe = nengo.Probe(ens, synapse=0.05)
        with deploy.Simulator(net, target=target, progress_bar=False) as sim:
            sim.run(1.6)
            kept[target].append(sim.data[probe][-1, 0] / sim.data[probe][500, 0])
    assert np.mean(kept["float-emulator"]) == pytest.approx(np.mean(kept["cpu"]), abs=0.07)


@pytest.mark.quick
@pytest.mark.parametrize("reach", [0.02, 0.3, 1.0, 4.0])
def test_carriers_give_what_they_are_given(reach):
    made = design(reach, Pairs(25, 30))
    values = np.linspace(0.05, 1, 39) * min(reach, 1.0)
    jitter = np.linspace(0.97, 1.03, 31)[:, None, None]
    rates = [
        np.mean(1 / (2 + np.ceil(1 / np.maximum(drive * jitter, 1e-9))), axis=0)
        for drive in (made.gain * sign * values[:, None] + made.bias for sign in (1, -1))
    ]
    given = (rates[0] - rates[1]) @ made.decoders
    assert np.abs(given / values - 1).max() < 0.02
