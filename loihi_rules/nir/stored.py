"""What an HDF5 file really has of a dataset, and its texts, without trust in either.

libhdf5 makes room for the shape that a dataset states before it looks whether the file has it. Of
texts of any length it makes room for the stated length, up to 4 GiB each, and on a heap whose sizes
are 0 it goes round for ever. So sizes are compared with the file first, and those texts are read
here: references of 16 bytes into collections of a heap ("HDF5 File Format Specification", Version
3.0, III.E "Global Heap", and IV.A.2.d, class 9).
"""

from __future__ import annotations

import os
import zlib
from typing import IO, Any, Dict, Iterator, List, Tuple

import numpy as np

MOST_EXPANSION = 1100  # deflate makes at most 1032 bytes of one (zlib, "Technical Details")
MOST_STEPS = 2_000_000  # objects of a heap that are looked at for the texts of one dataset
REFERENCE = np.dtype([("length", "<u4"), ("address", "<u8"), ("index", "<u4")])
HEAD = 16  # bytes before a collection's objects, and before an object's own


def bytes_stored(item: Any) -> int:
    """Bytes that the file has of a dataset, without what is behind references."""
    return int(item.id.get_storage_size())


def read_texts(h5py: Any, item: Any, stream: IO[bytes], most_bytes: int) -> np.ndarray:
    """Texts of a dataset which are of any length.

    Parameters
    ----------
    h5py : module
    item : h5py.Dataset
    stream : binary file
        The same file.
    most_bytes : int
        Of all texts together.

    Returns
    -------
    ndarray of object
        Bytes, in the dataset's shape.

    Raises
    ------
    ValueError
        If they are damaged, too long, or kept in a way that cannot be looked into.
    """
    if item.file.id.get_create_plist().get_sizes()[0] != 8:
        raise ValueError("addresses of other than 8 bytes")
    references = _references(h5py, item, stream)
    total = int(references["length"].sum(dtype=np.uint64))
    if total > most_bytes:
        raise ValueError(f"texts of {total:,} bytes")
    heap = _Heap(stream)
    found = np.empty(references.size, dtype=object)
    for k, (length, address, index) in enumerate(references.ravel().tolist()):
        found[k] = heap.text(length, address, index) if length else b""
    return found.reshape(item.shape)


def _references(h5py: Any, item: Any, stream: IO[bytes]) -> np.ndarray:
    found = np.zeros(item.shape, REFERENCE)
    for place, raw in _pieces(h5py, item, stream):
        shape = found[place].shape if item.chunks is None else item.chunks
        if len(raw) != int(np.prod(shape, dtype=np.int64)) * REFERENCE.itemsize:
            raise ValueError("fewer texts than it says")
        piece = np.frombuffer(raw, REFERENCE).reshape(shape)
        found[place] = piece[tuple(slice(n) for n in found[place].shape)]
    return found


def _pieces(h5py: Any, item: Any, stream: IO[bytes]) -> Iterator[Tuple[Tuple[Any, ...], bytes]]:
    """What the file has of a dataset, unpacked, and which part of it that is."""
    made = item.id.get_create_plist()
    if made.get_layout() == h5py.h5d.CONTIGUOUS:
        stream.seek(item.id.get_offset())
        yield (...,), stream.read(bytes_stored(item))
        return
    if made.get_layout() != h5py.h5d.CHUNKED:
        raise ValueError("texts within their header")
    filters = [made.get_filter(k)[0] for k in range(made.get_nfilters())]
    room = int(np.prod(item.chunks, dtype=np.int64)) * REFERENCE.itemsize
    for k in range(item.id.get_num_chunks()):
        chunk = item.id.get_chunk_info(k)
        stream.seek(chunk.byte_offset)
        raw = stream.read(chunk.size)
        for bit, each in reversed(list(enumerate(filters))):
            if not chunk.filter_mask >> bit & 1:
                raw = _without_filter(h5py, each, raw, room)
        ends = zip(chunk.chunk_offset, item.chunks)
        yield tuple(slice(first, first + n) for first, n in ends), raw


def _without_filter(h5py: Any, which: int, raw: bytes, room: int) -> bytes:
    if which == h5py.h5z.FILTER_DEFLATE:
        try:
            return zlib.decompressobj().decompress(raw, room)
        except zlib.error as error:
            raise ValueError(str(error)) from None
    if which == h5py.h5z.FILTER_SHUFFLE:  # first bytes of all, then second bytes, …
        if len(raw) % REFERENCE.itemsize:
            raise ValueError("half a text")
        return np.frombuffer(raw, np.uint8).reshape(REFERENCE.itemsize, -1).T.tobytes()
    raise ValueError(f"texts packed by filter {which}")


class _Heap:
    """Collections of objects in a file, of which the last is kept."""

    def __init__(self, stream: IO[bytes]):
        self._stream = stream
        self._size = os.fstat(stream.fileno()).st_size
        self._address, self._body = -1, b""
        self._places: Dict[int, Tuple[int, int]] = {}
        self._steps = 0

    def text(self, length: int, address: int, index: int) -> bytes:
        """An object's first bytes."""
        if address != self._address:
            self._open(address)
        if index not in self._places:
            raise ValueError(f"no text {index} in its heap")
        first, size = self._places[index]
        if size < length:
            raise ValueError(f"a text of {length:,} bytes of which there are {size:,}")
        return self._body[first : first + length]

    def _open(self, address: int) -> None:
        if address > self._size - HEAD:
            raise ValueError("a text beyond the end of the file")
        self._stream.seek(address)
        head = self._stream.read(HEAD)
        size = int.from_bytes(head[8:], "little")
        if head[:4] != b"GCOL" or not HEAD <= size <= self._size - address:
            raise ValueError("no heap where its texts should be")
        self._address, self._body = address, self._stream.read(size - HEAD)
        self._places = dict(self._objects())

    def _objects(self) -> List[Tuple[int, Tuple[int, int]]]:
        """Each object's index, and where it is; an index of 0 is of what is free."""
        found, at = [], 0
        while at + HEAD <= len(self._body):
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise ValueError("texts in more pieces than are read")
            index = int.from_bytes(self._body[at : at + 2], "little")
            size = int.from_bytes(self._body[at + 8 : at + HEAD], "little")
            if index == 0:
                break
            if size > len(self._body) - at - HEAD:
                raise ValueError("a text beyond the end of its heap")
            found.append((index, (at + HEAD, size)))
            at += HEAD + -(-size // 8) * 8
        return found
