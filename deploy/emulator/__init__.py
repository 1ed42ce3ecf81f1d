"""nengo-loihi's emulator again, on flat arrays and compiled: the same bits, much faster."""

from deploy.emulator.interface import FastEmulator
from deploy.emulator.layout import Unsupported
from deploy.emulator.simulator import ENGINES, build_simulator

__all__ = ["ENGINES", "FastEmulator", "Unsupported", "build_simulator"]
