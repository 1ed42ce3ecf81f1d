"""Classify the samples of a data set on several targets, and compare what they decide."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import nengo
import numpy as np

from deploy.errors import BadInput
from deploy.files.atomic import atomic_write
from deploy.models.nir_file import read_nir_model
from deploy.models.samples import Samples, samples_of
from deploy.models.spelling import NIR, Spelling
from deploy.models.user_code import user_code
from deploy.targets import find_target
from deploy.targets.emulator import EmulatorSession
from deploy.workflows.given import check_targets, usable_target
from deploy.workflows.kept_warnings import kept_warnings
from deploy.workflows.processes import at_once, stop_if_asked
from deploy.workflows.processes import spread as on_all_cores
from loihi_rules import declare_settings, fix_seeds
from loihi_rules.chip.kept_currents import kept_currents
from loihi_rules.nengo_parts.figures import figure
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.stepped import SteppedNeurons
from loihi_rules.nengo_parts.wiring import base_of
from loihi_rules.nir import NirModel
from loihi_rules.nir.network import with_inputs
from loihi_rules.nir.stepping import Stepper

RECORD = "classification.json"
REFERENCE = "cpu"
LIKE_ENOUGH = 0.95  # cosine of a layer's spikes, on the reference and on the target
WITHIN = 0.01  # of all samples, by which accuracies may differ
MOST_VALUES = 2**26  # of samples and spikes that a process has at once
FEWEST = 4  # samples a process builds for
MOST_TELLING = 500  # steps by which it is chosen how values become spikes


@dataclass(frozen=True)
class Layer:
    """What a target made of a population, over all samples.

    Attributes
    ----------
    name : str
    n_neurons : int
    spikes : float
        A sample, on the target; of what has no threshold NaN, as the following.
    reference : float
        The same on the reference.
    cosine : float
        Of spike counts by neuron, or of voltages by step and neuron; the mean over samples.
    together : float
        Share of the spikes of both that are the same neuron's in the same step.
    bits : float
        That are left of the weights into it, of 8, for the neuron in the middle; of the connection
        that has fewest. NaN where nothing is rounded.
    """

    name: str
    n_neurons: int
    spikes: float
    reference: float
    cosine: float
    together: float
    bits: float = float("nan")


@dataclass(frozen=True)
class Decisions:
    """What a target said of each sample.

    Attributes
    ----------
    target : str
    decided : (n_samples,) ndarray of int
        The output with the most spikes, or the highest voltage on average; the first of equals.
    layers : tuple of Layer
    accuracy : float
        Share of the labels that were decided; NaN without labels.
    energy : float
        J a sample, as `deploy.emulator.energy` estimates it; NaN of what is no chip.
    """

    target: str
    decided: np.ndarray
    layers: Tuple[Layer, ...]
    accuracy: float
    energy: float


@dataclass(frozen=True)
class Classification:
    """What several targets said of the same samples; the reference first.

    Attributes
    ----------
    model : str
    n_samples, n_steps : int
    targets : tuple of Decisions
    labels : (n_samples,) ndarray of int, or None
    changes : tuple of dict
        What is different on the last target.
    warnings : tuple of str
        What the last target warned of.
    outputs : mapping of str to (n_steps, n) ndarray
        What the first and the last target give for the first sample that they decide otherwise.
    """

    model: str
    n_samples: int
    n_steps: int
    targets: Tuple[Decisions, ...]
    labels: Optional[np.ndarray] = None
    changes: Tuple[Mapping[str, str], ...] = field(default=(), repr=False)
    warnings: Tuple[str, ...] = ()
    outputs: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def agreement(self) -> float:
        """Share of samples on which the last target decides as the first."""
        return self.agreement_of(-1)

    def agreement_of(self, target: int) -> float:
        """Share of samples on which a target decides as the first."""
        return float(np.mean(self.targets[0].decided == self.targets[target].decided))

    @property
    def first_different(self) -> Optional[int]:
        """The first sample that the last target decides otherwise; None where there is none."""
        first, last = self.targets[0], self.targets[-1]
        different = np.flatnonzero(first.decided != last.decided)
        return int(different[0]) if len(different) else None

    @property
    def ok(self) -> bool:
        """Whether each layer is like the reference's, and as many samples are decided rightly."""
        last = self.targets[-1]
        alike = all(not layer.cosine < LIKE_ENOUGH for layer in last.layers)
        if self.labels is None:
            return alike and self.agreement >= 1 - WITHIN
        return alike and abs(last.accuracy - self.targets[0].accuracy) <= WITHIN

    @property
    def verdict(self) -> str:
        """One line."""
        last, first = self.targets[-1], self.targets[0]
        layer = min(last.layers, key=lambda each: each.cosine)
        said = (
            f"{last.target} decides {figure(100 * self.agreement, 4)} % of {self.n_samples:,} "
            f"samples as {first.target}; its least alike layer is {layer.name}, with a cosine of "
            f"{layer.cosine:.3f}"
        )
        if self.labels is not None:
            said = (
                f"accuracy {figure(100 * last.accuracy, 4)} % on {last.target}, "
                f"{figure(100 * first.accuracy, 4)} % on {first.target}; {said}"
            )
        return f"{'PARITY' if self.ok else 'NO PARITY'}: {said}"

    def confusion(self, target: int = -1) -> np.ndarray:
        """(k, k) samples by what the reference decides, and what a target does."""
        first, other = self.targets[0].decided, self.targets[target].decided
        k = int(max(first.max(initial=0), other.max(initial=0))) + 1
        found = np.zeros((k, k), int)
        np.add.at(found, (first, other), 1)
        return found

    def write(self, directory: Path) -> None:
        """Write ``classification.json`` and ``report.html`` into a folder."""
        from deploy.report.classification_page import render_classification  # loads Matplotlib

        texts = {
            RECORD: json.dumps(self.to_dict(), indent=1),
            "report.html": render_classification(self),
        }
        for name, text in texts.items():
            with atomic_write(Path(directory) / name) as stream:
                stream.write(text.encode())

    def to_dict(self) -> Dict[str, Any]:
        """In terms of JSON."""
        return {
            "model": self.model,
            "samples": self.n_samples,
            "steps": self.n_steps,
            "verdict": self.verdict,
            "ok": self.ok,
            "agreement": self.agreement,
            "first different": self.first_different,
            "targets": [
                {
                    "target": each.target,
                    "accuracy": _finite(each.accuracy),
                    "energy a sample": _finite(each.energy),
                    "decided": each.decided.tolist(),
                    "layers": [
                        {key: _finite(value) for key, value in vars(layer).items()}
                        for layer in each.layers
                    ],
                }
                for each in self.targets
            ],
            "confusion": self.confusion().tolist(),
            "changes": [dict(change) for change in self.changes],
            "warnings": list(self.warnings),
        }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


