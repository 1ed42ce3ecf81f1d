"""Networks written as NIR files: read again they spike as they did, and what NIR lacks is named.

Against the network itself in Nengo core; by NIR's equations alone, against closed forms.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import nengo
import numpy as np
import pytest

from loihi_rules.nengo_parts.seeds import fix_seeds
from loihi_rules.nengo_parts.stepped import InputSpikes, SteppedNeurons, step_delay

nir = pytest.importorskip("nir", reason="the nir package needs Python 3.10")

from loihi_rules.nir import NirError, convert, read, to_graph, write  # noqa: E402
from loihi_rules.nir.carried import KEY  # noqa: E402

PAPER = Path(os.environ.get("NIR_PAPER", Path(__file__).parents[2] / "shared" / "nir"))
pytestmark = pytest.mark.filterwarnings(
    "ignore:Non-finite values detected in `max_rates`", "ignore:invalid value encountered"
)


def spikes_of(network, steps, dt=1e-3):
    """Of each ensemble, by its name, (steps, n) bool; as Nengo core has them."""
    probes = {}
    with network:
        for ens in network.all_ensembles:
            probes[ens.label] = nengo.Probe(ens.neurons, "output")
    with nengo.Simulator(network, dt=dt, progress_bar=False) as simulator:
        simulator.run_steps(steps, progress_bar=False)
        return {name: simulator.data[probe] > 0 for name, probe in probes.items()}


def assert_same_spikes(network, path, steps=600, seconds=1.0, dt=1e-3):
    write(network, path, dt, seconds)
    before = spikes_of(fix_seeds(network).network, steps, dt)
    after = spikes_of(read(path), steps, dt)
    assert set(before) == set(after)
    for name, spikes in before.items():
        assert name.startswith("quiet") or spikes.any(), name
        np.testing.assert_array_equal(after[name], spikes, err_msg=name)


def mixed():
    """Decoded and direct connections, passthroughs, filters in a row, a loop, two neuron types."""
    with nengo.Network(seed=3, label="mixed") as network:
        stimulus = nengo.Node(lambda t: np.sin(2 * np.pi * t), label="stimulus")
        held = nengo.Node([0.3], label="held")
        a = nengo.Ensemble(80, 1, label="a", radius=1.5)
        b = nengo.Ensemble(60, 1, label="b", neuron_type=nengo.LIF(0.03, 0.001, amplitude=0.5))
        c = nengo.Ensemble(50, 2, label="c", neuron_type=nengo.SpikingRectifiedLinear())
        through = nengo.Node(size_in=1, label="through")
        nengo.Connection(stimulus, a)
        nengo.Connection(held, a, synapse=None)
        nengo.Connection(a, b, function=np.square, synapse=0.01)
        nengo.Connection(b, through)
        nengo.Connection(through, c[0], synapse=0.02)
        nengo.Connection(a, c[1], synapse=nengo.Alpha(0.01))
        nengo.Connection(c[1], b, synapse=0.1)
        nengo.Connection(b.neurons[:10], a.neurons[5:15], transform=0.001)
        nengo.Connection(a, a, synapse=0.1, solver=nengo.solvers.LstsqL2(weights=True))
        nengo.Probe(c, synapse=0.02, label="value")
        nengo.Probe(b.neurons[:7], label="some")
        nengo.Probe(a, label="a probed voltage").attr = "decoded_output"
    return network


def test_a_network_of_nengos_own_neurons_spikes_as_before(tmp_path):
    assert_same_spikes(mixed(), tmp_path / "x.nir")


def test_values_that_are_read_out_are_as_before(tmp_path):
    network = mixed()
    write(network, tmp_path / "x.nir")
    runs = []
    for each in (fix_seeds(network).network, read(tmp_path / "x.nir")):
        with nengo.Simulator(each, progress_bar=False) as simulator:
            simulator.run_steps(500)
        runs.append({probe.label: simulator.data[probe] for probe in each.all_probes})
    for name in ("value", "some"):
        assert np.abs(runs[0][name]).max() > 0.1
        np.testing.assert_allclose(runs[1][name], runs[0][name], atol=1e-9)


@pytest.mark.parametrize("dt", [1e-3, 5e-4])
@pytest.mark.parametrize(
    "synapse",
    [None, nengo.Lowpass(0.005), nengo.Lowpass(0), nengo.Alpha(0.02),
     nengo.LinearFilter([0.004, 1], [1e-4, 0.02, 1])],
)  # fmt: skip
def test_each_filter_gives_the_same_spikes(synapse, dt, tmp_path):
    with nengo.Network(seed=5) as network:
        stimulus = nengo.Node(nengo.processes.WhiteSignal(1.0, 5, seed=2), label="stimulus")
        pre = nengo.Ensemble(40, 1, label="pre")
        post = nengo.Ensemble(40, 1, label="post", neuron_type=nengo.LIF(min_voltage=-np.inf))
        nengo.Connection(stimulus, pre)
        nengo.Connection(pre, post, synapse=synapse)
        nengo.Connection(pre.neurons, post.neurons, synapse=synapse, transform=np.eye(40) * 1e-3)
    assert_same_spikes(network, tmp_path / "x.nir", 400, dt=dt)


def test_stepped_neurons_of_every_kind_are_the_same(tmp_path):
    rng = np.random.RandomState(0)
    spikes = (rng.uniform(size=(200, 6)) < 0.3).astype(float)
    with nengo.Network(seed=1) as network:
        node = nengo.Node(nengo.processes.PresentInput(spikes, 1e-3))
        given = nengo.Ensemble(6, 1, gain=np.ones(6), bias=np.zeros(6),
                               neuron_type=InputSpikes(), label="given")  # fmt: skip
        nengo.Connection(node, given.neurons, synapse=None)
        kinds = {
            "integrates": SteppedNeurons([0.0], [1.0], [1.0], leak=[-0.01]),
            "leaks": SteppedNeurons([0.0], rng.uniform(0.3, 1, 9), [1.0], bias=rng.randn(9) * 0.1),
            "current": SteppedNeurons(rng.uniform(0, 0.9, 9), [0.7], rng.uniform(0.5, 2, 9),
                                      bias=[0.01], leak=[0.02], v_reset=rng.uniform(-1, 0.2, 9),
                                      initial_state={"voltage": rng.uniform(size=9)}),
            "forgets": SteppedNeurons([0.0], [0.0], [0.7]),
            "quiet": SteppedNeurons([0.5], [0.9], [np.inf]),
        }  # fmt: skip
        before, n = given, 6
        for name, neurons in kinds.items():
            ens = nengo.Ensemble(9, 1, gain=np.ones(9), bias=np.zeros(9),
                                 neuron_type=neurons, label=name)  # fmt: skip
            weights = rng.randn(9, n) * 0.5 + 0.2
            delay = step_delay(rng.randint(3))
            nengo.Connection(before.neurons, ens.neurons, synapse=delay, transform=weights)
            nengo.Connection(ens.neurons, ens.neurons, synapse=step_delay(1 + rng.randint(2)),
                             transform=rng.randn(9, 9) * 0.1)  # fmt: skip
            before, n = ens, 9
    assert_same_spikes(network, tmp_path / "x.nir", 400)


@pytest.mark.skipif(not PAPER.is_dir(), reason="the data of the NIR paper is not here")
@pytest.mark.parametrize("reset, reset_at", [("zero", "spike"), ("subtract", "next")])
@pytest.mark.parametrize("first, decay", [("current", "euler"), ("voltage", "exact")])
@pytest.mark.parametrize("file", ["braille_noDelay_bias_zero", "braille_noDelay_noBias_subtract"])
def test_the_papers_networks_are_the_same_in_every_convention(
    file, reset, reset_at, first, decay, tmp_path
):
    network = read(
        PAPER / "braille" / f"{file}.nir", reset=reset, reset_at=reset_at, first=first, decay=decay
    )
    for ens in network.all_ensembles:
        ens.label = f"quiet {ens.label}"  # whether they spike is not what is asked
    assert_same_spikes(network, tmp_path / "x.nir", 250, dt=1e-4)


# ---------------------------------------------------------------------- what NIR does not say


def driven(tau_ref, bias, steps, metadata):
    """Spikes of one neuron with a bias, with and without what the metadata says."""
    with nengo.Network(seed=0) as network:
        ens = nengo.Ensemble(1, 1, gain=[1.0], bias=[bias], label="one",
                             neuron_type=nengo.LIF(0.02, tau_ref),
                             encoders=[[1]])  # fmt: skip
        nengo.Probe(ens.neurons)
    graph = to_graph(network).graph
    if not metadata:
        graph.metadata = {}
    conventions = None if metadata else {"dt": 1e-3, "decay": "exact"}
    return spikes_of(convert(graph, "x", conventions).network, steps)["one"].sum()


@pytest.mark.parametrize("tau_ref", [0.001, 0.002, 0.004])
def test_by_nirs_equations_alone_there_is_no_refractory_time(tau_ref):
    """Rates are 1/(τ ln(J/(J − 1))), rounded up to whole steps; in Nengo τ_ref comes on top."""
    steps, bias = 20_000, 1.5
    free = 0.02 * np.log(bias / (bias - 1))
    with_it = driven(tau_ref, bias, steps, metadata=True)
    without = driven(tau_ref, bias, steps, metadata=False)
    assert abs(with_it - steps * 1e-3 / (free + tau_ref)) < 2
    assert abs(without - steps / np.ceil(free / 1e-3)) < 2


def test_what_is_lost_is_named_and_kept_in_the_file(tmp_path):
    with nengo.Network(seed=1) as network:
        stimulus = nengo.Node(np.sin, label="sine")
        computes = nengo.Node(lambda t, x: x**2, size_in=1, label="squares")
        pre, post = nengo.Ensemble(30, 1, label="pre"), nengo.Ensemble(30, 1, label="post")
        pre.noise = nengo.processes.WhiteNoise(seed=1)
        nengo.Connection(stimulus, pre)
        nengo.Connection(pre, computes)
        nengo.Connection(computes, post)
        learns = nengo.Connection(pre, post, learning_rule_type=nengo.PES())
        nengo.Connection(post, learns.learning_rule)
        nengo.Probe(post.neurons, "voltage", label="voltage of post")
    changes = write(network, tmp_path / "x.nir")
    said = [(change.object, change.before, change.after) for change in changes]
    for obj, before in [
        ("sine", "a node that computes"), ("squares", "computes from what it is given"),
        ("pre", "refractory time of 2 ms"), ("pre", "noise"), ("pre → post", "learns by PES"),
        ("probes", "voltage of post"),
    ]:  # fmt: skip
        assert any(o == obj and before in b for o, b, _ in said), (obj, before)
    kept = json.loads(nir.read(tmp_path / "x.nir").metadata[KEY])["changes"]
    assert [tuple(row) for row in kept] == [tuple(vars(change).values()) for change in changes]
    model = convert(nir.read(tmp_path / "x.nir"), "x")
    assert set(changes) <= set(model.changes)


def test_the_node_counts_where_somebody_changed_it():
    with nengo.Network(seed=1) as network:
        ens = nengo.Ensemble(20, 1, label="one")
        nengo.Connection(nengo.Node([1.0]), ens)
    graph = to_graph(network).graph
    assert isinstance(convert(graph, "x").network.ensembles[0].neuron_type, nengo.LIF)
    graph.nodes["one"].v_threshold[3] = 2.0
    neurons = convert(graph, "x").network.ensembles[0].neuron_type
    assert isinstance(neurons, SteppedNeurons)
    assert neurons.threshold[3] == 2.0


def test_with_other_conventions_it_is_read_as_any_file():
    graph = to_graph(mixed()).graph
    model = convert(graph, "x", {"reset": "subtract"})
    kinds = {type(ens.neuron_type) for ens in model.network.all_ensembles}
    assert kinds == {InputSpikes, SteppedNeurons}
    assert any("other conventions" in change.why for change in model.changes)


@pytest.mark.parametrize(
    "text, says",
    [
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ("[" * 100_000, "is damaged"),
        ('{"version": 2}', "another version"),
        ('{"version": 1}', "is damaged"),
        ('{"version": 1, "conventions": {"dt": "x"}, "neurons": {}, "filters": {}, '
         '"values": [], "changes": []}', "dt is a step"),
        ('{"version": 1, "conventions": {}, "neurons": {"a": {"kind": "os.system"}}, '
         '"filters": {}, "values": [], "changes": []}', "is damaged"),
        ('{"version": 1, "conventions": {}, "neurons": {}, "filters": {"a": {"kind": "Lowpass", '
         '"tau": "x"}}, "values": [], "changes": []}', "is damaged"),
    ],
)  # fmt: skip
def test_damaged_metadata_is_refused_in_one_line(text, says):
    graph = to_graph(mixed()).graph
    graph.metadata = {KEY: text}
    with pytest.raises(NirError, match=says) as error:
        convert(graph, "x")
    assert "\n" not in str(error.value)


def rate_neurons():
    nengo.Ensemble(10, 1, neuron_type=nengo.LIFRate(), label="rates")


def direct():
    ens = nengo.Ensemble(10, 1, neuron_type=nengo.Direct(), label="direct")
    nengo.Probe(ens)


def function_of_a_node():
    nengo.Connection(nengo.Node([1.0]), nengo.Ensemble(10, 1), function=np.square)


def digital_filter():
    pre = nengo.Ensemble(10, 1)
    nengo.Connection(pre, pre, synapse=nengo.LinearFilter([1], [1, -0.5], analog=False))


def circle():
    a, b = nengo.Node(size_in=1, label="a"), nengo.Node(size_in=1, label="b")
    ens = nengo.Ensemble(10, 1)
    nengo.Connection(a, b)
    nengo.Connection(b, a)
    nengo.Connection(b, ens)


@pytest.mark.parametrize(
    "build, says",
    [
        (rate_neurons, "NIR has no neurons as LIFRate"),
        (direct, "NIR has no neurons as Direct"),
        (function_of_a_node, "no functions of values"),
        (digital_filter, "NIR has no such filter"),
        (circle, "circle"),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(build, says, tmp_path):
    with nengo.Network(seed=0) as network:
        build()
    with pytest.raises(NirError, match=says):
        write(network, tmp_path / "x.nir")
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------------- the command


def test_the_command_writes_a_file_that_nir_reads_and_compare_takes(tmp_path):
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "HOME": str(tmp_path)}
    (tmp_path / "m.py").write_text(
        "import nengo\n"
        "with nengo.Network(seed=0) as model:\n"
        "    a = nengo.Ensemble(50, 1, label='a')\n"
        "    nengo.Connection(nengo.Node([0.5], label='half'), a)\n"
        "    nengo.Probe(a, synapse=0.02, label='value')\n"
    )

    def command(*args):
        return subprocess.run(
            [sys.executable, "-m", "deploy", *args],
            capture_output=True, text=True, cwd=tmp_path, env=env,
        )  # fmt: skip

    done = command("export", "m.py", "--to", "m.nir")
    assert done.returncode == 0, done.stderr
    assert "refractory time of 2 ms" in done.stdout
    assert "nan" not in done.stdout + done.stderr
    graph = nir.read(tmp_path / "m.nir")  # with its own check of types
    assert {type(node).__name__ for node in graph.nodes.values()} >= {"CubaLIF", "Linear", "LI"}
    done = command("compare", "m.nir", "--duration", "0.5", "--out", "out")
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "args, says",
    [
        (["export", "pes-connection", "--to", "x.npz"], "ends in .nir"),
        (["export", "pes-connection", "--to", "nowhere/x.nir"], "no such folder"),
        (["export", "nothing.py", "--to", "x.nir"], "no such file"),
        (["export", "pes-connection"], "--to"),
    ],
)
def test_what_is_asked_wrongly_is_refused(args, says, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "deploy", *args],
        capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
