"""One step of a method, and the whole path, as a worked solution."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from chalkwork.algebra.expression import names_in
from chalkwork.documents.model import Block, Paragraph, Table
from chalkwork.laboratory.optimisation.methods import Method, Path, Step, moved
from chalkwork.laboratory.optimisation.surface import Surface, curvature_name, slope_name
from chalkwork.laboratory.optimisation.writing import (
    EQUALS,
    ETA,
    LAMBDA,
    MU,
    Scribe,
    alone,
    bracketed,
    minus,
    negative,
    plus,
    times,
)
from chalkwork.solutions.board import in_lines
from chalkwork.typesetting.pieces import Piece, join

MOST_ROWS = 14
D = Piece.of("d", "d")
V = Piece.of("v", "v")
V_NEW = Piece.of(r"v^{\text{new}}", "vⁿᵉʷ")


def formulas(surface: Surface, scribe: Scribe, hessian: bool) -> list[Block]:
    """The function, its gradient and its Hessian as formulas."""
    f = surface.name
    blocks: list[Block] = [scribe.defined(f, surface.expression)]
    slopes = [scribe.formula(slope) for slope in surface.slopes]
    if len(slopes) == 1:
        blocks.append(scribe.defined(slope_name(f, surface.variables[0]), surface.slopes[0]))
    elif max(piece.width for piece in slopes) <= 50:
        names = [scribe.symbol(slope_name(f, name)) for name in surface.variables]
        blocks.append(scribe.chain(scribe.slope(), scribe.column(names), scribe.column(slopes)))
    else:
        blocks += [
            scribe.defined(slope_name(f, name), slope)
            for name, slope in zip(surface.variables, surface.slopes, strict=True)
        ]
    return blocks + (_hessian_formulas(surface, scribe) if hessian else [])


def _hessian_formulas(surface: Surface, scribe: Scribe) -> list[Block]:
    rows = [[scribe.formula(entry) for entry in line] for line in surface.curvatures]
    if len(rows) == 1:
        name = curvature_name(surface.name, surface.variables[0], surface.variables[0])
        return [scribe.defined(name, surface.curvatures[0][0])]
    if sum(max(line[column].width for line in rows) + 2 for column in range(len(rows))) <= 64:
        return [scribe.chain(scribe.curvature(), bracketed(rows, scribe.manner))]
    return [
        scribe.defined(curvature_name(surface.name, *pair), surface.curvatures[i][j]) for i, j, pair in _pairs(surface)
    ]


def _pairs(surface: Surface) -> list[tuple[int, int, tuple[str, str]]]:
    n = len(surface.variables)
    return [(i, j, (surface.variables[i], surface.variables[j])) for i in range(n) for j in range(i, n)]


def path_blocks(path: Path, scribe: Scribe, shown: int) -> list[Block]:
    """The rule, the first steps in full, every step in a table, and how it ended."""
    blocks: list[Block] = [Paragraph(rule(path.method, scribe))]
    for number, step in enumerate(path.steps[:shown], 1):
        place = "" if scribe.surface is None else f" {at(step, scribe)}"
        blocks.append(Paragraph(f"**Step {number}.**{place}"))
        blocks += step_blocks(step, path.method, scribe)
        blocks += _value_after(path, number, scribe)
    if len(path.steps) > 1:
        blocks += [Paragraph("Every step:"), path_table(path, scribe)]
    return [*blocks, Paragraph(ending(path, scribe))]


def rule(method: Method, scribe: Scribe) -> str:
    """What the method does in every step."""
    slope, hessian, p = scribe.slope().latex, scribe.curvature().latex, scribe.variables().strip("$")
    new = rf"{p}^{{\text{{new}}}}"
    rate = scribe.number(method.rate).latex
    named = method.name == "newton" or (scribe.surface is not None and len(scribe.surface.variables) == 1)
    number = (r"\lambda = " if named else "") + scribe.number(method.damping).latex
    damped = f" (with ${number}$ added to the diagonal)" if method.damping else ""
    if method.name == "gradient_descent":
        return rf"A step goes against the gradient: ${new} = {p} - \eta \, {slope}$ with the rate $\eta = {rate}$."
    if method.name == "momentum":
        share = scribe.number(method.momentum).latex
        return (
            rf"The velocity keeps the part $\mu = {share}$ of itself and takes on the gradient, "
            rf"$v^{{\text{{new}}}} = \mu v + {slope}$, and the step goes against it: "
            rf"${new} = {p} - \eta \, v^{{\text{{new}}}}$ with $\eta = {rate}$. The velocity is zero at first."
        )
    if method.name == "newton":
        return (
            "A step goes to the critical point of the quadratic function that touches this one (its Taylor polynomial "
            f"of second order): solve ${hessian} \\, d = -{slope}${damped}, then ${new} = {p} + d$."
        )
    return (
        f"As Newton's step, with $\\left|{hessian}\\right|$ in the place of ${hessian}$: the same eigenvectors, and "
        f"the absolute values of the eigenvalues{damped}. So a step goes downhill along every eigenvector, and along a "
        "direction that bends downwards it leads away from the saddle instead of to it."
    )


def step_blocks(step: Step, method: Method, scribe: Scribe) -> list[Block]:
    """The gradient and what else the step needs, in numbers, and the new point."""
    blocks = _derivatives(step, method, scribe)
    if method.name == "gradient_descent":
        return [*blocks, _moved_by_rate(step.gradient, scribe.slope(), step, method, scribe)]
    if method.name == "momentum":
        return [*blocks, *_momentum(step, method, scribe)]
    assert step.matrix is not None
    blocks += _newton(step, method, scribe) if method.name == "newton" else _saddle_free(step, method, scribe)
    parts = plus(scribe.point(), D), plus(scribe.vector(step.point), scribe.vector(step.direction))
    return [*blocks, scribe.chain(scribe.new_point(), *parts, scribe.vector(moved(step.point, step.direction)))]


def _derivatives(step: Step, method: Method, scribe: Scribe) -> list[Block]:
    """Gradient and Hessian with the numbers put in."""
    surface = scribe.surface
    if surface is None:
        given = ((scribe.point(), step.point), (scribe.slope(), step.gradient))
        pieces = [join(name, EQUALS, scribe.vector(value)) for name, value in given]
        return in_lines(pieces, scribe.writer())
    values = surface.worked(step.point, method.uses_hessian)
    f = surface.name
    blocks: list[Block] = [
        scribe.equation(surface.derivation[slope_name(f, name)], values) for name in surface.variables
    ]
    if not method.uses_hessian:
        return blocks
    alone = len(surface.variables) == 1
    changing = [pair for i, j, pair in _pairs(surface) if alone or names_in(surface.curvatures[i][j])]
    return [*blocks, *(scribe.equation(surface.derivation[curvature_name(f, *pair)], values) for pair in changing)]


def at(step: Step, scribe: Scribe) -> str:
    """Where a step starts: "At (x, y) = (1, 1):"."""
    return f"At ${scribe.variables().strip('$')} = {scribe.place(step.point).strip('$')}$:"


def _moved_by_rate(by: Any, symbol: Piece, step: Step, method: Method, scribe: Scribe) -> Block:
    rate = scribe.factor(method.rate)
    number = scribe.factor(by[0]) if len(by) == 1 else scribe.vector(by)
    dotted = join(rate, Piece.of(r" \cdot ", " · "), number) if len(by) == 1 else times(rate, number)
    return scribe.chain(
        scribe.new_point(),
        minus(scribe.point(), times(ETA, symbol)),
        minus(scribe.vector(step.point), dotted),
        scribe.vector(moved(step.point, step.direction)),
    )


def _momentum(step: Step, method: Method, scribe: Scribe) -> list[Block]:
    assert step.velocity is not None
    before = _velocity_before(step, method)
    share = scribe.factor(method.momentum)
    number = scribe.factor(before[0]) if len(before) == 1 else scribe.vector(before)
    dotted = join(share, Piece.of(r" \cdot ", " · "), number) if len(before) == 1 else times(share, number)
    velocity = scribe.chain(
        V_NEW,
        plus(times(MU, V), scribe.slope()),
        plus(dotted, scribe.vector(step.gradient)),
        scribe.vector(step.velocity),
    )
    return [velocity, _moved_by_rate(step.velocity, V_NEW, step, method, scribe)]


def _velocity_before(step: Step, method: Method) -> Any:
    assert step.velocity is not None
    if method.momentum == 0:
        return np.zeros(len(step.point))
    return moved(step.velocity, -step.gradient) / method.momentum


def _newton(step: Step, method: Method, scribe: Scribe) -> list[Block]:
    """The linear system and its solution: by division, by the inverse, or by elimination."""
    matrix, slopes = step.matrix, step.gradient
    assert matrix is not None
    symbol = scribe.curvature()
    if method.damping:
        alone_standing = len(slopes) == 1  # below a fraction line
        damped = plus(symbol, LAMBDA if alone_standing else times(LAMBDA, Piece.of("I", "I")))
        symbol = damped if alone_standing else damped.enclosed()
    if len(slopes) == 1:
        fraction = _over(scribe.slope(), symbol)
        numbers = _over(scribe.number(slopes[0]), scribe.number(matrix[0, 0]))
        return [scribe.chain(D, negative(fraction), negative(numbers), scribe.vector(step.direction))]
    blocks: list[Block] = [Paragraph("The linear system, with the numbers of the Hessian:")]
    blocks.append(scribe.chain(symbol, scribe.matrix(matrix)))
    blocks.append(scribe.chain(times(symbol, D), negative(scribe.slope()), scribe.vector(-slopes)))
    return [*blocks, *_solved(step, method, scribe)]


def _solved(step: Step, method: Method, scribe: Scribe) -> list[Block]:
    matrix, slopes = step.matrix, step.gradient
    assert matrix is not None
    if len(slopes) > 6:
        return [Paragraph("Its solution by elimination:"), scribe.chain(D, scribe.vector(step.direction))]
    if len(slopes) > 2:
        echelon = _eliminated(np.column_stack([matrix, -slopes]))
        return [
            Paragraph("Elimination makes the matrix triangular (the right side is the last column):"),
            alone(scribe.matrix(echelon)),
            Paragraph("and from the last row to the first,"),
            scribe.chain(D, scribe.vector(step.direction)),
        ]
    (a, b), (_, c) = matrix
    first = times(scribe.factor(a), scribe.factor(c))
    second = times(scribe.factor(b), scribe.factor(b))
    det = Piece.of(r"\det \, H", "det H") if not method.damping else Piece.of(r"\det", "det")
    determinant = a * c - b * b
    turned = scribe.matrix([[c, -b], [-b, a]])
    return [
        scribe.chain(det, minus(first, second), scribe.number(determinant)),
        scribe.chain(
            D,
            times(_over(Piece.of("1", "1"), scribe.number(determinant)), turned, scribe.vector(-slopes)),
            scribe.vector(step.direction),
        ),
    ]


def _eliminated(matrix: Any) -> Any:
    """Row echelon form with the largest pivots: Golub and Van Loan, Matrix Computations, section 3.4."""
    work = np.array(matrix, dtype=np.float64)
    for column in range(len(work)):
        pivot = column + int(np.argmax(np.abs(work[column:, column])))
        work[[column, pivot]] = work[[pivot, column]]
        for below in range(column + 1, len(work)):
            work[below] = moved(work[below], -work[below, column] / work[column, column] * work[column])
            work[below, column] = 0.0
    return work


def _saddle_free(step: Step, method: Method, scribe: Scribe) -> list[Block]:
    hessian, matrix = step.hessian, step.matrix
    assert hessian is not None and matrix is not None
    if len(step.point) == 1:
        absolute = Piece(rf"\left|{scribe.curvature().latex}\right|", (scribe.curvature().box.enclosed("bar"),))
        if method.damping:
            absolute = plus(absolute, LAMBDA)
        numbers = _over(scribe.number(step.gradient[0]), scribe.number(matrix[0, 0]))
        return [
            scribe.chain(D, negative(_over(scribe.slope(), absolute)), negative(numbers), scribe.vector(step.direction))
        ]
    eigenvalues, vectors = np.linalg.eigh(hessian)
    vectors = vectors * np.where(vectors[np.abs(vectors).argmax(0), np.arange(len(vectors))] < 0, -1.0, 1.0)
    along = vectors.T @ step.gradient
    along = np.where(np.abs(along) <= 1e-14 * np.abs(step.gradient).max(), 0.0, along)
    sizes = np.abs(eigenvalues) + method.damping
    places = list(range(min(len(eigenvalues), 8)))
    head = [r"$\lambda$", "eigenvector $q$", r"$q^{\top}" + scribe.slope().latex + "$"]
    head += ["step along $q$"]
    columns: list[list[Any]] = [
        [float(eigenvalues[i]) for i in places],
        [scribe.place(vectors[:, i] + 0.0) for i in places],
        [float(along[i]) for i in places],
        [float(-along[i] / sizes[i]) + 0.0 for i in places],
    ]
    blocks: list[Block] = []
    if scribe.surface is not None:
        blocks.append(scribe.chain(scribe.curvature(), scribe.matrix(hessian)))
    size = r"\left|\lambda\right|"
    if method.damping:
        size = f"({size} + {scribe.number(method.damping).latex})"
    step_along = rf"$-q^{{\top}} {scribe.slope().latex} / {size}$"
    blocks.append(
        Paragraph(
            "The eigenvalues and unit eigenvectors of the Hessian, the slope along each, and the step along each, "
            f"{step_along}:"
        )
    )
    blocks.append(scribe.table(head, columns))
    return [*blocks, Paragraph("Added up,"), scribe.chain(D, scribe.vector(step.direction))]


def _over(above: Piece, below: Piece) -> Piece:
    top = above.enclosed() if " " in above.box.lines[0].strip() else above
    bottom = below.enclosed() if below.latex.startswith("-") or " " in below.box.lines[0].strip() else below
    names = any(sign.isalpha() for sign in top.box.lines[0] + bottom.box.lines[0])
    text = join(top, Piece.of("/", " / " if names or len(top.box.lines[0]) > 1 else "/"), bottom)
    return Piece(rf"\frac{{{above.latex}}}{{{below.latex}}}", text.boxes)


def _value_after(path: Path, number: int, scribe: Scribe) -> list[Block]:
    before, after = path.values[number - 1], path.values[number]
    name = "L" if scribe.surface is None else scribe.symbols[scribe.surface.name].latex
    if not np.isfinite(after):
        return [Paragraph(f"There ${name}$ has no value.")]
    change = "falls" if after < before else "rises" if after > before else "stays"
    written = scribe.said(before), scribe.said(after)
    if written[0] == written[1]:
        return [Paragraph(f"The value ${name}$ {change} by less than the digits shown: {written[0]}.")]
    return [Paragraph(f"The value ${name}$ {change} from {written[0]} to {written[1]}.")]


def path_table(path: Path, scribe: Scribe) -> Table:
    """Every point with its value and the step taken there; the middle of a long path is left out."""
    count = len(path.points)
    rows = list(range(count)) if count <= MOST_ROWS else [*range(MOST_ROWS - 3), *range(count - 3, count)]
    rows = [k for k in rows if np.isfinite(path.points[k]).all()]
    head, columns, name = ["step"], [list[Any](rows)], "L"
    if scribe.surface is not None:
        head += [f"${scribe.symbols[variable].latex}$" for variable in scribe.surface.variables]
        columns += [[float(path.points[k][i]) for k in rows] for i in range(path.points.shape[1])]
        name = scribe.symbols[scribe.surface.name].latex
    head.append(f"${name}$")
    columns.append([float(path.values[k]) for k in rows])
    written = scribe.table(head, columns)
    moves = [scribe.said(np.linalg.norm(path.steps[k].direction)) if k < len(path.steps) else "" for k in rows]
    full = [(*line, move) for line, move in zip(written.rows, moves, strict=True)]
    gap = next((place for place, (k, after) in enumerate(pairwise(rows), 1) if after > k + 1), None)
    if gap is not None:
        full.insert(gap, ("⋮",) * (len(head) + 1))
    return Table((*head, "length of the step"), tuple(full), (*written.right, len(head)))


def ending(path: Path, scribe: Scribe) -> str:
    """How the path ended, in a sentence or two."""
    steps = len(path.steps)
    counted = f"{steps} step{'' if steps == 1 else 's'}"
    last = scribe.place(path.last)
    hessian, slope = scribe.curvature().latex, scribe.slope().latex
    if not steps and path.ending in ("", "critical"):
        why = "the gradient is zero there, a critical point" if path.ending else "none was asked for"
        return f"No step is taken from {last}: {why}."
    if path.ending == "critical":
        return f"After {counted} the gradient is zero at {last}: a critical point, and the method stays there."
    if path.ending == "diverged":
        return (
            f"After {counted} the point is {last}: the path runs off to infinity, and it is not followed further. "
            + _why_it_runs_off(path)
        )
    if path.ending == "singular" and path.points.shape[1] == 1:
        return (
            rf"At {last} the second derivative is zero, so that ${hessian} \, d = -{slope}$ has no solution: there is "
            "no step. Damping (a number added to it) would give one."
        )
    if path.ending == "singular":
        return (
            rf"At {last} the Hessian is singular: an eigenvalue is zero, so that ${hessian} \, d = -{slope}$ has no "
            "single solution, and there is no step. Damping (a number added to the diagonal) would give one."
        )
    if path.ending == "outside":
        cause = f" ({path.reason})" if path.reason else ""
        what = "the function or its derivatives have no value"
        return f"After {counted} the point is {last}, where {what}{cause}: the path ends."
    return f"After {counted} the point is {last}."


def _why_it_runs_off(path: Path) -> str:
    if path.values[-1] < path.values[0]:
        return "The values fall all the way: the function seems to have no lower bound there."
    if path.method.uses_hessian:
        return "The quadratic function that a step goes by is too far from this one there; damping shortens the steps."
    return "The rate is too large."
