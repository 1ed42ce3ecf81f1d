"""A run as one file: what runs, how, and our own packages; the same content, the same name."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any, Dict, List, Mapping

import deploy
import loihi_rules
from deploy.errors import BadInput

FORMAT = "loihi-deploy bundle"
SPEC, MANIFEST, WEIGHTS = "spec.json", "manifest.json", "weights.npz"
KINDS = (".py", ".npz", ".html", ".json")  # of our packages' files
MOST_FILES, MOST_BYTES = 2000, 512 * 2**20
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def pack(files: Mapping[str, bytes], spec: Mapping[str, Any]) -> bytes:
    """A tar of files with a specification and a manifest of SHA-256 sums.

    Nothing of when, where and by whom enters, so that the same content gives the same bytes.

    Parameters
    ----------
    files : mapping of str to bytes
    spec : mapping
        In terms of JSON.
    """
    content = {**files, SPEC: json.dumps(spec, sort_keys=True).encode()}
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    manifest = {"format": FORMAT, "version": 1, "files": sums}
    content[MANIFEST] = json.dumps(manifest, sort_keys=True).encode()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(content):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content[name]), 0o600
            tar.addfile(entry, io.BytesIO(content[name]))
    return stream.getvalue()


def packages() -> Dict[str, bytes]:
    """Our own packages, as they are here."""
    found: Dict[str, bytes] = {"requirements.txt": REQUIREMENTS.read_bytes()}
    for package in (deploy, loihi_rules):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*")):
            if path.suffix in KINDS and path.is_file() and "__pycache__" not in path.parts:
                found[f"packages/{root.name}/{path.relative_to(root).as_posix()}"] = (
                    path.read_bytes()
                )
    return found


def sum_of_packages(files: Mapping[str, bytes]) -> str:
    """One SHA-256 sum of names and contents of our packages, by which a site knows them whole.

    `deploy.jobs.agent.packages` has the same of a folder.
    """
    sums = {
        name: hashlib.sha256(data).hexdigest()
        for name, data in files.items()
        if name.startswith("packages/")
    }
    return hashlib.sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest()


def unpack(data: bytes, folder: Path) -> Dict[str, Any]:
    """Unpack a bundle, which may come from anywhere; gives its specification.

    Raises
    ------
    BadInput
        If it is not a bundle, or has links, ways out of the folder, too much, or what its
        manifest does not say.
    """
    try:
        content = _members(data)
        manifest = json.loads(content.pop(MANIFEST))
        sums = manifest["files"]
        if manifest["format"] != FORMAT or set(sums) != set(content):
            raise BadInput("the bundle holds other files than its manifest says")
        for name, body in content.items():
            if hashlib.sha256(body).hexdigest() != sums[name]:
                raise BadInput(f"the bundle's {name!r} is damaged (its SHA-256 sum differs)")
        spec: Dict[str, Any] = json.loads(content[SPEC])
    except BadInput:
        raise
    except (tarfile.TarError, KeyError, ValueError, TypeError, RecursionError, EOFError) as error:
        raise BadInput(
            f"not a bundle of loihi-deploy ({str(error) or type(error).__name__})"
        ) from None
    try:
        for name, body in content.items():
            path = folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(body)
            path.chmod(0o600)
    except OSError as error:  # a name that no disk has, a file below a file, no room
        raise BadInput(f"the bundle cannot be unpacked ({error.strerror})") from None
    return spec


def _members(data: bytes) -> Dict[str, bytes]:
    content: Dict[str, bytes] = {}
    total = 0
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        for entry in tar:
            parts: List[str] = list(PurePosixPath(entry.name).parts)
            if not entry.isfile() or entry.name.startswith("/") or ".." in parts:
                raise BadInput(f"the bundle has {entry.name[:80]!r}, which is no plain file in it")
            if entry.name in content:
                raise BadInput(f"the bundle has {entry.name[:80]!r} twice")
            total += entry.size
            if len(content) >= MOST_FILES or total > MOST_BYTES:
                raise BadInput("the bundle is larger than any that loihi-deploy makes")
            stream = tar.extractfile(entry)
            content[entry.name] = stream.read() if stream is not None else b""
    return content
