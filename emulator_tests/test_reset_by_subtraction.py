"""Reset by subtraction on the chip: spike by spike that of the equations, where there is room.

Against `SteppedNeurons.step` in Nengo core, which knows nothing of the chip's currents.
"""

import re

import nengo
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deploy
from deploy.nengo_loihi.board.fits import board_problems
from deploy.targets import find_target
from loihi_rules import fix_seeds, rewrite
from loihi_rules.chip import kept_currents
from loihi_rules.nengo_parts.stepped import InputSpikes, SteppedNeurons, step_delay

STEPS, DT = 80, 1e-3
NEAR = 1e-4  # relative distance to a threshold, from which on single precision tells for sure


def spiking(n, neurons, label):
    ones = np.ones(n)
    return nengo.Ensemble(
        n, 1, gain=ones, bias=np.zeros(n), neuron_type=neurons, label=label, seed=0
    )


def network(seed, neurons, n_in=6, rate=0.3, recurrent=0.4, gain=1.2, n_steps=STEPS):
    """Spikes into a population with itself, and on to one more; ``neurons`` of n and a generator.

    Of a kind that is no NIR graph, for all that these have in common.
    """
    rng = np.random.RandomState(seed)
    signal = (rng.uniform(size=(n_steps, n_in)) < rate).astype(float)
    net = nengo.Network(seed=seed, label="net")
    with net:
        node = nengo.Node(nengo.processes.PresentInput(signal, DT))
        before = spiking(n_in, InputSpikes(), "in")
        nengo.Connection(node, before.neurons, synapse=None)
        for number, n in enumerate((7, 4)):
            ens = spiking(n, neurons(n, rng), f"layer {number}")
            weights = gain * (rng.randn(n, before.n_neurons) + 0.5) / np.sqrt(before.n_neurons)
            nengo.Connection(before.neurons, ens.neurons, synapse=None, transform=weights)
            nengo.Probe(ens.neurons, label=ens.label)
            if number == 0:
                back = recurrent * rng.randn(n, n)
                nengo.Connection(ens.neurons, ens.neurons, synapse=step_delay(1), transform=back)
            before = ens
    return net


def of(alpha, beta, late, biased=True, started=True):
    def neurons(n, rng):
        def each(low, high):
            return rng.uniform(low, high, n)

        state = {"voltage": each(-0.5, 0.5), "current": each(-0.2, 0.2)} if started else None
        return SteppedNeurons(
            each(*alpha), each(*beta), each(0.5, 1.0), reset="subtract", late_reset=late,
            bias=each(-0.05, 0.1) if biased and alpha[1] else [0.0],
            leak=each(-0.05, 0.1) if biased else [0.0], initial_state=state,
        )  # fmt: skip

    return neurons


def until_unsure(net):
    """Spikes of both populations in Nengo core, and the first step in which one is uncertain."""
    near = np.full(STEPS, np.inf)
    with net:
        probes = [nengo.Probe(e.neurons, "voltage") for e in net.ensembles if e.label != "in"]
    with nengo.Simulator(net, dt=DT, progress_bar=False) as sim:
        sim.run_steps(STEPS, progress_bar=False)
    spikes = {p.label: sim.data[p] > 0 for p in net.probes if p not in probes}
    for probe, spiked in zip(probes, spikes.values()):
        neurons, voltage = probe.target.ensemble.neuron_type, sim.data[probe]
        if not neurons.late_reset:
            voltage = voltage + spiked * neurons.threshold
        near = np.minimum(near, np.abs(voltage / neurons.threshold - 1).min(axis=1))
    for probe in probes:
        net.probes.remove(probe)
    return spikes, int(np.argmax(np.append(near, 0) < NEAR))


def change_of(net, label):
    found = [c for c in rewrite(net, dt=DT).changes if c.rule == "reset by subtraction"]
    return next(str(change) for change in found if change.object == label)


