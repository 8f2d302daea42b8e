"""All derivatives of a function as polynomials with rational coefficients: exact, and short enough to be read.

A function built of the elementary ones lies in a ring that is closed under differentiation: the polynomials in x and
in the functions that occur, with one rule each, such as s' = (s - s^2) u' for s = sigma(u) or r' = -r^2 u' for r = 1/u
(differential algebra: Bronstein, Symbolic Integration I, 2nd edition 2005, section 3.1). So the derivatives of the
sigmoid are polynomials in s itself: Minai and Williams, "On the derivatives of the sigmoid", Neural Networks 6 (1993).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from types import MappingProxyType

from chalkwork.algebra.expression import Application, Expression, Name, Number, apply
from chalkwork.algebra.operations import TABLE
from chalkwork.algebra.terms import Term, expression_of
from chalkwork.derivation.differentiate import local_derivatives
from chalkwork.laboratory.functions.one_variable import CONSTANTS, as_number, exact_value

MOST_TERMS = 150
MOST_PRODUCTS = 500_000  # of terms, in one ring: beyond it no form is short, and none is looked for
LARGEST_WHOLE_POWER = 40

Monomial = tuple[tuple[int, int], ...]
"""Generators by their number with their powers, in order."""
Polynomial = Mapping[Monomial, Fraction]
ONE: Monomial = ()
_ARGUMENT, _VALUE = Name("argument of a generator"), Name("value of a generator")


class TooLong(Exception):
    """A polynomial has more terms than anybody would read."""


@dataclass(frozen=True, slots=True)
class Generator:
    """One function that the others are polynomials in: what it is, of which argument, and as an expression."""

    kind: str
    argument: Polynomial
    expression: Expression
    exponent: Fraction = Fraction(0)


class Ring:
    """Polynomials over generators that are added as they are met.

    >>> from chalkwork.laboratory.functions.one_variable import Function
    >>> ring = Ring("x")
    >>> f = ring.of(Function.of("sigmoid").tree)
    >>> print(ring.expression(ring.derivative(ring.derivative(f)), {1: Name("s")}))
    s - 3 * s^2 + 2 * s^3
    """

    def __init__(self, variable: str | None) -> None:
        self.variable = variable
        self.generators: list[Generator] = []
        self._found: dict[object, int] = {}
        self._slopes: dict[int, Polynomial] = {}
        self._products = 0
        if variable is not None:
            self._generator("variable", {}, Name(variable))

    # --- arithmetic ------------------------------------------------------------------------------------------------

    def product(self, a: Polynomial, b: Polynomial) -> Polynomial:
        """The product; TooLong where it has too many terms, or took too much work."""
        self._products += len(a) * len(b)
        if self._products > MOST_PRODUCTS:
            raise TooLong
        result: dict[Monomial, Fraction] = {}
        for left, first in a.items():
            for right, second in b.items():
                key = _merged(left, right)
                result[key] = result.get(key, Fraction(0)) + first * second
        return _checked(result)

    def power(self, a: Polynomial, n: int) -> Polynomial:
        """A power with a whole exponent."""
        if n < 0:
            return self.power(self.inverse(a), -n)
        if n > LARGEST_WHOLE_POWER:
            raise TooLong
        result: Polynomial = {ONE: Fraction(1)}
        for _ in range(n):
            result = self.product(result, a)
        return result

    def inverse(self, a: Polynomial) -> Polynomial:
        """1 / a: of a single term factor by factor, else a generator of its own."""
        if not a:
            raise ZeroDivisionError
        if len(a) == 1:
            ((monomial, coefficient),) = a.items()
            result: Polynomial = {ONE: 1 / coefficient}
            for index, power in monomial:
                result = self.product(result, self.power(self._reciprocal({((index, 1),): Fraction(1)}), power))
            return result
        return self._reciprocal(a)

    def _reciprocal(self, a: Polynomial) -> Polynomial:
        ((key, _),) = a.items() if len(a) == 1 else ((ONE, 0),)
        generator = self.generators[key[0][0]] if len(a) == 1 else None
        if generator is not None and generator.kind == "reciprocal":
            return generator.argument
        return self._function("reciprocal", a)

    def derivative(self, a: Polynomial) -> Polynomial:
        """The derivative by the variable."""
        result: dict[Monomial, Fraction] = {}
        for monomial, coefficient in a.items():
            for place, (index, power) in enumerate(monomial):
                lower = ((index, power - 1),) if power > 1 else ()
                rest = (*monomial[:place], *lower, *monomial[place + 1 :])
                for other, factor in self.slope(index).items():
                    key = _merged(rest, other)
                    result[key] = result.get(key, Fraction(0)) + coefficient * power * factor
        return _checked(result)

    def slope(self, index: int) -> Polynomial:
        """The derivative of a generator."""
        found = self._slopes.get(index)
        if found is None:
            found = self._slopes[index] = self._slope(index)
        return found

    def _slope(self, index: int) -> Polynomial:
        generator = self.generators[index]
        if generator.kind == "variable":
            return {ONE: Fraction(1)}
        inner = self.derivative(generator.argument)
        if not inner:
            return {}
        return self.product(self._outer(index, generator), inner)

    def _outer(self, index: int, generator: Generator) -> Polynomial:
        """The derivative of a generator by its argument."""
        own: Polynomial = {((index, 1),): Fraction(1)}
        u = generator.argument
        match generator.kind:
            case "reciprocal":
                return {((index, 2),): Fraction(-1)}
            case "sqrt":
                return scaled(self.product(own, self.inverse(u)), Fraction(1, 2))
            case "power":
                return scaled(self.product(own, self.inverse(u)), generator.exponent)
        (rule,) = local_derivatives(apply(generator.kind, _ARGUMENT), _VALUE)
        assert rule is not None
        return self.of(rule, {_ARGUMENT: u, _VALUE: own})

    # --- from expressions, and back ----------------------------------------------------------------------------------

    def of(self, node: Expression, known: Mapping[Expression, Polynomial] = MappingProxyType({})) -> Polynomial:
        """The polynomial that a tree without kinks is, given those of some parts; TooLong for too many terms."""
        if node in known:
            return known[node]
        if isinstance(node, Number):
            value = Fraction(str(node.value))
            return {ONE: value} if value else {}
        if isinstance(node, Name):
            return self._own(self._generator("variable" if node.name == self.variable else node.name, {}, node))
        assert isinstance(node, Application)
        name, arguments = node.operation.name, node.arguments
        if name == "power":
            base, exponent = arguments
            return self._power_of(base, exponent, known)
        parts = [self.of(argument, known) for argument in arguments]
        match name:
            case "add":
                return added(parts[0], parts[1])
            case "subtract":
                return added(parts[0], parts[1], -1)
            case "negative":
                return scaled(parts[0], -1)
            case "multiply":
                return self.product(parts[0], parts[1])
            case "divide":
                return self.product(parts[0], self.inverse(parts[1]))
        return self._function(name, parts[0])

    def _power_of(self, base: Expression, exponent: Expression, known: Mapping[Expression, Polynomial]) -> Polynomial:
        value, inner = exact_value(exponent), self.of(base, known)
        if value is None:  # a^b = e^(b log a)
            return self._function("exp", self.product(self.of(exponent, known), self._function("log", inner)))
        if value.denominator == 1:
            return self.power(inner, value.numerator)
        if value == Fraction(1, 2):
            return self._function("sqrt", inner)
        return self._function("power", inner, value)

    def _function(self, kind: str, argument: Polynomial, exponent: Fraction = Fraction(0)) -> Polynomial:
        known = self._known_value(kind, argument)
        if known is not None:
            return {ONE: known} if known else {}
        if kind == "normal_pdf" and not argument:
            return self.inverse(self._function("sqrt", scaled(self.of(Name("pi")), 2)))
        inner = self.expression(argument)
        match kind:
            case "reciprocal":
                written: Expression = apply("divide", Number(1), inner)
            case "power":
                written = apply("power", inner, as_number(exponent))
            case "exp" if argument == {ONE: 1}:
                written = Name("e")
            case "softplus" if not argument:
                written = apply("log", Number(2))
            case _:
                written = apply(kind, inner)
        return self._own(self._generator(kind, argument, written, exponent))

    def _known_value(self, kind: str, argument: Polynomial) -> Fraction | None:
        """The value where it is a fraction."""
        if set(argument) <= {ONE}:
            value = argument.get(ONE, Fraction(0))
            if kind == "reciprocal" and value:
                return 1 / value
            if kind == "sqrt" and value >= 0:
                return _root(value)
            if kind in TABLE and value.denominator == 1:
                return Fraction(1) if kind == "power" and value == 1 else TABLE[kind].known.get(value.numerator)
            return None
        return self._of_half_turns(kind, argument) if kind in ("sin", "cos") else None

    def _of_half_turns(self, kind: str, argument: Polynomial) -> Fraction | None:
        ((monomial, factor),) = argument.items() if len(argument) == 1 else ((ONE, Fraction(0)),)
        if len(monomial) != 1 or monomial[0][1] != 1 or self.generators[monomial[0][0]].kind != "pi":
            return None
        quarters = 2 * factor
        if quarters.denominator != 1:
            return None
        return Fraction((0, 1, 0, -1)[(int(quarters) + (kind == "cos")) % 4])

    def _generator(
        self, kind: str, argument: Polynomial, expression: Expression, exponent: Fraction = Fraction(0)
    ) -> int:
        key = (kind, exponent, frozenset(argument.items()))
        index = self._found.get(key)
        if index is None:
            index = self._found[key] = len(self.generators)
            self.generators.append(Generator(kind, argument, expression, exponent))
        return index

    def _own(self, index: int) -> Polynomial:
        return {((index, 1),): Fraction(1)}

    def expression(self, a: Polynomial, letters: Mapping[int, Expression] | None = None) -> Expression:
        """The polynomial written out, low powers first.

        `letters` stand for the generators that have one; for 1 / u, that of its generator stands for u.
        """
        result: Expression | None = None
        for monomial, coefficient in sorted(a.items(), key=self._place):
            size = _product(abs(coefficient), tuple(self._factors(monomial, letters or {})))
            if result is None:
                result = size if coefficient > 0 else _negated(size)
            else:
                result = apply("add" if coefficient > 0 else "subtract", result, size)
        return result if result is not None else Number(0)

    def _place(self, item: tuple[Monomial, Fraction]) -> tuple[int, Monomial]:
        return sum(power for _, power in item[0]), item[0]

    def _factors(self, monomial: Monomial, letters: Mapping[int, Expression]) -> Iterator[tuple[Expression, int]]:
        for index, power in monomial:
            generator = self.generators[index]
            if generator.kind == "reciprocal":
                assert isinstance(generator.expression, Application)
                yield letters.get(index, generator.expression.arguments[1]), -power
            elif index in letters:
                yield letters[index], power
            else:
                yield generator.expression, power

    def at(self, a: Polynomial, values: Callable[[int], Polynomial], target: Ring) -> Polynomial:
        """The polynomial with the generators exchanged for polynomials of another ring."""
        result: Polynomial = {}
        for monomial, coefficient in a.items():
            term: Polynomial = {ONE: coefficient}
            for index, power in monomial:
                term = target.product(term, target.power(values(index), power))
            result = added(result, term)
        return result


class Place:
    """The exact values of a ring's polynomials at one point: rational, or polynomials in what is not.

    >>> from chalkwork.laboratory.functions.one_variable import Function
    >>> ring = Ring("x")
    >>> f = ring.of(Function.of("sigmoid").tree)
    >>> place = Place(ring, Number(0))
    >>> place.value(ring.derivative(f))
    {(): Fraction(1, 4)}
    """

    def __init__(self, ring: Ring, point: Expression) -> None:
        self.source = ring
        self.ring = Ring(None)
        self.point = self.ring.of(point)
        self._known: dict[int, Polynomial] = {}

    def value(self, a: Polynomial) -> Polynomial:
        """The polynomial at the point; ZeroDivisionError where it has none."""
        return self.source.at(a, self.generator, self.ring)

    def generator(self, index: int) -> Polynomial:
        """The value of one generator."""
        if index not in self._known:
            generator = self.source.generators[index]
            if generator.kind == "variable":
                self._known[index] = self.point
            elif generator.kind in CONSTANTS:
                self._known[index] = self.ring.of(generator.expression)
            elif generator.kind == "reciprocal":
                self._known[index] = self.ring.inverse(self.value(generator.argument))
            else:
                self._known[index] = self.ring._function(
                    generator.kind, self.value(generator.argument), generator.exponent
                )
        return self._known[index]


def rational(a: Polynomial) -> Fraction | None:
    """The number that a polynomial is, if it is one.

    >>> rational({}), rational({(): Fraction(1, 2)}), rational({((0, 1),): Fraction(1)})
    (Fraction(0, 1), Fraction(1, 2), None)
    """
    return a.get(ONE, Fraction(0)) if set(a) <= {ONE} else None


def added(a: Polynomial, b: Polynomial, sign: int = 1) -> Polynomial:
    """a + b, or a - b for the sign -1."""
    result = dict(a)
    for monomial, coefficient in b.items():
        result[monomial] = result.get(monomial, Fraction(0)) + sign * coefficient
    return _checked(result)


def scaled(a: Polynomial, factor: Fraction | int) -> Polynomial:
    """The polynomial times a number."""
    return {monomial: coefficient * factor for monomial, coefficient in a.items()} if factor else {}


def _root(value: Fraction) -> Fraction | None:
    top, bottom = isqrt(value.numerator), isqrt(value.denominator)
    return Fraction(top, bottom) if top * top == value.numerator and bottom * bottom == value.denominator else None


def _merged(a: Monomial, b: Monomial) -> Monomial:
    if not a or not b:
        return a or b
    powers = dict(a)
    for index, power in b:
        powers[index] = powers.get(index, 0) + power
    return tuple(sorted(powers.items()))


def _checked(terms: dict[Monomial, Fraction]) -> Polynomial:
    kept = {monomial: coefficient for monomial, coefficient in terms.items() if coefficient}
    if len(kept) > MOST_TERMS:
        raise TooLong
    return kept


def _product(coefficient: Fraction, factors: tuple[tuple[Expression, int], ...]) -> Expression:
    """A term, the denominator of its number below the line; a number alone stays a fraction."""
    if not factors:
        return as_number(coefficient)
    below = ((Number(coefficient.denominator), -1),) if coefficient.denominator != 1 else ()
    return expression_of(Term(coefficient.numerator, (*below, *factors)))


def _negated(expression: Expression) -> Expression:
    return as_number(-Fraction(expression.value)) if isinstance(expression, Number) else -expression
