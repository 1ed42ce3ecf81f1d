"""Texts, values, records, arrays and zips that mean harm, drawn by grammars from a seed."""

from __future__ import annotations

import copy
import io
import json
import math
import random
import struct
import zipfile
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np

Draw = random.Random
Path = Tuple[Any, ...]
GONE = object()
TEXTS = (
    "", "x", " ", "\n", "\x00", "\x1b[31mred", "\x1b]0;owned\x07", "\x9b31m", "\u202egnp.exe",
    "\nPARITY: forged", "\rPARITY: forged", "\u2028PARITY: forged", "\nloihi-deploy: forged",
    "../../etc/passwd", "/etc/passwd", "-oProxyCommand=id", "$(id)", "`id`", "a;id", "%s%n", "{0}",
    "[red]", "[/]", "<script>alert(1)</script>", "a" * 100_000, "\U0001f600" * 50,
    "e" + "\u0301" * 999, "NaN", "__class__", "nan", "1e999", "\ufeff", "\ud800",
)  # fmt: skip
NUMBERS = (
    0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**30, 10**400, 0.5, -0.0, 1e308, 5e-324,
    math.nan, math.inf, -math.inf,
)  # fmt: skip


def text(draw: Draw) -> str:
    """One of the texts, or several in a row."""
    return "".join(draw.choice(TEXTS) for _ in range(draw.choice((1, 1, 1, 2, 3))))


def value(draw: Draw, depth: int = 0) -> Any:
    """Anything that JSON has, and numbers that only Python's has."""
    kind = draw.randrange(9 if depth < 4 else 6)
    if kind < 2:
        return text(draw)
    if kind < 4:
        return draw.choice(NUMBERS)
    if kind < 6:
        return draw.choice((None, True, False, [], {}, ""))
    if kind == 6:
        return [value(draw, depth + 1) for _ in range(draw.randrange(4))]
    if kind == 7:
        return {text(draw): value(draw, depth + 1) for _ in range(draw.randrange(4))}
    deep: Any = value(draw, 4)
    for _ in range(draw.choice((10, 100, 900))):
        deep = [deep] if draw.random() < 0.5 else {"a": deep}
    return deep


def document(draw: Draw) -> bytes:
    """Bytes in the place of JSON: of a value, or broken."""
    way = draw.randrange(8)
    if way < 4:
        return json.dumps(value(draw)).encode()
    whole = json.dumps({"a": value(draw), "id": "1"}).encode()
    if way == 4:
        return whole[: draw.randrange(len(whole))]
    if way == 5:
        return b"[" * draw.choice((10, 100_000))
    if way == 6:
        return bytes(draw.randrange(256) for _ in range(draw.randrange(200)))
    return whole.replace(b'"id"', b'"a"') + text(draw).encode("utf-8", "surrogatepass")


def places(whole: Any, path: Path = ()) -> Iterator[Path]:
    """Each place in a record, the tables themselves too."""
    if path:
        yield path
    parts = enumerate(whole) if isinstance(whole, list) else ()
    for key, each in whole.items() if isinstance(whole, dict) else parts:
        yield from places(each, (*path, key))


def spoilt(draw: Draw, record: Any) -> Tuple[Any, str]:
    """A record with some places that are gone or hold another value; and which."""
    record, said = copy.deepcopy(record), []
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        path = draw.choice(list(places(record)) or [()])
        if not path:
            break
        holder = record
        for key in path[:-1]:
            holder = holder[key]
        new = GONE if draw.random() < 0.15 else value(draw)
        said.append(".".join(map(str, path))[:40])
        if new is GONE:
            del holder[path[-1]]
        elif draw.random() < 0.1 and isinstance(holder, dict):
            holder[text(draw)] = new
        else:
            holder[path[-1]] = new
    return record, ", ".join(said)


# ------------------------------------------------------------------ arrays


SHAPES = ("(3,)", "()", "(0,)", "(-1,)", "(10**12,)", "(2**63, 2)", "(1e3,)", "(True,)",
          "('3',)", "(3, 0)", "3", "None", "(3", "(" + "1," * 80 + ")",
          "(99999999999999999999,)")  # fmt: skip
DTYPES = ("'<f8'", "'<f4'", "'|O'", "'|S9'", "'<U9'", "'<M8[s]'", "'|V8'", "'<c16'", "'<f16'",
          "[('a', '<f8')]", "3", "'<f8' + 'x'", "'" + "9" * 40 + "f8'", "'<i8'", "'|b1'",
          "__import__('os')")  # fmt: skip


