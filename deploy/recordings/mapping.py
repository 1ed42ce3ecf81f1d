"""What a file of somebody else's does not say: which probe is which, steps, offsets and units."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Dict, Optional, Union
from typing import Mapping as MappingOf

import numpy as np

from deploy.errors import BadInput
from deploy.files.regular import refuse_pipes
from deploy.files.shapes import has_float
from deploy.recordings.recording import Recorded, Recording, Signal, Trains
from deploy.traces.trace import UNITS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MOST_FILE = 2**20  # bytes of a mapping
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
TIME_NAMES = ("time", "times", "t", "trange", "timestamps")  # of columns that nobody named


@dataclass(frozen=True)
class Named:
    """Which signal of a file is a probe's.

    Attributes
    ----------
    source : str
        Its name in the file.
    scale : float or None
        What its values are multiplied by to be in the probe's unit; None if nobody said.
    kind : str
        One of `deploy.traces.trace.UNITS`, where the reference does not say it.
    neurons : str
        Name of the numbers of neurons, where ``source`` are times of spikes.
    transpose : bool
        Whether the file has a row a neuron in the place of one a sample.
    """

    source: str
    scale: Optional[float] = None
    kind: str = ""
    neurons: str = ""
    transpose: bool = False


@dataclass(frozen=True)
class Mapping:
    """How a recording is to be read.

    Attributes
    ----------
    dt : float or None
        Seconds between two samples, where the file has no times; the first is of the first step.
    offset : float
        Seconds that are added to all times.
    time : str
        Name of the file's times; empty for one of `TIME_NAMES`.
    time_unit : str
        Of the file's times: one of `TIME_UNITS`.
    traces : mapping of str to Named
        By the label of the probe. A label that is not here is looked for under its own name.
    """

    dt: Optional[float] = None
    offset: float = 0.0
    time: str = ""
    time_unit: str = "s"
    traces: MappingOf[str, Named] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Union[str, Path]) -> Mapping:
        """Read a TOML file.

        Raises
        ------
        BadInput
            In one line, if it is none, or has something that a mapping has not.
        """
        try:
            refuse_pipes(Path(path))
            if Path(path).stat().st_size > MOST_FILE:
                raise BadInput(f"{path}: too long for a mapping")
            read = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:  # of TOML, UTF-8, or endless digits
            raise BadInput(f"{path}: not a mapping ({error}); see docs/recordings.md") from None
        except OSError as error:
            raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
        return cls.of(read, str(path))

    @classmethod
    def of(cls, given: MappingOf[str, Any], where: str = "mapping") -> Mapping:
        """A mapping of the keys and values of a file.

        Raises
        ------
        BadInput
            If a key is unknown, or a value not what it should be.
        """
        given = dict(given)
        traces = given.pop("traces", {})
        if not isinstance(traces, dict):
            raise BadInput(f"{where}: traces must be tables, [traces.LABEL], not {traces!r}")
        values = _checked(
            given, {"dt": float, "offset": float, "time": str, "time_unit": str}, where
        )
        if values.get("dt", 1.0) <= 0:
            raise BadInput(f"{where}: dt must be more than 0 s, not {values['dt']:g}")
        if values.get("time_unit", "s") not in TIME_UNITS:
            raise BadInput(
                f"{where}: time_unit must be one of {', '.join(TIME_UNITS)}, "
                f"not {values['time_unit']!r}"
            )
        return cls(
            **values, traces={label: _named(label, each, where) for label, each in traces.items()}
        )

    def recording(self, found: MappingOf[str, Recorded], source: str) -> Recording:
        """What was found in a file, by the labels of probes, in seconds and in their units.

        Raises
        ------
        BadInput
            If something is named that is not there.
        """
        by_label: Dict[str, Recorded] = {}
        used = {named.neurons for named in self.traces.values()}
        for label, named in self.traces.items():
            each = self._found(named.source, found, label, source)
            used.add(named.source)
            if named.neurons:
                ids = self._found(named.neurons, found, label, source)
                each = _events(each, ids, f"{source}: {label!r}")
            by_label[label] = self._read(each, named, f"{source}: {label!r}")
        for name, each in found.items():
            if name not in used and name not in by_label:
                by_label[name] = self._read(each, Named(name), f"{source}: {name!r}")
        return Recording(source, by_label, self.dt)

    def _found(
        self, name: str, found: MappingOf[str, Recorded], label: str, source: str
    ) -> Recorded:
        if name not in found:
            raise BadInput(
                f"{source}: there is no {name!r}, which the mapping has for {label!r}; "
                f"there are {shown_names(found)}"
            )
        return found[name]

    def _read(self, each: Recorded, named: Named, where: str) -> Recorded:
        second = TIME_UNITS[self.time_unit]
        if isinstance(each, Trains):
            if named.scale is not None or named.kind not in ("", "spikes") or named.transpose:
                raise BadInput(f"{where} are times of spikes, which have no scale, kind or rows")
            end = None if each.end is None else each.end * second + self.offset
            return replace(each, times=each.times * second + self.offset, end=end)
        values, times = each.values, each.times
        if named.transpose:
            if times is not None and len(times) == len(values) != values.shape[1]:
                raise BadInput(f"{where} has a row a sample, as its times say; leave transpose out")
            values = np.ascontiguousarray(values.T)
            times = None if times is None or len(times) != len(values) else times
        if named.scale is not None:
            values = values * named.scale
        return replace(
            each,
            values=values,
            times=None if times is None else times * second + self.offset,
            unit="" if named.scale is not None else each.unit,
            kind=named.kind or each.kind,
        )


def _named(label: str, given: Any, where: str) -> Named:
    place = f"{where}: [traces.{label}]"
    if isinstance(given, str):
        return Named(given)
    if not isinstance(given, dict):
        raise BadInput(f"{place} must be a table or a name, not {given!r}")
    kinds = {"from": str, "scale": float, "kind": str, "neurons": str, "transpose": bool}
    values = _checked(given, kinds, place)
    if values.get("kind", "value") not in UNITS:
        raise BadInput(f"{place}: kind must be one of {', '.join(UNITS)}, not {values['kind']!r}")
    return Named(values.pop("from", label), **values)


def _checked(given: MappingOf[str, Any], kinds: MappingOf[str, type], where: str) -> Dict[str, Any]:
    for key, value in given.items():
        if key not in kinds:
            raise BadInput(f"{where}: {key} is unknown; there are {', '.join(kinds)}")
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        is_number = is_number and has_float(value)
        fits = is_number if kinds[key] is float else isinstance(value, kinds[key])
        if not fits or (is_number and not math.isfinite(value)):
            word = {float: "a number", str: "a text", bool: "true or false"}[kinds[key]]
            raise BadInput(f"{where}: {key} must be {word}, not {value!r}")
    return dict(given)


def _events(times: Recorded, neurons: Recorded, where: str) -> Trains:
    """Spikes of two columns: when, and of which neuron."""
    if not isinstance(times, Signal) or not isinstance(neurons, Signal):
        raise BadInput(f"{where} are spikes already; leave neurons out of its mapping")
    when, which = times.values.ravel(), neurons.values.ravel()
    if len(when) != len(which):
        raise BadInput(f"{where}: {len(when)} times of spikes, and {len(which)} neurons")
    whole = np.isfinite(which) & (which == np.floor(which)) & (which >= 0) & (which < 2**31)
    if not whole.all():
        raise BadInput(f"{where}: {which[~whole][0]:g} is no number of a neuron, from 0")
    return Trains(times.name, when, which.astype(np.int64))


def shown_names(found: MappingOf[str, Any], most: int = 12) -> str:
    """Names for a message."""
    names = [repr(name) for name in found]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
