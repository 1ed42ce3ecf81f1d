"""What a learned connection drives can be on the chip, by a way through the host."""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np
from nengo.ensemble import Neurons
from nengo.params import Parameter

from loihi_rules.draft import Draft
from loihi_rules.learned.record import all_adapted, rule_names
from loihi_rules.nengo_parts.built import built_ensemble
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.transforms import matrix_of
from loihi_rules.nengo_parts.wiring import (
    base_of,
    columns_of,
    on_chip,
    reconnect,
    rows_of,
    through_a_node,
)


def learned_posts(draft: Draft) -> None:
    """Let the ensemble behind a learned connection be on the chip, where its user asks for it.

    Learned weights are on the host, or hand their result to it. By default the ensemble that
    they drive is there too. With ``network.config[ens].on_chip = True`` it is on the chip, and
    a stand-in on the host takes the connection's end:

    - a node, where the rule changes decoders: what it receives is sent to the chip;
    - neurons, where the rule changes full weights. Their input current is sent to the chip's
      neurons, and they give out the spikes that those fire, which BCM's and Oja's rules need.

    The cost is a round trip in every step: chip → host → weights → chip → host.
    """
    network = draft.network
    for conn in network.all_connections:
        if conn.learning_rule_type is None or not on_chip(network, conn.post):
            continue
        name, post = name_of(conn), name_of(base_of(conn.post))
        full = isinstance(conn.post_obj, Neurons) or getattr(conn.solver, "weights", False)
        (_by_neurons if full else _by_a_node)(draft, conn)
        draft.change(
            name,
            "learned post on the chip",
            f"drives {post}",
            f"drives a stand-in on the host, which drives {post} on the chip",
            f"you asked for {post} to be on the chip; the weights of {rule_names(conn)} give their "
            "result on the host, so that each step is a round trip",
        )


def may_be_on_chip(conn: nengo.Connection) -> bool:
    """Whether the target of a learned connection can be on the chip at all."""
    return "encoders" not in all_adapted(conn)


def _by_a_node(draft: Draft, conn: nengo.Connection) -> None:
    through_a_node(draft.network, conn, f"to {name_of(conn.post)}")


def _by_neurons(draft: Draft, conn: nengo.Connection) -> None:
    ens = base_of(conn.post)
    n = ens.n_neurons
    built = built_ensemble(ens, draft.dt)
    part = rows_of(conn.post)
    span = _span(draft, conn, built)
    draft.learned.add(ens)
    line = Line(n, 1 / (span * np.where(built.gain == 0, 1.0, built.gain)))
    with draft.network:
        stand_in = nengo.Ensemble(
            n,
            ens.dimensions,
            radius=ens.radius,
            neuron_type=Repeated(line),
            encoders=built.encoders,
            normalize_encoders=False,
            gain=built.gain,
            bias=np.zeros(n),
            label=f"stand-in of {name_of(ens)}",
            seed=0,
        )
        draft.network.config[stand_in].on_chip = False
        whole = len(part) == conn.post_obj.size_in
        end = stand_in.neurons if isinstance(conn.post_obj, Neurons) else stand_in
        reconnect(conn, post=end if whole else end[part])
        spikes = nengo.Node(line.hear, size_in=n, size_out=0, label=f"spikes of {name_of(ens)}")
        current = nengo.Node(line.tell, size_out=n, label=f"current of {name_of(ens)}")
        nengo.Connection(ens.neurons, spikes, synapse=None, seed=0)
        nengo.Connection(current, ens.neurons, transform=span, synapse=None, seed=0)
    spikes.seed = current.seed = 0


def _span(draft: Draft, conn: nengo.Connection, built: Any) -> float:
    """How large the values are, before the gain, that the weights may give.

    A value enters the chip in quarters of a spike's weight, so the weight has to be of its
    size: twice what the first weights give at evaluation points of the source, or the
    input of an ensemble that represents 1.
    """
    pre = base_of(conn.pre)
    if not isinstance(conn.pre_obj, Neurons) or not isinstance(pre, nengo.Ensemble):
        return 1.0
    source = built_ensemble(pre, draft.dt)
    drive = source.eval_points @ source.encoders.T / pre.radius
    active = pre.neuron_type.rates(drive, source.gain, source.bias)[:, columns_of(conn.pre)]
    return max(1.0, 2 * float(np.abs(active @ matrix_of(conn).T).max()))


class Line:
    """What a stand-in and its neurons on the chip tell each other.

    Parameters
    ----------
    n : int
        Number of neurons.
    scale : (n,) ndarray
        What a current is multiplied with on its way: 1 ÷ gain ÷ span, as what goes into
        neurons is multiplied with their gain there, and with the span by the connection.
    """

    def __init__(self, n: int, scale: np.ndarray):
        self.spikes = np.zeros(n)
        self.current = np.zeros(n)
        self.scale = scale

    def hear(self, t: float, spikes: np.ndarray) -> None:
        """Take the chip's spikes of this step."""
        self.spikes[...] = spikes

    def tell(self, t: float) -> np.ndarray:
        """The current that the weights gave, for the chip."""
        return self.scale * self.current


class Repeated(nengo.neurons.NeuronType):
    """Neurons that fire when others do, and hand their input current on.

    Parameters
    ----------
    line : Line
        To the others.
    """

    spiking = True
    negative = False
    line = Parameter("line")

    def __init__(self, line: Line):
        super().__init__()
        self.line = line

    def max_rates_intercepts(self, gain: np.ndarray, bias: np.ndarray) -> Any:
        """There is no tuning: these neurons do not compute."""
        return np.ones_like(gain), np.zeros_like(gain)

    def rates(self, x: np.ndarray, gain: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """See `max_rates_intercepts`."""
        rates: np.ndarray = np.maximum(self.current(x, gain, bias), 0.0)
        return rates

    def step(self, dt: float, J: np.ndarray, output: np.ndarray, **state: np.ndarray) -> None:
        """Take the current, give the spikes."""
        self.line.current[...] = J
        output[...] = self.line.spikes
