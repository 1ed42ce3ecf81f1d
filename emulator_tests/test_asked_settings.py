"""Settings that a user gets wrong are named, with what they take."""

import nengo
import numpy as np
import pytest

import deploy
from loihi_rules import declare_settings

NUMBER = "a number above 0"
EXPONENT = "a whole number from -6 to 7"
CASES = [
    *(("conn", "pes_weight_exponent", value, EXPONENT) for value in (8, -7, 2.5, "4", True)),
    *(
        ("conn", name, value, NUMBER)
        for name in ("pes_span", "pes_rate_factor", "pes_error_scale")
        for value in (0, -1.0, np.nan, np.inf, "1", [1.0])
    ),
    ("conn", "way", "chip", 'one of "matrix", "carried", "host"'),
    ("ens", "on_chip", "no", "True or False"),
    ("ens", "input_tau", -0.01, "seconds, 0 or more"),
    ("node", "pilot_inputs", [np.nan], "an array of finite numbers, (n, size_out) of its node"),
    ("node", "pilot_inputs", "loud", "an array of finite numbers, (n, size_out) of its node"),
]


def network(**settings):
    with nengo.Network(seed=1) as net:
        node = nengo.Node(lambda t: 0.5, label="node")
        ens, post = nengo.Ensemble(20, 1, label="ens"), nengo.Node(size_in=1, label="post")
        nengo.Connection(node, ens)
        conn = nengo.Connection(ens, post, learning_rule_type=nengo.PES(), label="conn")
        nengo.Connection(post, conn.learning_rule)
    declare_settings(net)
    objects = {"node": node, "ens": ens, "conn": conn}
    for name, (obj, value) in settings.items():
        setattr(net.config[objects[obj]], name, value)
    return net


@pytest.mark.quick
@pytest.mark.parametrize("obj, name, value, words", CASES)
def test_a_setting_that_is_none_is_refused_with_what_it_takes(obj, name, value, words):
    net = network(**{name: (obj, value)})
    (problem,) = deploy.check(net).problems
    expected = f"{obj}: its {name} is {value!r}; set {words}, or None to leave it to the rules"
    assert str(problem) == expected
    with pytest.raises(deploy.BadInput) as refused:
        deploy.run(net, 0.01)
    assert expected in str(refused.value)


@pytest.mark.quick
def test_settings_that_are_right_are_taken():
    net = network(
        pes_weight_exponent=("conn", np.float64(4.0)),
        pes_span=("conn", 2),
        pes_rate_factor=("conn", np.float32(0.9)),
        on_chip=("ens", np.True_),
        input_tau=("ens", 0.01),
        pilot_inputs=("node", [[0.5], [-0.5]]),
    )
    assert not deploy.check(net).problems
