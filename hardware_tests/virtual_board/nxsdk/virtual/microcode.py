"""Learning rules as sums of products, and products as words.

Davies et al. (2018), eq. (5): a synaptic variable changes by ``Σ_i S_i · Π_j (V_ij + C_ij)``,
with a scale ``S_i`` of a few bits and a power of two, and traces, weights or constants ``V_ij``.
How Intel's words are laid out is not public; this layout is the virtual board's own:

    bit 0       sign of the scale
    bits 1-3    its mantissa, 1 to 7
    bits 4-8    its exponent, −16 to 15
    bits 9-12   k of u_k: the product counts every 2^k epochs
    bits 13-14  what changes: weight, delay or tag
    bits 15-17  number of factors, up to 4
    then 11 bits a factor: 5 for the variable, 6 for the constant that is added, −32 to 31
"""

from __future__ import annotations

import re
from typing import List, NamedTuple, Tuple

TARGETS = ("w", "d", "t")
VARIABLES = ("x0", "x1", "x2", "y0", "y1", "y2", "y3", "r0", "r1", "w", "d", "t", "1")
MOST_FACTORS = 4
MANTISSA_MAX, EXPONENTS, CONSTANTS, EPOCHS = 7, (-16, 15), (-32, 31), 15
_EXPONENT_AT, _EPOCH_AT, _TARGET_AT, _COUNT_AT, _FACTORS_AT, _FACTOR_BITS = 4, 9, 13, 15, 18, 11


class MicrocodeError(ValueError):
    """A rule, or a word, that is none."""


class Factor(NamedTuple):
    """A variable and the constant that is added to it."""

    variable: str
    constant: int = 0


class Product(NamedTuple):
    """One term of a rule.

    Attributes
    ----------
    target : str
        What changes: ``"w"``, ``"d"`` or ``"t"``.
    mantissa : int
        Of the scale, with its sign.
    exponent : int
        Of the scale: a power of two.
    epoch : int
        It counts every ``2**epoch`` learning epochs.
    factors : tuple of Factor
    """

    target: str
    mantissa: int
    exponent: int
    epoch: int
    factors: Tuple[Factor, ...]


def encode(product: Product) -> int:
    """The word of a product.

    Raises
    ------
    MicrocodeError
        If something of it has no room in a word.
    """
    size = abs(product.mantissa)
    _check("a scale", size, 1, MANTISSA_MAX)
    _check("a power of two", product.exponent, *EXPONENTS)
    _check("u", product.epoch, 0, EPOCHS)
    _check("the number of factors", len(product.factors), 0, MOST_FACTORS)
    word = int(product.mantissa < 0) | size << 1
    word |= (product.exponent - EXPONENTS[0]) << _EXPONENT_AT
    word |= product.epoch << _EPOCH_AT
    word |= TARGETS.index(product.target) << _TARGET_AT
    word |= len(product.factors) << _COUNT_AT
    for k, factor in enumerate(product.factors):
        _check(f"what is added to {factor.variable}", factor.constant, *CONSTANTS)
        bits = VARIABLES.index(factor.variable) | (factor.constant - CONSTANTS[0]) << 5
        word |= bits << (_FACTORS_AT + k * _FACTOR_BITS)
    return word


def decode(word: int) -> Product:
    """The product of a word.

    Raises
    ------
    MicrocodeError
        If it is none that `encode` makes.
    """
    count = _bits(word, _COUNT_AT, 3)
    factors = []
    for k in range(count):
        bits = _bits(word, _FACTORS_AT + k * _FACTOR_BITS, _FACTOR_BITS)
        if (bits & 31) >= len(VARIABLES):
            raise MicrocodeError(f"word {word:#x}: its factor {k + 1} is of no variable")
        factors.append(Factor(VARIABLES[bits & 31], (bits >> 5) + CONSTANTS[0]))
    size, target = _bits(word, 1, 3), _bits(word, _TARGET_AT, 2)
    if not size or target >= len(TARGETS):
        raise MicrocodeError(f"word {word:#x} is no product")
    product = Product(
        TARGETS[target],
        -size if word & 1 else size,
        _bits(word, _EXPONENT_AT, 5) + EXPONENTS[0],
        _bits(word, _EPOCH_AT, 4),
        tuple(factors),
    )
    if encode(product) != word:
        raise MicrocodeError(f"word {word:#x} has bits beyond its factors")
    return product


def parse(rule: str) -> List[Product]:
    """The products of a rule: ``dw = ±u1*x1*(y1 + 3)*(2^-7) + …``.

    Raises
    ------
    MicrocodeError
        If it is not of that form.
    """
    found = re.fullmatch(r"d([wdt])=(.+)", re.sub(r"\s", "", rule))
    if found is None:
        raise MicrocodeError(f"{rule!r} is not of the form dw = …")
    return [_product(found.group(1), sign, text, rule) for sign, text in _terms(found.group(2))]


def _terms(text: str) -> List[Tuple[int, str]]:
    """Sign and text of each term; signs within brackets and powers belong to theirs."""
    terms: List[Tuple[int, str]] = []
    sign, term, depth = 1, "", 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character in "+-" and depth == 0 and not term.endswith(("^", "*")):
            if term:
                terms.append((sign, term))
            sign, term = (1 if character == "+" else -1), ""
        else:
            term += character
    return [*terms, (sign, term)]


def _product(target: str, sign: int, text: str, rule: str) -> Product:
    mantissa, exponent, epoch = sign, 0, 0
    factors: List[Factor] = []
    for part in re.split(r"\*(?![^(]*\))", text):
        inner = part[1:-1] if part.startswith("(") and part.endswith(")") else part
        power = re.fullmatch(r"(?:(\d+)\*)?2\^([+-]?\d+)", inner)
        variable = re.fullmatch(r"([xyr]\d|[wdt])(?:([+-]\d+))?", inner)
        if power is not None:
            mantissa *= int(power.group(1) or 1)
            exponent += int(power.group(2))
        elif re.fullmatch(r"\d+", inner):
            mantissa *= int(inner)
        elif re.fullmatch(r"u\d+", inner):
            epoch = int(inner[1:])
        elif variable is not None and variable.group(1) in VARIABLES:
            factors.append(Factor(variable.group(1), int(variable.group(2) or 0)))
        else:
            raise MicrocodeError(f"{rule!r}: {part!r} is no factor")
    if mantissa == 0:
        raise MicrocodeError(f"{rule!r} has a term of 0")
    while abs(mantissa) > MANTISSA_MAX and mantissa % 2 == 0:
        mantissa, exponent = mantissa // 2, exponent + 1
    product = Product(target, mantissa, exponent, epoch, tuple(factors))
    encode(product)  # what has no room in a word is refused with the rule
    return product


def _bits(word: int, at: int, n: int) -> int:
    return word >> at & (2**n - 1)


def _check(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise MicrocodeError(f"{what} is {value}, and {low} to {high} can be written")
