"""Rungs in Nengo core: what the chip's neurons and ways do, with nothing rounded and no host."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence

import nengo
import numpy as np
from nengo.builder import Model
from nengo.cache import NoDecoderCache
from nengo.dists import Choice
from nengo.solvers import NoSolver
from nengo.synapses import Lowpass

from deploy.nengo_loihi.build.input_neurons import SPIKES_A_STEP, SignPairs
from deploy.nengo_loihi.build.input_units import MOST_A_STEP
from deploy.rungs.rung import Pass, Rung, rewritten, whole_steps
from deploy.targets.base import Session
from deploy.targets.core import CoreSession
from loihi_rules import Rewritten, SeededCopy
from loihi_rules.chip.decoding import Decoding
from loihi_rules.nengo_parts.leads import Lead
from loihi_rules.nengo_parts.parameters import with_parameters
from loihi_rules.nengo_parts.solvers import solver_of_decoders
from loihi_rules.nengo_parts.wiring import base_of, driven_one_by_one, on_chip, reconnect
from loihi_rules.notes import Way
from loihi_rules.routes.entries import decoded_as_given
from loihi_rules.routes.plan import HOP_STEPS


class CoreRung(Rung):
    """Nengo core, with some of what the chip has.

    Parameters
    ----------
    name, cause : str
    passes : sequence of callable
        Which rewriting there is.
    carriers : bool
        Whether values that carriers take are taken by these, or by what these are to be: a filter
        of their delay.
    spikes : bool
        Whether the host's values become spikes.
    voltages : int, optional
        Seed of other initial voltages than the model's.
    """

    substrate = "Nengo core"

    def __init__(
        self,
        name: str,
        cause: str,
        passes: Sequence[Pass],
        carriers: bool = False,
        spikes: bool = False,
        voltages: Optional[int] = None,
    ):
        self.name, self.cause, self.summary = name, cause, f"Nengo core, with {cause}"
        self.passes = passes
        self.carriers, self.spikes, self.voltages = carriers, spikes, voltages

    def again(self, voltages: int) -> CoreRung:
        """The same from other initial voltages: how much single runs differ by themselves."""
        return CoreRung(
            self.name,
            self.cause,
            self.passes,
            self.carriers,
            self.spikes,
            voltages,
        )

    def applies(self, chip: Rewritten) -> bool:
        ways = {chip.notes.connections[conn].way for conn in chip.network.all_connections}
        if self.spikes:
            return Way.FROM_HOST in ways
        return Way.FROM_CARRIERS in ways if self.carriers else True

    def open(self, copied: SeededCopy, dt: float, seed: int) -> Session:
        made = rewritten(copied, dt, self.passes)
        network = made.network
        _enter(made, dt, self.spikes)
        if not self.carriers:
            _replace_carriers(made, dt)
        _give_decoders(made, dt)
        for ens in network.all_ensembles:
            if on_chip(network, ens):
                ens.neuron_type = whole_steps(ens.neuron_type)
        if self.voltages is not None:
            _fill(network, self.voltages)
        return CoreSession(network, dt, seed, tuple(made.changes))


def _fill(network: nengo.Network, seed: int) -> None:
    """Give the chip's neurons voltages between rest and threshold."""
    rng = np.random.RandomState(seed)
    for ens in network.all_ensembles:
        if on_chip(network, ens):
            state = {"voltage": rng.uniform(0, 1, ens.n_neurons)}
            ens.neuron_type = with_parameters(ens.neuron_type, initial_state=state)


def _enter(made: Rewritten, dt: float, spikes: bool) -> None:
    """Give what the host sends the filter that is the compartments' own, as values or as spikes."""
    network = made.network
    for conn in network.all_connections:
        if made.notes.connections[conn].way != Way.FROM_HOST:
            continue
        post, size = conn.post, conn.size_out
        synapse: Any = Lowpass(float(network.config[base_of(post)].input_tau))
        if isinstance(conn.synapse, Lead) and conn.synapse.synapse is None:
            synapse = Lead(synapse)  # without Nengo's step: that is the way's, where none was asked
        with network:
            node = nengo.Node(size_in=size, label="sent to the chip")
        node.seed = 0
        reconnect(conn, post=node)
        with network:
            if spikes:
                _as_spikes(network, node, post, synapse, made.notes.connections[conn].spike, dt)
            else:
                nengo.Connection(node, post, synapse=synapse, seed=0)


