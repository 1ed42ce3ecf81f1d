"""Setting voltages and currents of neurons while a network runs; see `loihi_rules.inject`."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

import nengo
import numpy as np
from nengo.exceptions import SignalError

from deploy.targets.units import current_unit
from loihi_rules.change import Change, name_of
from loihi_rules.chip import LOIHI
from loihi_rules.injection import Injection, injections_of

RULE = "injected values"


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


class ChipNeurons:
    """Neurons that the chip's emulator runs, in its own units.

    A voltage v is set to ``round(v · v_th)``; a current J is added to the bias as
    ``J ÷ current_unit``, rounded to a bias that the chip has, m · 2^e with 12 bits for m.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    ens : nengo.Ensemble
    voltages, biases : callable
        Give the emulator's arrays of a block, to be written.
    dt : float
        Step in seconds.
    integer : bool
    """

    def __init__(
        self,
        model: Any,
        ens: nengo.Ensemble,
        voltages: Callable[[Any], np.ndarray],
        biases: Callable[[Any], np.ndarray],
        dt: float,
        integer: bool,
    ):
        blocks = model.objs[ens]["in"]
        blocks = blocks if isinstance(blocks, list) else [blocks]
        every = range(ens.n_neurons)
        whole = len(blocks) == 1
        self._parts = [(b, list(every if whole else model.block_comp_map[b])) for b in blocks]
        self._voltages, self._biases = voltages, biases
        self._asked = {b: biases(b).astype(float) for b in blocks}  # without rounding
        self._dt, self._integer = dt, integer
        self.where = "as the chip's integers" if integer else "in the compartments' unit"
        self.voltage_error = self.current_error = 0.0

    def set_voltage(self, values: np.ndarray) -> None:
        """In thresholds."""
        for block, part in self._parts:
            threshold = block.compartment.vth.astype(float)
            wanted = values[part] * threshold
            if self._integer:
                most = 2**LOIHI.voltage_bits - 1
                wanted = np.rint(wanted).clip(-most, most)
            self._voltages(block)[...] = wanted
            error = np.abs(wanted / threshold - values[part]).max(initial=0.0)
            self.voltage_error = max(self.voltage_error, float(error))

    def add_current(self, values: np.ndarray) -> None:
        """Normalised; added to the bias."""
        for block, part in self._parts:
            unit = current_unit(block.compartment, self._dt)
            self._asked[block] += values[part] / unit
            wanted = self._asked[block]
            if self._integer:
                wanted = nearest_bias(wanted)
            self._biases(block)[...] = wanted
            error = np.abs((wanted - self._asked[block]) * unit).max(initial=0.0)
            self.current_error = max(self.current_error, float(error))


def nearest_bias(bias: np.ndarray) -> np.ndarray:
    """The nearest biases that the chip has, m · 2^e with |m| < 2^12 and e from 0 to 7."""
    most = 2**LOIHI.bias_mantissa_bits - 1
    exponent = np.ceil(np.log2(np.maximum(np.abs(bias) / most, 1)))
    exponent = np.minimum(exponent, LOIHI.bias_exponent)
    return np.asarray(np.rint(bias / 2**exponent).clip(-most, most) * 2**exponent)


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

    def __init__(self, network: Any, dt: float, neurons: Callable[[nengo.Ensemble], Any]):
        self._due: Dict[int, List[Tuple[Any, Injection, bool]]] = {}
        self.changes: List[Change] = []
        self._neurons: Dict[nengo.Ensemble, Any] = {}
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

    def told(self) -> Tuple[Change, ...]:
        """A change for each ensemble, with the rounding so far."""
        changes = []
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
