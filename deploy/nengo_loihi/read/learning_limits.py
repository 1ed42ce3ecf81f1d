"""What a run says of learning on the chip that came to the end of a range."""

from __future__ import annotations

from typing import Any, Callable, Iterable, List, NamedTuple

import nengo
import numpy as np

from deploy.nengo_loihi.read.learners import Learner
from loihi_rules.change import ChipWarning, warn, warn_of_all
from loihi_rules.chip.limits import LOIHI
from loihi_rules.learning_rules.pes import ERROR_SCALE, MANTISSA_MAX, SPARE, LearningScale
from loihi_rules.nengo_parts.figures import figure
from loihi_rules.nengo_parts.names import name_of

FEW = 2.0  # steps, which rounding makes noise of
HOW = "after loihi_rules.declare_settings(network)"


class Limit(NamedTuple):
    """One end of a range.

    Attributes
    ----------
    noteworthy : float
        Share of the times from which on a run warns.
    rule : str
    what : str
        With the share, in percent, in the place of ``{}``.
    way_out : callable
        Takes the connection's `LearningScale`, and its largest error over what it takes.
    """

    noteworthy: float
    rule: str
    what: str
    way_out: Callable[[LearningScale, float], str]


def _larger_exponent(scale: LearningScale) -> str:
    return f"network.config[connection].pes_weight_exponent = {scale.weight_exponent + 1}"


def _weights(scale: LearningScale, largest: float) -> str:
    if scale.weight_exponent >= LOIHI.weight_exponents[1]:
        return (
            "use more neurons, each of which then has to give less; or "
            f"network.config[connection].pes_span = {2 * scale.span:.3g} {HOW} takes larger values"
        )
    return (
        f"{_larger_exponent(scale)} {HOW} doubles their range, and their steps; or see to an error "
        "that comes to an end"
    )


def _errors(scale: LearningScale, largest: float) -> str:
    """Errors of a learner that is cut are about what it has not learnt: room for the largest."""
    most = largest * LOIHI.error_max / scale.error_scale
    return (
        f"network.config[connection].pes_span = {scale.span_for(largest):g} {HOW} takes errors up "
        f"to the largest that there were, {most:.3g}, and values as large; with pes_error_scale "
        "and pes_weight_exponent left to it"
    )


def _traces(scale: LearningScale, largest: float) -> str:
    return f"use a smaller learning rate, or {_larger_exponent(scale)} {HOW}"


def _values(scale: LearningScale, largest: float) -> str:
    return "use more neurons, or a larger radius of what it leads to"


# shares: of weights by the harm that was seen (`loihi_rules.learning_rules.pes.weight_exponent`)
LIMITS = {
    "weights": Limit(
        0.003, "learned weights", "{} of the changes of its weights were cut off", _weights
    ),
    "traces": Limit(
        0.02,
        "learning traces",
        "{} of the traces of its neurons were cut off, it learns more " "slowly",
        _traces,
    ),
    "errors": Limit(0.01, "errors of 8 bits", "{} of its errors were cut off", _errors),
    "values": Limit(
        0.001,
        "decoded values",
        "{} of the values that it gave were beyond what its compartments "
        "hold, and came out as nothing",
        _values,
    ),
}


def warn_of_cut_weights(conn: nengo.Connection, scale: LearningScale, filled: np.ndarray) -> None:
    """Warn where decoders that a user sets do not fit into the chip's weights.

    Parameters
    ----------
    conn : nengo.Connection
        Learns on the chip.
    scale : LearningScale
    filled : ndarray
        How much of the range each takes.
    """
    share, most = float(np.mean(filled > 1)), float(np.max(filled, initial=0.0))
    if not share:
        return
    exponent = scale.weight_exponent + int(np.ceil(np.log2(most)))
    if exponent <= LOIHI.weight_exponents[1]:
        way_out = f"network.config[connection].pes_weight_exponent = {exponent} {HOW}"
    else:
        # twice: the exponent that is chosen for a span may still cut the very largest
        span = 2 * most * ERROR_SCALE / scale.error_scale
        way_out = f"network.config[connection].pes_span = {span:.3g} {HOW}"
    warn(
        name_of(conn),
        "learned weights",
        f"{figure(100 * share, 2)} % of the weights that were set are cut off, the largest to "
        f"{figure(100 / most, 2)} % of what it was",
        f"before the simulator is built, {way_out} has room for them",
    )


def warn_of_limits(emulator: Any, learners: Iterable[Learner]) -> None:
    """Warn of each connection that learns on the chip and comes to the end of a range.

    Parameters
    ----------
    emulator : deploy.nengo_loihi.run.interface.FastEmulator
    learners : iterable of Learner
        Of this emulator.
    """
    found: List[ChipWarning] = []
    for learner in learners:
        scale = learner.scale
        largest = emulator.largest_error(learner.group)
        shares = emulator.learning_limits(learner.group, slice(*learner.compartments))
        for key, share in shares.items():
            limit = LIMITS[key]
            if share > limit.noteworthy:
                what = limit.what.format(f"{figure(100 * share, 2)} %")
                # weights follow errors that are cut for as long as these do not come to an end
                cut = key == "weights" and shares["errors"] > LIMITS["errors"].noteworthy
                way_out = (LIMITS["errors"] if cut else limit).way_out(scale, largest)
                found.append(ChipWarning(learner.name, limit.rule, what, way_out))
        found += _of_few_steps(emulator, learner, largest * LOIHI.error_max)
    warn_of_all(found)


def _of_few_steps(emulator: Any, learner: Learner, error: float) -> List[ChipWarning]:
    """What a connection learns that is much smaller than there is room for.

    Errors of a run that has only begun are as large as what is wanted, and weights of one that has
    learned too. The chip rounds a weight by chance, so that one of s < 1 steps is s ± √(s (1 − s)):
    of s < ½, where the root mean square is below √½, chance is the larger part. An error that is
    fed back makes up for much of that; what learns from its own values, as by temporal differences,
    learns the chance.

    Parameters
    ----------
    emulator : deploy.nengo_loihi.run.interface.FastEmulator
    learner : Learner
    error : float
        The largest that it was sent, in steps.
    """
    weights = emulator.engine.learned_weights(learner.group)
    if not 0 < error <= FEW or not np.issubdtype(weights.dtype, np.integer):
        return []
    scale = learner.scale
    size = float(np.sqrt(np.mean(np.square(weights / 2.0 ** (7 + scale.weight_exponent)))))
    if size >= np.sqrt(0.5):
        return []
    # weights of s = (√s)² steps in the middle of the range, and errors that are not cut
    middle = size**2 / np.sqrt(MANTISSA_MAX)
    span = scale.span * max(middle, SPARE * (error + 0.5) / LOIHI.error_max)
    return [
        ChipWarning(
            learner.name,
            "errors of 8 bits",
            f"its errors came to no more than {figure(error, 2)} of {LOIHI.error_max} steps, and "
            f"its weights to {figure(size, 2)} of one, root mean square",
            f"network.config[connection].pes_span = {span:.2g} {HOW} makes these finer",
        )
    ]
