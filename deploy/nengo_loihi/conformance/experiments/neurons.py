"""Single neurons: thresholds, both decays, refractory times, biases, and where registers end."""

from __future__ import annotations

from typing import Dict, List, Tuple

import numpy as np

from deploy.nengo_loihi.conformance.experiment import (
    NEVER,
    Compartment,
    Core,
    Experiment,
    Synapses,
)
from loihi_rules.chip.limits import LOIHI

STEPS = 256
KICK, BACK = 1, 60  # steps of the inputs' two spikes: one up, one down
THRESHOLDS = (1, 2, 3, 100, 255, 1024, 4097, 20000, 65535, 65536, 90001, 131069)
DECAYS = (0, 1, 2, 15, 100, 256, 1000, 1024, 2047, 2048, 3000, 4000, 4094, 4095)
TIMES = (1, 2, 3, 4, 5, 10, 20, 31, 32, 63)
BIAS_MOST = 2**LOIHI.bias_mantissa_bits - 1
# inputs, by what they are for
UP, DOWN = 0, 1
TOGETHER = range(2, 14)
GROW, SHRINK = range(14, 18), range(18, 22)
PUSH = range(22, 24)


def _threshold_cores() -> Tuple[Core, ...]:
    """Biases that reach a threshold, which is no spike, or pass it by a step at most."""
    cores: List[Core] = []
    for k in range(0, len(THRESHOLDS), LOIHI.thresholds_a_core):
        own: List[Compartment] = []
        for threshold in THRESHOLDS[k : k + LOIHI.thresholds_a_core]:
            for low, high, how in ((-63, 0, "reached"), (1, 64, "just passed")):
                bias = _bias_for(64 * threshold + low, 64 * threshold + high)
                tries = f"threshold {threshold} {how}"
                register = "vthProfileCfg.staticCfg.vth"
                own.append(Compartment(tries, register, threshold=threshold, bias=bias))
        cores.append(Core(f"thresholds {len(cores) + 1}", tuple(own)))
    return tuple(cores)