def _as_spikes(
    network: nengo.Network, node: nengo.Node, post: Any, synapse: Any, spike: float, dt: float
) -> None:
    """See `deploy.nengo_loihi.build.input_neurons.input_neurons`."""
    size, spike = node.size_in, spike or 1 / SPIKES_A_STEP
    radius = float(getattr(post, "radius", 1.0))
    pairs = SignPairs(
        2 * size,
        size,
        gain=np.full(2 * size, 1 / spike / dt),
        bias=np.zeros(2 * size),
        neuron_type=nengo.SpikingRectifiedLinear(initial_state={"voltage": Choice([0.5])}),
        seed=0,
    )
    network.config[pairs].on_chip = False
    nengo.Connection(node, pairs, transform=1 / radius, synapse=None, seed=0)
    signs = np.concatenate([np.eye(size), -np.eye(size)], axis=1)
    worth, most = radius * dt * spike, MOST_A_STEP / dt
    lowpass = synapse.synapse if isinstance(synapse, Lead) else synapse
    sending = _Sending(2 * size, most, float(np.exp(-dt / lowpass.tau)) if lowpass.tau else 0.0)
    sent = nengo.Node(sending, size_in=2 * size, label="spikes")
    sent.seed = 0
    nengo.Connection(pairs.neurons, sent, synapse=None, seed=0)
    nengo.Connection(sent, post, transform=worth * signs, synapse=synapse, seed=0)


class _Sending:
    """Spikes as the host sends them; what is too many waits, see `filtered_unit`."""

    def __init__(self, size: int, most: float, fade: float):
        self.most, self.fade = most, fade
        self.waiting = np.zeros(size)

    def __call__(self, t: float, spikes: np.ndarray) -> np.ndarray:
        total = spikes + self.waiting
        sent = np.minimum(total, self.most)
        self.waiting = (total - sent) * self.fade
        return np.asarray(sent)


def _replace_carriers(made: Rewritten, dt: float) -> None:
    """Nodes in the place of carriers, that hand on what these are to carry, as late."""
    network = made.network
    outs: List[nengo.Connection] = [
        conn
        for conn in network.all_connections
        if made.notes.connections[conn].way == Way.FROM_CARRIERS
    ]
    for out in outs:
        ens = out.pre_obj
        with network:
            node = nengo.Node(size_in=ens.dimensions, label=ens.label)
        node.seed = 0
        for conn in network.all_connections:
            if conn.post_obj is ens:
                reconnect(conn, post=node)
                conn.solver = _decoders(conn.solver)
        with network:
            late = Lowpass(out.synapse.tau).combine(Lowpass(HOP_STEPS * dt))
            nengo.Connection(node, out.post, synapse=late, seed=0)
        network.connections.remove(out)
        network.ensembles.remove(ens)


def _give_decoders(made: Rewritten, dt: float) -> None:
    """Give connections and probes the decoders that they have on the chip."""
    network = made.network
    decoding = Decoding(made.solutions, decoded_as_given(network, dt), driven_one_by_one(network))
    model = Model(dt=dt, decoder_cache=NoDecoderCache())
    model.params.update(made.tuning)

    def given(
        conn: nengo.Connection, solver: nengo.solvers.Solver, seed: int
    ) -> nengo.solvers.Solver:
        ens, rng = conn.pre_obj, np.random.RandomState(seed)
        own, built = made.neuron_types.get(ens), made.tuning.get(ens)
        found = decoding.of_connection(model, conn, solver_of_decoders(solver), own, built, rng)
        return solver if found is None else NoSolver(found.decoders.T, weights=solver.weights)

    for conn in network.all_connections:
        conn.solver = given(conn, conn.solver, conn.seed)
    for probe in network.all_probes:
        if isinstance(base_of(probe.target), nengo.Ensemble) and probe.attr == "decoded_output":
            read = nengo.Connection(
                probe.target,
                nengo.Node(size_in=probe.size_in, add_to_container=False),
                add_to_container=False,
            )
            probe.solver = given(read, probe.solver, probe.seed)


def _decoders(solver: nengo.solvers.Solver) -> nengo.solvers.Solver:
    own = solver_of_decoders(solver)
    return NoSolver(own.values) if isinstance(own, NoSolver) else own
