"""How steps and paths are written: the function's formulas, the steps in full, every step in a table, the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chalkwork.algebra.entries import entry, entry_name
from chalkwork.algebra.expression import Expression, names_in
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Equation
from chalkwork.documents.model import Block, Paragraph
from chalkwork.laboratory.optimisation.letters import (
    Letters,
    free,
    partial_name,
    partials,
)
from chalkwork.laboratory.optimisation.methods import Method, Path, index_of
from chalkwork.laboratory.optimisation.pictures import path_table, steps_tables
from chalkwork.laboratory.optimisation.steps import Route, Shown
from chalkwork.laboratory.optimisation.surface import Surface, matrix_of
from chalkwork.networks.optimisers import sentence
from chalkwork.solutions.board import Board, in_lines, maths
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.symbols import Symbol

WIDEST = 52
"""How many characters wide a matrix of formulas may be; a wider one is written entry by entry."""
LONGEST = 40
"""How many pieces of a formula are written at most."""
MOST_LISTED = 6
ENDINGS = {
    "critical": "critical point",
    "diverged": "infinity",
    "singular": "singular Hessian",
    "outside": "outside of the domain",
    "unfinished": "not done",
}


# --- the function ----------------------------------------------------------------------------------------------------


def formulas(board: Board, surface: Surface, letters: Letters, hessian: bool) -> Iterator[Block]:
    """The function, its gradient and its Hessian as formulas."""
    yield defined(board, letters.function_sign, free(surface, surface.expression))
    slopes = [free(surface, slope) for slope in surface.slopes]
    curvatures = [[free(surface, one) for one in row] for row in surface.curvatures] if hessian else []
    if letters.alone:
        for sign, (expression,) in zip(
            (letters.slope_sign, letters.curvature_sign), (slopes, *curvatures), strict=False
        ):
            yield defined(board, sign.at(*letters.variables), expression)
        return
    column = matrix_of([[slope] for slope in slopes])
    if board.writer.formula(column).width <= WIDEST:
        yield board.chain(letters.slope_sign, partials(surface), column)
    else:
        for i, slope in enumerate(slopes):
            yield defined(board, partial_name(i), slope)
    if not hessian:
        return
    matrix = matrix_of(curvatures)
    if board.writer.formula(matrix).width <= WIDEST:
        yield board.chain(maths("H"), matrix)
        return
    for i, row in enumerate(curvatures):
        for j in range(i, len(row)):
            yield defined(board, partial_name(i, j), row[j])


def defined(board: Board, name: str | Symbol, expression: Expression) -> Block:
    """A name = its formula; one that has no room on the page is left out."""
    if not _fits(board, expression):
        return board.chain(name, maths(r"\text{(too long for the page)}", "(too long for the page)"))
    return board.chain(name, expression)


def _fits(board: Board, expression: Expression) -> bool:
    pieces = board.formula(expression)
    return len(pieces) <= LONGEST and all(piece.width <= WIDEST + 10 for piece in pieces)


def worked(board: Board, name: str) -> Iterator[Block]:
    """An equation with its numbers; a wide matrix entry by entry, what has no room without its formula."""
    equation = board.derivation[name]
    expression = equation.expression
    if not expression.shape or board.writer.formula(expression).width <= WIDEST:
        fits = bool(expression.shape) or _fits(board, expression)
        yield from board.equation(name, reason="") if fits else [board.chain(name, value(board, name))]
        return
    rows, columns = expression.shape
    for row in range(rows):
        for column in range(row if rows == columns else 0, columns):
            one = entry(expression, row, column)
            if names_in(one) and _fits(board, one):
                place = entry_name(name, expression.shape, row, column)
                yield from board.equation(Equation(place, one, equation.stage))
    yield board.chain(name, value(board, name))


def value(board: Board, name: str) -> Piece:
    """The value of a name."""
    return board.writer.value(board.values[name])


# --- numbers within sentences and tables -----------------------------------------------------------------------------


def place(board: Board, values: Any) -> str:
    """A point within a sentence: $(1, 2)$, or $1$."""
    return f"${place_latex(board, values)}$"


def place_latex(board: Board, values: Any) -> str:
    """The same between no dollars."""
    parts = [board.piece(float(value)).latex for value in np.ravel(values)]
    if len(parts) > MOST_LISTED:
        parts = [*parts[:4], r"\ldots", parts[-1]]
    return parts[0] if len(parts) == 1 else f"({board.writer.notation.between.join(parts)})"


def listed(board: Board, values: Any, most: int = 8) -> str:
    """Numbers within a sentence, one after the other."""
    return board.writer.notation.between.join(board.number(float(value) + 0.0) for value in np.ravel(values)[:most])


# --- one step --------------------------------------------------------------------------------------------------------


def rule_blocks(board: Board, route: Route) -> Iterator[Block]:
    """What the method does in every step: the lines of the rule, or Newton's linear system."""
    method = route.method
    if method.uses_hessian:
        yield Paragraph(_newtons_rule(board, method, route.letters))
        return
    states = method.optimiser.rule.states
    renewed = {letter: f"{letter}_new" for letter in states}
    yield board.say(
        sentence(method.optimiser, lambda word: route.free("point" if word == "p" else renewed.get(word, word)))
    )
    if method.optimiser.looks_ahead:
        yield Paragraph("The gradient is taken where the velocity alone would lead.")
    if method.clips:
        yield Paragraph(_clipped(method))
    for name, expression in route.lines:
        yield board.chain(name.name, expression)
    constants = [route.constant(name).name for name in method.constants]
    yield from board.givens(["eta", *constants, *(f"{letter}0" for letter in states)])


