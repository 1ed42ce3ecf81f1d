"""All attacks, one after another, each trial from a seed of its own."""

from __future__ import annotations

import random
import re
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from hardware_tests.attack.crafted import CRAFTED
from hardware_tests.attack.forgotten import FORGOTTEN
from hardware_tests.attack.identity import IDENTITY
from hardware_tests.attack.scene import Scene
from hardware_tests.attack.slow_small import SLOW_SMALL
from hardware_tests.attack.victim import Outcome, Violation

Attacks = Dict[str, Tuple[int, Callable[[Any, random.Random], str]]]
KINDS: Dict[str, Attacks] = {
    "crafted files and answers": CRAFTED,
    "whose job and whose process": IDENTITY,
    "after Slurm has forgotten": FORGOTTEN,
    "slow and small": SLOW_SMALL,
}


def campaign(
    folder: Path, seed: int = 0, only: str = "", share: float = 1.0, trials: Optional[int] = None
) -> List[Outcome]:
    """Try each attack with seeds from ``seed`` on; prints each outcome as it comes."""
    scene: Optional[Scene] = None
    outcomes: List[Outcome] = []
    for kind, attacks in KINDS.items():
        for name, (number, attack) in attacks.items():
            if only not in f"{kind}: {name}":
                continue
            scene = scene or Scene(folder)
            for k in range(max(1, round(number * share)) if trials is None else trials):
                outcome = trial(scene, kind, name, attack, seed + k)
                outcomes.append(outcome)
                sign = "ok  " if outcome.good else "BAD "
                used = f"{outcome.seconds:5.1f} s {outcome.memory:5.0f} MiB"
                what = f"{kind}: {name}: {outcome.what[:400]!a}"
                print(f"{sign}{outcome.seed:5d} {used}  {what}", flush=True)
    return outcomes


def trial(scene: Optional[Scene], kind: str, name: str, attack: Any, seed: int) -> Outcome:
    """One, whose draws depend on its seed and name alone; no scene where its kind needs none."""
    begun = time.monotonic()
    if scene is not None:
        scene.victim.most_memory, scene.victim.room = 0.0, None
    try:
        what, good = attack(scene, random.Random(f"{name} {seed}")), True
    except Violation as violation:
        what, good = str(violation), False
    except Exception:
        what, good = "the campaign itself: " + traceback.format_exc(limit=-3), False
    memory = 0.0 if scene is None else scene.victim.most_memory
    return Outcome(kind, name, seed, good, what, time.monotonic() - begun, memory)


def table(outcomes: List[Outcome], seed: int) -> str:
    """Attacks and outcomes, in Markdown."""
    lines = ["| attack | trials | what came of it | most memory | longest | violations |",
             "|---|---|---|---|---|---|"]  # fmt: skip

    def row(name: str, mine: List[Outcome], said: str) -> str:
        most, longest = max(o.memory for o in mine), max(o.seconds for o in mine)
        bad = sum(not o.good for o in mine)
        return f"| {name} | {len(mine)} | {said} | {most:.0f} MiB | {longest:.1f} s | {bad} |"

    for kind in dict.fromkeys(o.kind for o in outcomes):
        of_kind = [o for o in outcomes if o.kind == kind]
        lines.append(row(f"**{kind}**", of_kind, ""))
        for name in dict.fromkeys(o.name for o in of_kind):
            mine = [o for o in of_kind if o.name == name]
            ends = Counter(re.sub(r" \(.*", "", o.what, flags=re.S) for o in mine if o.good)
            said = "; ".join(f"{n} × {text}" for text, n in ends.most_common())
            lines.append(row(name, mine, said))
    lines.append(row(f"**all**, seeds from {seed}", outcomes, ""))
    return "\n".join(lines) + "\n"
