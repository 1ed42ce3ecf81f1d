"""What goes between host and board where the host takes part in every step.

Words are of 32 bits, in packets of 64. To the board: how many words each chip gets, then of each
chip the number of its spikes, two words a spike (core and entry; kind and atom), and of each core
that learns its id, the number of errors, and these. From each chip: the step, then what is probed;
currents and voltages a word each, spikes 32 to a word.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from deploy.nengo_loihi.board.sources import sources
from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules.chip.limits import LOIHI

PACKET = 64  # words
WORD = 4  # bytes
SPIKE = 2  # words
ERROR_HEADER = 2  # words
SLACK = 16  # packets that a channel holds
READ = 1024  # words that the host's snip reads at once
KEYS = {"current": "u", "voltage": "v", "spiked": "spike"}
REFRACTORY_UNIT = 128  # of the count that a voltage's register holds


class Output(NamedTuple):
    """Compartments of one core that a chip sends the same of.

    Attributes
    ----------
    probe : nengo_loihi.probe.LoihiProbe
    key : str
        ``"u"``, ``"v"`` or ``"spike"``.
    chip, core : int
        Position of the chip, id of the core.
    compartments : (n,) ndarray
    after_spike, keep, bias, lowest, highest, voltage : (n,) ndarray
        Of each: what its voltage's register holds after a spike, 2^12 less the decay of its
        voltage, its bias, where its voltage is cut, and from where it starts.
    first, words : int
        Where it is in what the chip sends.
    """

    probe: Any
    key: str
    chip: int
    core: int
    compartments: np.ndarray
    after_spike: np.ndarray
    keep: np.ndarray
    bias: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    voltage: np.ndarray
    first: int
    words: int

    def values(self, words: np.ndarray) -> np.ndarray:
        """(n,) what was sent of each compartment, from all words of the chip."""
        own = words[self.first : self.first + self.words]
        if self.key != "spike":
            return own
        bits = np.unpackbits(np.ascontiguousarray(own).view(np.uint8), bitorder="little")
        spiked: np.ndarray = bits[: len(self.compartments)].astype(bool)
        return spiked


class Learner(NamedTuple):
    """A synapse group that learns, and the core whose id its errors are sent with."""

    synapse: Any
    core: int
    n_errors: int


class ChipPlan(NamedTuple):
    """What a chip is sent and sends.

    Attributes
    ----------
    id : int
    cores : dict of int to int
        Entries of the synapse map of each core, by its id.
    outputs : list of Output
    learners : list of Learner
    most_spikes : int
        That can come to it in a step.
    """

    id: int
    cores: Dict[int, int]
    outputs: List[Output]
    learners: List[Learner]
    most_spikes: int

    @property
    def n_words(self) -> int:
        """That it sends in a step."""
        return 1 + sum(of.words for of in self.outputs)

    @property
    def n_packets(self) -> int:
        """That it sends; the last word of the last is never a value."""
        return self.n_words // PACKET + 1

    @property
    def most_words(self) -> int:
        """That it can be sent in a step."""
        errors = sum(ERROR_HEADER + of.n_errors for of in self.learners)
        return 1 + SPIKE * self.most_spikes + errors


def chip_plans(
    model: Any,
    board: Any,
    sdk_board: Any,
    first: Mapping[Any, np.ndarray],
    most_spikes: Sequence[int],
) -> List[ChipPlan]:
    """What goes to and from each chip.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    board : nengo_loihi.hardware.nxsdk_objects.Board
    sdk_board : nxsdk.arch.n2a.n2board.N2Board
        Built.
    first : mapping of LoihiBlock to (n,) ndarray
        The voltages that its compartments start from.
    most_spikes : sequence of int
        That can come to each chip in a step.
    """
    plans = []
    for k, chip in enumerate(board.chips):
        own = sdk_board.n2Chips[k]
        cores = [own.n2CoresAsList[j] for j in range(len(chip.cores))]
        learners = [
            Learner(synapse, its.id, its_block.n_neurons // 2)
            for core, its in zip(chip.cores, cores)
            for its_block in core.blocks
            for synapse in its_block.synapses
            if synapse.learning
        ]
        entries = {its.id: _entries(core) for core, its in zip(chip.cores, cores)}
        plans.append(ChipPlan(own.id, entries, [], learners, most_spikes[k]))
    for probe in model.probes:
        for block, part in zip(probe.target, probe.slice):
            chip, core, _, compartments, _ = board.find_block(block)
            plan = plans[chip]
            chosen = np.arange(block.n_neurons)[part]
            its = sdk_board.n2Chips[chip].n2CoresAsList[core]
            where = chip, its.id
            plan.outputs.append(_output(probe, block, chosen, where, compartments, plan, first))
    return plans


def _entries(core: Any) -> int:
    """Entries of a core's synapse map, with those of traces."""
    ends = [
        entry + synapse.idxs_per_synapse()
        for synapse, entries in core.synapse_axons.items()
        for entry in entries
        if entry is not None
    ]
    return max(ends, default=0)


