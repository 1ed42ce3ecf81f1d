"""What a run says of neurons' rates at values beyond the radius, where these were reached."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Set

import nengo
import numpy as np
from nengo.ensemble import Neurons

from deploy.nengo_loihi.read.mean_rates import fitted_ensembles, mean_rates
from loihi_rules import Rewritten
from loihi_rules.change import ChipWarning, warn_of_all
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.wiring import base_of
from loihi_rules.passes.chip.rates import RULE_OF_RATES, WORTH_A_WARNING

BEYOND = 1.05  # radii; up to 1 gains and biases are fitted, and said of when that is built


class Shown(NamedTuple):
    """An ensemble on the chip whose spikes somebody sees.

    Attributes
    ----------
    ens : nengo.Ensemble
        In the network that runs.
    own : nengo.neurons.NeuronType
        The user's.
    built : nengo.builder.ensemble.BuiltEnsemble
        On the CPU.
    values : (dimensions, n_neurons) ndarray
        From what drives the neurons to the value in radii, in least squares.
    """

    ens: nengo.Ensemble
    own: nengo.neurons.NeuronType
    built: Any
    values: np.ndarray


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
    rewritten : Rewritten
    neurons : callable
        Ensembles to their `deploy.nengo_loihi.read.chip_neurons.ChipNeurons`.
    dt : float
        Step in seconds.
    """

    def __init__(self, rewritten: Rewritten, neurons: Callable[[Any], Any], dt: float):
        self.neurons, self.dt = neurons, dt
        self.shown = _shown(rewritten)
        self.found: Dict[nengo.Ensemble, Reached] = {}

    def look(self) -> None:
        """At what the ensembles are given in this step."""
        for ens, own, built, values in self.shown:
            driven = self.neurons(ens).current() / np.where(ens.gain == 0, 1.0, ens.gain)
            if np.abs(driven).max() <= BEYOND:
                continue
            value = values @ driven
            radii = float(np.linalg.norm(value))
            if radii <= BEYOND:
                continue
            reached = Reached(radii, *mean_rates(ens, own, built, built.encoders @ value, self.dt))
            if ens not in self.found or abs(reached.off) > abs(self.found[ens].off):
                self.found[ens] = reached

    def warn(self) -> None:
        """Warn of each ensemble whose rates were off by more than 6 %."""
        found: List[ChipWarning] = []
        for ens, reached in self.found.items():
            percent, way = 100 * abs(reached.off), "fast" if reached.off > 0 else "slow"
            what = (
                f"it is given {reached.radii:.3g} radii, where its neurons fire {percent:.0f} % "
                f"too {way}, {reached.chip:.0f} Hz on average for the CPU's {reached.cpu:.0f}: "
                "their rates are fitted to values within the radius"
            )
            way_out = f"give it a radius of {reached.radii * ens.radius:.2g}, if its rates matter"
            if abs(reached.off) > WORTH_A_WARNING:
                found.append(ChipWarning(name_of(ens), RULE_OF_RATES, what, way_out))
        warn_of_all(found)


def _shown(rewritten: Rewritten) -> List[Shown]:
    """Ensembles whose neurons are probed, or connected to others, and that represent something."""
    network = rewritten.network
    ends = [probe.obj for probe in network.all_probes]
    ends += [conn.pre_obj for conn in network.all_connections]
    seen = {base_of(end) for end in ends if isinstance(end, Neurons)}
    driven: Set[Any] = {
        base_of(conn.post) for conn in network.all_connections if isinstance(conn.post_obj, Neurons)
    }
    return [
        Shown(ens, own, built, np.linalg.pinv(np.asarray(built.encoders)))
        for ens, own, built in fitted_ensembles(rewritten)
        if ens in seen - driven
    ]
