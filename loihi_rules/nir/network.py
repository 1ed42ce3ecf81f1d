"""A NIR graph as a Nengo network of stepped neurons."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import nengo
import numpy as np
from scipy import sparse

from loihi_rules.change import Change
from loihi_rules.nengo_parts.stepped import InputSpikes, SteppedNeurons, step_delay
from loihi_rules.nir.conventions import Conventions, conventions_of
from loihi_rules.nir.dynamics import Dynamics
from loihi_rules.nir.errors import NirError
from loihi_rules.nir.file import read_file
from loihi_rules.nir.graph import Graph, Population, Signal, flat_nodes, read_graph

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
    """

    network: nengo.Network
    graph: Graph
    conventions: Conventions
    changes: Tuple[Change, ...]
    outputs: Mapping[str, str]

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
        See `Conventions`; found in the file where its numbers tell, else 1 ms and ``"zero"``.
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
    chosen, found = conventions_of(nodes, dict(given or {}))
    read_ = read_graph(graph, chosen)
    network, outputs = _network(read_, chosen, label, inputs)
    changes = _changes(label, chosen, found, given or {})
    return NirModel(network, read_, chosen, changes, outputs)


def _changes(
    label: str, chosen: Conventions, found: Mapping[str, str], given: Mapping[str, Any]
) -> Tuple[Change, ...]:
    """Each convention, with where it comes from."""
    changes = []
    for name, value in vars(chosen).items():
        asked = given.get(name) is not None
        why = "as asked" if asked else found.get(name, "the usual one, as the file tells nothing")
        after = f"{value:g} s" if name == "dt" else str(value)
        changes.append(Change(label, RULE, name, after, why))
    return tuple(changes)


def _network(
    graph: Graph, conventions: Conventions, label: str, inputs: Optional[np.ndarray]
) -> Tuple[nengo.Network, Dict[str, str]]:
    sizes = {name: int(np.prod(shape)) for name, shape in graph.inputs.items()}
    signals = _stimuli(sizes, inputs)
    place = {population.name: k for k, population in enumerate(graph.populations)}
    outputs: Dict[str, str] = {}
    with nengo.Network(label=label, seed=0) as network:
        ensembles = {
            name: _input(name, n, signals[name], conventions.dt) for name, n in sizes.items()
        }
        for population in graph.populations:
            ensembles[population.name] = _ensemble(population, conventions)
        for population in graph.populations:
            voltage_first = population.dynamics.filters and conventions.first == "voltage"
            for term in population.given.terms:
                back = place.get(term.source, -1) >= place[population.name]
                delay = max(term.delay, int(back)) + int(voltage_first)
                matrix = sparse.diags(_each(population.dynamics.gain, population)) @ term.matrix
                _connect(ensembles[term.source], ensembles[population.name], matrix, delay)
        for name, signal in graph.outputs.items():
            outputs[name] = _output(name, signal, ensembles, graph)
    return network, outputs


def _stimuli(sizes: Mapping[str, int], inputs: Optional[np.ndarray]) -> Dict[str, np.ndarray]:
    """What enters by each input, (n_steps, n); of several the columns one after the other."""
    total = sum(sizes.values())
    if inputs is None:
        rng = np.random.RandomState(0)
        inputs = rng.uniform(size=(USUAL_STEPS, total)) < USUAL_EVENTS
    signal = np.asarray(inputs, float)
    signal = signal.reshape(len(signal), -1) if signal.ndim > 1 else signal[:, np.newaxis]
    if signal.shape[1] != total or not len(signal):
        raise NirError(
            f"inputs are (n_steps, {total:,}) here, the shape of what enters a step, not "
            f"{np.shape(inputs)}"
        )
    if not np.isfinite(signal).all():
        raise NirError("inputs hold what is no finite number")
    stops = np.cumsum(list(sizes.values()))[:-1]
    return dict(zip(sizes, np.split(signal, stops, axis=1)))


def _input(name: str, n: int, signal: np.ndarray, dt: float) -> nengo.Ensemble:
    node = nengo.Node(nengo.processes.PresentInput(signal, dt), label=f"{name} (given)")
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


def _each(values: np.ndarray, population: Population) -> np.ndarray:
    n = int(np.prod(population.shape))
    return np.asarray(np.broadcast_to(values, (n,)))


def _ensemble(population: Population, conventions: Conventions) -> nengo.Ensemble:
    """Neurons of a population; what has a threshold is recorded by its spikes, else by voltage."""
    of: Dynamics = population.dynamics
    n, bias = int(np.prod(population.shape)), of.gain * population.given.bias
    spikes = bool(np.isfinite(of.threshold).any())
    leak, current_bias, state = of.leak, np.zeros(1), None
    if of.filters:
        current_bias = _shortest(np.broadcast_to(bias, (n,)))
        if conventions.first == "voltage" and np.any(bias):
            # the voltage gets the current of the step before, which begins at 0
            state = {"current": np.broadcast_to(-bias / of.current_kept, (n,)).copy()}
    else:
        leak = _shortest(of.leak + bias)
    neurons = SteppedNeurons(
        current_kept=_shortest(of.current_kept),
        voltage_kept=_shortest(of.voltage_kept),
        threshold=_shortest(of.threshold),
        bias=current_bias,
        leak=_shortest(leak),
        v_reset=_shortest(of.v_reset),
        reset=conventions.reset if spikes else "zero",
        late_reset=spikes and conventions.reset_at == "next",
        initial_state=state,
    )
    ens = nengo.Ensemble(
        n,
        1,
        gain=np.ones(n),
        bias=np.zeros(n),
        neuron_type=neurons,
        label=population.name,
        seed=0,
    )
    nengo.Probe(ens.neurons, "output" if spikes else "voltage", label=population.name)
    return ens


def _shortest(values: np.ndarray) -> np.ndarray:
    """One number where all are the same."""
    values = np.atleast_1d(np.asarray(values, float))
    return values[:1] if np.all(values == values[0]) else values


def _connect(pre: nengo.Ensemble, post: nengo.Ensemble, matrix: Any, delay: int) -> None:
    matrix = matrix.tocoo()
    if not np.any(matrix.data):
        return
    shape = matrix.shape
    if matrix.nnz > DENSE * shape[0] * shape[1]:
        transform: Any = nengo.transforms.Dense(shape, init=matrix.toarray())
    else:
        places = np.stack([matrix.row, matrix.col], axis=1)
        transform = nengo.transforms.Sparse(shape, indices=places, init=matrix.data)
    nengo.Connection(
        pre.neurons,
        post.neurons,
        synapse=step_delay(delay),
        transform=transform,
        seed=0,
        label=f"{pre.label} to {post.label}",
    )


def _output(
    name: str, signal: Signal, ensembles: Mapping[str, nengo.Ensemble], graph: Graph
) -> str:
    """The label of the probe of what leaves by an output; made where there is none yet."""
    populations: List[str] = [population.name for population in graph.populations]
    if len(signal.terms) == 1 and not signal.bias.any():
        term = signal.terms[0]
        n = term.matrix.shape[0]
        own = term.source in populations and term.matrix.shape == (n, n) and not term.delay
        if own and (term.matrix != sparse.identity(n)).nnz == 0:
            return term.source
    no = np.zeros(1)
    never = Dynamics(np.ones(1), no, no, no, np.full(1, np.inf), no, False)
    readout = Population(name, signal.shape, never, signal)
    ens = _ensemble(readout, Conventions())
    for term in signal.terms:
        _connect(ensembles[term.source], ens, term.matrix, term.delay)
    return name
