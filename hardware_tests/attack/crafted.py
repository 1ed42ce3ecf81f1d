"""Files and answers that are not what they should be, by grammars."""

from __future__ import annotations

import hashlib
import io
import json
import random
import tarfile
from typing import Any, Callable, Dict, List, Tuple

from deploy.jobs import bundle as bundles
from hardware_tests.attack import grammar, trees
from hardware_tests.attack.scene import Scene

Attack = Callable[[Scene, random.Random], str]
CRAFTED: Dict[str, Tuple[int, Attack]] = {}  # with how many trials


def crafted(name: str, trials: int) -> Callable[[Attack], Attack]:
    """Enter an attack under what it is."""

    def enter(function: Attack) -> Attack:
        CRAFTED[name] = (trials, function)
        return function

    return enter


# ------------------------------------------------------------------ results


def _fetch(scene: Scene, files: Dict[str, bytes], what: str) -> str:
    scene.forget()
    scene.put(files)
    scene.victim.ask("fetch", scene.job.name, "--no-compare")
    with scene.environment():
        end = scene.check_taken()
        if end.startswith("taken: what"):
            scene.forget()
        scene.fetch_honest()
    return f"{end} ({what})"


@crafted("results of jobs, with sums that fit", 110)
def results(scene: Scene, draw: random.Random) -> str:
    data, what = grammar.npz(draw, scene.run.record, scene.run.arrays)
    sums = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    record = json.dumps({**scene.record, **sums}).encode()
    return _fetch(scene, {"0.npz": data, "0.json": record}, what)


@crafted("records of results", 40)
def records(scene: Scene, draw: random.Random) -> str:
    record, what = grammar.spoilt(draw, scene.record)
    body = json.dumps(record).encode() if draw.random() < 0.7 else grammar.document(draw)
    return _fetch(scene, {"0.npz": scene.honest, "0.json": body}, what)


@crafted("parts of runs", 30)
def parts(scene: Scene, draw: random.Random) -> str:
    files, said = {}, ""
    for k, part in enumerate(scene.parts[: draw.choice((1, 2))]):
        data, said = grammar.npz(draw, part.record, part.arrays)
        files[f"0.parts/{k:06d}.npz"] = data
    return _fetch(scene, files, said)


@crafted("files beside results that nobody asked for", 20)
def others(scene: Scene, draw: random.Random) -> str:
    names = ("1.npz", "x", "0.npz.npz", "00.json", "0.parts/x", "deep/0.json", "0.partial.npz")
    files = {name: bytes(draw.choice((0, 10, 10**7))) for name in draw.sample(names, 3)}
    return _fetch(scene, files, "others")


# ------------------------------------------------------------------ files that a user names


@crafted("runs that are compared", 60)
def compared(scene: Scene, draw: random.Random) -> str:
    data, what = grammar.npz(draw, scene.run.record, scene.run.arrays)
    (scene.folder / "crafted.npz").write_bytes(data)
    names = [scene.folder / "cpu.npz", scene.folder / "crafted.npz"]
    words = ("compare", *names, "--spread", "0", "--out", scene.folder / "out")
    done = scene.victim.ask(*words, codes=(0, 1, 2))
    return f"{'compared' if done.code < 2 else 'refused'} ({what})"


@crafted("weights", 20)
def weights(scene: Scene, draw: random.Random) -> str:
    data, what = grammar.npz(draw, scene.weights.record, scene.weights.arrays)
    (scene.folder / "crafted.npz").write_bytes(data)
    words = ("run", "oja", "--weights", scene.folder / "crafted.npz", "--duration", "0.01")
    done = scene.victim.ask(*words, codes=(0, 2))
    return f"{'used' if not done.code else 'refused'} ({what})"


@crafted("recordings", 25)
def recordings(scene: Scene, draw: random.Random) -> str:
    columns = [draw.choice(("t", "time", "a", grammar.text(draw))) for _ in range(3)]
    lines: List[str] = [",".join(c.replace("\ud800", "")[:2000] for c in columns)]
    cells = ("0", "1e-3", "nan", "1e999", "-", "", "0x1", '"', "1,1", "\x1b[31m", "9" * 400)
    for k in range(draw.randrange(40)):
        odd = draw.random() < 0.1
        lines.append(
            ",".join([str(k * 0.001), *(draw.choice(cells) if odd else "1" for _ in "ab")])
        )
    body = "\n".join(lines).encode()
    if draw.random() < 0.2:
        body = bytes(draw.randrange(256) for _ in range(500))
    suffix = draw.choice(("csv", "csv", "csv", "parquet", "feather", "nwb", "nix", "npz"))
    path = scene.folder / f"recording.{suffix}"
    path.write_bytes(body)
    words: Tuple[Any, ...] = ("compare", scene.folder / "cpu.npz", path)
    if draw.random() < 0.6:
        (scene.folder / "m.toml").write_text(_toml(draw, {"dt": 0.001, "signals": {"a": "a"}}))
        words += ("--mapping", scene.folder / "m.toml")
    done = scene.victim.ask(*words, "--out", scene.folder / "out", codes=(0, 1, 2))
    return f"{'compared' if done.code < 2 else 'refused'} ({suffix})"


@crafted("models in NIR", 60)
def nir(scene: Scene, draw: random.Random) -> str:
    path, what = scene.folder / "crafted.nir", "bytes"
    if draw.random() < 0.8:
        tree, what = trees.harmed(draw)
        trees.write(path, tree, draw.choice(("earliest", "latest")))
    else:
        trees.write(path, draw.choice(trees.TREES), draw.choice(("earliest", "latest")))
        path.write_bytes(grammar.broken(draw, path.read_bytes()))
    words = draw.choice(
        (
            ("check", path),
            ("run", path, "--duration", "0.005"),
            ("export", path, "--to", scene.folder / "again.nir"),
        )
    )
    done = scene.victim.ask(*words, codes=(0, 1, 2), lines=5)
    return f"{'read' if done.code < 2 else 'refused'} ({words[0]}: {what})"


