"""When spikes of stepped neurons arrive: each way between populations takes a step on the chip."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, List

import nengo
import numpy as np
from nengo.ensemble import Neurons
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.stepped import SteppedNeurons, delay_of, is_stepped
from loihi_rules.nengo_parts.wiring import base_of, on_chip, reconnect
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
    chains: Dict[Any, List[nengo.Ensemble]] = {}
    for way in ways:
        more = late[way.post] - late.get(way.pre, 0) - 1 + way.delay
        way.conn.synapse = None
        if more > 0:
            chain = chains.setdefault(way.pre, [])
            _pass_on(draft, way, more, chain)
            for k, ens in enumerate(chain):
                passed = late.get(way.pre, 0) + k + 1
                draft.notes.ensembles[ens] = EnsembleNote(has_its_rates=True, steps_late=passed)
        elif more < 0:
            draft.change(
                name_of(way.conn),
                RULE,
                f"spikes arrive {_steps(way.delay)} later",
                f"{_steps(way.delay - more)} later",
                f"a loop of several populations takes a step for each; its way back is "
                f"{_steps(-more)} late",
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


def _pass_on(draft: Draft, way: _Way, steps: int, chain: List[nengo.Ensemble]) -> None:
    """Neurons that fire a step after each spike they get, one behind the other."""
    n, name = way.pre.n_neurons, name_of(way.pre)
    ones, zeros = np.ones(n), np.zeros(n)
    with draft.network:
        while len(chain) < steps:
            last = chain[-1] if chain else way.pre
            chain.append(
                nengo.Ensemble(
                    n,
                    1,
                    gain=ones,
                    bias=zeros,
                    neuron_type=SteppedNeurons([0.0], [0.0], [0.5]),
                    label=f"{name}, {_steps(len(chain) + 1)} later",
                    seed=0,
                )
            )
            one_to_one = nengo.transforms.Sparse(
                (n, n), indices=np.repeat(np.arange(n), 2).reshape(n, 2), init=ones
            )
            nengo.Connection(
                last.neurons,
                chain[-1].neurons,
                synapse=None,
                transform=one_to_one,
                seed=0,
                label=f"{name} to {_steps(len(chain))} later",
            )
    pre = way.conn.pre
    part = chain[steps - 1].neurons
    view = part if pre is pre_neurons(pre) else part[pre.slice]
    transform = way.conn.transform
    reconnect(way.conn, pre=view)
    way.conn.transform = transform
    draft.change(
        name_of(way.conn),
        RULE,
        f"spikes {_steps(steps)} later than the chip's shortest way",
        f"{steps * n:,} neurons that pass them on",
        "nengo-loihi sets no delays of synapses; each of these neurons takes a step",
    )


def pre_neurons(end: Any) -> Any:
    """The neurons of one end of a connection, without the part that it takes of them."""
    return getattr(end, "obj", end)
