"""Why a model does not do on the chip what it should, and which edit helps: each is tried."""

from __future__ import annotations

import html
import warnings
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Optional, Sequence, Tuple

import nengo
import numpy as np
from nengo.exceptions import NengoException

from deploy.errors import BadInput, DeployError
from deploy.models.loaded import LoadedModel, Model
from deploy.models.same_model import SameModel
from deploy.models.user_code import in_folder, user_code
from deploy.parity.comparison import NO_PARITY, PARITY, Comparison
from deploy.parity.metrics.pair import aligned, flat, rms
from deploy.parity.statistics.learning import final_error, while_taught
from deploy.parity.statistics.path import peak_lag
from deploy.suspects import SUSPICIONS, Suspect, Symptoms
from deploy.suspects.learning import slow_down
from deploy.suspects.suspect import free_to_vary
from deploy.traces.dynamics import LEARNED
from deploy.traces.traces import HOST_ONLY, OFF_CHIP, Traces
from deploy.workflows.given import RUNS, check_number_of_runs, seconds_of, step_of, usable_target
from deploy.workflows.parity import compare_traces
from deploy.workflows.run import Progress, run
from deploy.workflows.spread import spread as make_spread
from loihi_rules import fix_seeds
from loihi_rules.learned.record import learning
from loihi_rules.nengo_parts.seeds import copy_network
from loihi_rules.rewriting import rewrite

SEEN_THROUGH = 0.01  # s, by which values are looked at: spikes themselves are no error
SMALL = 0.1  # radii: an ideal that is smaller is no yardstick
MOST = 1.5  # of what should be there: as wrong as silence and half again
NEVER = 1e9  # times as slow: nothing is learnt in any run
HELPS = 0.9  # of the error, that an edit has to leave at most to count as a cure
VALUE, SPIKES = "value of ensemble ", "spikes of ensemble "


@dataclass(frozen=True)
class Finding:
    """One edit that was tried.

    Attributes
    ----------
    cause, objects, figure, edit : str
        As of `deploy.suspects.Suspect`.
    error : float
        What is left with it, as a part of what should be there.
    for_granted : float
        Factor by which such an edit makes any error smaller.
    brings_parity : bool
        Whether the model is no parity, and with it is. Asked only where no edit leaves clearly less
        of the error.
    """

    cause: str
    objects: str
    figure: str
    edit: str
    error: float
    for_granted: float = 1.0
    brings_parity: bool = False

    @property
    def rank(self) -> float:
        """By which findings are ordered: its error without what it brings anywhere."""
        return self.error * self.for_granted


@dataclass(frozen=True)
class Explanation:
    """What was found.

    Attributes
    ----------
    model : str
    verdict : str
        Of the model as it is.
    error : float
        How far the chip is from what the model is to compute, as a part of that: from its run
        with perfect neurons, or, where there is none, from the CPU's; and, where something learns,
        what is left of the error that drives it, as a part of that on the CPU without learning.
        The mean over all that is probed.
    findings : tuple of Finding
        The likeliest cause first: the edit that leaves the least error. Of one that makes any error
        smaller, as more neurons do, what it brings anywhere is left out. Where none leaves clearly
        less, and the model is no parity, one with which it is comes first.
    cured : str
        The verdict with the first edit; empty if none helps.
    warnings : tuple of str
        Of the chip.
    """

    model: str
    verdict: str
    error: float
    findings: Tuple[Finding, ...]
    cured: str
    warnings: Tuple[str, ...]

    @property
    def likeliest(self) -> Optional[Finding]:
        """The cause whose edit helps most; None if no edit helps."""
        first = self.findings[0] if self.findings else None
        return first if first is not None and self.helps(first) else None

    @property
    def ok(self) -> bool:
        """Whether the model is as a CPU run could be, or an edit helps."""
        return self.verdict.startswith(f"{PARITY}:") or self.likeliest is not None

    def helps(self, finding: Finding) -> bool:
        """Whether an edit leaves clearly less of an error, or brings parity."""
        return finding.brings_parity or _leaves_less(finding, self.error)

    def to_dict(self) -> Dict[str, Any]:
        """In terms of JSON."""
        return {
            "model": self.model,
            "verdict": self.verdict,
            "error": self.error,
            "findings": [{**vars(each), "helps": self.helps(each)} for each in self.findings],
            "cured": self.cured,
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        first = self.likeliest
        if first is None:
            return f"{self.model}: none of {len(self.findings)} edits helps"
        left = f"{100 * self.error:.0f} to {100 * first.error:.0f} %"
        return f"{self.model}: {first.cause} ({first.objects}): {first.edit}; error from {left}"

    def __repr__(self) -> str:
        return f"<Explanation of {self}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(f.cause)}</td><td>{html.escape(f.objects)}</td>"
            f"<td>{html.escape(f.edit)}</td><td>{100 * f.error:.1f} %</td></tr>"
            for f in self.findings
        )
        return f"<p>{html.escape(str(self))}</p><table>{rows}</table>"


