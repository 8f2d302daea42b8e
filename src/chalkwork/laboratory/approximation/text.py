"""How an approximation by ReLUs is written: the system, forward substitution, weights, errors, pictures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chalkwork.algebra.expression import Name
from chalkwork.documents.literal import visible
from chalkwork.documents.model import Block, Display, Paragraph, Table
from chalkwork.drawings.canvas import Drawing
from chalkwork.drawings.plot import Axis, Curve, line_plot
from chalkwork.laboratory.approximation.equations import SUBSTITUTION
from chalkwork.laboratory.approximation.study import Compared, Study
from chalkwork.laboratory.functions.definition import definition
from chalkwork.solutions.board import Board, maths
from chalkwork.typesetting.boxes import Box, row
from chalkwork.typesetting.notation import subscript
from chalkwork.typesetting.numbers import shown
from chalkwork.typesetting.pieces import Piece, join

_LARGEST_SYSTEM = 8
_STEPS = 4
_MOST_ROWS = 14
_CURVE_POINTS = 321
_LARGEST = r"\max \left|f^{\prime\prime}\right|"
_WIDEST = 70
"""What is wider, in characters, stays without its numbers."""


def script(board: Board, found: Study) -> Iterator[Block]:
    """The whole answer."""
    page = Page(board, found)
    yield from _task(page)
    yield from _system(page)
    yield from _substitution(page)
    yield from _weights(page)
    if found.function is not None:
        yield from _errors(page)
    yield _curves(page)
    if found.function is not None:
        yield from _error_curves(page)


class Page:
    """One study with the board that it stands on; errors are written with significant digits."""

    def __init__(self, board: Board, found: Study) -> None:
        self.board = board
        self.found = found
        self.line = found.interpolant
        numbers = board.writer.numbers
        self.digits = numbers.significant or max(numbers.decimals or 4, 3)

    def error(self, value: float) -> str:
        """An error, between dollars."""
        return self.board.number(value, self.digits)


# --- the system ------------------------------------------------------------------------------------------------------


def _task(page: Page) -> list[Block]:
    line, found = page.line, page.found
    n = line.size
    ends = f"from {page.board.number(float(line.points[0]))} to {page.board.number(float(line.points[-1]))}"
    width = page.board.piece(float(line.widths[0])).latex
    spacing = {
        "equidistant": f"$n = {n}$ equidistant points {ends}, at the distance $h = {width}$",
        "given": f"the $n = {n}$ given points {ends}",
        "adapted": f"$n = {n}$ points {ends}, denser where $|f''|$ is larger",
    }[found.kind]
    latex = rf"\operatorname{{NN}}(x) = \sum_{{i=1}}^{{{n}}} \lambda_i \max(0, x - b_i)"
    text = f"NN(x) = ∑ᵢ λᵢ max(0, x − bᵢ),   i = 1, …, {n}"
    knots = (
        "The first ReLU bends one spacing before the first point, $b_1 = x_1 - (x_2 - x_1)$, and every other one at "
        "the point before its own, $b_i = x_{i-1}$. So the ReLU of number $j$ is zero at $x_1, \\ldots, x_{j-1}$."
    )
    said = f"It is to be approximated by a sum of ReLUs that agrees with it at {spacing}:"
    return [
        *_given(page),
        Paragraph(said),
        Display(latex, text),
        Paragraph(knots),
    ]


def _given(page: Page) -> list[Block]:
    """The function."""
    function = page.found.function
    if function is None:
        return [Paragraph("A function is given by its values at some points.")]
    head = join(Piece.of("f", "f"), page.board.writer.formula(Name(function.variable)).enclosed())
    return [Paragraph("The function is"), definition(page.board, head, function)]


def _system(page: Page) -> list[Block]:
    line = page.line
    equal = page.found.kind == "equidistant"
    said = "The condition $\\operatorname{NN}(x_i) = f(x_i)$ for every $i$ is a linear system for the weights. "
    said += "Its matrix is lower triangular, since $\\max(0, x_i - b_j) = 0$ for $j > i$"
    said += "; and $x_i - b_j = (i - j + 1) h$ otherwise:" if equal else ":"
    blocks: list[Block] = [Paragraph(said)]
    if equal:
        blocks.append(_general_system())
    if line.size <= _LARGEST_SYSTEM:
        if equal:
            blocks.append(Paragraph("With numbers:"))
        blocks.append(_system_with_numbers(page, equal))
    elif not equal:
        blocks.append(Display(_GENERAL_LATEX, _GENERAL_TEXT))
    return blocks


_GENERAL_LATEX = r"\sum_{j=1}^{i} (x_i - b_j) \, \lambda_j = f(x_i), \quad i = 1, \ldots, n"
_GENERAL_TEXT = "∑ⱼ (xᵢ − bⱼ) λⱼ = f(xᵢ),   j = 1, …, i,   i = 1, …, n"


def _general_system() -> Display:
    latex = (
        r"h \left[\begin{array}{rrrr} 1 & & & \\ 2 & 1 & & \\ \vdots & \ddots & \ddots & \\ n & \cdots & 2 & 1 "
        r"\end{array}\right] \left[\begin{array}{c} \lambda_1 \\ \lambda_2 \\ \vdots \\ \lambda_n \end{array}\right] = "
        r"\left[\begin{array}{c} f(x_1) \\ f(x_2) \\ \vdots \\ f(x_n) \end{array}\right]"
    )
    matrix = Box.matrix([["1", "", "", ""], ["2", "1", "", ""], ["⋮", "⋱", "⋱", ""], ["n", "⋯", "2", "1"]])
    unknown = Box.matrix([["λ₁"], ["λ₂"], ["⋮"], ["λₙ"]])
    right = Box.matrix([["f(x₁)"], ["f(x₂)"], ["⋮"], ["f(xₙ)"]])
    return Display(latex, str(row([Box.text("h "), matrix, Box.text(" "), unknown, Box.text(" = "), right])))


def _system_with_numbers(page: Page, equal: bool) -> Display:
    line = page.line
    n = line.size
    apart = np.maximum(0.0, line.points[:, None] - line.knots)
    matrix = page.board.writer.value(np.tril(np.round(apart / line.widths[0])) if equal else apart)
    names = [f"λ{subscript(str(i))}" for i in range(1, n + 1)]
    column = r" \\ ".join(rf"\lambda_{{{i}}}" for i in range(1, n + 1))
    unknown = Piece(rf"\left[\begin{{array}}{{c}} {column} \end{{array}}\right]", (Box.matrix([[x] for x in names]),))
    front = [page.board.piece(float(line.widths[0])), Piece.of(r" \cdot ", " · ")] if equal else []
    heights = page.board.writer.value(line.values[:, None])
    whole = join(*front, matrix, Piece.of(r" \, ", " "), unknown, Piece.of(" = ", " = "), heights)
    return Display(whole.latex, str(whole.box))


def _substitution(page: Page) -> list[Block]:
    equal = page.found.kind == "equidistant"
    said = "**Forward substitution.** Each row holds one unknown more than the one above it, and is solved for it"
    said += ", after division by $h$:" if equal else ":"
    shown = [name for name in page.board.named(SUBSTITUTION) if int(name.removeprefix("lambda")) <= _STEPS]
    blocks = [Paragraph(said), *page.board.equations(shown)]
    return blocks if len(shown) == page.line.size else [*blocks, Paragraph("and so on.")]


def _weights(page: Page) -> list[Block]:
    line = page.line
    said = (
        "**Weights as differences of slopes.** Between two points only the slope matters: the sum of the weights so "
        "far is the slope $m_i$ of the piece that begins at $b_i$. So every weight is the change of slope at its knot, "
        "and all of them cost one pass over the points, without the matrix:"
    )
    head = Piece.of(r"\lambda_i", "λᵢ")
    first = Piece.of("m_i - m_{i-1}", "mᵢ − mᵢ₋₁")
    slopes = Display(
        rf"{head.latex} = {first.latex}, \quad m_1 = \frac{{f(x_1)}}{{x_1 - b_1}}, \quad m_0 = 0, \quad "
        r"m_i = \frac{f(x_i) - f(x_{i-1})}{x_i - x_{i-1}}",
        "λᵢ = mᵢ − mᵢ₋₁,   m₀ = 0,   m₁ = f(x₁) / (x₁ − b₁),\nmᵢ = (f(xᵢ) − f(xᵢ₋₁)) / (xᵢ − xᵢ₋₁)",
    )
    table = _weight_table(page)
    network = (
        f"As a network: one input, {line.size} hidden ReLUs with the input weight 1 and the biases $-b_i$, and an "
        "output without activation and bias, whose weights are the $\\lambda_i$."
    )
    return [Paragraph(said), slopes, table, Paragraph(network)]


def _weight_table(page: Page) -> Table:
    line = page.line
    places = shown(line.size, _MOST_ROWS)
    indices = [place for place in places if place is not None]
    columns = [
        [f"${page.board.piece(value).latex}$" if "e" in text else text.replace("-", "−").rstrip()
         for value, text in zip(data[indices], page.board.writer.numbers.column(data[indices].tolist()), strict=True)]
        for data in (line.points, line.values, line.knots, line.slopes, line.weights)
    ]  # fmt: skip
    lines = iter(zip(*columns, strict=True))
    rows = [("⋮",) * 6 if place is None else (str(place + 1), *next(lines)) for place in places]
    head = ("$i$", "$x_i$", "$f(x_i)$", "$b_i$", "$m_i$", r"$\lambda_i$")
    return Table(head, tuple(rows), right=(0, 1, 2, 3, 4, 5))


# --- errors ----------------------------------------------------------------------------------------------------------


def _errors(page: Page) -> list[Block]:
    found, own = page.found, page.found.own
    assert own is not None and found.function is not None
    x = found.function.variable
    measured = (
        f"The largest error measured is {page.error(own.errors.largest)}, at ${x} = "
        f"{page.board.piece(own.errors.at).latex}$; the $L_2$ error, the root of the integral of the squared error, is "
        f"{page.error(own.errors.squared)}."
    )
    if own.bound is not None and own.errors.largest > own.bound:
        measured += " What exceeds the bound is the rounding of double precision."
    blocks: list[Block] = [Paragraph(f"**Error.** {_theory(page, own)}"), *_bound(page, own), Paragraph(measured)]
    if len(found.rows) > 1:
        blocks += [Paragraph(_about_orders(page)), _error_table(page)]
    return blocks


def _theory(page: Page, own: Compared) -> str:
    if own.bound is None:
        return (
            "No bound of $f''$ was found on the interval: the function has a kink, or its second derivative is not "
            "bounded. The estimate by $h^2$ does not hold then."
        )
    return (
        "Between neighbouring points the approximation is the straight line through them. Where $f$ is twice "
        "continuously differentiable, a line through two points at the distance $h$ is off by at most $h^2/8$ times "
        "the largest $|f''|$ between them. With $|f''|$ enclosed by interval arithmetic:"
    )


def _bound(page: Page, own: Compared) -> list[Block]:
    if own.bound is None:
        return []
    head = maths(r"\left| f(x) - \operatorname{NN}(x) \right|", "|f(x) − NN(x)|")
    value = page.board.piece(own.bound, page.digits)
    if page.found.kind != "equidistant":
        each = maths(rf"\max_i \frac{{h_i^2}}{{8}} {_LARGEST}", "maxᵢ hᵢ²/8 max |f″|")
        return [page.board.chain(head, each, value, relations=["≤", "="])]
    form = maths(rf"\frac{{h^2}}{{8}} {_LARGEST}", "h²/8 max |f″|")
    curvature = page.board.piece(own.bound * 8 / own.width**2, page.digits)
    width = page.board.piece(own.width, page.digits)
    numbers = maths(rf"\frac{{{width.latex}^2}}{{8}} \cdot {curvature.latex}", f"{width.box}²/8 · {curvature.box}")
    return [page.board.chain(head, form, numbers, value, relations=["≤", "=", "="])]


def _about_orders(page: Page) -> str:
    orders = [order for order in page.found.orders() if order is not None]
    said = "**More points.** From one row to the next the error falls like $(n - 1)^{-p}$; $p$ is the order"
    if orders and abs(orders[-1] - 2) < 0.1:
        return said + ": about 2, so that halving the distance quarters the error."
    return said + ("." if not orders else f"; the last one is {page.board.number(round(orders[-1], 2))}.")


def _error_table(page: Page) -> Table:
    found = page.found
    orders = ["" if order is None else f"{order:.2f}" for order in found.orders()]
    rows = []
    for place, compared in enumerate(found.rows):
        bound = "none" if compared.bound is None else page.error(compared.bound)
        cells = [
            str(compared.interpolant.size), page.error(compared.width), page.error(compared.errors.largest), bound,
            page.error(compared.errors.squared), orders[place],
        ]  # fmt: skip
        if found.plain:
            cells.append(page.error(found.plain[place].errors.largest))
        rows.append(tuple(cells))
    head = ["$n$", "widest piece", "largest error", "bound", "$L_2$ error", "order"]
    head += ["equidistant"] if found.plain else []
    return Table(tuple(head), tuple(rows), right=tuple(range(len(head))))


# --- pictures --------------------------------------------------------------------------------------------------------


def _curves(page: Page) -> Drawing:
    found, line = page.found, page.line
    low, high = float(line.points[0]), float(line.points[-1])
    name = visible(found.function.text, 30) if found.function is not None else "values"
    curves: list[Curve] = []
    if found.function is not None:
        places = np.linspace(low, high, _CURVE_POINTS)
        curves.append(Curve(places.tolist(), found.function.values(places).tolist(), name))
    smallest = [each for each in found.rows if each.interpolant.size != line.size][:1]
    drawn = [*(each.interpolant for each in smallest), line]
    for each in sorted(drawn, key=lambda each: each.size):
        places = each.points if each.size <= 500 else np.linspace(low, high, 500)
        curves.append(Curve(places.tolist(), each(places).tolist(), f"n = {each.size}"))
    if line.size <= 60:
        curves.append(Curve(line.points.tolist(), line.values.tolist(), "points", dots=True))
    sizes = " and ".join(str(each.size) for each in sorted(drawn, key=lambda each: each.size))
    description = (
        f"{name} from {low:g} to {high:g} and its approximation by {sizes} ReLUs, straight between the points."
    )
    variable = found.function.variable if found.function is not None else "x"
    caption = "The values and the sum of $n$ ReLUs that takes them"
    if found.function is not None:
        caption = "The function and the sums of $n$ ReLUs that take its values"
    return line_plot(f"Approximation of {name} by ReLUs", description, curves, Axis(variable), caption=caption)


def _error_curves(page: Page) -> list[Block]:
    rows = [each for each in page.found.rows if each.errors.largest > 0]
    if len(rows) < 3:
        return []
    sizes = [float(each.interpolant.size) for each in rows]
    curves = [Curve(sizes, [each.errors.largest for each in rows], "largest error")]
    if all(each.bound for each in rows):
        curves.append(Curve(sizes, [each.bound or 0.0 for each in rows], "bound"))
    curves.append(Curve(sizes, [each.errors.squared for each in rows], "L₂ error"))
    if page.found.plain:
        heights = [each.errors.largest for each in page.found.plain[-len(rows) :]]
        curves.append(Curve(sizes, heights, "largest error, equidistant"))
    listed = "; ".join(f"{int(size)}: {each.errors.largest:.2g}" for size, each in zip(sizes, rows, strict=True))
    description = f"The errors against the number of points, both axes logarithmic. Largest error: {listed}."
    caption = "The errors against the number of points, both axes logarithmic"
    figure = line_plot(
        "Error against n", description, curves, Axis("n", log=True), Axis("error", log=True), caption=caption
    )
    return [figure]
