"""The commands: submit, again, status, cancel, logs TASK OFFSET; and task and all, of jobs."""

from __future__ import annotations

import json
import os
from typing import Callable, Dict, List

from .answering import logs, status
from .folder import HERE, Answer
from .running import every_task, task
from .slurm import Unreachable
from .submitting import again, cancel, submit


def main(words: List[str]) -> int:
    os.umask(0o077)  # what is written here is run here: it is nobody else's
    command = words[0] if words else ""
    if command == "task":
        return task(int(os.environ["SLURM_ARRAY_TASK_ID"]), int(words[1]))
    if command == "all":
        return every_task(int(words[1]))
    answers: Dict[str, Callable[[], Answer]] = {
        "submit": submit, "again": again, "status": status, "cancel": cancel,
        "logs": lambda: logs(int(words[1]), int(words[2])),
    }  # fmt: skip
    try:
        answer = answers[command]()
    except Unreachable as error:
        answer = {"unreachable": f"Slurm does not answer: {error}"}
    except FileNotFoundError as error:
        answer = {"error": f"{error.filename} is not here"}
    except OSError as error:
        answer = {"error": f"{error.filename or HERE}: {error.strerror}"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        answer = {"error": f"what is kept in {HERE} is damaged ({error!r}); submit again"}
    print(json.dumps(answer))
    return 0
