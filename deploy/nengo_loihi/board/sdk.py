"""Which SDK drives the board: Intel's NxSDK, or the virtual board's under the same name."""

from __future__ import annotations

import importlib
import importlib.util
from typing import NamedTuple, Optional

from deploy.errors import TargetUnavailable

OLDEST = "0.9.0"  # that nengo-loihi 1.1.0 takes


class Sdk(NamedTuple):
    """An SDK that is here.

    Attributes
    ----------
    version : str
    is_virtual : bool
        Whether it is a stand-in, which computes on this machine.
    """

    version: str
    is_virtual: bool

    @property
    def name(self) -> str:
        """As people read it."""
        kind = "virtual board" if self.is_virtual else "board, NxSDK"
        return f"{kind} {self.version}"


def is_installed() -> bool:
    """Whether there is an SDK, without loading it."""
    return importlib.util.find_spec("nxsdk") is not None


def find_sdk() -> Sdk:
    """The SDK.

    Raises
    ------
    TargetUnavailable
        If there is none, it cannot be imported, or it is older than nengo-loihi takes.
    """
    if not is_installed():
        raise TargetUnavailable(
            "there is no Loihi board here (Intel's NxSDK is not installed); "
            "use target emulator, or a machine of the INRC"
        )
    try:
        nxsdk = importlib.import_module("nxsdk")
    except Exception as error:  # whatever a foreign package does as it is imported
        raise TargetUnavailable(
            f"NxSDK is installed, but cannot be imported ({error}); "
            "run in the environment that the INRC's guide describes, with Python 3.5 to 3.8"
        ) from error
    version = str(getattr(nxsdk, "__version__", "0"))
    numbers = [int(part) for part in version.split("+")[0].split(".") if part.isdigit()]
    if numbers < [int(part) for part in OLDEST.split(".")]:
        raise TargetUnavailable(f"NxSDK {version} is installed, and {OLDEST} or newer is needed")
    return Sdk(version, bool(getattr(nxsdk, "VIRTUAL", False)))


def known_sdk() -> Optional[Sdk]:
    """The SDK, or None where there is none that can be used."""
    try:
        return find_sdk()
    except TargetUnavailable:
        return None
