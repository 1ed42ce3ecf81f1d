"""Look at a model before any chip is asked for: what is changed, and whether it fits."""

from __future__ import annotations

import html
import warnings
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Optional, Tuple

from deploy.errors import BadInput
from deploy.files.solutions import solutions_of
from deploy.models.loaded import Model
from deploy.models.loading import load_model
from deploy.models.user_code import user_code
from deploy.nengo_loihi.build.build_errors import CannotBuild
from deploy.nengo_loihi.build.chip_builder import chip_model
from deploy.nengo_loihi.build.resources import Core, Traffic, cores_of, places_of, traffic_of
from deploy.targets.many_objects import many_objects
from deploy.workflows.given import known_target, step_of
from loihi_rules import Change, ChipWarning, Problem, Rewritten, fix_seeds
from loihi_rules.chip.limits import KINDS, Chip
from loihi_rules.rewriting import rewrite_copy


@dataclass(frozen=True)
class Preflight:
    """What `check` found.

    Attributes
    ----------
    model : str
    changes : tuple of Change
        All that differs from what the user wrote.
    problems : tuple of Problem
        What stands in the way, each with a way out.
    resources : tuple of Core
        Each core: its block, and compartments, in-axons, out-axons and synaptic memory,
        used and limit. Empty if the model could not be built.
    traffic : Traffic or None
        What goes over the host's link in a step.
    notes : tuple of str
        What works, but will be slow or lossy on a board.
    warnings : tuple of str
        What the chip will do, but not as well as was asked for: object, figure, edit.
    host_only : str
        Why nothing of the model is on the chip; empty if something is.
    """

    model: str
    changes: Tuple[Change, ...]
    problems: Tuple[Problem, ...]
    resources: Tuple[Core, ...]
    traffic: Optional[Traffic]
    notes: Tuple[str, ...]
    warnings: Tuple[str, ...] = ()
    host_only: str = ""

    @property
    def ok(self) -> bool:
        """Whether the model can run on the chip, or on the host where none of it can."""
        return not self.problems

    @property
    def chips(self) -> int:
        """Chips that are needed."""
        return len({core.chip for core in self.resources})

    @property
    def verdict(self) -> str:
        """One line."""
        if not self.ok:
            return f"{self.model} cannot run on the chip: {self.problems[0]}"
        if not self.resources:
            return (
                f"{self.model} runs on the host; nothing of it can be on the chip: {self.host_only}"
            )
        chips = f"{self.chips} chip" + ("s" if self.chips > 1 else "")
        cores = f"{len(self.resources)} core" + ("s" if len(self.resources) > 1 else "")
        return f"{self.model} fits: {cores} on {chips}, {self.fullest}"

    @property
    def fullest(self) -> str:
        """The core that is nearest to a limit."""
        core, kind = max(
            ((core, kind) for core in self.resources for kind in KINDS),
            key=lambda pair: pair[0].uses[pair[1]].share,
        )
        use = core.uses[kind]
        return f"the fullest has {100 * use.share:.0f} % of its {kind} in use ({core.block})"

    def to_dict(self) -> Dict[str, Any]:
        """All of it, in terms of JSON."""
        return {
            "model": self.model,
            "ok": self.ok,
            "verdict": self.verdict,
            "changes": [asdict(c) for c in self.changes],
            "problems": [asdict(p) for p in self.problems],
            "chips": self.chips,
            "resources": [core.to_dict() for core in self.resources],
            "traffic": None if self.traffic is None else asdict(self.traffic),
            "notes": list(self.notes),
            "warnings": list(self.warnings),
            "host only": self.host_only,
        }

    def __str__(self) -> str:
        return self.verdict

    def __repr__(self) -> str:
        return f"<Preflight: {self.verdict}>"

    def plot(self) -> Any:
        """Draw what each core has in use; gives the `matplotlib.axes.Axes`."""
        import matplotlib.pyplot as plt  # loads what most checks do without

        from deploy.report.pictures import alike, draw_cores

        groups = alike([core.to_dict() for core in self.resources])
        _, axes = plt.subplots(figsize=(7.2, 0.9 + 0.3 * len(groups)), layout="constrained")
        draw_cores(axes, groups)
        return axes

    def _picture(self) -> str:
        if not self.resources:
            return ""
        from deploy.report.pictures import cores_picture  # loads what most checks do without

        drawn = cores_picture([core.to_dict() for core in self.resources])
        return (
            f'<figure style="max-width: 46em; margin: 0">{drawn.svg}'
            f"<figcaption>{html.escape(drawn.caption)}</figcaption></figure>"
        )

    def _repr_html_(self) -> str:
        """The verdict and the cores, in a notebook."""
        head = "".join(f"<th>{kind}</th>" for kind in KINDS)
        rows = "".join(
            f"<tr><td>{core.chip}.{core.core}</td><td>{html.escape(core.block)}</td>"
            + "".join(f"<td>{core.uses[k].used:,} / {core.uses[k].limit:,}</td>" for k in KINDS)
            + "</tr>"
            for core in self.resources
        )
        changes = "".join(
            f"<li>{html.escape(f'{c.object}: {c.before} → {c.after} ({c.why})')}</li>"
            for c in self.changes
        )
        warned = "".join(f"<li>{html.escape(text)}</li>" for text in self.warnings)
        return (
            f"<p><b>{html.escape(self.verdict)}</b></p><ul>{warned}</ul>{self._picture()}"
            f"<details><summary>{len(self.resources)} cores</summary><table><tr><th>core</th>"
            f"<th>block</th>{head}</tr>{rows}</table></details>"
            f"<details><summary>{len(self.changes)} changes</summary><ul>{changes}</ul></details>"
        )


