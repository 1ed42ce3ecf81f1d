"""Text of models, files and sites comes to terminals and pages by one way, and rules none."""

import ast
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import deploy
from deploy.errors import BadInput, TargetUnavailable
from deploy.shown import one_line, printable
from loihi_rules.nir.errors import NirError

pytestmark = pytest.mark.quick
CLI = Path(deploy.__file__).parent / "cli"
ESC, BIDI, LINE = "\x1b]0;owned\x07", "\u202e", "\n PARITY: forged\r\x85\u2028PARITY: forged"
HARM = f"{ESC}a{BIDI}b\x9b31m{LINE}"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def test_what_is_left():
    assert printable(f"a{HARM}b") == "a]0;ownedab31m\n PARITY: forgedPARITY: forgedb"
    assert one_line("a\n\tb") == "a  b" and one_line("θ → 1 µs") == "θ → 1 µs"


@pytest.mark.parametrize("error", [BadInput, TargetUnavailable, NirError])
def test_an_error_is_one_line_wherever_it_is_shown(error):
    said = str(error(f"a file's {HARM}: mend it"))
    assert said.endswith(": mend it") and "\n" not in said and not OBEYED.search(said)


@pytest.mark.parametrize("file", sorted(CLI.glob("*.py")), ids=lambda path: path.stem)
def test_commands_say_all_by_one_way(file):
    """A new command cannot go round it."""
    if file.name in ("console.py", "encoding.py"):
        return
    source = file.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            text = ast.get_source_segment(source, node)
            written = re.match(r"(click\.(s?echo|secho)|print|sys\.std(out|err)\.write)\(", text)
            assert written is None or "get_help" in text, f"{file.name}: {text}"


def harmless(text):
    found = OBEYED.search(text)
    assert found is None, repr(text[max(0, found.start() - 60) : found.end() + 20])
    assert not re.search(r"^\s*PARITY: forged", text, re.M)


@pytest.fixture(scope="module")
def hostile_runs(tmp_path_factory):
    """Two files, each text of which means harm."""
    folder = tmp_path_factory.mktemp("runs")
    for target in ("cpu", "emulator"):
        run = deploy.run("pes-connection", 0.3, target, seed=2)
        traces = {f"{HARM}{t.label}": replace(t, label=f"{HARM}{t.label}", ideal=None) for t in run}
        changes = [{name: HARM + str(text) for name, text in each.items()} for each in run.changes]
        hostile = replace(
            run, model=HARM, target=f"{target}{HARM}", substrate=HARM, traces=traces,
            changes=changes or [{"object": HARM, "rule": HARM, "before": HARM, "after": HARM,
                                 "why": HARM}],
            problems=[{"object": HARM, "rule": HARM, "what": HARM, "way_out": HARM}],
            warnings=(HARM, HARM), versions={HARM: HARM}, settings={HARM: HARM},
        )  # fmt: skip
        hostile.save(folder / f"{target}.npz")
    return folder


def test_files_that_mean_harm(hostile_runs, loihi_deploy, tmp_path):
    names = [hostile_runs / f"{target}.npz" for target in ("cpu", "emulator")]
    done = loihi_deploy("compare", *names, "--spread", "0", "--out", "out")
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr and "forged" in done.stdout
    harmless(done.stdout + done.stderr)
    harmless((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))


def test_models_that_mean_harm(loihi_deploy, tmp_path):
    (tmp_path / "harm.py").write_text(
        "import nengo, warnings\n"
        f"HARM = {HARM!r}\n"
        "def model(seed):\n"
        "    warnings.warn(HARM)\n"
        "    with nengo.Network(label=HARM, seed=seed) as net:\n"
        "        node = nengo.Node(0.5, label=HARM)\n"
        "        a = nengo.Ensemble(20, 1, label=HARM + 'a')\n"
        "        b = nengo.Ensemble(20, 1, label=HARM + 'b', neuron_type=nengo.Sigmoid())\n"
        "        nengo.Connection(node, a)\n"
        "        nengo.Connection(a, b)\n"
        "        nengo.Probe(b, label=HARM + 'p', synapse=0.01)\n"
        "    return net\n"
    )
    for words in (
        ("check", "harm.py"),
        ("run", "harm.py", "--duration", 0.05),
        ("sweep", "harm.py", "--seeds", "0:2", "--duration", 0.05, "--out", "sweep"),
    ):
        done = loihi_deploy(*words)
        assert done.returncode in (0, 1, 2) and "Traceback" not in done.stderr, done.stderr
        assert "forged" in done.stdout + done.stderr, words
        harmless(done.stdout + done.stderr)


def test_names_in_a_zip_that_mean_harm(loihi_deploy, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as packed:
        packed.writestr(f"{HARM}.txt", "x")
    np.savez(tmp_path / "b.npz", x=np.zeros(3))
    done = loihi_deploy("compare", "a.npz", "b.npz")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    harmless(done.stdout + done.stderr)
    done = loihi_deploy("compare", f"{ESC}.npz", "b.npz")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    harmless(done.stdout + done.stderr)
