"""What a pilot run depends on, by its numbers."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import nengo
from nengo.ensemble import Neurons
from nengo.params import iter_params

from loihi_rules.nengo_parts.wiring import base_of, columns_of, on_chip, rows_of
from loihi_rules.pilots.networks import RANDOM_PROCESSES, Pilot


def content_of_inputs(pilot: Pilot, ens: nengo.Ensemble) -> Tuple[Any, ...]:
    """What the inputs of an ensemble depend on that a pilot knows (`Pilot.knows`).

    Parameters
    ----------
    pilot : Pilot
    ens : nengo.Ensemble

    Returns
    -------
    tuple
        For `loihi_rules.solutions.Solutions`.
    """
    place: Dict[nengo.Ensemble, int] = {}
    parts: List[Any] = []

    def add(target: nengo.Ensemble) -> int:
        """The ensemble and what leads to it; gives its place."""
        if target not in place:
            place[target] = len(place)
            own = None if target is ens else _neurons(pilot, target)
            into = [] if target in pilot.encoded else pilot.into.get(target, [])
            parts.append((own, pilot.tau_of(target), [_way(conn) for conn in into]))
        return place[target]

    def _way(conn: nengo.Connection) -> Any:
        source: Any = conn.pre_obj
        if isinstance(source, Neurons):
            given: Any = add(base_of(conn.pre))
        else:
            given = _values(pilot, source)
        function = None if conn.function is None else conn.size_mid
        ends = columns_of(conn.pre), rows_of(conn.post), conn.size_in, conn.size_out
        chip = [pilot.filters[conn]] if conn in pilot.filters else []
        return (given, function, *ends, conn.transform, conn.synapse, conn.seed, *chip)

    add(ens)
    return (pilot.dt, pilot.stimuli, ens.n_neurons, parts)


def _neurons(pilot: Pilot, ens: nengo.Ensemble) -> Any:
    chip = on_chip(pilot.network, ens)
    asked = [(name, getattr(ens, name)) for name in sorted(iter_params(ens)) if name != "label"]
    built = pilot.tuning.get(ens) if chip else None
    tuning = built and (built.eval_points, built.encoders, built.gain, built.bias)
    return (chip, ens in pilot.encoded, pilot.neurons[ens], asked, tuning)


def _values(pilot: Pilot, node: nengo.Node) -> Any:
    """What `Pilot` takes a node's values from."""
    output: Any = node.output
    known = isinstance(output, (nengo.processes.PresentInput, *RANDOM_PROCESSES))
    if callable(output) or (isinstance(output, nengo.Process) and not known):
        output = "not known", pilot.reach_of(node)
    samples = pilot.network.config[node].pilot_inputs
    return (node.size_out, node.seed, samples, output)
