"""What is attacked: a job with its honest results, runs, weights and sites, made once."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import Any, Dict, Iterator, NamedTuple, Tuple

import numpy as np

import deploy
from deploy.jobs import runner
from deploy.jobs.job import Task
from deploy.jobs.preparing import prepare
from deploy.traces.parts import PartWriter
from deploy.workflows import run as running
from hardware_tests.attack.victim import Victim, Violation

SECONDS, SEED = 0.05, 7
FAR = '[far]\ntake = "process"\npython = "{}"\nfolder = "far"\n'


class File(NamedTuple):
    """An npz of ours, taken apart."""

    record: Any
    arrays: Dict[str, np.ndarray]

    @classmethod
    def read(cls, path: Path) -> File:
        with np.load(path) as npz:
            arrays = {name: npz[name] for name in npz.files}
        return cls(json.loads(bytes(arrays.pop("json"))), arrays)


class Scene:
    """Made once, and left by each trial as it was.

    Parameters
    ----------
    folder : pathlib.Path
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.victim = Victim(folder / "home")
        self.home = self.victim.folder
        self.answer, self.code = folder / "answer", folder / "code"
        script = folder / "answers"
        script.write_text(f'#!/bin/sh\ncat "{self.answer}"; exit "$(cat "{self.code}")"\n')
        script.chmod(0o755)
        self.code.write_text("0")
        (self.home / "sites.toml").write_text(FAR.format(script))
        with self.environment():
            self.job = prepare([Task("oja", SEED, SECONDS)], "local")
            self.far = prepare([Task("oja", SEED, SECONDS)], "far")
            for job in (self.job, self.far):
                job.note("submitted", id="1")
            self.results, self.kept = self.job.results, self.far.folder
            with _quiet():
                runner.main([str(self.job.bundle), "--out", str(folder / "results")])
            for target in ("cpu", "emulator"):
                deploy.run("oja", SECONDS, target, seed=SEED).save(folder / f"{target}.npz")
        self.there = self.home / "loihi-deploy" / "jobs" / self.job.name / "results"
        (self.home / "far" / "jobs" / self.far.name / "agent").mkdir(parents=True)
        self.honest = (folder / "results" / "0.npz").read_bytes()
        self.record = json.loads((folder / "results" / "0.json").read_text())
        self.run = File.read(folder / "results" / "0.npz")
        self.parts = self._parts()
        self.victim.run("run", "oja", "--duration", SECONDS, "--freeze", folder / "weights.npz")
        self.weights = File.read(folder / "weights.npz")
        self.victim.measure()

    def _parts(self) -> Tuple[File, ...]:
        place, chunk = self.folder / "parts", running.CHUNK
        running.CHUNK = 10
        try:
            parts = PartWriter(place, every=0.0)
            deploy.run("oja", SECONDS, "emulator", seed=SEED, parts=parts)
        finally:
            running.CHUNK = chunk
        return tuple(map(File.read, sorted(place.glob("*.npz"))[:2]))

    @contextlib.contextmanager
    def environment(self) -> Iterator[None]:
        """As the victim's, in this process."""
        before = dict(os.environ)
        os.environ.update(self.victim.environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    # ------------------------------------------------------------------ results

    def put(self, files: Dict[str, bytes]) -> None:
        """Results at the site, in the place of what was there."""
        shutil.rmtree(self.there, ignore_errors=True)
        for name, body in files.items():
            (self.there / name).parent.mkdir(parents=True, exist_ok=True)
            (self.there / name).write_bytes(body)
        self.there.mkdir(parents=True, exist_ok=True)

    def forget(self) -> None:
        """What was fetched."""
        shutil.rmtree(self.results, ignore_errors=True)
        shutil.rmtree(self.results.parent / ".incoming", ignore_errors=True)

    def check_taken(self) -> str:
        """That only what was asked for was taken; and what."""
        names = sorted(path.name for path in self.results.iterdir())
        if not set(names) <= {"0.npz", "0.json", "0.partial.npz"}:
            raise Violation(f"taken: {names}")
        said = "refused"
        for name in ("0.npz", "0.partial.npz"):
            if name in names and (name != "0.npz" or "0.json" in names):
                found, asked = deploy.Traces.load(self.results / name), self.run.record
                same = ("seed", "target", "dt", "substrate")
                wrong = [key for key in same if getattr(found, key) != asked[key]]
                whole = name == "0.npz"
                if wrong or whole is not (found.n_steps == asked["n_steps"]):
                    raise Violation(f"taken: {wrong or found.n_steps} in {name}")
                kinds = {each["label"]: each["kind"] for each in asked["traces"]}
                if any(kinds.get(trace.label) != trace.kind for trace in found):
                    raise Violation(f"taken: other traces in {name}")
                said = "taken: what was asked for" if whole else "taken: a part, labelled"
        return said

    def fetch_honest(self) -> None:
        """That the honest result comes after all."""
        self.put({"0.npz": self.honest, "0.json": json.dumps(self.record).encode()})
        done = self.victim.ask("fetch", self.job.name, "--no-compare", "--json", codes=(0,))
        if json.loads(done.stdout)["complete"] != 1:
            raise Violation(f"lost: the honest result is not taken any more: {done}")
        if (self.results / "0.npz").read_bytes() != self.honest:
            raise Violation("wrong: it is not the honest result that was taken")
        self.forget()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with open(os.devnull, "w", encoding="utf-8") as nothing, contextlib.redirect_stdout(nothing):
        yield
