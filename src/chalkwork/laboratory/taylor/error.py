"""The derivation of a Taylor expansion, and how well it does: where it converges, Lagrange's remainder, a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import factorial, inf
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Constant, Expression, Name, Number, replace, walk
from chalkwork.algebra.operations import Precedence
from chalkwork.derivation.cancellation import without_noise
from chalkwork.derivation.derivation import Equation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.literal import visible
from chalkwork.documents.model import Block, Paragraph
from chalkwork.drawings.drawing import Drawing
from chalkwork.drawings.plot import Axis, Curve, line_plot
from chalkwork.laboratory.functions.one_variable import CONSTANTS, as_number, inline, measured
from chalkwork.laboratory.taylor.expansion import Expansion
from chalkwork.laboratory.work import Work
from chalkwork.solutions.board import Board, maths
from chalkwork.typesetting.equations import given
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


_CURVE_POINTS = 241


def variable_of(board: Board, expansion: Expansion) -> Piece:
    """The variable as it prints."""
    return board.writer.formula(Name(expansion.function.variable))


def is_one_sided(expansion: Expansion) -> bool:
    """Whether what is expanded is one branch of a function with kinks."""
    nodes = walk(expansion.function.tree)
    return any(isinstance(node, Application) and node.operation.branches is not None for node in nodes)


def power_of(expansion: Expansion, k: int) -> Expression | None:
    """(x - a)^k; None for the order 0."""
    if k == 0:
        return None
    variable, point = Name(expansion.function.variable), expansion.point
    apart: Expression
    if isinstance(point, Number):
        value = Fraction(point.value)
        apart = variable - as_number(value) if value > 0 else variable + as_number(-value) if value else variable
    else:
        apart = variable - point
    return apart if k == 1 else apart**k


def convergence(board: Board, expansion: Expansion) -> Iterator[Block]:
    """How far the series converges, and which singularity says so."""
    radius = expansion.radius
    if radius is None or not expansion.coefficients.any():
        return
    if radius.value == inf:
        branch = ", to this branch of the function" if is_one_sided(expansion) else " to the function"
        yield Paragraph(f"**Convergence.** There is no singularity: the series converges everywhere{branch}.")
        return
    places = " and ".join(_complex(board, place) for place in radius.singularities[:2])
    several = len(radius.singularities) > 1
    which = "singularities nearest are at" if several else "singularity nearest to the point is at"
    least = "r =" if radius.exact else r"r \ge"
    name, point = variable_of(board, expansion).latex, board.writer.formula(expansion.point).latex
    apart = f"{name} - {point}"
    if expansion.about <= 0:
        apart = f"{name} + {measured(board, -expansion.about).latex}" if expansion.about else name
    text = (
        f"**Convergence.** The {which} {places}, so that the series converges for "
        rf"$\left|{apart}\right| < r$ with ${least} {measured(board, radius.value).latex}$."
    )
    if expansion.remainder.distance > radius.value and radius.exact:
        text += " The interval below reaches beyond: there a higher order makes the error larger, not smaller."
    yield Paragraph(text)


def _complex(board: Board, place: complex) -> str:
    real, imaginary = place.real, place.imag
    if abs(imaginary) < 1e-12 * max(1, abs(real)):
        return inline(board, real)
    named = {1.0: r"\pi", 0.5: r"\pi/2"}.get(round(abs(imaginary) / np.pi, 12))
    shown = measured(board, abs(imaginary)).latex
    unit = f"i{named}" if named else "i" if shown == "1" else f"{shown} i"
    if abs(real) < 1e-12 * abs(imaginary):
        return f"${'-' if imaginary < 0 else ''}{unit}$"
    return f"${measured(board, real).latex} {'-' if imaginary < 0 else '+'} {unit}$"


def remainder(board: Board, expansion: Expansion) -> Iterator[Block]:
    """Lagrange's remainder with its bound, and the error measured."""
    rest, n, variable = expansion.remainder, expansion.order, variable_of(board, expansion)
    m, x, (low, high) = rest.order, variable.latex, expansion.interval
    over = f"${measured(board, low).latex} \\le {x} \\le {measured(board, high).latex}$"
    if rest.is_bounded:
        twice = f" The coefficient of order {n + 1} is 0, so that $T_{{{n}}}$ is $T_{{{n + 1}}}$ as well."
        yield Paragraph(
            f"**Error.** We look at {over}.{twice if m > n + 1 else ''} Lagrange's form of the remainder says that for "
            f"every ${x}$ there is a $\\xi$ between it and the point with"
        )
        power = power_of(expansion, m)
        assert power is not None
        xi = maths(rf"\frac{{f^{{({m})}}(\xi)}}{{{m}!}}", f"f{superscript(f'({m})')}(ξ)/{m}!")
        form = join(xi, Piece.of(r" \, ", " · "), board.writer.write(power, Precedence.POWER))
        yield board.chain(difference(expansion, variable), form)
        size, reach = (given(name, board.writer).latex for name in expansion.given_names[1:])
        yield Paragraph(
            f"Interval arithmetic encloses $f^{{({m})}}(\\xi)/{m}!$ over the interval; its size is at most ${size}$. "
            f"With a distance of at most ${reach}$ from the point"
        )
        yield from board.equation("bound")
    else:
        yield Paragraph(f"**Error.** No bound of the derivative of order {m} was found for {over}.")
    said = f"The largest error measured, at 4001 points of the interval, is {inline(board, rest.error)}, at "
    said += f"${x} = {measured(board, rest.error_at).latex}$."
    beyond = rest.is_bounded and rest.error > board.values["bound"].item()
    yield Paragraph(said + (" What exceeds the bound is the rounding of double precision." if beyond else ""))


def figure(expansion: Expansion) -> Drawing:
    """The function with at most three of its polynomials."""
    low, high = expansion.interval
    points = np.linspace(low, high, _CURVE_POINTS)
    values = expansion.function.values(points)
    room = max(float(np.ptp(values)), 1e-9) * 0.35
    orders = _orders_drawn(expansion)
    name = visible(expansion.function.text, 30)
    curves = [Curve(points.tolist(), values.tolist(), name)]
    curves += [Curve(points.tolist(), expansion.value(points, k).tolist(), f"order {k}") for k in orders]
    rest = expansion.remainder
    description = (
        f"The function {name} and its Taylor polynomials of order {', '.join(map(str, orders))} about "
        f"{expansion.about:g}, from {low:g} to {high:g}. All meet at the point; the largest error of order "
        f"{expansion.order} is {rest.error:.3g}, at {rest.error_at:.3g}."
    )
    across, up = (
        Axis(expansion.function.variable),
        Axis(within=(float(values.min()) - room, float(values.max()) + room)),
    )
    title, caption = f"Taylor polynomials of {name}", "The function and its Taylor polynomials"
    return line_plot(title, description, curves, across, up, caption=caption)


def _orders_drawn(expansion: Expansion) -> list[int]:
    """At most three orders that differ, the last among them."""
    different = [k for k in range(1, expansion.order + 1) if expansion.coefficients[k] != 0] or [expansion.order]
    if len(different) <= 3:
        return different
    return [different[0], different[len(different) // 2], different[-1]]
