"""Learning rates that change from step to step: one table, an entry each.

A schedule is text in the language of the reader: what the learning rate is multiplied with, in terms of the number `t`
of the step, counted from 0, of how many there will be (`total`), and of its keywords.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.algebra.reading import read
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.training.step import Array

SCHEDULES: dict[str, tuple[str, dict[str, float], str]] = {
    "constant": ("1", {}, ""),
    "step": (
        "factor^floor(t / every)", {"every": 1000.0, "factor": 0.5}, "multiplied by a factor every so many steps",
    ),
    "exponential": ("factor^(t / every)", {"every": 1000.0, "factor": 0.5}, "the same, without jumps"),
    "inverse_time": (
        "1 / (1 + t / every)", {"every": 1000.0}, "Robbins and Monro, A stochastic approximation method (1951)",
    ),
    "cosine": (
        "end + (1 - end) * (1 + cos(pi * min(t / total, 1))) / 2", {"end": 0.0},
        "Loshchilov and Hutter, SGDR (ICLR 2017), equation 5, without restarts",
    ),
    "linear": (
        "1 + (end - 1) * min(t / total, 1)", {"end": 0.0}, "a straight line to a part of the first rate",
    ),
}  # fmt: skip
"""Every schedule with its keywords and their usual values, and where it is from."""


@dataclass(frozen=True)
class Schedule:
    """A schedule by name with its keywords; `warmup` steps lead up to it in a straight line.

    >>> Schedule.of({"name": "cosine", "warmup": 2}).rates(0.1, 0, 4, 4).round(4).tolist()
    [0.05, 0.0854, 0.05, 0.0146]
    """

    name: str = "constant"
    keywords: tuple[tuple[str, float], ...] = ()
    warmup: int = 0

    @classmethod
    def of(cls, description: str | Mapping[str, Any] | Schedule | None) -> Schedule:
        """The schedule by name, or by a mapping with `name`, `warmup` and keywords.

        Raises ChalkworkError for an unknown name or keyword, or a value that is no number from 0 on.
        """
        if description is None:
            return cls()
        if isinstance(description, Schedule):
            return description
        if not isinstance(description, str | Mapping):
            raise ChalkworkError(f"a schedule is a name or a mapping, not {description!r:.60}")
        given: dict[str, Any] = {"name": description} if isinstance(description, str) else dict(description)
        name = str(given.pop("name", "constant"))
        if name not in SCHEDULES:
            near = get_close_matches(name, SCHEDULES, 1)
            hint = f"did you mean {near[0]}?" if near else f"the schedules are {', '.join(SCHEDULES)}"
            raise ChalkworkError(f"there is no schedule {name!r}", hint=hint)
        known: dict[str, float] = {**SCHEDULES[name][1], "warmup": 0}
        for key, value in given.items():
            if key not in known:
                raise ChalkworkError(f"the schedule {name} takes {', '.join(known)}, not {key}")
            known_kind = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
            if not known_kind or not 0 <= value < 1e12:
                raise ChalkworkError(f"{key} of a schedule is a number from 0 on, not {value!r:.60}")
            if key == "warmup" and value != int(value):
                raise ChalkworkError(f"warmup of a schedule is a whole number of steps, not {value!r:.60}")
            known[key] = float(value)
        warmup = int(known.pop("warmup"))
        if known.get("every") == 0:
            raise ChalkworkError("every of a schedule is a number of steps above 0")
        return cls(name, tuple(known.items()), warmup)

    def rates(self, rate: float, start: int, count: int, total: int) -> float | Array:
        """The learning rates of `count` steps from step `start` on; one number where they are all the same."""
        if self.name == "constant" and start >= self.warmup:
            return rate
        step = np.arange(start, start + count, dtype=np.float64)
        factors = evaluate(self.factor(Name("t"), total), {"t": step[:, None, None]})
        return np.asarray(rate * np.broadcast_to(factors[..., 0, 0], step.shape))

    def factor(self, step: Expression, total: int) -> Expression:
        """What the learning rate is multiplied with in a step, counted from 0, of so many.

        >>> print(Schedule.of({"name": "step", "every": 2}).factor(Name("t"), 10))
        0.5^floor(t / 2)
        """
        names = {"t": step, "total": Number(max(1, total))}
        names |= {key: Number(int(value) if value == int(value) else value) for key, value in self.keywords}
        found = read(SCHEDULES[self.name][0], names)
        if not self.warmup:
            return found
        warm = apply("minimum", (step + 1) / Number(self.warmup), Number(1))
        return warm if self.name == "constant" else found * warm


CONSTANT = Schedule()
