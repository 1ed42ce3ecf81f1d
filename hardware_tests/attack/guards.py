"""Each guard switched off in turn, which some test has to notice.

python -m hardware_tests.attack.guards [--only WORDS] [--table FILE]

Works on a copy of the checkout: a guard's text is replaced by one that lets everything pass, and
the tests beside it are run. Prints a line for each, then the table; ends with 1 if one was not
noticed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import List, NamedTuple, Tuple

ROOT = Path(__file__).resolve().parents[2]


class Guard(NamedTuple):
    """What refuses something, and how to have it refuse nothing.

    Attributes
    ----------
    what : str
    file : str
    text, off : str
        What stands in the file once, and what takes its place.
    tests : str
        For pytest: which have to notice.
    """

    what: str
    file: str
    text: str
    off: str
    tests: str


HOSTILE = "emulator_tests/test_hostile_inputs.py"
RECORDS = "emulator_tests/test_wrong_records.py"
CALLING = "emulator_tests/test_calling.py"
JOBS = "emulator_tests/test_jobs.py"
PACKAGES = "emulator_tests/test_site_packages.py"
SMALL = "emulator_tests/test_small_attacks.py"
NIR = "emulator_tests/test_nir_hostile.py"
CACHE = "emulator_tests/test_kernel_cache.py"
SHOWN = "emulator_tests/test_shown.py"
ATTACK = "hardware_tests/attack/test_attack.py --slow -k"

GUARDS: Tuple[Guard, ...] = (
    # results
    Guard("a result's sum, size, seed and target", "deploy/jobs/results.py",
          "    if differs:\n", "    if False:\n",
          f"{HOSTILE} -k 'says_something_else'"),
    Guard("a result is of the run that was asked for", "deploy/jobs/results.py",
          "    if other:\n", "    if False:\n",
          f"{HOSTILE} -k 'test_a_bad_result and another'"),
    Guard("a result's substrate", "deploy/jobs/results.py",
          "if not other and run.substrate not in", "if False and run.substrate not in",
          f"{HOSTILE} -k 'of_silicon'"),
    Guard("traces that were not asked for", "deploy/jobs/expected.py",
          "if trace.label not in self.traces:", "if trace.label not in self.traces and False:",
          f"{HOSTILE} -k 'test_a_bad_result and nobody'"),
    Guard("a long record of a result", "deploy/jobs/results.py",
          "if len(text) > MOST_RECORD:", "if False:",
          f"{HOSTILE} -k 'record_that_is_long'"),
    Guard("files of other names among results", "deploy/jobs/copying.py",
          "found is not None and int(found[\"task\"]) in self.tasks", "True",
          f"{CALLING} -k 'only_results'"),
    Guard("more bytes than a job can have, copied", "deploy/jobs/copying.py",
          "if together > wanted.most_together:", "if False:",
          f"{CALLING} -k 'more_than_a_job'"),
    Guard("links at a site", "deploy/jobs/copying.py",
          "if stat.S_ISREG(path.lstat().st_mode):", "if True:",
          f"{CALLING} -k 'only_results'"),
    # files
    Guard("zips that unpack to a thousand times their size", "deploy/files/npz.py",
          "if member.file_size > MOST_EXPANSION * max(member.compress_size, 1):", "if False:",
          f"{HOSTILE} -k 'bomb'"),
    Guard("an array's header against its bytes", "deploy/files/npz.py",
          "if math.prod(shape) * dtype.itemsize != member.file_size - stream.tell():", "if False:",
          f"{RECORDS} -k 'header_says'"),
    Guard("headers that Python cannot read", "deploy/files/npz.py",
          "except (SyntaxError, tokenize.TokenError):", "except ZeroDivisionError:",
          f"{RECORDS} -k 'header_says'"),
    Guard("the types of a record", "deploy/traces/traces.py",
          "        RUN(record, \"its record\")\n", "", RECORDS),
    Guard("a number of steps that costs nothing to write", "deploy/traces/traces.py",
          "fits = abs(len(samples) - n_steps / max(common.period, 1.0)) <= 1", "fits = True",
          RECORDS),
    Guard("zips that are packed as NumPy packs nothing", "deploy/files/npz.py",
          "if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):", "if False:",
          f"{RECORDS} -k 'nobody_does'"),
    Guard("errors of zlib", "deploy/files/npz.py",
          "zipfile.BadZipFile, zlib.error,", "zipfile.BadZipFile,", f"{RECORDS} -k 'is_damaged'"),
    Guard("halves of characters", "deploy/files/npz.py",
          "if b\"\\\\ud\" in body.lower():", "if False:", f"{RECORDS} -k 'half_a_character'"),
    Guard("a label without end", "deploy/traces/traces.py",
          "if len(common.label) > LONGEST:", "if False:", f"{RECORDS} -k 'without_end'"),
    # NIR, and other files of HDF5
    Guard("links in HDF5", "loihi_rules/nir/file.py",
          "if not isinstance(link, self.h5py.HardLink):", "if False:",
          f"{NIR} -k 'broken_file and link'"),
    Guard("values in another file", "loihi_rules/nir/file.py",
          "if item.is_virtual or item.external:", "if False:",
          f"{NIR} -k 'broken_file and another'"),
    Guard("objects under two names", "loihi_rules/nir/file.py",
          "if mark in self.seen:", "if False:", f"{NIR} -k 'broken_file and names'"),
    Guard("more than two gigabytes of HDF5", "loihi_rules/nir/file.py",
          "if self.n_bytes > MOST_BYTES:", "if False:", f"{NIR} -k 'broken_file and bomb'"),
    Guard("shapes against what the file has", "loihi_rules/nir/file.py",
          "if wanted > MOST_EXPANSION * stored:", "if False:", f"{NIR} -k 'million'"),
    Guard("lengths of texts", "loihi_rules/nir/stored.py",
          "if total > most_bytes:", "if False:", f"{NIR} -k 'texts_that'"),
    Guard("texts beyond their heap", "loihi_rules/nir/stored.py",
          "if size > len(self._body) - at - HEAD:", "if False:", f"{NIR} -k 'texts_that'"),
    # bundles and packages
    Guard("ways out of a bundle", "deploy/jobs/bundle.py",
          "if not entry.isfile() or entry.name.startswith(\"/\") or \"..\" in parts:", "if False:",
          f"{HOSTILE} -k 'bundle'"),
    Guard("a bundle's sums", "deploy/jobs/bundle.py",
          "if hashlib.sha256(body).hexdigest() != sums[name]:", "if False:",
          f"{HOSTILE} -k 'bundle'"),
    Guard("a bundle's sum at the site", "deploy/jobs/agent/packages.py",
          "    if found != settings()[\"sha256\"]:\n", "    if False:\n",
          f"{PACKAGES} -k 'changed'"),
    Guard("our packages' sum at the site", "deploy/jobs/agent/packages.py",
          "return sum_of(place, False) == wanted and sum_of(place, True) == compiled",
          "return True",
          f"{PACKAGES} -k 'healed'"),
    Guard("compiled modules' sum at the site", "deploy/jobs/agent/packages.py",
          " and sum_of(place, True) == compiled", "",
          f"{PACKAGES} -k 'healed'"),
    # what a site says and prints
    Guard("an answer without end", "deploy/jobs/calling.py",
          "if len(kept[process.stdout]) > most or len(kept[process.stderr]) > MOST_ERRORS:",
          "if False:",
          f"{CALLING} -k 'does_not_end'"),
    Guard("an answer that does not come", "deploy/jobs/calling.py",
          "if end is not None and looked > end:", "if False:",
          f"{CALLING} -k 'does_not_end'"),
    Guard("control characters", "deploy/shown.py",
          "if c.isprintable() or c in \"\\n\\t\"", "if True",
          f"{SHOWN} -k 'what_is_left'"),
    Guard("forged lines", "deploy/shown.py",
          ".replace(\"\\n\", \" \").replace(\"\\t\", \" \")", "",
          f"{SHOWN} -k 'what_is_left'"),
    Guard("endless lines", "deploy/shown.py",
          "return line if len(line) <= LONGEST else", "return line if True else", SMALL),
    Guard("a log that stands still", "deploy/jobs/remote.py",
          "if text and 0 <= offset >= end:", "if False:", SMALL),
    Guard("errors of more than a line", "deploy/errors.py",
          "super().__init__(one_line(text))", "super().__init__(text)", f"{SHOWN} -k 'one_line'"),
    Guard("errors of more than a line, of NIR", "loihi_rules/nir/errors.py",
          "c if c.isprintable() else \" \" * (c in \"\\n\\t\")", "c", f"{SHOWN} -k 'one_line'"),
    Guard("endless names", "loihi_rules/nengo_parts/names.py",
          "return name if len(name) <= LONGEST else", "return name if True else",
          f"{SMALL} -k 'million'"),
    Guard("endless texts in reports", "deploy/shown.py",
          "return record if len(record) <= LONGEST else", "return record if True else",
          f"{SMALL} -k 'have_an_end'"),
    Guard("names that a shell would obey", "deploy/jobs/names.py",
          "if not plain or \"..\" in str(value).split(\"/\"):", "if False:",
          f"{HOSTILE} -k 'shell_would_obey'"),
    # whose job
    Guard("the user in Slurm's questions", "deploy/jobs/agent/slurm.py",
          "OWN = f\"--user={os.getuid()}\"", "OWN = \"--noheader\"", f"{ATTACK} 'others'"),
    Guard("a process by its lock", "deploy/jobs/agent/process.py",
          "    if not is_alive():\n        return \"\"\n", "",
          f"{JOBS} -k 'over_touches or known_by_its_lock'"),
    Guard("a process group that has the lock", "deploy/jobs/agent/process.py",
          "    if not has_lock(int(group)):\n", "    if False:\n", f"{ATTACK} 'process'"),
    Guard("a second process beside a first", "deploy/jobs/agent/process.py",
          "fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)", "pass",
          f"{JOBS} -k 'outlives_its_agent'"),
    # states
    Guard("lost only where Slurm cannot have forgotten", "deploy/jobs/agent/slurm.py",
          "return kept == 0 or -SKEW < age < kept", "return True",
          f"{JOBS} -k 'lost_only'"),
    Guard("begun, as its node's shell notes", "deploy/jobs/agent/folder.py",
          "for what in (\"begun\", \"started\"))", "for what in (\"started\",))",
          f"{ATTACK} 'forgotten'"),
    Guard("Slurm's words, noted", "deploy/jobs/agent/answering.py",
          "            note(\"said\", number, **said)\n", "            pass\n",
          f"{ATTACK} 'forgotten'"),
    Guard("tasks that Slurm has under one line", "deploy/jobs/agent/slurm.py",
          "rest = found.pop(REST, None)", "rest = found.pop(REST, None) and None",
          f"{ATTACK} 'forgotten'"),
    Guard("results that are shown late", "deploy/jobs/agent/answering.py",
          "    if is_late(said, ended):\n", "    if False:\n",
          f"{JOBS} -k 'shown_late'"),
    Guard("an end of submitting again", "deploy/jobs/remote.py",
          "found.lost and resubmissions < MOST_RESUBMISSIONS", "found.lost and resubmissions < 9",
          f"{JOBS} -k 'always_loses'"),
    Guard("asking before submitting again", "deploy/jobs/remote.py",
          "if again and resubmit is not None and resubmit():", "if again:",
          f"{JOBS} -k 'always_loses'"),
    # what is kept
    Guard("a kernel's sum", "deploy/compiling/kernel_cache.py",
          "    if hashlib.sha256(body[:-SUM]).digest() != body[-SUM:]:\n", "    if False:\n",
          f"{CACHE} -k 'damaged'"),
    Guard("a cache that others can write", "deploy/files/private.py",
          "    if found.st_mode & 0o022 and found.st_uid == os.getuid():\n", "    if False:\n",
          f"{CACHE} -k 'others_can_write'"),
    Guard("compiled modules beside an agent", "deploy/jobs/agent/__main__.py",
          "os.path.join(os.devnull, \"none\")", "None", SMALL),
    Guard("a Python that is too old", "deploy/jobs/agent/__main__.py",
          "    if sys.version_info < OLDEST:", "    if False:", SMALL),
    Guard("links in an output folder", "deploy/files/folder.py",
          "if folder.parts and (directory / folder).is_symlink():", "if False:", SMALL),
    Guard("private files under any umask", "deploy/files/private.py",
          "return os.open(name, flags, 0o600)", "return os.open(name, flags, 0o666)", SMALL),
    Guard("parameters that name files", "deploy/jobs/preparing.py",
          "if path.suffix and not path.is_absolute()", "if False and not path.is_absolute()",
          SMALL),
)  # fmt: skip


def noticed(guard: Guard, copy: Path) -> bool:
    """Whether the tests fail with the guard off; in a copy of the checkout, which is mended after.

    Raises
    ------
    LookupError
        If the guard's text does not stand there, once.
    """
    path = copy / guard.file
    whole = path.read_text(encoding="utf-8")
    if whole.count(guard.text) != 1:
        raise LookupError(f"{guard.what}: its text is {whole.count(guard.text)} times in {path}")
    path.write_text(whole.replace(guard.text, guard.off), encoding="utf-8")
    try:
        files, _, chosen = guard.tests.partition(" -k ")
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
        words += files.split() + (["-k", chosen.strip("'")] if chosen else [])
        done = subprocess.run(
            words, cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True,
            check=False, timeout=600,
        )  # fmt: skip
        return done.returncode == 1
    finally:
        path.write_text(whole, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--only", default="", help="guards whose description has these words")
    parser.add_argument("--table", type=Path)
    asked = parser.parse_args()
    rows: List[str] = []
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        ignored = shutil.ignore_patterns(".git", ".venv*", "site", "dist", "__pycache__", ".mypy*")
        copy = Path(shutil.copytree(ROOT, Path(folder) / "checkout", ignore=ignored))
        for guard in GUARDS:
            if asked.only in guard.what:
                begun, found = time.monotonic(), noticed(guard, copy)
                rows.append(f"| {guard.what} | `{guard.file}` | {'yes' if found else '**no**'} |")
                print(f"{rows[-1]} {time.monotonic() - begun:.0f} s", flush=True)
    missed = sum(row.endswith("**no** |") for row in rows)
    head = "| guard | where | noticed |\n|---|---|---|\n"
    last = f"| **all** | | {len(rows) - missed} of {len(rows)} |\n"
    text = head + "".join(f"{row}\n" for row in rows) + last
    print(f"\n{text}")
    if asked.table:
        asked.table.write_text(text, encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