def _clipped(method: Method) -> str:
    ways = [
        r"shortened to the norm $g_{\max}$ where it is longer" if method.clip_norm else "",
        r"cut to the size $g_{\max}$ entry by entry" if method.clip_value else "",
    ]
    return f"Before each step the gradient is {', then '.join(filter(None, ways))}; $\\bar{{g}}$ is what is left."


def _newtons_rule(board: Board, method: Method, letters: Letters) -> str:
    slope, hessian = letters.slope_sign.latex, letters.curvature_sign.latex
    p, d = letters.point.latex, letters.direction.latex
    here, new, slope_here = f"{p}_k", f"{p}_{{k+1}}", f"{slope}({p}_k)"
    damped = rf" (with $\tau = {board.piece(method.damping).latex}$ added to the diagonal)" if method.damping else ""
    if method.damping and letters.alone:
        damped = rf" (with $\tau = {board.piece(method.damping).latex}$ added to it)"
    if method.name == "newton":
        return (
            "A step goes to the critical point of the quadratic function that touches this one (its Taylor polynomial "
            f"of second order): solve ${hessian}({here}) \\, {d}_k = -{slope_here}${damped}, then "
            f"${new} = {here} + {d}_k$."
        )
    return (
        rf"As Newton's step, with $\left|{hessian}\right|$ in the place of ${hessian}$: the same eigenvectors, and "
        f"the absolute values of the eigenvalues{damped}. So a step goes downhill along every eigenvector, and along a "
        "direction that bends downwards it leads away from the saddle instead of to it."
    )


def points(letters: Letters) -> Block:
    """What the letter of a point stands for."""
    p = letters.point.latex
    if letters.alone and p == letters.variables[0].latex:
        return Paragraph(f"Let ${p}_k$ be the point that step $k$ starts from.")
    return Paragraph(
        f"Let $p = {letters.tuple_of_variables()}$; step $k$ starts from the point $p_k$.".replace("$p", f"${p}")
    )


def step_blocks(board: Board, route: Route, shown: Shown) -> Iterator[Block]:
    """One step in full: gradient and Hessian, the direction, the new point."""
    if shown.ahead:
        yield from board.equation(shown.ahead, reason="")
    if shown.slope in board.derivation:
        yield from worked(board, shown.slope)
    if shown.curvature in board.derivation:
        yield from worked(board, shown.curvature)
    yield from board.equations(shown.lines, reason="")
    if shown.matrix and shown.matrix != shown.curvature:
        yield from board.equation(shown.matrix, reason="")
    if shown.vectors:
        yield from _along_eigenvectors(board, route, shown)
    elif shown.direction:
        yield from _solved(board, shown)
    if shown.new_point:
        yield from board.equation(shown.new_point, reason="")


