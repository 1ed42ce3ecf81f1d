"""Solutions that are kept on disk: decoders, fits, rounded weights.

A file a model, in the user's cache folder. In it a solution is found by the numbers of its problem
(`loihi_rules.solutions.content_of`), our own source text and the versions of what computes: nothing
that has changed is found, and of a model of which a part has changed the others are.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import platform
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import nengo

import deploy
import loihi_rules
from deploy.errors import DeployError
from deploy.files.cache import cache_folder, leave_out_the_oldest
from deploy.files.kind import FileKind
from deploy.files.npz import read_npz, write_npz
from deploy.files.packed import is_in_one_piece, packed, unpacked
from deploy.files.private import is_private, private_folder
from loihi_rules.solutions import Solution, Solutions, content_of, copied

KIND = FileKind("loihi-deploy solutions", 1, "solutions", "they are made anew")
LIBRARIES = ("numpy", "scipy", "nengo", "nengo-loihi")
MOST_BYTES = 2**29  # of all files
LARGEST = 2**27  # bytes of one


class KeptSolutions(Solutions):
    """Those of a file, and those that are found meanwhile, if all of them are not too many.

    Parameters
    ----------
    path : pathlib.Path
        Need not be there. What cannot be read, is not whole, or could be somebody else's, is as if
        it were not there.
    """

    def __init__(self, path: Path):
        self._path = path
        self._there: Mapping[str, Solution] = {}
        self._used: Dict[str, Solution] = {}
        self._left = LARGEST  # bytes
        self._is_new = False  # something that was used
        with contextlib.suppress(DeployError, OSError):
            if not (is_private(path.parent) and is_private(path)):
                return
            self._there = read_npz(path, KIND, unpacked, 2 * LARGEST)
            os.utime(path)  # the oldest are left out first

    def of(self, problem: Sequence[Any], solve: Callable[[], Solution]) -> Solution:
        return self.of_all([problem], lambda _: [solve()])[0]

    def of_all(
        self,
        problems: Sequence[Sequence[Any]],
        solve: Callable[[Sequence[int]], Sequence[Solution]],
    ) -> List[Solution]:
        keys = [content_of(problem) if self._left >= 0 else None for problem in problems]
        known = [self._known(key) for key in keys]
        new = [k for k, solution in enumerate(known) if solution is None]
        for k, solution in zip(new, solve(new) if new else ()):
            known[k], key = solution, keys[k]
            if key is not None and all(map(is_in_one_piece, solution)):
                self._is_new = True
                self._use(key, tuple(map(copied, solution)))
        return [solution for solution in known if solution is not None]

    def _known(self, key: Optional[str]) -> Optional[Solution]:
        known = None if key is None else self._used.get(key, self._there.get(key))
        if key is None or known is None:
            return None
        if key not in self._used:
            self._use(key, known)
        return tuple(map(copied, known))

    def _use(self, key: str, solution: Solution) -> None:
        self._used[key] = solution
        self._left -= _size({key: solution})
        if self._left < 0:  # nothing of so large a model is kept
            self._used.clear()

    def keep(self) -> None:
        """Write the file, if there is anything new in it.

        What was of no use this time stays as long as it is no more than what was: of another
        target, or of the model before it was changed.
        """
        if not self._is_new or not self._used:
            return
        kept = dict(self._used)
        room = min(_size(kept), self._left)
        for key, solution in self._there.items():
            room -= 0 if key in kept else _size({key: solution})
            if room < 0:
                break
            kept.setdefault(key, solution)
        record, data = packed(kept)
        with contextlib.suppress(DeployError, OSError):  # a full or read-only disk keeps nothing
            private_folder(self._path.parent)
            write_npz(self._path, KIND, record, {"data": data})
            leave_out_the_oldest(self._path.parent, MOST_BYTES)


@contextlib.contextmanager
def solutions_of(network: nengo.Network) -> Iterator[Solutions]:
    """Those of a model that is about to be rewritten and built; kept if that goes well."""
    folder = cache_folder("solutions")
    if folder is None:
        yield Solutions()
        return
    kept = KeptSolutions(folder / f"{_mark(network)}.npz")
    yield kept
    kept.keep()


def _mark(network: nengo.Network) -> str:
    """Which model it is, more or less: what is in its file is found by numbers."""
    ensembles = [(ens.n_neurons, ens.dimensions, ens.seed) for ens in network.all_ensembles]
    seeds = [conn.seed for conn in network.all_connections]
    text = repr((computed_by(), network.seed, ensembles, seeds))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@lru_cache(maxsize=None)
def computed_by() -> str:
    """What the last bits of a solution depend on besides its problem."""
    digest = hashlib.sha256()
    for package, part in ((loihi_rules, ""), (deploy, "nengo_loihi")):
        root = Path(str(package.__file__)).parent
        for path in sorted((root / part).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    versions = [_version(name) for name in LIBRARIES]
    text = repr((platform.python_version(), platform.machine(), versions, _linear_algebra()))
    digest.update(text.encode())
    return digest.hexdigest()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _linear_algebra() -> List[Tuple[str, ...]]:
    """Each library of it, and for which processors it computes."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:  # at a site of jobs
        return [(platform.node(),)]
    names = ("internal_api", "version", "architecture")
    return sorted({tuple(str(each.get(n)) for n in names) for each in threadpool_info()})


def _size(solutions: Mapping[str, Solution]) -> int:
    return sum(array.nbytes for solution in solutions.values() for array in solution)
