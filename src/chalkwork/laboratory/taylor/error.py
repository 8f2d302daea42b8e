"""How well a Taylor polynomial does: radius of convergence, Lagrange's remainder, what was measured, a picture."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import inf

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number, walk
from chalkwork.algebra.operations import Precedence
from chalkwork.documents.literal import visible
from chalkwork.documents.model import Block, Paragraph
from chalkwork.drawings.canvas import Drawing
from chalkwork.drawings.plot import Axis, Curve, line_plot
from chalkwork.laboratory.functions.definition import inline, measured
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
