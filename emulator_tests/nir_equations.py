"""NIR's equations, one node after the other, in double precision: what tests hold imports against.

Written from NIR's documentation (Pedersen et al. 2024, and the docstrings of ``nir/ir``) and that
of `loihi_rules.nir.Conventions`, with nothing of ``loihi_rules``. A node takes an array of its own
shape and gives one; nothing is multiplied out.
"""

from dataclasses import dataclass, field
from typing import Any, Dict, List, Tuple

import numpy as np

FIRES = ("IF", "LIF", "CubaLIF")
STATEFUL = ("I", "LI", "CubaLI", *FIRES, "Threshold")


@dataclass
class Conventions:
    dt: float = 1e-3
    reset: str = "zero"
    reset_at: str = "spike"
    first: str = "current"
    decay: str = "euler"
    integrate: str = "steps"
    gain: str = "equation"

    def lost(self, tau):
        return self.dt / tau if self.decay == "euler" else 1 - np.exp(-self.dt / tau)


@dataclass
class Reference:
    """A flat graph: nodes in an order in which each is behind what it needs in a step.

    ``back`` are edges by which a population is given what came out in the step before.
    """

    nodes: Dict[str, Any]
    edges: List[Tuple[str, str]]
    shapes: Dict[str, Tuple[int, ...]]
    back: List[Tuple[str, str]]
    conventions: Conventions
    margin: float = np.inf
    margins: List[float] = field(default_factory=list)

    def run(self, inputs):
        """(n_steps, …) arrays that enter, by Input; gives what comes out of each node."""
        self.given = inputs
        n_steps = len(next(iter(inputs.values())))
        self.out = {name: [] for name in self.nodes}
        self.states = {
            name: Neurons(node, self.shapes[name], self.conventions)
            for name, node in self.nodes.items()
            if type(node).__name__ in STATEFUL
        }
        self.rest = {}
        for name in self.nodes:
            self.rest[name] = self._at_rest(name)
        for step in range(n_steps):
            late = []
            for name in self.nodes:  # those whose spikes are of the voltage before
                if name in self.states and self.states[name].spikes_first:
                    self.out[name].append(self.states[name].fire())
                    late.append(name)
            for name, node in self.nodes.items():
                if name not in late:
                    self.out[name].append(self._compute(name, node, step))
            for name in late:
                self.states[name].update(self._sum(name, step))
            self.margins.append(min((s.margin for s in self.states.values()), default=np.inf))
        return {name: np.array(values) for name, values in self.out.items()}

    def _at_rest(self, name):
        """What comes out of a node when nothing has ever entered."""
        node = self.nodes[name]
        if type(node).__name__ in (*STATEFUL, "Input"):
            return np.zeros(self.shapes[name])
        given = [self.rest[pre] for pre, post in self.edges if post == name and pre in self.rest]
        given = sum(given) if given else np.zeros(self._shape_before(name))
        return given if type(node).__name__ == "Delay" else stateless(node, given)

    def _shape_before(self, name):
        return next(self.shapes[pre] for pre, post in self.edges if post == name)

    def _past(self, name, step):
        return self.out[name][step] if step >= 0 else self.rest[name]

    def _sum(self, name, step):
        own = self.shapes[name] if name in self.states else None
        total = 0.0
        for pre, post in self.edges:
            if post != name:
                continue
            late = (pre, post) in self.back and not self._to_spikes_first(post)
            value = self._past(pre, step - int(late))
            total = total + (value.reshape(own) if own else value)
        return total

    def _to_spikes_first(self, name):
        """Whether a way back needs no step, as the spikes are there before what they change."""
        while name not in self.states:
            name = next(post for pre, post in self.edges if pre == name)
        return self.states[name].spikes_first

    def _compute(self, name, node, step):
        kind = type(node).__name__
        if kind == "Input":
            return np.asarray(self.given[name][step], float)
        if kind == "Delay":
            return self._delayed(name, node, step)
        given = self._sum(name, step)
        if name in self.states:
            return self.states[name].step(given)
        return stateless(node, given)

    def _delayed(self, name, node, step):
        (pre,) = [pre for pre, post in self.edges if post == name]
        shape = self.shapes[pre]
        steps = np.broadcast_to(np.rint(node.delay / self.conventions.dt), shape).astype(int)
        if (pre, name) in self.back and not self._to_spikes_first(name):
            steps = np.maximum(steps, 1)
        result = np.zeros(shape)
        for place in np.ndindex(*shape):
            result[place] = self._past(pre, step - steps[place])[place]
        return result


