"""Exact proofs of equations and inequalities with SymPy, on trees that are built here from our own expressions.

An equation is proved by bringing its difference to zero. Where everything is made of exponentials, roots aside, the
difference becomes a quotient of polynomials in t = e^(x/m), which are independent of x, so that zero is decided and not
guessed. The sign of such a quotient follows from its factors, whose real roots are counted by Sturm's theorem (Basu,
Pollack and Roy, Algorithms in Real Algebraic Geometry, section 2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from importlib import import_module
from math import floor, inf
from operator import add, mul, neg, sub
from typing import Any, NamedTuple

from chalkwork.algebra.expression import Application, Expression
from chalkwork.algebra.reading.written import is_derivative
from chalkwork.laboratory.claims.domain import Range
from chalkwork.laboratory.claims.evaluation import Arithmetic, Definitions, Evaluation, Proof, Undefined

sp: Any = import_module("sympy")


def symbols_of(ranges: Mapping[str, Range]) -> dict[str, Any]:
    """A SymPy symbol for every name, with what its range says of its sign."""
    found = {}
    for name, given in ranges.items():
        signs: dict[str, bool] = {"real": True}
        if given.low >= 0:
            signs = {"nonnegative": True} if given.closed[0] and given.low == 0 else {"positive": True}
        elif given.high <= 0 and not (given.closed[1] and given.high == 0):
            signs = {"negative": True}
        if given.whole:
            signs["integer"] = True
        found[name] = sp.Symbol(name, **signs)
    return found


def to_sympy(expression: Expression, known: Mapping[str, Any], definitions: Definitions) -> list[Any]:
    """The entries of an expression as SymPy trees.

    Raises NotHeld for operations that have no such form, Undefined for a division by zero.

    >>> import sympy
    >>> from chalkwork.algebra.expression import Name
    >>> to_sympy(Name("x") ** 2 + 1, {"x": sympy.Symbol("x")}, {})
    [x**2 + 1]
    """
    known = {"pi": sp.pi, **known}
    return Evaluation(_ARITHMETIC, known, definitions).entries(expression)


def _divided(a: Any, b: Any) -> Any:
    if b == 0:
        raise Undefined("division by zero")
    return a / b


def _chosen(x: Any, below: Callable[[], Any], at_zero: Any, above: Callable[[], Any]) -> Any:
    middle = [] if at_zero is None else [(at_zero, sp.Eq(x, 0))]
    return sp.Piecewise((below(), x < 0), *middle, (above(), True))


def _differentiate(run: Evaluation, node: Application) -> Any:
    name = node.operation.name
    if is_derivative(node):
        body, variable = node.arguments
        return sp.diff(run.of(body), run.of(variable))
    function, order = name.rstrip("'"), len(name) - len(name.rstrip("'"))
    inner = sp.Dummy("u", real=True)
    outer = run.applied(function, inner) if function in run.definitions else run.call(function, inner)
    return sp.diff(outer, inner, order).subs(inner, run.of(node.arguments[0]))


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(sp, name) for name in ("exp", "log", "sqrt", "floor", "sin", "cos", "tanh")},
    "add": add,
    "subtract": sub,
    "negative": neg,
    "multiply": mul,
    "identity": lambda x: x,
    "divide": _divided,
    "power": pow,
    "abs": sp.Abs,
    "sign": lambda x, at_zero: sp.Piecewise((at_zero, sp.Eq(x, 0)), (sp.sign(x), True)) if at_zero else sp.sign(x),
    "arctan": sp.atan,
    "maximum": sp.Max,
    "minimum": sp.Min,
    "normal_cdf": lambda x: (1 + sp.erf(x / sp.sqrt(2))) / 2,
    "normal_pdf": lambda x: sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi),
}
_ARITHMETIC = Arithmetic(
    lambda value: sp.Rational(value.numerator, value.denominator), _FUNCTIONS, _differentiate, _chosen
)


# --- equations -------------------------------------------------------------------------------------------------------


def prove(
    left: Expression, relation: str, right: Expression, ranges: Mapping[str, Range], definitions: Definitions
) -> Proof | None:
    """A proof of the relation for all numbers of the ranges for which both sides are defined; None where none is found.

    May take very long: it runs in a process of its own (`worker`). NotHeld for what has no symbolic form.
    """
    symbols = symbols_of(ranges)
    sides = [to_sympy(side, symbols, definitions) for side in (left, right)]
    count = max(map(len, sides))
    pairs = zip(*(side * count if len(side) == 1 else side for side in sides), strict=True)
    proofs = []
    for a, b in pairs:
        proof = _equation(a - b) if relation == "=" else _inequality(a, relation, b, symbols, ranges)
        if proof is None:
            return None
        proofs.append(proof)
    return max(proofs, key=lambda proof: list(_HOW).index(proof.how)) if relation == "=" else proofs[0]


_HOW: Mapping[str, Callable[[Any], Any]] = {
    "by expanding both sides": lambda d: sp.expand(d),
    "as quotients of polynomials in powers of e": lambda d: _numerator(d),
    "by simplification": lambda d: sp.simplify(d),
    "by simplification, functions written with powers of e": lambda d: sp.simplify(d.rewrite(sp.exp)),
    "by the rules of the trigonometric functions": lambda d: sp.trigsimp(sp.expand_trig(d)),
    "by the rules of the logarithm": lambda d: sp.simplify(sp.expand_log(d)),
    "by simplification, logarithms put together": lambda d: sp.simplify(sp.logcombine(d)),
    "by cases": lambda d: sp.simplify(sp.piecewise_fold(d.rewrite(sp.Piecewise))),
    "by the rules of powers": lambda d: sp.simplify(sp.powdenest(sp.powsimp(sp.expand_power_base(d)))),
}
"""Ways to bring a difference to zero, in the order in which they are tried."""


def _equation(difference: Any) -> Proof | None:
    for how, way in _HOW.items():
        result = way(difference)
        if result is not None and result == 0:
            return Proof(how)
    return None


def _numerator(difference: Any) -> Any:
    quotient = as_quotient(difference)
    return None if quotient is None else quotient.top


class Quotient(NamedTuple):
    """Expanded numerator and denominator; `powers` gives the positive symbol t its (x, m) where t = e^(x/m)."""

    top: Any
    bottom: Any
    powers: dict[Any, tuple[Any, int]]


def as_quotient(expression: Any) -> Quotient | None:
    """The expression as a quotient of polynomials in its symbols and in t = e^(x/m); None where it is none."""
    written = expression.rewrite(sp.exp)
    written = sp.powsimp(sp.expand(written, deep=True, mul=False, multinomial=False, power_base=False, log=False))
    factors: dict[Any, int] = {}
    for power in written.atoms(sp.exp):
        for term in sp.Add.make_args(sp.expand(power.exp)):
            coefficient, rest = term.as_coeff_Mul(rational=True)
            factors[rest] = sp.ilcm(factors.get(rest, 1), coefficient.q)
    letters = {rest: sp.Dummy("t", positive=True) for rest in factors}

    def exchanged(argument: Any) -> Any:
        result = sp.Integer(1)
        for term in sp.Add.make_args(sp.expand(argument)):
            coefficient, rest = term.as_coeff_Mul(rational=True)
            result *= letters[rest] ** (coefficient * factors[rest])
        return result

    plain = written.replace(lambda part: isinstance(part, sp.exp), lambda part: exchanged(part.exp))
    top, bottom = sp.fraction(sp.together(plain))
    top, bottom = sp.expand(top), sp.expand(bottom)
    names = top.free_symbols | bottom.free_symbols
    if bottom == 0 or not all(part.is_polynomial(*names) for part in (top, bottom)):
        return None
    if any(rest.free_symbols & names for rest in letters if not rest.is_Symbol and rest != 1):
        return None  # t is not independent of what else occurs
    return Quotient(top, bottom, {letters[rest]: (rest, factors[rest]) for rest in letters})


# --- inequalities ----------------------------------------------------------------------------------------------------


def _inequality(a: Any, relation: str, b: Any, symbols: Mapping[str, Any], ranges: Mapping[str, Range]) -> Proof | None:
    """The sign of b - a (of a - b for > and >=)."""
    difference = a - b if relation[0] == ">" else b - a
    return _by_factors(difference, relation, symbols, ranges) or _by_extremes(difference, relation, symbols, ranges)


def _by_factors(
    difference: Any, relation: str, symbols: Mapping[str, Any], ranges: Mapping[str, Range]
) -> Proof | None:
    """The sign of the difference by those of its factors."""
    quotient = as_quotient(difference)
    constant = not difference.free_symbols
    if quotient is None or constant or not all(rest.is_real for rest, _ in quotient.powers.values()):
        known = difference.is_positive if relation in ("<", ">") else difference.is_nonnegative
        return Proof("from the signs of its parts") if known and relation != "!=" else None
    limits = dict(_limits(quotient, symbols, ranges))
    top, bottom = _sign(quotient.top, limits), _sign(quotient.bottom, limits)
    if top is None or bottom is None:
        return None
    sign, strict = top.sign * bottom.sign, top.strict
    if relation == "!=":
        return Proof("from the factors of the difference, which have no zero") if strict else None
    if sign < 0 or (relation in ("<", ">") and not strict):
        return None
    return Proof("from the signs of the factors of the difference", tuple(_places(top.zeros, quotient)))


def _by_extremes(
    difference: Any, relation: str, symbols: Mapping[str, Any], ranges: Mapping[str, Range]
) -> Proof | None:
    """A function of one number lies above its least value where the slope is zero and its limits at the ends."""
    names = difference.free_symbols
    if len(names) != 1 or relation == "!=":
        return None
    (name,) = names
    given = next(ranges[key] for key, symbol in symbols.items() if symbol == name)
    slope = as_quotient(sp.diff(difference, name))
    if slope is None or slope.powers or not slope.top.free_symbols:
        return None
    limits = dict(_limits(slope, symbols, ranges))[name]
    bottom = _sign(slope.bottom, {name: limits._replace(closed=(True, True))} if given.whole else {name: limits})
    if bottom is None or not bottom.strict:
        return None
    low = -sp.oo if limits.low is None else limits.low
    high = sp.oo if limits.high is None else limits.high
    ends = [sp.limit(difference, name, low, "+"), sp.limit(difference, name, high, "-")]
    inside = [root for root in sp.real_roots(sp.Poly(slope.top, name)) if low < root < high]
    values = [sp.simplify(difference.subs(name, root)) for root in inside]
    strict = relation in ("<", ">")
    for end, belongs in zip(ends, limits.closed, strict=True):
        if not (end == sp.oo or (end.is_positive if strict and belongs else end.is_nonnegative)):
            return None
    if not all(value.is_positive if strict else value.is_nonnegative for value in values):
        return None
    places = tuple(f"{name} = {root}" for root, value in zip(inside, values, strict=True) if value == 0)
    return Proof("from the least value of the difference, by its derivative", places)


class Limits(NamedTuple):
    """Rational ends of where a symbol lies (None for infinity), and whether they belong to it."""

    low: Any
    high: Any
    closed: tuple[bool, bool]


def _limits(
    quotient: Quotient, symbols: Mapping[str, Any], ranges: Mapping[str, Range]
) -> Iterator[tuple[Any, Limits]]:
    """Where the symbols of a quotient lie; powers of e in an interval that is perhaps a little too wide."""
    of = {symbol: ranges[name] for name, symbol in symbols.items()}
    for symbol, given in of.items():
        low = None if given.low == -inf else sp.Rational(str(given.low))
        high = None if given.high == inf else sp.Rational(str(given.high))
        yield symbol, Limits(low, high, given.closed)
    for letter, (rest, parts) in quotient.powers.items():
        given = of.get(rest, Range())
        low = sp.Integer(0) if given.low == -inf else _below(sp.Rational(str(given.low)) / parts)
        high = None if given.high / parts > _LARGEST else _below(sp.Rational(str(given.high)) / parts) + _GRAIN
        at_one = given.high == 0
        yield letter, Limits(low, sp.Integer(1) if at_one else high, (given.closed[0], given.closed[1]))


_GRAIN = Fraction(1, 10**9)
_LARGEST = 1000  # exponent of e of which all digits before the point are worked out


def _below(exponent: Any) -> Any:
    """A fraction just below that power of e."""
    value = sp.exp(min(exponent, sp.Integer(_LARGEST)))
    if value.is_Rational:
        return sp.Rational(value)
    digits = 40 + max(0, int(exponent)) if exponent < _LARGEST else 40 + _LARGEST
    return sp.Rational(floor(value.evalf(digits) * 10**9), 10**9)


class Sign(NamedTuple):
    """The sign of a product; `strict` where it has no zero, else `zeros` are its (symbol, factor) with zeros."""

    sign: int
    strict: bool
    zeros: tuple[tuple[Any, Any], ...]


def _sign(polynomial: Any, limits: Mapping[Any, Limits]) -> Sign | None:
    """The sign of a polynomial where its symbols lie in their limits; None where it is not known."""
    if polynomial == 0:
        return Sign(1, False, ())
    constant, factors = sp.factor_list(polynomial)
    if not constant.is_real:
        return None
    zeros: list[tuple[Any, Any]] = []
    sign, strict = (1 if constant > 0 else -1), True
    for factor, times in factors:
        own = _factor_sign(factor, limits)
        if own is None and times % 2 == 0:
            own = Sign(0, False, ((None, factor),))
        if own is None or (own.sign == 0 and times % 2):
            return None
        if own.zeros:
            strict = False
            zeros += own.zeros
        sign *= own.sign if times % 2 else 1
    return Sign(sign, strict, tuple(zeros))


def _factor_sign(factor: Any, limits: Mapping[Any, Limits]) -> Sign | None:
    """The sign of an irreducible factor; 0, with the zeros, where it changes."""
    names = sorted(factor.free_symbols, key=str)
    if len(names) != 1:
        return _sign_by_coefficients(factor, names, limits)
    (name,) = names
    polynomial = sp.Poly(factor, name)
    low, high, closed = limits[name]
    roots = polynomial.count_roots(low, high)
    for end, belongs in ((low, closed[0]), (high, closed[1])):
        if end is not None and not belongs and polynomial.eval(end) == 0:
            roots -= 1
    if roots:
        return Sign(0, False, ((name, factor),))
    return Sign(1 if polynomial.eval(_between(low, high)) > 0 else -1, True, ())


def _between(low: Any, high: Any) -> Any:
    if low is None:
        return 0 if high is None else high - 1
    return low + 1 if high is None else (low + high) / 2


def _sign_by_coefficients(factor: Any, names: list[Any], limits: Mapping[Any, Limits]) -> Sign | None:
    """A polynomial in positive numbers, or in even powers, whose coefficients have one sign."""
    polynomial = sp.Poly(factor, *names)
    if any(coefficient.is_positive is None for coefficient in polynomial.coeffs()):
        return None
    signs = {1 if coefficient > 0 else -1 for coefficient in polynomial.coeffs()}
    positive = [(limits[name].low is not None and limits[name].low >= 0) for name in names]
    if len(signs) > 1 or not all(
        power % 2 == 0 or above for term in polynomial.monoms() for power, above in zip(term, positive, strict=True)
    ):
        return None
    open_below = [
        above and not (limits[name].closed[0] and limits[name].low == 0)
        for name, above in zip(names, positive, strict=True)
    ]
    strict = any(
        all(power == 0 or beyond for power, beyond in zip(term, open_below, strict=True))
        for term in polynomial.monoms()
    )
    return Sign(signs.pop(), strict, () if strict else ((None, factor),))


def _places(zeros: tuple[tuple[Any, Any], ...], quotient: Quotient) -> Iterator[str]:
    """Where the zeros lie, such as x = 0."""
    for name, factor in zeros:
        if name is None:
            continue
        for root in sp.real_roots(sp.Poly(factor, name)):
            rest, parts = quotient.powers.get(name, (name, 0))
            if parts and not root.is_positive:
                continue
            place = sp.simplify(parts * sp.log(root)) if parts else root
            if rest.is_Symbol and len(str(place)) < 40:
                yield f"{rest} = {place}"
