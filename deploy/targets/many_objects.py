"""Making many of Nengo's objects, which all stay, in less time."""

from __future__ import annotations

import gc
import inspect
from contextlib import contextmanager, nullcontext
from typing import Any, Callable, ContextManager, Dict, Iterator, List, Tuple

import nengo
import numpy as np
from nengo import base, config, dists, params

SECTION, SETTING = "exceptions", "simplified"
READERS = ((params, "inspect"), (base, "iter_params"))  # what Nengo's modules read classes by
SCATTERED = getattr(dists, "ScatteredHypersphere", None)  # of Nengo 4


class _Known:
    """A setting that has been read."""

    def __init__(self, value: bool):
        self._value = value

    def getboolean(self, name: str) -> bool:
        return self._value if name == SETTING else nengo.rc[SECTION].getboolean(name)


class _ReadOnce:
    """Classes' members and parameters, of each class read once: Nengo does so for each object."""

    def __init__(self) -> None:
        self._members: Dict[type, List[Tuple[str, Any]]] = {}
        self._parameters: Dict[type, List[str]] = {}

    def __getattr__(self, name: str) -> Any:  # what else there is in ``inspect``
        return getattr(inspect, name)

    def getmembers(self, obj: Any, *given: Any) -> Any:
        if given or not isinstance(obj, type):
            return inspect.getmembers(obj, *given)
        if obj not in self._members:
            self._members[obj] = inspect.getmembers(obj)
        return self._members[obj]

    def iter_params(self, obj: Any) -> Iterator[str]:
        cls = obj if isinstance(obj, type) else type(obj)
        if cls not in self._parameters:
            self._parameters[cls] = list(params.iter_params(cls))
        return iter(self._parameters[cls])


class _ByNumbers:
    """A generator that shuffles the rows of a table by their numbers, with the same draws.

    NumPy's makes three arrays for each row that it moves.
    """

    def __init__(self, rng: Any):
        self._rng = rng

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rng, name)

    def shuffle(self, rows: np.ndarray) -> None:
        order = np.arange(len(rows))
        self._rng.shuffle(order)
        rows[...] = rows[order]


def _scattered(own: Callable[..., Any]) -> Callable[..., Any]:
    """``ScatteredHypersphere.sample``, which shuffles encoders and evaluation points."""

    def sample(self: Any, n: int, d: int = 1, rng: Any = np.random) -> Any:
        return own(self, n, d, _ByNumbers(rng))

    return sample


def _one_thread() -> ContextManager[Any]:
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:  # at a site of jobs, whose processes have one thread
        return nullcontext()
    limits: ContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits


@contextmanager
def many_objects() -> Iterator[None]:
    """While this lasts, a setting of Nengo's is read once, and nothing is looked for that is left.

    Nengo (``config.py``, ``SupportDefaultsMixin``) reads from its configuration, which is text, how
    it is to word errors, each time that it sets an attribute. And Python looks through all objects
    for those that only refer to each other, the more often the more there are. Both together are a
    sixth of the time to build some thousand connections. Of each synapse, transform or solver that
    is made or copied Nengo reads all that its class has (``params.py``), a twentieth. Of 128
    ensembles of 50 neurons another twentieth is the shuffling of points (`_ByNumbers`).

    Linear algebra has one thread: matrices of a thousand rows are solved a few columns at a time,
    for which threads wait for each other ten times as long as they work, and the last bits are then
    the same on any number of cores.
    """
    collects, settings = gc.isenabled(), getattr(config, "rc", None)
    gc.disable()
    if settings is not None:  # a Nengo without it reads them elsewhere, as slowly
        config.rc = {SECTION: _Known(settings[SECTION].getboolean(SETTING))}
    once = _ReadOnce()
    replaced = [
        (module, name, vars(module)[name]) for module, name in READERS if hasattr(module, name)
    ]
    for module, name, _ in replaced:
        setattr(module, name, once if name == "inspect" else once.iter_params)
    if SCATTERED is not None:
        replaced.append((SCATTERED, "sample", SCATTERED.sample))
        SCATTERED.sample = _scattered(SCATTERED.sample)
    try:
        with _one_thread():
            yield
    finally:
        for module, name, own in replaced:
            setattr(module, name, own)
        if settings is not None:
            config.rc = settings
        if collects:
            gc.enable()
