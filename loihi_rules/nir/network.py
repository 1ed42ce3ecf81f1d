"""A NIR graph as a Nengo network of stepped neurons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, Mapping, Optional, Sequence, Set, Tuple, Union

import nengo
import numpy as np
from nengo.synapses import Synapse
from scipy import sparse

from loihi_rules.change import Change
from loihi_rules.nengo_parts.stepped import InputSpikes, SteppedNeurons, step_delay
from loihi_rules.nir.carried import Carried, carried_by, stimulus_of
from loihi_rules.nir.conventions import Conventions, conventions_of
from loihi_rules.nir.dynamics import Dynamics
from loihi_rules.nir.errors import NirError
from loihi_rules.nir.file import read_file
from loihi_rules.nir.graph import Graph, Population, Signal, Term, flat_nodes, read_graph
from loihi_rules.nir.made import Made, made_of, shortest, spikes_first
from loihi_rules.nir.readings import only_read, readings_of

RULE = "what NIR leaves open"
USUAL_EVENTS = 0.05  # of all inputs in a step, where nobody says what enters
USUAL_STEPS = 1000
DENSE = 0.3  # share of a matrix that is not 0, from which on it is written out


@dataclass(frozen=True)
class NirModel:
    """A NIR graph as a network, and how it was read.

    Attributes
    ----------
    network : nengo.Network
        With a node for each Input, named like it, a probe of each population, and one for what
        leaves by an Output where that is not a population's own.
    graph : Graph
    conventions : Conventions
    changes : tuple of Change
        What was chosen where NIR leaves it open.
    outputs : mapping of str to str
        Of each Output: the label of the probe that has it.
    nodes : mapping of str to nir.NIRNode
        Those of nested graphs too, by their full names.
    carried : Carried
        What the file says of the Nengo network that it was written from.
    """

    network: nengo.Network
    graph: Graph
    conventions: Conventions
    changes: Tuple[Change, ...]
    outputs: Mapping[str, str]
    nodes: Mapping[str, Any]
    carried: Carried

    @property
    def dt(self) -> float:
        """Step in seconds."""
        return self.conventions.dt


def read(
    path: Union[str, Path],
    dt: Optional[float] = None,
    reset: Optional[str] = None,
    *,
    inputs: Optional[np.ndarray] = None,
    **conventions: Any,
) -> nengo.Network:
    """A NIR file as a Nengo network, which computes NIR's equations step by step.

    Parameters
    ----------
    path : str or pathlib.Path
    dt, reset
        See `Conventions`; found in the file where its numbers say, else 1 ms and ``"zero"``.
    inputs : (n_steps, n) array_like, optional
        Spikes of the inputs in each step, as counts; from their end on they are repeated. Sparse
        random ones if not given.
    **conventions
        The other fields of `Conventions`.

    Returns
    -------
    nengo.Network
        To be simulated with a step of ``dt``.

    Raises
    ------
    NirError
        If it cannot be read, or holds what cannot be computed.
    """
    given = {"dt": dt, "reset": reset, **conventions}
    return convert(read_file(Path(path)), Path(path).stem, given, inputs).network


def convert(
    graph: Any,
    label: str,
    given: Optional[Mapping[str, Any]] = None,
    inputs: Optional[np.ndarray] = None,
) -> NirModel:
    """A `nir.NIRGraph` as a network.

    Parameters
    ----------
    graph : nir.NIRGraph
    label : str
        Of the network.
    given : mapping, optional
        Some of the fields of `Conventions`.
    inputs : (n_steps, n) array_like, optional
        As for `read`.

    Raises
    ------
    NirError
    """
    nodes, _ = flat_nodes(graph)
    asked = {name: value for name, value in (given or {}).items() if value is not None}
    carried = carried_by(graph)
    ours = carried is not None and all(carried.conventions.get(k) == v for k, v in asked.items())
    own = carried if carried is not None and ours else Carried()
    chosen, found = conventions_of(nodes, {**own.conventions, **asked})
    found.update({name: "as loihi-deploy wrote it" for name in own.conventions})
    read_ = read_graph(graph, chosen)
    network, outputs = _network(read_, nodes, chosen, own, label, inputs)
    changes = (*_changes(label, chosen, found, asked), *own.changes)
    if carried is not None and not ours:
        changes = (*changes, _left_aside(label))
    return NirModel(network, read_, chosen, changes, outputs, nodes, own)


def with_inputs(model: NirModel, inputs: np.ndarray) -> nengo.Network:
    """The same network with something else entering it.

    Parameters
    ----------
    model : NirModel
    inputs : (n_steps, n) array_like
        As for `read`.
    """
    label = str(model.network.label)
    return _network(model.graph, model.nodes, model.conventions, model.carried, label, inputs)[0]


def _left_aside(label: str) -> Change:
    return Change(
        label,
        RULE,
        "what loihi-deploy kept of Nengo's own neurons and filters",
        "NIR's equations alone",
        "other conventions are asked for than those that it was written with",
    )


def _changes(
    label: str, chosen: Conventions, found: Mapping[str, str], given: Mapping[str, Any]
) -> Tuple[Change, ...]:
    """Each convention, with where it comes from."""
    changes = []
    for name, value in vars(chosen).items():
        asked = given.get(name) is not None
        why = (
            "as asked"
            if asked
            else found.get(name, "the usual one, as nothing in the file says another")
        )
        after = f"{value:g} s" if name == "dt" else str(value)
        changes.append(Change(label, RULE, name, after, why))
    return tuple(changes)


@dataclass(frozen=True)
class _Ends:
    """What connections start and end in, by the node that it comes from."""

    objects: Mapping[str, Any]
    made: Mapping[str, Made]
    dt: float

    def connect(
        self, term: Term, post: Any, matrix: Any, delay: int, synapse: Optional[Synapse] = None
    ) -> None:
        """Join a term's source to an object, by Nengo's filters where those were carried."""
        pre = self.made.get(term.source)
        before = pre.synapse if pre is not None and pre.neurons is None else None
        _connect(self.objects[term.source], post, matrix, delay, self.dt, (before, synapse))


def _network(
    graph: Graph,
    nodes: Mapping[str, Any],
    conventions: Conventions,
    carried: Carried,
    label: str,
    inputs: Optional[np.ndarray],
) -> Tuple[nengo.Network, Dict[str, str]]:
    sizes = {name: int(np.prod(shape)) for name, shape in graph.inputs.items()}
    signals = _stimuli(sizes, nodes, inputs)
    followed = _sources(graph)
    made = {
        p.name: made_of(p, nodes[p.name], conventions, carried, p.name in followed)
        for p in graph.populations
    }
    readings = readings_of(graph, made, conventions.dt) if carried.has_values else {}
    there = _without(graph, only_read(graph, made, readings))
    with nengo.Network(label=label, seed=0) as network:
        objects = {
            name: _input(name, n, signals[name], conventions.dt, name in carried.values)
            for name, n in sizes.items()
        }
        for population in there.populations:
            objects[population.name] = _ensemble(population, made[population.name])
        ends = _Ends(objects, made, conventions.dt)
        _join(there, conventions, ends)
        for name, reading in readings.items():
            neurons = objects[reading.source].neurons[reading.neurons]
            nengo.Probe(neurons, synapse=reading.synapse, label=name)
        outputs = {
            name: name if name in readings else _output(name, signal, ends, carried)
            for name, signal in graph.outputs.items()
        }
    return network, outputs


def _without(graph: Graph, left_out: Set[str]) -> Graph:
    return replace(graph, populations=tuple(p for p in graph.populations if p.name not in left_out))


def _sources(graph: Graph) -> Set[str]:
    """Populations and inputs from which something leads on, if it is only to an Output."""
    signals = [population.given for population in graph.populations]
    signals += [signal for signal in graph.outputs.values() if _source_itself(signal) is None]
    return {term.source for signal in signals for term in signal.terms}


def _join(graph: Graph, conventions: Conventions, ends: _Ends) -> None:
    """What leads from population to population; ways back take a step."""
    place = {population.name: k for k, population in enumerate(graph.populations)}
    for population in graph.populations:
        into = ends.made[population.name]
        for term in population.given.terms:
            back = place.get(term.source, -1) >= place[population.name]
            before = ends.made.get(term.source)
            filtered = into.synapse is not None or (before is not None and before.neurons is None)
            # Nengo's filters have their step by themselves
            delay = term.delay
            if not filtered:
                delay = _delay(term.delay, back, population.dynamics, conventions)
            matrix = sparse.diags(into.gain / into.own_gain) @ term.matrix
            own = None if into.neurons is None else into.synapse
            ends.connect(term, ends.objects[population.name], matrix, delay, own)


def _delay(own: int, back: bool, of: Dynamics, conventions: Conventions) -> int:
    """In steps, of a way with a delay of its own; ``back`` is one that needs a step at least.

    Spikes that are of the voltage before a step, s_t = [v_{t−1} > θ], are those of a voltage that
    gets all of its input a step later; so is a voltage that is updated before the current.
    """
    if spikes_first(of, conventions):
        return max(own + 1, int(back))
    return max(own, int(back)) + int(of.filters and conventions.first == "voltage")


def _stimuli(
    sizes: Mapping[str, int], nodes: Mapping[str, Any], inputs: Optional[np.ndarray]
) -> Dict[str, np.ndarray]:
    """What enters by each input, (n_steps, n); of several the columns one after the other.

    What is given, else what the file says, else random spikes.
    """
    total = sum(sizes.values())
    if inputs is None:
        rng = np.random.RandomState(0)
        random = rng.uniform(size=(USUAL_STEPS, total)) < USUAL_EVENTS
        said = {name: stimulus_of(nodes[name], name, n) for name, n in sizes.items()}
        return {
            name: own if own is not None else spikes
            for (name, own), spikes in zip(
                said.items(), np.split(random.astype(float), _stops(sizes), axis=1)
            )
        }
    signal = np.asarray(inputs, float)
    signal = signal.reshape(len(signal), -1) if signal.ndim > 1 else signal[:, np.newaxis]
    if signal.shape[1] != total or not len(signal):
        raise NirError(
            f"inputs are (n_steps, {total:,}) here, the shape of what enters a step, not "
            f"{np.shape(inputs)}"
        )
    if not np.isfinite(signal).all():
        raise NirError("inputs hold what is no finite number")
    return dict(zip(sizes, np.split(signal, _stops(sizes), axis=1)))


def _stops(sizes: Mapping[str, int]) -> np.ndarray:
    return np.cumsum(list(sizes.values()))[:-1]


def _input(name: str, n: int, signal: np.ndarray, dt: float, values: bool) -> Any:
    """A node of values, or neurons that give each step what a node says."""
    process = nengo.processes.PresentInput(signal, dt)
    if values:
        return nengo.Node(signal[0] if len(signal) == 1 else process, label=name)
    node = nengo.Node(process, label=f"{name} (given)")
    ens = nengo.Ensemble(
        n,
        1,
        gain=np.ones(n),
        bias=np.zeros(n),
        neuron_type=InputSpikes(),
        label=name,
        seed=0,
    )
    nengo.Connection(node, ens.neurons, synapse=None, seed=0)
    return ens


def _ensemble(population: Population, made: Made) -> Any:
    """Neurons of a population; what has a threshold is recorded by its spikes, else by voltage."""
    n = int(np.prod(population.shape))
    if made.neurons is None:
        return nengo.Node(size_in=n, label=population.name)
    ens = nengo.Ensemble(
        n,
        1,
        gain=made.own_gain,
        bias=made.bias,
        neuron_type=made.neurons,
        label=population.name,
        seed=0,
    )
    attr = "output" if population.dynamics.spikes else "voltage"
    nengo.Probe(ens.neurons, attr, label=population.name)
    return ens


def _connect(
    pre: Any,
    post: Any,
    matrix: Any,
    delay: int,
    dt: float,
    synapses: Sequence[Optional[Synapse]] = (),
) -> None:
    """Join ensembles' neurons or nodes; ``matrix`` is of one spike, or of a value, in a step.

    Nengo's spikes are 1/dt high, and stepped neurons take 1/dt of a value for one
    (`SteppedNeurons`); its own neurons, and nodes, take values as they are.
    """
    matrix = matrix.tocoo()
    if not np.any(matrix.data):
        return
    spikes = isinstance(pre, nengo.Ensemble)
    stepped = isinstance(post, nengo.Ensemble) and isinstance(post.neuron_type, SteppedNeurons)
    if spikes != stepped:
        matrix = matrix * dt if spikes else matrix / dt
    shape = matrix.shape
    if matrix.nnz > DENSE * shape[0] * shape[1]:
        transform: Any = nengo.transforms.Dense(shape, init=matrix.toarray())
    else:
        places = np.stack([matrix.row, matrix.col], axis=1)
        transform = nengo.transforms.Sparse(shape, indices=places, init=matrix.data)
    label = f"{pre.label} to {post.label}"
    filters = [each for each in (*synapses, step_delay(delay)) if each is not None]
    at = pre.neurons if spikes else pre
    for number, synapse in enumerate(filters[:-1], 1):
        between = nengo.Node(size_in=shape[1], label=f"{label}, filter {number}")
        nengo.Connection(at, between, synapse=synapse, seed=0)
        at = between
    nengo.Connection(
        at,
        post.neurons if isinstance(post, nengo.Ensemble) else post,
        synapse=filters[-1] if filters else None,
        transform=transform,
        seed=0,
        label=label,
    )


def _output(name: str, signal: Signal, ends: _Ends, carried: Carried) -> str:
    """The label of the probe of what leaves by an output; made where there is none yet."""
    own = _source_itself(signal)
    if own is not None and own in ends.made and ends.made[own].neurons is not None:
        return own
    if carried.has_values:
        readout: Any = nengo.Node(size_in=signal.bias.size, label=name)
        if signal.bias.any():
            nengo.Connection(nengo.Node(signal.bias), readout, synapse=None)
        nengo.Probe(readout, label=name)
    else:
        readout = _ensemble(*_integrator_of(name, signal))
    for term in signal.terms:
        ends.connect(term, readout, term.matrix, term.delay)
    return name


def _source_itself(signal: Signal) -> Optional[str]:
    """Of what comes out of one source, as it is: which."""
    if len(signal.terms) != 1 or signal.bias.any() or signal.terms[0].delay:
        return None
    term = signal.terms[0]
    n = term.matrix.shape[0]
    same = term.matrix.shape == (n, n) and (term.matrix != sparse.identity(n)).nnz == 0
    return term.source if same else None


def _integrator_of(name: str, signal: Signal) -> Tuple[Population, Made]:
    """Neurons whose voltage is, in each step, what they are given."""
    no, n = np.zeros(1), signal.bias.size
    never = Dynamics(np.ones(1), no, no, no, np.full(1, np.inf), no, False)
    neurons = SteppedNeurons(no, no, never.threshold, leak=shortest(signal.bias))
    return Population(name, signal.shape, never, signal), Made(neurons, np.ones(n), np.zeros(n))
