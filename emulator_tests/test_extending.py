"""What docs/extending.md says of adding to it is done, in a copy, and used by the command line.

A lesson, a scheduler, a learning rule, a metric, a command, a model format and a quantity that is
judged: the files that it and CONTRIBUTING.md name, and the lines of registration, with nothing else
changed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import deploy

ROOT = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data" / "extending"
FILES = {  # where each goes
    "system.py": "loihi_rules/systems/steady.py",
    "lesson.py": "deploy/lessons/steady.py",
    "scheduler.py": "deploy/jobs/agent/side_by_side.py",
    "metric.py": "deploy/parity/metrics/farthest.py",
    "command.py": "deploy/cli/versions.py",
    "model_format.py": "deploy/models/constant.py",
}
HIGHEST = """def highest(trace: Trace, yard: Yardstick) -> np.ndarray:
    return (flat(trace).max(axis=0) - yard.path.max(axis=0)) / yard.scale


def precision_of("""
QUANTITY = """_ALL = (
    Quantity("highest", 0.2, "of the radius", "{} of {of} above", "{} of {of} below", run=0.1),
"""
KNOWN = """    System(
        name="steady",
        duration=1.0,
        summary="a value that stays is read where it was put",
        ideals={"value": "input"},
        parameters=(Parameter("neurons", 60, "neurons of the ensemble", 2, 2000),),
    ),
)

SYSTEMS"""
REGISTERED = [  # file, what is there, and what then is
    ("loihi_rules/systems/__init__.py", ")\n\nSYSTEMS", KNOWN),
    ("deploy/lessons/__init__.py", "one_hot, spoken_digit\n", "one_hot, spoken_digit, steady\n"),
    (
        "deploy/lessons/__init__.py",
        '    "bcm": bcm',
        '    "steady": steady.LESSON,\n    "bcm": bcm',
    ),
    ("loihi_rules/learning_rules/__init__.py", "import bcm,", "import bcm, counting,"),
    ("loihi_rules/learning_rules/__init__.py", "(pes.RULE,", "(counting.RULE, pes.RULE,"),
    ("deploy/jobs/agent/schedulers.py", "process, slurm", "process, side_by_side, slurm"),
    ("deploy/jobs/agent/schedulers.py", '{"sbatch":', '{"side-by-side": side_by_side, "sbatch":'),
    (
        "deploy/parity/metrics/__init__.py",
        "import aligned_error\n",
        "import aligned_error\nfrom deploy.parity.metrics.farthest import farthest\n",
    ),
    (
        "deploy/parity/metrics/__init__.py",
        '"decoded": (aligned_error,',
        '"decoded": (farthest, aligned_error,',
    ),
    ("deploy/cli/__init__.py", '"jobs",\n', '"jobs", "versions",\n'),
    ("deploy/models/spelling.py", "(PYTHON, NIR) ", '(PYTHON, NIR, ".txt") '),
    (
        "deploy/models/loading.py",
        "from deploy.models.generators",
        "from deploy.models.constant import load_constant\nfrom deploy.models.generators",
    ),
    ("deploy/models/loading.py", '    ".nir":', '    ".txt": load_constant,\n    ".nir":'),
    ("deploy/parity/measures.py", "def precision_of(", HIGHEST),
    (
        "deploy/parity/measures.py",
        'return {**followed, "shape"',
        'return {**followed, "highest": highest(trace, yard), "shape"',
    ),
    ("deploy/parity/floors.py", "_ALL = (\n", QUANTITY),
]


def rule_of_the_page():
    """The learning rule that the page shows whole, as a file of its own."""
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    code = re.search(r"^```python\n(.*?)^RULES\[Counting\] = (Rule\(.*?\)) ", page, re.M | re.S)
    text = code[1].replace("import deploy\nfrom loihi_rules import rewrite\n", "")
    text = text.replace("learning_rules import RULES, Rule", "learning_rules.base import Rule")
    return f"{text}RULE = {code[2]}\n"


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of our packages with all of it."""
    place = tmp_path_factory.mktemp("extended")
    for package in ("deploy", "loihi_rules"):
        shutil.copytree(
            ROOT / package, place / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name, where in FILES.items():
        shutil.copy(DATA / name, place / where)
    rule = place / "loihi_rules" / "learning_rules" / "counting.py"
    rule.write_text(rule_of_the_page(), encoding="utf-8")
    for name, before, after in REGISTERED:
        text = (place / name).read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{name} has no line for it: {before!r}"
        (place / name).write_text(text.replace(before, after), encoding="utf-8")
    return place


@pytest.fixture
def typed(extended, loihi_deploy, tmp_path):
    """`loihi-deploy` of the copy, with a home of its own."""
    places = {"HOME": str(tmp_path / "home"), "XDG_STATE_HOME": str(tmp_path / "state")}
    (tmp_path / "home").mkdir()
    return lambda *words: loihi_deploy(*words, env={"PYTHONPATH": str(extended), **places})


def test_a_lesson_and_a_metric(typed, tmp_path):
    assert "a value that stays is read where it was put" in typed("systems").stdout
    done = typed("compare", "steady", "--out", "compared")
    assert done.returncode in (0, 1), done.stderr
    found = json.loads((tmp_path / "compared" / "parity.json").read_text())
    of = {figure["metric"]: figure for figure in found["figures"]}
    for target in ("cpu", "emulator"):
        assert of[f"where it ends, {target}"]["ok"], of
    assert 0 < of["farthest apart"]["value"] < 0.5
    assert "Where it comes to rest" in (tmp_path / "compared" / "report.html").read_text()


def test_a_quantity_is_asked(typed, tmp_path):
    typed("compare", "steady", "--out", "compared")
    found = json.loads((tmp_path / "compared" / "parity.json").read_text())
    asked = [effect for effect in found["effects"] if effect["quantity"] == "highest"]
    assert {effect["trace"] for effect in asked} >= {"value"} and found["ok"] is not None
    assert all(abs(effect["value"]) < 0.5 for effect in asked)


def test_a_model_format(typed, tmp_path):
    (tmp_path / "half.txt").write_text("0.5")
    done = typed("run", "half.txt", "--duration", 0.3, "--out", "run.npz")
    assert done.returncode == 0, done.stderr
    run = deploy.Traces.load(tmp_path / "run.npz")
    assert run.model == "half" and abs(run["value"].samples[-50:].mean() - 0.5) < 0.1
    (tmp_path / "words.txt").write_text("a half")
    wrong = typed("run", "words.txt", "--duration", 0.3)
    assert wrong.returncode == 2 and "words.txt: this is no number" in wrong.stderr


def test_each_row_of_the_table_names_what_is_there():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = page[page.index("### To add") : page.index("### Types")]
    packages = ("deploy", "loihi_rules", "hardware_tests", "benchmarks", "docs")
    files = [path for package in packages for path in (ROOT / package).rglob("*")]
    paths = [f"/{path.relative_to(ROOT).as_posix()}" for path in (*files, ROOT / "mkdocs.yml")]
    texts = [path.read_text(encoding="utf-8") for path in files if path.suffix == ".py"]
    for said in re.findall(r"`([^`]+)`", rows):
        word = re.sub(r"NAME.*", "", said.replace("python ", "")).strip()
        if "/" in word or word.endswith((".py", ".yml")):
            assert any(f"/{word}" in path for path in paths), said
        elif re.fullmatch(r"\w+", word):
            assert any(re.search(rf"\b{word}\b", text) for text in texts), said


def test_the_page_of_a_lesson(extended, tmp_path):
    docs = tmp_path / "docs"
    for name in ("lessons", "pictures"):
        (docs / name).mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "make_lessons.py", docs)
    words = [sys.executable, str(docs / "make_lessons.py"), "steady"]
    environment = {**os.environ, "PYTHONPATH": str(extended)}
    subprocess.run(words, cwd=tmp_path, env=environment, check=True, capture_output=True)
    page = (docs / "lessons" / "steady.md").read_text(encoding="utf-8")
    assert page.startswith("# A value that stays is read where it was put.\n")
    assert "../pictures/steady-1.svg" in page and "`neurons` | `60`" in page
    assert (docs / "pictures" / "steady-1.svg").is_file()


@pytest.fixture
def site(typed, tmp_path, monkeypatch):
    """`loihi-deploy` with a site whose jobs are started by the scheduler."""
    lines = ["[mine]", "take = 'side-by-side'", f"python = '{sys.executable}'"]
    (tmp_path / "sites.toml").write_text("\n".join([*lines, f"folder = '{tmp_path / 'site'}'"]))
    monkeypatch.setenv("LOIHI_DEPLOY_SITES", str(tmp_path / "sites.toml"))
    return typed


def test_a_scheduler(site, tmp_path):
    steps = json.loads(site("sites", "check", "mine", "--json").stdout)
    assert [step["step"] for step in steps if not step["works"]] == []
    words = ("submit", "steady", "--site", "mine", "--duration", 0.3, "--seeds", "0:2")
    name = json.loads(site(*words, "--json").stdout)["name"]
    watched = site("status", name, "--watch")
    assert watched.returncode == 0 and "2 complete" in watched.stdout, watched.stderr
    fetched = json.loads(site("fetch", name, "--no-compare", "--json").stdout)
    assert (fetched["complete"], fetched["of"]) == (2, 2)
    (job,) = (tmp_path / "site" / "jobs").iterdir()
    assert len((job / "jobid").read_text().split()) == 5  # side by side: and two processes


def test_a_job_of_the_scheduler_is_cancelled(site, tmp_path):
    words = ("submit", "steady", "--site", "mine", "--duration", 5000, "--json")
    name = json.loads(site(*words).stdout)["name"]
    running = json.loads(site("status", name, "--json").stdout)["tasks"]
    assert [task["state"] for task in running] == ["running"]
    assert site("cancel", name).returncode == 0
    for _ in range(60):
        (task,) = json.loads(site("status", name, "--json").stdout)["tasks"]
        if task["state"] != "running":
            break
        time.sleep(0.5)
    assert task["state"] == "cancelled" and "was cancelled" in task["why"]


def test_a_learning_rule(typed, tmp_path):
    (tmp_path / "counts.py").write_text(
        "import nengo, numpy as np\n"
        "from loihi_rules.learning_rules.counting import Counting\n"
        "def model(seed):\n"
        "    with nengo.Network(seed=seed) as net:\n"
        "        pre, post = nengo.Ensemble(20, 1, label='pre'), nengo.Ensemble(10, 1)\n"
        "        nengo.Connection(nengo.Node([0.5]), pre)\n"
        "        rule = Counting(1e-3)\n"
        "        conn = nengo.Connection(pre.neurons, post.neurons, transform=np.zeros((10, 20)),\n"
        "                                learning_rule_type=rule)\n"
        "        nengo.Probe(conn, 'weights', sample_every=0.1, label='weights')\n"
        "        nengo.Probe(pre.neurons, label='spikes')\n"
        "    return net\n"
    )
    said = typed("check", "counts.py", "--json")
    assert said.returncode == 0, said.stderr
    changes = json.loads(said.stdout)["changes"]
    (why,) = [change["why"] for change in changes if change["rule"] == "learning off the chip"]
    assert "Counting is not among the chip's rules" in why
    done = typed("run", "counts.py", "--target", "emulator", "--duration", 1, "--out", "run.npz")
    assert done.returncode == 0, done.stderr
    run = deploy.Traces.load(tmp_path / "run.npz")
    counted = np.bincount(run["spikes"].spike_neurons, minlength=20)
    assert counted.max() > 50
    np.testing.assert_allclose(run["weights"].samples[-1], [1e-3 * counted] * 10, atol=3e-3)


def test_a_command(typed):
    assert "versions" in typed("--help").stdout
    assert typed("versions").stdout.startswith("Nengo ")