def array(draw: Draw, honest: np.ndarray) -> bytes:
    """A file of NumPy's whose header says something else than its bytes."""
    body = honest.tobytes()
    form = "{{'descr': {}, 'fortran_order': {}, 'shape': {}, }}"
    said = form.format(
        draw.choice(DTYPES) if draw.random() < 0.6 else f"'{honest.dtype.str}'",
        draw.choice(("False", "True", "3", "None")),
        draw.choice(SHAPES) if draw.random() < 0.6 else str(honest.shape),
    )
    header = said.encode() + b" " * draw.choice((0, 10, 60_000 if draw.random() < 0.2 else 50))
    length = draw.choice((len(header) + 1, len(header) + 1, 0, 65535, 2)) & 0xFFFF
    version = draw.choice((b"\x01\x00", b"\x01\x00", b"\x01\x00", b"\x02\x00", b"\x09\x09"))
    cut = draw.choice((len(body), len(body), 0, len(body) // 2, len(body) + 1))
    start = b"\x93NUMPY" if draw.random() < 0.9 else b"\x80\x04cos\nsystem\n"
    return start + version + struct.pack("<H", length) + header + b"\n" + body[:cut]


def npy(honest: np.ndarray) -> bytes:
    """As NumPy writes it."""
    stream = io.BytesIO()
    np.save(stream, honest)
    return stream.getvalue()


# ------------------------------------------------------------------ zips


def zipped(members: List[Tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of these, which may have one name twice."""
    import warnings

    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", method) as packed:
        warnings.simplefilter("ignore")
        for name, body in members:
            packed.writestr(name, body)
    return stream.getvalue()


def npz(draw: Draw, record: Any, arrays: Dict[str, np.ndarray]) -> Tuple[bytes, str]:
    """A file as `Traces.save` writes it, of which one thing or another is not honest."""
    way, said = draw.choice(("record", "record", "record", "array", "zip", "bytes")), ""
    record = copy.deepcopy(record)
    if way == "record":
        record, said = spoilt(draw, record)
    document_ = json.dumps(record).encode() if draw.random() < 0.95 else document(draw)
    members = {f"{name}.npy": npy(each) for name, each in arrays.items()}
    members["json.npy"] = npy(np.frombuffer(document_, np.uint8))
    if way == "array":
        name = draw.choice(sorted(arrays) + ["json"])
        honest = arrays.get(name, np.frombuffer(document_, np.uint8))
        members[f"{name}.npy"], said = array(draw, honest), name
    packed = list(members.items())
    if way != "zip":
        whole = zipped(packed)
        return (broken(draw, whole), "bytes") if way == "bytes" else (whole, f"{way} {said}")
    kind = draw.choice(("names", "twice", "gone", "bomb", "methods", "sizes", "nested"))
    name = draw.choice(sorted(members))
    if kind == "names":
        packed.append((text(draw).replace("\ud800", "").replace("\0", "")[:5000] or "x", b"x"))
    elif kind == "twice":
        packed.append((name, npy(np.zeros(draw.choice((0, 3, 10**5))))))
    elif kind == "gone":
        packed = [each for each in packed if each[0] != name]
    elif kind == "bomb":
        size = draw.choice((10, 200)) * 2**20
        return zipped([*packed, (name + "x", bytes(size))], zipfile.ZIP_DEFLATED), "zip bomb"
    elif kind == "methods":
        method = draw.choice((zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED))
        return zipped(packed, method), "zip methods"
    elif kind == "nested":
        packed = [("a.npz", zipped(packed))]
    whole = bytearray(zipped(packed))
    if kind == "sizes":  # of the central directory: lies about sizes, flags and methods
        at = whole.rfind(b"PK\x01\x02")
        place = at + draw.choice((8, 10, 20, 24, 42))
        whole[place : place + 2] = draw.choice((b"\xff\xff", b"\x01\x00", b"\x00\x00"))
    return bytes(whole), f"zip {kind}"


def broken(draw: Draw, whole: bytes) -> bytes:
    """Cut, with a bit changed, turned round, or with more behind it."""
    way, at = draw.randrange(4), draw.randrange(len(whole))
    if way == 0:
        return whole[:at]
    if way == 1:
        return whole[:at] + bytes([whole[at] ^ (1 << draw.randrange(8))]) + whole[at + 1 :]
    if way == 2:
        return whole[at:] + whole[:at]
    return whole + bytes(draw.randrange(256) for _ in range(100))
