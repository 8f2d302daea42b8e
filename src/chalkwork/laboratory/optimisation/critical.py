"""Critical points: found by Newton's method from a grid, and what each of them is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Unpack

import numpy as np

from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.optimisation.letters import Letters, free_letters
from chalkwork.laboratory.optimisation.methods import index_of
from chalkwork.laboratory.optimisation.pictures import Ranges, picture, ranges_of
from chalkwork.laboratory.optimisation.steps import studied
from chalkwork.laboratory.optimisation.surface import Surface, Work, eigenvalues_of, kind_word, matrix_of
from chalkwork.laboratory.optimisation.text import formulas, listed, place, place_latex, worked
from chalkwork.networks.arguments import whole
from chalkwork.networks.data import Array
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol

MOST_ROUNDS = 60
MOST_FOUND = 40
MOST_WORKED = 4
SAME = 1e-6
MOST_STARTS = 20_000


def critical_points(
    function: str,
    box: Mapping[str, Sequence[float]],
    grid: int = 9,
    **look: Unpack[Look],
) -> Solution:
    """The critical points of a function within a box, and by the eigenvalues of the Hessian what each of them is.

    Newton's method starts from every point of a grid (2 to 41 places in each direction) over `box`, an interval for
    every variable; where it ends within the box is a critical point. A finer grid may find more: nothing says that all
    are found.

    The equations at the point `p1` are `f1`, `H1` and `lambda1` (the eigenvalues, for two variables), and so on for
    each; the words `kind1`, ... say what they are (`minimum`, `maximum`, `saddle`, `degenerate`). Facts: `points` (m x
    n), `values` (m), `kinds`, `indices` (the number of negative eigenvalues), `eigenvalues` (m x n). Raises
    ChalkworkError for a box or function that cannot be used.

    Sources: Nocedal and Wright, Numerical Optimization, theorems 2.2 to 2.4; Milnor, Morse theory, section 2.

    >>> answer = critical_points("x^3 - 3*x + y^2", {"x": [-2, 2], "y": [-1, 1]})
    >>> answer["points"].tolist(), answer["kinds"]
    ([[-1.0, 0.0], [1.0, 0.0]], ['saddle', 'minimum'])
    """
    style = Style.chosen(**look)
    if not isinstance(box, Mapping):
        raise ChalkworkError(f"box gives an interval for every variable: {{'x': [-2, 2]}}, not {box!r:.60}")
    surface = Surface(function, list(box))
    ranges = ranges_of(dict(box), surface.variables, "box")
    whole(grid, "grid", 2, 41)
    if grid ** len(ranges) > MOST_STARTS:
        raise ChalkworkError(f"a grid of {grid}^{len(ranges)} points is more than {MOST_STARTS}", hint="a coarser grid")
    points = search(surface, ranges, grid)
    hessians = surface.hessian(points)
    values = _without_noise(surface.value(points))
    letters = Letters.of(surface, style.notation)
    work = Work(letters=free_letters(surface, letters))
    for k, (point, hessian) in enumerate(zip(points, hessians, strict=True), 1):
        _add(work, surface, letters, k, point, hessian)
    kinds = [index_of(hessian) for hessian in hessians]
    work.facts |= {
        "points": points,
        "values": values,
        "kinds": [kind for kind, _ in kinds],
        "indices": [index for _, index in kinds],
        "eigenvalues": np.linalg.eigvalsh(hessians) if len(points) else np.zeros((0, len(ranges))),
    }
    facts = work.facts

    def script(board: Board) -> Iterator[Block]:
        yield from _introduced(board, surface, letters, ranges, grid)
        if not len(points):
            yield Paragraph("No critical point was found there.")
            return
        yield _found(board, letters, facts)
        for k in range(1, min(len(points), MOST_WORKED) + 1):
            yield Paragraph(f"At ${letters.at(k).latex} = {place_latex(board, points[k - 1])}$:")
            for name in (f"f{k}", f"H{k}", f"lambda{k}"):
                if name in board.derivation:
                    yield from worked(board, name)
        if "degenerate" in facts["kinds"]:
            yield Paragraph("Where it is degenerate, higher derivatives or the values nearby decide what it is.")
        figure = picture(board, surface, letters, [], ranges, list(zip(facts["kinds"], points, strict=True)))
        if figure:
            yield Heading("Where they lie", 2)
            yield from figure

    return work.solution(style, title="Critical points", script=script)


def _add(work: Work, surface: Surface, letters: Letters, k: int, point: Array, hessian: Array) -> None:
    """A critical point with the value, the Hessian and its eigenvalues there, and what it is in a word."""
    p = surface.point(f"p{k}")
    curvature = studied(work, surface, letters, point, k)
    work.equation(f"f{k}", surface.value_at(p), letter=letters.value(k))
    work.asked += [f"f{k}", f"H{k}"]
    by_hand = eigenvalues_of(curvature, surface.hessian_at(p))
    if len(by_hand) > 1:
        letter = Symbol(r"\lambda", "λ").at(letters.at(k))
        work.equation(f"lambda{k}", matrix_of([[one] for one in by_hand]), letter=letter)
        work.asked.append(f"lambda{k}")
    work.words[f"kind{k}"] = kind_word(hessian)


@np.errstate(all="ignore")
def search(surface: Surface, ranges: Ranges, grid: int) -> Array:
    """Where Newton's method ends within the box, from every point of the grid at once (m x n)."""
    axes = [np.linspace(low, high, grid) for low, high in ranges.values()]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    for _ in range(MOST_ROUNDS):
        points = points + _directions(surface, points)
        points = points[np.isfinite(points).all(1) & (np.abs(points).max(1) < 1e8)]
    low, high = (np.array([ends[side] for ends in ranges.values()]) for side in (0, 1))
    room = SAME * np.maximum(1.0, high - low)
    slopes, values = surface.gradient(points), surface.value(points)
    flat: Any = (
        np.abs(slopes).max(1) <= 1e-9 * np.maximum(1.0, np.abs(values)) if len(points) else np.zeros(0, dtype=bool)
    )
    points = points[flat & ((points >= low - room) & (points <= high + room)).all(1)]
    return _distinct(np.where(np.abs(points) < 1e-9, 0.0, points))


