"""What the registers of a board say, as arrays.

Nothing here knows nengo-loihi's model: where a compartment, a weight or an axon is comes from
registers alone. What they ask for and the virtual board cannot step is refused.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from nxsdk.virtual.core import COMPARTMENTS, Axon, Core
from nxsdk.virtual.microcode import MicrocodeError, Product, decode

INDEX_BITS = (0, 6, 7, 8, 9, 10, 11, 12)  # by idxBits
WEIGHT_BITS = (0, 1, 2, 3, 4, 5, 6, 8)  # by wgtBits
MIXED, POSITIVE, NEGATIVE = 1, 2, 3  # fanoutType: of MIXED, the sign takes a bit
DENSE = 3  # compression: indices are 0, 1, 2, … and take no bits
RUNNING = 2  # of a compartment's phase
ACCUMULATORS = 2**13  # of a core: nengo-loihi's 3 bits of delays go with 1,024 compartments
NOISE_KNEE = 7  # exponents of noise below act as one more
VARIABLES = ("x0", "x1", "y0", "y1", "y2", "y3", "w")  # that learning can be stepped with
FORMAT_UNUSED = (
    *("wgtLimitMant", "wgtLimitExp", "discMaxWgt", "tagBits", "reuseSynData"),
    *("cIdxOffset", "cIdxMult", "skipBits", "synType", "stdpProfile", "ignoreDly"),
)


class BoardFault(RuntimeError):
    """The board cannot do what it was asked for."""


class Arrival(NamedTuple):
    """A spike that comes to an entry of a core's synapse map."""

    kind: int  # 0, 16 or 32
    chip: int
    core: int
    entry: int
    atom: int
    atom_bits: int


class Compartments(NamedTuple):
    """(n,) each, of all compartments that run, core after core."""

    decay_u: np.ndarray
    decay_v: np.ndarray
    refractory: np.ndarray
    threshold: np.ndarray
    bias: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    noisy: np.ndarray
    noise_exponent: np.ndarray
    noise_offset: np.ndarray
    noise_at_voltage: np.ndarray
    first_current: np.ndarray
    first_voltage: np.ndarray


class Entries(NamedTuple):
    """(n,) each, of all entries of synapse maps."""

    core: np.ndarray
    kind: np.ndarray
    start: np.ndarray  # among the synapses of the board
    length: np.ndarray
    atoms: np.ndarray
    base: np.ndarray
    trace: np.ndarray  # index of its trace; −1 for none


class Synapses(NamedTuple):
    """(n,) each, of all synapses."""

    compartment: np.ndarray  # of its core, less the entry's base
    mantissa: np.ndarray
    exponent: np.ndarray
    step_bits: np.ndarray  # lowest bits of a mantissa that stay 0
    learns: np.ndarray
    delay: np.ndarray  # in steps


class LearningCore(NamedTuple):
    """What learns on a core.

    Attributes
    ----------
    core : int
    entries : (n,) ndarray
        Of the synapse map, that learn.
    first_trace : int
    tau, increment : (n,) ndarray
        Of the trace of each.
    epoch : int
        Steps between two updates of traces.
    profiles : dict of int to tuple of Product
    """

    core: int
    entries: np.ndarray
    first_trace: int
    tau: np.ndarray
    increment: np.ndarray
    epoch: int
    profiles: Dict[int, Tuple[Product, ...]]


class Network(NamedTuple):
    """A board, read."""

    cores: Tuple[Core, ...]
    core_start: np.ndarray  # (n_cores + 1,) of the compartments that run
    place: np.ndarray  # (n_cores, 1024) index of a compartment among those; −1 for none
    compartments: Compartments
    entries: Entries
    entry_of: Dict[Tuple[int, int, int], int]  # (chip, core, entry) by their ids
    synapses: Synapses
    synapse_start: np.ndarray  # (n_cores + 1,)
    axon_start: np.ndarray  # (n_compartments + 1,)
    axon_entry: np.ndarray
    axon_atom: np.ndarray
    learning: Tuple[LearningCore, ...]
    n_traces: int

    def target(self, arrival: Arrival) -> Tuple[int, int]:
        """Entry and atom that a spike comes to.

        Raises
        ------
        BoardFault
            If there is no such entry, or it is of another kind or smaller.
        """
        where = f"chip {arrival.chip}, core {arrival.core}, entry {arrival.entry}"
        entry = self.entry_of.get((arrival.chip, arrival.core, arrival.entry))
        if entry is None:
            raise BoardFault(f"a spike comes to {where}, which is not configured")
        kind = int(self.entries.kind[entry]) // 2 * 2  # 1, which is discrete, to 0
        if kind != arrival.kind:
            raise BoardFault(f"a spike of kind {arrival.kind} comes to {where} of kind {kind}")
        if not 0 <= arrival.atom < self.entries.atoms[entry]:
            raise BoardFault(f"atom {arrival.atom} comes to {where}, which has fewer")
        return entry, arrival.atom


