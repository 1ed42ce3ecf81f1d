"""What a run says of sums that were beyond what a compartment holds, and of which ensembles."""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

import numpy as np

from deploy.emulator.kernels import LOST_SPIKE, OVERFLOW_Q0, OVERFLOW_U, OVERFLOW_U2
from loihi_rules.change import ChipWarning, warn_of_all

Places = Tuple[str, np.ndarray]  # an ensemble's name, and where its compartments are among all
SUMS = (
    (OVERFLOW_Q0, "what its synapses add in a step was"),
    (OVERFLOW_U, "its current was"),
    (OVERFLOW_U2, "its current with the bias was"),
)
CUT = "beyond the chip's bits, which cut it, also to the other sign"
FEW = 0.001  # of the spikes that the chip's neurons give, which may be lost to traces


def warn_of_overflow(emulator: Any, named: Sequence[Places], dt: float) -> None:
    """Warn of ensembles whose sums were cut, and of spikes that learning has not seen.

    Parameters
    ----------
    emulator : deploy.nengo_loihi.run.interface.FastEmulator
    named : sequence of Places
        The ensembles on the chip.
    dt : float
        Step in seconds.
    """
    state, found = emulator.engine.state, []
    for flag, what in SUMS:
        count = int(state.flags[flag])
        if count:
            found.append(
                ChipWarning(
                    _names(named, state.beyond),
                    "bits of sums",
                    f"{what} {count:,} times {CUT}",
                    "use smaller weights or inputs, or a larger radius, so that fewer of its "
                    "neurons' thresholds are added up",
                )
            )
    lost, spikes = int(state.flags[LOST_SPIKE]), emulator.work().spikes
    if lost > FEW * max(spikes, 1):
        found.append(_lost(emulator, named, lost, dt))
    warn_of_all(found)


def _lost(emulator: Any, named: Sequence[Places], lost: int, dt: float) -> ChipWarning:
    """Of those that fire faster than a trace counts, as far as their spikes in all say so."""
    learning = emulator.layout.learning
    steps = int(learning.train_epoch.max(initial=1))
    fast = emulator.engine.state.spike_count > emulator.t / steps
    return ChipWarning(
        _names(named, fast),
        "learning traces",
        f"{lost:,} of its spikes were lost to what learns from them, which counts one in {steps} "
        "steps: it learns more slowly than on the CPU",
        f"give it max_rates of at most {1 / (steps * dt):.0f} Hz, or take a smaller dt",
    )


def _names(named: Sequence[Places], those: np.ndarray) -> str:
    found: List[str] = [name for name, places in named if those[places].any()]
    return ", ".join(dict.fromkeys(found)) or "the chip"
