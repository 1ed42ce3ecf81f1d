"""Learning rules, as words and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.virtual

from nxsdk.compiler.microcodegen.interface import ruleToUCode  # noqa: E402
from nxsdk.virtual.microcode import (  # noqa: E402
    CONSTANTS,
    EPOCHS,
    EXPONENTS,
    MANTISSA_MAX,
    MOST_FACTORS,
    Factor,
    MicrocodeError,
    Product,
    decode,
    encode,
    parse,
)

factors = st.builds(
    Factor,
    st.sampled_from(["x0", "x1", "x2", "y0", "y1", "y2", "y3", "r0", "r1", "w", "d", "t"]),
    st.integers(*CONSTANTS),
)
products = st.builds(
    Product,
    st.just("w"),
    st.integers(-MANTISSA_MAX, MANTISSA_MAX).filter(bool),
    st.integers(*EXPONENTS),
    st.integers(0, EPOCHS),
    st.lists(factors, min_size=1, max_size=MOST_FACTORS).map(tuple),
)


def written(product, first):
    """A product as a person writes it."""
    sign = "-" if product.mantissa < 0 else ("" if first else "+")
    parts = [f"u{product.epoch}"]
    parts += [
        f"({f.variable}{f.constant:+d})" if f.constant else f.variable for f in product.factors
    ]
    return f"{sign} {abs(product.mantissa)}*2^{product.exponent}*{' * '.join(parts)}"


@given(products)
def test_a_word_is_its_product(product):
    assert decode(encode(product)) == product


@given(st.lists(products, min_size=1, max_size=4))
def test_a_sum_of_products_is_read_as_it_is_written(several):
    rule = "dw = " + " ".join(written(p, first=k == 0) for k, p in enumerate(several))
    assert parse(rule) == several
    code = ruleToUCode([rule], doOptimize=False)
    assert code.numUCodes == len(several)
    assert [decode(word) for word in code.uCodes] == several


@given(st.integers(0, 2**62 - 1))
def test_any_word_is_a_product_or_refused(word):
    try:
        product = decode(word)
    except MicrocodeError:
        return
    assert encode(product) == word


@pytest.mark.parametrize("sign", [1, -1])
def test_the_rule_of_pes(sign):
    (product,) = parse(f"dw = {'-' if sign < 0 else ''}u1*x1*y1*(2^-7)")
    assert product == Product("w", sign, -7, 1, (Factor("x1"), Factor("y1")))


@pytest.mark.parametrize(
    "rule",
    ["w = x1", "dw = x9", "dw = x1*", "dw = 2^99*x1", "dw = x1*x1*x1*x1*x1", "dw = 0*x1", ""],
)
def test_what_is_no_rule_is_refused(rule):
    with pytest.raises(MicrocodeError):
        parse(rule)
