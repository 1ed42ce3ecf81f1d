"""A NIR graph as populations, and what leads from one to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Set, Tuple

import numpy as np
from scipy import sparse

from loihi_rules.nir.conventions import Conventions
from loihi_rules.nir.dynamics import Dynamics, dynamics_of, is_neuron, parameters_of
from loihi_rules.nir.errors import NirError
from loihi_rules.nir.file import edges_of
from loihi_rules.nir.linear import LINEAR, OF_THEIR_OWN, LinearMap, Shape, linear_map, numbers_of

MOST_NEURONS = 20_000_000
MOST_DELAY = 2_000  # steps; a filter of as many states, whose matrix Nengo writes out
THROUGH = ("Input", "Output", "Identity")  # which hand on what they are given


@dataclass(frozen=True)
class Term:
    """A part of a signal: a matrix of what a source gave some steps before.

    Attributes
    ----------
    source : str
        A population, or an input.
    delay : int
        In steps.
    matrix : (n, n_source) sparse matrix
    """

    source: str
    delay: int
    matrix: Any


@dataclass(frozen=True)
class Signal:
    """What comes out of a node: terms that are added up, and a constant.

    Attributes
    ----------
    shape : tuple of int
    terms : tuple of Term
    bias : (n,) ndarray
    """

    shape: Shape
    terms: Tuple[Term, ...]
    bias: np.ndarray


@dataclass(frozen=True)
class Population:
    """Neurons of one node.

    Attributes
    ----------
    name : str
    shape : tuple of int
    dynamics : Dynamics
    given : Signal
        What enters.
    """

    name: str
    shape: Shape
    dynamics: Dynamics
    given: Signal


@dataclass(frozen=True)
class Graph:
    """What is to be computed.

    Attributes
    ----------
    inputs : mapping of str to tuple of int
        Shapes of what enters, by node.
    populations : tuple of Population
        Each behind those that it depends on within a step.
    outputs : mapping of str to Signal
        By node.
    """

    inputs: Mapping[str, Shape]
    populations: Tuple[Population, ...]
    outputs: Mapping[str, Signal]


def flat_nodes(graph: Any, prefix: str = "") -> Tuple[Dict[str, Any], List[Tuple[str, str]]]:
    """All nodes of a graph and of those within it, named ``outer.inner``, and their edges.

    An edge to a graph leads to its Input, one from it comes from its Output.

    Raises
    ------
    NirError
        If an edge has an end that is not there, or a graph within has several inputs or outputs.
    """
    nodes: Dict[str, Any] = {}
    edges: List[Tuple[str, str]] = []
    doors: Dict[str, Tuple[str, str]] = {}
    if not isinstance(graph.nodes, dict) or not graph.nodes:
        raise NirError(f"graph {prefix or 'of the file'}: it has no nodes")
    for name, node in sorted(graph.nodes.items()):  # as a file lists them, whoever wrote it
        full = f"{prefix}{name}"
        if hasattr(node, "nodes"):
            inner, between = flat_nodes(node, f"{full}.")
            nodes.update(inner)
            edges.extend(between)
            doors[full] = _door(node, full, 1), _door(node, full, 0)
        else:
            nodes[full] = node
            doors[full] = full, full
    for pre, post in edges_of(graph):
        ends = f"{prefix}{pre}", f"{prefix}{post}"
        for end in ends:
            if end not in doors:
                raise NirError(f"an edge from {ends[0]} to {ends[1]}: there is no node {end}")
        edges.append((doors[ends[0]][1], doors[ends[1]][0]))
    return nodes, edges


def _door(graph: Any, name: str, side: int) -> str:
    """The node by which one enters (1) a graph within another, or leaves it (0)."""
    kind = "Input" if side else "Output"
    found = [key for key, node in graph.nodes.items() if type(node).__name__ == kind]
    if not found:  # as some write them: what nothing within leads to, or from
        inside = {edge[side] for edge in edges_of(graph)}
        found = [key for key in graph.nodes if key not in inside]
    if len(found) != 1:
        raise NirError(
            f"graph {name}: it has {len(found)} nodes of kind {kind}, and an edge names none; "
            "a graph within another has one"
        )
    return f"{name}.{found[0]}"


def read_graph(graph: Any, conventions: Conventions) -> Graph:
    """Populations and ways between them, of a `nir.NIRGraph`.

    Raises
    ------
    NirError
        If its parts do not fit, or a loop has no neuron in it.
    """
    nodes, edges = flat_nodes(graph)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # it is looked at
        return _Composer(nodes, edges, conventions).graph()


class _Composer:
    """Multiplies out what is between neurons, each node once."""

    def __init__(
        self, nodes: Dict[str, Any], edges: List[Tuple[str, str]], conventions: Conventions
    ):
        self.nodes, self.conventions = nodes, conventions
        self.before: Dict[str, List[str]] = {name: [] for name in nodes}
        self.after: Dict[str, List[str]] = {name: [] for name in nodes}
        for pre, post in edges:
            self.before[post].append(pre)
            self.after[pre].append(post)
        self.inputs = self._ends("Input", self.before)
        self.outputs = self._ends("Output", self.after)
        self.shapes: Dict[str, Shape] = {}
        self.signals: Dict[str, Signal] = {}
        self.maps: Dict[str, LinearMap] = {}
        for name, node in nodes.items():
            kind = type(node).__name__
            if not (is_neuron(node) or kind in LINEAR or kind in (*THROUGH, "Delay")):
                raise NirError(f"node {name}: {kind} nodes are not known here")

    def _ends(self, kind: str, across: Dict[str, List[str]]) -> List[str]:
        """Nodes of the outermost graph by which something enters or leaves."""
        found = [
            name
            for name, node in self.nodes.items()
            if type(node).__name__ == kind and not across[name]
        ]
        if not found:
            raise NirError(f"the graph has no {kind} node; add one")
        return found

    def graph(self) -> Graph:
        populations = [name for name, node in self.nodes.items() if is_neuron(node)]
        self._find_shapes()
        total = sum(int(np.prod(self.shapes[name])) for name in populations)
        if total > MOST_NEURONS:
            raise NirError(f"it has {total:,} neurons; {MOST_NEURONS:,} at most are read")
        inputs = {name: self._signal(name).shape for name in self.inputs}
        found = {name: self._read_population(name) for name in populations}
        outputs = {name: self._given(name) for name in self.outputs}
        return Graph(inputs, tuple(found[name] for name in self._in_order(found)), outputs)

    def _find_shapes(self) -> None:
        """Of what comes out of each node, as far as something says: its numbers, or what enters.

        Of a population with one number for all, that of what enters it, by whichever way: also
        where it is in a loop, by the one that comes from outside.
        """
        waiting: List[Tuple[str, Optional[Shape]]] = [(name, None) for name in self.nodes]
        flat: List[
            Tuple[str, Optional[Shape]]
        ] = []  # which only count where nothing says of more axes
        while waiting or flat:
            name, given = waiting.pop() if waiting else flat.pop()
            if name in self.shapes or not self._shape(name, given):
                continue
            shape = self.shapes[name]
            later = flat if len(shape) == 1 else waiting
            for post in self.after[name]:
                (later if is_neuron(self.nodes[post]) else waiting).append((post, shape))
        for name, node in self.nodes.items():
            if is_neuron(node) and name not in self.shapes:  # nothing says more
                self.shapes[name] = parameters_of(node, name)[1]

    def _shape(self, name: str, given: Optional[Shape]) -> bool:
        """Note the shape of a node that is given one, or nothing yet; whether it is known."""
        node, found = self.nodes[name], given
        kind = type(node).__name__
        if name in self.inputs:
            found = _input_shape(node, name)
        elif is_neuron(node):
            own = parameters_of(node, name)[1]
            found = own if int(np.prod(own)) > 1 else given
        elif kind in LINEAR and (given is not None or kind in OF_THEIR_OWN):
            self.maps[name] = linear_map(node, name, given)
            found = self.maps[name].shape
        if found is not None:
            self.shapes[name] = found
        return found is not None

    def _read_population(self, name: str) -> Population:
        shape, given = self.shapes[name], self._given(name)
        size = int(np.prod(shape))
        if given.bias.size != size:
            raise NirError(
                f"node {name}: it has {size:,} neurons and is given {given.bias.size:,} values"
            )
        dynamics = dynamics_of(self.nodes[name], name, self.conventions)
        found = [dynamics.gain, dynamics.leak, given.bias]
        found += [term.matrix.data for term in given.terms]
        if not all(np.isfinite(array).all() for array in found):
            raise NirError(f"node {name}: what enters it is too large for any number")
        return Population(name, shape, dynamics, given)

    def _in_order(self, populations: Mapping[str, Population]) -> List[str]:
        """Each behind its sources, but for ways back in loops, as one meets them from the inputs.

        The reverse of the order in which a search to the depth leaves them. What is delayed by a
        step or more may come from anywhere.
        """
        after: Dict[str, List[str]] = {name: [] for name in populations}
        first: List[str] = []
        for name, found in populations.items():
            terms = [term for term in found.given.terms if term.matrix.nnz]
            for source in {term.source for term in terms if not term.delay} & set(populations):
                after[source].append(name)
            if {term.source for term in terms} - set(populations):
                first.append(name)
        order: List[str] = []
        seen: Set[str] = set()
        for start in [*first, *populations]:
            stack = [] if start in seen else [(start, iter(after[start]))]
            seen.add(start)
            while stack:
                name, following = stack[-1]
                post = next((each for each in following if each not in seen), None)
                if post is None:
                    order.append(name)
                    stack.pop()
                else:
                    seen.add(post)
                    stack.append((post, iter(after[post])))
        return order[::-1]

    # ------------------------------------------------------------------ signals

    def _given(self, name: str) -> Signal:
        """The sum of all that leads to a node."""
        signals = [self._signal(pre) for pre in self.before[name]]
        if not signals:
            raise NirError(f"node {name}: nothing enters it")
        sizes = {signal.bias.size for signal in signals}
        if len(sizes) > 1:
            each = ", ".join(
                f"{signal.bias.size:,} from {pre}"
                for signal, pre in zip(signals, self.before[name])
            )
            raise NirError(f"node {name}: what enters it does not fit together ({each})")
        terms = tuple(term for signal in signals for term in signal.terms)
        bias = np.sum([signal.bias for signal in signals], axis=0)
        return Signal(signals[0].shape, _merged(terms), bias)

    def _signal(self, name: str) -> Signal:
        """What comes out of a node; of a long chain of nodes one after the other."""
        waiting = [name]
        busy: Set[str] = set()
        while waiting:
            now = waiting[-1]
            if now in self.signals:
                waiting.pop()
                continue
            needs = [] if self._is_source(now) else self.before[now]
            missing = [pre for pre in needs if pre not in self.signals]
            if not missing:
                self.signals[now] = self._compute(now)
                busy.discard(now)
                waiting.pop()
                continue
            if now in busy:
                raise NirError(f"node {now}: it is in a loop without neurons")
            busy.add(now)
            waiting.extend(missing)
        return self.signals[name]

    def _is_source(self, name: str) -> bool:
        return is_neuron(self.nodes[name]) or name in self.inputs

    def _compute(self, name: str) -> Signal:
        node = self.nodes[name]
        kind = type(node).__name__
        if name in self.inputs:
            return self._source(name, _input_shape(node, name))
        if is_neuron(node):
            return self._source(name, self.shapes[name])
        given = self._given(name)
        if kind == "Delay":
            return self._delayed(name, node, given)
        if kind not in LINEAR:
            return given
        made = self.maps.pop(name)
        if made.matrix.shape[1] != given.bias.size:
            raise NirError(
                f"node {name}: it takes {made.matrix.shape[1]:,} values and is given "
                f"{given.bias.size:,}"
            )
        terms = tuple(
            Term(term.source, term.delay, (made.matrix @ term.matrix).tocsr())
            for term in given.terms
        )
        return Signal(made.shape, terms, made.matrix @ given.bias + made.bias)

    def _source(self, name: str, shape: Shape) -> Signal:
        n = int(np.prod(shape, dtype=np.int64))
        if n > MOST_NEURONS:
            raise NirError(f"node {name}: it has {n:,} values; {MOST_NEURONS:,} at most are read")
        identity = sparse.identity(n, format="csr")
        return Signal(shape, (Term(name, 0, identity),), np.zeros(n))

    def _delayed(self, name: str, node: Any, given: Signal) -> Signal:
        delay = numbers_of(node.delay, name, "delay").ravel()
        if np.any(delay < 0):
            raise NirError(f"node {name}: a delay is a finite time, and not below 0")
        if delay.size not in (1, given.bias.size):
            raise NirError(f"node {name}: {delay.size} delays for {given.bias.size} values")
        steps = np.rint(np.broadcast_to(delay, given.bias.shape) / self.conventions.dt)
        if steps.max() > MOST_DELAY:
            raise NirError(
                f"node {name}: a delay of {delay.max():g} s is {steps.max():,.0f} steps; "
                f"{MOST_DELAY:,} at most are computed"
            )
        steps = steps.astype(int)
        terms = []
        for k in np.unique(steps):
            rows = sparse.diags((steps == k).astype(float)).tocsr()
            for term in given.terms:
                terms.append(Term(term.source, term.delay + int(k), (rows @ term.matrix).tocsr()))
        return Signal(given.shape, _merged(tuple(terms)), given.bias)


def _input_shape(node: Any, name: str) -> Shape:
    found = node.input_type.get("input") if isinstance(node.input_type, dict) else node.input_type
    shape: Optional[np.ndarray] = None if found is None else np.asarray(found).ravel()
    if shape is None or shape.dtype.kind not in "iuf" or np.any(shape != np.floor(shape)):
        raise NirError(f"node {name}: its shape is not known")
    if shape.size and (shape.min() < 1 or np.prod(shape, dtype=float) > MOST_NEURONS):
        raise NirError(f"node {name}: its shape is {tuple(shape.tolist())}")
    return tuple(int(n) for n in shape) or (1,)


def _merged(terms: Tuple[Term, ...]) -> Tuple[Term, ...]:
    """Terms of one source and delay as one."""
    found: Dict[Tuple[str, int], Any] = {}
    for term in terms:
        key = term.source, term.delay
        found[key] = found[key] + term.matrix if key in found else term.matrix
    return tuple(Term(source, delay, matrix) for (source, delay), matrix in found.items())
