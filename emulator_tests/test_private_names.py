"""What is used of other libraries that they may change: each change is noticed, none survived."""

import ast
import contextlib
import gc
import os
import subprocess
import sys
import types
import warnings
from pathlib import Path

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

import deploy
from deploy import private_names
from deploy.errors import TargetUnavailable, Unsupported
from deploy.models.variants import Variant, vary
from deploy.nengo_loihi.build.placing import mended_tables
from deploy.nengo_loihi.build.rates_in_pieces import rates_in_pieces
from deploy.nengo_loihi.build.row_table import row_tables
from deploy.nengo_loihi.build.split import linear_splitting
from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.nengo_loihi.run.runner import Runner
from deploy.private_names import (
    BOARD,
    EMULATOR,
    HOST,
    KERNELS,
    RUNS,
    THEIRS,
    TRIED,
    USES,
    functions_of,
    missing,
)
from loihi_rules import fix_seeds
from loihi_rules.chip.limits import LOIHI
from loihi_rules.nengo_parts.parameters import with_parameters
from loihi_rules.nengo_parts.settings import declare

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*(ROOT / "deploy").rglob("*.py"), *(ROOT / "loihi_rules").rglob("*.py")])
EACH = [(use, name) for use in USES for name in use.names.split()]
STATES = {"voltage", "refractory_time"}
OF_TUPLES = {"_replace", "_asdict", "_fields", "_make"}  # documented, of `NamedTuple`

pytestmark = [pytest.mark.quick, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(autouse=True)
def looked_for_anew():
    missing.cache_clear()
    yield
    missing.cache_clear()


def network():
    """Values and errors go to the chip, spikes come back, filters and neurons run on the host."""
    with nengo.Network(seed=3) as net:
        declare(net, nengo.Ensemble, "on_chip")
        value = nengo.Node(lambda t: [np.sin(20 * t), 0.5])
        ens = nengo.Ensemble(40, 2)
        host = nengo.Ensemble(20, 2, neuron_type=nengo.SpikingRectifiedLinear())
        lif = nengo.Ensemble(20, 2, neuron_type=nengo.LIF())
        out, error = nengo.Node(lambda t, x: 2 * x, size_in=2), nengo.Node(size_in=2)
        nengo.Connection(value, ens)
        nengo.Connection(value, lif, synapse=0.01)
        learned = nengo.Connection(ens, out, learning_rule_type=nengo.PES(1e-3))
        nengo.Connection(out, host)
        nengo.Connection(out, error, synapse=0.02)
        nengo.Connection(value[[0, 1]], error, transform=-1)
        nengo.Connection(error, learned.learning_rule)
        for target in (out, host, lif, ens):
            nengo.Probe(target, synapse=0.01)
        nengo.Probe(ens.neurons)
    net.config[host].on_chip = net.config[lif].on_chip = False
    return net


def bits(target="emulator", net=None):
    net = net or network()  # built anew, by the libraries as they are now
    with deploy.Simulator(net, target=target, progress_bar=False) as sim:
        sim.run(0.05)
        return [sim.data[probe].copy() for probe in net.all_probes], sim._session


def recorded():
    """A run with its record on the CPU, where the compiled host is used if it can be."""
    traces = deploy.run(network(), 0.05, "cpu")
    samples = [trace.dense() for trace in traces]
    return samples, traces.settings["engine"]


@pytest.fixture(scope="module")
def before():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {target: bits(target) for target in ("cpu", "emulator")}
    assert isinstance(found["emulator"][1].runner, Runner)
    assert all(np.any(samples) for samples, _ in found.values() for samples in samples)
    found["record"] = recorded()
    assert found["record"][1] == "compiled"
    return {target: samples for target, (samples, _) in found.items()}


def assert_same(found, expected):
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one, other)


def each_of(needed_for):
    """A test of each name that something needs."""
    chosen = [(use, name) for use, name in EACH if use.needed_for == needed_for]
    names = [f"{use.owner} {name}" for use, name in chosen]
    return pytest.mark.parametrize("use, name", chosen, ids=names)


# ------------------------------------------------------------------ libraries of tomorrow


