"""What is carried into a platform: items with their texts, and fields with what is right, what is wrong and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite, lcm

import numpy as np

from chalkwork.algebra.entries import entry_name, place_of, split_entry
from chalkwork.checking.mistakes import TABLE, in_language
from chalkwork.checking.reading.laid import laid
from chalkwork.classroom.batch import Array, Bench, digits_of
from chalkwork.classroom.exports.letters import Formula, formulas_of
from chalkwork.classroom.fairness import Key, Mistaken, mistaken
from chalkwork.classroom.variant import Variants
from chalkwork.documents.model import Block, Code
from chalkwork.errors import ChalkworkError
from chalkwork.sheets.check import POLICIES
from chalkwork.sheets.document import answered_blocks, posed_blocks
from chalkwork.sheets.schema import Sheet
from chalkwork.sheets.solve import solve_sheet
from chalkwork.solutions.exercise import Exercise, Question
from chalkwork.words import say

MOST_MISTAKES = 6
"""So many wrong values a field knows."""
FIELDS = "fields of an exercise"
MOST_WEIGHT = 20_000
ROOM = 1 + 1e-6


@dataclass(frozen=True, slots=True)
class Wrong:
    """The value of a named mistake, within half a unit of the last digit asked, and its hint."""

    value: float
    tolerance: float
    id: str
    hint: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One number to answer: what is right within the tolerance, and what it is worth as a part of everything.

    `entry` is its name, such as `W1[1,2]`.
    """

    value: float
    tolerance: float
    weight: Fraction
    wrong: tuple[Wrong, ...] = ()
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is asked: a matrix of cells, a word with what there is to choose from, or a formula."""

    name: str
    latex: str
    cells: tuple[tuple[Cell, ...], ...] = ()
    word: str = ""
    choices: tuple[str, ...] = ()
    weight: Fraction = Fraction(0)
    formula: Formula | None = None

    @property
    def numbers(self) -> list[Cell]:
        """The cells, row by row."""
        return [cell for row in self.cells for cell in row]

    @property
    def is_single(self) -> bool:
        """Whether one number is asked."""
        return len(self.cells) == 1 == len(self.cells[0])


@dataclass(frozen=True)
class Item:
    """A sheet, or one variant of it, with its own `text`: its exercises, and what the named mistakes come to."""

    code: str
    sheet: Sheet
    exercises: Mapping[str, Exercise]
    made: Mapping[Key, list[Mistaken]]
    text: str = ""
    formulas: Callable[[Formula], Formula | None] | None = None
    """What a platform makes of answers that are formulas, and whether they are fields there."""

    @property
    def title(self) -> str:
        """The title with the code."""
        title = self.sheet.title or say(self.sheet.language, "document.sheet")
        return f"{title} ({self.code})" if self.code else title

    def fields(self) -> dict[str, list[Field]]:
        """The fields of every exercise."""
        marked = {name: one for name, one in self.exercises.items() if _is_marked(one) or self.written(one)}
        weights = _weights(marked)
        return {name: list(_fields(self, one, weights[name])) for name, one in marked.items()}

    def written(self, exercise: Exercise) -> dict[str, Formula]:
        """The formulas that are asked for and are fields."""
        if self.formulas is None or _is_marked(exercise):
            return {}
        every = {name: self.formulas(one) for name, one in formulas_of(exercise).items()}
        return {name: one for name, one in every.items() if one is not None}

    @property
    def follows(self) -> Fraction:
        """What a number earns that follows from a wrong one, by the sheet's policy."""
        return POLICIES[self.sheet.follow_through]

    def numbered(self) -> dict[int, tuple[str, Field, Cell]]:
        """Every number to answer with its exercise and field, from 1 in the order in which they are asked."""
        every = [
            (task, field, cell) for task, fields in self.fields().items() for field in fields for cell in field.numbers
        ]
        return dict(enumerate(every, 1))

    def posed(self, drawings: bool = False) -> list[Block]:
        """The exercise, where each answer stands a `Code` in the language FIELDS that holds the exercise's id."""
        return posed_blocks(self.sheet, self.exercises, lambda one: [Code(one.id, FIELDS)], drawings)

    def answered(self) -> list[Block]:
        """The worked solution."""
        return answered_blocks(self.sheet, self.exercises)


def items_of(sheet: Sheet, variants: Variants | None = None) -> list[Item]:
    """The sheet as one item, or an item for each of its variants.

    Raises ChalkworkError for a sheet in which nothing is marked by machine.
    """
    if not any(one.asked for one in solve_sheet(sheet).values()):
        raise ChalkworkError("nothing in this sheet is marked by machine", file=sheet.file)
    if variants is None:
        solved = solve_sheet(sheet)
        return [Item("", sheet, solved, {key: made for one in solved.values() for key, made in _made(one)})]
    items = []
    for one in variants:
        known = {name for name, _ in one.made}
        others = [each for name, each in one.exercises.items() if name not in known]
        made = dict(one.made) | {key: found for each in others for key, found in _made(each)}
        items.append(Item(one.code, one.shown, one.exercises, made, one.text))
    return items


