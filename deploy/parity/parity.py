"""The outcome of a comparison."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

from deploy.parity.budget import Share
from deploy.parity.figure import Figure
from deploy.traces import Traces

FORMAT = "loihi-deploy parity"
VERSION = 1


@dataclass(frozen=True)
class Parity:
    """What a comparison found.

    Attributes
    ----------
    runs : tuple of Traces
        The reference first, the run that is judged last.
    figures : tuple of Figure
        Every number, with its tolerance where it has one.
    budget : tuple of Share
        Where the difference comes from; empty for two runs.
    notes : tuple of str
        What a reader should know besides.
    """

    runs: Tuple[Traces, ...]
    figures: Tuple[Figure, ...]
    budget: Tuple[Share, ...] = ()
    notes: Tuple[str, ...] = ()

    @property
    def reference(self) -> Traces:
        return self.runs[0]

    @property
    def other(self) -> Traces:
        return self.runs[-1]

    @property
    def judged(self) -> List[Figure]:
        """Figures that have a tolerance."""
        return [f for f in self.figures if f.ok is not None]

    @property
    def failed(self) -> List[Figure]:
        """Figures outside their tolerance."""
        return [f for f in self.judged if not f.ok]

    @property
    def ok(self) -> bool:
        """Whether something was judged, and all of it was within tolerance."""
        return bool(self.judged) and not self.failed

    @property
    def verdict(self) -> str:
        """In words."""
        who = f"{self.other.where} against {self.reference.where}"
        judged = len(self.judged)
        if not judged:
            return f"NO VERDICT: nothing could be judged, {who}; add probes to the model"
        if self.ok:
            return f"PARITY: all {judged} figures are within tolerance, {who}"
        worst = ", ".join(f"{f.metric} of {f.trace}" for f in self.failed[:3])
        more = f" and {len(self.failed) - 3} more" if len(self.failed) > 3 else ""
        return (
            f"NO PARITY: {len(self.failed)} of {judged} figures are outside tolerance, {who}: "
            f"{worst}{more}"
        )

    def value(self, trace: str, metric: str) -> Optional[float]:
        """One figure's value; None if it was not measured."""
        for figure in self.figures:
            if (figure.trace, figure.metric) == (trace, metric):
                return figure.value
        return None

    def to_dict(self) -> Dict[str, Any]:
        """All of it but the samples, in terms of JSON."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "ok": self.ok,
            "verdict": self.verdict,
            "figures": [f.to_dict() for f in self.figures],
            "budget": [s.to_dict() for s in self.budget],
            "notes": list(self.notes),
            "runs": [run.to_dict() for run in self.runs],
        }

    def save(self, directory: Union[str, Path]) -> Path:
        """Write ``parity.json``, ``report.html`` and ``traces/*.npz``.

        All is written beside first and then renamed into place.

        Parameters
        ----------
        directory : str or pathlib.Path
            Made if it is not there.

        Returns
        -------
        pathlib.Path
            Of the report.

        Raises
        ------
        BadInput
            If it cannot be written, or another process is writing it.
        """
        from deploy.report.folder import staged_folder  # what a site of jobs does without

        with staged_folder(Path(directory)) as stage:
            self.write(stage)
        return Path(directory) / "report.html"

    def write(self, folder: Path) -> None:
        """Write the files of `save` into a folder that is there."""
        from deploy.report.page import render  # matplotlib is slow to import

        (folder / "traces").mkdir(mode=0o700)
        names = _file_names([run.target for run in self.runs])
        for run in self.runs:
            run.save(folder / "traces" / names.pop(0))
        text = json.dumps(self.to_dict(), indent=1, sort_keys=True, ensure_ascii=False)
        (folder / "report.html").write_text(render(self), encoding="utf-8")
        (folder / "parity.json").write_text(text + "\n", encoding="utf-8")

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(f.trace)}</td><td>{html.escape(f.metric)}</td>"
            f"<td>{f.value:.3g} {html.escape(f.unit)}</td>"
            f"<td>{html.escape(str(f.tolerance))}</td><td>{'✓' if f.ok else '✗'}</td></tr>"
            for f in self.judged
        )
        return (
            f"<p><b>{html.escape(self.verdict)}</b></p><table><thead><tr><th>trace</th>"
            f"<th>figure</th><th>value</th><th>tolerance</th><th></th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


def _file_names(targets: List[str]) -> List[str]:
    """A file name for each run: its target, numbered where two ran on one."""
    names: List[str] = []
    for target in targets:
        plain = re.sub(r"[^A-Za-z0-9_-]", "_", target) or "run"
        count = sum(name == plain or name.startswith(f"{plain}.") for name in names)
        names.append(plain if count == 0 else f"{plain}.{count + 1}")
    return [f"{name}.npz" for name in names]
