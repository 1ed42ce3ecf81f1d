"""A learning rate's way: what the chip's integers come to is what the rule asked for."""

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules.learning_rules.pes import trace_gain

pytestmark = pytest.mark.quick


def steady(seed, neurons, rate, radius):
    """Decoders that are taught by a constant error, which nothing corrects."""
    with nengo.Network(seed=seed) as net:
        u, error, out = (
            # not steady, so that spikes do not keep to certain steps of the learning epoch
            nengo.Node(lambda t: radius * (0.4 + 0.2 * np.sin(17 * t))),
            nengo.Node([0.05 * radius]),
            nengo.Node(size_in=1),
        )
        ens = nengo.Ensemble(neurons, 1, radius=radius, label="ens")
        nengo.Connection(u, ens)
        rule = nengo.PES(rate)
        conn = nengo.Connection(
            ens, out, function=lambda x: 0, learning_rule_type=rule, label="learned"
        )
        nengo.Connection(error, conn.learning_rule, synapse=None)
        nengo.Probe(conn, "weights", sample_every=0.05, label="decoders")
        nengo.Probe(ens.neurons, label="spikes")
    return net


@pytest.mark.parametrize(
    "neurons, rate, radius", [(60, 1e-3, 1.0), (300, 2e-4, 4.0), (150, 3e-3, 0.2)]
)
def test_the_rate_in_the_record_is_the_rate_at_which_decoders_move(neurons, rate, radius):
    measured = []
    for seed in range(8):  # as weights change by chance
        run = deploy.run(steady(5, neurons, rate, radius), 0.6, seed=seed)
        decoders = run["decoders"].samples[:, 0]
        change = (decoders[-1] - decoders[3]).sum() / (0.05 * (len(decoders) - 4))
        hertz = (run["spikes"].spike_steps > 200).sum() / 0.4
        measured.append(-change * neurons / (0.05 * radius) / hertz)
    (found,) = run.record["learning rates"]
    assert found["effective"] == pytest.approx(np.mean(measured), rel=0.03)
    assert found["effective"] == pytest.approx(
        rate * found["factor"] * trace_gain(0.005, 0.001), rel=0.005
    )
    assert (found["connection"], found["asked"]) == ("learned", rate)


def test_the_report_shows_it(tmp_path):
    parity = deploy.compare(steady(1, 40, 1e-3, 1.0), 0.1, spread=0)
    page = parity.save(tmp_path / "out").read_text()
    assert "How fast it learns on the chip" in page
    assert np.isfinite(parity.other.record["learning rates"][0]["effective"])
