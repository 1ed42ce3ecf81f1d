"""The page: one HTML file with all it needs inside."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import jinja2
import markupsafe

from deploy.emulator.silicon import BY_NAME
from deploy.parity.comparison import (
    MARKS,
    NO_PARITY,
    Comparison,
    worst_first,
    worst_of_each,
)
from deploy.parity.effects import DIFFERENT, OPEN, Effect
from deploy.parity.figure import LESSON
from deploy.parity.floors import QUANTITIES
from deploy.recordings.recording import ELSEWHERE
from deploy.report import pictures
from deploy.report.numbers import number
from deploy.report.picture import Picture
from deploy.report.plot import PLOTS, Plot, share_of_each
from deploy.shown import one_line
from deploy.traces.traces import LINES

ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("deploy.report"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=lambda value: one_line(value) if type(value) is str else value,  # not of Markup
)


ENVIRONMENT.filters["number"] = number

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = ("uPlot.iife.min.js", "plots.js")  # in the order in which they run
MOST_SPLITS = 30  # effects whose causes are shown
MOST_LISTED = 12  # traces in the contents, where some are as the CPU's
MOST_UNFOLDED = 6  # traces that are open at first
MOST_DRAWN = 12  # of spikes or weights: each is some ten thousand bytes


@dataclass(frozen=True)
class Section:
    """What the page shows of one trace.

    Attributes
    ----------
    ident : str
        By which the page links to it.
    label, about : str
    worst : Effect or None
        The effect that is furthest into its margin, or out of it.
    counted : bool
        Whether the trace says anything of the chip.
    plots : tuple of dict
        Curves, as their script reads them, each with its caption.
    pictures : tuple of Picture
    note : str
        Of what is not drawn.
    """

    ident: str
    label: str
    about: str
    worst: Optional[Effect]
    counted: bool
    plots: Tuple[Dict[str, Any], ...]
    pictures: Tuple[Picture, ...]
    note: str = ""

    @property
    def said(self) -> str:
        """The worst effect in words, without the label, which stands before it."""
        return "" if self.worst is None else self.worst.words[len(self.label) :].lstrip(":, ")

    @property
    def outcome(self) -> str:
        return self.worst.outcome if self.worst is not None else ""


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
        A page that fetches nothing, and runs no script but its own.
    """
    template = ENVIRONMENT.get_template("report.html")
    scripts = [(ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS]
    sections = _sections(parity)
    listed = _listed(sections)
    return template.render(
        parity=parity,
        groups=_by_trace(parity),
        judged=_judged(parity, sections[:listed], sections[listed:]),
        QUANTITIES=QUANTITIES,
        MARKS=MARKS,
        SILICON=BY_NAME,
        lesson=own,
        overview=pictures.overview(parity),
        cores=pictures.cores(parity),
        sections=sections,
        listed=sections[:listed],
        folded=sections[listed:],
        unfolded=MOST_UNFOLDED,
        idents={section.label: section.ident for section in sections},
        changes=_by_rule(parity.other.changes),
        line_of=partial(_line_of, parity.other.record.get(LINES, {}), _file(parity)),
        splits=() if parity.budget is None else parity.budget.splits[:MOST_SPLITS],
        command=reproduce(parity),
        explain=_explain(parity),
        scripts=[markupsafe.Markup(script) for script in scripts],
        hashes=" ".join(map(script_hash, scripts)),
        plot_style=markupsafe.Markup((ASSETS / "uPlot.min.css").read_text(encoding="utf-8")),
    )


def _listed(sections: Sequence[Section]) -> int:
    """How many of them the contents list; others are folded there: those that are as the CPU's."""
    if len(sections) <= MOST_LISTED:
        return len(sections)
    return max(MOST_UNFOLDED, sum(section.outcome in (DIFFERENT, OPEN) for section in sections))


def script_hash(script: str) -> str:
    """By which the page's policy lets a script run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _sections(parity: Comparison) -> List[Section]:
    """Traces, the worst first; those that say nothing of the chip last."""
    worst: Dict[str, Effect] = {}
    order = {DIFFERENT: 2, OPEN: 1}
    for effect in worst_first(worst_of_each(parity.effects)):
        known = worst.get(effect.trace)
        if known is None or order.get(effect.outcome, 0) > order.get(known.outcome, 0):
            worst[effect.trace] = effect
    labels = [t.label for t in parity.reference if t.label in parity.other.traces]

    def badness(label: str) -> Tuple[bool, int, float]:
        effect = worst.get(label)
        if effect is None:
            return label in parity.same, 0, 0.0
        return label in parity.same, -order.get(effect.outcome, 0), -effect.severity

    ranked = sorted(labels, key=badness)
    plots = {label: _plots(parity, label) for label in ranked}
    most = share_of_each([plot for of in plots.values() for plot in of])
    sections, drawn = [], 0
    for label in ranked:
        trace = parity.reference[label]
        found: List[Picture] = []
        note = ""
        if trace.kind in pictures.DRAW:
            if drawn < MOST_DRAWN:
                found = pictures.of_trace(parity, label)
                drawn += len(found)
            else:
                note = f"not drawn, as {MOST_DRAWN} worse ones are; its samples are in traces/"
        sections.append(
            Section(
                f"trace-{labels.index(label)}",
                label,
                f"{trace.kind}, {trace.dynamics}" if trace.dynamics else trace.kind,
                worst.get(label),
                label not in parity.same,
                tuple({**plot.data(most), "caption": plot.caption} for plot in plots[label]),
                tuple(found),
                note,
            )
        )
    return sections


def _plots(parity: Comparison, label: str) -> List[Plot]:
    make = PLOTS.get(parity.reference[label].kind)
    return [] if make is None else make(parity, label)


def _file(parity: Comparison) -> str:
    return str(parity.other.settings.get("model", "")).partition(":")[0].partition("[")[0]


def _line_of(lines: Mapping[str, int], file: str, name: str) -> str:
    """Where in the user's file an object stands, or the first of several that are named."""
    for part in re.split(r" → |, |\.neurons|\.|\[", name):
        if part in lines:
            return f"{file}:{lines[part]}"
    return ""


def _by_rule(changes: Sequence[Mapping[str, str]]) -> List[Tuple[str, List[Mapping[str, str]]]]:
    """Changes by the rule that asked for them, those first of which there are fewest."""
    counts = Counter(change["rule"] for change in changes)
    rules = sorted(counts, key=lambda rule: (counts[rule], rule))
    return [(rule, [c for c in changes if c["rule"] == rule]) for rule in rules]


def _explain(parity: Comparison) -> str:
    """The command that says why, where there is no parity of a model that has a name."""
    model = parity.reference.settings.get("model")
    if parity.outcome != NO_PARITY or not model:
        return ""
    run = parity.reference
    words = ["loihi-deploy", "explain", str(model), "--duration", f"{run.duration:g}"]
    return shlex.join([*words, "--seed", str(run.seed)])


def _by_trace(parity: Comparison) -> List[Any]:
    named = [(t.label, f"{t.kind}, {t.unit}") for t in parity.reference]
    rows = [(LESSON, "on every target")] + named
    groups = [(name, about, [f for f in parity.figures if f.trace == name]) for name, about in rows]
    return [group for group in groups if group[2]]


def _judged(parity: Comparison, *parts: Sequence[Section]) -> List[Any]:
    """Of each part, where it has any, traces with the worst of their effects by quantity."""
    worst: Dict[str, List[Effect]] = {}
    for effect in worst_of_each(parity.effects):
        worst.setdefault(effect.trace, []).append(effect)
    groups = [[(s.label, s.about, worst[s.label]) for s in of if s.label in worst] for of in parts]
    return [group for group in groups if group]


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
