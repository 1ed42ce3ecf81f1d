"""The filters by which neurons will get their currents on the chip, for pilot runs of them."""

from __future__ import annotations

from typing import Dict, Optional

import nengo
from nengo.synapses import Lowpass, Synapse

from loihi_rules.draft import Draft
from loihi_rules.nengo_parts.settings import declare
from loihi_rules.notes import Way
from loihi_rules.pilots.networks import Pilot
from loihi_rules.routes.entries import entries_of, tau_of
from loihi_rules.routes.plan import plan
from loihi_rules.routes.ways import CHOICES, FILTER_SETTING, WAY_SETTING


def neuron_filters(draft: Draft, pilot: Pilot) -> Dict[nengo.Connection, Optional[Synapse]]:
    """By connection into neurons, of those that get several filters.

    As `loihi_rules.passes.nengo_loihi.input_filters` will choose them: what goes by way of the host
    keeps its own. A pilot run ends before what comes through a long filter has arrived; with
    another filter than the chip's, the fit would make up for what is yet to come.
    """
    network, dt = draft.network, draft.dt
    several = [
        ens
        for ens, conns in pilot.into.items()
        if ens not in pilot.encoded and len({tau_of(conn) for conn in conns}) > 1
    ]
    found: Dict[nengo.Connection, Optional[Synapse]] = {}
    if not several:
        return found
    declare(network, nengo.Connection, WAY_SETTING)
    declare(network, nengo.Ensemble, FILTER_SETTING)
    entries = entries_of(network, draft.notes, dt)
    for ens in several:
        if ens not in entries:
            continue
        asked = {
            k: CHOICES[network.config[entry.conn].way]
            for k, entry in enumerate(entries[ens])
            if network.config[entry.conn].way in CHOICES
        }
        chosen = network.config[ens].input_tau
        tau = None if chosen is None else float(chosen)
        planned = plan(entries[ens], ens.n_neurons, ens.dimensions, dt, draft.chip, tau, asked)
        for choice in planned.choices:
            conn = choice.entry.conn
            own = choice.way in (Way.BY_HOST, Way.FROM_HOST)
            found[conn] = conn.synapse if own else Lowpass(planned.tau)
    return found
