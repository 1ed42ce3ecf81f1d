"""What Intel's Loihi 1 allows, and how a Nengo model is rewritten to obey it.

This package reads and builds `nengo.Network` objects and nothing else: no
files, no processes, no command line. Running the result is `deploy`'s work.
"""

from typing import TYPE_CHECKING

from loihi_rules.lazy import lazily

if TYPE_CHECKING:
    from loihi_rules.blocks.injection import (
        Injection,
        SpikeTimes,
        inject,
        inject_spikes,
        read_spikes,
    )
    from loihi_rules.change import Change, ChipWarning, Problem
    from loihi_rules.draft import ProbeReading
    from loihi_rules.learned.freeze import FrozenNetwork, freeze
    from loihi_rules.learned.learned import Learned
    from loihi_rules.learned.quantised import Quantised
    from loihi_rules.learned.resume import resume
    from loihi_rules.nengo_parts.seeds import SeededCopy, fix_seeds
    from loihi_rules.nengo_parts.settings import declare_settings
    from loihi_rules.rewriting import Rewritten, rewrite

__all__ = [
    "Change",
    "ChipWarning",
    "FrozenNetwork",
    "Injection",
    "Learned",
    "Problem",
    "Quantised",
    "Rewritten",
    "ProbeReading",
    "SpikeTimes",
    "SeededCopy",
    "declare_settings",
    "fix_seeds",
    "freeze",
    "resume",
    "inject",
    "inject_spikes",
    "read_spikes",
    "rewrite",
]

__getattr__, __dir__ = lazily(
    "loihi_rules",
    {
        "blocks.injection": ("Injection", "SpikeTimes", "inject", "inject_spikes", "read_spikes"),
        "change": ("Change", "ChipWarning", "Problem"),
        "draft": ("ProbeReading",),
        "learned.freeze": ("FrozenNetwork", "freeze"),
        "learned.learned": ("Learned",),
        "learned.quantised": ("Quantised",),
        "learned.resume": ("resume",),
        "nengo_parts.seeds": ("SeededCopy", "fix_seeds"),
        "nengo_parts.settings": ("declare_settings",),
        "rewriting": ("Rewritten", "rewrite"),
    },
)
