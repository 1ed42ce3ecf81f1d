"""Decoders of chip neurons, by which they give what they give on the CPU.

The chip has fewer rates at the top, and neurons that are fitted to have the CPU's rates on average.
Of such rates, least squares with regularisation gives less than it should where few neurons tell
values apart, at the ends of the range, and next to nothing is asked of it beyond. There a value is
what neurons make of it that fire no faster, and other neurons make something else of it: loops
settle at other levels, and what passes through many ensembles gets smaller.
"""

from __future__ import annotations

import copy
import time
from typing import Any, Callable, Collection, Dict, FrozenSet, NamedTuple, Optional, Tuple

import nengo
import numpy as np
from nengo.builder.connection import get_eval_points
from nengo.builder.ensemble import BuiltEnsemble
from nengo.utils.builder import default_n_eval_points
from nengo.utils.least_squares_solvers import Cholesky
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import nnls

from loihi_rules.chip.tuning import (
    chip_rates,
    cpu_rates,
    has_a_threshold,
    is_chips_own,
    is_leaky,
    spiking_rates,
    step_lost,
)
from loihi_rules.nengo_parts.targets import targets_of
from loihi_rules.solutions import SOLVED_ANEW, Solution, Solutions

FARTHEST = 1.6  # times as far; there nearly all neurons are silent or as fast as they get
OUTSIDE = 3.0  # times as far; a fourth of what is looked at farther lies between
ONE_IN = 64  # points is looked at from farther; more of them, and values within get noisier
MOST_KEPT = 2**28  # bytes of activities and factors
PIECE = 2**16  # activities
USUAL = 0.1  # regularisation of Nengo's usual solver
NOTHING = 1e-3  # of all values, as is given below a threshold
LEFT = 0.1  # of a function's standard deviation; where the CPU's decoders leave more, it is another
LINEAR = 1e-9  # of it, that rounding leaves
MOST_STEPS = 8  # of solving for what is left; a residual halves in about as many

Rates = Callable[[np.ndarray], np.ndarray]  # (n_points, dimensions) values to activities
Built = Tuple[np.ndarray, np.ndarray, Dict[str, Any]]  # points, decoders, what is said of them


class Decoded(NamedTuple):
    """A connection's decoders, and what was asked of them.

    Attributes
    ----------
    points : (n_points, dimensions) ndarray
    targets : (n_points, size) ndarray
    decoders : (size, n_neurons) ndarray
    rmses : (size,) ndarray
        By how much they miss the targets at these points, root mean square; as Nengo's solvers
        say of theirs (``nengo/utils/least_squares_solvers.py``, ``rmses``).
    seconds : float
        That solving took, which they say too.
    """

    points: np.ndarray
    targets: np.ndarray
    decoders: np.ndarray
    rmses: np.ndarray
    seconds: float

    def as_built(self) -> Optional[Built]:
        """What Nengo's ``build_decoders`` gives (``nengo/builder/connection.py``).

        None of neurons that are silent where something is asked for, which Nengo is to say.
        """
        if self.targets.any() and not self.decoders.any():
            return None
        return self.points, self.decoders, {"rmses": self.rmses, "time": self.seconds}


class AsGiven(NamedTuple):
    """What has to be what it is on the CPU; see `loihi_rules.routes.entries.decoded_as_given`.

    Attributes
    ----------
    connections : frozenset of nengo.Connection
    read : frozenset of nengo.Ensemble
        Of which whatever reads their values is, but for the others.
    nearer : frozenset of nengo.Connection
    """

    connections: FrozenSet[nengo.Connection] = frozenset()
    read: FrozenSet[nengo.Ensemble] = frozenset()
    nearer: FrozenSet[nengo.Connection] = frozenset()

    def has(self, conn: nengo.Connection) -> bool:
        """Whether a connection is one of them, which may be a probe's."""
        reads = conn.function is None and conn.pre_obj in self.read
        return conn in self.connections or (reads and conn not in self.nearer)


NONE_IS = AsGiven()


