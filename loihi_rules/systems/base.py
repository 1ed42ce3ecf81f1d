"""What is known of a worked system besides its network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional, Tuple, Union

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
    """

    name: str
    default: Union[int, float, str]
    what: str
    low: Optional[float] = None
    high: Optional[float] = None

    def read(self, text: str) -> Union[int, float, str]:
        """The value that a text means.

        Raises
        ------
        ValueError
            If it is of another kind, or outside the range.
        """
        kind = type(self.default)
        value: Union[int, float, str]
        try:
            value = kind(text)
        except ValueError:
            named = {int: "a whole number", float: "a number", str: "a name"}[kind]
            raise ValueError(f"{self.name} must be {named}, not {text!r}") from None
        if isinstance(value, str):
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
        if self.low is None and self.high is None:
            return "any"
        if self.high is None:
            return f"{self.low:g} or more"
        if self.low is None:
            return f"{self.high:g} or less"
        return f"from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class System:
    """A worked system.

    Attributes
    ----------
    name : str
        As it is typed on the command line.
    build : callable
        Takes ``seed`` and returns a `nengo.Network` whose probes are labelled.
    duration : float
        How long the lesson takes, in seconds of model time.
    summary : str
        One line.
    ideals : mapping of str to str
        Label of a probe to the label of the probe that it should come to equal.
    parameters : tuple of Parameter
        What ``build`` takes besides ``seed``.
    length : callable or None
        Takes parameters and ``seed`` and gives the duration, where it depends on them.
    """

    name: str
    build: Callable[..., nengo.Network]
    duration: float
    summary: str
    ideals: Mapping[str, str] = field(default_factory=dict)
    parameters: Tuple[Parameter, ...] = ()
    length: Optional[Callable[..., float]] = None

    def seconds(self, given: Mapping[str, str], seed: int = 0) -> float:
        """How long the lesson takes with these parameters."""
        return self.duration if self.length is None else self.length(**self.read(given), seed=seed)

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
                there = ", ".join(known) or "none"
                raise ValueError(f"{self.name} has no parameter {name!r}; it has {there}")
        return {name: known[name].read(text) for name, text in given.items()}
