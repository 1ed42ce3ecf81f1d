"""Random NIR graphs: Nengo core and the float emulator against NIR's equations, to the spike.

The equations are `nir_equations`, written apart. Graphs have shapes, strides, paddings, dilations
and groups of all sorts, pools, delays, ways back and ways past layers, graphs within graphs, and
parameters of one or of each neuron, in every convention.
"""

import hypothesis.strategies as st
import nengo
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import deploy

nir = pytest.importorskip("nir", reason="the nir package needs Python 3.10")

from nir_equations import FIRES, Conventions, Reference, stateless  # noqa: E402

from loihi_rules.nir import convert, to_graph  # noqa: E402
from loihi_rules.nir.conventions import CHOICES  # noqa: E402
from loihi_rules.nir.file import read_file  # noqa: E402

N_STEPS = 40
TIE = 1e-9  # relative distance to a threshold, from which on double precision tells for sure
NEAR = 1e-4  # and single precision
GRADED = ("I", "LI", "CubaLI")
POOLS = ("SumPool2d", "AvgPool2d")
BY_AXES = {2: {"Conv1d"}, 3: {"Conv2d", "Flatten", "stride", "dilation", "groups", *POOLS}}


class Drawn:
    """A graph, and what the reference needs to know of it.

    ``inputs`` are (n_steps, n), the columns of the inputs one after the other; ``populations`` are
    names in the import by those in the reference.
    """

    def __init__(self, graph, reference, inputs, populations):
        self.graph, self.reference = graph, reference
        self.inputs, self.populations = inputs, populations

    def __repr__(self):  # which hypothesis prints
        nodes = ", ".join(
            f"{name} {type(node).__name__} {self.reference.shapes[name]}"
            for name, node in self.reference.nodes.items()
        )
        reference = self.reference
        return f"{nodes}; {reference.edges}, back {reference.back}; {reference.conventions}"

    def truth(self):
        order = sorted(n for n, node in self.reference.nodes.items() if isinstance(node, nir.Input))
        sizes = [int(np.prod(self.reference.shapes[name])) for name in order]
        parts = np.split(self.inputs, np.cumsum(sizes)[:-1], axis=1)
        return self.reference.run(
            {n: part.reshape(len(part), *self.reference.shapes[n]) for n, part in zip(order, parts)}
        )


