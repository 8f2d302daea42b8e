"""Which rewrites an equation has: grouped by what they come to, one mistake or two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from itertools import combinations as pairs
from itertools import count, islice

from chalkwork.algebra.expression import Expression, Number, walk
from chalkwork.algebra.simplify import simplify
from chalkwork.checking.mistakes.context import Context
from chalkwork.checking.mistakes.entry import Mistake
from chalkwork.derivation.derivation import Equation
from chalkwork.errors import ShapeError

MOST_COMBINED = 16
MOST_PAIRS = 400


def simplified(expression: Expression) -> Expression:
    """The expression simplified: the same exercises come again and again. Equal, 1 and 1.0 are not written alike."""
    return _simplified(expression, tuple(type(one.value) for one in walk(expression) if isinstance(one, Number)))


@lru_cache(maxsize=8192)
def _simplified(expression: Expression, _kinds: tuple[type, ...]) -> Expression:
    return simplify(expression)


Found = list[tuple[Expression, tuple[str, ...]]]
Pair = tuple[str, str]
FoundPairs = list[tuple[Expression, tuple[Pair, ...]]]


def single(table: Sequence[Mistake], equation: Equation, context: Context) -> Found:
    """Every rewrite of the equation with the ids that give it, the likeliest first; those that change nothing left out.

    Ids that stand together cannot be told apart on this equation.
    """
    groups: dict[Expression, list[str]] = {}
    right = simplified(equation.expression)
    for mistake in sorted(table, key=lambda mistake: -mistake.likelihood):
        for rewrite in _rewrites(mistake, equation, context) if mistake.is_rewrite else ():
            result = simplified(rewrite)
            ids = groups.setdefault(result, [])
            if mistake.id not in ids:
                ids.append(mistake.id)
    groups.pop(right, None)
    groups.pop(equation.expression, None)
    return [(expression, tuple(ids)) for expression, ids in groups.items()]


def _rewrites(mistake: Mistake, equation: Equation, context: Context) -> Iterator[Expression]:
    """The rewrites, up to the first whose shapes do not fit together: nobody can have written that."""
    with suppress(ShapeError):
        yield from mistake.rewrites(equation, context)


Rewrites = Callable[[Mistake], Iterable[Expression]]
"""What a mistake makes of one equation."""


def combinations(
    first: Mistake,
    second: Mistake,
    equation: Equation,
    context: Context,
    most: int = MOST_COMBINED,
    rewrites: Rewrites | None = None,
) -> Iterator[Expression]:
    """The equation with both mistakes, in whichever order keeps both; at most so many.

    Nothing where both are written anew from the derivation, so that one would undo the other, or where a mistake is no
    rewrite. `rewrites` has what one alone makes of the equation, where that is known.
    """
    made = rewrites or (lambda mistake: mistake.rewrites(equation, context))
    if (first.rebuilds and second.rebuilds) or not (first.is_rewrite and second.is_rewrite) or first.id == second.id:
        return iter(())
    if second.rebuilds or first.reshapes:  # what is built anew comes first, what has another shape last
        first, second = second, first
    if second.rebuilds or first.reshapes:
        return iter(())
    found = list(islice(_one_after_the_other(made(first), second, equation, context), most))
    if not found and not first.rebuilds and not second.reshapes:
        found = list(islice(_one_after_the_other(made(second), first, equation, context), most))
    return iter(found)


def _one_after_the_other(
    made: Iterable[Expression], second: Mistake, equation: Equation, context: Context
) -> Iterator[Expression]:
    for rewrite in made:
        if rewrite.shape == equation.expression.shape:
            yield from second.rewrites(replace(equation, expression=rewrite), context)


class _Kept:
    """What is made as far as somebody asks for it, and once."""

    def __init__(self, made: Iterable[Expression]) -> None:
        self._made, self._so_far = iter(made), list[Expression]()

    def __iter__(self) -> Iterator[Expression]:
        for place in count():
            if place == len(self._so_far):
                more = next(self._made, None)
                if more is None:
                    return
                self._so_far.append(more)
            yield self._so_far[place]


def double(table: Sequence[Mistake], equation: Equation, context: Context, most: int = MOST_PAIRS) -> FoundPairs:
    """What two mistakes at once make of the equation, the likeliest first, without what one alone or none explains.

    Pairs that stand together cannot be told apart on this equation.
    """
    rewrites = (mistake for mistake in table if mistake.is_rewrite and not mistake.alone)
    kept: dict[str, _Kept] = {}

    def made(mistake: Mistake) -> _Kept:
        if mistake.id not in kept:
            kept[mistake.id] = _Kept(mistake.rewrites(equation, context))
        return kept[mistake.id]

    able = [mistake for mistake in rewrites if any(True for _ in made(mistake))]
    known = {expression for expression, _ in single(table, equation, context)}
    known |= {equation.expression, simplified(equation.expression)}
    found: dict[Expression, list[Pair]] = {}
    for first, second in sorted(pairs(able, 2), key=lambda pair: -pair[0].likelihood * pair[1].likelihood):
        for rewrite in combinations(first, second, equation, context, rewrites=made):
            result = simplified(rewrite)
            if result in known or (result not in found and len(found) >= most):
                continue
            ids = found.setdefault(result, [])
            if (first.id, second.id) not in ids:
                ids.append((first.id, second.id))
    return [(expression, tuple(ids)) for expression, ids in found.items()]
