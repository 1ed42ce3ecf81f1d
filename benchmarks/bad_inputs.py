"""What a user gets wrong on the command line, and what is said of it."""

import importlib.util
import subprocess
import sys
from pathlib import Path

MODEL = """
import nengo
import numpy as np
with nengo.Network(seed=1) as model:
    u = nengo.Node(lambda t: {node})
    a = nengo.Ensemble(10, 1)
    nengo.Connection(u, a)
    p = nengo.Probe(a, synapse=0.01)
"""

LARGE = """
import nengo
with nengo.Network(seed=1) as model:
    a, b = (nengo.Ensemble(20_000, 1) for _ in range(2))
    weights = nengo.Dense((20_000, 20_000), init=nengo.dists.Uniform(-1e-4, 1e-4))
    nengo.Connection(a.neurons, b.neurons, transform=weights)
    nengo.Probe(b.neurons)
"""

NPZ = "good.npz"

# what reads NIR needs Python 3.10
READS_NIR = all(importlib.util.find_spec(name) for name in ("nir", "h5py"))
NO_NIR = "no HDF5 file that can be read" if READS_NIR else "need the packages nir and h5py"

# name: (arguments, exit code, *texts of the message); seen from what is typed and from files
AT_ONCE = {
    "no model": (["run"], 2, "Missing argument"),
    "unknown system": (["run", "pes-conection"], 2, "there is no model"),
    "missing file": (["run", "nowhere.py"], 2, "nowhere.py: there is no such file"),
    "folder for a file": (["run", "folder.py"], 2, "this is a folder"),
    "syntax error": (["run", "syntax.py"], 2, "syntax.py:2"),
    "not utf-8": (["run", "binary.py"], 2, "binary.py"),
    "null bytes": (["run", "null.py"], 2, "null.py"),
    "zero duration": (["run", "model.py", "--duration", "0"], 2, "more than 0 s"),
    "negative duration": (["compare", "model.py", "--duration=-1"], 2, "more than 0 s"),
    "endless duration": (["run", "model.py", "--duration", "inf"], 2, "number of seconds"),
    "duration in words": (["run", "model.py", "--duration", "long"], 2, "not a valid float"),
    "negative dt": (["run", "model.py", "--dt=-0.001"], 2, "dt must be more than 0 s"),
    "dt above duration": (["run", "model.py", "--dt", "9"], 2, "less than one step"),
    "engine of the CPU": (["run", "bcm", "--target", "cpu", "--engine", "x"], 2, "not cpu"),
    "unknown target": (["run", "model.py", "--target", "gpu"], 2, "no target 'gpu'"),
    "no board": (["run", "model.py", "--target", "loihi"], 3, "no Loihi board here"),
    "spread of one": (["compare", "model.py", "--spread", "1"], 2, "6 runs or more"),
    "spread without end": (["compare", "model.py", "--spread", "999999999999"], 2, "too many"),
    "spread of words": (["compare", "model.py", "--spread", "x"], 2, "number of runs"),
    "one target": (["compare", "model.py", "--targets", "cpu"], 2, "two targets"),
    "unknown in targets": (["compare", "model.py", "--targets", "cpu,tpu"], 2, "'tpu'"),
    "board in targets": (["compare", "model.py", "--targets", "cpu,loihi"], 3, "no Loihi"),
    "seed in words": (["run", "model.py", "--seed", "lucky"], 2, "not a valid integer"),
    "seed too large": (["run", "model.py", "--seed", "99999999999"], 2, "from 0 to"),
    "unknown option": (["run", "model.py", "--sped", "3"], 2, "--sped"),
    "unknown command": (["rnu", "model.py"], 2, "rnu"),
    "out of another type": (["run", "model.py", "--out", "a.csv"], 2, "ends in .npz"),
    "out in no folder": (["run", "model.py", "--out", "no/a.npz"], 2, "no: there is no such"),
    "out is a file": (["compare", "model.py", "--out", NPZ], 2, "there is a file of that name"),
    "traces over a folder": (["run", "model.py", "--out", "folder.npz"], 2, "this is a folder"),
    "traces below a file": (["run", "model.py", "--out", f"{NPZ}/a.npz"], 2, f"{NPZ}: there is a"),
    "weights over a folder": (["run", "bcm", "--freeze", "folder.npz"], 2, "this is a folder"),
    "traces and weights in one": (
        ["run", "bcm", "--out", "a.npz", "--freeze", "./a.npz"],
        2,
        "two files",
    ),
    "a folder for the report": (["compare", "bcm", "--out", "in_the_way"], 2, "report.html: this"),
    "sweep into a file": (["sweep", "bcm", "--out", NPZ], 2, f"{NPZ}: there is a file of that"),
    "sweep below a file": (["sweep", "bcm", "--out", f"{NPZ}/x/y"], 2, f"{NPZ}: there is a file"),
    "seeds into a file": (["compare", "bcm", "--seeds", "0:2", "--out", NPZ], 2, "there is a file"),
    "job's reports into a file": (
        ["submit", "bcm", "--site", "local", "--wait", "--out", NPZ],
        2,
        f"{NPZ}: there is a file of that name, where a folder is needed",
    ),
    "reports of a job not waited for": (
        ["submit", "bcm", "--site", "local", "--out", "there"],
        2,
        "--wait",
    ),
    "NIR over a folder": (["export", "model.py", "--to", "folder.nir"], 2, "this is a folder"),
    "NIR below a file": (["export", "model.py", "--to", f"{NPZ}/a.nir"], 2, "there is a file"),
    "NIR of another type": (["export", "model.py", "--to", "a.npz"], 2, "ends in .nir"),
    "conformance over a folder": (["conformance", "--out", "folder.npz"], 2, "this is a folder"),
    "conformance in no folder": (["conformance", "--out", "no/a.npz"], 2, "no: there is no such"),
    "reports of a file": (["reports", NPZ], 2, "this is a file"),
    "out below a file": (["compare", "model.py", "--out", f"{NPZ}/x"], 2, NPZ),
    "three names": (["compare", "a.npz", "b.npz", "c.npz"], 2, "two files"),
    "traces missing": (["compare", NPZ, "no.npz"], 2, "no.npz: there is no such file"),
    "traces truncated": (["compare", NPZ, "cut.npz"], 2, "not a whole traces file"),
    "traces foreign": (["compare", NPZ, "text.npz"], 2, "not a traces file"),
    "tolerance misspelt": (["compare", "model.py", "--tolerance", "lga=:1"], 2, "'lga'"),
    "tolerance of words": (["compare", "model.py", "--tolerance", "lag=x"], 2, "LOW:HIGH"),
    "unknown parameter": (["run", "oja", "-p", "n=3"], 2, "no parameter 'n'"),
    "parameter out of range": (["compare", "bcm", "-p", "neurons=0"], 2, "from 2 to 2000"),
    "parameter of words": (["check", "bcm", "-p", "neurons=many"], 2, "a whole number"),
    "learner unknown": (["run", "backprop", "-p", "learner=x"], 2, "one of both, backprop"),
    "recording missing": (["run", "spoken-digit", "-p", "recording=a.wav"], 2, "no such file"),
    "unknown engine": (["run", "bcm", "--engine", "slow"], 2, "no engine 'slow'"),
    "seeds of words": (["sweep", "model.py", "--seeds", "a:b"], 2, "FIRST:END"),
    "no seeds": (["sweep", "model.py", "--seeds", "3:3"], 2, "one seed at least"),
    "seed below 0": (["sweep", "model.py", "--seeds=-1,2"], 2, "from 0 to"),
    "no processes": (["sweep", "model.py", "--processes=-1"], 2, "must be 1 or more"),
    "processes of 0": (["sweep", "model.py", "--processes", "0"], 2, "must be 1 or more"),
    "parameter twice": (
        ["run", "bcm", "-p", "neurons=3", "-p", "neurons=4"],
        2,
        "'neurons' is given twice",
    ),
    "duration of nan": (["run", "model.py", "--duration", "nan"], 2, "number of seconds"),
    "duration too small for a float": (["run", "model.py", "--duration", "1e-320"], 2, "one step"),
    "dt too small for its steps": (["run", "model.py", "--dt", "1e-300"], 2, "too many steps"),
    "parameter without a value": (["run", "bcm", "-p", "neurons="], 2, "NAME=VALUE"),
    "parameter with an exponent": (["run", "bcm", "-p", "neurons=1e2"], 2, "a whole number"),
    "model without a name": (["run", ""], 2, "there is no model ''"),
    "bracket left open": (["run", "bcm[neurons=2"], 2, "there is no model 'bcm[neurons=2'"),
    "seeds without end": (["sweep", "bcm", "--seeds", "0:99999999999"], 2, "are too many"),
    "target twice": (["compare", "bcm", "--targets", "cpu,cpu"], 2, "named once"),
    "job outside the folder": (["status", "../../etc"], 2, "the name of a job cannot be"),
    "site outside the folder": (["submit", "bcm", "--site", "../x"], 3, "'../x'"),
    "sweep of nothing": (
        ["submit", "bcm", "--site", "local", "--sweep", "neurons="],
        2,
        "NAME=VALUE",
    ),
    "file name too long": (["run", "model.py", "--out", f"{'a' * 300}.npz"], 2, "too long"),
    "silicon without a name": (["run", "bcm", "--silicon", "="], 2, "no silicon mode ''"),
    "tolerance of three": (["compare", "bcm", "--tolerance", "gain=1:1:1"], 2, "LOW:HIGH"),
    "weights missing": (["run", "bcm", "--weights", "no.npz"], 2, "no.npz: there is no such file"),
    "weights of traces": (["check", "bcm", "--weights", NPZ], 2, "loihi-deploy weights"),
    "fan-in alone": (["compare", "bcm", "--fan-in", "3"], 2, "--weights"),
    "unknown system to submit": (["submit", "pes", "--site", "local"], 2, "there is no model"),
    "unknown site": (["submit", "bcm", "--site", "moon"], 3, "'moon'"),
    "unknown site to check": (["sites", "check", "moon"], 3, "'moon'"),
    "unknown job": (["fetch", "nothing"], 2, "nothing"),
    "unknown job's status": (["status", "nothing"], 2, "nothing"),
    "unknown system to tell of": (["systems", "pes"], 2, "there is no system 'pes'"),
    "ideal misspelt": (["run", "model.py", "--ideal", "p"], 2, "PROBE=PROBE"),
    "system mistyped": (["run", "pes-conection"], 2, "did you mean 'pes-connection'?"),
    "file mistyped": (["run", "modle.py"], 2, "did you mean 'model.py'?"),
    "command mistyped": (["comapre", "model.py"], 2, "did you mean 'compare'?"),
    "target mistyped": (["run", "bcm", "--target", "emulater"], 2, "did you mean 'emulator'?"),
    "parameter mistyped": (["run", "bcm", "-p", "neuron=3"], 2, "did you mean 'neurons'?"),
    "site mistyped": (["submit", "bcm", "--site", "locl"], 3, "did you mean 'local'?"),
    "engine mistyped": (["run", "bcm", "--engine", "fats"], 2, "did you mean 'fast'?"),
    "quantity mistyped": (["compare", "bcm", "--tolerance", "gian=:1"], 2, "did you mean 'gain'?"),
    "seeds downwards": (["sweep", "model.py", "--seeds", "5:2"], 2, "2:5 are 2 to 4"),
    "seeds downwards to submit": (["submit", "bcm", "--site", "local", "--seeds", "5:2"], 2, "2:5"),
    "tolerance downwards": (["compare", "bcm", "--tolerance", "gain=2:1"], 2, "smaller", "first"),
    "tolerance of nan": (["compare", "bcm", "--tolerance", "gain=nan:"], 2, "a number"),
    "new over a file": (["new", "model.py"], 2, "there is a file of that name"),
    "new over a folder": (["new", "folder.py"], 2, "this is a folder"),
    "new below a file": (["new", f"{NPZ}/m.py"], 2, f"{NPZ}: there is a file of that name"),
    "new in no folder": (["new", "no/m.py"], 2, "no: there is no such folder"),
    "new of another type": (["new", "m.txt"], 2, "ends in .py"),
    "logs of all and for ever": (["logs", "x", "--follow", "--json"], 2, "--follow"),
    # files that are executed, and do not import Nengo themselves
    "file leaves the program": (["run", "leaves.py"], 2, "ended the program (exit 3)"),
    "file that asks": (["run", "reads.py"], 2, "reads.py:1: EOFError"),
    "a library that is not there": (["run", "lacks.py"], 2, "lacks.py:1", "no_such_module"),
    "empty name": (["run", "empty.py"], 2, "no network at all"),
    "no model to compare": (["compare", "empty.py"], 2, "no network at all"),
    "no model over seeds": (["sweep", "empty.py"], 2, "no network at all"),
    "no model to submit": (["submit", "lacks.py", "--site", "local"], 2, "no_such_module"),
    "no model to check": (["check", "lacks.py"], 2, "lacks.py:1", "no_such_module"),
    "no model to explain": (["explain", "lacks.py"], 2, "lacks.py:1", "no_such_module"),
    "no model to export": (["export", "empty.py", "--to", "a.nir"], 2, "no network at all"),
    "NIR of text": (["run", "text.nir"], 2, NO_NIR),
    "NIR damaged": (["compare", "cut.nir"], 2, NO_NIR),
}

