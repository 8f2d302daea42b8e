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
MOST = 6


def unfolded(writer: Writer, expression: Expression) -> tuple[Piece, ...]:
    """What stands between the function with its numbers and the result; nothing where nobody would write it.

    >>> import numpy as np
    >>> from chalkwork.algebra.expression import Name, apply
    >>> from chalkwork.typesetting.notation import Notation
    >>> from chalkwork.typesetting.numbers import NumberFormat
    >>> from chalkwork.typesetting.symbols import Symbols
    >>> from chalkwork.typesetting.writer import Writer
    >>> writer = Writer(Symbols(Notation()), {"z": np.array([[0.82]])}, NumberFormat())
    >>> unfolded(writer, apply("sigmoid", Name("z")))[0].box.lines
    ('1 / (1 + e^(−0.82))',)
    """
    if not isinstance(expression, Application) or expression.operation.name not in ("sigmoid", "softmax"):
        return ()
    if not names_in(expression) or any(name.name not in writer.values for name in names_in(expression)):
        return ()
    net = np.asarray(evaluate(expression.arguments[0], writer.values), dtype=float)
    if net.ndim != 2 or prod(net.shape) > MOST or np.max(np.abs(net)) > LARGEST:
        return ()
    if expression.operation.name == "sigmoid":
        return (_sigmoid(writer, net),) if net.size == 1 else ()
    if net.size == 1:
        return ()
    powers = np.exp(net)
    axis = expression.named_parameters["axis"]
    sums = np.sum(powers, axis=axis if isinstance(axis, int) else (-2, -1), keepdims=True)
    above, below = writer.value(powers), writer.value(sums)
    return (above, join(Piece.of(" / ", " / "), below))


def _sigmoid(writer: Writer, net: np.ndarray) -> Piece:
    value = writer.value(-net)
    text = value.box.lines[0]
    power = f"e^({text})" if text.startswith("−") else f"e^{text}"
    return Piece.of(rf"\frac{{1}}{{1 + e^{{{value.latex}}}}}", f"1 / (1 + {power})")