def read_board(chips: Any) -> Network:
    """Read all registers.

    Parameters
    ----------
    chips : sequence of nxsdk.virtual.core.Chip

    Raises
    ------
    BoardFault
        If they ask for what cannot be stepped, or do not fit together.
    """
    cores = tuple(core for chip in chips for core in chip.n2Cores)
    place = np.full((len(cores), COMPARTMENTS), -1)
    parts: List[Compartments] = []
    core_start = [0]
    for k, core in enumerate(cores):
        running = _running(core)
        place[k, running] = core_start[-1] + np.arange(len(running))
        core_start.append(core_start[-1] + len(running))
        parts.append(_compartments(core, running))
    compartments = Compartments(*(np.concatenate(of) for of in zip(*parts)))
    synapse_parts = [_synapses(core) for core in cores]
    synapses = Synapses(*(np.concatenate(of) for of in zip(*synapse_parts)))
    synapse_start = np.cumsum([0, *(len(of.mantissa) for of in synapse_parts)])
    entries, entry_of = _entries(cores, synapse_start)
    learning, n_traces = [], 0
    for k, core in enumerate(cores):
        found = _learning(core, k, entry_of, entries, n_traces)
        if found is not None:
            learning.append(found)
            entries.trace[found.entries] = n_traces + np.arange(len(found.entries))
            n_traces += len(found.entries)
    network = Network(
        cores,
        np.array(core_start),
        place,
        compartments,
        entries,
        entry_of,
        synapses,
        synapse_start,
        np.zeros(core_start[-1] + 1, np.int64),
        np.zeros(0, np.int64),
        np.zeros(0, np.int64),
        tuple(learning),
        n_traces,
    )
    return _with_axons(network)


def _running(core: Core) -> np.ndarray:
    """Compartments of a core that are stepped."""
    groups = core.numUpdates.numUpdates
    phases = [core.cxMetaState.column(f"phase{k}", groups) for k in range(4)]
    phase = np.stack(phases, axis=1).ravel() if groups else np.zeros(0, np.int64)
    odd = np.flatnonzero((phase != 0) & (phase != RUNNING))
    if len(odd):
        raise BoardFault(f"compartment {odd[0]} of {_name(core)} is in phase {phase[odd[0]]}")
    return np.flatnonzero(phase == RUNNING)


def _compartments(core: Core, running: np.ndarray) -> Compartments:
    n = int(running[-1]) + 1 if len(running) else 0

    def of(bank: Any, field: str, index: np.ndarray) -> np.ndarray:
        return bank.column(field, bank.size)[index]

    profile = core.cxCfg.column("cxProfile", n)[running]
    threshold = core.cxCfg.column("vthProfile", n)[running]
    mantissa = core.cxCfg.column("bias", n)[running]
    shared = core.dendriteSharedCfg
    exponent = shared.noiseExp0 + (shared.noiseExp0 < NOISE_KNEE - 1)

    def same(value: int) -> np.ndarray:
        return np.full(len(running), value, np.int64)

    return Compartments(
        decay_u=of(core.cxProfileCfg, "decayU", profile),
        decay_v=of(core.cxProfileCfg, "decayV", profile),
        refractory=of(core.cxProfileCfg, "refractDelay", profile),
        threshold=of(core.vthProfileCfg, "vth", threshold) << 6,
        bias=mantissa << core.cxCfg.column("biasExp", n)[running],
        lowest=same(1 - 2**shared.negVmLimit),
        highest=same(2 ** (9 + 2 * shared.posVmLimit) - 1),
        noisy=of(core.cxProfileCfg, "enableNoise", profile).astype(bool),
        noise_exponent=same(exponent),
        noise_offset=same(64 * shared.noiseMantOffset0),
        noise_at_voltage=same(shared.noiseAtDendOrVm).astype(bool),
        first_current=core.cxState.column("u", n)[running],
        first_voltage=core.cxState.column("v", n)[running],
    )


