"""Losses of how far an output is from its target, or from the right side."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from chalkwork.algebra.expression import Expression, apply
from chalkwork.algebra.numerals import Scalar
from chalkwork.networks.loss import Loss, MeanLoss, check_setting


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
class Huber(MeanLoss):
    """Half the square of the difference e = a - y up to `delta` in size, beyond it delta (|e| - delta / 2).

    `mean` is the mean over outputs and samples. Source: Huber, Robust estimation of a location parameter (1964).

    >>> from chalkwork.algebra.expression import Name
    >>> print(Huber(delta=2).expression(Name("a", (1, 1)), Name("y", (1, 1)), samples=1))
    sum(huber(a - y, 2.0))
    """

    delta: Scalar = 1
    own: ClassVar[tuple[str, str, str]] = (
        "huber",
        "Huber loss", "half the squared difference between output and target up to the size $\\delta$, beyond it "
        "$\\delta$ times (the difference in size minus $\\delta / 2$)",
    )  # fmt: skip
    over_outputs: ClassVar[bool] = True

    def __post_init__(self) -> None:
        Loss.__post_init__(self)
        check_setting(self.delta, "delta", low_open=True)

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """The two branches, one operation."""
        return apply("huber", output - target, delta=float(self.delta)), 1


class Hinge(MeanLoss):
    """max(0, 1 - y a), summed over outputs; `mean` is the mean over samples. Targets are -1 and 1.

    The derivative where y a = 1 is 0. Source: Shalev-Shwartz and Ben-David, Understanding machine learning, section
    15.2.3.

    >>> from chalkwork.algebra.expression import Name
    >>> print(Hinge().expression(Name("a", (1, 2)), Name("y", (1, 2)), samples=2))
    (1/2) * sum(relu(1 - y * a))
    """

    own: ClassVar[tuple[str, str, str]] = (
        "hinge",
        "hinge loss", "what the target times the output lacks to 1, if anything (the derivative at 1 is taken as 0)",
    )  # fmt: skip
    targets: ClassVar[tuple[float, float] | None] = (-1.0, 1.0)

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """max(0, 1 - y a)."""
        return apply("relu", 1 - target * output), 1


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


class RootMeanSquaredError(MeanLoss):
    """The root of the mean over outputs and samples of (a - y)^2; it has no derivative where all outputs are right.

    >>> from chalkwork.algebra.expression import Name
    >>> print(RootMeanSquaredError().expression(Name("a", (1, 2)), Name("y", (1, 2)), samples=2))
    sqrt((1/2) * sum((a - y)^2))
    """

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