class Neurons:
    """One population."""

    def __init__(self, node, shape, conventions):
        self.node, self.c, self.kind = node, conventions, type(node).__name__
        self.p = {
            key: np.broadcast_to(np.asarray(value, float), shape)
            for key, value in vars(node).items()
            if isinstance(value, np.ndarray)
        }
        self.v, self.current = np.zeros(shape), np.zeros(shape)
        self.spiked = np.zeros(shape, bool)
        self.margin = np.inf
        self.spikes_first = self.c.first == "spikes" and self.kind in FIRES

    def step(self, x):
        """One step; gives spikes, or the voltage of what has no threshold."""
        if self.kind == "Threshold":
            self._look(x, self.p["threshold"])
            return (x > self.p["threshold"]).astype(float)
        self._move(x)
        if self.kind not in FIRES:
            return self.v.copy()
        return self._spike()

    def fire(self):
        """Spikes of the voltage that there is."""
        return self._spike()

    def update(self, x):
        self._move(x)

    def _spike(self):
        theta = self.p["v_threshold"]
        self._look(self.v, theta)
        self.spiked = self.v > theta
        if self.c.reset_at == "spike":
            self.v = np.where(self.spiked, self._after(self.v), self.v)
        return self.spiked.astype(float)

    def _after(self, v):
        return v - self.p["v_threshold"] if self.c.reset == "subtract" else self.p["v_reset"]

    def _look(self, v, theta):
        finite = np.isfinite(theta)
        if finite.any():
            off = np.abs(v - theta)[finite] / np.maximum(np.abs(theta[finite]), 1e-3)
            self.margin = float(off.min())

    def _move(self, x):
        late = self.spiked & (self.c.reset_at == "next") & (self.kind in FIRES)
        old, p = self.v, self.p
        if self.kind in ("I", "IF"):
            decayed = old
            moved = p["r"] * x * (self.c.dt if self.c.integrate == "seconds" else 1.0)
        elif self.kind in ("LI", "LIF"):
            lost = self.c.lost(p["tau"])
            decayed = old * (1 - lost)
            gain = lost * p["r"] if self.c.gain in ("equation", "current") else 1.0
            moved = lost * p["v_leak"] + gain * x
        else:
            lost, lost_current = self.c.lost(p["tau_mem"]), self.c.lost(p["tau_syn"])
            before = self.current
            if self.c.gain == "decayed":
                self.current = (1 - lost_current) * (self.current + x)
            else:
                gain = lost_current * p["w_in"] if self.c.gain == "equation" else 1.0
                self.current = (1 - lost_current) * self.current + gain * x
            used = before if self.c.first == "voltage" else self.current
            by = lost * p["r"] if self.c.gain in ("equation", "current") else 1.0
            decayed = old * (1 - lost)
            moved = lost * p["v_leak"] + by * used
        new = decayed + moved
        if late.any():
            lower = decayed - p["v_threshold"] + moved
            new = np.where(late, lower if self.c.reset == "subtract" else p["v_reset"], new)
        self.v = new


def stateless(node, x):
    """What a node without a state makes of an array."""
    kind = type(node).__name__
    if kind in ("Linear", "Affine"):
        flat = x.reshape(node.weight.shape[1])
        y = np.array([sum(w * v for w, v in zip(row, flat)) for row in node.weight])
        return y + node.bias if kind == "Affine" else y
    if kind == "Scale":
        return x * np.asarray(node.scale).reshape(x.shape if np.size(node.scale) > 1 else ())
    if kind == "Flatten":
        return x.reshape(-1)
    if kind in ("Conv1d", "Conv2d"):
        return convolution(node, x)
    if kind in ("SumPool2d", "AvgPool2d"):
        return pool(node, x)
    if kind == "Output":
        return x
    raise AssertionError(kind)


def pair(value, n):
    return [int(part) for part in np.broadcast_to(np.asarray(value).ravel(), (n,))]


def convolution(node, x):
    """As ``torch.nn.Conv1d`` and ``Conv2d``: a correlation, padded with zeros."""
    axes = node.weight.ndim - 2
    stride, dilation = pair(node.stride, axes), pair(node.dilation, axes)
    kernel = node.weight.shape[2:]
    if node.padding == "valid":
        ends = [(0, 0)] * axes
    elif node.padding == "same":
        ends = [((d * (k - 1)) // 2, d * (k - 1) - (d * (k - 1)) // 2)
                for d, k in zip(dilation, kernel)]  # fmt: skip
    else:
        ends = [(p, p) for p in pair(node.padding, axes)]
    padded = np.pad(x, [(0, 0), *ends])
    out = [(n - d * (k - 1) - 1) // s + 1
           for n, d, k, s in zip(padded.shape[1:], dilation, kernel, stride)]  # fmt: skip
    each, given = node.weight.shape[0] // node.groups, node.weight.shape[1]
    y = np.zeros((node.weight.shape[0], *out))
    for channel in range(len(y)):
        first = (channel // each) * given
        for place in np.ndindex(*out):
            for offset in np.ndindex(*kernel):
                at = tuple(i * s + j * d for i, s, j, d in zip(place, stride, offset, dilation))
                for c in range(given):
                    y[(channel, *place)] += (
                        node.weight[(channel, c, *offset)] * padded[(first + c, *at)]
                    )
        y[channel] += node.bias[channel]
    return y


def pool(node, x):
    """As ``torch.nn.AvgPool2d``, with the zeros of the padding counted; or the sum."""
    kernel, stride, padding = (
        pair(value, 2) for value in (node.kernel_size, node.stride, node.padding)
    )
    padded = np.pad(x, [(0, 0), *((p, p) for p in padding)])
    out = [(n - k) // s + 1 for n, k, s in zip(padded.shape[1:], kernel, stride)]
    y = np.zeros((len(x), *out))
    for c, i, j in np.ndindex(*y.shape):
        y0, x0 = i * stride[0], j * stride[1]
        y[c, i, j] = padded[c, y0 : y0 + kernel[0], x0 : x0 + kernel[1]].sum()
    return y / np.prod(kernel) if type(node).__name__ == "AvgPool2d" else y