# seen once the model's file has been executed, or the network built and run
BY_THE_MODEL = {
    "no such name": (["run", "model.py:nett"], 2, "no 'nett'"),
    "file stops the program": (["run", "stops.py"], 130, "stopped"),
    "samples of a system": (["compare", "bcm", "--inputs", NPZ], 2, "a NIR file's model"),
    "a class for a model": (["run", "kind.py"], 2, "the network 'model' is empty"),
    "file raises": (["run", "raises.py"], 2, "raises.py:2", "own trouble"),
    "NaN from a node": (["run", "nan.py", "--duration", "0.1"], 2, "nan.py", "nan"),
    "node raises later": (["run", "later.py", "--duration", "0.1"], 2, "later.py:5"),
    "node of wrong size": (["run", "size.py", "--duration", "0.1"], 2, "size.py"),
    "no probes": (["compare", "bare.py"], 2, "bare: the model has no probes", "nengo.Probe"),
    "function without its argument": (["run", "asks.py"], 2, "needs n", "-p n=VALUE"),
    "far too large": (["compare", "large.py"], 2, "20,000 in-axons", "a core has 4,096"),
    "its own ideal": (
        ["run", "model.py", "--duration", "0.1", "--ideal", "p=p"],
        2,
        "its own ideal",
    ),
    "ideal unknown": (["run", "model.py", "--duration", "0.1", "--ideal", "p=q"], 2, "'q'"),
}

