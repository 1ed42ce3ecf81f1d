"""The metrics, by kind of trace. To add one, write its file and list it here.

A metric takes a `Pair` and gives `Figure`s. One with a tolerance of its name in
`deploy.parity.tolerances` is judged, the others are given for information.
"""

from typing import Callable, Dict, List, Tuple

from deploy.parity.figure import Figure
from deploy.parity.metrics.error import aligned_error
from deploy.parity.metrics.ideal import error_to_ideal
from deploy.parity.metrics.learning_curve import learning_curve
from deploy.parity.metrics.pair import Pair
from deploy.parity.metrics.rates import rates
from deploy.parity.metrics.spike_distances import spike_distances
from deploy.parity.metrics.voltage import voltage_distribution
from deploy.parity.metrics.weights import learned_weights

Metric = Callable[[Pair], List[Figure]]

METRICS: Dict[str, Tuple[Metric, ...]] = {
    "decoded": (aligned_error, error_to_ideal),
    "value": (aligned_error, error_to_ideal),
    "spikes": (rates, spike_distances),
    "activity": (aligned_error,),
    "voltage": (voltage_distribution,),
    "current": (aligned_error,),
    "weights": (learned_weights,),
    "error": (learning_curve,),
    "state": (),
}

__all__ = ["METRICS", "Metric", "Pair"]
