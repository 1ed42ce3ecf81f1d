"""Setting voltages and currents of neurons while a network runs; see `loihi_rules.inject`."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Protocol, Tuple

import nengo
import numpy as np
from nengo.exceptions import SignalError

from loihi_rules.blocks.injection import Injection, injections_of
from loihi_rules.change import Change
from loihi_rules.nengo_parts.names import name_of

RULE = "injected values"


class Settable(Protocol):
    """Neurons whose voltages and currents can be set: `CoreNeurons`, `ChipNeurons`.

    Attributes
    ----------
    where : str
        What is set, in words.
    voltage_error, current_error : float
        The largest that rounding made so far: in thresholds, normalised.
    """

    where: str
    voltage_error: float
    current_error: float

    def set_voltage(self, values: np.ndarray) -> None:
        """In thresholds."""

    def add_current(self, values: np.ndarray) -> None:
        """Normalised; added to the bias."""


class CoreNeurons:
    """Neurons that Nengo core runs.

    Parameters
    ----------
    simulator : nengo.Simulator
    ens : nengo.Ensemble
    """

    def __init__(self, simulator: Any, ens: nengo.Ensemble):
        sig, signals = simulator.model.sig[ens.neurons], simulator.signals
        self._voltage = signals[sig["voltage"]] if "voltage" in sig else None
        self._bias = signals[sig["bias"]] if "bias" in sig else None
        self.where = "in Nengo's own signals"
        self.voltage_error = self.current_error = 0.0

    def set_voltage(self, values: np.ndarray) -> None:
        """In thresholds."""
        if self._voltage is None:
            raise SignalError("these neurons have no voltage")
        self._voltage[...] = values

    def add_current(self, values: np.ndarray) -> None:
        """Normalised; added to the bias."""
        array = self._bias
        if array is None:
            raise SignalError("these neurons have no bias")
        array.setflags(write=True)  # Nengo marks what it does not change itself
        array[...] += values
        array.setflags(write=False)


class Injections:
    """What is set when, in steps.

    Parameters
    ----------
    network : nengo.Network
        That runs.
    dt : float
        Step in seconds.
    neurons : callable
        Takes an ensemble; gives `CoreNeurons` or `ChipNeurons`.
    """

    def __init__(
        self,
        network: Optional[nengo.Network],
        dt: float,
        neurons: Callable[[nengo.Ensemble], Settable],
    ):
        self._due: Dict[int, List[Tuple[nengo.Ensemble, Injection, bool]]] = {}
        self._neurons: Dict[nengo.Ensemble, Settable] = {}
        if network is None:
            return
        for ens, given in injections_of(network).items():
            self._neurons[ens] = neurons(ens)
            for injection in given:
                self._add(round(injection.begin / dt), ens, injection, True)
                if injection.input_current is not None and np.isfinite(injection.end):
                    self._add(round(injection.end / dt), ens, injection, False)

    def _add(self, step: int, ens: nengo.Ensemble, injection: Injection, begins: bool) -> None:
        self._due.setdefault(step, []).append((ens, injection, begins))

    def next_after(self, step: int, end: int) -> int:
        """The next step, after ``step``, before which something is set; or ``end``."""
        return min([due for due in self._due if step < due < end], default=end)

    def apply(self, step: int) -> None:
        """Set what is due before the step after ``step``."""
        for ens, injection, begins in self._due.pop(step, ()):
            target = self._neurons[ens]
            if begins and injection.voltage is not None:
                target.set_voltage(injection.voltage)
            if injection.input_current is not None:
                target.add_current(injection.input_current * (1 if begins else -1))

    def changes(self) -> Tuple[Change, ...]:
        """A change for each ensemble, with the rounding so far."""
        changes: List[Change] = []
        for ens, target in self._neurons.items():
            off = ""
            if target.voltage_error or target.current_error:
                off = (
                    f"; voltages within {target.voltage_error:.2g} thresholds, currents within "
                    f"{target.current_error:.2g}"
                )
            changes.append(
                Change(
                    name_of(ens),
                    RULE,
                    "chosen voltages or currents",
                    f"set {target.where}{off}",
                    "you asked for them; a board has no way to set them",
                )
            )
        return tuple(changes)
