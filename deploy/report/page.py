"""The page: one HTML file with all it needs inside."""

from __future__ import annotations

import shlex
from typing import Any, List, Sequence

import jinja2

from deploy.emulator.silicon import BY_NAME
from deploy.parity.comparison import MARKS, Comparison, worst_of_each
from deploy.parity.figure import LESSON
from deploy.parity.floors import QUANTITIES
from deploy.recordings.recording import ELSEWHERE
from deploy.report.numbers import number
from deploy.report.picture import Picture
from deploy.report.pictures import pictures
from deploy.shown import one_line

ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("deploy.report"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: one_line(value) if type(value) is str else value,  # not of Markup
)


ENVIRONMENT.filters["number"] = number

MOST_SPLITS = 30  # effects whose causes are shown


def render(parity: Comparison, own: Sequence[Picture] = ()) -> str:
    """The report of a comparison, as HTML.

    Parameters
    ----------
    parity : Comparison
    own : sequence of Picture
        Of the model's own, which come first.

    Returns
    -------
    str
        A page that fetches nothing and runs nothing.
    """
    template = ENVIRONMENT.get_template("report.html")
    return template.render(
        parity=parity,
        groups=_by_trace(parity),
        judged=_judged(parity),
        QUANTITIES=QUANTITIES,
        MARKS=MARKS,
        SILICON=BY_NAME,
        pictures=[*own, *pictures(parity)],
        splits=() if parity.budget is None else parity.budget.splits[:MOST_SPLITS],
        command=reproduce(parity),
    )


def _by_trace(parity: Comparison) -> List[Any]:
    named = [(t.label, f"{t.kind}, {t.unit}") for t in parity.reference]
    rows = [(LESSON, "on every target")] + named
    groups = [(name, about, [f for f in parity.figures if f.trace == name]) for name, about in rows]
    return [group for group in groups if group[2]]


def _judged(parity: Comparison) -> List[Any]:
    """Traces with the worst of their effects by quantity."""
    worst = worst_of_each(parity.effects)
    named = [
        (t.label, f"{t.kind}, {t.dynamics}" if t.dynamics else t.kind) for t in parity.reference
    ]
    groups = [(name, about, [e for e in worst if e.trace == name]) for name, about in named]
    return [group for group in groups if group[2]]


def reproduce(parity: Comparison) -> str:
    """The command that makes this comparison again."""
    run = parity.reference
    if any(each.substrate == ELSEWHERE for each in parity.runs):
        files = [r.target if r.substrate == ELSEWHERE else f"{r.target}.npz" for r in parity.runs]
        return " ".join(map(shlex.quote, ["loihi-deploy", "compare", *files]))
    parts = ["loihi-deploy", "compare", str(run.settings.get("model") or "MODEL.py")]
    parts += ["--duration", f"{run.duration:g}", "--seed", str(run.seed)]
    if run.dt != 0.001:
        parts += ["--dt", f"{run.dt:g}"]
    parts += ["--targets", ",".join(r.target for r in parity.runs)]
    if parity.budget is not None and len(parity.runs) == 2:
        parts += ["--budget"]
    for modes in (each.record.get("silicon", {}) for each in parity.runs):
        parts += [
            text for name, value in modes.items() for text in ("--silicon", f"{name}={value}")
        ]
    if "weights file" in run.settings:
        parts += ["--weights", str(run.settings["weights file"])]
        parts += ["--learn-on"] if run.settings.get("weights") == "learnt on from" else []
        parts += ["--fan-in", str(run.settings["fan-in"])] if "fan-in" in run.settings else []
    return " ".join(shlex.quote(part) for part in parts)
