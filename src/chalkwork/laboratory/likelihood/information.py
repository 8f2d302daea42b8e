"""Entropy, cross-entropy and Kullback-Leibler divergence of discrete distributions, and the chain between them.

Everything is computed with 60 digits from the exact probabilities. Source: Cover and Thomas, Elements of Information
Theory, chapter 2; Goodfellow, Bengio and Courville, Deep Learning, section 3.13.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from math import inf

DIGITS = 60
AGREEMENT = 40
"""To so many digits the lines of a chain must agree."""


@dataclass(frozen=True, slots=True)
class Information:
    """The quantities of two distributions, in nats; infinite where q is 0 and p is not."""

    entropy: float
    cross_entropy: float
    divergence: float


def log(value: Fraction) -> Decimal:
    """The natural logarithm of a positive number."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).ln()


def entropy(p: Sequence[Fraction]) -> Decimal:
    """H(p) = -sum p log p, with 0 log 0 = 0."""
    return -_total(_decimal(a) * log(a) for a in p if a)


def information(p: Sequence[Fraction], q: Sequence[Fraction]) -> Information:
    """H(p), H(p, q) and KL(p || q) in nats.

    >>> information([Fraction(1, 2), Fraction(1, 2)], [Fraction(1, 4), Fraction(3, 4)]).divergence  # doctest: +ELLIPSIS
    0.14384103...
    """
    with localcontext() as context:
        context.prec = DIGITS
        own = float(entropy(p)) + 0.0
        if any(a and not b for a, b in zip(p, q, strict=True)):
            return Information(own, inf, inf)
        cross = -_total(_decimal(a) * log(b) for a, b in zip(p, q, strict=True) if a)
        return Information(own, float(cross) + 0.0, float(chain_values(p, q)[0]) + 0.0)


def chain_values(p: Sequence[Fraction], q: Sequence[Fraction]) -> list[Decimal]:
    """The value of each line from KL(p || q) to H(p, q) - H(p), each computed as it is written.

    Where the lines did not agree to `AGREEMENT` digits this would be an ArithmeticError. q must be positive where p is.
    """
    with localcontext() as context:
        context.prec = DIGITS
        pairs = [(a, b) for a, b in zip(p, q, strict=True) if a]
        lines = [
            _total(_decimal(a) * log(a / b) for a, b in pairs),
            _total(_decimal(a) * (log(a) - log(b)) for a, b in pairs),
            _total(_decimal(a) * log(a) for a, _ in pairs) - _total(_decimal(a) * log(b) for a, b in pairs),
            -_total(_decimal(a) * log(b) for a, b in pairs) - entropy(p),
        ]
        apart = max(lines) - min(lines)
        if apart > Decimal(10) ** -AGREEMENT * max([Decimal(1), *(abs(log(b)) for _, b in pairs)]):
            raise ArithmeticError(f"the lines of the chain differ by {apart}")
        return [line if abs(line) > Decimal(10) ** -AGREEMENT else Decimal(0) for line in lines]


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _total(terms: Iterable[Decimal]) -> Decimal:
    return sum(terms, Decimal(0))
