"""`nengo_loihi.Simulator` with the fast engine in its emulator's place."""

from __future__ import annotations

import warnings
from typing import Any, Mapping

from deploy.compiling.jit import HAVE_NUMBA
from deploy.emulator.silicon import AS_EMULATED, Silicon
from deploy.errors import BadInput, Unsupported
from deploy.nengo_loihi.build.split import linear_splitting
from deploy.nengo_loihi.load import load_nengo_loihi
from deploy.nengo_loihi.run.input_spikes import counting_runner
from deploy.nengo_loihi.run.interface import FastEmulator
from deploy.nengo_loihi.run.runner import Runner


def build_simulator(
    network: Any, engine: str = "fast", silicon: Silicon = AS_EMULATED, **options: Any
) -> Any:
    """A `nengo_loihi.Simulator`, of the fast engine as a rule.

    Parameters
    ----------
    network : nengo.Network
    engine : str
        ``"fast"``, or ``"reference"`` for nengo-loihi's own.
    silicon : Silicon
        What the chip does otherwise, by the fast engine alone.
    options
        As for `nengo_loihi.Simulator`.

    Returns
    -------
    nengo_loihi.Simulator
        With nengo-loihi's own engine, and a warning that says why, where the model
        has something that the fast one cannot do exactly.

    Raises
    ------
    BadInput
        If that one would have to do what silicon does otherwise.
    """
    nengo_loihi = load_nengo_loihi()
    # theirs, also where a user has put another into the place of `nengo_loihi.Simulator`
    own: Any = nengo_loihi.simulator.Simulator
    if engine == "reference":
        simulator = _opened(own, network, options)
        simulator._runner = counting_runner(simulator)
        return simulator
    with linear_splitting(nengo_loihi):
        simulator = _opened(own, network, options)
    reference = simulator.sims["emulator"]
    try:
        fast = FastEmulator(simulator.model, reference.seed, silicon=silicon)
    except Unsupported as reason:
        if silicon.different:
            simulator.close()
            raise BadInput(
                f"the fast engine cannot run this model exactly ({reason}), and nengo-loihi's own "
                f"has no silicon modes ({silicon}); leave --silicon out"
            ) from reason
        warnings.warn(
            f"the fast engine cannot run this model exactly ({reason}); "
            "nengo-loihi's own does, more slowly",
            stacklevel=2,
        )
        simulator._runner = counting_runner(simulator)
        return simulator
    simulator.sims["emulator"] = fast
    simulator._runner = _runner(simulator)
    reference.close()
    return simulator


def _opened(own: Any, network: Any, options: Mapping[str, Any]) -> Any:
    """A simulator; where its build fails half way, what it had opened is closed."""
    simulator = own.__new__(own)
    try:
        simulator.__init__(network, **options)
    except BaseException:
        for part in getattr(simulator, "sims", {}).values():
            part.close()
        raise
    return simulator


def _runner(simulator: Any) -> Any:
    """Ours, or nengo-loihi's with its queues where ours cannot."""
    if HAVE_NUMBA:
        try:
            return Runner(simulator)
        except Unsupported as reason:
            warnings.warn(
                f"the compiled host cannot run this model exactly ({reason}); "
                "Nengo core does, more slowly",
                stacklevel=3,
            )
    return counting_runner(simulator)
