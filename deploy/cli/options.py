"""Options that several commands have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import click

from deploy.cli import completion
from deploy.emulator.silicon import MODES
from deploy.errors import BadInput
from deploy.files.cache import CACHE
from deploy.workflows.given import USER_DURATION


class _Place(click.Path):
    """Where results go; what is in its way, or that it is no name, is said in words of our own."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if str(value) == "":  # which would be the folder that one is in
            raise BadInput(f"{param.opts[-1]} is empty; give it a name, or . for this folder")
        return super().convert(value, param, ctx)


FOR_RESULTS: Any = _Place(path_type=Path, readable=False)  # readable or not


def together(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Options that go with each other, as one decorator."""

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _keep_nothing(context: click.Context, option: click.Parameter, asked: bool) -> None:
    if asked:  # for this process and those that it starts
        os.environ[CACHE] = ""


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
duration_option = click.option(
    "--duration",
    type=float,
    help=f"Seconds of model time; a system's own, or {USER_DURATION:g} for your models.",
)
seed_option = click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Seed of the run, and of a model that has none.",
)
dt_option = click.option(
    "--dt", type=float, help="Step in seconds; the model's own if not given, or 0.001."
)
targets_option = click.option(
    "--targets",
    default="cpu,emulator",
    show_default=True,
    shell_complete=completion.targets,
    help="Reference first, comma between.",
)
_engine = click.option(
    "--engine",
    default="fast",
    show_default=True,
    shell_complete=completion.engines,
    help="Of the emulators: fast, or reference for nengo-loihi's own.",
)
_ideals = click.option(
    "--ideal",
    "ideals",
    multiple=True,
    metavar="PROBE=PROBE",
    help="The second probe is what the first should come to equal.",
)
verbose_option = click.option("--verbose", is_flag=True, help="With all details.")
parameter_option = click.option(
    "-p",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=completion.parameters,
    help="A parameter of the system (see: systems NAME), or of your function.",
)
silicon_option = click.option(
    "--silicon",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=completion.silicon,
    help="What silicon does otherwise, on the emulator: "
    + "; ".join(f"{mode.name}={'|'.join(mode.values)}" for mode in MODES)
    + " (docs/board.md).",
)
_weights = click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="IN.npz",
    help="Fix the weights of this file, of run --freeze, in 8 bits: nothing learns any more.",
)
_learn_on = click.option(
    "--learn-on", is_flag=True, help="With --weights: resume learning from them instead."
)
_fan_in = click.option(
    "--fan-in",
    type=click.IntRange(min=1),
    help="With --weights: keep so many weights into each neuron, the largest.",
)
weights_options = together(_weights, _learn_on, _fan_in)
no_cache_option = click.option(
    "--no-cache",
    is_flag=True,
    expose_value=False,
    callback=_keep_nothing,
    help="Take nothing from the cache of builds and spreads, and keep nothing there.",
)
run_options = together(duration_option, dt_option, _engine, _ideals, no_cache_option)
