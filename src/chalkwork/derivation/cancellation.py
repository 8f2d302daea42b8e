"""Where a result is nothing but the rounding error of what cancelled in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number
from chalkwork.derivation.evaluate import applied, evaluate

SUSPICIOUS = 1e-12
_UNITS = 8 * float(np.finfo(np.float64).eps)


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
        "diagonal", "entry", "placed",
    )
)  # fmt: skip
