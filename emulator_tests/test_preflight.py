"""`deploy.check`: what a model needs, before anything runs."""

import importlib
import json
import time

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import ChipWarning, declare_settings
from loihi_rules.change import warn
from loihi_rules.chip.limits import LOIHI
from loihi_rules.passes import PASSES

pytestmark = pytest.mark.quick


def test_resources_are_nengo_loihis(small):
    found = deploy.check(small)
    assert found.ok and found.chips == 1
    with deploy.Simulator(small) as sim:
        used = sorted(
            tuple(n for n, _ in block.utilization().values()) for block in sim.model.blocks
        )
    assert used == sorted(tuple(u.used for u in core.uses.values()) for core in found.resources)
    cores = [(core.chip, core.core) for core in found.resources]
    assert cores == sorted(set(cores))
    blocks = {core.block for core in found.resources}
    assert {"a", "b"} <= blocks and not any("0x" in block for block in blocks)


def test_traffic_counts_both_ways():
    found = deploy.check("pes-connection")
    assert (found.traffic.input_neurons, found.traffic.errors, found.traffic.values) == (2, 1, 1)
    assert found.traffic.waits and any("round trip" in note for note in found.notes)


@pytest.mark.parametrize("kind", ["neurons", "weights"])
def test_a_dense_population_that_no_split_makes_fit(kind):
    with nengo.Network(label="big") as net:
        a = nengo.Ensemble(20_000, 1, label="a")
        if kind == "neurons":
            nengo.Connection(a.neurons, a.neurons, transform=nengo.dists.Gaussian(0, 1e-3))
        else:
            nengo.Connection(a, a, solver=nengo.solvers.LstsqL2(weights=True))
    start = time.process_time()  # whatever else this machine has to do
    found = deploy.check(net)
    assert time.process_time() - start < 5
    (problem,) = found.problems
    assert problem.object == "a" and "20,000 in-axons" in problem.what
    assert "4,096" in problem.what and "nengo.Sparse" in problem.way_out
    with pytest.raises(deploy.BadInput, match="20,000 in-axons"):
        deploy.run(net, 0.01)


def test_more_neurons_than_the_largest_board_has():
    with nengo.Network() as net:
        nengo.Ensemble(5_000_000, 1, gain=np.ones(5_000_000), bias=np.ones(5_000_000))
    (problem,) = deploy.check(net).problems
    cores = LOIHI.cores_a_chip * LOIHI.chips_on["nahuku32"]
    assert f"{cores:,}" in problem.what and "nahuku32" in problem.what


def test_nothing_for_the_chip():
    with nengo.Network(label="rate") as net:
        nengo.Ensemble(10, 1, neuron_type=nengo.LIFRate())
    found = deploy.check(net)
    assert found.ok and not found.resources and "host" in found.verdict


def test_command_and_notebook(loihi_deploy, tmp_path):
    done = loihi_deploy("check", "pes-imitation", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["ok"] and answer["resources"][0]["synapses"]["limit"] == LOIHI.synapse_bits_a_core
    assert any(c["rule"] == "placement" for c in answer["changes"])
    page = deploy.check("pes-imitation")._repr_html_()
    assert "fits" in page and "<td>" in page
    (tmp_path / "bad.py").write_text(
        "import nengo\nmodel = nengo.Network()\nwith model:\n"
        "    a = nengo.Ensemble(9000, 1, label='a')\n"
        "    nengo.Connection(a, a, solver=nengo.solvers.LstsqL2(weights=True))\n"
    )
    done = loihi_deploy("check", "bad.py")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert done.stderr.strip().count("\n") == 0 and "9,000 in-axons" in done.stderr


def test_a_run_records_cores_and_saturation():
    with nengo.Network(seed=1) as net:
        pre = nengo.Ensemble(50, 1)
        conn = nengo.Connection(
            pre, nengo.Node(size_in=1), learning_rule_type=nengo.PES(1e-3), label="learned"
        )
        nengo.Connection(nengo.Node(3.0), conn.learning_rule)
        declare_settings(net)
        net.config[conn].pes_span = 1.0  # for which an error of 3 is beyond what the chip takes
    traces = deploy.run(net, 0.5)
    counts = {s["what"]: s for s in traces.record["saturation"]}
    assert counts["PES errors cut"]["count"] > 490 and counts["PES errors cut"]["of"] == 500
    assert counts["learned weights cut"]["count"] > 0
    cut = [text for text in traces.warnings if text.startswith("learned: ")]
    assert any("of its errors were cut off" in text for text in cut)
    assert {core["block"] for core in traces.record["cores"]} >= {"ensemble"}
    assert traces.record["spikes"] > 0


def test_what_the_chip_will_do_less_well_is_a_warning(small, monkeypatch):
    def a_pass(draft):
        warn("a", "rates", "fires at 333 Hz where 400 are asked for", "lower max_rates")

    rewriting = importlib.import_module("loihi_rules.rewriting")
    monkeypatch.setattr(rewriting, "PASSES", (*PASSES, a_pass))
    monkeypatch.setenv("LOIHI_DEPLOY_CACHE", "")  # where the same may be, of the true passes
    found = deploy.check(small)
    text = "a: fires at 333 Hz where 400 are asked for; lower max_rates"
    assert found.ok and found.warnings == (text,) and found.to_dict()["warnings"] == [text]
    assert deploy.run(small, 0.01).warnings == (text,)
    with pytest.warns(ChipWarning) as caught:
        deploy.Simulator(small, progress_bar=None).close()
    (warning,) = [w.message for w in caught if w.category is ChipWarning]
    assert (warning.object, warning.rule, str(warning)) == ("a", "rates", text)
