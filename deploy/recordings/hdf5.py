"""HDF5 files that may come from anywhere: nothing is followed out of them, nor read unmeasured."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any, Dict, List, Tuple

from deploy.errors import BadInput
from deploy.recordings.lazily import load
from deploy.recordings.recording import MOST_NAMES, check_budget
from loihi_rules.nir.stored import MOST_EXPANSION, bytes_stored, read_texts

DEEPEST = 24  # groups in groups; NIX needs a dozen


def checked_datasets(file: Any, path: Path) -> Dict[str, Any]:
    """All datasets of a file by their paths, none of which leads out of it.

    Parameters
    ----------
    file : h5py.File

    Raises
    ------
    BadInput
        If a link or a dataset leads to another file, or they are too many or too large.
    """
    h5py = load("h5py", "nwb")
    found: Dict[str, Any] = {}
    seen = set()
    waiting: List[Tuple[str, Any, int]] = [("", file, 0)]
    while waiting:
        where, group, depth = waiting.pop()
        address = h5py.h5o.get_info(group.id).addr
        if address in seen:  # a hard link to a group that was there already
            continue
        seen.add(address)
        if depth > DEEPEST or len(seen) + len(found) > MOST_NAMES:
            raise BadInput(f"{path}: too many groups, or too deep in each other")
        for name in group:
            place = f"{where}/{name}"
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise BadInput(f"{path}: {place} leads to another file, which is not followed")
            if isinstance(link, h5py.SoftLink):
                continue  # to something that is here under its own name
            thing = group[name]
            if isinstance(thing, h5py.Group):
                waiting.append((place, thing, depth + 1))
            elif isinstance(thing, h5py.Dataset):
                if thing.external or thing.is_virtual:
                    raise BadInput(f"{path}: {place} lies in another file, which is not read")
                found[place] = thing
    with open(path, "rb") as stream:
        for place, dataset in found.items():
            _is_there(h5py, dataset, stream, f"{path}: {place}")
    check_budget(sum(int(d.size or 0) for d in found.values() if d.dtype.kind in "fiub"), str(path))
    return found


def _is_there(h5py: Any, dataset: Any, stream: IO[bytes], where: str) -> None:
    """Hold what a dataset says of its size against what the file has, before there is room."""
    size = os.fstat(stream.fileno()).st_size
    stored = min(bytes_stored(dataset), size)
    if int(dataset.size or 0) * dataset.dtype.itemsize > MOST_EXPANSION * stored:
        raise BadInput(f"{where} says that it is larger than what the file has of it")
    text = h5py.check_string_dtype(dataset.dtype)
    if text is not None and text.length is None:
        try:  # they are read by others' libraries, which believe them
            read_texts(h5py, dataset, stream, MOST_EXPANSION * size)
        except ValueError as error:
            raise BadInput(f"{where}: its texts cannot be read ({error})") from None
