"""What callers give as one number or word, checked in one place: a bool is no number, NaN is in no range."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chalkwork.errors import ChalkworkError, ValueProblem

MOST_SEED = 2**63 - 1
"""What every generator takes as a part of its key."""


def positive(value: Any, name: str) -> float:
    """A positive finite number; ValueProblem otherwise.

    >>> positive(0.1, "eta")
    0.1
    """
    found = number(value)
    if found is None or not found > 0:
        raise ValueProblem(f"{name} is a positive number, not {value!r:.60}")
    return found


def number(value: Any) -> float | None:
    """A finite real number as a float; None for anything else.

    >>> number(np.float32(0.5)), number(True), number(float("nan")), number(10**400)
    (0.5, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if np.isfinite(found) else None


def whole(value: Any, name: str, low: int = 1, high: int | None = None) -> int:
    """A whole number from `low` on, or to `high`; ChalkworkError otherwise.

    >>> whole(3, "steps", 1, 100)
    3
    """
    known = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not known or value < low or value > (MOST_SEED if high is None else high):
        end = "on" if high is None else f"to {high}"
        raise ChalkworkError(f"{name} is a whole number from {low} {end}, not {value!r:.60}")
    return int(value)


def flag(value: Any, name: str) -> bool:
    """True or False, also NumPy's; ChalkworkError for anything that is merely true in an `if`.

    >>> flag(False, "shuffle")
    False
    """
    if not isinstance(value, bool | np.bool_):
        raise ChalkworkError(f"{name} is True or False, not {value!r:.60}")
    return bool(value)


def seed_of(value: Any, name: str = "the seed") -> int:
    """A seed; ChalkworkError for what is none, None included: a run without a seed cannot be done again.

    >>> seed_of(3)
    3
    """
    known = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not known or not 0 <= value <= MOST_SEED:
        hint = "np.random.default_rng().integers(2**32) gives one that nobody chose" if value is None else None
        raise ChalkworkError(f"{name} is a whole number from 0 to 2**63 - 1, not {value!r:.60}", hint=hint)
    return int(value)


def one_of(value: Any, words: Iterable[str], name: str) -> str:
    """One of some words; ChalkworkError otherwise.

    >>> one_of("float32", ["float32", "float64"], "dtype")
    'float32'
    """
    known = list(words)
    if not isinstance(value, str) or value not in known:
        raise ChalkworkError(f"{name} is {' or '.join(known)}, not {value!r:.60}")
    return value


def order_of(value: Any, count: int, noun: str, most: int) -> tuple[int, ...]:
    """In which order things come, by their numbers from 1; as they are counted where nobody says.

    >>> order_of([2, 1, 2], 2, "samples", 10), order_of(None, 3, "samples", 10)
    ((2, 1, 2), (1, 2, 3))
    """
    if value is None:
        return tuple(range(1, count + 1))
    if isinstance(value, str) or not isinstance(value, Sequence) or not 1 <= len(value) <= most:
        raise ChalkworkError(f"order is a list of numbers of {noun}, from 1")
    return tuple(whole(one, "a number in order", 1, count) for one in value)
