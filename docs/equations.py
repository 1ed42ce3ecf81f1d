"""Equations of the pages, set as MathML when the site is built: the browser needs no script.

Pages have them as docstrings do, in indented lines that are made of letters, as in
``Δd_i = −κ E a_i``, and symbols in their sentences, as τ_RC. So they can be read in a terminal and
on GitHub too. A hook of mkdocs.
"""

from __future__ import annotations

import html
import re
from typing import Any, List

from latex2mathml.converter import convert

# an indented block of its own, between empty lines
BLOCK = re.compile(r"(?<=\n\n)((?:    \S[^\n]*\n)+)(?=\n)")
MADE_OF = re.compile(r"[Ͱ-Ͽ·−²³√Σ≤≥]|\w_\w")  # Greek, signs that no command has, indices
# the same in a docstring, as mkdocstrings has made it
CODE = re.compile(
    r'<div class="highlight"><pre>(?:<span></span>)?<code>(.*?)</code></pre></div>', re.DOTALL
)
TAG = re.compile(r"(<[^>]*>)")
NAME = re.compile(r"</?([a-zA-Z0-9]+)")
# whose text stays as it is: code, what is set already, and headings, which the contents repeat
AS_IT_IS = {"code", "pre", "math", "script", "style", "svg", "h1", "h2", "h3", "h4", "h5", "h6"}
# a Greek letter, or one with an index; a power of e; a number or dt by such a letter
SYMBOL = re.compile(
    r"(?<![\w/])(?:e\^\([^()<>]*\)"
    r"|(?:(?:dt|\d)/)?(?:[ΔΣ√][A-Za-zͰ-Ͽ]|[Ͱ-Ͽ]|[A-Za-z](?=_))(?:_[A-Za-z0-9]{1,3})?[²³]?)"
    r"(?![\w/^])"
)
GAP = re.compile(r" {3,}")  # between two equations of a line
TOKEN = re.compile(
    r"(?P<indexed>(?P<base>[^\W\d_]+)_(?P<index>[A-Za-z0-9]+))"
    r"|(?P<differential>d[A-Za-z]\b)"
    r"|(?P<words>[A-Za-z]{2,}(?:[- ]+[A-Za-z]{2,})*)"
    r"|(?P<star>(?<=\w)\*)|(?P<gap>\s+)|(?P<sign>.)"
)
POWER = re.compile(r"e\^\(([^()]*)\)")
BETWEEN = "=+-−·/←"  # operators, which have space around them as it is
SIGNS = {"²": "^{2}", "³": "^{3}", "·": r"\cdot ", "−": "-"}
FUNCTIONS = {"max", "min", "log", "exp", "sin", "cos"}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs for each page: its text with equations set."""
    return BLOCK.sub(
        lambda found: typeset(found[1]) if is_equation(found[1]) else found[1], markdown
    )


def on_page_content(content: str, **_: Any) -> str:
    """Called by mkdocs for each page: its HTML, docstrings included, with symbols set."""
    content = CODE.sub(_listing, content)
    made: List[str] = []
    within: List[str] = []  # elements whose text stays as it is, the innermost last
    for part in TAG.split(content):
        name = NAME.match(part)
        if name and name[1].lower() in AS_IT_IS:
            if not part.startswith("</"):
                within.append(name[1].lower())
            elif within:
                within.pop()
        elif not name and not within:
            part = SYMBOL.sub(lambda found: convert(latex(found[0])), part)
        made.append(part)
    return "".join(made)


def _listing(found: Any) -> str:
    """A listing, or its lines as equations where they are such."""
    text = html.unescape(TAG.sub("", found[1]))
    lines = "".join(f"    {line}\n" for line in text.splitlines() if line.strip())
    return typeset(lines) if lines and is_equation(lines) else str(found[0])


def is_equation(block: str) -> bool:
    """Whether each line of a block says that something is equal, in signs of mathematics."""
    return all(
        " = " in line and MADE_OF.search(line) and not set("`#") & set(line)
        for line in block.strip().splitlines()
    )


def typeset(block: str) -> str:
    """The lines of a block as MathML; the equations of a line come below each other if need be."""
    return "".join(f'<div class="equations">{_line(line)}</div>\n' for line in block.splitlines())


def _line(line: str) -> str:
    """Each equation can be scrolled by keys, where it is wider than the page."""
    parts = (convert(latex(part)) for part in GAP.split(line.strip()))
    return "".join(f'<span tabindex="0">{part}</span>' for part in parts)


def latex(text: str) -> str:
    """An equation in letters as LaTeX; words stay words.

    >>> latex("Δw_ij = κ · a_j², mean of all")
    'Δw_{ij} = κ \\\\cdot  a_{j}^{2},\\\\ \\\\text{mean of all}'
    """
    text = POWER.sub(r"e^{\1}", text)
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
