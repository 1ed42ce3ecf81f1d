"""Work in several processes, each with one thread, that stops when it is asked to."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from typing import Any, Callable, Dict, Iterator, Optional, Sequence, Tuple, TypeVar

from deploy.emulator.threads import cores
from deploy.errors import BadInput

Job = TypeVar("Job")
Made = TypeVar("Made")

LOOKS = 0.5  # s between two looks of a worker at whether its parent is there
_given: Dict[str, Any] = {}  # of a worker process: what its parent handed over at the start


def at_once(asked: Optional[int]) -> int:
    """As many processes as are asked for, or one for each core that may be used.

    Raises
    ------
    BadInput
        If fewer than one are asked for.
    """
    processes = cores() if asked is None else asked
    if processes < 1:
        raise BadInput(f"the number of processes must be 1 or more, not {processes}")
    return processes


def spread(
    work: Callable[..., Made], jobs: Sequence[Job], processes: int, *shared: Any
) -> Iterator[Tuple[Job, Made]]:
    """Each job with what ``work(job, *shared)`` gives, as they are done.

    Parameters
    ----------
    work : callable
        Calls `stop_if_asked` now and then, if it takes long.
    jobs : sequence
        Can be pickled, as can what is given.
    processes : int
        How many at once; see `at_once`.
    shared : object
        The same for all; handed over by forking, so that it need not be pickled.
    """
    context = multiprocessing.get_context("fork")
    stop = context.Event()
    given = (work, shared, stop, os.getpid())
    with ProcessPoolExecutor(processes, context, _start, given) as pool:
        waiting: Dict[Future[Any], Job] = {pool.submit(_do, job): job for job in jobs}
        try:
            for future in as_completed(list(waiting)):
                yield waiting.pop(future), future.result()
        except BaseException:
            # Asked, not killed: one that dies while it hands over a result leaves the pool
            # waiting for the rest of it.
            stop.set()
            for future in waiting:
                future.cancel()
            raise


def stop_if_asked(*_: Any) -> None:
    """In a worker: end here if the parent has been stopped."""
    if "stop" in _given and _given["stop"].is_set():
        raise KeyboardInterrupt


def _start(work: Any, shared: Tuple[Any, ...], stop: Any, parent: int) -> None:
    threading.Thread(target=_end_without, args=(parent,), daemon=True).start()
    for signum in (signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _given.update(work=work, shared=shared, stop=stop)


def _end_without(parent: int) -> None:
    """End this process where its parent has been killed, which then hands out no more work."""
    while os.getppid() == parent:
        time.sleep(LOOKS)
    os.kill(os.getpid(), signal.SIGKILL)


def _do(job: Any) -> Any:
    stop_if_asked()
    from threadpoolctl import threadpool_limits  # what a site of jobs does without

    with threadpool_limits(1):
        return _given["work"](job, *_given["shared"])
