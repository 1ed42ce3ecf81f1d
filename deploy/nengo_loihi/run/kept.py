"""A built simulator as numbers, and what steps it made of these, without any of the build."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping

import numpy as np

from deploy.emulator.chip_record import layout_of_arrays, layout_to_arrays
from deploy.emulator.engine import PROBEABLE, State, start
from deploy.host.frozen import Frozen, NotPlain, as_record
from deploy.host.written import Read, Steps, Written
from deploy.nengo_loihi.build.input_units import InputUnit
from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.nengo_loihi.run.bridges import ErrorBridge, Mailbox, SentErrors, SpikeBridge
from deploy.nengo_loihi.run.input_spikes import Valued, valued_by
from deploy.nengo_loihi.run.interface import FastEmulator
from deploy.nengo_loihi.run.runner import Runner

HOSTS = ("host_pre", "host")


class Kept:
    """Writes what steps a simulator which has made no step.

    Parameters
    ----------
    simulator : nengo_loihi.Simulator
        With a `Runner`.
    place_of : callable
        Takes a user's function; gives where in the network it is, in terms of JSON, or None.

    Attributes
    ----------
    record : dict
        In terms of JSON.
    arrays : dict of str to ndarray

    Raises
    ------
    NotPlain
        If something of it is not known by numbers.
    """

    def __init__(self, simulator: Any, place_of: Callable[[Any], Any]):
        runner: Runner = simulator._runner
        emulator: FastEmulator = simulator.sims["emulator"]
        if runner.n_steps:
            raise NotPlain("steps")
        self._numbers: List[np.ndarray] = []
        boxes = [box.rows for box in runner.receivers.values()]
        errors = runner.errors.sent
        shared = [*boxes, *runner.spikes.signals, *(of.signal for of in errors)]
        self.hosts = Written(runner.hosts, shared, place_of, self._numbers)
        self.chip_probes = emulator.probes
        place = self.hosts.memory.place
        units = [list(unit) for unit in runner.spikes.input_units]
        valued = valued_by(simulator.model)
        self.record: Dict[str, Any] = {
            **self.hosts.record,
            "precompute": runner.precompute,
            "most": runner.most,
            "senders": [place(signal) for signal in runner.spikes.signals],
            "units": [[as_record(each, self._add) for each in unit] for unit in units],
            "valued": [
                None if key is None else [*valued[key][:3], valued[key].unit.value]
                for key in runner.spikes.valued
            ],
            "fed": runner.spikes.fed,
            "errors": [[place(of.signal), of.first, of.learner] for of in errors],
            "error scale": emulator.error_scale,
            "receivers": [
                [emulator.probes.index(probe), place(box.rows)]
                for probe, box in runner.receivers.items()
            ],
            "probes": [self._probe(emulator, probe) for probe in emulator.probes],
        }
        self.arrays: Dict[str, np.ndarray] = {
            **self.hosts.arrays,
            **layout_to_arrays(emulator.layout),
            **{f"probed.{key}": emulator.engine.probed[key] for key in PROBEABLE},
        }
        for name, now, first in zip(State._fields, emulator.engine.state, start(emulator.layout)):
            if not np.array_equal(now, first):
                self.arrays[f"state.{name}"] = now
        for k, array in enumerate(self._numbers):
            self.arrays[f"number.{k}"] = np.array(array)

    def probes(self, simulator: Any) -> Dict[str, List[Any]]:
        """Those of each host, in the order in which they are written."""
        hosts: Mapping[str, Any] = simulator._runner.hosts
        return {name: self.hosts.probes(host) for name, host in hosts.items()}

    def add(self, value: Any) -> Any:
        """A number, an array or an immutable object in terms of JSON, written with the rest."""
        before = len(self._numbers)
        found = as_record(value, self._add)
        for k in range(before, len(self._numbers)):
            self.arrays[f"number.{k}"] = np.array(self._numbers[k])
        return found

    def _add(self, array: np.ndarray) -> int:
        self._numbers.append(array)
        return len(self._numbers) - 1

    def _probe(self, emulator: FastEmulator, probe: Any) -> Dict[str, Any]:
        return {
            "key": probe.key,
            "columns": [[part.start, part.stop] for part in emulator.columns[probe]],
            "weights": as_record(list(probe.weights), self._add),
            "reindexing": as_record(probe.reindexing, self._add),
            "synapse": as_record(probe.synapse, self._add),
            "size": int(probe.output_size),
        }


class Stepper:
    """What steps a simulator that was written by `Kept`.

    Parameters
    ----------
    record, arrays
        Of `Kept`.
    function_at : callable
        Takes the place of a user's function, and gives it.
    seed : int
        Of the chip's random numbers.
    dt : float
        Step in seconds.

    Attributes
    ----------
    runner : Runner
    probes : list
        The chip's.
    simulators : dict of str to Steps
        Of each host. Its probes are numbers.
    valued : dict of int to Valued
        By input, where values become its spikes.

    Raises
    ------
    ValueError, KeyError, TypeError, IndexError
        If something of it is not as it must be.
    """

    def __init__(
        self,
        record: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        function_at: Callable[[Any], Any],
        seed: int,
        dt: float,
    ):
        n_numbers = sum(name.startswith("number.") for name in arrays)
        self.frozen = Frozen([arrays[f"number.{k}"] for k in range(n_numbers)])
        self.read = Read(record, arrays, self.frozen, function_at)
        kind = _kind_of_probes()
        self.probes = [kind(each, self.frozen) for each in record["probes"]]
        columns = {
            probe: [slice(first, last) for first, last in each["columns"]]
            for probe, each in zip(self.probes, record["probes"])
        }
        probed = {key: arrays[f"probed.{key}"] for key in PROBEABLE}
        layout, error_scale = layout_of_arrays(arrays), float(record["error scale"])
        self.emulator = FastEmulator.of_arrays(layout, columns, probed, seed, dt, error_scale)
        for name, array in zip(State._fields, self.emulator.engine.state):
            if f"state.{name}" in arrays:
                array[...] = arrays[f"state.{name}"]
        most = int(record["most"])
        self.simulators = {
            name: Steps(dt, range(record["hosts"][name]["probes"])) for name in record["hosts"]
        }
        if not set(self.simulators) <= set(HOSTS):
            raise ValueError("hosts")
        hosts = {
            name: self.read.host(name, steps, list(steps.data.raw), most)
            for name, steps in self.simulators.items()
        }
        receivers = {
            self.probes[k]: Mailbox(self.read.array(place)) for k, place in record["receivers"]
        }
        if any(len(box.rows) != most + 1 for box in receivers.values()):
            raise ValueError("receivers")
        units = [InputUnit(*map(self.frozen.of, unit)) for unit in record["units"]]
        senders = [self.read.array(place) for place in record["senders"]]
        fed = [list(map(str, of)) for of in record["fed"]]
        if not len(senders) == len(units) == len(fed) == self.emulator.layout.n_inputs:
            raise ValueError("inputs")
        self.valued = {
            k: Valued(
                str(said[0]),
                bool(said[1]),
                float(said[2]),
                units[k]._replace(value=float(said[3])),
            )
            for k, said in enumerate(record["valued"])
            if said is not None
        }
        spikes = SpikeBridge(senders, units, list(range(len(units))), fed, most)
        sent = [
            SentErrors(self.read.array(place), int(first), str(learner))
            for place, first, learner in record["errors"]
        ]
        errors = ErrorBridge(sent, self.emulator)
        self.runner = Runner.of_parts(
            hosts, receivers, spikes, errors, self.emulator, bool(record["precompute"]), most
        )

    def continue_in(self, simulator: Any, place_of: Callable[[Any], Any]) -> None:
        """Become what steps another build of the same model, where this one is.

        Parameters
        ----------
        simulator : nengo_loihi.Simulator
            Has made no step.
        place_of : callable
            As for `Kept`.

        Raises
        ------
        ValueError
            If it was built to other numbers.
        """
        other: Runner = simulator._runner
        fresh: FastEmulator = simulator.sims["emulator"]
        written = Kept(simulator, place_of)
        if not self._is_of(written):
            raise ValueError("numbers")
        memory = self.read.array
        for name, steps in self.simulators.items():
            own: Any = simulator.sims[name]
            for signal, array in list(own.signals.items()):
                if isinstance(array, np.ndarray) and written.hosts.memory.has(array):
                    moved = memory(written.hosts.memory.place(array))
                    moved.setflags(write=array.flags.writeable)
                    dict.__setitem__(own.signals, signal, moved)
            self.runner.hosts[name].continue_in(own, written.hosts.probes(other.hosts[name]), steps)
        named = dict(zip(self.probes, fresh.probes))
        self.emulator.continue_as(fresh, named)
        self.runner.continue_as(other, named)
        simulator.sims["emulator"] = self.emulator
        simulator._runner = self.runner
        fresh.close()

    def _is_of(self, written: Kept) -> bool:
        """Whether it is what would be written of another build, but for what changes."""
        layout = layout_to_arrays(self.emulator.layout)
        layout.pop("layout.compartments.bias")  # which may be set
        same = all(np.array_equal(layout[name], written.arrays[name]) for name in layout)
        return same and written.hosts.record == self.read.record


def _kind_of_probes() -> Any:
    base: Any = load_nengo_loihi().probe.LoihiProbe

    class KeptProbe(base):
        """A probe whose blocks are not there."""

        def __init__(self, record: Mapping[str, Any], frozen: Frozen):
            n = len(record["columns"])
            super().__init__(
                [None] * n,
                record["key"],
                [slice(None)] * n,
                frozen.of(record["weights"]),
                frozen.of(record["synapse"]),
                frozen.of(record["reindexing"]),
            )
            if self.key not in PROBEABLE or len(self.weights) != n:
                raise ValueError("probes")
            self.size = int(record["size"])

        @property
        def output_size(self) -> int:
            return self.size

    return KeptProbe
