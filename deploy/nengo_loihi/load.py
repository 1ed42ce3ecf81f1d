"""nengo-loihi 1.1.0 on today's NumPy.

nengo-loihi calls ``np.array(..., copy=False)`` in six places (``block.py``,
``neurons.py``) and means "copy only if needed". Since NumPy 2.0 that spelling
raises where a copy is needed, and ``copy=None`` has the old meaning. ``dvs.py`` reads
bytes by ``np.fromstring``, which NumPy 2.3 no longer does. ``emulator/interface.py`` fills
arrays of integers with NaN, of which NumPy makes the least integer and warns of an invalid
value since 1.24. These modules are given an ``np`` that translates; NumPy itself, and
everybody else's ``np``, stay as they are.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import warnings
from typing import Any

import nengo
import numpy as np
from nengo.simulator import Simulator as NengoSimulator

from deploy.errors import TargetUnavailable
from deploy.private_names import EMULATOR, TRIED, missing
from loihi_rules.chip.neurons import PerNeuronLIF
from loihi_rules.chip.tuning import chip_rates

KNOWN_VERSIONS = TRIED["nengo_loihi"]
OLD_MODULES = ("nengo_loihi.block", "nengo_loihi.dvs", "nengo_loihi.neurons")
FILLS_WITH_NAN = "nengo_loihi.emulator.interface"


class NengoAsItCame:
    """Nengo, with its own simulator also where a user has put another into its place.

    ``nengo.Simulator = deploy.Simulator`` puts this backend under programs that do not know it.
    """

    Simulator = NengoSimulator

    def __getattr__(self, name: str) -> Any:
        return getattr(nengo, name)


class NumpyOfOld:
    """NumPy, except that ``array(..., copy=False)`` copies where it must, and ``fromstring``."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def array(*args: Any, copy: Any = True, **kwargs: Any) -> np.ndarray:
        return np.array(*args, copy=None if copy is False else copy, **kwargs)

    @staticmethod
    def fromstring(data: bytes, dtype: Any) -> np.ndarray:
        return np.frombuffer(data, dtype).copy()


class NumpyOfIntegers:
    """NumPy, except that ``full(..., nan, dtype)`` of integers is their least, without a warning.

    It stands for what is not set yet, and all of it is set afterwards.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def full(shape: Any, value: Any, dtype: Any = None, **kwargs: Any) -> np.ndarray:
        integer = dtype is not None and np.issubdtype(dtype, np.integer)
        if integer and isinstance(value, float) and np.isnan(value):
            value = np.iinfo(dtype).min
        return np.full(shape, value, dtype, **kwargs)


def load_nengo_loihi() -> Any:
    """Import nengo-loihi, made to work on the NumPy that is installed.

    Returns
    -------
    module
        ``nengo_loihi``.

    Raises
    ------
    TargetUnavailable
        If nengo-loihi is not installed, is a version that is not known, or if it or Nengo lacks
        something that it takes (`deploy.private_names`).
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="This version of `nengo_loihi`")
            module = importlib.import_module("nengo_loihi")
    except ImportError as error:
        raise TargetUnavailable(
            f"the emulator needs nengo-loihi, which cannot be imported ({error}); "
            f"install it with: pip install nengo-loihi=={KNOWN_VERSIONS[-1]}"
        ) from error

    if module.__version__ not in KNOWN_VERSIONS:
        raise TargetUnavailable(
            f"nengo-loihi {module.__version__} is installed, but only "
            f"{', '.join(KNOWN_VERSIONS)} is known to behave as the chip does here; "
            f"install it with: pip install nengo-loihi=={KNOWN_VERSIONS[-1]}"
        )
    changed = missing(EMULATOR)
    if changed is not None:
        raise TargetUnavailable(
            f"{changed}, which the emulator needs; install what is known: "
            f"pip install nengo-loihi=={KNOWN_VERSIONS[-1]} nengo=={TRIED['nengo'][-1]}"
        )
    simulating: Any = importlib.import_module("nengo_loihi.simulator")
    if simulating.nengo is nengo:
        simulating.nengo = NengoAsItCame()
    module.neurons.loihi_rate_functions[PerNeuronLIF] = _rates_by_neuron
    emulating: Any = importlib.import_module(FILLS_WITH_NAN)
    if emulating.np is np:
        emulating.np = NumpyOfIntegers()
    if int(np.__version__.split(".")[0]) >= 2:
        for name in OLD_MODULES:
            using: Any = importlib.import_module(name)
            if using.np is np:
                using.np = NumpyOfOld()
    return module


def _rates_by_neuron(neuron_type: Any, x: Any, gain: Any, bias: Any, dt: float) -> Any:
    """For `nengo_loihi.neurons.loihi_rates`, whose own for LIF has one refractory time for all."""
    return chip_rates(neuron_type, gain * x + bias, dt)


def mend_if_imported() -> None:
    """Mend nengo-loihi where a user's model has imported it, whatever it is going to run on."""
    if "nengo_loihi" in sys.modules:
        with contextlib.suppress(TargetUnavailable):  # which a target that needs it will say
            load_nengo_loihi()