def _solved(board: Board, shown: Shown) -> Iterator[Block]:
    """The solution of the linear system: by division, by the inverse, or by elimination."""
    expression = board.derivation[shown.direction].expression
    if not expression.shape:
        yield from board.equation(shown.direction, reason="")
        return
    matrix, right = board.values[shown.matrix], -board.values[shown.slope] + 0.0
    if shown.determinant:
        yield from board.equation(shown.determinant, reason="")
        (a, b), (c, d) = matrix
        turned = board.writer.value(np.array([[d, -b], [-c, a]]) + 0.0)
        determinant = board.piece(shown.determinant)
        below = determinant.enclosed() if determinant.latex.startswith("-") else determinant
        over = Piece(rf"\frac{{1}}{{{determinant.latex}}}", (join(maths("1/"), below).box,))
        by_hand = join(over, maths(r" \cdot ", " · "), turned, maths(r" \, ", " "), board.writer.value(right))
        yield board.chain(shown.direction, expression, by_hand, value(board, shown.direction))
        return
    if len(matrix) > MOST_LISTED:
        yield Paragraph("By elimination:")
        yield board.chain(shown.direction, expression, value(board, shown.direction))
        return
    yield Paragraph("Elimination makes the matrix of the linear system triangular (the right side is the last column):")
    yield from in_lines([board.writer.value(eliminated(np.column_stack([matrix, right])))], board.writer)
    yield Paragraph("and from the last row to the first,")
    yield board.chain(shown.direction, expression, value(board, shown.direction))


def eliminated(matrix: Any) -> Any:
    """Row echelon form with the largest pivots: Golub and Van Loan, Matrix Computations, section 3.4.

    >>> eliminated(np.array([[2.0, 0.0, 4.0], [1.0, 1.0, 3.0]])).tolist()
    [[2.0, 0.0, 4.0], [0.0, 1.0, 1.0]]
    """
    work = np.array(matrix, dtype=np.float64)
    for column in range(len(work)):
        pivot = column + int(np.argmax(np.abs(work[column:, column])))
        work[[column, pivot]] = work[[pivot, column]]
        for below in range(column + 1, len(work)):
            work[below] = work[below] - work[below, column] / work[column, column] * work[column]
            work[below, column] = 0.0
    return work


def _along_eigenvectors(board: Board, route: Route, shown: Shown) -> Iterator[Block]:
    eigenvalues, vectors = board.values[shown.eigenvalues], board.values[shown.vectors]
    slope = board.values[shown.slope]
    along = vectors.T @ slope
    along = np.where(np.abs(along) <= 1e-14 * np.abs(slope).max(), 0.0, along)
    moves = -along / (np.abs(eigenvalues) + route.method.damping) + 0.0
    if shown.eigenvalues in board.derivation:
        yield Paragraph("The eigenvalues of the Hessian:")
        yield from worked(board, shown.eigenvalues)
    nabla, size = route.letters.slope_sign.latex, r"\left|\lambda\right|"
    if route.method.damping:
        size = rf"({size} + \tau)"
    yield Paragraph(
        "The eigenvalues and unit eigenvectors of the Hessian, the columns of $Q$, the slope along each, and the step "
        rf"along each, $-q^{{\top}} {nabla} / {size}$:"
    )
    rows = range(min(len(eigenvalues), 8))
    yield board.table(
        [r"$\lambda$", "eigenvector $q$", rf"$q^{{\top}}{nabla}$", "step along $q$"],
        [
            [float(eigenvalues[i, 0]) for i in rows],
            [place(board, vectors[:, i]) for i in rows],
            [float(along[i, 0]) for i in rows],
            [float(moves[i, 0]) for i in rows],
        ],
    )
    yield Paragraph("Added up,")
    expression = board.derivation[shown.direction].expression
    yield board.chain(shown.direction, expression, value(board, shown.direction))


