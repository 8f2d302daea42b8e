"""An exercise: what is given, what is asked for with its right answers, and what stands around it.

Forms, blanks, marking and exports read it; a sheet makes one of each of its tasks and of each block of the laboratory.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from chalkwork.algebra.entries import split_entry
from chalkwork.derivation.derivation import Equation
from chalkwork.solutions.setting import Word

if TYPE_CHECKING:
    from chalkwork.solutions.solution import Solution


class Question(NamedTuple):
    """One thing that is asked for: its name, how it prints, the right value, and its shape (of a word: None).

    `choices` are the words that there are to choose from.
    """

    name: str
    latex: str
    value: Any
    shape: tuple[int, ...] | None
    choices: tuple[str, ...] = ()


class Exercise(NamedTuple):
    """One exercise with its solution.

    `asked` are the names to answer, entries such as `z1[1]` among them; `equations` those that the solution shows.
    `after` names the exercise that this one goes on from; `fresh` says that the solution starts anew all the same: its
    givens are to be shown. `known` are the names whose equations earlier exercises of the same solution have shown.

    >>> from chalkwork.networks.graph import Graph
    >>> exercise = Exercise.of("a", Graph("c = a + b").solve(a=2, b=1), points=Fraction(1))
    >>> [(question.name, float(question.value)) for question in exercise.questions]
    [('c', 3.0), ('dc/da', 1.0), ('dc/db', 1.0)]
    """

    id: str
    solution: Solution
    asked: tuple[str, ...]
    equations: tuple[Equation, ...]
    kind: str = "task"
    title: str = ""
    points: Fraction | None = None
    hint: str = ""
    note: str = ""
    after: str | None = None
    fresh: bool = True
    known: tuple[str, ...] = ()
    entries: Mapping[str, tuple[str, ...]] | None = None
    """The entries that alone are asked for, by the name of the whole."""

    @classmethod
    def of(cls, name: str, solution: Solution, **more: Any) -> Exercise:
        """The exercise that asks for what its solution asks for: all it works out, if it does not say."""
        words = tuple(solution.setting.words)
        asked = solution.setting.asked or (*solution.derivation, *words)
        return cls(name, solution, asked, solution.derivation.equations, **more)

    @property
    def questions(self) -> tuple[Question, ...]:
        """What is asked for, each thing once, in order."""
        return tuple(self._question(name) for name in dict.fromkeys(self.asked))

    def _question(self, name: str) -> Question:
        latex = self.solution.writer().symbols[name].latex
        word: Word | None = self.solution.setting.words.get(name)
        if word is not None:
            return Question(name, latex, word.value, None, word.choices)
        whole, index = split_entry(name)
        shape = () if index else self.solution.derivation.shapes()[whole]
        return Question(name, latex, self.solution[name], shape)

    @property
    def goes_on(self) -> bool:
        """Whether it is the same work as that of the exercise before."""
        return self.after is not None and not self.fresh
