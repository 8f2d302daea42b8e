"""The chain rule along the paths of named equations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from chalkwork.algebra.expression import names_in
from chalkwork.derivation.derivation import Chain, Derivative, Equation

MOST_PATHS = 6
LONGEST_PATH = 5


def chain(equations: Sequence[Equation], output: str, by: str, stops: Sequence[str] = ()) -> Chain:
    """d(output)/d(by) as a sum over the paths between them, each a product of derivatives.

    Where the full paths are many or long, each stops at the first name of `stops` (or the first name at all)
    that it meets on the way from `by`, whose own derivative is known by then. Empty when nothing leads from
    `by` to `output`, or when the derivative is a single local one.

    >>> from chalkwork.algebra.expression import Name
    >>> from chalkwork.derivation.derivation import Stage
    >>> a, b = Name("a"), Name("b")
    >>> graph = [Equation("c", a + b, Stage.FORWARD), Equation("e", Name("c") * b, Stage.FORWARD)]
    >>> for path in chain(graph, "e", "b"):
    ...     print(" . ".join(f"d{step.of}/d{step.by}" for step in path))
    de/dc . dc/db
    de/db
    """
    users = _users(equations)
    paths = _paths(users, output, by)
    if paths is None or any(len(path) - 1 > LONGEST_PATH for path in paths):
        paths = _short_paths(users, output, by, stops)
    if not paths or all(len(path) < 3 for path in paths):
        return ()
    return tuple(tuple(Derivative(of, inner) for of, inner in pairwise(path)) for path in paths)


def _users(equations: Sequence[Equation]) -> dict[str, list[str]]:
    """For every name the equations that use it."""
    users: dict[str, list[str]] = {}
    for equation in equations:
        for name in names_in(equation.expression):
            users.setdefault(name.name, []).append(equation.name)
    return users


def _paths(users: dict[str, list[str]], output: str, by: str) -> list[list[str]] | None:
    """Every path from the output down to `by`; None when there are too many."""
    if by == output:
        return [[output]]
    found: list[list[str]] = []
    for user in users.get(by, ()):
        above = _paths(users, output, user)
        if above is None or len(found) + len(above) > MOST_PATHS:
            return None
        found += [[*path, by] for path in above]
    return found


def _short_paths(users: dict[str, list[str]], output: str, by: str, stops: Sequence[str]) -> list[list[str]]:
    paths = []
    for user in users.get(by, ()):
        path = [by, user]
        while stops and path[-1] not in stops and path[-1] != output and len(users.get(path[-1], ())) == 1:
            path.append(users[path[-1]][0])
        if path[-1] != output:
            path.append(output)
        paths.append(path[::-1])
    return paths
