"""How a solution is written, and what surrounds its equations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

from chalkwork.derivation.derivation import Derivative
from chalkwork.errors import ChalkworkError
from chalkwork.typesetting.notation import Notation
from chalkwork.typesetting.numbers import NumberFormat
from chalkwork.words import ENGLISH, LANGUAGES, Said, check_language

if TYPE_CHECKING:
    from chalkwork.documents.model import Block
    from chalkwork.drawings.drawing import Drawing
    from chalkwork.solutions.board import Board
    from chalkwork.solutions.solution import Solution
    from chalkwork.solutions.working import Working
    from chalkwork.typesetting.symbols import Symbol

Rounding = Literal["shown", "every_line"]
Detail = Literal["equations", "entries"]

Remarks = Callable[["Working"], Mapping[str, tuple[Said, ...]]]


class Style(NamedTuple):
    """How a solution is written: notation, digits, whether each line is rounded, and how fine the steps are.

    Raises ChalkworkError for decimals together with significant digits, or a word that is not known.

    >>> Style.of(notation="brackets", decimals=2).numbers.decimals
    2
    """

    notation: Notation = Notation()
    numbers: NumberFormat = NumberFormat()
    rounding: Rounding = "shown"
    detail: Detail = "equations"
    stated: bool = False
    """Whether somebody asked for these digits, rather than nobody for any."""
    language: str = ENGLISH
    """The language of the sentences: see `chalkwork.words.LANGUAGES`."""

    @classmethod
    def of(
        cls,
        notation: str | Mapping[str, Any] | Notation | None = None,
        decimals: int | None = None,
        significant: int | None = None,
        rounding: Rounding = "shown",
        detail: Detail = "equations",
        language: str = ENGLISH,
    ) -> Style:
        """A style from plain values; four decimals where nothing is asked, and the decimal mark of the language."""
        if decimals is not None and significant is not None:
            raise ChalkworkError("give decimals or significant digits, not both")
        for value, least, most, what in ((decimals, 0, 15, "decimals"), (significant, 1, 17, "significant digits")):
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not (whole and least <= value <= most):
                raise ChalkworkError(f"{what} are a number from {least} to {most}, not {value!r}")
        if rounding not in ("shown", "every_line"):
            raise ChalkworkError(f"rounding is 'shown' or 'every_line', not {rounding!r}")
        if detail not in ("equations", "entries"):
            raise ChalkworkError(f"detail is 'equations' or 'entries', not {detail!r}")
        numbers = NumberFormat(4 if decimals is None and significant is None else decimals, significant)
        stated = decimals is not None or significant is not None
        comma = LANGUAGES[check_language(language)].decimal_comma
        return cls(Notation.of(notation, comma), numbers, rounding, detail, stated, language)

    @classmethod
    def chosen(cls, style: Style | None = None, **given: Any) -> Style:
        """The style that is given, else one from plain values, as in `of`."""
        return style or cls.of(**given)


class Look(TypedDict, total=False):
    """How a block is written: a `style`, or what it is made of."""

    notation: str | Mapping[str, Any] | Notation | None
    decimals: int | None
    significant: int | None
    style: Style | None


class Word(NamedTuple):
    """An answer that is no number: the word, what else it is called, and what there is to choose from.

    >>> Word("softmax", choices=("sigmoid", "softmax")).value
    'softmax'
    """

    value: str
    also: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    same: Callable[[str], bool] | None = None
    """Whether an answer that is typed otherwise says the same, as one formula may another; None where words count."""


class Choice(NamedTuple):
    """Answers of which many are right: weights that give a table. The steps after them go by those that were chosen.

    `names` are chosen together, `instead` is the solution with other values in their places, `holds` names in it what
    must not be 0, row by row of a table, and `wrong` says what is wrong with a solution, nothing where it is right.
    """

    names: tuple[str, ...]
    instead: Callable[[Mapping[str, Any]], Solution]
    wrong: Callable[[Solution], Said]
    holds: tuple[str, ...] = ()


class Setting(NamedTuple):
    """What surrounds the equations: sentences about the exercise, the givens to list, a drawing, remarks.

    Sentences hold `{names}` that are set in the notation.
    """

    introduction: Callable[[], tuple[Said, ...]] = tuple
    """What is said of the exercise, sentence by sentence, when somebody reads it."""
    givens: tuple[str, ...] = ()
    learned: tuple[str, ...] = ()
    """Those of the givens that a network learns."""
    layers: int = 0
    samples: str | None = None
    drawing: Callable[[Working, bool], Drawing] | None = None
    """Draws the network or graph; with the values that were found, or without them."""
    values_drawn: bool = True
    """Whether the drawing has values to show: one drawing cannot hold those of a batch."""
    remarks: Remarks | None = None
    title: Said = "Worked solution"
    letters: Mapping[str, Symbol] = {}
    """How single names print, whatever the notation."""
    script: Callable[[Board], Iterable[Block]] | None = None
    """What stands on the board, in order, where a room arranges its equations in its own way."""
    posed: Callable[[Board], Iterable[Block]] | None = None
    """The exercise before it is solved, where a room says it by itself."""
    blank: Callable[[Board], Iterable[Block]] | None = None
    """What is to be filled in, where a room has a form of its own for it: a table."""
    asked: tuple[str, ...] = ()
    """What is to be answered where an exercise does not say; every equation, if empty."""
    words: Mapping[str, Word] = {}
    """What was found in words, by name; it can be asked for."""
    facts: Mapping[str, Any] = {}
    """What was found besides the equations, by name: counts, measured differences; it is not asked for."""
    scalars: frozenset[str] = frozenset()
    """Names whose matrix of one row and one column is a number, as a product x^T y is."""
    undecided: Callable[[Working], Mapping[str, tuple[Said, ...]]] | None = None
    """What an answer is told where the right value is a matter of convention, by the name of the step."""
    slopes: Mapping[str, Derivative] = {}
    """Givens that are derivatives, by name."""
    letters_only: bool = False
    """Whether there are no numbers: what stands on the board are formulas, and answers are formulas too."""
    columns: tuple[str, ...] = ()
    """Names without the number of a step that may be answered for all steps at once, as a column of a table."""
    exact: bool = False
    """Whether the numbers are short and end, so that a short answer that is wrong is meant as it stands."""
    choice: Choice | None = None
    """What is right in many ways: see `Choice`."""
    languages: tuple[str, ...] = (ENGLISH,)
    """The languages in which all of this can be said, and the reasons of the equations too; a script is English."""
