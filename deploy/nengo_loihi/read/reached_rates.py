"""What a run says of neurons' rates at values beyond the radius, where these were reached."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple

import numpy as np
from nengo.ensemble import Neurons

from deploy.nengo_loihi.read.mean_rates import Watched, fitted_ensembles, mean_rates, watched
from loihi_rules import Rewritten
from loihi_rules.change import ChipWarning, warn_of_all
from loihi_rules.nengo_parts.wiring import base_of, driven_one_by_one
from loihi_rules.passes.chip.rates import RULE_OF_RATES, WORTH_A_WARNING

BEYOND = 1.05  # radii; up to 1 gains and biases are fitted, and said of when that is built


class Reached(NamedTuple):
    """Mean rates of an ensemble's neurons at a value that it was given.

    Attributes
    ----------
    radii : float
    cpu, chip : float
        Hz.
    """

    radii: float
    cpu: float
    chip: float

    @property
    def off(self) -> float:
        """By how much, as a share of the CPU's."""
        return self.chip / self.cpu - 1 if self.cpu else 0.0


class ReachedRates:
    """Looks, now and then, at what ensembles are given, and what that does to their rates.

    Gains and biases are fitted to values within the radius (`loihi_rules.passes.chip.rates`): the
    chip's rates beyond it are 5 to 20 % others. A filtered current is the neuron's gain times what
    drives it, from which the value follows.

    Parameters
    ----------
    shown : list of Watched
        Of `shown_ensembles`.
    dt : float
        Step in seconds.
    """

    def __init__(self, shown: List[Watched], dt: float):
        self.shown, self.dt = shown, dt
        # from what drives the neurons to the value in radii, in least squares
        self._values = [np.linalg.pinv(of.encoders) for of in shown]
        self.found: Dict[int, Reached] = {}  # by place in ``shown``

    def look(self) -> None:
        """At what the ensembles are given in this step."""
        for k, (of, values) in enumerate(zip(self.shown, self._values)):
            driven = of.drive()
            if np.abs(driven).max() <= BEYOND:
                continue
            value = values @ driven
            radii = float(np.linalg.norm(value))
            if radii <= BEYOND:
                continue
            reached = Reached(radii, *mean_rates(of, of.encoders @ value, self.dt))
            if k not in self.found or abs(reached.off) > abs(self.found[k].off):
                self.found[k] = reached

    def warn(self) -> None:
        """Warn of each ensemble whose rates were off by more than 6 %."""
        found: List[ChipWarning] = []
        for k, reached in self.found.items():
            of = self.shown[k]
            percent, way = 100 * abs(reached.off), "fast" if reached.off > 0 else "slow"
            what = (
                f"it is given {reached.radii:.3g} radii, where its neurons fire {percent:.0f} % "
                f"too {way}, {reached.chip:.0f} Hz on average for the CPU's {reached.cpu:.0f}: "
                "their rates are fitted to values within the radius"
            )
            way_out = f"give it a radius of {reached.radii * of.radius:.2g}, if its rates matter"
            if abs(reached.off) > WORTH_A_WARNING:
                found.append(ChipWarning(of.name, RULE_OF_RATES, what, way_out))
        warn_of_all(found)


def shown_ensembles(rewritten: Rewritten, neurons: Callable[[Any], Any]) -> List[Watched]:
    """Ensembles whose neurons are probed, or connected to others, and that represent something.

    Parameters
    ----------
    rewritten : Rewritten
    neurons : callable
        As for `watched`.
    """
    network = rewritten.network
    ends = [probe.obj for probe in network.all_probes]
    ends += [conn.pre_obj for conn in network.all_connections]
    seen = {base_of(end) for end in ends if isinstance(end, Neurons)} - driven_one_by_one(network)
    return [
        watched(fitted, neurons) for fitted in fitted_ensembles(rewritten) if fitted.ens in seen
    ]
