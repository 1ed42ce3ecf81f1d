"""Run a model on a target."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import asdict, replace
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Mapping, Optional, Sequence

import nengo
import numpy as np

from deploy.emulator.silicon import Silicon
from deploy.errors import BadInput, BoardLost, TargetUnavailable
from deploy.files.timestamp import now
from deploy.host.functions import naming_functions
from deploy.models.fingerprint import fingerprint, neurons_fingerprint
from deploy.models.generators import fixed_generators, seed_generators
from deploy.models.identity import identity_of
from deploy.models.loaded import LoadedModel, Model
from deploy.models.loading import load_model
from deploy.models.own_draws import give_own_draws
from deploy.models.same_model import IDENTITY, in_settings
from deploy.models.user_code import in_folder, user_code
from deploy.models.variants import Variant, vary
from deploy.private_names import RUNS, TRIED, missing
from deploy.targets import Session, Target, check_engine, check_silicon
from deploy.traces.described import describe_traces
from deploy.traces.parts import PartWriter
from deploy.traces.sources import sources_of
from deploy.traces.trace import Piece, Spikes, Trace, joined_spikes
from deploy.traces.traces import LINES, OFF_CHIP, Traces
from deploy.version import __version__
from deploy.workflows.given import (
    STEP,
    checked_seed,
    seconds_of,
    step_of,
    steps_of,
    usable_target,
)
from deploy.workflows.kept_warnings import kept_warnings
from deploy.workflows.moved_back import MovedBack
from loihi_rules import SeededCopy, fix_seeds
from loihi_rules.learned.record import learning

Progress = Callable[[str, int, int], None]  # target, steps done, steps in all
Pieces = Dict[nengo.Probe, List[Piece]]

CHUNK = 500  # steps at most between two updates of the progress bar
MOST_SAMPLES = 4 * 2**20  # of all probes, that wait to be taken


def run(
    model: Model,
    duration: Optional[float] = None,
    target: str = "emulator",
    seed: int = 0,
    *,
    dt: Optional[float] = None,
    engine: str = "fast",
    ideals: Optional[Mapping[str, str]] = None,
    progress: Optional[Progress] = None,
    parts: Optional[PartWriter] = None,
    variant: Optional[Variant] = None,
    silicon: Optional[Mapping[str, Any]] = None,
) -> Traces:
    """Run a model and record all its probes.

    Parameters
    ----------
    model : nengo.Network, str or pathlib.Path
        A network, the name of a built-in system, or ``path.py[:name]``. It is
        copied, never changed.
    duration : float, optional
        In seconds of model time; a built-in system's own if not given, or 5 s.
    target : str
        ``"cpu"``, ``"emulator"``, ``"float-emulator"`` or ``"loihi"``.
    seed : int
        Seeds the target's own randomness, and the network where its author gave
        it no seed.
    dt : float, optional
        Step in seconds. The chip's is what the model says it is; the model's own, or 1 ms.
    engine : str
        Of an emulator: ``"fast"``, or ``"reference"`` for nengo-loihi's own.
    ideals : mapping of str to str, optional
        Label of a probe to the label of the probe that it should come to equal;
        added to those that a built-in system has.
    progress : callable, optional
        Called with the target's name, steps done and steps in all.
    parts : PartWriter, optional
        Writes what there is while the run lasts.
    variant : Variant, optional
        Run the model with other initial voltages, or other neurons.
    silicon : mapping of str to str, optional
        What silicon does otherwise than nengo-loihi's emulator, on the emulator: names of
        `deploy.emulator.silicon.MODES` to one of their values. The run's record has them.

    Returns
    -------
    Traces

    Raises
    ------
    BadInput
        If the model, or one of the values, cannot be used.
    TargetUnavailable
        If the target is not there.
    """
    modes = Silicon.of(silicon or {})
    check_silicon([target], modes)
    check_engine([target], engine)
    chosen = usable_target(target, engine, modes)
    if duration is not None:
        steps_of(duration, STEP if dt is None else dt)  # before the model is loaded
    seed = checked_seed(seed)
    loaded = load_model(model, seed)
    dt = step_of(dt, loaded)
    n_steps = steps_of(seconds_of(duration, loaded), dt)
    return record(chosen, loaded, n_steps, dt, seed, ideals or {}, progress, parts, variant)


def record(
    target: Target,
    loaded: LoadedModel,
    n_steps: int,
    dt: float,
    seed: int,
    ideals: Mapping[str, str],
    progress: Optional[Progress] = None,
    parts: Optional[PartWriter] = None,
    variant: Optional[Variant] = None,
) -> Traces:
    """Run a loaded model on a target, as `run` does, whose checks are done."""
    lost = missing(RUNS)
    if lost is not None:
        raise TargetUnavailable(
            f"target {target.name}: {lost}, which a run needs; install what is known: "
            f"pip install nengo=={TRIED['nengo'][-1]}"
        )
    with user_code(loaded.source), fixed_generators(seed), kept_warnings() as warned:
        settings = dict(loaded.settings)
        if loaded.source is not None and IDENTITY not in settings:
            settings.update(in_settings(identity_of(loaded.network)))  # of this execution
        copied = fix_seeds(loaded.network, seed)
        mark = fingerprint(copied.network)
        own_draws = give_own_draws(copied.network, seed)
        learns = learning(copied.network)
        ends = {name: neurons_fingerprint(conn) for name, conn in learns.items()}
        described = describe_traces(copied.network, n_steps, dt)
        wanted = {**loaded.ideals, **ideals}
        _check_ideals(described.values(), wanted, loaded.name)  # before anything is built
        behind = sources_of(copied.network)
        sources = {trace.label: behind(probe) for probe, trace in described.items()}
        varied: Dict[str, Any] = {}
        if variant is not None:
            varied = {"variant": asdict(variant), "neurons kept": vary(copied.network, variant)}
        place, named = in_folder(loaded.folder), naming_functions(copied.network)
        with place, named, _opened(target, copied, dt, seed) as session:
            _refuse(session.problems, described)
            run = Traces(
                model=loaded.name,
                target=target.name,
                substrate=target.substrate,
                seed=seed,
                dt=float(dt),
                n_steps=n_steps,
                fingerprint=mark,
                traces={trace.label: trace for trace in described.values()},
                versions=_versions(target),
                settings={"model": loaded.typed, **settings, **session.settings, **varied},
                created=now(),
                record=_modes(session),
            )
            pieces: Pieces = {probe: [] for probe in described}
            seed_generators(seed)  # a build draws from them as well, each target's otherwise
            _step(session, run, described, pieces, progress, parts)
            _check_finite(run, described, pieces)
            record = {**run.record, **session.record(), **_off_chip(session, sources)}
            if loaded.lines and session.on_chip is not None:
                record[LINES] = dict(loaded.lines)
            changes = tuple(asdict(c) for c in (*loaded.changes, *own_draws, *session.changes))
            problems = tuple(asdict(p) for p in session.problems)
            learned = tuple(
                replace(session.learned(name, conn), neurons=ends[name])
                for name, conn in learns.items()
            )
    traces = _with_ideals(
        _assembled(described, pieces, n_steps),
        wanted,
        loaded.name,
    )
    return replace(
        run,
        traces={trace.label: trace for trace in traces},
        changes=changes,
        problems=problems,
        warnings=tuple(warned),
        record=record,
        learned=learned,
    )


def _opened(target: Target, copied: SeededCopy, dt: float, seed: int) -> Session:
    if not target.is_chip:
        return target.open(copied, dt, seed)
    from deploy.targets.kept import opened  # loads the emulator

    return opened(target, copied, dt, seed)


def _modes(session: Session) -> Mapping[str, Any]:
    """What silicon does otherwise in a run, which is known before it begins."""
    modes = session.silicon.different
    return {"silicon": modes} if modes else {}


def _off_chip(
    session: Session, sources: Mapping[str, FrozenSet[nengo.Ensemble]]
) -> Mapping[str, Any]:
    """Which traces the chip has no part in, where there is one."""
    if session.on_chip is None:
        return {}
    return {OFF_CHIP: [label for label, of in sources.items() if not of & session.on_chip]}


def _refuse(problems: Sequence[Any], described: Mapping[nengo.Probe, Trace]) -> None:
    """Stop at a problem that bears on what the user asked for."""
    own = {trace.label for trace in described.values() if trace.instrument}
    serious = [p for p in problems if p.object not in own]
    if serious:
        more = f" (and {len(serious) - 1} more)" if len(serious) > 1 else ""
        raise BadInput(f"{serious[0]}{more}")


def _step(
    session: Session,
    run: Traces,
    described: Mapping[nengo.Probe, Trace],
    pieces: Pieces,
    progress: Optional[Progress],
    parts: Optional[PartWriter],
) -> None:
    """Run to the end, and add what is recorded to the pieces.

    What stops it, Ctrl-C too, has what was recorded before as its ``traces``.
    """
    named = {described[probe].label: found for probe, found in pieces.items()}
    done, width = 0, sum(int(probe.size_in) for probe in described)
    chunk = max(1, min(CHUNK, MOST_SAMPLES // max(width, 1)))
    moved = MovedBack(session, described)
    while done < run.n_steps:
        steps, lost = min(chunk, run.n_steps - done), None
        try:
            moved.run_steps(steps)
        except BoardLost as error:  # which has the steps before
            steps, lost = max(0, session.n_steps - moved.ahead - done), error
        except BaseException as error:  # of this chunk nothing is known
            if parts is not None and done:
                parts.note(run, named, done, at_once=True)
            _keep(error, run, described, pieces, done)
            raise
        for probe in described if steps else ():
            piece = moved.take(probe, steps)
            if isinstance(piece, Spikes):
                piece = Spikes(piece.steps + done, piece.neurons)
            if piece is not None:
                pieces[probe].append(piece)
        session.clear()
        done += steps
        if progress is not None:
            progress(run.target, done, run.n_steps)
        if parts is not None and done < run.n_steps:
            parts.note(run, named, done, at_once=lost is not None and steps > 0)
        if lost is not None:
            _keep(lost, run, described, pieces, done)
            raise lost


def _keep(
    error: Any,
    run: Traces,
    described: Mapping[nengo.Probe, Trace],
    pieces: Pieces,
    n_steps: int,
) -> None:
    """Have an exception carry what was recorded before it."""
    if n_steps:
        error.traces = _partial(run, described, pieces, n_steps)


def _check_finite(run: Traces, described: Mapping[nengo.Probe, Trace], pieces: Pieces) -> None:
    """Refuse samples that are no numbers; the error carries what is before the first of them.

    Raises
    ------
    BadInput
    """
    first, worst = run.n_steps + 1, None
    for trace in _assembled(described, pieces, run.n_steps):
        if trace.sparse or np.isfinite(trace.samples).all():
            continue
        bad = ~np.isfinite(trace.rows).all(axis=1)
        step = int(trace.steps[bad][0])
        if step < first:
            first, worst = step, trace
    if worst is not None:
        error = BadInput(
            f"the trace {worst.label!r} holds values that are not finite numbers, from "
            f"{first * run.dt:g} s on; look at the node or process that feeds it"
        )
        _keep(error, run, described, pieces, first - 1)
        raise error


def _partial(
    run: Traces, described: Mapping[nengo.Probe, Trace], pieces: Pieces, n_steps: int
) -> Traces:
    """What there is of a run that came to an early end."""
    whole = _assembled(described, pieces, run.n_steps)
    found = [_beginning(trace, n_steps) for trace in whole]
    partial = {"steps": n_steps, "of": run.n_steps}
    traces = {trace.label: trace for trace in found}
    return replace(run, n_steps=n_steps, traces=traces, record={**run.record, "partial": partial})


def _beginning(trace: Trace, n_steps: int) -> Trace:
    """Of a trace that may be longer."""
    if trace.sparse:
        inside = trace.spike_steps <= n_steps
        return replace(
            trace, n_steps=n_steps, spike_steps=trace.spike_steps[inside],
            spike_neurons=trace.spike_neurons[inside],
        )  # fmt: skip
    shorter = replace(trace, n_steps=n_steps)
    return replace(shorter, samples=trace.samples[: len(shorter.steps)])


def _assembled(described: Mapping[nengo.Probe, Trace], pieces: Pieces, n_steps: int) -> List[Trace]:
    return [_assemble(described[probe], of, n_steps) for probe, of in pieces.items() if of]


def _assemble(trace: Trace, pieces: Sequence[Any], n_steps: int) -> Trace:
    if trace.sparse:
        spikes = joined_spikes(pieces)
        return replace(
            trace, n_steps=n_steps, spike_steps=spikes.steps, spike_neurons=spikes.neurons
        )
    samples = np.concatenate([piece for piece in pieces if len(piece)] or pieces[:1])
    return replace(trace, n_steps=n_steps, samples=samples)


def _check_ideals(traces: Iterable[Trace], ideals: Mapping[str, str], model: str) -> None:
    """Refuse labels that no probe has."""
    labels = {trace.label: trace for trace in traces}
    for label, ideal in ideals.items():
        if label == ideal:
            raise BadInput(f"{model}: {label!r} is given as its own ideal; name another probe")
        for name in (label, ideal):
            if name not in labels:
                own = (repr(of.label) for of in labels.values() if not of.instrument)
                raise BadInput(
                    f"{model}: there is no probe {name!r} to compare with its ideal; "
                    f"there are {', '.join(own)}"
                )


def _with_ideals(traces: List[Trace], ideals: Mapping[str, str], model: str) -> List[Trace]:
    _check_ideals(traces, ideals, model)
    labels = {trace.label: trace for trace in traces}
    for label, ideal in ideals.items():
        a, b = labels[label], labels[ideal]
        if a.sparse or b.sparse or a.samples.shape != b.samples.shape:
            raise BadInput(
                f"{model}: {label!r} and its ideal {ideal!r} must be of one size "
                "and sampled alike"
            )
    return [replace(trace, ideal=ideals.get(trace.label)) for trace in traces]


def _versions(target: Target) -> Dict[str, str]:
    # our own comes with a job to a site, where no installer knows of it
    versions = {"python": platform.python_version(), "loihi-deploy": __version__}
    for name in target.versions():
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions
