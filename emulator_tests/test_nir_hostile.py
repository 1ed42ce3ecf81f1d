"""NIR files that are broken, or made to harm: one line that says what it is, and exit code 2.

Each through the command line in a process of its own, with an end to its memory and its time.
"""

import os
import resource
import signal
import sys
import time
import unicodedata

import numpy as np
import pytest

h5py = pytest.importorskip("h5py", reason="NIR files are HDF5")
nir = pytest.importorskip("nir", reason="the nir package needs Python 3.10")

# what the command would load: each child has it then
import deploy.cli.check  # noqa: E402, F401
from deploy.cli.main import main  # noqa: E402
from loihi_rules.nir import NirError, convert  # noqa: E402
from loihi_rules.nir.file import read_file  # noqa: E402
from loihi_rules.nir.stored import read_texts  # noqa: E402

MOST_MEMORY = 6 * 2**30  # of addresses, bytes; most are of libraries, and of nothing
MOST_SECONDS = 20


def valid(path):
    """Three values through an Affine, LIF neurons, a way back and a convolution's layer."""
    ones = np.ones(4)
    nodes = {
        "input": nir.Input({"input": np.array([3])}),
        "affine": nir.Affine(np.eye(4, 3), np.zeros(4)),
        "lif": nir.LIF(0.01 * ones, ones, 0 * ones, ones, 0 * ones),
        "back": nir.Linear(np.eye(4) * 0.1),
        "late": nir.Delay(np.full(4, 0.002)),
        "next": nir.Linear(np.eye(4)),
        "cuba": nir.CubaLIF(0.01 * ones, 0.02 * ones, ones, 0 * ones, ones, 0 * ones),
        "output": nir.Output({"output": np.array([4])}),
    }
    edges = [("input", "affine"), ("affine", "lif"), ("lif", "back"), ("back", "lif"),
             ("lif", "late"), ("late", "next"), ("next", "cuba"), ("cuba", "output")]  # fmt: skip
    nir.write(path, nir.NIRGraph(nodes, edges, type_check=False))


def image(path, node, shape=(1, 4, 4)):
    """A node of two axes between an Input and spiking neurons of one number for all."""
    one = np.ones(1)
    nodes = {
        "input": nir.Input({"input": np.array(shape)}),
        "node": node,
        "neurons": nir.IF(one, one, 0 * one),
        "output": nir.Output({"output": np.array([1])}),
    }
    edges = [("input", "node"), ("node", "neurons"), ("neurons", "output")]
    nir.write(path, nir.NIRGraph(nodes, edges, type_check=False))


def conv():
    numbers = {
        "input_shape": (4, 4), "weight": np.ones((1, 1, 2, 2)), "stride": (1, 1),
        "padding": (0, 0), "dilation": (1, 1), "groups": 1, "bias": np.zeros(1),
    }  # fmt: skip
    return nir.Conv2d(**numbers)


def pool():
    return nir.SumPool2d(np.ones(2), np.ones(2), np.zeros(2))


def put(where, **values):
    """Put other values into the place of those at a group of the file."""

    def change(file):
        for name, value in values.items():
            group = file[where]
            if name in group:
                del group[name]
            if value is not None:
                group[name] = value

    return change


def edges(*pairs):
    return put("node", edges=np.array(pairs, dtype=h5py.string_dtype()))


def rename(old, new):
    def change(file):
        file["node/nodes"].move(old, new)

    return change


def shaped(where, name, shape, **options):
    """A dataset that claims a shape, and has next to nothing in it."""

    def change(file):
        group = file[where]
        if name in group:
            del group[name]
        group.create_dataset(name, shape, **{"dtype": "f8", **options})

    return change


def link(make):
    def change(file):
        del file["node/nodes/lif"]
        file["node/nodes/lif"] = make(file)

    return change


def kept_elsewhere(file):
    del file["node/nodes/affine/weight"]
    outside = [("/etc/passwd", 0, 96)]
    file["node/nodes/affine"].create_dataset("weight", (4, 3), "f8", external=outside)


