"""Chosen values put into neurons: membrane voltages, currents, and spikes at chosen times.

Voltages and currents are set by the simulator that runs the network, `deploy.Simulator` and
`deploy.run` on every target, at the step that was asked for. They are kept with the network, as
a setting of its ensembles. Spikes are ordinary Nengo objects.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import nengo
import numpy as np
from nengo.dists import Choice
from nengo.exceptions import ValidationError
from nengo.params import NdarrayParam

from loihi_rules.nengo_parts.settings import declare

SETTING = "injections"
Values = Union[float, Sequence[float], np.ndarray]


@dataclass(frozen=True)
class Injection:
    """Values for the neurons of one ensemble.

    Attributes
    ----------
    voltage : (n_neurons,) ndarray or None
        In thresholds: what `nengo.LIF` calls voltage, 1 being a spike.
    input_current : (n_neurons,) ndarray or None
        Normalised, J, added to what the neurons get: a LIF neuron fires above 1.
    begin, end : float
        Seconds: a voltage is set at ``begin``, before the next step; a current is there from
        ``begin`` to ``end``, ∞ for the rest of the run.
    """

    voltage: Optional[np.ndarray]
    input_current: Optional[np.ndarray]
    begin: float
    end: float


def inject(
    ensemble: nengo.Ensemble,
    voltage: Optional[Values] = None,
    input_current: Optional[Values] = None,
    at: Union[float, Tuple[float, float]] = 0.0,
) -> Injection:
    """Put chosen voltages or currents into neurons; call it where the network is built.

    On the CPU a voltage is written into Nengo's own signal, to the bit. On the emulators it
    becomes the compartment's integer, and a current its bias; how far rounding is off is in
    the run's changes. A board has no way to set them, and refuses.

    Parameters
    ----------
    ensemble : nengo.Ensemble
    voltage, input_current : float or (n_neurons,) array_like, optional
        See `Injection`.
    at : float or (float, float)
        When: seconds of model time, 0 for before the run; for a current also from when to when.

    Returns
    -------
    Injection

    Raises
    ------
    nengo.exceptions.ValidationError
        If there is nothing to inject, a value is not finite or of another size than the
        ensemble, the times are not times, or no network is being built.
    """
    if voltage is None and input_current is None:
        raise ValidationError("give a voltage or an input_current", "voltage", ensemble)
    begin, end = at if isinstance(at, (tuple, list)) else (at, np.inf)
    if not (np.isfinite(begin) and begin >= 0 and end > begin):
        raise ValidationError(f"times go from 0 upwards, not {at!r}", "at", ensemble)
    if voltage is not None and "voltage" not in type(ensemble.neuron_type).state:
        name = type(ensemble.neuron_type).__name__
        raise ValidationError(f"{name} neurons have no voltage", "voltage", ensemble)
    if not nengo.Network.context:
        raise ValidationError("call it within the network: with network: inject(…)", "ensemble")
    network = nengo.Network.context[0]
    made = Injection(
        _values(ensemble, voltage, "voltage"),
        _values(ensemble, input_current, "input_current"),
        float(begin),
        float(end),
    )
    declare(network, nengo.Ensemble, SETTING)
    before = network.config[ensemble].injections or ()
    network.config[ensemble].injections = (*before, made)
    return made


def _values(ensemble: nengo.Ensemble, given: Any, name: str) -> Optional[np.ndarray]:
    if given is None:
        return None
    values = np.asarray(given, float)
    if values.ndim == 0:
        values = np.full(ensemble.n_neurons, float(values))
    if values.shape != (ensemble.n_neurons,):
        raise ValidationError(
            f"one value, or one for each of the {ensemble.n_neurons} neurons, not {values.shape}",
            name,
            ensemble,
        )
    if not np.all(np.isfinite(values)):
        raise ValidationError("values must be finite numbers", name, ensemble)
    return values


def injections_of(network: nengo.Network) -> Dict[nengo.Ensemble, Tuple[Injection, ...]]:
    """What is injected into which ensembles of a network."""
    if SETTING not in network.config[nengo.Ensemble].extra_params:
        return {}
    found = {ens: network.config[ens].injections for ens in network.all_ensembles}
    return {ens: given for ens, given in found.items() if given}


class SpikeTimes(nengo.Process):
    """Spikes at chosen times, 1 / dt high for the step in which they fall.

    Parameters
    ----------
    times : (n_spikes,) array_like
        Seconds, not negative. A spike at t is in the step that ends at t, or first after it.
    neurons : (n_spikes,) array_like of int
        Which line each is on, from 0.
    size_out : int
        Number of lines.
    """

    times = NdarrayParam("times", shape=("*",))
    neurons = NdarrayParam("neurons", shape=("*",), dtype=np.int64)

    def __init__(self, times: Any, neurons: Any, size_out: int):
        self.times = np.asarray(times, float)
        self.neurons = np.asarray(neurons)
        if self.times.shape != self.neurons.shape:
            raise ValidationError("one neuron for each time", "neurons", self)
        if self.times.size and not (np.all(np.isfinite(self.times)) and self.times.min() >= 0):
            raise ValidationError("times must be finite and not negative", "times", self)
        if self.neurons.size and not 0 <= self.neurons.min() <= self.neurons.max() < size_out:
            raise ValidationError(f"neurons go from 0 to {size_out - 1}", "neurons", self)
        super().__init__(default_size_in=0, default_size_out=size_out)

    def make_step(self, shape_in: Any, shape_out: Any, dt: float, rng: Any, state: Any) -> Any:
        """See `nengo.Process.make_step`."""
        # a time that is a step, but for the last bits of its quotient, is that step
        steps = np.maximum(1, np.ceil(self.times / dt - 1e-6).astype(np.int64))
        order = np.argsort(steps, kind="stable")
        steps, lines = steps[order], self.neurons[order]

        def spikes(t: float) -> np.ndarray:
            first, end = np.searchsorted(steps, [round(t / dt), round(t / dt) + 1])
            out = np.zeros(shape_out)
            np.add.at(out, lines[first:end], 1 / dt)
            return out

        return spikes


def inject_spikes(
    target: nengo.Ensemble,
    times: Any,
    neurons: Any,
    weight: float = 1.0,
    synapse: Optional[float] = 0.005,
    label: str = "spike source",
) -> nengo.Ensemble:
    """Give chosen neurons of an ensemble spikes at exact times.

    The spikes are those of source neurons on the host, one for each neuron of the target, which
    fire in the step that was asked for and no other. They go to the chip as spikes.

    Parameters
    ----------
    target : nengo.Ensemble
    times, neurons
        As for `SpikeTimes`; neurons of the target.
    weight : float
        Of each spike: filtered, it adds a current of this area, J · s, times the neuron's gain.
    synapse : float or None
        Time constant of its filter, s.
    label : str

    Returns
    -------
    nengo.Ensemble
        The source; probe its neurons to see the spikes.
    """
    n = target.n_neurons
    lines = nengo.Node(SpikeTimes(times, neurons, n), label=f"{label}, times")
    declare(nengo.Network.context[0], nengo.Ensemble, "on_chip")
    source = nengo.Ensemble(
        n,
        1,
        neuron_type=nengo.SpikingRectifiedLinear(initial_state={"voltage": Choice([0.25])}),
        gain=np.ones(n),
        bias=np.zeros(n),
        encoders=np.ones((n, 1)),
        label=label,
    )
    nengo.Network.context[0].config[source].on_chip = False
    nengo.Connection(lines, source.neurons, synapse=None)
    nengo.Connection(source.neurons, target.neurons, transform=weight, synapse=synapse)
    return source


def read_spikes(path: Union[str, Path]) -> Tuple[np.ndarray, np.ndarray]:
    """Times and neurons from a text file: ``seconds,neuron`` on each line.

    Parameters
    ----------
    path : str or pathlib.Path
        A heading, empty lines and lines that begin with # are passed over.

    Returns
    -------
    times : (n_spikes,) ndarray of float
    neurons : (n_spikes,) ndarray of int

    Raises
    ------
    ValueError
        With file and line, if a line is not of that form.
    OSError
        If the file cannot be read.
    """
    times: List[float] = []
    neurons: List[int] = []
    with open(path, newline="", encoding="utf-8-sig") as stream:
        for number, row in enumerate(csv.reader(stream), start=1):
            if not row or row[0].lstrip().startswith("#"):
                continue
            try:
                time, neuron = float(row[0]), int(row[1])
            except (ValueError, IndexError):
                if number == 1:
                    continue  # a heading
                raise ValueError(
                    f"{path}:{number}: each line is seconds,neuron, not {','.join(row)!r}"
                ) from None
            times.append(time)
            neurons.append(neuron)
    return np.array(times), np.array(neurons, np.int64)