Progress = Callable[[str, int, int], None]


def classify(
    model: Union[str, Path],
    inputs: Union[Samples, Path, str, np.ndarray],
    labels: Union[Path, str, Sequence[int], None] = None,
    targets: Sequence[str] = (REFERENCE, "float-emulator", "emulator"),
    seed: int = 0,
    *,
    steps: Optional[int] = None,
    processes: Optional[int] = None,
    progress: Optional[Progress] = None,
) -> Classification:
    """Show each sample to a NIR model on several targets, and compare what they decide.

    All neurons begin anew with each sample. On the reference, samples are stepped side by side in
    double precision (`loihi_rules.nir.stepping`); an emulator is shown one after the other, on all
    cores.

    Parameters
    ----------
    model : str or pathlib.Path
        A NIR file; with ``[dt=…,reset=…]`` behind it, its conventions.
    inputs : str, pathlib.Path, (n_samples, n_steps, …) array_like or Samples
        What enters in each step; of a file as `deploy.models.samples.read_samples` reads it.
    labels : str, pathlib.Path or (n_samples,) array_like, optional
        The outputs that are to be decided.
    targets : sequence of str
        ``"cpu"`` first; emulators.
    seed : int
        Of the emulator's own randomness.
    steps : int, optional
        For how many steps each frame of a file is shown.
    processes : int, optional
        How many at once; one a core if not given.
    progress : callable, optional
        Called with ``"samples"``, samples done and samples in all.

    Raises
    ------
    BadInput, TargetUnavailable
        If the model is no NIR file, does not fit, or a target cannot be used.
    """
    spelling = Spelling.read(str(model))
    if spelling.suffix != NIR:
        raise BadInput(f"{model}: samples are shown to a NIR file's model; give path.nir")
    check_targets(targets)
    if targets[0] != REFERENCE or "loihi" in targets:
        raise BadInput(f"samples are compared with {REFERENCE}, on emulators; not {targets}")
    for name in targets:
        usable_target(name)
    read = read_nir_model(spelling)
    if read.carried.has_values:
        raise BadInput(
            f"{model}: it was written from Nengo's own neurons, and samples are stepped by NIR's "
            "equations; take its metadata out"
        )
    n = sum(int(np.prod(shape)) for shape in read.graph.inputs.values())
    samples = samples_of(inputs, labels, n, steps)
    if samples.inputs.shape[2] != n:
        raise BadInput(f"{model}: {n:,} numbers enter in a step, not {samples.inputs.shape[2]:,}")
    if len(read.outputs) != 1:
        raise BadInput(f"{model}: it has {len(read.outputs)} outputs, and decisions are one's")
    if not len(samples):
        raise BadInput("there are no samples")
    parts = _parts(len(samples), read, samples.inputs.shape[1], at_once(processes))
    made: Dict[Tuple[int, int], Any] = {}
    telling = _telling(samples.inputs)
    shared = (read, samples, telling, tuple(targets), seed)
    work = on_all_cores(_one_part, parts, at_once(processes), *shared)
    for part, of_part in work:
        made[part] = of_part
        if progress is not None:
            progress("samples", sum(stop - start for start, stop in made), len(samples))
    found: List[Dict[str, Any]] = [made[part] for part in parts]
    decisions = tuple(
        _joined(name, [part[name] for part in found], samples.labels, read) for name in targets
    )
    changes = (*map(vars, read.changes), *found[0]["changes"])
    n_samples, n_steps, _ = samples.inputs.shape
    name = spelling.file.stem
    warned = tuple(dict.fromkeys(text for each in found for text in each["warnings"]))
    whole = Classification(name, n_samples, n_steps, decisions, samples.labels, changes, warned)
    if whole.first_different is None:
        return whole
    given = samples.inputs[whole.first_different][np.newaxis]
    probe = next(iter(read.outputs.values()))
    goal = Stepper(read).run(given)[probe][0]
    shown = _on_emulator(targets[-1], read, given, telling, seed).made[probe][0]
    return replace(whole, outputs={targets[0]: goal, targets[-1]: shown})


