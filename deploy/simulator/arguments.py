"""What `nengo.Simulator` and `nengo_loihi.Simulator` take, read by `deploy.Simulator`."""

from __future__ import annotations

import math
import operator
import warnings
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional

import numpy as np
from nengo.builder import Model
from nengo.exceptions import ValidationError

from deploy.simulator.signals import ModelOf, UsersModel

# nengo-loihi's names of targets
TARGETS = {None: "emulator", "sim": "emulator", "simreal": "float-emulator"}

# nengo-loihi's arguments that mean nothing here: their defaults, and why they mean nothing
WITHOUT_MEANING = {
    "hardware_options": (None, "only a board has options"),
    "remove_passthrough": (
        True,
        "passthrough nodes go where that saves a way over the host, and changes say which",
    ),
}


@dataclass(frozen=True)
class Arguments:
    """The arguments of a simulator that are not `deploy.Simulator`'s own.

    Attributes
    ----------
    target : str
        By our name for it.
    model : nengo.builder.Model or None
        For Nengo core to build into.
    built : ModelOf or None
        A simulator's model that is to be built once more.
    optimize : bool
        Of Nengo core's operators.
    precompute : bool or None
        Whether the host goes ahead of the chip; None to do so where it can.
    """

    target: str
    model: Optional[Model] = None
    built: Optional[ModelOf] = None
    optimize: bool = False
    precompute: Optional[bool] = None


def read_arguments(target: Optional[str], given: Mapping[str, Any]) -> Arguments:
    """Those of `nengo.Simulator` and of `nengo_loihi.Simulator`.

    Parameters
    ----------
    target : str or None
        Ours, or nengo-loihi's ``"sim"``, ``"simreal"`` or None.
    given : mapping of str to object
        Keyword arguments.

    Raises
    ------
    TypeError
        If neither of the two has such an argument.
    """
    left: Dict[str, Any] = dict(given)
    for name, (default, why) in WITHOUT_MEANING.items():
        if left.pop(name, default) not in (default, {}):
            _warn(f"{name} means nothing to deploy.Simulator: {why}")
    model = left.pop("model", None)
    built = model.bare() if isinstance(model, UsersModel) else model
    if isinstance(built, ModelOf):
        model = None
    if model is not None and not isinstance(model, Model):
        if not _is_nengo_loihis(model):
            raise TypeError(f"model is a nengo.builder.Model, not a {type(model).__name__}")
        _warn(
            "a model of nengo-loihi's means nothing to deploy.Simulator: it is built anew, with "
            "the settings of each object chosen for it (docs/my_model.md)"
        )
        model = None
    found = Arguments(
        TARGETS.get(target, str(target)),
        model,
        built if isinstance(built, ModelOf) else None,
        bool(left.pop("optimize", False)),
        left.pop("precompute", None),
    )
    if left:
        raise TypeError(f"Simulator has no argument {sorted(left)[0]!r}")
    return found


def checked_step(dt: Any) -> float:
    """The step in seconds.

    Raises
    ------
    nengo.exceptions.ValidationError
        If it is no number of more than 0: Nengo core would run backwards, or stand still.
    """
    try:
        step = float(dt)
    except (TypeError, ValueError):
        step = math.nan
    if not (math.isfinite(step) and step > 0):
        raise ValidationError(f"dt must be a number of seconds, more than 0, not {dt!r}", attr="dt")
    return step


def checked_time(seconds: Any) -> float:
    """For how many seconds to run.

    Raises
    ------
    TypeError
        If it is no number, as Nengo does.
    nengo.exceptions.ValidationError
        If it is below 0, infinite or NaN.
    """
    try:
        time = math.nan if isinstance(seconds, (str, bytes)) else float(seconds)
    except (TypeError, ValueError):
        time = math.nan
    if math.isnan(time) and not isinstance(seconds, (float, np.floating)):
        raise TypeError(f"run takes a number of seconds, not {seconds!r}")
    if time < 0:
        raise ValidationError(f"Must be positive (got {time:g})", attr="time_in_seconds")
    if not math.isfinite(time):
        raise ValidationError(
            f"a run is of so many seconds, and ends; {time:g} is no such number",
            attr="time_in_seconds",
        )
    return time


def checked_steps(steps: Any) -> int:
    """How many steps to run.

    Raises
    ------
    TypeError
        If it is no whole number, as Nengo does.
    nengo.exceptions.ValidationError
        If it is below 0.
    """
    try:
        whole = operator.index(steps)
    except TypeError:
        raise TypeError(f"run_steps takes an integer, not {steps!r}; run takes seconds") from None
    if whole < 0:
        raise ValidationError(f"a run has no {whole:,} steps; give 0 or more", attr="steps")
    return whole


def checked_seed(seed: Any) -> int:
    """The seed of a simulator.

    Raises
    ------
    TypeError
        If it is no whole number, as Nengo does.
    nengo.exceptions.ValidationError
        If NumPy's generators do not take it.
    """
    try:
        whole = operator.index(seed)
    except TypeError:
        raise TypeError(f"a simulator's seed is a whole number, not {seed!r}") from None
    if not 0 <= whole < 2**32:
        raise ValidationError(f"a seed is from 0 to 2**32 - 1, not {whole}", attr="seed")
    return whole


def _is_nengo_loihis(model: Any) -> bool:
    return type(model).__module__.split(".")[0] == "nengo_loihi"


def _warn(text: str) -> None:
    warnings.warn(text, DeprecationWarning, stacklevel=4)
