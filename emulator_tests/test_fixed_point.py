"""Fixed point: its closed forms, by property, and nengo-loihi's own discretisation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from deploy.nengo_loihi.load import load_nengo_loihi
from loihi_rules.chip.fixed_point import best_exponent, error_bound, largest, quantise, step
from loihi_rules.chip.limits import LOIHI

pytestmark = pytest.mark.quick

WEIGHTS = npst.arrays(
    float, st.integers(1, 40), elements=st.floats(-1e3, 1e3, allow_subnormal=False)
)
SCALES = st.floats(1e-3, 1e6)


@given(WEIGHTS, SCALES)
def test_error_is_within_its_bound(weights, scale):
    done = quantise(weights, scale)
    inside = np.abs(weights) <= largest(done.exponent, scale, done.mixed)
    error = np.abs(done.weights - weights)[inside]
    assert np.all(error <= done.error_bound * (1 + 1e-9))
    assert done.error_bound == step(done.exponent, scale, done.mixed) / 2
    assert done.clipped <= np.count_nonzero(~inside)


@given(SCALES, st.integers(*LOIHI.weight_exponents), st.booleans())
def test_the_bound_is_reached(scale, exponent, mixed):
    half = error_bound(exponent, scale, mixed)
    worst = quantise(np.array([half * 0.9999, half * 1.0001]), scale, exponent, mixed)
    assert worst.weights[0] == 0
    assert worst.weights[1] == pytest.approx(2 * half)


@given(WEIGHTS, SCALES)
def test_the_best_exponent_is_the_smallest_that_fits(weights, scale):
    least, greatest = LOIHI.weight_exponents
    e = best_exponent(weights, scale)
    top = np.abs(weights).max()
    if e < greatest:
        assert largest(e, scale) >= top * (1 - 1e-12)
    if e > least:
        assert largest(e - 1, scale) < top * (1 + 1e-12)


@given(WEIGHTS, SCALES)
def test_quantising_again_changes_nothing(weights, scale):
    once = quantise(weights, scale)
    again = quantise(once.weights, scale, once.exponent, once.mixed)
    np.testing.assert_array_equal(once.mantissas, again.mantissas)
    assert again.clipped == 0


@given(
    npst.arrays(np.float32, (3, 17), elements=st.floats(-255, 255, width=32)),
    st.integers(-6, 0),
    st.booleans(),
)
def test_mantissas_are_nengo_loihis(weights, exponent, signed):
    """``discretize_weights`` gives m · 2^(6 + e) for weights scaled to ±255."""
    theirs = load_nengo_loihi()
    weights = weights if signed else np.abs(weights)
    synapse = theirs.block.Synapse(3)
    synapse.set_weights(weights)
    synapse.format(weight_exp=exponent)
    assert synapse.synapse_cfg.is_mixed  # as it sets it for all dense weights
    given_by_it = theirs.builder.discretize.discretize_weights(
        synapse.synapse_cfg, weights.copy(), lossy_shift=False, check_result=False
    )
    scale = 2.0 ** (6 + exponent)  # a mantissa's unit is 1 in their input
    ours = quantise(weights, scale, exponent, mixed=True)
    np.testing.assert_array_equal(ours.mantissas * 2 ** (6 + exponent), given_by_it)


@pytest.mark.parametrize(
    "arguments, text",
    [
        (([np.nan], 1.0), "finite"),
        (([1.0], 0.0), "scale"),
        (([1.0], 1.0, 9), "exponents"),
    ],
)
def test_what_cannot_be_quantised(arguments, text):
    with pytest.raises(ValueError, match=text):
        quantise(*arguments)


def test_limits_are_nengo_loihis():
    theirs = load_nengo_loihi()
    block, discretize = theirs.block, theirs.builder.discretize
    assert LOIHI.compartments_a_core == block.MAX_COMPARTMENTS
    assert LOIHI.in_axons_a_core == block.MAX_IN_AXONS
    assert LOIHI.out_axons_a_core == block.MAX_OUT_AXONS
    assert LOIHI.synapse_bits_a_core == block.MAX_SYNAPSE_BITS
    assert LOIHI.threshold_max == discretize.VTH_MAX
    assert LOIHI.bias_max == discretize.BIAS_MAX
    assert (LOIHI.input_bits, LOIHI.current_bits) == (discretize.Q_BITS, discretize.U_BITS)
