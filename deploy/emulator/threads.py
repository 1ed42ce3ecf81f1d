"""How many threads step a chip: as many as make it faster, as measured while it runs."""

from __future__ import annotations

import multiprocessing
import os
import threading
from typing import Any, Callable, Dict, List, Set

SHORTEST = 1e-3  # s of a call, by one thread, below which starting another costs as much
FASTER = 0.9  # of the time with fewer, at most, for which more are taken
AGAIN = 30  # calls until another number is tried


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS binds no process to cores


def most_threads() -> int:
    """As many as there are cores for this process.

    One in a process that another has started to share the work, as those of sweeps and data sets;
    and no more than ``OMP_NUM_THREADS`` says, as for other libraries.
    """
    if multiprocessing.parent_process() is not None:
        return 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores(), int(asked)) if asked.isdigit() and int(asked) > 0 else cores()


class Pace:
    """Chooses how many threads make the next steps, by what steps have taken.

    The numbers are 1, 2, 4, … and the most. From one on it climbs as long as the next is faster,
    and from time to time tries its neighbours once more.

    Parameters
    ----------
    most : int
    """

    def __init__(self, most: int):
        self.numbers: List[int] = sorted({*(2**k for k in range(most.bit_length())), most})
        self.numbers = [n for n in self.numbers if n <= most]
        self._at = 0  # which of them is the best so far
        self._taken: Dict[int, float] = {}  # s a step, by number
        self._calls = 0
        self._is_first = True  # call, which loads the kernel and may compile it

    def next_number(self, n_steps: int) -> int:
        """How many threads are to make the next so many steps."""
        if len(self.numbers) == 1:
            return 1
        alone = self._taken.get(1)
        if alone is None or alone * n_steps < SHORTEST:
            return 1
        self._calls += 1
        neighbours = [k for k in (self._at + 1, self._at - 1) if 0 <= k < len(self.numbers)]
        for k in neighbours:
            if self.numbers[k] not in self._taken:
                return self.numbers[k]
        if self._calls % AGAIN == 0:
            return self.numbers[neighbours[(self._calls // AGAIN) % len(neighbours)]]
        return self.numbers[self._at]

    def took(self, number: int, n_steps: int, seconds: float) -> None:
        """So long steps took with so many threads."""
        if len(self.numbers) == 1 or not n_steps or self._is_first:
            self._is_first = False
            return
        self._taken[number] = seconds / n_steps
        while self._at + 1 < len(self.numbers) and self._is_faster(self._at + 1, self._at):
            self._at += 1
        while self._at and not self._is_faster(self._at, self._at - 1):
            self._at -= 1

    def _is_faster(self, more: int, fewer: int) -> bool:
        taken = self._taken.get(self.numbers[more])
        return taken is not None and taken < FASTER * self._taken[self.numbers[fewer]]


def together(work: Callable[[int, int], Any], n_threads: int) -> None:
    """Call ``work(n_threads, me)`` in so many threads at once, of which one is this.

    Where the system gives fewer threads, fewer take part. Threads are started for each call, so
    that none is left to a process that is forked.
    """
    ready, number = threading.Event(), [1]
    cores = os.sched_getaffinity(0)

    def other(me: int) -> None:
        _begin_on(me, cores)
        ready.wait()
        work(number[0], me)

    others: List[threading.Thread] = []
    try:
        for me in range(1, n_threads):
            thread = threading.Thread(target=other, args=(me,), daemon=True)
            thread.start()
            others.append(thread)
    except RuntimeError:  # no more can be started
        pass
    _begin_on(0, cores)
    number[0] = 1 + len(others)
    ready.set()
    try:
        work(number[0], 0)
    finally:
        for thread in others:
            thread.join()


def _begin_on(me: int, cores: Set[int]) -> None:
    """Move this thread to a core of its own, on which it need not stay.

    The system starts a thread beside the one that starts it, and where each core has something to
    do it leaves both there, to take turns.
    """
    order = sorted(cores)
    try:
        os.sched_setaffinity(0, {order[me % len(order)]})
        os.sched_setaffinity(0, cores)
    except OSError:  # cores have been taken away meanwhile: the system's choice does
        pass
