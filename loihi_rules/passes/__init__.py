"""The passes of `loihi_rules.rewrite`, in the order in which they run.

Each is a function of a `loihi_rules.draft.Draft` in a file of its own. The
list is the documentation: to learn what happens to a model, read it downwards.
"""

from loihi_rules.passes.chip.asked_settings import asked_settings
from loihi_rules.passes.chip.capacity import board, capacity
from loihi_rules.passes.chip.counted_inputs import counted_inputs
from loihi_rules.passes.chip.error_relays import error_relays
from loihi_rules.passes.chip.error_steps import error_steps
from loihi_rules.passes.chip.initial_state import initial_state
from loihi_rules.passes.chip.learned_posts import learned_posts
from loihi_rules.passes.chip.learning_relays import learning_relays
from loihi_rules.passes.chip.learning_scale import learning_scale
from loihi_rules.passes.chip.lowest_voltage import lowest_voltage
from loihi_rules.passes.chip.neuron_learning import neuron_learning
from loihi_rules.passes.chip.placement import placement
from loihi_rules.passes.chip.rates import rates
from loihi_rules.passes.chip.reset_by_subtraction import reset_by_subtraction
from loihi_rules.passes.chip.stepped_neurons import stepped_neurons
from loihi_rules.passes.chip.steps_between import steps_between
from loihi_rules.passes.chip.time_constants import time_constants
from loihi_rules.passes.finite_numbers import finite_numbers
from loihi_rules.passes.nengo_loihi.decoders import decoders
from loihi_rules.passes.nengo_loihi.dense_transforms import dense_transforms
from loihi_rules.passes.nengo_loihi.host_delays import host_delays
from loihi_rules.passes.nengo_loihi.host_filters import host_filters
from loihi_rules.passes.nengo_loihi.input_filters import input_filters
from loihi_rules.passes.nengo_loihi.masks import masks
from loihi_rules.passes.nengo_loihi.names import names
from loihi_rules.passes.nengo_loihi.node_probes import node_probes
from loihi_rules.passes.nengo_loihi.passthrough import passthrough
from loihi_rules.passes.nengo_loihi.probes import probes
from loihi_rules.passes.nengo_loihi.views import views

PASSES = (
    masks,
    names,
    asked_settings,
    placement,
    finite_numbers,
    board,
    reset_by_subtraction,
    stepped_neurons,
    counted_inputs,
    steps_between,
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

__all__ = [
    "PASSES",
    "asked_settings",
    "board",
    "capacity",
    "counted_inputs",
    "decoders",
    "dense_transforms",
    "error_relays",
    "error_steps",
    "host_delays",
    "host_filters",
    "initial_state",
    "input_filters",
    "learned_posts",
    "learning_relays",
    "learning_scale",
    "lowest_voltage",
    "masks",
    "names",
    "neuron_learning",
    "node_probes",
    "passthrough",
    "placement",
    "probes",
    "rates",
    "reset_by_subtraction",
    "stepped_neurons",
    "steps_between",
    "time_constants",
    "views",
]
