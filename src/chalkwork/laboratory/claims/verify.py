"""One relation, verified: exactly where it can be, else by intervals, else at many points; or refuted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from chalkwork.algebra.expression import Expression, Name, Number
from chalkwork.algebra.expression import replace as exchange
from chalkwork.budget import share
from chalkwork.counting import counted
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.bounds import pieces_that_prove
from chalkwork.laboratory.claims.calculus import worked_out
from chalkwork.laboratory.claims.candidates import Point
from chalkwork.laboratory.claims.points import Counterexample, Trial, glance, look_closely
from chalkwork.laboratory.claims.precise import MOST_DIGITS
from chalkwork.laboratory.claims.statement import Context, Link
from chalkwork.laboratory.claims.worker import SECONDS, prove_within

MOST_NUMBERS = 64

Way = Literal["exact", "intervals", "points", "false", "undefined"]


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found about a relation.

    `how` says it in words; `equality` where the two sides of a bound meet; `one_sided` where only one of them has a
    value: which has none, the point, why.
    """

    link: Link
    way: Way
    how: str
    points: int = 0
    counterexample: Counterexample | None = None
    equality: tuple[str, ...] = ()
    one_sided: tuple[tuple[str, Point, str], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return self.way in ("exact", "intervals", "points")

    @property
    def proved(self) -> bool:
        """Whether it holds for every number of the domain for which both sides have a value."""
        return self.way in ("exact", "intervals")


def verify(link: Link, context: Context, first: Mapping[str, Fraction] | None = None) -> Verified:
    """Verify one relation on the domain of the context; `first` is a point to try before all others.

    A symbolic proof is given up after a few seconds.

    Raises ChalkworkError for what cannot be evaluated at all.
    """
    left, right = context.meant(link.left), context.meant(link.right)
    ranges = context.ranges(left, right)
    if len(ranges) > MOST_NUMBERS:
        raise ChalkworkError(f"{len(ranges)} different numbers occur in one step, more than {MOST_NUMBERS}")
    plain = (worked_out(left, context.functions), worked_out(right, context.functions))
    trial = glance(plain, link.relation, ranges, first)
    found = Verified(link, "points", "", trial.points + len(trial.alike), one_sided=tuple(trial.one_sided))
    if trial.counterexample is not None:
        return replace(found, way="false", how="false", counterexample=trial.counterexample)
    if not found.points and not trial.undecided:
        return replace(found, way="undefined", how="no point was found at which both sides have a value")
    if left == right and link.relation in ("=", "<=", ">="):
        return replace(found, way="exact", how="both sides are the same")
    proof = prove_within(left, link.relation, right, ranges, context.functions, share(SECONDS))
    if proof is not None:
        return replace(found, way="exact", how=proof.how, equality=proof.equality)
    pieces = pieces_that_prove(plain[0], link.relation, plain[1], ranges)
    if pieces is not None:
        return replace(
            found, way="intervals", how=f"by interval evaluation on {counted(pieces, 'piece')} of the domain"
        )
    look_closely(plain, link.relation, trial)
    met = trial.counterexample or _meeting(plain, trial)
    if met is not None:
        return replace(found, way="false", how="false", counterexample=met)
    if not trial.points:
        return replace(found, way="undefined", how=f"{MOST_DIGITS} digits do not tell the sides apart")
    return replace(found, points=trial.points, how=f"at {counted(trial.points, 'point')}, with 50 digits")


def _meeting(sides: Sequence[Expression], trial: Trial) -> Counterexample | None:
    """The first point at which sides that should differ are proved to be equal."""
    for met in trial.meeting[:1]:
        numbers: dict[Expression, Expression] = {Name(name): Number(value) for name, value in met.point.items()}
        left, right = (exchange(side, numbers) for side in sides)
        if prove_within(left, "=", right, {}, {}, share(SECONDS)) is not None:
            return met
    return None
