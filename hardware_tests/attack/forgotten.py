"""Histories of jobs that Slurm has forgotten, and what is said of each."""

from __future__ import annotations

import json
import random
import shutil
import time
from typing import Any, Callable, Dict, NamedTuple, Tuple

from hardware_tests.attack.crafted import Attack
from hardware_tests.attack.site import Site, new_site
from hardware_tests.attack.victim import Violation

LONG_AGO = 5000  # s
KEPT = 300  # s, for which Slurm knows what has ended


class End(NamedTuple):
    """How a task ended.

    Attributes
    ----------
    slurm : str
        In Slurm's words; empty where it lost it.
    files : callable
        What was noted of it, by file.
    state : str
        That is said once it is forgotten and nobody had asked before.
    asked : str
        That is said if somebody had, or Slurm keeps books.
    """

    slurm: str
    files: Callable[[int], Dict[str, Any]]
    state: str
    asked: str


def _noted(code: int, stopped: bool = False) -> Callable[[int], Dict[str, Any]]:
    def files(n: int) -> Dict[str, Any]:
        ended = {"code": code, "stopped": stopped, "seconds": 9, "time": time.time() - LONG_AGO}
        return {f"begun/{n}": {}, f"started/{n}": {"restarts": 0}, f"ended/{n}": ended}

    return files


ENDS: Dict[str, End] = {
    "whole": End("COMPLETED", lambda n: {**_noted(0)(n), f"results/{n}.json": {}},
                 "complete", "complete"),
    "its result was removed": End("COMPLETED", _noted(0), "failed", "failed"),
    "an error": End("FAILED", _noted(2), "failed", "failed"),
    "killed": End("FAILED", _noted(-9), "failed", "failed"),
    "python did not start": End("FAILED", lambda n: {f"begun/{n}": {}}, "failed", "failed"),
    "its node died": End("NODE_FAIL", lambda n: {f"begun/{n}": {}, f"started/{n}": {"restarts": 1}},
                         "failed", "failed"),
    "cancelled by hand while it ran": End("CANCELLED", _noted(143, True), "failed", "cancelled"),
    "cancelled by hand before it began": End("CANCELLED", lambda n: {}, "forgotten", "cancelled"),
}  # fmt: skip


def forgotten(scene: Any, draw: random.Random) -> str:
    """Jobs of several tasks, each of which ended in a way of its own."""
    site = new_site(draw, tasks=draw.choice((1, 2, 3)), books=draw.random() < 0.3)
    try:
        return _forgotten(site, draw)
    finally:
        shutil.rmtree(site.here.parent.parent)


def _forgotten(site: Site, draw: random.Random) -> str:
    site.ask("submit")
    (site.here / "queued").write_text(f"{time.time() - LONG_AGO}\n")
    names = [draw.choice(sorted(ENDS)) for _ in range(site.n_tasks)]
    ends = [ENDS[name] for name in names]
    for n, end in enumerate(ends):
        for path, content in end.files(n).items():
            (site.here / path).write_text(json.dumps(content))
    job = {**site.job(5), "tasks": {str(n): end.slurm for n, end in enumerate(ends)},
           "never": [str(n) for n, name in enumerate(names) if "before" in name]}  # fmt: skip
    books, asked = site.slurm["books"] is not None, draw.random() < 0.5
    site.slurm = {**site.slurm, "jobs": [job], "books": [job] if books else None}
    ours = draw.random() < 0.25
    if ours:  # too late for what is over, but no task of it begins any more
        (site.here / "cancelled").write_text("by loihi-deploy\n")
    if asked:
        site.ask("status")
    site.slurm = {**site.slurm, "jobs": []}
    wanted = [end.asked if asked or books else end.state for end in ends]
    if ours:
        cut = ("cancelled by hand while it ran", "cancelled by hand before it began",
               "python did not start", "its node died")  # fmt: skip
        known = asked or books
        for n, name in enumerate(names):
            if name in cut[:2] or (name == cut[2] or (name == cut[3] and not known)):
                wanted[n] = "cancelled"
        if known:
            wanted = [w if name != cut[2] else "failed" for w, name in zip(wanted, names)]
    for _ in range(2):
        found = site.states()
        if found != wanted:
            raise Violation(f"said wrongly: {found} in place of {wanted} of {names}, "
                            f"asked {asked}, books {books}, cancelled by us {ours}")  # fmt: skip
        if site.ask("submit")["new"] or site.submissions != 1:
            raise Violation(f"begun again: {names}")
    if "forgotten" not in wanted and site.ask("cancel")["left"]:
        raise Violation(f"said wrongly: something was left to cancel of {names}")
    left = any(state != "complete" for state in wanted)
    again = site.ask("again")
    if again["new"] is not left or site.submissions != 1 + left:
        raise Violation(f"--again: {again} of {wanted}")
    return f"as it was, and begun again only by --again ({', '.join(names)})"


def lost(scene: Any, draw: random.Random) -> str:
    """Jobs that Slurm does not know, and of which no task was begun: lost, or too long ago."""
    site = new_site(draw, tasks=draw.choice((1, 2)), books=draw.random() < 0.3)
    try:
        site.ask("submit")
        kept = draw.choice((KEPT, KEPT, 0, 60))
        age = draw.choice((0, 1, 20, 250, 301, LONG_AGO, -50))
        (site.here / "queued").write_text(f"{time.time() - age}\n")
        if draw.random() < 0.2:
            (site.here / "queued").unlink()
            age = 10**9
        site.slurm = {**site.slurm, "jobs": [], "kept": kept}
        wanted = "lost" if kept == 0 or 0 <= age < kept else "forgotten"
        if set(site.states()) != {wanted}:
            raise Violation(f"said wrongly: {site.states()} of {age} s, kept {kept}")
        cancelled = draw.random() < 0.4
        if cancelled:
            first, second = (site.ask("cancel")["left"] for _ in range(2))
            if (first, second) != (True, False) or set(site.states()) != {"cancelled"}:
                raise Violation(f"cancel: {first}, {second}, {site.states()}")
        new = site.ask("submit")["new"]
        if new is not (wanted == "lost" and not cancelled):
            raise Violation(f"submit: new {new} of {wanted}, cancelled {cancelled}")
        return f"{wanted}{', cancelled' * cancelled}; {'queued anew' if new else 'left alone'}"
    finally:
        shutil.rmtree(site.here.parent.parent)


FORGOTTEN: Dict[str, Tuple[int, Attack]] = {
    "ended, and forgotten": (60, forgotten),
    "never begun, and not known": (30, lost),
}
