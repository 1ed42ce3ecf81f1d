"""Chip neurons are tuned to fire at the rates that they have on the CPU."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import nengo
import numpy as np

from loihi_rules.chip.high_intercepts import Tuning, within_reach
from loihi_rules.chip.lags import later
from loihi_rules.chip.neurons import (
    PerNeuronLIF,
    reachable_rate,
    refractory_steps,
    represented,
    shorter_for_some,
    shorter_refractory,
    some_of,
)
from loihi_rules.chip.tuning import (
    DRIVES,
    MOST_POINTS,
    chip_rates,
    first_current,
    fit_rates,
    give_gains,
    is_chips_own,
    is_leaky,
    mean_chip_rates,
    spiking_rates,
    steady_rates,
)
from loihi_rules.draft import Draft
from loihi_rules.learning_rules.where import chip_learning_connections
from loihi_rules.nengo_parts.built import built_ensemble
from loihi_rules.nengo_parts.names import name_of
from loihi_rules.nengo_parts.wiring import base_of, decoded, on_chip
from loihi_rules.passes.chip.answers import Answers
from loihi_rules.passes.chip.encoder_fits import MOST_LOST, EncoderFit, Fit, solve_all
from loihi_rules.passes.chip.loop_levels import loop_levels
from loihi_rules.passes.chip.neuron_filters import neuron_filters
from loihi_rules.pilots.content import content_of_inputs
from loihi_rules.pilots.fit import fit_to_pilot
from loihi_rules.pilots.loops import LoopPilot, Tuned, neuron_loops
from loihi_rules.pilots.networks import Pilot, Signals
from loihi_rules.pilots.steps import counted, counted_rates, rates_of, settling
from loihi_rules.pilots.unknown import pulses
from loihi_rules.routes.entries import loops_of
from loihi_rules.solutions import Solution

BALLS = (nengo.dists.UniformHypersphere, nengo.dists.ScatteredHypersphere)
RULE_OF_RATES = "rates that the chip has"
LEAKY = (
    "LIF neurons of the same rates, which answer a change earlier: by 2.5 ms at 60 to 100 Hz",
    "compartments add up currents, as nengo.LIF on the CPU; RegularSpiking adds up rates",
)
WORTH_A_WARNING = 0.06  # error of rates; that of Nengo's default ensemble is 0.05
LOOP_WORTH_A_WARNING = 0.1  # error of rates in a loop
KEPT_WORTH_A_WARNING = 0.05  # of what one keeps of inputs that change, which grows with time
LEAST_RATE, USUAL_RATE = 20.0, 250.0  # Hz, between which neurons that weights drive are fitted
BESIDE_ITSELF = 1.5  # by how much more a loop may be off than the CPU's own from other voltages
FAINT = 0.1  # of the rates that a loop has on average: less is next to nothing
STEADY = 1  # which of the fits of a loop is the one to steady currents
CLEARLY = 0.67  # by which factor another has to be better where inputs are not known
HELD_OUT = 1  # seed of the voltages with which a loop is judged
OFF_IN_A_LOOP = 0.05  # of its level; what whole steps do to other values is 0.01 to 0.03
HELD_WORTH_A_WARNING = 0.12  # error of rates of held values; Nengo's default has 0.10 at 1 ms
MANY_STEPS = 4  # to an interval, from which on held values have rates within 5 %
PULSES_WORTH_A_WARNING = 0.12  # error of all spikes; a chain of layers adds up those of each
PILOT_WORTH_A_WARNING = 0.2  # error of rates, with that of counting spikes for so short


def rates(draft: Draft) -> None:
    """Choose gain and bias of chip neurons so that their rates are those on the CPU.

    The chip's intervals are whole steps, and rounded up, which costs 5 to 10 % of the rate
    (`loihi_rules.chip.tuning.mean_chip_rates`). `loihi_rules.chip.tuning.fit_rates` finds the gain
    and bias that give it back. Intercepts for which the chip has no gains become lower
    (`loihi_rules.chip.high_intercepts`; nengo-loihi, ``builder/ensemble.py``, ``get_gain_bias``,
    draws all anew where some are above 0.95).

    Neurons that get their currents from other neurons, or from nodes, without encoders are
    fitted to the spikes of a pilot run (`loihi_rules.pilots.networks`), as their rates depend on
    how those currents fluctuate; their gain multiplies them. The fit is taken if it is better than
    none on inputs that it has not seen.

    How much later the ensemble answers than on the CPU is noted,
    in seconds (`loihi_rules.chip.lags.later`), for the filters of what follows.

    What nengo-loihi's own neuron types say (LoihiLIF, LoihiSpikingRectifiedLinear) is the
    chip's arithmetic already; they are left alone.
    """
    network = draft.network
    notes = draft.notes.ensembles
    pilot = Pilot(network, draft.tuning, draft.dt, draft.steps)
    uses = _uses(draft, pilot)
    pilot.filters = neuron_filters(draft, pilot)
    trials, ahead = _Trials(pilot), _fits_to_encoders(draft, pilot, uses)
    answers = Answers(draft)
    fitted: Set[nengo.Ensemble] = set()
    loops = {ens: group for group in neuron_loops(pilot) for ens in group}
    for ens in pilot.in_order():
        if not on_chip(network, ens) or notes[ens].has_its_rates:
            continue
        known = ahead.get(ens)
        own, built = ens.neuron_type, known[0].built if known else built_ensemble(ens, draft.dt)
        if isinstance(own, nengo.RegularSpiking) and isinstance(own.base_type, nengo.LIFRate):
            draft.change(name_of(ens), "neuron type", str(own), *LEAKY)
        limited = _limited(ens, built, draft.dt)
        gain, bias = limited.gain, limited.bias
        _note_limits(draft, ens, built, limited)
        notes[ens] = replace(notes[ens], has_its_rates=True)
        unknown = is_chips_own(ens.neuron_type) or ens in draft.learned  # no pilot learns
        if not unknown:
            trials.add(ens, built)
        if not unknown and pilot.knows(ens):
            _fit_to_pilot(draft, trials, ens, built, uses)
        elif is_chips_own(ens.neuron_type) or pilot.shares_kernel(ens):
            give_gains(ens, gain, bias)
        elif not _steady(draft, ens, built, gain, bias):
            if known is None:
                fit = _encoder_fit(draft, ens, built, gain, bias, uses)
                known = fit, solve_all([fit], draft.solutions)[0]
            _fit_to_encoders(draft, *known)
            if ens in uses.read and ens not in draft.learned:
                lag = _later(draft, answers, ens, own, built, known[0].known)
                notes[ens] = replace(notes[ens], lag=lag)
        if not is_chips_own(own):
            _hold(ens, own, built, draft.dt)
        draft.tuning[ens], draft.neuron_types[ens] = built, own
        fitted.add(ens)
        if ens in loops and fitted.issuperset(loops[ens]):  # before those that it leads to
            trials.run()
            _fit_a_loop(draft, pilot, loops[ens])
    _warn_of_levels(draft, {ens: pilot.neurons[ens] for ens in fitted})


def _warn_of_levels(draft: Draft, own: Mapping[nengo.Ensemble, nengo.neurons.NeuronType]) -> None:
    for ens, level in loop_levels(draft, own).items():
        off = level.chip / level.cpu - 1
        if abs(off) > OFF_IN_A_LOOP:
            draft.warn(
                name_of(ens),
                RULE_OF_RATES,
                "what it is given by its loop grows until its neurons fire no faster: to "
                f"{level.cpu:.3g} radii on the CPU, {level.chip:.3g} on the chip, whose highest "
                f"rates are others, {100 * abs(off):.0f} % {'higher' if off > 0 else 'lower'}",
                "let a function in the loop hold it, as lambda x: np.clip(x, -1, 1), and not the "
                "neurons",
            )


def _encoder_fit(
    draft: Draft, ens: nengo.Ensemble, built: Any, gain: np.ndarray, bias: np.ndarray, uses: Uses
) -> EncoderFit:
    """What an ensemble is fitted to; with another refractory time if rates end too soon."""
    return EncoderFit(
        ens, built, gain, bias, _drive(draft, ens, built, uses), ens in draft.learned,
        ens in uses.bent, ens in uses.looped, ens in uses.traced, draft.dt,
    )  # fmt: skip


def _fits_to_encoders(
    draft: Draft, pilot: Pilot, uses: Uses
) -> Dict[nengo.Ensemble, Tuple[EncoderFit, Solution]]:
    """Those that depend on no other ensemble's, side by side."""
    fits: List[EncoderFit] = []
    for ens in draft.network.all_ensembles:
        if not on_chip(draft.network, ens) or draft.notes.ensembles[ens].has_its_rates:
            continue
        driven = ens in pilot.into and ens not in pilot.encoded
        if driven or is_chips_own(ens.neuron_type) or pilot.shares_kernel(ens):
            continue
        built = built_ensemble(ens, draft.dt)
        gain, bias = _limited(ens, built, draft.dt)[:2]
        if _is_steady(ens, built, gain, bias) is None:
            fits.append(_encoder_fit(draft, ens, built, gain, bias, uses))
    found = solve_all(fits, draft.solutions)
    return {fit.ens: (fit, solution) for fit, solution in zip(fits, found)}


