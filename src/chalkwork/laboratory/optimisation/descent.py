"""Methods on one function from one start: worked steps, the paths, and how they compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.laboratory.optimisation.letters import Letters, free_letters
from chalkwork.laboratory.optimisation.methods import MOST_STEPS, Objective, Path, methods_of, run
from chalkwork.laboratory.optimisation.pictures import picture, ranges_of, steps_tables
from chalkwork.laboratory.optimisation.steps import Route
from chalkwork.laboratory.optimisation.surface import Surface, Work, kind_word, starting_point
from chalkwork.laboratory.optimisation.text import (
    ENDINGS,
    formulas,
    kind_sentence,
    path_blocks,
    place,
    points,
    title_of,
)
from chalkwork.networks.arguments import whole
from chalkwork.networks.data import Array
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Style, Word
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.notation import Notation

MOST_WORKED = 20
"""Steps of a single rule that are equations all."""


def optimise(
    function: str,
    start: Mapping[str, float],
    method: str | Sequence[str] = "gradient_descent",
    steps: int = 5,
    rate: float = 0.1,
    momentum: float = 0.9,
    damping: float = 0.0,
    *,
    shown: int = 2,
    window: Mapping[str, Sequence[float]] | None = None,
    notation: str | Mapping[str, Any] | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
    style: Style | None = None,
    **constants: Any,
) -> Solution:
    """A function of one to four variables made small, step by step, by one method or several.

    `method` is a rule of the table of optimisers (`gradient_descent`, `momentum`, `nesterov`, `adagrad`, `rmsprop`,
    `adam`, `adamw`), `newton` or `saddle_free_newton`, or a list of them; `steps` (0 to 10000) is how many they take at
    most, `rate` (above 0) is that of rules, `momentum` (from 0 to below 1) that of two of them, `damping` (from 0) is
    added to the diagonal of the Hessian of the last two. The first `shown` steps (0 to 20) are written in full.
    `window` gives an interval of every variable to be drawn. `constants` are those of the rules (`beta1`, `beta2`,
    `rho`, `gamma`, `epsilon`, `epsilon_place`: inside or outside the root), their `form` (`rate_inside`, `signed`,
    `average` for momentum, `lookahead` for nesterov), `schedule`, `clip_norm` and `clip_value`.

    The equations of step k are `f1`, `g1` (the gradient, n x 1), `H1` (the Hessian), `det1`, `d1` (Newton's step),
    `lambda1` (eigenvalues), what the rule keeps and works out (`v1`, `m1`, `mhat1`, `r1`, `etahat1`, ...) and `p2` (the
    new point) for the first one; all of the at most 20 steps of a single rule are equations. Of several methods each
    has names of its own behind the common start (`p2_gd`, `d1_newton`, `v1_momentum`, `d1_saddle_free`). Facts, of the
    whole path: `point`, `value`, `path` (k+1 x n), `values`, `steps`; words: `ending` (`critical`, `diverged`,
    `singular`, `outside`, `unfinished`) and the `kind` of a critical point that was reached; for several methods each
    behind the method's name (`newton.path`). Raises ChalkworkError (ReadError, ValueProblem) for a function that cannot
    be read or has no value at the start.

    Sources: see `Method`; Goodfellow, Bengio and Courville, Deep Learning, sections 4.3 and 8.6.

    >>> answer = optimise("x^2 + 10*y^2", start={"x": 1, "y": 1}, method="newton")
    >>> answer["g1"].ravel().tolist(), answer["d1"].ravel().tolist(), answer["p2"].ravel().tolist(), answer["ending"]
    ([2.0, 20.0], [-1.0, -1.0], [0.0, 0.0], 'critical')
    """
    style = style or Style.of(notation, decimals, significant)
    point = starting_point(start)
    surface = Surface(function, list(point))
    methods = methods_of(method, rate, momentum, damping, constants)
    whole(steps, "steps", 0, MOST_STEPS)
    whole(shown, "shown", 0, 20)
    ranges = None if window is None else ranges_of(dict(window), surface.variables, "window")
    paths = [run(surface, list(point.values()), each, steps) for each in methods]
    letters = Letters.of(surface, style.notation)
    work = Work(letters=free_letters(surface, letters))
    routes = [route_of(work, surface, path, letters, (shown, steps), several=len(paths) > 1) for path in paths]
    conclude(work, paths, surface)
    hessian = any(each.uses_hessian for each in methods)

    def script(board: Board) -> Iterator[Block]:
        yield Paragraph(f"The function{_more(hessian)}:")
        yield from formulas(board, surface, letters, hessian)
        yield points(letters)
        yield from ways(board, routes, shown, surface, surface)
        yield from picture(board, surface, letters, [(path.method.title, path) for path in paths], ranges)
        yield from compared(board, paths, letters)

    title = "Optimisation" if len(paths) > 1 else title_of(methods[0])
    whole_table = len(routes) == 1 and routes[0].is_whole and bool(routes[0].steps)
    blank = (lambda board: steps_tables(board, routes[0], blank=True)) if whole_table else None
    return work.solution(style, title=f"{title} step by step", script=script, blank=blank)


def route_of(
    work: Work, surface: Surface, path: Path, letters: Letters, counts: tuple[int, int], several: bool = False
) -> Route:
    """The equations of a path's first steps, in the work; of one step where none is to be shown.

    `counts` are the steps that are shown and those asked for: a single rule has the equations of them all, if few.
    """
    shown, steps = max(1, counts[0]), counts[1]
    route = Route(work, path, letters, several, shown=shown, total=steps)
    whole = not several and not path.method.uses_hessian and len(path.steps) <= MOST_WORKED
    route.add(surface, max(shown, len(path.steps)) if whole else shown)
    if whole and path.steps:
        route.head(surface, len(surface.variables))
    return route


def _more(hessian: bool) -> str:
    return ", its gradient, and its Hessian, the matrix of second derivatives" if hessian else " and its gradient"


def ways(
    board: Board, routes: Sequence[Route], shown: int, objective: Objective, surface: Surface | None = None
) -> Iterator[Block]:
    """Every method's way under its heading, and what kind of critical point it came to."""
    for route in routes:
        yield Heading(title_of(route.method), 2)
        yield from path_blocks(board, route, shown, surface)
        if (hessian := _curvature(route.path, objective)) is not None:
            yield Paragraph(kind_sentence(board, hessian))


def _curvature(path: Path, objective: Objective) -> Array | None:
    """The Hessian at the critical point where a path ended, if it did and there is one."""
    hessian = np.asarray(objective.hessian(path.last)) if path.ending == "critical" else None
    return hessian if hessian is not None and np.isfinite(hessian).all() else None


def compared(board: Board, paths: Sequence[Path], letters: Letters) -> Iterator[Block]:
    """Where the methods ended, in a table; nothing of a single one."""
    if len(paths) < 2:
        return
    columns: list[list[Any]] = [
        [path.method.title for path in paths],
        [len(path.steps) for path in paths],
        [float(path.values[-1]) for path in paths],
        [ENDINGS[path.ending or "unfinished"] for path in paths],
    ]
    head = ["method", "steps", f"${letters.function_sign.latex}$", "ended"]
    if letters.variables:
        columns.insert(2, [place(board, path.last) for path in paths])
        head.insert(2, "at")
    yield Heading("Compared", 2)
    yield board.table(head, columns)


def conclude(work: Work, paths: Sequence[Path], objective: Objective) -> None:
    """The whole paths as facts, how they ended in words."""
    for path in paths:
        before = f"{path.method.name}." if len(paths) > 1 else ""
        found = {
            "point": path.last,
            "value": float(path.values[-1]),
            "path": path.points,
            "values": path.values,
            "steps": len(path.steps),
        }
        work.facts |= {f"{before}{key}": value for key, value in found.items()}
        word = path.ending or "unfinished"
        work.words[f"{before}ending"] = Word(word, (ENDINGS[word],), tuple(ENDINGS))
        if (hessian := _curvature(path, objective)) is not None:
            work.words[f"{before}kind"] = kind_word(hessian)
