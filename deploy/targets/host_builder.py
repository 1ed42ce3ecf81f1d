"""What nengo-loihi leaves out on the host: learning rules, and probes of connections.

nengo-loihi sends every error to the chip (``builder/connection.py``,
``build_host_to_learning_rule``), also that of a connection that learns on the host,
and finds no place for a probe of a connection (``splitter.py``, ``_place_probes``).
Both are ordinary Nengo, so Nengo core's builder is given them.
"""

from __future__ import annotations

from typing import Any, Sequence

import nengo
from nengo.connection import LearningRule

from deploy.compat import load_nengo_loihi
from loihi_rules.passes.placement import base_of


def model_with_host_learning(dt: float, label: str, host_probes: Sequence[nengo.Probe]) -> Any:
    """A model for `nengo_loihi.Simulator` that builds the above on the host.

    Parameters
    ----------
    dt : float
        Step in seconds.
    label : str
    host_probes : sequence of nengo.Probe
        Probes of connections and learning rules that run on the host; they are
        not in the network.

    Returns
    -------
    nengo_loihi.builder.Model
    """
    builder: Any = load_nengo_loihi().builder
    base: Any = builder.builder.Builder

    class HostBuilder(base):
        """Hands Nengo core what is its own; nengo-loihi builds the rest."""

        def build(self, model: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(obj, nengo.Connection) and _learns_on_host(model, obj):
                host = model.host_model(base_of(obj.pre))
                host.seeds[obj], host.seeded[obj] = model.seeds[obj], model.seeded[obj]
                return host.build(obj)
            built = super().build(model, obj, *args, **kwargs)
            if obj is model.toplevel:
                for probe in host_probes:
                    model.host.seeds[probe], model.host.seeded[probe] = probe.seed, True
                    model.host.build(probe)
            return built

    return builder.Model(dt=dt, label=label, builder=HostBuilder())


def _learns_on_host(model: Any, conn: nengo.Connection) -> bool:
    """Whether a connection carries an error to a rule whose connection is on the host."""
    if not isinstance(conn.post_obj, LearningRule):
        return False
    return not model.split.on_chip(base_of(conn.post_obj.connection.pre))
