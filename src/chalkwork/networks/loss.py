"""What all losses have in common: what is summed, over what, and with which factor."""

from __future__ import annotations

from dataclasses import dataclass, fields
from fractions import Fraction
from math import inf, prod
from typing import Any, ClassVar, Literal

from chalkwork.algebra.expression import Expression, Number, apply
from chalkwork.algebra.numerals import Scalar
from chalkwork.errors import ChalkworkError
from chalkwork.words import ENGLISH, Text, say

Reduction = Literal["sum", "mean", "mean_over_samples"]
_REDUCTIONS = ("sum", "mean", "mean_over_samples")


@dataclass(frozen=True, slots=True)
class Loss:
    """The common part of all losses: `factor` times the sum or mean of the losses of the single outputs.

    `reduction` is `sum` (over outputs and samples), `mean_over_samples` (summed over outputs), or `mean`, which each
    loss says the meaning of.
    """

    factor: Scalar = 1
    reduction: Reduction = "sum"

    def __post_init__(self) -> None:
        if not isinstance(self.reduction, str) or self.reduction not in _REDUCTIONS:
            raise ChalkworkError(f"a loss has the reduction {', '.join(_REDUCTIONS)}, not {self.reduction!r}")
        known = isinstance(self.factor, int | float | Fraction) and not isinstance(self.factor, bool)
        if not known or not 0 < self.factor < inf:
            raise ChalkworkError(f"the factor of a loss is a positive number, not {self.factor!r}")

    of_probabilities: ClassVar[bool] = False
    """Whether the outputs are to be probabilities."""
    distribution: ClassVar[bool] = False
    """Whether the targets of each sample are to be a distribution: none negative, and one together."""
    targets: ClassVar[tuple[float, float] | None] = None
    """The two values that targets may have, where there are no others."""
    over_outputs: ClassVar[bool] = False
    own: ClassVar[tuple[str, str, str]] = ("", "", "")
    """Its id, its name and what it measures, in English, where no table of sentences has them."""

    @property
    def settings(self) -> dict[str, Scalar]:
        """What it has besides factor and reduction."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in ("factor", "reduction")}

    def said(self, article: str = "") -> Text:
        """What it is called within a sentence: by itself, as `the` loss, or as what is derived `of`."""
        key = {"": f"loss.{self.id}", "the": f"the_loss.{self.id}", "of": f"of_loss.{self.id}"}[article]
        if not self.own[1]:
            return Text.of(key)
        return Text.own(key, f"the {self.own[1]}" if article else self.own[1])

    @property
    def mean_is_over_outputs(self) -> bool:
        """Whether `mean` divides by the number of outputs too."""
        return self.over_outputs

    def uninformed(self, outputs: int) -> float:
        """The output that says nothing, the same whatever the input is."""
        return 0.0

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """The loss entry by entry, without its sign, and the sign."""
        raise TypeError("use one of the losses")

    def expression(
        self, output: Expression, target: Expression, samples: int, weights: Expression | None = None
    ) -> Expression:
        """The loss of a batch, a scalar; `samples` is how many samples the output holds.

        `weights` (1 x n, or n x 1 where samples are rows) multiply the losses of the samples; the divisor of a mean
        stays as it is.
        """
        inside, sign = self.summand(output, target)
        if weights is not None:
            inside = weights * inside
        factor = _exact(self.factor) / self.count(samples, prod(output.shape) // samples)
        total: Expression = apply("sum", inside)
        if factor != 1:
            exact = int(factor) if isinstance(factor, Fraction) and factor.denominator == 1 else factor
            total = Number(exact) * total
        return -total if sign < 0 else total

    def count(self, samples: int, outputs: int) -> int:
        """By what a mean over samples of so many outputs each is divided; 1 of a sum."""
        if self.reduction == "sum":
            return 1
        return samples * outputs if self.reduction == "mean" and self.mean_is_over_outputs else samples

    @property
    def id(self) -> str:
        """Which sentences of the table speak of it."""
        return self.own[0]

    @property
    def title(self) -> str:
        """The loss in words."""
        return self.own[1] or say(ENGLISH, f"loss.{self.id}")


@dataclass(frozen=True, slots=True)
class MeanLoss(Loss):
    """A loss whose usual reduction is the mean."""

    reduction: Reduction = "mean"


def power(base: Expression, exponent: Scalar) -> Expression:
    """A power; of the exponent 1 the base itself."""
    return base if exponent == 1 else base**exponent


def check_setting(value: Any, what: str, below: float = inf, low_open: bool = False) -> None:
    """Raise ChalkworkError for a setting that is no number in its range."""
    known = isinstance(value, int | float | Fraction) and not isinstance(value, bool)
    if not known or not 0 <= value < below or (low_open and value == 0):
        wanted = "above 0" if low_open else f"from 0 to below {below:g}" if below < inf else "from 0 on"
        raise ChalkworkError(f"{what} of a loss is a number {wanted}, not {value!r:.60}")


def _exact(factor: Scalar) -> Scalar:
    """The factor as a fraction, so that 1/2m stays to be seen; a decimal of many digits as it is."""
    near = Fraction(factor).limit_denominator(1000)
    return near if float(near) == float(factor) else factor
