"""A network whose build can be known again."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional, Sequence

import nengo

from deploy.files.builds import written_by
from deploy.models.content import Objects, content_of_network

Copies = Mapping[Any, Any]  # the network's objects to those that run


class Model(NamedTuple):
    """A network that is to be built on the emulator, as long as nobody changes it.

    Attributes
    ----------
    objects : Objects
    content : str
        See `deploy.models.content`.
    seed : int
    dt : float
        Step in seconds.
    """

    objects: Objects
    content: str
    seed: int
    dt: float

    def place_of(self, function: Any) -> Any:
        """Where a user's function is in the network; None if nowhere."""
        found = self.objects.functions.get(id(function))
        return None if found is None else list(found)

    def function_at(self, place: Sequence[Any]) -> Any:
        """The other way."""
        name, at = place
        found = getattr(self.objects.every[at], name)
        if name not in ("output", "function") or not callable(found):
            raise ValueError("function")
        return found


def model_of(network: nengo.Network, seed: int, dt: float, *given: Any) -> Optional[Model]:
    """A network whose build can be known again; None of one whose cannot.

    Parameters
    ----------
    network : nengo.Network
    seed : int
    dt : float
        Step in seconds.
    given
        Numbers and text besides, on which the build depends.
    """
    objects = Objects(network)
    rc = str(nengo.rc.float_dtype), str(nengo.rc.int_dtype)
    content = content_of_network(objects, [seed, dt, *rc, written_by(), *given])
    return None if content is None else Model(objects, content, seed, dt)
