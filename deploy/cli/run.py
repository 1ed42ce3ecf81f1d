"""loihi-deploy run"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, List, Optional, Tuple

import click

import deploy
from deploy.cli import completion
from deploy.cli.console import print_table, say, say_error, say_json
from deploy.cli.options import (
    FOR_RESULTS,
    as_json,
    parameter_option,
    run_options,
    seed_option,
    silicon_option,
    weights_options,
)
from deploy.cli.progress import progress_bar
from deploy.cli.reading import (
    begun,
    check_run,
    check_weights_file,
    model_of,
    pairs_of,
    with_weights,
)
from deploy.cli.replacing import in_place
from deploy.emulator.silicon import Silicon
from deploy.errors import BadInput, DeployError
from deploy.files.places import check_file
from deploy.report.numbers import number
from deploy.targets import TARGETS
from loihi_rules.nengo_parts.figures import figure

if TYPE_CHECKING:
    from deploy.traces.traces import Traces
    from loihi_rules import Learned


@click.command()
@click.argument("model", shell_complete=completion.models)
@parameter_option
@click.option(
    "--target",
    default="emulator",
    show_default=True,
    shell_complete=completion.targets,
    help=", ".join(TARGETS),
)
@seed_option
@run_options
@weights_options
@silicon_option
@click.option(
    "--freeze",
    type=FOR_RESULTS,
    metavar="OUT.npz",
    help="Write what has been learnt at the end to this file.",
)
@click.option("--out", type=FOR_RESULTS, help="Write the traces to this .npz file.")
@as_json
def run(
    model: str,
    parameters: Tuple[str, ...],
    target: str,
    duration: Optional[float],
    seed: int,
    dt: Optional[float],
    engine: str,
    ideals: Tuple[str, ...],
    weights: Optional[Path],
    learn_on: bool,
    fan_in: Optional[int],
    silicon: Tuple[str, ...],
    freeze: Optional[Path],
    out: Optional[Path],
    as_json: bool,
) -> None:
    """Run MODEL on one target and record all its probes."""
    model = model_of(model, parameters)
    for path, name in ((out, "traces"), (freeze, "weights")):
        if path is not None:
            _check_file(path, name)
    if out is not None and freeze is not None and os.path.abspath(out) == os.path.abspath(freeze):
        raise BadInput(f"{out}: --out and --freeze are two files; give another name to one")
    replaced, frozen_before = in_place(out), in_place(freeze)
    ideal, modes = pairs_of(ideals), Silicon.read(silicon)
    check_weights_file(weights, learn_on, fan_in)
    timing = check_run(model, [target], [seed], duration, dt, engine, modes)
    first = begun(model, seed)
    try:
        with progress_bar() as report:
            traces = deploy.run(
                with_weights(first, seed, weights, learn_on, fan_in),
                timing.seconds,
                target,
                seed,
                dt=timing.dt,
                engine=engine,
                ideals=ideal,
                progress=report,
                silicon=modes.different,
            )
    except BaseException as error:  # Ctrl-C is one
        before = getattr(error, "traces", None)
        if out is None or before is None:
            raise
        before.save(out)
        if not isinstance(error, DeployError):
            say_error(f"loihi-deploy: what was recorded before is in {out}")
            raise
        raise type(error)(f"{error}; what was recorded before is in {out}") from error
    if freeze is not None:
        deploy.Weights.of(traces).save(freeze)
    if out is not None:
        traces.save(out)
    if as_json:
        files = {"file": out and str(out), "weights file": freeze and str(freeze)}
        say_json({**traces.to_dict(), **files}, None)
        return
    say(f"{traces.model} on {traces.where}, {traces.duration:g} s, seed {traces.seed}")
    print_table(["trace", "kind", "summary"], [_summary(traces, t.label) for t in traces])
    if not any(not trace.instrument for trace in traces):
        say("note: the model has no probes; add one, as nengo.Probe(ens, synapse=0.01)")
    for text in traces.warnings:
        say(f"warning: {text}", indent="    ")
    if freeze is not None:
        print_table(
            ["learnt", "", "error in 8 bits, at most"], [_learned(each) for each in traces.learned]
        )
        say(f"weights: {freeze}{frozen_before}")
    say(f"traces: {out}{replaced}" if out else "traces: not saved; for that, give --out FILE.npz")


def _check_file(path: Path, name: str) -> None:
    """Find out before a long run whether its result can be written."""
    if path.suffix != ".npz":
        raise BadInput(f"{path}: {name} are npz files; give a name that ends in .npz")
    check_file(path)


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


def _learned(each: Learned) -> List[str]:
    from loihi_rules.learned.quantised import quantise_rows  # loads NumPy

    rows, columns = each.values.shape
    fixed = quantise_rows(each.values)
    largest = float(abs(each.values).max()) or 1.0
    bound = 100 * float(fixed.error_bounds.max()) / largest
    what = f"{rows} × {columns} {each.adapts}, by {each.rule}"
    return [each.connection, what, f"{figure(bound, 2)} % of the largest"]
