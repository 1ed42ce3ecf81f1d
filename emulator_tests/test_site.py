"""What the site makes of the pages' text, and that the gallery has all that there is."""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from loihi_rules.systems import SYSTEMS

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
MATHML = "{http://www.w3.org/1998/Math/MathML}"


@pytest.fixture(scope="module")
def equations():
    pytest.importorskip("latex2mathml")
    sys.path.insert(0, str(DOCS))
    import equations

    return equations


def test_equations_of_lessons_are_set(equations):
    """Each is well-formed MathML with all letters that the page has."""
    blocks = [b for p in PAGES for b in equations.BLOCK.findall(p.read_text(encoding="utf-8"))]
    found = [block for block in blocks if equations.is_equation(block)]
    assert len(found) >= 14
    for block in found:
        tree = ElementTree.fromstring(f"<div>{equations.typeset(block)}</div>")
        said = "".join(tree.itertext()).replace("\u00a0", " ")
        for word in re.findall(r"[^\W\d_]{3,}", block):
            assert word in said, (word, said)
        for letter in re.findall(r"[Ͱ-Ͽ]", block):
            assert letter in said
        assert len(list(tree.iter(f"{MATHML}math"))) == len(re.split(r"\S {3,}\S", block.strip()))


def test_commands_are_no_equations(equations):
    for page in PAGES:
        for block in equations.BLOCK.findall(page.read_text(encoding="utf-8")):
            if re.match(r"    (loihi-deploy|make|python|pip|git|pytest|nengo|import)\b", block):
                assert not equations.is_equation(block), block


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("Δw_ij = κ a_j²", r"Δw_{ij} = κ\ a_{j}^{2}"),
        ("y* = max(0, x)", r"y^{*} = \max(0, x)"),
        ("τ dV_i/dt = w_wanted · x", r"τ\ dV_{i}/dt = w_{\text{wanted}} \cdot  x"),
    ],
)
def test_letters_become_latex(equations, text, wanted):
    assert equations.latex(text) == wanted


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("weights ω_ij, of", r"weights @ω_{ij}@, of"),
        ("decays by e^(−2/τ)", r"decays by @e^{-2/τ}@"),
        ("of dt/τ and |ξ_i|", r"of @dt/τ@ and |@ξ_{i}@|"),
        ("Σa² and √β", r"@Σa^{2}@ and @√β@"),
        ("my_model n_neurons 3 μs x_test_1 a/b", "my_model n_neurons 3 μs x_test_1 a/b"),
        ("<code>κ</code> <pre>τ_RC</pre>", "<code>κ</code> <pre>τ_RC</pre>"),
        ('<a href="#κ">κ</a>', '<a href="#κ">@κ@</a>'),
        ("<h2>θ slides</h2> θ", "<h2>θ slides</h2> @θ@"),
    ],
)
def test_symbols_in_sentences_are_set(equations, monkeypatch, text, wanted):
    monkeypatch.setattr(equations, "convert", lambda latex: f"@{latex}@")
    assert equations.on_page_content(text) == wanted


def test_equations_of_docstrings_are_set_and_their_code_is_not(equations):
    listing = '<div class="highlight"><pre><span></span><code>{}\n</code></pre></div>'
    page = listing.format("Δd_i = −κ E a_i")
    assert "<math" in equations.on_page_content(page) and "<pre" not in equations.on_page_content(
        page
    )
    code = listing.format("x = f(y)  # of κ")
    assert equations.on_page_content(code) == code


def test_the_gallery_has_every_lesson_and_example():
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    links = set(re.findall(r"\]\(([^)]+)\)", text))
    assert all((DOCS / link).is_file() for link in links)
    assert {f"lessons/{name}.md" for name in SYSTEMS} <= links
    assert {f"examples/{path.name}" for path in (DOCS / "examples").glob("*.py")} <= links
