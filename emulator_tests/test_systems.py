"""The worked systems show what their lesson says, on CPU and emulator."""

import importlib
import inspect

import nengo
import numpy as np
import pytest
from nengo.builder.learning_rules import SimBCM

import deploy
from deploy.lessons import LESSONS, hallmarks
from deploy.lessons.backprop import accuracies
from loihi_rules.blocks.trained import Layer
from loihi_rules.systems import SYSTEMS, backprop, pes_imitation, spoken_digit


def function_of(system):
    """What gives its network."""
    name = system.name.replace("-", "_")
    return getattr(importlib.import_module(f"loihi_rules.systems.{name}"), name)


@pytest.mark.quick
def test_what_is_said_of_a_system_is_what_its_file_does():
    for system in SYSTEMS.values():
        takes = dict(inspect.signature(function_of(system)).parameters)
        assert takes.pop("seed").default == 0
        assert {p.name: p.default for p in system.parameters} == {
            name: parameter.default for name, parameter in takes.items()
        }
        assert system.seconds({}) == pytest.approx(system.duration)
    (learner,) = (p for p in SYSTEMS["backprop"].parameters if p.name == "learner")
    assert learner.among == backprop.LEARNERS


@pytest.mark.quick
def test_each_system_reads_as_a_lesson():
    for system in SYSTEMS.values():
        assert len(system.lesson) > 200 and "=" in system.lesson  # the idea and its equation
        assert len(inspect.getsource(function_of(system)).splitlines()) < 70
        network = system.build(seed=1)
        assert isinstance(network, nengo.Network) and network.seed == 1
        labels = [p.label for p in network.probes]
        assert len(set(labels)) == len(labels) and None not in labels
        assert set(system.ideals) | set(system.ideals.values()) <= set(labels)


@pytest.mark.parametrize("target", ["cpu", "emulator"])
def test_pes_connection_learns_to_carry_its_input(target):
    run = deploy.run("pes-connection", 6.0, target, seed=2)
    wrong = run["post"].samples - np.roll(run["input"].samples, 8, axis=0)
    first, last = np.std(wrong[:400]), np.std(wrong[-2000:])
    assert last < 0.4 * np.std(run["input"].samples)
    assert last < first


@pytest.mark.parametrize("target", ["cpu", "emulator"])
def test_pes_imitation_weights_change_as_fast_as_the_pupil_is_wrong(target):
    run = deploy.run("pes-imitation", 6.0, target, seed=2)
    wrong = np.abs(run["y*"].samples - run["y"].samples)[:, 0]
    weights = run["weights of learned"]
    change = np.linalg.norm(np.diff(weights.samples[:, 0, :], axis=0), axis=1)
    period = int(weights.period)
    between = wrong[period:].reshape(-1, period).mean(axis=1)[: len(change)]
    n = len(change) // 12 * 12  # in half seconds, within which noise averages out
    a, b = (x[:n].reshape(12, -1).mean(axis=1) for x in (between, change))
    # rounding moves the chip's weights a little even when the pupil is right
    assert np.corrcoef(a, b)[0, 1] > 0.8
    assert a[6:].sum() < a[:6].sum() and b[6:].sum() < b[:6].sum()  # both die down


def test_pes_imitation_fails_without_its_idea(monkeypatch):
    """A teacher of the opposite sign: the pupil ends elsewhere."""
    right = deploy.run("pes-imitation", 3.0, "cpu", seed=2)
    monkeypatch.setattr(pes_imitation, "teacher", lambda x: -(1 - 2 * x**2))
    wrong = deploy.run("pes-imitation", 3.0, "cpu", seed=2)
    a, b = (run["y"].samples[-1000:, 0] for run in (right, wrong))
    assert np.corrcoef(a, b)[0, 1] < -0.8


# ------------------------------------------------------------- lessons with hallmarks
# that they hold is tested with the comparison on each lesson's page, in test_docs.py

SECONDS = {name: SYSTEMS[name].seconds({}, seed=1) for name in LESSONS}


@pytest.mark.parametrize("target", ["cpu", "emulator"])
def test_bcm_fails_with_the_opposite_sign(target, monkeypatch):
    make_step = SimBCM.make_step

    def backwards(self, signals, dt, rng):
        forwards, delta = make_step(self, signals, dt, rng), signals[self.delta]

        def step():
            forwards()
            delta[...] *= -1

        return step

    monkeypatch.setattr(SimBCM, "make_step", backwards)
    found = {m.name: m for m in hallmarks(deploy.run("bcm", SECONDS["bcm"], target, seed=1))}
    for missed in ("LTP above θ", "LTD below θ"):
        assert not found[missed].goal.allows(found[missed].value)


@pytest.mark.parametrize("name", sorted(LESSONS))
def test_a_run_shorter_than_its_lesson_is_not_judged_by_it(name):
    assert not hallmarks(deploy.run(name, 0.1, "cpu"))


def missed(name, run, measure):
    found = {m.name: m for m in LESSONS[name].measure(run)}[measure]
    return not found.goal.allows(found.value)


@pytest.mark.parametrize("target", ["cpu", "emulator"])
def test_noise_stays_without_learning(target):
    run = deploy.run(SYSTEMS["noise-suppression"].build(seed=1, learning_rate=0.0), 12.0, target)
    assert missed("noise-suppression", run, "noise's drive falls by")
    assert missed("noise-suppression", run, "spurious spikes fall by")


def test_digits_are_not_told_with_rows_of_weights_exchanged(monkeypatch):
    layers = backprop.trained_layers

    def exchanged(data):
        first, last = layers(data)
        return [first, Layer(np.roll(last.weights, 1, axis=0), np.roll(last.biases, 1))]

    monkeypatch.setattr(backprop, "trained_layers", exchanged)
    network = SYSTEMS["backprop"].build(seed=1, taught=20, shown=20, learning_rate=0.0)
    run = deploy.run(network, backprop.length(20, 20), "emulator")
    assert missed("backprop", run, "backpropagation, accuracy")
    assert missed("backprop", run, "PES, accuracy")


def test_words_are_not_named_with_bands_exchanged(monkeypatch):
    data = spoken_digit.spoken_digits()
    data["levels"] = data["levels"][:, :, ::-1]
    monkeypatch.setattr(spoken_digit, "spoken_digits", lambda: data)
    network = SYSTEMS["spoken-digit"].build(seed=1, words=8)
    run = deploy.run(network, spoken_digit.length(8, seed=1), "emulator")
    assert missed("spoken-digit", run, "words named right")


@pytest.mark.parametrize("target", ["cpu", "emulator"])
def test_oja_fails_without_forgetting(target):
    run = deploy.run(SYSTEMS["oja"].build(seed=1, beta=0.0), 3.0, target, seed=1)
    found = {m.name: m for m in LESSONS["oja"].measure(run)}
    longest = found["‖w‖, largest of the run"]
    assert not longest.goal.allows(longest.value)


def test_a_read_out_learns_from_ojas_features():
    options = {"taught": 600, "shown": 60}
    network = backprop.backprop(learner="oja", learning_rate=4e-3, **options)
    run = deploy.run(network, backprop.length(**options), "emulator")
    assert accuracies(run).pes[-1] > 0.75  # 0.1 by chance
