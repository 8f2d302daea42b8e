"""What is worked out in one answer: givens and equations with their letters, collected one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chalkwork.algebra.entries import entry
from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.derivation.derivation import Derivation, Equation, Relation, Stage
from chalkwork.documents.model import Block
from chalkwork.laboratory.optimisation.methods import index_of
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Setting, Style, Word
from chalkwork.solutions.solution import Solution
from chalkwork.typesetting.symbols import Symbol

STUDY = Stage("study", "What follows from the Hessian")
KINDS = ("minimum", "maximum", "saddle", "degenerate")


@dataclass
class Work:
    """Givens with their values, equations, letters, words and facts, to which the parts of an answer add theirs."""

    values: dict[str, Any] = field(default_factory=dict)
    givens: list[Name] = field(default_factory=list)
    equations: list[Equation] = field(default_factory=list)
    letters: dict[str, Symbol] = field(default_factory=dict)
    words: dict[str, Word] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def given(self, name: str, value: Any, letter: Symbol) -> Name:
        """A given, once; a column of numbers, a matrix or a number."""
        array = np.asarray(value, dtype=np.float64)
        array = array.reshape(1, 1) if array.ndim == 0 else array[:, None] if array.ndim == 1 else array
        found = Name(name, () if array.shape == (1, 1) else array.shape)
        if name not in self.values:
            self.values[name] = array
            self.givens.append(found)
            self.letters[name] = letter
        return found

    def equation(
        self, name: str, expression: Expression, letter: Symbol, stage: Stage = STUDY, relation: Relation = "="
    ) -> Name:
        """An equation, once."""
        if all(known.name != name for known in self.equations):
            self.equations.append(Equation(name, expression, stage, relation=relation))
            self.letters[name] = letter
        return Name(name, expression.shape)

    def made_of(self, name: str) -> Expression | None:
        """The right-hand side of an equation; None for a given."""
        return next((known.expression for known in self.equations if known.name == name), None)

    def solution(
        self,
        title: str,
        style: Style,
        script: Callable[[Board], Iterable[Block]],
        setting: Setting | None = None,
        blank: Callable[[Board], Iterable[Block]] | None = None,
    ) -> Solution:
        """The answer; `blank` is what stands in its place where it is to be filled in, instead of empty lines."""
        base = setting or Setting()
        return Solution(
            Derivation(tuple(self.givens), tuple(self.equations)),
            self.values,
            style,
            Setting(
                givens=tuple(name.name for name in self.givens),
                layers=base.layers,
                samples=base.samples,
                title=title,
                letters=self.letters,
                script=script,
                asked=tuple(dict.fromkeys(self.asked)),
                words=self.words,
                facts=self.facts,
                blank=blank,
            ),
        )


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
