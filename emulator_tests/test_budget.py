"""The ladder from CPU to chip: its runs against independent truth, and faults of one cause each."""

import json
import math
from dataclasses import replace

import nengo
import numpy as np
import pytest

import deploy
from benchmarks import faults_of_causes
from benchmarks.faults_of_causes import FAULTS
from deploy.cli.budget_table import print_budget
from deploy.models.loading import load_model
from deploy.parity.budget import budget_of
from deploy.parity.effects import effects_of
from deploy.rungs import RUNGS
from deploy.workflows.budget import STEP, climb
from deploy.workflows.run import record
from loihi_rules import fix_seeds

BY_NAME = {rung.name: rung for rung in RUNGS}
SEED = 3


def chain(seed=SEED):
    """Two ensembles, with a way for each filter."""
    with nengo.Network(seed=seed) as net:
        source = nengo.Node(lambda t: np.sin(6 * t), label="input")
        a = nengo.Ensemble(60, 1, label="a")
        b = nengo.Ensemble(60, 1, label="b", neuron_type=nengo.SpikingRectifiedLinear())
        nengo.Connection(source, a, synapse=0.01)
        nengo.Connection(a, b, synapse=0.01)
        nengo.Connection(a, b, synapse=0.05, transform=-0.5)
        for ens in (a, b):
            nengo.Probe(ens.neurons, label=f"{ens.label} spikes")
            nengo.Probe(ens, synapse=0.02, label=ens.label)
    return net


def ran(target, network, duration=0.5):
    steps = int(round(duration / STEP))
    return record(target, load_model(network, SEED), steps, STEP, SEED, {})


def raster(trace):
    return list(zip(trace.spike_steps.tolist(), trace.spike_neurons.tolist()))


def test_core_with_the_chips_neurons_ways_and_inputs_is_the_chip_in_floating_point():
    """By two simulators of others: Nengo core, and nengo-loihi's emulator without integers.

    Rounding of the last bit moves a spike in a thousand by a step.
    """
    core = ran(BY_NAME["inputs"], chain())
    chip = deploy.run(chain(), 0.5, "float-emulator", SEED)
    assert core.substrate == "Nengo core" and chip.substrate == "no silicon"
    for name in ("a spikes", "b spikes"):
        one, other = (set(raster(run[name])) for run in (core, chip))
        assert len(one) > 1000 and len(one ^ other) < 0.005 * len(one)


def weights_by_block(name):
    """Of each block of neurons the weights into it, in thresholds."""
    with BY_NAME[name].open(fix_seeds(chain(), SEED), STEP, SEED) as session:
        return [
            np.concatenate(
                [
                    np.ravel(row / block.compartment.vth[np.broadcast_to(place, row.shape)])
                    for synapse in block.synapses
                    for row, place in zip(synapse.weights, synapse.indices)
                ]
            )
            for block in session.model.blocks
            if np.isfinite(block.compartment.vth).all() and block.n_neurons > 1
        ]


def test_rounded_weights_are_those_that_the_integers_stand_for():
    """Of a block all are multiplied with one number, that makes up for how its currents decay."""
    exact, rounded, whole = map(weights_by_block, ("host", "weights", "integers"))
    assert len(exact) == len(rounded) and len(whole) >= len(exact)
    for one, other, integers in zip(exact, rounded, whole):
        some = np.abs(integers) > 0
        ratio = integers[some] / other[some]
        assert np.ptp(ratio) < 1e-4 * ratio.mean()
        assert not np.any(other[~some])
        off = np.abs(other - one).max() / np.abs(one).max()
        assert 1e-5 < off < 0.05, "rounded, and not by more than the chip rounds"


@pytest.mark.parametrize("seed", [11, 12])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_put_down_to_its_cause(name, seed):
    fault = FAULTS[name]
    spread = 6 if fault.quantity == "noise" else 0
    with fault.around():
        found = deploy.budget(fault.build(seed), 1.5, seed, spread=spread)
    split = found.split(fault.trace, fault.quantity)
    assert not found.notes
    assert max(split.shares, key=lambda share: abs(share.value)).cause == fault.cause, split.words
    assert math.isclose(sum(share.value for share in split.shares), split.whole, abs_tol=1e-9)
    parts = [share.value for share in split.named] + [split.rest.value]
    assert math.isclose(sum(parts), split.whole, abs_tol=1e-9)


