"""Answers in words, held against the right word."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from chalkwork.checking.judging.verdicts import Verdict
from chalkwork.checking.report import Result
from chalkwork.documents.literal import visible
from chalkwork.words import ENGLISH, say

LONGEST_WORD = 200
NEAR, NOISE = 1e-9, 1e-13
"""How near the values of two formulas are that are the same: as a part of the largest, and besides."""


def word_result(
    name: str,
    accepted: Sequence[str],
    given: object,
    language: str = ENGLISH,
    same: Callable[[str], bool] | None = None,
) -> Result:
    """What is said of an answer in words, of which every one in `accepted` is right; case and hyphens do not count.

    `same` says of an answer that is a formula whether it is right; it may raise ReadError or ShapeError.

    >>> word_result("loss", ("cross-entropy",), "Cross entropy").verdict
    'correct'
    >>> word_result("loss", ("cross-entropy",), "squared error").verdict, word_result("loss", ("x",), None).verdict
    ('wrong', 'blank')
    """
    if given is None or (isinstance(given, str) and not given.strip()):
        return _result(name, Verdict.BLANK, say(language, "step.blank"), given)
    if not isinstance(given, str) or len(given) > LONGEST_WORD:
        return _result(name, Verdict.UNREADABLE, say(language, "word.expected"), given)
    if same(given) if same is not None else _plain(given) in map(_plain, accepted):
        return _result(name, Verdict.CORRECT, say(language, "step.correct"), given)
    return _result(name, Verdict.WRONG, say(language, "word.wrong", given=visible(given.strip(), 60)), given)


def same_values(found: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]) -> bool:
    """Whether a formula has the values of the right one.

    >>> same_values(np.array([1e-6]), np.array([2e-6])), same_values(np.array([1 / 3]), np.array([1 - 2 / 3]))
    (False, True)
    """
    room = NEAR * float(np.max(np.abs(wanted), initial=0.0)) + NOISE
    return found.shape == wanted.shape and bool(np.all(np.abs(found - wanted) <= room))


def _result(name: str, verdict: Verdict, message: str, given: object) -> Result:
    return Result(name, verdict.word, (), message, float(verdict.accepted), ((verdict.word,),), given)


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]+", "", word.casefold()).strip(".")


def named(name: str, names: Iterable[str]) -> str | None:
    """Which of the names of words is meant; case, hyphens and underscores do not count.

    >>> named("Kind of point", ["kind_of_point"]), named("z1", ["kind"])
    ('kind_of_point', None)
    """
    return next((each for each in names if _plain(each) == _plain(name)), None)


def without(answers: Mapping[str, object], names: Collection[str]) -> tuple[dict[str, object], Mapping[str, object]]:
    """What is answered in words, by the names of the words, and the other answers as they are."""
    wording: dict[str, object] = {}
    rest: dict[str, object] = {}
    for name, given in answers.items() if names else ():
        meant = named(name, names)
        if meant is None or meant in wording:
            rest[name] = given
        else:
            wording[meant] = given
    return wording, rest if wording else answers
