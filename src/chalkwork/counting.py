"""Numbers of things in words."""

from __future__ import annotations

from collections.abc import Iterable

_ENDINGS = (("s", "ses"), ("x", "xes"), ("ay", "ays"), ("ey", "eys"), ("oy", "oys"), ("y", "ies"))


def plural(noun: str) -> str:
    """Several of a thing.

    >>> [plural(noun) for noun in ("unit", "bias", "entry", "class")]
    ['units', 'biases', 'entries', 'classes']
    """
    for ending, several in _ENDINGS:
        if noun.endswith(ending):
            return noun.removesuffix(ending) + several
    return f"{noun}s"


def counted(number: int, noun: str, written: str = "") -> str:
    """A number of things, as `written` where plain digits will not do.

    >>> counted(1, "unit"), counted(2, "bias"), counted(1000, "weight", "1,000")
    ('1 unit', '2 biases', '1,000 weights')
    """
    return f"{written or number} {noun if number == 1 else plural(noun)}"


def listed(parts: Iterable[str]) -> str:
    """Several things in a row.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last


def some(parts: Iterable[str], most: int, more: str = ", ...") -> str:
    """The first of several things in a row, and that there are more.

    >>> some(["a", "b", "c"], 2), some(["a", "b"], 2)
    ('a, b, ...', 'a, b')
    """
    several = list(parts)
    return ", ".join(several[:most]) + (more if len(several) > most else "")


def in_runs(numbers: Iterable[int]) -> str:
    """Numbers in words, runs of them as from to.

    >>> in_runs([1, 2, 3, 5, 6, 9])
    '1 to 3, 5, 6 and 9'
    """
    runs: list[list[int]] = []
    for one in numbers:
        if runs and runs[-1][-1] == one - 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return listed(part for run in runs for part in ([f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run)))
