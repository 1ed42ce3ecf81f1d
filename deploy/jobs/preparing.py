"""Pack a job and write it down; nothing is sent yet."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from deploy.emulator.silicon import AS_EMULATED, Silicon
from deploy.errors import BadInput
from deploy.files.atomic import atomic_write
from deploy.files.places import not_made
from deploy.files.private import private_folder
from deploy.jobs import bundle as bundles
from deploy.jobs.expected import Expected
from deploy.jobs.foreseen import foreseen
from deploy.jobs.job import BETWEEN, MOST_TASKS, Job, Task
from deploy.jobs.names import checked
from deploy.jobs.site import find_site
from deploy.models.begun import Begun
from deploy.models.loaded import LoadedModel
from deploy.models.same_model import check_repeatable
from deploy.models.spelling import NIR, Spelling
from deploy.targets import check_silicon, find_target
from deploy.traces.parts import EVERY
from deploy.workflows.freeze import load_with_weights
from deploy.workflows.given import steps_of

if TYPE_CHECKING:
    from deploy.jobs.agent.folder import Settings

OURS = ("deploy", "loihi_rules")  # come with every job
AGENT = Path(__file__).parent / "agent"  # is sent along


@dataclass(frozen=True)
class Options:
    """What a job's runs have in common.

    Attributes
    ----------
    target : str
    dt : float
        In seconds.
    weights : pathlib.Path or None
        File of weights that is put into the model.
    learn : bool
        Whether they resume learning.
    fan_in : int or None
        Keep so many of the weights into each neuron.
    beside : sequence of pathlib.Path
        Files that the model reads, put beside it.
    part_every : float
        Seconds between two parts of a run.
    silicon : Silicon
        Modes of runs on the emulator: there, or here, as the rung below a board's.
    begun : mapping of str to Begun
        Models, by what they are called, whose files have been executed already.
    """

    target: str = "emulator"
    dt: float = 0.001
    weights: Optional[Path] = None
    learn: bool = False
    fan_in: Optional[int] = None
    beside: Sequence[Path] = ()
    part_every: float = EVERY
    silicon: Silicon = AS_EMULATED
    begun: Mapping[str, Begun] = field(default_factory=dict)


@dataclass(frozen=True)
class Packed:
    """A job that is neither written down nor sent.

    Attributes
    ----------
    job : Job
    files : mapping of str to int
        Bytes of each file of its bundle.
    data : bytes
        The bundle.
    packages : str
        Sum of our own packages.
    """

    job: Job
    files: Mapping[str, int]
    data: bytes
    packages: str


def prepare(tasks: Sequence[Task], site: str, options: Optional[Options] = None) -> Job:
    """Pack a job, and write it down here; the arguments and errors are those of `pack`."""
    packed = pack(tasks, site, options)
    _write_files(packed.job, packed.data, packed.packages)
    return packed.job


def pack(tasks: Sequence[Task], site: str, options: Optional[Options] = None) -> Packed:
    """Pack a job; nothing is written.

    Parameters
    ----------
    tasks : sequence of Task
        Of one model; its parameters and seeds may differ.
    site : str
    options : Options, optional

    Returns
    -------
    Packed

    Raises
    ------
    BadInput, TargetUnavailable
        If the model cannot be loaded, or there is no such target or site.
    """
    options = options or Options()
    place = find_site(site)
    check_silicon([options.target, *BETWEEN.get(options.target, ())], options.silicon)
    tasks = tuple(tasks)
    if not tasks or len({(task.model, task.seed) for task in tasks}) != len(tasks):
        raise BadInput("each task needs a seed or parameters of its own")
    if len(tasks) > MOST_TASKS:
        raise BadInput(f"{len(tasks)} tasks are too many for one job; at most {MOST_TASKS}")
    for task in tasks:
        steps_of(task.duration, options.dt)
    loaded, expected = _first_of_each(tasks, options)
    for task in tasks:
        _check_parameters(Spelling.read(task.model), options)
    ours = bundles.packages()
    files = dict(ours)
    source = loaded.source
    if source is not None:
        file = checked("name", source.name, "the name of a submitted file")
        for path in (source, *options.beside):
            name = checked("name", path.name, "the name of a submitted file")
            if f"model/{name}" in files:
                raise BadInput(f"{name} would be sent twice; give each file once")
            files[f"model/{name}"] = _nir_bytes(path) if path.suffix == NIR else _bytes(path)
        _check_imports(source, files)
    elif options.beside:
        raise BadInput("--beside goes with a model of your own, which reads the files")
    if options.weights is not None:
        files[bundles.WEIGHTS] = _bytes(options.weights)
    spec = {
        "file": file if source is not None else "",
        "tasks": [{"model": _there(task.model, source), "seed": task.seed,
                   "duration": task.duration} for task in tasks],
        "target": options.target, "dt": options.dt, "part_every": options.part_every,
        "weights": {"learn": options.learn, "fan_in": options.fan_in} if options.weights else None,
        "silicon": options.silicon.of_target(find_target(options.target).has_silicon_modes),
    }  # fmt: skip
    data = bundles.pack(files, spec)
    sha256 = hashlib.sha256(data).hexdigest()
    own = f"{sha256} {place.name} {place.host} {place.folder} {options.silicon}".rstrip()
    key = hashlib.sha256(own.encode()).hexdigest()[:12]
    plain = re.sub(r"[^A-Za-z0-9_]", "-", loaded.name)[:40].strip("-") or "model"
    job = Job(
        f"{plain}-{key}", place, options.target, options.dt, tasks, sha256, expected,
        options.silicon.different,
    )  # fmt: skip
    sizes = {name: len(body) for name, body in files.items()}
    return Packed(job, sizes, data, bundles.sum_of_packages(ours))


def _first_of_each(
    tasks: Sequence[Task], options: Options
) -> Tuple[LoadedModel, Dict[str, Expected]]:
    """The first model, and what is expected of each, which finds what cannot be loaded."""
    first: Optional[LoadedModel] = None
    expected: Dict[str, Expected] = {}
    for model in dict.fromkeys(task.model for task in tasks):
        of_it = [task for task in tasks if task.model == model]
        loaded = load_with_weights(
            check_repeatable(options.begun.get(model, model), of_it[0].seed),
            of_it[0].seed,
            options.weights,
            options.learn,
            options.fan_in,
        )
        longest = max(task.duration for task in of_it)
        expected[model] = foreseen(loaded, of_it[0].seed, longest, options.dt)
        first = first or loaded
    if first is None:  # there is one task at least
        raise BadInput("there is no task")
    return first, expected


def _check_imports(source: Path, files: Mapping[str, bytes]) -> None:
    """Refuse a model that imports what lies beside it and is not sent."""
    imported: Set[str] = set()
    for path, body in files.items():
        if path.startswith("model/") and path.endswith(".py"):
            imported |= _imported(body)
    for name in sorted(imported):
        beside = source.with_name(f"{name}.py")
        if beside.is_file() and f"model/{beside.name}" not in files:
            raise BadInput(f"{source}: {name} is imported, but not sent; add --beside {beside}")
        if source.with_name(name).joinpath("__init__.py").is_file() and name not in OURS:
            raise BadInput(
                f"{source}: {name} is imported, but a folder is not sent; install it here and at "
                "the site as a package"
            )


def _check_parameters(model: Spelling, options: Options) -> None:
    """Refuse a parameter that names a file by a way that begins where the user is."""
    sent = {path.name for path in options.beside} if model.path else set()
    for name, value in model.parameters.items():
        path = Path(value)
        if path.suffix and not path.is_absolute() and path.is_file() and value not in sent:
            raise BadInput(
                f"{name}={value}: a file that is not there at the site; give it by --beside, and "
                "have a model of your own read it beside itself"
            )


def _imported(body: bytes) -> Set[str]:
    """Top-level names that a file imports; none if it is not Python, which is no fault yet."""
    found: Set[str] = set()
    try:
        nodes = ast.walk(ast.parse(body))
    except (SyntaxError, ValueError):
        return found
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def _there(model: str, source: Optional[Path]) -> str:
    """How the runner gets the model: a system's spelling, or what is behind a file's name."""
    return model if source is None else Spelling.read(model).behind


def _nir_bytes(path: Path) -> bytes:
    """Of a NIR file what a site can read, which has no package for it."""
    from loihi_rules.nir.file import read_file
    from loihi_rules.nir.sent import to_bytes

    return to_bytes(read_file(path))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None


def _write_files(job: Job, data: bytes, packages: str) -> None:
    place, sent = job.site, job.folder / "sent"
    try:
        private_folder(sent / AGENT.name)
        job.folder.chmod(0o700)
    except OSError as error:
        raise not_made(job.folder, error) from None
    settings: Settings = {
        "name": job.name, "sha256": job.sha256, "tasks": len(job.tasks), "take": place.take,
        "python": place.python_words, "partition": place.partition, "board": place.board,
        "time_limit": place.time_limit, "at_once": place.at_once,
        "environment": place.environment, "packages": packages,
    }  # fmt: skip
    bodies: List[Tuple[str, bytes]] = [
        ("bundle.tar", data), ("settings.json", json.dumps(settings).encode()),
        *((f"agent/{path.name}", path.read_bytes()) for path in sorted(AGENT.glob("*.py"))),
    ]  # fmt: skip
    for name, body in bodies:
        with atomic_write(sent / name) as stream:
            stream.write(body)
    job.write()
