"""Every code block of the documentation does what it says."""

import re
import shlex
from pathlib import Path

import nengo
import pytest

import deploy
from deploy.lessons import LESSONS, hallmarks
from deploy.report.picture import WIDE
from loihi_rules.systems import SYSTEMS

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
# lessons whose twelve more runs of the CPU take a minute; hallmarks and pictures are of one pair
LONG = ("backprop", "spoken-digit", "noise-suppression")
BLOCK = re.compile(r"^```(python|bash)\n(.*?)^```", re.M | re.S)


def blocks(language):
    for page in PAGES:
        found = [b for kind, b in BLOCK.findall(page.read_text()) if kind == language]
        if found:
            yield pytest.param(found, id=str(page.relative_to(ROOT)))


def given():
    """What pages take for granted: a network of the reader's, with a learned connection."""
    network = SYSTEMS["pes-connection"].build(seed=1)
    for probe in network.probes:
        if probe.label == "post":
            probe.label = "my probe"
    post = next(e for e in network.ensembles if e.label == "post")
    conn = next(c for c in network.connections if c.label == "learned")
    names = {"network": network, "post": post, "connection": conn, "nengo": nengo}
    return {**names, "ensemble": post, "probe": network.probes[0]}


@pytest.mark.parametrize("code", blocks("python"))
def test_python(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))  # of jobs
    names = given()
    for block in code:  # one after the other, as a reader would
        exec(compile(block, "<documentation>", "exec"), names)


@pytest.mark.parametrize("code", blocks("bash"))
def test_commands(code, tmp_path, loihi_deploy):
    for line in "".join(code).splitlines():
        command, *arguments = shlex.split(line, comments=True) or [""]
        if command == "loihi-deploy":
            one_pair = arguments[0] == "compare" and arguments[1] in LONG
            done = loihi_deploy(*arguments, *(("--spread", 0) if one_pair else ()))
            if arguments[0] == "compare" and arguments[1] in SYSTEMS:
                assert done.returncode in (0, 1), done.stderr
                assert (done.returncode == 0) == (verdict_of(done.stdout) == "PARITY")
            else:
                assert done.returncode == 0, done.stdout + done.stderr
            if arguments[0] == "compare" and arguments[1] in LESSONS:
                made = tmp_path / "comparison" / arguments[1]
                the_lesson_holds(made / "traces")
                pictures_fit_a_narrow_screen(made / "report.html")


def verdict_of(text):
    """What a comparison ends with; not every lesson's is PARITY (docs/verdict.md)."""
    (found,) = re.findall("^(NO PARITY|PARITY|OPEN): ", text, re.MULTILINE)
    return found


def the_lesson_holds(traces):
    """On the CPU and on the emulator."""
    for target in ("cpu", "emulator"):
        found = hallmarks(deploy.Traces.load(traces / f"{target}.npz"))
        assert found
        for measured in found:
            assert measured.goal is None or measured.goal.allows(measured.value), measured


def pictures_fit_a_narrow_screen(page):
    """None is drawn wider than what scrolls at 400 pixels."""
    drawn = re.findall(r"--drawn: (\d+)px", page.read_text(encoding="utf-8"))
    assert drawn and max(map(int, drawn)) <= 72 * WIDE


@pytest.mark.quick
def test_each_lesson_is_compared_on_its_page():
    """For its full length, of which `test_commands` takes the hallmarks."""
    for name in LESSONS:
        page = (ROOT / "docs" / "lessons" / f"{name}.md").read_text()
        assert f"\nloihi-deploy compare {name}\n" in page


@pytest.mark.quick
def test_each_lesson_has_its_page():
    for name in SYSTEMS:
        page = (ROOT / "docs" / "lessons" / f"{name}.md").read_text()
        assert f"loihi-deploy compare {name}" in page
        for picture in re.findall(r"\]\(\.\./pictures/([^)]+)\)", page):
            assert (ROOT / "docs" / "pictures" / picture).is_file()
        assert (name in LESSONS) == ("../pictures/" in page)
        assert f"lessons/{name}.md" in (ROOT / "mkdocs.yml").read_text()


def test_words_of_other_trades_are_not_used():
    """Probes are read, and one thing is compared with another."""
    words = re.compile(r"\bheld\s+against\b|\bserv(?:e|es|ed|ing)\b|ServedProbe", re.IGNORECASE)
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    sources = [of for package in ("deploy", "loihi_rules") for of in (ROOT / package).rglob("*.py")]
    found = {
        f"{path.relative_to(ROOT)}: {word}"
        for path in (*pages, *sources)
        if path.name != "CHANGES.md"
        for word in words.findall(path.read_text(encoding="utf-8"))
    }
    assert found == set()
