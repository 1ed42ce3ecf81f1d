"""Readers of what comes from elsewhere, each as a function of bytes; for fuzzing.

Most inputs are not the bytes of a file, of which a changed bit would fail its check sum and nothing
more, but what is in it: pieces that are packed honestly here. Bytes that begin as a file does are
taken as one.
"""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, NamedTuple, Tuple
from unittest.mock import patch

import numpy as np

from deploy.errors import BadInput, TargetUnavailable
from deploy.files.kind import FileKind
from deploy.files.npz import has_record, read_arrays, read_npz
from deploy.jobs import bundle as bundles
from deploy.jobs import remote
from deploy.jobs.link import Link
from deploy.jobs.site import LOCAL, VARIABLE, load_sites
from deploy.recordings.mapping import Mapping
from deploy.traces import parts
from deploy.traces.traces import Traces
from hardware_tests.attack import grammar, trees

SEPARATOR = b"\n--\n"
MOST_SAID = 1000  # characters of an error, a path of the system's in it
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NAMES = ("json", "0.samples", "0.steps", "0.neurons", "1.samples", "1.steps", "1.neurons",
         "2.samples", "2.steps", "2.neurons")  # fmt: skip


class Violation(Exception):
    """What a reader must not do."""


class Reader(NamedTuple):
    """A reader.

    Attributes
    ----------
    read : callable
        Reads bytes, in a folder of its own; what it raises is a crash.
    seeds : callable
        Honest inputs to begin with.
    words : tuple of str
        That inputs of it are made of.
    """

    read: Callable[[bytes, Path], None]
    seeds: Callable[[Path], List[bytes]]
    words: Tuple[str, ...] = ()


def _refusal(error: Exception) -> None:
    """That an error is one line which a terminal may have."""
    said = str(error)
    if "\n" in said or not said:
        raise Violation(f"an error of {len(said.splitlines())} lines: {said[:300]!r}") from error
    if len(said) > MOST_SAID:
        raise Violation(f"an error of {len(said)} characters: {said[:300]!r}") from error


# ------------------------------------------------------------------ files of arrays


def _packed(members: Dict[str, bytes]) -> bytes:
    return grammar.zipped(list(members.items()))


def _npz(data: bytes, folder: Path) -> None:
    path = folder / "a.npz"
    if not data.startswith(b"PK"):
        each = [piece.partition(b"\0") for piece in data.split(SEPARATOR)]
        data = _packed({name.decode("latin1") or "x": body for name, _, body in each})
    path.write_bytes(data)
    has_record(path)
    kind = FileKind("loihi-deploy traces", 1, "traces", "loihi-deploy makes them")
    for read in (
        lambda: read_arrays(path, 10**6),
        lambda: read_npz(path, kind, lambda record, npz: [npz[name] for name in npz.files], 10**7),
    ):
        try:
            read()
        except BadInput as error:
            _refusal(error)


def _npz_seeds(folder: Path) -> List[bytes]:
    members = {
        "a.npy": grammar.npy(np.arange(6.0).reshape(2, 3)),
        "json.npy": grammar.npy(np.frombuffer(b'{"format": "loihi-deploy traces", "version": 1}',
                                              np.uint8)),
        "b.npy": grammar.npy(np.array(["x"])),
    }  # fmt: skip
    joined = SEPARATOR.join(name.encode() + b"\0" + body for name, body in members.items())
    deflated = grammar.zipped(list(members.items()), zipfile.ZIP_DEFLATED)
    return [joined, _packed(members), deflated]


# ------------------------------------------------------------------ traces


def _traces(data: bytes, folder: Path) -> None:
    """A record, and arrays in the order of `NAMES`; of a run, or of a part of one."""
    record, *bodies = data.split(SEPARATOR)
    members = {"json.npy": grammar.npy(np.frombuffer(record, np.uint8))}
    members.update({f"{name}.npy": body for name, body in zip(NAMES[1:], bodies) if body})
    place = folder / "parts"
    place.mkdir(exist_ok=True)
    path = place / "000000.npz"
    path.write_bytes(_packed(members))
    is_part = b"loihi-deploy part" in record
    try:
        found = parts.read_parts(place) if is_part else Traces.load(path)
        found.save(folder / "again.npz")
    except BadInput as error:
        _refusal(error)


