"""The outcome of a comparison, with its files: what people get, keep and look at."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any, List, Mapping, Optional, Sequence, Tuple, Union

from deploy.files.folder import staged_folder
from deploy.lessons import accepted, hallmark_figures, lesson_pictures
from deploy.parity.compare import compare_runs
from deploy.parity.comparison import MARKS, Comparison, worst_first
from deploy.parity.effects import SAME
from deploy.parity.spread import Spread, check_of_one_length, check_of_one_model, check_reaches
from deploy.parity.tolerances import Tolerance
from deploy.recordings.aligning import Aligned, align
from deploy.recordings.cutting import cut_as
from deploy.recordings.recording import Recording
from deploy.report.page import render
from deploy.shown import bounded
from deploy.traces.traces import Traces
from deploy.traces.uncompared import Uncompared

MOST_ROWS = 30  # of a table in a notebook


class Parity(Comparison):
    """What a comparison found; see `Comparison` for its numbers."""

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
        with staged_folder(Path(directory)) as stage:
            self.write(stage)
        return Path(directory) / "report.html"

    def plot(self, label: str = "") -> Any:
        """Draw a trace of all runs, and how the judged one differs from the reference.

        Parameters
        ----------
        label : str
            Of the trace; if not given, that of the worst effect.

        Returns
        -------
        ndarray of matplotlib.axes.Axes
        """
        from deploy.report.comparing import draw_comparison

        ranked = self.different + self.open + worst_first(self.effects)
        chosen = label or (ranked[0].trace if ranked else next(iter(self.reference.traces), ""))
        return draw_comparison(self, self.reference[chosen].label)

    def write(self, folder: Path) -> None:
        """Write the files of `save` into a folder that is there."""
        (folder / "traces").mkdir(mode=0o700)
        names = _file_names([run.target for run in self.runs])
        for run in self.runs:
            run.save(folder / "traces" / names.pop(0))
        text = json.dumps(bounded(self.to_dict()), indent=1, sort_keys=True, ensure_ascii=False)
        (folder / "report.html").write_text(render(self, lesson_pictures(self)), encoding="utf-8")
        (folder / "parity.json").write_text(text + "\n", encoding="utf-8")

    def _repr_html_(self) -> str:
        shown = self.different + self.open + [e for e in self.effects if e.outcome == SAME]
        rows = "".join(
            f"<tr><td>{html.escape(e.trace)}</td><td>{html.escape(e.quantity)}</td>"
            f"<td>{html.escape(e.words)}</td><td>{MARKS[e.outcome]}</td></tr>"
            for e in shown[:MOST_ROWS]
        )
        rows += "".join(
            f"<tr><td>{html.escape(f.trace)}</td><td>{html.escape(f.metric)}</td>"
            f"<td>{f.value:.3g} {html.escape(f.unit)}</td><td>{'✓' if f.ok else '✗'}</td></tr>"
            for f in self.judged
        )
        return (
            f"<p><b>{html.escape(self.verdict)}</b></p><table><thead><tr><th>trace</th>"
            f"<th>quantity</th><th>effect</th><th></th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


def compare_traces(
    reference: Union[Traces, Recording],
    other: Union[Traces, Recording],
    spread: Optional[Spread] = None,
    tolerances: Optional[Mapping[str, Tolerance]] = None,
) -> Parity:
    """Compare one run with another.

    Parameters
    ----------
    reference, other : Traces or Recording
        Two `Traces` have to be of one model, step and duration. A recording of another program
        (`deploy.read_recording`) is brought onto the steps of the other: compared are samples of
        the same instants, and what has none is named.
    spread : Spread, optional
        How much equally good CPU runs of the model differ; see `deploy.spread`. Without, what is
        typical of the built-in systems stands in its place. With a recording
        it is taken at the samples that are compared, to whose end it has to reach.
    tolerances : mapping of str to Tolerance, optional
        Limits by name of a quantity, in the place of its margin, or of a figure.

    Raises
    ------
    BadInput
        If the two runs cannot be compared, or the spread is of another model.
    """
    both = align(reference, other)
    if spread is not None:
        check_of_one_model(spread, both.runs[0])
        if isinstance(reference, Traces) and isinstance(other, Traces):
            check_of_one_length(spread, both.runs[0])
        else:
            check_reaches(spread, both.runs[0], both.begin)
        spread = Spread(*(_cut(group, both) for group in (spread.repeats, spread.builds)))
    return parity_of(both.runs, spread, tolerances, both.uncompared)


def _cut(group: Sequence[Traces], both: Aligned) -> Tuple[Traces, ...]:
    """Runs of a spread at the samples that are compared."""
    return tuple(cut_as(run, both.runs[0], both.begin) for run in group)


def parity_of(
    runs: Sequence[Traces],
    spread: Optional[Spread] = None,
    tolerances: Optional[Mapping[str, Tolerance]] = None,
    uncompared: Sequence[Uncompared] = (),
) -> Parity:
    """Compare the last run with the first, by what a worked system's lesson asks besides."""
    found = compare_runs(
        runs,
        spread,
        tolerances,
        accepted=accepted(runs[0]),
        figures=[figure for run in runs for figure in hallmark_figures(run)],
        uncompared=uncompared,
    )
    return Parity(**vars(found))


def _file_names(targets: List[str]) -> List[str]:
    """A file name for each run: its target, numbered where two ran on one."""
    names: List[str] = []
    for target in targets:
        plain = re.sub(r"[^A-Za-z0-9_-]", "_", target) or "run"
        count = sum(name == plain or name.startswith(f"{plain}.") for name in names)
        names.append(plain if count == 0 else f"{plain}.{count + 1}")
    return [f"{name}.npz" for name in names]
