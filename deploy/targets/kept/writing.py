"""What was built, written as numbers."""

from __future__ import annotations

import warnings
from typing import Any, Dict, List, Mapping, Sequence

import nengo
import numpy as np

from deploy.files.builds import Build, keep_build
from deploy.host.frozen import NotPlain
from deploy.nengo_loihi.read.learned_weights import learned_signals
from deploy.nengo_loihi.read.learning_rate import learning_rates
from deploy.nengo_loihi.read.stepped import of_stepped
from deploy.nengo_loihi.read.units import scale_of
from deploy.nengo_loihi.run.interface import FastEmulator
from deploy.nengo_loihi.run.kept import Kept
from deploy.nengo_loihi.run.runner import Runner
from deploy.targets.base import Session
from deploy.targets.emulator import EmulatorSession, Rates
from deploy.targets.kept.model import Copies, Model
from deploy.targets.kept.reading import WATCHED
from deploy.targets.kept.said import as_text
from loihi_rules.learned.record import adapts, rule_names
from loihi_rules.nengo_parts.stepped import is_stepped
from loihi_rules.nengo_parts.wiring import base_of


def keep_session(
    model: Model,
    session: Session,
    copies: Copies,
    said: Sequence[warnings.WarningMessage],
    with_cores: bool = False,
) -> None:
    """Keep what was built, if it is known by numbers.

    Parameters
    ----------
    model : Model
    session : Session
        Has made no step.
    copies : mapping
        The network's objects to those that run.
    said : sequence of WarningMessage
        What the build has warned of.
    with_cores : bool
        Whether it is kept how the model lies on the chip, which a run records.
    """
    if not isinstance(session, EmulatorSession) or not isinstance(session.runner, Runner):
        return
    latest = max(session.late.values(), default=0)
    theirs = (copies[obj] for obj in model.objects.every if isinstance(obj, nengo.Probe))
    if latest != max((session.late.get(probe, 0) for probe in theirs), default=0):
        return
    if session.problems or session.silicon.different:
        return
    try:
        build = _written(model, session, copies, said)
    except NotPlain:
        return
    if with_cores:
        scales = session.rewritten.learning_scales
        rates = learning_rates(session.model, scales, session.dt) if session.is_integer else None
        said_of_it = {"cores": list(session.cores()), "learning rates": rates}
        build = build._replace(record={**build.record, **said_of_it})
    keep_build(model.content, build)


def _written(
    model: Model,
    session: EmulatorSession,
    copies: Copies,
    said: Sequence[warnings.WarningMessage],
) -> Build:
    kept = Kept(session.simulator, model.place_of)
    conns = {copies[obj]: n for n, obj in enumerate(model.objects.every) if _is_connection(obj)}
    every = [obj for obj in model.objects.every if isinstance(obj, nengo.Probe)]
    simulator = session.simulator
    probes = [probe for probe, _ in session.of_chip()]
    probes += [probe for of in kept.probes(simulator).values() for probe in of]
    own = {probe: n for n, probe in enumerate(dict.fromkeys(probes))}
    record: Dict[str, Any] = {
        **kept.record,
        "asked": [_asked(session, copies[probe], own, conns, kept) for probe in every],
        "late": [session.late.get(copies[probe], 0) for probe in every],
        "changes": [dict(vars(change)) for change in session.changes],
        "settings": dict(session.settings),
        "on_chip": [
            place
            for obj, place in model.objects.place.items()
            if isinstance(obj, nengo.Ensemble) and copies[obj] in (session.on_chip or ())
        ],
        "compartments": sum(ens.n_neurons for ens in session.rewritten.chip_ensembles),
        "said": [as_text(w) for w in said if w.category is not ResourceWarning],  # of others
        "learners": [
            [_number(conns, conn), kept.add([*of[:-1], list(of.scale)])]
            for conn, of in session.learners().items()
        ],
        "places": [[name, kept.add(places)] for name, places in session.named_places()],
        "learned in core": [
            [number, rule_names(conn), adapts(conn), *_places(session, conn, kept)]
            for conn, number in conns.items()
            if conn.learning_rule_type is not None and conn not in session.rewritten.learning_scales
        ],
        "rates": [[type(each).__name__, *_rates(session, each, kept)] for each in session.rates],
    }
    record["own"] = [_own(session, probe, kept) for probe in own]
    return Build(record, kept.arrays)


def _places(session: EmulatorSession, conn: nengo.Connection, kept: Kept) -> List[Any]:
    """Where what a connection of the host learns is."""
    host = next((sim for sim in session.hosts if conn in sim.model.sig), None)
    if host is None:
        raise NotPlain("learning")
    memory = kept.hosts.memory
    found = learned_signals(host, conn)
    if not all(of is None or memory.has(of) for of in found):
        raise NotPlain("learning")
    return [None if of is None else memory.place(of) for of in found]


def _is_connection(obj: Any) -> bool:
    return isinstance(obj, nengo.Connection)


def _rates(session: EmulatorSession, rates: Rates, kept: Kept) -> List[Any]:
    emulator: FastEmulator = session.simulator.sims["emulator"]
    found = []
    for of in rates.shown:
        current: Any = of.current
        neurons: Any = session.neurons(current.ens)
        places = neurons.each(emulator.places).astype(np.int64)
        said = [kept.add(getattr(of, name)) for name in WATCHED]
        found.append([kept.add(places), kept.add(neurons.unit()), *said])
    return found


def _number(own: Mapping[Any, int], obj: Any) -> int:
    if obj not in own:
        raise NotPlain(type(obj).__name__)
    return own[obj]


def _asked(
    session: EmulatorSession,
    probe: Any,
    own: Mapping[Any, int],
    conns: Mapping[Any, int],
    kept: Kept,
) -> Any:
    """How the samples of one of the user's probes are had."""
    if probe not in session.readers:
        return _number(own, probe) if probe in session.present else None
    reading = session.readers[probe].reading
    found: Dict[str, Any] = {
        "every": reading.sample_every,
        "part": kept.add(_columns(reading.part)),
    }
    if reading.reads == "probe":
        return {**found, "probe": _number(own, reading.probe)}
    if reading.reads == "sum":
        terms = [[_number(own, each), kept.add(np.array(m))] for each, m in reading.source]
        return {**found, "sum": terms}
    if reading.reads == "weights":
        conn, synapse = _number(conns, reading.source), kept.add(reading.synapse)
        return {**found, "weights": conn, "synapse": synapse}
    raise NotPlain(reading.reads)


def _columns(part: Any) -> Any:
    if isinstance(part, slice):
        return [part.start, part.stop, part.step]
    return part if part is None else np.asarray(part)


def _own(session: EmulatorSession, probe: Any, kept: Kept) -> Dict[str, Any]:
    """How the samples of a probe of the network that runs are had, see `ChipSession.probed`."""
    simulator = session.simulator
    for name, probes in kept.probes(simulator).items():
        if probe in probes:
            return {"host": name, "number": probes.index(probe)}
    found: Any = simulator.model.objs[probe]["out"]
    ens, scale, offset = base_of(probe.target), None, None
    if found.key != "spiked" and is_stepped(ens):
        scale, offset = of_stepped(simulator.model, ens, found)
    elif found in simulator.model.probes:
        scale = scale_of(found, session.dt)
    return {
        "chip": kept.chip_probes.index(found),
        "scale": kept.add(scale),
        "offset": kept.add(offset),
    }
