"""What a run says of what is decoded of ensembles at values beyond the radius."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping

import nengo
import numpy as np

from deploy.nengo_loihi.read.mean_rates import Watched, fitted_ensembles, watched
from deploy.nengo_loihi.read.reached_rates import BEYOND
from loihi_rules import Rewritten
from loihi_rules.change import ChipWarning, warn_of_all
from loihi_rules.chip.tuning import chip_rates
from loihi_rules.nengo_parts.wiring import base_of
from loihi_rules.passes.chip.rates import RULE_OF_RATES

MOST_WATCHED = 40  # ensembles; those that the host's values drive before others
MOST_POINTS = 500  # at which the CPU's decoders are solved for
MOST_NUMBERS = 1_000_000  # of an ensemble's decoders
MOST_KEPT = 200  # values, of those that were seen beyond the radius
WORTH_A_WARNING = 0.1  # of what the CPU decodes; other neurons there differ by 0.03
RIDGE = 0.1  # of the largest rate, as nengo.solvers.LstsqL2 has it


class ReachedValues:
    """Looks, now and then, at what ensembles are given, and what is decoded of that.

    Beyond the radius the chip's rates are others than the CPU's, and so is what its decoders make
    of them, also where nobody looks at the rates.

    Parameters
    ----------
    shown : list of Watched
        Of `decoded_ensembles`.
    dt : float
        Step in seconds.
    """

    def __init__(self, shown: List[Watched], dt: float):
        self.shown, self.dt = shown, dt
        self._values: Dict[int, np.ndarray] = {}  # from drives to values, by place in ``shown``
        self.found: Dict[int, List[np.ndarray]] = {}

    def look(self) -> None:
        """At what the ensembles are given in this step."""
        for k, of in enumerate(self.shown):
            driven = of.drive()
            if np.abs(driven).max() <= BEYOND:
                continue
            if k not in self._values:
                self._values[k] = np.linalg.pinv(of.encoders)
            value = self._values[k] @ driven
            if np.linalg.norm(value) > BEYOND:
                found = self.found.setdefault(k, [])
                found.append(value)
                if len(found) > MOST_KEPT:
                    del found[::2]

    def warn(self) -> None:
        """Warn of each ensemble of which something else is decoded than on the CPU."""
        said: List[ChipWarning] = []
        for k, values in self.found.items():
            of, given = self.shown[k], np.array(values)
            cpu, chip = _decoded(of, given, self.dt)
            size, off = (float(np.linalg.norm(each)) for each in (cpu, chip - cpu))
            if off <= WORTH_A_WARNING * size:
                continue
            each = [of.radius * np.sqrt(np.mean(np.sum(x**2, axis=1))) for x in (chip, cpu)]
            radii = float(np.linalg.norm(given, axis=1).max())
            what = (
                f"it is given up to {radii:.3g} radii, where what is decoded of its neurons comes "
                f"to {each[0]:.3g} for the CPU's {each[1]:.3g} (root mean square), "
                f"{100 * off / size:.0f} % off: they are fitted to values within the radius"
            )
            way_out = f"give it a radius of {radii * of.radius:.2g}"
            said.append(ChipWarning(of.name, RULE_OF_RATES, what, way_out))
        warn_of_all(said)


def _decoded(of: Watched, values: np.ndarray, dt: float) -> List[np.ndarray]:
    """(n_values, dimensions) in radii, on the CPU and on the chip."""

    def cpu_rates(given: np.ndarray) -> np.ndarray:
        return np.asarray(of.own.rates(given @ of.encoders.T, of.cpu_gain, of.cpu_bias))

    activities = cpu_rates(of.points)
    ridge = len(of.points) * (RIDGE * activities.max()) ** 2 * np.eye(len(of.points))
    cpu = activities.T @ np.linalg.solve(activities @ activities.T + ridge, of.points)
    current = of.gain * (values @ of.encoders.T) + of.bias
    chip = chip_rates(of.neuron_type, current, dt) @ of.decoders
    return [cpu_rates(values) @ cpu, np.asarray(chip)]


def decoded_ensembles(
    rewritten: Rewritten, solved: Mapping[Any, Any], neurons: Callable[[Any], Any]
) -> List[Watched]:
    """Ensembles on the chip of which what they represent is decoded, as it is.

    Parameters
    ----------
    rewritten : Rewritten
    solved : mapping of nengo.Connection to tuple
        What solvers gave: evaluation points, (size, n_neurons) decoders.
    neurons : callable
        As for `watched`.
    """
    decoders: Dict[nengo.Ensemble, np.ndarray] = {}
    for conn, (_, found, *_) in solved.items():
        ens = conn.pre_obj
        plain = conn.pre is ens and conn.function is None and conn.learning_rule_type is None
        if plain and isinstance(ens, nengo.Ensemble):
            own = np.asarray(found)
            if own.shape == (ens.dimensions, ens.n_neurons) and own.size <= MOST_NUMBERS:
                decoders.setdefault(ens, own)
    network = rewritten.network
    by_host = {
        base_of(conn.post)
        for conn in network.all_connections
        if isinstance(conn.post_obj, nengo.Ensemble) and isinstance(conn.pre_obj, nengo.Node)
    }
    fitted = [each for each in fitted_ensembles(rewritten) if each.ens in decoders]
    fitted.sort(key=lambda each: each.ens not in by_host)
    return [
        watched(each, neurons)._replace(
            points=each.built.eval_points[:MOST_POINTS] / each.ens.radius,
            decoders=decoders[each.ens].T / each.ens.radius,
        )
        for each in fitted[:MOST_WATCHED]
    ]
