"""Leaving a saddle point: slowly, never, or fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

import numpy as np

from chalkwork.documents.model import Block, Display, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.optimisation.methods import Method, in_range, index_of, run
from chalkwork.laboratory.optimisation.pictures import picture
from chalkwork.laboratory.optimisation.steps import formulas
from chalkwork.laboratory.optimisation.surface import Surface, starting_point
from chalkwork.laboratory.optimisation.writing import Scribe
from chalkwork.laboratory.worked import Manner, Worked
from chalkwork.networks.data import Array, as_vector
from chalkwork.typesetting.notation import Notation


def escape(
    function: str,
    saddle: Mapping[str, float],
    distances: Sequence[float] = (0.1, 0.01, 1e-4, 1e-8),
    rate: float = 0.1,
    radius: float = 1.0,
    *,
    notation: str | Mapping[str, Any] | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
    manner: Manner | None = None,
) -> Worked:
    """How a saddle point is left: slowly by gradient descent, never by Newton's method, fast by saddle-free Newton.

    Every start lies at one of `distances` (above 0, below `radius`) from the critical point `saddle` along the
    direction that bends down the most, and at half the radius along the one that bends up the most; it has left when
    its distance along the first exceeds `radius`. Near the saddle gradient descent with `rate` multiplies that by
    1 + eta |lambda|, so that it takes ln(radius / distance) / ln(1 + eta |lambda|) steps.

    Values: `eigenvalues`, `index`, `distances`, `predicted`, `gradient_descent`, `saddle_free_newton` (steps until it
    has left; -1 where it has not within 10000), `newton` (the points where Newton's method ends, m x n). Raises
    ChalkworkError where `saddle` is no saddle point.

    Sources: Dauphin et al., Identifying and attacking the saddle point problem in high-dimensional non-convex
    optimization (NIPS 2014), section 4; Pascanu et al., On the saddle point problem for non-convex optimization (2014).

    >>> answer = escape("x^2 - y^2", {"x": 0, "y": 0}, [0.1, 0.001])
    >>> answer["gradient_descent"], answer["saddle_free_newton"], answer["newton"].tolist()
    ([13, 38], [4, 10], [[0.0, 0.0], [0.0, 0.0]])
    """
    manner = manner or Manner.of(notation, decimals, significant)
    point = starting_point(saddle, "saddle")
    surface = Surface(function, list(point))
    centre = np.array(list(point.values()))
    eigenvalues, down, across = _saddle_directions(surface, centre)
    in_range(radius, "the radius", 0, 1e6, low_open=True)
    Method.of("gradient_descent", rate)
    apart = np.ravel(as_vector(list(distances), "distances")).tolist()
    if len(apart) > 12 or not all(1e-15 < each < radius for each in apart):
        raise ChalkworkError("distances are at most 12 numbers above 0 and below the radius")
    starts = [centre + each * down + 0.5 * radius * across for each in apart]
    growth = 1 + rate * abs(float(eigenvalues[0]))
    predicted = [log(radius / each) / log(growth) for each in apart]
    left = {
        name: [_left(surface, start, centre, down, Method(name, rate), radius) for start in starts]
        for name in ("gradient_descent", "saddle_free_newton")
    }
    newton = [run(surface, start, Method("newton"), 50) for start in starts]
    scribe = Scribe(manner, surface)
    values: dict[str, Any] = {
        "eigenvalues": eigenvalues, "index": int((eigenvalues < 0).sum()), "distances": np.array(apart),
        "predicted": predicted, **left, "newton": np.array([path.last for path in newton]),
    }  # fmt: skip
    blocks = _escape_blocks(surface, scribe, centre, rate, growth, values)
    methods = [Method(name, rate) for name in ("gradient_descent", "newton", "saddle_free_newton")]
    steps = [max(1, values["gradient_descent"][0]), 50, max(1, values["saddle_free_newton"][0])]
    shown = [(each.title, run(surface, starts[0], each, most)) for each, most in zip(methods, steps, strict=True)]
    blocks += picture(surface, scribe, shown, marked=[("saddle", centre)])
    return Worked("Leaving a saddle point", blocks, values, manner.notation)


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


def _escape_blocks(
    surface: Surface, scribe: Scribe, centre: Array, rate: float, growth: float, values: Mapping[str, Any]
) -> list[Block]:
    eigenvalues = values["eigenvalues"]
    lowest = scribe.number(abs(float(eigenvalues[0])))
    listed = ", ".join(scribe.said(value) for value in eigenvalues)
    words = [str(count) if count >= 0 else "never" for count in values["gradient_descent"]]
    freed = [str(count) if count >= 0 else "never" for count in values["saddle_free_newton"]]
    back = np.abs(values["newton"] - centre).max(1) < 1e-6
    sentence = (
        "Newton's method goes to the saddle from every one of these starts: it solves for a zero of the gradient, of "
        "whatever kind, and along the direction that bends down it divides by a negative number and so steps uphill."
        if back.all()
        else "Newton's method does not come to this saddle from every one of these starts."
    )
    rate_said, factor = scribe.number(rate), scribe.number(growth)
    return [
        *formulas(surface, scribe, hessian=True),
        Paragraph(
            f"At {scribe.place(centre)} the gradient is zero and the eigenvalues of the Hessian are {listed}: a saddle "
            f"point of index {values['index']}."
        ),
        Paragraph(
            "Near it the distance $r$ along the direction that bends down the most grows in each step of gradient "
            "descent by the factor"
        ),
        Display(
            rf"1 + \eta \left|\lambda\right| = 1 + {rate_said.latex} \cdot {lowest.latex} = {factor.latex} ,",
            f"1 + η |λ| = 1 + {rate_said.box.lines[0]} · {lowest.box.lines[0]} = {factor.box.lines[0]},",
        ),
        Paragraph(
            r"and from $r$ to the radius $R$ it takes $\ln(R / r) / \ln(1 + \eta \left|\lambda\right|)$ steps: the "
            "nearer the start, the longer, without bound."
        ),
        scribe.table(
            ["$r$", "by the formula", "gradient descent", "saddle-free Newton", "Newton ends at"],
            [
                [float(each) for each in values["distances"]],
                [float(each) for each in values["predicted"]],
                words,
                freed,
                [scribe.place(point) for point in values["newton"]],
            ],
        ),
        Paragraph(sentence),
        Paragraph(
            r"Saddle-free Newton divides by $\left|\lambda\right|$: along the direction that bends down its step is "
            "as long as Newton's and goes the other way, downhill: on a quadratic function the distance doubles."
        ),
    ]
