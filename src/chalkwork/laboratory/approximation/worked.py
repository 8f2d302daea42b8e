"""A function on an interval as a network of ReLUs with its values at n points: worked out, written, drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Name
from chalkwork.bounds.intervals import Array
from chalkwork.counting import listed
from chalkwork.documents.literal import literal, visible
from chalkwork.documents.model import Block, Display, Paragraph, Table
from chalkwork.drawings.drawing import Drawing
from chalkwork.drawings.plot import Axis, Curve, line_plot
from chalkwork.laboratory.approximation.interpolant import Interpolant
from chalkwork.laboratory.approximation.study import SUBSTITUTION, Compared, Study, study, work_of
from chalkwork.laboratory.functions.one_variable import definition, inline, measured
from chalkwork.solutions.board import Board, maths
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.boxes import Box, row
from chalkwork.typesetting.numbers import shown
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.symbols import Symbol

if TYPE_CHECKING:
    from chalkwork.networks.network import NeuralNetwork


_LARGEST_SYSTEM = 8
_STEPS = 4
_MOST_ROWS = 14
_CURVE_POINTS = 321
_LARGEST = r"\max \left|f^{\prime\prime}\right|"


def script(board: Board, found: Study) -> Iterator[Block]:
    """The whole answer."""
    yield from _task(board, found)
    yield from _system(board, found)
    yield from _substitution(board, found)
    yield from _weights(board, found)
    if found.function is not None:
        yield from _errors(board, found)
    yield _curves(found)
    yield from _error_curves(found)


# --- the system ------------------------------------------------------------------------------------------------------


def _task(board: Board, found: Study) -> Iterator[Block]:
    line, function = found.interpolant, found.function
    n = line.size
    if function is None:
        yield Paragraph("A function is given by its values at some points.")
    else:
        yield Paragraph("The function is")
        head = join(Piece.of("f", "f"), board.writer.formula(Name(function.variable)).enclosed())
        yield definition(board, head, function)
    ends = f"from {board.number(float(line.points[0]))} to {board.number(float(line.points[-1]))}"
    spacing = {
        "equidistant": f"$n = {n}$ equidistant points {ends}, at the distance "
        f"$h = {board.piece(float(line.widths[0])).latex}$",
        "given": f"the $n = {n}$ given points {ends}",
        "adapted": f"$n = {n}$ points {ends}, denser where $|f''|$ is larger",
    }[found.kind]
    yield Paragraph(f"It is to be approximated by a sum of ReLUs that agrees with it at {spacing}:")
    latex = rf"\operatorname{{NN}}(x) = \sum_{{i=1}}^{{{n}}} \lambda_i \max(0, x - b_i)"
    yield Display(latex, f"NN(x) = ∑ᵢ λᵢ max(0, x − bᵢ),   i = 1, …, {n}")
    yield Paragraph(
        "The first ReLU bends one spacing before the first point, $b_1 = x_1 - (x_2 - x_1)$, and every other one at "
        "the point before its own, $b_i = x_{i-1}$. So the ReLU of number $j$ is zero at $x_1, \\ldots, x_{j-1}$."
    )


def _system(board: Board, found: Study) -> Iterator[Block]:
    equal, small = found.kind == "equidistant", found.interpolant.size <= _LARGEST_SYSTEM
    yield Paragraph(
        "The condition $\\operatorname{NN}(x_i) = f(x_i)$ for every $i$ is a linear system for the weights. Its matrix "
        "is lower triangular, since $\\max(0, x_i - b_j) = 0$ for $j > i$"
        + ("; and $x_i - b_j = (i - j + 1) h$ otherwise:" if equal else ":")
    )
    if equal:
        yield _general_system()
    if equal and small:
        yield Paragraph("With numbers:")
    if small:
        yield _system_with_numbers(board, found)
    elif not equal:
        yield Display(_GENERAL_LATEX, _GENERAL_TEXT)


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


def _system_with_numbers(board: Board, found: Study) -> Display:
    line, equal = found.interpolant, found.kind == "equidistant"
    apart = np.maximum(0.0, line.points[:, None] - line.knots)
    matrix = board.writer.value(np.tril(np.round(apart / line.widths[0])) if equal else apart)
    letters = [Symbol(r"\lambda", "λ").below(i) for i in range(1, line.size + 1)]
    column = r" \\ ".join(letter.latex for letter in letters)
    box = Box.matrix([[letter.text] for letter in letters])
    unknown = Piece(rf"\left[\begin{{array}}{{c}} {column} \end{{array}}\right]", (box,))
    front = [board.piece(float(line.widths[0])), Piece.of(r" \cdot ", " · ")] if equal else []
    heights = board.writer.value(line.values[:, None])
    whole = join(*front, matrix, Piece.of(r" \, ", " "), unknown, Piece.of(" = ", " = "), heights)
    return Display(whole.latex, str(whole.box))


def _substitution(board: Board, found: Study) -> Iterator[Block]:
    said = "**Forward substitution.** Each row holds one unknown more than the one above it, and is solved for it"
    yield Paragraph(said + (", after division by $h$:" if found.kind == "equidistant" else ":"))
    shown = board.named(SUBSTITUTION)[:_STEPS]
    yield from board.equations(shown)
    if len(shown) < found.interpolant.size:
        yield Paragraph("and so on.")


def _weights(board: Board, found: Study) -> Iterator[Block]:
    line = found.interpolant
    yield Paragraph(
        "**Weights as differences of slopes.** Between two points only the slope matters: the sum of the weights so "
        "far is the slope $m_i$ of the piece that begins at $b_i$. So every weight is the change of slope at its knot, "
        "and all of them cost one pass over the points, without the matrix:"
    )
    yield Display(
        r"\lambda_i = m_i - m_{i-1}, \quad m_1 = \frac{f(x_1)}{x_1 - b_1}, \quad m_0 = 0, \quad "
        r"m_i = \frac{f(x_i) - f(x_{i-1})}{x_i - x_{i-1}}",
        "λᵢ = mᵢ − mᵢ₋₁,   m₀ = 0,   m₁ = f(x₁) / (x₁ − b₁),\nmᵢ = (f(xᵢ) − f(xᵢ₋₁)) / (xᵢ − xᵢ₋₁)",
    )
    places = shown(line.size, _MOST_ROWS)
    indices = [place for place in places if place is not None]
    columns = [
        [f"${board.piece(value).latex}$" if "e" in text else text.replace("-", "−").rstrip()
         for value, text in zip(data[indices], board.writer.numbers.column(data[indices].tolist()), strict=True)]
        for data in (line.points, line.values, line.knots, line.slopes, line.weights)
    ]  # fmt: skip
    lines = iter(zip(*columns, strict=True))
    rows = [("⋮",) * 6 if place is None else (str(place + 1), *next(lines)) for place in places]
    head = ("$i$", "$x_i$", "$f(x_i)$", "$b_i$", "$m_i$", r"$\lambda_i$")
    yield Table(head, tuple(rows), right=(0, 1, 2, 3, 4, 5))
    yield Paragraph(
        f"As a network: one input, {line.size} hidden ReLUs with the input weight 1 and the biases $-b_i$, and an "
        "output without activation and bias, whose weights are the $\\lambda_i$."
    )


# --- errors ----------------------------------------------------------------------------------------------------------


def _errors(board: Board, found: Study) -> Iterator[Block]:
    own = found.own
    assert own is not None and found.function is not None
    if own.bound is None:
        yield Paragraph(
            "**Error.** No bound of $f''$ was found on the interval: the function has a kink, or its second derivative "
            "is not bounded. The estimate by $h^2$ does not hold then."
        )
    else:
        yield Paragraph(
            "**Error.** Between neighbouring points the approximation is the straight line through them. Where $f$ is "
            "twice continuously differentiable, a line through two points at the distance $h$ is off by at most "
            "$h^2/8$ times the largest $|f''|$ between them. With $|f''|$ enclosed by interval arithmetic:"
        )
        yield _bound(board, found.kind, own, own.bound)
    said = (
        f"The largest error measured is {inline(board, own.errors.largest)}, at ${found.function.variable} = "
        f"{board.piece(own.errors.at).latex}$; the $L_2$ error, the root of the integral of the squared error, is "
        f"{inline(board, own.errors.squared)}."
    )
    beyond = own.bound is not None and own.errors.largest > own.bound
    yield Paragraph(said + (" What exceeds the bound is the rounding of double precision." if beyond else ""))
    if len(found.rows) > 1:
        yield Paragraph(_about_orders(board, found))
        yield _error_table(board, found)


def _bound(board: Board, kind: str, own: Compared, bound: float) -> Display:
    head = maths(r"\left| f(x) - \operatorname{NN}(x) \right|", "|f(x) − NN(x)|")
    value = measured(board, bound)
    if kind != "equidistant":
        each = maths(rf"\max_i \frac{{h_i^2}}{{8}} {_LARGEST}", "maxᵢ hᵢ²/8 max |f″|")
        return board.chain(head, each, value, relations=["≤", "="])
    form = maths(rf"\frac{{h^2}}{{8}} {_LARGEST}", "h²/8 max |f″|")
    curvature, width = measured(board, bound * 8 / own.width**2), measured(board, own.width)
    numbers = maths(rf"\frac{{{width.latex}^2}}{{8}} \cdot {curvature.latex}", f"{width.box}²/8 · {curvature.box}")
    return board.chain(head, form, numbers, value, relations=["≤", "=", "="])


def _about_orders(board: Board, found: Study) -> str:
    orders = [order for order in found.orders() if order is not None]
    said = "**More points.** From one row to the next the error falls like $(n - 1)^{-p}$; $p$ is the order"
    if orders and abs(orders[-1] - 2) < 0.1:
        return said + ": about 2, so that halving the distance quarters the error."
    return said + ("." if not orders else f"; the last one is {board.number(round(orders[-1], 2))}.")


def _error_table(board: Board, found: Study) -> Table:
    columns = {
        "$n$": [str(each.interpolant.size) for each in found.rows],
        "widest piece": [inline(board, each.width) for each in found.rows],
        "largest error": [inline(board, each.errors.largest) for each in found.rows],
        "bound": ["none" if each.bound is None else inline(board, each.bound) for each in found.rows],
        "$L_2$ error": [inline(board, each.errors.squared) for each in found.rows],
        "order": ["" if order is None else f"{order:.2f}" for order in found.orders()],
    }
    if found.plain:
        columns["equidistant"] = [inline(board, each.errors.largest) for each in found.plain]
    return Table(tuple(columns), tuple(zip(*columns.values(), strict=True)), right=tuple(range(len(columns))))


# --- pictures --------------------------------------------------------------------------------------------------------


def _curves(found: Study) -> Drawing:
    line, function = found.interpolant, found.function
    low, high = float(line.points[0]), float(line.points[-1])
    name, variable, caption = "values", "x", "The values and the sum of $n$ ReLUs that takes them"
    curves: list[Curve] = []
    if function is not None:
        name, variable = visible(function.text, 30), function.variable
        caption = "The function and the sums of $n$ ReLUs that take its values"
        places = np.linspace(low, high, _CURVE_POINTS)
        curves.append(Curve(places.tolist(), function.values(places).tolist(), name))
    smallest = [each.interpolant for each in found.rows if each.interpolant.size != line.size][:1]
    drawn = sorted([*smallest, line], key=lambda each: each.size)
    for each in drawn:
        places = each.points if each.size <= 500 else np.linspace(low, high, 500)
        curves.append(Curve(places.tolist(), each(places).tolist(), f"n = {each.size}"))
    if line.size <= 60:
        curves.append(Curve(line.points.tolist(), line.values.tolist(), "points", dots=True))
    sizes = listed(str(each.size) for each in drawn)
    words = f"{name} from {low:g} to {high:g} and its approximation by {sizes} ReLUs, straight between the points."
    return line_plot(f"Approximation of {name} by ReLUs", words, curves, Axis(variable), caption=caption)


def _error_curves(found: Study) -> Iterator[Block]:
    rows = [each for each in found.rows if each.errors.largest > 0]
    if len(rows) < 3:
        return
    sizes, largest = [float(each.interpolant.size) for each in rows], [each.errors.largest for each in rows]
    curves = [Curve(sizes, largest, "largest error")]
    if all(each.bound for each in rows):
        curves.append(Curve(sizes, [each.bound or 0.0 for each in rows], "bound"))
    curves.append(Curve(sizes, [each.errors.squared for each in rows], "L₂ error"))
    if found.plain:
        heights = [each.errors.largest for each in found.plain[-len(rows) :]]
        curves.append(Curve(sizes, heights, "largest error, equidistant"))
    said = "; ".join(f"{int(size)}: {error:.2g}" for size, error in zip(sizes, largest, strict=True))
    caption = "The errors against the number of points, both axes logarithmic"
    axes = Axis("n", log=True), Axis("error", log=True)
    yield line_plot("Error against n", f"{caption}. Largest error: {said}.", curves, *axes, caption=caption)


class ReluApproximation(Solution):
    """A worked approximation that can be evaluated, and trained further as a network."""

    interpolant: Interpolant

    @cached_property
    def network(self) -> NeuralNetwork:
        """The network: one input, n ReLUs, one output; samples are rows, so x has the shape (m, 1)."""
        return self.interpolant.network()

    def __call__(self, x: Any) -> Array:
        """The approximation at the places, of the same shape; faster than the network for many ReLUs."""
        return self.interpolant(x)


def relu_approximation(
    function: str | None = None,
    a: Any = None,
    b: Any = None,
    n: int | None = None,
    *,
    points: Sequence[Any] | None = None,
    values: Sequence[Any] | None = None,
    adapted: bool = False,
    compare: Sequence[int] | None = None,
    **look: Unpack[Look],
) -> ReluApproximation:
    """The sum of n ReLUs that takes the values of a function at n points, worked out, with its error against n.

    `function` is a text in one variable or an activation by name, `a` and `b` the ends of the interval (numbers or
    texts such as `2*pi`), `n` from 2 to 2,000,000 (8). The points are equidistant, or `points` (increasing numbers,
    instead of a, b and n), or with `adapted` denser where f is more curved. `values` at the points may stand for the
    function. `compare` are the numbers of points in the table of errors.

    The solution holds `f1`, `lambda1`, ... (value and weight at the first eight points at most), besides `points`,
    `function_values`, `knots`, `weights`, `slopes` (each of shape (n,)), and where there is a function `max_error`,
    `error_at`, `l2_error`, `bound` (h^2/8 max |f''|, rigorous; None where f is not twice differentiable), and `table`:
    lists `n`, `h`, `max_error`, `bound`, `l2_error`, `order`.

    Raises ChalkworkError for bad input, and where the function has no finite value on the interval. The bound: Suli
    and Mayers, An Introduction to Numerical Analysis (2003), theorem 11.1.

    >>> answer = relu_approximation("x^2", 0, 1, n=3)
    >>> answer["knots"].tolist(), answer["weights"].tolist()
    ([-0.5, 0.0, 0.5], [0.0, 0.5, 1.0])
    >>> answer["max_error"], round(answer["bound"], 9), float(answer.network.forward([[0.25]])["a2"].item())
    (0.0625, 0.0625, 0.125)
    """
    found = study(function, (a, b), n, points, values, adapted, compare)
    return written(found, Style.chosen(**look))


def written(found: Study, style: Style) -> ReluApproximation:
    """The study, written in that style."""
    line, own, function = found.interpolant, found.own, found.function
    work = work_of(found)
    work.facts |= {
        "n": line.size, "points": line.points, "function_values": line.values, "knots": line.knots,
        "weights": line.weights, "slopes": line.slopes,
    }  # fmt: skip
    if function is not None and own is not None:
        work.facts |= {"function": function.text, "max_error": own.errors.largest, "error_at": own.errors.at}
        work.facts |= {"l2_error": own.errors.squared, "bound": own.bound}
        work.facts["table"] = {
            "n": [row.interpolant.size for row in found.rows],
            "h": [row.width for row in found.rows],
            "max_error": [row.errors.largest for row in found.rows],
            "bound": [row.bound for row in found.rows],
            "l2_error": [row.errors.squared for row in found.rows],
            "order": found.orders(),
        }
    name = literal(function.text, 60) if function is not None else "a table of values"
    title = f"Approximation of {name} by {line.size} ReLUs"
    setting = work.setting(title=title, script=lambda board: script(board, found))
    answer = ReluApproximation(work.derivation, work.values, style, setting)
    answer.interpolant = line
    return answer
