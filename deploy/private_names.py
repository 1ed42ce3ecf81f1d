"""What is used of other libraries that these may change without notice, as one table.

Names with a leading underscore, variables of closures, labels, functions that others take the
place of, what Nengo's operators are made of, states of its neurons, and parameters that are asked
for with a default, behind which a new name would go unnoticed. Each is looked for before it is
used; where one is gone, what needs it is refused by name, or left to what does the same more
slowly.
"""

from __future__ import annotations

import dis
import importlib
import inspect
import types
from functools import lru_cache
from operator import attrgetter
from typing import Any, Dict, Iterator, NamedTuple, Optional, Tuple

# The versions that all of this was tried with. Another nengo-loihi is refused; with another Nengo
# its own operators run, whose arithmetic the compiled host repeats; of numba names alone count.
TRIED: Dict[str, Tuple[str, ...]] = {
    "nengo": ("3.2.0", "4.0.0", "4.1.0"),
    "nengo_loihi": ("1.1.0",),
    "numba": ("0.56.4", "0.68.1"),
}

RUNS = "a run with its record"  # without: none is made
EMULATOR = "the emulator"  # without: it is not available
HOST = "the compiled host"  # without: Nengo core runs the host's part
BOARD = "a board"  # without: it is not available
KERNELS = "kernels on disk"  # without: numba's own cache, by the place and time of a source file

COMPILED = "deploy/host/"  # the files of the compiled host
THEIRS = "nengo-loihi"  # which reads them of Nengo's itself


class Use(NamedTuple):
    """Names of one owner.

    Attributes
    ----------
    needed_for : str
        `RUNS`, `EMULATOR`, `HOST`, `BOARD` or `KERNELS`.
    owner : str
        A module, or ``module:attribute`` of a class or function.
    names : str
        Attributes, states of neurons, what its functions set or say, or variables of a closure,
        with spaces between.
    by : str
        Who uses them: our files, or `THEIRS`, with spaces between.
    """

    needed_for: str
    owner: str
    names: str
    by: str


_HOST, _JOURNAL = "deploy/host/host.py", "deploy/host/journal.py"
_TARGET = "deploy/targets/emulator.py"
_SESSION, _ON_BOARD = "deploy/targets/chip_session.py", "deploy/targets/on_board.py"
_BUILD, _RUN = "deploy/nengo_loihi/build/", "deploy/nengo_loihi/run/"
_KEPT, _WRITTEN = "deploy/nengo_loihi/run/kept.py", "deploy/host/written.py"
_READ, _BOARD = "deploy/nengo_loihi/read/", "deploy/nengo_loihi/board/"
_CONFORMANCE = "deploy/nengo_loihi/conformance/"
_LOAD, _CACHE = "deploy/nengo_loihi/load.py", "deploy/compiling/kernel_cache.py"
_PILOTS, _FUNCTIONS = "deploy/host/pilots.py", "deploy/host/functions.py"
_RULES, _CHIP_PASSES = "loihi_rules/", "loihi_rules/passes/chip/"

