"""loihi-deploy compare"""

from __future__ import annotations

import shlex
import sys
import webbrowser
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional, Tuple

import click
from click.core import ParameterSource

import deploy
from deploy.cli import completion
from deploy.cli.console import say, say_error, say_json
from deploy.cli.options import (
    FOR_RESULTS,
    as_json,
    parameter_option,
    run_options,
    seed_option,
    silicon_option,
    targets_option,
    weights_options,
)
from deploy.cli.over_seeds import compare_over_seeds
from deploy.cli.progress import progress_bar
from deploy.cli.reading import (
    begun,
    check_run,
    check_weights_file,
    model_of,
    names_of,
    pairs_of,
    runs_of,
    seeds_of,
    spread_of,
    with_weights,
)
from deploy.emulator.silicon import Silicon
from deploy.errors import BadInput
from deploy.files.folder import own_folder, staged_own_folder
from deploy.models.spelling import NIR, Spelling
from deploy.parity.tolerances import check_names, parse_tolerance
from deploy.recordings.formats import FORMATS, PICKLED
from deploy.report.earlier import OF_A_COMPARISON, PAGE, earlier_in, in_words
from deploy.workflows.given import RUNS, RUNS_A_SEED, check_targets, checked_seeds


class Kind(NamedTuple):
    """A kind of comparison.

    Attributes
    ----------
    what : str
        It compares, and with what else.
    without : tuple of str
        Parameters that say nothing of it.
    """

    what: str
    without: Tuple[str, ...]


OF_WEIGHTS = ("weights", "learn_on", "fan_in")
OF_ONE_SEED = ("until_decided", "budget", *OF_WEIGHTS)
OF_RUNS = ("seeds", "silicon", "duration", "ideals", "engine", "dt", *OF_ONE_SEED)
FILES = Kind(
    "two files are compared as they were recorded",
    (*OF_RUNS, "seed", "targets", "parameters", "inputs", "labels", "steps"),
)
SAMPLES = Kind(
    "--inputs compares what is decided of each sample",
    (*OF_RUNS, "spread", "tolerances", "mapping"),
)
SEEDS = Kind("--seeds compares the model as it is over seeds", ("seed", "mapping", *OF_ONE_SEED))
ONE_MODEL = Kind("MODEL is run, not read from files", ("mapping",))