BAD = {**AT_ONCE, **BY_THE_MODEL}


def playground(folder: Path) -> Path:
    """Fill a folder with the files that these commands name."""
    good = MODEL.format(node="0.5")
    (folder / "model.py").write_text(good)
    for name in ("folder.py", "folder.npz", "folder.nir", "in_the_way/report.html"):
        (folder / name).mkdir(parents=True)
    (folder / "empty.py").write_text("x = 1\n")
    (folder / "syntax.py").write_text("import nengo\nwith nengo.Network( as model:\n")
    (folder / "raises.py").write_text("import nengo\nraise ValueError('own\\ntrouble')\n")
    (folder / "binary.py").write_bytes(b"x = '\xff\xfe'\n")
    (folder / "stops.py").write_text("raise KeyboardInterrupt\n")
    (folder / "leaves.py").write_text("import sys\nsys.exit(3)\n")
    (folder / "reads.py").write_text("name = input()\n")
    (folder / "kind.py").write_text("import nengo\nmodel = nengo.Network\n")
    (folder / "lacks.py").write_text("import no_such_module\n")
    (folder / "null.py").write_bytes(b"x = 1\0\n")
    (folder / "nan.py").write_text(MODEL.format(node="float('nan') if t > 0.05 else 0.0"))
    (folder / "later.py").write_text(MODEL.format(node="1 / (t < 0.05)"))
    (folder / "size.py").write_text(MODEL.format(node="[0.0, 1.0] if t > 0.05 else 0.0"))
    (folder / "bare.py").write_text(good.replace("p = nengo.Probe(a, synapse=0.01)", ""))
    (folder / "asks.py").write_text("import nengo\ndef model(n):\n    return nengo.Network()\n")
    (folder / "large.py").write_text(LARGE)
    subprocess.run(
        [sys.executable, "-m", "deploy", "run", "model.py", "--duration", "0.1", "--out", NPZ],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    (folder / "cut.npz").write_bytes((folder / NPZ).read_bytes()[:500])
    (folder / "text.npz").write_text("hello")
    (folder / "text.nir").write_text("hello")
    (folder / "cut.nir").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    return folder
