"""Gradient descent on convex quadratics: the largest step size, and the condition number against Newton's one step."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, log
from typing import Any

import numpy as np

from chalkwork.documents.model import Block, Display, Heading, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.optimisation.methods import Method, Path, in_range, run, whole
from chalkwork.laboratory.optimisation.pictures import picture
from chalkwork.laboratory.optimisation.steps import at, formulas, step_blocks
from chalkwork.laboratory.optimisation.surface import Surface, starting_point
from chalkwork.laboratory.optimisation.writing import Scribe
from chalkwork.laboratory.worked import Manner, Worked
from chalkwork.networks.data import Array
from chalkwork.typesetting.notation import Notation

NEAR = 0.05
MOST_MEASURED = 200_000


def step_size(
    function: str,
    start: Mapping[str, float],
    steps: int = 20,
    *,
    notation: str | Mapping[str, Any] | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
    manner: Manner | None = None,
) -> Worked:
    """From which step size on gradient descent fails on a convex quadratic function: derived, and shown in numbers.

    On a quadratic with eigenvalues lambda of the Hessian the error along each eigenvector is multiplied by
    1 - eta lambda in every step, so that gradient descent converges from everywhere exactly where
    eta < 2 / lambda_max. It runs for `steps` (1 to 200) just below, at, and just above that.

    Values: `eigenvalues`, `limit`, `best` (2 / (lambda_min + lambda_max)), and `below.values`, `at.values`,
    `above.values`. Raises ChalkworkError for a function that is not quadratic, or not convex.

    Source: Goodfellow, Bengio and Courville, Deep Learning, section 4.3.1; Nesterov, Introductory Lectures on Convex
    Optimization, section 1.2.3.

    >>> float(step_size("x^2 + 10*y^2", {"x": 1, "y": 1})["limit"])
    0.1
    """
    manner = manner or Manner.of(notation, decimals, significant)
    point = starting_point(start)
    surface, eigenvalues, minimum = _convex_quadratic(function, point)
    whole(steps, "steps", 1, 200)
    largest, smallest = float(eigenvalues[-1]), float(eigenvalues[0])
    limit, best = 2 / largest, 2 / (smallest + largest)
    scribe = Scribe(manner, surface)
    rates = {"below": (1 - NEAR) * limit, "at": limit, "above": (1 + NEAR) * limit}
    begin = list(point.values())
    paths = {name: run(surface, begin, Method("gradient_descent", rate), steps) for name, rate in rates.items()}
    blocks = [
        Paragraph("The function, its gradient and its Hessian, which is the same everywhere:"),
        *formulas(surface, scribe, hessian=True),
        *_factors(scribe, eigenvalues, minimum),
        *_limits(scribe, smallest, largest),
        *_tried(scribe, eigenvalues, rates, paths),
    ]
    labels = {name: f"{name} the limit: η = {scribe.number(rate).box.lines[0]}" for name, rate in rates.items()}
    shown = [(labels[name], _first(path, 5)) for name, path in paths.items()]
    blocks += picture(surface, scribe, shown, marked=[("minimum", minimum)])
    values: dict[str, Any] = {"eigenvalues": eigenvalues, "limit": limit, "best": best, "minimum": minimum}
    values |= {f"{name}.rate": rate for name, rate in rates.items()}
    values |= {f"{name}.values": path.values for name, path in paths.items()}
    return Worked("From which step size on gradient descent fails", blocks, values, manner.notation)


def condition(
    function: str,
    start: Mapping[str, float],
    accuracy: float = 1e-6,
    *,
    notation: str | Mapping[str, Any] | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
    manner: Manner | None = None,
) -> Worked:
    """Newton's method in one step on a convex quadratic, and how many gradient descent needs for its condition number.

    With the best rate 2 / (lambda_min + lambda_max) the error shrinks in every step at least by the factor
    q = (kappa - 1) / (kappa + 1), kappa = lambda_max / lambda_min, so that ln(1 / accuracy) / ln(1 / q) steps are
    enough to shorten it to `accuracy` (between 0 and 1) of what it was. Both are measured, from the start and for
    condition numbers 1, 10, 100, 1000 from the worst start.

    Values: `kappa`, `factor`, `predicted` and `measured` (steps of gradient descent), `newton` (steps), and the arrays
    `table.kappa`, `table.predicted`, `table.measured`. Raises ChalkworkError for a function that is not quadratic, or
    not convex, or a start at the minimum.

    Source: Nesterov, Introductory Lectures on Convex Optimization, theorem 2.1.14; Nocedal and Wright, Numerical
    Optimization, section 3.3.

    >>> answer = condition("x^2 + 10*y^2", {"x": 10, "y": 1})
    >>> answer["newton"], answer["predicted"], answer["measured"]
    (1, 69, 69)
    """
    manner = manner or Manner.of(notation, decimals, significant)
    point = starting_point(start)
    surface, eigenvalues, minimum = _convex_quadratic(function, point)
    in_range(accuracy, "the accuracy", 1e-12, 1, high_open=True)
    begin = np.array(list(point.values()))
    scribe = Scribe(manner, surface)
    newton = run(surface, begin, Method("newton"), 3)
    if not newton.steps:
        raise ChalkworkError("the start is the minimum already: no step is needed", hint="start elsewhere")
    smallest, largest = float(eigenvalues[0]), float(eigenvalues[-1])
    kappa = largest / smallest
    predicted, factor = steps_needed(kappa, accuracy)
    measured = _measured(surface, begin, minimum, 2 / (smallest + largest), accuracy)
    kappas = [1.0, 10.0, 100.0, 1000.0]
    trials = [(steps_needed(each, accuracy)[0], _worst(each, accuracy)) for each in kappas]
    blocks: list[Block] = [
        Paragraph("The function, its gradient and its Hessian, which is the same everywhere:"),
        *formulas(surface, scribe, hessian=True),
        Heading("Newton's method", 2),
        Paragraph(at(newton.steps[0], scribe)),
        *step_blocks(newton.steps[0], newton.method, scribe),
        Paragraph(
            "There the gradient is zero. One step is enough because the function is its own Taylor polynomial of "
            f"second order, from everywhere. The minimum is at {scribe.place(minimum)}."
        ),
        *_descent_needs(scribe, smallest, largest, accuracy, predicted, measured),
        Paragraph(r"For $\frac{1}{2} (x^2 + \kappa y^2)$ from $(\kappa, 1)$, the worst start:"),
        scribe.table(
            [r"$\kappa$", r"$q$", "steps by the formula", "steps measured", "Newton"],
            [
                [int(each) for each in kappas],
                [(each - 1) / (each + 1) for each in kappas],
                [trial[0] for trial in trials],
                [trial[1] for trial in trials],
                [1 for _ in kappas],
            ],
        ),
    ]
    descent = _first(run(surface, begin, Method("gradient_descent", 2 / (smallest + largest)), 40), 40)
    blocks += picture(surface, scribe, [("gradient descent", descent), ("Newton", newton)])
    values = {
        "eigenvalues": eigenvalues, "kappa": kappa, "factor": factor, "predicted": predicted, "measured": measured,
        "newton": len(newton.steps), "minimum": minimum, "table.kappa": np.array(kappas),
        "table.predicted": np.array([trial[0] for trial in trials]),
        "table.measured": np.array([trial[1] for trial in trials]),
    }  # fmt: skip
    return Worked("The condition number, and Newton's one step", blocks, values, manner.notation)


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


def _factors(scribe: Scribe, eigenvalues: Array, minimum: Array) -> list[Block]:
    several = len(eigenvalues) > 1
    listed = ", ".join(scribe.said(value) for value in eigenvalues)
    one = "Its eigenvalues are" if several else "The second derivative is"
    along = "Along an eigenvector with the eigenvalue $\\lambda$ that is" if several else "That is"
    return [
        Heading("What a step does to the error", 2),
        Paragraph(f"{one} {listed}. The minimum is at {scribe.place(minimum)}; let $e$ be the error, the point minus "
                  "the minimum. The gradient is $H e$, so that a step with the rate $\\eta$ gives"),
        Display(
            r"e^{\text{new}} = e - \eta \, H e = (I - \eta H) \, e .",
            "eⁿᵉʷ = e − η H e = (I − η H) e.",
        ),
        Paragraph(f"{along} $e^{{\\text{{new}}}} = (1 - \\eta \\lambda) \\, e$, and after $k$ steps"),
        Display(r"e_k = (1 - \eta \lambda)^k \, e_0 .", "eₖ = (1 − η λ)ᵏ e₀."),
    ]  # fmt: skip


def _limits(scribe: Scribe, smallest: float, largest: float) -> list[Block]:
    top, low = scribe.number(largest), scribe.number(smallest)
    limit, best = scribe.number(2 / largest), scribe.number(2 / (smallest + largest))
    return [
        Paragraph(
            "This goes to zero exactly where $\\left|1 - \\eta \\lambda\\right| < 1$, that is "
            "$0 < \\eta < 2 / \\lambda$, and every error does so where the largest eigenvalue allows it:"
        ),
        Display(
            rf"\eta < \frac{{2}}{{\lambda_{{\max}}}} = \frac{{2}}{{{top.latex}}} = {limit.latex}",
            f"η < 2/λₘₐₓ = 2/{top.box.lines[0]} = {limit.box.lines[0]}",
        ),
        Paragraph("The largest of the factors is smallest where those of both ends are equal in size,"),
        Display(
            rf"\eta = \frac{{2}}{{\lambda_{{\min}} + \lambda_{{\max}}}} = \frac{{2}}{{{low.latex} + {top.latex}}} "
            rf"= {best.latex}",
            f"η = 2/(λₘᵢₙ + λₘₐₓ) = 2/({low.box.lines[0]} + {top.box.lines[0]}) = {best.box.lines[0]}",
        ),
    ]


def _tried(scribe: Scribe, eigenvalues: Array, rates: Mapping[str, float], paths: Mapping[str, Path]) -> list[Block]:
    assert scribe.surface is not None
    words = {
        "below": "every factor is below 1 in size: it converges",
        "at": "a factor of −1: it jumps to and fro for ever",
        "above": "a factor beyond −1: it diverges",
    }
    blocks: list[Block] = [Heading("Just below, at, and just above", 2)]
    factors = [", ".join(scribe.said(1 - rate * value) for value in eigenvalues) for rate in rates.values()]
    head = [r"$\eta$", r"factors $1 - \eta \lambda$", "so"]
    blocks.append(scribe.table(head, [list(rates.values()), factors, [words[name] for name in rates]]))
    last = min(len(path.values) for path in paths.values()) - 1
    rows = sorted({0, 1, 2, 3, 5, 10, last} & set(range(last + 1)))
    f = scribe.symbols[scribe.surface.name].latex
    names = {name: rf"${f}$ at $\eta = {scribe.number(rate).latex}$" for name, rate in rates.items()}
    columns: list[list[Any]] = [list(rows), *([float(path.values[k]) for k in rows] for path in paths.values())]
    blocks.append(Paragraph("The values of the function after some steps:"))
    blocks.append(scribe.table(["step", *names.values()], columns))
    lesson = (
        "So gradient descent does not always come to the minimum of a convex function: with too large a step it does "
        "not even come to that of a bowl."
    )
    return [*blocks, Paragraph(lesson)]


def _first(path: Path, most: int) -> Path:
    """The beginning of a path."""
    steps = path.steps[:most]
    return Path(path.method, path.points[: len(steps) + 1], path.values[: len(steps) + 1], steps, path.ending)


# --- the condition number --------------------------------------------------------------------------------------------


def _descent_needs(
    scribe: Scribe, smallest: float, largest: float, accuracy: float, predicted: int, measured: int
) -> list[Block]:
    kappa = largest / smallest
    factor = (kappa - 1) / (kappa + 1)
    low, top, ratio = scribe.number(smallest), scribe.number(largest), scribe.number(kappa)
    part = scribe.number(1 / accuracy)
    blocks: list[Block] = [
        Heading("Gradient descent", 2),
        Paragraph(
            r"With the best rate $\eta = 2 / (\lambda_{\min} + \lambda_{\max})$ the factors $1 - \eta \lambda$ lie "
            r"between $-q$ and $q$, where $\kappa$ is the condition number of the Hessian:"
        ),
        Display(
            rf"\kappa = \frac{{\lambda_{{\max}}}}{{\lambda_{{\min}}}} = \frac{{{top.latex}}}{{{low.latex}}} "
            rf"= {ratio.latex}, \quad q = \frac{{\kappa - 1}}{{\kappa + 1}} = {scribe.number(factor).latex}",
            f"κ = λₘₐₓ/λₘᵢₙ = {top.box.lines[0]}/{low.box.lines[0]} = {ratio.box.lines[0]},   "
            f"q = (κ − 1)/(κ + 1) = {scribe.number(factor).box.lines[0]}",
        ),
    ]
    if factor < 1e-12:
        return [*blocks, Paragraph("All directions bend alike, and gradient descent needs one step as well.")]
    text = f"k ≥ ln({part.box.lines[0]}) / ln(1/q) = {scribe.number(log(1 / accuracy) / -log(factor)).box.lines[0]}"
    latex = rf"k \ge \frac{{\ln({part.latex})}}{{\ln(1 / q)}} = {scribe.number(log(1 / accuracy) / -log(factor)).latex}"
    return [
        *blocks,
        Paragraph(f"The error is shortened to {scribe.said(accuracy)} of what it was as soon as $q^k$ is that small:"),
        Display(latex, text),
        Paragraph(
            f"so {predicted} steps are enough from everywhere. Measured from this start: {measured}. Newton's method "
            "needs 1, whatever the condition number."
        ),
    ]


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
