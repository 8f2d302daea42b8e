"""Numbers for every name, over any array namespace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Application, Constant, Expression, Name, Number
from chalkwork.derivation.derivation import Derivation, Equation

Rounding = Callable[[Any], Any]


def evaluate(
    expression: Expression, values: Mapping[str, Any], xp: Any = np, known: dict[Expression, Any] | None = None
) -> Any:
    """The value of one expression, names taken from `values`; `known` keeps what was worked out on the way.

    Every array has the shape (..., rows, columns), a scalar (..., 1, 1), one of higher rank all its own axes at the
    end; the leading axes before those are free and are carried along, so a thousand variants are one evaluation.
    `xp` is NumPy, `jax.numpy`, or any array-API namespace.

    >>> x = Name("x")
    >>> float(evaluate(x * x + 1, {"x": np.array([[3.0]])}).item())
    10.0
    """
    result = _value(expression, values, xp, {} if known is None else known)
    return _as_array(xp, result, values) if isinstance(result, int | float) else result


def _value(node: Expression, values: Mapping[str, Any], xp: Any, known: dict[Expression, Any]) -> Any:
    """The value of a node, a number where it is one; a function within a function would keep all arrays as garbage."""
    if isinstance(node, Application):
        found = known.get(node)
        if found is None:
            arguments = [_value(argument, values, xp, known) for argument in node.arguments]
            if not _NUMBERS.isdisjoint(map(type, arguments)):
                arguments = _arrays(xp, node, arguments, values)
            found = known[node] = applied(xp, node, arguments)
        return found
    if isinstance(node, Number):
        return node.value if isinstance(node.value, int) and abs(node.value) < 2**31 else float(node.value)
    assert isinstance(node, Name)
    return node.value if isinstance(node, Constant) else values[node.name]


def _as_array(xp: Any, value: float, values: Mapping[str, Any]) -> Any:
    like = next(iter(values.values()), None)
    return xp.asarray([[value]], dtype=xp.float64 if like is None else like.dtype)


def applied(xp: Any, node: Application, arrays: Sequence[Any]) -> Any:
    """The value of the node's operation on arrays; free axes stay before all others where ranks differ.

    >>> from chalkwork.algebra.expression import apply
    >>> node = apply("add", Name("x", (4, 2, 3)), Name("b", (1, 3)))
    >>> applied(np, node, [np.ones((5, 4, 2, 3)), np.ones((5, 1, 3))]).shape
    (5, 4, 2, 3)
    """
    return node.operation.value(xp, *lifted(xp, node, arrays), **node.named_parameters)


def lifted(xp: Any, node: Application, arrays: Sequence[Any]) -> Sequence[Any]:
    """The arguments of the node with as many axes of their own, so that their free axes are the same."""
    if node.is_flat or node.operation.own_axes:
        return arrays
    ranks = [len(argument.shape) or 2 for argument in node.arguments]
    rank = max(*ranks, len(node.shape) if node.operation.name == "broadcast" else 2)

    def with_axes(array: Any, own: int) -> Any:
        if isinstance(array, int | float) or len(array.shape) <= own or own == rank:
            return array
        return xp.reshape(array, (*array.shape[:-own], *(1,) * (rank - own), *array.shape[-own:]))

    return [with_axes(array, own) for array, own in zip(arrays, ranks, strict=False)]


_NUMBERS = frozenset((int, float))
_TAKES_PYTHON_NUMBERS = frozenset(("add", "subtract", "multiply", "divide", "power", "negative"))


def _arrays(xp: Any, node: Application, arguments: list[Any], values: Mapping[str, Any]) -> list[Any]:
    """Python numbers made arrays, one at least, and all where the operation is a function of arrays."""
    like = next((argument for argument in arguments if type(argument) not in _NUMBERS), None)
    if like is None:
        arguments[0] = like = _as_array(xp, arguments[0], values)
    if node.operation.name in _TAKES_PYTHON_NUMBERS:
        return arguments
    return [
        xp.asarray([[argument]], dtype=like.dtype) if type(argument) in _NUMBERS else argument for argument in arguments
    ]


def evaluate_each(equations: Iterable[Equation], givens: Mapping[str, Any], xp: Any = np) -> dict[str, Any]:
    """The givens with the value of each equation, in order; what is no number stays what it is, without a warning.

    >>> from chalkwork.derivation.derivation import Equation, Stage
    >>> x = Name("x")
    >>> float(evaluate_each([Equation("y", 1 / x, Stage.FORWARD)], {"x": np.zeros((1, 1))})["y"].item())
    inf
    """
    values = dict(givens)
    with np.errstate(all="ignore"):
        for equation in equations:
            values[equation.name] = evaluate(equation.expression, values, xp)
    return values


def evaluate_all(
    derivation: Derivation, givens: Mapping[str, Any], xp: Any = np, rounding: Rounding | None = None
) -> dict[str, Any]:
    """A value for every given and every equation, in order.

    With `rounding` every result is rounded before it is used again, as one does by hand.

    >>> from chalkwork.derivation.derivation import Equation, Stage
    >>> x = Name("x")
    >>> square = Equation("y", x * x, Stage.FORWARD)
    >>> work = Derivation((x,), (square, Equation("z", square.symbol + 1, Stage.FORWARD)))
    >>> evaluate_all(work, {"x": np.array([[3.0]])})["z"]
    array([[10.]])
    """
    values = dict(givens)
    for equation in derivation.equations:
        value = evaluate(equation.expression, values, xp)
        values[equation.name] = value if rounding is None else rounding(value)
    return values