def check(
    model: Model, seed: int = 0, dt: Optional[float] = None, *, target: str = "emulator"
) -> Preflight:
    """Rewrite a model and lay it onto the chip, without running it.

    Parameters
    ----------
    model : nengo.Network, str or pathlib.Path
        As for `deploy.run`.
    seed : int
        Of a network that has none.
    dt : float, optional
        Step in seconds; as for `deploy.run`.
    target : str
        A chip: ``"loihi"`` has limits of its own, which can be looked at without a board.

    Returns
    -------
    Preflight

    Raises
    ------
    BadInput
        If the model cannot be loaded, or the target is no chip.
    """
    chosen = known_target(target)
    if not chosen.is_chip:
        raise BadInput(f"{target} is no chip, onto which a model has to fit; say loihi or emulator")
    loaded = load_model(model, seed)
    dt = step_of(dt, loaded)
    with user_code(loaded.source, loaded.folder), warnings.catch_warnings(
        record=True
    ) as caught, many_objects():
        warnings.simplefilter("always")
        copied = fix_seeds(loaded.network, seed)
        with solutions_of(copied.network) as solutions:
            from deploy.host.pilots import pilot_steps  # loads numba

            rewritten = rewrite_copy(copied, dt, solutions=solutions, steps=pilot_steps())
            problems = list(rewritten.problems)
            built: Any = None
            if not problems and rewritten.chip_ensembles:
                try:
                    built = _built(rewritten, dt)
                except CannotBuild as error:
                    problems.append(error.problem)
                else:
                    problems.extend(chosen.cannot_take(rewritten, built))
    cores: List[Core] = []
    traffic: Optional[Traffic] = None
    if built is not None:
        places = places_of(built, rewritten.chip)
        cores, traffic = cores_of(built, places), traffic_of(built, places)
    return Preflight(
        loaded.name,
        (*loaded.changes, *rewritten.changes),
        tuple(problems),
        tuple(cores),
        traffic,
        () if traffic is None else _notes(traffic, rewritten.chip),
        tuple(dict.fromkeys(str(w.message) for w in caught if w.category is ChipWarning)),
        rewritten.why_on_host,
    )


def _built(rewritten: Rewritten, dt: float) -> Any:
    model = chip_model(rewritten, dt)
    model.build(rewritten.network, remove_passthrough=False)
    return model


def _notes(traffic: Traffic, chip: Chip) -> Tuple[str, ...]:
    notes = []
    if traffic.waits and traffic.bytes > chip.host_channel_bytes:
        notes.append(
            f"the chip has {traffic.bytes:,} bytes for the host in a step; a board's channel "
            f"holds {chip.host_channel_bytes:,}, so that the host would not keep up: have fewer "
            "values or neurons go to the host, or learn from fewer neurons"
        )
    if traffic.waits:
        notes.append(
            "the host needs the chip's answer before its next step, so that each step on a board "
            "is a round trip of some tenths of a millisecond"
        )
        if traffic.input_neurons > chip.host_spikes_a_step:
            notes.append(
                f"the host has {traffic.input_neurons} neurons that send spikes; on a board "
                f"at most {chip.host_spikes_a_step} spikes a step arrive unless "
                "snip_max_spikes_per_step is raised, as --target loihi does"
            )
    return tuple(notes)
