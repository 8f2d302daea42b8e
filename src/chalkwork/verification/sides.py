"""The sides of a relation: what each of them looks like, and how what is found at a point is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Constant, Expression, Name, Number, names_in, replace, walk
from chalkwork.algebra.reading.written import is_derivative
from chalkwork.errors import ChalkworkError
from chalkwork.laboratory.claims.evaluation import Undefined, exactly
from chalkwork.laboratory.claims.points import Counterexample
from chalkwork.laboratory.claims.precise import DIGITS, TooLarge, Undecided, context, enclosed, middle
from chalkwork.verification.memory import Value

MOST_NODES = 60


@dataclass(frozen=True)
class Summands:
    """Exponents of which each is the value of another unit times a weight, as the summands of one net input are."""

    units: tuple[str, ...]
    values: tuple[float, ...]
    weights: tuple[float, ...]

    @property
    def net(self) -> float:
        """What they add up to."""
        return sum(value * weight for value, weight in zip(self.values, self.weights, strict=True))


@dataclass(frozen=True)
class Step:
    """What a statement says: the name that stands first, the sides of its chain, and the numbers that it ends in."""

    place: int
    name: str
    sides: tuple[Expression, ...]
    rows: tuple[tuple[str, ...], ...]
    given: bool
    exponents: tuple[float, ...] = ()
    """What a softmax that is written out is taken over."""
    text: str = ""
    over: Summands | None = None
    """Where these are the summands of one net input, these."""


def may_be_a_condition(sides: Sequence[Expression], literals: Mapping[str, Value]) -> bool:
    """Whether it says in passing what something is to be: p = 0, f'(x) = 0, a = b = 1, sigma(x) = max(0, x)."""
    own = [[name for name in names_in(side) if name.name not in literals] for side in sides]
    plain = all(isinstance(side, Name) for side in sides[:-1])
    first = sides[0]
    meant_anew = (
        isinstance(first, Application)
        and isinstance(first.arguments[0], Name)
        and "'" not in first.operation.name
        and first.operation.name not in str(sides[-1])
    )
    return bool(own[0]) and (len(sides) == 2 or plain) and (not own[-1] or meant_anew)


def puts_in(left: Expression, right: Expression, literals: Mapping[str, Value]) -> bool:
    """Whether names stand on the left, and only numbers on the right, which are more than one."""
    own = [name for name in names_in(right) if name.name not in literals]
    return bool(names_in(left)) and not own and isinstance(right, Application)


def is_chain_rule(side: Expression) -> bool:
    """Whether it is made of derivatives of names alone."""
    if is_derivative(side):
        return all(isinstance(one, Name) for one in side.arguments)
    return (
        isinstance(side, Application)
        and side.operation.name in ("add", "multiply")
        and all(map(is_chain_rule, side.arguments))
    )


def is_an_order(shown: Value, meant: Value) -> bool:
    """Whether a power of ten stands for something of its size."""
    a, b = float(np.abs(shown.exact.flat[0])), float(np.abs(meant.exact.flat[0]))
    is_power = shown.exact.size == 1 and a >= 1000 and float(np.log10(a)).is_integer()
    return is_power and b > 0 and abs(float(np.log10(b)) - float(np.log10(a))) < 0.5


def is_near(step: Step, value: Any) -> bool:
    """Whether the numbers that a statement ends in are, to about their digits, a value."""
    own = np.array([[number_of(one) for one in row] for row in step.rows])
    right = np.atleast_2d(np.asarray(value, dtype=float))
    half = np.array([[_half_unit(one) for one in row] for row in step.rows])
    return own.size == right.size and bool((np.abs(own - right.reshape(own.shape)) <= 3 * half + 1e-9).all())


def number_of(text: str) -> float:
    """A number as it was written, a fraction too."""
    above, _, below = text.partition("/")
    return float(above) / float(below or 1)


def _half_unit(text: str) -> float:
    point = text.partition("e")[0].partition(".")[2]
    return 0.5 * 10.0 ** -len(point) if point else 0.0005


