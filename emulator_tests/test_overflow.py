"""Sums beyond the chip's bits, and spikes that learning loses, are said with names and figures."""

import warnings

import nengo
import numpy as np
import pytest

import deploy
from deploy.compiling.jit import HAVE_NUMBA
from deploy.targets.kept.session import KeptSession
from loihi_rules import ChipWarning

pytestmark = pytest.mark.quick


def said(network, seconds, cached=False):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with deploy.Simulator(network, progress_bar=False) as sim:
            assert isinstance(sim._session, KeptSession) == cached
            sim.run(seconds)
    assert all(w.category in (ChipWarning, ResourceWarning) for w in caught)
    return [str(w.message) for w in caught]


def test_an_ensemble_whose_current_overflows_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("LOIHI_DEPLOY_CACHE", str(tmp_path))
    n, alone = 6, np.eye(6)
    with nengo.Network(seed=3) as net:
        a = nengo.Ensemble(n, 1, gain=np.ones(n), bias=np.zeros(n), seed=1, label="keeps")
        quiet = nengo.Ensemble(7, 1, label="quiet", max_rates=nengo.dists.Uniform(50, 100))
        own = 0.3 * alone - 0.04 * (1 - alone)
        nengo.Connection(a.neurons, a.neurons, transform=own, synapse=0.1)
        u = nengo.Node(lambda t: np.eye(n)[int(t / 0.5) % n] * 400 * (t % 0.5 < 0.1))
        nengo.Connection(u, a.neurons, synapse=0.01)
        nengo.Connection(u[0], quiet, transform=0.001)
        nengo.Probe(a.neurons)
    for cached in (False, HAVE_NUMBA):
        (text,) = [t for t in said(net, 0.7, cached) if "beyond the chip's bits" in t]
        assert text.startswith("keeps: its current was 6 times beyond the chip's bits")
        assert "use smaller weights or inputs" in text


def test_learning_that_loses_spikes_is_named():
    with nengo.Network(seed=1) as net:
        rates = nengo.dists.Uniform(700, 900)
        kind = nengo.SpikingRectifiedLinear()
        a = nengo.Ensemble(50, 1, neuron_type=kind, label="fast", max_rates=rates)
        b, out, u = nengo.Ensemble(50, 1, label="b"), nengo.Node(size_in=1), nengo.Node(1)
        nengo.Connection(u, a)
        nengo.Connection(u, b)
        rule = nengo.PES(1e-4)
        conn = nengo.Connection(a, out, function=lambda x: 0, learning_rule_type=rule)
        nengo.Connection(out, conn.learning_rule)
        nengo.Connection(u, conn.learning_rule, transform=-1)
        nengo.Probe(out)
    (text,) = [t for t in said(net, 0.2) if "were lost to what learns" in t]
    assert text.startswith("fast: ") and "max_rates of at most 500 Hz" in text
