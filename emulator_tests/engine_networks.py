"""Random networks for the engine, and nengo-loihi's own state to compare it with."""

import warnings

import nengo
import numpy as np
from hypothesis import strategies as st

from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.nengo_loihi.run.input_spikes import counting_runner
from deploy.nengo_loihi.run.interface import FastEmulator
from deploy.nengo_loihi.run.runner import Runner
from deploy.nengo_loihi.run.simulator import build_simulator

LIF, RELU = nengo.LIF(), nengo.SpikingRectifiedLinear()


@st.composite
def networks(draw):
    """Inputs, recurrence, decoded, dense, sparse and convolutional connections, learning,
    host neurons, populations larger than a core, and probes of every kind."""
    seed = draw(st.integers(0, 2**20))
    rng = np.random.RandomState(seed)
    with nengo.Network(seed=seed) as net:
        dimensions = draw(st.integers(1, 3))
        stimulus = nengo.Node(lambda t: np.sin(9 * t + np.arange(dimensions)))
        ensembles = []
        for _ in range(draw(st.integers(1, 3))):
            size = draw(st.sampled_from([3, 17, 40]))
            ens = nengo.Ensemble(
                size,
                dimensions,
                neuron_type=draw(st.sampled_from([LIF, LIF, RELU])),
                radius=draw(st.sampled_from([1.0, 0.5, 2.0])),
                max_rates=nengo.dists.Uniform(50, draw(st.sampled_from([120, 400]))),
            )
            ensembles.append(ens)
            nengo.Connection(stimulus, ens)
            if draw(st.booleans()):
                nengo.Probe(ens.neurons)
            if draw(st.booleans()):
                nengo.Probe(ens.neurons, "voltage")
            if draw(st.booleans()):
                synapse = draw(st.sampled_from([None, 0.01, nengo.Alpha(0.01)]))
                nengo.Probe(ens, synapse=synapse)
        for _ in range(draw(st.integers(0, 3))):
            a, b = draw(st.sampled_from(ensembles)), draw(st.sampled_from(ensembles))
            kind = draw(st.sampled_from(["decoded", "dense", "sparse", "slice", "weights"]))
            if kind == "decoded":
                nengo.Connection(a, b, transform=0.5, synapse=0.01)
            elif kind == "slice":
                nengo.Connection(a[:1], b, transform=np.ones((dimensions, 1)), synapse=0.005)
            elif kind == "weights":
                solver = nengo.solvers.LstsqL2(weights=True)
                nengo.Connection(a, b, solver=solver, synapse=0.005)
            elif kind == "dense":
                weights = rng.randn(b.n_neurons, a.n_neurons) * 1e-2
                nengo.Connection(a.neurons, b.neurons, transform=weights, synapse=0.005)
            else:
                n = min(a.n_neurons, b.n_neurons)
                indices = np.stack([rng.permutation(n), rng.permutation(n)], axis=1)
                transform = nengo.Sparse((b.n_neurons, a.n_neurons), indices, rng.randn(n) * 1e-2)
                nengo.Connection(a.neurons, b.neurons, transform=transform, synapse=0.005)
        if draw(st.booleans()):
            _to_the_host(draw, ensembles, dimensions)
        if draw(st.booleans()):
            _convolution(draw, net, rng)
        for _ in range(draw(st.integers(0, 2))):
            _learning(draw, net, stimulus, ensembles, dimensions)
        if draw(st.integers(0, 9)) == 0:
            large = nengo.Ensemble(1100, 1, max_rates=nengo.dists.Uniform(50, 100))
            nengo.Connection(stimulus[0], large)
            nengo.Connection(large, ensembles[0], transform=np.ones((dimensions, 1)))
            nengo.Probe(large.neurons)
    return net


def _to_the_host(draw, ensembles, dimensions):
    """What the chip sends up: to a node, to a population there, and perhaps back down."""
    source = draw(st.sampled_from(ensembles))
    host_types = [nengo.LIF(), RELU, nengo.LIFRate(), nengo.AdaptiveLIF()]
    above = nengo.Ensemble(
        12,
        dimensions,
        neuron_type=draw(st.sampled_from(host_types)),
        noise=draw(st.sampled_from([None, nengo.processes.WhiteNoise(seed=3)])),
    )
    on_host = nengo.params.Parameter("on_chip", default=None, optional=True)
    net = nengo.Network.context[-1]
    if "on_chip" not in net.config[nengo.Ensemble]._extra_params:
        net.config[nengo.Ensemble].set_param("on_chip", on_host)
    net.config[above].on_chip = False
    node = nengo.Node(lambda t, x: np.sin(t) * x, size_in=dimensions)
    synapse = draw(st.sampled_from([None, 0.005, nengo.Alpha(0.01)]))
    nengo.Connection(source, node, synapse=synapse)
    nengo.Connection(source.neurons, above.neurons, transform=np.full((12, source.n_neurons), 0.01))
    nengo.Connection(node[:1], above[:1], synapse=0.01)
    nengo.Connection(above, above, synapse=0.02, transform=0.5)
    nengo.Probe(above, synapse=0.01)
    nengo.Probe(above.neurons)
    nengo.Probe(node, sample_every=draw(st.sampled_from([None, 0.003])))
    if draw(st.booleans()):
        nengo.Connection(above, draw(st.sampled_from(ensembles)))


