"""Where a long expression may be broken: between its terms and factors, never inside of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalkwork.algebra.expression import Application, Expression
from chalkwork.algebra.operations import Precedence
from chalkwork.algebra.operations.partners import PARTNERS
from chalkwork.typesetting import forms, sums
from chalkwork.typesetting.pieces import Piece, in_parentheses, join
from chalkwork.typesetting.templates import templates

if TYPE_CHECKING:
    from chalkwork.typesetting.writer import Writer

FREE, PRODUCT = Precedence.FREE, Precedence.PRODUCT
WIDEST_HEAD = 8
_IN_A_ROW = frozenset(("add", "subtract", "multiply", "matmul", *PARTNERS))


def segments(writer: Writer, expression: Expression, needed: Precedence = FREE) -> list[Piece]:
    """The expression in pieces between which a line may be broken; signs stand at the front of a piece."""
    expression = forms.as_written(expression)
    if not isinstance(expression, Application):
        return [writer.write(expression, needed)]
    if needed != FREE and writer.precedence(expression) < needed:
        return in_parentheses(segments(writer, expression, FREE))
    name = expression.operation.name
    if name in _IN_A_ROW:
        left, right = expression.arguments
        slots = writer.slots(expression)
        return [*segments(writer, left, slots[0]), *_right(writer, expression, right, slots[1])]
    if name == "sum" and writer.with_numbers:
        return sums.terms(writer, expression)
    if name == "divide":
        return _quotient(writer, expression)
    if name == "negative":
        first, *rest = segments(writer, expression.arguments[0], PRODUCT)
        return [join(Piece.of("-", "−"), first), *rest]
    if expression.operation.arity == 1 and expression.operation.latex.endswith(r"\left( <0> \right)"):
        return _function(writer, expression)
    return [writer.write(expression, needed)]


def _right(writer: Writer, expression: Application, right: Expression, slot: Precedence) -> list[Piece]:
    sign = writer.sign(expression)
    if (name := expression.operation.name) in ("add", "subtract"):
        sign, term = writer.signed_right(expression, right, slot)
        if _fits(writer, term) or (name == "add" and sign.latex != " + "):
            return [join(sign, term)]
    first, *rest = segments(writer, right, slot)
    return [join(sign, first), *rest]


def _fits(writer: Writer, piece: Piece) -> bool:
    return piece.width <= writer.layout.text_width - WIDEST_HEAD - 3


def _quotient(writer: Writer, expression: Application) -> list[Piece]:
    """A fraction; one that is wider than a line is written on one, with a slash."""
    whole = writer.write(expression)
    if _fits(writer, whole):
        return [whole]
    (above, below), slots = expression.arguments, writer.slots(expression)
    return [*segments(writer, above, slots[0]), join(Piece.of(" / ", " / "), writer.write(below, slots[1]))]


def _function(writer: Writer, expression: Application) -> list[Piece]:
    """A function of a long sum of terms of one line, its parentheses on different lines if need be."""
    pieces = segments(writer, expression.arguments[0], FREE)
    if len(pieces) < 2 or not all(piece.flat for piece in pieces):
        return [writer.write(expression)]
    latex, text = templates(expression, writer.samples, writer.language)
    latex, text = latex.removesuffix(r"\left( <0> \right)"), text.removesuffix("(<0>)")
    first, *rest = in_parentheses(pieces)
    return [join(Piece.of(latex, text), first), *rest]