def _without_noise(values: Array) -> Array:
    """Values of which Newton's method left only rounding errors squared are zero."""
    return np.asarray(np.where(np.abs(values) < 1e-24 * max(1.0, np.abs(values).max(initial=0.0)), 0.0, values))


def _directions(surface: Surface, points: Array) -> Array:
    """Newton's step from every point; none where the Hessian is singular or there is none."""
    slopes, hessians = surface.gradient(points), surface.hessian(points)
    usable: Any = np.isfinite(hessians).all((1, 2)) & np.isfinite(slopes).all(1)
    hessians = np.where(usable[:, None, None], hessians, np.eye(points.shape[1]))
    sizes = np.abs(np.linalg.eigvalsh(hessians))
    regular: Any = usable & (sizes.min(1) > 1e-13 * sizes.max(1))
    hessians = np.where(regular[:, None, None], hessians, np.eye(points.shape[1]))
    steps = -np.linalg.solve(hessians, np.where(regular[:, None], slopes, 0.0)[..., None])[..., 0]
    return np.asarray(np.where(usable[:, None], steps, np.nan))


def _distinct(points: Array) -> Array:
    """Each point once, in order."""
    kept: list[Array] = []
    for point in points:
        if all(np.abs(point - other).max() > 1e-4 * max(1.0, np.abs(point).max()) for other in kept):
            kept.append(point)
    if len(kept) > MOST_FOUND:
        raise ChalkworkError(
            f"more than {MOST_FOUND} critical points were found: they are no single points, or the box is too large",
            hint="a smaller box",
        )
    if not kept:
        return np.zeros((0, points.shape[1]))
    return np.array(sorted((point.tolist() for point in kept), key=lambda point: [round(x, 6) for x in point]))


def _introduced(board: Board, surface: Surface, letters: Letters, ranges: Ranges, grid: int) -> Iterator[Block]:
    n = len(surface.variables)
    yield Paragraph("At a critical point the gradient is zero. What it is, the eigenvalues of the Hessian say:")
    yield Paragraph(
        "- all positive: a minimum (index 0);\n"
        f"- all negative: a maximum (index {n});\n"
        "- some of each sign: a saddle point, whose index is the number of negative ones;\n"
        "- one of them zero: degenerate, and the second derivatives do not decide."
    )
    yield from formulas(board, surface, letters, hessian=True)
    over = ", ".join(
        f"${one.latex} \\in [{board.piece(low).latex}, {board.piece(high).latex}]$"
        for one, (low, high) in zip(letters.variables, ranges.values(), strict=True)
    )
    starts = f"{grid} × {grid}" if n == 2 else f"{grid**n}"
    yield Paragraph(f"Newton's method from a grid of {starts} points over {over} ends at:")


def _found(board: Board, letters: Letters, facts: Mapping[str, Any]) -> Block:
    head = [f"${letters.tuple_of_variables()}$", f"${letters.function_sign.latex}$"]
    head += [
        f"${letters.curvature_sign.at(*letters.variables).latex}$" if letters.alone else "eigenvalues of $H$",
        "index",
        "kind",
    ]
    return board.table(
        head,
        [
            [place(board, point) for point in facts["points"]],
            [float(value) for value in facts["values"]],
            [listed(board, line) for line in facts["eigenvalues"]],
            [int(index) for index in facts["indices"]],
            [str(kind) for kind in facts["kinds"]],
        ],
    )
