"""What a NIR file of ours says besides NIR, in its metadata: what NIR's nodes have no words for.

It is JSON, and only adds to the graph: weights, thresholds and time constants are those of the
nodes. Where a node no longer says what its metadata says, as somebody changed it, the node counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Tuple, Type

import nengo
import numpy as np
from nengo.neurons import NeuronType
from nengo.synapses import LinearFilter, Synapse

from loihi_rules.change import Change
from loihi_rules.nengo_parts.stepped import SteppedNeurons
from loihi_rules.nir.errors import NirError

KEY = "loihi_rules"
GIVEN = "given"  # an Input's stimulus, (n_steps, n), in its own metadata
VERSION = 1
CLOSE = 1e-9  # relative; what differs by less is a matter of rounding
STEPPED = ("current_kept", "voltage_kept", "threshold", "bias", "leak", "v_reset")


@dataclass(frozen=True)
class Carried:
    """What the metadata of a graph says.

    Attributes
    ----------
    conventions : mapping of str to object
        Fields of `loihi_rules.nir.Conventions`.
    neurons : mapping of str to NeuronType
        Nengo's own, by node.
    filters : mapping of str to Synapse
        Nengo's own, by node: of a node that filters, or of all that enters a CubaLIF.
    values : frozenset of str
        Inputs that give values, and not spikes.
    changes : tuple of Change
        What NIR cannot say of the network that was written.
    """

    conventions: Mapping[str, Any] = field(default_factory=dict)
    neurons: Mapping[str, NeuronType] = field(default_factory=dict)
    filters: Mapping[str, Synapse] = field(default_factory=dict)
    values: FrozenSet[str] = frozenset()
    changes: Tuple[Change, ...] = ()

    @property
    def has_values(self) -> bool:
        """Whether what is read out of the network are values, and not sums of spikes."""
        return any(not isinstance(each, SteppedNeurons) for each in self.neurons.values())

    def to_metadata(self) -> Dict[str, Any]:
        """As the metadata of a `nir.NIRGraph`."""
        record = {
            "version": VERSION,
            "conventions": dict(self.conventions),
            "neurons": {name: _neurons_as_record(each) for name, each in self.neurons.items()},
            "filters": {name: _filter_as_record(each) for name, each in self.filters.items()},
            "values": sorted(self.values),
            "changes": [list(vars(change).values()) for change in self.changes],
        }
        return {KEY: json.dumps(record, allow_nan=False)}


def carried_by(graph: Any) -> Optional[Carried]:
    """What a graph's metadata says; None if it is not of ours.

    Raises
    ------
    NirError
        If it cannot be understood.
    """
    text = graph.metadata.get(KEY) if isinstance(graph.metadata, dict) else None
    if text is None:
        return None
    try:
        record = json.loads(text)
        if record["version"] != VERSION:
            raise NirError(
                f"it was written by another version of loihi-deploy (metadata {record['version']}, "
                f"known is {VERSION}); take its metadata out to read it as any NIR file"
            )
        return Carried(
            dict(record["conventions"]),
            {str(name): _neurons_of(each) for name, each in record["neurons"].items()},
            {str(name): _filter_of(each) for name, each in record["filters"].items()},
            frozenset(map(str, record["values"])),
            tuple(Change(*map(str, each)) for each in record["changes"]),
        )
    except NirError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        said = " ".join(str(error).split())[:120] or type(error).__name__
        raise NirError(
            f"what loihi-deploy wrote into its metadata is damaged ({said}); take it out to read "
            "the file as any NIR file"
        ) from None


def stimulus_of(node: Any, name: str, n: int) -> Optional[np.ndarray]:
    """(n_steps, n) values that an Input is given, if its metadata says any.

    Raises
    ------
    NirError
        If these are no finite numbers of that shape.
    """
    given = node.metadata.get(GIVEN) if isinstance(node.metadata, dict) else None
    if given is None:
        return None
    array = np.asarray(given)
    if array.dtype.kind not in "fiub" or array.ndim != 2 or array.shape[1] != n or not array.size:
        raise NirError(f"node {name}: what it is given is {array.dtype} of {array.shape}")
    if not np.isfinite(array).all():
        raise NirError(f"node {name}: what it is given holds what is no finite number")
    return array.astype(float)


def same_stepped(own: SteppedNeurons, read: SteppedNeurons, n: int) -> bool:
    """Whether two populations of n differ by no more than rounding."""
    a, b = _in_steps(own), _in_steps(read)
    if any(array.size not in (1, n) for array in a.values()):
        return False
    close = all(np.allclose(a[name], b[name], rtol=CLOSE, atol=CLOSE) for name in a)
    return close and own.graded == read.graded


def _in_steps(neurons: SteppedNeurons) -> Dict[str, np.ndarray]:
    """What a step does; without a current of its own, its bias is a part of the leak."""
    p = {name: np.asarray(getattr(neurons, name), float) for name in STEPPED}
    if not np.any(p["current_kept"]):
        p["leak"], p["bias"] = p["leak"] + p["bias"], np.zeros(1)
    return p


# ---------------------------------------------------------------------- neurons and filters


class _Kind(NamedTuple):
    make: Type[NeuronType]
    numbers: Tuple[str, ...]
    arrays: Tuple[str, ...] = ()
    choices: Tuple[str, ...] = ()


NEURONS: Mapping[str, _Kind] = {
    "LIF": _Kind(nengo.LIF, ("tau_rc", "tau_ref", "min_voltage")),
    "SpikingRectifiedLinear": _Kind(nengo.SpikingRectifiedLinear, ()),
    "SteppedNeurons": _Kind(SteppedNeurons, (), STEPPED, ("reset", "late_reset", "graded")),
}


def _neurons_as_record(neurons: NeuronType) -> Dict[str, Any]:
    kind = NEURONS[type(neurons).__name__]
    record: Dict[str, Any] = {"kind": type(neurons).__name__}
    record.update({name: _number(getattr(neurons, name)) for name in kind.numbers})
    record.update({name: _numbers(getattr(neurons, name)) for name in kind.arrays})
    record.update({name: getattr(neurons, name) for name in kind.choices})
    state = neurons.initial_state or {}
    record["initial_state"] = {name: _numbers(value) for name, value in state.items()}
    return record


def _neurons_of(record: Mapping[str, Any]) -> NeuronType:
    kind = NEURONS[record["kind"]]
    given: Dict[str, Any] = {name: float(record[name]) for name in kind.numbers}
    given.update({name: _array(record[name]) for name in kind.arrays})
    given.update({name: record[name] for name in kind.choices})
    state = {str(name): _array(value) for name, value in record["initial_state"].items()}
    made: NeuronType = kind.make(**given, initial_state=state or None)
    return made


def _filter_as_record(synapse: Synapse) -> Dict[str, Any]:
    cls = type(synapse)
    return {"kind": cls.__name__, **{key: get(synapse) for key, get in FILTERS[cls].items()}}


def _filter_of(record: Mapping[str, Any]) -> Synapse:
    cls = {each.__name__: each for each in FILTERS}[record["kind"]]
    synapse: Synapse = cls(**{key: record[key] for key in FILTERS[cls]})
    return synapse


FILTERS: Mapping[Type[Synapse], Mapping[str, Callable[[Any], Any]]] = {
    nengo.Lowpass: {"tau": lambda s: float(s.tau)},
    nengo.Alpha: {"tau": lambda s: float(s.tau)},
    LinearFilter: {
        "num": lambda s: _numbers(s.num),
        "den": lambda s: _numbers(s.den),
        "analog": lambda s: bool(s.analog),
        "method": lambda s: str(s.method),
    },
}


def _number(value: float) -> Any:
    """JSON has no infinity."""
    return float(value) if np.isfinite(value) else str(float(value))


def _numbers(values: Any) -> List[Any]:
    return [_number(value) for value in np.asarray(values, float).ravel()]


def _array(values: Any) -> np.ndarray:
    array = np.array([float(value) for value in values])
    if np.isnan(array).any():
        raise ValueError
    return array
