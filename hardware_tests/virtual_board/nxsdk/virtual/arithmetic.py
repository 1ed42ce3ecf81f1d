"""A step of the chip.

Written from Davies et al. (2018), IEEE Micro 38(1), 82-99: two decays of 12 bits, a threshold, a
refractory time, and learning by sums of products; widths, the +1 of the current's decay and what
the fixed point of learning keeps are from the comments of nengo-loihi's
``builder/discretize.py``, and the refractory count in the voltage's register from what its
``nengo_io.c.template`` reads as a spike.
"""

from __future__ import annotations

from typing import Any, List

import numpy as np

from nxsdk.virtual.dice import Dice, Draws
from nxsdk.virtual.microcode import Product
from nxsdk.virtual.network import Arrival, BoardFault, LearningCore, Network
from nxsdk.virtual.silicon import Silicon

INPUT_BITS, CURRENT_BITS = 21, 23  # without sign
TRACE_MAX = 127
LEARNING_BITS, FACTOR_BITS, SCALE_BITS = 15, 7, 3  # of the accumulator, a trace, a scale
LEARNING_FRACTION = 7  # bits of a weight below its lowest, while it learns
REFRACTORY_UNIT = 128  # of the count that the voltage's register holds

# nengo_learn writes these; the order is that of `PostTraceEntry` in nxsdk.h
POST_STATE = np.dtype(
    [
        *((name, np.uint8) for name in ("Yspike0", "Yspike1", "Yspike2")),
        *((name, np.uint8) for name in ("Yepoch0", "Yepoch1", "Yepoch2")),
        *((name, np.uint8) for name in ("Tspike", "TraceProfile", "StdpProfile")),
    ]
)


