"""What receives the host's values on the chip: spikes of pairs, into an ensemble's encoders."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

import nengo
from nengo.builder.connection import BuiltConnection
from nengo.synapses import Lowpass

from deploy.nengo_loihi.build.discretize import ENCODERS


@contextlib.contextmanager
def receivers(nengo_loihi: Any) -> Iterator[None]:
    """While this lasts, values from the host have nothing built for them that is not used.

    nengo-loihi (1.1.0, ``builder/connection.py``, ``build_full_chip_connection``) makes a sparse
    matrix of weights of each, that leads to no synapses: the encoders are these.
    """
    module, inputs = nengo_loihi.builder.connection, nengo_loihi.builder.inputs
    original = module.build_full_chip_connection

    def build(model: Any, conn: nengo.Connection) -> None:
        post = conn.post
        if (
            type(conn.pre) is not inputs.ChipReceiveNode
            or not isinstance(post, nengo.Ensemble)
            or conn.solver.weights
            or not isinstance(conn.synapse, Lowpass)
            or conn.size_in != post.size_in
        ):
            original(model, conn)
            return
        source, block = model.objs[conn.pre]["out"], model.objs[post]["in"]
        name = ENCODERS[0]
        if name not in block.named_synapses:
            module.build_decode_neuron_encoders(model, post, kind=name)
        axon = nengo_loihi.block.Axon(source.n_neurons, label="encoders")
        axon.target = block.named_synapses[name]
        source.add_axon(axon)
        model.objs[conn]["mid_axon"] = axon
        block.compartment.configure_filter(conn.synapse.tau, dt=model.dt)
        model.params[conn] = BuiltConnection(None, None, None, None)

    module.build_full_chip_connection = build
    try:
        yield
    finally:
        module.build_full_chip_connection = original