# --- the whole path --------------------------------------------------------------------------------------------------


def path_blocks(board: Board, route: Route, count: int, surface: Surface | None) -> Iterator[Block]:
    """The rule, the first steps in full, every step in a table, and how it ended."""
    path, letters = route.path, route.letters
    yield from rule_blocks(board, route)
    for k, shown in enumerate(route.steps[:count], 1):
        taken = k <= len(path.steps)
        at = (
            f" At ${{{shown.point}}} = {place_latex(board, board.values[shown.point])}$:" if surface is not None else ""
        )
        yield board.say((f"**Step {k}.**" if taken else "") + (at if taken else at.strip()))
        if surface is None:
            yield from board.givens([name for name in (shown.point, shown.slope) if name not in board.derivation])
            if k == 1 and shown.point in board.derivation:
                yield from worked(board, shown.point)
        yield from step_blocks(board, route, shown)
        if taken:
            yield from _value_after(board, path, k, letters)
    if len(path.steps) > 1:
        yield Paragraph("Every step:")
        yield from steps_tables(board, route) if route.is_whole else [path_table(board, path, letters)]
    yield Paragraph(ending(board, path, letters))


def _value_after(board: Board, path: Path, k: int, letters: Letters) -> Iterator[Block]:
    before, after = path.values[k - 1], path.values[k]
    name = letters.function_sign.latex
    if not np.isfinite(after):
        yield Paragraph(f"There ${name}$ has no value.")
        return
    change = "falls" if after < before else "rises" if after > before else "stays"
    written = board.number(float(before)), board.number(float(after))
    if written[0] == written[1]:
        yield Paragraph(f"The value ${name}$ {change} by less than the digits shown: {written[0]}.")
    else:
        yield Paragraph(f"The value ${name}$ {change} from {written[0]} to {written[1]}.")


def ending(board: Board, path: Path, letters: Letters) -> str:
    """How the path ended, in a sentence or two."""
    steps = len(path.steps)
    taken = counted(steps, "step")
    last = place(board, path.last)
    hessian, slope = letters.curvature_sign.latex, letters.slope_sign.latex
    if not steps and path.ending in ("", "critical"):
        why = "the gradient is zero there, a critical point" if path.ending else "none was asked for"
        return f"No step is taken from {last}: {why}."
    if path.ending == "critical":
        return f"After {taken} the gradient is zero at {last}: a critical point, and the method stays there."
    if path.ending == "diverged":
        return (
            f"After {taken} the point is {last}: the path runs off to infinity, and it is not followed further. "
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
        return f"After {taken} the point is {last}, where {what}{cause}: the path ends."
    return f"After {taken} the point is {last}."


def _why_it_runs_off(path: Path) -> str:
    if path.values[-1] < path.values[0]:
        return "The values fall all the way: the function seems to have no lower bound there."
    if path.method.uses_hessian:
        return "The quadratic function that a step goes by is too far from this one there; damping shortens the steps."
    return "The rate is too large."


def kind_sentence(board: Board, hessian: Any) -> str:
    """The eigenvalues of the Hessian at a critical point and what they say."""
    eigenvalues = np.linalg.eigvalsh(hessian)
    kind, index = index_of(hessian)
    several = len(eigenvalues) > 1
    values = listed(board, eigenvalues)
    subject = (
        f"The eigenvalues of the Hessian there are {values}" if several else f"The second derivative there is {values}"
    )
    verdict = {
        "minimum": "all of them positive: a minimum" if several else "positive: a minimum",
        "maximum": "all of them negative: a maximum" if several else "negative: a maximum",
        "saddle": f"{index} of {len(eigenvalues)} negative: a saddle point of index {index}",
        "degenerate": (
            "there is a zero among them: the critical point is degenerate, and second derivatives do not decide"
            if several
            else "so that it does not decide: the critical point is degenerate"
        ),
    }[kind]
    return f"{subject}; {verdict}." if several else f"{subject}, {verdict}."


def title_of(method: Method) -> str:
    """The method's name as a heading."""
    return f"{method.title[0].upper()}{method.title[1:]}"
