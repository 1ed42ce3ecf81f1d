"""Weights that were learnt: taken from a run, kept in a file, and put back into a model."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import nengo
import numpy as np

from deploy.errors import BadInput
from deploy.files.npz import read_npz, write_npz
from deploy.files.timestamp import now
from deploy.models.fingerprint import fingerprint, neurons_fingerprint
from deploy.models.loaded import LoadedModel, Model
from deploy.models.loading import load_model
from deploy.models.spelling import Spelling
from deploy.models.user_code import user_code
from deploy.nengo_loihi.read.learned_weights import learned_in_core
from deploy.simulator.simulator import Simulator
from deploy.traces.learned_arrays import describe_learned, learned_arrays, read_learned
from deploy.traces.traces import Traces
from deploy.workflows.given import WEIGHTS, check_weights
from loihi_rules import Change, Learned, fix_seeds, resume
from loihi_rules import freeze as freeze_network
from loihi_rules.learned.quantised import quantise_rows
from loihi_rules.learned.record import learning

Source = Union[Traces, Simulator, nengo.Simulator]
MOST_NAMED = 8  # connections, of weights in a line


@dataclass(frozen=True)
class Weights:
    """What the connections of a model have learnt in a run.

    Attributes
    ----------
    model : str
        Name of the model.
    fingerprint : str
        See `deploy.models.fingerprint.fingerprint`.
    seed : int
        Of the run.
    target : str
        Where it was learnt.
    seconds : float
        For how long.
    learned : tuple of Learned
    created : str
        When, in UTC.
    versions : mapping
    """

    model: str
    fingerprint: str
    seed: int
    target: str
    seconds: float
    learned: Tuple[Learned, ...]
    created: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        names = [each.connection for each in self.learned]
        more = ", …" if len(names) > MOST_NAMED else ""
        return (
            f"<Weights of {self.model} after {self.seconds:g} s on {self.target}, seed "
            f"{self.seed}: {', '.join(names[:MOST_NAMED])}{more}>"
        )

    @classmethod
    def of(cls, traces: Traces) -> Weights:
        """The weights at the end of a run.

        Raises
        ------
        BadInput
            If nothing learns in it.
        """
        if not traces.learned:
            raise BadInput(f"{traces.model}: nothing learns in it, so there are no weights")
        return cls(
            traces.model,
            traces.fingerprint,
            traces.seed,
            traces.target,
            traces.duration,
            traces.learned,
            traces.created,
            traces.versions,
        )

    def save(self, path: Union[str, Path]) -> Path:
        """Write one npz file: the weights as learnt and in the chip's 8 bits, with a record.

        Raises
        ------
        BadInput
            If it cannot be written.
        """
        arrays = learned_arrays(self.learned)
        entries = []
        for i, each in enumerate(self.learned):
            fixed = quantise_rows(each.values)
            arrays[f"learned.{i}.mantissas"] = np.array([row.mantissas for row in fixed.rows])
            arrays[f"learned.{i}.exponents"] = np.array([row.exponent for row in fixed.rows])
            entries.append(
                {
                    **describe_learned(each),
                    "scale": fixed.rows[0].scale,
                    "error bound": float(fixed.error_bounds.max()),
                }
            )
        record = {
            "model": self.model,
            "fingerprint": self.fingerprint,
            "seed": self.seed,
            "target": self.target,
            "seconds": self.seconds,
            "created": self.created,
            "versions": dict(self.versions),
            "learned": entries,
        }
        return write_npz(Path(path), WEIGHTS, record, arrays)

    @classmethod
    def load(cls, path: Union[str, Path]) -> Weights:
        """Read a file written by `save`; it may come from anywhere.

        Raises
        ------
        BadInput
            In one line, as `Traces.load`.
        """
        return read_npz(
            Path(path),
            WEIGHTS,
            lambda record, arrays: cls(
                str(record["model"]),
                str(record["fingerprint"]),
                int(record["seed"]),
                str(record["target"]),
                float(record["seconds"]),
                read_learned(record["learned"], arrays),
                str(record["created"]),
                record["versions"],
            ),
        )

    def put_into(
        self,
        loaded: LoadedModel,
        seed: int,
        learn: bool = False,
        fan_in: Optional[int] = None,
    ) -> LoadedModel:
        """The model with these weights: fixed in 8 bits, or to resume learning from.

        Parameters
        ----------
        loaded : LoadedModel
        seed : int
            Of a network that has none.
        learn : bool
            Whether it resumes learning.
        fan_in : int, optional
            Keep so many weights of each neuron; see `loihi_rules.learned.quantised.quantise_rows`.

        Raises
        ------
        BadInput
            If they do not fit the model.
        """
        with user_code(loaded.source):
            copied = fix_seeds(loaded.network, seed)
            there = learning(copied.network)
            for each in self.learned:
                conn = there.get(each.connection)
                if conn is not None and each.neurons not in ("", neurons_fingerprint(conn)):
                    raise BadInput(
                        f"the weights of {each.connection!r} were learnt by other neurons than "
                        f"{loaded.name} has (its ensembles or their seeds differ); run it with "
                        f"--seed {self.seed}, or learn them again"
                    )
            try:
                changes: Tuple[Change, ...] = ()
                if learn:
                    network = resume(loaded.network, self.learned, seed)
                else:
                    frozen = freeze_network(loaded.network, self.learned, seed, fan_in)
                    network, changes = frozen.network, frozen.changes
            except ValueError as error:
                raise BadInput(f"{error}; the weights are of {self.model!r}") from None
        said = {
            "weights": "learnt on from" if learn else "fixed",
            "weights of": f"{self.model}, {self.seconds:g} s on {self.target}, seed {self.seed}",
        }
        if fan_in is not None:
            said["fan-in"] = str(fan_in)
        kept = {
            name: ideal
            for name, ideal in loaded.ideals.items()
            if {name, ideal} <= {probe.label for probe in network.all_probes}
        }
        return replace(
            loaded,
            network=network,
            settings={**loaded.settings, **said},
            changes=changes,
            ideals=kept,
        )


def load_with_weights(
    model: Model,
    seed: int,
    weights: Optional[Path] = None,
    learn: bool = False,
    fan_in: Optional[int] = None,
) -> LoadedModel:
    """A model, with the weights of a file put into it if one is given.

    Raises
    ------
    BadInput
        If either cannot be used, or they do not fit.
    """
    check_weights(weights, learn, fan_in)
    loaded = load_model(model, seed)
    if weights is None:
        return loaded
    given = Weights.load(weights).put_into(loaded, seed, learn, fan_in)
    return replace(given, settings={**given.settings, "weights file": weights.name})


def freeze(
    source: Source,
    connection: Union[nengo.Connection, str, None] = None,
    network: Optional[nengo.Network] = None,
    fan_in: Optional[int] = None,
) -> nengo.Network:
    """A network whose weights are fixed at what a run has learnt, in the chip's 8 bits.

    Nothing learns in it any more, so that all of it can be on the chip. Its objects have the
    user's labels. How far the weights are from those learnt: `loihi_rules.freeze`, which gives
    the changes and bounds as well.

    Parameters
    ----------
    source : Traces, deploy.Simulator or nengo.Simulator
        Where the weights are taken from, as they are now.
    connection : nengo.Connection or str, optional
        One that learns, or its name; all that learn if not given.
    network : nengo.Network, optional
        The model of the traces. A simulator knows its own, and a built-in system is built anew.
    fan_in : int, optional
        Keep so many of the weights into each neuron, the largest.

    Returns
    -------
    nengo.Network

    Raises
    ------
    BadInput
        If the source does not have what is asked for.
    """
    if isinstance(source, Traces):
        weights = Weights.of(source)
        if network is None:
            network = _built_in(source)
        seed = source.seed
    else:
        weights, network = _from_simulator(source)
        seed = 0
    chosen = _chosen(weights.learned, connection, network)
    loaded = LoadedModel(weights.model, network)
    return replace(weights, learned=chosen).put_into(loaded, seed, fan_in=fan_in).network


def _built_in(source: Traces) -> nengo.Network:
    """The network of a run of a built-in system."""
    typed = str(source.settings.get("model", ""))
    if not typed or not Spelling.read(typed).system:
        raise BadInput(f"the traces of {source.model} do not hold its network; give it as network=")
    return load_model(typed, source.seed).network


def _chosen(
    learned: Tuple[Learned, ...],
    connection: Union[nengo.Connection, str, None],
    network: nengo.Network,
) -> Tuple[Learned, ...]:
    if connection is None:
        return learned
    name: Any = connection
    if isinstance(connection, nengo.Connection):
        by_id = {id(conn): label for label, conn in learning(network).items()}
        name = by_id.get(id(connection), str(connection))
    found = tuple(each for each in learned if each.connection == name)
    if not found:
        names = ", ".join(repr(each.connection) for each in learned)
        raise BadInput(f"{name!r} has learnt nothing in this run; there is {names}")
    return found


def _from_simulator(source: Any) -> Tuple[Weights, nengo.Network]:
    if isinstance(source, Simulator):
        network: Any = source.network
    elif isinstance(source, nengo.Simulator):
        network = source.model.toplevel
    else:
        raise BadInput(f"weights come from traces or a simulator, not {type(source).__name__}")
    if network is None:
        raise BadInput("the simulator runs a model of operators, which has no connections")
    if not isinstance(source, Simulator) and network.seed is None:
        raise BadInput(
            "the network has no seed, so that its neurons cannot be made again; "
            "give it one before the run"
        )
    learned: List[Learned] = []
    for name, conn in learning(network).items():
        if isinstance(source, Simulator):
            learned.append(source.learned(name, conn))
        else:
            learned.append(learned_in_core(source, name, conn))
    if not learned:
        raise BadInput(f"{network.label or 'the network'}: nothing learns in it")
    copied = fix_seeds(network)
    weights = Weights(
        network.label or "network",
        fingerprint(copied.network),
        0 if network.seed is None else network.seed,
        getattr(source, "target", "cpu"),
        float(source.time),
        tuple(learned),
        now(),
        _versions(),
    )
    return weights, network


def _versions() -> Dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ("nengo", "numpy")}