def _leaves_less(finding: Finding, error: float) -> bool:
    return finding.rank <= HELPS * error


def explain(
    model: Model,
    duration: Optional[float] = None,
    seed: int = 0,
    *,
    dt: Optional[float] = None,
    spread: int = RUNS,
    progress: Optional[Progress] = None,
) -> Explanation:
    """Find out why a model does not do what it should, by trying edits of it on the emulator.

    What speaks for a cause is measured first (`deploy.suspects.SUSPICIONS`), then its edit is
    made in a copy, which runs; causes are ranked by how much of the error their edit takes away.

    Parameters
    ----------
    model, duration, seed, dt
        As for `deploy.run`.
    spread : int
        By how many equally good CPU runs the verdicts are drawn; 0 for one pair of runs alone.
    progress : callable, optional
        Called with ``"explain"``, runs done and runs in all.

    Raises
    ------
    BadInput, TargetUnavailable
        As `deploy.run`; or if nothing of the model is on the chip.
    """
    usable_target("emulator")
    if spread:
        check_number_of_runs(spread)
    loaded = SameModel(model).load(seed)
    dt = step_of(dt, loaded)
    if loaded.is_one_of_its_kind:
        raise BadInput(
            f"{loaded.name}: edits are tried of ensembles that represent values; of a NIR file, "
            "compare --inputs says which layer is off, and other conventions can be given by -p"
        )
    with user_code(loaded.source):
        base = fix_seeds(loaded.network, seed).network
    trial = _Trial(loaded, base, seconds_of(duration, loaded), seed, dt, spread)
    chip = trial.run(trial.visible(base), "emulator")
    if HOST_ONLY in chip.record:
        raise BadInput(f"{loaded.name}: nothing of it is on the chip: {chip.record[HOST_ONLY]}")
    cpu = trial.run(trial.visible(base), "cpu")
    ideal = trial.ideal()
    idle = trial.idle(cpu)
    error = _error(chip, ideal or cpu, idle)
    with in_folder(loaded.folder):
        suspects = _suspects(trial, ideal, chip)
    findings: List[Tuple[Finding, nengo.Network]] = []
    for k, suspect in enumerate(suspects):
        edited = copy_network(base)
        suspect.apply({**edited.copies, base: edited.network})
        try:
            tried = trial.run(trial.visible(edited.network), "emulator")
            goal = ideal or trial.run(trial.visible(edited.network), "cpu")
        except (DeployError, NengoException):
            continue  # an edit that cannot be made helps nobody
        left = _error(tried, goal, idle)
        finding = Finding(
            suspect.cause, suspect.objects, suspect.figure, suspect.edit, left, suspect.for_granted
        )
        findings.append((finding, edited.network))
        if progress is not None:
            progress("explain", k + 1, len(suspects) + 1)
    findings.sort(key=lambda pair: pair[0].rank)
    parity = trial.parity(trial.visible(base), cpu, chip)
    found = [finding for finding, _ in findings]
    cured = ""
    if found and _leaves_less(found[0], error):
        cured = trial.parity_of(findings[0][1]).verdict
    elif parity.outcome == NO_PARITY:
        found, cured = _with_parity_first(trial, findings)
    return Explanation(loaded.name, parity.verdict, error, tuple(found), cured, chip.warnings)


def _with_parity_first(
    trial: _Trial, findings: Sequence[Tuple[Finding, nengo.Network]]
) -> Tuple[List[Finding], str]:
    """An edit that brings parity before all others, and the verdict with it; there may be none.

    Those that make any error smaller are tried last, as they bring it to much that is wrong.
    """
    found = [finding for finding, _ in findings]
    for finding, network in sorted(findings, key=lambda pair: pair[0].for_granted):
        parity = trial.parity_of(network)
        if parity.outcome == PARITY:
            others = [each for each in found if each is not finding]
            return [replace(finding, brings_parity=True), *others], parity.verdict
    return found, ""