def _traces_seeds(folder: Path) -> List[bytes]:
    import nengo

    import deploy

    with nengo.Network(seed=1, label="m") as network:
        ens = nengo.Ensemble(3, 1)
        nengo.Connection(nengo.Node(0.5), ens)
        nengo.Probe(ens, synapse=0.01, label="decoded")
        nengo.Probe(ens.neurons, label="spikes")
    run = deploy.run(network, 0.01, "cpu", seed=1)
    record = {**run.to_dict(), "changes": [], "versions": {"a": "1"}, "settings": {}}
    wanted = [entry for entry in record["traces"] if not entry["instrument"]]
    arrays = run.arrays()
    made = []
    part = {"part": 0, "first": 0, "last": 10}
    for form, more in (("loihi-deploy traces", {}), (parts.KIND.format, part)):
        said = {**record, "traces": wanted, **more, "format": form, "version": 1}
        bodies = [grammar.npy(arrays[name]) if name in arrays else b"" for name in NAMES[1:]]
        made.append(SEPARATOR.join([json.dumps(said).encode(), *bodies]))
    return made


# ------------------------------------------------------------------ bundles


def _bundle(data: bytes, folder: Path) -> None:
    place = folder / "bundle"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        bundles.unpack(_tar(data), place)
    except BadInput as error:
        _refusal(error)
    for path in place.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise Violation(f"unpacked: {path}")


def _tar(data: bytes) -> bytes:
    """Entries ``KIND NAME NUL CONTENT`` with their sums; or whole, where the bytes are a tar's."""
    if not data.startswith(b"+"):
        return data
    stream, sums = io.BytesIO(), {}
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:

        def add(kind: bytes, name: str, body: bytes) -> None:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            entry.size = len(body) if kind == tarfile.REGTYPE else 0
            tar.addfile(entry, io.BytesIO(body))

        try:
            for piece in data[1:].split(SEPARATOR):
                name, _, body = piece[1:].partition(b"\0")
                said = name.decode("latin1")
                sums[said] = bundles.hashlib.sha256(body).hexdigest()
                add(piece[:1] or b"0", said, body)
            manifest = {"format": bundles.FORMAT, "version": 1, "files": sums}
            add(tarfile.REGTYPE, bundles.MANIFEST, json.dumps(manifest).encode())
        except ValueError:  # a name that no tar has room for
            return data
    return stream.getvalue()


def _bundle_seeds(folder: Path) -> List[bytes]:
    spec = {"file": "", "tasks": [{"model": "oja", "seed": 0, "duration": 0.01}],
            "target": "emulator", "dt": 0.001, "part_every": 30, "weights": None}  # fmt: skip
    text = json.dumps(spec).encode()
    return [
        bundles.pack({"model/a.py": b"x = 1"}, spec),
        b"+" + SEPARATOR.join([b"0spec.json\0" + text, b"0model/a.py\0x = 1"]),
        b"+" + SEPARATOR.join([b"0spec.json\0" + text, b"2a\0", b"5d\0", b"0../a\0x"]),
    ]


# ------------------------------------------------------------------ TOML


def _toml(data: bytes, folder: Path) -> None:
    path = folder / "a.toml"
    path.write_bytes(data)
    try:
        with patch.dict(os.environ, {VARIABLE: str(path)}):
            sites = load_sites().values()
        for site in sites:
            if OBEYED.search(" ".join([*site.python_words, site.host, site.folder])):
                raise Violation(f"a command: {site!r}")
    except BadInput as error:
        _refusal(error)
    try:
        Mapping.load(path)
    except BadInput as error:
        _refusal(error)


def _toml_seeds(folder: Path) -> List[bytes]:
    from deploy.jobs.site import TEMPLATE

    mapping = """dt = 0.001
offset = -0.5
time = "t"
time_unit = "ms"
[traces.decoded]
source = "a"
scale = 2.0
unit = "V"
[traces.spikes]
source = "t"
neurons = "n"
"""
    return [TEMPLATE.encode(), mapping.encode(), b'[a]\nmodules = ["x/1"]\nat_once = 4\n']


# ------------------------------------------------------------------ answers of agents


class _Answering(Link):
    """A link to a site that always gives the same answer."""

    answer = ""

    def run(self, words: Any) -> str:
        return self.answer

    def send(self, source: Path, name: str) -> None:
        return None


def _answer(data: bytes, folder: Path) -> None:
    job = SimpleNamespace(
        site=LOCAL, name="oja-0123", folder=folder, tasks=(0, 1), note=lambda *_, **__: None
    )
    before, remote.Link = remote.Link, _Answering  # type: ignore[misc]
    _Answering.answer = data.decode(errors="replace")
    try:
        for ask in (remote.status, remote.cancel, remote.submit, remote.logs):
            try:
                said = repr(ask(job))  # type: ignore[operator]
                if OBEYED.search(said):
                    raise Violation(f"raw: {said[:300]!r}")
            except TargetUnavailable as error:
                _refusal(error)
    finally:
        remote.Link = before  # type: ignore[misc]


def _answer_seeds(folder: Path) -> List[bytes]:
    task = {"state": "failed", "why": "x", "restarts": 1, "log": "a\nb"}
    answers = (
        {"id": "1", "tasks": {"0": task, "1": {"state": "running"}}},
        {"log": "first\nsecond\n", "offset": 13},
        {"id": "1", "left": True, "new": True, "cancelled": False},
        {"error": "sbatch: no"}, {"unreachable": "squeue"}, {"note": "not submitted"},
    )  # fmt: skip
    return [json.dumps(answer).encode() for answer in answers]


# ------------------------------------------------------------------ NIR


def _nir(data: bytes, folder: Path) -> None:
    """A file of HDF5, or a tree of groups and datasets in JSON; read, and made a network."""
    from loihi_rules.nir import NirError, convert
    from loihi_rules.nir.file import read_file

    path = folder / "a.nir"
    if data.startswith(b"\x89HDF"):
        path.write_bytes(data)
    elif not trees.write_json(path, data):
        return
    try:
        convert(read_file(path), "a")
    except NirError as error:
        _refusal(error)


def _nir_seeds(folder: Path) -> List[bytes]:
    return [json.dumps(tree).encode() for tree in trees.TREES]


def _nir_bytes_seeds(folder: Path) -> List[bytes]:
    made = []
    for form in ("earliest", "latest"):
        trees.write(folder / "seed.nir", trees.SMALL, form)
        made.append((folder / "seed.nir").read_bytes())
    return made


READERS: Dict[str, Reader] = {
    "npz": Reader(_npz, _npz_seeds, ("descr", "fortran_order", "shape", "<f8", "|O", "\n--\n",
                                     "json.npy", ".npy", "PK\x01\x02", "PK\x03\x04")),
    "traces": Reader(_traces, _traces_seeds, ("n_steps", "traces", "kind", "period", "learned",
                                              "partial", "part", "first", "last", "NaN", "null",
                                              "\n--\n", "<i8", "|b1")),
    "bundles": Reader(_bundle, _bundle_seeds, ("manifest.json", "spec.json", "../", "/etc",
                                               "ustar")),
    "TOML": Reader(_toml, _toml_seeds, ("host", "folder", "conda", "venv", "modules", "at_once",
                                        "take", "traces", "source", "neurons", "dt", "offset",
                                        "time_unit", "inf", "nan", "1979-05-27", "'''")),
    "answers of agents": Reader(_answer, _answer_seeds, ("tasks", "state", "restarts", "offset")),
    "NIR graphs": Reader(_nir, _nir_seeds, trees.WORDS),
    "NIR files": Reader(_nir, _nir_bytes_seeds, ("TREE", "SNOD", "HEAP", "OHDR", "GCOL", "FRHP")),
}  # fmt: skip


def mutated(data: bytes, seed: int) -> bytes:
    """The same with some places of its JSON spoilt by the grammar; as it was without JSON."""
    draw = random.Random(seed)
    head, mark, rest = data.partition(SEPARATOR)
    try:
        record, _ = grammar.spoilt(draw, json.loads(head))
        return json.dumps(record).encode() + mark + rest
    except (ValueError, RecursionError):
        return data
