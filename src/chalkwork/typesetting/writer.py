"""Expressions to LaTeX and to terminal boxes, with names or with numbers put in.

One traversal serves both: a `Piece` holds the LaTeX and the box of the same thing, so that the width of the box
also tells where the LaTeX must be broken.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

import numpy as np

from chalkwork.algebra.entries import EntryValues, split_entry
from chalkwork.algebra.expression import Application, Constant, Expression, Name, Number, Share, names_in
from chalkwork.algebra.numerals import Scalar, is_long_decimal
from chalkwork.algebra.operations import Precedence
from chalkwork.algebra.operations.partners import PARTNERS
from chalkwork.derivation.evaluate import evaluate
from chalkwork.typesetting import forms
from chalkwork.typesetting.boxes import Box
from chalkwork.typesetting.numbers import NumberFormat, shown
from chalkwork.typesetting.pieces import Piece, fraction, join
from chalkwork.typesetting.rules import RULES
from chalkwork.typesetting.segments import segments
from chalkwork.typesetting.sums import MORE, MOST_TERMS_WRITTEN
from chalkwork.typesetting.symbols import Symbol, Symbols
from chalkwork.typesetting.templates import signs_of, split, stretched, templates
from chalkwork.typesetting.values import Layout, ValueWriter
from chalkwork.typesetting.windows import swept_sign

FREE, SUM, PRODUCT, MATRIX_PRODUCT, POWER, ATOM = Precedence


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
        self.language = symbols.language
        self.values = values
        self.numbers = numbers
        self.layout = layout or Layout()
        self.samples = samples
        self.givens = givens
        self.signs = signs_of(self.notation)
        self._shown = ValueWriter(self.notation, numbers, self.layout)
        self.with_numbers = self._by_value = False
        self.index: dict[int, str] = {}
        """The letter that runs over an axis, within a sum."""
        self.place: dict[int, int] = {}
        """The place on an axis, within a term of a sum."""

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
        self.with_numbers = False
        return self.write(expression)

    def substituted(self, expression: Expression) -> Piece:
        """The expression with every name exchanged for its number."""
        self.with_numbers = True
        try:
            return self.write(expression)
        finally:
            self.with_numbers = False

    def segments(self, expression: Expression, with_numbers: bool) -> list[Piece]:
        """The expression in pieces between which a line may be broken; signs stand at the front of a piece.

        Without numbers they are the same for all who share the symbols, and kept with these.
        """
        if with_numbers or self.index or self.place:
            return self._segments(expression, with_numbers)
        key = (expression, self.layout, self.numbers, self.samples)
        found = self.symbols.formulas.get(key)
        if found is None:
            self._by_value = False
            found = self._segments(expression, False)
            if not self._by_value:
                self.symbols.formulas[key] = found
        return found

    def _segments(self, expression: Expression, with_numbers: bool) -> list[Piece]:
        self.with_numbers = with_numbers
        try:
            return segments(self, expression)
        finally:
            self.with_numbers = False

    def write(self, expression: Expression, needed: Precedence = FREE) -> Piece:
        """The expression, in parentheses where it binds less tightly than needed."""
        if isinstance(expression, Application):
            expression = self._form(expression)
        piece = self._write(expression)
        return piece.enclosed() if needed != FREE and self._binding(expression) < needed else piece

    def precedence(self, expression: Expression) -> Precedence:
        """How tightly the expression binds as it is written."""
        return self._binding(self._form(expression) if isinstance(expression, Application) else expression)

    def _form(self, expression: Application) -> Expression:
        squares = self.with_numbers and expression.operation.name == "squared_norm"
        return forms.as_written(forms.squares_added(expression) if squares else expression)

    def _binding(self, expression: Expression) -> Precedence:
        if isinstance(expression, Name):
            if self.is_number(expression):
                value = self._value(expression)
                return ATOM if value.size > 1 else self._number_precedence(float(value.item()))
            return POWER if self._symbol(expression).raised else ATOM
        if isinstance(expression, Number):
            return self._number_precedence(expression.value)
        assert isinstance(expression, Application)
        operation = expression.operation
        if operation.name == "sum" and self.with_numbers:
            return SUM
        if operation.name == "huber" and self.huber_written(expression) is not None:
            return PRODUCT
        if operation.name == "step" and (whole := self.step_written(expression)) != expression:
            return self.precedence(whole)
        if operation.name == "placed" or (operation.name == "exp" and expression == forms.EULER):
            return ATOM
        if operation.name == "moment" and isinstance(expression.arguments[0], Name):
            return ATOM if self.with_numbers else POWER
        if operation.name == "broadcast":
            return self.precedence(expression.arguments[0])
        return POWER if operation.precedence == ATOM else operation.precedence

    def _number_precedence(self, value: Scalar) -> Precedence:
        if value < 0:
            return SUM
        if isinstance(value, Fraction) and not is_long_decimal(value):
            return PRODUCT
        return PRODUCT if "e" in self._digits(value) else ATOM

    def _write(self, expression: Expression) -> Piece:
        if isinstance(expression, Name):
            if self.is_number(expression):
                return self.value(self._value(expression), self._is_given(expression.name))
            symbol = self._symbol(expression)
            return Piece.of(symbol.latex, symbol.text)
        if isinstance(expression, Share) and not self.with_numbers:
            return Piece.of(expression.latex, f"{expression.text} ·")
        if isinstance(expression, Number):
            return self._number(expression.value)
        assert isinstance(expression, Application)
        rule = RULES.get(expression.operation.name)
        return rule(self, expression) if rule else self.from_table(expression)

    # --- leaves ------------------------------------------------------------------------------------------------

    def _symbol(self, name: Name) -> Symbol:
        if not self.index:
            return self.symbols[name.name]
        shape = name.shape
        index = tuple(letter for axis, letter in sorted(self.index.items()) if len(shape) >= -axis and shape[axis] > 1)
        return self.symbols.entry(name.name, index) if index else self.symbols[name.name]

    def is_number(self, name: Name) -> bool:
        """Whether its number is put in: a name without a value keeps its letter."""
        known = self.with_numbers and not isinstance(name, Constant)
        return known and (name.name in self.values or split_entry(name.name)[0] in self.values)

    def _value(self, name: Name) -> Any:
        return self.there(np.asarray(self.values[name.name]))

    def there(self, value: Any) -> Any:
        """What of a value stands at the place of the term that is written."""
        for axis, place in self.place.items():
            if value.ndim >= -axis and value.shape[axis] > 1:
                value = np.take(value, [place] if axis >= -2 else place, axis=axis)
        return value

    def _digits(self, value: Scalar) -> str:
        return self.numbers.scalar(float(value), given=True) if self.with_numbers else forms.short(value)

    def _number(self, value: Scalar) -> Piece:
        if isinstance(value, Fraction) and not is_long_decimal(value):
            return fraction(value)
        return self._shown.digits(self._digits(value))

    def value(self, value: Any, given: bool = False) -> Piece:
        """A number, or a matrix in brackets with dots where it does not fit; what is given never prints as zero."""
        return self._shown.value(np.asarray(value), given)

    def number(self, value: float) -> Piece:
        """A number that was worked out."""
        return self._shown.digits(self.numbers.scalar(value))

    def of_name(self, name: str) -> Piece:
        """The number or matrix that the name stands for."""
        return self.value(self.values[name], self._is_given(name))

    def _is_given(self, name: str) -> bool:
        return name.partition("[")[0] in self.givens

    # --- operations ----------------------------------------------------------------------------------------------

    def from_table(self, expression: Application) -> Piece:
        """As the entry of the operation says."""
        operation = expression.operation
        slots = self.slots(expression)
        if operation.infix in ("+", "-"):
            return self._chain(expression)
        texts = [self.write(argument, slot) for argument, slot in zip(expression.arguments, slots, strict=True)]
        latexes = texts
        if operation.latex_slots:
            wanted = zip(expression.arguments, texts, slots, operation.latex_slots, strict=True)
            latexes = [text if own == other else self.write(argument, other) for argument, text, own, other in wanted]
        latex_template, text_template = templates(expression, self.samples, self.language)
        signs = self.signs | {str(place): piece for place, piece in enumerate(latexes)}
        if "times" in operation.latex:
            signs["times"] = self._times(expression)
        if expression.parameters:
            signs |= {name: self._parameter(value) for name, value in expression.named_parameters.items()}
        parts = split(latex_template, self.notation.between)
        latex = "".join([signs[part].latex if index % 2 else part for index, part in enumerate(parts)])
        if latexes is not texts:
            signs |= {str(place): piece for place, piece in enumerate(texts)}
        if all(piece.low for piece in latexes):
            latex = latex.replace(r"\left( ", "(").replace(r" \right)", ")")
        parts = split(text_template, self.notation.between)
        boxes = [signs[part].box if index % 2 else Box.text(part) for index, part in enumerate(parts) if part]
        narrower = sum(text.narrower for text in texts)
        if operation.name == "divide" and not all(text.flat for text in texts):
            latex = f"{texts[0].latex} / {texts[1].latex}"  # a matrix above a line would be set in small digits
        elif operation.name == "divide":
            narrower = sum(box.width for box in boxes) - max(latex.latex_width for latex in latexes)
        return Piece(latex, stretched(boxes), narrower)

    def _chain(self, expression: Application) -> Piece:
        """A sum; of many terms the first and the last."""
        pieces: list[Piece] = []
        node: Expression = expression
        while isinstance(node, Application) and node.operation.infix in ("+", "-"):
            slots = self.slots(node)
            pieces.append(join(*self.signed_right(node, node.arguments[1], slots[1])))
            node, slot = node.arguments[0], slots[0]
        pieces.append(self.write(node, slot))
        pieces.reverse()
        most = MOST_TERMS_WRITTEN if len(pieces) <= MOST_TERMS_WRITTEN else 4
        return join(*(MORE if place is None else pieces[place] for place in shown(len(pieces), most)))

    def slots(self, expression: Application) -> tuple[Precedence, ...]:
        """What each argument must bind like; a sum that is a factor among others stands in parentheses."""
        operation, arguments = expression.operation, expression.arguments
        slots = operation.slots or (FREE,) * operation.arity
        if operation.name != "multiply" or self.with_numbers or isinstance(arguments[0], Number):
            return slots
        summed = [forms.is_summation(forms.as_written(part)) for part in arguments]
        return tuple(ATOM if whole else slot for whole, slot in zip(summed, slots, strict=True))

    def _parameter(self, value: Any) -> Piece:
        if isinstance(value, tuple):
            return Piece.of(",".join(map(str, value)), ",".join(map(str, value)))
        return self._shown.digits(forms.short(value)) if isinstance(value, int | float) else Piece.of("", "")

    def signed_right(self, expression: Application, right: Expression, slot: Precedence) -> tuple[Piece, Piece]:
        """The sign before the right operand and the operand; adding a negative number is subtracting."""
        if expression.operation.name != "add":
            return self.sign(expression), self.write(right, slot)
        piece = self.write(right, SUM)
        if piece.latex.startswith("-"):
            if piece.flat and not forms.is_sum(right):
                text = piece.box.lines[0].removeprefix("−")
                return Piece.of(" - ", " − "), Piece.of(piece.latex.removeprefix("-"), text)
            piece = piece.enclosed()
        return Piece.of(" + ", " + "), piece

    def sign(self, expression: Application) -> Piece:
        """The sign between the factors of a product or the terms of a difference."""
        name = expression.operation.name
        if name == "multiply":
            return self._times(expression)
        if name == "subtract":
            return Piece.of(" - ", " − ")
        if name in PARTNERS:
            return swept_sign(expression)
        numbers = self.with_numbers and any(argument.shape == (1, 1) for argument in expression.arguments)
        return Piece.of(r" \cdot ", " · ") if numbers else Piece.of(r" \, ", " ")

    def _times(self, expression: Application) -> Piece:
        """The sign of a product: entrywise between matrices, a dot between numbers, else nothing."""
        if len(expression.arguments) != 2:
            return Piece.of("", "")
        left, right = map(forms.as_written, expression.arguments)
        if self._is_array(left) and self._is_array(right):
            return self.signs["hadamard"]
        beside = forms.is_coefficient(left, right) or self._is_array(left) or self._is_array(right)
        return Piece.of(r" \, ", " ") if beside and not self.with_numbers else Piece.of(r" \cdot ", " · ")

    def _is_array(self, expression: Expression) -> bool:
        """Whether it is a matrix where it stands: inside a sum over entries everything is a number."""
        if not expression.shape:
            return False
        bound = set(self.index) | set(self.place)
        return any(size > 1 and axis not in bound for axis, size in enumerate(expression.shape, -len(expression.shape)))

    def step_written(self, expression: Application) -> Expression:
        """A step function without numbers, with its value at the jump where that matters."""
        known = (self.with_numbers and not self.place) or expression.named_parameters["at_zero"] == 1
        self._by_value |= not known
        return expression if known else forms.with_equality(expression, self.values)

    def huber_written(self, expression: Application) -> Expression | None:
        """With the numbers of a single entry, the branch of a Huber loss that these are in; else None."""
        (inner,) = expression.arguments
        names = names_in(inner)
        if not self.with_numbers or not names or not all(map(self.is_number, names)):
            return None
        value = evaluate(inner, {name.name: self._value(name) for name in names})
        delta = expression.named_parameters["delta"]
        if np.size(value) != 1 or not isinstance(delta, int | float):
            return None
        return forms.huber_branch(inner, float(np.ravel(value)[0]), delta)

    def bracketed(self, table: Sequence[Sequence[Piece]], align: Literal["r", "c"] = "r") -> Piece:
        """A matrix of pieces that are one line high."""
        return self._shown.bracketed(table, align)