@dataclass(frozen=True)
class _Trial:
    """What all runs of an explanation have in common."""

    loaded: LoadedModel
    base: nengo.Network
    duration: float
    seed: int
    dt: float
    spread: int

    def run(self, network: nengo.Network, target: str) -> Traces:
        return run(self._loaded(network), self.duration, target, self.seed, dt=self.dt)

    def parity(self, network: nengo.Network, cpu: Traces, chip: Traces) -> Comparison:
        yardstick = None
        if self.spread:
            yardstick = make_spread(
                self._loaded(network),
                self.duration,
                self.seed,
                runs=self.spread,
                dt=self.dt,
                reference=cpu,
            )
        return compare_traces(cpu, chip, yardstick)

    def parity_of(self, edited: nengo.Network) -> Comparison:
        """Of an edited network, which is run on both."""
        network = self.visible(edited)
        return self.parity(network, self.run(network, "cpu"), self.run(network, "emulator"))

    def _loaded(self, network: nengo.Network) -> LoadedModel:
        return replace(self.loaded, network=network)

    def idle(self, cpu: Traces) -> Traces:
        """The CPU's run without learning, which is ``cpu`` where nothing learns from an error."""
        if not any(trace.kind == "error" for trace in cpu):
            return cpu
        copy = copy_network(self.base).network
        slow_down(copy, NEVER)
        return self.run(self.visible(copy), "cpu")

    def visible(self, network: nengo.Network) -> nengo.Network:
        """The network, with a probe of each value where its user has none of any."""
        if any(_is_of_a_value(probe) for probe in network.all_probes):
            return network
        return self.watched(network, spikes=False)

    def watched(self, network: nengo.Network, spikes: bool) -> nengo.Network:
        """A copy with a probe of each ensemble, by its place among them."""
        copy = copy_network(network).network
        with copy:
            for k, ens in enumerate(copy.all_ensembles):
                nengo.Probe(ens, synapse=SEEN_THROUGH, label=f"{VALUE}{k}", seed=0)
                if spikes:
                    nengo.Probe(ens.neurons, label=f"{SPIKES}{k}", seed=0)
        return copy

    def ideal(self) -> Optional[Traces]:
        """The model with perfect neurons, as far as it has a meaning; None where it has none."""
        watched = self.watched(self.base, spikes=False)
        learning = {c.pre_obj for c in watched.all_connections if c.learning_rule_type is not None}
        perfect = [ens for ens in free_to_vary(watched) if ens not in learning]
        if len(perfect) < len(watched.all_ensembles) and not learning:
            return None  # what goes between neurons is not known from what is represented
        for ens in perfect:
            ens.neuron_type, ens.noise = nengo.Direct(), None
        for place in (watched, *watched.all_networks):
            place.probes[:] = [p for p in place.probes if not _of_neurons(p, perfect)]
        try:
            return self.run(watched, "cpu")
        except (DeployError, NengoException, ValueError):
            return None


def _is_of_a_value(probe: nengo.Probe) -> bool:
    return probe.attr == "decoded_output" or (
        isinstance(probe.obj, nengo.Node) and probe.obj.output is None
    )


def _of_neurons(probe: nengo.Probe, of: Sequence[nengo.Ensemble]) -> bool:
    return getattr(probe.obj, "ensemble", None) in of or probe.attr not in (
        "decoded_output",
        "output",
    )


def _suspects(trial: _Trial, ideal: Optional[Traces], chip: Traces) -> List[Suspect]:
    """What is suspected, from runs that see all of the model."""
    base = trial.base
    seen = trial.run(trial.watched(base, spikes=True), "cpu")
    ensembles = list(base.all_ensembles)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are the runs' own
        rewritten = rewrite(base, trial.seed, trial.dt)
    errors = {
        conn: flat(chip.traces[f"error of {name}"])
        for name, conn in learning(base).items()
        if f"error of {name}" in chip.traces
    }
    symptoms = Symptoms(
        network=base,
        reach={} if ideal is None else _reach(ensembles, ideal),
        rates={
            ens: seen[f"{SPIKES}{k}"].counts() / seen.duration
            for k, ens in enumerate(ensembles)
            if seen.traces.get(f"{SPIKES}{k}") is not None and seen[f"{SPIKES}{k}"].sparse
        },
        errors=errors,
        rewritten=rewritten,
        dt=trial.dt,
    )
    return [suspect for find in SUSPICIONS for suspect in find(symptoms)]


def _reach(ensembles: Sequence[nengo.Ensemble], ideal: Traces) -> Dict[nengo.Ensemble, float]:
    found = {}
    for k, ens in enumerate(ensembles):
        samples = flat(ideal[f"{VALUE}{k}"])
        length = float(np.quantile(np.linalg.norm(samples, axis=1), 0.99))
        found[ens] = length / float(ens.radius)
    return found


def _error(judged: Traces, goal: Traces, idle: Traces) -> float:
    """How far a run is from its goal, see `Explanation.error`."""
    off = judged.record.get(OFF_CHIP, ())
    parts: List[float] = []
    for trace in idle:
        if trace.label not in judged.traces or trace.label in off:
            continue
        if trace.kind == "error":
            error = flat(judged[trace.label])
            taught = while_taught(error[None])
            most = final_error(flat(idle[trace.label])[taught])
            parts.append(final_error(error[taught]) / most if most else 0.0)
        elif trace.kind in ("decoded", "value") and trace.dynamics != LEARNED:
            if trace.label in goal.traces:
                parts.append(_away(judged, goal, trace.label))
    return float(np.mean(np.minimum(parts, MOST))) if parts else float("nan")


def _away(judged: Traces, goal: Traces, label: str) -> float:
    """RMS of the difference once the lag is taken out, over that of the goal."""
    sampling = goal[label].period * goal.dt
    smooth = nengo.Lowpass(SEEN_THROUGH)
    wanted, had = (smooth.filt(flat(run_[label]), dt=sampling) for run_ in (goal, judged))
    w, h = aligned(wanted, had, peak_lag(wanted, had, sampling))
    scale = max(rms(w), SMALL * judged[label].radius)
    return rms(h - w) / scale if scale else 0.0
