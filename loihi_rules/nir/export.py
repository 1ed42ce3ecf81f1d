"""A Nengo network as a NIR graph, and what of it NIR cannot say."""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import AbstractSet, Any, Dict, Iterable, List, Mapping, Optional, Tuple, Union

import nengo
import numpy as np
from nengo.builder import Model
from nengo.cache import NoDecoderCache
from nengo.exceptions import NengoException
from nengo.synapses import Synapse
from scipy import sparse

from loihi_rules.change import Change
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.passthrough_nodes import is_passthrough
from loihi_rules.nengo_parts.seeds import fix_seeds
from loihi_rules.nengo_parts.stepped import InputSpikes, SteppedNeurons
from loihi_rules.nengo_parts.wiring import base_of
from loihi_rules.nir.carried import GIVEN, Carried
from loihi_rules.nir.conventions import Conventions
from loihi_rules.nir.errors import NirError
from loihi_rules.nir.file import import_nir
from loihi_rules.nir.filters import filter_node
from loihi_rules.nir.primitives import Population, is_known, primitive_of
from loihi_rules.nir.stimuli import Stimuli
from loihi_rules.nir.ways import Way, Ways, key_of

RULE = "what NIR cannot say"


@dataclass(frozen=True)
class Written:
    """A network as a graph.

    Attributes
    ----------
    graph : nir.NIRGraph
    changes : tuple of Change
        What NIR cannot say; they are in the graph's metadata too.
    """

    graph: Any
    changes: Tuple[Change, ...]


def write(
    network: nengo.Network, path: Union[str, Path], dt: float = 1e-3, seconds: float = 1.0
) -> Tuple[Change, ...]:
    """Write a network as a NIR file, from which `loihi_rules.nir.read` gives it back.

    Parameters
    ----------
    network : nengo.Network
        Is left as it is.
    path : str or pathlib.Path
    dt : float
        Step in seconds.
    seconds : float
        For so long the values of nodes are kept, if they are no constants.

    Returns
    -------
    tuple of Change
        What NIR cannot say of it.

    Raises
    ------
    NirError
        If it has neurons that NIR has not, or the file cannot be written.
    """
    written = to_graph(network, dt, seconds)
    buffer, path = io.BytesIO(), Path(path)
    import_nir().write(buffer, written.graph)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(buffer.getvalue())
        os.replace(str(beside), str(path))
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise NirError(f"{path}: cannot be written ({error.strerror})") from None
    return written.changes


def to_graph(network: nengo.Network, dt: float = 1e-3, seconds: float = 1.0) -> Written:
    """A network as a `nir.NIRGraph`; see `write`."""
    Conventions(dt=dt)  # refuses a dt that is none
    copied = fix_seeds(network).network
    model = Model(dt=dt, decoder_cache=NoDecoderCache())
    try:
        model.build(copied)
    except NengoException as error:
        raise NirError(f"Nengo cannot build the network ({' '.join(str(error).split())})") from None
    return _Graph(copied, model, dt, seconds).written()


@dataclass
class _Nodes:
    """Nodes and edges of a graph as it is being written."""

    nir: Any
    nodes: Dict[str, Any] = field(default_factory=dict)
    edges: List[Tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, node: Any, after: Optional[str] = None) -> str:
        """Gives the name under which it is there; HDF5 has no / in names, nor are two the same."""
        wanted = name.replace("/", "|").replace("\x00", "").strip(". ") or "node"
        name, number = wanted, 2
        while name in self.nodes:
            name, number = f"{wanted} ({number})", number + 1
        self.nodes[name] = node
        if after is not None:
            self.edges.append((after, name))
        return name


