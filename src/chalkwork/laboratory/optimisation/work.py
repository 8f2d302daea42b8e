"""What is worked out in one answer: givens and equations with their letters, collected one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chalkwork.algebra.entries import entry
from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.derivation.derivation import Stage
from chalkwork.documents.model import Block
from chalkwork.laboratory import work
from chalkwork.laboratory.optimisation.methods import index_of
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Setting, Style, Word
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol

STUDY = Stage("study", "What follows from the Hessian")
KINDS = ("minimum", "maximum", "saddle", "degenerate")


@dataclass
class Work(work.Work):
    """What the parts of an answer add to, with words and facts, and what is asked."""

    usual: Stage = STUDY
    words: dict[str, Word] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def given(self, name: str, value: Any, letter: Symbol | None = None) -> Name:
        """A given as in every room; a point of one variable is a number."""
        array = np.asarray(value, np.float64)
        return super().given(name, array.item() if array.size == 1 else array, letter)

    def made_of(self, name: str) -> Expression | None:
        """The right-hand side of an equation; None for a given."""
        return next((known.expression for known in self.equations if known.name == name), None)

    def answer(
        self, title: str, style: Style, script: Callable[[Board], Iterable[Block]], network: Setting | None = None,
        **setting: Any,
    ) -> Solution:  # fmt: skip
        """The answer, that of a network with what its setting says; `setting` is what else surrounds the equations."""
        of_network = {} if network is None else {"layers": network.layers, "samples": network.samples}
        said: dict[str, Any] = {
            "title": title,
            "script": script,
            "words": self.words,
            "facts": self.facts,
            **of_network,
        }
        return self.solution(style, asked=tuple(dict.fromkeys(self.asked)), **said, **setting)


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
