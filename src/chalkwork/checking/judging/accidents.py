"""Whether what is right in a hand-in is more than an accident.

Zeros are right in many places, `2.0` rounds many numbers, and one number in every cell is right somewhere. So the
right cells of a hand-in that is mostly wrong are counted, and held against what the same numbers would have right if
they stood in other cells: an accident is what the right cells do not clearly exceed. The tail of the Poisson
distribution is bounded as by Chernoff (Mitzenmacher and Upfal, Probability and Computing, theorem 5.4).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from chalkwork.checking.judging.work import Known
from chalkwork.checking.reading.answered import Answers
from chalkwork.checking.reading.digits import Array, Digits, Flags

MOST = 0.25
"""Where a larger part of the cells is accepted, nobody asks."""
RARELY = 1e-3


def by_accident(
    answers: Mapping[str, Answers], right: Known, correct: Mapping[str, Flags], digits: Digits, habit: Array
) -> Flags:
    """For every student whether no more cells are right than in any other order of the numbers, or few are.

    `correct` holds for every name which cells are right, `habit` half a unit of each student's last digit.
    """
    given, hits = (
        sum((np.sum(one, axis=(-2, -1)) for one in each), start=np.zeros(habit.shape[0], dtype=int))
        for each in ((one.given for one in answers.values()), (correct[name] for name in answers))
    )
    found = np.zeros(habit.shape[0], dtype=bool)
    for student in np.flatnonzero((hits <= MOST * given) & (given > 1)):
        found[student] = not _is_clear(int(hits[student]), _elsewhere(answers, right, digits, habit, int(student)))
    return found


def _elsewhere(answers: Mapping[str, Answers], right: Known, digits: Digits, habit: Array, student: int) -> float:
    """How many cells would be right on average if the numbers stood in other cells of the hand-in."""
    values, halves, wanted = [], [], []
    for name, one in answers.items():
        given = one.given[student]
        values.append(one.value[student][given])
        halves.append(one.half[student][given])
        wanted.append(np.broadcast_to(right[name].low, given.shape)[given])
    value, half, meant = (np.concatenate(each) for each in (values, halves, wanted))
    enough = digits.enough(value, half, habit[student].item())
    room = np.where(enough, half, np.minimum(half, digits.half_unit(value))) + 1e-12 * np.abs(value)
    lows, highs = np.sort(value - room), np.sort(value + room)
    met = np.searchsorted(lows, meant, "right") - np.searchsorted(highs, meant, "left")
    itself = np.abs(value - meant) <= room
    return float(np.sum(met) - np.count_nonzero(itself)) / (value.size - 1)


def _is_clear(count: int, expected: float) -> bool:
    """Whether so many are more than an accident of which so many are expected."""
    if count <= expected or not count:
        return False
    return expected == 0 or count * (np.log(count / expected) - 1) + expected > -np.log(RARELY)
