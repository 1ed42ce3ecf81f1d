"""Steps of another length than 1 ms: what is a number of steps, and what is a time."""

import nengo
import numpy as np
import pytest

import deploy
from deploy.compiling.jit import HAVE_NUMBA
from deploy.host import pilot_kernels
from deploy.host.pilots import CompiledSteps, compile_kernels
from loihi_rules import declare_settings, rewrite
from loihi_rules.chip.tuning import cpu_rates, mean_chip_rates
from loihi_rules.nengo_parts.wiring import on_chip
from loihi_rules.pilots.steps import (
    PilotSteps,
    chip_spikes,
    counted_rates,
    cpu_spikes,
    rates_of,
)
from loihi_rules.routes.carriers import noise
from loihi_rules.routes.entries import loops_of

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    "dt, tau, chip",
    [(0.01, 20.0, True), (0.01, 90.0, False), (0.0005, 3.0, True), (0.0005, 6.0, False)],
)
def test_slow_membranes_are_those_that_the_chips_decay_cannot_have(dt, tau, chip):
    """It decays by 1/4096 a step or more, and 1 − e^(−dt/τ) is rounded to that."""
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(10, 1, neuron_type=nengo.LIF(tau_rc=tau))
    done = rewrite(net, dt=dt)
    assert on_chip(done.network, done.copies[ens]) == chip
    assert (4096 * -np.expm1(-dt / tau) > 0.5) == chip


def carried(tau, seed=7):
    with nengo.Network(seed=seed) as net:
        rates = {"max_rates": nengo.dists.Uniform(80, 120)}
        a, b = nengo.Ensemble(200, 1, **rates), nengo.Ensemble(200, 1, **rates)
        nengo.Connection(nengo.Node(lambda t: 0.8 * np.sin(2 * np.pi * t)), a)
        conn = nengo.Connection(a, b, synapse=tau)
        nengo.Probe(b, synapse=0.03, label="out")
    declare_settings(net)
    net.config[conn].way, net.config[b].input_tau = "carried", 0.005
    return net


@pytest.mark.parametrize("dt", [0.0005, 0.002, 0.004])
def test_what_is_carried_is_late_by_steps(dt):
    """It was 8 ms late at steps of 4 ms, and early at 0.5; on average, as neurons differ."""

    def late(seed):
        waves = []
        for target in ("cpu", "float-emulator"):
            run = deploy.run(carried(0.03, seed), 3.0, target, dt=dt)
            x = run["out"].samples[round(1 / dt) :, 0]
            waves.append(np.mean(x * np.exp(-2j * np.pi * dt * np.arange(len(x)))))
        return -np.angle(waves[1] / waves[0]) / (2 * np.pi)

    assert 0 < np.mean([late(seed) for seed in range(7, 11)]) < 1.8 * dt  # 1.5 and what decoders do


def test_carriers_that_fire_less_often_a_second_are_noisier():
    """They fire so often a step: as the docstring has them, simulated beside the chip."""
    for dt, simulated in ((0.0005, 0.0067), (0.001, 0.0158), (0.002, 0.0399), (0.005, 0.0791)):
        assert noise(0.005, 25, dt) == pytest.approx(simulated, rel=0.35)


def test_a_loop_takes_a_step_at_least():
    with nengo.Network(seed=1) as net:
        ens = nengo.Ensemble(10, 1)
        nengo.Connection(ens, ens, synapse=None)
    for dt in (0.0001, 0.01):
        loops = loops_of(net, dt)
        part, slowest = loops.parts, loops.slowest
        assert slowest[part[ens]] == dt


