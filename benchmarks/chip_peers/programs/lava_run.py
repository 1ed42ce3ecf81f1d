"""Run a network of integers in lava's fixed point, and save its spikes and how long it took.

    python lava_run.py NETWORK.npz SPIKES.npz

To be run with a Python that has lava-nc. Its processes of the system start beforehand.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi1SimCfg
from lava.proc.dense.process import Dense
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
from lava.proc.lif.process import LIF


def main(given: str, saved: str) -> None:
    of = np.load(given)
    n_steps, n = len(of["inputs"]), len(of["among"])
    begun = time.process_time()
    inputs = Source(data=of["inputs"].T.astype(int))
    neurons = LIF(
        shape=(n,), du=int(of["decay_u"]) - 1, dv=int(of["decay_v"]), vth=int(of["threshold"])
    )
    into = Dense(weights=of["into"].T.astype(int))
    among = Dense(weights=of["among"].T.astype(int))
    sink = Sink(shape=(n,), buffer=n_steps)
    inputs.s_out.connect(into.s_in)
    into.a_out.connect(neurons.a_in)
    neurons.s_out.connect(among.s_in)
    among.a_out.connect(neurons.a_in)
    neurons.s_out.connect(sink.a_in)
    config = Loihi1SimCfg(select_tag="fixed_pt")
    built, start = time.process_time() - begun, time.perf_counter()
    neurons.run(RunSteps(num_steps=n_steps), run_cfg=config)
    spikes = np.asarray(sink.data.get()).T.astype(bool)
    wall = time.perf_counter() - start
    neurons.stop()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # a process of the system a process of lava
    process = used.ru_utime + used.ru_stime
    np.savez(saved, spikes=spikes, built=built, wall=wall, process=process)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
