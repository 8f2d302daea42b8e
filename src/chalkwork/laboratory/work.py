"""What is worked out in one answer: givens and equations with their letters, collected one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from chalkwork.algebra.expression import Expression, Name
from chalkwork.derivation.cancellation import without_noise
from chalkwork.derivation.derivation import Derivation, Equation, Relation, Stage
from chalkwork.derivation.evaluate import evaluate
from chalkwork.documents.model import Block
from chalkwork.networks.data import Array
from chalkwork.solutions.board import Board
from chalkwork.solutions.setting import Setting, Style, Word
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import asked_of
from chalkwork.typesetting.symbols import Symbol

WORK = Stage("work", "Worked out")
Script = Callable[[Board], Iterable[Block]]


@dataclass
class Work:
    """Givens with their values and equations, each with its letter, to which the parts of an answer add theirs.

    >>> work = Work()
    >>> c = work.equation("c", 2 * work.given("a", 3.0))
    >>> work.solution(Style(), title="Twice a")["c"].item()
    6.0
    """

    values: dict[str, Array] = field(default_factory=dict)
    givens: list[Name] = field(default_factory=list)
    equations: list[Equation] = field(default_factory=list)
    letters: dict[str, Symbol] = field(default_factory=dict)
    usual: Stage = WORK
    """The stage of equations that say none."""
    words: dict[str, Word] = field(default_factory=dict)
    """What is found in words."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What is found besides: counts, arrays, measured numbers."""
    asked: list[str] = field(default_factory=list)
    """What is asked where nobody says; every equation, if it stays empty."""
    at_once: bool = False
    """Whether equations get their values as they come, for what follows from these."""
    _known: set[str] = field(default_factory=set)

    @classmethod
    def on(cls, solution: Solution) -> Self:
        """All that a solution has worked out, to which more is added."""
        givens, equations = solution.derivation.givens, solution.derivation.equations
        return cls({name.name: solution.arrays[name.name] for name in givens}, [*givens], [*equations])

    def given(self, name: str, value: Any, letter: Symbol | None = None) -> Name:
        """A given, once: a number, a list of numbers, which is a column, or a matrix."""
        array = np.asarray(value, np.float64)
        laid = array.reshape(1, 1) if array.ndim == 0 else array[:, None] if array.ndim == 1 else array
        found = Name(name, laid.shape if array.ndim else ())
        if self._is_new(name, letter):
            self.values[name] = laid
            self.givens.append(found)
        return found

    def equation(
        self, name: str, expression: Expression, stage: Stage | None = None, reason: str = "",
        letter: Symbol | None = None, relation: Relation = "=",
    ) -> Name:  # fmt: skip
        """An equation, once; its name, to be used in those that follow."""
        if self._is_new(name, letter):
            self.equations.append(Equation(name, expression, stage or self.usual, reason, relation=relation))
            if self.at_once:
                with np.errstate(all="ignore"):  # what is no number is said when all is worked out
                    found = evaluate(expression, self.values)
                    self.values[name] = without_noise(found, expression, self.values)
        return Name(name, expression.shape)

    def _is_new(self, name: str, letter: Symbol | None) -> bool:
        """Whether a name is met for the first time; it is known from now on, by its letter."""
        new = name not in self._known
        self._known.add(name)
        if new and letter is not None:
            self.letters[name] = letter
        return new

    @property
    def derivation(self) -> Derivation:
        """All of it so far."""
        return Derivation(tuple(self.givens), tuple(self.equations))

    def solution(self, style: Style, ask: Sequence[str] = (), usual: Iterable[str] = (), **setting: Any) -> Solution:
        """The answer, which asks for what it is told to, else for the `usual`, else for all equations.

        `setting` is what else surrounds the equations: see `Setting`. Raises ChalkworkError for a name in `ask` that
        is not worked out.
        """
        return Solution(self.derivation, self.given_values, style, self.setting(ask, usual, **setting))

    @property
    def given_values(self) -> dict[str, Array]:
        """What the equations start from."""
        return {name.name: self.values[name.name] for name in self.givens}

    def setting(self, ask: Sequence[str] = (), usual: Iterable[str] = (), **setting: Any) -> Setting:
        """What surrounds the equations; givens are listed but where a room poses its exercise, and says them itself."""
        known = [equation.name for equation in self.equations]
        asked = tuple(dict.fromkeys(self.asked)) or asked_of(ask, known, usual or known, self.words)
        listed = () if "posed" in setting else tuple(self.given_values)
        own: dict[str, Any] = {"letters": self.letters, "words": self.words, "facts": self.facts}
        return Setting(**own, **{"asked": asked, "givens": listed, **setting})
