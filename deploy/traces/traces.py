"""What a run recorded: every probe's samples, and how they came about."""

from __future__ import annotations

import html
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from deploy.errors import BadInput
from deploy.files.kind import FileKind
from deploy.files.npz import Arrays, read_npz, write_npz
from deploy.shown import LONGEST
from deploy.traces.learned_arrays import describe_learned, learned_arrays, read_learned
from deploy.traces.record import RUN
from deploy.traces.trace import UNITS, Trace
from loihi_rules import Learned

KIND = FileKind("loihi-deploy traces", 1, "traces", "loihi-deploy run --out makes them")
MOST_NAMED = 8  # traces, of a run in a line
MOST_DRAWN = 6  # traces, of a run in a notebook
OFF_CHIP, HOST_ONLY = "off chip", "host only"  # of a run's record
LINES = "lines"  # of it: in the user's file, by the names of objects


@dataclass(frozen=True)
class Traces:
    """All that one run recorded.

    Attributes
    ----------
    model : str
        Name of the model.
    target : str
        ``"cpu"``, ``"emulator"``, ``"float-emulator"`` or ``"loihi"``.
    substrate : str
        What the target is, in words, as in `deploy.targets.Target`.
    seed : int
    dt : float
        Step in seconds.
    n_steps : int
        Length of the run in steps.
    fingerprint : str
        See `deploy.models.fingerprint.fingerprint`.
    traces : mapping of str to Trace
    changes, problems : tuple of dict
        What rewriting did; see `loihi_rules.Change`.
    warnings : tuple of str
        What the target warned of, each once.
    versions, settings : mapping
        Packages and options that the run used.
    record : mapping
        What the target has to say of the run: of a chip, its ``cores`` and what each uses,
        the ``spikes`` fired, and the ``saturation`` of traces, weights, errors and currents; of an
        emulator, the ``silicon`` modes that are on, and the ``noise seed`` where it has its own.
        Which traces are ``off chip``, as nothing that is on it goes into them; and if nothing of
        the model is on it, ``host only``: why.
        Of a run that was stopped, ``partial``: its ``steps``, and ``of`` how many.
    learned : tuple of Learned
        What each connection that learns had learnt at the end.
    created : str
        When, in UTC.
    """

    model: str
    target: str
    substrate: str
    seed: int
    dt: float
    n_steps: int
    fingerprint: str
    traces: Mapping[str, Trace]
    changes: Tuple[Mapping[str, str], ...] = ()
    problems: Tuple[Mapping[str, str], ...] = ()
    warnings: Tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    learned: Tuple[Learned, ...] = ()
    created: str = ""

    def __repr__(self) -> str:
        labels = [trace.label for trace in self if not trace.instrument]
        more = ", …" if len(labels) > MOST_NAMED else ""
        return (
            f"<Traces of {self.model} on {self.where}, {self.duration:g} s, seed {self.seed}: "
            f"{', '.join(labels[:MOST_NAMED])}{more}>"
        )

    def __getitem__(self, label: str) -> Trace:
        try:
            return self.traces[label]
        except KeyError:
            raise BadInput(
                f"there is no trace {label!r} in this run of {self.model}; "
                f"it has {', '.join(map(repr, self.traces))}"
            ) from None

    def __iter__(self) -> Iterator[Trace]:
        return iter(self.traces.values())

    def __len__(self) -> int:
        return len(self.traces)

    @property
    def duration(self) -> float:
        """Length of the run in seconds."""
        return self.n_steps * self.dt

    @property
    def where(self) -> str:
        """The target and what it is, for every output that a person reads."""
        parts = [self.substrate]
        modes = self.record.get("silicon", {})
        if modes:
            parts.append("with " + ", ".join(f"{name}={value}" for name, value in modes.items()))
        partial = self.record.get("partial")
        if partial:
            whole = f"{partial['of'] * self.dt:g} s"
            parts.append(f"partial, {self.duration:g} of {whole}")
        return f"{self.target} ({'; '.join(parts)})"

    def is_of_silicon(self, modes: Mapping[str, str]) -> bool:
        """Whether it is of these silicon modes; a run with nothing on the chip is of any."""
        return HOST_ONLY in self.record or dict(self.record.get("silicon", {})) == dict(modes)

    def select(self, labels: Sequence[str]) -> Traces:
        """The same run with some of its traces."""
        return replace(self, traces={label: self[label] for label in labels})

    # ------------------------------------------------------------------ files

    def to_dict(self) -> Dict[str, Any]:
        """Everything but the samples, in terms of JSON."""
        return {
            "format": KIND.format,
            "version": KIND.version,
            "model": self.model,
            "target": self.target,
            "substrate": self.substrate,
            "seed": self.seed,
            "dt": self.dt,
            "n_steps": self.n_steps,
            "fingerprint": self.fingerprint,
            "created": self.created,
            "versions": dict(self.versions),
            "settings": dict(self.settings),
            "record": dict(self.record),
            "learned": [describe_learned(each) for each in self.learned],
            "changes": [dict(c) for c in self.changes],
            "problems": [dict(p) for p in self.problems],
            "warnings": list(self.warnings),
            "traces": [
                {
                    "label": t.label,
                    "kind": t.kind,
                    "unit": t.unit,
                    "period": t.period,
                    "n_neurons": t.n_neurons,
                    "amplitude": t.amplitude,
                    "radius": t.radius,
                    "ideal": t.ideal,
                    "instrument": t.instrument,
                    "dynamics": t.dynamics,
                    "seen_through": t.seen_through,
                }
                for t in self
            ],
        }

    def save(self, path: Union[str, Path]) -> Path:
        """Write one npz file: arrays, and the rest as JSON under ``json``.

        Written beside and renamed, so that the file is whole or not there.

        Parameters
        ----------
        path : str or pathlib.Path
            Ends in ``.npz``.

        Raises
        ------
        BadInput
            If it cannot be written.
        """
        return write_npz(Path(path), KIND, self.to_dict(), self.arrays())

    def arrays(self) -> Dict[str, np.ndarray]:
        """Its samples, spikes and learnt weights, by the names of `save`."""
        arrays: Dict[str, np.ndarray] = {}
        for i, trace in enumerate(self):
            if trace.sparse:
                arrays[f"{i}.steps"] = trace.spike_steps
                arrays[f"{i}.neurons"] = trace.spike_neurons
            else:
                arrays[f"{i}.samples"] = trace.samples
        arrays.update(learned_arrays(self.learned))
        return arrays

    @classmethod
    def load(cls, path: Union[str, Path], most_bytes: Optional[int] = None) -> Traces:
        """Read a file written by `save`; it may come from anywhere.

        Parameters
        ----------
        path : str or pathlib.Path
        most_bytes : int, optional
            That it may unpack to.

        Raises
        ------
        BadInput
            In one line, if the file is not there, not a traces file, truncated
            or damaged, or of a newer version.
        """
        return read_npz(Path(path), KIND, cls.of_record, most_bytes)

    @classmethod
    def of_record(cls, record: Mapping[str, Any], arrays: Arrays) -> Traces:
        """The run of a record as of `to_dict` and its arrays by name.

        Raises
        ------
        ValueError, KeyError, TypeError
            If they do not fit together.
        """
        RUN(record, "its record")
        if not record["dt"] > 0:
            raise ValueError(f"a step of {record['dt']} s")
        n_steps = int(record["n_steps"])
        traces = [
            _read_trace(arrays, i, entry, n_steps) for i, entry in enumerate(record["traces"])
        ]
        return cls(
            model=str(record["model"]),
            target=str(record["target"]),
            substrate=str(record["substrate"]),
            seed=int(record["seed"]),
            dt=float(record["dt"]),
            n_steps=n_steps,
            fingerprint=str(record["fingerprint"]),
            traces={trace.label: trace for trace in traces},
            changes=tuple(record["changes"]),
            problems=tuple(record["problems"]),
            warnings=tuple(record["warnings"]),
            versions=record["versions"],
            settings=record["settings"],
            record=record.get("record", {}),
            learned=read_learned(record.get("learned", []), arrays),
            created=str(record["created"]),
        )

    # ---------------------------------------------------------------- exports

    def to_neo(self) -> Any:
        """The run as a `neo.Block`; see `deploy.traces.neo`."""
        from deploy.traces.neo import to_neo

        return to_neo(self)

    def to_pandas(self) -> Any:
        """The run as a tidy `pandas.DataFrame`; see `deploy.traces.pandas`."""
        from deploy.traces.pandas import to_pandas

        return to_pandas(self)

    def plot(self, *labels: str) -> Any:
        """Draw traces one below the other.

        Parameters
        ----------
        *labels : str
            If none is given, the first `MOST_DRAWN` of the model's probes.

        Returns
        -------
        ndarray of matplotlib.axes.Axes
        """
        import matplotlib.pyplot as plt  # loads what most runs do without

        from deploy.traces.drawing import draw_traces

        shown = [self[label] for label in labels] or self._drawn()
        return draw_traces(plt.figure(layout="constrained"), shown, self.dt)

    def _drawn(self) -> List[Trace]:
        """What is drawn of a run by itself."""
        return [t for t in self if not t.instrument and _has_samples(t)][:MOST_DRAWN]

    def _repr_html_(self) -> str:
        from deploy.traces.drawing import picture_of

        drawn = self._drawn()
        picture = picture_of(drawn, self.dt) if drawn else ""
        rows = "".join(
            f"<tr><td>{html.escape(t.label)}</td><td>{t.kind}</td><td>{_size(t)}</td>"
            f"<td>{html.escape(t.unit)}</td></tr>"
            for t in self
            if not t.instrument
        )
        return (
            f"<p><b>{html.escape(self.model)}</b> on <b>{html.escape(self.where)}</b>, "
            f"{self.duration:g} s, seed {self.seed}</p><table><thead><tr><th>trace</th>"
            f"<th>kind</th><th>samples</th><th>unit</th></tr></thead><tbody>{rows}</tbody></table>"
            f"{picture}"
        )


