"""Files of arrays with a JSON record beside them, written whole and read with suspicion."""

from __future__ import annotations

import io
import json
import math
import struct
import tokenize
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterator,
    Mapping,
    Optional,
    Protocol,
    Tuple,
    TypeVar,
)

import numpy as np

from deploy.errors import BadInput
from deploy.files.atomic import atomic_write
from deploy.files.kind import FileKind
from deploy.files.regular import refuse_pipes

if TYPE_CHECKING:
    from numpy.lib.npyio import NpzFile

Thing = TypeVar("Thing")
MOST_RECORD_BYTES = 256 * 2**20  # of JSON; changes and settings need some kilobytes
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, KeyError, TypeError,
          OverflowError)  # fmt: skip
MOST_EXPANSION = 1000  # of a compressed member; NumPy's own arrays shrink less


class Arrays(Protocol):
    """Arrays by name: of a file, of a part of one, or a plain mapping."""

    def __getitem__(self, name: str) -> np.ndarray: ...


def write_npz(
    path: Path,
    kind: FileKind,
    record: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    compressed: bool = False,
) -> Path:
    """Write beside and rename, so that the file is whole or not there.

    Raises
    ------
    BadInput
        If it cannot be written.
    """
    if path.suffix != ".npz":
        raise BadInput(f"{path}: {kind.name} are npz files; give a name that ends in .npz")
    record = {**record, "format": kind.format, "version": kind.version}
    text = json.dumps(record, sort_keys=True, ensure_ascii=False)  # by json's compiled part
    with atomic_write(path) as stream:
        packed: Any = {"json": np.frombuffer(text.encode(), dtype=np.uint8), **arrays}
        (np.savez_compressed if compressed else np.savez)(stream, **packed)
    return path


def read_npz(
    path: Path,
    kind: FileKind,
    make: Callable[[Mapping[str, Any], NpzFile], Thing],
    most_bytes: Optional[int] = None,
) -> Thing:
    """Read a file that may come from anywhere.

    Parameters
    ----------
    path : pathlib.Path
    kind : FileKind
    make : callable
        Makes the thing of record and arrays; what it raises of ValueError, KeyError and
        TypeError counts as damage.
    most_bytes : int, optional
        That it may unpack to; what is larger is refused before any of it is unpacked.

    Raises
    ------
    BadInput
        In one line, if the file is not there, not of this kind, truncated or damaged, or of
        a newer version.
    """
    with in_one_line(path, kind.name, kind.source), open(path, "rb") as stream:
        return _read(path, stream, kind, make, most_bytes)


