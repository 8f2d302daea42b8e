"""What hand-ins are held against, and how: the derivation with its values, and what was typed, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from chalkwork.checking.mistakes import Context
from chalkwork.checking.naming.augmented import taken_apart
from chalkwork.checking.reading.answers import (
    Answer,
    in_single,
    is_array,
    read_again,
    read_answer,
    refused,
    rounded_alike,
)
from chalkwork.checking.reading.digits import Digits
from chalkwork.checking.reading.doubtful import thousands_in
from chalkwork.checking.reading.laid import laid
from chalkwork.checking.reading.numerals import is_single
from chalkwork.derivation.derivation import Derivation
from chalkwork.words import LANGUAGES


@dataclass(frozen=True)
class Task:
    """What hand-ins are held against, and how."""

    derivation: Derivation
    values: Mapping[str, Any]
    context: Context
    asked: tuple[str, ...]
    digits: Digits
    tolerance: float
    follows: Fraction
    language: str
    read: dict[tuple[object, ...], dict[str, Answer]] = field(default_factory=dict)
    """What was read already, by the hand-in and the shapes: by another convention it is the same."""

    @cached_property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """What shape each step has."""
        return self.derivation.shapes()

    def biases_apart(self, typed: Mapping[str, object]) -> dict[str, Answer]:
        """The answers that hold a bias as a further row of the weights, taken apart."""
        answers = self.answers(typed)
        if all(answer.as_given is None for answer in answers.values()):
            return {}
        apart, _ = taken_apart(answers, self.shapes, self.values)
        return {name: one for name, one in apart.items() if one is not answers.get(name)}

    def answers(self, typed: Mapping[str, object]) -> dict[str, Answer]:
        """What was typed, read."""
        shapes = self.shapes
        key = (id(typed), *((name, id(value), shapes[name]) for name, value in typed.items()))
        if key not in self.read:
            comma = LANGUAGES[self.language].decimal_comma
            self.read[key] = _read_all(typed, shapes, self.digits.decimals, comma, self.values)
        return self.read[key]


def _read_all(
    typed: Mapping[str, object],
    shapes: Mapping[str, tuple[int, ...]],
    decimals: int | None,
    comma: bool,
    values: Mapping[str, Any],
) -> dict[str, Answer]:
    """What a student typed, by the names of the derivation, read.

    Where one array or float of a hand-in has all the digits of a program, none of these was rounded, and 0.1 is 0.1,
    unless it rounds the right `values`. `1,234` is 1.234 where a decimal comma is usual (`comma`) or the hand-in has
    one elsewhere, and is refused in any other.
    """
    answers = {name: read_again(given, shapes[name], decimals) for name, given in typed.items()}
    for name, found in () if comma else thousands_in(typed).items():
        answers[name] = refused(answers[name], found)
    worked_out = [name for name, given in typed.items() if is_array(given) or isinstance(given, float)]
    if any(answers[name].unrounded for name in worked_out):
        for name in worked_out:
            given = typed[name]
            if not answers[name].computed and not _rounds(answers[name], values[name]):
                answers[name] = read_answer(given, shapes[name], decimals, whole_digits=True)
    if any(map(is_single, typed.values())):
        answers = {name: in_single(answer) if answer.computed else answer for name, answer in answers.items()}
    return rounded_alike(answers) if any(answer.floats is not None for answer in answers.values()) else answers


def _rounds(answer: Answer, right: Any) -> bool:
    """Whether what was given are the right numbers with fewer digits."""
    value = laid(np.asarray(right, dtype=float), np.shape(right))
    if value.shape != answer.value.shape or not answer.given.all():
        return False
    with np.errstate(invalid="ignore"):
        near = (answer.low <= value) & (answer.high >= value)
        exact = np.abs(answer.value - value) <= 1e-12 * np.abs(value)
    return bool(near.all() and not exact.all())
