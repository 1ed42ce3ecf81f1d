"""What is typed, read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from deploy import parity
from deploy.emulator.silicon import AS_EMULATED, Silicon
from deploy.errors import BadInput
from deploy.models.checking import check_model
from deploy.models.spelling import NIR, PYTHON, Spelling
from deploy.targets import check_engine, check_silicon
from deploy.workflows.given import (
    STEP,
    USER_DURATION,
    WEIGHTS,
    check_number_of_runs,
    check_weights,
    checked_seed,
    known_target,
    seconds_of,
    step_of,
    steps_of,
)
from loihi_rules.systems import SYSTEMS

if TYPE_CHECKING:
    from deploy.models.begun import Begun
    from deploy.models.loaded import Model
    from deploy.recordings.recording import Recording
    from deploy.traces.traces import Traces

MOST_SEEDS = 100_000


class Timing(NamedTuple):
    """How long a run is, and its step, in seconds."""

    seconds: float
    dt: float


def model_of(text: str, parameters: Sequence[str] = ()) -> str:
    """A model as it is typed, with the parameters that were given besides, both looked at."""
    names = [each.partition("=")[0] for each in parameters]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise BadInput(f"parameter {twice[0]!r} is given twice; leave one out")
    spelling = Spelling.read(text).with_parameters(parameters)
    check_model(spelling)
    return str(spelling)


def check_run(
    model: str,
    targets: Sequence[str],
    seeds: Sequence[int],
    duration: Optional[float],
    dt: Optional[float],
    engine: str = "fast",
    silicon: Silicon = AS_EMULATED,
) -> Timing:
    """Look at all that a run is given before what it takes is loaded; gives how long it is."""
    for seed in seeds:
        checked_seed(seed)
    check_silicon(targets, silicon)
    if targets:
        check_engine(targets, engine)
    for name in targets:
        known_target(name, engine, silicon)
    if Spelling.read(model).suffix == NIR:  # whose numbers say what its step is
        from deploy.models.loading import load_model  # loads Nengo

        loaded = load_model(model, 0)
        timing = Timing(seconds_of(duration, loaded), step_of(dt, loaded))
    else:
        timing = Timing(duration_of(model, duration, seeds), STEP if dt is None else dt)
    steps_of(*timing)
    return timing


def duration_of(model: str, duration: Optional[float], seeds: Sequence[int] = (0,)) -> float:
    """Seconds of model time: as asked, a system's own for these seeds, or that of users' models."""
    if duration is not None:
        return duration
    spelling = Spelling.read(model)
    if not spelling.system:
        return USER_DURATION
    try:
        return max(SYSTEMS[spelling.system].seconds(spelling.parameters, seed) for seed in seeds)
    except ValueError as error:
        raise BadInput(str(error)) from None


def seeds_of(text: str) -> List[int]:
    """``0:20`` or ``1,4,7``."""
    try:
        if ":" in text:
            first, end = map(int, text.split(":"))
            if end < first:
                raise BadInput(
                    f"seeds {text} end before they begin; {end}:{first} are {end} to {first - 1}"
                )
            if end - first > MOST_SEEDS:
                raise BadInput(f"{end - first} seeds are too many; at most {MOST_SEEDS}")
            return list(range(first, end))
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise BadInput(f"seeds are written FIRST:END or with commas, not {text!r}") from None


def names_of(text: str) -> List[str]:
    """Names with commas between them; none at all of an empty text.

    Raises
    ------
    BadInput
        If one is missing.
    """
    names = [name.strip() for name in text.split(",")] if text.strip() else []
    if not all(names):
        raise BadInput(f"{text!r}: beside a comma a name is missing; put one comma between two")
    return names


def pairs_of(texts: Tuple[str, ...]) -> Dict[str, str]:
    pairs = {}
    for text in texts:
        label, equals, ideal = text.partition("=")
        if not (label and equals and ideal):
            raise BadInput(f"an ideal is written PROBE=PROBE, not {text!r}")
        pairs[label] = ideal
    return pairs


def spread_of(text: str) -> Union[int, parity.Spread]:
    """A number of runs, or a file of a spread."""
    if text.endswith(".npz"):
        return parity.Spread.load(text)
    try:
        runs = int(text)
    except ValueError:
        raise BadInput(
            f"a spread is a number of runs or an .npz file of deploy.spread, not {text!r}"
        ) from None
    if runs:
        check_number_of_runs(runs)
    return runs


def runs_of(files: Sequence[str], mapping: Optional[Path]) -> List[Union[Traces, Recording]]:
    """Our own traces, and what other programs recorded, by a mapping."""
    from deploy.files.npz import has_record  # loads NumPy
    from deploy.recordings.mapping import Mapping
    from deploy.recordings.reading import read_recording
    from deploy.traces.traces import Traces

    ours = [name.endswith(".npz") and has_record(Path(name)) for name in files]
    if mapping is not None and all(ours):
        raise BadInput("--mapping is for files of other programs; both of these are loihi-deploy's")
    how = Mapping() if mapping is None else Mapping.load(mapping)
    return [
        Traces.load(name) if own else read_recording(name, how) for name, own in zip(files, ours)
    ]


def check_weights_file(weights: Optional[Path], learn_on: bool, fan_in: Optional[int]) -> None:
    """Look at options of weights, and into their file, before a model is loaded for them."""
    check_weights(weights, learn_on, fan_in)
    if weights is not None:
        from deploy.files.npz import read_npz  # loads NumPy

        read_npz(weights, WEIGHTS, lambda record, arrays: None)


def begun(model: str, seed: int) -> Union[str, Begun]:
    """The model, whose Python file is executed, before what takes long is loaded.

    The last that is looked at: a file is executed once a run, and for nothing that is refused.
    """
    if Spelling.read(model).suffix != PYTHON:
        return model
    from deploy.models.begun import Begun  # loads NumPy

    return Begun(model, seed)


def with_weights(
    model: Union[str, Begun],
    seed: int,
    weights: Optional[Path],
    learn_on: bool,
    fan_in: Optional[int],
) -> Model:
    """The model as it is named, or with the weights of a file put into it."""
    if weights is None:
        return model
    from deploy.workflows.freeze import load_with_weights  # loads Nengo

    return load_with_weights(model, seed, weights, learn_on, fan_in)