def _fit_to_encoders(draft: Draft, fit: EncoderFit, solution: Solution) -> None:
    """Give an ensemble the gains and biases that were found."""
    ens, own = fit.ens, fit.ens.neuron_type
    shorter = shorter_refractory(own, draft.dt)
    if not solution:  # neurons that never fire
        give_gains(ens, fit.gain, fit.bias)
        return
    numbers, *chosen = solution
    before, error, free, off, highest = (float(each) for each in numbers)
    gain, bias, is_shorter = chosen
    if np.all(is_shorter) and shorter is not None:
        ens.neuron_type = shorter
    elif np.any(is_shorter):
        ens.neuron_type = shorter_for_some(own, is_shorter > 0, draft.dt)
    give_gains(ens, gain, bias)
    if error < before:
        draft.change(
            name_of(ens),
            "spikes at whole steps",
            f"rates {100 * before:.1f} % off the CPU's",
            f"{100 * error:.1f} % off, by other gains and biases{_shortened(ens.neuron_type, own)}",
            "the chip's neurons fire once a step at most, and intervals are rounded up to steps",
        )
    if free > HELD_WORTH_A_WARNING:
        _warn_of_few_rates(draft, ens, highest / own.amplitude, off)


def _warn_of_few_rates(draft: Draft, ens: nengo.Ensemble, highest: float, off: float) -> None:
    """What a held value has instead of its rate.

    Of intervals that are whole steps, a neuron whose value does not change within them has one and
    the same, again and again: ``chip_rates``, and not the mean of several, by which gains are
    fitted. Both are the same only for values that move far within an interval.
    """
    first = int(refractory_steps(ens.neuron_type, draft.dt).max()) + 1
    rates = ", ".join(f"{1 / (draft.dt * (first + k)):.0f}" for k in range(3))
    asked = f"{highest:.0f} Hz, where the chip has {rates} Hz and so on"
    held = f"while a value is held, rates are {100 * off:.0f} % off, neuron by neuron"
    if ens in draft.learned:
        what, way_out = f"what is learned off the chip may drive it up to {asked}", "leave it on "
        draft.warn(name_of(ens), RULE_OF_RATES, f"{what}; {held}", way_out + "the host")
        return
    slow = 1 / (MANY_STEPS * draft.dt)
    draft.warn(
        name_of(ens),
        RULE_OF_RATES,
        f"its neurons are to fire at up to {asked}; {held}",
        f"give it max_rates of at most {slow:.0f} Hz, or take a smaller dt",
    )


