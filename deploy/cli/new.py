"""loihi-deploy new"""

from __future__ import annotations

from pathlib import Path

import click

from deploy.cli.console import say, say_json
from deploy.cli.options import FOR_RESULTS, as_json
from deploy.errors import BadInput
from deploy.files.places import check_file, not_written

START = '''"""A value that is carried and squared: put your own model in its place."""

import nengo
import numpy as np

# Without a seed of its own: --seed and --seeds draw other neurons.
with nengo.Network(label="{label}") as model:
    # Nodes run on the host. A function takes the time in seconds.
    stimulus = nengo.Node(lambda t: np.sin(2 * np.pi * t), label="stimulus")

    # Ensembles of LIF neurons, Nengo's default, run on the chip.
    carried = nengo.Ensemble(100, dimensions=1, label="carried")
    squared = nengo.Ensemble(100, dimensions=1, label="squared")
    nengo.Connection(stimulus, carried)
    nengo.Connection(carried, squared, function=np.square)

    # What is probed is compared with the CPU.
    nengo.Probe(stimulus, label="input")
    nengo.Probe(carried, synapse=0.02, label="value")
    nengo.Probe(squared, synapse=0.02, label="its square")
    nengo.Probe(carried.neurons, label="spikes")
'''


@click.command()
@click.argument("path", type=FOR_RESULTS)
@as_json
def new(path: Path, as_json: bool) -> None:
    """Write a model to start from, into a file that is not there yet."""
    if path.suffix != ".py":
        raise BadInput(f"{path}: a model is a Python file; give a name that ends in .py")
    check_file(path)
    try:
        with open(path, "x", encoding="utf-8") as stream:
            stream.write(START.format(label=path.stem))
    except FileExistsError:
        raise BadInput(f"{path}: there is a file of that name; give another") from None
    except OSError as error:
        raise not_written(path, error) from None
    if as_json:
        say_json({"file": str(path)}, None)
        return
    say(f"{path} is written; next:")
    for command in ("check", "compare"):
        say(f"    loihi-deploy {command} {path}")
