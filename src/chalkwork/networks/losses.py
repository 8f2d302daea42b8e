"""Losses: what is summed, over what, and with which factor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from functools import reduce
from math import inf
from typing import Any, ClassVar, Literal

from chalkwork.algebra.expression import Expression, Name, Number, apply
from chalkwork.algebra.numerals import Scalar
from chalkwork.errors import ChalkworkError
from chalkwork.words import ENGLISH, say

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

    @property
    def mean_is_over_outputs(self) -> bool:
        """Whether `mean` divides by the number of outputs too."""
        return False

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
        count = 1
        if self.reduction != "sum":
            outputs = output.shape[0] * output.shape[1]
            count = outputs if self.reduction == "mean" and self.mean_is_over_outputs else samples
        factor = self.factor / count if isinstance(self.factor, float) else Fraction(self.factor) / count
        total: Expression = apply("sum", inside)
        if factor != 1:
            exact = int(factor) if isinstance(factor, Fraction) and factor.denominator == 1 else factor
            total = Number(exact) * total
        return -total if sign < 0 else total

    @property
    def id(self) -> str:
        """Which sentences of the table speak of it."""
        raise TypeError("use one of the losses")

    @property
    def title(self) -> str:
        """The loss in words."""
        return say(ENGLISH, f"loss.{self.id}")


@dataclass(frozen=True, slots=True)
class SquaredError(Loss):
    """1/2 the sum over outputs and samples of (a - y)^2; `mean` is the mean over outputs and samples.

    Source: Bishop, Pattern Recognition and Machine Learning, equation 5.11.

    >>> from chalkwork.algebra.expression import Name
    >>> print(SquaredError().expression(Name("a", (2, 1)), Name("y", (2, 1)), samples=1))
    (1/2) * sum((a - y)^2)
    """

    factor: Scalar = Fraction(1, 2)

    @property
    def mean_is_over_outputs(self) -> bool:
        """The mean of squared errors runs over outputs and samples."""
        return True

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """(a - y)^2."""
        return (output - target) ** 2, 1

    @property
    def id(self) -> str:
        """Which sentences of the table speak of it."""
        if self.reduction == "sum":
            return "squared_error"
        return "half_the_mean_squared_error" if self.factor * 2 == 1 else "mean_squared_error"


@dataclass(frozen=True, slots=True)
class CrossEntropy(Loss):
    """-y log a (natural logarithm), summed over outputs; `mean` is the mean over samples.

    The targets of each sample add up to one. Source: Bishop, Pattern Recognition and Machine Learning,
    equation 5.24.

    >>> from chalkwork.algebra.expression import Name
    >>> print(CrossEntropy().expression(Name("a", (2, 3)), Name("y", (2, 3)), samples=3))
    -((1/3) * sum(xlogy(y, a)))
    """

    reduction: Reduction = "mean"
    of_probabilities: ClassVar[bool] = True

    def uninformed(self, outputs: int) -> float:
        """As likely as any other."""
        return 1 / outputs

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """y log a, to be subtracted."""
        return apply("xlogy", target, output), -1

    @property
    def id(self) -> str:
        """Which sentences of the table speak of it."""
        return "cross-entropy"


@dataclass(frozen=True, slots=True)
class BinaryCrossEntropy(Loss):
    """-(y log a + (1 - y) log(1 - a)), summed over outputs; `mean` is the mean over samples.

    The targets lie between 0 and 1. Source: Bishop, Pattern Recognition and Machine Learning, equation 5.21.

    >>> from chalkwork.algebra.expression import Name
    >>> print(BinaryCrossEntropy().expression(Name("a", (1, 1)), Name("y", (1, 1)), samples=1))
    -sum(xlogy(y, a) + xlogy(1 - y, 1 - a))
    """

    reduction: Reduction = "mean"
    of_probabilities: ClassVar[bool] = True

    def uninformed(self, outputs: int) -> float:
        """As likely as not."""
        return 0.5

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """y log a + (1 - y) log(1 - a), to be subtracted."""
        return apply("xlogy", target, output) + apply("xlogy", 1 - target, 1 - output), -1

    @property
    def id(self) -> str:
        """Which sentences of the table speak of it."""
        return "binary_cross-entropy"


def penalties(weights: Sequence[Expression], kinds: Sequence[str]) -> list[Expression]:
    """What is added to the loss for large weights, a term for each kind.

    `lambda1` times the sum of the absolute weights, and half of `lambda2` times the sum of their squares:
    Goodfellow, Bengio and Courville, Deep Learning, equations 7.2 and 7.18. The derivative of |w| at 0 is 0.

    >>> from chalkwork.algebra.expression import Name
    >>> for term in penalties([Name("W1", (2, 1)), Name("W2", (1, 1))], ["lambda1", "lambda2"]):
    ...     print(term)
    lambda1 * (sum(abs(W1)) + sum(abs(W2)))
    (1/2) * lambda2 * (squared_norm(W1) + squared_norm(W2))
    """
    terms: list[Expression] = []
    if "lambda1" in kinds and weights:
        terms.append(Name("lambda1") * _total(apply("sum", apply("abs", weight)) for weight in weights))
    if "lambda2" in kinds and weights:
        terms.append(Number(Fraction(1, 2)) * Name("lambda2") * _total(map(_squares, weights)))
    return terms


def _squares(weights: Expression) -> Expression:
    return apply("squared_norm", weights) if len(weights.shape) <= 2 else apply("sum", weights**2)


def _total(parts: Iterable[Expression]) -> Expression:
    return reduce(lambda left, right: left + right, parts)


LOSSES: dict[str, Loss] = {
    "squared_error": SquaredError(),
    "mean_squared_error": SquaredError(factor=1, reduction="mean"),
    "cross_entropy": CrossEntropy(),
    "binary_cross_entropy": BinaryCrossEntropy(),
}


def loss_of(description: str | Loss | Mapping[str, Any]) -> Loss:
    """The loss by name, as an object, or as a mapping with `name`, `factor` and `reduction`.

    Raises ChalkworkError for an unknown one, with the nearest name.

    >>> loss_of("mean_squared_error").reduction
    'mean'
    >>> loss_of({"name": "squared_error", "factor": 1}).factor
    1
    """
    if isinstance(description, Loss):
        return description
    if not isinstance(description, str | Mapping):
        raise ChalkworkError(f"a loss is a name, a mapping or a loss object, not {description!r:.60}")
    given = {"name": description} if isinstance(description, str) else dict(description)
    name = given.pop("name", None)
    if not isinstance(name, str) or name not in LOSSES:
        near = get_close_matches(str(name), LOSSES, 1)
        hint = f"did you mean {near[0]}?" if near else f"the losses are {', '.join(LOSSES)}"
        raise ChalkworkError(f"there is no loss {name!r}", hint=hint)
    known = LOSSES[name]
    unknown = set(given) - {"factor", "reduction"}
    if unknown:
        raise ChalkworkError(f"a loss has a factor and a reduction, not {', '.join(sorted(unknown))!r}")
    return type(known)(**({"factor": known.factor, "reduction": known.reduction} | given))