USES: Tuple[Use, ...] = (
    # what nengo-loihi, and partly we, read of Nengo's
    Use(EMULATOR, "nengo.simulator:Simulator", "_step_order", THEIRS),
    Use(EMULATOR, "nengo.simulator:Simulator", "_steps", f"{THEIRS} {_HOST}"),
    Use(
        EMULATOR,
        "nengo.builder.processes:SimProcess",
        "process",
        f"{THEIRS} {_HOST} {_JOURNAL} {_WRITTEN}",
    ),
    Use(EMULATOR, "nengo.builder.processes:SimProcess.make_step", "step_f", THEIRS),
    Use(EMULATOR, "nengo.config:ClassParams", "_extra_params", THEIRS),
    Use(EMULATOR, "nengo.config:InstanceParams", "_clsparams _configures", THEIRS),
    # parameters of Nengo's that not all have who are asked for them, and so with a default
    *(
        Use(
            RUNS,
            f"nengo.neurons:{neurons}",
            "amplitude",
            f"{_HOST} {_PILOTS} deploy/traces/described.py {_BUILD}decoding_room.py "
            f"{_BUILD}matrices.py {_READ}chip_neurons.py {_READ}chip_values.py "
            f"{_READ}learned_weights.py "
            f"{_READ}mean_rates.py {_RUN}input_spikes.py {_RULES}nir/export.py "
            f"{_RULES}pilots/decoded.py {_RULES}pilots/networks.py {_CHIP_PASSES}learning_scale.py "
            f"{_RULES}routes/by_host.py",
        )
        for neurons in ("LIFRate", "RectifiedLinear", "RatesToSpikesNeuronType")
    ),
    *(
        Use(
            RUNS,
            f"nengo.synapses:{synapse}",
            "tau",
            f"deploy/traces/dynamics.py {_CHIP_PASSES}answers.py {_CHIP_PASSES}learning_scale.py "
            f"{_RULES}nengo_parts/leads.py {_RULES}pilots/loops.py {_RULES}pilots/networks.py",
        )
        for synapse in ("Lowpass", "Alpha")
    ),
    *(
        Use(
            RUNS,
            f"nengo.transforms:{transform}",
            "init",
            f"deploy/models/variants.py deploy/suspects/chains.py {_CHIP_PASSES}counted_inputs.py "
            f"{_RULES}passes/finite_numbers.py",
        )
        for transform in ("Dense", "Sparse", "Convolution")
    ),
    Use(RUNS, "nengo.solvers:NoSolver", "values", "deploy/models/variants.py"),
    Use(RUNS, "nengo.solvers:Solver", "weights", f"{_CHIP_PASSES}learned_posts.py"),
    Use(
        RUNS,
        "nengo.ensemble:Ensemble",
        "neuron_type",
        f"{_RUN}input_spikes.py {_RULES}nengo_parts/stepped.py {_RULES}nir/export.py "
        f"{_RULES}passes/nengo_loihi/probes.py",
    ),
    Use(
        RUNS,
        "nengo.ensemble:Ensemble",
        "n_neurons",
        f"deploy/jobs/foreseen.py {_RULES}routes/entries.py",
    ),
    Use(
        RUNS,
        "nengo.ensemble:Ensemble",
        "radius",
        f"deploy/rungs/core.py {_CHIP_PASSES}learned_span.py",
    ),
    Use(RUNS, "nengo.node:Node", "output", f"{_RULES}nengo_parts/wiring.py"),
    Use(
        RUNS,
        "nengo.base:NengoObject",
        "label",
        f"{_BUILD}build_errors.py deploy/workflows/classify.py {_RULES}nengo_parts/names.py",
    ),
    Use(
        EMULATOR,
        "nengo.neurons:RatesToSpikesNeuronType",
        "base_type",
        f"deploy/rungs/rung.py {_RULES}chip/decoding.py {_RULES}chip/high_intercepts.py "
        f"{_RULES}chip/lags.py {_RULES}chip/neurons.py "
        f"{_RULES}chip/tuning.py {_RULES}pilots/steps.py {_RULES}routes/worth.py "
        f"{_CHIP_PASSES}answers.py {_CHIP_PASSES}placement.py {_CHIP_PASSES}time_constants.py",
    ),
    Use(
        EMULATOR,
        "nengo.neurons:LIFRate",
        "tau_rc",
        f"{_HOST} {_PILOTS} {_RULES}chip/high_intercepts.py {_RULES}chip/lags.py "
        f"{_RULES}routes/worth.py {_CHIP_PASSES}placement.py",
    ),
    Use(
        EMULATOR,
        "nengo.neurons:LIFRate",
        "tau_ref",
        f"{_HOST} {_PILOTS} {_RULES}chip/decoding.py {_RULES}chip/lags.py {_RULES}chip/neurons.py "
        f"{_RULES}chip/tuning.py",
    ),
    Use(
        EMULATOR,
        "nengo.neurons:LIF",
        "min_voltage",
        f"{_HOST} {_PILOTS} deploy/rungs/rung.py {_CHIP_PASSES}lowest_voltage.py",
    ),
    # states of Nengo's neurons
    *(
        Use(
            EMULATOR,
            f"nengo.neurons:{neurons}",
            "voltage",
            f"{_HOST} {_PILOTS} deploy/rungs/core.py deploy/rungs/rung.py "
            f"{_BUILD}input_neurons.py {_READ}chip_neurons.py {_CHIP_PASSES}initial_state.py "
            f"{_RULES}blocks/injection.py deploy/targets/injecting.py",
        )
        for neurons in ("LIF", "SpikingRectifiedLinear", "RegularSpiking")
    ),
    Use(
        EMULATOR,
        "nengo.neurons:LIF",
        "refractory_time",
        f"{_HOST} {_PILOTS} {_READ}chip_values.py {_RULES}passes/nengo_loihi/probes.py",
    ),
    # Nengo's operators, as the compiled host takes them apart
    Use(HOST, "nengo.simulator:Simulator", "_n_steps _time", _HOST),
    Use(HOST, "nengo.builder.operator:TimeUpdate", "step time", _HOST),
    Use(HOST, "nengo.builder.operator:Reset", "dst value", _HOST),
    Use(HOST, "nengo.builder.operator:Copy", "dst src dst_slice src_slice inc", _HOST),
    Use(HOST, "nengo.builder.operator:ElementwiseInc", "A X Y", _HOST),
    Use(HOST, "nengo.builder.operator:DotInc", "A X Y", _HOST),
    Use(HOST, "nengo.builder.neurons:SimNeurons", "J output state", _HOST),
    Use(HOST, "nengo.builder.neurons:SimNeurons", "neurons", f"{_HOST} {_JOURNAL}"),
    Use(HOST, "nengo.builder.processes:SimProcess", "mode input output", _HOST),
    # and as they are written, to be made again
    Use(HOST, "nengo.builder.operator:SimPyFunc", "fn output t x", f"{_WRITTEN} {_FUNCTIONS}"),
    Use(HOST, "nengo.builder.processes:SimProcess", "mode input output t state", _WRITTEN),
    Use(HOST, "nengo.builder.neurons:SimNeurons", "neurons J output state state_extra", _WRITTEN),
    *(
        Use(HOST, f"nengo.builder.learning_rules:{operator}", names, _WRITTEN)
        for operator, names in (
            ("SimPES", "pre_filtered error delta learning_rate"),
            ("SimBCM", "pre_filtered post_filtered theta delta learning_rate"),
            ("SimOja", "pre_filtered post_filtered weights delta learning_rate beta"),
            (
                "SimVoja",
                "pre_decoded post_filtered scaled_encoders delta learning_signal scale "
                "learning_rate",
            ),
        )
    ),
    Use(
        HOST,
        "nengo.synapses:LinearFilter.OneX",
        "X a b",
        f"{_HOST} {_RUN}probe_filter.py {_PILOTS}",
    ),
    Use(HOST, "nengo.synapses:LinearFilter.NoX", "d", _HOST),
    # nengo-loihi's own
    Use(
        EMULATOR,
        "nengo_loihi.simulator:Simulator",
        "_runner",
        f"{_TARGET} {_SESSION} {_RUN}simulator.py {_RUN}side_by_side.py {_BOARD}simulator.py "
        f"{_KEPT}",
    ),
    Use(
        EMULATOR,
        "nengo_loihi.simulator:Simulator",
        "_n_steps",
        f"{_TARGET} {_ON_BOARD} deploy/targets/kept/session.py",
    ),
    Use(
        EMULATOR,
        "nengo_loihi.simulator:Simulator",
        "_probe",
        f"{_TARGET} {_ON_BOARD} {_RUN}side_by_side.py",
    ),
    Use(EMULATOR, "nengo_loihi.simulator:StepRunner", "_host2chip", f"{_RUN}input_spikes.py"),
    Use(
        EMULATOR,
        "nengo_loihi.block:Compartment",
        "_configure_filter",
        f"{_BUILD}chip_builder.py",
    ),
    Use(
        EMULATOR,
        "nengo_loihi.block:Synapse",
        "_set_weights_indices",
        f"{_BUILD}split.py {_CONFORMANCE}model.py",
    ),
    Use(
        EMULATOR,
        "nengo_loihi.builder.discretize:discretize_synapse",
        "_lr_int _lr_exp",
        f"{_RUN}flatten.py {_READ}learning_rate.py {_CONFORMANCE}model.py",
    ),
    # what it calls something
    Use(
        EMULATOR,
        "nengo_loihi.builder.connection",
        "node_encoders decode_neuron_encoders decoders",
        f"{_BUILD}discretize.py",
    ),
    Use(
        EMULATOR,
        "nengo_loihi.builder.connection",
        "probe_decoders",
        f"{_BUILD}discretize.py {_BUILD}chip_builder.py",
    ),
    Use(EMULATOR, "nengo_loihi.inputs", "ChipProcess", "loihi_rules/nengo_parts/wiring.py"),
    Use(
        EMULATOR,
        "nengo_loihi.builder.builder:Model",
        "pes_error_scale",
        f"{_RUN}interface.py",
    ),
    # what others take the place of while it builds or runs
    Use(
        EMULATOR,
        "nengo_loihi.builder.split_blocks",
        "split_synapse split_axon",
        f"{_BUILD}split.py",
    ),
    Use(EMULATOR, "nengo_loihi.block:Synapse", "set_weights bits", f"{_BUILD}row_table.py"),
    Use(
        EMULATOR,
        "nengo_loihi.builder.validate",
        "validate_axon validate_synapse",
        f"{_BUILD}row_table.py",
    ),
    Use(
        EMULATOR,
        "nengo_loihi.builder.connection",
        "build_full_chip_connection",
        f"{_BUILD}receivers.py",
    ),
    Use(
        EMULATOR,
        "nengo_loihi.builder.connection",
        "loihi_rates",
        f"{_BUILD}rates_in_pieces.py",
    ),
    Use(EMULATOR, "nengo_loihi.simulator", "nengo", _LOAD),
    Use(EMULATOR, "nengo_loihi.emulator.interface", "np", _LOAD),
    Use(EMULATOR, "nengo_loihi.block", "np", _LOAD),
    Use(EMULATOR, "nengo_loihi.dvs", "np", _LOAD),
    Use(EMULATOR, "nengo_loihi.neurons", "np", _LOAD),
    # its way to a board
    Use(
        BOARD,
        "nengo_loihi.hardware.nxsdk_objects:Core",
        "add_synapse get_synapse_cfg_idx synapse_axons synapse_entries synapse_cfg_idxs",
        f"{_BUILD}placing.py",
    ),
    Use(
        BOARD,
        "nengo_loihi.hardware.builder",
        "MAX_COMPARTMENT_CFGS MAX_VTH_CFGS",
        f"{_BUILD}placing.py",
    ),
    Use(
        BOARD,
        "nengo_loihi.hardware.allocators",
        "core_compartment_cfgs core_vth_cfgs CompartmentConfig VthConfig vth_to_manexp",
        f"{_BUILD}placing.py",
    ),
    Use(BOARD, "nengo_loihi.hardware.builder", "build_board", f"{_BOARD}board.py"),
    Use(BOARD, "nengo_loihi.hardware.validate", "validate_board", f"{_BOARD}board.py"),
    Use(
        BOARD,
        "nengo_loihi.hardware.nxsdk_objects:LoihiSpikeInput",
        "axon_map spikes_to_loihi add_spikes_to_generator",
        f"{_BOARD}board.py",
    ),
    Use(BOARD, "nengo_loihi.hardware.interface:Snips", "snips_dir", f"{_BOARD}sources.py"),
    Use(
        BOARD,
        "nengo_loihi.hardware.interface:HostSnip.connect",
        "_host_coordinator",
        f"{THEIRS} {_BOARD}board.py",
    ),
    # how numba keeps machine code
    Use(
        KERNELS,
        "numba.core.caching",
        "_CacheLocator CompileResultCacheImpl FunctionCache IndexDataCacheFile",
        _CACHE,
    ),
    Use(
        KERNELS,
        "numba.core.caching:CompileResultCacheImpl",
        "_locator_classes filename_base locator",
        _CACHE,
    ),
    Use(
        KERNELS,
        "numba.core.caching:CompileResultCacheImpl.check_cachable",
        "_py_file",
        _CACHE,
    ),
    Use(
        KERNELS,
        "numba.core.caching:IndexDataCacheFile",
        "save _data_name _data_path _save_data _save_index _load_data _load_index _index_path "
        "_dump _version",
        _CACHE,
    ),
    Use(
        KERNELS,
        "numba.core.caching:FunctionCache",
        "_impl_class _impl _cache_file _cache_path",
        _CACHE,
    ),
    Use(KERNELS, "numba.core.dispatcher:Dispatcher", "_cache", f"{_CACHE} deploy/compiling/jit.py"),
)


