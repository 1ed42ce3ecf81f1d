"""Host and chip together: who steps when, and what goes between them.

The order is that of nengo-loihi's ``StepRunner``, with arrays in the place of its queues:
spikes that the host sends in step n reach the chip in step n + 1, errors in step n; what
the chip gives in step n reaches the host in step n + 1.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Tuple

import numpy as np
from nengo.exceptions import SimulationError

from deploy.errors import Unsupported
from deploy.host.host import Bridges, Host, host_of
from deploy.host.interrupts import Interrupts
from deploy.host.journal import most_steps
from deploy.nengo_loihi.run.bridges import (
    ErrorBridge,
    Mailbox,
    SpikeBridge,
    error_bridge,
    spike_bridge,
)
from deploy.nengo_loihi.run.interface import FastEmulator
from deploy.nengo_loihi.run.probe_values import weighted
from deploy.private_names import HOST, missing

BATCH = 500  # steps between two looks at the outside; bounds the buffers
LOOKS = 0.2  # of the usual length of a batch, where something is looked at behind each
GOLDEN = 0.618  # whose multiples fall everywhere between whole numbers
BEFORE, CHIP, AFTER = range(3)  # what steps: the host that feeds the chip, the chip, the other


class Runner:
    """Steps a `nengo_loihi.Simulator` whose emulator is a `FastEmulator`.

    Steps are made in batches, and where nothing that goes to the chip comes from it the host
    goes ahead of the chip in each. When a node raises, or Ctrl-C comes, all of them go back to
    the same step (`_settle`): they return to where the batch started, and make its steps once
    more without asking the user's functions again. When a node asks for what the others have,
    they are brought to its own step (`look`).

    Parameters
    ----------
    simulator : nengo_loihi.Simulator

    Raises
    ------
    Unsupported
        If something comes to the chip in another way than from the host, or Nengo is not as it is
        known to be.
    """

    def __init__(self, simulator: Any):
        changed = missing(HOST)
        if changed is not None:
            raise Unsupported(changed)
        model, emulator = simulator.model, simulator.sims["emulator"]
        sims = {name: simulator.sims.get(name) for name in ("host_pre", "host")}
        there = {name: sim for name, sim in sims.items() if sim is not None}
        most = most_steps(list(there.values()), BATCH)
        senders = {
            id(node.output): np.zeros(0)
            for node in (*model.host2chip_senders, *model.host2chip_pes_senders)
        }
        receivers = {
            model.objs[probe]["out"]: Mailbox(np.zeros((most + 1, node.size_out)))
            for probe, node in model.chip2host_receivers.items()
        }
        mailboxes = {
            id(node.output): receivers[model.objs[probe]["out"]].rows
            for probe, node in model.chip2host_receivers.items()
        }
        bridges = Bridges(senders, mailboxes, {*senders, *mailboxes})
        hosts = {name: host_of(sim, bridges, most) for name, sim in there.items()}
        if bridges.waiting:  # which would give zeros
            raise Unsupported("what goes between host and chip in another form than Nengo's")

        def sent_by(node: Any) -> np.ndarray:
            return senders[id(node.output)]

        spikes = spike_bridge(model, emulator, sent_by, most)
        errors = error_bridge(model, emulator, sent_by)
        self.timers: Any = simulator.timers
        self._join(hosts, receivers, spikes, errors, emulator, bool(simulator.precompute), most)

    @classmethod
    def of_parts(
        cls,
        hosts: Dict[str, Host],
        receivers: Dict[Any, Mailbox],
        spikes: SpikeBridge,
        errors: ErrorBridge,
        emulator: FastEmulator,
        precompute: bool,
        most: int,
    ) -> Runner:
        """Of what has been built before.

        Parameters
        ----------
        hosts : dict of str to Host
        receivers : dict of nengo_loihi.probe.LoihiProbe to Mailbox
        spikes : SpikeBridge
        errors : ErrorBridge
        emulator : FastEmulator
        precompute : bool
        most : int
            Steps of a batch.
        """
        runner = cls.__new__(cls)
        runner.timers = None
        runner._join(hosts, receivers, spikes, errors, emulator, precompute, most)
        return runner

    def _join(
        self,
        hosts: Dict[str, Host],
        receivers: Dict[Any, Mailbox],
        spikes: SpikeBridge,
        errors: ErrorBridge,
        emulator: FastEmulator,
        precompute: bool,
        most: int,
    ) -> None:
        self.emulator = emulator
        self.precompute = precompute
        self.interrupts = Interrupts()
        self.most = most
        self.receivers = receivers
        self.hosts = hosts
        self.spikes = spikes
        self.errors = errors
        self._together = not self.precompute and "host" in self.hosts
        self._before, self._after = self.hosts.get("host_pre"), self.hosts.get("host")
        self._first = 0  # steps before the batch
        self._rows = [0, 0, 0]  # of the batch: how many `BEFORE`, `CHIP` and `AFTER` have done
        self._part = AFTER  # which of them runs
        self._limit = 0  # rows of the batch
        self._published = 0  # rows whose samples were handed on
        self._probed: Any = None
        self.is_running = False  # whether it is in the middle of a batch
        self._is_lost = False
        self._in_step = False  # whether the host goes no further ahead than a step
        self._watched = False  # whether a node has looked at signals, and may set them
        self._touched: List[Tuple[int, int]] = []  # in this batch: by which part, in which row
        self._looks_from_before = False  # whether one that feeds the chip looks at it
        self._is_ahead = False  # whether a host has been beyond the batch's end
        self.look_on: Callable[[], None] = _nothing  # behind each batch
        self.looks = False  # whether that does something
        self._looked = 0

    def continue_as(self, other: Runner, named: Mapping[Any, Any]) -> None:
        """Be the runner of another build of the same model.

        Parameters
        ----------
        other : Runner
            The one that it takes the place of.
        named : mapping of probe to nengo_loihi.probe.LoihiProbe
            Its own probes to the other's.
        """
        self.timers = other.timers
        self.receivers = {named[probe]: box for probe, box in self.receivers.items()}
        self.spikes.key_by(other.spikes)

    @property
    def extremes(self) -> Dict[Any, np.ndarray]:
        """Of what values asked of the chip, by receiver: see `warn_of_large_values`."""
        return self.spikes.extremes

    @property
    def n_steps(self) -> int:
        """Steps that are done; the host's nodes may ask in the middle of one."""
        return self._first + self._rows[self._part]

    # --------------------------------------------------------------------- running

    def run_steps(self, steps: int) -> None:
        """Run host and chip for so many steps."""
        if self.is_running:
            raise SimulationError("a node cannot run the simulator that it runs in")
        if self._is_lost:
            raise SimulationError("a run was stopped where nothing leads back from; use reset()")
        timers = self.timers
        if timers is not None:
            timers.start("run")
        old = np.seterr(invalid="raise", divide="ignore")  # as nengo.Simulator.step
        try:
            end = self.n_steps + steps
            while self.n_steps < end:
                self._batch(min(1 if self._watched else self._length(), end - self.n_steps))
                self.interrupts.deliver()
                if self.looks and not self._watched:
                    self.look_on()
        finally:
            np.seterr(**old)
        if timers is not None:
            timers.stop("run")

    def _length(self) -> int:
        """Of a batch; of different ones where something is looked at behind each.

        What comes again and again would be seen at one phase.
        """
        if not self.looks:
            return self.most
        self._looked += 1
        return max(1, int(self.most * LOOKS * (0.5 + GOLDEN * self._looked % 1)))

    def _batch(self, n: int) -> None:
        self._begin(n)
        try:
            self._advance(again=False)
        except BaseException:
            self._is_ahead = self._is_lost = True
            self._settle()
            self._end()
            self._is_lost = False
            raise
        self._end()

    def _begin(self, n: int) -> None:
        self._limit = n
        self._is_ahead = self._looks_from_before = False
        self._touched.clear()
        self._rows[:] = 0, 0, 0
        self._part = AFTER if self._before is None else BEFORE
        self._published = 0
        self._probed = self.emulator.engine.buffers(n)
        self.emulator.engine.save()
        self.errors.save()
        self.spikes.save()
        for host in self.hosts.values():
            host.begin()
        self.is_running = True  # last, as there may be no memory for what is before

    def _end(self) -> None:
        n = self._limit
        self._publish(n)
        for host in self.hosts.values():
            host.end(n, self._is_ahead)
        self.spikes.carry(n)
        for mailbox in self.receivers.values():
            mailbox.rows[0] = mailbox.rows[n]
        self._first += n
        self._rows[:] = 0, 0, 0
        self._part, self.is_running = AFTER, False
        for fed in (*self.spikes.poisoned(), *self.errors.poisoned()):
            raise SimulationError(
                f"{fed}: what the host sends there was no finite number in a step before "
                f"{self._first * self.emulator.dt:.4g} s; look at what your nodes and processes "
                "give"
            )

    def _publish(self, last: int) -> None:
        """Hand on what is probed in the rows before ``last``."""
        for host in self.hosts.values():
            host.publish(last)
        self.emulator.keep(self._probed, self._published, last, leave_out=self.receivers)
        self._published = last

    # ------------------------------------------------------------- steps of a batch

    def _advance(self, again: bool) -> None:
        """All rows of the batch; those that were begun before are made ``again``."""
        if self._together:
            self._go_together(again)
            return
        if self._before is not None:
            step, collect, rows = _stepper(self._before, again), self.spikes.collect, self._rows
            interrupts = self.interrupts
            for row in range(self._limit):
                step(row)
                collect(row)
                rows[BEFORE] = row + 1
                if interrupts.waiting and not (again or self._touched):
                    interrupts.deliver()
                if self._in_step:
                    if self._touched:
                        self._limit = row + 1
                    self._follow(row + 1, again)
                    if row + 1 >= self._limit:
                        break
        self._follow(self._limit, again)
        self._repeat_before(self._limit)
        self._chip_to(self._limit)

    def _follow(self, last: int, again: bool = False) -> None:
        """Bring the chip, and the host after it, to where the host before it is."""
        part = self._part
        if not self._watched or self._after is None:  # else what it looks at is of its own step
            self._part = CHIP
            self._chip_to(last)
        self._part = AFTER
        if self._after is None:
            self._rows[AFTER] = last
        else:
            step, rows, interrupts = _stepper(self._after, again), self._rows, self.interrupts
            for row in range(rows[AFTER], last):
                step(row)
                rows[AFTER] = row + 1
                if interrupts.waiting and not (again or self._touched):
                    interrupts.deliver()
                if row + 1 == self._limit:  # which a node may have set
                    break
        self._part = part

    def _chip_to(self, last: int) -> None:
        first = self._rows[CHIP]
        if first >= last:
            return
        engine, probed = self.emulator.engine, self._probed
        engine.advance_row(probed, *self.spikes.events, first, last - first)
        for probe, mailbox in self.receivers.items():
            parts = [part[first:last] for part in self.emulator.parts(probe, probed)]
            mailbox.fill(weighted(probe, parts), first)
        self._rows[CHIP] = last

    def _repeat_before(self, last: int) -> None:
        """Bring the host that feeds the chip to this row, which it has passed once."""
        for row in range(self._rows[BEFORE], last if self._before is not None else 0):
            self.hosts["host_pre"].again(row)
            self.spikes.collect(row)
            self._rows[BEFORE] = row + 1

    def _go_together(self, again: bool) -> None:
        """Step by step, as each waits for the other."""
        host, engine, probed = self.hosts["host"], self.emulator.engine, self._probed
        links = [
            mailbox.link(probe, self.emulator.parts(probe, probed))
            for probe, mailbox in self.receivers.items()
        ]
        host_step, collect, send = _stepper(host, again), self.spikes.collect, self.errors.send
        advance, rows, interrupts = engine.advance_row, self._rows, self.interrupts
        for row in range(self._limit):
            host_step(row)
            collect(row)
            send()
            advance(probed, *self.spikes.events, row)
            for link in links:
                link(row)
            rows[AFTER] = row + 1
            if interrupts.waiting and not (again or self._touched):
                interrupts.deliver()
            if self._touched:
                self._limit = row + 1
                break

    # ------------------------------------------------------------- a node that looks

    def look(self, at_signals: bool = False) -> None:
        """A node asks for what the others have: bring them to its own step.

        Parameters
        ----------
        at_signals : bool
            Whether for signals, which it may set, and not for samples alone.

        Raises
        ------
        SimulationError
            If that cannot be done.
        """
        if not self.is_running:
            return
        if not self._together:
            if self._part == BEFORE:
                row = self._rows[BEFORE]
                self._looks_from_before = True
                self._follow(row)
                self._looks_from_before = False
            elif at_signals and self._rows[CHIP] > self._rows[AFTER]:
                self._fetch_back(self._rows[AFTER])
            self._in_step = True
        self._publish(self._rows[AFTER])
        if at_signals:
            self._watched = True
            self._touched.append((self._part, self._rows[self._part]))

    def _fetch_back(self, row: int) -> None:
        """Bring chip and host back to a row that they have passed; the batch ends behind it."""
        if self._looks_from_before:
            raise SimulationError(
                "a node asks for signals while the host has gone ahead of the chip; "
                "give the simulator precompute=False"
            )
        self._limit, self._is_ahead = row + 1, True
        if self._before is not None:
            self._before.rewind(self._rows[BEFORE])
            self.spikes.restore()
            self._rows[BEFORE] = 0
            self._repeat_before(row)
        self.emulator.engine.restore()
        self._rows[CHIP] = 0
        self._chip_to(row)

    # ---------------------------------------------------- a run that is interrupted

    def _settle(self) -> None:
        """Bring host and chip to the last step that all of them have been asked to do."""
        last = self._rows[self._part]
        if self._part == CHIP:
            last = self._limit if self._before is None else self._rows[BEFORE]
        while True:
            self._rewind()
            self._limit = last
            try:
                self._advance(again=True)
                return
            except BaseException:  # of a node after the chip, on the way to where the chip was
                if self._part != AFTER or self._rows[AFTER] >= last:
                    raise
                last = self._rows[AFTER]

    def _rewind(self) -> None:
        """Back to where the batch started."""
        for part, host in ((BEFORE, self._before), (AFTER, self._after)):
            if host is not None:
                host.rewind(self._rows[part])
                for row in [row for of, row in self._touched if of == part]:
                    host.forget(row)  # what the node has set is undone: it is asked again
        self.emulator.engine.restore()
        self.errors.restore()
        self.spikes.restore()
        self._rows[:] = 0, 0, 0
        self._part = AFTER if self._before is None else BEFORE
        self._looks_from_before = False
        self._touched.clear()


def _nothing() -> None:
    """Nobody looks on."""


def _stepper(host: Host, again: bool) -> Any:
    return host.again if again else host.stepper()
