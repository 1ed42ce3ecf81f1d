"""Settings of single objects that passes write and users may set beforehand.

They are extra parameters of Nengo's configuration system, read and set as
``network.config[obj].name``. A setting that has a value is left alone, so that a user's
choice stands and rewriting a rewritten network changes nothing.
"""

from __future__ import annotations

from typing import Any, Type

import nengo
from nengo.params import Parameter

TYPICAL_FREQUENCY = 1.0  # Hz, of signals whose delay is weighed


def declare(network: nengo.Network, of: Type[Any], *names: str) -> None:
    """Give all objects of a class these settings, None where nobody has set them."""
    config = network.config[of]
    for name in names:
        if name not in config.extra_params:
            config.set_param(name, Parameter(name, default=None, optional=True))
