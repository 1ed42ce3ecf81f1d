"""A NIR graph as a Nengo network of stepped neurons."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple, Union

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


def with_inputs(model: NirModel, inputs: np.ndarray) -> nengo.Network:
    """The same network with something else entering it.

    Parameters
    ----------
    model : NirModel
    inputs : (n_steps, n) array_like
        As for `read`.
    """
    label = str(model.network.label)
    return _network(model.graph, model.conventions, label, inputs)[0]


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
        sources = _sources(graph)
        for population in graph.populations:
            graded = not population.dynamics.spikes and population.name in sources
            ensembles[population.name] = _ensemble(population, conventions, graded)
        for population in graph.populations:
            for term in population.given.terms:
                back = place.get(term.source, -1) >= place[population.name]
                delay = _delay(term.delay, back, population.dynamics, conventions)
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


def _sources(graph: Graph) -> Set[str]:
    """Populations and inputs from which something leads on, if it is only to an Output."""
    signals = [population.given for population in graph.populations]
    signals += [signal for signal in graph.outputs.values() if not _is_of_one(signal)]
    return {term.source for signal in signals for term in signal.terms}


def _is_of_one(signal: Signal) -> bool:
    """Whether it is what one source gives, and nothing else."""
    if len(signal.terms) != 1 or signal.bias.any():
        return False
    matrix = signal.terms[0].matrix
    n, m = matrix.shape
    return n == m and not signal.terms[0].delay and (matrix != sparse.identity(n)).nnz == 0


def _ensemble(
    population: Population, conventions: Conventions, graded: bool = False
) -> nengo.Ensemble:
    """Neurons of a population; what has a threshold is recorded by its spikes, else by voltage."""
    of: Dynamics = population.dynamics
    n, bias = int(np.prod(population.shape)), of.gain * population.given.bias
    current_bias, leak = (bias, of.leak) if of.filters else (np.zeros(1), of.leak + bias)
    state: Dict[str, np.ndarray] = {}
    if conventions.first != "current":  # what is constant begins a step later too
        if of.filters:
            state["current"] = _first_is_zero(current_bias, of.current_kept, population)
        if _spikes_first(of, conventions):
            state["voltage"] = _first_is_zero(leak, of.voltage_kept, population)
    resets = of.spikes and of.resets
    neurons = SteppedNeurons(
        current_kept=_shortest(of.current_kept),
        voltage_kept=_shortest(of.voltage_kept),
        threshold=_shortest(of.threshold),
        bias=_shortest(current_bias),
        leak=_shortest(leak),
        v_reset=_shortest(of.v_reset),
        reset=conventions.reset if resets else "zero",
        late_reset=resets and conventions.reset_at == "next",
        graded=graded,
        initial_state={key: value for key, value in state.items() if np.any(value)} or None,
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
    nengo.Probe(ens.neurons, "output" if of.spikes else "voltage", label=population.name)
    return ens


def _spikes_first(of: Dynamics, conventions: Conventions) -> bool:
    return conventions.first == "spikes" and of.spikes and of.resets


def _delay(own: int, back: bool, of: Dynamics, conventions: Conventions) -> int:
    """In steps, of a way with a delay of its own; ``back`` is one that needs a step at least.

    Spikes that are of the voltage before a step, s_t = [v_{t−1} > θ], are those of a voltage that
    gets all of its input a step later; so is a voltage that is updated before the current.
    """
    if _spikes_first(of, conventions):
        return max(own + 1, int(back))
    return max(own, int(back)) + int(of.filters and conventions.first == "voltage")


def _first_is_zero(constant: np.ndarray, kept: np.ndarray, population: Population) -> np.ndarray:
    """(n,) state x from which a step leads to 0: κ x + constant = 0."""
    n = int(np.prod(population.shape))
    constant, kept = (np.broadcast_to(part, (n,)) for part in (constant, kept))
    if np.any((constant != 0) & (kept == 0)):
        raise NirError(
            f"node {population.name}: a neuron keeps nothing of a step and has a bias, which "
            "begins a step too early with this order of updates; give another, as first=current"
        )
    before: np.ndarray = np.divide(-constant, kept, out=np.zeros(n), where=kept > 0)
    return before


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
    if _is_of_one(signal) and signal.terms[0].source in populations:
        return signal.terms[0].source
    no = np.zeros(1)
    never = Dynamics(np.ones(1), no, no, no, np.full(1, np.inf), no, False)
    readout = Population(name, signal.shape, never, signal)
    ens = _ensemble(readout, Conventions())
    for term in signal.terms:
        _connect(ensembles[term.source], ens, term.matrix, term.delay)
    return name
