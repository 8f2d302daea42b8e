"""Learning rates that change from step to step: one table, an entry each.

A schedule is text in the language of the reader: what the learning rate is multiplied with, in terms of the number `t`
of the step, counted from 0, of how many there will be (`total`), and of its keywords.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from hashlib import sha256
from typing import Any

import numpy as np

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.algebra.reading import read
from chalkwork.derivation.evaluate import evaluate
from chalkwork.errors import ChalkworkError
from chalkwork.training.step import Array

MOST_ASKED = 100_000
"""Steps of which a function is asked to tell it from others."""
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
    "one_cycle": (
        "start + (1 - start) * (1 - cos(pi * min(t / (rise * total), 1))) / 2"
        " - (1 - end) * (1 - cos(pi * min(max((t - rise * total) / ((1 - rise) * total), 0), 1))) / 2",
        {"start": 0.04, "rise": 0.3, "end": 4e-6},
        "Smith and Topin, Super-convergence (2018): up from a part of the rate, and down to next to nothing, along "
        "cosines",
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
    own: Callable[[int], Any] | None = None
    """Somebody's function of the number of the step, from 0 on, in place of the table's text."""

    @classmethod
    def of(cls, description: str | Mapping[str, Any] | Callable[[int], Any] | Schedule | None) -> Schedule:
        """The schedule by name, by a mapping with `name`, `warmup` and keywords, or as a function of the step.

        Raises ChalkworkError for an unknown name or keyword, or a value that is no number from 0 on.
        """
        if description is None:
            return cls()
        if isinstance(description, Schedule):
            return description
        if callable(description) and not isinstance(description, type):
            return cls("own", own=description)
        if not isinstance(description, str | Mapping):
            raise ChalkworkError(f"a schedule is a name, a mapping or a function, not {description!r:.60}")
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
            found = _number(value)
            if found is None or not 0 <= found < 1e12:
                raise ChalkworkError(f"{key} of a schedule is a number from 0 on, not {value!r:.60}")
            if key == "warmup" and found != int(found):
                raise ChalkworkError(f"warmup of a schedule is a whole number of steps, not {value!r:.60}")
            known[key] = found
        warmup = int(known.pop("warmup"))
        if known.get("every") == 0:
            raise ChalkworkError("every of a schedule is a number of steps above 0")
        if not 0 < known.get("rise", 0.5) < 1:
            raise ChalkworkError("rise of a schedule is a part of the steps, between 0 and 1")
        return cls(name, tuple(known.items()), warmup)

    def rates(self, rate: float, start: int, count: int, total: int) -> float | Array:
        """The learning rates of `count` steps from step `start` on; one number where they are all the same."""
        if self.name == "constant" and start >= self.warmup:
            return rate
        if self.own is not None:
            return np.array([rate * self._factor(step) for step in range(start, start + count)])
        step = np.arange(start, start + count, dtype=np.float64)
        factors = evaluate(self.factor(Name("t"), total), {"t": step[:, None, None]})
        return np.asarray(rate * np.broadcast_to(factors[..., 0, 0], step.shape))

    def _factor(self, step: int) -> float:
        found = _number(self.own(step)) if self.own is not None else 1.0
        if found is None or found < 0:
            raise ChalkworkError(f"a schedule gives what the learning rate is multiplied with, from 0, in step {step}")
        return found

    @property
    def uses_total(self) -> bool:
        """Whether a step's rate depends on how many there will be."""
        return self.own is not None or re.search(r"\btotal\b", SCHEDULES[self.name][0]) is not None

    def told(self, total: int) -> str:
        """What makes it this schedule and no other, for so many steps."""
        if self.own is not None:
            steps = range(0, total, max(1, total // MOST_ASKED))
            return "a function, " + sha256(repr([self._factor(step) for step in steps]).encode()).hexdigest()[:12]
        return ", ".join([self.name, *(f"{key} {value!r}" for key, value in self.keywords)])

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


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return float(value) if known and np.isfinite(value) else None


@dataclass(frozen=True)
class Plateau:
    """A learning rate that is multiplied by `factor` whenever a measure has not become better for a while.

    `monitor` is the measure, the smaller the better; better is by more than `least_change`.

    >>> Plateau.of({"name": "plateau", "patience": 2, "monitor": "loss"})
    Plateau(factor=0.1, patience=2, least_change=0.0, monitor='loss')
    >>> [Plateau(0.5, 1).after(np.array([3.0, 2.0, 2.0][:count])) for count in (1, 2, 3)]
    [1.0, 1.0, 0.5]
    """

    factor: float = 0.1
    patience: int = 10
    least_change: float = 0.0
    monitor: str = "validation_loss"

    @classmethod
    def of(cls, description: Any) -> Plateau | None:
        """That of a description with the name `plateau`; None for any other. ChalkworkError for wrong keywords."""
        given = {"name": description} if isinstance(description, str) else description
        if not isinstance(given, Mapping) or given.get("name") not in ("plateau", "reduce_on_plateau"):
            return None
        known: dict[str, Any] = {one.name: one.default for one in fields(cls)}
        for key, value in given.items():
            if key == "name":
                continue
            if key not in known:
                raise ChalkworkError(f"the schedule plateau takes {', '.join(known)}, not {key}")
            wanted = "the name of a measure"
            if key == "monitor":
                sound = isinstance(value, str) and bool(value)
            elif key == "patience":
                sound, wanted = isinstance(value, int) and not isinstance(value, bool) and value >= 1, "from 1 on"
            else:
                found = _number(value)
                sound = found is not None and (0 < found < 1 if key == "factor" else found >= 0)
                wanted = "between 0 and 1" if key == "factor" else "from 0 on"
            if not sound:
                raise ChalkworkError(f"{key} of the schedule plateau is {wanted}, not {value!r:.60}")
            known[key] = value
        return cls(**known)

    def after(self, measured: Array) -> float:
        """What the rate is multiplied with after these measurements."""
        best, waited, reduces = np.inf, 0, False
        for value in measured:
            better = value < best - self.least_change
            best, waited = (value, 0) if better else (best, waited + 1)
            reduces = waited >= self.patience
            waited = 0 if reduces else waited
        return self.factor if reduces else 1.0
