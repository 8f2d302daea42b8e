"""The few rewrites that turn what reverse mode gives into what a textbook prints.

On sums as lists of terms (`terms`) like terms are collected, factors cancelled, a common number is taken out, and a
factor is distributed over a sum when it cancels a denominator there. The last one, with the fact that a target sums to
one, is what makes softmax under cross-entropy `a - y` and the sigmoid under binary cross-entropy too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import prod
from typing import NamedTuple

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply, check_written, names_in, rebuild
from chalkwork.algebra.numerals import Scalar
from chalkwork.algebra.operations import Shape
from chalkwork.algebra.terms import (
    ONE,
    Term,
    exact,
    expression_of,
    inverse,
    is_sum,
    product_of,
    split_scalars,
    sum_of,
    term_of,
    terms_of,
)
from chalkwork.algebra.times import moment_of
from chalkwork.budget import check_time

MOST_ROUNDS = 8


class SumsToOne(NamedTuple):
    """The fact that the entries of `name` along `axis`, or all of them, add up to one."""

    name: str
    axis: int | float | None


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
            return sum_of(terms_of(node))
        term = term_of(node)
        return product_of(term) if term.factors != ((node, 1),) else node

    def negative(self, node: Application) -> Expression:
        if is_sum(node.arguments[0]) or isinstance(node.arguments[0], Number):
            return sum_of(terms_of(node))
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
                size = Number(exact(base.value ** abs(exponent.value)))
                return size if exponent.value > 0 else expression_of(inverse(Term(size.value, ()), node))
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
            factor, rest = split_scalars(term_of(argument))
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
                return product_of(term_of(spread).scaled(count))
            return node
        scalars, rest = split_scalars(term_of(inner))
        body = expression_of(rest)
        if (not scalars.factors and scalars.coefficient == 1) or body.shape != inner.shape:
            return node
        inside = self.visit(apply("sum", body, axis=axis))
        return product_of(scalars.times(term_of(inside)))

    def _known_sum(self, inner: Expression, axis: int) -> Expression | None:
        """The sum of multiples of what adds up to one, and of numbers."""
        names = names_in(inner) if self.facts else ()
        if len(names) != 1 or SumsToOne(names[0].name, axis) not in self.facts:
            return None
        total: Scalar = 0
        for term in terms_of(inner):
            if term.factors not in ((), ((names[0], 1),)):
                return None
            total = exact(total + term.coefficient * (1 if term.factors else inner.shape[axis]))
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
