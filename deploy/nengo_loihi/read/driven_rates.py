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

SAY_OR_CHANGE = (
    "say what its nodes give, network.config[node].pilot_inputs = array after "
    "loihi_rules.declare_settings(network), or use lower rates, "
    "a smaller dt, or nengo_loihi's LoihiLIF"
)
CHANGE = "use lower rates, a smaller dt, or nengo_loihi's LoihiLIF"
WORTH = 0.5  # of what looks say, by which they may be wrong themselves
LEAST = 1.0  # Hz, by which they are off; those of nearly silent neurons are no figure


class DrivenRates:
    """Looks, now and then, at the currents of such neurons, and at what rates they have by them.

    Where it is not known what a node gives, gains and biases are fitted to other currents than
    these, or not at all. A filtered current is the neuron's gain times what drives it. Neurons
    that others' spikes alone drive are left out: rates at currents that fluctuate are others than
    those at each of them. Where a decoded value comes beside the spikes, it is most of the current.

    A few looks say nothing of events that are shorter than the time between two. How far the rates
    that they give are from those that the chip's neurons had shows how much they are worth: what
    they say of the CPU's counts where it is more than twice as much.

    Parameters
    ----------
    shown : list of Watched
        Of `driven_rates`.
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

    def warn(self, n_steps: int) -> None:
        """Warn of each ensemble whose rates were off by more than 6 %, on average.

        Parameters
        ----------
        n_steps : int
            Of the run.
        """
        found: List[ChipWarning] = []
        for of, (cpu, chip, looks) in zip(self.shown, self.sums):
            wrong = abs(chip / looks - of.current.fired() / (n_steps * self.dt))
            if wrong * looks > WORTH * abs(chip - cpu):
                continue
            if abs(chip - cpu) <= WORTH_A_WARNING * cpu or abs(chip - cpu) <= LEAST * looks:
                continue
            what = (
                f"by what its neurons were given they fire {100 * abs(chip / cpu - 1):.0f} % too "
                f"{'fast' if chip > cpu else 'slow'}, {chip / looks:.0f} Hz on average for the "
                f"CPU's {cpu / looks:.0f}: their rates are not fitted to that"
            )
            if of.by_nodes:
                found.append(ChipWarning(of.name, RULE_OF_RATES, what, SAY_OR_CHANGE))
            else:
                found.append(ChipWarning(of.name, RULE_OF_RATES, what, CHANGE))
        warn_of_all(found)


def driven_rates(rewritten: Rewritten, neurons: Callable[[Any], Any], dt: float) -> DrivenRates:
    """Of ensembles into whose neurons values go, or spikes beside a value that they represent.

    Parameters
    ----------
    rewritten : Rewritten
    neurons : callable
        As for `watched`.
    dt : float
        Step in seconds.
    """
    into: Dict[Any, List[Any]] = {}
    encoded = set()
    for conn in rewritten.network.all_connections:
        if isinstance(conn.post_obj, Neurons):
            into.setdefault(base_of(conn.post), []).append(conn.pre_obj)
        elif isinstance(conn.post_obj, nengo.Ensemble):
            encoded.add(conn.post_obj)
    found = [
        fitted
        for fitted in fitted_ensembles(rewritten)
        if fitted.ens in into
        and (
            fitted.ens in encoded
            or not any(isinstance(source, Neurons) for source in into[fitted.ens])
        )
    ]
    shown = [
        watched(fitted, neurons)._replace(
            by_nodes=fitted.ens not in encoded  # which no pilot run fits
            and any(isinstance(source, nengo.Node) for source in into[fitted.ens])
        )
        for fitted in found
    ]
    return DrivenRates(shown, dt)
