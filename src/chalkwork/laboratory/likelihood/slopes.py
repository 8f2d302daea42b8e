"""Derivatives of log-likelihoods as a textbook writes them: a sum of fractions with whole numbers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, transform
from chalkwork.algebra.numerals import Scalar
from chalkwork.algebra.simplify import simplify
from chalkwork.algebra.terms import Term, term_of, terms_of
from chalkwork.derivation.differentiate import gradient


def slope(expression: Expression, by: Name) -> Expression:
    """The derivative by a name, from Chalkwork's own differentiator, as a sum of fractions.

    >>> from chalkwork.algebra.reading import read
    >>> names = {name: Name(name) for name in ("n", "d", "v")}
    >>> log_likelihood = read("-n * log(v) / 2 - d / (2 * v)", names)
    >>> print(slope(log_likelihood, Name("v")))
    d / (2 * v^2) - n / (2 * v)
    """
    return in_fractions(gradient(_in_powers(expression), by))


def in_fractions(expression: Expression) -> Expression:
    """The expression as a sum of terms of the form p a / (q b), a positive one first."""
    terms = [term for term in _terms(simplify(expression)) if term.coefficient != 0]
    if not terms:
        return Number(0)
    terms.sort(key=lambda term: term.coefficient < 0)
    result = _written(terms[0])
    for term in terms[1:]:
        size = Term(_size(term.coefficient), term.factors)
        result = apply("add" if term.coefficient > 0 else "subtract", result, _written(size))
    return result


def _in_powers(expression: Expression) -> Expression:
    """Divisions as factors with negative exponents, which the simplifier collects."""

    def rule(node: Expression) -> Expression | None:
        if not isinstance(node, Application) or node.operation.name != "divide":
            return None
        above, below = (_in_powers(argument) for argument in node.arguments)
        inverse = term_of(below)
        result: Expression = above
        if inverse.coefficient != 1:
            result = Number(Fraction(1) / Fraction(inverse.coefficient)) * result
        for base, exponent in inverse.factors:
            result = result * apply("power", base, Number(-exponent))
        return result

    return transform(expression, rule)


def _terms(expression: Expression) -> Iterator[Term]:
    """The terms of a sum, or of so many times a sum."""
    for term in terms_of(expression):
        inner = terms_of(term.factors[0][0]) if len(term.factors) == 1 and term.factors[0][1] == 1 else []
        yield from ([Term(term.coefficient, ()).times(part) for part in inner] if len(inner) > 1 else [term])


def _written(term: Term) -> Expression:
    size = Fraction(_size(term.coefficient))
    above = _product(size.numerator, [(base, power) for base, power in term.factors if power > 0])
    below = _product(size.denominator, [(base, -power) for base, power in term.factors if power < 0])
    result = above if below == Number(1) else apply("divide", above, below)
    return apply("negative", result) if term.coefficient < 0 else result


def _product(number: int, factors: list[tuple[Expression, Scalar]]) -> Expression:
    parts = [base if power == 1 else apply("power", base, Number(power)) for base, power in factors]
    parts.sort(key=lambda part: isinstance(part, Application) and part.operation.name in ("log", "xlogy"))
    if number != 1 or not parts:
        parts.insert(0, Number(number))
    return reduce(lambda left, right: left * right, parts)


def _size(value: Scalar) -> Scalar:
    return -value if value < 0 else value
