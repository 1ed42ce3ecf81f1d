"""How a built model lies on the chip: what each of its cores uses, and the host's link."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Mapping, Tuple

import numpy as np

from deploy.nengo_loihi.build.placing import place
from deploy.nengo_loihi.build.row_table import row_tables
from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules.chip.limits import Chip

PACKET_WORDS = 64  # of 32 bits, nengo-loihi's Snips.channel_packet_elements
UNITS = {"synapses": "bits"}

Places = Mapping[Any, Tuple[int, int]]  # of blocks: chip and core


@dataclass(frozen=True)
class Use:
    """How much of something is used.

    Attributes
    ----------
    used, limit : int
        Synapses in bits of memory, the others in numbers.
    """

    used: int
    limit: int

    @property
    def share(self) -> float:
        """Used ÷ limit."""
        return self.used / self.limit

    @property
    def fits(self) -> bool:
        return self.used <= self.limit


@dataclass(frozen=True)
class Core:
    """A core and the block of compartments on it; nengo-loihi puts one on each.

    Attributes
    ----------
    block : str
        The ensemble, or the connection whose values its neurons carry.
    chip, core : int
        Where it lies.
    uses : mapping of str to Use
        By `KINDS`.
    """

    block: str
    chip: int
    core: int
    uses: Mapping[str, Use]

    def to_dict(self) -> Dict[str, Any]:
        uses = {kind: asdict(use) for kind, use in self.uses.items()}
        return {"block": self.block, "chip": self.chip, "core": self.core, **uses}


@dataclass(frozen=True)
class Traffic:
    """What goes between host and chip in a step.

    Attributes
    ----------
    input_neurons : int
        Neurons on the host whose spikes the chip is sent.
    errors : int
        PES errors that it is sent.
    values : int
        Values and spikes that the host is sent.
    bytes : int
        That they take on a board's channel, from the chip that sends most: 4 for a value, 1
        for eight neurons' spikes, 4 for the time, in packets of 256 (nengo-loihi
        ``hardware/interface.py``, ``ChipSnips``).
    waits : bool
        Whether the host needs the chip's answer before its next step, as learning and loops
        through the host do; each step is then a round trip.
    """

    input_neurons: int
    errors: int
    values: int
    bytes: int
    waits: bool


def cores_of(model: Any, places: Places) -> List[Core]:
    """The cores of a built model, as nengo-loihi's allocator orders them.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    places : mapping
        See `places_of`.
    """
    with row_tables(load_nengo_loihi()):
        found = [(block, block.utilization()) for block in model.blocks]
    cores = []
    for block, shares in found:
        uses = {kind: Use(int(used), int(limit)) for kind, (used, limit) in shares.items()}
        cores.append(Core(name_of_block(block), *places[block], uses))
    return sorted(cores, key=lambda core: (core.chip, core.core))


def places_of(model: Any, chip: Chip) -> Places:
    """Chip and core of each block, as on a board.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    chip : Chip
        How many cores it has.
    """
    try:
        with np.errstate(invalid="ignore"):  # thresholds without end, in floating point
            board = place(model, chip)
    except (AssertionError, LookupError, ValueError):  # nengo-loihi cannot place this one
        return {b: divmod(k, chip.cores_a_chip) for k, b in enumerate(model.blocks)}
    return {
        block: (i, j)
        for i, one in enumerate(board.chips)
        for j, core in enumerate(one.cores)
        for block in core.blocks
    }


def traffic_of(model: Any, places: Places) -> Traffic:
    """What a built model sends over the host's link.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    places : mapping
        See `places_of`.
    """
    return Traffic(
        input_neurons=sum(int(i.n_neurons) for i in model.inputs),
        errors=sum(int(node.size_in) for node in model.host2chip_pes_senders),
        values=sum(int(node.size_out) for node in model.chip2host_receivers.values()),
        bytes=_channel_bytes(model, places),
        waits=not model.split.precompute and len(model.host.params) > 0,
    )


def _channel_bytes(model: Any, places: Places) -> int:
    words: Dict[int, int] = {}
    for sent in model.chip2host_receivers:
        probe = model.objs[sent]["out"]
        for block, part in zip(probe.target, probe.slice):
            there = places[block][0]
            n = len(range(block.n_neurons)[part]) if isinstance(part, slice) else len(part)
            words[there] = words.get(there, 1) + (-(-n // 32) if probe.key == "spiked" else n)
    packets = -(-max(words.values(), default=0) // PACKET_WORDS)
    return int(packets * PACKET_WORDS * 4)


def name_of_block(block: Any) -> str:
    """A block's label without Python's own words and addresses."""
    return readable(str(block.label or block))


def readable(text: str) -> str:
    """What Nengo and nengo-loihi call an object, without Python's own words and addresses."""
    for pattern, replacement in NAMES:
        text = re.sub(pattern, replacement, text)
    return text


def _label(match: Any) -> str:
    return next((group for group in match.groups()[1:] if group), match[1].lower())


NAMES: Tuple[Tuple[str, Any], ...] = (
    (r"<(Ensemble|Node) (?:'([^']*)'|\"([^\"]*)\"|\(unlabeled\)[^>]*)>", _label),
    (r"<Neurons of ([^>]*)>", r"\1.neurons"),
    (r"<Probe of '\w+' of ([^>]*)>", "probe"),
    (r"<Connection from (.*) to (.*)>", r"\1 → \2"),
    (r"<Connection (.*)_(?:probe|conn|chip)>", r"\1, decoded"),
    (r"<Connection ([^>]*)>", r"\1"),
    (r"\[(\d+):(\d+):1\]", r"[\1:\2]"),
)