def _synapses(core: Core) -> Synapses:
    n = len(core.synapses)
    column = {field: core.synapses.column(field, n) for field in core.synapses.fields}
    used = np.unique(column["synFmtId"])
    formats = core.synapseFmt
    for k in used:
        _check_format(core, int(k))
    size = formats.size
    exponent, index_bits, learning, weight_bits, fanout = (
        formats.column(f, size)
        for f in ("wgtExp", "idxBits", "learningCfg", "wgtBits", "fanoutType")
    )
    step = 8 - np.array(WEIGHT_BITS)[weight_bits] + (fanout == MIXED)
    dense = formats.column("compression", size) == DENSE
    room = np.where(dense, COMPARTMENTS, 1 << np.array(INDEX_BITS)[index_bits])
    which = column["synFmtId"]
    far = np.flatnonzero(column["CIdx"] >= room[which])
    if len(far):
        raise BoardFault(
            f"synapse {far[0]} of {_name(core)} reaches compartment {column['CIdx'][far[0]]}, "
            f"beyond the {room[which][far[0]]} of its format"
        )
    _check_delays(core, column["Dly"], formats.column("dlyBits", size)[which])
    sign = np.array([0, 0, 1, -1])[fanout[which]]
    other = np.flatnonzero(sign * column["Wgt"] < 0)
    if len(other):
        raise BoardFault(
            f"synapse {other[0]} of {_name(core)} is {column['Wgt'][other[0]]}, and its format has "
            "weights of the other sign"
        )
    return Synapses(
        column["CIdx"],
        column["Wgt"],
        exponent[which],
        step[which],
        (column["LrnEn"] == 1) & (learning[which] == 1),
        column["Dly"],
    )


def _check_delays(core: Core, delay: np.ndarray, bits: np.ndarray) -> None:
    """Refuse delays that a format, or the core's accumulators, have no room for."""
    kept = core.dendriteAccumCfg.delayBits
    long = np.flatnonzero(delay >= 1 << np.minimum(bits, kept))
    if delay.any() and len(long):
        raise BoardFault(
            f"synapse {long[0]} of {_name(core)} has a delay of {delay[long[0]]}, and its format "
            f"{bits[long[0]]} bits for it, the core's accumulators {kept}"
        )
    running = _running(core)
    if len(running) and (int(running[-1]) + 1) << kept > ACCUMULATORS:
        raise BoardFault(f"{_name(core)} has no room for {kept} bits of delays of its compartments")


def _check_format(core: Core, k: int) -> None:
    form = core.synapseFmt[k]
    where = f"synapse format {k} of {_name(core)}"
    if k == 0:
        raise BoardFault(f"{where} is used, which stands for none")
    odd = [field for field in FORMAT_UNUSED if getattr(form, field)]
    if odd:
        raise BoardFault(f"{where}: {odd[0]} is set, which the virtual board cannot step")
    if form.fanoutType not in (MIXED, POSITIVE, NEGATIVE) or form.compression not in (0, DENSE):
        raise BoardFault(
            f"{where}: fanoutType {form.fanoutType} with compression {form.compression} is not "
            "known to the virtual board"
        )
    if not form.numSynapses or not form.wgtBits:
        raise BoardFault(f"{where} has room for no weights")


def _entries(
    cores: Tuple[Core, ...], synapse_start: np.ndarray
) -> Tuple[Entries, Dict[Tuple[int, int, int], int]]:
    columns: Dict[str, List[np.ndarray]] = {field: [] for field in Entries._fields}
    entry_of: Dict[Tuple[int, int, int], int] = {}
    for k, core in enumerate(cores):
        table = core.synapseMap
        n = len(table)
        kind = table.column("kind", n)
        used = np.flatnonzero(kind)
        start, length = table.column("synapsePtr", n)[used], table.column("synapseLen", n)[used]
        discrete = kind[used] == 1
        atoms = np.where(discrete, 1, table.column("popSize", n)[used])
        beyond = np.flatnonzero(start + atoms * length > synapse_start[k + 1] - synapse_start[k])
        if len(beyond):
            raise BoardFault(f"entry {used[beyond[0]]} of {_name(core)} has no such synapses")
        wide = np.flatnonzero(table.column("atomBits", n)[used])
        if len(wide):
            raise BoardFault(f"entry {used[wide[0]]} of {_name(core)} asks for wider atoms")
        base = table.column("cxBase", n)[used]
        values = {
            "core": np.full(len(used), k),
            "kind": kind[used],
            "start": start + synapse_start[k],
            "length": length,
            "atoms": atoms,
            "base": np.where(kind[used] == 16, 4 * base, base),
            "trace": np.full(len(used), -1),
        }
        first = len(entry_of)
        for j, entry in enumerate(used):
            entry_of[core.parent.id, core.id, int(entry)] = first + j
        for field, value in values.items():
            columns[field].append(value)
    return Entries(**{field: np.concatenate(of) for field, of in columns.items()}), entry_of


