"""Operations that are written in their own way, where what the table of operations says is not enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from chalkwork.algebra.expression import Application, Expression, Name
from chalkwork.algebra.operations import Precedence
from chalkwork.algebra.operations.windows import PARTNERS
from chalkwork.derivation.evaluate import evaluate
from chalkwork.typesetting import forms, matrices, sums
from chalkwork.typesetting.notation import superscript
from chalkwork.typesetting.pieces import Piece, grouped, join

if TYPE_CHECKING:
    from chalkwork.typesetting.writer import Writer


def _exp(writer: Writer, expression: Application) -> Piece:
    return Piece.of("e", "e") if expression == forms.EULER else writer.from_table(expression)


def _matrix(writer: Writer, expression: Application) -> Piece:
    columns = expression.shape[1]
    entries = [writer.write(argument) for argument in expression.arguments]
    if not all(entry.flat for entry in entries):
        return writer.from_table(expression)
    return writer.bracketed([entries[start : start + columns] for start in range(0, len(entries), columns)])


def _inner(writer: Writer, expression: Application) -> Piece:
    """What stands in it: a sum or a product spreads its parts over more entries by itself."""
    return writer.write(expression.arguments[0])


def _power(writer: Writer, expression: Application) -> Piece:
    base, exponent = expression.arguments
    below = writer.write(base, Precedence.ATOM)
    above = writer.write(exponent)
    text = above.box.lines[0]
    raised = superscript(text.replace("−", "-"))
    if raised.startswith("^") and " " in text:
        raised = f"^({text})"
    return Piece(f"{grouped(below.latex)}^{{{above.latex}}}", (below.box.raised(raised),))


def _transpose(writer: Writer, expression: Application) -> Piece:
    inner = writer.write(expression.arguments[0], Precedence.ATOM)
    sign = writer.signs["transposed"]
    if inner.latex.endswith("'"):
        inner = inner.enclosed()
    return Piece(f"{grouped(inner.latex)}^{{{sign.latex}}}", (inner.box.raised(sign.box.lines[0]),))


def _solve(writer: Writer, expression: Application) -> Piece:
    matrix, right = expression.arguments
    return matrices.solved(writer.write(matrix, Precedence.ATOM), writer.write(right, Precedence.POWER))


def _placed(writer: Writer, expression: Application) -> Piece:
    entries = matrices.entries_of(expression)
    if entries is None:
        return writer.from_table(expression)
    if matrices.are_known(entries, writer.is_number):
        return writer.value(evaluate(expression, writer.values))
    return writer.bracketed([[writer.write(one) for one in line] for line in entries], "c")


def _leaky_step(writer: Writer, expression: Application) -> Piece:
    """With numbers a slope of 0 or 1 says more than the condition it comes from."""
    if not writer.with_numbers or writer.place:
        return writer.from_table(expression)
    return writer.value(evaluate(expression, writer.values))


def _step(writer: Writer, expression: Application) -> Piece:
    whole = writer.step_written(expression)
    return _leaky_step(writer, expression) if whole == expression else writer.write(whole)


def _swept(writer: Writer, expression: Application) -> Piece:
    left, right = (writer.write(*each) for each in zip(expression.arguments, writer.slots(expression), strict=True))
    return join(left, writer.sign(expression), right)


def _turned(writer: Writer, expression: Application) -> Piece:
    """With numbers the kernel as it lies after the turn."""
    (inner,) = expression.arguments
    if not isinstance(inner, Name) or not writer.is_number(inner):
        return writer.from_table(expression)
    return writer.value(evaluate(expression, writer.values))


def _extreme(writer: Writer, expression: Application) -> Piece:
    """The largest of several, which is that of the largest of the first and the rest."""
    parts: list[Expression] = [expression]
    while isinstance(parts[0], Application) and parts[0].operation is expression.operation:
        parts[:1] = parts[0].arguments
    if len(parts) == 2:
        return writer.from_table(expression)
    sign = expression.operation.name[:3]
    comma = writer.notation.between
    first, *others = (writer.write(part) for part in parts)
    if not all(part.flat for part in (first, *others)):
        return writer.from_table(expression)
    inside = join(first, *(join(Piece.of(comma, comma), part) for part in others))
    return join(Piece.of(rf"\{sign}\left(", f"{sign}("), inside, Piece.of(r"\right)", ")"))


RULES: Mapping[str, Callable[[Writer, Application], Piece]] = {
    "identity": _inner,
    "broadcast": _inner,
    "exp": _exp,
    "matrix": _matrix,
    "power": _power,
    "transpose": _transpose,
    "solve": _solve,
    "placed": _placed,
    "leaky_step": _leaky_step,
    "step": _step,
    "sum": sums.written,
    "maximum": _extreme,
    "minimum": _extreme,
    "turned": _turned,
    **dict.fromkeys(PARTNERS, _swept),
}
"""By the operation's name; every other one is written as its entry says."""
