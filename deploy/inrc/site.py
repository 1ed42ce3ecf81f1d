"""Where jobs run: a machine behind ssh with Slurm, or this one."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Dict, Mapping

import platformdirs

from deploy.errors import BadInput, TargetUnavailable
from deploy.inrc.names import checked

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

VARIABLE = "LOIHI_DEPLOY_SITES"
TEMPLATE = """# Sites of loihi-deploy. `loihi-deploy sites check NAME` tries each.

[inrc]
host = "inrc"              # as in your ~/.ssh/config, with its ProxyJump and keys
folder = "loihi-deploy"    # on the other side, below your home
python = "python3"         # or the path of a conda environment's
partition = "nahuku32"
board = ""                 # of that partition, if it has to be one
time_limit = "01:00:00"
at_once = 4                # tasks of an array that run together
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
    python : str
        That starts the runner.
    slurm : bool
        Whether jobs go through Slurm; else they are processes.
    partition, board, time_limit : str
        For Slurm; empty for its own defaults.
    at_once : int
        Tasks of an array that run together.
    """

    name: str
    host: str = ""
    folder: str = "loihi-deploy"
    python: str = "python3"
    slurm: bool = True
    partition: str = ""
    board: str = ""
    time_limit: str = ""
    at_once: int = 4

    @classmethod
    def of(cls, name: str, given: Mapping[str, Any], file: str) -> Site:
        """A site out of a table of a TOML file.

        Raises
        ------
        BadInput
            In one line, if a key is unknown or a value not what it should be.
        """
        checked("name", name, f"{file}: the name of a site")
        kinds = {"host": "host", "folder": "path", "python": "path", "partition": "word",
                 "board": "word", "time_limit": "time"}  # fmt: skip
        known = {field.name for field in fields(cls)} - {"name"}
        if not isinstance(given, dict):
            raise BadInput(f"{file}: [{name}] must be a table, not {given!r}")
        for key, value in given.items():
            where = f"{file}: {key} of [{name}]"
            if key not in known:
                raise BadInput(f"{where} is unknown; there are {', '.join(sorted(known))}")
            if key in kinds and value != "":
                checked(kinds[key], value, where)
            if key == "slurm" and not isinstance(value, bool):
                raise BadInput(f"{where} must be true or false, not {value!r}")
            if key == "at_once" and (type(value) is not int or not 1 <= value <= 10000):
                raise BadInput(f"{where} must be a whole number from 1, not {value!r}")
        return cls(name, **given)


LOCAL = Site("local", slurm=False, python=sys.executable)


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
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return sites
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
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
            f"there is no site {name!r}; there are {', '.join(sites)}; "
            f"`loihi-deploy sites template` prints what to write into {sites_file()}"
        )
    return sites[name]
