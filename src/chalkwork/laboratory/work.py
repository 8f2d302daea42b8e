"""What is worked out in one answer: givens and equations with their letters, collected one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name
from chalkwork.derivation.derivation import Derivation, Equation, Relation, Stage
from chalkwork.networks.data import Array
from chalkwork.solutions.setting import Setting, Style
from chalkwork.solutions.solution import Solution
from chalkwork.solutions.steps import asked_of
from chalkwork.typesetting.symbols import Symbol

WORK = Stage("work", "Worked out")


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
    _known: set[str] = field(default_factory=set)

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
        known = [equation.name for equation in self.equations]
        asked = asked_of(ask, known, usual or known, setting.get("words", ()))
        names = tuple(name.name for name in self.givens)
        listed = () if "posed" in setting else names  # a room that poses its exercise says what is given in it
        around = Setting(letters=self.letters, **{"asked": asked, "givens": listed, **setting})
        return Solution(self.derivation, {name: self.values[name] for name in names}, style, around)
