"""Methods on one function from one start: worked steps, the paths, and how they compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chalkwork.documents.model import Block, Heading, Paragraph
from chalkwork.laboratory.optimisation.methods import (
    MOST_STEPS,
    Path,
    index_of,
    methods_of,
    run,
    whole,
)
from chalkwork.laboratory.optimisation.pictures import picture, ranges_of
from chalkwork.laboratory.optimisation.steps import ending, formulas, path_blocks
from chalkwork.laboratory.optimisation.surface import Surface, starting_point
from chalkwork.laboratory.optimisation.writing import Scribe
from chalkwork.laboratory.worked import Manner, Worked
from chalkwork.typesetting.notation import Notation

ENDINGS = {
    "critical": "critical point",
    "diverged": "infinity",
    "singular": "singular Hessian",
    "outside": "outside of the domain",
    "": "not done",
}


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
    manner: Manner | None = None,
) -> Worked:
    """A function of one to four variables made small, step by step, by one method or several.

    `method` is `gradient_descent`, `momentum`, `newton` or `saddle_free_newton`, or a list of them; `steps` (0 to
    10000) is how many they take at most, `rate` (above 0) and `momentum` (from 0 to below 1) are those of the first
    two, `damping` (from 0) is added to the diagonal of the Hessian of the last two. The first `shown` steps (0 to 20)
    are written in full. `window` gives an interval of every variable to be drawn.

    Values: `point`, `value`, `path` (k+1 x n), `values`, `ending` (`critical`, `diverged`, `singular`, `outside` or
    empty) of a single method; for several, each behind the method's name (`newton.path`). Raises ChalkworkError
    (ReadError, ValueProblem) for a function that cannot be read or has no value at the start.

    Sources: see `Method`; Goodfellow, Bengio and Courville, Deep Learning, sections 4.3 and 8.6.

    >>> answer = optimise("x^2 + 10*y^2", start={"x": 1, "y": 1}, method="newton")
    >>> answer["point"].tolist(), answer["ending"]
    ([0.0, 0.0], 'critical')
    """
    manner = manner or Manner.of(notation, decimals, significant)
    point = starting_point(start)
    surface = Surface(function, list(point))
    scribe = Scribe(manner, surface)
    methods = methods_of(method, rate, momentum, damping)
    whole(steps, "steps", 0, MOST_STEPS)
    whole(shown, "shown", 0, 20)
    ranges = None if window is None else ranges_of(dict(window), surface.variables, "window")
    paths = [run(surface, list(point.values()), each, steps) for each in methods]
    hessian = any(each.uses_hessian for each in methods)
    blocks: list[Block] = [*_introduced(hessian), *formulas(surface, scribe, hessian)]
    for path in paths:
        title = path.method.title
        blocks.append(Heading(f"{title[0].upper()}{title[1:]}", 2))
        blocks += path_blocks(path, scribe, shown)
        blocks += _kind_reached(surface, path, scribe)
    blocks += picture(surface, scribe, [(path.method.title, path) for path in paths], ranges)
    if len(paths) > 1:
        blocks += [Heading("Compared", 2), compared(paths, scribe)]
    whose = "Optimisation" if len(paths) > 1 else title[0].upper() + title[1:]
    return Worked(f"{whose} step by step", blocks, path_values(paths), manner.notation)


def _introduced(hessian: bool) -> list[Block]:
    more = ", its gradient, and its Hessian, the matrix of second derivatives" if hessian else " and its gradient"
    return [Paragraph(f"The function{more}:")]


def _kind_reached(surface: Surface, path: Path, scribe: Scribe) -> list[Block]:
    """What kind of critical point was reached."""
    if path.ending != "critical":
        return []
    hessian = surface.hessian(path.last)
    if not np.isfinite(hessian).all():
        return []
    return [Paragraph(kind_sentence(hessian, scribe))]


def kind_sentence(hessian: Any, scribe: Scribe) -> str:
    """The eigenvalues of the Hessian at a critical point and what they say."""
    eigenvalues = np.linalg.eigvalsh(hessian)
    kind, index = index_of(hessian)
    several = len(eigenvalues) > 1
    listed = ", ".join(scribe.said(value) for value in eigenvalues[:8])
    subject = (
        f"The eigenvalues of the Hessian there are {listed}"
        if several
        else (f"The second derivative there is {listed}")
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


def compared(paths: Sequence[Path], scribe: Scribe) -> Block:
    """Where the methods ended, in a table."""
    name = "L" if scribe.surface is None else scribe.symbols[scribe.surface.name].latex
    columns: list[list[Any]] = [
        [path.method.title for path in paths],
        [len(path.steps) for path in paths],
        [float(path.values[-1]) for path in paths],
        [ENDINGS[path.ending] for path in paths],
    ]
    head = ["method", "steps", f"${name}$", "ended"]
    if scribe.surface is not None:
        columns.insert(2, [scribe.place(path.last) for path in paths])
        head.insert(2, "at")
    return scribe.table(head, columns)


def path_values(paths: Sequence[Path]) -> dict[str, Any]:
    """The results by name."""
    found: dict[str, Any] = {}
    for path in paths:
        before = f"{path.method.name}." if len(paths) > 1 else ""
        found |= {
            f"{before}point": path.last,
            f"{before}value": float(path.values[-1]),
            f"{before}path": path.points,
            f"{before}values": path.values,
            f"{before}steps": len(path.steps),
            f"{before}ending": path.ending,
        }
    return found


__all__ = ["compared", "ending", "kind_sentence", "optimise", "path_values"]
