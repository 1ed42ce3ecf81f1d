"""A pytest plugin: nengo-loihi's own test-suite with the fast engine in its emulator's place.

See CONTRIBUTING.md for how to run it. The suite has to be that of nengo-loihi 1.1.0, from
its repository, on a NumPy below 2.
"""

import warnings

import nengo_loihi.emulator
import nengo_loihi.simulator
import numpy as np
from nengo.exceptions import SimulationError

from deploy.emulator.engine import OF_LEARNING, WARNINGS
from deploy.errors import Unsupported
from deploy.nengo_loihi.run.interface import FastEmulator

Reference = nengo_loihi.emulator.EmulatorInterface
built = {"fast": 0, "reference": 0}


class InPlace(FastEmulator):
    """The fast engine, with what the suite asks of ``EmulatorInterface`` besides."""

    strict = True

    def __new__(cls, model, seed=None):
        try:
            emulator = super().__new__(cls)
            FastEmulator.__init__(emulator, model, 0)
        except (Unsupported, AttributeError):
            built["reference"] += 1
            Reference.strict = cls.strict
            return Reference(model, seed=seed)
        built["fast"] += 1
        return emulator

    def __init__(self, model, seed=None):
        seed = np.random.randint(2**31 - 1) if seed is None else seed
        super().__init__(model, seed)

    def host2chip(self, spikes, errors):
        for _, _, error in errors:  # for its warnings; ours come at the end of a run
            nengo_loihi.builder.discretize.scale_pes_errors(error, scale=self.error_scale)
        super().host2chip(spikes, errors)

    def run_steps(self, steps):
        super().run_steps(steps)
        for flag in np.flatnonzero(self.engine.state.flags):  # as above
            if flag not in OF_LEARNING:
                warnings.warn(WARNINGS[int(flag)], stacklevel=2)

    @property
    def compartment(self):
        return self

    def error(self, text):
        if self.strict:
            raise SimulationError(text)
        warnings.warn(text, stacklevel=2)


nengo_loihi.emulator.EmulatorInterface = InPlace
nengo_loihi.simulator.EmulatorInterface = InPlace


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"emulators built: {built}")