def terms(side: Expression) -> Iterator[Expression]:
    """What is added up."""
    if isinstance(side, Application) and side.operation.name == "add":
        yield from terms(side.arguments[0])
        yield from terms(side.arguments[1])
    else:
        yield side


def is_log(side: Expression) -> bool:
    """Whether it is a natural logarithm."""
    return isinstance(side, Application) and side.operation.name == "log"


def rows_of(side: Expression, literals: Mapping[str, Value]) -> tuple[tuple[str, ...], ...]:
    """A number or matrix as it stands there; nothing where it is something else."""
    if isinstance(side, Number):
        return ((str(side),),)
    if isinstance(side, Name) and side.name in literals:
        return literals[side.name].rows
    if (turned := turned_literal(side, literals)) is not None:
        return turned.rows
    if isinstance(side, Application) and side.operation.name == "negative":
        rows = rows_of(side.arguments[0], literals)
        return tuple(tuple(one.removeprefix("-") if one.startswith("-") else f"-{one}" for one in row) for row in rows)
    return ()


def negated(side: Expression) -> Name | None:
    """The name behind a minus."""
    inner = side.arguments[0] if isinstance(side, Application) and side.operation.name == "negative" else None
    return inner if isinstance(inner, Name) else None


def turned_literal(side: Expression, literals: Mapping[str, Value]) -> Value | None:
    """A matrix of numbers that is written transposed."""
    inner = side.arguments[0] if isinstance(side, Application) and side.operation.name == "transpose" else None
    own = literals.get(inner.name) if isinstance(inner, Name) else None
    if own is None or own.half is None:
        return None
    return own.turned


def texts_in(side: Expression, literals: Mapping[str, Value]) -> frozenset[str]:
    """The numbers that stand in a side, as they were written."""
    own = [literals[name.name].texts for name in names_in(side) if name.name in literals]
    return frozenset[str]().union(*own)


def constants(side: Expression) -> frozenset[Fraction]:
    """The fractions that stand in a side without a name, such as 1/2 and 1 and 2 in x / 2 + 1/2: these are exact."""
    found = set[Fraction]()
    for node in islice(walk(side), MOST_NODES):
        with suppress(Undefined, Undecided, TooLarge, ChalkworkError):
            if not node.shape and not names_in(node) and isinstance(value := enclosed(exactly(node), {})[0], Fraction):
                found.add(value)
    return frozenset(found)


def is_written(side: Expression) -> bool:
    """Whether it is a number or matrix as somebody writes it, perhaps behind a minus."""
    return (
        isinstance(side, (Name, Number))
        or (isinstance(side, Application) and side.operation.name == "negative" and is_written(side.arguments[0]))
        or not names_in(side)
    )


def is_whole(side: Expression) -> bool:
    """Whether it is a whole number, perhaps behind a minus."""
    if isinstance(side, Application) and side.operation.name == "negative":
        side = side.arguments[0]
    return isinstance(side, Number) and float(side.value).is_integer()


def lone(side: Expression, goes_on: bool = False) -> str | None:
    """The name that a side is, where it is one and not a number's."""
    known = isinstance(side, Name) and (isinstance(side, Constant) or side.name.startswith("Z_lit"))
    return side.name if isinstance(side, Name) and not goes_on and not known else None


def renamed(function: tuple[str, Expression], by: str) -> Expression:
    """A function's body with another name for its argument."""
    parameter, body = function
    return replace(body, {Name(parameter): Name(by)})


def shown_number(value: Any) -> str:
    """A number of any size with six digits."""
    with suppress(OverflowError):
        if np.isfinite(float(value)):
            return f"{float(value):.6g}"
    return str(context(DIGITS).nstr(middle(value) if isinstance(value, Fraction) else value, 6))


def point_words(found: Counterexample) -> str:
    """The point with both sides there."""
    point = ", ".join(f"{name} = {float(value):.6g}" for name, value in found.point.items())
    left, right = (shown_number(side[found.entry]) for side in (found.left, found.right))
    where = f"at {point} the" if point else "the"
    return f"{where} left side is {left}, the right side {right}"
