"""The command line: a thin skin over `deploy.run`, `deploy.compare` and friends."""

from __future__ import annotations

import contextlib
import inspect
import json
import signal
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

import deploy
from deploy.console import USER_DURATION, duration_of, print_table, seeds_of
from deploy.doctor import diagnose
from deploy.errors import BadInput, DeployError
from deploy.inrc.cli import cancel, fetch, jobs, logs, sites, status, submit
from deploy.model import Model, parameters_of, with_parameters
from deploy.parity import Parity
from deploy.parity.tolerances import parse_tolerance
from deploy.report.folder import staged_folder
from deploy.report.page import number
from deploy.resources import KINDS
from deploy.running import Progress as Report
from deploy.targets import TARGETS
from deploy.traces import Traces
from deploy.weights import load_with_weights
from loihi_rules import Learned
from loihi_rules.learned import quantise_rows
from loihi_rules.systems import SYSTEMS

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
    "--dt", type=float, default=0.001, show_default=True, help="Step in seconds."
)
targets_option = click.option(
    "--targets", default="cpu,emulator", show_default=True, help="Reference first, comma between."
)
engine_option = click.option(
    "--engine",
    default="fast",
    show_default=True,
    help="Of the emulators: fast, or reference for nengo-loihi's own.",
)
ideal_option = click.option(
    "--ideal",
    "ideals",
    multiple=True,
    metavar="PROBE=PROBE",
    help="The second probe is what the first should come to equal.",
)
parameter_option = click.option(
    "-p",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the system (see: systems NAME), or of your function.",
)
weights_option = click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="IN.npz",
    help="Fix the weights of this file, of run --freeze, in 8 bits: nothing learns any more.",
)
learn_on_option = click.option(
    "--learn-on", is_flag=True, help="With --weights: go on learning from them instead."
)
fan_in_option = click.option(
    "--fan-in",
    type=click.IntRange(min=1),
    help="With --weights: keep so many weights into each neuron, the largest.",
)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
    invoke_without_command=True,
)
@click.version_option(deploy.__version__, prog_name="loihi-deploy")
@click.pass_context
def cli(context: click.Context) -> None:
    """Run a Nengo model on Loihi 1 or its emulator, and hold it against the CPU.

    MODEL is a built-in system (see: loihi-deploy systems), or path.py[:name], where
    name is a nengo.Network in that file, or a function that returns one (default: model).

    Exit codes: 0 ok, 1 no parity, 2 bad input, 3 target not available.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        sys.exit(2)


@cli.command()
@click.argument("name", required=False)
@as_json
def systems(name: Optional[str], as_json: bool) -> None:
    """List the built-in systems, or tell what NAME is about and which parameters it has."""
    if name is not None:
        _tell_system(name, as_json)
        return
    if as_json:
        rows = [
            {
                "name": s.name,
                "duration": s.duration,
                "summary": s.summary,
                "ideals": dict(s.ideals),
            }
            for s in SYSTEMS.values()
        ]
        click.echo(json.dumps(rows, indent=1))
        return
    print_table(
        ["system", "seconds", "what it shows"],
        [[s.name, f"{s.duration:g}", s.summary] for s in SYSTEMS.values()],
    )


def _tell_system(name: str, as_json: bool) -> None:
    if name not in SYSTEMS:
        raise BadInput(f"there is no system {name!r}; there are {', '.join(SYSTEMS)}")
    system = SYSTEMS[name]
    lesson = inspect.getdoc(inspect.getmodule(system.build)) or ""
    rows = [
        {"name": p.name, "default": p.default, "what": p.what, "low": p.low, "high": p.high}
        for p in system.parameters
    ]
    if as_json:
        told = {"name": name, "summary": system.summary, "lesson": lesson, "parameters": rows}
        click.echo(json.dumps(told, indent=1))
        return
    click.echo(lesson + "\n")
    print_table(
        ["parameter", "default", "range", "what"],
        [[p.name, str(p.default), p.range, p.what] for p in system.parameters],
    )


@cli.command()
@click.argument("model")
@parameter_option
@seed_option
@dt_option
@weights_option
@learn_on_option
@fan_in_option
@as_json
def check(
    model: str,
    parameters: Tuple[str, ...],
    seed: int,
    dt: float,
    weights: Optional[Path],
    learn_on: bool,
    fan_in: Optional[int],
    as_json: bool,
) -> None:
    """Say what MODEL needs to run on the chip, and whether it fits."""
    model = with_parameters(model, parameters)
    found = deploy.check(_with_weights(model, seed, weights, learn_on, fan_in), seed, dt)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=1))
        sys.exit(0 if found.ok else 2)
    if found.changes:
        print_table(
            ["changed", "before", "after", "why"],
            [[f"{c.object}\n{c.rule}", c.before, c.after, c.why] for c in found.changes],
        )
    if found.resources:
        print_table(
            ["core", "block", *KINDS],
            [
                [f"{c.chip}.{c.core}", c.block]
                + [f"{u.used:,} / {u.limit:,}" for u in c.uses.values()]
                for c in found.resources
            ],
        )
    if found.traffic is not None:
        t = found.traffic
        click.echo(
            f"a step: {t.input_neurons} input neurons and {t.errors} errors to the chip, "
            f"{t.values} values back ({t.bytes:,} bytes on a board)"
        )
    for note in found.notes:
        click.echo(f"note: {note}")
    if not found.ok:
        for problem in found.problems:
            click.echo(f"Error: {problem}", err=True)
        sys.exit(2)
    click.echo(found.verdict)


@cli.command()
@click.argument("model")
@parameter_option
@click.option("--target", default="emulator", show_default=True, help=", ".join(TARGETS))
@duration_option
@seed_option
@dt_option
@engine_option
@ideal_option
@weights_option
@learn_on_option
@fan_in_option
@click.option(
    "--freeze",
    type=click.Path(path_type=Path),
    metavar="OUT.npz",
    help="Write what has been learnt at the end to this file.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the traces to this .npz file.")
@as_json
def run(
    model: str,
    parameters: Tuple[str, ...],
    target: str,
    duration: Optional[float],
    seed: int,
    dt: float,
    engine: str,
    ideals: Tuple[str, ...],
    weights: Optional[Path],
    learn_on: bool,
    fan_in: Optional[int],
    freeze: Optional[Path],
    out: Optional[Path],
    as_json: bool,
) -> None:
    """Run MODEL on one target and record all its probes."""
    model = with_parameters(model, parameters)
    for path, name in ((out, "traces"), (freeze, "weights")):
        if path is not None:
            _check_file(path, name)
    with _progress() as report:
        traces = deploy.run(
            _with_weights(model, seed, weights, learn_on, fan_in),
            duration_of(model, duration, [seed]),
            target,
            seed,
            dt=dt,
            engine=engine,
            ideals=_pairs(ideals),
            progress=report,
        )
    if freeze is not None:
        deploy.Weights.of(traces).save(freeze)
    if out is not None:
        traces.save(out)
    if as_json:
        files = {"file": out and str(out), "weights file": freeze and str(freeze)}
        click.echo(json.dumps({**traces.to_dict(), **files}))
        return
    click.echo(f"{traces.model} on {traces.where}, {traces.duration:g} s, seed {traces.seed}")
    print_table(["trace", "kind", "summary"], [_summary(traces, t.label) for t in traces])
    for text in traces.warnings:
        click.echo(f"warning: {text}")
    if freeze is not None:
        print_table(
            ["learnt", "", "error in 8 bits, at most"], [_learned(each) for each in traces.learned]
        )
        click.echo(f"weights: {freeze}")
    click.echo(f"traces: {out}" if out else "traces: not saved; for that, give --out FILE.npz")


@cli.command()
@click.argument("what", nargs=-1, required=True, metavar="MODEL | A.npz B.npz")
@parameter_option
@targets_option
@duration_option
@seed_option
@dt_option
@engine_option
@ideal_option
@weights_option
@learn_on_option
@fan_in_option
@click.option(
    "--tolerance",
    "tolerances",
    multiple=True,
    metavar="NAME=LOW:HIGH",
    help="Judge a figure by other limits.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for parity.json, report.html and traces/ (default: comparison/NAME).",
)
@as_json
def compare(
    what: Tuple[str, ...],
    parameters: Tuple[str, ...],
    targets: str,
    duration: Optional[float],
    seed: int,
    dt: float,
    engine: str,
    ideals: Tuple[str, ...],
    weights: Optional[Path],
    learn_on: bool,
    fan_in: Optional[int],
    tolerances: Tuple[str, ...],
    out: Optional[Path],
    as_json: bool,
) -> None:
    """Run MODEL on two targets or more and judge the last by the first.

    Or judge the traces of one file by those of another.
    """
    limits: Dict[str, Any] = {}
    for text in tolerances:
        limits.update(parse_tolerance(text))
    files = [name for name in what if name.endswith(".npz")]
    if files and len(files) == len(what):
        if len(files) != 2:
            raise BadInput("to compare traces, give two files: the reference, and the other")
        runs = [Traces.load(name) for name in files]
        out = out or Path("comparison") / Path(files[1]).stem
        with staged_folder(out) as stage:
            parity = deploy.compare_traces(runs[0], runs[1], limits)
            parity.write(stage)
    elif len(what) == 1:
        model = with_parameters(what[0], parameters)
        out = out or Path("comparison") / _plain(model)
        with staged_folder(out) as stage:
            with _progress() as report:
                parity = deploy.compare(
                    _with_weights(model, seed, weights, learn_on, fan_in),
                    duration_of(model, duration, [seed]),
                    _names(targets),
                    seed,
                    dt=dt,
                    engine=engine,
                    ideals=_pairs(ideals),
                    tolerances=limits,
                    progress=report,
                )
            parity.write(stage)
    else:
        raise BadInput(
            f"give one MODEL, or two .npz files, not {len(what)} names: {' '.join(what)}"
        )
    page = out / "report.html"
    if as_json:
        click.echo(json.dumps({**parity.to_dict(), "report": str(page)}, indent=1))
    else:
        _print_parity(parity)
        click.echo(f"report: {page}")
    sys.exit(0 if parity.ok else 1)


@cli.command()
@click.argument("model")
@parameter_option
@click.option("--seeds", default="0:10", show_default=True, help="FIRST:END, or with commas.")
@targets_option
@click.option("--processes", type=int, help="Runs at once; one a core if not given.")
@duration_option
@dt_option
@engine_option
@ideal_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for every run's traces; a sweep that was stopped goes on from it.",
)
@as_json
def sweep(
    model: str,
    parameters: Tuple[str, ...],
    seeds: str,
    targets: str,
    processes: Optional[int],
    duration: Optional[float],
    dt: float,
    engine: str,
    ideals: Tuple[str, ...],
    out: Optional[Path],
    as_json: bool,
) -> None:
    """Compare MODEL over many seeds, and give each figure's spread."""
    model = with_parameters(model, parameters)
    with _progress() as report:
        found = deploy.sweep(
            model,
            duration_of(model, duration, seeds_of(seeds)),
            seeds_of(seeds),
            _names(targets),
            processes,
            dt=dt,
            engine=engine,
            ideals=_pairs(ideals),
            folder=out,
            progress=None if report is None else lambda done, total: report("runs", done, total),
        )
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=1))
    else:
        columns = ["trace", "metric", "unit", "median", "10 %", "90 %", "lowest", "highest"]
        rows = [
            [number(row[c]) if isinstance(row[c], float) else row[c] for c in columns]
            for row in found.table()
        ]
        print_table(columns, rows)
        click.echo(found.verdict)
    sys.exit(0 if found.ok else 1)