class _Graph:
    """Writes one network."""

    def __init__(self, network: nengo.Network, model: Model, dt: float, seconds: float):
        self.network, self.model = network, model
        self.ways = Ways(network, model)
        self.stimuli = Stimuli(network, dt, seconds)
        self.conventions = _conventions_of(network, dt)
        self.out = _Nodes(import_nir())
        self.names: Dict[Any, str] = {}
        self.neurons: Dict[str, Any] = {}
        self.filters: Dict[str, Synapse] = {}
        self.values: List[str] = []
        self.changes: List[Change] = []

    def written(self) -> Written:
        ensembles = [e for e in self.network.all_ensembles if not self._is_input(e)]
        for ens in ensembles:
            if not is_known(ens.neuron_type):
                raise NirError(
                    f"{name_of(ens)}: NIR has no neurons as {ens.neuron_type}; there are LIF, "
                    "SpikingRectifiedLinear and those of NIR files"
                )
        into = {ens: self._ways_into(ens) for ens in ensembles}
        followed = {way.source for ways in into.values() for way in ways}
        outputs = [probe for probe in self.network.all_probes if _is_output(probe)]
        probed = {probe: self._ways_into(probe) for probe in outputs}
        self._inputs(followed | {way.source for ways in probed.values() for way in ways})
        for ens in ensembles:
            self._population(ens, into[ens], ens in followed)
        for ens in ensembles:
            self._join(ens, into[ens])
        self._outputs(ensembles, probed)
        self._say_what_else_is_lost()
        carried = Carried(
            asdict(self.conventions),
            self.neurons,
            self.filters,
            frozenset(self.values),
            tuple(self.changes),
        )
        graph = self.out.nir.NIRGraph(
            self.out.nodes, self.out.edges, metadata=carried.to_metadata(), type_check=False
        )
        return Written(graph, carried.changes)

    def _lost(self, obj: Any, before: str, after: str, why: str) -> None:
        name = obj if isinstance(obj, str) else name_of(obj)
        self.changes.append(Change(name, RULE, before, after, why))

    # ------------------------------------------------------------------ what enters

    def _is_input(self, ens: nengo.Ensemble) -> bool:
        return isinstance(ens.neuron_type, InputSpikes)

    def _inputs(self, needed: AbstractSet[Any]) -> None:
        """Nodes with an output, and neurons that are given their spikes.

        Nodes that do nothing but give neurons their spikes are no inputs beside these.
        """
        spikes = [ens for ens in self.network.all_ensembles if self._is_input(ens)]
        own = {way.source for ens in spikes for way in self._only_nodes(ens)} - needed
        followed = {conn.pre_obj for conn in self.network.all_connections}
        followed |= {probe.obj for probe in self.network.all_probes}
        for node in self.network.all_nodes:
            if is_passthrough(node) or node in own or node not in followed or not node.size_out:
                continue
            self.names[node] = self._input(node, node.size_out, self.stimuli.of(node))
            self.values.append(self.names[node])
            for said in self.stimuli.said_of(node):
                self._lost(node, *said)
        for ens in spikes:
            given = self.stimuli.into(self._only_nodes(ens), ens.n_neurons)
            self.names[ens] = self._input(ens, ens.n_neurons, given)
        if not self.names:
            self._lost(
                "the network",
                "nothing enters it",
                "an Input of one value, 0",
                "a NIR graph has an Input",
            )
            name = self._input("nothing", 1, np.zeros((1, 1)))
            self.values.append(name)

    def _input(self, obj: Any, n: int, given: np.ndarray) -> str:
        node = self.out.nir.Input({"input": np.array([n])})
        node.metadata = {GIVEN: given}
        return self.out.add(obj if isinstance(obj, str) else name_of(obj), node)

    def _only_nodes(self, ens: nengo.Ensemble) -> List[Way]:
        ways = self.ways.into(ens)
        for way in ways:
            if not isinstance(way.source, nengo.Node) or way.filters or way.delay:
                raise NirError(f"{name_of(ens)}: its spikes are not given by a node alone")
        return ways

    # ------------------------------------------------------------------ neurons

    def _ways_into(self, obj: Any) -> List[Way]:
        """All that leads to it, through filters that can be written."""
        ways = self.ways.into(obj)
        for synapse in (each for way in ways for each in way.filters):
            if filter_node(synapse) is None:
                raise NirError(
                    f"{name_of(obj)}: before it is {synapse}, and NIR has no such filter; take "
                    "nengo.Lowpass or nengo.Alpha"
                )
        return ways

    def _population(self, ens: nengo.Ensemble, ways: List[Way], followed: bool) -> None:
        lowpass = _one_lowpass(ways) if isinstance(ens.neuron_type, nengo.LIF) else None
        primitive = primitive_of(
            self._built(ens, followed), None if lowpass is None else lowpass.tau, self.conventions
        )
        node = getattr(self.out.nir, primitive.kind)(**primitive.numbers)
        name = self.out.add(name_of(ens), node)
        self.names[ens], self.neurons[name] = name, primitive.own
        if lowpass is not None:
            self.filters[name] = lowpass
        for said in primitive.lost:
            self._lost(ens, *said)
        if ens.noise is not None:
            self._lost(ens, f"noise, {ens.noise}", "none", "NIR's equations have no noise")
        if primitive.bias.any() or not ways:
            self._constant(name, primitive.bias)

    def _constant(self, name: str, bias: np.ndarray) -> None:
        """An Affine that gives a bias, and is given nothing of the first input."""
        entry = next(iter(self.out.nodes))
        n, size = bias.size, int(self.out.nodes[entry].input_type["input"][0])
        affine = self.out.nir.Affine(np.zeros((n, size)), bias)
        self.out.edges.append((self.out.add(f"{name}, bias", affine, entry), name))

    def _built(self, ens: nengo.Ensemble, followed: bool) -> Population:
        built, signals = self.model.params[ens], self.model.sig[ens.neurons]
        state = {
            name: np.array(signals[name].initial_value)
            for name in ens.neuron_type.state
            if name in signals
        }
        with np.errstate(all="ignore"):
            rates = np.asarray(built.max_rates, float)
        rates = rates[np.isfinite(rates)]
        bias, rate = np.array(built.bias, float), float(rates.max(initial=0.0))
        return Population(ens.neuron_type, bias, rate, state, followed)

    def _join(self, ens: nengo.Ensemble, ways: Iterable[Way]) -> None:
        name = self.names[ens]
        own = self.filters.get(name)
        steps = isinstance(ens.neuron_type, SteppedNeurons)
        for way in ways:
            filters = () if own is not None else way.filters
            # a way back takes a step at least, in any case
            delay = 0 if way.source is ens and way.delay == 1 else way.delay
            end = self._chain(way, name, filters, delay, steps)
            self.out.edges.append((end, name))

    def _chain(
        self, way: Way, name: str, filters: Tuple[Synapse, ...], delay: int, steps: bool
    ) -> str:
        """Nodes from a source on: a delay, weights, filters; gives the last."""
        nir, source = self.out.nir, self.names[way.source]
        label, at = f"{source} to {name}", source
        if delay:
            n = way.matrix.shape[1]
            at = self.out.add(
                f"{label}, later", nir.Delay(np.full(n, delay * self.conventions.dt)), at
            )
        weights = _scaled(way, self.conventions.dt, steps)
        at = self.out.add(label, nir.Linear(weights.toarray()), at)
        for synapse in filters:
            at = self._filter(at, label, synapse, way.matrix.shape[0])
        return at

    def _filter(self, at: str, label: str, synapse: Synapse, n: int) -> str:
        made = filter_node(synapse)
        assert made is not None  # by `_ways_into`
        node = getattr(self.out.nir, made.kind)(
            **{key: np.full(n, value) for key, value in made.numbers.items()}
        )
        name = self.out.add(f"{label}, filter", node, at)
        self.filters[name] = synapse
        for said in made.lost:
            self._lost(label, *said)
        return name

    # ------------------------------------------------------------------ what leaves

    def _outputs(
        self, ensembles: List[nengo.Ensemble], probed: Mapping[nengo.Probe, List[Way]]
    ) -> None:
        skipped = [name_of(probe) for probe in self.network.all_probes if probe not in probed]
        for probe, ways in probed.items():
            self._output(probe, ways)
        if skipped:
            self._lost(
                "probes", ", ".join(skipped), "not probed", "NIR's outputs are those of nodes"
            )
        if not any(type(node).__name__ == "Output" for node in self.out.nodes.values()):
            for ens in ensembles:
                end = self.out.nir.Output({"output": np.array([ens.n_neurons])})
                self.out.add(f"{self.names[ens]}, output", end, self.names[ens])

    def _output(self, probe: nengo.Probe, ways: List[Way]) -> None:
        """By Nengo's own connection to the probe, or its object itself."""
        n = probe.size_in
        end = self.out.nir.Output({"output": np.array([n])})
        name = self.out.add(name_of(probe), end)
        for way in ways:
            straight = way.matrix.shape == (n, n) and not way.filters and not way.delay
            if straight and (way.matrix != sparse.identity(n)).nnz == 0:
                self.out.edges.append((self.names[way.source], name))
                continue
            chain = self._chain(way, name, way.filters, way.delay, False)
            self.out.edges.append((chain, name))
        if not ways:  # of a node that nothing enters
            self._constant(name, np.zeros(n))

    def _say_what_else_is_lost(self) -> None:
        for conn in self.network.all_connections:
            if conn.learning_rule_type is not None:
                self._lost(
                    conn,
                    f"learns by {conn.learning_rule_type}",
                    "weights as they begin",
                    "NIR has no learning rules; to keep what was learnt, freeze it first",
                )