def _fit_a_loop(draft: Draft, pilot: Pilot, group: Sequence[nengo.Ensemble]) -> None:
    """Fit neurons that give each other currents to those that the CPU's have in a pilot run.

    That is taken only if rates are nearer to the CPU's, where the loop closes on the chip, than
    with the fit to steady currents, or with none, for other inputs and other initial voltages. A
    loop that is given nobody knows what may keep any rate: there a fit to some has to be far nearer
    than that to all.
    """
    own = {ens: pilot.neurons[ens] for ens in group}
    if all(map(is_chips_own, own.values())):
        return
    loop = LoopPilot.of(pilot, group)
    if loop is None:
        for ens in group:
            _warn_of_a_loop(draft, ens, "rates may be 5 to 20 % off the CPU's")
        return
    built, half = draft.tuning, pilot.stimuli // 2
    cpu = loop.on_cpu(built)
    if cpu.runs_away:
        for ens in group:
            _warn_of_a_runaway(draft, ens)
        return
    wanted = {ens: rates_of(cpu.output[ens], draft.dt) for ens in group}
    asked = loop.rates(cpu)

    def fitted(ens: nengo.Ensemble, chip: nengo.neurons.NeuronType) -> Tuned:
        gain, bias, amplitude = built[ens].gain, built[ens].bias, float(own[ens].amplitude)
        if is_chips_own(own[ens]):
            return Tuned(own[ens], gain, bias)
        known = cpu.inputs[ens][:, :half]

        def run(g: np.ndarray, b: np.ndarray) -> np.ndarray:
            return counted_rates(chip, known, g, b, draft.dt, draft.steps)

        spread = gain * known[settling(draft.dt) :].std(axis=(0, 1))
        aim = wanted[ens][:half] / amplitude
        return Tuned(chip, *fit_to_pilot(run, aim, gain, bias, spread, pilot.shares_kernel(ens)))

    def judged(rates: np.ndarray) -> np.ndarray:
        return rates[half:].mean(axis=0) if loop.has_one_input else rates[half:]

    def error(found: Mapping[nengo.Ensemble, np.ndarray]) -> float:
        aims = np.hstack([np.atleast_2d(judged(asked[ens])) for ens in group])
        off = np.hstack([np.atleast_2d(judged(found[ens])) for ens in group]) - aims
        size = np.linalg.norm(aims, axis=1)
        if not loop.changes:
            return float(np.linalg.norm(off) / (np.linalg.norm(size) or 1.0))
        # each input after which anything is left counts alike, as it is what a loop keeps
        faint = FAINT * size.mean() or 1.0
        apart = np.linalg.norm(off, axis=1)
        telling = apart + size > faint
        share = np.minimum(apart / (size + faint), 1.0)[telling]
        return float(share.mean()) if len(share) else 0.0

    def of_chip(tuned: Mapping[nengo.Ensemble, Tuned]) -> float:
        return error(loop.rates(loop.on_chip(tuned, HELD_OUT)))

    shorter = {ens: shorter_refractory(own[ens], draft.dt) or own[ens] for ens in group}
    kinds = [own, shorter] if shorter != own else [own]
    ways = [
        ("not fitted", {ens: Tuned(own[ens], built[ens].gain, built[ens].bias) for ens in group}),
        ("", {ens: Tuned(ens.neuron_type, ens.gain, ens.bias) for ens in group}),
    ]
    for kind in kinds:
        tuned = {ens: fitted(ens, kind[ens]) for ens in group}
        ways.append(("fitted to the currents of the pilot run", tuned))
    errors = [of_chip(tuned) for _, tuned in ways]
    best = int(np.argmin(errors))
    if loop.changes and errors[best] > CLEARLY * errors[STEADY]:
        best = STEADY
    fit, chosen = ways[best]
    expected = error(loop.rates(loop.on_cpu(built, HELD_OUT))) if loop.changes else 0.0
    least = KEPT_WORTH_A_WARNING if loop.changes else LOOP_WORTH_A_WARNING
    most = max(least, BESIDE_ITSELF * expected)
    for ens in group:
        ens.neuron_type = chosen[ens].neuron_type
        give_gains(ens, chosen[ens].gain, chosen[ens].bias)
        if errors[best] > most:
            what = f"rates are {100 * errors[best]:.0f} % off the CPU's, neuron by neuron, in a "
            _warn_of_a_loop(draft, ens, what + "pilot run")
        if best != STEADY:
            draft.change(
                name_of(ens),
                "spikes at whole steps",
                f"rates {100 * errors[STEADY]:.1f} % off the CPU's, neuron by neuron, in a pilot "
                "run of their loop, if fitted to steady currents",
                f"{100 * errors[best]:.1f} % off, {fit}",
                "what neurons in a loop are given fluctuates, and depends on what they fire",
            )
    if pilot.leads_out_of(group):
        chip = loop.on_chip(chosen, HELD_OUT)
        pilot.keep({ens: Signals(cpu.output[ens], chip.output[ens]) for ens in group})