@cli.command()
@as_json
def doctor(as_json: bool) -> None:
    """Say what is installed, which targets work, and what to do about the others."""
    findings = diagnose()
    if as_json:
        click.echo(json.dumps(findings, indent=1))
    else:
        print_table(
            ["target", "works", ""],
            [
                [t["name"], "yes" if t["works"] else "no", t["way_out"] or t["summary"]]
                for t in findings["targets"]
            ],
        )
        print_table(
            ["package", "version", "for"],
            [[p["name"], p["version"], p["purpose"]] for p in findings["packages"]],
        )
    sys.exit(0 if findings["ok"] else 3)


cli.add_command(sites)
for command in (submit, status, logs, fetch, cancel, jobs):
    cli.add_command(command)


# ------------------------------------------------------------------- helpers of the skin


def _names(text: str) -> List[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _plain(model: str) -> str:
    model = parameters_of(model)[0]
    return model if model in SYSTEMS else Path(model.rpartition(".py")[0]).name or "model"


def _pairs(texts: Tuple[str, ...]) -> Dict[str, str]:
    pairs = {}
    for text in texts:
        label, equals, ideal = text.partition("=")
        if not (label and equals and ideal):
            raise BadInput(f"an ideal is written PROBE=PROBE, not {text!r}")
        pairs[label] = ideal
    return pairs


def _with_weights(
    model: str, seed: int, weights: Optional[Path], learn_on: bool, fan_in: Optional[int]
) -> Model:
    """The model as it is named, or with the weights of a file put into it."""
    if weights is None:
        if learn_on or fan_in is not None:
            raise BadInput("--learn-on and --fan-in say what to do with --weights; give both")
        return model
    if learn_on and fan_in is not None:
        raise BadInput("--fan-in leaves weights out, with which --learn-on would go on; give one")
    return load_with_weights(model, seed, weights, learn_on, fan_in)


def _learned(each: Learned) -> List[str]:
    rows, columns = each.values.shape
    fixed = quantise_rows(each.values)
    largest = float(abs(each.values).max()) or 1.0
    bound = 100 * float(fixed.error_bounds.max()) / largest
    what = f"{rows} × {columns} {each.adapts}, by {each.rule}"
    return [each.connection, what, f"{bound:.2g} % of the largest"]


def _check_file(path: Path, name: str) -> None:
    """Find out before a long run whether its result can be written."""
    if path.suffix != ".npz":
        raise BadInput(f"{path}: {name} are npz files; give a name that ends in .npz")
    if path.is_dir():
        raise BadInput(f"{path}: this is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise BadInput(f"{path.parent}: there is no such folder")


@contextlib.contextmanager
def _progress() -> Iterator[Optional[Report]]:
    """A progress bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: Dict[str, Any] = {}

        def report(target: str, done: int, total: int) -> None:
            if target not in tasks:
                tasks[target] = bars.add_task(target, total=total)
            bars.update(tasks[target], completed=done)

        yield report


def _summary(traces: Traces, label: str) -> List[str]:
    trace = traces[label]
    if trace.sparse:
        rate = len(trace.spike_steps) / traces.duration / max(1, trace.n_neurons)
        text = f"{len(trace.spike_steps)} spikes of {trace.n_neurons} neurons, {rate:.1f} Hz"
    elif not trace.samples.size:
        text = "no samples"
    else:
        low, high = number(trace.samples.min()), number(trace.samples.max())
        text = f"{' × '.join(map(str, trace.samples.shape))} from {low} to {high}"
    return [label, trace.kind, text]


def _print_parity(parity: Parity) -> None:
    rows = []
    for figure in parity.figures:
        mark = "" if figure.ok is None else "ok" if figure.ok else "NO"
        value = f"{number(figure.value)} {figure.unit}"
        rows.append([figure.trace, figure.metric, value, str(figure.tolerance or ""), mark])
    print_table(["trace", "figure", "value", "tolerance", ""], rows)
    if parity.budget:
        print_table(
            ["trace", "cause", "aligned RMSE"],
            [[s.trace, s.cause, number(s.error)] for s in parity.budget],
        )
    for run_ in parity.runs:
        for text in run_.warnings:
            click.echo(f"{run_.target} warned: {text}")
    for note in parity.notes:
        click.echo(f"note: {note}")
    click.echo(parity.verdict)


class _Stopped(BaseException):
    """Somebody ended the process with a signal."""


def _stop(signum: int, frame: Any) -> None:
    raise _Stopped(signum)


def main(arguments: Optional[List[str]] = None) -> None:
    """Entry point: errors become one line and an exit code, never a traceback."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, _stop)
    try:
        code = cli.main(arguments, prog_name="loihi-deploy", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except DeployError as error:
        _fail(str(error), error.exit_code)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "loihi-deploy"
        _fail(f"{error.format_message()} (see: {path} --help)", 2)
    except _Stopped as error:
        _fail("stopped; only what was complete is kept", 128 + int(error.args[0]))
    except BrokenPipeError:
        sys.stderr.close()  # whoever read has had enough
        sys.exit(0)
    except MemoryError:
        _fail("there is not enough memory for this model and duration", 2)
    except OSError as error:
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}", 2)
    except RecursionError:
        _fail("the model is nested too deeply", 2)


def _fail(text: str, code: int) -> None:
    click.echo("loihi-deploy: " + " ".join(text.split()), err=True)
    sys.exit(code)