def test_a_way_by_the_host_takes_three_steps():
    """Two from the chip, by the compartments that decode, and one to it."""
    found = deploy.budget(faults_of_causes.by_the_host(SEED), 2.0, SEED, spread=6)
    share = next(s for s in found.split("b", "lag").shares if s.cause.startswith("the way"))
    assert share.value == pytest.approx(0.003, abs=0.0004), "to less than half a step"


def test_causes_that_a_model_has_nothing_of_are_left_out():
    with nengo.Network(seed=SEED) as net:
        ens = nengo.Ensemble(50, 1, label="ens")
        nengo.Connection(ens, ens, synapse=0.1)
        nengo.Probe(ens, synapse=0.02, label="ens")
    causes = deploy.budget(net, 0.3, spread=0).causes
    assert not {"inputs as spikes", "carriers", "learning on the chip"} & set(causes)
    assert causes[-1] == "integer currents and voltages"


def test_a_rung_that_cannot_be_climbed_goes_with_the_next(monkeypatch):
    def broken(self, copied, dt, seed):
        raise ValueError("no such network")

    ends = [deploy.run(chain(), 0.3, target, SEED) for target in ("cpu", "emulator")]
    monkeypatch.setattr(type(BY_NAME["filters"]), "open", broken)
    ladder = climb(chain(), *ends)
    assert len(ladder.runs) == len(ladder.causes) + 1
    assert ladder.causes[0].endswith("inputs as spikes and the way to the host and back")
    assert "ValueError, no such network" in ladder.notes[0]


def test_a_share_that_a_run_has_no_value_for_is_the_nexts():
    cpu, *others = (
        deploy.run(chain(), 0.3, t, SEED) for t in ("cpu", "float-emulator", "emulator")
    )
    effects = [e for e in effects_of(cpu, others[-1]) if e.trace == "b" and e.quantity == "gain"]
    without = {k: v for k, v in others[0].traces.items() if k != "b"}
    found = budget_of([cpu, replace(others[0], traces=without), others[1]], ["x", "y"], effects)
    (share,) = found.splits[0].shares
    assert share.cause == "x and y" and share.value == pytest.approx(found.splits[0].whole)
    assert found.splits[0].by_cause(["x", "y"]) == [None, share]


def test_a_budget_is_saved_shown_and_printed(tmp_path, capsys):
    parity = deploy.compare("pes-connection", 1.0, seed=SEED, spread=6, budget=True)
    assert parity.budget.causes[-1] == "learning on the chip"
    parity.save(tmp_path / "out")
    saved = json.loads((tmp_path / "out" / "parity.json").read_text())["budget"]
    assert saved["causes"] == list(parity.budget.causes)
    split = saved["splits"][0]
    assert sum(s["value"] for s in split["shares"]) == pytest.approx(split["value"])
    page = (tmp_path / "out" / "report.html").read_text()
    assert ">Causes</h2>" in page and "spikes at whole steps" in page
    print_budget(parity.budget)
    printed = capsys.readouterr().out
    assert "spikes at whole steps" in printed and "the rest" in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dt": 0.002}, "step of 0.001 s"),
        ({"targets": ("cpu", "float-emulator")}, "cpu,emulator"),
    ],
)
def test_what_has_no_ladder_is_refused(options, message):
    with pytest.raises(deploy.BadInput, match=message):
        deploy.compare("pes-connection", 0.2, budget=True, **options)


def test_a_model_of_which_nothing_is_on_the_chip_is_refused():
    with nengo.Network() as net:
        ens = nengo.Ensemble(20, 1, neuron_type=nengo.Izhikevich())
        nengo.Probe(ens)
    with pytest.raises(deploy.BadInput, match="nothing to explain"):
        deploy.budget(net, 0.2)