def _is_marked(exercise: Exercise) -> bool:
    """Whether numbers or words are asked for that a platform can compare; formulas are not."""
    return not exercise.solution.setting.letters_only


def _made(exercise: Exercise) -> Iterator[tuple[Key, list[Mistaken]]]:
    if not _is_marked(exercise):
        return
    bench = Bench((exercise,))
    for key, made in mistaken(bench, bench.own).items():
        yield key, [Mistaken(one.ids, one.values[0]) for one in made]


def _weights(exercises: Mapping[str, Exercise]) -> dict[str, Fraction]:
    """What each exercise is worth of everything, as its points say."""
    stated = {name: one.points for name, one in exercises.items()}
    points = {name: Fraction(1) if each is None else each for name, each in stated.items()}
    if all(each is None for each in stated.values()) or not sum(points.values()):
        points = dict.fromkeys(points, Fraction(1))
    elif any(each is None for each in stated.values()):
        points = {name: each or Fraction(0) for name, each in stated.items()}
    total = sum(points.values(), Fraction(0))
    return {name: each / total for name, each in points.items()}


def _fields(item: Item, exercise: Exercise, share: Fraction) -> Iterator[Field]:
    formulas = item.written(exercise)
    questions = [each for each in exercise.questions if not formulas or each.name in formulas]
    steps = {split_entry(each.name)[0] if each.shape is not None else each.name for each in questions}
    for question in questions:
        whole = split_entry(question.name)[0]
        same = sum(split_entry(each.name)[0] == whole for each in questions) if question.shape is not None else 1
        weight = share / len(steps) / same
        if question.shape is None:
            word, choices = str(question.value), question.choices
            yield Field(question.name, question.latex, (), word, choices, weight, formulas.get(question.name))
        else:
            yield Field(question.name, question.latex, tuple(_cells(item, exercise, question, weight)))


def _cells(item: Item, exercise: Exercise, question: Question, weight: Fraction) -> Iterator[tuple[Cell, ...]]:
    whole, index = split_entry(question.name)
    shape = exercise.solution.derivation.shapes()[whole]
    digits = digits_of(exercise)
    made = item.made.get((exercise.id, whole), [])

    def taken(values: Array) -> Array:
        values = np.asarray(values, np.float64)
        if index:
            return np.asarray(values[place_of(whole, index, shape)]).reshape(1, 1)
        return np.asarray(laid(values, shape)).reshape(-1, values.shape[-1])

    names = iter([question.name] if index else [entry_name(whole, shape, *at) for at in np.ndindex(shape or (1, 1))])
    right = taken(exercise.solution.arrays[whole])
    half = digits.half_unit(right)
    others = [(one.ids[0], taken(one.values)) for one in made]
    weight /= right.size
    allowed = (2 * half + item.sheet.tolerance) * ROOM + 1e-12 * np.abs(right)
    for row, (rights, halves, rooms) in enumerate(zip(right.tolist(), half.tolist(), allowed.tolist(), strict=True)):
        cells = []
        for column, (value, unit, room) in enumerate(zip(rights, halves, rooms, strict=True)):
            wrong = _wrong(value, room, unit * ROOM, [(name, each[row, column]) for name, each in others], item)
            cells.append(Cell(value, room, weight, wrong, next(names)))
        yield tuple(cells)


def _wrong(value: float, room: float, half: float, found: Sequence[tuple[str, float]], item: Item) -> tuple[Wrong, ...]:
    """The values of mistakes that are told from the right one and from one another, the likeliest first."""
    kept: list[Wrong] = []
    for name, other in found:
        other = float(other)
        if not isfinite(other) or abs(other - value) <= room + half:
            continue
        if any(abs(other - one.value) <= 2 * half for one in kept):
            continue
        kept.append(Wrong(other, half, name, in_language(TABLE[name], item.sheet.language).hint))
        if len(kept) == MOST_MISTAKES:
            break
    return tuple(kept)


def whole_weights(weights: Sequence[Fraction]) -> list[int]:
    """Weights as whole numbers in the same proportion; nearly, where these would be too large.

    >>> whole_weights([Fraction(1, 6), Fraction(1, 2), Fraction(1, 3)])
    [1, 3, 2]
    """
    scale = lcm(*(each.denominator for each in weights))
    if scale > MOST_WEIGHT:
        scale = MOST_WEIGHT
    return [max(1, round(each * scale)) if each else 0 for each in weights]
