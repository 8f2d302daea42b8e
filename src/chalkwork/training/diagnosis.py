"""Why a loss is no number: the first equation of the step that gives none, and what is likely behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from chalkwork.algebra.expression import Application, Name, walk
from chalkwork.derivation.derivation import Equation
from chalkwork.derivation.evaluate import evaluate
from chalkwork.training.step import Array, Step, Values

LARGE = 1e3


@dataclass(frozen=True)
class Problem:
    """What went wrong, where, and what may help."""

    message: str
    equation: str | None
    hint: str
    hopeless: bool = True
    """Whether nothing can come of the run any more."""


@dataclass(frozen=True)
class Suspicion:
    """What makes steps too large, as it is known before the run: the cause as a clause, and what helps."""

    cause: str
    hint: str


RISEN = 3.0
"""A loss three times that of the start, and of an output that says nothing, is worse than no training."""
HOPELESS = 1e6
"""A loss a million times as high does not come back."""


def risen(
    start: float, end: float, ordinary: float, rate: float, suspicions: Sequence[Suspicion] = ()
) -> Problem | None:
    """What is wrong where a loss ends too high, against the one it started from and an ordinary one.

    >>> risen(0.7, 1.0, ordinary=0.5, rate=3.0)
    >>> problem = risen(0.7, 70.0, ordinary=0.5, rate=3.0)
    >>> print(problem.message, problem.hint, sep="; ")
    the loss rose from 0.7 to 70, because the steps overshoot; a smaller learning rate than 3 or clip_norm=1
    """
    bound = max(start, ordinary)
    if end <= RISEN * bound:
        return None
    why, hint = _suspected(suspicions, rate)
    return Problem(f"the loss rose from {start:.3g} to {end:.3g}, because {why}", None, hint, end > HOPELESS * bound)


def _suspected(suspicions: Sequence[Suspicion], rate: float) -> tuple[str, str]:
    """The likely cause, and what helps."""
    causes = " and ".join(each.cause for each in suspicions) or "the steps overshoot"
    helps = ", ".join([f"a smaller learning rate than {rate:g}", *(each.hint for each in suspicions)])
    return causes, f"{helps} or clip_norm=1"


def diagnosis(
    step: Step, values: Values, constants: Mapping[str, float], number: int, suspicions: Sequence[Suspicion] = ()
) -> Problem:
    """The first equation of step `number`, or of the loss after it, whose value is not finite, with the likely cause.

    The values are those before the step, all of them finite.
    """
    known: dict[str, Array] = {name: np.asarray(value, np.float64) for name, value in values.items()}
    known |= {name: np.full((1, 1), value) for name, value in constants.items()}
    where = f"at step {number}"
    with np.errstate(all="ignore"):
        for _ in range(2):
            for equation in step.needed:
                value = evaluate(equation.expression, known)
                known[equation.name] = value
                if not np.isfinite(value).all():
                    return _problem(equation, known, step, where, suspicions)
            known |= {name: known[after] for name, after in step.carried.items()}
            where = f"after step {number}"
    largest, size = _largest(known, step)
    return Problem(
        f"the numbers grew too large for the precision of the run {where}: {largest} reaches {size:.3g}",
        None,
        "a smaller learning rate, or float64",
    )


def _problem(equation: Equation, known: Values, step: Step, where: str, suspicions: Sequence[Suspicion]) -> Problem:
    value = known[equation.name]
    kind = "nan" if np.isnan(value).any() else "infinite"
    largest, size = _largest(known, step)
    if _takes_log_of_zero(equation, known):
        return Problem(
            f"{equation.name} is {kind} {where}: it takes the logarithm of an output that is exactly 0",
            str(equation),
            "the network is sure and wrong; a smaller learning rate, standardised inputs, or float64",
        )
    if size > LARGE:
        why, hint = _suspected(suspicions, _rate(known))
        return Problem(
            f"{equation.name} is {kind} {where}: the parameters have grown ({largest} reaches {size:.3g}), because "
            f"{why}",
            str(equation),
            hint,
        )
    return Problem(
        f"{equation.name} is {kind} {where}", str(equation), "a smaller learning rate, or standardised inputs"
    )


def _rate(known: Values) -> float:
    return float(np.ravel(known["eta"])[0]) if "eta" in known else float("nan")


def _largest(known: Values, step: Step) -> tuple[str, float]:
    """The carried value with the largest entry."""
    sizes = {name: float(np.max(np.abs(known[name]))) for name in step.carried if name in known and name != "t"}
    name = max(sizes, key=lambda key: sizes[key], default="")
    return name, sizes.get(name, 0.0)


def _takes_log_of_zero(equation: Equation, known: Values) -> bool:
    for node in walk(equation.expression):
        if isinstance(node, Application) and node.operation.name in ("log", "xlogy", "divide"):
            inner = node.arguments[-1]
            if isinstance(inner, Name | Application) and not (np.asarray(evaluate(inner, known)) != 0).all():
                return True
    return False
