"""Each target of make that the documentation or CI names does something."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
IN_CODE = re.compile(r"(?:`|^ {4}|^\$ )make ([a-z][a-z-]*)", re.M)
IN_CI = re.compile(r"^(?:stage )?make (?:--silent )?([a-z][a-z-]*)", re.M)


def named():
    """Targets, and a page that names each."""
    found = {target: ".ci/run" for target in IN_CI.findall((ROOT / ".ci" / "run").read_text())}
    for page in PAGES:
        for target in IN_CODE.findall(page.read_text(encoding="utf-8")):
            found.setdefault(target, str(page.relative_to(ROOT)))
    return found


@pytest.fixture(scope="module")
def rules():
    """Make's own record of each target: its attributes and its recipe."""
    done = subprocess.run(
        ["make", "--print-data-base", "--dry-run", "--question", "compare"],
        cwd=ROOT,
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    entries = re.split(r"\n\n", done.stdout)
    return {entry.split(":")[0]: entry for entry in entries if re.match(r"[a-z-]+:", entry)}


def test_the_documentation_and_ci_name_targets():
    assert {"compare", "test", "lint", "docs", "goals", "nengo-suite"} <= set(named())


@pytest.mark.parametrize("target", sorted(named()))
def test_target_has_a_recipe_and_no_file_stands_for_it(target, rules):
    assert target in rules, f"{named()[target]} names it"
    assert "recipe to execute" in rules[target], f"{target} does nothing"
    assert "Phony target" in rules[target], f"a file called {target} would stand for it"


@pytest.mark.parametrize(
    "command, passes",
    [
        ("echo done", True),
        ("true", False),  # it said nothing, so it did nothing
        ("echo", False),
        ("false", False),
        ("sh -c 'echo half; exit 3'", False),
        ("make --silent --file=- idle <<< 'idle: ; @true'", False),
        ("make --silent --file=- made <<< 'made: ; @echo made'", True),
        ("make --silent --file=- README.md <<< ''", False),  # there is nothing to be done for it
    ],
)
def test_a_stage_of_ci_that_does_nothing_fails(command, passes):
    script = f"set -euo pipefail; . .ci/stage.sh; stage {command}"
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode == 0) == passes, done


def test_all_of_ci_is_in_stages():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert not [line for line in lines if re.match(r"\s*(make|pytest) ", line)]
    assert sum(line.startswith("stage ") for line in lines) >= 7
