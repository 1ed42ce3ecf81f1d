"""`make figures` says which figures of the documentation have moved, and knows all commands."""

import re
from pathlib import Path

import pytest
from test_commands_in_docs import shown

from benchmarks import figures

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.quick

PAGE = """
`python benchmarks/some.py`: three rows.

| kind | rate, Hz | error |
|---|---|---|
| LIF ¹ | 1,200 (1,250) | −0.2 % |
| **ReLU** | 90 (95) | 1.5 % |
| Izhikevich | 7 (8) | |

Their mean is 0.65 %.
"""
PRINTED = """| kind | rate, Hz | error |
|---|---|---|
| lif | 1,200 (1,250) | -0.2 % |
| ReLU | 90 (95) | 1.5 % |

mean 0.65
"""


def test_what_is_the_same_has_not_moved():
    assert not list(figures.moved(PAGE, PRINTED))


@pytest.mark.parametrize(
    "before, after, said",
    [
        ("-0.2 %", "-0.3 %", ["lif, error: -0.2 % → -0.3 %"]),
        ("90 (95)", "90 (96)", ["ReLU, rate, Hz: 90 (95) → 90 (96)"]),
        ("1.5 %", "", ["ReLU, error: 1.5 % → -"]),
        ("mean 0.65", "mean 0.66", ["mean 0.66"]),
        ("| lif ", "| LIFRate ", ["LIFRate: not on the page"]),
    ],
)
def test_what_is_another_has(before, after, said):
    assert before in PRINTED
    assert list(figures.moved(PAGE, PRINTED.replace(before, after))) == said


def test_a_table_that_the_page_does_not_have():
    found = list(figures.moved(PAGE, PRINTED.replace("rate, Hz", "rate, kHz")))
    assert found[0] == "there is no table with the columns kind, rate, kHz, error"


def test_times_may_differ_by_their_share_and_words_not_at_all():
    slower = PRINTED.replace("90 (95)", "170 (95)").replace("0.65", "9.1")
    assert not list(figures.moved(PAGE, slower, within=1.0))
    assert len(list(figures.moved(PAGE, slower, within=0.5))) == 1
    assert len(list(figures.moved(PAGE, PRINTED.replace("90 (95)", "95"), within=1.0))) == 1
    assert len(list(figures.moved(PAGE, PRINTED.replace("1.5 %", "1.5 s"), within=1.0))) == 1


@pytest.mark.parametrize("each", figures.FIGURES, ids=lambda each: f"{each.page}: {each.command}")
def test_each_command_stands_on_its_page_above_a_table(each):
    text = (ROOT / each.page).read_text(encoding="utf-8")
    assert each.command in [" ".join(words) for words in shown(text)]
    behind = " ".join(text.split()).partition(each.command)[2]
    assert re.search(r"\|---\|", behind)


def test_each_command_that_prints_figures_is_run_or_has_a_reason():
    """Those of benchmarks, and rules of the Makefile that run them or count tests."""
    rules = {
        rule
        for rule, body in re.findall(
            r"^([a-z-]+):.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M
        )
        if "benchmarks" in body or "_suite" in body or "any-exprs" in body
    } - {"figures"}
    known = [each.command for each in figures.FIGURES] + list(figures.LONGER)
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for page in pages:
        for words in shown(page.read_text(encoding="utf-8")):
            command = " ".join(words)
            of_benchmarks = re.match(r"python (-m )?benchmarks[./]", command)
            if of_benchmarks or (words[0] == "make" and rules & set(words)):
                mine = [own for own in known if (command + " ").startswith(own + " ")]
                assert mine, f"{page.name}: {command}"


def test_a_command_that_fails_says_so(capsys):
    with pytest.raises(RuntimeError, match="exit code 2; .*unrecognized arguments: --nothing"):
        figures.run("python benchmarks/digits.py --nothing")
