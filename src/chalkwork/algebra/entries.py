"""One entry of an expression, as an expression between entries: the way one calculates by hand.

The entries of `W1` are the names `W1[1,1]`, `W1[1,2]`, ..., those of a vector `x[1]`, `x[2]`, ...; counted from 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from chalkwork.algebra.definitions import defined
from chalkwork.algebra.expression import Application, Constant, Expression, Name, Number, apply
from chalkwork.algebra.operations import Shape
from chalkwork.errors import CostError

MOST_TERMS = 200
_ENTRY = re.compile(r"([^\[\]]+)(?:\[([^\[\]]*)\])?")


def entry_name(name: str, shape: Shape, row: int, column: int) -> str:
    """The name of one entry; row and column are counted from 0.

    >>> entry_name("W1", (2, 3), 0, 2), entry_name("x", (3, 1), 1, 0), entry_name("L", (), 0, 0)
    ('W1[1,3]', 'x[2]', 'L')
    """
    if not shape:
        return name
    if shape[1] == 1:
        return f"{name}[{row + 1}]"
    return f"{name}[{column + 1}]" if shape[0] == 1 else f"{name}[{row + 1},{column + 1}]"


def split_entry(name: str) -> tuple[str, tuple[str, ...]]:
    """The name of the whole and the index of the entry.

    >>> split_entry("W1[1,3]"), split_entry("L")
    (('W1', ('1', '3')), ('L', ()))
    """
    found = _ENTRY.fullmatch(name)
    if found is None or found[2] is None:
        return name, ()
    return found[1], tuple(part.strip() for part in found[2].split(","))


def place_of(name: str, index: tuple[str, ...], shape: Shape) -> tuple[int, int]:
    """Row and column (from 0) of an entry; KeyError where the shape has no such entry.

    >>> place_of("W1", ("2", "3"), (2, 3)), place_of("x", ("2",), (2, 1))
    ((1, 2), (1, 0))
    """
    numbers = [int(part) - 1 for part in index if part.isascii() and part.isdigit() and len(part) < 10]
    if len(numbers) == len(index) and len(shape) == 2:
        if len(numbers) == 1 and 1 in shape:
            numbers = [numbers[0], 0] if shape[1] == 1 else [0, numbers[0]]
        if len(numbers) == 2 and all(0 <= number < size for number, size in zip(numbers, shape, strict=True)):
            return numbers[0], numbers[1]
    raise KeyError(f"{name}[{','.join(index)}]")


class EntryValues(dict[str, Any]):
    """Values by name in which every entry has its name too.

    >>> import numpy as np
    >>> float(EntryValues({"x": np.array([[5.0], [6.0]])})["x[2]"].item())
    6.0
    """

    def __missing__(self, name: str) -> Any:
        whole, index = split_entry(name)
        if not index:
            raise KeyError(name)
        value = self[whole]
        row, column = place_of(whole, index, value.shape[-2:])
        return value[..., row : row + 1, column : column + 1]


def entry(expression: Expression, row: int, column: int) -> Expression:
    """The entry in that row and column (from 0) of an expression, in terms of entries of its names.

    Raises CostError where it is made of more terms than could be written out.

    >>> W, x = Name("W", (2, 2)), Name("x", (2, 1))
    >>> print(entry(apply("relu", W @ x), 0, 0))
    relu(W[1,1] * x[1] + W[1,2] * x[2])
    """
    shape = expression.shape
    if shape:
        row, column = min(row, shape[0] - 1), min(column, shape[1] - 1)
    if isinstance(expression, Constant):
        return expression
    if isinstance(expression, Name):
        return Name(entry_name(expression.name, shape, row, column))
    if not isinstance(expression, Application):
        return expression
    rule = _RULES.get(expression.operation.name)
    if rule is not None:
        return rule(expression, row, column)
    if expression.operation.entrywise:
        return apply(
            expression.operation.name,
            *(entry(argument, row, column) for argument in expression.arguments),
            **expression.named_parameters,
        )
    simpler = defined(expression)
    return expression if simpler is None else entry(simpler, row, column)


def _added(parts: list[Expression]) -> Expression:
    _check_terms(len(parts))
    return reduce(lambda left, right: apply("add", left, right), parts)


def _check_terms(count: int) -> None:
    if count > MOST_TERMS:
        hint = "leave the detail at equations"
        raise CostError(f"an entry is made of {count} terms, more than {MOST_TERMS} to write out", hint=hint)


def _matmul(expression: Application, row: int, column: int) -> Expression:
    left, right = expression.arguments
    _check_terms(left.shape[1])
    return _added([apply("multiply", entry(left, row, k), entry(right, k, column)) for k in range(left.shape[1])])


def _collapsed(expression: Application, row: int, column: int) -> list[Expression]:
    (inner,) = expression.arguments
    if not inner.shape:
        return [inner]
    axis = expression.parameters[0]
    rows = [row] if axis == -1 else range(inner.shape[0])
    columns = [column] if axis == -2 else range(inner.shape[1])
    return [entry(inner, i, j) for i in rows for j in columns]


def _max(expression: Application, row: int, column: int) -> Expression:
    parts = _collapsed(expression, row, column)
    _check_terms(len(parts))
    return reduce(lambda left, right: apply("maximum", left, right), parts)


def _entry(expression: Application, row: int, column: int) -> Expression:
    place = expression.parameters[0]
    assert isinstance(place, tuple)
    return entry(expression.arguments[0], place[0] - 1, place[1] - 1)


def _placed(expression: Application, row: int, column: int) -> Expression:
    matrix, number = expression.arguments
    return entry(number, 0, 0) if expression.parameters[0] == (row + 1, column + 1) else entry(matrix, row, column)


def _reshaped(expression: Application, row: int, column: int) -> Expression:
    (inner,) = expression.arguments
    place = np.unravel_index(row * expression.shape[-1] + column, inner.shape)
    return entry(inner, int(place[0]), int(place[1]))


_RULES: dict[str, Callable[[Application, int, int], Expression]] = {
    "matmul": _matmul,
    "transpose": lambda expression, row, column: entry(expression.arguments[0], column, row),
    "broadcast": lambda expression, row, column: entry(expression.arguments[0], row, column),
    "sum": lambda expression, row, column: _added(_collapsed(expression, row, column)),
    "max": _max,
    "entry": _entry,
    "reshape": _reshaped,
    "solve": lambda expression, row, column: apply("entry", expression, place=(row + 1, column + 1)),
    "placed": _placed,
    "diag": lambda expression, row, column: entry(expression.arguments[0], row, row) if row == column else Number(0),
    "diagonal": lambda expression, row, column: entry(expression.arguments[0], max(row, column), max(row, column)),
}
