"""The derivation of a Taylor expansion: the derivatives at the point, the coefficients, the bound of the remainder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import factorial
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Constant, Expression, Name, Number, replace
from chalkwork.derivation.cancellation import without_noise
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.laboratory.functions.one_variable import CONSTANTS, as_number
from chalkwork.laboratory.taylor.expansion import Expansion
from chalkwork.laboratory.work import Work
from chalkwork.typesetting.notation import Notation, subscript, superscript
from chalkwork.typesetting.numbers import NumberFormat
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.symbols import Symbol, Symbols
from chalkwork.typesetting.writer import Writer

VALUES = Stage("values", "Values at the point")
COEFFICIENTS = Stage("coefficients", "Coefficients")
REMAINDER = Stage("remainder", "Remainder")
_CLOSE = 1e-12


def work_of(expansion: Expansion) -> Work:
    """The work, from the point, and from what the bound is made of where there is one.

    >>> from chalkwork.laboratory.taylor.expansion import expanded
    >>> work = work_of(expanded("sigmoid", 3, 0, (-2, 2)))
    >>> print(*work.equations, sep="; ")
    s = sigmoid(a); f0 = s; f1 = s - s^2; f2 = s - 3 * s^2 + 2 * s^3; f3 = s - 7 * s^2 + 12 * s^3 - 6 * s^4; c0 = f0; \
c1 = f1; c2 = f2 / 2; c3 = f3 / 6; bound ≤ M * d^5
    """
    point, size, reach = expansion.given_names
    rest = expansion.remainder
    work = Work()
    work.given(point, expansion.about)
    work.equations += _values(expansion)
    for k in range(expansion.order + 1):
        work.asked.append(work.equation(f"c{k}", _coefficient(k), COEFFICIENTS).name)
    if rest.is_bounded:
        bound = work.given(size, rest.coefficient) * work.given(reach, rest.distance) ** rest.order
        work.equation("bound", bound, REMAINDER, relation="≤")
    return work


def _coefficient(k: int) -> Expression:
    return Name(f"f{k}") if k < 2 else Name(f"f{k}") / factorial(k)


def _values(expansion: Expansion) -> Iterator[Equation]:
    """The letters at the point, and the derivatives: as they are written, as long as rounding does not spoil them."""
    known = {expansion.given_names[0]: np.array([[expansion.about]])}
    for index, letter in expansion.letters.items():
        form = _at_point(expansion, expansion.ring.generators[index].expression)
        with np.errstate(all="ignore"):
            value = evaluate(form, known)
        if np.isfinite(value).all():
            known[letter.name] = value
            yield Equation(letter.name, form, VALUES)
    for k in range(expansion.order + 1):
        yield Equation(f"f{k}", _derivative(expansion, k, known), VALUES)


def _derivative(expansion: Expansion, k: int, known: Mapping[str, Any]) -> Expression:
    """The derivative of order k in letters; else the number that it is, exactly where that is rational."""
    right = expansion.values[k]
    forms = [expansion.ring.expression(form, expansion.letters) for form in expansion.shown[k : k + 1]]
    for form in forms or ([expansion.smooth.tree] if k == 0 else []):
        placed = _at_point(expansion, form)
        with np.errstate(all="ignore"):
            found = without_noise(evaluate(placed, known), placed, known).item()
        if abs(found - right) <= _CLOSE * abs(right):
            return placed
    exact = expansion.rational(k)
    return Number(float(right)) if exact is None else as_number(exact)


def _at_point(expansion: Expansion, form: Expression) -> Expression:
    """The form with the point for the variable, and the constants with their values."""
    known: dict[Expression, Expression] = {Name(name): Constant(name, value) for name, value in CONSTANTS.items()}
    known[Name(expansion.function.variable)] = Name(expansion.given_names[0])
    return replace(form, known)


# --- how they print --------------------------------------------------------------------------------------------------


def symbols(expansion: Expansion, notation: Notation) -> dict[str, Symbol]:
    """The derivatives at the point as f'(0), the bound as what it bounds."""
    writer = Writer(Symbols(notation), {}, NumberFormat())
    point, variable = writer.formula(expansion.point), writer.formula(Name(expansion.function.variable))
    found = {f"f{k}": _symbol(derived(k, point)) for k in range(expansion.order + 1)}
    apart = join(Piece.of(r"\left| ", "|"), difference(expansion, variable), Piece.of(r" \right|", "|"))
    return found | {"bound": _symbol(apart)}


def _symbol(piece: Piece) -> Symbol:
    return Symbol(piece.latex, piece.box.lines[0])


def derived(order: int, argument: Piece) -> Piece:
    """f'(x), f''(x), f^(4)(x)."""
    mark = ("", "'", r"^{\prime\prime}", r"^{\prime\prime\prime}")[order] if order < 4 else f"^{{({order})}}"
    latex = "f" + mark
    text = "f" + (("", "′", "″", "‴")[order] if order < 4 else superscript(f"({order})"))
    return join(Piece.of(latex, text), argument.enclosed())


def polynomial(expansion: Expansion, variable: Piece) -> Piece:
    """T_n(x)."""
    order = str(expansion.order)
    return join(Piece.of(f"T_{{{order}}}", f"T{subscript(order)}"), variable.enclosed())


def difference(expansion: Expansion, variable: Piece) -> Piece:
    """f(x) - T_n(x)."""
    return join(derived(0, variable), Piece.of(" - ", " − "), polynomial(expansion, variable))