def rename(monkeypatch, use, name):
    """Call something otherwise in all of its library, as its next version may.

    An underscore name or a class's of nengo-loihi is renamed wherever that library says it; the
    attributes of one of Nengo's operators, or what a module is given, in their module.
    """
    home, _, path = use.owner.partition(":")
    package = home.split(".")[0]
    everywhere = package != "numba" and (name[0] == "_" or (path and package == "nengo_loihi"))
    modules = [
        module
        for key, module in list(sys.modules.items())
        if isinstance(module, types.ModuleType)
        and (key == home or (everywhere and key.split(".")[0] == package))
    ]
    new, functions = f"{name}_of_tomorrow", {}
    for module in modules:
        owners = [module, *_classes(module, module.__name__)]
        functions.update({id(f): f for owner in owners for f in functions_of(owner)})
        for owner in owners:
            if isinstance(vars(owner).get(name), nengo.params.Parameter):
                _rename_parameter(monkeypatch, owner, name, new)
            if name in vars(owner):
                monkeypatch.setattr(owner, new, vars(owner)[name], raising=False)
                monkeypatch.delattr(owner, name)
            states = vars(owner).get("state")
            if isinstance(states, dict) and name in states:
                renamed = {new if key == name else key: of for key, of in states.items()}
                monkeypatch.setattr(owner, "state", renamed)
    for function in functions.values():
        code = _renamed(function.__code__, name, new, texts=package == "nengo_loihi")
        if name in STATES:  # which its neurons take as arguments
            each = tuple(new if of == name else of for of in code.co_varnames)
            code = code.replace(co_varnames=each)
        if code != function.__code__:
            monkeypatch.setattr(function, "__code__", code)


def _rename_parameter(monkeypatch, owner, name, new):
    """In the immutable objects that there are already, which have a table of their own."""
    for obj in gc.get_objects():
        if issubclass(type(obj), (owner, nengo.params.FrozenObject)):
            table = vars(obj).get("_paramdict", {})
            if table.get(name) is vars(owner)[name]:
                monkeypatch.setitem(table, new, table[name])
                monkeypatch.delitem(table, name)


def _classes(owner, home):
    for member in list(vars(owner).values()):
        if isinstance(member, type) and member.__module__ == home and member is not owner:
            yield member
            yield from _classes(member, home)


def _renamed(code, old, new, texts):
    def each(names):
        return tuple(new if name == old else name for name in names)

    def constant(value):
        if isinstance(value, types.CodeType):
            return _renamed(value, old, new, texts)
        return new if texts and isinstance(value, str) and value == old else value

    return code.replace(
        co_names=each(code.co_names),
        co_cellvars=each(code.co_cellvars),
        co_freevars=each(code.co_freevars),
        co_consts=tuple(map(constant, code.co_consts)),
    )


def says_which(text, use, name):
    """Whether a row's name is missed, and said of the first class of the module that has it."""
    module = use.owner.split(":")[0]
    rows = [of for of in USES if of.owner.split(":")[0] == module and name in of.names.split()]
    first = next(of for of in rows if of.needed_for == use.needed_for)
    missed = not private_names.is_there(use.owner, name)
    return missed and f"no {name} in {first.owner.replace(':', '.')}" in text


@each_of(EMULATOR)
def test_without_a_name_the_emulator_says_which(before, monkeypatch, use, name):
    rename(monkeypatch, use, name)
    with pytest.raises(ValidationError) as caught:
        bits()
    text = str(caught.value)
    assert "\n" not in text and "pip install" in text
    assert says_which(text, use, name)
    if use.owner.startswith("nengo."):
        assert_same(bits("cpu")[0], before["cpu"])  # which it is none of the business of
        samples, engine = recorded()
        assert_same(samples, before["record"])
        compiled = not any(file.startswith("deploy/host/") for file in use.by.split())
        assert compiled or f"no {name} in" in engine


@each_of(RUNS)
def test_without_a_parameter_no_run_is_made(monkeypatch, use, name):
    """Its default would have stood for it, as 1 for an amplitude of 0.5."""
    net = network()
    rename(monkeypatch, use, name)
    for target in ("cpu", "emulator"):
        with pytest.raises(TargetUnavailable) as caught:
            deploy.run(net, 0.05, target)
        text = str(caught.value)
        assert "\n" not in text and "pip install" in text
        assert says_which(text, use, name)


