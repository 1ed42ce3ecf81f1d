"""docs/troubleshooting.md has every message, and none that nobody prints any more."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Dict, List, Set

import pytest
from messages import VARIES, messages_of, tidy

from deploy.jobs.agent.answering import OVER
from deploy.nengo_loihi.build.build_errors import EXPLAINED
from deploy.nengo_loihi.read.learning_limits import LIMITS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "troubleshooting.md"
OURS = [path for package in ("deploy", "loihi_rules") for path in (ROOT / package).rglob("*.py")]
# As click says it, or a word that is no message by itself.
ELSEWHERE = {"… (see: loihi-deploy --help)", "failed"}


def without_quotes(text: str) -> str:
    return text.replace("`", "")


def of_tables() -> Set[str]:
    """Messages that stand in tables of patterns, as they are printed."""
    built = {f"{VARIES}: {what}; {way_out}" for _, what, way_out in EXPLAINED}
    learning = {f"{VARIES}: {limit.what}; {VARIES}" for limit in LIMITS.values()}
    return {tidy(re.sub(r"\\\d", VARIES, text)) for text in built | learning} | set(OVER.values())


def theirs() -> Set[str]:
    """What nengo-loihi warns of, without the tests that come with it."""
    nengo_loihi = pytest.importorskip("nengo_loihi")
    folder = Path(nengo_loihi.__file__).parent
    files = [path for path in folder.rglob("*.py") if "tests" not in path.parts]
    return {message.text for path in files for message in messages_of(path, ("warnings.warn",))}


def printed() -> Dict[str, str]:
    """Each message, and where it is made."""
    found = {text: "a table" for text in of_tables()}
    for path in OURS:
        for message in messages_of(path):
            found[message.text] = f"{path.relative_to(ROOT)}:{message.line}"
    found.update({text: "nengo-loihi" for text in theirs()})
    return {without_quotes(t): where for t, where in found.items() if t not in ELSEWHERE}


def explained() -> List[str]:
    return re.findall(r"^- `(.*)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_message_is_explained():
    missing = {text: where for text, where in printed().items() if text not in explained()}
    assert not missing, "write what it means into docs/troubleshooting.md:\n" + "\n".join(
        f"- `{text}`  ({where})" for text, where in sorted(missing.items())
    )


def test_no_message_is_explained_that_nobody_prints():
    gone = sorted(set(explained()) - set(printed()))
    assert not gone, "\n".join(gone)


def test_no_message_stands_there_twice():
    entries = explained()
    assert len(entries) == len(set(entries)) > 400


SOURCE = """
TABLE = {"a": "the first thing is wrong", "b": "the second thing is wrong"}

def way(x):
    return "do this" if x else f"do {x} of that"

def run(name, kind, n):
    raise BadInput(f"{name!r}: there are {n} of them; " + way(n))

def check(name, kind):
    what = f"{name}: so it is"
    if kind:
        raise Foreseen(what)
    warnings.warn("Lost %d bits, %0.2e" % (kind, name))
    raise BadInput(TABLE[kind]) from None

def draw(draft, n):
    draft.warn("obj", "rule", f"it has {n} too many", "use fewer")
    return ValueError("nobody raises this one")
"""


def test_messages_are_found_in_source(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(SOURCE)
    assert {message.text for message in messages_of(path)} == {
        "…: there are … of them; do this",
        "…: there are … of them; do … of that",
        "…: so it is",
        "Lost … bits, …",
        "the first thing is wrong",
        "the second thing is wrong",
        "…: it has … too many; use fewer",
    }
    assert {m.text for m in messages_of(path, ("warnings.warn",))} == {"Lost … bits, …"}
    assert ast.parse(SOURCE)
