"""Where jobs run: a machine behind ssh with Slurm, or this one."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

import platformdirs

from deploy.errors import BadInput, TargetUnavailable
from deploy.jobs.agent.schedulers import SCHEDULERS
from deploy.jobs.names import checked
from loihi_rules.likely import likely

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

VARIABLE = "LOIHI_DEPLOY_SITES"
KINDS = {"host": "host", "folder": "path", "python": "path", "conda": "path", "venv": "path",
         "partition": "word", "board": "word", "time_limit": "time",
         "lmt_options": "options"}  # fmt: skip
MOST_FILE = 2**20  # bytes of a file of sites
OF_SLURM = ("sbatch", "nxsdk")  # ways to a board that Slurm has anything to do with
TEMPLATE = """# Sites of loihi-deploy. `loihi-deploy sites check NAME` tries each.

[inrc]
host = "inrc"              # as in your ~/.ssh/config, with its ProxyJump and keys
folder = "loihi-deploy"    # on the other side, below your home
conda = "nxsdk"            # environment: a name, or the path of its folder; or instead:
# venv = "envs/nxsdk"      # a virtual environment's folder
# modules = ["python/3.8"] # loaded with `module load`
# python = "python3.8"     # a command, or a path
partition = "nahuku32"
board = ""                 # of that partition, if it has to be one
time_limit = "01:00:00"
at_once = 4                # tasks of an array that run together
# lmt_options = "--skip-power=1"   # NxSDK's LMTOPTIONS, as boards of several chips may need
take = "sbatch"            # onto the partition; or "nxsdk": NxSDK's own SLURM=1, from the
                           # login machine; or "process": without Slurm
"""


@dataclass(frozen=True)
class Site:
    """How a place is reached, and how it runs jobs.

    Attributes
    ----------
    name : str
    host : str
        For ssh, as in the user's ``~/.ssh/config``; empty for this machine.
    folder : str
        Of jobs, on that machine; relative to the home.
    python, conda, venv, modules : str, str, str, tuple of str
        How Python is started: a command or path, in a conda environment (its name or folder),
        of a virtual environment's folder, or after ``module load``.
    take : str
        How jobs come by a board, one of `SCHEDULERS`: ``"sbatch"``, a Slurm job array; ``"nxsdk"``,
        processes on the login machine that ask Slurm for a board themselves, as NxSDK does with
        ``SLURM=1``; ``"process"``, without Slurm.
    partition, board, time_limit : str
        For Slurm; empty for its own defaults.
    at_once : int
        Tasks of an array that run together.
    lmt_options : str
        For the monitor of a board's chips, which NxSDK takes as ``LMTOPTIONS``.
    """

    name: str
    host: str = ""
    folder: str = "loihi-deploy"
    python: str = "python3"
    conda: str = ""
    venv: str = ""
    modules: Tuple[str, ...] = ()
    take: str = "sbatch"
    partition: str = ""
    board: str = ""
    time_limit: str = ""
    at_once: int = 4
    lmt_options: str = ""

    @classmethod
    def of(cls, name: str, given: Mapping[str, Any], file: str) -> Site:
        """A site out of a table of a TOML file.

        Raises
        ------
        BadInput
            In one line, if a key is unknown or a value not what it should be.
        """
        checked("name", name, f"{file}: the name of a site")
        known = {field.name for field in fields(cls)} - {"name"}
        if not isinstance(given, dict):
            raise BadInput(f"{file}: [{name}] must be a table, not {given!r}")
        for key, value in given.items():
            where = f"{file}: {key} of [{name}]"
            if key not in known:
                raise BadInput(f"{where} is unknown; there are {', '.join(sorted(known))}")
            if key in KINDS and value != "":
                checked(KINDS[key], value, where)
            if key == "modules":
                if not isinstance(value, list):
                    raise BadInput(f"{where} must be a list of names, not {value!r}")
                for module in value:
                    checked("module", module, where)
            if key == "take" and value not in SCHEDULERS:
                raise BadInput(f"{where} must be one of {', '.join(SCHEDULERS)}, not {value!r}")
            if key == "at_once" and (type(value) is not int or not 1 <= value <= 10000):
                raise BadInput(f"{where} must be a whole number from 1, not {value!r}")
        ways = [key for key in ("python", "conda", "venv") if given.get(key)]
        if len(ways) > 1:
            raise BadInput(f"{file}: [{name}] has both {' and '.join(ways)}; keep one")
        return cls(name, **{**given, "modules": tuple(given.get("modules", ()))})

    def to_dict(self) -> Dict[str, Any]:
        """What differs from a site's defaults, as `of` takes it."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        defaults = {field.name: field.default for field in fields(self)}
        return {name: value for name, value in own.items() if value != defaults[name]}

    @property
    def slurm(self) -> bool:
        """Whether Slurm has anything to do with it."""
        return self.take in OF_SLURM

    @property
    def python_words(self) -> List[str]:
        """The command that starts Python there; its own words follow."""
        words = [self.python]
        if self.venv:
            words = [f"{self.venv}/bin/python"]
        elif "/" in self.conda:
            words = [f"{self.conda}/bin/python"]
        elif self.conda:
            words = ["conda", "run", "--no-capture-output", "-n", self.conda, "python"]
        if not self.modules:
            return words
        # a login shell, as `module` is a function of it; all names were checked
        loaded = f'module load {" ".join(self.modules)} && exec {" ".join(words)} "$@"'
        return ["bash", "-lc", loaded, "python"]

    @property
    def environment(self) -> Dict[str, str]:
        """For jobs, besides what is there: NxSDK's own way to a board."""
        asked = {"LMTOPTIONS": self.lmt_options}
        if self.take == "nxsdk":
            asked.update(SLURM="1", PARTITION=self.partition, BOARD=self.board)
        return {name: value for name, value in asked.items() if value}


LOCAL = Site("local", take="process", python=sys.executable)


def sites_file() -> Path:
    """The user's file of sites."""
    named = os.environ.get(VARIABLE)
    return (
        Path(named) if named else Path(platformdirs.user_config_dir("loihi-deploy")) / "sites.toml"
    )


def load_sites() -> Dict[str, Site]:
    """``local``, and those of the user's file.

    Raises
    ------
    BadInput
        If the file is not TOML, or has something that a site has not.
    """
    path = sites_file()
    sites = {"local": LOCAL}
    try:
        if path.stat().st_size > MOST_FILE:
            raise BadInput(f"{path}: too long for a file of sites")
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return sites
    except (ValueError, RecursionError) as error:  # of TOML, UTF-8, or endless digits
        raise BadInput(f"{path}: not a file of sites ({error})") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    for name, given in read.items():
        sites[name] = Site.of(name, given, str(path))
    return sites


def find_site(name: str) -> Site:
    """The site of a name.

    Raises
    ------
    TargetUnavailable
        If there is none.
    """
    sites = load_sites()
    if name not in sites:
        raise TargetUnavailable(
            f"there is no site {name!r}{likely(name, sites)}; there are {', '.join(sites)}; "
            f"`loihi-deploy sites template` prints what to write into {sites_file()}"
        )
    return sites[name]
