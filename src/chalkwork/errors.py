"""The one family of errors that Chalkwork raises for bad input."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import ClassVar

TRACEBACK = "CHALKWORK_TRACEBACK"
"""What becomes of a fault of our own: `shown` says where it is, `raised` hides nothing, as in tests."""


def faults_are(what: str) -> bool:
    """Whether the environment wants faults of our own `shown` or `raised`."""
    return os.environ.get(TRACEBACK, "") == what


def fault(error: BaseException) -> str:
    """A fault of our own in words, and what can be done about it.

    >>> print(fault(KeyError("a")))
    this is a fault of Chalkwork, not of what you gave it. Please report it with the files of this command and what \
--traceback prints.
    """
    match error:
        case MemoryError():
            return "this needs more memory than there is"
        case RecursionError():
            return "this is nested more deeply than can be worked with"
    return (
        "this is a fault of Chalkwork, not of what you gave it. Please report it with the files of this command and "
        "what --traceback prints."
    )


def misplaced(text: str, at: int) -> str:
    """What stands where it cannot, in a text that is not of its kind.

    >>> misplaced("[1 2]", 3), misplaced("[1, ", 4)
    ("'2' stands where it cannot", 'it ends too early')
    """
    return f"{text[at]!r} stands where it cannot" if at < len(text.rstrip()) else "it ends too early"


def meant(word: object, known: Iterable[str], otherwise: str) -> str:
    """The hint on a word that nobody knows: the nearest one that is known, else what is said `otherwise`.

    >>> meant("sigmoyd", ["sigmoid", "tanh"], "the activations are sigmoid, tanh")
    'did you mean sigmoid?'
    """
    import difflib  # only an error pays for it

    near = difflib.get_close_matches(str(word)[:60], list(known), 1)
    return f"did you mean {near[0]}?" if near else otherwise


class Place(int):
    """A line that knows the column in it, both counted from 1.

    >>> Place(7, 3) == 7, f"{ChalkworkError('expected a number', file='sheet.md', line=Place(7, 3))}"
    (True, 'sheet.md, line 7, column 3: expected a number')
    """

    column: int

    def __new__(cls, line: int, column: int = 0) -> Place:
        """The place; column 0 is one that nobody knows."""
        place = super().__new__(cls, line)
        place.column = column
        return place


class ChalkworkError(ValueError):
    """Something the user gave cannot be worked with; the message is one paragraph that says what and where.

    A room that knows more than the one that raised adds it on the way out (`at`): the sheet parser knows the
    file and the line, the derivation knows the equation.

    >>> error = ChalkworkError("W2 is 2x3, but a1 has 4 rows", equation="z2 = W2 a1", hint="check the layers")
    >>> print(error.at(file="sheet.md", line=12))
    sheet.md, line 12: W2 is 2x3, but a1 has 4 rows, in z2 = W2 a1. Hint: check the layers.
    """

    keeps_lines: ClassVar[bool] = False
    """Whether the message may have lines of its own, such as an excerpt with a caret below."""

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        equation: str | None = None,
        hint: str | None = None,
    ) -> None:
        if "\n" in message and not self.keeps_lines:
            message = " ".join(message.split())  # an array that somebody gave
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.equation = equation
        self.hint = hint

    def at(self, *, file: str | None = None, line: int | None = None, equation: str | None = None) -> ChalkworkError:
        """The same error with the place filled in where it was not known yet."""
        self.file = self.file or file
        self.line = self.line or line
        self.equation = self.equation or equation
        return self

    @property
    def column(self) -> int | None:
        """Where in the line, counted from 1, if that is known."""
        return (self.line.column or None) if isinstance(self.line, Place) else None

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line is not None else None
        place = ", ".join(part for part in (self.file, line, f"column {self.column}" if self.column else None) if part)
        where = f", in {shortened(self.equation)}" if self.equation else ""
        body = f"{self.message}{where}"
        end = "" if self.hint and self.hint.endswith("?") else "."
        hint = f". Hint: {self.hint.rstrip('.')}{end}" if self.hint else ""
        return (f"{place}: " if place else "") + body + hint


LONGEST_EQUATION = 200


def shortened(text: str) -> str:
    """The beginning of an equation that is too long for a message."""
    return text if len(text) <= LONGEST_EQUATION else f"{text[: LONGEST_EQUATION - 4]} ..."


class ShapeError(ChalkworkError):
    """Two things do not fit together; the message holds the shapes found and the shapes expected."""


class ReadError(ChalkworkError):
    """A text is not in the language of the reader; the message shows the place."""

    keeps_lines = True


class ValueProblem(ChalkworkError):
    """A number is not usable: NaN, a logarithm of zero, a target that is no distribution."""


class SheetError(ChalkworkError):
    """A sheet does not follow the format; file, line and key are named."""

    keeps_lines = True


class CostError(ChalkworkError):
    """Something would take more time or memory than one run may take; the message says what and how much."""
