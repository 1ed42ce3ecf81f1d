"""Learning rules, from what is written to words."""

from __future__ import annotations

from typing import List, NamedTuple

from nxsdk.virtual.microcode import encode, parse


class UCode(NamedTuple):
    """The words of a learning rule, one a product."""

    uCodes: List[int]

    @property
    def numUCodes(self) -> int:
        return len(self.uCodes)


def ruleToUCode(rules: List[str], doOptimize: bool = True) -> UCode:
    """Words of ``"dw = …"``, a sum of products; there is nothing to optimise in those."""
    return UCode([encode(product) for rule in rules for product in parse(rule)])
