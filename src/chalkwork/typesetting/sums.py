"""How sums over the entries of a matrix are written: with indices in names, term by term in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chalkwork.algebra.expression import Application, Expression
from chalkwork.algebra.operations import Precedence
from chalkwork.typesetting import forms
from chalkwork.typesetting.numbers import shown
from chalkwork.typesetting.pieces import INDICES, Piece, added, join

if TYPE_CHECKING:
    from chalkwork.typesetting.writer import Writer

MOST_TERMS_WRITTEN = 6
MORE = Piece.of(r" + \cdots", " + ⋯")


def written(writer: Writer, expression: Application) -> Piece:
    """A sum with the signs and indices of the axes that it runs over; with numbers, its terms."""
    if writer.with_numbers:
        return join(*terms(writer, expression))
    inner, axes = _nested(expression)
    if not axes or not forms.is_entry_by_entry(inner, axes) or set(axes) & set(writer.index):
        return _whole(writer, expression)
    letters = {axis: forms.running_letter(axis, writer.samples, len(inner.shape)) for axis in axes}
    order = sorted(axes, key=lambda axis: letters[axis])
    writer.index |= letters
    body = writer.write(inner, Precedence.PRODUCT)
    for axis in axes:
        del writer.index[axis]
    return join(*(_sign_of(writer, inner, axis) for axis in order), body)


def _nested(expression: Application) -> tuple[Expression, list[int]]:
    """What is added up, and along which axes: a sum of sums is one."""
    (inner,), axes = expression.arguments, forms.summed_axes(expression)
    while forms.is_summation(inner) and isinstance(inner, Application):
        axes += forms.summed_axes(inner)
        (inner,) = inner.arguments
    return inner, axes


def _sign_of(writer: Writer, inner: Expression, axis: int) -> Piece:
    letter = forms.running_letter(axis, writer.samples, len(inner.shape))
    return Piece.of(rf"\sum_{{{letter}=1}}^{{{inner.shape[axis]}}} ", f"∑{INDICES[letter]} ")


def _whole(writer: Writer, expression: Application) -> Piece:
    """A sum of what is no formula for one entry; over one axis, with its index below the whole."""
    (inner,), axes = expression.arguments, forms.summed_axes(expression)
    if not (axes and expression.shape) or axes[0] in {*writer.index, *writer.place}:
        return writer.from_table(expression)
    letter = forms.running_letter(axes[0], writer.samples, len(inner.shape))
    return join(_sign_of(writer, inner, axes[0]), writer.write(inner).enclosed().indexed(letter))


def terms(writer: Writer, expression: Application) -> list[Piece]:
    """The terms of a sum with numbers, with dots where there are many."""
    inner, axes = _nested(expression)
    if not forms.is_entry_by_entry(inner, axes) or set(axes) & set(writer.place):
        return [_whole(writer, expression)]
    sizes = [inner.shape[axis] for axis in axes]
    order = sorted(range(len(axes)), key=lambda i: forms.running_letter(axes[i], writer.samples, len(inner.shape)))
    places = list(np.ndindex(*[sizes[i] for i in order])) if np.prod(sizes) <= 10_000 else []
    if not places:
        return [writer.from_table(expression)]
    pieces: list[Piece] = []
    for number in shown(len(places), MOST_TERMS_WRITTEN):
        if number is None:
            pieces.append(MORE)
            continue
        writer.place |= {axes[i]: int(at) for i, at in zip(order, places[number], strict=True)}
        piece = writer.write(inner, Precedence.PRODUCT if forms.is_sum(inner) else Precedence.SUM)
        for axis in axes:
            del writer.place[axis]
        pieces.append(piece if not pieces else join(*added(piece)))
    return pieces
