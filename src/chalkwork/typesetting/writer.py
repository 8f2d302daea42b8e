"""Expressions to LaTeX and to terminal boxes, with names or with numbers put in.

One traversal serves both: a `Piece` holds the LaTeX and the box of the same thing, so that the width of the box
also tells where the LaTeX must be broken.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.algebra.entries import EntryValues, split_entry
from chalkwork.algebra.expression import Application, Constant, Expression, Name, Number, apply
from chalkwork.algebra.numerals import Scalar, is_long_decimal
from chalkwork.algebra.operations import Precedence
from chalkwork.derivation.evaluate import evaluate
from chalkwork.typesetting import forms, matrices
from chalkwork.typesetting.boxes import Box
from chalkwork.typesetting.notation import superscript
from chalkwork.typesetting.numbers import NumberFormat, shown
from chalkwork.typesetting.pieces import INDICES, Piece, added, fraction, grouped, in_parentheses, join
from chalkwork.typesetting.symbols import Symbol, Symbols
from chalkwork.typesetting.templates import signs_of, split, stretched, templates
from chalkwork.typesetting.values import Layout, ValueWriter

FREE, SUM, PRODUCT, MATRIX_PRODUCT, POWER, ATOM = Precedence
MOST_TERMS_WRITTEN = 6
WIDEST_HEAD = 8
_EULER, _MORE = apply("exp", Number(1)), Piece.of(r" + \cdots", " + ⋯")


class Writer:
    """Writes the expressions of one derivation.

    `values` are those of the derivation (matrices as two-dimensional arrays), `samples` says which axis of a matrix
    runs over the samples, so that sums get the right index; `givens` are the names whose numbers never print as zero.
    """

    def __init__(
        self,
        symbols: Symbols,
        values: Mapping[str, Any],
        numbers: NumberFormat,
        layout: Layout | None = None,
        samples: str | None = None,
        givens: Container[str] = (),
    ) -> None:
        self.symbols = symbols
        self.notation = symbols.notation
        self.values = values
        self.numbers = numbers
        self.layout = layout or Layout()
        self.samples = samples
        self.givens = givens
        self._signs = signs_of(self.notation)
        self._shown = ValueWriter(self.notation, numbers, self.layout)
        self._with_numbers = False
        self._index: dict[int, str] = {}
        self._place: dict[int, int] = {}

    @cached_property
    def tight(self) -> Writer:
        """A writer that elides all but the smallest matrices."""
        layout = replace(self.layout, rows=3, columns=3)
        return Writer(self.symbols, self.values, self.numbers, layout, self.samples, self.givens)

    def knowing(self, values: Mapping[str, Any]) -> Writer:
        """A writer that knows these values too."""
        known = EntryValues({**self.values, **values})
        return Writer(self.symbols, known, self.numbers, self.layout, self.samples, self.givens) if values else self

    # --- the two ways to write an expression -------------------------------------------------------------------

    def formula(self, expression: Expression) -> Piece:
        """The expression in names."""
        self._with_numbers = False
        return self.write(expression)

    def substituted(self, expression: Expression) -> Piece:
        """The expression with every name exchanged for its number."""
        self._with_numbers = True
        try:
            return self.write(expression)
        finally:
            self._with_numbers = False

    def segments(self, expression: Expression, with_numbers: bool) -> list[Piece]:
        """The expression in pieces between which a line may be broken; signs stand at the front of a piece."""
        self._with_numbers = with_numbers
        try:
            return self._segments(expression, FREE)
        finally:
            self._with_numbers = False

    def _segments(self, expression: Expression, needed: Precedence) -> list[Piece]:
        if not isinstance(expression, Application):
            return [self.write(expression, needed)]
        if self._precedence(expression) < needed:
            return in_parentheses(self._segments(expression, FREE))
        name = expression.operation.name
        if name in ("add", "subtract", "multiply", "matmul"):
            left, right = expression.arguments
            slots = self._slots(expression)
            return [*self._segments(left, slots[0]), *self._right_segments(expression, right, slots[1])]
        if name == "sum" and self._with_numbers:
            return self._sum_written_out(expression)
        if name == "divide":
            return self._quotient_segments(expression)
        if name == "negative":
            first, *rest = self._segments(expression.arguments[0], PRODUCT)
            return [join(Piece.of("-", "−"), first), *rest]
        if expression.operation.arity == 1 and expression.operation.latex.endswith(r"\left( <0> \right)"):
            return self._function_segments(expression)
        return [self.write(expression, needed)]

    def _right_segments(self, expression: Application, right: Expression, slot: Precedence) -> list[Piece]:
        sign = self._sign(expression)
        if expression.operation.name == "add":
            sign, term = self._signed_right(expression, right, slot)
            if self._fits(term) or sign.latex != " + ":
                return [join(sign, term)]
        first, *rest = self._segments(right, slot)
        return [join(sign, first), *rest]

    def _fits(self, piece: Piece) -> bool:
        return piece.width <= self.layout.text_width - WIDEST_HEAD

    def _quotient_segments(self, expression: Application) -> list[Piece]:
        """A fraction; one that is wider than a line is written on one, with a slash."""
        whole = self.write(expression)
        if self._fits(whole):
            return [whole]
        (above, below), slots = expression.arguments, self._slots(expression)
        return [*self._segments(above, slots[0]), join(Piece.of(" / ", " / "), self.write(below, slots[1]))]

    def _function_segments(self, expression: Application) -> list[Piece]:
        """A function of a long sum of terms of one line, its parentheses on different lines if need be."""
        pieces = self._segments(expression.arguments[0], FREE)
        if len(pieces) < 2 or not all(piece.flat for piece in pieces):
            return [self.write(expression)]
        latex, text = templates(expression, self.samples)
        latex, text = latex.removesuffix(r"\left( <0> \right)"), text.removesuffix("(<0>)")
        first, *rest = in_parentheses(pieces)
        return [join(Piece.of(latex, text), first), *rest]

    def write(self, expression: Expression, needed: Precedence = FREE) -> Piece:
        """The expression, in parentheses where it binds less tightly than needed."""
        return self._enclosed_below(expression, needed)

    def _enclosed_below(self, expression: Expression, needed: Precedence) -> Piece:
        piece = self._write(expression)
        return piece.enclosed() if self._precedence(expression) < needed else piece

    def _precedence(self, expression: Expression) -> Precedence:
        expression = matrices.under_its_name(expression)
        if isinstance(expression, Number):
            return self._number_precedence(expression.value)
        if isinstance(expression, Name):
            if self._is_number(expression):
                value = self._value(expression)
                return ATOM if value.shape != (1, 1) else self._number_precedence(float(value[0, 0]))
            return POWER if self._symbol(expression).raised else ATOM
        assert isinstance(expression, Application)
        operation = expression.operation
        if operation.name == "sum" and self._with_numbers:
            return SUM
        if operation.name == "step" and (whole := self._step_written(expression)) != expression:
            return self._precedence(whole)
        if expression == _EULER or operation.name == "placed":
            return ATOM
        if operation.name == "broadcast":
            return self._precedence(expression.arguments[0])
        return POWER if operation.precedence == ATOM else operation.precedence

    def _number_precedence(self, value: Scalar) -> Precedence:
        if value < 0:
            return SUM
        if isinstance(value, Fraction) and not is_long_decimal(value):
            return PRODUCT
        return PRODUCT if "e" in self._digits(value) else ATOM

    def _write(self, expression: Expression) -> Piece:
        expression = matrices.under_its_name(expression)
        if isinstance(expression, Number):
            return self._number(expression.value)
        if isinstance(expression, Name):
            if self._is_number(expression):
                return self.value(self._value(expression), self._is_given(expression.name))
            symbol = self._symbol(expression)
            return Piece.of(symbol.latex, symbol.text)
        assert isinstance(expression, Application)
        special = getattr(self, f"_write_{expression.operation.name}", None)
        return special(expression) if special else self._from_table(expression)

    # --- leaves ------------------------------------------------------------------------------------------------

    def _symbol(self, name: Name) -> Symbol:
        shape = name.shape
        index = tuple(letter for axis, letter in sorted(self._index.items()) if len(shape) >= -axis and shape[axis] > 1)
        return self.symbols.entry(name.name, index) if index else self.symbols[name.name]

    def _is_number(self, name: Name) -> bool:
        """Whether its number is put in: a name without a value keeps its letter."""
        known = self._with_numbers and not isinstance(name, Constant)
        return known and (name.name in self.values or split_entry(name.name)[0] in self.values)

    def _value(self, name: Name) -> Any:
        value = np.asarray(self.values[name.name])
        for axis, place in self._place.items():
            if value.ndim >= -axis and value.shape[axis] > 1:
                value = np.take(value, [place] if axis >= -2 else place, axis=axis)
        return value

    def _digits(self, value: Scalar) -> str:
        return self.numbers.scalar(float(value), given=True) if self._with_numbers else forms.short(value)

    def _number(self, value: Scalar) -> Piece:
        if isinstance(value, Fraction) and not is_long_decimal(value):
            return fraction(value)
        return self._shown.digits(self._digits(value))

    def value(self, value: Any, given: bool = False) -> Piece:
        """A number, or a matrix in brackets with dots where it does not fit; what is given never prints as zero."""
        return self._shown.value(np.asarray(value), given)

    def of_name(self, name: str) -> Piece:
        """The number or matrix that the name stands for."""
        return self.value(self.values[name], self._is_given(name))

    def _is_given(self, name: str) -> bool:
        return name.partition("[")[0] in self.givens

    # --- operations ----------------------------------------------------------------------------------------------

    def _from_table(self, expression: Application) -> Piece:
        operation = expression.operation
        slots = self._slots(expression)
        if operation.infix in ("+", "-"):
            return self._chain(expression)
        texts = [self.write(argument, slot) for argument, slot in zip(expression.arguments, slots, strict=True)]
        latex_slots = operation.latex_slots or slots
        latexes = [
            text if wanted == slot else self.write(argument, wanted)
            for argument, text, slot, wanted in zip(expression.arguments, texts, slots, latex_slots, strict=True)
        ]
        latex_template, text_template = templates(expression, self.samples)
        signs = {**self._signs, "times": self._times(expression)}
        signs |= {name: self._parameter(value) for name, value in expression.named_parameters.items()}
        latex = "".join(
            part if index % 2 == 0 else (latexes[int(part)] if part.isdigit() else signs[part]).latex
            for index, part in enumerate(split(latex_template, self.notation.between))
        )
        if all(piece.low for piece in latexes):
            latex = latex.replace(r"\left( ", "(").replace(r" \right)", ")")
        boxes = [
            Box.text(part) if index % 2 == 0 else (texts[int(part)] if part.isdigit() else signs[part]).box
            for index, part in enumerate(split(text_template, self.notation.between))
            if part
        ]
        narrower = sum(text.narrower for text in texts)
        if operation.name == "divide":
            narrower = sum(box.width for box in boxes) - max(latex.latex_width for latex in latexes)
        return Piece(latex, stretched(boxes), narrower)

    def _chain(self, expression: Application) -> Piece:
        """A sum; of many terms the first and the last."""
        pieces: list[Piece] = []
        node: Expression = expression
        while isinstance(node, Application) and node.operation.infix in ("+", "-"):
            slots = self._slots(node)
            pieces.append(join(*self._signed_right(node, node.arguments[1], slots[1])))
            node, slot = node.arguments[0], slots[0]
        pieces.append(self.write(node, slot))
        pieces.reverse()
        most = MOST_TERMS_WRITTEN if len(pieces) <= MOST_TERMS_WRITTEN else 4
        return join(*(_MORE if place is None else pieces[place] for place in shown(len(pieces), most)))

    def _slots(self, expression: Application) -> tuple[Precedence, ...]:
        """What each argument must bind like; a sum that is a factor among others stands in parentheses."""
        operation, arguments = expression.operation, expression.arguments
        slots = operation.slots or (FREE,) * operation.arity
        if operation.name != "multiply" or self._with_numbers or isinstance(arguments[0], Number):
            return slots
        return tuple(ATOM if forms.is_summation(part) else slot for part, slot in zip(arguments, slots, strict=True))

    def _parameter(self, value: Any) -> Piece:
        if isinstance(value, tuple):
            return Piece.of(",".join(map(str, value)), ",".join(map(str, value)))
        return self._shown.digits(forms.short(value)) if isinstance(value, int | float) else Piece.of("", "")

    def _signed_right(self, expression: Application, right: Expression, slot: Precedence) -> tuple[Piece, Piece]:
        """The sign before the right operand and the operand; adding a negative number is subtracting."""
        if expression.operation.name != "add":
            return self._sign(expression), self.write(right, slot)
        piece = self.write(right, SUM)
        if piece.latex.startswith("-"):
            if piece.flat and not forms.is_sum(right):
                text = piece.box.lines[0].removeprefix("−")
                return Piece.of(" - ", " − "), Piece.of(piece.latex.removeprefix("-"), text)
            piece = piece.enclosed()
        return Piece.of(" + ", " + "), piece

    def _sign(self, expression: Application) -> Piece:
        """The sign between the factors of a product or the terms of a difference."""
        name = expression.operation.name
        if name == "multiply":
            return self._times(expression)
        if name == "subtract":
            return Piece.of(" - ", " − ")
        numbers = self._with_numbers and any(argument.shape == (1, 1) for argument in expression.arguments)
        return Piece.of(r" \cdot ", " · ") if numbers else Piece.of(r" \, ", " ")

    def _times(self, expression: Application) -> Piece:
        """The sign of a product: entrywise between matrices, a dot between numbers, else nothing."""
        if len(expression.arguments) != 2:
            return Piece.of("", "")
        left, right = expression.arguments
        if self._is_array(left) and self._is_array(right):
            return self._signs["hadamard"]
        if self._with_numbers:
            return Piece.of(r" \cdot ", " · ")
        if isinstance(left, Number) and not isinstance(right, Number) and not forms.starts_with_number(right):
            return Piece.of(r" \, ", " ")
        if self._is_array(left) or self._is_array(right):
            return Piece.of(r" \, ", " ")
        return Piece.of(r" \cdot ", " · ")

    def _is_array(self, expression: Expression) -> bool:
        """Whether it is a matrix where it stands: inside a sum over entries everything is a number."""
        if not expression.shape:
            return False
        bound = set(self._index) | set(self._place)
        return any(size > 1 and axis not in bound for axis, size in enumerate(expression.shape, -len(expression.shape)))

    def _write_identity(self, expression: Application) -> Piece:
        return self._write(expression.arguments[0])

    def _write_exp(self, expression: Application) -> Piece:
        return Piece.of("e", "e") if expression == _EULER else self._from_table(expression)

    def _write_matrix(self, expression: Application) -> Piece:
        columns = expression.shape[1]
        entries = [self.write(argument) for argument in expression.arguments]
        if not all(entry.flat for entry in entries):
            return self._from_table(expression)
        return self.bracketed([entries[start : start + columns] for start in range(0, len(entries), columns)])

    def bracketed(self, table: Sequence[Sequence[Piece]]) -> Piece:
        """A matrix of pieces that are one line high."""
        return self._shown.bracketed(table)

    def _write_broadcast(self, expression: Application) -> Piece:
        """What is spread over more entries is written as it is: a sum or a product spreads it by itself."""
        return self._write(expression.arguments[0])

    def _write_power(self, expression: Application) -> Piece:
        base, exponent = expression.arguments
        below = self.write(base, ATOM)
        above = self.write(exponent)
        text = above.box.lines[0]
        raised = superscript(text.replace("−", "-"))
        if raised.startswith("^") and " " in text:
            raised = f"^({text})"
        return Piece(f"{grouped(below.latex)}^{{{above.latex}}}", (below.box.raised(raised),))

    def _write_transpose(self, expression: Application) -> Piece:
        inner = self.write(expression.arguments[0], ATOM)
        sign = self._signs["transposed"]
        if inner.latex.endswith("'"):
            inner = inner.enclosed()
        return Piece(f"{grouped(inner.latex)}^{{{sign.latex}}}", (inner.box.raised(sign.box.lines[0]),))

    def _write_solve(self, expression: Application) -> Piece:
        return matrices.solved(self.write(expression.arguments[0], ATOM), self.write(expression.arguments[1], POWER))

    def _write_placed(self, expression: Application) -> Piece:
        entries = matrices.entries_of(expression)
        if entries is None:
            return self._from_table(expression)
        if matrices.are_known(entries, self._is_number):
            return self.value(evaluate(expression, self.values))
        return self._shown.bracketed([[self.write(one) for one in line] for line in entries], "c")

    def _write_leaky_step(self, expression: Application) -> Piece:
        """With numbers a slope of 0 or 1 says more than the condition it comes from."""
        if not self._with_numbers or self._place:
            return self._from_table(expression)
        return self.value(evaluate(expression, self.values))

    def _write_step(self, expression: Application) -> Piece:
        whole = self._step_written(expression)
        return self._write_leaky_step(expression) if whole == expression else self._write(whole)

    def _step_written(self, expression: Application) -> Expression:
        return expression if self._with_numbers and not self._place else forms.with_equality(expression, self.values)

    def _write_sum(self, expression: Application) -> Piece:
        if self._with_numbers:
            return join(*self._sum_written_out(expression))
        (inner,) = expression.arguments
        axes = forms.summed_axes(expression)
        if not axes or not forms.is_entry_by_entry(inner, axes) or set(axes) & set(self._index):
            return self._whole_sum(expression)
        letters = {axis: forms.running_letter(axis, self.samples, len(inner.shape)) for axis in axes}
        order = sorted(axes, key=lambda axis: letters[axis])
        self._index |= letters
        body = self.write(inner, PRODUCT)
        for axis in axes:
            del self._index[axis]
        return join(*(self._sum_sign(inner, axis) for axis in order), body)

    def _sum_sign(self, inner: Expression, axis: int) -> Piece:
        letter = forms.running_letter(axis, self.samples, len(inner.shape))
        return Piece.of(rf"\sum_{{{letter}=1}}^{{{inner.shape[axis]}}} ", f"∑{INDICES[letter]} ")

    def _whole_sum(self, expression: Application) -> Piece:
        """A sum of what is no formula for one entry; over one axis, with its index below the whole."""
        (inner,), axes = expression.arguments, forms.summed_axes(expression)
        if not (axes and expression.shape) or axes[0] in {*self._index, *self._place}:
            return self._from_table(expression)
        letter = forms.running_letter(axes[0], self.samples, len(inner.shape))
        return join(self._sum_sign(inner, axes[0]), self.write(inner).enclosed().indexed(letter))

    def _sum_written_out(self, expression: Application) -> list[Piece]:
        """The terms of a sum with numbers, with dots where there are many."""
        (inner,) = expression.arguments
        axes = forms.summed_axes(expression)
        if not forms.is_entry_by_entry(inner, axes) or set(axes) & set(self._place):
            return [self._whole_sum(expression)]
        sizes = [inner.shape[axis] for axis in axes]
        order = sorted(range(len(axes)), key=lambda i: forms.running_letter(axes[i], self.samples, len(inner.shape)))
        places = list(np.ndindex(*[sizes[i] for i in order])) if np.prod(sizes) <= 10_000 else []
        if not places:
            return [self._from_table(expression)]
        pieces: list[Piece] = []
        for number in shown(len(places), MOST_TERMS_WRITTEN):
            if number is None:
                pieces.append(_MORE)
                continue
            self._place |= {axes[i]: int(at) for i, at in zip(order, places[number], strict=True)}
            piece = self.write(inner, PRODUCT if forms.is_sum(inner) else SUM)
            for axis in axes:
                del self._place[axis]
            pieces.append(piece if not pieces else join(*added(piece)))
        return pieces
