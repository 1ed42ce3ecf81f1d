"""Write the page of each lesson, with its pictures: python docs/make_lessons.py [NAME ...]

The text is the lesson's own, from its file in `loihi_rules/systems`; pictures are those of the
report of ``loihi-deploy compare NAME``.
"""

import re
import sys
from pathlib import Path

import matplotlib

import deploy
from deploy.lessons import LESSONS
from deploy.report.picture import STYLE
from loihi_rules.systems import SYSTEMS

HERE = Path(__file__).parent
GREY = "#6b7178"  # legible on light and dark pages
EXTRA = {"pes-connection": "../pes.md", "pes-imitation": "../pes.md", "bcm": "../learning_rules.md",
         "oja": "../learning_rules.md"}  # fmt: skip


def page(name: str) -> str:
    system = SYSTEMS[name]
    title, _, lesson = system.lesson.partition("\n\n")
    lesson = re.sub(r"``([^`]+)``", r"`\1`", lesson)
    lines = [f"# {title}", "", lesson, "", "## See it", "", "```bash"]
    lines += [f"loihi-deploy compare {name}", "```", ""]
    parity = deploy.compare(name, system.duration)
    lines += [f"{parity.verdict}, in {system.duration:g} s of model time.", ""]
    with matplotlib.rc_context(STYLE):
        pictures = LESSONS[name].draw(parity) if name in LESSONS else []
    for k, picture in enumerate(pictures, start=1):
        file = HERE / "pictures" / f"{name}-{k}.svg"
        svg = picture.svg.replace("currentColor", GREY)
        svg = svg.replace("<svg ", '<svg width="600" ', 1)
        file.write_text(svg.rstrip() + "\n", encoding="utf-8")
        lines += [f"![{picture.title}](../pictures/{file.name})", "", f"*{picture.caption}*", ""]
    lines += ["## Vary it", ""]
    lines += ["| parameter | default | range | what |", "|---|---|---|---|"]
    for p in system.parameters:
        default = f"`{p.default}`" if p.default != "" else "none"
        lines.append(f"| `{p.name}` | {default} | {p.range} | {p.what} |")
    first = system.parameters[0]
    value = (
        first.default if not isinstance(first.default, int) else max(first.low, first.default // 2)
    )
    lines += ["", "```bash"]
    lines += [f"loihi-deploy check {name} -p {first.name}={value}", "```", ""]
    if name in EXTRA:
        lines += [f"More: [how it learns]({EXTRA[name]}).", ""]
    return "\n".join(lines)


def main() -> None:
    for name in sys.argv[1:] or SYSTEMS:
        (HERE / "lessons" / f"{name}.md").write_text(page(name), encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()