def _warn_of_a_loop(draft: Draft, ens: nengo.Ensemble, what: str) -> None:
    draft.warn(
        name_of(ens),
        RULE_OF_RATES,
        f"its neurons are in a loop of neurons, whose currents fluctuate; {what}",
        "compare its rates (loihi-deploy compare), or use nengo_loihi's LoihiLIF or "
        "LoihiSpikingRectifiedLinear, which are the chip's on the CPU too",
    )


def _warn_of_a_runaway(draft: Draft, ens: nengo.Ensemble) -> None:
    draft.warn(
        name_of(ens),
        RULE_OF_RATES,
        "its neurons are in a loop of neurons, whose rates grow without end on the CPU, and on the "
        f"chip to {1 / draft.dt:.0f} Hz, a spike a step: there are none to fit them to",
        "use weaker weights, or more inhibition",
    )


def _shortened(chip: nengo.neurons.NeuronType, own: nengo.neurons.NeuronType) -> str:
    if chip is own:
        return ""
    half = isinstance(chip, PerNeuronLIF)
    return f", and a refractory time of a step less{' for half of its neurons' if half else ''}"


class Uses(NamedTuple):
    """Ensembles by what is made of their rates.

    Attributes
    ----------
    looped : set of nengo.Ensemble
        Of a loop, which holds its currents steady. Then rates are those of whole intervals, with
        the longest steps from one to the next where refractory times are short: an integrator with
        rates of 390 to 450 Hz keeps 10 % less.
    bent : set of nengo.Ensemble
        From which other functions than linear ones are decoded, or learned. Those need many
        different rates, and with a shorter refractory time the chip has fewer of the high ones:
        sin 4x of 200 neurons errs twice as much.
    traced : set of nengo.Ensemble
        Whose spikes learning on the chip reads, by a trace that sees one in two steps.
    read : set of nengo.Ensemble
        Of which what they represent is read, and not their spikes alone.
    driven : set of nengo.Ensemble
        Whose neurons are given what nobody knows, by weights, and nothing to represent.
    """

    looped: Set[nengo.Ensemble]
    bent: Set[nengo.Ensemble]
    traced: Set[nengo.Ensemble]
    read: Set[nengo.Ensemble]
    driven: Set[nengo.Ensemble]


