"""A large model fits, and memory does not grow with the run."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {benchmarks!r})
from models import sparse
from deploy.nengo_loihi.run.simulator import build_simulator
from loihi_rules import rewrite
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
network = rewrite(sparse({neurons}, {fan_out})).network
simulator = build_simulator(network, seed=1, target="sim")
simulator.run_steps(600)
simulator.clear_probes()
before = peak()
for _ in range({rounds}):
    simulator.run_steps(500)
    simulator.clear_probes()
layout = simulator.sims["emulator"].layout
print(layout.n_compartments, len(layout.rows.weights), layout.rows.weights.itemsize,
      before, peak())
"""


def run(request, **sizes):
    script = SCRIPT.format(benchmarks=str(request.config.rootpath / "benchmarks"), **sizes)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=900
    )
    return [float(word) for word in done.stdout.split()]


def test_memory_is_flat_with_duration(request):
    _, _, _, before, after = run(request, neurons=5000, fan_out=20, rounds=40)
    assert after < before + 0.05  # GiB


@pytest.mark.slow
def test_a_hundred_thousand_compartments_with_ten_million_synapses(request):
    compartments, synapses, size, _, peak = run(request, neurons=100_000, fan_out=100, rounds=1)
    assert compartments == 100_000 and synapses == 10_000_000 and size == 1
    assert peak < 4  # GiB, build included
