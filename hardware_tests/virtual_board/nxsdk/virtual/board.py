"""The board: from its registers to steps."""

from __future__ import annotations

import threading
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from nxsdk.graph import graph
from nxsdk.graph.nxprobes import N2SpikeProbe, StateProbe
from nxsdk.graph.processes.phase_enums import Phase
from nxsdk.virtual.arithmetic import Chips
from nxsdk.virtual.core import Chip, CompartmentStates
from nxsdk.virtual.dice import dice_for
from nxsdk.virtual.network import Arrival, BoardFault, read_board
from nxsdk.virtual.processes import Channel, SnipProcesses
from nxsdk.virtual.silicon import silicon

HERE = "127.0.0.1"
KEYS = ("u", "v", "spike")


class _HostCoordinator:
    hostAddr = HERE


class Executor:
    """Says whether the board runs, and where its host is."""

    def __init__(self) -> None:
        self._host_coordinator = _HostCoordinator()
        self.running = False

    def hasStarted(self) -> bool:
        """Whether the board is ours."""
        return self.running


class Monitor:
    """What is recorded."""

    def __init__(self) -> None:
        self.probes: List[Tuple[CompartmentStates, int, str, StateProbe]] = []

    def probe(self, states: CompartmentStates, indices: Any, key: str) -> List[StateProbe]:
        """Record current (``"u"``), voltage (``"v"``) or spikes of compartments, in every step."""
        if key not in KEYS:
            raise BoardFault(f"there is nothing to record of {key!r}")
        kind = N2SpikeProbe if key == "spike" else StateProbe
        probes = [kind() for _ in indices]
        self.probes += [(states, int(i), key, probe) for i, probe in zip(indices, probes)]
        return probes


