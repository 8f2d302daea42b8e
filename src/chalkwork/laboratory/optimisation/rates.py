"""Gradient descent on convex quadratics: the largest step size, and the condition number against Newton's one step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, log
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Name, apply
from chalkwork.counting import counted
from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.optimisation.letters import Letters, free_letters
from chalkwork.laboratory.optimisation.methods import Method, Path, run
from chalkwork.laboratory.optimisation.pictures import picture
from chalkwork.laboratory.optimisation.steps import Route, ends_of_spectrum
from chalkwork.laboratory.optimisation.surface import Surface, Work, starting_point
from chalkwork.laboratory.optimisation.text import (
    formulas,
    listed,
    place,
    place_latex,
    step_blocks,
)
from chalkwork.networks.arguments import whole
from chalkwork.networks.data import Array
from chalkwork.networks.layers.settings import real
from chalkwork.solutions.board import Board, maths
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol

NEAR = 0.05
MOST_MEASURED = 200_000


def step_size(
    function: str,
    start: Mapping[str, float],
    steps: int = 20,
    **look: Unpack[Look],
) -> Solution:
    """From which step size on gradient descent fails on a convex quadratic function: derived, and shown in numbers.

    On a quadratic with eigenvalues lambda of the Hessian the error along each eigenvector is multiplied by
    1 - eta lambda in every step, so that gradient descent converges from everywhere exactly where
    eta < 2 / lambda_max. It runs for `steps` (1 to 200) just below, at, and just above that.

    The equations are `g1`, `H1`, `lambda_min`, `lambda_max`, `minimum` (where it is), `limit` and `best`, which is 2 /
    (lambda_min + lambda_max); facts `eigenvalues` and `below.values`, `at.values`, `above.values`. Raises
    ChalkworkError for a function that is not quadratic, or not convex.

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 4.3.1; Nesterov, Introductory Lectures on Convex
    Optimization, section 1.2.3.

    >>> float(step_size("x^2 + 10*y^2", {"x": 1, "y": 1})["limit"])
    0.1
    """
    style = Style.chosen(**look)
    point = starting_point(start)
    surface, eigenvalues, minimum = _convex_quadratic(function, point)
    whole(steps, "steps", 1, 200)
    largest = float(eigenvalues[-1])
    limit = 2 / largest
    rates = {"below": (1 - NEAR) * limit, "at": limit, "above": (1 + NEAR) * limit}
    begin = list(point.values())
    paths = {name: run(surface, begin, Method("gradient_descent", rate), steps) for name, rate in rates.items()}
    letters = Letters.of(surface, style.notation)
    work = Work(letters=free_letters(surface, letters))
    hessian = ends_of_spectrum(work, surface, letters, begin, eigenvalues, "min", "max")
    low, high = Name("lambda_min"), Name("lambda_max")
    if surface.point("p").shape:
        start_at, slope = surface.point("p1"), surface.point("g1")
        work.equation("minimum", start_at - apply("solve", hessian, slope), letter=Symbol("p^{*}", "p*", raised=True))
    else:
        lowest = Symbol(f"{letters.point.latex}^{{*}}", f"{letters.point.text}∗", raised=True)
        work.equation("minimum", Name("p1") - Name("g1") / hessian, letter=lowest)
    work.equation("limit", 2 / high, letter=Symbol(r"\eta", "η"), relation="<")
    work.equation("best", 2 / (low + high), letter=Symbol(r"\eta^{*}", "η∗", raised=True))
    work.asked += ["lambda_min", "lambda_max", "limit", "best"]
    work.facts |= {"eigenvalues": eigenvalues}
    work.facts |= {f"{name}.rate": rate for name, rate in rates.items()}
    work.facts |= {f"{name}.values": path.values for name, path in paths.items()}

    def script(board: Board) -> Iterator[Block]:
        yield Paragraph("The function, its gradient and its Hessian, which is the same everywhere:")
        yield from formulas(board, surface, letters, hessian=True)
        yield from _factors(board, letters, eigenvalues)
        yield from _limits(board)
        yield from _tried(board, letters, eigenvalues, rates, paths)
        labels = {name: f"{name} the limit: η = {board.piece(rate).box.lines[0]}" for name, rate in rates.items()}
        shown = [(labels[name], _first(path, 5)) for name, path in paths.items()]
        yield from picture(board, surface, letters, shown, marked=[("minimum", minimum)])

    return work.solution(style, title="From which step size on gradient descent fails", script=script)


def condition(
    function: str,
    start: Mapping[str, float],
    accuracy: float = 1e-6,
    **look: Unpack[Look],
) -> Solution:
    """Newton's method in one step on a convex quadratic, and how many gradient descent needs for its condition number.

    With the best rate 2 / (lambda_min + lambda_max) the error shrinks in every step at least by the factor
    q = (kappa - 1) / (kappa + 1), kappa = lambda_max / lambda_min, so that ln(1 / accuracy) / ln(1 / q) steps are
    enough to shorten it to `accuracy` (between 0 and 1) of what it was. Both are measured, from the start and for
    condition numbers 1, 10, 100, 1000 from the worst start.

    The equations are those of Newton's step (`g1`, `H1`, `det1`, `d1`, `p2`), `lambda_min`, `lambda_max`, `kappa`,
    `factor` (q) and `bound` (the least number of steps); facts `predicted` and `measured` (steps of gradient descent),
    `newton` (steps), and the arrays `table.kappa`, `table.predicted`, `table.measured`. Raises ChalkworkError for a
    function that is not quadratic, or not convex, or a start at the minimum.

    Source: Nesterov, Introductory Lectures on Convex Optimization, theorem 2.1.14; Nocedal and Wright, Numerical
    Optimization, section 3.3.

    >>> answer = condition("x^2 + 10*y^2", {"x": 10, "y": 1})
    >>> answer["newton"], answer["predicted"], answer["measured"]
    (1, 69, 69)
    """
    style = Style.chosen(**look)
    point = starting_point(start)
    surface, eigenvalues, minimum = _convex_quadratic(function, point)
    real(accuracy, "the accuracy", 1e-12, 1)
    begin = np.array(list(point.values()))
    newton = run(surface, begin, Method("newton"), 3)
    if not newton.steps:
        raise ChalkworkError("the start is the minimum already: no step is needed", hint="start elsewhere")
    smallest, largest = float(eigenvalues[0]), float(eigenvalues[-1])
    predicted, factor = steps_needed(largest / smallest, accuracy)
    best = 2 / (smallest + largest)
    measured = _measured(surface, begin, minimum, best, accuracy)
    kappas = [1.0, 10.0, 100.0, 1000.0]
    trials = [(steps_needed(each, accuracy)[0], _worst(each, accuracy)) for each in kappas]
    letters = Letters.of(surface, style.notation)
    work = Work(letters=free_letters(surface, letters))
    route = Route(work, newton, letters)
    route.add(surface, 1)
    _condition(work, surface, letters, begin, eigenvalues, accuracy, factor)
    work.facts |= {
        "eigenvalues": eigenvalues, "predicted": predicted, "measured": measured, "newton": len(newton.steps),
        "minimum": minimum, "table.kappa": np.array(kappas),
        "table.predicted": np.array([trial[0] for trial in trials]),
        "table.measured": np.array([trial[1] for trial in trials]),
    }  # fmt: skip
    descent = _first(run(surface, begin, Method("gradient_descent", best), 40), 40)

    def script(board: Board) -> Iterator[Block]:
        yield Paragraph("The function, its gradient and its Hessian, which is the same everywhere:")
        yield from formulas(board, surface, letters, hessian=True)
        yield Heading("Newton's method", 2)
        yield Paragraph(f"At ${letters.at(1).latex} = {place_latex(board, begin)}$:")
        yield from step_blocks(board, route, route.steps[0])
        yield Paragraph(
            "There the gradient is zero. One step is enough because the function is its own Taylor polynomial of "
            f"second order, from everywhere. The minimum is at {place(board, minimum)}."
        )
        yield from _descent_needs(board, accuracy, predicted, measured)
        yield Paragraph(r"For $\frac{1}{2} (x^2 + \kappa y^2)$ from $(\kappa, 1)$, the worst start:")
        yield _worst_starts(board, kappas, trials)
        yield from picture(board, surface, letters, [("gradient descent", descent), ("Newton", newton)])

    return work.solution(style, title="The condition number, and Newton's one step", script=script)


def _condition(
    work: Work, surface: Surface, letters: Letters, begin: Array, eigenvalues: Array, accuracy: float, factor: float
) -> None:
    """The condition number, the factor of a step, and how many steps it takes, as equations."""
    ends_of_spectrum(work, surface, letters, begin.tolist(), eigenvalues, "min", "max")
    kappa = work.equation("kappa", Name("lambda_max") / Name("lambda_min"), letter=Symbol(r"\kappa", "κ"))
    q = work.equation("factor", (kappa - 1) / (kappa + 1), letter=Symbol("q", "q"))
    work.asked += ["kappa", "factor"]
    if factor >= 1e-12:
        epsilon = work.given("accuracy", accuracy, Symbol(r"\varepsilon", "ε"))
        work.equation("bound", apply("log", epsilon) / apply("log", q), letter=Symbol("k", "k"), relation="≥")
        work.asked.append("bound")


def _worst_starts(board: Board, kappas: Sequence[float], trials: Sequence[tuple[int, int]]) -> Block:
    return board.table(
        [r"$\kappa$", r"$q$", "steps by the formula", "steps measured", "Newton"],
        [
            [int(each) for each in kappas],
            [(each - 1) / (each + 1) for each in kappas],
            [trial[0] for trial in trials],
            [trial[1] for trial in trials],
            [1 for _ in kappas],
        ],
    )


def steps_needed(kappa: float, accuracy: float) -> tuple[int, float]:
    """The steps after which gradient descent with the best rate is as near as asked, and the factor of each.

    >>> steps_needed(10.0, 1e-6)[0]
    69
    """
    factor = (kappa - 1) / (kappa + 1)
    if factor < 1e-12:
        return 1, 0.0
    return max(1, ceil(log(1 / accuracy) / -log(factor) - 1e-9)), factor


# --- the step size ---------------------------------------------------------------------------------------------------


def _convex_quadratic(function: str, point: Mapping[str, float]) -> tuple[Surface, Array, Array]:
    """The function, the eigenvalues of its Hessian, and its minimum; ChalkworkError where it is another kind."""
    surface = Surface(function, list(point))
    if not surface.is_quadratic:
        raise ChalkworkError(
            "the function is not quadratic: its Hessian depends on the place", hint="give one such as x^2 + 10*y^2"
        )
    begin = np.array(list(point.values()))
    hessian = surface.hessian(begin)
    eigenvalues = np.linalg.eigvalsh(hessian)
    if eigenvalues[0] <= 1e-12 * max(abs(eigenvalues[-1]), 1e-300):
        raise ChalkworkError(
            f"the function has no single minimum: the smallest eigenvalue of its Hessian is {eigenvalues[0]:.6g}",
            hint="every eigenvalue must be positive",
        )
    minimum = begin - np.linalg.solve(hessian, surface.gradient(begin))
    return surface, eigenvalues, np.where(np.abs(minimum) < 1e-12 * max(1.0, np.abs(begin).max()), 0.0, minimum)


def _factors(board: Board, letters: Letters, eigenvalues: Array) -> Iterator[Block]:
    several = len(eigenvalues) > 1
    along = "Along an eigenvector with the eigenvalue $\\lambda$ that is" if several else "That is"
    yield Heading("What a step does to the error", 2)
    if several and "lambda_min" in board.derivation:
        yield Paragraph("Its eigenvalues are")
        yield from board.equations(("lambda_min", "lambda_max"))
    elif several:
        yield Paragraph(f"Its eigenvalues are {listed(board, eigenvalues)}.")
    else:
        yield Paragraph(f"The second derivative is {listed(board, eigenvalues)}.")
    yield board.say(
        f"The minimum is at {place(board, board.values['minimum'])}; let $e$ be the error, the point minus the "
        "minimum. The gradient is $H e$, so that a step with the rate $\\eta$ gives"
    )
    new = maths(r"e^{\text{new}}", "eⁿᵉʷ")
    yield board.chain(new, maths(r"e - \eta \, H e", "e − η H e"), maths(r"(I - \eta H) \, e .", "(I − η H) e."))
    yield Paragraph(f"{along} $e^{{\\text{{new}}}} = (1 - \\eta \\lambda) \\, e$, and after $k$ steps")
    yield board.chain(maths("e_k", "eₖ"), maths(r"(1 - \eta \lambda)^k \, e_0 .", "(1 − η λ)ᵏ e₀."))


def _limits(board: Board) -> Iterator[Block]:
    yield Paragraph(
        "This goes to zero exactly where $\\left|1 - \\eta \\lambda\\right| < 1$, that is "
        "$0 < \\eta < 2 / \\lambda$, and every error does so where the largest eigenvalue allows it:"
    )
    yield from board.equation("limit")
    yield Paragraph("The largest of the factors is smallest where those of both ends are equal in size,")
    yield from board.equation("best")


def _tried(
    board: Board, letters: Letters, eigenvalues: Array, rates: Mapping[str, float], paths: Mapping[str, Path]
) -> Iterator[Block]:
    words = {
        "below": "every factor is below 1 in size: it converges",
        "at": "a factor of −1: it jumps to and fro for ever",
        "above": "a factor beyond −1: it diverges",
    }
    yield Heading("Just below, at, and just above", 2)
    factors = [", ".join(board.number(1 - rate * value) for value in eigenvalues) for rate in rates.values()]
    head = [r"$\eta$", r"factors $1 - \eta \lambda$", "so"]
    yield board.table(head, [list(rates.values()), factors, [words[name] for name in rates]])
    last = min(len(path.values) for path in paths.values()) - 1
    rows = sorted({0, 1, 2, 3, 5, 10, last} & set(range(last + 1)))
    f = letters.function_sign.latex
    names = {name: rf"${f}$ at $\eta = {board.piece(rate).latex}$" for name, rate in rates.items()}
    columns: list[list[Any]] = [list(rows), *([float(path.values[k]) for k in rows] for path in paths.values())]
    yield Paragraph("The values of the function after some steps:")
    yield board.table(["step", *names.values()], columns)
    yield Paragraph(
        "So gradient descent does not always come to the minimum of a convex function: with too large a step it does "
        "not even come to that of a bowl."
    )


def _first(path: Path, most: int) -> Path:
    """The beginning of a path."""
    steps = path.steps[:most]
    return Path(path.method, path.points[: len(steps) + 1], path.values[: len(steps) + 1], steps, path.ending)


# --- the condition number --------------------------------------------------------------------------------------------


def _descent_needs(board: Board, accuracy: float, predicted: int, measured: int) -> Iterator[Block]:
    yield Heading("Gradient descent", 2)
    yield Paragraph(
        r"With the best rate $\eta = 2 / (\lambda_{\min} + \lambda_{\max})$ the factors $1 - \eta \lambda$ lie "
        r"between $-q$ and $q$, where $\kappa$ is the condition number of the Hessian:"
    )
    ends = ("lambda_min", "lambda_max")
    yield from board.givens([name for name in ends if name not in board.derivation])
    yield from board.equations(name for name in (*ends, "kappa", "factor") if name in board.derivation)
    if "bound" not in board.derivation:
        yield Paragraph("All directions bend alike, and gradient descent needs one step as well.")
        return
    yield board.say(
        rf"The error is shortened to $\varepsilon = {board.piece(accuracy).latex}$ of what it was as soon as $q^k$ is "
        "that small:"
    )
    yield from board.equation("bound")
    yield Paragraph(
        f"so {counted(predicted, 'step')} {'is' if predicted == 1 else 'are'} enough from everywhere. Measured from "
        f"this start: {measured}. Newton's method needs 1, whatever the condition number."
    )


def _measured(surface: Surface, begin: Array, minimum: Array, rate: float, accuracy: float) -> int:
    """The steps until the error is as short as asked."""
    point, first = begin, float(np.linalg.norm(begin - minimum))
    hessian = surface.hessian(begin)
    for step in range(MOST_MEASURED):
        if np.linalg.norm(point - minimum) <= accuracy * first * (1 + 1e-9):
            return step
        point = point - rate * (hessian @ (point - minimum))
    return MOST_MEASURED


def _worst(kappa: float, accuracy: float) -> int:
    surface = Surface(f"1/2*x^2 + {kappa!r}/2*y^2")
    begin = np.array([kappa, 1.0])
    return _measured(surface, begin, np.zeros(2), 2 / (1 + kappa), accuracy)
