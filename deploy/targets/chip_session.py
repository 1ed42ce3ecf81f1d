"""What sessions on a chip have in common, whether it is emulated or on a board."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Dict, Iterator, List, Optional, Tuple

import nengo
import numpy as np

from deploy.nengo_loihi.build.resources import cores_of, places_of
from deploy.nengo_loihi.read.built import built_connection, check_unused
from deploy.nengo_loihi.read.learned_weights import decoders, learned_in_core
from deploy.nengo_loihi.read.probe_readers import READERS, Reader
from deploy.nengo_loihi.read.stepped import of_stepped
from deploy.nengo_loihi.read.units import scale_of
from deploy.targets.base import Session
from loihi_rules import Change, Learned, Rewritten, SeededCopy
from loihi_rules.learned.record import rule_names
from loihi_rules.nengo_parts.stepped import is_stepped
from loihi_rules.nengo_parts.wiring import base_of


class ChipSession(Session):
    """A `nengo_loihi.Simulator` on a rewritten network.

    Parameters
    ----------
    copied : SeededCopy
        What was rewritten.
    rewritten : Rewritten
    dt : float
        Step in seconds.
    simulator : nengo_loihi.Simulator
    """

    def __init__(self, copied: SeededCopy, rewritten: Rewritten, dt: float, simulator: Any):
        self.rewritten = rewritten
        self.problems = tuple(rewritten.problems)
        self.on_chip = frozenset(rewritten.chip_ensembles)
        self.dt = dt
        self.present = {*rewritten.network.all_probes, *rewritten.host_probes}
        self.simulator = simulator
        self.runner = simulator._runner  # the simulator lets go of it when it closes
        sims = simulator.sims
        self.hosts = tuple(sims[name] for name in ("host_pre", "host") if name in sims)
        self.idle = {conn.post_obj for conn in rewritten.dropped}
        for conn in rewritten.dropped:
            if conn not in rewritten.joined:
                check_unused(rewritten, conn, dt)
        self._copied = copied
        notes = rewritten.notes.ensembles
        self.late = {
            probe: notes[base_of(probe.target)].steps_late or 0
            for probe in [*rewritten.network.all_probes, *rewritten.readings]
            if isinstance(base_of(probe.target), nengo.Ensemble)
        }

    def _make_readers(self) -> Dict[nengo.Probe, Reader]:
        """Of the probes whose samples the chip does not give as asked."""
        return {
            self._copied.copies.get(probe, probe): READERS[reading.reads](reading, self)
            for probe, reading in self.rewritten.readings.items()
        }

    readers: Dict[nengo.Probe, Reader] = {}

    @abstractmethod
    def chip_weights(self, synapse: Any) -> np.ndarray:
        """(n_axons, width) weights of a learning synapse group of nengo-loihi's, as of now."""

    @property
    def changes(self) -> Tuple[Change, ...]:
        return tuple(self.rewritten.changes)

    def _polled(self) -> List[Reader]:
        """Readers that have to look at the chip while it runs, see `Reader.looks_at`."""
        return [reader for reader in self.readers.values() if reader.polled]

    def samples(self, probe: nengo.Probe) -> Optional[np.ndarray]:
        self.look()
        if probe in self.readers:
            samples = self.readers[probe].samples()
            return samples if len(samples) else np.zeros(0)
        return self.probed(probe) if probe in self.present else None

    def probed(self, probe: nengo.Probe) -> np.ndarray:
        """Samples of a probe of the rewritten network's own, in Nengo's units."""
        samples = np.array(self.simulator.data[probe])
        own, ens = self.simulator.model.objs[probe].get("out"), base_of(probe.target)
        if own not in self.simulator.model.probes:
            return samples
        if own.key != "spiked" and is_stepped(ens):
            scale, offset = of_stepped(self.simulator.model, ens, own)
            return samples * scale + offset if len(samples) else samples
        unit = scale_of(own, self.dt)
        return samples if unit is None or not len(samples) else samples * unit

    def built(self, obj: Any) -> Any:
        """As Nengo core has it: neurons as the user asked for, decoders as the chip has."""
        if obj in self.rewritten.tuning:
            return self.rewritten.tuning[obj]
        if isinstance(obj, nengo.Connection):
            return built_connection(self.simulator, self.rewritten, obj)
        return self.simulator.data[obj]

    def learned(self, name: str, conn: nengo.Connection) -> Learned:
        if conn in self.rewritten.learning_scales:
            values = self.learned_decoders(conn)
            return Learned(name, rule_names(conn), "weights", values)
        host = next(sim for sim in self.hosts if conn in sim.model.sig)
        return learned_in_core(host, name, conn)

    def learned_decoders(self, conn: nengo.Connection) -> np.ndarray:
        """(size_out, n) decoders of a connection that learns on the chip, as of now."""
        values = decoders(self.simulator.model, conn, self.dt, self.chip_weights)
        sources = self.rewritten.learning_scales[conn].sources
        return values if sources is None else values[:, sources]

    def asked_decoders(self, conn: nengo.Connection) -> np.ndarray:
        """The same, with what rounding took of those that were set, where they can be set."""
        return self.learned_decoders(conn)

    @property
    def model(self) -> Any:
        return self.simulator.model

    def cores(self) -> Iterator[Dict[str, Any]]:
        """How the model lies on the chip, in terms of JSON."""
        places = places_of(self.model, self.rewritten.chip)
        return (core.to_dict() for core in cores_of(self.model, places))

    def clear(self) -> None:
        self.look()
        for reader in self.readers.values():
            reader.clear()
        self.simulator.clear_probes()

    def let_go(self) -> None:
        self.simulator.close()
