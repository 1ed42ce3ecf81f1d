"""What is installed, which targets work, and what to do about those that do not."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import time
from typing import Any, Dict, List

from deploy.targets import TARGETS

PACKAGES = {
    "loihi-deploy": "this",
    "nengo": "the reference",
    "nengo-loihi": "the emulator",
    "numpy": "arrays",
    "scipy": "signals",
    "matplotlib": "the report's pictures",
    "pyspike": "ISI- and SPIKE-distances (pip install loihi-deploy[spikes])",
    "neo": "Traces.to_neo() (pip install loihi-deploy[neo])",
    "pandas": "Traces.to_pandas() (pip install loihi-deploy[pandas])",
}
PROGRAMS = {  # outside programs, and what needs them here
    "ssh": "jobs at a site behind ssh",
    "rsync": "jobs at a site behind ssh: files there and back",
    "sbatch": "jobs at a site of this machine's own Slurm (with squeue, sacct and scancel)",
    "cc": "PySpike (pip install loihi-deploy[spikes]), which is compiled once",
}
NEEDED = ("cpu", "emulator")
WARMED = ("one-hot", "pes-connection")  # what learns has kernels of its own


def diagnose() -> Dict[str, Any]:
    """Look at the installation.

    Returns
    -------
    dict
        ``ok``, whether the targets that need no board work; ``targets``, each
        with ``name``, ``works``, ``substrate``, ``summary`` and ``way_out``;
        ``packages``, each with ``name``, ``version`` and ``purpose``; ``programs``, outside ones,
        each with ``name``, ``path``, None if it is not there, and ``purpose``.
    """
    targets: List[Dict[str, Any]] = []
    for target in TARGETS.values():
        missing = target.missing()
        targets.append(
            {
                "name": target.name,
                "works": missing is None,
                "substrate": target.substrate,
                "summary": target.summary,
                "way_out": missing,
            }
        )
    packages = [{"name": "python", "version": platform.python_version(), "purpose": ""}]
    packages += [
        {"name": name, "version": _version(name), "purpose": purpose}
        for name, purpose in PACKAGES.items()
    ]
    return {
        "ok": all(t["works"] for t in targets if t["name"] in NEEDED),
        "targets": targets,
        "packages": packages,
        "programs": [
            {"name": name, "path": shutil.which(name), "purpose": purpose}
            for name, purpose in PROGRAMS.items()
        ],
    }


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def warm() -> float:
    """Have the emulator and the host's part compiled, as installing it would; gives the seconds.

    What runs is a system that does not learn and one that learns on the chip, on the CPU and on
    both emulators, and a pilot run of a neuron.
    """
    from deploy.host.pilots import compile_kernels
    from deploy.workflows.run import run  # loads Nengo

    begun = time.perf_counter()
    compile_kernels()
    for system in WARMED:
        for target in ("cpu", "emulator", "float-emulator"):
            run(system, 0.01, target)
    return time.perf_counter() - begun
