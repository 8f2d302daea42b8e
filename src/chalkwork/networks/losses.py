"""Losses: what is summed, over what, and with which factor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from fractions import Fraction
from functools import reduce
from math import inf
from typing import Any, ClassVar, Literal

from chalkwork.algebra.expression import Expression, Name, Number, apply
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
        """What it is called within a sentence, behind `the_` or `of_`."""
        if not self.own[1]:
            return Text.of(f"{article}loss.{self.id}")
        return Text.own(f"{article}loss.{self.id}", f"the {self.own[1]}" if article else self.own[1])

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
        return self.own[0]

    @property
    def title(self) -> str:
        """The loss in words."""
        return self.own[1] or say(ENGLISH, f"loss.{self.id}")


@dataclass(frozen=True, slots=True)
class SquaredError(Loss):
    """1/2 the sum over outputs and samples of (a - y)^2; `mean` is the mean over outputs and samples.

    Source: Bishop, Pattern Recognition and Machine Learning, equation 5.11.

    >>> from chalkwork.algebra.expression import Name
    >>> print(SquaredError().expression(Name("a", (2, 1)), Name("y", (2, 1)), samples=1))
    (1/2) * sum((a - y)^2)
    """

    factor: Scalar = Fraction(1, 2)
    over_outputs: ClassVar[bool] = True

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
    distribution: ClassVar[bool] = True

    def uninformed(self, outputs: int) -> float:
        """As likely as any other."""
        return 1 / outputs

    def aim(self, target: Expression, outputs: int) -> Expression:
        """What the outputs are compared with."""
        return target

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


@dataclass(frozen=True, slots=True)
class AbsoluteError(Loss):
    """|a - y|, summed over outputs and samples; `mean` is the mean over both. Its derivative at 0 is 0.

    >>> from chalkwork.algebra.expression import Name
    >>> print(AbsoluteError(reduction="mean").expression(Name("a", (2, 1)), Name("y", (2, 1)), samples=1))
    (1/2) * sum(abs(a - y))
    """

    own: ClassVar[tuple[str, str, str]] = (
        "absolute_error",
        "absolute error", "the absolute difference between output and target (its derivative at 0 is taken as 0)",
    )  # fmt: skip
    over_outputs: ClassVar[bool] = True

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """|a - y|."""
        return apply("abs", output - target), 1


@dataclass(frozen=True, slots=True)
class Huber(Loss):
    """Half the square of the difference e = a - y up to `delta` in size, beyond it delta (|e| - delta / 2).

    `mean` is the mean over outputs and samples. Source: Huber, Robust estimation of a location parameter (1964).

    >>> from chalkwork.algebra.expression import Name
    >>> print(Huber(delta=2).expression(Name("a", (1, 1)), Name("y", (1, 1)), samples=1))
    sum(huber(a - y, 2.0))
    """

    reduction: Reduction = "mean"
    delta: Scalar = 1
    own: ClassVar[tuple[str, str, str]] = (
        "huber",
        "Huber loss", "half the squared difference between output and target up to the size $\\delta$, beyond it "
        "$\\delta$ times (the difference in size minus $\\delta / 2$)",
    )  # fmt: skip
    over_outputs: ClassVar[bool] = True

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        _check_setting(self.delta, "delta", low_open=True)

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """The two branches, one operation."""
        return apply("huber", output - target, delta=float(self.delta)), 1


@dataclass(frozen=True, slots=True)
class Hinge(Loss):
    """max(0, 1 - y a), summed over outputs; `mean` is the mean over samples. Targets are -1 and 1.

    The derivative where y a = 1 is 0. Source: Shalev-Shwartz and Ben-David, Understanding machine learning, section
    15.2.3.

    >>> from chalkwork.algebra.expression import Name
    >>> print(Hinge().expression(Name("a", (1, 2)), Name("y", (1, 2)), samples=2))
    (1/2) * sum(relu(1 - y * a))
    """

    reduction: Reduction = "mean"
    own: ClassVar[tuple[str, str, str]] = (
        "hinge",
        "hinge loss", "what the target times the output lacks to 1, if anything (the derivative at 1 is taken as 0)",
    )  # fmt: skip
    targets: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """max(0, 1 - y a)."""
        return apply("relu", 1 - target * output), 1


@dataclass(frozen=True, slots=True)
class SquaredHinge(Hinge):
    """max(0, 1 - y a)^2, summed over outputs; `mean` is the mean over samples. Targets are -1 and 1.

    >>> from chalkwork.algebra.expression import Name
    >>> print(SquaredHinge().expression(Name("a", (1, 1)), Name("y", (1, 1)), samples=1))
    sum(relu(1 - y * a)^2)
    """

    own: ClassVar[tuple[str, str, str]] = (
        "squared_hinge",
        "squared hinge loss", "the square of what the target times the output lacks to 1, if anything",
    )  # fmt: skip

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """max(0, 1 - y a)^2."""
        return apply("relu", 1 - target * output) ** 2, 1


@dataclass(frozen=True, slots=True)
class RootMeanSquaredError(Loss):
    """The root of the mean over outputs and samples of (a - y)^2; it has no derivative where all outputs are right.

    >>> from chalkwork.algebra.expression import Name
    >>> print(RootMeanSquaredError().expression(Name("a", (1, 2)), Name("y", (1, 2)), samples=2))
    sqrt((1/2) * sum((a - y)^2))
    """

    reduction: Reduction = "mean"
    own: ClassVar[tuple[str, str, str]] = (
        "root_mean_squared_error",
        "root mean squared error", "the root of the squared difference between output and target",
    )  # fmt: skip
    over_outputs: ClassVar[bool] = True

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """(a - y)^2."""
        return (output - target) ** 2, 1

    def expression(
        self, output: Expression, target: Expression, samples: int, weights: Expression | None = None
    ) -> Expression:
        """The root of the mean."""
        return apply("sqrt", Loss.expression(self, output, target, samples, weights))


@dataclass(frozen=True, slots=True)
class KLDivergence(CrossEntropy):
    """y log(y / a), summed over outputs; `mean` is the mean over samples. The targets of each sample add up to one.

    >>> from chalkwork.algebra.expression import Name
    >>> print(KLDivergence().expression(Name("a", (2, 1)), Name("y", (2, 1)), samples=1))
    -sum(xlogy(y, a) - xlogy(y, y))
    """

    own: ClassVar[tuple[str, str, str]] = (
        "kl_divergence",
        "Kullback-Leibler divergence", "the target times the logarithm of target over output",
    )  # fmt: skip

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """y log a - y log y, to be subtracted."""
        return apply("xlogy", target, output) - apply("xlogy", target, target), -1


@dataclass(frozen=True, slots=True)
class SmoothedCrossEntropy(CrossEntropy):
    """The cross-entropy of (1 - s) y + s / K for K outputs, with the `smoothing` s from 0 to below 1.

    Source: Szegedy et al., Rethinking the Inception architecture for computer vision (CVPR 2016), section 7.

    >>> from chalkwork.algebra.expression import Name
    >>> print(SmoothedCrossEntropy(smoothing=0.2).expression(Name("a", (2, 1)), Name("y", (2, 1)), samples=1))
    -sum(xlogy((4/5) * y + (1/10), a))
    """

    smoothing: Scalar = Fraction(1, 10)
    own: ClassVar[tuple[str, str, str]] = (
        "smoothed_cross_entropy",
        "cross-entropy with label smoothing", "the cross-entropy of smoothed targets (natural logarithm): of each "
        "target the part $s$ is taken and shared out among all outputs",
    )  # fmt: skip

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        _check_setting(self.smoothing, "smoothing", below=1)

    def aim(self, target: Expression, outputs: int) -> Expression:
        """(1 - s) y + s / K."""
        share = Fraction(str(self.smoothing))
        return Number(1 - share) * target + Number(share / outputs)

    def expression(
        self, output: Expression, target: Expression, samples: int, weights: Expression | None = None
    ) -> Expression:
        """The cross-entropy of the smoothed targets."""
        outputs = output.shape[0] * output.shape[1] // samples
        return Loss.expression(self, output, self.aim(target, outputs), samples, weights)


@dataclass(frozen=True, slots=True)
class Focal(Loss):
    """-(1 - a)^gamma y log a, summed over outputs; `mean` is the mean over samples. `gamma` is from 0 on.

    Source: Lin et al., Focal loss for dense object detection (ICCV 2017), equation 4; the factor is its alpha.

    >>> from chalkwork.algebra.expression import Name
    >>> print(Focal().expression(Name("a", (2, 1)), Name("y", (2, 1)), samples=1))
    -sum((1 - a)^2 * xlogy(y, a))
    """

    reduction: Reduction = "mean"
    gamma: Scalar = 2
    own: ClassVar[tuple[str, str, str]] = (
        "focal",
        "focal loss", "the cross-entropy (natural logarithm), every output's part of it times what the output lacks to "
        "1, to the power of $\\gamma$",
    )  # fmt: skip
    of_probabilities: ClassVar[bool] = True
    distribution: ClassVar[bool] = True

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        _check_setting(self.gamma, "gamma")

    def uninformed(self, outputs: int) -> float:
        """As likely as any other."""
        return 1 / outputs

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """(1 - a)^gamma y log a, to be subtracted."""
        return _power(1 - output, self.gamma) * apply("xlogy", target, output), -1


@dataclass(frozen=True, slots=True)
class BinaryFocal(Focal):
    """-((1 - a)^gamma y log a + a^gamma (1 - y) log(1 - a)), summed over outputs; `mean` is the mean over samples.

    >>> from chalkwork.algebra.expression import Name
    >>> print(BinaryFocal(gamma=1).expression(Name("a", (1, 1)), Name("y", (1, 1)), samples=1))
    -sum((1 - a) * xlogy(y, a) + a * xlogy(1 - y, 1 - a))
    """

    own: ClassVar[tuple[str, str, str]] = (
        "binary_focal",
        "binary focal loss", "the binary cross-entropy (natural logarithm), each part times the probability that the "
        "output gives to the other class, to the power of $\\gamma$",
    )  # fmt: skip
    distribution: ClassVar[bool] = False

    def uninformed(self, outputs: int) -> float:
        """As likely as not."""
        return 0.5

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """(1 - a)^gamma y log a + a^gamma (1 - y) log(1 - a), to be subtracted."""
        there = _power(1 - output, self.gamma) * apply("xlogy", target, output)
        return there + _power(output, self.gamma) * apply("xlogy", 1 - target, 1 - output), -1


def _power(base: Expression, exponent: Scalar) -> Expression:
    return base if exponent == 1 else base**exponent


def _check_setting(value: Any, what: str, below: float = inf, low_open: bool = False) -> None:
    known = isinstance(value, int | float | Fraction) and not isinstance(value, bool)
    if not known or not 0 <= value < below or (low_open and value == 0):
        wanted = "above 0" if low_open else f"from 0 to below {below:g}" if below < inf else "from 0 on"
        raise ChalkworkError(f"{what} of a loss is a number {wanted}, not {value!r:.60}")


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
        terms.append(Number(Fraction(1, 2)) * Name("lambda2") * _total(apply("squared_norm", w) for w in weights))
    return terms


def _total(parts: Iterable[Expression]) -> Expression:
    return reduce(lambda left, right: left + right, parts)


LOSSES: dict[str, Loss] = {
    "squared_error": SquaredError(),
    "mean_squared_error": SquaredError(factor=1, reduction="mean"),
    "cross_entropy": CrossEntropy(),
    "binary_cross_entropy": BinaryCrossEntropy(),
    "absolute_error": AbsoluteError(),
    "mean_absolute_error": AbsoluteError(reduction="mean"),
    "root_mean_squared_error": RootMeanSquaredError(),
    "huber": Huber(),
    "hinge": Hinge(),
    "squared_hinge": SquaredHinge(),
    "kl_divergence": KLDivergence(),
    "smoothed_cross_entropy": SmoothedCrossEntropy(),
    "focal": Focal(),
    "binary_focal": BinaryFocal(),
}
_ALSO = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "l1": "mean_absolute_error", "kl": "kl_divergence",
    "rmse": "root_mean_squared_error", "label_smoothing": "smoothed_cross_entropy", "bce": "binary_cross_entropy",
}  # fmt: skip
"""What else people call them."""


def loss_of(description: str | Loss | Mapping[str, Any]) -> Loss:
    """The loss by name, as an object, or as a mapping with `name`, `factor`, `reduction` and its own settings.

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
    word = given.pop("name", None)
    name = _ALSO.get(word, word) if isinstance(word, str) else None
    if name not in LOSSES:
        near = get_close_matches(str(word), LOSSES, 1)
        hint = f"did you mean {near[0]}?" if near else f"the losses are {', '.join(LOSSES)}"
        raise ChalkworkError(f"there is no loss {word!r}", hint=hint)
    known = LOSSES[name]
    usual = {"factor": known.factor, "reduction": known.reduction, **known.settings}
    unknown = set(given) - set(usual)
    if unknown:
        has = "a factor and a reduction" if not known.settings else f"factor, reduction and {', '.join(known.settings)}"
        raise ChalkworkError(f"a loss has {has}, not {', '.join(sorted(unknown))!r}")
    return type(known)(**(usual | given))
