"""Members of subnetworks are called by the way to them where their labels are those of many."""

from __future__ import annotations

from collections import Counter
from typing import Iterator, Tuple

import nengo

from loihi_rules.draft import Draft


def names(draft: Draft) -> None:
    """Label members of subnetworks with the way to them, where many have the same label.

    The ensembles of every `nengo.networks.EnsembleArray` have the labels 0, 1, 2, …, and its
    nodes ``input`` and ``output``. Changes and warnings call them ``convolution.product.sq1[2]``
    and ``memory.input``: what the networks around them are called as attributes of others, or
    their labels, or their classes. Objects whose label is theirs alone keep it, as do those of
    the whole network, and numbers are nobody's alone.
    """
    network = draft.network
    every = Counter(obj.label for obj in [*network.all_ensembles, *network.all_nodes])
    for path, subnetwork in _paths(network):
        for obj in [*subnetwork.ensembles, *subnetwork.nodes]:
            if not obj.label:
                continue
            if obj.label.isdigit():
                obj.label = f"{path}[{obj.label}]"
            elif every[obj.label] > 1:
                obj.label = f"{path}.{obj.label}"


def _paths(network: nengo.Network, above: str = "") -> Iterator[Tuple[str, nengo.Network]]:
    """All networks in a network, each with the way to it."""
    called = [_called(network, subnetwork) for subnetwork in network.networks]
    for k, subnetwork in enumerate(network.networks):
        own = called[k]
        if called.count(own) > 1:
            own += f" {called[: k + 1].count(own)}"
        path = f"{above}.{own}" if above else own
        yield path, subnetwork
        yield from _paths(subnetwork, path)


def _called(parent: nengo.Network, network: nengo.Network) -> str:
    for name, value in vars(parent).items():
        if value is network and not name.startswith("_"):
            return str(name)
    return str(network.label or type(network).__name__)
