"""How many spikes a step the host's neurons send to the chip."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import nengo
import numpy as np

from deploy.nengo_loihi.load import load_nengo_loihi

MOST_A_STEP = 64  # of one neuron; bounds what the chip is sent
ONE_A_STEP = (nengo.LIF, nengo.LIFRate, nengo.Izhikevich)  # neurons with a refractory time


def unit_and_most(receiver: Any, dt: float) -> Tuple[float, int]:
    """What a sender's value is for one spike, and how many it can send in a step.

    nengo-loihi (``simulator.py``, ``_host2chip``) sends one spike for any value that is not
    zero; `deploy.nengo_loihi.build.input_neurons` counts on a second one being sent too.

    Parameters
    ----------
    receiver : nengo_loihi.builder.inputs.ChipReceiveNode
        Or ``ChipReceiveNeurons``, which have a ``neuron_type``.
    dt : float
        Step in seconds.
    """
    neuron_type = getattr(receiver, "neuron_type", None)
    amplitude = float(getattr(neuron_type, "amplitude", 1.0) or 1.0)
    return amplitude / dt, 1 if isinstance(neuron_type, ONE_A_STEP) else MOST_A_STEP


def counted(values: np.ndarray, unit: float, most: int) -> np.ndarray:
    """Indices of the neurons that send spikes, each as often as it does."""
    fired = values.nonzero()[0]
    count = np.rint(np.abs(values[fired]) / unit).clip(1, most).astype(int)
    return np.repeat(fired, count)


def counting_runner(simulator: Any) -> Any:
    """nengo-loihi's ``StepRunner`` with every spike sent.

    Parameters
    ----------
    simulator : nengo_loihi.Simulator
    """
    theirs: Any = load_nengo_loihi().simulator

    class CountingRunner(theirs.StepRunner):
        @property
        def n_steps(self) -> int:
            """Steps that are done, also in the middle of a run."""
            before, chip, after = self.host_pre, self.emulator, self.host
            if before is not None and before.n_steps > chip.t:  # which goes ahead of the chip
                return int(before.n_steps)
            return int(chip.t if after is None else after.n_steps)

        def _host2chip(self, chip: Any) -> None:
            dt = self.model.dt
            spikes: List[Any] = []
            for sender, receiver in self.model.host2chip_senders.items():
                unit, most = unit_and_most(receiver, dt)
                for t, values in self.queues[sender]:
                    target = self.model.spike_targets[receiver]
                    spikes.append((target, round(t / dt), counted(values, unit, most)))
                self.queues[sender].clear()
            errors: Dict[Tuple[Any, int], np.ndarray] = {}
            for sender, receiver in self.model.host2chip_pes_senders.items():
                conn = self.model.nengo_probe_conns[receiver.error_target]
                synapse = self.model.objs[conn]["decoders"]
                for t, error in self.queues[sender]:
                    key = (synapse, round(t / dt))
                    errors[key] = errors[key] + error if key in errors else error.copy()
                self.queues[sender].clear()
            chip.host2chip(spikes, [(synapse, ti, e) for (synapse, ti), e in errors.items()])

    return CountingRunner(simulator.model, simulator.sims, simulator.precompute, simulator.timers)
