"""What is known of a worked system besides its network."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping, Optional, Tuple, Union

from loihi_rules.likely import likely

if TYPE_CHECKING:
    import nengo


@dataclass(frozen=True)
class Parameter:
    """One thing about a system that its user may vary.

    Attributes
    ----------
    name : str
        As `System.build` takes it.
    default : int, float or str
        Also says of which kind it is.
    what : str
        What it is, with its unit.
    low, high : float or None
        Ends of its range, included; None for none.
    among : tuple of str
        What it can be, where it is a name; empty for anything.
    is_file : bool
        Whether it is the path of a file, which has to be there unless it is empty.
    """

    name: str
    default: Union[int, float, str]
    what: str
    low: Optional[float] = None
    high: Optional[float] = None
    among: Tuple[str, ...] = ()
    is_file: bool = False

    def read(self, text: str) -> Union[int, float, str]:
        """The value that a text means.

        Raises
        ------
        ValueError
            If it is of another kind, outside the range, or no such file.
        """
        kind = type(self.default)
        value: Union[int, float, str]
        try:
            value = kind(text)
        except ValueError:
            named = {int: "a whole number", float: "a number", str: "a name"}[kind]
            raise ValueError(f"{self.name} must be {named}, not {text!r}") from None
        if isinstance(value, str):
            if self.among and value not in self.among:
                raise ValueError(
                    f"{self.name} must be one of {', '.join(self.among)}, not {value!r}"
                )
            if self.is_file and value and not Path(value).is_file():
                raise ValueError(f"{value}: there is no such file")
            return value
        if not (
            value == value  # not a NaN
            and (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
        ):
            raise ValueError(f"{self.name} must be {self.range}, not {text}")
        return value

    @property
    def range(self) -> str:
        """In words."""
        if self.among:
            return ", ".join(self.among)
        if self.low is None and self.high is None:
            return "any"
        if self.high is None:
            return f"{self.low:g} or more"
        if self.low is None:
            return f"{self.high:g} or less"
        return f"from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class System:
    """A worked system, and where its network is built.

    Its file is that of its name, with underscores, as is the function in it that gives the network.

    Attributes
    ----------
    name : str
        As it is typed on the command line.
    duration : float
        How long the lesson takes, in seconds of model time.
    summary : str
        One line.
    ideals : mapping of str to str
        Label of a probe to the label of the probe that it should come to equal.
    parameters : tuple of Parameter
        What ``build`` takes besides ``seed``.
    varies : bool
        Whether the duration depends on the parameters; its file's ``length`` then says how.
    """

    name: str
    duration: float
    summary: str
    ideals: Mapping[str, str] = field(default_factory=dict)
    parameters: Tuple[Parameter, ...] = ()
    varies: bool = False

    @property
    def lesson(self) -> str:
        """What its file says of it."""
        return inspect.getdoc(self._file) or ""

    def build(self, seed: int = 0, **parameters: Any) -> nengo.Network:
        """Its network, whose probes are labelled."""
        network: nengo.Network = getattr(self._file, self._function)(seed=seed, **parameters)
        return network

    def seconds(self, given: Mapping[str, str], seed: int = 0) -> float:
        """How long the lesson takes with these parameters."""
        values = self.read(given)
        return float(self._file.length(**values, seed=seed)) if self.varies else self.duration

    def read(self, given: Mapping[str, str]) -> Mapping[str, Any]:
        """Values for ``build``, from names and texts.

        Raises
        ------
        ValueError
            If the system has no such parameter, or the value is out of range.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                there, meant = ", ".join(known) or "none", likely(name, known)
                raise ValueError(f"{self.name} has no parameter {name!r}{meant}; it has {there}")
        return {name: known[name].read(text) for name, text in given.items()}

    @property
    def _function(self) -> str:
        return self.name.replace("-", "_")

    @property
    def _file(self) -> Any:
        """The module, which loads Nengo."""
        return importlib.import_module(f"{__package__}.{self._function}")
