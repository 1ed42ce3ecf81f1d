"""Snips as processes: one a chip, one for the host, with channels between them."""

from __future__ import annotations

import contextlib
import mmap
import os
import socket
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from nxsdk.graph.graph import Snip
from nxsdk.graph.processes.phase_enums import Phase
from nxsdk.virtual.arithmetic import POST_STATE
from nxsdk.virtual.compiling import COMPILER
from nxsdk.virtual.core import COMPARTMENTS, Chip
from nxsdk.virtual.network import Arrival, BoardFault

PATIENCE = 30.0  # s, after which a chip's snips are taken to be stuck
# `NeuronCore` of nxsdk.h
CORE_STATE = np.dtype(
    [
        ("cx_state", np.dtype([("U", np.int32), ("V", np.int32)]), COMPARTMENTS),
        ("stdp_post_state", POST_STATE, COMPARTMENTS),
    ]
)


class Channel:
    """Packets between the host's snip and a chip's.

    Parameters
    ----------
    name : str
    packet : int
        Its bytes.
    """

    def __init__(self, name: str, packet: int):
        self.name, self.packet = name, packet
        self.ends: Tuple[Any, Any] = (None, None)

    def connect(self, source: Snip, destination: Snip) -> None:
        """Between two snips."""
        self.ends = source, destination


class _Chip(NamedTuple):
    id: int
    process: Any
    control: socket.socket
    state: np.ndarray  # (n_cores,) of CORE_STATE, in memory that both have


class SnipProcesses:
    """Starts them all, and asks the chips' for their phases.

    Parameters
    ----------
    chips : sequence of Chip
    snips : sequence of Snip
    channels : sequence of Channel

    Raises
    ------
    BoardFault
        If a snip does not compile.
    """

    def __init__(self, chips: Sequence[Chip], snips: Sequence[Snip], channels: Sequence[Channel]):
        self._stack = contextlib.ExitStack()
        self._folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="snips-"))
        self._logs: Dict[Any, Path] = {}
        self.chips: List[_Chip] = []
        self.hosts: List[Any] = []
        try:
            ends = [
                (channel, socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
                for channel in channels
            ]
            for pair in (pair for _, pair in ends):
                for end in pair:
                    self._stack.callback(end.close)
            for chip in chips:
                own = [snip for snip in snips if snip.chip == chip.id]
                if own:
                    self.chips.append(self._start_chip(chip, own, ends))
            for snip in snips:
                if snip.phase is Phase.HOST_CONCURRENT_EXECUTION:
                    self.hosts.append(self._start_host(snip, ends))
            for _, pair in ends:  # only the processes have them, so that they see each other end
                for end in pair:
                    end.close()
        except BaseException:
            self.close()
            raise

    def _start_chip(self, chip: Chip, snips: Sequence[Snip], ends: Any) -> _Chip:
        size = len(chip.n2Cores) * CORE_STATE.itemsize
        memory_file = Path(self._folder) / f"memory {chip.id}"
        file = self._stack.enter_context(memory_file.open("w+b"))
        os.ftruncate(file.fileno(), size)
        memory = mmap.mmap(file.fileno(), size)
        control, theirs = socket.socketpair()
        self._stack.callback(control.close)
        control.settimeout(PATIENCE)
        command = [str(theirs.fileno()), str(file.fileno())]
        command += [f"core={core.id}" for core in chip.n2Cores]
        given, numbers = self._ends(snips, ends)
        command += [f"channel={text}" for text in given]
        for snip in snips:
            library = COMPILER.library(snip.source, snip.include)
            command.append(f"snip={snip.phase.value}:{snip.function}:{snip.guard}:{library}")
        program = COMPILER.program("chip_runner.c")
        numbers += [theirs.fileno(), file.fileno()]
        process = self._process(program, command, numbers, f"chip {chip.id}")
        theirs.close()
        return _Chip(chip.id, process, control, np.frombuffer(memory, CORE_STATE))

    def _start_host(self, snip: Snip, ends: Any) -> Any:
        library = COMPILER.library(snip.source, snip.include)
        given, numbers = self._ends([snip], ends)
        command = [str(library), *given]
        return self._process(COMPILER.program("host_runner.cpp"), command, numbers, "host")

    @staticmethod
    def _ends(snips: Sequence[Snip], ends: Any) -> Tuple[List[str], List[int]]:
        """Of the channels that these snips have an end of: what they are given, and its number."""
        texts, numbers = [], []
        for channel, pair in ends:
            for snip, end in zip(channel.ends, pair):
                if any(snip is own for own in snips):
                    texts.append(f"{channel.name}={end.fileno()}:{channel.packet}")
                    numbers.append(end.fileno())
        return texts, numbers

    def _process(
        self, program: Path, arguments: Sequence[str], numbers: Sequence[int], name: str
    ) -> Any:
        log = Path(self._folder) / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [str(program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                pass_fds=numbers,
            )
        self._logs[process] = log
        return process

    def run(self, phase: Phase, t: int, last: int) -> List[Arrival]:
        """Run a phase on all chips; gives the spikes that their snips sent.

        Raises
        ------
        BoardFault
            If a chip's process ended, or does not answer.
        """
        request = struct.pack("=3i", phase.value, t, last)
        for chip in self.chips:
            with contextlib.suppress(OSError):  # which the answer will tell
                chip.control.sendall(request)
        return [spike for chip in self.chips for spike in self._answer(chip, t)]

    def _answer(self, chip: _Chip, t: int) -> List[Arrival]:
        (count,) = struct.unpack("=i", self._received(chip, 4, t))
        values = np.frombuffer(self._received(chip, 20 * count, t), np.int32).reshape(count, 5)
        return [
            Arrival(kind, chip.id, core, axon, atom, bits)
            for kind, core, axon, atom, bits in values.tolist()
        ]

    def _received(self, chip: _Chip, size: int, t: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            try:
                more = chip.control.recv(size - len(data))
            except socket.timeout:
                raise BoardFault(f"the snips of chip {chip.id} do not answer in step {t}") from None
            except OSError:
                more = b""
            if not more:
                raise BoardFault(
                    f"the snips of chip {chip.id} ended in step {t}{self._last_words(chip.process)}"
                )
            data += more
        return bytes(data)

    def _last_words(self, process: Any) -> str:
        try:
            lines = self._logs[process].read_text(errors="replace").split("\n")
        except OSError:
            return ""
        said = [line for line in lines if line]
        return f": {said[-1][:200]}" if said else ""

    def close(self) -> None:
        """End them."""
        processes = [chip.process for chip in self.chips] + self.hosts
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()
        self._stack.close()
