"""How much is worked out for one hand-in: operations counted, never the clock, so that the same marks come again.

Every student pays for what is worked out on their behalf, whoever else is marked at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from math import prod

import numpy as np

from chalkwork.algebra.expression import Application, Expression, walk
from chalkwork.bounds.intervals import Array
from chalkwork.bounds.ranges import tangles
from chalkwork.checking.mistakes import TABLE, Context
from chalkwork.checking.mistakes.structure import is_operation

BUDGET = 50_000_000
"""What the marking of one task of one hand-in may cost with its search for mistakes: about half a second."""
TASKS = 2
"""How many tasks of a sheet can cost so much; more than these share what they may cost."""
A_CALL = 800
"""What one operation costs besides its numbers."""
A_FLOAT = 4
"""How many times cheaper it is to work something out than to enclose it."""
AN_EXCHANGE = 1000
"""What it costs to hold one exchange of entries against the answers, besides its numbers."""
A_STEP = 50_000
"""What it costs to mark a step before any mistake is looked for, besides its operations."""
A_MISTAKE, A_STEP_LOOKED_AT = 1200, 200
"""What it costs to write one mistake in one equation, and what every step of the derivation adds for all mistakes."""


_tasks: ContextVar[int] = ContextVar("tasks", default=1)


@contextmanager
def sharing(tasks: int) -> Iterator[None]:
    """While so many tasks of one hand-in are marked."""
    token = _tasks.set(tasks)
    try:
        yield
    finally:
        _tasks.reset(token)


class Purse:
    """What is left for each student."""

    def __init__(self, students: int, context: Context) -> None:
        own = BUDGET * TASKS // max(TASKS, _tasks.get()) - _marking_cost(context)
        self._left = np.full(students, max(0, own), dtype=np.int64)
        self.stopped = np.zeros(students, dtype=bool)
        """Who could not pay for everything that was to be tried."""

    def left(self, rows: Array) -> Array:
        """What they have left."""
        return np.asarray(self._left[rows])

    def pay(self, rows: Array, cost: int) -> Array:
        """Which of the students can pay; the others are not looked at any further."""
        able = self._left[rows] >= cost
        self._left[rows] = np.where(able, self._left[rows] - cost, 0)
        self.stopped[rows[~able]] = True
        return np.asarray(able)


def _marking_cost(context: Context) -> int:
    """What it costs to mark every step of one hand-in."""
    return sum(A_STEP + cost_of(equation.expression) for equation in context.derivation.equations)


def rewriting_cost(context: Context) -> int:
    """What it costs to write all mistakes of one equation; some look through the whole derivation."""
    return A_MISTAKE * len(TABLE) + A_STEP_LOOKED_AT * len(context.derivation)


@lru_cache(maxsize=1 << 14)
def cost_of(expression: Expression, tight: bool = False) -> int:
    """What it costs to enclose the expression for one student; a tight enclosure can need a slope for every entry."""
    calls, numbers = _size_of(expression)
    if not tight:
        return calls * A_CALL + numbers
    slopes = ((_size_of(node), variables) for node, variables in tangles(expression))
    return 4 * (calls * A_CALL + numbers) + sum(2 * variables * below for (_, below), variables in slopes)


def _size_of(expression: Expression) -> tuple[int, int]:
    """How many operations it has, and on how many numbers they work."""
    nodes = [node for node in set(walk(expression)) if isinstance(node, Application)]
    return len(nodes), sum(map(_numbers, nodes))


def _numbers(node: Application) -> int:
    size = prod(node.shape)
    if node.products:
        return 4 * node.products
    if is_operation(node, "softmax", "log_softmax", "logsumexp"):
        return 8 * prod(node.arguments[0].shape) * max(node.arguments[0].shape, default=1)
    return 8 * max(size, *(prod(argument.shape) for argument in node.arguments))
