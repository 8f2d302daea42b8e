"""What the lines of a Taylor expansion are written with: letters, numbers, names of derivatives."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from chalkwork.algebra.expression import Application, Expression, Name, Number, walk
from chalkwork.algebra.operations import TABLE
from chalkwork.laboratory.functions.one_variable import Function, as_number
from chalkwork.laboratory.taylor.derivatives import Generator, Polynomial
from chalkwork.laboratory.taylor.expansion import Expansion
from chalkwork.laboratory.worked import Manner
from chalkwork.typesetting.notation import superscript
from chalkwork.typesetting.numbers import NumberFormat
from chalkwork.typesetting.pieces import Piece, join
from chalkwork.typesetting.symbols import Symbols
from chalkwork.typesetting.writer import Writer

MOST_SHOWN = 6
_WIDEST = 60
MOST_TERMS = 6
_LETTERS = {name: operation.letter for name, operation in TABLE.items() if operation.letter} | {"power": "p"}


class Page:
    """What the pieces of one expansion are written with."""

    def __init__(self, expansion: Expansion, manner: Manner) -> None:
        self.expansion = expansion
        self.variable = Name(expansion.function.variable)
        digits = manner.numbers.significant or max(manner.numbers.decimals or 4, 3)
        self.numbers = NumberFormat(None, digits)
        self.letters = letters_of(expansion)
        self.writer = Writer(Symbols(manner.notation), self._values(), self.numbers)

    def _values(self) -> dict[str, np.ndarray]:
        """The decimal values of the letters at the point, and of pi and e."""
        known = {"pi": np.pi, "e": np.e, self.variable.name: self.expansion.about}
        for index, letter in self.letters.items():
            generator = self.expansion.ring.generators[index]
            known[letter.name] = _number_at(self.expansion, generator)
        return {name: np.array([[value]]) for name, value in known.items()}

    def number(self, value: float) -> Piece:
        """A decimal number."""
        return self.writer.value(np.array([[value]]))

    def maths(self, value: float) -> str:
        """A decimal number between dollars."""
        return f"${self.number(value).latex}$"

    def formula(self, expression: Expression) -> list[Piece]:
        """An expression in pieces."""
        return self.writer.segments(expression, with_numbers=False)

    def inline(self, expression: Expression) -> str:
        """An expression between dollars."""
        return f"${self.writer.formula(expression).latex}$"

    @property
    def name(self) -> Piece:
        """The variable."""
        return self.writer.formula(self.variable)

    @property
    def point(self) -> Piece:
        """The point of expansion: exact if short."""
        return self.writer.formula(self.expansion.point)


def letters_of(expansion: Expansion) -> dict[int, Name]:
    """A letter for every function that is raised to a power in a derivative that is shown."""
    used = {expansion.function.variable, "e", "pi"}
    raised = {
        index
        for form in shown_forms(expansion)
        for monomial in form
        for index, power in monomial
        if power > 1 and expansion.ring.generators[index].kind in _LETTERS
    }
    result = {}
    for index in sorted(raised):
        letter = _LETTERS[expansion.ring.generators[index].kind]
        while letter in used:
            letter = chr(ord(letter) + 1) if letter < "z" else letter + "1"
        used.add(letter)
        result[index] = Name(letter)
    return result


def shown_forms(expansion: Expansion) -> list[Polynomial]:
    """The derivatives that are written out: the first ones, as long as they are short."""
    shown = []
    for form in expansion.derivatives[: min(MOST_SHOWN, expansion.order + 1)]:
        if len(form) > MOST_TERMS or any(
            len(str(expansion.ring.expression({monomial: factor}))) > _WIDEST for monomial, factor in form.items()
        ):
            break
        shown.append(form)
    return shown


def _number_at(expansion: Expansion, generator: Generator) -> float:
    function = Function("", generator.expression, expansion.function.variable)
    return float(function.values(expansion.about))


def derived(order: int, argument: Piece) -> Piece:
    """f'(x), f''(x), f^(4)(x)."""
    mark = ("", "'", r"^{\prime\prime}", r"^{\prime\prime\prime}")[order] if order < 4 else f"^{{({order})}}"
    latex = "f" + mark
    text = "f" + (("", "′", "″", "‴")[order] if order < 4 else superscript(f"({order})"))
    return join(Piece.of(latex, text), argument.enclosed())


def is_one_sided(expansion: Expansion) -> bool:
    """Whether what is expanded is one branch of a function with kinks."""
    nodes = walk(expansion.function.tree)
    return any(isinstance(node, Application) and node.operation.branches is not None for node in nodes)


def power_of(page: Page, k: int) -> Expression | None:
    """(x - a)^k."""
    if k == 0:
        return None
    point = page.expansion.point
    if isinstance(point, Number):
        apart = page.variable - as_number(Fraction(point.value))
        if point.value == 0:
            apart = page.variable
        elif point.value < 0:
            apart = page.variable + as_number(-Fraction(point.value))
    else:
        apart = page.variable - point
    return apart if k == 1 else apart**k
