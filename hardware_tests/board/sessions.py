"""A network on the emulator and on a board, to be compared bit by bit."""

import os
import warnings

import numpy as np
from nxsdk.virtual.dice import VARIABLE

from deploy.models.loading import load_model
from deploy.nengo_loihi.build.placing import place
from deploy.targets.board import BOARD
from deploy.targets.emulated import EMULATOR
from loihi_rules import fix_seeds
from loihi_rules.chip.limits import LOIHI
from loihi_rules.rewriting import rewrite_copy

DT = 0.001


def late_errors(session):
    """Have errors act one step later in the emulator, as snips hand them on."""
    emulator = session.simulator.sims["emulator"]
    waiting, take = [[]], emulator.host2chip

    def host2chip(spikes, errors):
        waiting.append([(synapse, t, np.array(values)) for synapse, t, values in errors])
        take(spikes, waiting.pop(0))

    emulator.host2chip = host2chip


def draw_as_emulated(model, seed, chip=LOIHI):
    """Have the virtual board draw its numbers in the emulator's order, which is that of blocks.

    On several chips nengo-loihi puts side by side what talks to each other.
    """
    cores = [core.blocks for each in place(model, chip).chips for core in each.cores]
    turns = [next(k for k, of in enumerate(cores) if block in of) for block in model.blocks]
    os.environ[VARIABLE] = f"emulator:{seed}:{','.join(map(str, turns))}"


def both(network, seed, steps, late=True):
    """Samples of all probes, and what was learnt, by the emulator and by the board."""
    found = []
    for target in (EMULATOR.with_engine("reference"), BOARD):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            copied = fix_seeds(network, seed)
            with target.open(copied, DT, seed) as session:
                if target is not BOARD and late and hasattr(session, "runner"):
                    late_errors(session)
                session.run_steps(steps)
                samples = [session.samples(copied.copies[p]) for p in network.all_probes]
                learned = [
                    session.learned_decoders(conn)
                    for conn in getattr(session, "rewritten", copied).learning_scales
                ]
                on_board = hasattr(session, "board")
        found.append((samples, learned, on_board))
    return found


def assert_same(network, seed, steps):
    """Bit by bit; returns whether there was anything for the board."""
    (samples, learned, _), (on_board, learned_there, there) = both(network, seed, steps)
    for probe, one, other in zip(network.all_probes, samples, on_board):
        np.testing.assert_array_equal(one, other, f"{probe}, {probe.attr}")
    for one, other in zip(learned, learned_there):
        np.testing.assert_array_equal(one, other, "learned decoders")
    return there


def lesson(name):
    """The network of a lesson."""
    return load_model(name, 0).network


def runner(net, n_steps):
    """A function that runs a network, rewritten once, on a target, prepared by another.

    It gives the samples of all probes, and what the one learned connection has come to.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        copied = fix_seeds(net, 0)
        rewritten = rewrite_copy(copied, DT)
    (learned,) = rewritten.learning_scales

    def run(target, prepare=None):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with target.open_rewritten(copied, rewritten, DT, 0) as session:
                if prepare is not None:
                    prepare(session)
                session.run_steps(n_steps)
                samples = [session.samples(copied.copies[probe]) for probe in net.all_probes]
                return [*samples, session.learned_decoders(learned)]

    return run
