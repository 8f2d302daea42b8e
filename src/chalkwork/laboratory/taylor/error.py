"""How well a Taylor polynomial does: radius of convergence, Lagrange's remainder, what was measured, a picture."""

from __future__ import annotations

from math import inf

import numpy as np

from chalkwork.algebra.operations import Precedence
from chalkwork.documents.drawings_plot import Axis, Curve, line_plot
from chalkwork.documents.literal import visible
from chalkwork.documents.model import Block, Figure, Paragraph
from chalkwork.laboratory.functions.lines import equation
from chalkwork.laboratory.taylor.expansion import Expansion
from chalkwork.laboratory.taylor.page import Page, is_one_sided, power_of
from chalkwork.typesetting.notation import subscript, superscript
from chalkwork.typesetting.pieces import Piece, join

_CURVE_POINTS = 241


def convergence(page: Page) -> list[Block]:
    """How far the series converges, and which singularity says so."""
    radius = page.expansion.radius
    if radius is None or not page.expansion.coefficients.any():
        return []
    if radius.value == inf:
        branch = ", to this branch of the function" if is_one_sided(page.expansion) else " to the function"
        return [Paragraph(f"**Convergence.** There is no singularity: the series converges everywhere{branch}.")]
    places = " and ".join(_complex(page, place) for place in radius.singularities[:2])
    which = (
        "singularity nearest to the point is at" if len(radius.singularities) == 1 else "singularities nearest are at"
    )
    least = "r =" if radius.exact else r"r \ge"
    name, point = page.name.latex, page.point.latex
    apart = (
        rf"\left|{name} - {point}\right|"
        if page.expansion.about > 0
        else rf"\left|{name} + {page.number(-page.expansion.about).latex}\right|"
    )
    if page.expansion.about == 0:
        apart = rf"\left|{name}\right|"
    text = (
        f"**Convergence.** The {which} {places}, so that the series converges for "
        f"${apart} < r$ with ${least} {page.number(radius.value).latex}$."
    )
    beyond = page.expansion.remainder.distance > radius.value and radius.exact
    warning = " The interval below reaches beyond: there a higher order makes the error larger, not smaller."
    return [Paragraph(text + (warning if beyond else ""))]


def _complex(page: Page, place: complex) -> str:
    real, imaginary = place.real, place.imag
    if abs(imaginary) < 1e-12 * max(1, abs(real)):
        return page.maths(real)
    size = abs(imaginary) / np.pi
    named = {1.0: r"\pi", 0.5: r"\pi/2"}.get(round(size, 12))
    shown = page.number(abs(imaginary)).latex
    unit = f"i{named}" if named else "i" if shown == "1" else f"{shown} i"
    if abs(real) < 1e-12 * abs(imaginary):
        return f"${'-' if imaginary < 0 else ''}{unit}$"
    return f"${page.number(real).latex} {'-' if imaginary < 0 else '+'} {unit}$"


def remainder(page: Page) -> list[Block]:
    """Lagrange's remainder with its bound, and the error measured."""
    expansion, rest = page.expansion, page.expansion.remainder
    low, high = expansion.interval
    n, m, x = expansion.order, rest.order, page.name.latex
    over = f"${page.number(low).latex} \\le {x} \\le {page.number(high).latex}$"
    if rest.coefficient == inf:
        said = f"**Error.** No bound of the derivative of order {m} was found for {over}."
        return [Paragraph(said), _measured(page)]
    twice = (
        f" The coefficient of order {n + 1} is 0, so that $T_{{{n}}}$ is $T_{{{n + 1}}}$ as well." if m > n + 1 else ""
    )
    said = (
        f"**Error.** We look at {over}.{twice} Lagrange's form of the remainder says that for every $x$ there is a "
        f"$\\xi$ between it and the point with".replace("$x$", f"${x}$")
    )
    head = join(Piece.of("f", "f"), page.name.enclosed())
    left = join(head, Piece.of(" - ", " − "), Piece.of(f"T_{{{n}}}", f"T{subscript(str(n))}"), page.name.enclosed())
    power = power_of(page, m)
    assert power is not None
    xi = Piece.of(r"\frac{f^{(" + str(m) + r")}(\xi)}{" + f"{m}!" + "}", f"f{superscript(f'({m})')}(ξ)/{m}!")
    form = equation(left, [join(xi, Piece.of(r" \, ", " · "), page.writer.write(power, Precedence.POWER))])
    bound = _upper(rest.coefficient), _upper(_upper(rest.coefficient) * rest.distance**m)
    reach = page.writer.value(np.array([[rest.distance]]))
    size = join(Piece.of(r"\left| ", "|"), left, Piece.of(r" \right|", "|"))
    numbers = join(
        page.number(bound[0]), Piece.of(r" \cdot ", " · "), reach,
        Piece.of(f"^{{{m}}}", superscript(str(m))),
    )  # fmt: skip
    enclosed = (
        f"Interval arithmetic encloses $f^{{({m})}}(\\xi)/{m}!$ over the interval; its size is at most "
        f"{page.maths(bound[0])}. With a distance of at most {page.maths(rest.distance)} from the point"
    )
    estimate = equation(size, [numbers], [page.number(bound[1])], relation="<=")
    return [Paragraph(said), form, Paragraph(enclosed), estimate, _measured(page)]


def _upper(value: float) -> float:
    """A bound rounded up to four digits, so that what is shown holds."""
    if value == 0 or not np.isfinite(value):
        return value
    scale = 10.0 ** (3 - int(np.floor(np.log10(value))))
    return float(f"{np.ceil(value * scale * (1 - 1e-12)) / scale:.4g}")


def _measured(page: Page) -> Paragraph:
    rest = page.expansion.remainder
    where = f"at ${page.name.latex} = {page.number(rest.error_at).latex}$"
    said = f"The largest error measured, at 4001 points of the interval, is {page.maths(rest.error)}, {where}."
    beyond = rest.error > rest.bound
    return Paragraph(said + (" What exceeds the bound is the rounding of double precision." if beyond else ""))


def figure(page: Page) -> Figure:
    """The function with at most three of its polynomials."""
    expansion = page.expansion
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
    return line_plot(title, description, curves, Axis(expansion.function.variable), Axis(within=within))


def _orders_drawn(expansion: Expansion) -> list[int]:
    """At most three orders that differ, the last among them."""
    different = [k for k in range(1, expansion.order + 1) if expansion.coefficients[k] != 0] or [expansion.order]
    if len(different) <= 3:
        return different
    return [different[0], different[len(different) // 2], different[-1]]
