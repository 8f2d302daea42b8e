"""A sum as a list of terms, a term as a number and a list of (base, exponent): how expressions are collected."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import isfinite, prod
from typing import NamedTuple

from chalkwork.algebra.expression import Application, Expression, Number, apply
from chalkwork.algebra.numerals import Scalar

ONE, ZERO = Number(1), Number(0)
MOST_TERMS = 64
LARGEST_EXACT = 10**30

Factors = tuple[tuple[Expression, Scalar], ...]


class Term(NamedTuple):
    """A coefficient times a product of powers."""

    coefficient: Scalar
    factors: Factors

    def times(self, other: Term) -> Term:
        """The product, equal bases merged and those that cancel gone."""
        powers: dict[Expression, Scalar] = dict(self.factors)
        for base, exponent in other.factors:
            powers[base] = exact(powers.get(base, 0) + exponent)
        return Term(
            exact(self.coefficient * other.coefficient),
            tuple((base, exponent) for base, exponent in powers.items() if exponent != 0),
        )

    def scaled(self, number: Scalar) -> Term:
        """The product with a number."""
        return Term(exact(number * self.coefficient), self.factors)

    @property
    def key(self) -> frozenset[tuple[Expression, Scalar]]:
        """What like terms have in common."""
        return frozenset(self.factors)


def exact(value: Scalar) -> Scalar:
    """The number, an integer as such; OverflowError where nobody would want to see it written."""
    if isinstance(value, float):
        if not isfinite(value):
            raise OverflowError
        return value
    if isinstance(value, int) and -LARGEST_EXACT < value < LARGEST_EXACT:
        return value
    if max(abs(value.numerator), value.denominator) >= LARGEST_EXACT:
        raise OverflowError
    return int(value) if value.denominator == 1 else value


def _quotient(a: Scalar, b: Scalar) -> Scalar:
    if isinstance(a, float) or isinstance(b, float):
        return exact(float(a) / float(b))
    return exact(Fraction(a) / Fraction(b))


def _size(value: Scalar) -> Scalar:
    return -value if value < 0 else value


def is_sum(expression: Expression) -> bool:
    """Whether it is a sum or a difference."""
    return isinstance(expression, Application) and expression.operation.name in ("add", "subtract")


def term_of(expression: Expression) -> Term:
    """The product that the expression is, in factors; a constant filling a matrix counts as the constant."""
    if isinstance(expression, Number):
        return Term(expression.value, ())
    if isinstance(expression, Application):
        name, arguments = expression.operation.name, expression.arguments
        if name == "negative":
            return term_of(arguments[0]).scaled(-1)
        if name == "broadcast":
            return term_of(arguments[0])
        if name == "multiply":
            return term_of(arguments[0]).times(term_of(arguments[1]))
        if name == "divide":
            below = inverse(term_of(arguments[1]), expression)
            return below if below.factors == ((expression, 1),) else term_of(arguments[0]).times(below)
        if name == "power" and isinstance(arguments[1], Number) and not isinstance(arguments[0], Number):
            return Term(1, ((arguments[0], arguments[1].value),))
    return Term(1, ((expression, 1),))


def inverse(term: Term, whole: Expression) -> Term:
    """One over the term, of which `whole` is the quotient as it is written."""
    if term.coefficient == 0:
        return Term(1, ((whole, 1),))  # a division by zero stays as it is written
    factors = tuple((base, exact(-exponent)) for base, exponent in term.factors)
    return Term(_quotient(1, term.coefficient), factors)


def terms_of(expression: Expression, sign: int = 1) -> list[Term]:
    """The terms of the sum that the expression is."""
    if isinstance(expression, Application):
        name, arguments = expression.operation.name, expression.arguments
        if name in ("add", "subtract"):
            second = sign if name == "add" else -sign
            return terms_of(arguments[0], sign) + terms_of(arguments[1], second)
        if name == "negative":
            return terms_of(arguments[0], -sign)
        if name == "broadcast":
            return terms_of(arguments[0], sign)
    return [term_of(expression).scaled(sign)]


def _power(base: Expression, exponent: Scalar) -> Expression:
    return base if exponent == 1 else apply("power", base, Number(exponent))


def _chain(parts: Iterable[Expression]) -> Expression | None:
    result: Expression | None = None
    for part in parts:
        result = part if result is None else apply("multiply", result, part)
    return result


def expression_of(term: Term) -> Expression:
    """The term written as number, numerators, denominators; a negative number goes in front as a sign."""
    if term.coefficient == 0:
        return ZERO
    if term.coefficient < 0:
        term = _difference_turned(term)
    size = _size(term.coefficient)
    above = [_power(base, exponent) for base, exponent in term.factors if exponent > 0]
    if len(above) > 1:
        above.sort(key=lambda factor: prod(factor.shape))  # what multiplies a whole matrix stands in front of it
    below = _chain([_power(base, exact(-exponent)) for base, exponent in term.factors if exponent < 0])
    if size != 1 or not above:
        above.insert(0, Number(size))
    result = _chain(above) or ONE
    if below is not None:
        result = apply("divide", result, below)
    if term.coefficient < 0:
        return Number(-result.value) if isinstance(result, Number) else apply("negative", result)
    return result


def _difference_turned(term: Term) -> Term:
    """-(y - a) b as (a - y) b; the 1 - a of a derivative is left as it is."""
    for index, (base, exponent) in enumerate(term.factors):
        if not isinstance(base, Application) or base.operation.name != "subtract" or exponent != 1:
            continue
        left, right = base.arguments
        if not any(is_sum(part) or isinstance(part, Number) for part in (left, right)):
            turned = (apply("subtract", right, left), 1)
            return Term(-term.coefficient, (*term.factors[:index], turned, *term.factors[index + 1 :]))
    return term


def _collected(terms: Iterable[Term]) -> list[Term]:
    """Like terms added up, in order of first occurrence."""
    sums: dict[frozenset[tuple[Expression, Scalar]], Term] = {}
    for term in terms:
        known = sums.get(term.key)
        coefficient = term.coefficient if known is None else exact(known.coefficient + term.coefficient)
        sums[term.key] = Term(coefficient, term.factors if known is None else known.factors)
    return [term for term in sums.values() if term.coefficient != 0]


def _multiplied_out(term: Term) -> list[Term]:
    """The term with its sums multiplied out."""
    results = [Term(term.coefficient, ())]
    for base, exponent in term.factors:
        if is_sum(base) and exponent == 1:
            results = [left.times(right) for left in results for right in terms_of(base)]
        else:
            results = [left.times(Term(1, ((base, exponent),))) for left in results]
        if len(results) > MOST_TERMS:
            return [term]
    return results


def _length(terms: list[Term]) -> int:
    return sum(1 + sum(len(terms_of(base)) if is_sum(base) else 1 for base, _ in term.factors) for term in terms)


def _complement(terms: list[Term]) -> list[Term]:
    """1 - sigmoid(-x), alone, is sigmoid(x)."""
    if len(terms) == 2 and terms[0].coefficient == -terms[1].coefficient:
        for one, other in (terms, terms[::-1]):
            share = other.factors[0][0] if len(other.factors) == 1 and other.factors[0][1] == 1 else None
            if one.factors or not isinstance(share, Application) or share.operation.name != "sigmoid":
                continue
            inner = term_of(share.arguments[0])
            if inner.coefficient < 0:
                turned = apply("sigmoid", expression_of(Term(-inner.coefficient, inner.factors)))
                return [Term(one.coefficient, ((turned, 1),))]
    return terms


def sum_of(terms: list[Term]) -> Expression:
    """The sum of the terms, written with a positive term in front where there is one."""
    terms = _collected(terms)
    if len(terms) > 1 and any(is_sum(base) for term in terms for base, _ in term.factors):
        expanded = _collected(part for term in terms for part in _multiplied_out(term))
        if _length(expanded) < _length(terms):
            terms = expanded
    if not terms:
        return ZERO
    terms = _complement(terms)
    common = _size(terms[0].coefficient)
    if common != 1 and len(terms) > 1 and all(_size(term.coefficient) == common for term in terms):
        inner = sum_of([Term(1 if term.coefficient > 0 else -1, term.factors) for term in terms])
        return expression_of(term_of(inner).scaled(common))
    first = next((index for index, term in enumerate(terms) if term.coefficient > 0), 0)
    terms.insert(0, terms.pop(first))
    result = expression_of(terms[0])
    for term in terms[1:]:
        operation = "add" if term.coefficient > 0 else "subtract"
        result = apply(operation, result, expression_of(Term(_size(term.coefficient), term.factors)))
    return result


def product_of(term: Term) -> Expression:
    """The product, distributed over a sum where that cancels a denominator in it."""
    if term.coefficient == 0:
        return ZERO
    for base, exponent in term.factors:
        if exponent != 1 or not is_sum(base):
            continue
        inner = terms_of(base)
        rest = tuple(factor for factor in term.factors if factor[0] != base)
        above = {other for other, power in rest if power > 0}
        if any(other in above and power < 0 for part in inner for other, power in part.factors):
            total = sum_of([Term(1, rest).times(part) for part in inner])
            return expression_of(term_of(total).scaled(term.coefficient))
    return expression_of(term)


def split_scalars(term: Term) -> tuple[Term, Term]:
    """The factors that are scalars, and the rest."""
    scalars = tuple(factor for factor in term.factors if not factor[0].shape)
    others = tuple(factor for factor in term.factors if factor[0].shape)
    return Term(term.coefficient, scalars), Term(1, others)
