"""Each command that README, CONTRIBUTING and docs show is there, with its options and files."""

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from deploy.cli.main import cli
from deploy.models.spelling import SUFFIXES
from deploy.recordings.formats import FORMATS
from loihi_rules.systems import SYSTEMS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROGRAM = r"(?:\.venv/bin/)?(?:make|loihi-deploy|python|pytest|\.ci/\w+)"
FENCED = re.compile(r"^```(?:bash|sh|shell|console)?\n(.*?)^```", re.M | re.S)
ANY_FENCE = re.compile(r"^```.*?^```", re.M | re.S)
INDENTED = re.compile(r"^ {4}(.*)$", re.M)
INLINE = re.compile(rf"`({PROGRAM}(?:\s[^`]*)?)`")
COMMAND = re.compile(rf"(?:\$ )?(?:[A-Z_]+=\S+ )*({PROGRAM})(?=\s|$)(.*)")
PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_]*|…|\.\.\.")  # a reader's own


def shown(text):
    """Command lines of a page."""
    lines = [line for block in FENCED.findall(text) for line in block.splitlines()]
    prose = ANY_FENCE.sub("", text)
    lines += INDENTED.findall(prose)
    lines += [" ".join(code.split()) for code in INLINE.findall(prose)]
    for line in lines:
        found = COMMAND.match(line)
        words = shlex.split(found[2], comments=True) if found else []
        if found and (words or found[1] != "python"):  # which by itself is a word of prose
            yield (found[1].replace(".venv/bin/", ""), *words)


def commands():
    """Each once, with the first page that shows it."""
    found = {}
    for page in PAGES:
        for command in shown(page.read_text(encoding="utf-8")):
            found.setdefault(command, str(page.relative_to(ROOT)))
    return [
        pytest.param(command, id=f"{page}: {' '.join(command)}") for command, page in found.items()
    ]


def of(program):
    return [param for param in commands() if param.values[0][0] == program]


def options_in(words):
    """``--name`` and ``-x`` of a command line."""
    return [word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)]


# ----------------------------------------------------------------------------- checks


def check_make(words):
    targets = [word for word in words if "=" not in word and not word.startswith("-")]
    rules = (ROOT / "Makefile").read_text()
    for target in targets:
        assert re.search(rf"^{re.escape(target)}:", rules, re.M), f"make {target}"


def check_loihi_deploy(words, command=cli, name="loihi-deploy"):
    """Parsed by the command's own parser, its subcommands' too."""
    with click.Context(command, info_name=name) as context:
        given, rest, _ = command.make_parser(context).parse_args(list(words))
        if isinstance(command, click.Group):
            if rest:
                below = command.get_command(context, rest[0])
                assert below is not None, f"{name} {rest[0]}"
                check_loihi_deploy(rest[1:], below, f"{name} {rest[0]}")
            return
        models = [given.get("model"), *(given.get("what") or ())]
        for model in models:
            if isinstance(model, str):  # else it was left out, as in prose
                check_model(model)


def check_model(text):
    plain = re.sub(r"\[.*\]$", "", text)
    path = re.sub(r"(\.py):\w*$", r"\1", plain)
    if path.startswith("docs/"):
        assert (ROOT / path).is_file(), path
    elif not path.endswith((*SUFFIXES, *FORMATS)) and not PLACEHOLDER.fullmatch(plain):
        assert plain in SYSTEMS, plain


def check_python(words):
    first, rest = words[0], words[1:]
    if first == "-m":
        first, rest = rest[0], rest[1:]
        spec = importlib.util.find_spec(first)
        assert spec is not None, f"python -m {first}"
        path = Path(spec.origin)
        sources = path.parent.rglob("*.py") if path.name == "__init__.py" else [path]
        assert path.name != "__init__.py" or path.with_name("__main__.py").is_file(), first
    else:
        path = ROOT / first
        assert path.is_file(), f"python {first}"
        sources = [path]
    text = "".join(source.read_text(encoding="utf-8") for source in sources)
    for option in options_in(rest):
        assert f'"{option}"' in text, f"{first} {option}"
    check_files(rest)


def check_files(words):
    """A page or picture that a command writes is one that is there."""
    for word in words:
        if word.startswith(("docs/", "benchmarks/", "emulator_tests/")):
            assert (ROOT / word).exists(), word


@pytest.fixture(scope="module")
def pytest_help():
    asked = [sys.executable, "-m", "pytest", "--help"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def markers(pytestconfig):
    return {text.partition(":")[0].strip() for text in pytestconfig.getini("markers")}


# ------------------------------------------------------------------------------ tests


@pytest.mark.quick
@pytest.mark.parametrize("command", of("make"))
def test_make(command):
    check_make(command[1:])


@pytest.mark.quick
@pytest.mark.parametrize("command", of("loihi-deploy"))
def test_loihi_deploy(command):
    check_loihi_deploy(command[1:])


@pytest.mark.quick
@pytest.mark.parametrize("command", of("python"))
def test_python(command):
    check_python(command[1:])


@pytest.mark.quick
@pytest.mark.parametrize("command", of("pytest"))
def test_pytest(command, pytest_help, markers):
    words = list(command[1:])
    for option in options_in(words):
        assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", pytest_help), option
    values = dict(zip(words, words[1:]))
    if "-m" in values:
        assert set(re.findall(r"\w+", values["-m"])) - {"and", "or", "not"} <= markers
    files = [word for word in words if word.startswith(("emulator_tests", "hardware_tests"))]
    for word in files:
        assert (ROOT / word.partition("::")[0]).exists(), word
    if "-k" in values:
        texts = "".join((ROOT / word).read_text(encoding="utf-8") for word in files)
        assert values["-k"] in texts


@pytest.mark.quick
@pytest.mark.parametrize("command", [p for p in commands() if p.values[0][0].startswith(".ci/")])
def test_ci(command):
    assert (ROOT / command[0]).is_file()


@pytest.mark.quick
def test_all_kinds_are_found():
    """Were the pages written otherwise, the tests above would have nothing to test."""
    assert len(of("make")) > 8 and len(of("loihi-deploy")) > 40
    assert len(of("python")) > 10 and len(of("pytest")) > 3


@pytest.mark.quick
@pytest.mark.parametrize(
    "check, text",
    [
        (check_make, "nothing-such"),
        (check_loihi_deploy, "comparison oja"),
        (check_loihi_deploy, "sites chek inrc"),
        (check_loihi_deploy, "compare oja --sped 3"),
        (check_loihi_deploy, "compare ojja"),
        (check_loihi_deploy, "compare docs/examples/nowhere.py"),
        (check_python, "benchmarks/nowhere.py"),
        (check_python, "-m benchmarks.nowhere"),
        (check_python, "benchmarks/goals.py --everything"),
    ],
)
def test_what_is_not_there_is_found(check, text):
    with pytest.raises((AssertionError, click.ClickException)):
        check(text.split())
