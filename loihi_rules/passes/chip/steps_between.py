"""When spikes of stepped neurons arrive: each way between populations takes a step on the chip."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, List, Tuple

import nengo
import numpy as np
from nengo.ensemble import Neurons
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.likely_inputs import values_of
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.stepped import (
    InputSpikes,
    SteppedNeurons,
    delay_of,
    is_stepped,
    step_delay,
)
from loihi_rules.nengo_parts.wiring import base_of, columns_of, on_chip, reconnect
from loihi_rules.notes import EnsembleNote

RULE = "a step from core to core"


@dataclass(frozen=True)
class _Way:
    """A connection between stepped neurons, and by how many steps its author delays it."""

    conn: nengo.Connection
    pre: Any
    post: nengo.Ensemble
    delay: int
    in_loop: bool = False


def steps_between(draft: Draft) -> None:
    """Let spikes meet that are to meet.

    On the chip a spike arrives in the step after (nengo-loihi ``emulator/interface.py``; so do
    those from the host), where a model of layers has it within the same one. A population p that
    comes D_p steps late, and a way from p to q with a delay of k steps of its own, agree if

        D_q = D_p + 1 − k + e

    with e steps more on the way, for which neurons are put in that pass spikes on. D is the longest
    path, so that e ≥ 0; only ways back, within a loop of several populations, may be late.
    """
    network = draft.network
    stepped = [ens for ens in network.all_ensembles if is_stepped(ens) and on_chip(network, ens)]
    if all(draft.notes.ensembles[ens].steps_late is not None for ens in stepped):
        return  # of a network that was rewritten before
    ways = _ways(draft, stepped)
    late = _lateness(stepped, ways)
    more = [late[way.post] - late.get(way.pre, 0) - 1 + way.delay for way in ways]
    longest: Dict[Any, int] = {}
    for way, steps in zip(ways, more):
        longest[way.pre] = max(steps, longest.get(way.pre, 0))
    chains: Dict[Any, nengo.Ensemble] = {}
    later: Dict[Tuple[Any, int], nengo.Ensemble] = {}
    of_host = {pre for pre in longest if longest[pre] > 0 and _is_late_on_host(draft, pre)}
    for way, steps in zip(ways, more):
        way.conn.synapse = None
        if steps > 0 and way.pre in of_host:
            if (way.pre, steps) not in later:
                later[way.pre, steps] = _sent_later(draft, way.pre, steps)
            _start_in(way, columns_of(way.conn.pre), later[way.pre, steps])
        elif steps > 0:
            if way.pre not in chains:
                chains[way.pre] = chain = _passing_on(draft, way.pre, longest[way.pre])
                passed = late.get(way.pre, 0) + 1  # of the first; none of them begins with anything
                draft.notes.ensembles[chain] = EnsembleNote(has_its_rates=True, steps_late=passed)
            taken = columns_of(way.conn.pre) + (steps - 1) * way.pre.n_neurons
            _start_in(way, taken, chains[way.pre])
        elif steps < 0:
            draft.change(
                name_of(way.conn),
                RULE,
                f"spikes arrive {_steps(way.delay)} later",
                f"{_steps(way.delay - steps)} later",
                f"a loop of several populations takes a step for each; its way back is "
                f"{_steps(-steps)} late",
            )
    for ens in stepped:
        note = draft.notes.ensembles[ens]
        if note.steps_late is None:
            draft.notes.ensembles[ens] = replace(note, steps_late=late[ens])
            draft.change(
                name_of(ens),
                RULE,
                "spikes in the step of what causes them",
                f"{_steps(late[ens])} later",
                "a spike reaches another core in the next step; runs record it where it belongs, "
                "deploy.Simulator as it comes",
            )


def _steps(n: int) -> str:
    return f"{n} step" if n == 1 else f"{n} steps"


def _ways(draft: Draft, stepped: List[nengo.Ensemble]) -> List[_Way]:
    """All connections into stepped neurons; a filter on one is a problem."""
    places = {ens: k for k, ens in enumerate(stepped)}
    found: List[_Way] = []
    for conn in draft.network.all_connections:
        pre, post = base_of(conn.pre), base_of(conn.post)
        if post not in places:
            continue
        if not isinstance(conn.pre_obj, Neurons) or conn.post != post.neurons:
            draft.problem(
                name_of(conn),
                RULE,
                f"{name_of(post)} has neurons that are given spikes, all of them at once",
                "connect from neurons, as those of an ensemble of InputSpikes, to its neurons",
            )
            continue
        delay = delay_of(conn.synapse)
        if delay is None:
            draft.problem(
                name_of(conn),
                RULE,
                f"{conn.synapse} filters spikes into {name_of(post)}, whose neurons have a "
                "current of their own",
                "give the neurons a current_kept instead",
            )
            continue
        found.append(_Way(conn, pre, post, delay))
    between = [(places[way.pre], places[way.post]) for way in found if way.pre in places]
    if not between:
        return found
    rows, columns = np.transpose(between)
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), (len(places), len(places)))
    loop = connected_components(graph, connection="strong")[1]
    return [
        replace(
            way,
            in_loop=way.delay > 0
            and way.pre in places
            and bool(loop[places[way.pre]] == loop[places[way.post]]),
        )
        for way in found
    ]


def _lateness(stepped: List[nengo.Ensemble], ways: List[_Way]) -> Dict[nengo.Ensemble, int]:
    """The longest path to each population; ways back within a loop have no say."""
    late = {ens: 0 for ens in stepped}
    for _ in stepped:
        before = dict(late)
        for way in ways:
            if not way.in_loop:
                least = late.get(way.pre, 0) + 1 - way.delay
                late[way.post] = max(late[way.post], least)
        if late == before:
            break
    return late


def _passing_on(draft: Draft, pre: Any, steps: int) -> nengo.Ensemble:
    """Neurons that fire a step after each spike they get, so many one behind the other.

    In one ensemble, as each takes a core: (steps · n) neurons, the first n fire a step later.
    """
    n, name = pre.n_neurons, name_of(pre)
    total = steps * n
    with draft.network:
        chain = nengo.Ensemble(
            total,
            1,
            gain=np.ones(total),
            bias=np.zeros(total),
            neuron_type=SteppedNeurons([0.0], [0.0], [0.5]),
            label=f"{name}, 1 to {steps} steps later" if steps > 1 else f"{name}, 1 step later",
            seed=0,
        )
        _one_to_one(pre.neurons, chain, np.arange(n), np.arange(n))
        if steps > 1:
            every = np.arange(n, total)
            _one_to_one(chain.neurons, chain, every - n, every)
    draft.change(
        name,
        RULE,
        f"spikes up to {_steps(steps)} later than the chip's shortest way",
        f"{total:,} neurons that pass them on",
        "nengo-loihi sets no delays of synapses; each of these neurons takes a step",
    )
    return chain


def _one_to_one(pre: Any, post: nengo.Ensemble, columns: np.ndarray, rows: np.ndarray) -> None:
    transform = nengo.transforms.Sparse(
        (post.n_neurons, pre.size_out),
        indices=np.stack([rows, columns], axis=1),
        init=np.ones(len(rows)),
    )
    nengo.Connection(
        pre,
        post.neurons,
        synapse=None,
        transform=transform,
        seed=0,
        label=f"{name_of(pre)} to {post.label}",
    )


def _is_late_on_host(draft: Draft, pre: Any) -> bool:
    """Whether it sends several spikes in a step, where a neuron that passes them on fires once."""
    if not isinstance(pre.neuron_type, InputSpikes):
        return False
    into = [conn for conn in draft.network.all_connections if base_of(conn.post) is pre]
    if any(delay_of(conn.synapse) is None for conn in into):
        return False
    if pre.neuron_type.unit:
        return True
    nodes = {base_of(conn.pre) for conn in into}
    given = [values_of(draft.network, node, draft.dt) for node in nodes]
    return any(values is None or bool(values.max(initial=0) > 1) for values in given)


def _sent_later(draft: Draft, pre: Any, steps: int) -> nengo.Ensemble:
    """Neurons of the host that are given the same so many steps later."""
    network, n = draft.network, pre.n_neurons
    into = [conn for conn in network.all_connections if base_of(conn.post) is pre]
    with network:
        late = nengo.Ensemble(
            n, 1, gain=np.ones(n), bias=np.zeros(n), neuron_type=pre.neuron_type,
            label=f"{name_of(pre)}, {_steps(steps)} later", seed=0,
        )  # fmt: skip
        network.config[late].on_chip = False
        for conn in into:
            synapse = step_delay((delay_of(conn.synapse) or 0) + steps)
            nengo.Connection(
                conn.pre, late.neurons, synapse=synapse, function=conn.function,
                transform=conn.transform, seed=0, label=f"{name_of(conn)}, {_steps(steps)} later",
            )  # fmt: skip
    draft.change(
        name_of(pre),
        RULE,
        f"spikes {_steps(steps)} later than the chip's shortest way",
        "sent by the host so much later",
        "they are several in a step, and a neuron that passes them on fires once",
    )
    return late


def _start_in(way: _Way, taken: np.ndarray, ens: nengo.Ensemble) -> None:
    """Have a connection start in neurons that fire later, in some of them."""
    in_a_row = bool(np.all(np.diff(taken) == 1))  # as the chip's builder has parts of neurons
    part: Any = slice(int(taken[0]), int(taken[-1]) + 1) if in_a_row else taken.tolist()
    whole = len(taken) == ens.n_neurons and in_a_row
    transform = way.conn.transform
    reconnect(way.conn, pre=ens.neurons if whole else ens.neurons[part])
    way.conn.transform = transform