def _uses(draft: Draft, pilot: Pilot) -> Uses:
    loops = loops_of(draft.network, draft.dt)
    part, slowest = loops.parts, loops.slowest
    return Uses(
        {obj for obj, k in part.items() if k in slowest},
        {
            conn.pre_obj
            for conn in draft.network.all_connections
            if decoded(conn) and not (conn.function is None and conn.learning_rule_type is None)
        },
        {base_of(conn.pre) for conn in chip_learning_connections(draft.network, draft.chip)},
        {conn.pre_obj for conn in draft.network.all_connections}
        | {probe.obj for probe in draft.network.all_probes},
        {ens for ens in set(pilot.into) - pilot.encoded if pilot.is_pulsed(ens)},
    )


class _Trials:
    """A pilot's runs, as far as they are needed: those whose fits are known are not.

    Once one is, those before it are made up for in their order, as the last bits of what neurons
    are given depend on what the pilot has kept of the runs before.
    """

    def __init__(self, pilot: Pilot):
        self.pilot = pilot
        self._left: List[Tuple[nengo.Ensemble, Any]] = []

    def add(self, ens: nengo.Ensemble, built: Any) -> None:
        """An ensemble's turn has come, whether or not there is a run of it."""
        self._left.append((ens, built))

    def run(self) -> Tuple[Signals, np.ndarray]:
        """All that are left; gives what the last one's neurons get, and give on the CPU."""
        nothing = np.zeros((1, self.pilot.stimuli, 0), np.float32)
        last: Tuple[Signals, np.ndarray] = Signals(nothing, nothing), nothing
        for ens, built in self._left:
            given = self.pilot.inputs(ens)
            if given is not None:
                last = given, self.pilot.on_cpu(ens, built, given.cpu)
        self._left = []
        return last