class N2Board:
    """A board of so many chips and cores.

    Parameters
    ----------
    board_id : int
    n_chips : int
    n_cores : sequence of int
        Of each chip.
    n_synapses : sequence of sequence of int
        Of each core.
    """

    def __init__(
        self,
        board_id: int,
        n_chips: int,
        n_cores: Sequence[int],
        n_synapses: Sequence[Sequence[int]],
    ):
        self.id = board_id
        self.n2Chips = [Chip(self, k, int(n_cores[k])) for k in range(n_chips)]
        if [len(of) for of in n_synapses] != [len(chip.n2Cores) for chip in self.n2Chips]:
            raise BoardFault("there are not as many numbers of synapses as there are cores")
        self.monitor, self.executor = Monitor(), Executor()
        self._graph = graph.Graph()  # whatever stands there when a board is made
        self._channels: List[Channel] = []
        self._scheduled: Dict[int, List[Arrival]] = {}
        self._network: Any = None  # a `Network`, once it was started
        self._chips: Any = None
        self._silicon: Any = None
        self._processes: Any = None  # `SnipProcesses`, where there are snips
        self._recorded: List[Tuple[str, np.ndarray, List[StateProbe]]] = []
        self._arriving: List[Arrival] = []
        self._step = self._last = 0
        self._thread: Optional[threading.Thread] = None
        self._failure: Optional[BaseException] = None

    # ------------------------------------------------------------------ what is on it

    def createSnip(self, phase: Phase, **given: Any) -> Any:
        """As `nxsdk.graph.graph.Graph`."""
        return self._graph.createSnip(phase, **given)

    def createChannel(self, name: bytes, numElements: int, messageSize: int, slack: int) -> Channel:
        """A channel for packets of ``messageSize`` bytes."""
        channel = Channel(name.decode(), int(messageSize))
        self._channels.append(channel)
        return channel

    def schedule(self, t: int, arrival: Arrival) -> None:
        """A spike of step t, which arrives in the next."""
        if t < self._step:
            raise BoardFault(f"a spike of step {t} comes after step {self._step}")
        self._scheduled.setdefault(t, []).append(arrival)

    # ------------------------------------------------------------------------ running

    def start(self) -> None:
        """Read the registers, start the snips.

        Raises
        ------
        BoardFault
            If there is something that the virtual board cannot step.
        """
        network = read_board(self.n2Chips)
        snips = self._graph.snips
        if snips:
            self._processes = SnipProcesses(self.n2Chips, snips, self._channels)
        self._silicon = silicon()
        dice = dice_for(network, self._silicon)
        self._network, self._chips = network, Chips(network, dice, self._silicon)
        position = {id(core): k for k, core in enumerate(network.cores)}
        for key in KEYS:
            own = [of for of in self.monitor.probes if of[2] == key]
            where = [network.place[position[id(states.core)], i] for states, i, _, _ in own]
            if own and min(where) < 0:
                raise BoardFault(f"{key} is recorded of a compartment that does not run")
            self._recorded.append((key, np.array(where, np.int64), [of[3] for of in own]))
        if self._processes is not None:
            for k, state in self._shared():
                state["stdp_post_state"] = self._chips.post[k]
        self.executor.running = True

    def run(self, steps: int, aSync: bool = False) -> None:
        """So many steps; with ``aSync``, beside what goes on here."""
        if not self.executor.hasStarted():
            raise BoardFault("the board was not started")
        self.finishRun()
        self._last = self._step + int(steps)
        self._thread = threading.Thread(target=self._steps, daemon=True)
        self._thread.start()
        if not aSync:
            self.finishRun()

    def finishRun(self) -> None:
        """Wait for the run; raises what went wrong in it."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _steps(self) -> None:
        try:
            while self._step < self._last:
                self._one(self._step + 1)
                self._step += 1
        except Exception as error:  # of the thread, for `finishRun`
            self._failure = error
        finally:
            self._write_back()

    def _one(self, t: int) -> None:
        chips, arriving = self._chips, self._arriving + self._scheduled.pop(t - 1, [])
        self._arriving = []
        chips.spike(t, arriving)
        if self._processes is None:
            chips.learn(t)
        else:
            self._show()
            if self._silicon.error == "same-step":  # of what the host sends in this one
                self._arriving = self._processes.run(Phase.EMBEDDED_MGMT, t, self._last)
            self._processes.run(Phase.EMBEDDED_PRELEARN_MGMT, t, self._last)
            self._look()
            chips.learn(t)
            if self._silicon.error != "same-step":
                self._arriving = self._processes.run(Phase.EMBEDDED_MGMT, t, self._last)
        self._record()

    def _show(self) -> None:
        """States into the memory that the snips read."""
        network, chips = self._network, self._chips
        voltage = chips.voltage_register()
        for k, state in self._shared():
            first, last = network.core_start[k], network.core_start[k + 1]
            running = np.flatnonzero(network.place[k] >= 0)
            state["cx_state"]["U"][running] = chips.current[first:last]
            state["cx_state"]["V"][running] = voltage[first:last]

    def _look(self) -> None:
        """What the snips wrote."""
        for k, state in self._shared():
            self._chips.post[k] = state["stdp_post_state"]

    def _shared(self) -> Iterator[Tuple[int, Any]]:
        """Cores of chips that have snips: which, and the memory that is shared with these."""
        first = {}
        for k, core in enumerate(self._network.cores):
            first.setdefault(core.parent.id, k)
        for chip in self._processes.chips:
            for j, state in enumerate(chip.state):
                yield first[chip.id] + j, state

    def _record(self) -> None:
        chips = self._chips
        values = {"u": chips.current, "v": chips.voltage_register(), "spike": chips.spiked}
        for key, where, probes in self._recorded:
            if probes:
                for probe, value in zip(probes, values[key][where].astype(int).tolist()):
                    probe.timeSeries.data.append(value)

    def _write_back(self) -> None:
        """What was learnt, into the registers of the weights."""
        network = self._network
        for k, core in enumerate(network.cores):
            start = network.synapse_start[k]
            own = slice(start, network.synapse_start[k + 1])
            for j in np.flatnonzero(network.synapses.learns[own]).tolist():
                core.synapses.write(j, "Wgt", int(self._chips.mantissa[start + j]))

    def disconnect(self) -> None:
        """Give the board back; what still runs on it ends."""
        self.executor.running = False
        self._last = self._step
        if self._processes is not None:
            self._processes.close()
            self._processes = None
        if self._thread is not None:
            self._thread.join()
            self._thread = None
