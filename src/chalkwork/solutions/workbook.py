"""What is written to a file: the tasks with their solutions, and the document that shows them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from chalkwork.derivation.derivation import Equation
from chalkwork.documents.model import Document
from chalkwork.solutions.solution import Solution


@dataclass(frozen=True, slots=True)
class SolvedTask:
    """One task with its solution and the equations that answer it."""

    id: str
    points: Fraction | None
    title: str
    solution: Solution
    equations: tuple[Equation, ...]


@dataclass(frozen=True, slots=True)
class Workbook:
    """What is written to a file: the document, and the tasks behind it for formats that need the equations."""

    title: str
    document: Document
    tasks: tuple[SolvedTask, ...]

    @classmethod
    def of(cls, solution: Solution, title: str) -> Workbook:
        """A workbook of one solution."""
        task = SolvedTask("solution", None, title, solution, tuple(solution.chosen()))
        return cls(title, solution.document(title), (task,))
