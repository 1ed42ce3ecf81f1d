"""Run a network of integers in brian2-loihi, and save its spikes and how long it took.

    python brian2_loihi_run.py NETWORK.npz SPIKES.npz [TARGET]

TARGET is how Brian steps: cython (default) or numpy. To be run with a Python that has brian2-loihi.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from brian2 import prefs
from brian2_loihi import (
    LoihiNetwork,
    LoihiNeuronGroup,
    LoihiSpikeGeneratorGroup,
    LoihiSpikeMonitor,
    LoihiSynapses,
    synapse_sign_mode,
)

WARM_UP = 10  # steps before the clock starts: code is generated and compiled


def synapses(source: Any, target: Any, weights: np.ndarray) -> Any:
    """Those that are not 0, of both signs."""
    made = LoihiSynapses(source, target, sign_mode=synapse_sign_mode.MIXED)
    pre, post = np.nonzero(weights)
    made.connect(i=pre, j=post)
    made.w = weights[pre, post].astype(int)
    return made


def main(given: str, saved: str, target: str) -> None:
    prefs.codegen.target = target
    of = np.load(given)
    steps, sources = np.nonzero(of["inputs"])
    n_steps, n_inputs = of["inputs"].shape
    begun = time.process_time()
    # what the others send in step n reaches a neuron in step n + 1
    inputs = LoihiSpikeGeneratorGroup(n_inputs, sources, WARM_UP + steps + 1)
    neurons = LoihiNeuronGroup(
        len(of["among"]),
        refractory=1,
        threshold_v_mant=int(of["threshold"]),
        decay_v=int(of["decay_v"]),
        decay_I=int(of["decay_u"]),
    )
    into = synapses(inputs, neurons, of["into"])
    among = synapses(neurons, neurons, of["among"])
    spikes = LoihiSpikeMonitor(neurons)
    net = LoihiNetwork(inputs, neurons, into, among, spikes)
    net.run(WARM_UP)
    built, start = time.process_time() - begun, time.perf_counter()
    cpu = time.process_time()
    net.run(n_steps)
    took = time.perf_counter() - start, time.process_time() - cpu
    found = np.zeros((n_steps, len(of["among"])), bool)
    at = np.rint(np.asarray(spikes.t)).astype(int) - WARM_UP  # in steps, without a unit
    found[at, np.asarray(spikes.i)] = True
    np.savez(saved, spikes=found, built=built, wall=took[0], process=took[1])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "cython")
