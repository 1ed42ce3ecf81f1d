"""Making many of Nengo's objects, which all stay, in less time."""

from __future__ import annotations

import gc
from contextlib import contextmanager, nullcontext
from typing import Any, ContextManager, Iterator

import nengo
from nengo import config

SECTION, SETTING = "exceptions", "simplified"


class _Known:
    """A setting that has been read."""

    def __init__(self, value: bool):
        self._value = value

    def getboolean(self, name: str) -> bool:
        return self._value if name == SETTING else nengo.rc[SECTION].getboolean(name)


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
    sixth of the time to build some thousand connections.

    Linear algebra has one thread: matrices of a thousand rows are solved a few columns at a time,
    for which threads wait for each other ten times as long as they work, and the last bits are then
    the same on any number of cores.
    """
    collects, settings = gc.isenabled(), getattr(config, "rc", None)
    gc.disable()
    if settings is not None:  # a Nengo without it reads them elsewhere, as slowly
        config.rc = {SECTION: _Known(settings[SECTION].getboolean(SETTING))}
    try:
        with _one_thread():
            yield
    finally:
        if settings is not None:
            config.rc = settings
        if collects:
            gc.enable()
