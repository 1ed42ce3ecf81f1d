"""Readers of what comes from elsewhere, fuzzed with coverage: `make fuzz`.

python -m hardware_tests.attack.fuzzing [--seconds 600] [--only WORDS] [--keep] [--table FILE]

Needs atheris (`make fuzz` installs it). Each reader has a process of libFuzzer's, which begins with
the honest inputs of `readers.READERS` and the kept corpus; the seed is 1. Prints a table, and of a
crash its traceback and the file that makes it; ends with 1 then. `--keep` makes a small corpus of
what was found, in `hardware_tests/attack/corpus`, which `test_attack.py` reads again each time.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

CORPUS = Path(__file__).with_name("corpus")
SCRATCH = Path("/dev/shm")  # for files that are written a thousand times a second
OURS = ["deploy", "loihi_rules", "nir", "tomllib"]  # whose coverage guides
LIBRARIES = ["zipfile", "tarfile"]  # imported already, and once more to be instrumented
MOST_INPUT = 16384  # bytes
MOST_KEPT = 25_000  # bytes of a reader's corpus, packed
MOST_MEMORY, MOST_SECONDS = 2048, 20  # MiB of the process, and for one input
MOST_GROWN = 300  # MiB that one input may take
DONE = re.compile(r"^Done (\d+) runs", re.MULTILINE)
COVERED = re.compile(r"cov: (\d+) ft: (\d+)")


class Found(NamedTuple):
    """What came of fuzzing a reader."""

    name: str
    seconds: float
    inputs: int
    edges: int
    kept: int
    crash: str


def _kept_in(name: str) -> Path:
    return CORPUS / f"{name.replace(' ', '_')}.zip"


def corpus_of(name: str) -> List[bytes]:
    """Kept inputs of a reader."""
    path = _kept_in(name)
    if not path.exists():
        return []
    with zipfile.ZipFile(path) as packed:
        return [packed.read(each) for each in packed.namelist()]


def keep(name: str, inputs: Sequence[bytes]) -> int:
    """Keep inputs that covered something new, the smallest first, as there is room; how many."""
    CORPUS.mkdir(exist_ok=True)
    path, room, kept = _kept_in(name), MOST_KEPT, 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for data in sorted(set(inputs), key=lambda each: (len(each), each)):
            info = zipfile.ZipInfo(f"{kept:04d}")  # no time of day: the same inputs, the same file
            packed.writestr(info, data, zipfile.ZIP_DEFLATED)
            room -= packed.getinfo(info.filename).compress_size + 2 * 50
            kept += 1
            if room < 0:
                break
    return kept


def _libfuzzer(name: str, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "hardware_tests.attack.fuzzing", "--be", name, *words]
    environment = {
        **os.environ,
        "NUMBA_DISABLE_JIT": "1",
    }  # what is instrumented cannot be compiled
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, errors="replace", check=False
    )


def fuzz(name: str, seconds: int, folder: Path, keeps: bool) -> Found:
    """One reader, in a process of its own."""
    from hardware_tests.attack.readers import READERS

    corpus, words = folder / "corpus", folder / "words"
    corpus.mkdir(parents=True)
    for k, data in enumerate([*READERS[name].seeds(folder), *corpus_of(name)]):
        (corpus / f"{k:04d}").write_bytes(data)
    escaped = ("".join(f"\\x{b:02x}" for b in word.encode()) for word in READERS[name].words)
    words.write_text("".join(f'"{word}"\n' for word in escaped))
    limits = (f"-max_len={MOST_INPUT}", f"-rss_limit_mb={MOST_MEMORY}", f"-timeout={MOST_SECONDS}",
              "-seed=1", "-print_final_stats=1")  # fmt: skip
    begun = time.monotonic()
    done = _libfuzzer(name, str(corpus), f"-dict={words}", f"-max_total_time={seconds}",
                      f"-artifact_prefix={folder}/crash-", *limits)  # fmt: skip
    spent, said = time.monotonic() - begun, done.stdout + done.stderr
    crashes = sorted(path for path in folder.glob("crash-*"))
    crash = ""
    if done.returncode or crashes:
        saved = Path.cwd() / f"fuzzed-{name.replace(' ', '-')}"
        for path in crashes:
            saved.write_bytes(path.read_bytes())
        where = max(said.find("=== Uncaught"), said.find("==ERROR"), 0) or max(len(said) - 3000, 0)
        crash = f"exit {done.returncode}, {saved}:\n{said[where : where + 3000]}"
    inputs = re.findall(r"stat::number_of_executed_units: *(\d+)", said)
    edges = [int(cov) for cov, _ in COVERED.findall(said)] or [0]
    kept = 0
    if keeps and not crash:
        kept = keep(name, [path.read_bytes() for path in corpus.iterdir()])
    return Found(name, spent, int(inputs[-1]) if inputs else 0, edges[-1], kept, crash)


def be(name: str, words: Sequence[str]) -> None:
    """The process of libFuzzer's; ends by itself."""
    import atheris

    with tempfile.TemporaryDirectory(dir=SCRATCH if SCRATCH.is_dir() else None) as scratch:
        folder = Path(scratch)
        for library in LIBRARIES:
            sys.modules.pop(library, None)
        with atheris.instrument_imports(include=[*OURS, *LIBRARIES]):
            from hardware_tests.attack import readers

            read, seeds, _ = readers.READERS[name]
            for data in seeds(folder):  # imports what is imported when it is needed
                read(data, folder)

        def one(data: bytes) -> None:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            read(data, folder)
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            if grown > MOST_GROWN:
                raise readers.Violation(f"dear: {len(data)} bytes take {grown:.0f} MiB")

        def mutate(data: bytes, most: int, seed: int) -> bytes:
            changed = readers.mutated(data, seed) if seed % 2 else data
            if changed != data and len(changed) <= most:
                return changed
            return bytes(atheris.Mutate(data, most))

        atheris.Setup([sys.argv[0], *words], one, custom_mutator=mutate)
        atheris.Fuzz()


def table(found: Sequence[Found]) -> str:
    """In Markdown."""
    lines = ["| reader | time | inputs | edges covered | crashes |", "|---|---|---|---|---|"]
    for each in found:
        said = "**1**" if each.crash else "0"
        minutes = f"{each.seconds / 60:.1f} min"
        lines.append(f"| {each.name} | {minutes} | {each.inputs:,} | {each.edges} | {said} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seconds", type=int, default=600, help="for each reader")
    parser.add_argument("--only", default="", help="readers whose name has these words")
    parser.add_argument("--keep", action="store_true", help="a small corpus, for the tests")
    parser.add_argument("--table", type=Path)
    parser.add_argument("--be", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.be:
        be(asked.be[0], asked.be[1:])
        return 0
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not installed: `make fuzz` does, where there is one", file=sys.stderr)
        return 2
    from hardware_tests.attack.readers import READERS

    found: Dict[str, Found] = {}
    for name in READERS:
        if asked.only in name:
            with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
                found[name] = fuzz(name, asked.seconds, Path(folder), asked.keep)
            print(found[name]._replace(crash=found[name].crash[:80]), flush=True)
    for each in found.values():
        if each.crash:
            print(f"\n{each.name}: {each.crash}")
    text = table(list(found.values()))
    print(f"\n{text}")
    if asked.table:
        asked.table.write_text(text, encoding="utf-8")
    return 1 if any(each.crash for each in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
