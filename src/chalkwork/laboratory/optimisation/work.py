"""What is worked out of a function of several numbers: what follows from its Hessian, by hand where that is short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chalkwork.algebra.entries import entry
from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.derivation.derivation import Stage
from chalkwork.laboratory import work
from chalkwork.laboratory.optimisation.methods import index_of
from chalkwork.solutions.setting import Word
from chalkwork.typesetting.symbols import Symbol

STUDY = Stage("study", "What follows from the Hessian")
KINDS = ("minimum", "maximum", "saddle", "degenerate")


@dataclass
class Work(work.Work):
    """What the parts of an answer add to."""

    usual: Stage = STUDY

    def given(self, name: str, value: Any, letter: Symbol | None = None) -> Name:
        """A given as in every room; a point of one variable is a number."""
        array = np.asarray(value, np.float64)
        return super().given(name, array.item() if array.size == 1 else array, letter)

    def made_of(self, name: str) -> Expression | None:
        """The right-hand side of an equation; None for a given."""
        return next((known.expression for known in self.equations if known.name == name), None)


def kind_word(hessian: Any) -> Word:
    """What a critical point is, by the eigenvalues of the Hessian there, as an answer in words."""
    also = {"minimum": ("min", "local minimum"), "maximum": ("max", "local maximum"), "saddle": ("saddle point",)}
    kind = index_of(hessian)[0]
    return Word(kind, also.get(kind, ()), KINDS)


def eigenvalues_of(hessian: Name, expression: Expression) -> list[Expression]:
    """The eigenvalues of a Hessian in ascending order by hand, in terms of its entries; none beyond two rows.

    `expression` is what the Hessian is made of: where it is diagonal the eigenvalues stand there.
    """
    if not hessian.shape:
        return [hessian]
    if hessian.shape != (2, 2):
        return []
    a, b, c = (apply("entry", hessian, place=place) for place in ((1, 1), (1, 2), (2, 2)))
    if is_diagonal(expression):
        return [apply("minimum", a, c), apply("maximum", a, c)]
    middle, root = (a + c) / 2, apply("sqrt", ((a - c) / 2) ** 2 + b**2)
    return [middle - root, middle + root]


def is_diagonal(expression: Expression) -> bool:
    """Whether a matrix of two rows has nothing beside its diagonal, whatever its names stand for."""
    return entry(expression, 0, 1) == Number(0)
