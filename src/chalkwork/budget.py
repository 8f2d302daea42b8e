"""What one run may cost: the time of all its work, and the size of what is about to be made.

Nothing is interrupted: work that comes in steps asks at every step (`check_time`), and work that comes in one piece
says first how much it will be (`check_size`, `check_work`). So a bound holds on every thread and platform, and whoever
is refused learns what was too much. Bounds nest: an inner one never has more time than the outer one has left.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic

from chalkwork.errors import CostError

RUN_SECONDS = 120.0
"""For everything that one sheet asks for, or one call."""
MOST_NUMBERS = 2**28
"""Numbers that one exercise may hold at the same time: 2 GiB in double precision."""
MOST_PRODUCTS = 2 * 10**11
"""Multiplications in the matrix products of one exercise: seconds on one core."""

_end: ContextVar[float] = ContextVar("end of the run", default=inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Work that ends after so many seconds, or when the run around it does.

    >>> with within(60):
    ...     with within(3600):
    ...         59 < seconds_left() <= 60
    True
    >>> seconds_left()
    inf
    """
    token = _end.set(min(_end.get(), monotonic() + seconds))
    try:
        yield
    finally:
        _end.reset(token)


def seconds_left(most: float = inf) -> float:
    """The time that is left, at most so much; 0 where none is."""
    return min(most, max(0.0, _end.get() - monotonic()))


def share(most: float) -> float:
    """The time for one of several pieces of work: at most so much, and a quarter of what is left.

    So the first pieces have all the time they may take, and the later ones always some.

    >>> with within(8):
    ...     0 < share(6) <= 2
    True
    """
    return min(most, seconds_left() / 4)


def check_time(what: object) -> None:
    """Refuse to go on with `what` where the time is up.

    Raises CostError.

    >>> with within(0):
    ...     check_time("the derivative of order 30")
    Traceback (most recent call last):
        ...
    chalkwork.errors.CostError: the derivative of order 30 takes more time than one run may take
    """
    if monotonic() > _end.get():
        raise CostError(f"{what} takes more time than one run may take")


def check_size(numbers: int, what: str) -> None:
    """Refuse to make `what` where it would hold too many numbers.

    Raises CostError.

    >>> check_size(100_000**2, "y = broadcast(a, [100000, 100000])")
    Traceback (most recent call last):
        ...
    chalkwork.errors.CostError: y = broadcast(a, [100000, 100000]) takes 80 GB of memory, more than 2.1 GB
    """
    if numbers > MOST_NUMBERS:
        raise CostError(f"{what} takes {_bytes(numbers)} of memory, more than {_bytes(MOST_NUMBERS)}")


def check_work(products: int, what: str) -> None:
    """Refuse to work out `what` where it would take too many multiplications.

    Raises CostError.

    >>> check_work(9999**3, "B = A @ A")
    Traceback (most recent call last):
        ...
    chalkwork.errors.CostError: B = A @ A takes 1.0e+12 multiplications, more than 2.0e+11
    """
    if products > MOST_PRODUCTS:
        raise CostError(f"{what} takes {products:.1e} multiplications, more than {MOST_PRODUCTS:.1e}")


def _bytes(numbers: int) -> str:
    return f"{8 * numbers / 1e9:.2g} GB"