def _fit_to_pilot(
    draft: Draft, trials: _Trials, ens: nengo.Ensemble, built: Any, uses: Uses
) -> None:
    """Fit to half of the pilot's inputs; keep what was there unless it is worse on the others.

    Where what nodes give moves, a neuron passes through all that lies between its values. What it
    gets from nodes alone it is then fitted to as neurons with encoders are, to means over that: the
    steps that rates have while a value is held lead a fit astray, by 5 % of all rates. If what is
    made of its rates allows for it, fewer high rates are taken where sums over neurons are nearer.
    """
    pilot, leaps = trials.pilot, ens not in uses.read
    moves = pilot.moves(ens) and not pilot.shares_kernel(ens)
    direct = moves and pilot.is_first(ens)
    free = moves and ens not in uses.looped and ens not in uses.bent  # to have fewer high rates
    own, gain, bias, shared = ens.neuron_type, built.gain, built.bias, pilot.shares_kernel(ens)
    shorter, start = shorter_refractory(own, draft.dt), (gain, bias)
    pulsed = pilot.is_pulsed(ens)

    def solve_moving() -> Solution:
        drive = np.concatenate(trials.run()[0].chip[:: settling(draft.dt) // 2].astype(float))
        wanted = spiking_rates(own, drive, gain, bias, draft.dt)
        norm = float(np.linalg.norm(wanted)) or 1.0

        def judged(chip: nengo.neurons.NeuronType, g: np.ndarray, b: np.ndarray) -> Fit:
            off = mean_chip_rates(chip, g * drive + b, draft.dt) - wanted
            lost = -float(off.sum() / (wanted.sum() or 1.0))
            return Fit(float(np.linalg.norm(off)) / norm, lost, chip, g, b)

        def fitted(chip: nengo.neurons.NeuronType) -> Fit:
            return judged(chip, *fit_rates(own, gain, bias, draft.dt, drive=drive, chip=chip))

        as_it_was = judged(own, gain, bias)
        best = min(as_it_was, fitted(own), key=lambda fit: fit.error)
        if shorter is not None and (best.lost > MOST_LOST or free):
            best = min(best, fitted(shorter), key=lambda fit: fit.error)
        errors = as_it_was.error, best.error, best.neuron_type is not own
        return np.array([*errors, wanted.mean(), wanted.max(), 0.0], float), best.gain, best.bias

    def solve() -> Solution:
        if direct:
            return solve_moving()
        given, output = trials.run()
        wanted = rates_of(output, draft.dt) / float(own.amplitude)
        half = pilot.stimuli // 2
        known, unseen = given.chip[:, :half].astype(np.float32), given.chip[:, half:]
        spread = gain * known[settling(draft.dt) if len(known) > 1 else 0 :].std(axis=(0, 1))
        norm = float(np.linalg.norm(wanted[half:])) or 1.0

        def found(chip: nengo.neurons.NeuronType, shown: np.ndarray) -> Any:
            def run(g: np.ndarray, b: np.ndarray) -> np.ndarray:
                return counted_rates(chip, shown, g, b, draft.dt, draft.steps)

            return run

        def judged(chip: nengo.neurons.NeuronType, g: np.ndarray, b: np.ndarray) -> Fit:
            off = found(chip, unseen)(g[np.newaxis], b[np.newaxis])[0] - wanted[half:]
            lost = -float(off.sum() / (wanted[half:].sum() or 1.0))
            return Fit(float(np.linalg.norm(off)) / norm, lost, chip, g, b)

        def read_error(fit: Fit) -> float:
            """Of a sum over neurons, in which what each errs by itself averages out."""
            return float(np.hypot(fit.lost, fit.error / np.sqrt(ens.n_neurons)))

        def fitted(chip: nengo.neurons.NeuronType) -> Fit:
            even = _even(wanted[:half]) if pulsed else np.ones((half, 1))
            run = found(chip, known)

            def evenly(g: np.ndarray, b: np.ndarray) -> np.ndarray:
                return np.asarray(even * run(g, b))

            aim = even * wanted[:half]
            return judged(chip, *fit_to_pilot(evenly, aim, *start, spread, shared, leaps))

        as_it_was = judged(own, gain, bias)
        best = min(as_it_was, fitted(own), key=lambda fit: fit.error)
        if shorter is not None and (best.lost > MOST_LOST or free):
            of_shorter = fitted(shorter)
            best = min(best, of_shorter, key=read_error if free else lambda fit: fit.error)
        rates = wanted[half:].mean(), wanted[half:].max()
        of_best = best.neuron_type, best.gain[np.newaxis], best.bias[np.newaxis]
        got = found(of_best[0], unseen)(*of_best[1:])[0]
        apart = _levels_apart(got, wanted[half:], pulses(pilot.stimuli)[half:])
        errors = as_it_was.error, best.error, best.neuron_type is not own
        return np.array([*errors, *rates, apart], float), best.gain, best.bias

    given = content_of_inputs(pilot, ens), own, gain, bias, shared, leaps, pulsed
    use = "moves" if moves else "held", direct, free
    numbers, best_gain, best_bias = draft.solutions.of(("fit to pilot", *given, *use), solve)
    before, after, is_shorter, mean, highest, apart = (float(each) for each in numbers)
    if is_shorter and shorter is not None:
        ens.neuron_type = shorter
    give_gains(ens, best_gain, best_bias)
    if after > PILOT_WORTH_A_WARNING:
        draft.warn(
            name_of(ens),
            RULE_OF_RATES,
            f"rates of its neurons, {mean:.0f} Hz on average and up to "
            f"{highest:.0f}, are {100 * after:.0f} % off the CPU's, "
            f"neuron by neuron, in a pilot run of {draft.dt * counted(draft.dt):.1g} s",
            "use nengo_loihi's LoihiSpikingRectifiedLinear or LoihiLIF, which are the chip's on "
            "the CPU too, or weights that give rates from 20 to 200 Hz",
        )
    elif pulsed and apart > PULSES_WORTH_A_WARNING:
        draft.warn(
            name_of(ens),
            RULE_OF_RATES,
            "it is not known what its nodes give: of pulses and of held values of many sizes its "
            f"neurons make {100 * apart:.0f} % more or fewer spikes than the CPU's, in a pilot run",
            "say what the nodes give, network.config[node].pilot_inputs = array after "
            "loihi_rules.declare_settings(network), or use nengo_loihi's LoihiLIF, which is the "
            "chip's on the CPU too",
        )
    if after >= before:
        return
    draft.change(
        name_of(ens),
        "spikes at whole steps",
        f"rates {100 * before:.1f} % off the CPU's, neuron by neuron, in a pilot run",
        f"{100 * after:.1f} % off, by other gains and biases{_shortened(ens.neuron_type, own)}",
        "the chip's neurons fire once a step at most, lose what is left of a step at a spike, and "
        "are held back by negative currents",
    )


def _even(wanted: np.ndarray) -> np.ndarray:
    """(n_inputs, 1) by what each input counts where some give a few spikes and others many."""
    size = np.linalg.norm(wanted, axis=1, keepdims=True)
    return np.asarray(size.mean() / (size + FAINT * size.mean()) if size.any() else size + 1)


def _levels_apart(got: np.ndarray, wanted: np.ndarray, is_pulsed: np.ndarray) -> float:
    """By how much the spikes of all neurons are off, of pulses or of held values, whichever more.

    ``got`` and ``wanted`` are (n_inputs, n_neurons) rates.
    """
    asked, total = wanted.sum(axis=1), got.sum(axis=1)
    apart = [0.0]
    for kind in (is_pulsed, ~is_pulsed):
        telling = kind & (asked > FAINT * asked[kind].mean())
        if telling.any():
            apart.append(float(np.abs(total[telling] / asked[telling] - 1).mean()))
    return max(apart)


def _steady(draft: Draft, ens: nengo.Ensemble, built: Any, gain: Any, bias: Any) -> bool:
    """Fit neurons that see one input or none, held; False if these are others.

    Where the evaluation points are a few single ones, as of a one-hot vector, each neuron fires
    at one input s or not at all. It keeps its intercept, and its rate at s becomes that of
    `loihi_rules.chip.tuning.steady_rates`.
    """
    top = _is_steady(ens, built, gain, bias)
    if top is None:
        return False
    rates = ens.neuron_type.rates(top[None, :], gain, bias)[0]
    aimed = steady_rates(ens.neuron_type, rates, draft.dt)
    fires = rates > 0
    rest = (first_current(ens.neuron_type) - bias) / gain  # the input at which a neuron begins
    current = _current_at(ens.neuron_type, np.where(fires, aimed, 1.0), draft.dt)
    new_gain = (current - first_current(ens.neuron_type)) / np.where(fires, top - rest, 1.0)
    new_bias = np.where(fires, first_current(ens.neuron_type) - new_gain * rest, bias)
    give_gains(ens, np.where(fires, new_gain, gain), new_bias)
    got = chip_rates(ens.neuron_type, ens.gain * top + ens.bias, draft.dt)
    off = 100 * (got[fires] / rates[fires] - 1) if fires.any() else np.zeros(1)
    before = 100 * (
        chip_rates(ens.neuron_type, gain * top + bias, draft.dt)[fires] / rates[fires] - 1
    )
    draft.change(
        name_of(ens),
        "spikes at whole steps",
        f"rates {before.mean():+.1f} % of the CPU's" if fires.any() else "silent",
        f"{off.mean():+.1f} % (at most {np.abs(off).max():.1f} %), aimed at the middle of a step",
        "the chip's intervals are whole steps, and on the edge of one the least rounding tips a "
        "neuron over",
    )
    return True


def _hold(ens: nengo.Ensemble, own: nengo.neurons.NeuronType, built: Any, dt: float) -> None:
    """Give neurons whose current never changes, with a gain of 0, the rate that is theirs."""
    still = np.asarray(built.gain) == 0
    if not still.any() or ens.gain is None:
        return
    n = int(still.sum())
    rates = own.rates(np.zeros((1, n)), np.ones(n), built.bias[still])[0]
    fires = rates > 0
    chip = some_of(ens.neuron_type, still)
    aimed = steady_rates(chip, np.where(fires, rates, 1.0), dt)
    bias = np.array(ens.bias, float)
    bias[still] = np.where(fires, _current_at(chip, aimed, dt), built.bias[still])
    give_gains(ens, np.where(still, 0.0, ens.gain), bias)


def _is_steady(
    ens: nengo.Ensemble, built: Any, gain: np.ndarray, bias: np.ndarray
) -> Optional[np.ndarray]:
    """The one input of each neuron at which it fires; None where there are others."""
    if not isinstance(ens.eval_points, np.ndarray) or ens.gain is not None or ens.bias is not None:
        return None
    drive = built.eval_points @ built.encoders.T / ens.radius
    active = gain * drive + bias > first_current(ens.neuron_type)
    top: np.ndarray = drive.max(axis=0)
    return top if np.all((drive == top) | ~active) else None


def _later(
    draft: Draft,
    answers: Answers,
    ens: nengo.Ensemble,
    own: nengo.neurons.NeuronType,
    built: Any,
    known: Optional[np.ndarray],
) -> float:
    """By how much later an ensemble answers than on the CPU, in seconds.

    What currents below zero take from neurons without a leak depends on how they fluctuate: there
    a pilot run says it, and elsewhere `loihi_rules.chip.lags.later`.
    """
    found = answers.of(ens, own, built) if known is None else None
    if found is not None and not is_leaky(own):
        return found.later

    def solve() -> Solution:
        return (np.array([later(ens, own, built, draft.dt, known)]),)

    tuning = built.eval_points, built.encoders, built.gain, built.bias, ens.radius
    problem = ("lag", ens.neuron_type, ens.gain, ens.bias, own, *tuning, draft.dt, known)
    return float(draft.solutions.of(problem, solve)[0][0])


def _current_at(neuron_type: nengo.neurons.NeuronType, rates: Any, dt: float) -> Any:
    """The current at which a neuron, with the chip's time constants, fires at a rate."""
    chip = represented(neuron_type, dt)
    gain, bias = chip.gain_bias(rates, np.zeros_like(rates))
    return gain + bias


def _drive(draft: Draft, ens: nengo.Ensemble, built: Any, uses: Uses) -> Any:
    """Inputs along the encoders, in radii, where it is known which there are.

    What weights that learn may give is not; they are taken to become twice as large. Weights
    into neurons that have nothing else know no radius either: they may drive neurons of any gain
    to rates that are usual.
    """
    if ens in draft.learned:
        return np.linspace(-2, 2, DRIVES)[:, None] * np.ones(ens.n_neurons)
    if ens in uses.driven:
        # spread evenly over intervals, by which each rate may err by as large a part
        highest = reachable_rate(ens.neuron_type, USUAL_RATE, draft.dt)
        lowest = LEAST_RATE * highest / USUAL_RATE
        rates = 1 / np.linspace(1 / lowest, 1 / highest, DRIVES)[:, None]
        drives = (_current_at(ens.neuron_type, rates, draft.dt) - built.bias) / built.gain
        if np.median(drives[-1]) > 1:
            return np.asarray(drives)
    if isinstance(ens.eval_points, BALLS):
        return None
    points = built.eval_points[:MOST_POINTS]
    return points @ built.encoders.T / ens.radius


def _limited(ens: nengo.Ensemble, built: Any, dt: float) -> Tuning:
    """Gain and bias with no intercept that the chip has no gain for."""
    if ens.gain is not None or ens.bias is not None or built.intercepts is None:
        none = np.zeros(ens.n_neurons, bool)  # the user's own, at any intercept
        return Tuning(np.array(built.gain), np.array(built.bias), none, 0.0)
    return within_reach(ens.neuron_type, built, dt)


def _note_limits(draft: Draft, ens: nengo.Ensemble, built: Any, limited: Tuning) -> None:
    """The change of intercepts, where `_limited` made one."""
    if limited.moved.any():
        draft.change(
            name_of(ens),
            "intercepts",
            f"up to {built.intercepts.max():.3g}",
            f"up to {limited.highest:.4g} for {limited.moved.sum()} neurons above it",
            "their gains would be so high that the chip has no weights for them",
        )
