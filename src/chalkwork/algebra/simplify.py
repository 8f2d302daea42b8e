"""The few rewrites that turn what reverse mode gives into what a textbook prints.

A sum is a list of terms, a term is a number and a list of (base, exponent). On that form: like terms are
collected, factors cancelled, a common number is taken out, and a factor is distributed over a sum when it
cancels a denominator there. The last one, with the fact that a target sums to one, is what makes softmax under
cross-entropy `a - y` and the sigmoid under binary cross-entropy too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from fractions import Fraction
from math import isfinite, prod
from typing import NamedTuple

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, check_written, names_in, rebuild
from chalkwork.algebra.numerals import Scalar
from chalkwork.algebra.operations import Shape
from chalkwork.algebra.times import moment_of
from chalkwork.budget import check_time

ONE, ZERO = Number(1), Number(0)
MOST_ROUNDS = 8
MOST_TERMS = 64
LARGEST_EXACT = 10**30


class SumsToOne(NamedTuple):
    """The fact that the entries of `name` along `axis`, or all of them, add up to one."""

    name: str
    axis: int | float | None


Factors = tuple[tuple[Expression, Scalar], ...]


class Term(NamedTuple):
    """A coefficient times a product of powers."""

    coefficient: Scalar
    factors: Factors

    def times(self, other: Term) -> Term:
        """The product, equal bases merged and those that cancel gone."""
        powers: dict[Expression, Scalar] = dict(self.factors)
        for base, exponent in other.factors:
            powers[base] = _exact(powers.get(base, 0) + exponent)
        return Term(
            _exact(self.coefficient * other.coefficient),
            tuple((base, exponent) for base, exponent in powers.items() if exponent != 0),
        )

    def scaled(self, number: Scalar) -> Term:
        """The product with a number."""
        return Term(_exact(number * self.coefficient), self.factors)

    @property
    def key(self) -> frozenset[tuple[Expression, Scalar]]:
        """What like terms have in common."""
        return frozenset(self.factors)


def simplify(expression: Expression, facts: Collection[SumsToOne] = ()) -> Expression:
    """The expression as a textbook would print it; equal in value and shape wherever both are defined.

    `facts` says which targets add up to one. Raises CostError for more than could be written out.

    >>> from chalkwork.algebra.expression import Name
    >>> from chalkwork.algebra.reading import read
    >>> a, y = Name("a", (2, 1)), Name("y", (2, 1))
    >>> adjoint = read("a * (-(y / a) - sum(-(y / a) * a, axis=0))", {"a": a, "y": y})
    >>> print(simplify(adjoint, [SumsToOne("y", -2)]))
    a - y
    """
    check_written(expression)
    check_time("simplifying")
    simplifier = _Simplifier(facts)
    for _ in range(MOST_ROUNDS):
        before, expression = expression, simplifier.visit(expression)
        if expression == before:
            break
    return expression


def _exact(value: Scalar) -> Scalar:
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
        return _exact(float(a) / float(b))
    return _exact(Fraction(a) / Fraction(b))


def _size(value: Scalar) -> Scalar:
    return -value if value < 0 else value


def _is_sum(expression: Expression) -> bool:
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
            below = _inverse(term_of(arguments[1]), expression)
            return below if below.factors == ((expression, 1),) else term_of(arguments[0]).times(below)
        if name == "power" and isinstance(arguments[1], Number) and not isinstance(arguments[0], Number):
            return Term(1, ((arguments[0], arguments[1].value),))
    return Term(1, ((expression, 1),))


def _inverse(term: Term, whole: Expression) -> Term:
    if term.coefficient == 0:
        return Term(1, ((whole, 1),))  # a division by zero stays as it is written
    factors = tuple((base, _exact(-exponent)) for base, exponent in term.factors)
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
    below = _chain([_power(base, _exact(-exponent)) for base, exponent in term.factors if exponent < 0])
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
        if not any(_is_sum(part) or isinstance(part, Number) for part in (left, right)):
            turned = (apply("subtract", right, left), 1)
            return Term(-term.coefficient, (*term.factors[:index], turned, *term.factors[index + 1 :]))
    return term


def _collected(terms: Iterable[Term]) -> list[Term]:
    """Like terms added up, in order of first occurrence."""
    sums: dict[frozenset[tuple[Expression, Scalar]], Term] = {}
    for term in terms:
        known = sums.get(term.key)
        coefficient = term.coefficient if known is None else _exact(known.coefficient + term.coefficient)
        sums[term.key] = Term(coefficient, term.factors if known is None else known.factors)
    return [term for term in sums.values() if term.coefficient != 0]


def _multiplied_out(term: Term) -> list[Term]:
    """The term with its sums multiplied out."""
    results = [Term(term.coefficient, ())]
    for base, exponent in term.factors:
        if _is_sum(base) and exponent == 1:
            results = [left.times(right) for left in results for right in terms_of(base)]
        else:
            results = [left.times(Term(1, ((base, exponent),))) for left in results]
        if len(results) > MOST_TERMS:
            return [term]
    return results


def _length(terms: list[Term]) -> int:
    return sum(1 + sum(len(terms_of(base)) if _is_sum(base) else 1 for base, _ in term.factors) for term in terms)


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


def _total(terms: list[Term]) -> Expression:
    """The sum of the terms, written with a positive term in front where there is one."""
    terms = _collected(terms)
    if len(terms) > 1 and any(_is_sum(base) for term in terms for base, _ in term.factors):
        expanded = _collected(part for term in terms for part in _multiplied_out(term))
        if _length(expanded) < _length(terms):
            terms = expanded
    if not terms:
        return ZERO
    terms = _complement(terms)
    common = _size(terms[0].coefficient)
    if common != 1 and len(terms) > 1 and all(_size(term.coefficient) == common for term in terms):
        inner = _total([Term(1 if term.coefficient > 0 else -1, term.factors) for term in terms])
        return expression_of(term_of(inner).scaled(common))
    first = next((index for index, term in enumerate(terms) if term.coefficient > 0), 0)
    terms.insert(0, terms.pop(first))
    result = expression_of(terms[0])
    for term in terms[1:]:
        operation = "add" if term.coefficient > 0 else "subtract"
        result = apply(operation, result, expression_of(Term(_size(term.coefficient), term.factors)))
    return result


def _product(term: Term) -> Expression:
    """The product, distributed over a sum where that cancels a denominator in it."""
    if term.coefficient == 0:
        return ZERO
    for base, exponent in term.factors:
        if exponent != 1 or not _is_sum(base):
            continue
        inner = terms_of(base)
        rest = tuple(factor for factor in term.factors if factor[0] != base)
        above = {other for other, power in rest if power > 0}
        if any(other in above and power < 0 for part in inner for other, power in part.factors):
            total = _total([Term(1, rest).times(part) for part in inner])
            return expression_of(term_of(total).scaled(term.coefficient))
    return expression_of(term)


def _split_scalars(term: Term) -> tuple[Term, Term]:
    """The factors that are scalars, and the rest."""
    scalars = tuple(factor for factor in term.factors if not factor[0].shape)
    others = tuple(factor for factor in term.factors if factor[0].shape)
    return Term(term.coefficient, scalars), Term(1, others)


def _whole_power(node: Expression) -> tuple[Expression, int] | None:
    """Base and exponent of a power with a whole exponent."""
    if isinstance(node, Application) and node.operation.name == "power":
        base, exponent = node.arguments
        if isinstance(exponent, Number) and isinstance(exponent.value, int):
            return base, exponent.value
    return None


class _Simplifier:
    def __init__(self, facts: Collection[SumsToOne]) -> None:
        self.facts = frozenset(facts)
        self.known: dict[Expression, Expression] = {}

    def visit(self, node: Expression) -> Expression:
        """The node simplified, its parts first."""
        if not isinstance(node, Application):
            return node
        found = self.known.get(node)
        if found is None:
            inner = rebuild(node, tuple([self.visit(argument) for argument in node.arguments]))
            rule = _RULES.get(node.operation.name)
            try:
                found = rule(self, inner) if rule else inner
            except OverflowError:  # constants that fold into no number worth writing stay as they are
                found = inner
            if found.shape != node.shape:
                found = self.fill(found, node.shape)
            self.known[node] = found
        return found

    def fill(self, value: Expression, shape: Shape) -> Expression:
        """The value spread over the shape."""
        if isinstance(value, Application) and value.operation.name == "broadcast":
            value = value.arguments[0]
        return apply("broadcast", value, shape=shape)

    def sum_or_product(self, node: Application) -> Expression:
        if node.operation.name in ("add", "subtract"):
            return _total(terms_of(node))
        term = term_of(node)
        return _product(term) if term.factors != ((node, 1),) else node

    def negative(self, node: Application) -> Expression:
        if _is_sum(node.arguments[0]) or isinstance(node.arguments[0], Number):
            return _total(terms_of(node))
        return expression_of(term_of(node))

    def power(self, node: Application) -> Expression:
        base, exponent = node.arguments
        if isinstance(exponent, Number):
            if exponent.value == 1:
                return base
            if exponent.value == 0:
                return ONE
            inner = _whole_power(base)
            if inner is not None and isinstance(exponent.value, int) and abs(exponent.value * inner[1]) < 64:
                return self.visit(apply("power", inner[0], Number(exponent.value * inner[1])))
            if isinstance(base, Number) and isinstance(exponent.value, int) and abs(exponent.value) < 64:
                size = Number(_exact(base.value ** abs(exponent.value)))
                return size if exponent.value > 0 else expression_of(_inverse(Term(size.value, ()), node))
        return node

    def transpose(self, node: Application) -> Expression:
        (inner,) = node.arguments
        if prod(inner.shape) == 1:
            return inner
        if not isinstance(inner, Application):
            return node
        name, arguments = inner.operation.name, inner.arguments
        if name == "transpose":
            return arguments[0]
        if name == "broadcast":
            return self.fill(self.turned(arguments[0]), node.shape)
        if name == "matmul":
            return self.visit(apply("matmul", self.turned(arguments[1]), self.turned(arguments[0])))
        if inner.operation.entrywise:
            return self.visit(rebuild(inner, tuple(self.turned(argument) for argument in arguments)))
        return node

    def turned(self, part: Expression) -> Expression:
        """The transpose of one part; a scalar is its own."""
        return self.visit(apply("transpose", part)) if part.shape else part

    def half_turned(self, node: Application) -> Expression:
        """Twice by half a turn is as it was."""
        (inner,) = node.arguments
        same = isinstance(inner, Application) and inner.operation is node.operation
        return inner.arguments[0] if isinstance(inner, Application) and same else node

    def matmul(self, node: Application) -> Expression:
        """Scalars go in front of a matrix product; a matrix of one number is one."""
        for single, other in (node.arguments, reversed(node.arguments)):
            if single.shape == (1, 1) and isinstance(single, Application) and single.operation.name == "broadcast":
                spread = single.arguments[0]
                if not spread.shape and node.shape == other.shape:
                    return self.visit(spread * other)
        scalars = Term(1, ())
        parts = []
        for argument in node.arguments:
            factor, rest = _split_scalars(term_of(argument))
            body = expression_of(rest)
            if body.shape != argument.shape:  # a constant matrix: leave it whole
                factor, body = Term(1, ()), argument
            scalars = scalars.times(factor)
            parts.append(body)
        product = apply("matmul", *parts)
        return expression_of(scalars.times(Term(1, ((product, 1),))))

    def sum(self, node: Application) -> Expression:
        (inner,) = node.arguments
        axis = node.parameters[0]
        if not inner.shape or (isinstance(axis, int) and axis >= -2 and inner.shape[axis] == 1):
            return inner
        if isinstance(inner, Name) and axis is None and SumsToOne(inner.name, axis) in self.facts:
            return ONE
        if isinstance(axis, int) and (total := self._known_sum(inner, axis)) is not None:
            return total
        if isinstance(inner, Application) and inner.operation.name == "broadcast":
            spread = inner.arguments[0]
            count = inner.shape[axis] if isinstance(axis, int) else prod(inner.shape)
            if not spread.shape:
                return _product(term_of(spread).scaled(count))
            return node
        scalars, rest = _split_scalars(term_of(inner))
        body = expression_of(rest)
        if (not scalars.factors and scalars.coefficient == 1) or body.shape != inner.shape:
            return node
        inside = self.visit(apply("sum", body, axis=axis))
        return _product(scalars.times(term_of(inside)))

    def _known_sum(self, inner: Expression, axis: int) -> Expression | None:
        """The sum of multiples of what adds up to one, and of numbers."""
        names = names_in(inner) if self.facts else ()
        if len(names) != 1 or SumsToOne(names[0].name, axis) not in self.facts:
            return None
        total: Scalar = 0
        for term in terms_of(inner):
            if term.factors not in ((), ((names[0], 1),)):
                return None
            total = _exact(total + term.coefficient * (1 if term.factors else inner.shape[axis]))
        return Number(total)

    def moment(self, node: Application) -> Expression:
        """One step of a sequence, taken out of its names."""
        found = moment_of(node)
        return node if found is node else self.visit(found)

    def argument(self, node: Application) -> Expression:
        """What leaves its argument as it is."""
        return node.arguments[0]


_RULES: dict[str, Callable[[_Simplifier, Application], Expression]] = {
    "add": _Simplifier.sum_or_product,
    "subtract": _Simplifier.sum_or_product,
    "multiply": _Simplifier.sum_or_product,
    "divide": _Simplifier.sum_or_product,
    "negative": _Simplifier.negative,
    "power": _Simplifier.power,
    "transpose": _Simplifier.transpose,
    "turned": _Simplifier.half_turned,
    "matmul": _Simplifier.matmul,
    "sum": _Simplifier.sum,
    "identity": _Simplifier.argument,
    "moment": _Simplifier.moment,
}
