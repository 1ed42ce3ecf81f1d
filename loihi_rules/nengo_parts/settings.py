"""Settings of single objects that passes write and users may set beforehand.

They are extra parameters of Nengo's configuration system, read and set as
``network.config[obj].name``. A setting that has a value is left alone, so that a user's
choice stands and rewriting a rewritten network changes nothing.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence, Type

import nengo
from nengo.params import Parameter

TYPICAL_FREQUENCY = 1.0  # Hz, of signals whose delay is weighed


def declare(network: nengo.Network, of: Type[Any], *names: str) -> None:
    """Give all objects of a class these settings, None where nobody has set them."""
    config = network.config[of]
    for name in names:
        if name not in config.extra_params:
            config.set_param(name, Parameter(name, default=None, optional=True))


def is_set(network: nengo.Network, of: Type[Any], name: str) -> bool:
    """Whether a setting that is declared has been given to any object, or to all of its class."""
    config = network.config[of]
    return bool(len(config.get_param(name).data)) or name in config


# what users may set, by the class of the object that it is set on
OF_USERS: Mapping[Type[Any], Sequence[str]] = {
    nengo.Ensemble: ("on_chip", "input_tau"),
    nengo.Connection: (
        "way", "pes_span", "pes_weight_exponent", "pes_rate_factor", "pes_error_scale"
    ),
    nengo.Node: ("pilot_inputs",),
}  # fmt: skip


def declare_settings(network: nengo.Network) -> None:
    """Give a network's objects all settings that a user may set, for a choice of one's own.

    Then ``network.config[obj].name = value``; None, the default, leaves the choice to the passes.
    docs/my_model.md says what each means.

    - ensembles: ``on_chip``; ``input_tau``, the filter of what enters, in seconds.
    - connections: ``way``, ``"matrix"``, ``"carried"`` or ``"host"``; of those that learn by PES
      ``pes_span``, the largest value that may have to be given, ``pes_weight_exponent``,
      ``pes_rate_factor`` and ``pes_error_scale``.
    - nodes: ``pilot_inputs``, an (n, size) array of what it may give.
    """
    for of, names in OF_USERS.items():
        declare(network, of, *names)
