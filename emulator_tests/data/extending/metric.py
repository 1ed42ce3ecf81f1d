"""How far two traces are apart where they are farthest."""

from typing import List

import numpy as np

from deploy.parity.figure import Figure
from deploy.parity.metrics.pair import Pair, flat


def farthest(pair: Pair) -> List[Figure]:
    """The largest difference of a sample, in raw units."""
    apart = np.abs(flat(pair.other) - flat(pair.reference))
    return [Figure(pair.label, "farthest apart", float(apart.max()))]
