"""The engine in the place of nengo-loihi's ``EmulatorInterface``."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Collection, Dict, List, Mapping, Tuple

import numpy as np
from nengo.exceptions import SimulationError

from deploy.compiling.jit import HAVE_NUMBA
from deploy.emulator import kernels
from deploy.emulator.energy import Work
from deploy.emulator.engine import PROBEABLE, Engine, Probed
from deploy.emulator.layout import Layout
from deploy.emulator.silicon import AS_EMULATED, Silicon
from deploy.errors import Unsupported
from deploy.nengo_loihi.run.flatten import lay_out
from deploy.nengo_loihi.run.probe_samples import ProbeSamples
from deploy.nengo_loihi.run.probe_values import weighted
from deploy.nengo_loihi.run.spike_record import SpikeRecord

ERROR_MAX = 127  # that the chip takes
BUFFER_BYTES = 32 * 2**20  # of probed samples, before they are handed on


@dataclass(frozen=True)
class Saturation:
    """How often something came to the end of its range.

    Attributes
    ----------
    what : str
    count, of : int
        So often, of so many times that it could have.
    """

    what: str
    count: int
    of: int


class FastEmulator(ProbeSamples):
    """Runs a built model as nengo-loihi's emulator does, bit by bit.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    seed : int
        Of the chip's random numbers.
    compiled : bool
        Whether to use numba.
    silicon : Silicon
        What the chip does otherwise than nengo-loihi's emulator.

    Attributes
    ----------
    noise_seed : int or None
        Of noise that does not come from ``seed``: the system's own random number.

    Raises
    ------
    Unsupported
        If the model has something that the engine cannot do exactly.
    """

    strict = False  # as the class attribute of nengo-loihi's

    def __init__(
        self,
        model: Any,
        seed: int,
        compiled: bool = HAVE_NUMBA,
        silicon: Silicon = AS_EMULATED,
    ):
        layout, self.learning_index = lay_out(model, silicon)
        self.noise_seed = secrets.randbits(32) if silicon.noise == "unseeded" else None
        self.inputs = list(model.inputs)
        self.error_scale = float(model.pes_error_scale)
        self._start = dict(zip(model.blocks, layout.block_start))
        columns, probed = self._probed(model)
        self._set_up(layout, columns, probed, seed, compiled, model.dt)

    @classmethod
    def of_arrays(
        cls,
        layout: Layout,
        columns: Dict[Any, List[slice]],
        probed: Dict[str, np.ndarray],
        seed: int,
        dt: float,
        error_scale: float,
    ) -> FastEmulator:
        """Of what was built before.

        Parameters
        ----------
        layout : Layout
        columns : dict of nengo_loihi.probe.LoihiProbe to list of slice
            Of each probe, those of its blocks in the buffer of its key.
        probed : dict of str to (k,) ndarray
            As for `deploy.emulator.engine.Engine`.
        seed : int
        dt : float
            Step in seconds.
        error_scale : float
            What PES errors are multiplied by before they are rounded.
        """
        made = cls.__new__(cls)
        made.learning_index, made.noise_seed, made.error_scale = {}, None, error_scale
        made.inputs, made._start = [], {}
        made._set_up(layout, columns, probed, seed, HAVE_NUMBA, dt)
        return made

    def _set_up(
        self,
        layout: Layout,
        columns: Dict[Any, List[slice]],
        probed: Dict[str, np.ndarray],
        seed: int,
        compiled: bool,
        dt: float,
    ) -> None:
        self.layout = layout
        self.columns, self.probes = columns, list(columns)
        raises = SimulationError if self.strict else None
        self.engine = Engine(layout, seed, probed, compiled, raises, self.noise_seed)
        ProbeSamples.__init__(self, self.probes, dt)
        self.spike_records: Dict[Any, SpikeRecord] = {}
        self.errors_cut = np.zeros(len(self.engine.state.errors), np.int64)
        self.errors_largest = np.zeros(len(self.errors_cut))  # before they were cut
        self.closed = False

    def _probed(self, model: Any) -> Tuple[Dict[Any, List[slice]], Dict[str, np.ndarray]]:
        """Columns of each probe's blocks in the buffer of its key."""
        start = self._start
        compartments: Dict[str, List[np.ndarray]] = {key: [] for key in PROBEABLE}
        width = dict.fromkeys(PROBEABLE, 0)
        columns: Dict[Any, List[slice]] = {}
        for probe in model.probes:
            if probe.key not in PROBEABLE:
                raise Unsupported(f"probes of {probe.key!r}")
            columns[probe] = []
            for block, part in zip(probe.target, probe.slice):
                chosen = start[block] + np.arange(block.n_neurons)[part]
                compartments[probe.key].append(chosen)
                columns[probe].append(slice(width[probe.key], width[probe.key] + len(chosen)))
                width[probe.key] += len(chosen)
        empty = [np.zeros(0, np.int64)]
        return columns, {key: np.concatenate(empty + parts) for key, parts in compartments.items()}

    def continue_as(self, other: FastEmulator, named: Mapping[Any, Any]) -> None:
        """Be the emulator of another build of the same model.

        Parameters
        ----------
        other : FastEmulator
            The one that it takes the place of.
        named : mapping of probe to nengo_loihi.probe.LoihiProbe
            Its own probes to the other's.
        """
        self.columns = {named[probe]: of for probe, of in self.columns.items()}
        self.spike_records = {named[probe]: of for probe, of in self.spike_records.items()}
        self.probes = list(self.columns)
        self.rename(named)
        self.learning_index, self.inputs = other.learning_index, other.inputs
        self.error_scale, self._start = other.error_scale, other._start

    def work(self) -> Work:
        """What the chip has done so far."""
        state = self.engine.state
        axons, synaptic = (int(count) for count in state.operations)
        n = self.layout.n_compartments
        return Work(self.t, n, int(state.spike_count.sum()), axons, synaptic)

    def state(self, block: Any, name: str) -> np.ndarray:
        """(n,) ``bias``, or a field of `deploy.emulator.engine.State`, as a view to be written."""
        of: Any = self.layout.compartments if name == "bias" else self.engine.state
        view: np.ndarray = getattr(of, name)[self._part(block)]
        return view

    def places(self, block: Any) -> np.ndarray:
        """(n,) where a block's compartments are among all."""
        part = self._part(block)
        return np.arange(part.start, part.stop)

    def _part(self, block: Any) -> slice:
        start = int(self._start[block])
        return slice(start, start + block.n_neurons)

    # -------------------------------------------------------------------- running

    @property
    def t(self) -> int:
        """Steps so far."""
        return self.engine.t

    def step(self) -> None:
        """One step."""
        self.run_steps(1)

    def run_steps(self, steps: int) -> None:
        """So many steps more."""
        width = sum(len(of) for of in self.engine.probed.values())
        most = max(1, BUFFER_BYTES // (4 * max(1, width)))
        while steps > 0:
            now = min(steps, most)
            events, event_start = self._events(now)
            probed = self.engine.buffers(now)
            self.engine.advance_row(probed, events, event_start, 0, now)
            self.keep(probed, 0, now)
            steps -= now

    def _events(self, steps: int) -> Tuple[np.ndarray, np.ndarray]:
        """Input spikes of the next steps; each arrives one step after its own."""
        n_inputs = len(self.inputs)
        start = np.zeros(steps * n_inputs + 1, np.int64)
        parts: List[np.ndarray] = []
        before = self.t
        for step in range(steps):
            arrived = before + step  # spikes of this step reach the chip in the next
            for k, spike_input in enumerate(self.inputs):
                spikes: Any = spike_input.spike_idxs(arrived) if arrived >= 1 else ()
                if len(spikes):
                    parts.append(spikes)
                    start[step * n_inputs + k + 1] = len(spikes)
        np.cumsum(start, out=start)
        events = np.concatenate(parts).astype(np.int32) if parts else np.zeros(0, np.int32)
        return events, start

    def parts(self, probe: Any, probed: Probed) -> List[np.ndarray]:
        """(n_rows, k) samples of each of a probe's blocks, in buffers of the engine."""
        return [getattr(probed, probe.key)[:, part] for part in self.columns[probe]]

    def record_spikes(self, probe: Any) -> SpikeRecord:
        """Keep a probe's spikes sparsely, and none of them for who collects samples.

        Parameters
        ----------
        probe : nengo_loihi.probe.LoihiProbe
            One that `deploy.nengo_loihi.run.spike_record.is_of_spikes`.
        """
        columns = self.columns[probe]
        fired = [np.ones((1, part.stop - part.start), np.bool_) for part in columns]
        heights = weighted(probe, fired)[0]
        place = np.arange(len(heights))
        if probe.reindexing is not None:
            place = np.argsort(probe.reindexing)
        self.spike_records[probe] = SpikeRecord(heights, place)
        return self.spike_records[probe]

    def keep(self, probed: Probed, first: int, last: int, leave_out: Collection[Any] = ()) -> None:
        """Keep the probes' samples of these rows until they are taken."""
        for probe in self.columns:
            if probe not in leave_out and first < last:
                parts = [part[first:last] for part in self.parts(probe, probed)]
                if probe in self.spike_records:
                    self.spike_records[probe].add(parts)
                else:
                    self._samples[probe].append(parts)

    # ------------------------------------------------------------ host and chip

    def host2chip(self, spikes: Any, errors: Any) -> None:
        """Take spikes (input, step, indices) and errors (synapse, step, values)."""
        for spike_input, ti, spike_idxs in spikes:
            spike_input.add_spikes(ti, spike_idxs)
        self.engine.clear_errors()
        for synapse, _, error in errors:
            whole = np.rint(self.error_scale * np.asarray(error)).astype(np.int64)
            scaled, beyond = np.clip(whole, -ERROR_MAX, ERROR_MAX), np.abs(whole) > ERROR_MAX
            index = self.learning_index[synapse]
            first = int(self.layout.learning.error_start[index])
            part = slice(first, first + len(scaled))
            self.errors_cut[part] += beyond
            self.errors_largest[part] = np.maximum(self.errors_largest[part], np.abs(whole))
            self.engine.set_errors(index, scaled)

    def chip2host(self, probes_receivers: Any) -> None:
        """Hand the samples of probes to their receivers on the host."""
        self.hand_on(probes_receivers, self.t)

    def learned_weights(self, synapse: Any) -> np.ndarray:
        """(n_axons, width) weights of a learning synapse group, as they are now."""
        return self.engine.learned_weights(self.learning_index[synapse])

    def saturation(self) -> List[Saturation]:
        """How often values came to the end of their range, so far."""
        state, t = self.engine.state, self.t
        compartments, traces = self.layout.n_compartments * t, len(state.traces) * t
        epochs = t // max(1, int(self.layout.learning.learn_epoch.max(initial=1)))
        flags = [
            ("input of a step beyond 21 bits", kernels.OVERFLOW_Q0, compartments),
            ("current beyond 23 bits", kernels.OVERFLOW_U, compartments),
            ("current into voltage beyond 23 bits", kernels.OVERFLOW_U2, compartments),
            ("learning traces cut", kernels.CLIPPED_TRACE, traces),
            ("spikes lost to a learning trace", kernels.LOST_SPIKE, traces),
            ("learned weights cut", kernels.CLIPPED_WEIGHT, len(state.learned) * epochs),
        ]
        found = [Saturation(what, int(state.flags[flag]), of) for what, flag, of in flags]
        return [
            *found,
            Saturation("PES errors cut", int(self.errors_cut.sum()), len(state.errors) * t),
        ]

    def learning_limits(self, index: int, compartments: slice) -> Dict[str, float]:
        """How often a learning synapse group has come to the end of a range, so far.

        Parameters
        ----------
        index : int
            Which of these it is.
        compartments : slice
            Those that it leads to, among all.

        Returns
        -------
        dict of str to float
            Shares of all that there were: ``"weights"`` that were cut, ``"traces"``, ``"errors"``,
            and ``"values"`` that made compartments spike which are to hold them.
        """
        learning, t = self.layout.learning, max(self.t, 1)
        axons, width, n = (
            int(of[index]) for of in (learning.n_axons, learning.width, learning.n_errors)
        )
        traces, weights = (int(count) for count in self.engine.state.cut[:, index])
        first = int(learning.error_start[index])
        epochs = max(1, t // int(learning.learn_epoch[index]))
        spikes = int(self.engine.state.spike_count[compartments].sum())
        return {
            "weights": weights / (axons * width * epochs),
            "traces": traces / (axons * max(1, t // int(learning.train_epoch[index]))),
            "errors": int(self.errors_cut[first : first + n].sum()) / (n * t),
            "values": spikes / (n * t),
        }

    def largest_error(self, index: int) -> float:
        """Of those that a learning synapse group was sent, over the largest that it can be."""
        first = int(self.layout.learning.error_start[index])
        n = int(self.layout.learning.n_errors[index])
        return float(self.errors_largest[first : first + n].max(initial=0.0)) / ERROR_MAX

    # ------------------------------------------------------------------- keeping

    def clear_probes(self) -> None:
        """Other samples than spikes go as they are collected."""
        for record in self.spike_records.values():
            record.clear()

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> FastEmulator:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()
