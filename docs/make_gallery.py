"""Write the gallery, with a picture of each lesson and example: python docs/make_gallery.py

Of an example, what it is comes from its docstring, and the picture from a run on the CPU and on the
emulator; lessons with pictures of their own keep them.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import List

import deploy
from deploy.parity.metrics.pair import flat
from deploy.report.picture import INK, OTHER, REFERENCE, new_figure, styled, svg
from deploy.traces.drawing import draw_trace
from loihi_rules.systems import SYSTEMS

HERE = Path(__file__).parent
GREY = "#6b7178"  # legible on light and dark pages
SECONDS = 3.0
MOST_POINTS = 300  # of a curve: a picture is small
MOST_CURVES = 3
OWN = {"adaptive_arm": ("adaptive_arm.svg", "adaptive_arm.md")}  # what has a page of its own


def draw(name: str, model: str) -> str:
    """A picture of what a model's last probe of values has, on both targets."""
    parity = deploy.compare(model, SECONDS, spread=0)
    probes = [t for t in parity.reference if not t.instrument]
    values = [t.label for t in probes if not t.sparse and t.samples.size]
    label = values[-1] if values else probes[-1].label
    with styled():
        figure = new_figure(3.4, 2.0)
        axes = figure.subplots()
        for run, colour in ((parity.reference, REFERENCE), (parity.other, OTHER)):
            trace = run[label]
            if trace.sparse:
                draw_trace(trace, run.dt, axes, color=colour, alpha=0.5, rasterized=True)
                continue
            every = -(-len(trace.samples) // MOST_POINTS)
            curves = flat(trace)[::every, :MOST_CURVES]
            axes.plot(trace.times(run.dt)[::every], curves, color=colour, lw=1.1, alpha=0.85)
        axes.set_xlabel("time (s)")
        axes.set_title(label, fontsize=9, color=INK)
        drawn = svg(figure, name)
    file = HERE / "pictures" / f"gallery-{name}.svg"
    drawn = drawn.replace("currentColor", GREY).replace("<svg ", '<svg width="340" ', 1)
    file.write_text(drawn.rstrip() + "\n", encoding="utf-8")
    return f"pictures/{file.name}"


def card(picture: str, about: str, page: str, title: str, more: str = "") -> List[str]:
    lines = [f"-   [![{title}]({picture})]({page})", "", f"    **[{title}]({page})**", ""]
    lines += [f"    {about}", ""]
    return lines + ([f"    {more}", ""] if more else [])


def lessons() -> List[str]:
    lines = []
    for name, system in SYSTEMS.items():
        title = system.lesson.partition("\n\n")[0].rstrip(".")
        drawn = sorted((HERE / "pictures").glob(f"{name}-1.svg"))
        picture = f"pictures/{drawn[0].name}" if drawn else draw(name, name)
        lines += card(picture, f"{title}.", f"lessons/{name}.md", name)
    return lines


def examples() -> List[str]:
    lines = []
    for path in sorted((HERE / "examples").glob("*.py")):
        about = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n\n")[0]
        title = path.stem.replace("_", " ").capitalize()
        code = f"examples/{path.name}"
        if path.stem in OWN:
            picture, page = OWN[path.stem]
        else:
            picture, page = draw(path.stem, str(path)), code
        lines += card(picture, " ".join(about.split()), page, title, f"[Its code]({code})")
    return lines


def main() -> None:
    lines = ["# Gallery", ""]
    lines += ["Blue is Nengo on the CPU, red the emulator of the chip.", ""]
    for title, cards in (("Lessons", lessons()), ("Models of Nengo's documentation", examples())):
        lines += [f"## {title}", "", '<div class="grid cards" markdown>', "", *cards, "</div>", ""]
    (HERE / "gallery.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
