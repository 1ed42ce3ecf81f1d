"""What a run says of the rates of neurons that values drive one by one."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

import nengo
import numpy as np
from nengo.ensemble import Neurons

from deploy.nengo_loihi.read.mean_rates import Fitted, fitted_ensembles, mean_rates
from loihi_rules import Rewritten
from loihi_rules.change import ChipWarning, warn_of_all
from loihi_rules.nengo_parts.names import name_of
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
    rewritten : Rewritten
    neurons : callable
        Ensembles to their `deploy.nengo_loihi.read.chip_neurons.ChipNeurons`.
    dt : float
        Step in seconds.
    """

    def __init__(self, rewritten: Rewritten, neurons: Callable[[Any], Any], dt: float):
        self.neurons, self.dt = neurons, dt
        self.shown = _driven(rewritten)
        self.sums: Dict[nengo.Ensemble, np.ndarray] = {each.ens: np.zeros(3) for each in self.shown}

    def look(self) -> None:
        """At what the neurons are given in this step."""
        for ens, own, built in self.shown:
            drive = self.neurons(ens).current() / np.where(ens.gain == 0, 1.0, ens.gain)
            self.sums[ens] += (*mean_rates(ens, own, built, drive, self.dt), 1)

    def warn(self) -> None:
        """Warn of each ensemble whose rates were off by more than 6 %, on average."""
        found: List[ChipWarning] = []
        for ens, (cpu, chip, looks) in self.sums.items():
            if not cpu or abs(chip / cpu - 1) <= WORTH_A_WARNING:
                continue
            what = (
                f"by what its neurons were given they fire {100 * abs(chip / cpu - 1):.0f} % too "
                f"{'fast' if chip > cpu else 'slow'}, {chip / looks:.0f} Hz on average for the "
                f"CPU's {cpu / looks:.0f}: their rates are not fitted to that"
            )
            found.append(ChipWarning(name_of(ens), RULE_OF_RATES, what, WAY_OUT))
        warn_of_all(found)


def _driven(rewritten: Rewritten) -> List[Fitted]:
    """Ensembles into whose neurons values go, and no spikes."""
    network = rewritten.network
    into: Dict[Any, List[nengo.Connection]] = {}
    for conn in network.all_connections:
        if isinstance(conn.post_obj, Neurons):
            into.setdefault(base_of(conn.post), []).append(conn)
    return [
        fitted
        for fitted in fitted_ensembles(rewritten)
        if fitted.ens in into
        and not any(isinstance(conn.pre_obj, Neurons) for conn in into[fitted.ens])
    ]
