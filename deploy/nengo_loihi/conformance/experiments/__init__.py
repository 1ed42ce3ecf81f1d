"""What a board is asked, in that order. To add something, write it and list it."""

from typing import Tuple

from deploy.nengo_loihi.conformance.experiment import Experiment
from deploy.nengo_loihi.conformance.experiments.delays import DELAYS
from deploy.nengo_loihi.conformance.experiments.latency import LATENCY
from deploy.nengo_loihi.conformance.experiments.learning import LEARNING, TRACES
from deploy.nengo_loihi.conformance.experiments.neurons import NEURONS
from deploy.nengo_loihi.conformance.experiments.noise import NOISE
from deploy.nengo_loihi.conformance.experiments.synapses import SYNAPSES

EXPERIMENTS: Tuple[Experiment, ...] = (
    *(NEURONS, SYNAPSES, LATENCY, LEARNING, TRACES),
    *(NOISE, DELAYS),
)

__all__ = ["DELAYS", "EXPERIMENTS", "NOISE"]