def _parts(n_samples: int, read: NirModel, n_steps: int, processes: int) -> List[Tuple[int, int]]:
    """Runs of samples, each as many as a process can have at once."""
    neurons = sum(int(np.prod(p.shape)) for p in read.graph.populations)
    neurons += sum(int(np.prod(shape)) for shape in read.graph.inputs.values())
    most = max(1, MOST_VALUES // (neurons * n_steps))
    each = max(1, min(most, max(FEWEST, -(-n_samples // (2 * processes)))))
    return [(start, min(start + each, n_samples)) for start in range(0, n_samples, each)]


@dataclass(frozen=True)
class _Part:
    """Sums over some samples, by layer, and what was decided of each."""

    decided: np.ndarray
    sums: Mapping[str, np.ndarray]  # spikes, those of the reference, cosine, both in a step
    energy: float = float("nan")
    bits: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Shown:
    """What an emulator gave, by population, and what it took."""

    made: Mapping[str, np.ndarray]
    changes: Sequence[Mapping[str, str]]
    energy: float
    bits: Mapping[str, float]
    warnings: Tuple[str, ...]


def _one_part(
    part: Tuple[int, int],
    read: NirModel,
    samples: Samples,
    telling: np.ndarray,
    targets: Sequence[str],
    seed: int,
) -> Dict[str, Any]:
    given = samples.inputs[slice(*part)]
    goal = Stepper(read).run(given)
    found: Dict[str, Any] = {REFERENCE: _compared(goal, goal, read), "changes": (), "warnings": ()}
    for name in targets:
        if name == REFERENCE:
            continue
        shown = _on_emulator(name, read, given, telling, seed)
        found["changes"], found["warnings"] = shown.changes, shown.warnings
        compared = _compared(shown.made, goal, read)
        found[name] = replace(compared, energy=shown.energy, bits=shown.bits)
    return found


def _telling(inputs: np.ndarray) -> np.ndarray:
    """(k, n) steps of all samples by which it is chosen how values become spikes.

    Those with the largest and the smallest value, with most in all, and the first that has
    another value than a count. The same ones, whatever samples a process has.
    """
    steps = inputs.reshape(-1, inputs.shape[-1])
    sums = np.abs(steps).sum(axis=1)
    no_counts = np.flatnonzero((steps != np.floor(steps)).any(axis=1))[:1]
    extremes = [int(np.argmax(steps.max(axis=1))), int(np.argmin(steps.min(axis=1)))]
    most = np.argsort(-sums, kind="stable")[:MOST_TELLING]
    return np.asarray(steps[np.unique([*extremes, *no_counts, *most])])


def _on_emulator(
    name: str,
    read: NirModel,
    given: np.ndarray,
    telling: np.ndarray,
    seed: int,
    together: bool = True,
) -> _Shown:
    """Of each population (n_samples, n_steps, n) spikes or voltages.

    Samples are stepped side by side where that can be, else one after the other; the bits are the
    same.
    """
    n_samples, n_steps, n = given.shape
    pause = len(read.graph.populations) + _longest(read) + 2  # until the last has seen the end
    stream = np.zeros((n_samples, n_steps + pause, n))
    stream[:, :n_steps] = given
    network = with_inputs(read, stream.reshape(-1, n))
    declare_settings(network)
    stops = np.cumsum([node.size_out for node in network.all_nodes])[:-1]
    for node, values in zip(network.all_nodes, np.split(telling, stops, axis=1)):
        network.config[node].pilot_inputs = values
    copied = fix_seeds(network, seed)
    probes = {str(probe.label): probe for probe in copied.network.all_probes}
    found: Dict[str, List[np.ndarray]] = {label: [] for label in probes}
    opened = find_target(name).open
    with user_code(None), kept_warnings() as warned, opened(copied, read.dt, seed) as session:
        if not isinstance(session, EmulatorSession):
            raise BadInput(f"{read.network.label}: nothing of it can be on the chip")
        if session.problems:
            raise BadInput(str(session.problems[0]))
        side_by_side = session.side_by_side() if together else None
        labels = [str(node.label) for node in network.all_nodes]
        columns = dict(zip(labels, np.split(stream, stops, axis=2)))
        each = 1 if side_by_side is None else side_by_side.most
        for first in range(0, n_samples, each):
            stop_if_asked()
            last = min(first + each, n_samples)
            spikes: Mapping[Any, np.ndarray] = {}
            if side_by_side is not None:
                nodes = side_by_side.nodes
                spikes = side_by_side.run(
                    {node: columns[str(node.label)][first:last] for node in nodes}
                )
            else:
                if first:
                    session.begin_anew()
                session.run_steps(n_steps + pause)
            for label, probe in probes.items():
                late = session.late.get(probe, 0)
                recorded = spikes.get(session.model.objs[probe].get("out"))
                recorded = session.samples(probe) if recorded is None else recorded
                if recorded is not None:
                    own = np.asarray(recorded).reshape(last - first, n_steps + pause, -1)
                    found[label].append(own[:, late : late + n_steps])
            session.clear()
        changes = [vars(change) for change in session.changes]
        energy = float(session.record().get("work", {}).get("energy", np.nan))
        bits = _bits_into(session, probes)
    made = {label: np.concatenate(values) for label, values in found.items()}
    return _Shown(made, changes, energy, bits, tuple(warned))


def _bits_into(session: EmulatorSession, labels: Iterable[str]) -> Dict[str, float]:
    """What is left of the model's own weights into each population; nothing in floating point."""
    kept = getattr(session.model, "kept", {})
    found: Dict[str, float] = {}
    own = session.rewritten.copies.values()
    for conn in (obj for obj in own if isinstance(obj, nengo.Connection)):
        label = str(getattr(base_of(conn.post), "label", ""))
        if label in labels and name_of(conn) in kept:
            bits = float(np.median(kept[name_of(conn)].bits))
            found[label] = min(bits, found.get(label, bits))
    return found


def _longest(read: NirModel) -> int:
    """Steps that something that enters may be on its way, by delays and by weights of filters."""
    delays = [term.delay for p in read.graph.populations for term in p.given.terms]
    taps = [0]
    for ens in read.network.all_ensembles:
        neurons = ens.neuron_type
        if isinstance(neurons, SteppedNeurons) and neurons.reset == "subtract":
            taps.append(len(kept_currents(neurons, ens.n_neurons).taps))
    return max(delays, default=0) + max(taps)


def _compared(
    made: Mapping[str, np.ndarray], goal: Mapping[str, np.ndarray], read: NirModel
) -> _Part:
    sums = {}
    for label, wanted in goal.items():
        own = made[label]
        if wanted.dtype == bool:
            own = own > 0
            counts, others = own.sum(axis=1), wanted.sum(axis=1)
            both = 2 * np.sum(own & wanted)
            sums[label] = np.array(
                [own.sum(), wanted.sum(), _cosines(counts, others).sum(), both], float
            )
        else:
            flat, other = (values.reshape(len(values), -1) for values in (own, wanted))
            sums[label] = np.array([np.nan, np.nan, _cosines(flat, other).sum(), np.nan])
    output = made[next(iter(read.outputs.values()))]
    return _Part(np.argmax(output.sum(axis=1), axis=1), sums)


def _cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of each row of one with that of the other; 1 where both are nothing."""
    a, b = a.astype(float), b.astype(float)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    nothing = ~a.any(axis=1) & ~b.any(axis=1)
    products = np.einsum("ij,ij->i", a, b)
    return np.where(nothing, 1.0, np.divide(products, norms, out=np.zeros(len(a)), where=norms > 0))


def _joined(
    name: str, parts: Sequence[_Part], labels: Optional[np.ndarray], read: NirModel
) -> Decisions:
    decided = np.concatenate([part.decided for part in parts])
    n = len(decided)
    layers = []
    sizes = {p.name: int(np.prod(p.shape)) for p in read.graph.populations}
    for label in parts[0].sums:
        own, wanted, cosine, both = np.sum([part.sums[label] for part in parts], axis=0)
        together = both / (own + wanted) if own + wanted else 1.0
        size = sizes.get(label, 0)
        bits = parts[0].bits.get(label, float("nan"))
        layers.append(
            Layer(label, size, own / n, wanted / n, float(cosine / n), float(together), bits)
        )
    accuracy = float("nan") if labels is None else float(np.mean(decided == labels))
    energy = sum(part.energy for part in parts) / n
    return Decisions(name, decided, tuple(layers), accuracy, energy)
