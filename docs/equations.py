"""Equations of the pages, set as MathML when the site is built: the browser needs no script.

Pages have them as docstrings do, in indented lines that are made of letters, as in
``Δd_i = −κ E a_i``. So they can be read in a terminal and on GitHub too. A hook of mkdocs.
"""

from __future__ import annotations

import re
from typing import Any

from latex2mathml.converter import convert

# an indented block of its own, between empty lines
BLOCK = re.compile(r"(?<=\n\n)((?:    \S[^\n]*\n)+)(?=\n)")
MADE_OF = re.compile(r"[Ͱ-Ͽ·−²³√Σ≤≥]|\w_\w")  # Greek, signs that no command has, indices
GAP = re.compile(r" {3,}")  # between two equations of a line
TOKEN = re.compile(
    r"(?P<indexed>(?P<base>[^\W\d_]+)_(?P<index>[A-Za-z0-9]+))"
    r"|(?P<differential>d[A-Za-z]\b)"
    r"|(?P<words>[A-Za-z]{2,}(?:[- ]+[A-Za-z]{2,})*)"
    r"|(?P<star>(?<=\w)\*)|(?P<gap>\s+)|(?P<sign>.)"
)
BETWEEN = "=+-−·/←"  # operators, which have space around them as it is
SIGNS = {"²": "^{2}", "³": "^{3}", "·": r"\cdot ", "−": "-"}
FUNCTIONS = {"max", "min", "log", "exp", "sin", "cos"}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs for each page: its text with equations set."""
    return BLOCK.sub(
        lambda found: typeset(found[1]) if is_equation(found[1]) else found[1], markdown
    )


def is_equation(block: str) -> bool:
    """Whether each line of a block says that something is equal, in signs of mathematics."""
    lines = block.strip().splitlines()
    return all(" = " in line and MADE_OF.search(line) and "`" not in line for line in lines)


def typeset(block: str) -> str:
    """The lines of a block as MathML; the equations of a line come below each other if need be."""
    return "".join(f'<div class="equations">{_line(line)}</div>\n' for line in block.splitlines())


def _line(line: str) -> str:
    return "".join(f"<span>{convert(latex(part))}</span>" for part in GAP.split(line.strip()))


def latex(text: str) -> str:
    """An equation in letters as LaTeX; words stay words.

    >>> latex("Δw_ij = κ · a_j², mean of all")
    'Δw_{ij} = κ \\\\cdot  a_{j}^{2},\\\\ \\\\text{mean of all}'
    """
    tokens = list(TOKEN.finditer(text))
    made = []
    for k, token in enumerate(tokens):
        kind, word = token.lastgroup, token.group()
        if token["indexed"]:
            made.append(f"{_name(token['base'])}_{{{_name(token['index'])}}}")
        elif kind == "words":
            made.append(f"\\{word}" if word in FUNCTIONS else f"\\text{{{word}}}")
        elif kind == "star":
            made.append("^{*}")
        elif kind == "gap":
            around = [tokens[n].group() for n in (k - 1, k + 1) if 0 <= n < len(tokens)]
            beside = any(len(each) > 1 and each[0].isalpha() for each in around)
            made.append("\\ " if beside and not set(around) & set(BETWEEN) else " ")
        else:
            made.append(SIGNS.get(word, word))
    return "".join(made)


def _name(name: str) -> str:
    """Letters for single ones, as in ij or dV; a word for a word."""
    return name if len(name) < 3 else f"\\text{{{name}}}"
