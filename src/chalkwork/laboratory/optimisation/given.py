"""Rules on numbers that are given: gradients of which nobody says where they come from, and exponential averages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Name, Number
from chalkwork.counting import counted
from chalkwork.derivation.derivation import Stage
from chalkwork.documents.model import Block, Paragraph, Table
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.optimisation.letters import Letters
from chalkwork.laboratory.optimisation.methods import Method, Path, Step, Stepper, methods_of
from chalkwork.laboratory.optimisation.pictures import steps_tables
from chalkwork.laboratory.optimisation.steps import CONSTANTS, Route, Shown
from chalkwork.laboratory.optimisation.surface import Work, starting_point
from chalkwork.laboratory.optimisation.text import place, rule_blocks, title_of
from chalkwork.networks.arguments import flag, whole
from chalkwork.networks.data import Array, as_array, as_vector
from chalkwork.networks.layers.settings import real
from chalkwork.networks.optimisers import AVERAGE, Lines, worked_lines
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import Column, step_table
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.symbols import Symbol, Symbols

MOST_GIVEN = 60
MOST_ENTRIES = 4


def apply_gradients(
    gradients: Sequence[Any],
    start: float | Sequence[float] | Mapping[str, float],
    method: str = "gradient_descent",
    rate: float = 0.1,
    momentum: float = 0.9,
    *,
    shown: int = 1,
    notation: str | Mapping[str, Any] | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
    style: Style | None = None,
    **constants: Any,
) -> Solution:
    """The steps of a rule on gradients that are given: numbers, or lists of at most four numbers, at most 60 of them.

    `start` is the parameter before the first step: a number, as many as a gradient has, or these by their names. The
    rest is as in `optimise`; the first `shown` steps are written in full, all stand in a table.

    The equations of step k are what the rule keeps and works out (`v1`, `m1`, `mhat1`, `r1`, `etahat1`, ...) and `p2`,
    the new parameter; facts: `point`, `path` (k+1 x n) and `steps`. Raises ChalkworkError for a method that needs a
    function, ValueProblem and ShapeError for numbers that cannot be used.

    >>> answer = apply_gradients([0.5, 0.3, -0.2], start=1, method="adagrad", rate=0.1, epsilon=0)
    >>> [round(float(answer[f"r{k}"].item()), 6) for k in (1, 2, 3)], answer["path"].ravel().round(4).tolist()
    ([0.25, 0.34, 0.38], [1.0, 0.9, 0.8486, 0.881])
    """
    style = style or Style.of(notation, decimals, significant)
    (chosen,) = methods_of([method] if isinstance(method, str) else list(method)[:1], rate, momentum, 0.0, constants)
    if chosen.uses_hessian or chosen.optimiser.looks_ahead:
        raise ChalkworkError(f"{chosen.title} needs a function, not its gradients alone", hint="give the key function")
    whole(shown, "shown", 0, 20)
    slopes, names, point = _read(gradients, start)
    path = follow(chosen, point, slopes)
    plain = Symbols(style.notation)
    variables = tuple(plain[name] for name in names)
    point_letter = variables[0] if len(names) == 1 else Symbol("p", "p")
    letters = Letters(Symbol("", ""), point_letter, variables, alone=len(names) == 1)
    work = Work()
    route = _route(work, path, letters, slopes, max(1, shown))
    work.facts |= {"point": path.last, "path": path.points, "steps": len(path.steps)}

    def script(board: Board) -> Iterator[Block]:
        if len(names) > 1:
            yield Paragraph(
                f"Let $p = {letters.tuple_of_variables()}$; step $k$ starts from $p_k$, its gradient is $g_k$."
            )
        else:
            yield Paragraph(f"Step $k$ starts from ${letters.point.latex}_k$, and its gradient is $g_k$.")
        yield from rule_blocks(board, route)
        few = len(slopes) if len(slopes) <= MOST_ENTRIES else 0
        yield from board.givens(["p1", *(f"g{k}" for k in range(1, few + 1))])
        for k, step in enumerate(route.steps[:shown], 1):
            yield Paragraph(f"**Step {k}.**")
            yield from board.equations([*step.lines, step.new_point], reason="")
        yield Paragraph("Every step:")
        yield from steps_tables(board, route)
        yield Paragraph(f"After {counted(len(path.steps), 'step')} the parameter is {place(board, path.last)}.")

    title = f"{title_of(chosen)} on given gradients"
    return work.solution(style, title=title, script=script, blank=lambda board: steps_tables(board, route, blank=True))


def follow(method: Method, point: Array, slopes: Array) -> Path:
    """The path of a rule on given gradients (k x n)."""
    stepper = Stepper(method, len(point), len(slopes))
    points, taken = [point], []
    for number, slope in enumerate(slopes, 1):
        new = stepper.new_point(points[-1], slope, number)
        taken.append(Step(points[-1], np.nan, slope, new - points[-1]))
        points.append(new)
    return Path(method, np.array(points), np.full(len(points), np.nan), tuple(taken), "")


def _read(gradients: Any, start: Any) -> tuple[Array, list[str], Array]:
    """The gradients (k x n), the names of the entries, and the parameter before the first step."""
    slopes = as_array(gradients, "gradients")
    slopes = slopes[:, None] if slopes.ndim == 1 else slopes
    if slopes.ndim != 2 or not 1 <= len(slopes) <= MOST_GIVEN or not 1 <= slopes.shape[1] <= MOST_ENTRIES:
        raise ChalkworkError(
            f"gradients are at most {MOST_GIVEN} numbers, or lists of at most {MOST_ENTRIES} numbers, one for each step"
        )
    n = slopes.shape[1]
    if isinstance(start, Mapping):
        named = starting_point(start)
        names, values = list(named), np.array(list(named.values()))
    else:
        values = np.atleast_1d(as_array(start, "start"))
        names = ["w"] if n == 1 else [f"w{i}" for i in range(1, n + 1)]
    if values.shape != (n,):
        raise ChalkworkError(f"start has {counted(values.size, 'number')}, and a gradient {n}")
    return slopes, names, values


def _route(work: Work, path: Path, letters: Letters, slopes: Array, shown: int) -> Route:
    work.given("p1", path.points[0], letters.at(1))
    for k, slope in enumerate(slopes, 1):
        work.given(f"g{k}", slope, letters.slope(k))
    route = Route(work, path, letters, shown=len(slopes), total=len(slopes))
    for k, step in enumerate(path.steps, 1):
        route.steps.append(Shown(f"p{k}", slope=f"g{k}"))
        route.directed(route.steps[-1], k, step)
    route.head(None, slopes.shape[1])
    return route


def exponential_average(
    values: Sequence[float],
    beta: float = 0.9,
    *,
    corrected: bool = True,
    start: float = 0.0,
    shown: int = 2,
    **look: Unpack[Look],
) -> Solution:
    """The exponential average of at most 60 numbers, v_t = beta v_(t-1) + (1 - beta) x_t, `corrected` for its start.

    `beta` (0 to below 1) is the part that is kept; `start` is v_0, which the correction vhat_t = v_t / (1 - beta^t)
    takes to be 0. The first `shown` averages (0 to 20) are written in full, all stand in a table.

    The equations are `v1`, `vhat1`, `v2`, ... Raises ChalkworkError for a start that the correction does not know.

    Source: Kingma and Ba, Adam: a method for stochastic optimization (ICLR 2015), section 3.

    >>> answer = exponential_average([10, 20], beta=0.5)
    >>> answer["v2"].item(), round(answer["vhat2"].item(), 4)
    (12.5, 16.6667)
    """
    style = Style.chosen(**look)
    numbers = np.ravel(as_vector(list(values), "values"))
    if len(numbers) > MOST_GIVEN:
        raise ChalkworkError(f"there are {len(numbers)} values, more than {MOST_GIVEN}")
    whole(shown, "shown", 0, 20)
    begun = real(start, "start", -1e6, 1e6, high_open=False)
    if flag(corrected, "corrected") and begun:
        raise ChalkworkError("the correction makes up for a start at 0", hint="leave out start, or corrected: false")
    lines = AVERAGE.lines if corrected else AVERAGE.lines[:1]
    words = ["v", "vhat"] if corrected else ["v"]
    work = _averaged(numbers, begun, real(beta, "beta", 0, 1), lines)
    bound = {"v": Name("free_v"), "g": Name("free_x"), "beta": Name("beta"), "t": Name("free_t")}
    general = list(worked_lines(lines, bound, lambda defined: f"free_{defined}"))

    def script(board: Board) -> Iterator[Block]:
        yield board.say(
            "The exponential average keeps the part {beta} of itself and takes on the rest of the new number."
            + (" It starts at zero, which the division makes up for." if corrected else "")
        )
        for name, expression in general:
            yield board.chain(name.name, expression)
        yield from board.givens(["beta", "v0"])
        for t in range(1, min(shown, len(numbers)) + 1):
            yield from board.equations([f"{word}{t}" for word in words], reason="")
        yield table(board)

    def table(board: Board, blank: bool = False) -> Table:
        columns = [Column("x", asked=False), *map(Column, words)]
        return step_table(board, columns, range(1, len(numbers) + 1), "$t$", blank)

    return work.solution(
        style, title="An exponential average", script=script, blank=lambda board: [table(board, blank=True)]
    )


def _averaged(numbers: Array, begun: float, beta: float, lines: Lines) -> Work:
    """The averages number by number, with the letters of any of them."""
    work, letters, x = Work(), Letters(Symbol("", ""), Symbol("x", "x"), alone=True), Symbol("x", "x")
    kept = work.given("v0", begun, Symbol("v_0", "v₀"))
    share = work.given("beta", beta, CONSTANTS["beta"])
    for t, number in enumerate(numbers, 1):
        work.given(f"x{t}", number, letters.numbered(x, t))
    for t in range(1, len(numbers) + 1):
        bound = {"v": kept, "g": Name(f"x{t}"), "beta": share, "t": Number(t)}
        for name, expression in worked_lines(lines, bound, _numbered(t)):
            word = name.name.rstrip("0123456789")
            work.equation(name.name, expression, Stage.UPDATE, letter=letters.numbered(_AVERAGES[word], t))
            work.asked.append(name.name)
        kept = Name(f"v{t}")
    at_any = {word: letters.numbered(letter, "t") for word, letter in _AVERAGES.items()}
    work.letters |= {
        **at_any, "x": Symbol("x_t", "xₜ"), "free_x": letters.numbered(x, "t"), "free_t": Symbol("t", "t"),
        "free_v": letters.numbered(_AVERAGES["v"], "t-1"), "free_v_new": at_any["v"], "free_vhat": at_any["vhat"],
    }  # fmt: skip
    return work


def _numbered(t: int) -> Callable[[str], str]:
    return lambda defined: f"{defined.removesuffix('_new')}{t}"


_AVERAGES = {"v": Symbol("v", "v"), "vhat": Symbol(r"\hat{v}", "v\u0302")}