def _convolution(draw, net, rng):
    channels, filters = draw(st.sampled_from([1, 2])), draw(st.sampled_from([1, 3]))
    n = 25 * channels
    image = nengo.Ensemble(n, 1, gain=np.ones(n), bias=rng.uniform(0.5, 4, n))
    on_host = draw(st.booleans())
    if on_host:
        if "on_chip" not in net.config[nengo.Ensemble]._extra_params:
            net.config[nengo.Ensemble].set_param(
                "on_chip", nengo.params.Parameter("on_chip", default=None, optional=True)
            )
        net.config[image].on_chip = False
    kernel = nengo.Convolution(
        filters,
        (5, 5, channels),
        kernel_size=(3, 3),
        strides=draw(st.sampled_from([(1, 1), (2, 2)])),
        init=rng.uniform(-0.02, 0.05, (3, 3, channels, filters)),
    )
    m = kernel.output_shape.size
    filtered = nengo.Ensemble(m, 1, gain=np.ones(m), bias=np.full(m, 0.5))
    nengo.Connection(image.neurons, filtered.neurons, transform=kernel)
    nengo.Probe(filtered.neurons)


def _learning(draw, net, stimulus, ensembles, dimensions):
    pre = draw(st.sampled_from(ensembles))
    post = nengo.Node(size_in=dimensions)
    rate = draw(st.sampled_from([1e-5, 1e-3, 3e-2, 0.5]))
    learned = nengo.Connection(
        pre,
        post,
        function=draw(st.sampled_from([None, lambda x: -x, lambda x: np.zeros_like(x)])),
        learning_rule_type=nengo.PES(
            rate, pre_synapse=nengo.Lowpass(draw(st.sampled_from([0.002, 0.005, 0.02])))
        ),
    )
    error = nengo.Node(size_in=dimensions)
    nengo.Connection(post, error)
    nengo.Connection(stimulus, error, transform=-draw(st.sampled_from([0.3, 1.0, 3.0])))
    nengo.Connection(error, learned.learning_rule)
    nengo.Probe(post, synapse=0.01)


def simulators(rewritten, seed, target, compiled):
    """nengo-loihi's simulator, and one with the fast engine in its emulator's place.

    Both of one network, which they only read.

    The second, if compiled, with the compiled host as well; else with NumPy's steps and
    nengo-loihi's own queues.
    """
    nengo_loihi = load_nengo_loihi()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"seed": seed, "target": target, "remove_passthrough": False}  # as we build
        reference = nengo_loihi.Simulator(rewritten, **options)
        reference._runner = counting_runner(reference)
        if compiled:
            other = build_simulator(rewritten, **options)
            assert isinstance(other._runner, Runner)
            return reference, other
        other = nengo_loihi.Simulator(rewritten, **options)
    other.sims["emulator"] = FastEmulator(other.model, seed, compiled=False)
    other._runner = counting_runner(other)
    return reference, other


def assert_same_state(reference, fast):
    """Every part of the state of the two emulators, bit by bit."""
    state, compartment = fast.engine.state, reference.compartment
    for name in ("current", "voltage", "spiked", "ref_count", "spike_count"):
        np.testing.assert_array_equal(getattr(compartment, name), getattr(state, name), name)
    np.testing.assert_array_equal(compartment.input[0], state.q, "q")
    traces = list(reference.synapses.traces.values())
    if traces:
        np.testing.assert_array_equal(np.concatenate(traces), state.traces, "traces")
        errors = np.concatenate(list(reference.synapses.pes_errors.values()))
        np.testing.assert_array_equal(errors, state.errors, "errors")
    for own, its in zip(reference.synapses.traces, fast.learning_index):
        weights = np.vstack([w[0] for w in own.weights])
        np.testing.assert_array_equal(weights, fast.learned_weights(its), "weights")
