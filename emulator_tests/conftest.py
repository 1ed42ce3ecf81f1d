"""What these tests share: a network, and how hypothesis and Nengo are set."""

import hypothesis
import nengo
import pytest

from loihi_rules.passes.chip.encoder_fits import EncoderFit

# without shrinking: a network that fails takes minutes to shrink, and seeds say which it was
PHASES = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, phases=PHASES)
hypothesis.settings.load_profile("repeatable")

# Tests that use Nengo as such must not meet pickles that another NumPy left in this home.
nengo.rc["decoder_cache"]["enabled"] = "False"


@pytest.fixture
def small():
    """A small network with a probe of each common kind."""
    with nengo.Network(label="small", seed=3) as network:
        stimulus = nengo.Node(lambda t: 0.8 if t > 0.05 else -0.8, label="stimulus")
        a = nengo.Ensemble(30, 1, label="a")
        b = nengo.Ensemble(20, 1, label="b")
        nengo.Connection(stimulus, a)
        nengo.Connection(a, b)
        nengo.Probe(stimulus, label="input")
        nengo.Probe(b, synapse=0.01, label="value")
        nengo.Probe(a.neurons, label="spikes")
        nengo.Probe(a.neurons, "voltage", label="voltage")
        nengo.Probe(b, synapse=0.01, sample_every=0.005, label="sampled")
    return network


@pytest.fixture
def one_refractory_time(monkeypatch):
    """All neurons of an ensemble rest as long, where a test is about what that makes of them."""
    monkeypatch.setattr(EncoderFit, "may_be_mixed", False)
