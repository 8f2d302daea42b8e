"""How matrices that are put together from entries, entries that are taken out, and linear systems are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chalkwork.algebra.entries import entry_name
from chalkwork.algebra.expression import Application, Expression, Name, Number, apply
from chalkwork.typesetting import forms
from chalkwork.typesetting.pieces import Piece, grouped, join


def bare(expression: Expression) -> Expression:
    """An entry of something that has a name as the name of the entry, and a sum of one term as its term.

    >>> print(bare(apply("entry", Name("x", (3, 1)), place=(2, 1))), bare(apply("sum", Name("x", (1, 1)))))
    x[2] x
    """
    while forms.is_of_one_term(expression):
        expression = expression.arguments[0]
    if not isinstance(expression, Application) or expression.operation.name != "entry":
        return expression
    (whole,), place = expression.arguments, expression.parameters[0]
    if not isinstance(whole, Name) or not isinstance(place, tuple):
        return expression
    return Name(entry_name(whole.name, whole.shape, place[0] - 1, place[1] - 1))


def entries_of(expression: Expression) -> list[list[Expression]] | None:
    """The entries of a matrix that is put together from them, row by row; None for any other.

    >>> zeros = apply("broadcast", Number(0), shape=(1, 2))
    >>> [[str(entry) for entry in row] for row in entries_of(apply("placed", zeros, Name("a"), place=(1, 2))) or ()]
    [['0', 'a']]
    """
    found: dict[object, Expression] = {}
    node = expression
    while isinstance(node, Application) and node.operation.name == "placed":
        found.setdefault(node.parameters[0], bare(node.arguments[1]))
        node = node.arguments[0]
    if node != apply("broadcast", Number(0), shape=expression.shape):
        return None
    rows, columns = expression.shape
    return [[found.get((i, j), Number(0)) for j in range(1, columns + 1)] for i in range(1, rows + 1)]


def are_known(entries: Sequence[Sequence[Expression]], is_known: Callable[[Name], bool]) -> bool:
    """Whether every entry is a number, or a name that is known, so that nothing is left to be worked out."""
    return all(isinstance(one, Number) or (isinstance(one, Name) and is_known(one)) for row in entries for one in row)


def solved(matrix: Piece, right: Piece) -> Piece:
    """The inverse of a matrix times the right side."""
    inverse = Piece(f"{grouped(matrix.latex)}^{{-1}}", (matrix.box.raised("⁻¹"),))
    return join(inverse, Piece.of(r" \, ", " "), right)
