"""How often a voltage is the number by which nengo-loihi's snips know a spike.

    PYTHONPATH=hardware_tests/virtual_board python benchmarks/false_spikes.py

On the virtual board, by system: readings of subthreshold voltages, and how many of them are
the refractory time in units of 128.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import warnings

import numpy as np
from nxsdk.virtual.arithmetic import REFRACTORY_UNIT, Chips

import deploy
from loihi_rules.systems import SYSTEMS

SECONDS = 1.0


def main() -> None:
    found = {"readings": 0, "false": 0}
    spike = Chips.spike

    def counted(self, t, arrivals):
        spike(self, t, arrivals)
        free = self.refractory == 0
        after_spike = REFRACTORY_UNIT * self.network.compartments.refractory
        found["readings"] += int(free.sum())
        found["false"] += int(np.sum(free & (self.voltage == after_spike)))

    Chips.spike = counted
    total = dict.fromkeys(found, 0)
    for name in SYSTEMS:
        found.update(readings=0, false=0)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                deploy.run(name, SECONDS, "loihi")
        except deploy.BadInput:
            continue
        print(f"{name}: {found['false']} of {found['readings']:,}")
        total = {key: total[key] + found[key] for key in total}
    print(f"all: one in {total['readings'] // max(1, total['false']):,} readings")


if __name__ == "__main__":
    main()
