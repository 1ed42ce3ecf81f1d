"""How many spikes a step the host's neurons send to the chip."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Tuple

import nengo
import numpy as np

from deploy.nengo_loihi.build.input_units import MOST_A_STEP, InputUnit, ahead
from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules.change import warn
from loihi_rules.nengo_parts.figures import figure
from loihi_rules.nengo_parts.names import name_of

ASKED, WAITED, CUT, SUMMED = range(4)  # columns of `extremes`; the last is of squares
WORTH_A_WARNING = 0.05  # radii; 100 neurons are off by 0.03
LATE = 0.003  # s, by which what waits is noteworthy
ONE_A_STEP = (nengo.LIF, nengo.LIFRate, nengo.Izhikevich)  # neurons with a refractory time


def unit_of(model: Any, receiver: Any) -> InputUnit:
    """What a sender's value is for one spike, and how many it can send in a step.

    nengo-loihi (``simulator.py``, ``_host2chip``) sends one spike for any value that is not
    zero; `deploy.nengo_loihi.build.input_neurons` counts on a second one being sent too.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    receiver : nengo_loihi.builder.inputs.ChipReceiveNode
        Or ``ChipReceiveNeurons``, which have a ``neuron_type``.

    Returns
    -------
    InputUnit
        Its value is that of a spike of the sender's: its height.
    """
    neuron_type = getattr(receiver, "neuron_type", None)
    amplitude = float(getattr(neuron_type, "amplitude", 1.0) or 1.0)
    usual = InputUnit(0.0, 1 if isinstance(neuron_type, ONE_A_STEP) else MOST_A_STEP)
    found: InputUnit = getattr(model, "input_units", {}).get(receiver, usual)
    return found._replace(value=amplitude / model.dt)


def counted(
    values: np.ndarray, unit: InputUnit, waiting: np.ndarray, extremes: np.ndarray
) -> np.ndarray:
    """Indices of the neurons that send spikes, each as often as it does.

    As `deploy.host.kernels.collect_spikes`, of one input.
    """
    now = np.where(values != 0, np.rint(np.abs(values) / unit.value).clip(1), 0).astype(np.int64)
    total = now + waiting
    sent = np.minimum(np.rint(total), unit.most).astype(np.int64)
    left = np.where(total - sent < 0.5, 0.0, total - sent)
    waits = left.clip(None, unit.room)
    waiting[:] = waits * unit.fade
    found = [now.max(initial=0), waits.max(initial=0), (left - waits).max(initial=0)]
    np.maximum(extremes[:SUMMED], found, out=extremes[:SUMMED])
    extremes[SUMMED] += waits @ waits
    return np.repeat(np.arange(len(values)), sent)


class Valued(NamedTuple):
    """A connection whose values become spikes, as far as a warning says of it.

    Attributes
    ----------
    name : str
    is_a_nodes : bool
        Whether it has what a node gives, as it is.
    ahead : float
        How many times as high it is behind the host's filter where it jumps.
    unit : InputUnit
    """

    name: str
    is_a_nodes: bool
    ahead: float
    unit: InputUnit


def valued_by(model: Any) -> Dict[Any, Valued]:
    """By receiver, the connections to neurons whose values become spikes.

    Parameters
    ----------
    model : nengo_loihi.builder.Model
    """
    return {
        receiver: Valued(
            name_of(conn),
            _is_a_nodes(conn),
            ahead(conn.synapse, model.dt),
            model.input_units[receiver],
        )
        for receiver, conn in model.valued.items()
    }


def warn_of_large_values(
    valued: Mapping[Any, Valued], extremes: Any, dt: float, n_steps: int
) -> None:
    """Warn of each connection whose values were larger than what the chip is sent.

    Of what goes into an ensemble, behind a filter, that is said which came too late for it: the
    sum of what waits, times what the filter takes of it in a step, is what it is short of.

    Parameters
    ----------
    valued : mapping of object to Valued
    extremes : mapping of object to (4,) ndarray
        By the same, see `deploy.host.kernels.collect_spikes`.
    dt : float
        Step in seconds.
    n_steps : int
        Of the run.
    """
    for key, (name, is_a_nodes, higher, unit) in valued.items():
        asked, waited, cut, squares = (float(n) for n in extremes.get(key, np.zeros(4)))
        if unit.fade < 1:
            radii = unit.value * (1 - unit.fade)  # of one that waits, behind the filter
            short = radii * float(np.sqrt(squares / max(n_steps, 1)))
            if short > WORTH_A_WARNING:
                what = (
                    f"it gives up to {asked * unit.value:.3g} radii in a step, of which the chip "
                    f"takes {unit.most * unit.value:.3g}; what is beyond comes in the steps after, "
                    f"and behind the filter {short:.2g} radii were missing on average, and up to "
                    f"{waited * radii:.2g}"
                )
                warn(name, "values as spikes", what, _way_out_of_radii(is_a_nodes))
            continue
        late = -(-waited // unit.most) * dt
        largest = asked * unit.value
        taken = unit.most * unit.value
        carried = (
            f"carries values up to {largest:.4g}, of which the chip takes {taken:.3g} in a step"
        )
        if cut:
            beyond = cut * unit.value
            what = f"it {carried}, and what is beyond is cut, up to {beyond:.3g} of it in a step"
        elif late >= LATE:
            what = (
                f"it {carried}, and what is beyond arrives up to {figure(1000 * late, 3)} ms late"
            )
        elif asked == 1 and unit.alone > 1:
            what = (
                f"its values are below {unit.value:g}, which one spike stands for, and one spike "
                f"is {unit.alone:.3g} thresholds"
            )
        else:
            continue
        warn(name, "values as spikes", what, _way_out(is_a_nodes, largest, higher))


def _is_a_nodes(conn: nengo.Connection) -> bool:
    own = isinstance(conn.pre_obj, nengo.Node) and conn.function is None
    return bool(own and not conn.pre_obj.size_in)


def _way_out(is_a_nodes: bool, largest: float, higher: float) -> str:
    """What to do about values whose largest is ``higher`` times what a node jumps to."""
    if is_a_nodes:
        of_node = f"[{largest / higher:.4g}] * node.size_out"
        values = f"{of_node},"
        if higher > 1:
            values = f"its largest values ({of_node} if it jumps, of which {higher:.2g} times as "
            values += "much is sent ahead of the chip's filter),"
        return (
            f"network.config[node].pilot_inputs = {values} after "
            "loihi_rules.declare_settings(network), says how large they are"
        )
    return "let a node that gives them be connected to the neurons, whose pilot_inputs say so"


def _way_out_of_radii(is_a_nodes: bool) -> str:
    if is_a_nodes:
        return (
            "network.config[node].pilot_inputs = its largest values, after "
            "loihi_rules.declare_settings(network), says how large they are, or give its target a "
            "larger radius"
        )
    return "give its target a larger radius, or smaller values"


def counting_runner(simulator: Any) -> Any:
    """nengo-loihi's ``StepRunner`` with every spike sent.

    Parameters
    ----------
    simulator : nengo_loihi.Simulator
    """
    theirs: Any = load_nengo_loihi().simulator
    units = {r: unit_of(simulator.model, r) for r in simulator.model.host2chip_senders.values()}
    sizes = {r: r.raw_dimensions for r in units}
    waiting = {r: np.zeros(size) for r, size in sizes.items()}
    extremes = {r: np.zeros(4) for r in units}

    class CountingRunner(theirs.StepRunner):
        @property
        def n_steps(self) -> int:
            """Steps that are done, also in the middle of a run."""
            before, after = self.host_pre, self.host
            chip = self.emulator if self.loihi is None else self.loihi
            if before is not None and before.n_steps > chip.t:  # which goes ahead of the chip
                return int(before.n_steps)
            return int(chip.t if after is None else after.n_steps)

        def _host2chip(self, chip: Any) -> None:
            dt = self.model.dt
            spikes: List[Any] = []
            for sender, receiver in self.model.host2chip_senders.items():
                own = units[receiver], waiting[receiver], extremes[receiver]
                for t, values in self.queues[sender]:
                    target = self.model.spike_targets[receiver]
                    spikes.append((target, round(t / dt), counted(values, *own)))
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

    own = simulator.model, simulator.sims, simulator.precompute, simulator.timers
    runner = CountingRunner(*own)
    runner.extremes = extremes
    return runner
