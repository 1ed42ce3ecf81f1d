"""Models of every spelling."""

import nengo
import pytest

import deploy
from deploy.models.loading import load_model

pytestmark = pytest.mark.quick

GOOD = """
import nengo
with nengo.Network(seed=1) as {name}:
    ens = nengo.Ensemble(5, 1)
    probe = nengo.Probe(ens)
"""


def write(folder, text, name="m.py"):
    path = folder / name
    path.write_text(text)
    return path


def test_builtin_system_takes_the_seed():
    loaded = load_model("pes-connection", seed=9)
    assert loaded.network.seed == 9 and loaded.duration == 8.0


def test_default_name_and_explicit_name(tmp_path):
    assert load_model(write(tmp_path, GOOD.format(name="model"))).name == "m"
    path = write(tmp_path, GOOD.format(name="net") + GOOD.format(name="other"))
    assert load_model(f"{path}:other").name == "m:other"
    with pytest.raises(deploy.BadInput, match="it has net, other"):
        load_model(path)


def test_the_only_network_is_taken(tmp_path):
    assert load_model(write(tmp_path, GOOD.format(name="net"))).network.seed == 1


def test_function_that_returns_a_network(tmp_path):
    path = write(
        tmp_path,
        "import nengo\ndef build(seed):\n    with nengo.Network(seed=seed) as n:\n"
        "        nengo.Ensemble(5, 1)\n    return n\n",
    )
    assert load_model(f"{path}:build", seed=4).network.seed == 4


def test_variables_become_labels(tmp_path):
    network = load_model(write(tmp_path, GOOD.format(name="model"))).network
    assert network.all_ensembles[0].label == "ens" and network.all_probes[0].label == "probe"


def test_each_load_executes_anew(tmp_path):
    path = write(tmp_path, GOOD.format(name="model"))
    assert load_model(path).network is not load_model(path).network


def test_files_beside_the_model_can_be_imported(tmp_path):
    write(tmp_path, "N = 7\n", "sizes_of_mine.py")
    text = (
        GOOD.format(name="model")
        .replace("5", "N")
        .replace("import nengo", "import nengo\nfrom sizes_of_mine import N")
    )
    assert load_model(write(tmp_path, text)).network.all_ensembles[0].n_neurons == 7


@pytest.mark.parametrize(
    "text, said",
    [
        ("import nengo\nx = (\n", r"m\.py:2: .*cannot read"),
        ("x = 1\nraise RuntimeError('own')\n", r"m\.py:2: RuntimeError: own"),
        ("import nengo_that_is_not_there\n", r"m\.py:1: ModuleNotFoundError"),
        ("x = 1\n", r"no network at all"),
        ("model = 3\n", r"'model' is an int, not a nengo.Network"),
        ("import nengo\nmodel = nengo.Network()\n", r"'model' is empty"),
        ("def model():\n    return 1 / 0\n", r"m\.py:2: ZeroDivisionError"),
        ("def model(a):\n    return a\n", r"model\(\) needs a; give -p a=VALUE"),
        ("import sys\nsys.exit(3)\n", r"m\.py:2: it ended the program \(exit 3\)"),
        (
            "class E(Exception):\n    def __str__(self): raise ValueError\nraise E\n",
            r"m\.py:3: E: its message cannot be had \(ValueError\)",
        ),
        (
            "import nengo\nwith nengo.Network() as model:\n    nengo.Ensemble(-5, 1)\n",
            r"m\.py:3: .*n_neurons",
        ),
        (
            "import nengo\nwith nengo.Network() as model:\n" "    nengo.Node(lambda t: 1 / 0)\n",
            r"m\.py:3: .*",
        ),
    ],
)
def test_errors_name_file_and_line(tmp_path, text, said):
    with pytest.raises(deploy.BadInput, match=said) as error:
        load_model(write(tmp_path, text))
    assert "\n" not in str(error.value)


def test_own_errors_of_a_network_in_python_keep_their_traceback():
    def fails_later(t):
        if t > 0.05:
            raise ZeroDivisionError("mine")
        return 0.0

    with nengo.Network() as net:
        nengo.Node(fails_later)
    with pytest.raises(ZeroDivisionError, match="mine"):
        deploy.run(net, 0.1, "cpu")