def _has_samples(trace: Trace) -> bool:
    return trace.sparse or bool(trace.samples.size)


def _read_trace(npz: Arrays, i: int, entry: Mapping[str, Any], n_steps: int) -> Trace:
    common = Trace(
        label=str(entry["label"]),
        kind=str(entry["kind"]),
        period=float(entry["period"]),
        n_steps=n_steps,
        n_neurons=int(entry["n_neurons"]),
        amplitude=float(entry["amplitude"]),
        radius=float(entry["radius"]),
        ideal=entry["ideal"],
        instrument=bool(entry["instrument"]),
        dynamics=str(entry.get("dynamics", "")),  # files before 0.2 do not say
        seen_through=float(entry.get("seen_through", 0.0)),
    )
    if len(common.label) > LONGEST:
        raise ValueError(f"a label of {len(common.label):,} characters")
    if common.kind not in UNITS:
        raise ValueError(f"unknown kind of trace {common.kind!r}")
    if not common.period > 0:
        raise ValueError(f"a period of {common.period} steps")
    if not common.sparse:
        samples = npz[f"{i}.samples"]
        # first by its length alone: a number of steps costs whoever writes it nothing
        fits = abs(len(samples) - n_steps / max(common.period, 1.0)) <= 1
        if samples.dtype.kind not in "fiub" or not fits or len(samples) != len(common.steps):
            raise ValueError(f"samples of {common.label!r} do not fit its description")
        return replace(common, samples=samples)
    steps, neurons = npz[f"{i}.steps"], npz[f"{i}.neurons"]
    if steps.dtype.kind != "i" or neurons.dtype.kind != "i" or steps.shape != neurons.shape:
        raise ValueError(f"spikes of {common.label!r} do not fit its description")
    if len(steps) and not (
        steps.min() >= 1
        and steps.max() <= n_steps
        and neurons.min() >= 0
        and neurons.max() < common.n_neurons
    ):
        raise ValueError(f"spikes of {common.label!r} lie outside the run")
    return replace(common, spike_steps=steps, spike_neurons=neurons)


def _size(trace: Trace) -> str:
    if trace.sparse:
        return f"{len(trace.spike_steps)} of {trace.n_neurons} neurons"
    return " × ".join(map(str, trace.samples.shape))