@pytest.mark.parametrize("neurons", [nengo.LIF(), nengo.SpikingRectifiedLinear()], ids=str)
def test_initial_voltages_vary_whatever_nengo_calls_them(monkeypatch, neurons):
    use = next(each for each in USES if each.names == "voltage")
    rename(monkeypatch, use, "voltage")
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(20, 1, neuron_type=neurons)
    started = []
    for seed in (1, 2):
        copied = fix_seeds(net, 0).network
        vary(copied, Variant(seed))
        (ens,) = copied.all_ensembles
        started.append(ens.neuron_type.make_state(20)["voltage_of_tomorrow"])
    assert not np.array_equal(*started)
    expected = np.random.RandomState(2).uniform(0, 1, 20)
    np.testing.assert_array_equal(started[1], expected)


def test_neurons_with_another_state_are_stepped_by_nengo(monkeypatch):
    """Also of a Nengo whose table of names says nothing of it."""
    use = next(each for each in USES if each.names == "voltage")
    monkeypatch.setattr(private_names, "USES", ())
    with nengo.Network(seed=3) as net:
        ens = nengo.Ensemble(40, 1)
        nengo.Connection(nengo.Node(lambda t: np.sin(20 * t)), ens)
        probe = nengo.Probe(ens, synapse=0.01)
    with nengo.Simulator(net, progress_bar=False, optimize=False) as sim:
        sim.run(0.1)
    rename(monkeypatch, use, "voltage")
    found = deploy.run(net, 0.1, "cpu")
    assert found.settings["engine"] == "compiled"
    np.testing.assert_array_equal(next(iter(found)).samples, sim.data[probe])


@each_of(HOST)
def test_without_a_name_nengo_core_is_the_host(before, monkeypatch, use, name):
    rename(monkeypatch, use, name)
    with pytest.warns(UserWarning, match=f"no {name} in .*Nengo core does") as caught:
        found, session = bits()
    assert sum("compiled host" in str(w.message) for w in caught) == 1
    assert not isinstance(session.runner, Runner)
    assert_same(found, before["emulator"])


def test_another_nengo_is_said_and_its_own_operators_run(before, monkeypatch):
    monkeypatch.setattr(nengo, "__version__", "4.2.0")
    with pytest.warns(UserWarning, match=r"and this is 4\.2\.0\); Nengo core does"):
        found, session = bits()
    assert not isinstance(session.runner, Runner)
    assert_same(found, before["emulator"])


def test_a_closure_of_another_kind_is_called_as_it_is(before, monkeypatch):
    """Of a filter that the compiled host cannot find, Nengo's function does the step."""
    monkeypatch.setattr("deploy.host.host._filter_step", lambda step: None)
    found, session = bits()
    assert isinstance(session.runner, Runner)
    assert_same(found, before["emulator"])


def test_an_operator_that_is_not_found_is_no_zeros(before, monkeypatch):
    """What goes between host and chip by an operator of a kind that is not known."""
    plans = dict(deploy.host.host.PLANS)
    del plans[deploy.host.host.SimProcess]
    monkeypatch.setattr("deploy.host.host.PLANS", plans)
    with pytest.warns(UserWarning, match="between host and chip.*Nengo core does"):
        found, _ = bits()
    assert_same(found, before["emulator"])


def test_single_precision_comes_from_the_chip(monkeypatch):
    """It came as zeros, as the compiled host has no place for it."""
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(50, 1)
        out = nengo.Node(lambda t, x: x, size_in=1)
        nengo.Connection(ens, out, function=lambda x: x + 1)
        nengo.Probe(out, synapse=0.02)
    own = nengo.rc.get("precision", "bits")
    try:
        nengo.rc.set("precision", "bits", "32")
        ours, _ = bits(net=net)
        monkeypatch.setattr("deploy.nengo_loihi.run.simulator.FastEmulator", _refuse)
        theirs, _ = bits(net=net)
    finally:
        nengo.rc.set("precision", "bits", own)
    assert ours[0].dtype == np.float32 and abs(ours[0][-1]) > 0.5
    assert_same(ours, theirs)


