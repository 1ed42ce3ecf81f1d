"""What a run says of what is decoded of ensembles at values beyond the radius."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NamedTuple

import nengo
import numpy as np

from deploy.nengo_loihi.read.mean_rates import Fitted, Watched, fitted_ensembles, watched
from deploy.nengo_loihi.read.reached_rates import BEYOND
from loihi_rules import Rewritten
from loihi_rules.change import ChipWarning, warn_of_all
from loihi_rules.chip.decoding import regularisation
from loihi_rules.chip.tuning import chip_rates
from loihi_rules.nengo_parts.solvers import solver_of_decoders
from loihi_rules.nengo_parts.wiring import base_of
from loihi_rules.passes.chip.rates import RULE_OF_RATES

MOST_WATCHED = 40  # ensembles; those that the host's values drive before others
MOST_POINTS = 500  # at which the CPU's decoders are solved for
MOST_FUNCTIONS = 4  # of an ensemble
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
            worst = max((_misfit(of, cpu, chip, k) for k in set(of.functions)), default=None)
            if worst is None or worst.share <= WORTH_A_WARNING:
                continue
            radii = float(np.linalg.norm(given, axis=1).max())
            what = (
                f"it is given up to {radii:.3g} radii, where "
                f"{'a function that' if worst.function else 'what'} is decoded of its neurons "
                f"comes to {worst.chip:.3g} for the CPU's {worst.cpu:.3g} (root mean square), "
                f"{100 * worst.share:.0f} % off{worst.of}: they are fitted to values within the "
                "radius"
            )
            way_out = f"give it a radius of {radii * of.radius:.2g}"
            said.append(ChipWarning(of.name, RULE_OF_RATES, what, way_out))
        warn_of_all(said)


class Misfit(NamedTuple):
    """How far off a function is that is decoded at values beyond the radius.

    Attributes
    ----------
    share : float
        Of its size: on the CPU beyond the radius, or, as it may vanish there, wanted within.
    function : int
        As in `Watched.functions`.
    cpu, chip : float
        Root mean square.
    of : str
        What it is a share of, if not of the CPU's.
    """

    share: float
    function: int
    cpu: float
    chip: float
    of: str


def _misfit(of: Watched, cpu: np.ndarray, chip: np.ndarray, function: int) -> Misfit:
    own = of.functions == function
    off, beyond, chips, within = (
        float(np.sqrt(np.mean(np.sum(each[:, own] ** 2, axis=1))))
        for each in (chip - cpu, cpu, chip, of.targets)
    )
    said = "" if beyond >= within else f" of {within:.3g} within the radius"
    share = off / (max(beyond, within) or 1.0)
    return Misfit(share, int(function), beyond, chips, said)


def _decoded(of: Watched, values: np.ndarray, dt: float) -> List[np.ndarray]:
    """(n_values, size) of what is decoded, on the CPU and on the chip."""

    def cpu_rates(given: np.ndarray) -> np.ndarray:
        return np.asarray(of.own.rates(given @ of.encoders.T, of.cpu_gain, of.cpu_bias))

    activities = cpu_rates(of.points)
    ridge = len(of.points) * (RIDGE * activities.max()) ** 2 * np.eye(len(of.points))
    cpu = activities.T @ np.linalg.solve(activities @ activities.T + ridge, of.targets)
    current = of.gain * (values @ of.encoders.T) + of.bias
    chip = chip_rates(of.neuron_type, current, dt) @ of.decoders
    return [cpu_rates(values) @ cpu, np.asarray(chip)]


def decoded_ensembles(
    rewritten: Rewritten, solved: Mapping[Any, Any], neurons: Callable[[Any], Any]
) -> List[Watched]:
    """Ensembles on the chip of which what they represent, or a function of it, is decoded.

    Parameters
    ----------
    rewritten : Rewritten
    solved : mapping of nengo.Connection to tuple
        What solvers gave: evaluation points, (size, n_neurons) decoders.
    neurons : callable
        As for `watched`.
    """
    decoders: Dict[nengo.Ensemble, Dict[Any, np.ndarray]] = {}
    for conn, (_, found, *_) in solved.items():
        ens, own = conn.pre_obj, np.asarray(found)
        learns = conn.learning_rule_type is not None
        if conn.pre is not ens or learns or not isinstance(ens, nengo.Ensemble):
            continue
        if conn.function is not None and not callable(conn.function):
            continue  # values at points of its own, and no others are known
        if conn.eval_points is not None or regularisation(solver_of_decoders(conn.solver)) is None:
            continue  # made of the CPU's own, beyond the radius too; these are not solved for here
        if own.shape == (conn.size_mid, ens.n_neurons) and own.size <= MOST_NUMBERS:
            of_ens = decoders.setdefault(ens, {})
            if len(of_ens) < MOST_FUNCTIONS:
                of_ens.setdefault(conn.function, own)
    network = rewritten.network
    by_host = {
        base_of(conn.post)
        for conn in network.all_connections
        if isinstance(conn.post_obj, nengo.Ensemble) and isinstance(conn.pre_obj, nengo.Node)
    }
    fitted = [each for each in fitted_ensembles(rewritten) if each.ens in decoders]
    fitted.sort(key=lambda each: each.ens not in by_host)
    return [_with_decoders(watched(e, neurons), e, decoders[e.ens]) for e in fitted[:MOST_WATCHED]]


def _with_decoders(of: Watched, fitted: Fitted, decoders: Mapping[Any, np.ndarray]) -> Watched:
    points = fitted.built.eval_points[:MOST_POINTS]
    targets = [
        points if function is None else np.array([np.ravel(function(x)) for x in points], float)
        for function in decoders
    ]
    return of._replace(
        points=points / of.radius,
        targets=np.concatenate(targets, axis=1),
        decoders=np.concatenate(list(decoders.values())).T,
        functions=np.repeat(
            [0 if function is None else k for k, function in enumerate(decoders, 1)],
            [target.shape[1] for target in targets],
        ),
    )