def _output(
    probe: Any,
    block: Any,
    chosen: np.ndarray,
    where: Tuple[int, int],
    compartments: np.ndarray,
    plan: ChipPlan,
    first: Mapping[Any, np.ndarray],
) -> Output:
    of, n = block.compartment, len(chosen)
    key = KEYS[probe.key]

    def each(value: Any) -> np.ndarray:
        values = np.broadcast_to(np.asarray(value, np.int64), block.n_neurons)
        return np.asarray(values[chosen])

    return Output(
        probe,
        key,
        *where,
        np.asarray(compartments)[chosen],
        after_spike=REFRACTORY_UNIT * each(of.refract_delay),
        keep=2**LOIHI.decay_bits - each(of.decay_v),
        bias=each(of.bias),
        lowest=each(of.vmin),
        highest=each(of.vmax),
        voltage=each(first[block]),
        first=plan.n_words,
        words=-(-n // 32) if key == "spike" else n,
    )


class Rendered(NamedTuple):
    """Snips on their way to a board: a folder of sources, and the port that the host listens at."""

    folder: Any
    port: int


def create_snips(sdk_board: Any, plans: Sequence[ChipPlan], port: int) -> Rendered:
    """Write the snips of a board, and have the SDK create them with their channels.

    Parameters
    ----------
    sdk_board : nxsdk.arch.n2a.n2board.N2Board
    plans : sequence of ChipPlan
    port : int
        At which the host's snip is to listen.
    """
    phase = load_nengo_loihi().hardware.nxsdk_shim.SnipPhase
    templates = sources()
    folder = tempfile.TemporaryDirectory(prefix="loihi-snips-")
    place = Path(folder.name)
    host_file = place / "nengo_host.cpp"
    host_file.write_text(_host_source(templates, plans, port))
    chip_snips = []
    for k, plan in enumerate(plans):
        files = _chip_sources(templates, plan, k, place)
        io = sdk_board.createSnip(
            name=f"nengo_io_chip{plan.id}",
            cFilePath=str(files[0]),
            includeDir=str(place),
            funcName="nengo_io",
            guardName="guard_io",
            phase=phase.EMBEDDED_MGMT,
            chipId=plan.id,
        )
        sdk_board.createSnip(
            name="nengo_learn",
            cFilePath=str(files[1]),
            includeDir=str(place),
            funcName="nengo_learn",
            guardName="guard_learn",
            phase=phase.EMBEDDED_PRELEARN_MGMT,
            chipId=plan.id,
        )
        chip_snips.append(io)
    host = sdk_board.createSnip(phase=phase.HOST_CONCURRENT_EXECUTION, cppFile=str(host_file))
    for k, (plan, io) in enumerate(zip(plans, chip_snips)):
        size = {"messageSize": PACKET * WORD, "slack": SLACK}
        room = min(plan.most_words, SLACK * PACKET)  # what is more waits until the chip takes some
        down = sdk_board.createChannel(_down(k).encode(), numElements=room, **size)
        up = sdk_board.createChannel(_up(k).encode(), numElements=plan.n_words, **size)
        down.connect(host, io)
        up.connect(io, host)
    return Rendered(folder, port)


def _host_source(templates: Dict[str, Any], plans: Sequence[ChipPlan], port: int) -> str:
    return str(
        templates["nengo_host.cpp"].render(
            n_chips=len(plans),
            buffer_size=2 * READ,
            packet_size=PACKET,
            read_size=READ,
            write_packets=READ // PACKET,
            output_packets=", ".join(str(plan.n_packets) for plan in plans),
            most_words=", ".join(str(plan.most_words) for plan in plans),
            server_port=port,
            input_channels=[_down(k) for k in range(len(plans))],
            output_channels=[_up(k) for k in range(len(plans))],
        )
    )


def _chip_sources(
    templates: Dict[str, Any], plan: ChipPlan, k: int, place: Path
) -> Tuple[Path, Path]:
    for name in ("io", "learn"):
        (place / f"nengo_{name}_chip_{k}.h").write_text(templates[f"nengo_{name}.h"].render())
    io, learn = place / f"nengo_io_chip_{k}.c", place / f"nengo_learn_chip_{k}.c"
    learn.write_text(
        templates["nengo_learn.c"].render(header_file=f"nengo_learn_chip_{k}.h", error_info_size=2)
    )
    ids = range(max(plan.cores) + 1)
    room = max(plan.n_packets, 1 + -(-max(SPIKE, ERROR_HEADER) // PACKET)) * PACKET
    io.write_text(
        templates["nengo_io.c"].render(
            header_file=f"nengo_io_chip_{k}.h",
            n_outputs=plan.n_words,
            n_output_packets=plan.n_packets,
            n_errors=len(plan.learners),
            buffer_size=room,
            packet_elements=PACKET,
            error_info_size=ERROR_HEADER,
            input_channel=_down(k),
            output_channel=_up(k),
            cores=sorted({of.core for of in plan.outputs}),
            outputs=plan.outputs,
            takes_voltages=any(of.key != "u" for of in plan.outputs),
            most_spikes=plan.most_spikes,
            entries_of_core=[plan.cores.get(core, 0) for core in ids],
            learning_cores=[of.core for of in plan.learners] or [-1],
            learning_sizes=[of.n_errors for of in plan.learners] or [-1],
        )
    )
    return io, learn


def _down(k: int) -> str:
    return f"nengo_io_h2c_chip_{k}"


def _up(k: int) -> str:
    return f"nengo_io_c2h_chip_{k}"
