"""What a run says of the rates of neurons that values drive one by one."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

import nengo
import numpy as np
from nengo.ensemble import Neurons

from deploy.nengo_loihi.read.mean_rates import Watched, fitted_ensembles, mean_rates, watched
from loihi_rules import Rewritten
from loihi_rules.change import ChipWarning, warn_of_all
from loihi_rules.nengo_parts.wiring import base_of
from loihi_rules.passes.chip.rates import RULE_OF_RATES, WORTH_A_WARNING

WAY_OUT = (
    "say what its nodes give, network.config[node].pilot_inputs = array after "
    "loihi_rules.declare_settings(network), or use lower rates, "
    "a smaller dt, or nengo_loihi's LoihiLIF"
)


class DrivenRates:
    """Looks, now and then, at the currents of such neurons, and at what rates they have by them.

    Where it is not known what a node gives, gains and biases are fitted to other currents than
    these, or not at all. A filtered current is the neuron's gain times what drives it. Neurons
    that others' spikes drive are left out: rates at currents that fluctuate are others than those
    at each of them.

    Parameters
    ----------
    shown : list of Watched
        Of `driven_ensembles`.
    dt : float
        Step in seconds.
    """

    def __init__(self, shown: List[Watched], dt: float):
        self.shown, self.dt = shown, dt
        self.sums = [np.zeros(3) for _ in shown]

    def look(self) -> None:
        """At what the neurons are given in this step."""
        for of, total in zip(self.shown, self.sums):
            total += (*mean_rates(of, of.drive(), self.dt), 1)

    def warn(self) -> None:
        """Warn of each ensemble whose rates were off by more than 6 %, on average."""
        found: List[ChipWarning] = []
        for of, (cpu, chip, looks) in zip(self.shown, self.sums):
            if not cpu or abs(chip / cpu - 1) <= WORTH_A_WARNING:
                continue
            what = (
                f"by what its neurons were given they fire {100 * abs(chip / cpu - 1):.0f} % too "
                f"{'fast' if chip > cpu else 'slow'}, {chip / looks:.0f} Hz on average for the "
                f"CPU's {cpu / looks:.0f}: their rates are not fitted to that"
            )
            found.append(ChipWarning(of.name, RULE_OF_RATES, what, WAY_OUT))
        warn_of_all(found)


def driven_ensembles(rewritten: Rewritten, neurons: Callable[[Any], Any]) -> List[Watched]:
    """Ensembles into whose neurons values go, and no spikes.

    Parameters
    ----------
    rewritten : Rewritten
    neurons : callable
        As for `watched`.
    """
    network = rewritten.network
    into: Dict[Any, List[nengo.Connection]] = {}
    for conn in network.all_connections:
        if isinstance(conn.post_obj, Neurons):
            into.setdefault(base_of(conn.post), []).append(conn)
    return [
        watched(fitted, neurons)
        for fitted in fitted_ensembles(rewritten)
        if fitted.ens in into
        and not any(isinstance(conn.pre_obj, Neurons) for conn in into[fitted.ens])
    ]
