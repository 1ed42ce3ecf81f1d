"""What Intel's Loihi 1 allows, and how a Nengo model is rewritten to obey it.

This package reads and builds `nengo.Network` objects and nothing else: no
files, no processes, no command line. Running the result is `deploy`'s work.
"""

from loihi_rules.change import ChipWarning
from loihi_rules.injection import Injection, SpikeTimes, inject, inject_spikes, read_spikes
from loihi_rules.learned import FrozenNetwork, Learned, Quantised, freeze, go_on
from loihi_rules.rewrite import Change, Problem, Rewritten, ServedProbe, rewrite
from loihi_rules.seeds import Twin, fix_seeds

__all__ = [
    "Change",
    "ChipWarning",
    "FrozenNetwork",
    "Injection",
    "Learned",
    "Problem",
    "Quantised",
    "Rewritten",
    "ServedProbe",
    "SpikeTimes",
    "Twin",
    "fix_seeds",
    "freeze",
    "go_on",
    "inject",
    "inject_spikes",
    "read_spikes",
    "rewrite",
]
