"""Learning rules: each a file with its equation, and what the chip can do of it.

To add one, write its file and add its ``RULE`` to the tuple below. A rule that is not here
runs on the host all the same, by whatever builder Nengo has for it.
"""

from typing import Dict, Optional

import nengo

from loihi_rules.learning_rules import bcm, oja, pes, rls, voja
from loihi_rules.learning_rules.base import Rule

RULES: Dict[type, Rule] = {
    rule.rule_type: rule for rule in (pes.RULE, bcm.RULE, oja.RULE, voja.RULE, rls.RULE)
}


def rule_of(conn: nengo.Connection) -> Optional[Rule]:
    """The one rule by which a connection learns; None for none, several or an unknown one."""
    return RULES.get(type(conn.learning_rule_type))


__all__ = ["RULES", "Rule", "rule_of"]
