"""Expressions as NumPy source, for notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from keyword import kwlist
from unicodedata import normalize

from chalkwork.algebra.expression import Application, Constant, Expression, Name, Number, walk
from chalkwork.algebra.operations import TABLE, Precedence
from chalkwork.algebra.operations.convolutions import settled

_SLOT = re.compile(r"<(\w+)>")
_NOT_IN_NAMES = re.compile(r"\W+")
_FUNCTIONS = re.findall(r"^def (\w+)", "\n".join(entry.code_definition or "" for entry in TABLE.values()), re.MULTILINE)
_TAKEN = frozenset({"np", "winner", *kwlist, *_FUNCTIONS})
"""Words that mean something else in the notebook."""


def identifier(name: str) -> str:
    """The name as a Python identifier.

    >>> identifier("de/db"), identifier("W1_new")
    ('de_db', 'W1_new')
    """
    cleaned = _NOT_IN_NAMES.sub("_", name).strip("_")
    return f"{cleaned}_" if cleaned in _TAKEN else cleaned


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """The names as Python identifiers, no two alike.

    >>> identifiers(["de_db", "de/db", "np", "np_", "_"])
    {'de_db': 'de_db', 'de/db': 'de_db_2', 'np': 'np_', 'np_': 'np_2', '_': 'value'}
    """
    found: dict[str, str] = {}
    used: set[str] = set()
    for name in names:
        first = identifier(name) or "value"
        tries = (first, *(f"{first.rstrip('_')}_{number}" for number in range(2, len(found) + 3)))
        found[name] = next(word for word in tries if normalize("NFKC", word) not in used)
        used.add(normalize("NFKC", found[name]))  # as Python compares them
    return found


def numpy_source(
    expression: Expression, needed: Precedence = Precedence.FREE, names: Mapping[str, str] | None = None
) -> str:
    """The expression in NumPy; `names` are the identifiers of its names, where they are not the usual ones.

    >>> print(numpy_source(Name("W1", (2, 3)).T @ Name("x", (2, 1)) + Name("b1", (3, 1))))
    W1.T @ x + b1
    """
    if isinstance(expression, Constant):
        return f"np.{expression.name}"
    if isinstance(expression, Name):
        return names[expression.name] if names is not None else identifier(expression.name)
    if isinstance(expression, Number):
        text = str(expression.value)
        return f"({text})" if "/" in text or expression.value < 0 else text
    assert isinstance(expression, Application)
    operation = expression.operation
    # Python's @ binds like *, so a matrix product inside a product keeps its parentheses
    precedence = Precedence.PRODUCT if operation.name == "matmul" else operation.precedence
    slots = operation.slots or (Precedence.FREE,) * operation.arity
    if operation.name in ("multiply", "divide"):
        slots = (Precedence.PRODUCT, Precedence.MATRIX_PRODUCT)
    elif operation.name == "matmul":
        slots = (Precedence.PRODUCT, Precedence.POWER)
    elif not operation.infix and operation.name not in ("negative", "transpose"):
        slots = (Precedence.FREE,) * operation.arity
    arguments = [numpy_source(part, slot, names) for part, slot in zip(expression.arguments, slots, strict=True)]
    known = expression.named_parameters
    if {"window", "kernel"} & known.keys():
        known = settled(operation.name, tuple(part.shape for part in expression.arguments), expression.shape, known)
    parameters = {name: str(value) for name, value in known.items()}
    whole = "axis" in parameters and not isinstance(expression.named_parameters["axis"], int)
    if operation.name in ("sum", "mean", "max") and whole:
        body = f"np.{operation.name}({arguments[0]})"
    elif operation.name == "transpose" and len(expression.shape) > 2:
        body = f"np.swapaxes({arguments[0]}, -1, -2)"
    elif operation.name == "argmax" and expression.named_parameters["tie"] is not None:
        body = f"winner({arguments[0]}, axis={parameters['axis']}, tie={parameters['tie']})"
    elif operation.name == "argmax" and whole:
        body = f"np.argmax({arguments[0]}) + 1"
    else:
        body = _SLOT.sub(
            lambda slot: arguments[int(slot[1])] if slot[1].isdigit() else parameters[slot[1]], operation.code
        )
        if len(expression.shape) < len(expression.arguments[0].shape):  # over the first axis, which goes
            body = body.replace(", keepdims=True", "")
    function = not operation.infix and operation.name != "negative"
    if function and operation.code.startswith(("1 /", "<0> -", "(")):
        precedence = Precedence.SUM
    return f"({body})" if precedence < needed else body


_WINNER = """def winner(x, axis, tie):
    kept = axis is not None
    largest = np.max(x, axis=axis, keepdims=kept)
    several = np.sum(x >= largest - 1e-12 * abs(largest), axis=axis, keepdims=kept) > 1
    return np.where(several, tie, np.argmax(x, axis=axis, keepdims=kept) + 1)"""


def _definition(node: Application) -> str | None:
    if node.operation.name == "argmax" and node.named_parameters["tie"] is not None:
        return _WINNER
    return node.operation.code_definition


def definitions(expressions: Iterable[Expression]) -> list[str]:
    """The functions that the sources of the expressions need, each once.

    >>> from chalkwork.algebra.expression import apply
    >>> print(definitions([apply("silu", Name("z"))])[0])
    def silu(x):
        return x / (1 + np.exp(-x))
    """
    nodes = (node for expression in expressions for node in walk(expression))
    found = (_definition(node) for node in nodes if isinstance(node, Application))
    return list(dict.fromkeys(text for text in found if text))
