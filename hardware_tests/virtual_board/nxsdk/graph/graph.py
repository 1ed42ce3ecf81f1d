"""Snips, as they are asked for. nengo-loihi puts a subclass into the place of `Graph`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, NamedTuple, Optional

from nxsdk.graph.processes.phase_enums import Phase


class Snip(NamedTuple):
    """C or C++ that runs beside, or on, a chip.

    Attributes
    ----------
    phase : Phase
    source : Path
        Of C on a chip, of C++ on the host.
    include : Path or None
    function, guard : str
        Of a snip on a chip: what runs, if the other does not return 0.
    chip : int
        Its id; -1 on the host.
    """

    phase: Phase
    source: Path
    include: Optional[Path]
    function: str
    guard: str
    chip: int


class Graph:
    """The snips of a board."""

    def __init__(self) -> None:
        self.snips: List[Snip] = []

    def createSnip(self, phase: Phase, **given: Any) -> Snip:
        """Ask for a snip; it is compiled when the board starts."""
        include = given.get("includeDir")
        source = given["cppFile" if phase is Phase.HOST_CONCURRENT_EXECUTION else "cFilePath"]
        snip = Snip(
            Phase(phase),
            Path(source),
            None if include is None else Path(include),
            given.get("funcName", ""),
            given.get("guardName", ""),
            int(given.get("chipId", -1)),
        )
        self.snips.append(snip)
        return snip
