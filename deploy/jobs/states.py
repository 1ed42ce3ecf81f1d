"""Where each task of a job is, as its site tells; what it tells is not trusted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple

from deploy.errors import TargetUnavailable
from deploy.shown import printable

NO_RESULT = ("failed", "cancelled", "forgotten", "lost")
OVER = ("complete", *NO_RESULT)


@dataclass(frozen=True)
class State:
    """Of one task.

    Attributes
    ----------
    state : str
        ``"complete"``, ``"failed"``, ``"cancelled"``; ``"lost"`` where Slurm has lost it before
        it began; ``"forgotten"`` where it never began, and nobody knows why; or as Slurm has it:
        ``"pending"``, ``"running"`` …
    why : str
        It ended without a result or waits, in words.
    restarts : int
        How often Slurm has requeued it.
    log : str
        The end of its log, if it ended without a result.
    """

    state: str
    why: str = ""
    restarts: int = 0
    log: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in OVER

    @property
    def last_line(self) -> str:
        """Of its log."""
        lines = self.log.strip().splitlines()
        return lines[-1].strip() if lines else "no log"


@dataclass(frozen=True)
class Status:
    """Of a whole job.

    Attributes
    ----------
    id : str
        Slurm's, of the array.
    tasks : tuple of State
    """

    id: str
    tasks: Tuple[State, ...]

    @classmethod
    def of(cls, answer: Mapping[str, Any], n_tasks: int) -> Status:
        """From an agent's answer.

        Raises
        ------
        TargetUnavailable
            If it is not of that form, or was not submitted.
        """
        if answer.get("note") == "not submitted":
            raise TargetUnavailable("the job did not reach its queue; submit it again")
        try:
            tasks = answer["tasks"]
            return cls(_text(answer["id"]), tuple(_state(tasks[str(n)]) for n in range(n_tasks)))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise TargetUnavailable(
                "the site's answer about the job cannot be read; ask again"
            ) from None

    @property
    def over(self) -> bool:
        """Whether all tasks are."""
        return all(task.over for task in self.tasks)

    @property
    def without_result(self) -> List[int]:
        """Numbers of the tasks of which nothing more will come, and which are not complete."""
        return [n for n, task in enumerate(self.tasks) if task.state in NO_RESULT]

    @property
    def lost(self) -> bool:
        """Whether Slurm has lost the job."""
        return any(task.state == "lost" for task in self.tasks)

    @property
    def counts(self) -> Dict[str, int]:
        """How many tasks there are in each state."""
        return dict(sorted(Counter(task.state for task in self.tasks).items()))


def _state(answer: Mapping[str, Any]) -> State:
    restarts = answer.get("restarts", 0)
    if type(restarts) is not int:
        raise ValueError("restarts are counted")
    return State(
        _text(answer["state"]), _text(answer.get("why", "")), restarts, _text(answer.get("log", ""))
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text is expected")
    return printable(value)[:20000]
