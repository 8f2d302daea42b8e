"""Losses of outputs that are probabilities: cross-entropies and what is made of them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from chalkwork.algebra.expression import Expression, Number, apply
from chalkwork.algebra.numerals import Scalar
from chalkwork.networks.loss import Loss, MeanLoss, check_setting, power


class CrossEntropy(MeanLoss):
    """-y log a (natural logarithm), summed over outputs; `mean` is the mean over samples.

    The targets of each sample add up to one. Source: Bishop, Pattern Recognition and Machine Learning,
    equation 5.24.

    >>> from chalkwork.algebra.expression import Name
    >>> print(CrossEntropy().expression(Name("a", (2, 3)), Name("y", (2, 3)), samples=3))
    -((1/3) * sum(xlogy(y, a)))
    """

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


class BinaryCrossEntropy(MeanLoss):
    """-(y log a + (1 - y) log(1 - a)), summed over outputs; `mean` is the mean over samples.

    The targets lie between 0 and 1. Source: Bishop, Pattern Recognition and Machine Learning, equation 5.21.

    >>> from chalkwork.algebra.expression import Name
    >>> print(BinaryCrossEntropy().expression(Name("a", (1, 1)), Name("y", (1, 1)), samples=1))
    -sum(xlogy(y, a) + xlogy(1 - y, 1 - a))
    """

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
        check_setting(self.smoothing, "smoothing", below=1)

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
class Focal(MeanLoss):
    """-(1 - a)^gamma y log a, summed over outputs; `mean` is the mean over samples. `gamma` is from 0 on.

    Source: Lin et al., Focal loss for dense object detection (ICCV 2017), equation 4; the factor is its alpha.

    >>> from chalkwork.algebra.expression import Name
    >>> print(Focal().expression(Name("a", (2, 1)), Name("y", (2, 1)), samples=1))
    -sum((1 - a)^2 * xlogy(y, a))
    """

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
        check_setting(self.gamma, "gamma")

    def uninformed(self, outputs: int) -> float:
        """As likely as any other."""
        return 1 / outputs

    def summand(self, output: Expression, target: Expression) -> tuple[Expression, int]:
        """(1 - a)^gamma y log a, to be subtracted."""
        return power(1 - output, self.gamma) * apply("xlogy", target, output), -1


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
        there = power(1 - output, self.gamma) * apply("xlogy", target, output)
        return there + power(output, self.gamma) * apply("xlogy", 1 - target, 1 - output), -1
