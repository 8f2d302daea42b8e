"""Leaving a saddle point: slowly, never, or fast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Unpack

import numpy as np

from chalkwork.algebra.expression import Name, apply
from chalkwork.documents.model import Block, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.optimisation.letters import Letters, free_letters
from chalkwork.laboratory.optimisation.methods import Method, index_of, run
from chalkwork.laboratory.optimisation.pictures import picture
from chalkwork.laboratory.optimisation.steps import ETA, ends_of_spectrum
from chalkwork.laboratory.optimisation.surface import Surface, Work, kind_word, starting_point
from chalkwork.laboratory.optimisation.text import formulas, listed, place, place_latex, worked
from chalkwork.networks.data import Array, as_vector
from chalkwork.networks.layers.settings import real
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Look, Style
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol


def escape(
    function: str,
    saddle: Mapping[str, float],
    distances: Sequence[float] = (0.1, 0.01, 1e-4, 1e-8),
    rate: float = 0.1,
    radius: float = 1.0,
    **look: Unpack[Look],
) -> Solution:
    """How a saddle point is left: slowly by gradient descent, never by Newton's method, fast by saddle-free Newton.

    Every start lies at one of `distances` (above 0, below `radius`) from the critical point `saddle` along the
    direction that bends down the most, and at half the radius along the one that bends up the most; it has left when
    its distance along the first exceeds `radius`. Near the saddle gradient descent with `rate` multiplies that by
    1 + eta |lambda|, so that it takes ln(radius / distance) / ln(1 + eta |lambda|) steps.

    The equations are `g1`, `H1` at the saddle `p1`, `lambda_min`, `growth` (the factor) and `predicted` (m x 1); facts:
    `eigenvalues`, `index`, `distances`, `gradient_descent`, `saddle_free_newton` (steps until it has left; -1 where it
    has not within 10000), `newton` (the points where Newton's method ends, m x n). Raises ChalkworkError where `saddle`
    is no saddle point.

    Sources: Dauphin et al., Identifying and attacking the saddle point problem in high-dimensional non-convex
    optimization (NIPS 2014), section 4; Pascanu et al., On the saddle point problem for non-convex optimization (2014).

    >>> answer = escape("x^2 - y^2", {"x": 0, "y": 0}, [0.1, 0.001])
    >>> answer["gradient_descent"], answer["saddle_free_newton"], answer["newton"].tolist()
    ([13, 38], [4, 10], [[0.0, 0.0], [0.0, 0.0]])
    """
    style = Style.chosen(**look)
    point = starting_point(saddle, "saddle")
    surface = Surface(function, list(point))
    centre = np.array(list(point.values()))
    eigenvalues, down, across = _saddle_directions(surface, centre)
    real(radius, "the radius", 0, 1e6, low_open=True, high_open=False)
    Method.of("gradient_descent", rate)
    apart = np.ravel(as_vector(list(distances), "distances")).tolist()
    if len(apart) > 12 or not all(1e-15 < each < radius for each in apart):
        raise ChalkworkError("distances are at most 12 numbers above 0 and below the radius")
    starts = [centre + each * down + 0.5 * radius * across for each in apart]
    left = {
        name: [_left(surface, start, centre, down, Method(name, rate), radius) for start in starts]
        for name in ("gradient_descent", "saddle_free_newton")
    }
    newton = [run(surface, start, Method("newton"), 50) for start in starts]
    letters = Letters.of(surface, style.notation)
    work = Work(letters=free_letters(surface, letters))
    _add(work, surface, letters, centre, eigenvalues, (rate, radius, apart))
    ends = np.array([path.last for path in newton])
    work.facts |= {
        "eigenvalues": eigenvalues, "index": int((eigenvalues < 0).sum()), "distances": np.array(apart), **left,
        "newton": ends,
    }  # fmt: skip
    work.words["kind"] = kind_word(surface.hessian(centre))
    methods = [Method(name, rate) for name in ("gradient_descent", "newton", "saddle_free_newton")]
    most = [max(1, left["gradient_descent"][0]), 50, max(1, left["saddle_free_newton"][0])]
    shown = [(each.title, run(surface, starts[0], each, count)) for each, count in zip(methods, most, strict=True)]

    def script(board: Board) -> Iterator[Block]:
        yield from formulas(board, surface, letters, hessian=True)
        yield from _growth(board, work.facts)
        yield _steps(board, work.facts)
        yield Paragraph(_where_newton_goes(ends, centre))
        yield Paragraph(
            r"Saddle-free Newton divides by $\left|\lambda\right|$: along the direction that bends down its step is "
            "as long as Newton's and goes the other way, downhill: on a quadratic function the distance doubles."
        )
        yield from picture(board, surface, letters, shown, marked=[("saddle", centre)])

    return work.solution(style, title="Leaving a saddle point", script=script)


def _add(
    work: Work,
    surface: Surface,
    letters: Letters,
    centre: Array,
    eigenvalues: Array,
    given: tuple[float, float, Sequence[float]],
) -> None:
    """The Hessian at the saddle, its lowest eigenvalue, the growth of a step, and how many steps it takes."""
    rate, radius, apart = given
    ends_of_spectrum(work, surface, letters, centre, eigenvalues, "min")
    eta, big = work.given("eta", rate, ETA), work.given("R", radius, Symbol("R", "R"))
    growth = work.equation("growth", 1 + eta * apply("abs", Name("lambda_min")), letter=Symbol(r"\gamma", "γ"))
    r = work.given("r", apart, Symbol("r", "r"))
    work.equation("predicted", apply("log", big / r) / apply("log", growth), letter=Symbol("k", "k"))
    work.asked += ["H1", "growth", "predicted"]


def _saddle_directions(surface: Surface, centre: Array) -> tuple[Array, Array, Array]:
    """The eigenvalues, and the eigenvectors that bend down and up the most."""
    slopes, hessian = surface.gradient(centre), surface.hessian(centre)
    if not np.isfinite(slopes).all() or np.abs(slopes).max() > 1e-6:
        raise ChalkworkError(
            f"{centre.tolist()} is no critical point: the gradient there is {slopes.tolist()}",
            hint="critical_points finds them",
        )
    kind, index = index_of(hessian)
    if kind != "saddle":
        raise ChalkworkError(f"{centre.tolist()} is no saddle point, but a {kind} point (index {index})".replace(
            "minimum point", "minimum").replace("maximum point", "maximum"))  # fmt: skip
    eigenvalues, vectors = np.linalg.eigh(hessian)
    down, across = vectors[:, 0], vectors[:, -1]
    return eigenvalues, down * np.sign(down[np.abs(down).argmax()]), across * np.sign(across[np.abs(across).argmax()])


def _left(surface: Surface, start: Array, centre: Array, down: Array, method: Method, radius: float) -> int:
    """The steps until the point is further than the radius from the saddle, along the direction that bends down."""
    point, done, block = start, 0, 100
    while done < 10_000:
        path = run(surface, point, method, block)
        away = np.abs((path.points - centre) @ down)
        outside = np.flatnonzero(~(away <= radius))
        if outside.size:
            return done + int(outside[0])
        if path.ending or len(path.steps) < block:
            return -1
        point, done = path.last, done + block
    return -1


def _growth(board: Board, facts: Mapping[str, Any]) -> Iterator[Block]:
    yield board.say(f"At ${{p1}} = {place_latex(board, board.values['p1'])}$ the gradient is zero, and the Hessian is")
    yield from worked(board, "H1")
    yield Paragraph(
        f"Its eigenvalues are {listed(board, facts['eigenvalues'])}: a saddle point of index {facts['index']}."
    )
    yield Paragraph(
        "Near it the distance $r$ along the direction that bends down the most grows in each step of gradient "
        "descent by the factor"
    )
    yield from board.equation("growth")
    yield Paragraph("and from $r$ to the radius $R$ it takes")
    yield board.chain("predicted", board.derivation["predicted"].expression)
    yield Paragraph("steps: the nearer the start, the longer, without bound.")


def _steps(board: Board, facts: Mapping[str, Any]) -> Block:
    words = {
        name: [str(count) if count >= 0 else "never" for count in facts[name]]
        for name in ("gradient_descent", "saddle_free_newton")
    }
    found = board.table(
        ["$r$", "by the formula", "gradient descent", "saddle-free Newton", "Newton ends at"],
        [
            [float(each) for each in facts["distances"]],
            [float(each) for each in np.ravel(board.values["predicted"])],
            words["gradient_descent"],
            words["saddle_free_newton"],
            [place(board, point) for point in facts["newton"]],
        ],
    )
    return found._replace(right=(0, 1, 2, 3))


def _where_newton_goes(ends: Array, centre: Array) -> str:
    if (np.abs(ends - centre).max(1) < 1e-6).all():
        return (
            "Newton's method goes to the saddle from every one of these starts: it solves for a zero of the gradient, "
            "of whatever kind, and along the direction that bends down it divides by a negative number and so steps "
            "uphill."
        )
    return "Newton's method does not come to this saddle from every one of these starts."