def _learning(core: Core, k: int, entry_of: Any, entries: Entries, first_trace: int) -> Any:
    n_learning = core.numUpdates.numStdp
    if not n_learning:
        return None
    table, epoch = core.synapseMap, core.timeState[0].tepoch
    if not epoch or core.dendriteTimeState[0].tepoch != epoch:
        raise BoardFault(f"{_name(core)}: its two learning epochs are not the same")
    pre = core.stdpPreProfileCfg[0]
    if not pre.updateAlways or pre.numTraces or pre.numTraceHist or core.stdpCfg.numRewardAxons:
        raise BoardFault(f"{_name(core)} learns in a way that the virtual board cannot step")
    chip = core.parent.id
    own = [
        entry
        for entry in range(core.stdpCfg.firstLearningIndex, len(table) - 1)
        if (chip, core.id, entry) in entry_of and table[entry + 1].traced
    ][:n_learning]
    settings = [core.stdpPreCfg[table[entry + 1].tcs] for entry in own]
    return LearningCore(
        k,
        np.array([entry_of[chip, core.id, entry] for entry in own], np.int64),
        first_trace,
        np.array([of.tau for of in settings], np.int64),
        np.array([of.spikeLevelInt + of.spikeLevelFrac / 128 for of in settings]),
        epoch,
        {p: _profile(core, p) for p in range(core.stdpProfileCfg.size) if _is_profile(core, p)},
    )


def _is_profile(core: Core, p: int) -> bool:
    return bool(core.stdpProfileCfg[p].numProducts)


def _profile(core: Core, p: int) -> Tuple[Product, ...]:
    """The products of a learning profile."""
    profile = core.stdpProfileCfg[p]
    first = profile.uCodePtr
    where = f"learning profile {p} of {_name(core)}"
    try:
        words = range(first, first + profile.numProducts)
        products = tuple(decode(core.stdpUcodeMem[word].word) for word in words)
    except (MicrocodeError, ValueError) as error:
        raise BoardFault(f"{where}: {error}") from error
    names = {factor.variable for product in products for factor in product.factors}
    odd = [name for name in sorted(names) if name not in VARIABLES]
    if odd or any(product.target != "w" for product in products):
        raise BoardFault(f"{where} has {odd or 'delays or tags'}, which cannot be stepped")
    if profile.decimateExp:
        raise BoardFault(f"{where} leaves out epochs, which cannot be stepped")
    if bool(profile.requireY) != bool(names & {"y0", "y1", "y2", "y3"}):
        raise BoardFault(f"{where}: requireY is {profile.requireY}, its rule says otherwise")
    if not profile.usesXepoch and "x1" in names:
        raise BoardFault(f"{where} uses x1, and usesXepoch is 0")
    return products


def _with_axons(network: Network) -> Network:
    """The same, with the axons of its compartments."""
    n = int(network.core_start[-1])
    leaving: List[List[Tuple[int, int]]] = [[] for _ in range(n)]
    for k, core in enumerate(network.cores):
        populations: Dict[int, int] = {}
        for axon in core.axons:
            source = network.place[k, axon.source]
            if source < 0:
                raise BoardFault(
                    f"an axon of compartment {axon.source} of {_name(core)}, which does not run"
                )
            _check_population(core, axon, populations)
            arrival = Arrival(axon.kind, axon.chip, axon.core, axon.entry, axon.atom, 0)
            leaving[source].append(network.target(arrival))
    counts = [len(of) for of in leaving]
    flat = np.array([pair for of in leaving for pair in of], np.int64).reshape(-1, 2)
    return network._replace(
        axon_start=np.cumsum([0, *counts]), axon_entry=flat[:, 0], axon_atom=flat[:, 1]
    )


def _check_population(core: Core, axon: Axon, seen: Dict[int, int]) -> None:
    """A compartment is a member of one population, wherever that sends to."""
    if axon.kind and seen.setdefault(axon.source, axon.population) != axon.population:
        raise BoardFault(f"compartment {axon.source} of {_name(core)} is in two populations")


def _name(core: Core) -> str:
    return f"core {core.id} of chip {core.parent.id}"
