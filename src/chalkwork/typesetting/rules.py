"""Operations that are written in their own way, where what the table of operations says is not enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, names_in
from chalkwork.algebra.operations import Precedence
from chalkwork.algebra.operations.partners import PARTNERS
from chalkwork.algebra.operations.softmax import seen_in_order
from chalkwork.algebra.times import at_time
from chalkwork.derivation.evaluate import evaluate
from chalkwork.typesetting import forms, matrices, sums
from chalkwork.typesetting.boxes import Box
from chalkwork.typesetting.notation import superscript
from chalkwork.typesetting.numbers import shown
from chalkwork.typesetting.pieces import Piece, grouped, in_a_row, join

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


def _part(writer: Writer, expression: Application) -> Piece:
    """x_{1:2}; of a vector the places along it, of a matrix rows and columns, all of them as a colon."""
    (inner,), (span,) = expression.arguments, expression.parameters
    assert isinstance(span, tuple)
    if writer.with_numbers and all(writer.is_number(name) for name in names_in(inner)):
        return writer.value(evaluate(expression, writer.values))
    written = [
        ":"
        if (first, last) == (1, size) and 1 not in inner.shape
        else f"{first}:{last}"
        if first < last
        else str(first)
        for first, last, size in zip(span[::2], span[1::2], inner.shape, strict=True)
    ]
    if 1 in inner.shape:
        written = [written[0 if inner.shape[1] == 1 else 1]]
    piece = writer.write(inner, Precedence.ATOM)
    below = ",".join(written)
    return Piece(f"{grouped(piece.latex)}_{{{below}}}", (*piece.boxes, Box.text(f"[{below}]")))


def _concat(writer: Writer, expression: Application) -> Piece:
    """What is joined, between one pair of brackets."""
    if all(writer.is_number(name) for name in names_in(expression)) and writer.with_numbers:
        return writer.value(evaluate(expression, writer.values))
    parts = [writer.write(one) for one in _joined(expression, expression.operation.name)]
    beside = expression.operation.name == "beside"
    latex, between = (" & ", ", ") if beside else (r" \\ ", "; ")
    body = latex.join(part.latex for part in parts)
    boxes = [box for part in parts for box in (Box.text(between), *part.boxes)][1:]
    return Piece(rf"\begin{{bmatrix}} {body} \end{{bmatrix}}", (Box.text("["), *boxes, Box.text("]")))


def _joined(expression: Expression, way: str) -> list[Expression]:
    if isinstance(expression, Application) and expression.operation.name == way:
        return [part for argument in expression.arguments for part in _joined(argument, way)]
    return [expression]


def _padded(writer: Writer, expression: Application) -> Piece:
    """With numbers the whole with its zeros says more."""
    if not (writer.with_numbers and all(writer.is_number(name) for name in names_in(expression))):
        return writer.from_table(expression)
    return writer.value(evaluate(expression, writer.values))


def _causal_softmax(writer: Writer, expression: Application) -> Piece:
    """With numbers the scores that nobody may see are minus infinity."""
    (scores,) = expression.arguments
    if not (writer.with_numbers and all(writer.is_number(name) for name in names_in(scores))):
        return writer.from_table(expression)
    value = evaluate(scores, writer.values)
    masked = writer.value(np.where(seen_in_order(value, expression.parameters[0]), value, -np.inf)).enclosed()
    return join(Piece.of(r"\operatorname{softmax}", "softmax"), masked)


def _masked_softmax(writer: Writer, expression: Application) -> Piece:
    """The same, by a mask that has a name."""
    scores, seen = expression.arguments
    if not (writer.with_numbers and all(writer.is_number(name) for name in names_in(expression))):
        return writer.from_table(expression)
    shares = evaluate(expression, writer.values)
    value = np.broadcast_to(evaluate(scores, writer.values), shares.shape)
    kept = np.broadcast_to(evaluate(seen, writer.values) > 0, shares.shape)
    keys, causal = expression.parameters
    kept = kept & seen_in_order(value, keys) if causal else kept
    masked = writer.value(np.where(kept, value, -np.inf)).enclosed()
    return join(Piece.of(r"\operatorname{softmax}", "softmax"), masked)


def _leaky_step(writer: Writer, expression: Application) -> Piece:
    """With numbers a slope of 0 or 1 says more than the condition it comes from."""
    if not writer.with_numbers or writer.place:
        return writer.from_table(expression)
    return writer.value(evaluate(expression, writer.values))


def _step(writer: Writer, expression: Application) -> Piece:
    """Where it is 1 at 0 the condition says so."""
    if expression.named_parameters["at_zero"] == 1 and not writer.with_numbers:
        inner = writer.write(expression.arguments[0])
        if inner.flat:
            return join(Piece.of(r"\mathbb{1}\left[ ", "["), inner, Piece.of(r" \geq 0 \right]", " ≥ 0]"))
    whole = writer.step_written(expression)
    return _leaky_step(writer, expression) if whole == expression else writer.write(whole)


def _huber(writer: Writer, expression: Application) -> Piece:
    """With the numbers of one entry the branch that these are in."""
    branch = writer.huber_written(expression)
    return writer.from_table(expression) if branch is None else writer.write(branch)


def _matmul(writer: Writer, expression: Application) -> Piece:
    """With a sign where one of the factors is a single number."""
    slots = writer.slots(expression)
    left, right = (writer.write(part, slot) for part, slot in zip(expression.arguments, slots, strict=True))
    return join(left, writer.sign(expression), right)


MOST_STEPS = 6


def _sequence(writer: Writer, expression: Application) -> Piece:
    """Its steps in a row, the first and the last of many; its value where all are known."""
    if all(isinstance(step, Name) and writer.is_number(step) for step in expression.arguments):
        return writer.value(writer.there(evaluate(expression, writer.values)))
    places = shown(len(expression.arguments), MOST_STEPS)
    steps = [Piece.of(r"\ldots", "…") if at is None else writer.write(expression.arguments[at]) for at in places]
    return in_a_row(steps, writer.notation.between)


def _moment(writer: Writer, expression: Application) -> Piece:
    """One step of what has a name, under that name with its time index."""
    (whole,), step = expression.arguments, expression.parameters[0]
    if not isinstance(whole, Name):
        return writer.from_table(expression)
    if writer.is_number(whole):
        return writer.value(writer.there(evaluate(expression, writer.values)))
    return writer.write(Name(at_time(whole.name, str(step)), expression.shape))


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
    "huber": _huber,
    "matrix": _matrix,
    "matmul": _matmul,
    "power": _power,
    "transpose": _transpose,
    "solve": _solve,
    "placed": _placed,
    "part": _part,
    "padded": _padded,
    "concat": _concat,
    "beside": _concat,
    "causal_softmax": _causal_softmax,
    "masked_softmax": _masked_softmax,
    "moment": _moment,
    "sequence": _sequence,
    "leaky_step": _leaky_step,
    "step": _step,
    "sum": sums.written,
    "maximum": _extreme,
    "minimum": _extreme,
    "turned": _turned,
    **dict.fromkeys(PARTNERS, _swept),
}
"""By the operation's name; every other one is written as its entry says."""
