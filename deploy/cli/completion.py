"""What a shell offers where a value is typed."""

from __future__ import annotations

import contextlib
from typing import Any, Iterable, List

from click import Context, Parameter
from click.shell_completion import CompletionItem


def models(context: Context, parameter: Parameter, begun: str) -> List[CompletionItem]:
    """The built-in systems, and files."""
    from loihi_rules.systems import SYSTEMS

    return [*_beginning(begun, SYSTEMS), CompletionItem(begun, type="file")]


def targets(context: Context, parameter: Parameter, begun: str) -> List[CompletionItem]:
    """The targets; behind a comma the next one."""
    from deploy.targets import TARGETS

    before, comma, last = begun.rpartition(",")
    named = before.split(",")
    left = [name for name in TARGETS if name not in named]
    return [CompletionItem(f"{before}{comma}{item.value}") for item in _beginning(last, left)]


def silicon(context: Context, parameter: Parameter, begun: str) -> List[CompletionItem]:
    """The silicon modes, each with what it can be."""
    from deploy.emulator.silicon import MODES

    return _beginning(begun, [f"{mode.name}={value}" for mode in MODES for value in mode.values])


def parameters(context: Context, parameter: Parameter, begun: str) -> List[CompletionItem]:
    """What the built-in system that is named can be given."""
    from loihi_rules.systems import SYSTEMS

    # click has not yet made a parameter of the model where an option still lacks its value
    named = [context.params.get("model"), *context.args]
    systems = [SYSTEMS[name] for name in named if name in SYSTEMS]
    return _beginning(begun, [f"{p.name}=" for system in systems for p in system.parameters])


def engines(context: Context, parameter: Parameter, begun: str) -> List[CompletionItem]:
    """The engines of the emulators."""
    from deploy.targets.emulated import ENGINES

    return _beginning(begun, ENGINES)


def sites(context: Context, parameter: Parameter, begun: str) -> List[CompletionItem]:
    """The sites that are known here."""
    from deploy.errors import DeployError
    from deploy.jobs.site import load_sites

    with contextlib.suppress(DeployError):  # it is said once the command runs
        return _beginning(begun, load_sites())
    return []


def jobs(context: Context, parameter: Parameter, begun: str) -> List[CompletionItem]:
    """The jobs that were submitted from here."""
    from deploy.jobs.job import jobs_folder

    return _beginning(begun, sorted(path.parent.name for path in jobs_folder().glob("*/job.json")))


def systems(context: Context, parameter: Parameter, begun: str) -> List[CompletionItem]:
    """The built-in systems."""
    from loihi_rules.systems import SYSTEMS

    return _beginning(begun, SYSTEMS)


def _beginning(begun: str, names: Iterable[Any]) -> List[CompletionItem]:
    return [CompletionItem(name) for name in names if str(name).startswith(begun)]
