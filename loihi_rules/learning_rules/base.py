"""What the rewriting has to know of a learning rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional, Type

import nengo
from nengo.learning_rules import LearningRuleType

from loihi_rules.chip.limits import Chip


@dataclass(frozen=True)
class Rule:
    """A learning rule of Nengo core's, seen from the chip.

    Attributes
    ----------
    rule_type : type
        Nengo's class; a subclass is another rule.
    off_chip : callable
        Takes a connection that learns by this rule alone, and a chip; says why it cannot learn
        on it, or None if it can.
    """

    rule_type: Type[LearningRuleType]
    off_chip: Callable[[nengo.Connection, Chip], Optional[str]]

    @property
    def name(self) -> str:
        """As Nengo calls it."""
        return self.rule_type.__name__