@contextmanager
def in_one_line(path: Path, name: str, source: str) -> Iterator[None]:
    """Whatever goes wrong with a file that comes from anywhere becomes one line.

    Parameters
    ----------
    path : pathlib.Path
    name : str
        What the file should be: "a whole NAME file".
    source : str
        What to do, or which command makes such files.

    Raises
    ------
    BadInput
    """
    try:
        refuse_pipes(Path(path))
        yield
    except FileNotFoundError:
        raise BadInput(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise BadInput(f"{path}: this is a folder; name one of the files in it") from None
    except RecursionError:
        raise BadInput(f"{path}: not a whole {name} file (its record is nested)") from None
    except MemoryError:
        raise BadInput(f"{path}: does not fit into memory") from None
    except DAMAGE as error:
        raise BadInput(f"{path}: not a whole {name} file ({_short(error)}); {source}") from None
    except (NotImplementedError, RuntimeError) as error:  # a zip that is encrypted, or packed oddly
        raise BadInput(f"{path}: cannot be read ({_short(error)})") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from None


def read_arrays(path: Path, most_numbers: int) -> Dict[str, np.ndarray]:
    """All arrays of numbers of an npz file that anybody may have written.

    Each array's header is compared with what the file has of it before there is room for any.

    Parameters
    ----------
    path : pathlib.Path
    most_numbers : int
        In all arrays together.

    Raises
    ------
    BadInput
        In one line, if it is no such file, holds Python objects, or is too large.
    """
    with in_one_line(path, "npz", "numpy.savez makes them"), open(path, "rb") as stream:
        if stream.read(2) != b"PK":
            raise ValueError("it does not begin as one")
        stream.seek(0)
        _refuse_bombs(stream, None)
        with zipfile.ZipFile(stream) as packed:
            shapes = [_shape_of(packed, member) for member in packed.infolist()]
        total = sum(math.prod(shape) for shape in shapes)
        if total > most_numbers:
            raise ValueError(f"{total:,} numbers, of which at most {most_numbers:,} are read")
        stream.seek(0)
        with np.load(stream, allow_pickle=False) as npz:
            return {name: npz[name] for name in npz.files}


def _shape_of(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> Tuple[int, ...]:
    """Of an array of numbers, as its header says and its bytes bear out."""
    name = member.filename
    if not name.endswith(".npy"):
        raise ValueError(f"{name!r} in it is no array")
    with packed.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        readers: Mapping[Tuple[int, int], Callable[[Any], Any]] = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        if version not in readers:
            raise ValueError(f"{name!r} is of format {version}")
        try:
            shape, _, dtype = readers[version](stream)
        except (SyntaxError, tokenize.TokenError):  # NumPy tries to mend what Python cannot read
            raise ValueError(f"the header of {name!r} cannot be read") from None
        if dtype.hasobject:
            raise ValueError(f"{name!r} are pickled objects, which are never read; save numbers")
        if dtype.kind not in "fiub":
            raise ValueError(f"{name!r} is {dtype}, no numbers")
        if math.prod(shape) * dtype.itemsize != member.file_size - stream.tell():
            raise ValueError(f"{name!r} has not the {shape} numbers that its header says")
    return tuple(shape)


def has_record(path: Path) -> bool:
    """Whether a file is one of `write_npz`, or none that can be looked into."""
    try:
        refuse_pipes(path)
        with zipfile.ZipFile(path) as packed:
            return "json.npy" in packed.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError):
        return True  # reading it says what is wrong


def _read(
    path: Path,
    stream: io.BufferedReader,
    kind: FileKind,
    make: Callable[[Mapping[str, Any], NpzFile], Thing],
    most_bytes: Optional[int],
) -> Thing:
    head = stream.read(4)
    stream.seek(0)
    if head[:2] != b"PK":
        raise BadInput(f"{path}: not a {kind.name} file; {kind.source}")
    _refuse_bombs(stream, most_bytes)
    with zipfile.ZipFile(stream) as packed:
        for member in packed.infolist():
            _shape_of(packed, member)
    stream.seek(0)
    with np.load(stream, allow_pickle=False) as npz:
        if "json" not in npz.files:
            raise BadInput(f"{path}: an npz file, but not one of {kind.format}")
        record = _record(bytes(npz["json"]))
        if not isinstance(record, dict) or record.get("format") != kind.format:
            raise BadInput(f"{path}: an npz file, but not one of {kind.format}")
        if record["version"] > kind.version:
            raise BadInput(
                f"{path}: written by a newer loihi-deploy (format {record['version']}, "
                f"this one reads up to {kind.version}); upgrade loihi-deploy"
            )
        return make(record, npz)


def _record(body: bytes) -> Any:
    """Of JSON, whose texts can be written again: it has escapes for halves of characters."""
    found = json.loads(body.decode())
    if b"\\ud" in body.lower():
        json.dumps(found, ensure_ascii=False).encode()  # is a ValueError where one is alone
    return found


def _refuse_bombs(stream: io.BufferedReader, most_bytes: Optional[int]) -> None:
    """Look at the sizes that a zip states before any of it is unpacked."""
    with zipfile.ZipFile(stream) as packed:
        for member in packed.infolist():
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise NotImplementedError(f"{member.filename} is packed as NumPy packs nothing")
            if member.file_size > MOST_EXPANSION * max(member.compress_size, 1):
                raise ValueError(f"{member.filename} would unpack to {member.file_size:,} bytes")
            if member.filename == "json.npy" and member.file_size > MOST_RECORD_BYTES:
                raise ValueError(f"a record of {member.file_size:,} bytes")
        total = sum(member.file_size for member in packed.infolist())
        if most_bytes is not None and total > most_bytes:
            raise ValueError(f"{total:,} bytes, which is more than such a run can have")
    stream.seek(0)


def _short(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:120]