@click.command()
@click.argument(
    "what",
    nargs=-1,
    required=True,
    metavar="MODEL | A.npz B.npz | A.npz B.csv",
    shell_complete=completion.models,
)
@parameter_option
@targets_option
@seed_option
@run_options
@weights_options
@silicon_option
@click.option(
    "--spread",
    default=str(RUNS),
    show_default=True,
    metavar="N|FILE.npz",
    help="Judge by N CPU runs with other voltages and neurons, kept for the next time; by those of "
    "a file of deploy.spread; or, with 0, by one pair of runs alone.",
)
@click.option("--seeds", help="FIRST:END, or with commas: over these seeds, as sweep does.")
@click.option(
    "--until-decided", is_flag=True, help="Run longer while the verdict is open, up to 8 times."
)
@click.option(
    "--budget",
    is_flag=True,
    help="Say what causes the effects, by eight more runs: each has one cause more than the last.",
)
@click.option(
    "--tolerance",
    "tolerances",
    multiple=True,
    metavar="NAME=LOW:HIGH",
    help="Judge a quantity, or a figure, by limits of your own.",
)
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    metavar="FILE.toml",
    help="Of files of other programs: which signal is which probe's, steps, offset and units; see "
    "docs/recordings.md.",
)
@click.option(
    "--inputs",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Of a NIR file's model: samples to classify, as npy, npz or csv; see docs/nir.md.",
)
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What is to be decided of each sample, as npy, or a number a line.",
)
@click.option("--steps", type=int, help="With --inputs: how long each frame is shown.")
@click.option(
    "--out",
    type=FOR_RESULTS,
    help="Folder for parity.json, report.html and traces/ (default: comparison/NAME, "
    "or NAME-2, NAME-3 … where there is one).",
)
@click.option("--open", "show", is_flag=True, help="Open the report in the browser.")
@as_json
@click.pass_context
def compare(
    context: click.Context,
    what: Tuple[str, ...],
    parameters: Tuple[str, ...],
    targets: str,
    duration: Optional[float],
    seed: int,
    dt: Optional[float],
    engine: str,
    ideals: Tuple[str, ...],
    weights: Optional[Path],
    learn_on: bool,
    fan_in: Optional[int],
    silicon: Tuple[str, ...],
    spread: str,
    seeds: Optional[str],
    until_decided: bool,
    budget: bool,
    tolerances: Tuple[str, ...],
    mapping: Optional[Path],
    inputs: Optional[Path],
    labels: Optional[Path],
    steps: Optional[int],
    out: Optional[Path],
    show: bool,
    as_json: bool,
) -> None:
    """Run MODEL on two targets or more and judge the last by the first.

    Or judge the traces of one file by those of another; either may be of another program.
    """
    if inputs is None and (labels is not None or steps is not None):
        raise BadInput("--labels and --steps go with --inputs; give the samples")
    limits: Dict[str, Any] = {}
    for text in tolerances:
        limits.update(parse_tolerance(text))
    check_names(limits)
    yardstick, model = spread_of(spread), ""
    files = [name for name in what if Path(name).suffix.lower() in (*FORMATS, *PICKLED)]
    if files and len(files) == len(what):
        if len(files) != 2:
            raise BadInput("to compare traces, give two files: the reference, and the other")
        _refuse_others(context, FILES)
        given = _of_files(context, yardstick)
        runs = runs_of(files, mapping)
        usual = Path("comparison") / Path(files[1]).stem
        before = None if out is None else earlier_in(out)
        with staged_own_folder(out, usual, OF_A_COMPARISON) as (out, stage):
            parity = deploy.compare_traces(runs[0], runs[1], given, limits)
            parity.write(stage)
    elif len(what) == 1:
        kind = SAMPLES if inputs is not None else SEEDS if seeds is not None else ONE_MODEL
        _refuse_others(context, kind)
        model = model_of(what[0], parameters)
        names, ideal, modes = names_of(targets), pairs_of(ideals), Silicon.read(silicon)
        check_targets(names)
        if inputs is not None:
            from deploy.cli.over_samples import compare_over_samples  # loads Nengo

            if context.get_parameter_source("targets") is not ParameterSource.COMMANDLINE:
                names = ["cpu", "float-emulator", "emulator"]
            out = out or own_folder(Path("comparison") / f"{_plain(model)}-samples")
            code = compare_over_samples(model, inputs, labels, steps, names, seed, out, as_json)
            _show(show, out)
            sys.exit(code)
        if seeds is not None:
            wanted = checked_seeds(seeds_of(seeds))
            timing = check_run(model, names, wanted, duration, dt, engine, modes)
            out = out or own_folder(Path("comparison") / f"{_plain(model)}-seeds")
            more: Dict[str, Any] = {
                "dt": timing.dt,
                "engine": engine,
                "ideals": ideal,
                "tolerances": limits,
                "spread": _of_each_seed(context, yardstick),
                "silicon": modes.different,
            }
            code = compare_over_seeds(model, timing.seconds, wanted, names, out, as_json, **more)
            _show(show, out)
            sys.exit(code)
        check_weights_file(weights, learn_on, fan_in)
        timing = check_run(model, names, [seed], duration, dt, engine, modes)
        usual = Path("comparison") / _plain(model)
        before = None if out is None else earlier_in(out)
        with staged_own_folder(out, usual, OF_A_COMPARISON) as (out, stage):
            first = begun(model, seed)
            with progress_bar() as report:
                parity = deploy.compare(
                    with_weights(first, seed, weights, learn_on, fan_in),
                    timing.seconds,
                    names,
                    seed,
                    dt=timing.dt,
                    engine=engine,
                    ideals=ideal,
                    tolerances=limits,
                    spread=yardstick,
                    until_decided=until_decided,
                    budget=budget,
                    progress=report,
                    silicon=modes.different,
                )
            parity.write(stage)
    else:
        raise BadInput(
            f"give one MODEL, or two files of traces, not {len(what)} names: {' '.join(what)}"
        )
    page = out / PAGE
    if as_json:
        say_json({**parity.to_dict(), "report": str(page)})
    else:
        from deploy.cli.parity_tables import print_parity  # loads SciPy
        from deploy.parity.comparison import NO_PARITY

        print_parity(parity)
        place = "" if before is None else f", in the place of {in_words(before)}"
        say(f"report: {page}{place}")
        if parity.outcome == NO_PARITY and model and Spelling.read(model).suffix != NIR:
            say(f"why, and which edit helps: loihi-deploy explain {shlex.quote(model)}")
    _show(show, out)
    sys.exit(0 if parity.ok else 1)


def _show(asked: bool, out: Path) -> None:
    """Open a report."""
    page = out / PAGE
    if asked and not webbrowser.open(page.resolve().as_uri()):
        say_error(f"loihi-deploy: there is no browser here; open {page} in one")


def _refuse_others(context: click.Context, kind: Kind) -> None:
    """Refuse options that say nothing of a comparison of this kind."""
    for parameter in context.command.params:
        typed = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        if typed and parameter.name in kind.without:
            raise BadInput(f"{kind.what}, without {parameter.opts[-1]}; leave it out")


def _of_files(context: click.Context, yardstick: Any) -> Any:
    """The spread of a file, by which two files are judged, or None."""
    if not isinstance(yardstick, int):
        return yardstick
    if yardstick and context.get_parameter_source("spread") is ParameterSource.COMMANDLINE:
        raise BadInput(
            "of two files no more runs are made; judge by a file of deploy.spread, or by the pair, "
            "with --spread 0"
        )
    return None


def _of_each_seed(context: click.Context, yardstick: Any) -> int:
    """By how many CPU runs each seed is judged."""
    if context.get_parameter_source("spread") is not ParameterSource.COMMANDLINE:
        return RUNS_A_SEED
    if not isinstance(yardstick, int):
        raise BadInput("a spread of a file is of one seed; with --seeds give --spread N")
    return yardstick


def _plain(model: str) -> str:
    spelling = Spelling.read(model)
    return spelling.path.stem if spelling.path else spelling.system