@pytest.mark.parametrize("dt", [0.0001, 0.0005, 0.001, 0.002])
def test_a_pilot_counts_spikes_for_a_time(dt):
    """Rates to 1 spike in 0.3 s; it was 0.03 s at steps of 0.1 ms, after a settling of 0.01 s."""
    lif, current = nengo.LIF(), np.linspace(1.01, 3, 60)[None, None, :]
    counted = rates_of(cpu_spikes(lif, current, dt, np.random.RandomState(0)), dt)
    wanted = lif.rates(current[0], np.ones(60), np.zeros(60))[0]
    assert np.abs(counted - wanted).max() < 1.1 / 0.3
    counted = rates_of(chip_spikes(lif, current, dt), dt) / dt
    wanted = mean_chip_rates(lif, current[0, 0], dt)
    assert np.abs(counted - wanted).max() < 2 / 0.3 + 0.04 * wanted.max()


@pytest.mark.parametrize(
    "neurons", [nengo.LIF(), nengo.LIF(tau_ref=0), nengo.SpikingRectifiedLinear()]
)
@pytest.mark.parametrize("n_steps", [1, 400])
def test_rates_are_counted_of_the_spikes_of_a_pilot(neurons, n_steps):
    """Of several runs at once as of each alone."""
    rng = np.random.RandomState(3)
    given = rng.randn(n_steps, 4, 30).astype(np.float32)
    gain, bias = 30 * rng.uniform(size=(2, 30)), rng.uniform(size=(2, 30))
    found = counted_rates(neurons, given, gain, bias, 0.001)
    for rates, g, b in zip(found, gain.astype(np.float32), bias.astype(np.float32)):
        spikes = chip_spikes(neurons, g * given + b, 0.001)
        np.testing.assert_array_equal(rates, rates_of(spikes, 0.001) / 0.001)


@pytest.mark.parametrize(
    "neurons",
    [
        nengo.LIF(),
        nengo.LIF(tau_ref=0),
        nengo.LIF(tau_ref=0.0015, amplitude=0.01, min_voltage=-1),
        nengo.SpikingRectifiedLinear(),
    ],
)
@pytest.mark.parametrize("n_steps", [1, 400])
@pytest.mark.parametrize("dt", [0.001, 0.0005])
def test_compiled_pilots_have_numpys_bits(neurons, n_steps, dt):
    """Nengo's neurons, the chip's, and the filters between them."""
    rng = np.random.RandomState(3)
    given = (3 * rng.randn(n_steps, 6, 37)).astype(np.float32)
    gain = rng.uniform(1, 20, (2, 37)).astype(np.float32)
    bias = rng.uniform(-5, 5, (2, 37)).astype(np.float32)

    def found(steps):
        rng = np.random.RandomState(4)
        yield steps.counts(neurons, given, gain, bias, dt, 400, 100)
        yield steps.spikes(neurons, 9 * given, dt, 400)
        yield steps.cpu(neurons, 1 + 5 * given.astype(float), dt, rng, 400)
        yield steps.filtered(given, nengo.Lowpass(0.005), dt)
        yield steps.filtered(given, nengo.Alpha(0.01), dt)

    for ours, numpys in zip(found(CompiledSteps()), found(PilotSteps())):
        assert ours.dtype == numpys.dtype and numpys.any()
        np.testing.assert_array_equal(ours, numpys)


@pytest.mark.skipif(not HAVE_NUMBA, reason="no numba")
def test_all_kernels_of_pilots_are_compiled_beforehand():
    compile_kernels()
    every = [k for k in vars(pilot_kernels).values() if hasattr(k, "signatures")]
    assert len(every) == 5
    assert [len(kernel.signatures) for kernel in every] == [1] * 5


@pytest.mark.parametrize(
    "neurons", [nengo.LIF(), nengo.LIF(tau_ref=0, amplitude=0.3), nengo.LIFRate(), nengo.Sigmoid()]
)
def test_rates_on_the_cpu_are_nengos_to_the_bit(neurons):
    rng = np.random.RandomState(3)
    drive, gain, bias = rng.randn(500, 40), 3 * rng.uniform(size=40), rng.randn(40)
    gain[0], bias[0] = 0, 1  # on the threshold
    wanted = neurons.rates(drive, gain, bias)
    np.testing.assert_array_equal(cpu_rates(neurons, drive, gain, bias), wanted)
