"""nengo-loihi's emulator again, on flat arrays and compiled: the same bits, much faster."""

from deploy.emulator.layout import Unsupported
from deploy.nengo_loihi.run.interface import FastEmulator
from deploy.nengo_loihi.run.simulator import ENGINES, build_simulator

__all__ = ["ENGINES", "FastEmulator", "Unsupported", "build_simulator"]
