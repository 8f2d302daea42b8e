"""Critical points: found by Newton's method from a grid, and what each of them is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.optimisation.methods import index_of, whole
from chalkwork.laboratory.optimisation.pictures import Ranges, picture, ranges_of
from chalkwork.laboratory.optimisation.steps import formulas
from chalkwork.laboratory.optimisation.surface import Surface
from chalkwork.laboratory.optimisation.writing import Scribe
from chalkwork.laboratory.worked import Manner, Worked
from chalkwork.networks.data import Array
from chalkwork.typesetting.notation import Notation

MOST_ROUNDS = 60
MOST_FOUND = 40
SAME = 1e-6
MOST_STARTS = 20_000


def critical_points(
    function: str,
    box: Mapping[str, Sequence[float]],
    grid: int = 9,
    *,
    notation: str | Mapping[str, Any] | Notation | None = None,
    decimals: int | None = None,
    significant: int | None = None,
    manner: Manner | None = None,
) -> Worked:
    """The critical points of a function within a box, and by the eigenvalues of the Hessian what each of them is.

    Newton's method starts from every point of a grid (2 to 41 places in each direction) over `box`, an interval for
    every variable; where it ends within the box is a critical point. A finer grid may find more: nothing says that all
    are found.

    Values: `points` (m x n), `values` (m), `kinds` (`minimum`, `maximum`, `saddle`, `degenerate`), `indices` (the
    number of negative eigenvalues), `eigenvalues` (m x n). Raises ChalkworkError for a box or function that cannot be
    used.

    Sources: Nocedal and Wright, Numerical Optimization, theorems 2.2 to 2.4; Milnor, Morse theory, section 2.

    >>> answer = critical_points("x^3 - 3*x + y^2", {"x": [-2, 2], "y": [-1, 1]})
    >>> answer["points"].tolist(), answer["kinds"]
    ([[-1.0, 0.0], [1.0, 0.0]], ['saddle', 'minimum'])
    """
    manner = manner or Manner.of(notation, decimals, significant)
    if not isinstance(box, Mapping):
        raise ChalkworkError(f"box gives an interval for every variable: {{'x': [-2, 2]}}, not {box!r:.60}")
    surface = Surface(function, list(box))
    ranges = ranges_of(dict(box), surface.variables, "box")
    whole(grid, "grid", 2, 41)
    if grid ** len(ranges) > MOST_STARTS:
        raise ChalkworkError(f"a grid of {grid}^{len(ranges)} points is more than {MOST_STARTS}", hint="a coarser grid")
    points = search(surface, ranges, grid)
    hessians = surface.hessian(points)
    found = [index_of(hessian) for hessian in hessians]
    scribe = Scribe(manner, surface)
    values: dict[str, Any] = {
        "points": points,
        "values": _without_noise(surface.value(points)),
        "kinds": [kind for kind, _ in found],
        "indices": [index for _, index in found],
        "eigenvalues": np.linalg.eigvalsh(hessians) if len(points) else np.zeros((0, len(ranges))),
    }
    return Worked("Critical points", tuple(_blocks(surface, scribe, ranges, grid, values)), values, manner.notation)


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


def _blocks(surface: Surface, scribe: Scribe, ranges: Ranges, grid: int, values: Mapping[str, Any]) -> list[Block]:
    points, kinds, indices = values["points"], values["kinds"], values["indices"]
    n = len(surface.variables)
    blocks: list[Block] = [
        Paragraph("At a critical point the gradient is zero. What it is, the eigenvalues of the Hessian say:"),
        Paragraph(
            "- all positive: a minimum (index 0);\n"
            f"- all negative: a maximum (index {n});\n"
            "- some of each sign: a saddle point, whose index is the number of negative ones;\n"
            "- one of them zero: degenerate, and the second derivatives do not decide."
        ),
        *formulas(surface, scribe, hessian=True),
    ]
    over = ", ".join(
        f"${scribe.symbols[name].latex} \\in [{scribe.number(low).latex}, {scribe.number(high).latex}]$"
        for name, (low, high) in ranges.items()
    )
    starts = f"{grid} × {grid}" if n == 2 else f"{grid**n}"
    blocks.append(Paragraph(f"Newton's method from a grid of {starts} points over {over} ends at:"))
    if not len(points):
        return [*blocks, Paragraph("No critical point was found there.")]
    head = [scribe.variables(), f"${scribe.symbols[surface.name].latex}$"]
    head += ["eigenvalues of $H$" if n > 1 else f"${scribe.curvature().latex}$", "index", "kind"]
    blocks.append(
        scribe.table(
            head,
            [
                [scribe.place(point) for point in points],
                [float(value) for value in values["values"]],
                [", ".join(scribe.said(value + 0.0) for value in line) for line in values["eigenvalues"]],
                [int(index) for index in indices],
                [str(kind) for kind in kinds],
            ],
        )
    )
    if "degenerate" in kinds:
        blocks.append(Paragraph("Where it is degenerate, higher derivatives or the values nearby decide what it is."))
    marked = [(kind, point) for kind, point in zip(kinds, points, strict=True)]
    figure = picture(surface, scribe, [], ranges, marked)
    return [*blocks, *([Heading("Where they lie", 2), *figure] if figure else [])]
