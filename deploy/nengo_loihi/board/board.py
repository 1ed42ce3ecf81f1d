"""A built model on a board, in the place of nengo-loihi's ``HardwareInterface``."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from deploy.errors import BoardLost, TargetUnavailable
from deploy.nengo_loihi.board.link import Link, free_port
from deploy.nengo_loihi.board.snips import KEYS, ChipPlan, Rendered, chip_plans, create_snips
from deploy.nengo_loihi.build.placing import mended_tables, place
from deploy.nengo_loihi.run.input_spikes import unit_of
from deploy.nengo_loihi.run.interface import ERROR_MAX
from deploy.nengo_loihi.run.probe_samples import ProbeSamples
from loihi_rules.chip.limits import Chip

TRIES, BETWEEN = 3, 1.0  # to get a board, s
REASON = 1.0  # s, for the SDK to say why a run ended


class Address(NamedTuple):
    """Where each neuron of an input sends its spikes: (n,) arrays, neuron after neuron.

    Attributes
    ----------
    start : (n_neurons + 1,) ndarray
    chip : ndarray
        Positions, not ids.
    words : (n, 2) ndarray
        As they are sent to a chip; see `deploy.nengo_loihi.board.snips`.
    """

    start: np.ndarray
    chip: np.ndarray
    words: np.ndarray


class FirstState(NamedTuple):
    """What compartments start from, (n,) whole numbers each."""

    current: np.ndarray
    voltage: np.ndarray


class Recorded(NamedTuple):
    """What the SDK records of one block of a probe: its values, and spikes beside voltages."""

    values: List[Any]
    spikes: Optional[List[Any]]
    refractory: np.ndarray  # (n,) steps after a spike in which the register holds their number
    left: np.ndarray  # (n,) of them, now


class Board(ProbeSamples):
    """Steps a model on a board.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
        Discretised, with nothing that a board cannot take
        (`deploy.nengo_loihi.board.fits.board_problems`).
    chip : Chip
    seed : int
        Of what the board draws by chance, where it takes one.
    waits : bool
        Whether the host takes part in every step.
    first : mapping of LoihiBlock to FirstState
    as_registers : bool
        Whether voltages are recorded as their registers hold them, refractory times among them;
        only where the host does not take part.

    Raises
    ------
    TargetUnavailable
        If the SDK cannot build it.
    """

    def __init__(
        self,
        model: Any,
        chip: Chip,
        seed: int,
        waits: bool,
        first: Mapping[Any, FirstState],
        as_registers: bool = False,
    ):
        super().__init__(model.probes, model.dt)
        self.model, self.waits, self.first = model, waits, first
        self.error_scale = float(model.pes_error_scale)
        self.t = 0
        self.closed = False
        self._recorded: Dict[Any, List[Recorded]] = {}
        self._link: Optional[Link] = None
        self._rendered: Optional[Rendered] = None
        self._plans: List[ChipPlan] = []
        self.layout = place(model, chip)
        with mended_tables(chip) as hardware:
            hardware.validate.validate_board(self.layout)
            self._sdk: Any = hardware.builder.build_board(self.layout, use_snips=waits, seed=seed)
        self._start_from(first)
        self._inputs = {of: self._addresses(of) for of in model.inputs}
        if waits:
            voltages = {block: start.voltage for block, start in first.items()}
            self._plans = chip_plans(model, self.layout, self._sdk, voltages, self._most_spikes())
            self._rendered = create_snips(self._sdk, self._plans, free_port())
            self._link = Link(self._plans)
        else:
            self._record(as_registers)

    # ------------------------------------------------------------------- before a run

    def _start_from(self, first: Mapping[Any, FirstState]) -> None:
        """Write where currents and voltages start into the registers of compartments."""
        for block, start in first.items():
            chip, core, _, compartments, _ = self.layout.find_block(block)
            states = self._sdk.n2Chips[chip].n2CoresAsList[core].cxState
            values = (of.tolist() for of in (compartments, *start))
            for compartment, current, voltage in zip(*values):
                if current:
                    states[compartment].u = current
                if voltage:
                    states[compartment].v = voltage

    def _addresses(self, spike_input: Any) -> Address:
        position = {chip.id: k for k, chip in enumerate(self._sdk.n2Chips)}
        axons = self._sdk.spike_inputs[spike_input].axon_map
        flat = [axon for i in range(spike_input.n_neurons) for axon in axons[i]]
        kinds = (int(a["axon_type"]) for a in flat)
        sent = [
            16 + int(a["atom_bits_extra"]) if kind == 16 else kind for a, kind in zip(flat, kinds)
        ]
        words = [
            (int(a["core_id"]) << 16 | int(a["axon_id"]), kind << 16 | int(a["atom"]))
            for a, kind in zip(flat, sent)
        ]
        return Address(
            np.cumsum([0, *(len(axons[i]) for i in range(spike_input.n_neurons))]),
            np.array([position[int(a["chip_id"])] for a in flat], np.int64),
            np.array(words, np.int64).reshape(-1, 2),
        )

    def _most_spikes(self) -> List[int]:
        """That each chip can be sent in a step."""
        most = np.zeros(len(self.layout.chips), np.int64)
        for receiver in self.model.host2chip_senders.values():
            address = self._inputs[self.model.spike_targets[receiver]]
            each = np.bincount(address.chip, minlength=len(most))
            most += unit_of(self.model, receiver).most * each
        return [int(n) for n in most]

    def _record(self, as_registers: bool) -> None:
        """Have spikes recorded beside voltages, whose registers hold refractory times too."""
        for probe in self.model.probes:
            blocks = []
            for block, part, values in zip(probe.target, probe.slice, self.layout.probe_map[probe]):
                spikes = None
                if KEYS[probe.key] == "v" and not as_registers:
                    chip, core, _, compartments, _ = self.layout.find_block(block)
                    state = self._sdk.n2Chips[chip].n2CoresAsList[core].cxState
                    spikes = self._sdk.monitor.probe(state, compartments[part], "spike")
                refractory = np.asarray(block.compartment.refract_delay, np.int64)[part]
                blocks.append(Recorded(values, spikes, refractory, np.zeros_like(refractory)))
            self._recorded[probe] = blocks

    def __enter__(self) -> Board:
        failure: Optional[Exception] = None
        for k in range(TRIES):
            if k:
                time.sleep(BETWEEN)
            try:
                self._sdk.start()
            except Exception as error:  # whatever the SDK raises
                failure = error
            if self._sdk.executor.hasStarted():
                return self
        self.close()
        why = f": {failure}" if failure is not None else ""
        raise TargetUnavailable(f"no board could be started in {TRIES} tries{why}") from failure

    @property
    def words(self) -> Tuple[int, int]:
        """Sent to the board's host, and received, so far."""
        return (0, 0) if self._link is None else (self._link.sent, self._link.received)

    # ------------------------------------------------------------------------ running

    def run_steps(self, steps: int, blocking: bool = True) -> None:
        """Run the board for so many steps; unless ``blocking``, beside what goes on here.

        Raises
        ------
        BoardLost
        """
        with self._watched():
            self._sdk.run(steps, aSync=not blocking)
            if self._link is not None and self._rendered is not None:
                if not self._link.is_connected:
                    host = self._sdk.executor._host_coordinator.hostAddr
                    self._link.connect(host, self._rendered.port)
            elif blocking:
                self.t += steps
                self._collect()

    def wait_for_completion(self) -> None:
        """Until the board has made its steps."""
        with self._watched():
            self._sdk.finishRun()

    def host2chip(self, spikes: Any, errors: Any) -> None:
        """Take spikes (input, step, indices) and errors (synapse, step, values)."""
        if self._link is None:
            kinds: Any = type(next(iter(self._sdk.spike_inputs.values()), None))
            for spike_input, step, indices in spikes:
                axons = self._sdk.spike_inputs[spike_input].spikes_to_loihi(indices)
                kinds.add_spikes_to_generator(step, axons, self._sdk.global_spike_generator)
            return
        messages: List[List[int]] = [[] for _ in self._plans]
        for spike_input, _, indices in spikes:
            address = self._inputs[spike_input]
            for i in np.asarray(indices).tolist():
                for k in range(address.start[i], address.start[i + 1]):
                    messages[address.chip[k]].extend(address.words[k].tolist())
        given = {synapse: np.zeros(0) for synapse, _, _ in errors}
        for synapse, _, values in errors:
            given[synapse] = whole_errors(self.error_scale, values)
        for plan, message in zip(self._plans, messages):
            message.insert(0, len(message) // 2)
            for learner in plan.learners:
                values = given.get(learner.synapse, np.zeros(learner.n_errors, np.int64))
                message.extend([learner.core, learner.n_errors, *values.tolist()])
        with self._watched():
            self._link.send(messages)

    def chip2host(self, probes_receivers: Any) -> None:
        """Hand the samples of probes to their receivers on the host."""
        if self._link is not None:
            with self._watched():
                chips = self._link.receive()
            steps = {int(words[0]) for words in chips}
            self.t += 1
            if steps != {self.t}:
                raise BoardLost(f"in step {self.t} the chips of the board were in {sorted(steps)}")
            rows: Dict[Any, List[np.ndarray]] = {probe: [] for probe in self._samples}
            for plan, words in zip(self._plans, chips):
                for output in plan.outputs:
                    rows[output.probe].append(output.values(words)[np.newaxis])
            self._keep(rows)
        self.hand_on(probes_receivers, self.t)

    def _keep(self, rows: Dict[Any, List[np.ndarray]]) -> None:
        for probe, blocks in rows.items():
            self._samples[probe].append(blocks)

    def _collect(self) -> None:
        """What the SDK has recorded since it was last asked."""
        rows = {}
        for probe, blocks in self._recorded.items():
            rows[probe] = [_values(of) for of in blocks]
        self._keep(rows)

    def synapse_registers(self, synapse: Any) -> Tuple[Any, Iterator[int]]:
        """The SDK's core of a synapse group, and which of its synapses are the group's in turn."""
        chip, core, _ = self.layout.find_synapse(synapse)
        first, last = self.layout.chips[chip].cores[core].synapse_entries[synapse]
        return self._sdk.n2Chips[chip].n2CoresAsList[core], iter(range(first, last))

    def learned_weights(self, synapse: Any) -> np.ndarray:
        """(n_axons, width) weights of a learning synapse group, out of the board's registers."""
        core, at = self.synapse_registers(synapse)
        mantissas = np.array([core.synapses[k].Wgt for k in at], np.int64)
        exponent = synapse.synapse_cfg.weight_exp
        shifted = mantissas << exponent if exponent >= 0 else mantissas >> -exponent
        weights: np.ndarray = (shifted << 6).reshape(synapse.n_axons, -1)
        return weights

    # --------------------------------------------------------------------- the end

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """What the SDK or the link raises is a lost board, with the step and what is known."""
        try:
            yield
        except BoardLost:
            raise
        except Exception as error:
            why = self._reason() or str(error)
            raise BoardLost(f"the board was lost in step {self.t + 1}: {why}") from error

    def _reason(self) -> str:
        """What the SDK says of a run that ended; nothing where it does not say at once."""
        found: List[str] = []

        def ask() -> None:
            try:
                self._sdk.finishRun()
            except Exception as error:
                found.append(str(error))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(REASON)
        return found[0] if found else ""

    def clear_probes(self) -> None:
        """Nothing to do: samples go as they are collected."""

    def close(self) -> None:
        """Give the board back."""
        if self.closed:
            return
        self.closed = True
        try:
            if self._link is not None:
                self._link.close()
        finally:
            self._sdk.disconnect()
            if self._rendered is not None:
                self._rendered.folder.cleanup()

    def __exit__(self, *exception: Any) -> None:
        self.close()


def whole_errors(scale: float, values: Any) -> np.ndarray:
    """(n,) errors as a chip takes them."""
    whole = np.rint(scale * np.asarray(values)).astype(np.int64)
    return np.asarray(np.clip(whole, -ERROR_MAX, ERROR_MAX))


def _values(of: Recorded) -> np.ndarray:
    """(n_steps, n) what was recorded since; voltages without refractory times."""
    values = _taken(of.values)
    if of.spikes is None:
        return values
    spiked = _taken(of.spikes) != 0
    for row, now in zip(values, spiked):
        np.maximum(of.left - 1, 0, out=of.left)
        row[(of.left > 0) | now] = 0
        of.left[now] = of.refractory[now]
    return values


def _taken(probes: List[Any]) -> np.ndarray:
    """(n_steps, n) the samples of the SDK's probes, which forget them."""
    columns = [np.array(probe.timeSeries.data) for probe in probes]
    for probe in probes:
        probe.timeSeries.data.clear()
    return np.stack(columns, axis=1) if columns else np.zeros((0, 0))