MEMORIES = {
    "of voltages": ((0.0, 0.0), (0.3, 0.97)),
    "of both, the voltage's longer": ((0.2, 0.6), (0.7, 0.95)),
    "of both, the current's longer": ((0.7, 0.95), (0.2, 0.6)),
    "of currents": ((0.3, 0.9), (0.0, 0.0)),
}


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("late", [False, True], ids=["at once", "in the next step"])
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**31))
def test_the_float_emulator_spikes_as_nengo_core(memory, late, seed):
    """All of two memories, biases, first voltages and currents, where no weight is too faint."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_currents, "FAINT", 1e-9)
        net = network(seed, of(*MEMORIES[memory], late))
        assert "the current, which stands for it" in change_of(net, "layer 0")
        spikes, sure = until_unsure(net)
        run = deploy.run(net, STEPS * DT, "float-emulator")
    for label, wanted in spikes.items():
        found = run[label].dense()[:sure] > 0
        np.testing.assert_array_equal(found, wanted[:sure], f"{label}, {sure} steps")


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("late", [False, True], ids=["at once", "in the next step"])
def test_the_chips_integers_lose_next_to_no_spike(memory, late):
    own = lost = far = 0
    for seed in range(4):
        net = network(seed, of(*MEMORIES[memory], late), recurrent=0.0)
        cpu, chip = (deploy.run(net, STEPS * DT, target) for target in ("cpu", "emulator"))
        for label in ("layer 0", "layer 1"):
            goal, found = (run[label].dense() > 0 for run in (cpu, chip))
            own += goal.sum()
            lost += abs(int(found.sum()) - int(goal.sum()))
            far += np.sum(found != goal)
    assert own > 300
    assert lost < 0.03 * own and far < 0.2 * own, (own, lost, far)


def test_what_a_reset_to_zero_would_cost_is_said_where_it_is_taken():
    """Of neurons whose voltages are recorded, which are not there with their memory elsewhere."""
    net = network(1, of((0.0, 0.0), (0.9, 0.9), late=False))
    with net:
        nengo.Probe(net.ensembles[1].neurons, "voltage")
    said = change_of(net, "layer 0")
    assert "a spike sets the voltage to 0" in said and "voltage is recorded" in said
    own, zero = re.search(r"what enters: (\d+) → (\d+)", said).groups()
    assert 0 < int(zero) < int(own)
    assert "the current, which stands for it" in change_of(net, "layer 1")


def integrators(drive):
    """Of n neurons that keep all, each with so much in each step."""

    def neurons(n, rng):
        return SteppedNeurons(
            [0.0], [1.0], [1.0], reset="subtract", leak=drive * rng.uniform(0.5, 1, n)
        )

    return neurons


def test_what_forgets_nothing_is_tried_on_what_enters():
    """A current leaks: by more than spikes lose where small steps lead to each, and less else."""
    few = network(2, integrators(0.012), gain=0.0, recurrent=0.0, n_steps=1000)
    assert "1/4,096 leaks" in change_of(few, "layer 0")
    many = network(2, integrators(0.0), gain=2.0, recurrent=0.0)
    assert "1/4,096 of it leaks in a step" in change_of(many, "layer 0")


@pytest.mark.parametrize("recurrent, least", [(0.0, 0.96), (0.4, 0.87)])
def test_what_forgets_nothing_leaks_in_floating_point_too(recurrent, least):
    """So that its spikes are nearly those of the equations; see docs/nir.md."""
    n_steps, shares = 400, []
    for seed in range(3):
        net = network(seed, of((0, 0), (1, 1), True, False, False), 6, 0.3, recurrent, 1.2, n_steps)
        spikes = [
            {layer: run[layer].dense() > 0 for layer in ("layer 0", "layer 1")}
            for run in (
                deploy.run(net, n_steps * DT, target, dt=DT) for target in ("cpu", "float-emulator")
            )
        ]
        for layer, own in spikes[0].items():
            both = (own & spikes[1][layer]).sum()
            shares.append(2 * both / (own.sum() + spikes[1][layer].sum()))
    assert least < min(shares) < 0.99


def test_voltages_that_go_further_than_currents_can():
    """A layer that is held down for ever, by half a threshold a step, or by others all the time."""

    held = network(3, integrators(-0.5), gain=0.5, recurrent=0.0)
    assert "biases" in change_of(held, "layer 0")
    held = network(3, integrators(0.0), gain=-30.0, recurrent=0.0)
    assert "beside which weights into currents are nothing" in change_of(held, "layer 0")


def test_one_chip_stays_one_chip():
    """Weights of forty steps behind a spike, of 200 sources: more in-axons than a core has."""
    net = network(4, of((0.85, 0.85), (0.9, 0.9), late=False), n_in=200)
    assert "in-axons would be needed" in change_of(net, "layer 0")


@pytest.mark.filterwarnings("error::loihi_rules.change.ChipWarning")  # of parts of a filter
def test_a_core_has_formats_for_all_weights():
    """Weights of twelve steps behind a spike differ by seven octaves, and others by more."""
    net = network(5, of((0.6, 0.65), (0.9, 0.9), late=False))
    with find_target("emulator").open(fix_seeds(net, 0), DT, 0) as session:
        assert not board_problems(session.rewritten.network, session.model, session.rewritten.chip)
        formats = [
            {synapse.synapse_cfg.weight_exp for synapse in block.synapses}
            for block in session.model.blocks
        ]
    assert max(map(len, formats)) == 7


@pytest.mark.parametrize("values", ["counts", "values"])
@pytest.mark.parametrize("late", [0, 3])
def test_several_spikes_in_a_step_come_later_too(values, late):
    """Of inputs, by a delay and by weights of later steps; neurons that pass on fire once."""
    rng = np.random.RandomState(6)
    signal = (
        rng.poisson(2.0, (STEPS, 6)) if values == "counts" else 3 * rng.uniform(size=(STEPS, 6))
    )
    net = network(6, of((0.6, 0.6), (0.9, 0.9), late=False), gain=0.4, recurrent=0.0)
    net.nodes[0].output = nengo.processes.PresentInput(signal.astype(float), DT)
    for conn in net.connections:
        if conn.pre_obj is net.ensembles[0].neurons:
            conn.synapse = step_delay(late)
    cpu, chip = (deploy.run(net, STEPS * DT, target)["layer 0"] for target in ("cpu", "emulator"))
    goal, found = cpu.dense() > 0, chip.dense() > 0
    assert goal.sum() > 100
    assert abs(int(found.sum()) - int(goal.sum())) < 0.04 * goal.sum()
    assert np.sum(found & goal) > 0.9 * goal.sum()
