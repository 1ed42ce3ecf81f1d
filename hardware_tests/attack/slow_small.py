"""Slow lines, small disks, little memory, and answers without end."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, Tuple

from deploy.jobs import link
from deploy.jobs.job import Task
from deploy.jobs.preparing import prepare
from hardware_tests.attack.crafted import Attack
from hardware_tests.attack.scene import SEED, Scene
from hardware_tests.attack.victim import Violation

MIB = 2**20
LONGER = 0.5  # s, of a run whose result is some times what comes before a line breaks
# an ssh to this machine, so many bytes a second, that breaks after some
SSH = """\
#!{python} -S
import os, subprocess, sys, time
words = sys.argv[1:]
while words[0].startswith("-"):
    del words[: 1 if words[0] == "--" else 2]
most, rate = (int(os.environ[name]) for name in ("LINE_BREAKS_AFTER", "LINE_BYTES_A_SECOND"))
os.set_blocking(1, True)
run = subprocess.Popen(" ".join(words[1:]), shell=True, stdout=subprocess.PIPE, cwd={home!r})
while most > 0:
    piece = os.read(run.stdout.fileno(), min(most, max(rate // 20, 1)))
    if not piece:
        sys.exit(run.wait())
    most -= len(piece)
    time.sleep(len(piece) / rate)
    while piece:
        piece = piece[os.write(1, piece):]
run.kill()
sys.exit(255)
"""


def little_memory(scene: Scene, draw: random.Random) -> str:
    """An address space with little room beyond what the program has at its start."""
    scene.put({"0.npz": scene.honest, "0.json": json.dumps(scene.record).encode()})
    runs = [scene.folder / f"{target}.npz" for target in ("cpu", "emulator")]
    commands = (
        ("compare", *runs, "--spread", "0", "--out", scene.folder / "out"),
        ("fetch", scene.job.name, "--no-compare"),
        ("run", "oja", "--duration", "0.05"),
        ("check", "oja"),
        ("jobs",),
    )
    words = draw.choice(commands)
    scene.victim.room = draw.choice((1, 2, 4, 8, 16, 32, 64, 128)) * MIB
    done = scene.victim.ask(*words)
    scene.victim.room = None
    scene.forget()
    return f"{'done' if done.code < 2 else 'one line'} ({words[0]})"


@contextlib.contextmanager
def _disk(place: Path, kib: int) -> Iterator[Path]:
    place.mkdir(exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(place)]
    subprocess.run(words, check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def small_disk(scene: Scene, draw: random.Random) -> str:
    """One on which not all has room that a command writes; nothing may be half there."""
    with _disk(scene.folder / "disk", draw.choice((64, 256, 512, 1024, 4096))) as disk:
        (disk / "ballast").write_bytes(bytes(draw.randrange(4, 60) * 1024))
        what = draw.choice(("compare", "run", "fetch"))
        if what == "compare":
            runs = [scene.folder / f"{target}.npz" for target in ("cpu", "emulator")]
            done = scene.victim.ask("compare", *runs, "--spread", "0", "--out", disk / "out")
            files = {path.name for path in (disk / "out").glob("*")}
            if files and not {"report.html", "parity.json"} <= files:
                raise Violation(f"half: {files}")
            if not files and done.code < 2:
                raise Violation("said wrongly: compared, and nothing is there")
        elif what == "run":
            words = ("run", "oja", "--duration", "0.05", "--out", disk / "x.npz")
            done = scene.victim.ask(*words)
            if (disk / "x.npz").exists() is not (done.code == 0):
                raise Violation(f"half: exit {done.code}, {list(disk.iterdir())}")
        else:
            done = _fetch_onto(scene, disk)
        if [path for path in disk.rglob(".*") if path.name.endswith(".npz")]:
            raise Violation(f"left: {list(disk.rglob('*'))}")
    return f"{'there was room' if done.code < 2 else 'one line; nothing half'} ({what})"


def _fetch_onto(scene: Scene, disk: Path):
    """Of a job whose folder is on a disk that is full; once there is room, it comes."""
    folder = scene.results.parent
    kept = {path.name: path.read_bytes() for path in folder.glob("*.json*")}
    scene.forget()
    state = disk / "loihi-deploy" / "jobs" / scene.job.name
    state.mkdir(parents=True)
    (state / "job.json").write_bytes(kept["job.json"])
    with contextlib.suppress(OSError), open(disk / "more", "wb") as stream:
        room = os.statvfs(disk).f_bavail * 4096 - len(scene.honest) // 2
        stream.write(bytes(max(room, 0)))
    scene.put({"0.npz": scene.honest, "0.json": json.dumps(scene.record).encode()})
    before = scene.victim.environment["XDG_STATE_HOME"]
    scene.victim.environment["XDG_STATE_HOME"] = str(disk)
    words = ("fetch", scene.job.name, "--no-compare", "--json")
    try:
        done = scene.victim.ask(*words)
        for name in ("more", "ballast"):
            (disk / name).unlink()
        if os.statvfs(disk).f_bavail * 4096 > 3 * len(scene.honest):
            after = scene.victim.ask(*words, codes=(0,))
            if json.loads(after.stdout)["complete"] != 1:
                raise Violation("lost: with room again, the honest result does not come")
    finally:
        scene.victim.environment["XDG_STATE_HOME"] = before
    return done


def slow_line(scene: Scene, draw: random.Random) -> str:
    """10 to 100 kB/s, broken off again and again; each time more of the result is there."""
    commands = scene.folder / "bin"
    commands.mkdir(exist_ok=True)
    (commands / "ssh").write_text(SSH.format(python=sys.executable, home=str(scene.home)))
    (commands / "ssh").chmod(0o755)
    sites = scene.home / "sites.toml"
    before, environment = sites.read_text(), dict(scene.victim.environment)
    sites.write_text(before + '[line]\nhost = "there"\ntake = "process"\nfolder = "line"\n')
    # rsync sends pieces of 32 kB, of which nothing is kept that is not whole
    rate, breaks = draw.choice((10_000, 30_000, 100_000)), draw.randrange(40_000, 120_000)
    scene.victim.environment.update(
        PATH=f"{commands}:{os.environ['PATH']}",
        LINE_BREAKS_AFTER=str(breaks),
        LINE_BYTES_A_SECOND=str(rate),
    )
    try:
        with scene.environment():
            job = prepare([Task("oja", SEED, LONGER)], "line")
            shutil.rmtree(job.results, ignore_errors=True)
            run = scene.folder / "longer"
            if not (run / "0.json").exists():
                scene.victim.ask("runner", job.bundle, "--out", run, codes=(0,))
        there = scene.home / "line" / "jobs" / job.name / "results"
        there.mkdir(parents=True, exist_ok=True)
        honest = (run / "0.npz").read_bytes()
        for path in run.glob("0.*"):
            shutil.copy(path, there)
        tries, most = 1, 3 + len(honest) // 30_000
        while True:
            done = scene.victim.ask("fetch", job.name, "--no-compare", "--json", codes=(0, 3))
            if done.code == 0 and json.loads(done.stdout)["complete"]:
                break
            tries += 1
            if tries > most:
                raise Violation(f"lost: not there after {tries} tries of {breaks} bytes")
        with scene.environment():
            if (job.results / "0.npz").read_bytes() != honest:
                raise Violation("wrong: another result than was sent")
    finally:
        scene.victim.environment.clear()
        scene.victim.environment.update(environment)
        sites.write_text(before)
    return f"whole, right bytes ({tries} tries of {breaks} bytes at {rate // 1000} kB/s)"


def endless(scene: Scene, draw: random.Random) -> str:
    """Answers that do not end, or do not begin; patience is three seconds here."""
    script = scene.folder / "answers"
    before, patience = script.read_text(), link.PATIENCE
    ways = ("yes", "cat /dev/zero", "yes >&2", "exec sleep 60", "while :; do echo x; sleep 1; done",
            "echo '{'; exec sleep 60", "head -c 3G /dev/zero",
            "exec 1>&-; exec sleep 60")  # fmt: skip
    what = draw.choice(ways)
    try:
        link.PATIENCE = 3
        script.write_text(f"#!/bin/sh\n{what}\n")
        words = draw.choice(("status", "cancel", "logs"))
        scene.victim.ask(words, scene.far.name, codes=(3,))
    finally:
        link.PATIENCE = patience
        script.write_text(before)
    return f"one line, and ended ({words}: {what})"


SLOW_SMALL: Dict[str, Tuple[int, Attack]] = {
    "little memory": (20, little_memory),
    "small disks": (16, small_disk),
    "slow lines that break": (10, slow_line),
    "answers without end": (12, endless),
}
