"""Where a result is nothing but the rounding error of what cancelled in it, or in what it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number
from chalkwork.algebra.operations.partners import PARTNERS
from chalkwork.budget import check_time
from chalkwork.derivation.derivation import Derivation
from chalkwork.derivation.evaluate import applied, evaluate

SUSPICIOUS = 1e-12
_UNITS = 8 * float(np.finfo(np.float64).eps)
_SHADOWS = 3


class Carried:
    """The rounding errors that earlier equations carry into a value, found by working it out with other ones.

    The givens and every result are moved by a few units in the last place, at random but always the same (stochastic
    arithmetic: Vignes, A stochastic arithmetic for reliable scientific computation, 1993). A value that moves by as
    much as it is large is noise. The work is done only where a value asks for it.
    """

    def __init__(self, derivation: Derivation, values: Mapping[str, Any]) -> None:
        """`values` are those of the givens, and of the equations as they are found."""
        self.derivation, self.values = derivation, values
        self.givens = dict(values)
        self.largest = max((float(np.abs(value).max(initial=1.0)) for value in values.values()), default=1.0)
        """The largest number so far, and 1 at least: what is far below it may be noise."""
        self.shadows: list[dict[str, Any]] = []
        self.done = 0

    @cached_property
    def source(self) -> np.random.Generator:
        """Where the moves come from."""
        return np.random.Generator(np.random.Philox(0))

    def without_noise(self, value: Any, number: int) -> Any:
        """The value of the equation of that number, counted from 0, with zeros where it is noise."""
        sizes = np.abs(value)
        doubtful = (sizes > 0) & (sizes < SUSPICIOUS * self.largest)
        if not doubtful.any():
            return value
        if not self.shadows:
            self.shadows = [{name: self._moved(each) for name, each in self.givens.items()} for _ in range(_SHADOWS)]
        expression = self.derivation.equations[number].expression
        moves = [np.abs(evaluate(expression, shadow) - value) for shadow in self._caught_up(number)]
        return np.where(doubtful & (sizes <= np.fmax.reduce(moves)), 0.0, value)

    def _caught_up(self, number: int) -> list[dict[str, Any]]:
        """The shadows with the equations before that number; what is no number in them, or zero, is as it is."""
        for equation in self.derivation.equations[self.done : number]:
            check_time(equation)
            value = self.values[equation.name]
            for shadow in self.shadows:
                other = evaluate(equation.expression, shadow)
                shadow[equation.name] = self._moved(np.where((value == 0) | ~np.isfinite(other), value, other))
        self.done = max(self.done, number)
        return self.shadows

    def _moved(self, value: Any) -> Any:
        units = self.source.uniform(0.5, 1, np.shape(value)) * self.source.choice((-1, 1), np.shape(value))
        return value * (1 + _UNITS * units)


def without_noise(value: Any, expression: Expression, values: Mapping[str, Any]) -> Any:
    """The value, with zeros where terms cancelled down to their own rounding error.

    An entry counts as noise when it is smaller than a few units in the last place of the sum of the absolute
    values of its terms (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).

    >>> x = Name("x")
    >>> values = {"x": np.array([[0.1]])}
    >>> expression = x + x + x - 0.3
    >>> noisy = evaluate(expression, values)
    >>> float(noisy.item()) > 0, float(without_noise(noisy, expression, values).item())
    (True, 0.0)
    """
    doubtful = (value != 0) & (np.abs(value) < SUSPICIOUS)
    if not doubtful.any():
        return value
    noise = np.abs(value) <= _UNITS * magnitude(expression, values)
    return np.where(doubtful & noise, 0.0, value)


def magnitude(expression: Expression, values: Mapping[str, Any]) -> Any:
    """The sum of the absolute values of the terms, entry by entry; the absolute value where nothing is added."""
    if isinstance(expression, Name):
        return np.abs(values[expression.name])
    if isinstance(expression, Number):
        return np.array([[abs(float(expression.value))]])
    assert isinstance(expression, Application)
    name = expression.operation.name
    if name not in _LINEAR:
        return np.abs(evaluate(expression, values))
    parts = [magnitude(argument, values) for argument in expression.arguments]
    if name in ("add", "subtract"):
        return parts[0] + parts[1]
    if name == "negative":
        return parts[0]
    return applied(np, expression, parts)


_LINEAR = frozenset(
    (
        "add", "subtract", "negative", "multiply", "matmul", "transpose", "sum", "mean", "broadcast", "diag",
        "diagonal", "entry", "placed", "moment", "at_moment", "sequence", "reshape", "split_heads", "join_heads",
        "turned", "average_pool", "average_pool_back", *PARTNERS,
    )
)  # fmt: skip