@lru_cache(maxsize=None)
def missing(needed_for: str) -> Optional[str]:
    """What is not there any more of what something needs.

    Parameters
    ----------
    needed_for : str
        `RUNS`, `EMULATOR`, `HOST`, `BOARD` or `KERNELS`.

    Returns
    -------
    str or None
        Of which version of which library, what and where; None if all is there.
    """
    if needed_for == HOST and version("nengo") not in TRIED["nengo"]:
        known = ", ".join(TRIED["nengo"])
        return f"it repeats the arithmetic of Nengo {known}, and this is {version('nengo')}"
    for use in USES:
        if _is_needed(use, needed_for):
            lost = [name for name in use.names.split() if not is_there(use.owner, name)]
            if lost:
                package, where = use.owner.split(".")[0], use.owner.replace(":", ".")
                return f"{package} {version(package)} has no {', '.join(lost)} in {where}"
    return None


def _is_needed(use: Use, needed_for: str) -> bool:
    """Whether a row's names are needed for something: its own, or more than that.

    The emulator makes runs, and its compiled host is also the CPU's.
    """
    if needed_for == HOST and any(file.startswith(COMPILED) for file in use.by.split()):
        return True
    return use.needed_for in ((RUNS, EMULATOR) if needed_for == EMULATOR else (needed_for,))