def of_another_file(file):
    layout = h5py.VirtualLayout((4, 3), "f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4, 3))
    del file["node/nodes/affine/weight"]
    file["node/nodes/affine"].create_virtual_dataset("weight", layout)


def _empty_graph(file):
    graph = file["node/nodes"].create_group("g")
    graph.create_group("nodes")
    graph["type"], graph["edges"] = "NIRGraph", np.zeros((0, 2), "S1")


def nested(file):
    group = file["node/nodes"].create_group("deep")
    for _ in range(100):
        group = group.create_group("nodes").create_group("g")


LIF, AFFINE, IN, CUBA = "node/nodes/lif", "node/nodes/affine", "node/nodes/input", "node/nodes/cuba"
HUGE = 10**9
# what is done to a valid file, and what is said of it
CHANGED = {
    "no graph": (lambda file: file.pop("node"), "no group 'node'"),
    "a graph that is a number": (lambda f: put("/", node=3)(f), "no group"),
    "another type of graph": (put("node", type="Affine"), "not a NIRGraph"),
    "no type of graph": (put("node", type=None), "not a NIRGraph"),
    "no nodes": (put("node", nodes=None), "'nodes'"),
    "nodes that are a number": (put("node", nodes=1.0), "cannot read"),
    "no edges": (put("node", edges=None), "'edges'"),
    "edges that are numbers": (put("node", edges=np.arange(6).reshape(3, 2)), "cannot read"),
    "edges of three": (edges(("input", "affine", "lif")), "cannot read"),
    "one edge that is a text": (put("node", edges="input"), "cannot read"),
    "an edge from nowhere": (edges(("nowhere", "lif")), "there is no node nowhere"),
    "an edge of broken text": (put("node", edges=np.array([[b"\xff", b"lif"]])), "cannot read"),
    "a node without a type": (put(LIF, type=None), "'type'"),
    "a type that is a number": (put(LIF, type=7), "cannot read"),
    "a type that is a list": (put(LIF, type=np.arange(3)), "cannot read"),
    "a type that nobody knows": (put(LIF, type="Foo"), "which NIR has not"),
    "a type of Python's": (put(LIF, type="__import__"), "which NIR has not"),
    "a parameter too few": (put(LIF, tau=None), "tau"),
    "a parameter too many": (put(LIF, more=np.ones(4)), "more"),
    "NaN in weights": (put(AFFINE, weight=np.full((4, 3), np.nan)), "no finite number"),
    "infinite weights": (put(AFFINE, weight=np.full((4, 3), np.inf)), "no finite number"),
    "complex weights": (put(AFFINE, weight=np.ones((4, 3), complex)), "complex128"),
    "weights that are text": (put(AFFINE, weight="ones"), "cannot read"),
    "weights that are a vector": (put(AFFINE, weight=np.ones(3)), "2D"),
    "weights that are a number": (put(AFFINE, weight=1.0), "2D"),
    "weights of nothing": (put(AFFINE, weight=np.zeros((0, 3))), "is empty"),
    "weights that do not fit before": (put(AFFINE, weight=np.ones((4, 5))), "is given 3"),
    "weights that do not fit behind": (
        put(AFFINE, weight=np.ones((7, 3)), bias=np.zeros(7)), "does not fit together"
    ),
    "a bias of another length": (put(AFFINE, bias=np.zeros(3)), "biases"),
    "parameters of different lengths": (put(LIF, r=np.ones(3)), "cannot read"),
    "a population of nobody": (
        put(LIF, **{key: np.zeros(0) for key in ("tau", "r", "v_leak", "v_threshold", "v_reset")}),
        "node lif",
    ),
    "a time constant of 0": (put(LIF, tau=np.zeros(4)), "not positive"),
    "NaN as a time constant": (put(LIF, tau=np.full(4, np.nan)), "no finite number"),
    "a threshold below the reset": (put(LIF, v_threshold=-np.ones(4)), "not above its reset"),
    "a loop without neurons": (
        edges(("input", "affine"), ("affine", "back"), ("back", "next"), ("next", "back"),
              ("back", "lif"), ("lif", "cuba"), ("cuba", "output")), "loop without neurons",
    ),
    "no way in": (edges(("lif", "cuba"), ("cuba", "output")), "nothing enters"),
    "no Input": (put(IN, type="Output"), "Input"),
    "a delay below 0": (put("node/nodes/late", delay=np.full(4, -1.0)), "delay"),
    "an endless delay": (put("node/nodes/late", delay=np.full(4, np.inf)), "delay"),
    "a delay of ages": (put("node/nodes/late", delay=np.full(4, 1e9)), "delay"),
    "a billion inputs": (put(IN, shape=np.array([HUGE])), "shape"),
    "more inputs than can be counted": (put(IN, shape=np.array([2**62, 2**62])), "shape"),
    "inputs below 0": (put(IN, shape=np.array([-3])), "shape"),
    "inputs of NaN": (put(IN, shape=np.array([np.nan])), "shape"),
    "a billion neurons": (shaped(LIF, "tau", (HUGE,), chunks=(1024,)), "GiB"),
    "a bomb of zeros": (
        shaped(AFFINE, "weight", (60_000, 60_000), chunks=(1000, 1000), compression="gzip"), "GiB"
    ),
    "a bomb in the metadata": (
        shaped("node", "metadata", (2**40,), chunks=(1024,), compression="gzip"), "GiB"
    ),
    "a million neurons of which there is nothing": (
        shaped(LIF, "tau", (10**6,)), "the file has 0 of it"
    ),
    "an empty dataset": (put(AFFINE, weight=h5py.Empty("f8")), "is empty"),
    "references": (put(AFFINE, weight=np.array([None], dtype=h5py.ref_dtype)), "not numbers"),
    "lists of lists": (
        shaped(AFFINE, "weight", (3,), dtype=h5py.vlen_dtype(int)), "not numbers"
    ),
    "records": (put(AFFINE, weight=np.zeros(3, [("a", int), ("b", float)])), "not numbers"),
    "an external link": (link(lambda f: h5py.ExternalLink("/etc/passwd", "/")), "not followed"),
    "a soft link": (link(lambda f: h5py.SoftLink("/node/nodes/cuba")), "not followed"),
    "a link to nothing": (link(lambda f: h5py.SoftLink("/gone")), "not followed"),
    "a group that holds itself": (link(lambda f: f["node"]), "another name"),
    "a node under two names": (link(lambda f: f["node/nodes/cuba"]), "another name"),
    "values outside of the file": (kept_elsewhere, "another file"),
    "values of another file": (of_another_file, "another file"),
    "a hundred graphs deep": (nested, "deep"),
    "a link out of a parameter": (
        lambda f: (f.pop(f"{AFFINE}/weight"),
                   f[AFFINE].__setitem__("weight", h5py.ExternalLink("/etc/passwd", "/"))),
        "not followed",
    ),
    "a parameter that is a group": (
        lambda f: (f.pop(f"{AFFINE}/weight"), f[AFFINE].create_group("weight")), "cannot read"
    ),
    "references to parts": (
        lambda f: put(AFFINE, weight=np.array([f[f"{AFFINE}/bias"].regionref[0:1]],
                                              h5py.regionref_dtype))(f), "not numbers",
    ),
    "bytes of no type": (put(AFFINE, weight=np.zeros((4, 3), "V8")), "not numbers"),
    "a type among the nodes": (
        lambda f: f["node/nodes"].__setitem__("T", np.dtype("f8")), "neither a group nor a dataset"
    ),
    "many values of which none is written": (
        shaped(LIF, "tau", (5 * 10**7,), chunks=(1000,), fillvalue=1.0), "the file has 0 of it"
    ),
    "weights of no source": (put(AFFINE, weight=np.zeros((4, 0))), "is empty"),
    "weights of three axes": (put(AFFINE, weight=np.ones((4, 3, 1))), "takes 4 values"),
    "NaN as a threshold": (put(LIF, v_threshold=np.full(4, np.nan)), "no finite number"),
    "a threshold below all": (put(LIF, v_threshold=np.full(4, -np.inf)), "not above its reset"),
    "delays for other values": (put("node/nodes/late", delay=np.zeros(3)), "3 delays for 4"),
    "a delay of NaN": (put("node/nodes/late", delay=np.full(4, np.nan)), "no finite number"),
    "inputs of nothing": (put(IN, shape=np.array([0])), "its shape is (0,)"),
    "inputs and a half": (put(IN, shape=np.array([2.5])), "shape"),
    "an input that is given something": (
        edges(("input", "affine"), ("affine", "lif"), ("lif", "input"), ("lif", "output")),
        "no Input",
    ),
    "an output that leads on": (
        edges(("input", "affine"), ("affine", "lif"), ("lif", "output"), ("output", "cuba")),
        "no Output",
    ),
    "a graph of nothing within": (
        lambda f: (
            _empty_graph(f), edges(("input", "affine"), ("affine", "g"), ("g", "output"))(f)
        ),
        "it has no nodes",
    ),
    "metadata that hold their graph": (
        lambda f: f["node"].create_group("metadata").__setitem__("up", f["node"]), "another name"
    ),
    "metadata of nonsense": (
        lambda f: f["node"].create_group("metadata").__setitem__("loihi_rules", "{]"), "damaged"
    ),
    "a stimulus of nonsense": (
        lambda f: f[IN].create_group("metadata").__setitem__("given", "x"), "what it is given"
    ),
    "a name that clears the screen": (
        lambda f: (rename("lif", "\x1b[2J\u202e\nlif")(f), put(AFFINE, bias=np.ones(2))(f)),
        "there is no node",
    ),
}  # fmt: skip
# a node, what of it is changed, and what is said
NODES = {
    "a convolution with a stride of 0": (conv, {"stride": (0, 1)}, "cannot read"),
    "one with a stride below 0": (conv, {"stride": (-1, -1)}, "stride"),
    "one with half a stride": (conv, {"stride": (1.5, 1.5)}, "whole numbers"),
    "one with a stride of NaN": (conv, {"stride": (np.nan, 1)}, "cannot read"),
    "one of no groups": (conv, {"groups": 0}, "channels"),
    "one of groups below 0": (conv, {"groups": -1}, "channels"),
    "one of a billion zeros around": (conv, {"padding": (HUGE, HUGE)}, "node node"),
    "one with zeros taken away": (conv, {"padding": (-1, -1)}, "node node"),
    "one with a padding of words": (conv, {"padding": "reflect"}, "padding"),
    "one that dilates beyond all": (conv, {"dilation": (HUGE, HUGE)}, "does not fit"),
    "one of three axes": (conv, {"weight": np.ones((1, 1, 2, 2, 2))}, "node"),
    "a pool of nothing": (pool, {"kernel_size": np.zeros(2)}, "kernel"),
    "a pool larger than its image": (pool, {"kernel_size": np.full(2, 9)}, "does not fit"),
    "a pool of a vast border": (pool, {"padding": np.full(2, HUGE)}, "node node"),
}


def bytes_of(path):
    valid(path)
    return path.read_bytes()


FILES = {
    "an empty file": (lambda path: path.write_bytes(b""), "no HDF5 file"),
    "a text": (lambda path: path.write_text("hello"), "no HDF5 file"),
    "random bytes": (lambda p: p.write_bytes(np.random.RandomState(0).bytes(9999)), "no HDF5 file"),
    "the signature alone": (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n"), "no HDF5 file"),
    "half a file": (lambda path: path.write_bytes(bytes_of(path)[:4000]), "no HDF5 file"),
    "a folder": (lambda path: path.mkdir(), "folder"),
    "nothing": (lambda path: None, "no such file"),
    "a pipe without an end": (os.mkfifo, "a pipe or a device"),
    "zeros without an end": (lambda path: path.symlink_to("/dev/zero"), "a pipe or a device"),
    "a link to itself": (lambda path: path.symlink_to(path), "cannot be read"),
    "names of broken text": (
        lambda path: path.write_bytes(bytes_of(path).replace(b"v_leak", b"v\x9cleak")),
        "utf-8",
    ),
}


def command(*arguments, folder):
    """Exit code, standard output and error of the command, run by a child of this process."""
    out, err = folder / "stdout", folder / "stderr"
    sys.stdout.flush()
    child = os.fork()
    if not child:
        code = 70
        try:
            for number, path in ((1, out), (2, err)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            os.chdir(folder)
            resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
            main(list(arguments))
        except SystemExit as stop:
            code = stop.code
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    end = time.monotonic() + MOST_SECONDS
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status), out.read_text(), err.read_text()
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            pytest.fail(f"it takes more than {MOST_SECONDS} s")
        time.sleep(0.01)


def assert_refused(path, says, verb="check"):
    code, out, err = command(verb, path.name, folder=path.parent)
    lines = err.splitlines()
    assert code == 2 and len(lines) == 1, (code, err, out)
    assert out == ""
    assert path.name in err and says in err, err
    assert len(err) < 500
    assert not any(unicodedata.category(c) in ("Cc", "Cf") for c in err.rstrip("\n")), repr(err)


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_nir_file_is_refused(name, tmp_path):
    make, says = FILES[name]
    make(tmp_path / "bad.nir")
    assert_refused(tmp_path / "bad.nir", says)


@pytest.mark.parametrize("name", CHANGED)
def test_a_broken_file_is_refused_in_one_line(name, tmp_path):
    change, says = CHANGED[name]
    path = tmp_path / "bad.nir"
    valid(path)
    with h5py.File(path, "r+") as file:
        change(file)
    assert_refused(path, says)


@pytest.mark.parametrize("name", NODES)
def test_a_node_that_cannot_be_is_refused_in_one_line(name, tmp_path):
    make, changed, says = NODES[name]
    path = tmp_path / "bad.nir"
    image(path, make())
    with h5py.File(path, "r+") as file:
        put("node/nodes/node", **changed)(file)
    assert_refused(path, says)


@pytest.mark.parametrize("verb", ["run", "compare", "export"])
def test_the_other_commands_say_it_too(verb, tmp_path):
    path = tmp_path / "bad.nir"
    valid(path)
    with h5py.File(path, "r+") as file:
        put(AFFINE, weight=np.full((4, 3), np.nan))(file)
    more = ["--to", "x.nir"] if verb == "export" else []
    code, _, err = command(verb, path.name, *more, folder=tmp_path)
    assert code == 2 and len(err.splitlines()) == 1 and "no finite number" in err


def test_the_file_that_these_are_made_of_is_a_model(tmp_path):
    valid(tmp_path / "good.nir")
    code, out, err = command("check", "good.nir", folder=tmp_path)
    assert (code, err) == (0, ""), err
    assert "good fits" in out


PACKED = {"chunks": (3, 1), "compression": "gzip", "shuffle": True}


@pytest.mark.parametrize("how", [{}, PACKED], ids=["plain", "packed"])
def test_texts_are_read_as_they_were_written(how, tmp_path):
    path = tmp_path / "good.nir"
    texts = np.array([[f"node {k}", "θ" * k] for k in range(400)], dtype=object)
    with h5py.File(path, "w") as file:
        file.create_dataset("edges", data=texts, dtype=h5py.string_dtype(), **how)
    with h5py.File(path, "r") as file, open(path, "rb") as stream:
        found = read_texts(h5py, file["edges"], stream, 10**6)
        assert found.tolist() == file["edges"][()].tolist()
        with pytest.raises(ValueError, match="texts of"):
            read_texts(h5py, file["edges"], stream, 1000)


def _patched(path, at, new):
    whole = bytearray(path.read_bytes())
    whole[at : at + len(new)] = new
    path.write_bytes(whole)


@pytest.mark.parametrize(
    "lie, says",
    [
        (lambda at, heap: (at, (2**32 - 2).to_bytes(4, "little")), "texts of 4,294,967"),
        (lambda at, heap: (at, (99).to_bytes(4, "little")), "of which there are"),
        (lambda at, heap: (at + 4, (2**60).to_bytes(8, "little")), "beyond the end of the file"),
        (lambda at, heap: (at + 12, (9999).to_bytes(4, "little")), "no text 9999"),
        (lambda at, heap: (heap, b"LOCG"), "no heap"),
        (lambda at, heap: (heap + 8, (2**40).to_bytes(8, "little")), "no heap"),
        (lambda at, heap: (heap + 24, (2**40).to_bytes(8, "little")), "end of its heap"),
        (lambda at, heap: (heap + 16, bytes(2)), "no text"),
    ],
)
def test_texts_that_are_not_there_cost_neither_memory_nor_time(lie, says, tmp_path):
    """libhdf5 makes room for 4 GB of a text, and goes round for ever on a heap of zeros."""
    path = tmp_path / "bad.nir"
    valid(path)
    with h5py.File(path, "r+") as file:
        edges = file["node/edges"][()].astype(str).astype(object)
        del file["node/edges"]
        file["node"].create_dataset("edges", data=edges, dtype=h5py.string_dtype())
        where = file["node/edges"].id.get_offset()
    heap = int.from_bytes(path.read_bytes()[where + 4 : where + 12], "little")
    _patched(path, *lie(where, heap))
    with pytest.raises(NirError) as caught:
        read_file(path)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_attributes_are_not_read(tmp_path):
    """However large, and however broken: NIR has none."""
    path = tmp_path / "good.nir"
    valid(path)
    with h5py.File(path, "r+", track_order=True) as file:
        file["node"].attrs.create("vast", np.zeros(8_000))
        file["node/nodes/lif"].attrs["script"] = "__import__('os').system('true')"
    code, out, err = command("check", "good.nir", folder=tmp_path)
    assert (code, err) == (0, ""), err


def test_a_name_of_control_characters_is_shown_without_them(tmp_path):
    path = tmp_path / "good.nir"
    valid(path)
    bad = "\x1b[2J\u202e\nlif"
    with h5py.File(path, "r+") as file:
        rename("lif", bad)(file)
        pairs = [("input", "affine"), ("affine", bad), (bad, "output")]
        edges(*pairs)(file)
        for name in ("back", "late", "next", "cuba"):
            del file["node/nodes"][name]
    code, out, err = command("check", "good.nir", "--verbose", folder=tmp_path)
    assert code == 0, err
    assert "\x1b" not in out + err and "\u202e" not in out + err


STRANGE = (
    0, -1, 1.5, np.nan, np.inf, 2**62, 1e300, "same", "", b"\xff", True, 1j,
    np.zeros(0), np.zeros((0, 0)), np.zeros(1), np.ones(3), np.ones((1, 1)), np.ones((2, 3, 4)),
    np.ones((1, 1, 1, 1, 1)), -np.ones(4), np.full(4, 1e300), np.full(4, 1e-300), np.full(4, 2**62),
    np.array(["a", "b"], dtype=h5py.string_dtype()), None,
)  # fmt: skip


@pytest.mark.filterwarnings("error")  # which would be a line more
@pytest.mark.parametrize("make", [valid, lambda p: image(p, conv()), lambda p: image(p, pool())])
def test_any_value_in_the_place_of_another_is_read_or_refused(make, tmp_path):
    """Each dataset of a file in turn becomes each strange value."""
    make(tmp_path / "good.nir")
    names = []
    with h5py.File(tmp_path / "good.nir", "r") as file:
        file.visititems(lambda name, item: names.append(name) if hasattr(item, "shape") else None)
    refused = 0
    for name in names:
        for value in STRANGE:
            path = tmp_path / "bad.nir"
            path.write_bytes((tmp_path / "good.nir").read_bytes())
            with h5py.File(path, "r+") as file:
                group, _, key = name.rpartition("/")
                put(group or "/", **{key: value})(file)
            try:
                convert(read_file(path), "bad")
            except NirError as error:
                refused += 1
                assert "\n" not in str(error) and len(str(error)) < 500
            except Exception as error:
                raise AssertionError(f"{name} = {value!r}: {type(error).__name__}") from error
    assert refused > len(names) * len(STRANGE) / 2