class Curves(NamedTuple):
    """What an ensemble's neurons do at the values it represents.

    Attributes
    ----------
    cpu, fired, chip : callable
        (n_points, dimensions) values to (n_points, n_neurons) activities: those by which the CPU's
        decoders are solved, those at which its neurons fire, and the chip's.
    saturate : bool
        Whether the CPU's neurons have a highest rate, at which values beyond the radius end.
    noise_by_rate : bool
        Whether the noise of the chip's goes by their mean rates over all values.
    as_given : bool
        Whether the chip is asked for what the CPU's neurons give, and not for what was asked of
        them: where these fire at other rates than their decoders are solved for, and in loops
        that go by that (`loihi_rules.routes.entries.decoded_as_given`).
    content : tuple
        What all this depends on.
    """

    cpu: Rates
    fired: Rates
    chip: Rates
    saturate: bool
    noise_by_rate: bool
    as_given: bool
    content: Tuple[Any, ...]


def curves_of(
    ens: nengo.Ensemble,
    own: nengo.neurons.NeuronType,
    built: BuiltEnsemble,
    dt: float,
    in_a_loop: bool = False,
    one_by_one: bool = False,
) -> Curves:
    """Tuning curves on the CPU, and of the chip's neurons at the gains and biases that are chosen.

    Parameters
    ----------
    ens : nengo.Ensemble
        With the neuron type, gains and biases of the chip.
    own : nengo.neurons.NeuronType
        The CPU's.
    built : nengo.builder.ensemble.BuiltEnsemble
        As the CPU has it.
    dt : float
        Step in seconds.
    in_a_loop : bool
        Whether it is for a loop that goes by what it is given.
    one_by_one : bool
        Whether its neurons get currents of their own, too
        (`loihi_rules.nengo_parts.wiring.driven_one_by_one`).
    """

    def drive(points: np.ndarray) -> np.ndarray:
        return np.asarray(points @ built.encoders.T / ens.radius)

    def cpu(points: np.ndarray) -> np.ndarray:
        return cpu_rates(own, drive(points), built.gain, built.bias)

    def fired(points: np.ndarray) -> np.ndarray:
        return spiking_rates(own, drive(points), built.gain, built.bias, dt)

    def chip(points: np.ndarray) -> np.ndarray:
        return chip_rates(ens.neuron_type, drive(points) * ens.gain + ens.bias, dt)

    saturate = getattr(getattr(own, "base_type", own), "tau_ref", 0) > 0
    content = (
        *(own, built.encoders, built.gain, built.bias),
        *(ens.neuron_type, ens.gain, ens.bias, ens.radius, dt, one_by_one),
    )
    n = ens.n_neurons
    rates = _in_pieces(cpu, n), _in_pieces(fired, n), _in_pieces(chip, n)
    as_given = in_a_loop or step_lost(own, dt) > 0
    by_rate = is_leaky(own) and not one_by_one and not has_a_threshold(ens, built)
    return Curves(*rates, saturate, by_rate, as_given, content)