# ------------------------------------------------------------------ what a site answers

ANSWERS: Dict[Tuple[str, ...], Any] = {
    ("status",): {"id": "1", "tasks": {"0": {"state": "failed", "why": "x", "restarts": 1,
                                             "log": "a\nb"}}},
    ("status", "--json"): {"id": "1", "tasks": {"0": {"state": "running", "why": "x"}}},
    ("logs",): {"log": "first\nsecond\n", "offset": 13},
    ("logs", "--json"): {"log": "first\n", "offset": 6},
    ("cancel",): {"id": "1", "left": True},
}  # fmt: skip


@crafted("answers of sites", 90)
def answers(scene: Scene, draw: random.Random) -> str:
    words = draw.choice(sorted(ANSWERS))
    answer, what = grammar.spoilt(draw, ANSWERS[words])
    body = json.dumps(answer).encode() if draw.random() < 0.7 else grammar.document(draw)
    if draw.random() < 0.2:
        body = grammar.text(draw).encode("utf-8", "surrogatepass") + b"\n" + body
    if draw.random() < 0.05:
        body = b"x" * (17 * 2**20)
    scene.answer.write_bytes(body)
    scene.code.write_text(draw.choice(("0", "0", "0", "0", "1", "255")))
    done = scene.victim.ask(words[0], scene.far.name, *words[1:], codes=(0, 1, 3))
    return f"{'read' if done.code < 3 else 'refused'} ({words[0]} {what})"


# ------------------------------------------------------------------ bundles, sites, what is kept


@crafted("bundles", 30)
def bundle(scene: Scene, draw: random.Random) -> str:
    spec = {"file": "", "tasks": [{"model": "oja", "seed": 0, "duration": 0.01}],
            "target": "emulator", "dt": 0.001, "part_every": 30, "weights": None}  # fmt: skip
    files = {"model/a.py": b"x = 1", "weights.npz": scene.honest}
    changed, what = grammar.spoilt(draw, spec)
    data = bundles.pack(files, changed)
    way = draw.randrange(4)
    if way == 1:
        at = draw.randrange(len(data))
        data, what = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :], "a bit"
    elif way == 2:
        data, what = data[: draw.randrange(len(data))], "cut"
    elif way == 3:
        data, what = _tar(draw), "tar"
    path = scene.folder / "bundle.tar"
    path.write_bytes(data)
    out = scene.folder / "run"
    done = scene.victim.ask("runner", path, "--out", out, codes=(0, 2, 3))
    return f"{'run' if not done.code else 'refused'} ({what})"


def _tar(draw: random.Random) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for _ in range(draw.randrange(1, 5)):
            name = grammar.text(draw).replace("\0", "").replace("\ud800", "")[:200] or "a"
            entry = tarfile.TarInfo(draw.choice((name, "../a", "/tmp/a", bundles.MANIFEST)))
            entry.type = draw.choice((tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.FIFOTYPE))
            entry.linkname = "/etc/passwd"
            body = grammar.document(draw)
            entry.size = len(body) if entry.type == tarfile.REGTYPE else 0
            made.addfile(entry, io.BytesIO(body))
    return stream.getvalue()


def _toml(draw: random.Random, table: Dict[str, Any]) -> str:
    table, _ = grammar.spoilt(draw, table)
    lines = []
    for key, value in table.items():
        said = json.dumps(value if not isinstance(value, dict) else list(value))[:5000]
        lines.append(f"{json.dumps(key)[:500]} = {said.replace('null', 'nil')}")
    if draw.random() < 0.3:
        lines.append(grammar.text(draw).replace("\ud800", ""))
    return "\n".join(lines)


@crafted("files of sites", 35)
def sites(scene: Scene, draw: random.Random) -> str:
    table = {"host": "inrc", "folder": "x", "conda": "nx", "modules": ["a/1"], "at_once": 4,
             "take": "sbatch", "partition": "p", "time_limit": "01:00:00"}  # fmt: skip
    path = scene.home / "sites.toml"
    before = path.read_bytes()
    try:
        text = f"[{draw.choice(('a', 'inrc'))}]\n{_toml(draw, table)}\n"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        done = scene.victim.ask(*draw.choice((["sites"], ["sites", "--json"])), codes=(0, 2))
    finally:
        path.write_bytes(before)
    return "read" if not done.code else "refused"


@crafted("what is kept of jobs", 40)
def kept(scene: Scene, draw: random.Random) -> str:
    path, history = scene.kept / "job.json", scene.kept / "history.jsonl"
    before, lines = path.read_bytes(), history.read_bytes()
    try:
        record, what = grammar.spoilt(draw, json.loads(before))
        path.write_bytes(
            json.dumps(record).encode() if draw.random() < 0.8 else grammar.document(draw)
        )
        if draw.random() < 0.5:
            entry, _ = grammar.spoilt(draw, {"time": "x", "what": "status", "running": 1})
            history.write_bytes(json.dumps(entry).encode() + b"\n" + grammar.document(draw))
        words = draw.choice((["jobs"], ["jobs", "--json"], ["status", scene.far.name]))
        scene.answer.write_bytes(json.dumps(ANSWERS["status",]).encode())
        scene.code.write_text("0")
        done = scene.victim.ask(*words, lines=2)
    finally:
        path.write_bytes(before)
        history.write_bytes(lines)
    return f"{'read' if done.code < 2 else 'refused'} ({what})"
