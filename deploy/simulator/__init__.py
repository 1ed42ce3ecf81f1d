"""`deploy.Simulator`, a Nengo backend, and what people read and set of one."""

from deploy.simulator.simulator import Simulator

__all__ = ["Simulator"]