def _in_pieces(rates: Rates, n_neurons: int) -> Rates:
    """The same, so many points at a time that what is computed stays in the processor's cache."""
    at_once = max(PIECE // n_neurons, 1)

    def pieces(points: np.ndarray) -> np.ndarray:
        starts = range(0, max(len(points), 1), at_once)
        return np.concatenate([rates(points[start : start + at_once]) for start in starts])

    return pieces


def regularisation(solver: nengo.solvers.Solver) -> Optional[float]:
    """That of Nengo's usual solver, where there is no more of it than usual; else None.

    Where it is None, the chip's decoders are made of the CPU's; see `Decoding.of_points`.
    """
    if type(solver) is not nengo.solvers.LstsqL2 or type(solver.solver) is not Cholesky:
        return None
    return float(solver.reg) if 0 < solver.reg <= USUAL else None


class Decoding:
    """Solves for decoders; what belongs to an ensemble is kept for its other functions.

    Parameters
    ----------
    solutions : Solutions
        Where those may be that were solved for before.
    looped : AsGiven
        Of loops.
    one_by_one : collection of nengo.Ensemble
        See `loihi_rules.nengo_parts.wiring.driven_one_by_one`.
    """

    def __init__(
        self,
        solutions: Solutions = SOLVED_ANEW,
        looped: AsGiven = NONE_IS,
        one_by_one: Collection[nengo.Ensemble] = (),
    ) -> None:
        self._solutions, self._looped, self._one_by_one = solutions, looped, one_by_one
        self._kept: Dict[Tuple[nengo.Ensemble, float, bytes], _System] = {}

    def is_as_given(self, conn: nengo.Connection) -> bool:
        """Whether it gives what the CPU's does: in such a loop, or as what reads its values."""
        return self._looped.has(conn)

    def of_connection(
        self,
        model: Any,
        conn: nengo.Connection,
        solver: nengo.solvers.Solver,
        own: Optional[nengo.neurons.NeuronType],
        built: Optional[BuiltEnsemble],
        rng: np.random.RandomState,
        of: Optional[nengo.Connection] = None,
    ) -> Optional[Decoded]:
        """A connection's decoders; None for neurons that are the chip's own on the CPU, too.

        Parameters
        ----------
        model : nengo.builder.Model
            In which the ensemble's evaluation points are.
        conn : nengo.Connection
            From an ensemble that has the chip's neuron type, gains and biases.
        solver : nengo.solvers.Solver
            Its own.
        own : nengo.neurons.NeuronType or None
        built : nengo.builder.ensemble.BuiltEnsemble or None
            On the CPU, of an ensemble on the chip that was fitted to it.
        rng : numpy.random.RandomState
            That the evaluation points are drawn from; left alone where the answer is None.
        of : nengo.Connection, optional
            The network's, of which this one is made.
        """
        if own is None or built is None or is_chips_own(own):
            return None
        began = time.perf_counter()
        points = get_eval_points(model, conn, rng)
        targets = targets_of(conn, points)
        uses = self.is_as_given(of or conn), conn.pre_obj in self._one_by_one
        curves = curves_of(conn.pre_obj, own, built, model.dt, *uses)
        decoders, rmses = self.of_points(conn, built, curves, solver, points, targets, rng)
        return Decoded(points, targets, decoders, rmses, time.perf_counter() - began)

    def of_points(
        self,
        conn: nengo.Connection,
        built: BuiltEnsemble,
        curves: Curves,
        solver: nengo.solvers.Solver,
        points: np.ndarray,
        targets: np.ndarray,
        rng: np.random.RandomState,
    ) -> Solution:
        """The chip's decoders, (size, n_neurons), and by how much they miss the targets.

        As `decoders` has them where a solver is Nengo's usual one, with as many points as Nengo
        would take. Few points say little of what lies between them, and of what a solver makes of
        it that is regularised otherwise. There the chip gives what the CPU's
        decoders D₀ give, at points that Nengo would take and at the user's:

            D = D₀ + L(Y − A D₀) + …,        Y = A' D₀

        with L as in `decoders`, of Nengo's usual regularisation, and rates A' of the CPU's
        neurons, which differ little from A. So what the points do not tell is what it is on the
        CPU. Decoders of solvers that have none below 0 are not below 0 either
        (`_Solved.iterate_above_0`). Solved for Y by such a solver, what basal ganglia are given
        above their thresholds would be regularised twice, and a quarter less.

        Parameters
        ----------
        conn : nengo.Connection
        built : nengo.builder.ensemble.BuiltEnsemble
            Its source, on the CPU.
        curves : Curves
            The source's.
        solver : nengo.solvers.Solver
            Of decoders.
        points : (n_points, dimensions) ndarray
        targets : (n_points, size) ndarray
        rng : numpy.random.RandomState
            As it is after evaluation points were drawn; the solver may draw of it.
        """
        ens, reg = conn.pre_obj, regularisation(solver)
        if reg is not None and len(points) >= _usual_number(ens):
            return self._solved(ens, curves, reg, points, targets)
        rates = curves.cpu(points)
        if not rates.any():
            return np.zeros((targets.shape[1], ens.n_neurons)), np.zeros(targets.shape[1])
        cpu = np.asarray(solver(rates, targets, rng=rng)[0])
        spread = _spread(ens, built, points, _generator(conn, rng))
        positive = isinstance(solver, nengo.solvers.Nnls)

        def solve() -> Solution:
            every = np.concatenate([spread, _farther(spread) if curves.saturate else spread[:0]])
            fired, wanted = curves.chip(every), curves.fired(every) @ cpu
            chip = _Solved(fired, USUAL, by_rate=curves.noise_by_rate)
            iterate = chip.iterate_above_0 if positive else chip.iterate
            decoders = iterate(wanted, 2, cpu)
            off = curves.chip(points) @ decoders - targets
            return decoders.T, np.sqrt(np.mean(off**2, axis=0))

        problem = ("decoders of the CPU's", curves.content, positive, spread, points, targets, cpu)
        return self._solutions.of(problem, solve)

    def decoders(
        self,
        ens: nengo.Ensemble,
        curves: Curves,
        reg: float,
        points: np.ndarray,
        targets: np.ndarray,
    ) -> np.ndarray:
        """Decoders D of the chip's activities A for targets Y.

            L(Y) = (Aᵀ A + m Σ)⁻¹ Aᵀ Y,        D₁ = L(Y),        Dₖ₊₁ = Dₖ + L(Y − A Dₖ)
            Σᵢᵢ = σ² max(āᵢ / max A, reg),        σ = reg · max A

        of m points, the maximum being of all (see below), and, where no steps reach what the CPU's
        decoders leave, of the ensemble's own; with Σ = σ² I it is `nengo.solvers.LstsqL2`. The
        variance of counts of spikes is a multiple of their mean (Shadlen & Newsome 1998), so that a
        neuron at the highest rate has Nengo's noise, and others have less by their mean rates āᵢ:
        the chip's whole steps are such noise, as each spike forgets a part of one, where Nengo's
        make up for each other. With the same noise for all, decoders lean on those that fire fast.
        Of a neuron that is active at few points, which would make its decoder alone, the noise is
        no less than reg of the highest. Neurons without a leak have Σ = σ² I: where they begin to
        fire, the chip's forget half a spike, at whatever rate. So have those of an ensemble that is
        silent at a good part of its values (`loihi_rules.chip.tuning.has_a_threshold`): their mean
        rates are of values at which nothing is decoded too, and with less noise than they have
        where they fire, decoders were 2.4 times as large as the CPU's, and what is represented as
        much noisier. And so have those whose neurons get currents of their own, as inhibition: it
        silences slow neurons first, and decoders that lean on them gave 15 to 25 % less of what is
        left than the CPU's, at the same rates. Further steps (iterated Tikhonov regularisation:
        Engl, Hanke & Neubauer 1996, ch. 5) give back much of what regularisation takes from
        directions of a few neurons, and leave those of noise. There are two at least, and then as
        many, up to eight, as it takes for ‖X − A Dₖ‖ of the values X that are represented to be
        what the CPU's decoders leave of them (Morozov's discrepancy principle, ch. 4.3 there):
        further ones would only make decoders larger, and what is represented noisier. Much of what
        is left on the chip is of its whole steps, so that it has less of what regularisation takes,
        by which values come out smaller, and most so from few neurons a dimension. Where more is
        given than on the CPU,

            D ← D (X · X') / (X · A D),        X' what the CPU's decoders give of X,

        of that half of the X, of all along the axes and of those within, of which least is lost.
        Steps and scale are those of X for all functions, so that decoders are linear in Y.

        Besides the ensemble's own points, of which Y is the function, there are some farther out,
        one for 64, in the directions of these: three in four at 1 to 1.6 times the farthest, the
        others at up to 3 times. Of them Y is what the CPU's decoders give there. Neurons without
        a refractory time fire ever faster, where the chip's rates are far apart: of these nothing
        is asked beyond. Where the CPU's neurons fire at other
        rates than its decoders are solved for (`loihi_rules.chip.tuning.step_lost`), Y is what
        these give at all points. So it is of functions in loops, where a loop goes by what it is
        given: of a step, a trigger's next state, the CPU's neurons make a slope, and the chip's,
        asked for the step, another. And of values in loops that keep them: in many dimensions the
        CPU's give 12 % more of the shortest and 10 % less of the longest, and what is kept settles
        by that. These have no scale. So it is, anywhere, of functions of which the CPU's decoders
        leave more than a tenth, as of the step, whose slope took 48 ms of a ramp for the CPU's 161:
        the steps for these begin at the CPU's decoders. Of them decoders are not linear in Y.

        Parameters
        ----------
        ens : nengo.Ensemble
        curves : Curves
            Its own.
        reg : float
            See `regularisation`.
        points : (n_points, dimensions) ndarray
        targets : (n_points, size) ndarray
            The function's values there.

        Returns
        -------
        (size, n_neurons) ndarray
            None of them other than 0 if no neuron of the chip is active at any of the points.
        """
        return self._solved(ens, curves, reg, points, targets)[0]

    def _solved(
        self,
        ens: nengo.Ensemble,
        curves: Curves,
        reg: float,
        points: np.ndarray,
        targets: np.ndarray,
    ) -> Solution:
        """What `decoders` gives, and by how much that misses the targets; see `Decoded`."""

        def solve() -> Solution:
            system = self._system(ens, curves, reg, points)
            as_points = targets.strides == points.strides and np.array_equal(targets, points)
            if as_points and not curves.as_given:
                return system.with_misses(system.of_points, targets)
            cpu = system.cpu.solve(targets[system.some])
            another = not curves.as_given and _is_another(
                points[system.some], targets[system.some], system.cpu.activities @ cpu
            )
            asked = curves.fired(points) @ cpu if curves.as_given or another else targets
            wanted = np.concatenate([asked, system.far @ cpu])
            if another:
                system = system._replace(scale=1.0)
                return system.with_misses(system.chip.iterate(wanted, system.steps, cpu), targets)
            if curves.as_given and _are_in(points, targets):  # no more than the CPU's give
                system = system._replace(scale=1.0)
            return system.with_misses(system.chip.iterate(wanted, system.steps), targets)

        problem = ("decoders", curves.content, curves.as_given, reg, points, targets)
        return self._solutions.of(problem, solve)

    def _system(
        self, ens: nengo.Ensemble, curves: Curves, reg: float, points: np.ndarray
    ) -> _System:
        key = ens, reg, points.tobytes()
        if key not in self._kept:
            far = _farther(points) if curves.saturate else points[:0]
            some = _enough(points)
            cpu, fired = _Solved(curves.cpu(points[some]), reg), curves.fired(far)
            rates = curves.chip(np.concatenate([points, far]))
            for n_own in (None, len(points)):
                chip = _Solved(rates, reg, n_own, by_rate=curves.noise_by_rate)
                self._kept[key] = _system_of(points, some, cpu, fired, chip)
                if self._kept[key].reached:
                    break
            while len(self._kept) > 1 and sum(s.size for s in self._kept.values()) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        return self._kept[key]


class _Solved:
    """Least squares of activities, of which one factor is for all targets.

    Noise is the same for all neurons, or, ``by_rate``, by their mean rates; see
    `Decoding.decoders`. With ``n_own`` it goes by the rates at so many of the first points: farther
    out slow neurons may fire ten times faster, and would be given decoders that are far too small.
    """

    def __init__(
        self,
        activities: np.ndarray,
        reg: float,
        n_own: Optional[int] = None,
        by_rate: bool = False,
    ):
        self.activities = self._by_noise = activities
        self._factor, self.size = None, int(activities.nbytes)
        most = float(activities[:n_own].max(initial=0.0)) or float(activities.max(initial=0.0))
        if most == 0:
            return
        n_points, n_neurons = activities.shape
        noise = np.full(n_neurons, n_points * (reg * most) ** 2)
        if by_rate:
            noise *= np.maximum(activities.mean(axis=0) / most, reg)
        self._noise = noise[:, np.newaxis]
        self._wide = n_points < n_neurons
        if self._wide:
            self._by_noise = activities / noise
            square = self._by_noise @ activities.T
            square.flat[:: n_points + 1] += 1
            self.size += int(self._by_noise.nbytes)
        else:
            square = activities.T @ activities
            square.flat[:: n_neurons + 1] += noise
        # symmetric, so that its transpose is the same matrix, in the order that LAPACK takes
        self._factor = cho_factor(square.T, overwrite_a=True)
        self.size += int(square.nbytes)

    def solve(self, targets: np.ndarray) -> np.ndarray:
        """(n_neurons, size) decoders for (n_points, size) targets.

        With the noise N = m Σ, and fewer points than neurons,

            (Aᵀ A + N)⁻¹ Aᵀ = N⁻¹ Aᵀ (A N⁻¹ Aᵀ + I)⁻¹.
        """
        if self._factor is None:
            return np.zeros((self.activities.shape[1], targets.shape[1]))
        if self._wide:
            return np.asarray(self._by_noise.T @ self._back(targets))
        return self._back(self.activities.T @ targets)

    def _back(self, targets: np.ndarray) -> np.ndarray:
        finite = np.asarray_chkfinite(targets)  # as the factor is, which is far larger
        return np.asarray(cho_solve(self._factor, finite, check_finite=False))

    def iterate(
        self, targets: np.ndarray, steps: int, start: Optional[np.ndarray] = None
    ) -> np.ndarray:
        """The same, once more of what each step leaves, and before the first what a start does."""
        if start is None:
            decoders, steps = self.solve(targets), steps - 1
        else:
            decoders = start.copy()
        for _ in range(steps):
            decoders += self.solve(targets - self.activities @ decoders)
        return decoders

    def iterate_above_0(self, targets: np.ndarray, steps: int, start: np.ndarray) -> np.ndarray:
        """The same of decoders that are not below 0, with more points than neurons.

        Without that bound a step of `iterate` has the least of ‖A D − Y‖² + ‖N^½ (D − Dₖ)‖². With
        it, and Rᵀ R = Aᵀ A + N, that is nonnegative least squares of

            R D = R⁻ᵀ (Aᵀ Y + N Dₖ).
        """
        if self._factor is None:
            return np.zeros_like(start)
        root, decoders = np.triu(self._factor[0]), start
        given = self.activities.T @ targets
        for _ in range(steps):
            asked = solve_triangular(root, given + self._noise * decoders, trans="T")
            decoders = np.stack([nnls(root, each)[0] for each in asked.T], axis=1)
        return decoders


class _System(NamedTuple):
    some: slice  # of the points, at which the CPU's decoders are solved for
    cpu: _Solved
    far: np.ndarray  # the CPU's activities there
    chip: _Solved
    of_points: np.ndarray  # the chip's decoders of the points themselves, before the scale
    steps: int
    scale: float  # of decoders
    reached: bool  # whether no more is left of the points than on the CPU

    @property
    def size(self) -> int:
        return int(self.cpu.size + self.far.nbytes + self.chip.size)

    def with_misses(self, decoders: np.ndarray, targets: np.ndarray) -> Solution:
        """(size, n_neurons) decoders, scaled, and by how much each row misses its target."""
        scaled = (self.scale * decoders).T
        off = self.chip.activities[: len(targets)] @ scaled.T - targets
        return scaled, np.sqrt(np.mean(off**2, axis=0))


def _system_of(
    points: np.ndarray, some: slice, cpu: _Solved, far: np.ndarray, chip: _Solved
) -> _System:
    """How many steps, and which scale, by what becomes of the values that are represented.

    The same of all functions, so that decoders of a sum are the sum of decoders.
    """
    own = cpu.solve(points[some])
    given = cpu.activities @ own
    left = _mean_square(points[some] - given)
    wanted = np.concatenate([points, far @ own])
    decoders, steps = chip.iterate(wanted, 2), 2
    while True:
        over = wanted - chip.activities @ decoders
        reached = _mean_square(over[: len(points)]) <= left
        if reached or steps == MOST_STEPS:
            break
        decoders, steps = decoders + chip.solve(over), steps + 1
    chips = chip.activities[: len(points)] @ decoders
    scale = _scale(points[some], given, chips[some])
    return _System(some, cpu, far, chip, decoders, steps, scale, reached)


def _are_in(points: np.ndarray, targets: np.ndarray) -> bool:
    """Whether targets are the values themselves, or some of their dimensions."""
    return all(
        any(np.array_equal(points[:, k], own) for k in np.flatnonzero(points[0] == own[0]))
        for own in targets.T
    )


def _is_another(points: np.ndarray, targets: np.ndarray, given: np.ndarray) -> bool:
    """Whether the CPU's decoders give another function than they are asked for.

    Functions that are linear are not: what is left of them is noise of few neurons.
    """
    size = float(np.sum((targets - targets.mean(axis=0)) ** 2))
    if np.sum((targets - given) ** 2) <= LEFT**2 * size:
        return False
    known = np.concatenate([points, np.ones((len(points), 1))], axis=1)
    linear = known @ np.linalg.lstsq(known, targets, rcond=None)[0]
    return bool(np.sum((targets - linear) ** 2) > LINEAR * size)


def _mean_square(residual: np.ndarray) -> float:
    return float(np.mean(residual**2))


def _scale(points: np.ndarray, cpu: np.ndarray, chip: np.ndarray) -> float:
    """By how much less the CPU gives of values than the chip, all ways; 1 where it gives more.

    Where encoders are all on one side, values on the other come out small on the CPU alone, and
    those that matter would on the chip; and at the ends of a range more is lost than within, where
    loops are. Of all halves of the ball, inner ones too, that counts of which least is lost;
    but for inner ones of which next to nothing is given, as below all intercepts.
    """
    by_cpu, by_chip = points * cpu, points * chip
    sizes = np.linalg.norm(points, axis=1)
    inner = sizes <= np.median(sizes)
    sides = [side for k in range(points.shape[1]) for side in (points[:, k] > 0, points[:, k] < 0)]
    least = NOTHING * np.sum(points**2)
    within = [side & inner for side in sides]
    given = [half for half in within if max(by_cpu[half].sum(), by_chip[half].sum()) > least]
    shares = [(by_cpu[half].sum(), by_chip[half].sum()) for half in (*sides, *given)]
    ratios = [cpus / chips for cpus, chips in shares if 0 < cpus < chips]
    return float(max(ratios)) if len(ratios) == len(shares) else 1.0


def _usual_number(ens: nengo.Ensemble) -> int:
    """How many points Nengo takes of an ensemble (``nengo.utils.builder``)."""
    return int(default_n_eval_points(ens.n_neurons, ens.dimensions))


def _enough(points: np.ndarray) -> slice:
    """As many points as Nengo takes of a few neurons, for decoders of which little is asked."""
    least = default_n_eval_points(1, points.shape[1])
    return slice(None, None, max(len(points) // int(least), 1))


def _generator(conn: nengo.Connection, rng: np.random.RandomState) -> np.random.RandomState:
    """The same one in each build, of a connection that has no seed, too, as those to the host."""
    return copy.deepcopy(rng) if conn.seed is None else np.random.RandomState(conn.seed)


def _spread(
    ens: nengo.Ensemble, built: BuiltEnsemble, points: np.ndarray, rng: np.random.RandomState
) -> np.ndarray:
    """Points that Nengo would take of an ensemble, and those given, a third of all at least."""
    every = np.asarray(built.eval_points)
    if not isinstance(ens.eval_points, nengo.dists.Distribution) or len(every) < _usual_number(ens):
        ball = nengo.dists.UniformHypersphere().sample(_usual_number(ens), ens.dimensions, rng=rng)
        every = ens.radius * np.asarray(ball)
    return np.concatenate([every, *[points] * max(len(every) // (2 * len(points)), 1)])


def _farther(points: np.ndarray) -> np.ndarray:
    some = points[::ONE_IN]
    sizes = np.linalg.norm(some, axis=1, keepdims=True)
    farthest = np.linalg.norm(points, axis=1).max()
    reach = np.linspace(1, FARTHEST, len(some))
    reach[::4] = np.geomspace(FARTHEST, OUTSIDE, len(reach[::4]))
    return np.asarray(some / np.where(sizes > 0, sizes, 1) * (farthest * reach[:, np.newaxis]))
