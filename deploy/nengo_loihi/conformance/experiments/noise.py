"""Noise of compartments, whose numbers nobody knows: their range, how they fall, and their seed."""

from __future__ import annotations

from deploy.nengo_loihi.conformance.experiment import Compartment, Core, Experiment, Noise

N = 16  # compartments of a core
EXPONENTS = (1, 5, 7, 10)


def _core(exponent: int, offset: int, at_voltage: bool) -> Core:
    where = "voltage" if at_voltage else "current"
    own = tuple(
        Compartment(
            f"noise of compartment {k}", "dendriteSharedCfg.noiseExp0", decay_v=4095, is_noisy=True
        )
        for k in range(N)
    )
    noise = Noise(exponent, offset, at_voltage)
    name = f"noise of 2^{exponent - 7} at the {where}, offset {offset}"
    return Core(name, own, noise=noise, keys=(where,))


NOISE = Experiment(
    "noise",
    "noise of compartments, in two runs of one seed and one of another",
    tuple(_core(e, 0, at) for e in EXPONENTS for at in (False, True)) + (_core(7, 1, False),),
    steps=250,
    modes=("noise",),
)
