"""How well a Taylor polynomial does: radius of convergence, Lagrange's remainder, what was measured, a picture."""

from __future__ import annotations

from fractions import Fraction
from math import inf

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number, walk
from chalkwork.algebra.operations import Precedence
from chalkwork.documents.literal import visible
from chalkwork.documents.model import Block, Paragraph
from chalkwork.drawings.canvas import Drawing
from chalkwork.drawings.plot import Axis, Curve, line_plot
from chalkwork.laboratory.functions.one_variable import as_number
from chalkwork.laboratory.taylor.equations import difference
from chalkwork.laboratory.taylor.expansion import Expansion
from chalkwork.solutions.board import Board, maths
from chalkwork.typesetting.equations import given
from chalkwork.typesetting.notation import superscript
from chalkwork.typesetting.pieces import Piece, join

_CURVE_POINTS = 241


def variable_of(board: Board, expansion: Expansion) -> Piece:
    """The variable as it prints."""
    return board.writer.formula(Name(expansion.function.variable))


def number(board: Board, value: str | float) -> Piece:
    """A decimal number, or a value by its name, with significant digits whatever the style: it may be small."""
    style = board.writer.numbers
    return board.piece(value, style.significant or max(style.decimals or 4, 3))


def inline(board: Board, value: str | float) -> str:
    """The same between dollars."""
    return f"${number(board, value).latex}$"


def is_one_sided(expansion: Expansion) -> bool:
    """Whether what is expanded is one branch of a function with kinks."""
    nodes = walk(expansion.function.tree)
    return any(isinstance(node, Application) and node.operation.branches is not None for node in nodes)


def power_of(expansion: Expansion, k: int) -> Expression | None:
    """(x - a)^k; None for the order 0."""
    if k == 0:
        return None
    variable, point = Name(expansion.function.variable), expansion.point
    apart: Expression = variable
    if not isinstance(point, Number):
        apart = variable - point
    elif point.value > 0:
        apart = variable - as_number(Fraction(point.value))
    elif point.value < 0:
        apart = variable + as_number(-Fraction(point.value))
    return apart if k == 1 else apart**k


def convergence(board: Board, expansion: Expansion) -> list[Block]:
    """How far the series converges, and which singularity says so."""
    radius = expansion.radius
    if radius is None or not expansion.coefficients.any():
        return []
    if radius.value == inf:
        branch = ", to this branch of the function" if is_one_sided(expansion) else " to the function"
        return [Paragraph(f"**Convergence.** There is no singularity: the series converges everywhere{branch}.")]
    places = " and ".join(_complex(board, place) for place in radius.singularities[:2])
    which = (
        "singularity nearest to the point is at" if len(radius.singularities) == 1 else "singularities nearest are at"
    )
    least = "r =" if radius.exact else r"r \ge"
    name, point = variable_of(board, expansion).latex, board.writer.formula(expansion.point).latex
    apart = f"{name} - {point}"
    if expansion.about <= 0:
        apart = f"{name} + {number(board, -expansion.about).latex}" if expansion.about else name
    text = (
        f"**Convergence.** The {which} {places}, so that the series converges for "
        rf"$\left|{apart}\right| < r$ with ${least} {number(board, radius.value).latex}$."
    )
    beyond = expansion.remainder.distance > radius.value and radius.exact
    warning = " The interval below reaches beyond: there a higher order makes the error larger, not smaller."
    return [Paragraph(text + (warning if beyond else ""))]


def _complex(board: Board, place: complex) -> str:
    real, imaginary = place.real, place.imag
    if abs(imaginary) < 1e-12 * max(1, abs(real)):
        return inline(board, real)
    size = abs(imaginary) / np.pi
    named = {1.0: r"\pi", 0.5: r"\pi/2"}.get(round(size, 12))
    shown = number(board, abs(imaginary)).latex
    unit = f"i{named}" if named else "i" if shown == "1" else f"{shown} i"
    if abs(real) < 1e-12 * abs(imaginary):
        return f"${'-' if imaginary < 0 else ''}{unit}$"
    return f"${number(board, real).latex} {'-' if imaginary < 0 else '+'} {unit}$"


def remainder(board: Board, expansion: Expansion) -> list[Block]:
    """Lagrange's remainder with its bound, and the error measured."""
    rest = expansion.remainder
    low, high = expansion.interval
    n, m, variable = expansion.order, rest.order, variable_of(board, expansion)
    x = variable.latex
    over = f"${number(board, low).latex} \\le {x} \\le {number(board, high).latex}$"
    if not rest.is_bounded:
        said = f"**Error.** No bound of the derivative of order {m} was found for {over}."
        return [Paragraph(said), _measured(board, expansion)]
    twice = (
        f" The coefficient of order {n + 1} is 0, so that $T_{{{n}}}$ is $T_{{{n + 1}}}$ as well." if m > n + 1 else ""
    )
    said = (
        f"**Error.** We look at {over}.{twice} Lagrange's form of the remainder says that for every ${x}$ there is a "
        f"$\\xi$ between it and the point with"
    )
    power = power_of(expansion, m)
    assert power is not None
    xi = maths(r"\frac{f^{(" + str(m) + r")}(\xi)}{" + f"{m}!" + "}", f"f{superscript(f'({m})')}(ξ)/{m}!")
    form = join(xi, Piece.of(r" \, ", " · "), board.writer.write(power, Precedence.POWER))
    size, reach = (given(name, board.writer).latex for name in expansion.given_names[1:])
    enclosed = (
        f"Interval arithmetic encloses $f^{{({m})}}(\\xi)/{m}!$ over the interval; its size is at most ${size}$. With "
        f"a distance of at most ${reach}$ from the point"
    )
    return [
        Paragraph(said),
        board.chain(difference(expansion, variable), form),
        Paragraph(enclosed),
        *board.equation("bound"),
        _measured(board, expansion),
    ]


def _measured(board: Board, expansion: Expansion) -> Paragraph:
    rest = expansion.remainder
    where = f"at ${variable_of(board, expansion).latex} = {number(board, rest.error_at).latex}$"
    said = f"The largest error measured, at 4001 points of the interval, is {inline(board, rest.error)}, {where}."
    beyond = "bound" in board.values and rest.error > board.values["bound"].item()
    return Paragraph(said + (" What exceeds the bound is the rounding of double precision." if beyond else ""))


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
    listed = ", ".join(map(str, orders))
    description = (
        f"The function {name} and its Taylor polynomials of order {listed} about {expansion.about:g}, from {low:g} to "
        f"{high:g}. All meet at the point; the largest error of order {expansion.order} is {rest.error:.3g}, "
        f"at {rest.error_at:.3g}."
    )
    within = (float(values.min()) - room, float(values.max()) + room)
    title = f"Taylor polynomials of {name}"
    return line_plot(
        title,
        description,
        curves,
        Axis(expansion.function.variable),
        Axis(within=within),
        caption="The function and its Taylor polynomials",
    )


def _orders_drawn(expansion: Expansion) -> list[int]:
    """At most three orders that differ, the last among them."""
    different = [k for k in range(1, expansion.order + 1) if expansion.coefficients[k] != 0] or [expansion.order]
    if len(different) <= 3:
        return different
    return [different[0], different[len(different) // 2], different[-1]]
