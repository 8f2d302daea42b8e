"""What is written to a file: the tasks with their solutions, other answers, and the document that shows them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from chalkwork.derivation.derivation import Equation
from chalkwork.documents.model import Block, Document
from chalkwork.solutions.compose import solution_document
from chalkwork.solutions.working import Working


class SolvedTask(NamedTuple):
    """One task with its solution and the equations that answer it."""

    id: str
    points: Fraction | None
    title: str
    solution: Working
    equations: tuple[Equation, ...]


class Answered(NamedTuple):
    """An answer that is no derivation: of what kind it is, what is written, and its values by name."""

    id: str
    points: Fraction | None
    kind: str
    title: str
    blocks: tuple[Block, ...]
    values: Mapping[str, Any]


class Workbook(NamedTuple):
    """What is written to a file: the document, and what is behind it for formats that need equations and values."""

    title: str
    document: Document
    tasks: tuple[SolvedTask, ...]
    answers: tuple[Answered, ...] = ()

    @classmethod
    def of(cls, solution: Working, title: str) -> Workbook:
        """A workbook of one solution."""
        task = SolvedTask("solution", None, title, solution, tuple(solution.chosen()))
        return cls(title, solution_document(solution, title), (task,))
