"""nengo-loihi's builder, with what it leaves out and what it has one of for all.

Left to Nengo core, as it is ordinary Nengo: learning on the host (nengo-loihi sends every error
to the chip: ``builder/connection.py``, ``build_host_to_learning_rule``), and probes of
connections there (``splitter.py``, ``_place_probes``). Chosen for each object instead of for
all: filters of inputs, decoders that the user gave, and the numbers of learning.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import Any, Collection, Iterator, Optional, Set, Tuple

import nengo
import numpy as np
from nengo.builder.connection import build_no_solver
from nengo.builder.network import build_network, seed_network
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from deploy.nengo_loihi.build.block_shapes import choose_block_shapes
from deploy.nengo_loihi.build.build_errors import (
    building,
    refuse_a_short_trace,
    refuse_what_is_not_finite,
)
from deploy.nengo_loihi.build.decoding_room import fill_range, make_room, read_both_halves
from deploy.nengo_loihi.build.discretize import ENCODERS, discretize_model
from deploy.nengo_loihi.build.ensemble import build_ensemble, is_known
from deploy.nengo_loihi.build.input_neurons import input_neurons
from deploy.nengo_loihi.build.input_units import (
    InputUnit,
    filtered_unit,
    input_unit,
    most_at_once,
)
from deploy.nengo_loihi.build.matrices import Matrices
from deploy.nengo_loihi.build.rates_in_pieces import rates_in_pieces
from deploy.nengo_loihi.build.receivers import receivers
from deploy.nengo_loihi.build.rounded import round_model
from deploy.nengo_loihi.build.row_table import row_tables
from deploy.nengo_loihi.build.split import linear_splitting
from deploy.nengo_loihi.build.stepped import blocks_of, configure_stepped, span_thresholds
from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules import Rewritten
from loihi_rules.chip.decoding import Decoding
from loihi_rules.learning_rules.pes import ERROR_SCALE
from loihi_rules.nengo_parts.built import unused_max_rates
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.solvers import solver_of_decoders
from loihi_rules.nengo_parts.stepped import SteppedNeurons, is_stepped
from loihi_rules.nengo_parts.wiring import (
    base_of,
    columns_of,
    driven_one_by_one,
    is_chip_input,
    on_chip,
)
from loihi_rules.routes.entries import decoded_as_given

READ_BY_THE_HOST = "probe_decoders"  # nengo-loihi's synapse group into what the host reads


def chip_model(rewritten: Rewritten, dt: float, rounded: bool = False) -> Any:
    """A model for `nengo_loihi.Simulator` that is built in this way.

    Parameters
    ----------
    rewritten : Rewritten
        The model is to build its ``network``.
    dt : float
        Step in seconds.
    rounded : bool
        Whether weights and biases are what the chip's integers stand for, where nothing else is
        made integers.

    Returns
    -------
    nengo_loihi.builder.Model
    """
    nengo_loihi = load_nengo_loihi()
    builder: Any = nengo_loihi.builder
    base: Any = builder.builder.Builder
    network = rewritten.network
    decoding = Decoding(
        rewritten.solutions, decoded_as_given(network, dt), driven_one_by_one(network)
    )
    own_conns = frozenset(network.all_connections)
    matrices = Matrices(nengo_loihi, dt)
    LoihiBlock: Any = nengo_loihi.block.LoihiBlock

    class ChipBuilder(base):
        """Hands Nengo core what is its own; nengo-loihi builds the rest, object by object."""

        def build(self, model: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
            with building(model, obj), as_part_of(model, obj, own_conns):
                built = self._build(model, obj, *args, **kwargs)
                if isinstance(obj, (nengo.Ensemble, nengo.Connection)):
                    refuse_what_is_not_finite(obj, model.params.get(obj))
                return built

        def _build(self, model: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(obj, nengo.Connection) and _learns_on_host(model, obj):
                host = model.host_model(base_of(obj.pre))
                host.seeds[obj], host.seeded[obj] = model.seeds[obj], model.seeded[obj]
                return host.build(obj)
            if isinstance(obj, nengo.solvers.Solver):
                model.solved[args[0]] = self._decoders(model, obj, *args, **kwargs)
                return model.solved[args[0]]
            if isinstance(obj, nengo.Connection):
                return self._connection(model, obj, *args, **kwargs)
            if isinstance(obj, nengo.Network) and model.toplevel is None:
                with row_tables(nengo_loihi), rates_in_pieces(nengo_loihi), receivers(nengo_loihi):
                    self._whole(model, obj, *args, **kwargs)
                return None
            if isinstance(obj, nengo.Probe):
                conn = rewritten.notes.probes[obj].decoders_of
                if conn is not None:
                    return self._decoded_as(model, obj, conn)
            if isinstance(obj, SteppedNeurons):
                return configure_stepped(args[1].compartment, obj, model.dt)
            if isinstance(obj, nengo.Ensemble):
                with unused_max_rates(), warnings.catch_warnings():
                    # the session sets them; see `deploy.nengo_loihi.read.chip_neurons`
                    warnings.filterwarnings("ignore", ".* initial values for 'voltage'")
                    known = rewritten.tuning.get(obj)
                    if is_known(obj, known):
                        return build_ensemble(model, nengo_loihi, obj, known)
                    return super().build(model, obj, *args, **kwargs)
            return super().build(model, obj, *args, **kwargs)

        def _whole(
            self,
            model: Any,
            network: nengo.Network,
            precompute: Any = None,
            remove_passthrough: bool = True,
            discretize: bool = True,
        ) -> None:
            """nengo-loihi's ``build_network`` with other splits, and what it leaves out.

            That is the host's probes, and the chip's integers.
            """
            seed_network(network, seeds=model.seeds, seeded=model.seeded)
            model.split = nengo_loihi.splitter.Split(
                network, precompute=precompute, remove_passthrough=remove_passthrough
            )
            build_network(model, network, progress=None)
            for conn in model.split.passthrough.to_add:
                model.seeds[conn], model.seeded[conn] = None, False
                model.build(conn)
            choose_block_shapes(model, rewritten.chip)
            with linear_splitting(nengo_loihi):
                split = builder.split_blocks.split_model(model)
            model.block_comp_map = {
                piece: compartments
                for pieces in split.values()
                for piece, compartments in pieces.items()
            }
            for probe in rewritten.host_probes:
                conn = getattr(probe.obj, "connection", probe.obj)  # of a learning rule
                host = model.host_model(base_of(conn.pre))
                host.seeds[probe], host.seeded[probe] = probe.seed, True
                host.build(probe)
            # what runs in Nengo core, where Nengo's users look for it
            model.operators = [*model.host_pre.operators, *model.host.operators]
            model.sig = {**model.host_pre.sig, **model.host.sig}
            span_thresholds(model, discretize)
            model.parts = {
                name_of(conn)
                for conn in network.all_connections
                if rewritten.notes.connections[conn].is_part
            }
            notes = rewritten.notes.connections
            shares = {conn: notes[conn].share for conn in network.all_connections}
            if min(shares.values(), default=1.0) < 1:
                for conn, share in shares.items():  # several may have one name
                    name = name_of(conn)
                    model.shares[name] = max(share, model.shares.get(name, 0.0))
            model.furthest = {
                block: rewritten.notes.ensembles[ens].furthest
                for ens in rewritten.chip_ensembles
                for block in blocks_of(model, ens)
            }
            with warnings.catch_warnings():
                # nengo-loihi makes integers of arrays in place; NumPy deprecates that from 2.5
                warnings.filterwarnings("ignore", "Setting the dtype", DeprecationWarning)
                if discretize:
                    discretize_model(model, rewritten.chip_ensembles, rewritten.solutions)
                elif rounded:
                    round_model(model, rewritten.chip_ensembles, rewritten.solutions)
            if not discretize:  # nothing else is rounded, nothing is cut
                for block in model.read:
                    block.compartment.vth[:] = np.inf
            for receiver, unit in model.input_units.items():
                model.input_units[receiver] = most_at_once(model, receiver, unit, discretize)
            builder.validate.validate_model(model)

        def _decoded_as(self, model: Any, probe: nengo.Probe, conn: nengo.Connection) -> Any:
            """A probe by the decoders of a connection, as nengo-loihi builds those of the host.

            These have a connection's function and transform in ``chip2host_params``, and are read
            by the host alone; this one is recorded.
            """
            model.chip2host_params[probe] = {
                "function": conn.function,
                "eval_points": conn.eval_points,
                "scale_eval_points": conn.scale_eval_points,
                "transform": np.eye(conn.size_mid),
            }
            with as_part_of(model, conn, own_conns):
                built = super().build(model, probe)
            del model.chip2host_params[probe]
            return built

        def _decoders(
            self, model: Any, solver: Any, conn: nengo.Connection, rng: Any, *args: Any
        ) -> Any:
            """Those that the user gave, as Nengo core has it, or those that are solved for.

            Connections that were one connection to a node have the same, which are solved for
            once.
            """
            given = solver_of_decoders(solver)
            if isinstance(given, nengo.solvers.NoSolver):
                return build_no_solver(model, given, conn, rng)
            if solver.weights and not solver.compositional:  # of the target's neurons, too
                return super().build(model, solver, conn, rng, *args)
            before = rng.get_state()
            of = model.whole or conn
            question = _question(given, conn, before, decoding.is_as_given(of))
            if question not in model.answers:
                ens = conn.pre_obj
                own, built = rewritten.neuron_types.get(ens), rewritten.tuning.get(ens)
                found = decoding.of_connection(model, conn, given, own, built, rng, of)
                answer: Any = None if found is None else found.as_built()
                if answer is None:
                    rng.set_state(before)
                    answer = super().build(model, solver, conn, rng, *args)
                after = rng.get_state()
                drawn = after[2:] != before[2:] or np.any(after[1] != before[1])
                model.answers[question] = answer, after if drawn else None
            answer, state = model.answers[question]
            if state is not None:
                rng.set_state(state)
            return answer

        def _connection(self, model: Any, conn: nengo.Connection, *args: Any, **kwargs: Any) -> Any:
            """With the filter of what enters its target, and the numbers of its learning."""
            block = model.objs[base_of(conn.post)].get("in")
            tau = None if block is None else self._input_tau(model, base_of(conn.post))
            if tau is not None and matrices.has(model, conn, tau):
                return self._matrix(model, conn, block, tau)
            stepped = block is not None and is_stepped(conn.post)
            if tau is not None or stepped:
                block.compartment.tau_s = None
            if conn in rewritten.learning_scales:
                refuse_a_short_trace(conn, model.dt)
            valued = _values_to_neurons(model, conn)
            before = len(block.synapses) if isinstance(block, LoihiBlock) else 0
            read_before = len(model.nengo_probe_conns)
            spike, senders = rewritten.notes.connections[conn].spike, set(model.host2chip_senders)
            if valued:
                built, unit = self._values(model, conn, *args, **kwargs)
            elif spike:
                built = self._in_spikes(spike, model, conn, *args, **kwargs)
            else:
                built = super().build(model, conn, *args, **kwargs)
            if tau is not None and not valued and not isinstance(conn.pre_obj, Neurons):
                _note_unit(model, conn, senders, filtered_unit(spike, tau, model.dt))
            reach = rewritten.notes.connections[conn].reach
            for synapse in block.synapses[before:] if isinstance(block, LoihiBlock) else ():
                if reach:
                    model.few_spikes[synapse] = reach / spike
                if synapse.label not in ENCODERS:  # which other values use too
                    synapse.label = name_of(conn)
                if isinstance(conn.pre_obj, nengo.Ensemble) and on_chip(model.toplevel, conn.pre):
                    model.decoded.append((conn.pre_obj, synapse))
            if valued:  # nengo-loihi scales those to ensembles alone
                for synapse in block.synapses[before:]:
                    for weights in synapse.weights:
                        weights *= unit.value
            if tau is not None:
                block.compartment._configure_filter(tau, dt=model.dt)
            if stepped:  # whose decays are their own, not of what enters them
                configure_stepped(block.compartment, base_of(conn.post).neuron_type, model.dt)
            if len(model.nengo_probe_conns) > read_before:
                model.read_for[conn] = model.nengo_probe_conns[
                    next(reversed(model.nengo_probe_conns))
                ]
            made = model.objs[conn]
            if getattr(made.get("decoders"), "label", "") == READ_BY_THE_HOST:
                ens = conn.pre_obj
                if not made["decoders"].learning:
                    fill_range(made["decoded"], made["decoders"], model.objs[conn.post_obj]["in"])
                make_room(made["decoded"], made["decoders"], ens, model.params[ens], model.dt)
                model.read.append(made["decoded"])
            scale = rewritten.learning_scales.get(conn)
            if scale is not None:
                synapse = learning_synapse(model, conn)
                holder = next(b for b in model.blocks if synapse in b.synapses)
                holder.compartment.vth[:] = scale.threshold
                read_both_halves(holder, model.objs[_read(model, conn).post_obj]["in"])
                synapse.learning_wgt_exp = scale.weight_exponent
                synapse.learning_rate *= scale.rate_factor * scale.unit
                synapse.learning_rate *= ERROR_SCALE / scale.error_scale
                if scale.sources is not None:
                    _connect_only(model, conn, scale.sources)
                    synapse.learning_rate *= conn.pre_obj.n_neurons / len(scale.sources)
            return built

        def _input_tau(self, model: Any, ens: Any) -> Optional[float]:
            """The filter of what enters an ensemble on the chip; None where it is not chosen."""
            if ens not in model.input_taus:
                chip = on_chip(model.toplevel, ens)
                model.input_taus[ens] = model.toplevel.config[ens].input_tau if chip else None
            tau: Optional[float] = model.input_taus[ens]
            return tau

        def _matrix(self, model: Any, conn: nengo.Connection, block: Any, tau: float) -> None:
            """A connection that is one matrix of weights, by `Matrices`."""
            seed = model.seeds[conn]
            state = matrices.state_of(seed)
            given, looped = solver_of_decoders(conn.solver), decoding.is_as_given(conn)
            question = _question(given, conn, state, looped)
            if question in model.answers:
                solved = model.answers[question][0]
            else:
                rng, transform = np.random.RandomState(seed), matrices.transform_of(conn)
                solved = self._decoders(model, conn.solver, conn, rng, transform)
            model.solved[conn] = solved
            synapse = matrices.build(model, conn, name_of(conn), solved)
            model.decoded.append((conn.pre_obj, synapse))
            block.compartment.tau_s = None
            block.compartment.configure_filter(tau, dt=model.dt)

        def _in_spikes(
            self, worth: float, model: Any, conn: nengo.Connection, *args: Any, **kwargs: Any
        ) -> Any:
            """A connection from the host, of which a spike is worth so much, with its own weights.

            nengo-loihi has one synapse group for all that the host sends to an ensemble.
            """
            usual, model.node_neurons = model.node_neurons, input_neurons(model.dt, worth)
            block = model.objs[base_of(conn.post)].get("in")
            named = block.named_synapses if isinstance(block, LoihiBlock) else {}
            shared = {name: named.pop(name) for name in ENCODERS if name in named}
            try:
                return super().build(model, conn, *args, **kwargs)
            finally:
                model.node_neurons = usual
                for name in ENCODERS:
                    named.pop(name, None)
                named.update(shared)

        def _values(
            self, model: Any, conn: nengo.Connection, *args: Any, **kwargs: Any
        ) -> Tuple[Any, InputUnit]:
            """Values of the host that go straight to neurons, with a unit of their own."""
            gain = model.params[base_of(conn.post)].gain
            unit = input_unit(model.toplevel, conn, gain, model.dt)
            senders = set(model.host2chip_senders)
            built = self._in_spikes(unit.value, model, conn, *args, **kwargs)
            _note_unit(model, conn, senders, unit)
            return built, unit

    class ChipModel(builder.Model):
        """Says of errors which object they are of, also where Nengo core builds it."""

        building = None

        def build(self, obj: Any, *args: Any, **kwargs: Any) -> Any:
            with building(self, obj):
                return super().build(obj, *args, **kwargs)

    label = rewritten.network.label or "network"
    model: Any = ChipModel(dt=dt, label=label, builder=ChipBuilder())
    model.input_taus = {}  # of ensembles that something enters
    model.solved = {}  # connections to what their solvers gave
    model.read_for = {}  # connections to the host to those that decode for them
    model.input_units = {}  # of receivers of values
    model.few_spikes = {}  # synapse groups to the spikes a step of each of the host's neurons
    model.valued = {}  # these receivers to their connections
    model.shifts = {}  # blocks to what has been added to their voltages
    model.spans = {}  # blocks to their thresholds in floating point
    model.parts = set()  # names of connections that are one of the author's together
    model.shares = {}  # of connections' names, see ConnectionNote.share
    model.furthest = {}  # blocks to where their currents come, in thresholds; 0 if not known
    model.read = []  # blocks that decode for the host
    model.decoded = []  # ensembles, and the synapse groups that decode them
    model.whole = None  # the network's connection that is built
    model.answers = {}  # what a solver was asked to what it gave, and a generator's state after it
    model.node_neurons = input_neurons(dt)
    return model


@contextmanager
def as_part_of(model: Any, obj: Any, own: Collection[nengo.Connection]) -> Iterator[None]:
    """Know of which of the network's connections what is built within is a part.

    nengo-loihi makes others of those to the host, and decodes these.
    """
    before = model.whole
    model.whole = obj if obj in own else before
    try:
        yield
    finally:
        model.whole = before


def _question(solver: Any, conn: nengo.Connection, state: Any, looped: bool) -> Tuple[Any, ...]:
    """All that decoders depend on, of a connection and the state of what it draws from.

    Functions and solvers are the same only if they are one object, as they may have a state.
    """
    _, words, *position = state
    return (
        conn.pre_obj,
        columns_of(conn.pre).tobytes(),
        _same(conn.function),
        conn.size_mid,
        _same(conn.eval_points),
        conn.scale_eval_points,
        id(solver),
        looped,
        words.tobytes(),
        *position,
    )


def _same(value: Any) -> Any:
    """A key that two values share where they are one object, or arrays of the same numbers."""
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    return id(value)


def learning_synapse(model: Any, conn: nengo.Connection) -> Any:
    """The synapse group that holds a learned connection's weights.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    conn : nengo.Connection
        A connection that learns on the chip.

    Returns
    -------
    nengo_loihi.block.Synapse
    """
    return model.objs[_read(model, conn)]["decoders"]


def _read(model: Any, conn: nengo.Connection) -> Any:
    """nengo-loihi's connection to the compartments that decode a learned connection."""
    return model.nengo_probe_conns[model.needs_sender[conn.learning_rule].error_target]


