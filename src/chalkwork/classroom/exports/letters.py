"""Answers that are formulas in letters: what is right at a point, and the formula in the language of a platform.

A platform marks as `check` does: it works out what was typed with numbers for the letters, and compares the values.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from chalkwork.algebra.definitions import defined
from chalkwork.algebra.expression import Application, Expression, Name, Number
from chalkwork.classroom.exports.packing import decimal
from chalkwork.derivation.derivation import Derivation
from chalkwork.solutions.exercise import Exercise
from chalkwork.typesetting.code import identifiers
from chalkwork.words import say

NEAR = 1e-6
"""How near the value of a formula is to the right one, as a part of the largest in it: platforms have fewer digits."""
NOISE = 1e-12
Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Formula:
    """A formula to answer: what is right, its value at a point, and what the letters are there, the givens first.

    `names` are the identifiers of the names; what a slope is called in a formula is no identifier.
    """

    expression: Expression
    value: Rows
    letters: Mapping[str, Rows]
    names: Mapping[str, str]
    givens: tuple[str, ...]

    def renamed(self, taken: Collection[str]) -> Formula:
        """With other identifiers for those that mean something else on a platform."""
        other = {name: f"{word}_v" if word in taken else word for name, word in self.names.items()}
        moved = {self.names[name]: word for name, word in other.items()}
        letters = {moved[word]: value for word, value in self.letters.items()}
        return Formula(self.expression, self.value, letters, other, tuple(moved[word] for word in self.givens))

    @property
    def room(self) -> float:
        """How far a value may be off."""
        return NEAR * max(abs(cell) for row in self.value for cell in row) + NOISE

    def before(self, name: str) -> list[str]:
        """The identifiers that the formula of a name may be made of: the givens, and what is found before it."""
        words = list(self.letters)
        return words[: words.index(self.names[name])]

    @property
    def is_number(self) -> bool:
        """Whether it is made of numbers alone, and is one."""
        return all(len(rows) == 1 == len(rows[0]) for rows in (self.value, *self.letters.values()))

    def hint(self, product: str, transpose: str, language: str) -> str:
        """How it is typed: products and transposes where there are matrices, and names that are written otherwise."""
        said = [] if self.is_number else [say(language, "export.letters", product=product, transpose=transpose)]
        other = ", ".join(f"{word} = {name}" for name, word in self.names.items() if word != name)
        return " ".join([*said, *([say(language, "export.names", names=other)] if other else [])])


def as_it_is(one: Formula) -> Formula | None:
    """The formula, for a platform that reads it as `check` does, or as Python."""
    return one


def formulas_of(exercise: Exercise) -> dict[str, Formula]:
    """The formulas that an exercise asks for."""
    derivation, arrays = exercise.solution.derivation, exercise.solution.arrays
    names = identifiers([*(given.name for given in derivation.givens), *derivation])
    letters = {word: _rows(arrays[name]) for name, word in names.items()}
    givens = tuple(names[given.name] for given in derivation.givens)
    return {
        name: Formula(_by_givens(derivation, name), _rows(arrays[name]), letters, names, givens)
        for name in exercise.asked
        if name in derivation
    }


def _by_givens(derivation: Derivation, name: str) -> Expression:
    equation = derivation[name]
    return equation.general if equation.general is not None else equation.expression


def _rows(value: object) -> Rows:
    array = np.asarray(value, np.float64)
    return tuple(map(tuple, (array if array.ndim == 2 else array.reshape(1, -1)).tolist()))


@dataclass(frozen=True)
class Written:
    """How a platform writes formulas: signs between two, what is called, and what it has for matrices."""

    signs: Mapping[str, str]
    calls: Mapping[str, str]
    reserved: frozenset[str]
    """Names that mean something else there."""
    entrywise: bool = True
    """Whether products, powers and functions of matrices go entry by entry; else they are not written."""
    matrices: bool = True

    def formula(self, one: Formula) -> Formula | None:
        """The formula with names that are free there; None where it cannot be written."""
        found = one.renamed(self.reserved)
        able = self.matrices or found.is_number
        return found if able and self.write(found.expression, found.names) is not None else None

    def write(self, expression: Expression, names: Mapping[str, str]) -> str | None:
        """The formula; None where the platform has no such thing.

        >>> STYLE = Written({"matmul": ".", "add": "+"}, {"transpose": "transpose({})"}, frozenset())
        >>> STYLE.write(Name("W", (2, 3)).T @ Name("g", (2, 1)), {"W": "W", "g": "g"})
        'transpose(W).g'
        """
        if isinstance(expression, Number):
            text = decimal(float(expression.value), 15)
            return f"({text})" if text.startswith("-") else text
        if isinstance(expression, Name):
            return names.get(expression.name)
        if not isinstance(expression, Application):
            return None
        name, shapes = expression.operation.name, [one.shape for one in expression.arguments]
        if name == "broadcast" and not expression.arguments[0].shape:
            name = "identity"
        matrices = sum(bool(shape) for shape in shapes)
        scaled = name in ("multiply", "divide") and matrices == 1 and (name == "multiply" or not shapes[1])
        plain = scaled or (name in ("add", "subtract") and matrices == 2) or name in ("negative", "identity")
        if not self.entrywise and matrices and expression.operation.entrywise and not plain:
            return None
        parts = [self.write(one, names) for one in expression.arguments]
        if any(part is None for part in parts):
            return None
        if name == "identity":
            return parts[0]
        if name in self.signs:
            operands = (f"({part})" if _is_made(one) else str(part)
                        for part, one in zip(parts, expression.arguments, strict=True))  # fmt: skip
            return self.signs[name].join(operands) if len(parts) == 2 else f"{self.signs[name]}{next(operands)}"
        if name in self.calls and not any(one is not None for one in expression.parameters):
            return self.calls[name].format(*parts)
        simpler = defined(expression)
        return None if simpler is None else self.write(simpler, names)


def _is_made(expression: Expression) -> bool:
    return isinstance(expression, Application) and bool(expression.operation.infix)