def _bias_for(low: int, high: int) -> int:
    """A bias a whole number of which is ``high``, or from ``low`` on, within the steps."""
    for least in (high, low):
        for times in range(2, STEPS - 4):
            for exponent in range(LOIHI.bias_exponent + 1):
                mantissa = -(-least // (times << exponent))
                if 0 < mantissa <= BIAS_MOST and (mantissa * times << exponent) <= high:
                    return mantissa << exponent
    raise ValueError(f"no bias comes to {low} to {high}")


def _kicked(exponent: int, n: int) -> Tuple[Synapses, ...]:
    """The two inputs, to all compartments of a core."""
    return (
        Synapses(
            [np.full((1, n), 254), np.full((1, n), -254)],
            {UP: (0, 0), DOWN: (1, 0)},
            exponent=exponent,
        ),
    )


def _decay_core(name: str, register: str) -> Core:
    own = []
    for decay in DECAYS:
        if name == "voltage":
            own.append(Compartment(f"decay of voltage {decay}", register, decay_v=decay))
        else:
            own.append(
                Compartment(f"decay of current {decay}", register, decay_u=decay, decay_v=4095)
            )
    return Core(f"decays of {name}", tuple(own), _kicked(6, len(own)))


def _refractory_core() -> Core:
    own = tuple(
        Compartment(
            f"refractory time {time}",
            "cxProfileCfg.refractDelay",
            refractory=time,
            threshold=100,
            bias=6000,
        )
        for time in TIMES
    )
    return Core("refractory times", own)


def _bias_core() -> Core:
    values = [sign * (m << e) for e in range(8) for m in (BIAS_MOST, 2049) for sign in (1, -1)]
    own = tuple(Compartment(f"bias {value}", "cxCfg.bias", bias=value) for value in values)
    return Core("biases", own)


def _input_overflow() -> Core:
    """One to twelve of the largest weights at once: more than 21 bits from nine on."""
    own = tuple(
        Compartment(f"{k + 1} weights of {sign * 254} · 2^10 at once", "dendrite accumulator")
        for k in range(12)
        for sign in (1, -1)
    )
    signs = np.array([[1, -1]] * 12).ravel()
    rows = [np.where(np.arange(len(own)) // 2 >= k, 254 * signs, 0)[np.newaxis] for k in range(12)]
    return Core(
        "overflow of what synapses add",
        own,
        (Synapses(rows, {k: (k - TOGETHER[0], 0) for k in TOGETHER}, exponent=4),),
    )


def _current_overflow() -> Core:
    """Currents that keep growing, with biases beside them."""
    own = tuple(
        Compartment(f"current that grows, bias {bias}", "cxState.u", decay_u=0, bias=bias)
        for bias in (0, BIAS_MOST << 7, -(BIAS_MOST << 7))
    )
    grows = [np.full((1, len(own)), 254) for _ in GROW]
    shrinks = [np.full((1, len(own)), -254) for _ in SHRINK]
    senders = {GROW[0] + k: (k, 0) for k in range(len(GROW) + len(SHRINK))}
    return Core("overflow of currents", own, (Synapses(grows + shrinks, senders, exponent=5),))


def _voltage_edges() -> Tuple[Core, ...]:
    """Voltages that are driven beyond where they are cut."""
    cores = []
    for lowest, highest in ((23, 7), (20, 5), (0, 7)):
        own = [
            Compartment(
                f"voltage driven {'up' if bias > 0 else 'down'} by {abs(bias)}",
                "dendriteSharedCfg.posVmLimit" if bias > 0 else "dendriteSharedCfg.negVmLimit",
                bias=bias,
            )
            for bias in (BIAS_MOST << 7, -(BIAS_MOST << 7), 3001, -3001)
        ]
        cut = f"{lowest}, {highest}"
        cores.append(
            Core(f"voltages cut at {cut}", tuple(own), _kicked(7, len(own)), lowest, highest)
        )
    return tuple(cores)


def _voltage_width() -> Core:
    """Sums of a voltage and what is added that are beyond 23 bits, of neurons that spike."""
    own = tuple(
        Compartment(
            f"threshold {vth} passed by {total}", "cxState.v", threshold=vth, decay_u=0, bias=total
        )
        for vth in (NEVER, 100000)
        for total in (BIAS_MOST << 7, BIAS_MOST << 6)
    )
    return Core("voltages beyond 23 bits", own, _grown(len(own)), lowest=0)


def _grown(n: int) -> Tuple[Synapses, ...]:
    return (
        Synapses(
            [np.full((1, n), 254)] * len(PUSH), {k: (k - PUSH[0], 0) for k in PUSH}, exponent=7
        ),
    )


def _spikes() -> Dict[int, List[int]]:
    spikes: Dict[int, List[int]] = {}
    for inputs, steps in (
        ([UP], [KICK]),
        ([DOWN], [BACK]),
        (TOGETHER, [20]),
        (TOGETHER[::2], [80]),
        (GROW, range(10, 38, 2)),
        (SHRINK, range(70, 110, 2)),
        (PUSH, range(5, 9)),
    ):
        for step in steps:
            spikes.setdefault(step, []).extend(inputs)
    return {step: sorted(of) for step, of in sorted(spikes.items())}


NEURONS = Experiment(
    "neurons",
    "single neurons: thresholds, decays, refractory times, biases, and where registers end",
    (
        *_threshold_cores(),
        _decay_core("voltage", "cxProfileCfg.decayV"),
        _decay_core("current", "cxProfileCfg.decayU"),
        _refractory_core(),
        _bias_core(),
        _input_overflow(),
        _current_overflow(),
        *_voltage_edges(),
        _voltage_width(),
    ),
    STEPS,
    n_inputs=PUSH[-1] + 1,
    spikes=_spikes(),
    modes=("refractory-voltage", "voltage-width"),
)
