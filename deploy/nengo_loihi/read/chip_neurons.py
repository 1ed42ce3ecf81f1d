"""The state of neurons on the emulated chip, read and set in Nengo's units."""

from __future__ import annotations

from typing import Any, Callable, Dict

import nengo
import numpy as np

from deploy.nengo_loihi.read.units import current_unit
from loihi_rules.chip.limits import LOIHI


class ChipNeurons:
    """Neurons that the chip's emulator runs, in its own units.

    A voltage v is set to ``round(v · v_th)``; a current J is added to the bias as
    ``J ÷ current_unit``, rounded to a bias that the chip has, m · 2^e with 12 bits for m.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    ens : nengo.Ensemble
    state : callable
        Takes a block and one of ``"voltage"``, ``"current"``, ``"spiked"``, ``"ref_count"`` and
        ``"bias"``; gives the emulator's (n,) array, to be written.
    dt : float
        Step in seconds.
    integer : bool
    """

    def __init__(
        self,
        model: Any,
        ens: nengo.Ensemble,
        state: Callable[[Any, str], np.ndarray],
        dt: float,
        integer: bool,
    ):
        blocks = model.objs[ens]["in"]
        blocks = blocks if isinstance(blocks, list) else [blocks]
        every = range(ens.n_neurons)
        whole = len(blocks) == 1
        self._parts = [(b, list(every if whole else model.block_comp_map[b])) for b in blocks]
        self._state = state
        self._asked = {b: state(b, "bias").astype(float) for b in blocks}  # without rounding
        self._amplitude = float(getattr(ens.neuron_type, "amplitude", 1.0))
        self._n, self._dt, self._integer = ens.n_neurons, dt, integer
        self.where = "as the chip's integers" if integer else "in the compartments' unit"
        self.voltage_error = self.current_error = 0.0

    # ---------------------------------------------------------------------- reading

    def voltage(self) -> np.ndarray:
        """(n,) in thresholds."""
        return self.each(lambda block: self._state(block, "voltage") / _threshold(block))

    def refractory_time(self) -> np.ndarray:
        """(n,) what is left of it, in seconds; 0 where a neuron is free.

        Nengo sets it to τ_ref + dt at a spike, takes dt off before each step, and holds a neuron
        for as long as dt or more is left (`nengo.LIF.step`): dt more than the steps that the
        chip still holds it.
        """
        left = self.each(lambda block: self._state(block, "ref_count"))
        return np.where(left > 0, (left + 1) * self._dt, 0.0)

    def input(self) -> np.ndarray:
        """(n,) normalised input current J, the bias with it."""
        total: np.ndarray = self.current() + self.bias()
        return total

    def current(self) -> np.ndarray:
        """(n,) of it what comes from synapses."""
        return self.each(lambda b: self._state(b, "current") * self._unit(b))

    def bias(self) -> np.ndarray:
        """(n,) of it what is there at each step."""
        return self.each(lambda b: self._state(b, "bias") * self._unit(b))

    def asked_bias(self) -> np.ndarray:
        """(n,) of it what was set last, before it was rounded; where it was cut, what there is."""

        def of(block: Any) -> np.ndarray:
            asked, biases = self._asked[block], self._state(block, "bias")
            cut = np.abs(biases - asked) > np.spacing(np.abs(asked)) + bias_step(asked) / 2
            return np.asarray(np.where(cut, biases, asked) * self._unit(block))

        return self.each(of)

    def spikes(self) -> np.ndarray:
        """(n,) amplitude ÷ dt where a neuron spiked in the last step, else 0."""
        return self.each(lambda b: self._state(b, "spiked")) * (self._amplitude / self._dt)

    def fired(self) -> np.ndarray:
        """(n,) how often each has spiked so far; of the fast engine."""
        return self.each(lambda b: self._state(b, "spike_count"))

    def unit(self) -> np.ndarray:
        """(n,) what one of the chip's units of current is, normalised."""
        return self.each(self._unit)

    def each(self, of: Callable[[Any], np.ndarray]) -> np.ndarray:
        """(n,) what a function gives of the neurons' blocks."""
        values = np.zeros(self._n)
        for block, part in self._parts:
            values[part] = of(block)
        return values

    def _unit(self, block: Any) -> np.ndarray:
        return current_unit(block.compartment, self._dt)

    # ---------------------------------------------------------------------- setting

    def set_voltage(self, values: np.ndarray) -> None:
        """In thresholds."""
        for block, part in self._parts:
            threshold = _threshold(block)
            wanted = values[part] * threshold
            if self._integer:
                most = 2**LOIHI.voltage_bits - 1
                wanted = np.rint(wanted).clip(-most, most)
            self._state(block, "voltage")[...] = wanted
            error = np.abs(wanted / threshold - values[part]).max(initial=0.0)
            self.voltage_error = max(self.voltage_error, float(error))

    def set_refractory_time(self, values: np.ndarray) -> None:
        """In seconds, to whole steps; see `refractory_time`."""
        steps = np.rint(values / self._dt) - 1
        for block, part in self._parts:
            self._state(block, "ref_count")[...] = steps[part].clip(0, LOIHI.refractory_steps[1])

    def add_current(self, values: np.ndarray) -> None:
        """Normalised; added to the bias."""
        self._ask(
            {block: self._asked[block] + values[p] / self._unit(block) for block, p in self._parts}
        )

    def set_bias(self, values: np.ndarray) -> None:
        """Normalised."""
        self._ask({block: values[part] / self._unit(block) for block, part in self._parts})

    def _ask(self, biases: Dict[Any, np.ndarray]) -> None:
        for block, asked in biases.items():
            self._asked[block] = wanted = asked
            if self._integer:
                wanted = nearest_bias(wanted)
            self._state(block, "bias")[...] = wanted
            error = np.abs((wanted - asked) * self._unit(block)).max(initial=0.0)
            self.current_error = max(self.current_error, float(error))


def first_voltages(ens: nengo.Ensemble, seed: int) -> np.ndarray:
    """(n,) voltages in thresholds that Nengo gives neurons at the start.

    The very numbers of Nengo core, which draws from a generator of the ensemble's seed + 1
    (``nengo/builder/neurons.py``, ``build_neurons``).
    """
    rng = np.random.RandomState(seed + 1)
    state: Dict[str, np.ndarray] = ens.neuron_type.make_state(ens.n_neurons, rng=rng)
    return np.asarray(state.get("voltage", np.zeros(ens.n_neurons)), float)


def _threshold(block: Any) -> np.ndarray:
    return np.asarray(block.compartment.vth.astype(float))


def nearest_bias(bias: np.ndarray) -> np.ndarray:
    """The nearest biases that the chip has, m · 2^e with |m| < 2^12 and e from 0 to 7."""
    most, step = 2**LOIHI.bias_mantissa_bits - 1, bias_step(bias)
    return np.asarray(np.rint(bias / step).clip(-most, most) * step)


def bias_step(bias: np.ndarray) -> np.ndarray:
    """2^e of the nearest biases; see `nearest_bias`."""
    most = 2**LOIHI.bias_mantissa_bits - 1
    exponent = np.ceil(np.log2(np.maximum(np.abs(bias) / most, 1)))
    return np.asarray(2 ** np.minimum(exponent, LOIHI.bias_exponent))