class Chips:
    """All chips of a board in motion.

    Parameters
    ----------
    network : Network
    dice : Dice
    silicon : Silicon

    Attributes
    ----------
    current, voltage, refractory : (n,) ndarray
        Of each compartment; refractory counts the steps that are left, with this one.
    spiked : (n,) ndarray of bool
    post : (n_cores, 1024) ndarray of POST_STATE
    mantissa : (n_synapses,) ndarray
        Of the weights, as learnt.
    lost : int
        Spikes that came to a trace which had one already in its epoch.
    """

    def __init__(self, network: Network, dice: Dice, silicon: Silicon):
        n = int(network.core_start[-1])
        self.network, self._dice, self._silicon = network, dice, silicon
        self.current = network.compartments.first_current.copy()
        self.voltage = network.compartments.first_voltage.copy()
        self.refractory = np.zeros(n, np.int64)
        self.spiked = np.zeros(n, bool)
        self.mantissa = network.synapses.mantissa.copy()
        self._weight = _weights(self.mantissa, network.synapses.exponent)
        self._trace = np.zeros(network.n_traces, np.int64)
        self._pending = np.zeros(network.n_traces, bool)
        self.lost = 0
        self.post = np.zeros(network.place.shape, POST_STATE)
        for k, core in enumerate(network.cores):
            size = core.stdpPostState.size
            self.post["StdpProfile"][k] = core.stdpPostState.column("stdpProfile", size)
            self.post["TraceProfile"][k] = core.stdpPostState.column("traceProfile", size)
        self._draws = Draws([], [], np.zeros(n, np.int64))
        # of what comes in the steps ahead, by the step it comes in, round and round
        self._ahead = np.zeros((int(network.synapses.delay.max(initial=0)) + 1, n), np.int64)

    # -------------------------------------------------------------------- spiking

    def spike(self, t: int, arrivals: List[Arrival]) -> None:
        """The spiking phase of step t, with spikes that come from outside."""
        self._draws = self._dice.draw(t)
        c = self.network.compartments
        given = self._due(t, self._delivered(t, arrivals))
        noise = np.where(
            c.noisy,
            np.trunc((self._draws.noise + c.noise_offset) * 2.0 ** (c.noise_exponent - 7)),
            0,
        ).astype(np.int64)
        given = wrapped(given + np.where(c.noise_at_voltage, 0, noise), INPUT_BITS)
        kept = decayed(self.current, 4095 - c.decay_u)
        self.current = wrapped(kept + given, CURRENT_BITS)
        drive = wrapped(
            self.current + c.bias + np.where(c.noise_at_voltage, noise, 0), CURRENT_BITS
        )
        self.refractory = np.maximum(self.refractory - 1, 0)
        total = decayed(self.voltage, 4096 - c.decay_v) + drive
        total = wrapped(total, int(self._silicon.voltage_width))
        voltage = np.clip(total, c.lowest, c.highest)
        voltage[self.refractory > 0] = 0
        self.spiked = voltage > c.threshold
        voltage[self.spiked] = 0
        self.voltage = voltage
        self.refractory[self.spiked] = c.refractory[self.spiked]

    def voltage_register(self) -> np.ndarray:
        """(n,) What the voltages' registers hold: while a count runs, that."""
        if self._silicon.refractory_voltage == "zero":
            return self.voltage
        count = self.refractory * REFRACTORY_UNIT
        return np.where(self.refractory > 0, count, self.voltage)

    def _due(self, t: int, at_once: np.ndarray) -> np.ndarray:
        """(n,) What comes in step t, with what was delayed until then."""
        own = self._ahead[t % len(self._ahead)]
        total = own + at_once
        own[:] = 0
        return total

    def _delivered(self, t: int, arrivals: List[Arrival]) -> np.ndarray:
        """(n,) What all spikes of the step before add at once; the rest is laid aside."""
        network = self.network
        sources = np.flatnonzero(self.spiked)
        first = network.axon_start[sources]
        axons = ranges(first, network.axon_start[sources + 1] - first)
        entry, atom = network.axon_entry[axons], network.axon_atom[axons]
        if arrivals:
            outside = np.array([network.target(of) for of in arrivals], np.int64)
            entry = np.concatenate([entry, outside[:, 0]])
            atom = np.concatenate([atom, outside[:, 1]])
        n = int(network.core_start[-1])
        if not len(entry):
            return np.zeros(n, np.int64)
        table = network.entries
        length = table.length[entry]
        synapses = ranges(table.start[entry] + atom * length, length)
        compartment = network.synapses.compartment[synapses] + np.repeat(table.base[entry], length)
        target = network.place[np.repeat(table.core[entry], length), compartment]
        if len(target) and target.min() < 0:
            raise BoardFault("a spike reaches a compartment that does not run")
        traces = table.trace[entry]
        traces = traces[traces >= 0]
        hit, count = np.unique(traces, return_counts=True)
        self.lost += int(count.sum()) - len(hit) + int(self._pending[hit].sum())
        self._pending[hit] = True
        weight, delay = self._weight[synapses], network.synapses.delay[synapses]
        late = delay > 0
        np.add.at(self._ahead, ((t + delay[late]) % len(self._ahead), target[late]), weight[late])
        return np.bincount(target[~late], weight[~late], n).astype(np.int64)

    # ------------------------------------------------------------------- learning

    def learn(self, t: int) -> None:
        """The learning phase of step t."""
        for k, learning in enumerate(self.network.learning):
            if t % self._trace_epoch(learning):
                continue
            part = slice(learning.first_trace, learning.first_trace + len(learning.entries))
            before = self._pending[part].copy()
            exact = self._kept(learning) * self._trace[part]
            exact = exact + np.where(before, learning.increment, 0)
            self._trace[part] = rounded(exact, self._draws.traces[k], TRACE_MAX)
            self._pending[part] = False
            if len(self._draws.weights[k]):
                self._change_weights(learning, t // learning.epoch, before, self._draws.weights[k])

    def _trace_epoch(self, learning: LearningCore) -> int:
        return learning.epoch if self._silicon.trace_decay == "epoch" else 1

    def _kept(self, learning: LearningCore) -> np.ndarray:
        """(n,) What one decay leaves of each trace."""
        with np.errstate(divide="ignore"):
            if self._silicon.trace_decay == "linear":
                return np.maximum(1 - 1 / learning.tau, 0)
            return np.exp(-self._trace_epoch(learning) / learning.tau)

    def _change_weights(
        self, learning: LearningCore, epoch: int, spiked: np.ndarray, draws: np.ndarray
    ) -> None:
        network = self.network
        table, held = network.entries, network.synapses
        length = table.length[learning.entries]
        synapses = ranges(table.start[learning.entries], length)
        base = np.repeat(table.base[learning.entries], length)
        compartment = held.compartment[synapses] + base
        post = self.post[learning.core, compartment]
        _check_post(post, learning)
        trace = self._trace[learning.first_trace : learning.first_trace + len(length)]
        source = network.place[learning.core, compartment]
        values = {
            "x0": np.repeat(spiked, length).astype(np.int64),
            "x1": np.repeat(trace, length),
            "y0": self.spiked[source].astype(np.int64),
            **{f"y{k + 1}": post[f"Yepoch{k}"].astype(np.int64) for k in range(3)},
            "w": self.mantissa[synapses],
        }
        change = np.zeros(len(synapses), np.int64)
        for profile, products in learning.profiles.items():
            own = post["StdpProfile"] == profile
            for product in products:
                if epoch % 2**product.epoch == 0:
                    product = product._replace(
                        exponent=product.exponent + int(self._silicon.learning_shift)
                    )
                    change += np.where(own, product_of(product, values), 0)
        step = held.step_bits[synapses]
        exact = (self.mantissa[synapses] << LEARNING_FRACTION) + change
        whole = rounded(exact / 2.0 ** (LEARNING_FRACTION + step), draws, 2 ** (8 - step) - 1)
        learns = held.learns[synapses]
        changed = synapses[learns]
        self.mantissa[changed] = (whole << step)[learns]
        self._weight[changed] = _weights(self.mantissa[changed], held.exponent[changed])


def _check_post(post: np.ndarray, learning: LearningCore) -> None:
    for k in range(3):
        if post[f"Yepoch{k}"].max(initial=0) > TRACE_MAX:
            raise BoardFault("a snip wrote more than 7 bits into a trace")
    odd = set(np.unique(post["StdpProfile"]).tolist()) - set(learning.profiles)
    if odd:
        raise BoardFault(f"a compartment learns by profile {min(odd)}, which is not configured")


def product_of(product: Product, values: Any) -> np.ndarray:
    """(n,) ``S Π (V + C)``, in units of 2^-7 of a weight's mantissa, rounded down.

    What a product of so many factors has beyond the accumulator's 15 bits is shifted out.
    """
    total: Any = np.full(len(values["w"]), product.mantissa, np.int64)
    for factor in product.factors:
        total = total * (values[factor.variable] + factor.constant)
    beyond = max(0, FACTOR_BITS * len(product.factors) + SCALE_BITS - LEARNING_BITS)
    return shifted(total, product.exponent + LEARNING_FRACTION - beyond)


def _weights(mantissa: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """What synapses add: the mantissa is shifted first, and loses bits, then by 6."""
    return shifted(mantissa, exponent) << 6


def shifted(value: np.ndarray, by: Any) -> np.ndarray:
    """Times a power of two, rounded down."""
    return np.where(np.asarray(by) >= 0, value << np.maximum(by, 0), value >> np.maximum(-by, 0))


def wrapped(value: np.ndarray, bits: int) -> np.ndarray:
    """Two's complement of so many bits and a sign."""
    return (value + 2**bits) % 2 ** (bits + 1) - 2**bits


def decayed(value: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """``value · keep / 2^12``, toward zero."""
    return np.sign(value) * (np.abs(value) * keep >> 12)


def rounded(exact: np.ndarray, draws: np.ndarray, most: Any) -> np.ndarray:
    """Up by chance, as far as the fraction goes, by size; cut at ``most``."""
    size = np.abs(exact)
    whole = np.floor(size)
    up = size - whole > draws
    return (np.sign(exact) * np.minimum(whole + up, most)).astype(np.int64)


def ranges(first: np.ndarray, length: np.ndarray) -> np.ndarray:
    """first, first + 1, … of each, one after the other."""
    ends = np.cumsum(length)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - length - first, length)
