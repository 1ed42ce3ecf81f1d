"""The passes of `loihi_rules.rewrite`, in the order in which they run.

Each is a function of a `loihi_rules.rewrite.Draft` in a file of its own. The
list is the documentation: to learn what happens to a model, read it downwards.
"""

from loihi_rules.passes.capacity import board, capacity
from loihi_rules.passes.decoders import decoders
from loihi_rules.passes.dense_transforms import dense_transforms
from loihi_rules.passes.error_relays import error_relays
from loihi_rules.passes.error_steps import error_steps
from loihi_rules.passes.host_delays import host_delays
from loihi_rules.passes.host_filters import host_filters
from loihi_rules.passes.initial_state import initial_state
from loihi_rules.passes.input_filters import input_filters
from loihi_rules.passes.learned_posts import learned_posts
from loihi_rules.passes.learning_relays import learning_relays
from loihi_rules.passes.learning_scale import learning_scale
from loihi_rules.passes.lowest_voltage import lowest_voltage
from loihi_rules.passes.names import names
from loihi_rules.passes.neuron_learning import neuron_learning
from loihi_rules.passes.node_probes import node_probes
from loihi_rules.passes.passthrough import passthrough
from loihi_rules.passes.placement import placement
from loihi_rules.passes.probes import probes
from loihi_rules.passes.rates import rates
from loihi_rules.passes.time_constants import time_constants
from loihi_rules.passes.views import views

PASSES = (
    names,
    placement,
    board,
    neuron_learning,
    error_relays,
    learned_posts,
    learning_relays,
    passthrough,
    probes,
    host_filters,
    views,
    dense_transforms,
    decoders,
    initial_state,
    lowest_voltage,
    rates,
    time_constants,
    input_filters,
    node_probes,
    host_delays,
    learning_scale,
    error_steps,
    capacity,
)

__all__ = ["PASSES"]
