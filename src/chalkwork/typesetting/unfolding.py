"""Functions taken apart in numbers, as people work them: the softmax by its powers and their sum, the sigmoid."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from chalkwork.algebra.expression import Application, Expression, names_in
from chalkwork.derivation.evaluate import evaluate
from chalkwork.typesetting.pieces import Piece, join

if TYPE_CHECKING:
    from chalkwork.typesetting.writer import Writer

LARGEST = 15.0
"""Net inputs up to this size have powers that people write out."""
MOST = 12


def unfolded(writer: Writer, expression: Expression) -> list[tuple[Piece, ...]]:
    """The steps between the function with its numbers and the result; none where nobody would write them.

    >>> import numpy as np
    >>> from chalkwork.algebra.expression import Name, apply
    >>> from chalkwork.typesetting.notation import Notation
    >>> from chalkwork.typesetting.numbers import NumberFormat
    >>> from chalkwork.typesetting.symbols import Symbols
    >>> from chalkwork.typesetting.writer import Writer
    >>> writer = Writer(Symbols(Notation()), {"z": np.array([[0.82]])}, NumberFormat())
    >>> unfolded(writer, apply("sigmoid", Name("z")))[0][0].box.lines
    ('1 / (1 + e^(−0.82))',)
    """
    if not isinstance(expression, Application) or expression.operation.name not in ("sigmoid", "softmax"):
        return []
    if not names_in(expression) or any(name.name not in writer.values for name in names_in(expression)):
        return []
    net = np.asarray(evaluate(expression.arguments[0], writer.values), dtype=float)
    if net.ndim != 2 or prod(net.shape) > MOST or np.max(np.abs(net)) > LARGEST:
        return []
    if expression.operation.name == "sigmoid":
        return [(_sigmoid(writer, net),)] if net.size == 1 else []
    if net.size == 1:
        return []
    powers = np.exp(net)
    axis = expression.named_parameters["axis"]
    sums = np.sum(powers, axis=axis if isinstance(axis, int) else (-2, -1), keepdims=True)
    above, below = writer.value(powers), writer.value(sums)
    worked = (above, join(Piece.of(" / ", " / "), below))
    return [_powers(writer, net), worked] if sums.size == 1 else [worked]


def _powers(writer: Writer, net: np.ndarray) -> tuple[Piece, ...]:
    """The powers of e, divided by their sum."""
    table = [[_power(writer.number(one)) for one in line] for line in net.tolist()]
    terms = [power for line in table for power in line]
    total = Piece.of(" + ".join(term.latex for term in terms), " + ".join(term.box.lines[0] for term in terms))
    return (writer.bracketed(table, "c"), join(Piece.of(" / ", " / "), total.enclosed()))


def _power(value: Piece) -> Piece:
    text = value.box.lines[0]
    return Piece.of(rf"e^{{{value.latex}}}", f"e^({text})" if text.startswith("−") else f"e^{text}")


def _sigmoid(writer: Writer, net: np.ndarray) -> Piece:
    power = _power(writer.number(-net.item()))
    return Piece.of(rf"\frac{{1}}{{1 + {power.latex}}}", f"1 / (1 + {power.box.lines[0]})")