def _connect_only(model: Any, conn: nengo.Connection, sources: np.ndarray) -> None:
    """Let no other neurons send spikes to a learned connection's synapses."""
    axons = model.objs[_read(model, conn)]["decode_axon"]
    targets = np.full_like(axons.compartment_map, -1)
    targets[sources] = axons.compartment_map[sources]
    axons.set_compartment_axon_map(targets)


def _values_to_neurons(model: Any, conn: nengo.Connection) -> bool:
    """Whether the host's values, not spikes, go straight to neurons on the chip."""
    network = model.toplevel
    if is_chip_input(conn.pre):
        return False
    to_neurons = isinstance(conn.post_obj, Neurons) and on_chip(network, conn.post)
    return to_neurons and not isinstance(conn.pre_obj, Neurons) and not on_chip(network, conn.pre)


def _note_unit(model: Any, conn: nengo.Connection, before: Set[Any], unit: InputUnit) -> None:
    """Of what a connection sends from the host, which has none of the senders ``before``."""
    for sender, receiver in model.host2chip_senders.items():
        if sender not in before:
            model.input_units[receiver] = unit
            model.valued[receiver] = conn


def _learns_on_host(model: Any, conn: nengo.Connection) -> bool:
    """Whether a connection carries an error to a rule whose connection is on the host."""
    if not isinstance(conn.post_obj, LearningRule):
        return False
    return not model.split.on_chip(base_of(conn.post_obj.connection.pre))
