"""What a distribution is as data: statistics, steps to the estimator, borders, unknowns; the table is `families`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import NamedTuple


class Statistic(NamedTuple):
    """A sum over the sample that the log-likelihood depends on: its name, and the summand for one observation x.

    `over` is the operation: the sum, or the largest.
    """

    name: str
    summand: str
    over: str = "sum"


class Step(NamedTuple):
    """One step from the zero of the derivative to the estimator: why, and the equation that it gives."""

    reason: str
    left: str
    right: str = "0"

    @classmethod
    def multiplied(cls, factor: str, left: str) -> Step:
        """The derivative is multiplied by something that is not zero."""
        return cls(f"Multiply by {factor}, which is positive.", left)

    @classmethod
    def collected(cls, left: str, right: str) -> Step:
        """The unknown is brought to one side."""
        return cls("Bring the term with the unknown to the other side.", left, right)


class Border(NamedTuple):
    """A sample whose likelihood has no maximum inside: what vanishes in it, and what happens then, in a sentence.

    The estimate is what the estimator gives (infinity for a quotient by 0); `attained` says whether there is a maximum,
    `starts` whether the parameter starts there, so that the likelihood is 0 before.
    """

    vanishes: str
    sentence: str
    attained: bool = True
    starts: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """One parameter that is estimated; `shape` is why its stationary point is the global maximum."""

    name: str
    statistics: tuple[Statistic, ...]
    log_likelihood: str
    steps: tuple[Step, ...]
    estimator: str
    borders: tuple[Border, ...] = ()
    shape: str = ""

    @property
    def low(self) -> float:
        """The smallest value that it may have."""
        return _RANGES[self.name][0]

    @property
    def high(self) -> float:
        """The largest value that it may have."""
        return _RANGES[self.name][1]

    @property
    def why(self) -> str:
        """Why its stationary point is the global maximum."""
        always = f"It is negative for every {_RANGES[self.name][2]}, so the log-likelihood is concave and"
        return self.shape or f"{always} the stationary point is its only maximum."


_RANGES: dict[str, tuple[float, float, str]] = {
    "theta": (0.0, 1.0, r"$\theta$ between 0 and 1"),
    "lambda": (0.0, inf, r"$\lambda > 0$"),
    "mu": (-inf, inf, r"$\mu$"),
    "v": (0.0, inf, r"$\sigma^2 > 0$"),
    "b": (0.0, inf, "$b > 0$"),
}


class Support(NamedTuple):
    """Which numbers can be observed: a test, and the same in words."""

    holds: Callable[[float], bool]
    words: str


@dataclass(frozen=True, slots=True)
class Family:
    """One distribution: which numbers it gives, its density, and what is estimated where the parameters `known` are.

    `latex` and `text` are the density of the observation x_i; `log_density` is its logarithm in x, the parameters and
    `logfact` (log x!).
    """

    name: str
    title: str
    support: Support
    latex: str
    text: str
    log_density: str
    unknowns: tuple[Unknown, ...]
    known: tuple[str, ...] = ()
    discrete: bool = True

    @property
    def parameters(self) -> tuple[str, ...]:
        """All parameters."""
        return (*(unknown.name for unknown in self.unknowns), *self.known)
