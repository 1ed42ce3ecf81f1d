"""How compiled threads share work and wait for each other, without Python's lock.

A team is an array of int64, a cache line a counter: how many threads have come to the end of a
turn, summed over all turns, and of each thread how many of its parts have been taken in a turn.
Turns use two counters each by turns, so that one is at 0 when all begin.
"""

from __future__ import annotations

import numpy as np

from deploy.compiling.jit import HAVE_NUMBA, jit, part

LINE = 8  # int64 of a cache line
LOOKS = 2000  # at the others, a microsecond or two, before a core is given away


def new_team(n_threads: int) -> np.ndarray:
    """Counters, all at 0, of so many threads."""
    return np.zeros((1 + 2 * n_threads) * LINE, np.int64)


if HAVE_NUMBA:
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    INT64 = ir.IntType(64)
    give_way = types.ExternalFunction("sched_yield", types.int32())

    @intrinsic
    def _fetch_add(typingctx, address, value):
        def generate(context, builder, sig, args):
            pointer = builder.inttoptr(args[0], INT64.as_pointer())
            return builder.atomic_rmw("add", pointer, args[1], "seq_cst")

        return types.int64(types.int64, types.int64), generate

    @intrinsic
    def _now(typingctx, address):
        def generate(context, builder, sig, args):
            pointer = builder.inttoptr(args[0], INT64.as_pointer())
            return builder.atomic_rmw("add", pointer, INT64(0), "seq_cst")

        return types.int64(types.int64), generate

    @jit
    def meet(address, turn, n_threads):
        """Come to the end of a turn, and wait for the others."""
        goal = (turn + 1) * n_threads
        here = _fetch_add(address, 1) + 1
        looks = 0
        while here < goal:
            looks += 1
            if looks > LOOKS:
                give_way()
            here = _now(address)

    @jit
    def _take(address, me, turn, first, n_parts, n_threads):
        """A part that no thread has had in this turn, its own first.

        Gives it, and whose it is, counted from the thread itself; ``n_parts`` where none is left.
        """
        ahead = first
        while ahead < n_threads:
            owner = (me + ahead) % n_threads
            begin, end = owner * n_parts // n_threads, (owner + 1) * n_parts // n_threads
            k = begin + _fetch_add(address + _place(owner, turn), 1)
            if k < end:
                return k, ahead
            ahead += 1
        return n_parts, ahead

else:  # one thread alone, which neither waits nor takes

    def meet(address, turn, n_threads):
        raise NotImplementedError

    def _take(address, me, turn, first, n_parts, n_threads):
        raise NotImplementedError


@jit
def _place(owner, turn):
    return (1 + 2 * owner + (turn & 1)) * LINE * 8


@part
def next_part(team, me, turn, k, ahead, n_parts, n_threads):
    """The next part, and from whose; of one thread alone, the one behind ``k``."""
    if n_threads == 1:
        return k + 1, 0
    return _take(team.ctypes.data, me, turn, ahead, n_parts, n_threads)


@part
def end_turn(team, me, turn, n_threads):
    """Wait until all threads have come to the end of a turn; gives the number of the next."""
    if n_threads > 1:
        # of the next turn, which nobody takes of before all are here
        team[(1 + 2 * me + ((turn + 1) & 1)) * LINE] = 0
        meet(team.ctypes.data, turn, n_threads)
    return turn + 1