def _is_output(probe: nengo.Probe) -> bool:
    """Whether it records what an object gives to others, which of an integrator is its voltage."""
    if isinstance(probe.obj, nengo.Connection):
        return False
    neurons: Any = getattr(base_of(probe.target), "neuron_type", None)
    if isinstance(neurons, SteppedNeurons) and not np.isfinite(neurons.threshold).any():
        return bool(probe.attr == ("output" if neurons.graded else "voltage"))
    return probe.attr in ("output", "spikes", "decoded_output")


def _conventions_of(network: nengo.Network, dt: float) -> Conventions:
    """Of a network of Nengo's neurons, those by which it is nearest to NIR's equations."""
    kinds = [ens.neuron_type for ens in network.all_ensembles]
    stepped: List[Any] = [
        each
        for each in kinds
        if isinstance(each, SteppedNeurons) and np.isfinite(each.threshold).any()
    ]
    if any(isinstance(each, nengo.LIF) for each in kinds):
        currents = any(isinstance(e, SteppedNeurons) and np.any(e.current_kept) for e in kinds)
        return Conventions(dt, decay="exact", first="current" if currents else "voltage")
    if stepped:
        late = "next" if stepped[0].late_reset else "spike"
        return Conventions(dt, stepped[0].reset, reset_at=late)
    if any(isinstance(each, nengo.SpikingRectifiedLinear) for each in kinds):
        return Conventions(dt, "subtract")
    return Conventions(dt)


def _one_lowpass(ways: List[Way]) -> Optional[nengo.Lowpass]:
    """The one filter that all ways have."""
    if not ways or any(len(way.filters) != 1 for way in ways):
        return None
    first = ways[0].filters[0]
    same = all(key_of(way.filters[0]) == key_of(first) for way in ways)
    return first if same and type(first) is nengo.Lowpass and first.tau > 0 else None


def _scaled(way: Way, dt: float, steps: bool) -> Any:
    """Weights of single spikes: Nengo's are 1/dt high, and stepped neurons take J dt."""
    source, matrix, spikes = way.source, way.matrix, False
    if isinstance(source, nengo.Ensemble):
        spikes, matrix = True, matrix * getattr(source.neuron_type, "amplitude", 1.0)
    if spikes == steps:
        return matrix
    return matrix / dt if spikes else matrix * dt
