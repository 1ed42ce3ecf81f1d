"""A recording, from whatever a user has it in."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, List, Union
from typing import Mapping as MappingOf

from deploy.errors import BadInput
from deploy.recordings.formats import FORMATS, PICKLED
from deploy.recordings.mapping import Mapping
from deploy.recordings.recording import Recorded, Recording, by_name


def read_recording(
    source: Any, mapping: Union[Mapping, MappingOf[str, Any], str, Path, None] = None
) -> Recording:
    """Read what another program recorded, to be compared.

    Parameters
    ----------
    source : str, pathlib.Path, mapping, simulator or neo.Block
        A file whose name ends as one of `deploy.recordings.formats.FORMATS`; arrays,
        (n_samples, n), or lists of NxSDK's probes by their labels; what has probes' ``data`` and a
        ``trange``, as Nengo's and nengo-loihi's simulators; or a block of Neo's.
    mapping : Mapping, mapping or path, optional
        Which signal is which probe's, and what the source does not say of steps, times and units.

    Raises
    ------
    BadInput
        In one line, if the source is not what it should be, or lacks what the mapping names.
    """
    if mapping is None:
        mapping = Mapping()
    elif isinstance(mapping, (str, Path)):
        mapping = Mapping.load(mapping)
    elif not isinstance(mapping, Mapping):
        mapping = Mapping.of(mapping)
    name, found = _found(source, mapping)
    return mapping.recording(by_name(found, name), name)


def _found(source: Any, mapping: Mapping) -> tuple[str, List[Recorded]]:
    if isinstance(source, (str, Path)):
        path = Path(source)
        return path.name, _reader(path)(path, mapping)
    if hasattr(source, "segments"):
        from deploy.recordings.neo import signals_of_block

        return str(source.name or "block of Neo"), signals_of_block(source)
    from deploy.recordings.probes import signals_of_probes, signals_of_simulator

    if hasattr(source, "trange"):
        return type(source).__name__, signals_of_simulator(source)
    if hasattr(source, "keys"):
        return "probes", signals_of_probes(source)
    raise BadInput(
        f"a recording is a file, arrays or probes by label, a simulator or a block of Neo, "
        f"not {type(source).__name__}"
    )


def _reader(path: Path) -> Any:
    suffix = path.suffix.lower()
    if suffix in PICKLED:
        raise BadInput(
            f"{path}: pickled objects are programs, which are not run; save it as parquet or npz"
        )
    if suffix not in FORMATS:
        raise BadInput(f"{path}: recordings end in {', '.join(FORMATS)}, not in {suffix!r}")
    form = FORMATS[suffix]
    return getattr(importlib.import_module(f"deploy.recordings.{form.module}"), form.function)