def _refuse(*_, **__):
    raise Unsupported("another engine")


@each_of(KERNELS)
def test_of_numba_a_lost_name_is_found(monkeypatch, use, name):
    pytest.importorskip("numba")
    rename(monkeypatch, use, name)
    assert f"no {name} in {use.owner.replace(':', '.')}" in str(missing(KERNELS))


@each_of(BOARD)
def test_a_board_is_refused_that_lacks_a_name(monkeypatch, use, name):
    rename(monkeypatch, use, name)
    assert f"no {name} in {use.owner.replace(':', '.')}" in str(missing(BOARD))


def test_without_them_kernels_compile(tmp_path):
    pytest.importorskip("numba")
    script = tmp_path / "script.py"
    script.write_text(
        "from numba.core import caching\n"
        "del caching._CacheLocator\n"
        "from deploy.compiling.jit import jit\n"
        "def double(x):\n    return 2 * x\n"
        "assert jit(double)(21) == 42\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "has no _CacheLocator in numba.core.caching" in done.stderr


def test_a_parameter_that_a_state_does_not_have_is_refused(monkeypatch):
    def nested(frozen):
        return {"parameters": {"tau": frozen.tau}}

    monkeypatch.setattr(nengo.Lowpass, "__getstate__", nested, raising=False)
    with pytest.raises(ValidationError, match="Lowpass.tau: not a part of its state"):
        with_parameters(nengo.Lowpass(0.1), tau=0.2)


# ------------------------------------------------------------------ the table is complete


def package_of(cls):
    return str(vars(cls).get("__module__")).split(".")[0]


def said_by(cls):
    """Attributes in the functions of a class itself."""
    functions = [f for f in vars(cls).values() if isinstance(f, types.FunctionType)]
    return {name for f in functions for name in f.__code__.co_names}


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def file_of(path):
    return path.relative_to(ROOT).as_posix()


def test_no_other_private_name_is_read():
    """Of anything but the object itself, unless classes of the same folder have it."""
    found, ours = set(), set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and is_private(node.attr):
                if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                    ours.add((path.parent, node.attr))
                else:
                    found.add((path, node.attr))
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("attr"):
                texts = [str(a.value) for a in node.args if isinstance(a, ast.Constant)]
                found.update((path, text) for text in texts if is_private(text))
    listed = {(file, name) for use, name in EACH for file in use.by.split()}
    theirs = {name for _, name in EACH}
    others = {
        (file_of(path), name)
        for path, name in found
        if name not in OF_TUPLES and (name in theirs or (path.parent, name) not in ours)
    }
    assert others - listed == set()


# What is asked for by the name of a parameter or state of Nengo's, and is another's.
OF_OTHERS = {
    ("deploy/models/samples.py", "inputs"),  # a file's
    ("deploy/nengo_loihi/build/build_errors.py", "data"),  # a sparse matrix of SciPy's
    ("deploy/nengo_loihi/build/chip_builder.py", "label"),  # ours
    ("deploy/nengo_loihi/build/row_table.py", "weights"),  # ours
    ("deploy/nengo_loihi/read/chip_values.py", "weights"),  # nengo-loihi's model
    ("deploy/recordings/probes.py", "data"),  # an NWB file's
    ("deploy/report/page.py", "weights"),  # of a record
    ("deploy/simulator/signals.py", "base"),  # an array's or a signal's
    ("deploy/targets/kept/reading.py", "synapse"),  # of a file
    ("deploy/workflows/freeze.py", "target"),  # of a run
    ("loihi_rules/nir/frameworks.py", "tau"),  # NIR's
    ("loihi_rules/nir/linear.py", "bias"),  # NIR's
    ("loihi_rules/nir/linear.py", "input_shape"),  # NIR's
    ("loihi_rules/passes/finite_numbers.py", "data"),  # a sparse matrix of SciPy's
}


def test_no_default_hides_a_name_that_is_lost():
    """What is asked for by a parameter's name of Nengo's, or a state's, has a row or fails."""
    names = set()
    for key, module in list(sys.modules.items()):
        if key.split(".")[0] == "nengo" and isinstance(module, types.ModuleType):
            for cls in _classes(module, key):
                own = vars(cls)
                names |= {of for of in own if isinstance(own[of], nengo.params.Parameter)}
                names |= set(own["state"] if isinstance(own.get("state"), dict) else ())
    assert names >= {"amplitude", "tau", "init", "voltage", "refractory_time"}
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found.update((file_of(path), text) for text in _asked_for(node) if text in names)
    listed = {(file, name) for use, name in EACH for file in use.by.split()}
    assert found - listed - OF_OTHERS == set()
    assert found >= OF_OTHERS


def _asked_for(call):
    """The text by which a call asks for something that may not be there."""
    named = getattr(call.func, "id", getattr(call.func, "attr", ""))
    place = 0 if named == "get" else 1
    if (named, len(call.args)) in (("getattr", 3), ("hasattr", 2), ("get", 1), ("get", 2)):
        text = call.args[place]
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            yield text.value


def test_every_row_is_used_where_it_says():
    for use in USES:
        for file in use.by.split():
            text = "" if file == THEIRS else (ROOT / file).read_text()
            for name in use.names.split() if text else ():
                assert name in text, f"{file} has no {name}"


def test_closures_are_looked_into_where_it_is_known():
    words = ("__closure__", "cell_contents", "getclosurevars", "co_freevars", "__globals__")
    files = {file_of(path) for path in SOURCES if any(word in path.read_text() for word in words)}
    assert files == {
        "deploy/host/host.py",  # by what it is, not by its name
        "deploy/models/known_code.py",  # of a user's function
        "deploy/models/reads.py",  # of a user's function
    }


def test_no_other_private_name_is_inherited():
    """Of classes of ours that have one of theirs as a base, also those made in a function."""
    gc.disable()  # classes made in a function go with what the run has made
    try:
        for engine in ("fast", "reference"):
            deploy.run("pes-connection", 0.01, engine=engine)
        classes = [obj for obj in gc.get_objects() if issubclass(type(obj), type)]
    finally:
        gc.enable()
    ours = [cls for cls in classes if package_of(cls) in ("deploy", "loihi_rules")]
    listed = {name for use in USES for name in use.names.split()}
    found = set()
    for cls in ours:
        bases = [b for b in cls.__mro__ if package_of(b) in ("nengo", "nengo_loihi", "numba")]
        theirs = {name for base in bases for name in (*vars(base), *said_by(base))}
        both = theirs & {*vars(cls), *said_by(cls)}
        found.update((cls.__qualname__, name) for name in both if is_private(name))
    found = {(where, name) for where, name in found if name not in listed | {"_abc_impl"}}
    assert {cls.__name__ for cls in ours} >= {"CountingRunner", "ChipBuilder", "KernelCache"}
    assert found == set()


def test_nothing_else_is_replaced():
    nengo_loihi = load_nengo_loihi()
    listed = {f"{use.owner.replace(':', '.')}.{name}" for use in USES for name in use.names.split()}
    found = set()
    with contextlib.ExitStack() as replaced:
        for replacing in (row_tables, linear_splitting, rates_in_pieces):
            replaced.enter_context(replacing(nengo_loihi))
        replaced.enter_context(mended_tables(LOIHI))
        for key, module in list(sys.modules.items()):
            if key.split(".")[0] == "nengo_loihi" and isinstance(module, types.ModuleType):
                for owner in (module, *_classes(module, key)):
                    where = key if owner is module else f"{key}.{owner.__qualname__}"
                    for name, value in vars(owner).items():
                        home = getattr(value, "__module__", None) or type(value).__module__
                        if str(home).split(".")[0] == "deploy":
                            found.add(f"{where}.{name}")
    assert found - listed == set()
    assert {"nengo_loihi.block.Synapse.bits", "nengo_loihi.builder.connection.loihi_rates"} <= found


def test_the_versions_that_were_tried_are_those_of_the_package():
    text = (ROOT / "pyproject.toml").read_text()
    assert f"nengo-loihi=={TRIED['nengo_loihi'][-1]}" in text
    assert f"nengo=={TRIED['nengo'][0]}" in (ROOT / ".ci" / "oldest.txt").read_text()
    assert nengo.__version__ in TRIED["nengo"]
    assert private_names.version("nengo_loihi") in TRIED["nengo_loihi"]
