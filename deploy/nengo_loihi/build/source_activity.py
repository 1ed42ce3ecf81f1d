"""What the neurons before a decoded connection do while their ensembles represent something."""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any, Callable, Dict, List, Tuple

import nengo
import numpy as np

from loihi_rules.chip.rounding import Together, by_likeness, together
from loihi_rules.chip.tuning import cpu_rates, mean_chip_rates
from loihi_rules.solutions import content_of_array

POINTS = 300  # of what an ensemble represents,
POINTS_A_DIMENSION = 50  # or so many a dimension where it has more
BEYOND = (1.0, 2.0, 4.0, 1e6)  # times as large; at the last, neurons are silent or at their fastest


class Source:
    """Neurons before a synapse group, one for each of its rows of weights.

    Parameters
    ----------
    rates : (n_rows, n_points) ndarray
        Spikes a second on the chip, at points that their ensemble represents.
    drive_on : callable
        Gives the same in spikes a step, at these points and at larger values in their directions.

    Attributes
    ----------
    rates : (n_points, n_rows) ndarray
    driven : (n_driven, n_rows) ndarray
    """

    def __init__(self, rates: np.ndarray, drive_on: Callable[[], np.ndarray]):
        self.rates, self._drive_on = rates.T, drive_on

    @cached_property
    def driven(self) -> np.ndarray:
        return self._drive_on().T

    @cached_property
    def content(self) -> str:
        """By which two are the same."""
        return content_of_array(self.rates)

    @cached_property
    def order(self) -> np.ndarray:
        """(n_rows,) int; see `loihi_rules.chip.rounding.by_likeness`."""
        return by_likeness(self.rates.T)

    @cached_property
    def together(self) -> Tuple[Together, ...]:
        """How errors of the rows cancel; see `loihi_rules.chip.rounding.together`."""
        return together(self.rates.T @ self.rates, len(self.rates), float(self.rates.max()))


def decoded_sources(model: Any) -> Dict[Any, Source]:
    """The synapse groups of decoded connections, each with its `Source`.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Split into blocks that fit. Its ``decoded`` are ``(ensemble, group)``, of each decoded
        connection the group as it was before blocks were split.

    Returns
    -------
    dict of nengo_loihi.block.Synapse to Source
        Without the groups whose rows are not of one neuron each.
    """
    rates: Dict[Any, np.ndarray] = {}
    sources: Dict[Tuple[Any, bytes], Source] = {}  # groups of one ensemble share its order
    neurons = _neurons_of_rows(model)
    found = {}
    for ens, whole in model.decoded:
        if ens not in rates:
            built = model.params[ens]
            points = built.eval_points[: max(POINTS, POINTS_A_DIMENSION * ens.dimensions)]
            rates[ens] = _chip_rates(ens, built, points, model.dt)
        for synapse in getattr(whole, "parts", None) or [whole]:
            rows = neurons.get(synapse)
            if rows is None or len(rows) != len(synapse.weights) or (rows < 0).any():
                continue
            key = (ens, rows.tobytes())
            if key not in sources:
                drive_on = partial(_driven, ens, model.params[ens], rows, model.dt)
                sources[key] = Source(rates[ens][rows], drive_on)
            found[synapse] = sources[key]
    return found


def _driven(ens: nengo.Ensemble, built: Any, rows: np.ndarray, dt: float) -> np.ndarray:
    """(n_rows, n_driven) spikes a step, at values however large."""
    beyond = [_rates(ens, built, by * built.eval_points[:POINTS]) for by in BEYOND]
    return np.asarray((np.float32(dt) * np.hstack(beyond))[rows])


def _chip_rates(ens: nengo.Ensemble, built: Any, points: np.ndarray, dt: float) -> np.ndarray:
    """(n_neurons, n_points), with what whole steps take from them.

    Errors that cancel over other rates than the chip's do not cancel there: as fast neurons lose
    the most, what is left was a gain of 1.01 to 1.03, the more the smaller weights are.
    """
    current = built.gain * np.dot(points, built.encoders.T / ens.radius) + built.bias
    return np.asarray(mean_chip_rates(ens.neuron_type, current, dt).T, np.float32)


def _rates(ens: nengo.Ensemble, built: Any, points: np.ndarray) -> np.ndarray:
    """(n_neurons, n_points), by the tuning curves."""
    drive = np.dot(points, built.encoders.T / ens.radius)
    return np.asarray(cpu_rates(ens.neuron_type, drive, built.gain, built.bias).T, np.float32)


def _neurons_of_rows(model: Any) -> Dict[Any, np.ndarray]:
    """For each synapse group that axons of neurons lead to, each row's neuron in its ensemble."""
    rows: Dict[Any, List[Tuple[np.ndarray, np.ndarray]]] = {}
    for block in model.blocks:
        own = np.asarray(model.block_comp_map.get(block, range(block.n_neurons)))
        for axon in block.axons:
            compartments = np.arange(block.n_neurons)
            axons = np.asarray(axon.map_axon(compartments))
            linked = axons >= 0
            shared = axon.target.axon_to_weight_map
            ids = axons[linked] if shared is None else np.asarray(shared)[axons[linked]]
            rows.setdefault(axon.target, []).append((ids, own[compartments[linked]]))
    found = {}
    for synapse, parts in rows.items():
        neurons = np.full(len(synapse.weights), -1)
        for ids, members in parts:
            neurons[ids] = members
        found[synapse] = neurons
    return found
