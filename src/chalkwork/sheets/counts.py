"""A class counted: its steps, its mistakes, its points."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction

from chalkwork.checking.judging.marking import Verdict
from chalkwork.sheets.check import HandIn, exact
from chalkwork.words import ENGLISH, say

_BINS = 10
COLUMNS = {
    "class.right": (Verdict.CORRECT, Verdict.ROUNDING),
    "class.follows": (Verdict.FOLLOWS,),
    "class.mistake": (Verdict.MISTAKE,),
    "class.wrong": (Verdict.WRONG,),
    "class.open": (Verdict.BLANK, Verdict.UNREADABLE),
}
"""The columns of a class's table by the sentence above each, with the verdicts that it counts."""


def head(language: str) -> tuple[str, ...]:
    """The head of a class's table.

    >>> head("en")
    ('task', 'step', 'right', 'follows', 'mistake', 'wrong', 'open', 'first wrong')
    """
    return tuple(say(language, name) for name in ("class.task", "class.step", *COLUMNS, "class.first_wrong"))


def step_counts(hand_ins: Sequence[HandIn]) -> Iterator[tuple[str, str, list[int]]]:
    """Task and name of every step with its counts, in the order of `COLUMNS`, and how often it is the first wrong."""
    first = Counter(hand_in.first_wrong for hand_in in hand_ins)
    for number, task in enumerate(hand_ins[0].tasks):
        for name in task.report:
            verdicts = Counter(hand_in.tasks[number].report[name].verdict for hand_in in hand_ins)
            counts = [sum(verdicts[verdict.word] for verdict in group) for group in COLUMNS.values()]
            yield task.id, name, [*counts, first[(task.id, name)]]


def mistakes_made(hand_ins: Sequence[HandIn]) -> list[tuple[tuple[str, str, str], list[str]]]:
    """Task, step and likeliest mistake, with the titles of the hand-ins that made it, the commonest first."""
    made: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for hand_in in hand_ins:
        for task in hand_in.tasks:
            for result in task.report.values():
                if result.mistakes:
                    made[task.id, result.name, result.mistakes[0]].append(hand_in.title)
    return sorted(made.items(), key=lambda item: -len(item[1]))


def distribution(earned: Sequence[Fraction], points: Fraction, language: str = ENGLISH) -> list[tuple[str, int]]:
    """How many have so many points, the most first: full points, and equal steps below.

    >>> distribution([Fraction(2), Fraction(1, 2), Fraction(3, 5)], Fraction(2))[:4]
    [('2', 1), ('1.8 to 2', 0), ('1.6 to 1.8', 0), ('1.4 to 1.6', 0)]
    """
    sizes = (Fraction(nice, 100) * 10**power for power in range(8) for nice in (10, 20, 25, 50))
    size = next((size for size in sizes if points / size <= _BINS), points / _BINS)
    counts = Counter(None if one >= points else int(one / size) for one in earned)
    bars = [(exact(points, language), counts[None])]
    for place in reversed(range(-int(-points // size))):
        low, high = place * size, min(points, (place + 1) * size)
        label = say(language, "class.range", low=exact(low, language), high=exact(high, language))
        bars.append((label, counts[place]))
    return bars
