"""The chain rule along the paths of named equations, and what tells a derivative along one edge from the whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from chalkwork.algebra.expression import names_in
from chalkwork.derivation.derivation import Chain, Derivative, Equation

MOST_PATHS = 6
LONGEST_PATH = 5


def chain(equations: Sequence[Equation], output: str, by: str, stops: Sequence[str] = ()) -> Chain:
    """d(output)/d(by) as a sum over the paths between them, as `Paths.chain` gives it."""
    return Paths(equations).chain(output, by, stops)


class Paths:
    """Which names act on which, by one edge and by several.

    >>> from chalkwork.algebra.expression import Name
    >>> from chalkwork.derivation.derivation import Stage
    >>> x, a = Name("x"), Name("a")
    >>> paths = Paths([Equation("a", x * x, Stage.FORWARD), Equation("y", x * a, Stage.FORWARD)])
    >>> paths.local("y", "x")
    Derivative(of='y', by='x', fixed=('a',))
    """

    def __init__(self, equations: Sequence[Equation]) -> None:
        self._parts = {one.name: tuple(name.name for name in names_in(one.expression)) for one in equations}
        self.users: dict[str, list[str]] = {}
        """For every name the equations that use it."""
        for user, parts in self._parts.items():
            for part in parts:
                self.users.setdefault(part, []).append(user)
        self._reached: dict[str, set[str]] = {}
        for name in reversed([*(part for part in self.users if part not in self._parts), *self._parts]):
            self._reached[name] = set(self.users.get(name, ()))
            self._reached[name].update(*(self._reached[user] for user in self.users.get(name, ())))

    def reach(self, by: str, of: str) -> bool:
        """Whether `of` depends on `by`."""
        return of in self._reached.get(by, ())

    def towards(self, output: str, by: str) -> list[str]:
        """The equations that use `by` and lead to the output, or are it."""
        return [user for user in self.users.get(by, ()) if user == output or self.reach(user, output)]

    def local(self, of: str, by: str) -> Derivative:
        """The derivative of one equation by one name in it; where that name acts through others too, they are fixed."""
        return Derivative(of, by, tuple(part for part in self._parts[of] if self.reach(by, part)))

    def chain(self, output: str, by: str, stops: Sequence[str] = ()) -> Chain:
        """d(output)/d(by) as a sum over the paths between them, each a product of derivatives.

        Where the full paths are many or long, each stops at the first name of `stops` (or the first name at all)
        that it meets on the way from `by`, whose own derivative is known by then. Empty when nothing leads from
        `by` to `output`, or when the derivative is a single local one.

        >>> from chalkwork.algebra.expression import Name
        >>> from chalkwork.derivation.derivation import Stage
        >>> a, b = Name("a"), Name("b")
        >>> graph = Paths([Equation("c", a + b, Stage.FORWARD), Equation("e", Name("c") * b, Stage.FORWARD)])
        >>> for path in graph.chain("e", "b"):
        ...     print([(step.of, step.by, *step.fixed) for step in path])
        [('e', 'c'), ('c', 'b')]
        [('e', 'b', 'c')]
        """
        paths = self._all(output, by)
        if paths is None:
            found = [self._short(output, [by, user], stops) for user in self.towards(output, by)]
        else:
            found = [tuple(self.local(of, inner) for of, inner in pairwise(path)) for path in paths]
        return tuple(found) if any(len(path) > 1 for path in found) else ()

    def _all(self, output: str, by: str, room: int = LONGEST_PATH) -> list[list[str]] | None:
        """Every path from the output down to `by`; None when there are too many, or one is too long."""
        if by == output:
            return [[output]]
        found: list[list[str]] = []
        for user in self.towards(output, by):
            above = self._all(output, user, room - 1) if room else None
            if above is None or len(found) + len(above) > MOST_PATHS:
                return None
            found += [[*path, by] for path in above]
        return found

    def _short(self, output: str, path: list[str], stops: Iterable[str]) -> tuple[Derivative, ...]:
        """The path goes on while there is one way only; from its end the whole derivative leads to the output."""
        while stops and path[-1] not in stops and path[-1] != output and len(self.towards(output, path[-1])) == 1:
            path = [*path, *self.towards(output, path[-1])]
        whole = () if path[-1] == output else (Derivative(output, path[-1]),)
        return (*whole, *(self.local(of, by) for of, by in pairwise(reversed(path))))