class Builder:
    """Draws one graph, layer by layer.

    What is in ``lacking``, of `KINDS` and `SHAPES`, is taken wherever it may stand.
    """

    def __init__(self, draw, chip, lacking):
        self.draw, self.chip, self.lacking = draw, chip, lacking
        self.rng = np.random.RandomState(draw(st.integers(0, 2**31 - 1)))
        self.nodes, self.edges, self.shapes, self.back = {}, [], {}, []
        self.layers = []  # names of the nodes of each
        self.c = self.conventions()

    def one(self, *choices):
        return self.draw(st.sampled_from(choices))

    def yes(self, share=0.5, *brings):
        return self.draw(st.floats(0, 1)) < share or not self.lacking.isdisjoint(brings)

    def kind(self, *names):
        return self.one(*([name for name in names if name in self.lacking] or names))

    def conventions(self):
        return Conventions(
            dt=self.one(1e-3, 1e-4, 2e-3),
            reset="zero" if self.chip else self.one("zero", "subtract"),
            reset_at=self.one("spike", "spike", "next"),
            first=self.one("current", "voltage", "spikes"),
            decay=self.one("euler", "exact"),
            integrate=self.one("steps", "seconds"),
            gain=self.one("equation", "equation", "one", "current", "decayed"),
        )

    # ------------------------------------------------------------------ nodes

    def add(self, node, before=(), shape=None):
        name = f"n{len(self.nodes):02d}"
        self.nodes[name] = node
        self.edges += [(pre, name) for pre in before]
        if shape is None:
            shape = stateless(node, np.zeros(self.shapes[before[0]])).shape
        self.shapes[name] = tuple(int(n) for n in shape)
        return name

    def weights(self, *shape):
        fan_in = int(np.prod(shape[1:]))
        return (self.rng.randn(*shape) + 0.5) * self.one(1.5, 3.0) / np.sqrt(fan_in)

    def bias(self, n):
        """On the chip small, and not below 0.

        A bias beyond a threshold is there before the first step, in which the chip waits for what
        enters; see `deploy.nengo_loihi.read.stepped.start_stepped`.
        """
        drawn = self.rng.randn(n) * self.one(0.0, 0.05, 0.2)
        return np.abs(drawn) / 10 if self.chip else drawn

    def linear(self, at, n_out=None):
        n = int(np.prod(self.shapes[at]))
        n_out = n_out or self.draw(st.integers(1, 8))
        weights = self.weights(n_out, n)
        if self.yes():
            return self.add(nir.Affine(weights, self.bias(n_out)), [at])
        return self.add(nir.Linear(weights), [at])

    def spatial(self, at):
        """A convolution, pool or Flatten, as fits the shape; or all of it to all."""
        shape = self.shapes[at]
        if len(shape) == 1 or self.yes(0.2, "Flatten"):
            at = at if len(shape) == 1 else self.flat(at)
            return self.linear(at)
        if len(shape) == 3 and self.yes(0.3, *POOLS):
            return self.pool(at)
        return self.convolution(at)

    def flat(self, at):
        shape = np.array(self.shapes[at])
        return self.add(nir.Flatten({"input": shape}, start_dim=0), [at])

    def pool(self, at):
        kind = getattr(nir, self.kind(*POOLS))
        kernel = [self.draw(st.integers(1, min(3, n))) for n in self.shapes[at][1:]]
        padding = [self.draw(st.integers(0, k // 2)) for k in kernel]
        stride = [self.draw(st.integers(1, 3)) for _ in kernel]
        return self.add(kind(np.array(kernel), np.array(stride), np.array(padding)), [at])

    def convolution(self, at):
        channels, *extent = self.shapes[at]
        axes = len(extent)
        groups = self.one(*(g for g in (1, 2, 3) if channels % g == 0))
        n_out = groups * self.draw(st.integers(1, 3))
        dilation = [self.draw(st.integers(1, 2)) for _ in extent]
        padding = [self.draw(st.integers(0, 2)) for _ in extent]
        kernel = []
        for n, d, p in zip(extent, dilation, padding):
            most = (n + 2 * p - 1) // d + 1
            kernel.append(self.draw(st.integers(1, min(3, most))))
        stride = [self.draw(st.integers(1, 3)) for _ in extent]
        words = self.one("numbers", "numbers", "same", "valid")
        if words == "same":
            stride, padding = [1] * axes, words
        elif words == "valid" and all(n > d * (k - 1) for n, d, k in zip(extent, dilation, kernel)):
            padding = words
        weights = self.weights(n_out, channels // groups, *kernel)
        bias = self.bias(n_out)
        if axes == 1:
            padding = padding if isinstance(padding, str) else padding[0]
            node = nir.Conv1d(extent[0], weights, stride[0], padding, dilation[0], groups, bias)
        else:
            padding = padding if isinstance(padding, str) else tuple(padding)
            node = nir.Conv2d(
                tuple(extent), weights, tuple(stride), padding, tuple(dilation), groups, bias
            )
        return self.add(node, [at])

    def neurons(self, at, kinds):
        kind, shape = self.kind(*kinds), self.shapes[at]
        size = shape if self.yes(0.7) else (1,)
        dt, rng = self.c.dt, self.rng

        def each(low, high):
            return rng.uniform(low, high, size)

        tau = {"tau": each(2, 20) * dt}
        cuba = {"tau_mem": each(2, 20) * dt, "tau_syn": each(1.5, 8) * dt, "w_in": each(0.5, 2)}
        leaky = {
            "v_leak": each(0.0 if self.chip else -0.2, 0.05) if self.yes(0.4) else np.zeros(size)
        }
        fires = {
            "v_threshold": each(0.2, 0.8),
            "v_reset": each(-0.3, 0.1) if self.yes(0.4) else np.zeros(size),
        }
        r = {"r": each(0.5, 2)}
        if self.c.integrate == "seconds" and kind in ("I", "IF"):
            r["r"] = r["r"] / dt
        if self.c.gain == "equation" and kind not in ("I", "IF"):
            r["r"] = r["r"] * 4
        numbers = {
            "I": r,
            "IF": {**r, **fires},
            "LI": {**tau, **r, **leaky},
            "LIF": {**tau, **r, **leaky, **fires},
            "CubaLI": {**cuba, **r, **leaky},
            "CubaLIF": {**cuba, **r, **leaky, **fires},
            "Threshold": {"threshold": each(0.3 if self.chip else -0.1, 0.6)},
        }[kind]
        return self.add(getattr(nir, kind)(**numbers), [at], shape)

    def delay(self, at, least=0):
        shape = self.shapes[at]
        size = shape if self.yes() else (1,)
        steps = self.rng.randint(least, 4, size)
        return self.add(nir.Delay(steps * self.c.dt), [at], shape)

    # ------------------------------------------------------------------ the graph

    def build(self):
        axes = self.one(*([n for n, some in BY_AXES.items() if self.lacking & some] or (1, 2, 3)))
        shape = tuple(
            self.draw(st.integers(low, high))
            for low, high in {1: [(1, 8)], 2: [(1, 4), (3, 9)], 3: [(1, 3), (3, 6), (3, 6)]}[axes]
        )
        at = self.add(nir.Input({"input": np.array(shape)}), shape=shape)
        n_layers = self.draw(st.integers(1, 4))
        for k in range(n_layers):
            at = self.layer(at, last=k == n_layers - 1)
        if len(self.layers) > 1 and not self.chip and self.yes(0.3):
            self.loop_of_two()
        ends = [at]
        if len(self.layers) > 1 and self.yes(0.3, "several outputs"):
            ends.append(self.layers[0][-1])
        for end in ends:
            shape = self.shapes[end]
            self.add(nir.Output({"output": np.array(shape)}), [end], shape)
        return self.drawn()

    def layer(self, at, last):
        first = len(self.nodes)
        start = at
        if self.yes(0.15, "Delay"):
            at = self.delay(at)
        at = self.spatial(at)
        if self.yes(0.2, "Scale"):
            scale = self.rng.uniform(0.5, 2, self.shapes[at])
            at = self.add(nir.Scale(scale), [at], self.shapes[at])
        if self.yes(0.15, *POOLS) and len(self.shapes[at]) == 3:
            at = self.pool(at)
        extra = self.past(start, at)
        kinds = [*FIRES, *FIRES, "Threshold"]
        so_far = {type(self.nodes[layer[-1]]).__name__ for layer in self.layers}
        spikes = bool(so_far & set(kinds))  # one population of each graph does
        if (spikes and last) or (not self.chip and (spikes or not last)):
            kinds += GRADED
        at = self.neurons(at, kinds)
        if extra is not None:
            self.edges.append((extra, at))
        if type(self.nodes[at]).__name__ in FIRES and self.yes(0.4, "way back"):
            self.way_back(at, at)
        self.layers.append([name for name in list(self.nodes)[first:] if name != at] + [at])
        return at

    def past(self, start, at):
        """Now and then something enters that comes past a layer, or from another Input."""
        n = int(np.prod(self.shapes[at]))
        sources = [layer[-1] for layer in self.layers if layer[-1] != start]
        if sources and self.yes(0.3):
            return self.linear(self.one(*sources), n)
        if self.yes(0.15, "several inputs"):
            m = self.draw(st.integers(1, 3))
            other = self.add(nir.Input({"input": np.array([m])}), shape=(m,))
            return self.linear(other, n)
        return None

    def way_back(self, pre, post):
        """From a population to one that is not behind it."""
        n = int(np.prod(self.shapes[post]))
        if pre == post and self.yes(0.2):
            self.edges.append((pre, post))
            self.back.append((pre, post))
            return
        at = pre
        # which way is the one back is not to be seen where another of a loop is delayed
        least = int(pre != post and any(isinstance(n, nir.Delay) for n in self.nodes.values()))
        if least or self.yes(0.4):
            at = self.delay(at, least)
            self.back.append((pre, at))
        weights = self.weights(n, int(np.prod(self.shapes[pre]))) * 0.5
        way = self.add(nir.Linear(weights), [at])
        if at == pre:
            self.back.append((pre, way))
        self.edges.append((way, post))

    def loop_of_two(self):
        post, pre = self.layers[0][-1], self.layers[-1][-1]
        if type(self.nodes[pre]).__name__ in FIRES and type(self.nodes[post]).__name__ in FIRES:
            self.way_back(pre, post)

    def drawn(self):
        order = self.in_order()
        nodes = {name: self.nodes[name] for name in order}
        reference = Reference(nodes, self.edges, self.shapes, self.back, self.c)
        inputs = sorted(n for n, node in nodes.items() if isinstance(node, nir.Input))
        total = sum(int(np.prod(self.shapes[name])) for name in inputs)
        signal = (self.rng.uniform(size=(N_STEPS, total)) < 0.4).astype(float)
        graph, names = self.nested()
        return Drawn(graph, reference, signal, names)

    def in_order(self):
        """Each node behind those that it needs in the same step."""
        done, order = set(), []
        while len(order) < len(self.nodes):
            for name in self.nodes:
                needs = {a for a, b in self.edges if b == name and (a, b) not in self.back}
                if name not in done and needs <= done:
                    done.add(name)
                    order.append(name)
        return order

    def nested(self):
        """Some layers as graphs of their own, with all that is only theirs."""
        nodes, edges = dict(self.nodes), list(self.edges)
        names = {name: name for name in nodes}
        for number, layer in enumerate(self.layers):
            inside = [n for n in layer if not isinstance(self.nodes[n], nir.Input)]
            entries = {b for a, b in edges if b in inside and a not in inside}
            exits = {a for a, b in edges if a in inside and b not in inside}
            if len(entries) != 1 or len(exits) != 1 or not self.yes(0.4, "nested"):
                continue
            (entry,), (last,) = entries, exits
            source = next(a for a, b in self.edges if b == entry and a not in inside)
            own = {name: nodes.pop(name) for name in inside}
            within = [(a, b) for a, b in edges if a in inside and b in inside]
            own["in"] = nir.Input({"input": np.array(self.shapes[source])})
            own["out"] = nir.Output({"output": np.array(self.shapes[last])})
            graph = nir.NIRGraph(own, [*within, ("in", entry), (last, "out")], type_check=False)
            title = f"g{number}"
            if self.yes(0.3):  # once more
                graph = nir.NIRGraph(
                    {"i": own["in"], "deep": graph, "o": own["out"]},
                    [("i", "deep"), ("deep", "o")],
                    type_check=False,
                )
                names.update({name: f"{title}.deep.{name}" for name in inside})
            else:
                names.update({name: f"{title}.{name}" for name in inside})
            nodes[title] = graph
            edges = [
                (title if a == last else a, title if b == entry else b)
                for a, b in edges
                if not (a in inside and b in inside)
            ]
        return nir.NIRGraph(nodes, edges, type_check=False), names


@st.composite
def graphs(draw, chip=False, lacking=frozenset()):
    return Builder(draw, chip, lacking).build()


def imported(drawn, graph=None):
    """What Nengo core makes of it: of each population, spikes or voltages."""
    c = vars(drawn.reference.conventions)
    network = convert(graph or drawn.graph, "x", c, drawn.inputs).network
    with nengo.Simulator(network, dt=c["dt"], progress_bar=False) as simulator:
        simulator.run_steps(N_STEPS, progress_bar=False)
        return {probe.label: simulator.data[probe] for probe in network.all_probes}


def populations(drawn):
    for name, node in drawn.reference.nodes.items():
        kind = type(node).__name__
        if kind in (*GRADED, *FIRES, "Threshold"):
            yield name, drawn.populations[name], kind not in GRADED


def check_nengo_core(drawn, tmp_path):
    """By the equations; from a file too, and once more when that was written and read again."""
    truth, found = drawn.truth(), imported(drawn)
    sure = int(np.argmax(np.append(drawn.reference.margins, 0) < TIE))
    path = tmp_path / "drawn.nir"
    nir.write(path, drawn.graph)
    from_file = imported(drawn, read_file(path))
    network = convert(drawn.graph, "x", vars(drawn.reference.conventions), drawn.inputs).network
    nir.write(path, to_graph(network, drawn.reference.conventions.dt).graph)
    back = convert(read_file(path), "x")
    with nengo.Simulator(back.network, dt=back.dt, progress_bar=False) as simulator:
        simulator.run_steps(N_STEPS, progress_bar=False)
        again = {probe.label: simulator.data[probe] for probe in back.network.all_probes}
    for name, label, spikes in populations(drawn):
        wanted = truth[name].reshape(N_STEPS, -1)[:sure]
        # the order of sums is Nengo's, and not always one
        for way, run in (("imported", found), ("from file", from_file), ("written", again)):
            where, values = f"{label}, {way}", run[label][:sure]
            if spikes:
                np.testing.assert_array_equal(values > 0, wanted > 0, where)
            else:
                np.testing.assert_allclose(values, wanted, rtol=1e-9, atol=1e-9, err_msg=where)
    return sum(int(truth[name].sum()) for name, _, spikes in populations(drawn) if spikes), sure


def check_float_emulator(drawn):
    """By the equations, until a voltage is nearer to its threshold than single precision tells."""
    c = drawn.reference.conventions
    truth = drawn.truth()
    sure = int(np.argmax(np.append(drawn.reference.margins, 0) < NEAR))
    network = convert(drawn.graph, "x", vars(c), drawn.inputs).network
    run = deploy.run(network, N_STEPS * c.dt, "float-emulator", dt=c.dt)
    spikes = 0
    for name, label, fires in populations(drawn):
        wanted = truth[name].reshape(N_STEPS, -1)[:sure]
        if fires:
            spikes += int(wanted.sum())
            np.testing.assert_array_equal(run[label].dense()[:sure] > 0, wanted > 0, label)
    return spikes, sure


KINDS = {
    "Affine", "Linear", "Scale", "Conv1d", "Conv2d", *POOLS, "Flatten", "Delay",
    "Threshold", *GRADED, *FIRES,
}  # fmt: skip
SHAPES = {"nested", "way back", "several inputs", "several outputs", "stride", "dilation", "groups"}


def what_is_in(drawn):
    """Kinds of nodes, conventions, and how the graph is built."""
    nodes = list(drawn.reference.nodes.values())
    kinds = [type(node).__name__ for node in nodes]
    yield from kinds
    yield from vars(drawn.reference.conventions).items()
    if any(isinstance(node, nir.NIRGraph) for node in drawn.graph.nodes.values()):
        yield "nested"
    if drawn.reference.back:
        yield "way back"
    yield from (f"several {of.lower()}s" for of in ("Input", "Output") if kinds.count(of) > 1)
    for node in nodes:
        if isinstance(node, (nir.Conv1d, nir.Conv2d)):
            names = ("stride", "dilation", "groups")
            yield from (name for name in names if np.max(getattr(node, name)) > 1)


def check_many(chip, check, n, wanted):
    """Of all graphs together, that enough of them was compared for this to mean something.

    Where many are asked for, some more are drawn of what has not occurred. (Chance alone does not
    bring it: draws are the same each time, as `conftest` has it.)
    """
    seen, occurs = [], set()

    def check_some(n, lacking):
        @settings(max_examples=n, suppress_health_check=list(HealthCheck))
        @given(graphs(chip, lacking))
        def each(drawn):
            seen.append(check(drawn))
            occurs.update(what_is_in(drawn))

        each()

    check_some(n, frozenset())
    if n >= 200:
        if wanted - occurs:
            check_some(n // 10, frozenset(wanted - occurs))
        assert not wanted - occurs, f"not drawn: {wanted - occurs}"
    spikes, sure = np.array(seen).T
    assert len(seen) >= n
    assert (spikes > 0).mean() > 0.7, "most graphs spike"
    return sure


@pytest.mark.parametrize("n", [30, pytest.param(200, marks=pytest.mark.slow)])
def test_nengo_core_spikes_by_nirs_equations(n, tmp_path):
    choices = {(name, value) for name, values in CHOICES.items() for value in values}
    wanted = KINDS | SHAPES | choices
    sure = check_many(False, lambda drawn: check_nengo_core(drawn, tmp_path), n, wanted)
    assert (sure == N_STEPS).mean() > 0.95


@pytest.mark.parametrize("n", [12, pytest.param(200, marks=pytest.mark.slow)])
def test_the_float_emulator_spikes_by_nirs_equations(n):
    sure = check_many(True, check_float_emulator, n, KINDS | SHAPES)
    assert sure.mean() > 0.8 * N_STEPS