def version(package: str) -> str:
    """Of a package that is imported by this name."""
    return str(importlib.import_module(package).__version__)


def is_there(owner: str, name: str) -> bool:
    """Whether an owner has something of this name.

    That is an attribute, also one that functions give to an object, a state of neurons, a variable
    that a function has for those within it, or a text that it says.
    """
    module, _, path = owner.partition(":")
    try:
        found = importlib.import_module(module)
        found = attrgetter(path)(found) if path else found
    except (ImportError, AttributeError):
        return False
    states = getattr(found, "state", None)
    if hasattr(found, name) or (isinstance(states, dict) and name in states):
        return True
    for function in functions_of(found):
        for code in codes_of(function.__code__):
            if name in code.co_names and (name in _given(code) or found is function):
                return True
            if not inspect.isclass(found) and name in (*code.co_cellvars, *code.co_consts):
                return True
    return False


def _given(code: types.CodeType) -> Iterator[str]:
    """The attributes that a function gives to objects."""
    return (step.argval for step in dis.get_instructions(code) if step.opname == "STORE_ATTR")


def functions_of(owner: Any) -> Iterator[types.FunctionType]:
    """A function itself, or the functions of a class with its bases, or of a module."""
    if inspect.isclass(owner):
        members = [m for base in owner.__mro__[:-1] for m in vars(base).values()]
    else:
        members = list(vars(owner).values()) if inspect.ismodule(owner) else [owner]
    for member in members:
        parts = (getattr(member, name, None) for name in ("fget", "fset", "__func__"))
        yield from (f for f in (member, *parts) if isinstance(f, types.FunctionType))


def codes_of(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code of a function, and of those within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes_of(constant)
