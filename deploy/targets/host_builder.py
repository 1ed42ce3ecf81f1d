"""What nengo-loihi leaves out on the host: learning rules, and probes of connections.

nengo-loihi sends every error to the chip (``builder/connection.py``,
``build_host_to_learning_rule``), also that of a connection that learns on the host,
and finds no place for a probe of a connection (``splitter.py``, ``_place_probes``).
Both are ordinary Nengo, so Nengo core's builder is given them.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import nengo
from nengo.connection import LearningRule

from deploy.compat import load_nengo_loihi
from loihi_rules.passes.placement import base_of
from loihi_rules.rules.pes import LearningScale


def model_with_host_learning(
    dt: float,
    label: str,
    host_probes: Sequence[nengo.Probe],
    learning_scales: Mapping[nengo.Connection, LearningScale],
) -> Any:
    """A model for `nengo_loihi.Simulator` that builds the above on the host.

    Parameters
    ----------
    dt : float
        Step in seconds.
    label : str
    host_probes : sequence of nengo.Probe
        Probes of connections and learning rules that run on the host; they are
        not in the network.
    learning_scales : mapping of nengo.Connection to LearningScale
        Of the connections that learn on the chip, in the place of one for all.

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
            if obj in learning_scales:
                synapse, scale = learning_synapse(model, obj), learning_scales[obj]
                synapse.learning_wgt_exp = scale.weight_exponent
                synapse.learning_rate *= scale.rate_factor
            if obj is model.toplevel:
                for probe in host_probes:
                    model.host.seeds[probe], model.host.seeded[probe] = probe.seed, True
                    model.host.build(probe)
            return built

    return builder.Model(dt=dt, label=label, builder=HostBuilder())


def learning_synapse(model: Any, conn: nengo.Connection) -> Any:
    """The synapse group that holds a learned connection's weights.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    conn : nengo.Connection
        A connection that learns on the chip.

    Returns
    -------
    nengo_loihi.block.Synapse
    """
    read = model.nengo_probe_conns[model.needs_sender[conn.learning_rule].error_target]
    return model.objs[read]["decoders"]


def _learns_on_host(model: Any, conn: nengo.Connection) -> bool:
    """Whether a connection carries an error to a rule whose connection is on the host."""
    if not isinstance(conn.post_obj, LearningRule):
        return False
    return not model.split.on_chip(base_of(conn.post_obj.connection.pre))
